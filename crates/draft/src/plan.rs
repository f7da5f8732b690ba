//! From a change file to the changes that it makes to the site as it is: what is as wanted already is left out.
//!
//! The order is such that nothing refers to what is not there yet, and that no rule is in force before the policies that
//! bound it: what takes away comes first, then what others refer to, and last what may change who may change.

use crate::file::{self, ChangeFile, FileError, Names, Source, nearest};
use crate::keyring::{Keyring, roll};
use crate::statements::{Places, kept};
use crate::{read, schedules, told};
use lockward_model::{
    CardToken, Change, Credential, CredentialId, Forgiven, Group, Person, PersonId, Proof, SealedSecret,
    ThreatLevel, Validity, Visit,
};
use lockward_site::Site;
use lockward_wire::PersonKey;
use lockward_wire::credential::{CardNumber, CardPublicKey, OneTimeSecret};
use lockward_wire::seal::PersonAttributes;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// One change, and the record of the file that asks for it.
pub struct Item {
    /// Byte of the file.
    pub at: usize,
    /// `[[door]] main`.
    pub record: String,
    /// The change.
    pub change: Change,
    /// What has to be sealed with the person's own key before the change is final. Until then it is sealed, at the
    /// same length, with a key that nobody keeps.
    pub to_seal: Option<PersonAttributes>,
}

impl Item {
    /// Seals the attributes that wait for it with the person's own key.
    ///
    /// # Errors
    /// What `seal` says.
    pub fn seal<E>(
        &mut self,
        seal: impl FnOnce(PersonId, &PersonAttributes) -> Result<Box<[u8]>, E>,
    ) -> Result<(), E> {
        if let (Some(attributes), Change::PutPerson(p)) = (&self.to_seal, &mut self.change) {
            p.sealed = Some(seal(p.id, attributes)?);
        }
        Ok(())
    }
}

/// What the whole file comes to.
pub struct Plan {
    /// The changes, in their order.
    pub items: Vec<Item>,
    /// Records that say what is so already.
    pub unchanged: usize,
}

/// What a secret makes codes by.
type Kind = fn(SealedSecret) -> Proof;

/// Works the file out against the site.
///
/// # Errors
/// [`FileError::Wrong`], with the place.
pub fn plan(
    source: &Source,
    file: &ChangeFile,
    site: &Site,
    keyring: &dyn Keyring,
) -> Result<Plan, FileError> {
    let mut planner = Planner {
        source,
        keyring,
        site,
        plan: Plan { items: Vec::new(), unchanged: 0 },
        seen: BTreeSet::new(),
        cards: HashMap::new(),
    };
    planner.takes_away(file)?;
    // Before the zones: a zone may name those who approve.
    planner.groups(file)?;
    planner.places(file)?;
    planner.people(file)?;
    planner.authority(file)?;
    planner.watch(file)?;
    planner.clears_up(file)?;
    planner.states(file)?;
    planner.who_may_change(file)?;
    Ok(planner.plan)
}

pub(super) struct Planner<'a> {
    source: &'a Source,
    pub(super) keyring: &'a dyn Keyring,
    pub(super) site: &'a Site,
    plan: Plan,
    /// Records that the file has so far: one of a name in each section.
    seen: BTreeSet<String>,
    /// Cards that the file gives, and to which credential.
    cards: HashMap<CardToken, CredentialId>,
}

