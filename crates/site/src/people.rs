//! People and credentials, laid out for a million of them: a card is found with one probe, a person with one more.

use crate::table::{Keyed, Slot, Table};
use hashbrown::{DefaultHashBuilder, HashTable};
use lockward_model::{
    CardToken, Credential, CredentialId, GroupId, Person, PersonId, PinHash, Proof, Time, Validity,
};
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Open ends as the extremes of time: half the bytes of two options.
#[derive(Clone, Copy)]
struct Span {
    from: Time,
    until: Time,
}

impl Span {
    fn of(v: Validity) -> Self {
        Self { from: v.from.unwrap_or(Time(i64::MIN)), until: v.until.unwrap_or(Time(i64::MAX)) }
    }
    fn validity(self) -> Validity {
        Validity {
            from: (self.from.0 != i64::MIN).then_some(self.from),
            until: (self.until.0 != i64::MAX).then_some(self.until),
        }
    }
}

struct PersonRecord {
    id: PersonId,
    groups: Arc<[GroupId]>,
    valid: Span,
    suspended: bool,
    sealed: Option<Box<[u8]>>,
    /// By their ids: the same however it came about.
    credentials: Vec<Slot>,
}

struct CredentialRecord {
    id: CredentialId,
    person: Slot,
    proof: Proof,
    valid: Span,
}

impl Keyed for PersonRecord {
    type Key = PersonId;
    fn key(&self) -> &PersonId {
        &self.id
    }
}

impl Keyed for CredentialRecord {
    type Key = CredentialId;
    fn key(&self) -> &CredentialId {
        &self.id
    }
}

/// Whether a span of validity holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Yes,
    NotYet,
    NoLonger,
}

impl Span {
    fn at(self, t: Time) -> Holds {
        match t {
            t if t < self.from => Holds::NotYet,
            t if t >= self.until => Holds::NoLonger,
            _ => Holds::Yes,
        }
    }
}

/// What a card leads to.
pub(crate) struct Holder<'a> {
    pub(crate) person: PersonId,
    pub(crate) groups: &'a [GroupId],
    pub(crate) credential: Holds,
    pub(crate) valid: Holds,
    pub(crate) suspended: bool,
    pub(crate) has_pin: bool,
}

#[derive(Default)]
pub(crate) struct People {
    people: Table<PersonRecord>,
    credentials: Table<CredentialRecord>,
    tokens: HashTable<(CardToken, Slot)>,
    hasher: DefaultHashBuilder,
    /// Every set of groups that someone is in, shared; with the number of those people.
    memberships: BTreeMap<Arc<[GroupId]>, usize>,
}

impl People {
    pub(crate) fn len(&self) -> usize {
        self.people.len()
    }

    pub(crate) fn credentials_len(&self) -> usize {
        self.credentials.len()
    }

    fn token_slot(&self, token: CardToken) -> Option<Slot> {
        self.tokens.find(self.hasher.hash_one(token), |(t, _)| *t == token).map(|(_, slot)| *slot)
    }

