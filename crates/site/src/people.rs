//! People and credentials, laid out for a million of them: a card is found with one probe, a person with one more.

use crate::record::{CredentialRecord, Holds, Kept, Kind, PersonRecord, Span};
use crate::table::{Slot, Table};
use hashbrown::{DefaultHashBuilder, HashTable};
use lockward_model::{
    CardPublicKey, CardToken, Credential, CredentialId, Factors, GroupId, Passkey, Person, PersonId, PinHash,
    Proof, Time, Visit,
};
use lockward_wire::config::KeyId;
use lockward_wire::credential::phone_hint;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

/// Whom a token leads to.
pub(crate) struct Holder<'a> {
    pub(crate) person: PersonId,
    pub(crate) groups: &'a [GroupId],
    pub(crate) kind: Kind,
    pub(crate) credential: Holds,
    pub(crate) valid: Holds,
    pub(crate) suspended: bool,
    pub(crate) extended: bool,
    pub(crate) visit: Option<&'a Visit>,
    /// What all credentials that count come to, but PINs that stand alone.
    pub(crate) has: Factors,
}

/// Somebody who counts at a moment.
pub(crate) struct Present<'a> {
    pub(crate) person: PersonId,
    pub(crate) groups: &'a [GroupId],
    pub(crate) visit: Option<&'a Visit>,
    pub(crate) has: Factors,
}

#[derive(Clone, Default)]
pub(crate) struct People {
    people: Table<PersonRecord>,
    credentials: Table<CredentialRecord>,
    tokens: HashTable<(CardToken, Slot)>,
    hasher: DefaultHashBuilder,
    /// Every set of groups that someone is in, shared; with the number of those people.
    memberships: BTreeMap<Arc<[GroupId]>, usize>,
    /// Everybody who has visitors; with how many.
    hosts: BTreeMap<PersonId, usize>,
    /// PINs that stand alone, by how many digits they have.
    pins_alone: BTreeMap<u8, usize>,
    /// Phones, by how their signatures hint at their keys.
    phones: BTreeMap<KeyId, CardToken>,
    /// Cards and phones that were somebody's and are nobody's now.
    revoked: HashSet<CardToken>,
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