impl Planner<'_> {
    /// What takes authority away, or frees a card for somebody else.
    fn takes_away(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let people: Vec<String> = self.site.people().map(|id| id.to_string()).collect();
        let credentials = self.site.people().flat_map(|id| self.site.credentials_of(id));
        let credentials: Vec<String> = credentials.map(|c| c.id.to_string()).collect();
        self.named("suspend", &file.suspend, &people, |s| Ok(Change::SuspendPerson(s.parse()?)))?;
        let remove = &file.remove;
        self.named("credentials", &remove.credentials, &credentials, |s| {
            Ok(Change::RevokeCredential(s.parse()?))
        })?;
        let rules: Vec<_> = self.site.rules().map(|r| r.id.to_string()).collect();
        self.named("rules", &remove.rules, &rules, |s| Ok(Change::RemoveRule(s.parse()?)))?;
        self.named("people", &remove.people, &people, |s| Ok(Change::RemovePerson(s.parse()?)))?;
        let controllers: Vec<_> = self.site.controllers().map(|c| c.id.to_string()).collect();
        self.named("revoke_controllers", &file.revoke_controllers, &controllers, |s| {
            Ok(Change::RevokeController(s.parse()?))
        })?;
        let zones = self.zones();
        self.named("lock_down", &file.lock_down, &zones, |s| Ok(Change::LockDown(s.parse()?)))
    }

    fn zones(&self) -> Vec<String> {
        self.site.zones().map(|z| z.id.to_string()).collect()
    }

    /// What an operator does in a day, beside the configuration.
    fn watch(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let zones = self.zones();
        let people: Vec<String> = self.site.people().map(|id| id.to_string()).collect();
        self.named("lift_lockdown", &file.lift_lockdown, &zones, |s| Ok(Change::LiftLockdown(s.parse()?)))?;
        if let Some(said) = file.end_recovery.as_ref().filter(|said| *said.get_ref()) {
            self.put("end_recovery", said.span(), Change::CancelRecovery)?;
        }
        for record in &file.threat {
            let (span, given) = (record.span(), record.get_ref());
            let zone = self.read("threat", span.clone(), read::key("zone", &given.zone))?;
            let level = ThreatLevel::new(given.level).ok_or("`level` is 0 (every day) to 4".to_owned());
            let level = self.read("threat", span.clone(), level)?;
            self.put("threat", span, Change::SetThreat { zone, level })?;
        }
        self.named("forgive_people", &file.forgive_people, &people, |s| {
            Ok(Change::Forgive(Forgiven::Person(s.parse()?)))
        })?;
        self.named("forgive_zones", &file.forgive_zones, &zones, |s| {
            Ok(Change::Forgive(Forgiven::Zone(s.parse()?)))
        })
    }

    fn places(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let mut zones = Vec::new();
        for record in &file.zone {
            zones.push((record.span(), self.read("zone", record.span(), read::zone(record.get_ref()))?));
        }
        // A zone comes after the one that it lies in, wherever the file has it. A circle is the site's to refuse.
        let parents: BTreeMap<_, _> = zones.iter().map(|(_, z)| (z.id, z.parent)).collect();
        let depth = |id| {
            let up = |id: &_| parents.get(id).copied().flatten();
            std::iter::successors(Some(id), up).take(parents.len()).count()
        };
        zones.sort_by_key(|(span, z)| (depth(z.id), span.start));
        for (span, zone) in zones {
            self.put("zone", span, Change::PutZone(zone))?;
        }
        for record in &file.schedule {
            let schedule = self.read("schedule", record.span(), schedules::schedule(record.get_ref()))?;
            self.put("schedule", record.span(), Change::PutSchedule(schedule))?;
        }
        for record in &file.controller {
            let titled = record.get_ref();
            let (id, title) = (read::key("id", &titled.id), read::key("title", &titled.title));
            let (id, title) =
                (self.read("controller", record.span(), id)?, self.read("controller", record.span(), title)?);
            self.put("controller", record.span(), Change::PutController { id, title })?;
        }
        for record in &file.door {
            let door = self.read("door", record.span(), read::door(record.get_ref()))?;
            self.put("door", record.span(), Change::PutDoor(door))?;
        }
        Ok(())
    }

    fn groups(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.group {
            let titled = record.get_ref();
            let group = read::key("id", &titled.id)
                .and_then(|id| Ok(Group { id, title: read::key("title", &titled.title)? }));
            let group = self.read("group", record.span(), group)?;
            self.put("group", record.span(), Change::PutGroup(group))?;
        }
        Ok(())
    }

    fn people(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.person {
            self.person(record.span(), record.get_ref())?;
        }
        for record in &file.card {
            let (span, card) = (record.span(), record.get_ref());
            let number = CardNumber::parse(&card.number.0).map_err(|e| format!("`number`: {e}"));
            let token = self.keyring.card().token_of(&self.read("card", span.clone(), number)?);
            let id: CredentialId = self.read("card", span.clone(), read::key("id", &card.id))?;
            if let Some(other) = self.cards.insert(token, id) {
                return Err(self.wrong(
                    "card",
                    &card.id,
                    span,
                    &format!("the same card is given to `{other}`"),
                ));
            }
            self.credential("card", span, id, &card.person, Proof::Card(token))?;
        }
        self.pins(file)?;
        self.stronger(file)
    }

    /// Cards that sign, and secrets that make one-time codes.
    fn stronger(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.key_card {
            let (span, given) = (record.span(), record.get_ref());
            let bytes = lockward_wire::unhex::<65>(&given.key)
                .ok_or("`key`: give the card's public key, 130 hex digits that begin with 04".to_owned());
            let bytes = self.read("key_card", span.clone(), bytes)?;
            let key = CardPublicKey::new(&bytes).map_err(|e| format!("`key`: {e}"));
            let token = self.keyring.card().token_of_key(&self.read("key_card", span.clone(), key)?);
            let id: CredentialId = self.read("key_card", span.clone(), read::key("id", &given.id))?;
            let proof = Proof::Key { token, key: lockward_model::CardPublicKey(*bytes) };
            self.credential("key_card", span, id, &given.person, proof)?;
        }
        for record in &file.otp {
            let (span, given) = (record.span(), record.get_ref());
            let id: CredentialId = self.read("otp", span.clone(), read::key("id", &given.id))?;
            let secret = OneTimeSecret::from_app(&given.secret.0).map_err(|e| format!("`secret`: {e}"));
            let secret = self.read("otp", span.clone(), secret)?;
            let sealed = self.otp_secret(id, &given.person, &secret);
            let sealed = self.read("otp", span.clone(), sealed)?;
            let kinds: [(&str, Kind); 2] = [("totp", Proof::Totp), ("hotp", Proof::Hotp)];
            let make = self.read("otp", span.clone(), read::one_of("kind", &given.kind, &kinds))?;
            self.credential("otp", span, id, &given.person, make(sealed))?;
        }
        self.phones(file)
    }

    /// The sealed secret that is there already, if it is this one; else sealed anew.
    fn otp_secret(
        &self,
        id: CredentialId,
        person: &str,
        secret: &OneTimeSecret,
    ) -> Result<SealedSecret, String> {
        let (site, key) = (self.site.id(), self.keyring.card());
        let known = person.parse().map(|person| self.site.credentials_of(person)).unwrap_or_default();
        let same = known.into_iter().filter(|c| c.id == id).find_map(|c| match c.proof {
            Proof::Totp(sealed) | Proof::Hotp(sealed) => {
                let open = OneTimeSecret::open_secret(&site, id, &sealed.0, key).ok();
                (open.as_ref() == Some(secret)).then_some(sealed)
            }
            _ => None,
        });
        let anew = || secret.seal_secret(&site, id, roll(self.keyring), key).map_err(|e| e.to_string());
        same.map_or_else(|| anew().map(|sealed| SealedSecret(sealed.into())), Ok)
    }

    fn person(&mut self, span: Range<usize>, given: &file::Person) -> Result<(), FileError> {
        let id: PersonId = self.read("person", span.clone(), read::key("id", &given.id))?;
        let groups = self.read("person", span.clone(), read::groups(given))?;
        let valid = read::validity(given, &self.site.founding().zone);
        let valid = self.read("person", span.clone(), valid)?;
        let attributes = PersonAttributes { name: given.name.trim().into(), contact: given.contact.clone() };
        let known = self.site.person(id);
        let sealed = known.as_ref().and_then(|p| p.sealed.clone());
        let same =
            sealed.as_deref().and_then(|s| self.keyring.open_person(id, s)).as_ref() == Some(&attributes);
        let (sealed, to_seal) = if same {
            (sealed, None)
        } else {
            let nobodys = PersonKey::from_bytes(roll(self.keyring));
            let sealed = attributes.seal(&self.site.id(), id, roll(self.keyring), &nobodys);
            let sealed = self.read("person", span.clone(), sealed.map_err(|e| e.to_string()))?;
            (Some(sealed.into_boxed_slice()), Some(attributes))
        };
        let host = self.read("person", span.clone(), read::maybe("visits", given.visits.as_ref()))?;
        if given.escorted && host.is_none() {
            let what = "only a visitor is escorted; say whom, with `visits`";
            return Err(self.wrong("person", &given.id, span, what));
        }
        let visit = host.map(|host| Visit { host, escorted: given.escorted });
        let extended = given.extended;
        let person = Person { id, groups, valid, suspended: false, extended, visit, sealed };
        self.put("person", span, Change::PutPerson(person))?;
        if let Some(item) = self.plan.items.last_mut().filter(|_| to_seal.is_some()) {
            item.to_seal = to_seal;
        }
        Ok(())
    }

    pub(super) fn credential(
        &mut self,
        section: &str,
        span: Range<usize>,
        id: CredentialId,
        person: &str,
        proof: Proof,
    ) -> Result<(), FileError> {
        let person = self.read(section, span.clone(), read::key("person", person))?;
        let credential = Credential { id, person, proof, valid: Validity::default() };
        self.put(section, span, Change::PutCredential(credential))
    }

    fn authority(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.policy {
            let policy = self.read("policy", record.span(), read::policy(record.get_ref()))?;
            self.put("policy", record.span(), Change::PutPolicy(policy))?;
        }
        for record in &file.rule {
            let rule = self.read("rule", record.span(), read::rule(record.get_ref()))?;
            self.put("rule", record.span(), Change::PutRule(rule))?;
        }
        Ok(())
    }

    /// Places and groups that nothing refers to any more.
    fn clears_up(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let remove = &file.remove;
        let doors: Vec<_> = self.site.doors().map(|d| d.id.to_string()).collect();
        self.named("doors", &remove.doors, &doors, |s| Ok(Change::RemoveDoor(s.parse()?)))?;
        let schedules: Vec<_> = self.site.schedules().map(|s| s.id().to_string()).collect();
        self.named("schedules", &remove.schedules, &schedules, |s| Ok(Change::RemoveSchedule(s.parse()?)))?;
        let groups: Vec<_> = self.site.groups().map(|g| g.id.to_string()).collect();
        self.named("groups", &remove.groups, &groups, |s| Ok(Change::RemoveGroup(s.parse()?)))?;
        let zones: Vec<_> = self.site.zones().map(|z| z.id.to_string()).collect();
        let first = self.plan.items.len();
        self.named("zones", &remove.zones, &zones, |s| Ok(Change::RemoveZone(s.parse()?)))?;
        // The innermost first.
        let depth = |item: &Item| match item.change {
            Change::RemoveZone(id) => {
                let up = |id: &_| self.site.zone(*id).and_then(|z| z.parent);
                std::iter::successors(Some(id), up).count()
            }
            _ => 0,
        };
        self.plan.items.get_mut(first..).unwrap_or_default().sort_by_key(|item| usize::MAX - depth(item));
        Ok(())
    }

    /// What is to be kept as a statement; by now the file's own places are there, and what it removes is gone.
    fn states(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let known: Vec<_> = self.site.statements().map(|s| s.id.to_string()).collect();
        self.named("statements", &file.remove.statements, &known, |s| {
            Ok(Change::RemoveStatement(s.parse()?))
        })?;
        let doors = file.door.iter().map(|d| d.get_ref().id.as_str());
        let zones = file.zone.iter().map(|z| z.get_ref().id.as_str());
        let places = Places::of(self.site).with(doors, zones);
        for record in &file.statement {
            let statement = self.read("statement", record.span(), kept(record.get_ref(), &places))?;
            self.put("statement", record.span(), Change::PutStatement(statement))?;
        }
        Ok(())
    }

    fn who_may_change(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        let policies: Vec<_> = self.site.policy_texts().map(|p| p.id.to_string()).collect();
        self.named("policies", &file.remove.policies, &policies, |s| Ok(Change::RemovePolicy(s.parse()?)))?;
        for record in &file.operator {
            let given = record.get_ref();
            let known = self.site.operators().find(|o| o.id.as_str() == given.id);
            let operator = read::operator(given, known, &self.site.founding().zone);
            let operator = self.read("operator", record.span(), operator)?;
            self.put("operator", record.span(), Change::PutOperator(operator))?;
        }
        self.operator_keys(file)?;
        for record in &file.service {
            let service = read::service(record.get_ref(), &self.site.founding().zone);
            let service = self.read("service", record.span(), service)?;
            self.put("service", record.span(), Change::PutService(service))?;
        }
        let services: Vec<_> = self.site.services().map(|s| s.id.to_string()).collect();
        self.named("services", &file.remove.services, &services, |s| Ok(Change::RemoveService(s.parse()?)))?;
        let operators: Vec<_> = self.site.operators().map(|o| o.id.to_string()).collect();
        self.named("operators", &file.remove.operators, &operators, |s| {
            Ok(Change::RemoveOperator(s.parse()?))
        })
    }

    /// A list of ids that have to be there.
    pub(super) fn named(
        &mut self,
        list: &str,
        names: &Names,
        known: &[String],
        change: impl Fn(&str) -> Result<Change, lockward_model::IdError>,
    ) -> Result<(), FileError> {
        for name in names {
            let (span, name) = (name.span(), name.get_ref());
            let made = change(name).map_err(|e| self.source.wrong(span.start, format!("`{list}`: {e}")))?;
            if !known.contains(name) {
                let hint = nearest(name, known.iter().map(String::as_str));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                let what = format!("`{list}`: there is no `{name}` at this site{hint}");
                return Err(self.source.wrong(span.start, what));
            }
            let record = format!("{list} `{name}`");
            if !self.seen.insert(record.clone()) {
                return Err(self.source.wrong(span.start, format!("`{list}` names `{name}` twice")));
            }
            self.plan.items.push(Item { at: span.start, record, change: made, to_seal: None });
        }
        Ok(())
    }

    pub(super) fn put(&mut self, section: &str, span: Range<usize>, change: Change) -> Result<(), FileError> {
        let id = told::subject(&change);
        // Cards and PINs are credentials both, and share their ids.
        let kind = if matches!(change, Change::PutCredential(_)) { "credential" } else { section };
        let which = match &change {
            Change::PutOperatorKey { key, .. } => format!("{id} {:?}", key.key.public()),
            _ => id.clone(),
        };
        if !self.seen.insert(format!("{kind} {which}")) {
            return Err(self.wrong(section, &id, span, "an earlier record has the same `id`"));
        }
        if told::existing(self.site, &change).as_ref() == Some(&change) {
            self.plan.unchanged += 1;
        } else {
            let record = format!("[[{section}]] `{id}`");
            self.plan.items.push(Item { at: span.start, record, change, to_seal: None });
        }
        Ok(())
    }

    pub(super) fn read<T>(
        &self,
        section: &str,
        span: Range<usize>,
        read: Result<T, String>,
    ) -> Result<T, FileError> {
        read.map_err(|what| self.source.wrong(span.start, format!("[[{section}]] {what}")))
    }

    pub(super) fn wrong(&self, section: &str, id: &str, span: Range<usize>, what: &str) -> FileError {
        self.source.wrong(span.start, format!("[[{section}]] `{id}`: {what}"))
    }
}