    /// The card's holder at a moment, as far as a decision needs it.
    pub(crate) fn holder(&self, token: CardToken, at: Time) -> Option<Holder<'_>> {
        let card = self.credentials.get(self.token_slot(token)?)?;
        let person = self.people.get(card.person)?;
        Some(Holder {
            person: person.id,
            groups: &person.groups,
            credential: card.valid.at(at),
            valid: person.valid.at(at),
            suspended: person.suspended,
            has_pin: self.pins(person, at).next().is_some(),
        })
    }

    fn pins<'a>(&'a self, person: &'a PersonRecord, at: Time) -> impl Iterator<Item = &'a PinHash> {
        let records = person.credentials.iter().filter_map(|slot| self.credentials.get(*slot));
        records.filter(move |c| c.valid.at(at) == Holds::Yes).filter_map(|c| match &c.proof {
            Proof::Pin(hash) => Some(hash),
            Proof::Card(_) => None,
        })
    }

    /// The PINs that count at a moment for whoever holds the card.
    pub(crate) fn pins_beside(&self, token: CardToken, at: Time) -> Vec<&PinHash> {
        let card = self.token_slot(token).and_then(|slot| self.credentials.get(slot));
        let person = card.and_then(|c| self.people.get(c.person));
        person.map(|p| self.pins(p, at).collect()).unwrap_or_default()
    }

    /// The person with a token's credential, whatever its validity.
    pub(crate) fn token_owner(&self, token: CardToken) -> Option<CredentialId> {
        self.token_slot(token).and_then(|s| self.credentials.get(s)).map(|c| c.id)
    }

    pub(crate) fn person(&self, id: PersonId) -> Option<Person> {
        let r = self.people.get(self.people.slot(&id)?)?;
        Some(Person {
            id: r.id,
            groups: r.groups.to_vec(),
            valid: r.valid.validity(),
            suspended: r.suspended,
            sealed: r.sealed.clone(),
        })
    }

    pub(crate) fn credential(&self, id: CredentialId) -> Option<Credential> {
        let r = self.credentials.get(self.credentials.slot(&id)?)?;
        let person = self.people.get(r.person)?.id;
        Some(Credential { id: r.id, person, proof: r.proof.clone(), valid: r.valid.validity() })
    }

    pub(crate) fn credentials_of(&self, id: PersonId) -> Vec<Credential> {
        let Some(person) = self.people.slot(&id).and_then(|s| self.people.get(s)) else { return Vec::new() };
        let ids = person.credentials.iter().filter_map(|s| Some(self.credentials.get(*s)?.id));
        ids.filter_map(|c| self.credential(c)).collect()
    }

    /// Everybody who counts at a moment: not suspended, and within their validity.
    pub(crate) fn present(&self, at: Time) -> impl Iterator<Item = (PersonId, &[GroupId])> {
        let counts = move |p: &&PersonRecord| !p.suspended && p.valid.at(at) == Holds::Yes;
        self.people.iter().map(|(_, p)| p).filter(counts).map(|p| (p.id, &*p.groups))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = PersonId> {
        self.people.iter().map(|(_, p)| p.id)
    }

    /// Whether anyone is in the group.
    pub(crate) fn group_in_use(&self, group: GroupId) -> bool {
        self.memberships.keys().any(|set| set.contains(&group))
    }

    fn join(&mut self, groups: &[GroupId]) -> Arc<[GroupId]> {
        let mut sorted = groups.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let shared = match self.memberships.get_key_value(sorted.as_slice()) {
            Some((set, _)) => Arc::clone(set),
            None => sorted.into(),
        };
        *self.memberships.entry(Arc::clone(&shared)).or_default() += 1;
        shared
    }

    fn leave(&mut self, set: &Arc<[GroupId]>) {
        if let Some(n) = self.memberships.get_mut(set) {
            *n -= 1;
            if *n == 0 {
                self.memberships.remove(set);
            }
        }
    }

    /// Makes or replaces a person; credentials stay with the person.
    pub(crate) fn put_person(&mut self, p: Person) {
        let groups = self.join(&p.groups);
        let valid = Span::of(p.valid);
        let Some(slot) = self.people.slot(&p.id) else {
            let (suspended, sealed, credentials) = (p.suspended, p.sealed, Vec::new());
            self.people.insert(PersonRecord { id: p.id, groups, valid, suspended, sealed, credentials });
            return;
        };
        let Some(record) = self.people.get_mut(slot) else { return };
        let old = std::mem::replace(&mut record.groups, groups);
        record.valid = valid;
        record.suspended = p.suspended;
        record.sealed = p.sealed;
        self.leave(&old);
    }

    /// Removes a person with every credential, and says what went.
    pub(crate) fn remove_person(&mut self, id: PersonId) -> Option<(Person, Vec<Credential>)> {
        let person = self.person(id)?;
        let credentials = self.credentials_of(id);
        for c in &credentials {
            self.remove_credential(c.id);
        }
        let record = self.people.remove(self.people.slot(&id)?)?;
        self.leave(&record.groups);
        Some((person, credentials))
    }

    /// Makes or replaces a credential; the person must exist, and the token must be free.
    pub(crate) fn put_credential(&mut self, c: Credential) {
        self.remove_credential(c.id);
        let Some(person) = self.people.slot(&c.person) else { return };
        let token = match &c.proof {
            Proof::Card(token) => Some(*token),
            Proof::Pin(_) => None,
        };
        let id = c.id;
        let slot = self.credentials.insert(CredentialRecord {
            id,
            person,
            proof: c.proof,
            valid: Span::of(c.valid),
        });
        if let Some(record) = self.people.get_mut(person) {
            let before = |s: &Slot| self.credentials.get(*s).is_some_and(|other| other.id < id);
            record.credentials.insert(record.credentials.partition_point(before), slot);
        }
        if let Some(token) = token {
            let hasher = &self.hasher;
            self.tokens.insert_unique(hasher.hash_one(token), (token, slot), |(t, _)| hasher.hash_one(t));
        }
    }

    pub(crate) fn remove_credential(&mut self, id: CredentialId) -> Option<Credential> {
        let gone = self.credential(id)?;
        let slot = self.credentials.slot(&id)?;
        let record = self.credentials.remove(slot)?;
        if let Some(person) = self.people.get_mut(record.person) {
            person.credentials.retain(|s| *s != slot);
        }
        if let Proof::Card(token) = record.proof
            && let Ok(entry) = self.tokens.find_entry(self.hasher.hash_one(token), |(t, _)| *t == token)
        {
            entry.remove();
        }
        Some(gone)
    }
}