    /// The token's holder at a moment, as far as a decision needs it.
    pub(crate) fn holder(&self, token: CardToken, at: Time) -> Option<Holder<'_>> {
        let shown = self.credentials.get(self.token_slot(token)?)?;
        let person = self.people.get(shown.person)?;
        Some(Holder {
            person: person.id,
            groups: &person.groups,
            kind: shown.proof.kind(),
            credential: shown.valid.at(at),
            valid: person.valid.at(at),
            suspended: person.suspended,
            extended: person.extended,
            visit: person.visit.as_deref(),
            has: match *person.credentials {
                // Most people have one card, and this is it: nothing else has to be fetched.
                [_] if shown.valid.at(at) == Holds::Yes => shown.proof.adds(),
                _ => self.has(person, at),
            },
        })
    }

    pub(crate) fn holder_of(&self, token: CardToken) -> Option<PersonId> {
        let shown = self.credentials.get(self.token_slot(token)?)?;
        Some(self.people.get(shown.person)?.id)
    }

    fn counting<'a>(
        &'a self,
        person: &'a PersonRecord,
        at: Time,
    ) -> impl Iterator<Item = &'a CredentialRecord> {
        let records = person.credentials.iter().filter_map(|slot| self.credentials.get(*slot));
        records.filter(move |c| c.valid.at(at) == Holds::Yes)
    }

    fn has(&self, person: &PersonRecord, at: Time) -> Factors {
        self.counting(person, at).fold(Factors::NONE, |all, c| all.with(c.proof.adds()))
    }

    /// What may be typed beside a token, at a moment: PINs, second PINs for duress, and codes in their place.
    pub(crate) fn typed_beside(&self, token: CardToken, at: Time) -> Vec<Credential> {
        let shown = self.token_slot(token).and_then(|slot| self.credentials.get(slot));
        let Some(person) = shown.and_then(|c| self.people.get(c.person)) else { return Vec::new() };
        let typed = self.counting(person, at).filter(|c| c.proof.token().is_none());
        typed.map(|c| c.told(person.id)).collect()
    }

    /// The PINs that count at a moment for whoever holds the card.
    pub(crate) fn pins_beside(&self, token: CardToken, at: Time) -> Vec<PinHash> {
        let pin = |c: Credential| match c.proof {
            Proof::Pin(hash) => Some(hash),
            _ => None,
        };
        self.typed_beside(token, at).into_iter().filter_map(pin).collect()
    }

    /// What a card signs with, if it is one that does.
    pub(crate) fn card_key(&self, token: CardToken) -> Option<CardPublicKey> {
        match &self.credentials.get(self.token_slot(token)?)?.proof {
            Kept::Other(proof) => match **proof {
                Proof::Key { key, .. } => Some(key),
                _ => None,
            },
            Kept::Card(_) | Kept::Pin(_) => None,
        }
    }

    /// What a phone signs with.
    pub(crate) fn phone_key(&self, token: CardToken) -> Option<&Passkey> {
        match &self.credentials.get(self.token_slot(token)?)?.proof {
            Kept::Other(proof) => match &**proof {
                Proof::Phone { passkey, .. } => Some(passkey),
                _ => None,
            },
            Kept::Card(_) | Kept::Pin(_) => None,
        }
    }

    /// Every phone that is somebody's.
    pub(crate) fn phones(&self) -> impl Iterator<Item = CardToken> {
        self.phones.values().copied()
    }

    /// Whose signature hints so: a phone's that is somebody's, or was.
    pub(crate) fn phone_by(&self, hint: KeyId) -> Option<CardToken> {
        let was = || self.revoked.iter().find(|token| phone_hint(**token) == hint);
        self.phones.get(&hint).or_else(was).copied()
    }

    /// How many PINs stand alone, by how many digits they have.
    pub(crate) fn pins_alone(&self) -> &BTreeMap<u8, usize> {
        &self.pins_alone
    }

    /// Whether a card was somebody's and is nobody's now.
    pub(crate) fn is_revoked(&self, token: CardToken) -> bool {
        self.revoked.contains(&token)
    }

    /// Remembers a card as nobody's any more, or forgets that it was; says whether that is news.
    pub(crate) fn set_revoked(&mut self, token: CardToken, revoked: bool) -> bool {
        if revoked { self.revoked.insert(token) } else { self.revoked.remove(&token) }
    }

    /// Somebody who is on a visit to a person.
    pub(crate) fn visitor_of(&self, host: PersonId) -> Option<PersonId> {
        self.hosts.get(&host)?;
        let visits = |p: &PersonRecord| p.visit.as_deref().is_some_and(|v| v.host == host);
        self.people.iter().map(|(_, p)| p).filter(|p| visits(p)).map(|p| p.id).min()
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
            extended: r.extended,
            visit: r.visit.as_deref().copied(),
            sealed: r.sealed.clone(),
        })
    }

    pub(crate) fn credential(&self, id: CredentialId) -> Option<Credential> {
        let r = self.credentials.get(self.credentials.slot(&id)?)?;
        Some(r.told(self.people.get(r.person)?.id))
    }

    pub(crate) fn credentials_of(&self, id: PersonId) -> Vec<Credential> {
        let Some(person) = self.people.slot(&id).and_then(|s| self.people.get(s)) else { return Vec::new() };
        let ids = person.credentials.iter().filter_map(|s| Some(self.credentials.get(*s)?.id));
        ids.filter_map(|c| self.credential(c)).collect()
    }

    /// Everybody who counts at a moment: not suspended, and within their validity.
    pub(crate) fn present(&self, at: Time) -> impl Iterator<Item = Present<'_>> {
        self.people.iter().filter_map(move |(_, p)| self.if_present(p, at))
    }

    /// The same for one of them.
    pub(crate) fn present_one(&self, id: PersonId, at: Time) -> Option<Present<'_>> {
        self.if_present(self.people.get(self.people.slot(&id)?)?, at)
    }

    fn if_present<'a>(&'a self, p: &'a PersonRecord, at: Time) -> Option<Present<'a>> {
        let counts = !p.suspended && p.valid.at(at) == Holds::Yes;
        counts.then(|| Present {
            person: p.id,
            groups: &p.groups,
            visit: p.visit.as_deref(),
            has: self.has(p, at),
        })
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
        count(&mut self.memberships, Arc::clone(&shared));
        shared
    }

    fn leave(&mut self, set: &Arc<[GroupId]>) {
        uncount(&mut self.memberships, set);
    }

    fn host(&mut self, visit: Option<&Visit>) {
        if let Some(visit) = visit {
            count(&mut self.hosts, visit.host);
        }
    }

    fn part(&mut self, visit: Option<&Visit>) {
        if let Some(visit) = visit {
            uncount(&mut self.hosts, &visit.host);
        }
    }

    /// Makes or replaces a person; credentials stay with the person.
    pub(crate) fn put_person(&mut self, p: Person) {
        let groups = self.join(&p.groups);
        self.host(p.visit.as_ref());
        let (valid, visit) = (Span::of(p.valid), p.visit.map(Box::new));
        let (suspended, extended, sealed) = (p.suspended, p.extended, p.sealed);
        let Some(slot) = self.people.slot(&p.id) else {
            let (id, credentials) = (p.id, Vec::new());
            let new = PersonRecord { id, groups, valid, suspended, extended, visit, sealed, credentials };
            self.people.insert(new);
            return;
        };
        let Some(record) = self.people.get_mut(slot) else { return };
        let credentials = std::mem::take(&mut record.credentials);
        let new = PersonRecord { id: p.id, groups, valid, suspended, extended, visit, sealed, credentials };
        let old = std::mem::replace(record, new);
        self.leave(&old.groups);
        self.part(old.visit.as_deref());
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
        self.part(record.visit.as_deref());
        Some((person, credentials))
    }

    /// Makes or replaces a credential; the person must exist, and the token must be free.
    pub(crate) fn put_credential(&mut self, c: Credential) {
        self.remove_credential(c.id);
        let Some(person) = self.people.slot(&c.person) else { return };
        if let Proof::PinOnly { digits, .. } = c.proof {
            count(&mut self.pins_alone, digits);
        }
        if let Proof::Phone { token, .. } = c.proof {
            self.phones.insert(phone_hint(token), token);
        }
        let (id, token, valid) = (c.id, c.proof.token(), Span::of(c.valid));
        let slot = self.credentials.insert(CredentialRecord { id, person, proof: Kept::of(c.proof), valid });
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
        if let Proof::PinOnly { digits, .. } = gone.proof {
            uncount(&mut self.pins_alone, &digits);
        }
        if let Proof::Phone { token, .. } = gone.proof {
            self.phones.remove(&phone_hint(token));
        }
        if let Some(token) = record.proof.token()
            && let Ok(entry) = self.tokens.find_entry(self.hasher.hash_one(token), |(t, _)| *t == token)
        {
            entry.remove();
        }
        Some(gone)
    }
}

fn count<K: Ord>(of: &mut BTreeMap<K, usize>, key: K) {
    *of.entry(key).or_default() += 1;
}

fn uncount<K: Ord>(of: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(n) = of.get_mut(key) {
        *n -= 1;
        if *n == 0 {
            of.remove(key);
        }
    }
}
