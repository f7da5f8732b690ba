//! One entry in, one site further: all of it, or nothing.

use crate::authority::{key_of, signers};
use crate::people::People;
use crate::undo::Undo;
use crate::{Refusal, Site};
use core::time::Duration;
use lockward_model::{
    Change, ChangeSet, Controller, ControllerId, Forgiven, GroupId, Operator, OperatorId, Person, PolicyId,
    PublicKey, Rule, RuleId, Schedule, ScheduleId, Service, ServiceId, SigningKey, SiteId, Target, Time,
    Zone,
};
use lockward_policy::Policies;
use lockward_wire::config::{Envelope, EnvelopeError, Payload, key_id};
use std::collections::{BTreeMap, BTreeSet};

/// How far the clocks of a site's operators, hub and controllers may be apart.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(600);

/// What a fold keeps of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Sealed attributes too: for the hub, which shows them.
    Everything,
    /// Only what a decision needs: for controllers and auditors.
    Decisions,
}

pub(crate) fn parse(entry: &[u8]) -> Result<(Envelope, Payload), Refusal> {
    let envelope = Envelope::parse(entry).map_err(|e| match e {
        EnvelopeError::Newer(_) => Refusal::Newer,
        e => Refusal::Malformed(e),
    })?;
    let payload = envelope.payload().map_err(Refusal::Payload)?;
    Ok((envelope, payload))
}

impl Site {
    /// Starts the fold with a log's first entry; `id` is that entry's RFC 6962 leaf hash.
    ///
    /// The founding is signed by at least one of the operators that it names. That proves that they hold their keys;
    /// that it is the right site is proved by the id, which whoever calls this has pinned.
    ///
    /// # Errors
    /// [`Refusal`], for the first thing that is wrong.
    pub fn found(entry: &[u8], id: SiteId, keep: Keep) -> Result<Self, Refusal> {
        let (envelope, payload) = parse(entry)?;
        let Payload::Founding(founding) = payload else { return Err(Refusal::WrongKind) };
        signers(&envelope, |id| founding.operators.iter().find_map(|o| Some((key_of(o, id)?, ()))))?;
        let invalid = |verb, what| Refusal::Invalid { index: 0, verb, what };
        unmistakable(&founding.operators, &founding.hub).map_err(|what| invalid("put-operator", what))?;
        let mut policies = Policies::new();
        for text in &founding.policies {
            policies.put_policy(text).map_err(|e| invalid("put-policy", crate::undo::told(&e)))?;
        }
        if let Some(id) = twice(founding.policies.iter().map(|p| p.id)) {
            return Err(invalid("put-policy", format!("policy `{id}` is there twice")));
        }
        Ok(Self {
            id,
            size: 1,
            keep,
            zones: BTreeMap::new(),
            doors: BTreeMap::new(),
            schedules: BTreeMap::new(),
            groups: BTreeMap::new(),
            rules: BTreeMap::new(),
            policy_texts: founding.policies.iter().map(|p| (p.id, p.clone())).collect(),
            controllers: BTreeMap::new(),
            operators: founding.operators.iter().map(|o| (o.id, o.clone())).collect(),
            people: People::default(),
            policies,
            all_schedules: Vec::new(),
            lockdowns: BTreeMap::new(),
            threats: BTreeMap::new(),
            forgiven: Vec::new(),
            services: BTreeMap::new(),
            statements: BTreeMap::new(),
            recovery: None,
            recovered: None,
            newest: founding.founded,
            founding: *founding,
        })
    }

    /// Applies the next entry, whole or not at all.
    ///
    /// # Errors
    /// [`Refusal`]; the site is then as it was.
    pub fn apply(&mut self, entry: &[u8]) -> Result<(), Refusal> {
        self.apply_by(entry, None)
    }

    /// The same for an entry that is new now, by a clock that is `now`: what waits for a time ([`Change::Recover`]) can not
    /// have been drafted later than that. What is read back from a disk was judged so before. Nothing else hangs on how far
    /// a clock is behind: whom it is the hub's to revoke is revoked at once.
    ///
    /// # Errors
    /// [`Refusal`]; the site is then as it was.
    pub fn apply_at(&mut self, entry: &[u8], now: Time) -> Result<(), Refusal> {
        self.apply_by(entry, Some(now + CLOCKS_DIFFER))
    }

    fn apply_by(&mut self, entry: &[u8], latest: Option<Time>) -> Result<(), Refusal> {
        let (envelope, payload) = parse(entry)?;
        let Payload::Changes(set) = payload else { return Err(Refusal::WrongKind) };
        let waits = set.changes.iter().any(|c| matches!(c, Change::Recover(_)));
        if waits && latest.is_some_and(|latest| set.drafted > latest) {
            return Err(Refusal::Early { drafted: set.drafted });
        }
        if set.site != self.id {
            return Err(Refusal::OtherSite);
        }
        if set.at != self.size {
            return Err(Refusal::OutOfOrder { due: self.size, found: set.at });
        }
        // The policies in force before this entry judge it, all of it, before any of it takes effect.
        // Time goes forwards only: who drafts in the past wins back no authority that has ended.
        let at = self.newest.max(set.drafted);
        self.authorise(&set.changes, &self.signed_by(&envelope, set.on_behalf, at)?)?;
        self.carry_out(set)
    }

    /// Does what a set says, whole or not at all. Who may say it is judged before.
    pub(crate) fn carry_out(&mut self, set: ChangeSet) -> Result<(), Refusal> {
        let at = self.newest.max(set.drafted);
        if set.changes.is_empty() {
            // There is nothing in it that a policy could have allowed.
            let what = "a change set holds at least one change".into();
            return Err(Refusal::Invalid { index: 0, verb: "nothing", what });
        }

        let forgiven = |c: &Change| match c {
            Change::Forgive(whom) => Some(*whom),
            _ => None,
        };
        let forgiven = set.changes.iter().filter_map(forgiven).collect();
        let (drafted, mut undo) = (set.drafted, Undo::default());
        for (index, change) in set.changes.into_iter().enumerate() {
            let verb = change.verb();
            if let Err(what) = self.one(change, drafted, &mut undo) {
                undo.run(self);
                return Err(Refusal::Invalid { index, verb, what });
            }
        }
        self.size += 1;
        self.newest = at;
        self.forgiven = forgiven;
        Ok(())
    }

    fn one(&mut self, change: Change, drafted: Time, undo: &mut Undo) -> Result<(), String> {
        match change {
            Change::PutZone(z) => self.put_zone(z, undo),
            Change::RemoveZone(id) => self.remove_zone(id, undo),
            Change::PutDoor(d) => self.put_door(d, undo),
            Change::RemoveDoor(id) => self.remove_door(id, undo),
            Change::PutSchedule(s) => self.put_schedule(s, undo),
            Change::RemoveSchedule(id) => self.remove_schedule(id, undo),
            Change::PutGroup(g) => {
                let (id, old) = (g.id, self.groups.insert(g.id, g));
                undo.push(move |s| restore(&mut s.groups, id, old));
                Ok(())
            }
            Change::RemoveGroup(id) => self.remove_group(id, undo),
            Change::PutPerson(p) => self.put_person(p, undo),
            Change::RemovePerson(id) => self.remove_person(id, undo),
            Change::SuspendPerson(id) => {
                let person = self.people.person(id).ok_or_else(|| none("person", &id))?;
                self.put_person(Person { suspended: true, ..person }, undo)
            }
            Change::PutCredential(c) => self.put_credential(c, undo),
            Change::RevokeCredential(id) => self.revoke_credential(id, undo),
            Change::PutRule(r) => self.put_rule(r, undo),
            Change::RemoveRule(id) => self.remove_rule(id, undo),
            Change::PutPolicy(p) => self.put_policy(p, undo),
            Change::RemovePolicy(id) => self.remove_policy(id, undo),
            Change::PutController { id, title } => {
                let known = self.controllers.get(&id);
                let (key, revoked) = known.map_or((None, false), |c| (c.key, c.revoked));
                self.set_controller(Controller { id, title, key, revoked }, undo);
                Ok(())
            }
            Change::BindController { id, key } => self.bind_controller(id, key, undo),
            Change::RevokeController(id) => {
                let known = self.controllers.get(&id).ok_or_else(|| none("controller", &id))?;
                self.set_controller(Controller { revoked: true, ..known.clone() }, undo);
                Ok(())
            }
            Change::PutOperator(o) => self.put_operator(o, undo),
            Change::RemoveOperator(id) => {
                let gone = self.operators.remove(&id).ok_or_else(|| none("operator", &id))?;
                undo.push(move |s| restore(&mut s.operators, id, Some(gone)));
                if self.operators.is_empty() {
                    return Err("the last operator can not be removed: nobody could change the site".into());
                }
                Ok(())
            }
            Change::PutOperatorKey { operator, key } => self.put_operator_key(operator, key, undo),
            Change::RemoveOperatorKey { operator, key } => self.remove_operator_key(operator, key, undo),
            Change::Recover(operator) => self.recover(operator, drafted, undo),
            Change::CancelRecovery => self.cancel_recovery(undo),
            Change::PutService(s) => self.put_service(s, undo),
            Change::RemoveService(id) => {
                let gone = self.services.remove(&id).ok_or_else(|| none("service", &id))?;
                undo.push(move |s| restore(&mut s.services, id, Some(gone)));
                Ok(())
            }
            Change::PutStatement(s) => self.put_statement(s, undo),
            Change::RemoveStatement(id) => self.remove_statement(id, undo),
            Change::LockDown(zone) => self.lock_down(zone, drafted, undo),
            Change::LiftLockdown(zone) => self.lift_lockdown(zone, undo),
            Change::SetThreat { zone, level } => self.set_threat(zone, level, undo),
            // Where people are is not the fold's to know: see `forgiven`.
            Change::Forgive(Forgiven::Person(id)) => {
                self.people.person(id).map(drop).ok_or_else(|| none("person", &id))
            }
            Change::Forgive(Forgiven::Zone(id)) => {
                self.zones.get(&id).map(drop).ok_or_else(|| none("zone", &id))
            }
        }
    }

    fn put_schedule(&mut self, schedule: Schedule, undo: &mut Undo) -> Result<(), String> {
        let (id, old) = (schedule.id(), self.schedules.insert(schedule.id(), schedule));
        undo.push(move |s| {
            restore(&mut s.schedules, id, old);
            s.list_schedules();
        });
        self.list_schedules();
        Ok(())
    }

    fn remove_schedule(&mut self, id: ScheduleId, undo: &mut Undo) -> Result<(), String> {
        let door = self
            .doors
            .values()
            .find(|p| p.door.unlocked == Some(id))
            .map(|p| format!("door `{}`", p.door.id));
        let rule = self.rules.values().find(|r| r.schedule == Some(id)).map(|r| format!("rule `{}`", r.id));
        if let Some(user) = door.or(rule) {
            return Err(format!("schedule `{id}` is in use by {user}; change that first"));
        }
        let gone = self.schedules.remove(&id).ok_or_else(|| none("schedule", &id))?;
        undo.push(move |s| {
            restore(&mut s.schedules, id, Some(gone));
            s.list_schedules();
        });
        self.list_schedules();
        Ok(())
    }

    fn list_schedules(&mut self) {
        self.all_schedules = self.schedules.keys().copied().collect();
    }

    fn remove_group(&mut self, id: GroupId, undo: &mut Undo) -> Result<(), String> {
        if let Some(rule) = self.rules.values().find(|r| r.groups.contains(&id)) {
            return Err(format!("group `{id}` is in use by rule `{}`; change that first", rule.id));
        }
        let approves = |z: &&Zone| z.rules.openings.as_ref().is_some_and(|o| o.approvers == Some(id));
        if let Some(zone) = self.zones.values().find(approves) {
            return Err(format!("group `{id}` approves openings of zone `{}`; change that first", zone.id));
        }
        if self.people.group_in_use(id) {
            return Err(format!("group `{id}` has people in it; move them first"));
        }
        let gone = self.groups.remove(&id).ok_or_else(|| none("group", &id))?;
        undo.push(move |s| restore(&mut s.groups, id, Some(gone)));
        Ok(())
    }

    fn put_rule(&mut self, rule: Rule, undo: &mut Undo) -> Result<(), String> {
        for group in &rule.groups {
            self.groups.get(group).ok_or_else(|| none("group", group))?;
        }
        for target in &rule.targets {
            match target {
                Target::Zone(z) => drop(self.zones.get(z).ok_or_else(|| none("zone", z))?),
                Target::Door(d) => drop(self.doors.get(d).ok_or_else(|| none("door", d))?),
            }
        }
        if let Some(schedule) = rule.schedule {
            self.schedules.get(&schedule).ok_or_else(|| none("schedule", &schedule))?;
        }
        self.policies.put_rule(&rule).map_err(|e| crate::undo::told(&e))?;
        let (id, old) = (rule.id, self.rules.insert(rule.id, rule));
        undo.push(move |s| s.restore_rule(id, old));
        Ok(())
    }

    fn remove_rule(&mut self, id: RuleId, undo: &mut Undo) -> Result<(), String> {
        let gone = self.rules.remove(&id).ok_or_else(|| none("rule", &id))?;
        self.policies.remove_rule(id);
        undo.push(move |s| s.restore_rule(id, Some(gone)));
        Ok(())
    }

    fn restore_rule(&mut self, id: RuleId, old: Option<Rule>) {
        match &old {
            // It was in force before, so it compiles.
            Some(rule) => drop(self.policies.put_rule(rule)),
            None => self.policies.remove_rule(id),
        }
        restore(&mut self.rules, id, old);
    }

    fn put_policy(&mut self, text: lockward_model::PolicyText, undo: &mut Undo) -> Result<(), String> {
        self.policies.put_policy(&text).map_err(|e| crate::undo::told(&e))?;
        let (id, old) = (text.id, self.policy_texts.insert(text.id, text));
        undo.push(move |s| s.restore_policy(id, old));
        Ok(())
    }

    fn remove_policy(&mut self, id: PolicyId, undo: &mut Undo) -> Result<(), String> {
        let gone = self.policy_texts.remove(&id).ok_or_else(|| none("policy", &id))?;
        self.policies.remove_policy(id);
        undo.push(move |s| s.restore_policy(id, Some(gone)));
        Ok(())
    }

    fn restore_policy(&mut self, id: PolicyId, old: Option<lockward_model::PolicyText>) {
        match &old {
            Some(text) => drop(self.policies.put_policy(text)),
            None => self.policies.remove_policy(id),
        }
        restore(&mut self.policy_texts, id, old);
    }

    fn bind_controller(&mut self, id: ControllerId, key: PublicKey, undo: &mut Undo) -> Result<(), String> {
        let known = self.controllers.get(&id).ok_or_else(|| none("controller", &id))?;
        if known.revoked {
            return Err(format!("controller `{id}` was revoked; give the new device a new id"));
        }
        if known.key.is_some() {
            return Err(format!("controller `{id}` has a key; revoke it, and give the new device a new id"));
        }
        if let Some(other) = self.controllers.values().find(|c| c.key == Some(key)) {
            return Err(format!(
                "the key of controller `{id}` is controller `{}`'s already; give the device a new key",
                other.id
            ));
        }
        self.set_controller(Controller { key: Some(key), ..known.clone() }, undo);
        Ok(())
    }

    fn set_controller(&mut self, c: Controller, undo: &mut Undo) {
        let (id, old) = (c.id, self.controllers.insert(c.id, c));
        undo.push(move |s| restore(&mut s.controllers, id, old));
    }

    pub(crate) fn put_operator(&mut self, operator: Operator, undo: &mut Undo) -> Result<(), String> {
        if let Some(key) = operator.keys.iter().find(|k| self.has_key(&k.key, Some(operator.id), None)) {
            return Err(format!(
                "key `{}` of operator `{}` is someone else's already",
                key.title, operator.id
            ));
        }
        if let Some(key) = repeated(&operator) {
            return Err(format!("key `{key}` of operator `{}` is there twice", operator.id));
        }
        if let Some(person) = operator.person {
            self.people.person(person).ok_or_else(|| none("person", &person))?;
        }
        let (id, old) = (operator.id, self.operators.insert(operator.id, operator));
        undo.push(move |s| restore(&mut s.operators, id, old));
        Ok(())
    }
}

impl Site {
    /// Whether somebody else signs with this key, or has one by its name. A signature names its key by 8 bytes of the public
    /// half's hash, in which two keys can be made to meet, and a passkey is found by its credential id: nobody passes off
    /// either as their own, whatever else they say of it. A phone's is a phone's also after it was cut off.
    pub(crate) fn has_key(
        &self,
        key: &SigningKey,
        operator: Option<OperatorId>,
        service: Option<ServiceId>,
    ) -> bool {
        // Whoever is announced by the recovery key has theirs already: nobody takes it meanwhile.
        let announced = self.recovery.iter().map(|r| &r.operator);
        let others = self.operators.values().chain(announced).filter(|o| Some(o.id) != operator);
        let services = self.services.values().filter(|s| Some(s.id) != service);
        let hint = key_id(key.public());
        let same = |other: &SigningKey| match (other, key) {
            (SigningKey::Passkey(a), SigningKey::Passkey(b)) if a.id == b.id => true,
            (other, _) => key_id(other.public()) == hint,
        };
        same(&self.founding.hub.signing_key())
            || others.flat_map(|o| &o.keys).any(|k| same(&k.key))
            || services.into_iter().any(|s| same(&s.signing_key()))
            || self.people.phone_by(hint).is_some()
    }

    fn put_service(&mut self, service: Service, undo: &mut Undo) -> Result<(), String> {
        if service.id == self.founding.hub.id {
            return Err(format!("service `{}` is the hub's own, and stays as it was founded", service.id));
        }
        if self.has_key(&service.signing_key(), None, Some(service.id)) {
            return Err(format!("the key of service `{}` is someone else's already", service.id));
        }
        let (id, old) = (service.id, self.services.insert(service.id, service));
        undo.push(move |s| restore(&mut s.services, id, old));
        Ok(())
    }
}

/// Everybody who may sign must have a name and a key of their own.
fn unmistakable(operators: &[Operator], hub: &Service) -> Result<(), String> {
    if let Some(id) = twice(operators.iter().map(|o| o.id)) {
        return Err(format!("operator `{id}` is there twice"));
    }
    let mut seen = BTreeSet::from([key_id(&hub.key.0)]);
    match operators.iter().find(|o| o.keys.iter().any(|k| !seen.insert(key_id(k.key.public())))) {
        Some(o) => Err(format!("a key of operator `{}` is there already", o.id)),
        None => Ok(()),
    }
}

/// The title of a key that an operator has twice.
fn repeated(operator: &Operator) -> Option<String> {
    let mut seen = BTreeSet::new();
    operator.keys.iter().find(|k| !seen.insert(key_id(k.key.public()))).map(|k| k.title.to_string())
}

/// The first that has been there before.
fn twice<T: Ord + Copy>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    all.find(|one| !seen.insert(*one))
}

pub(crate) fn restore<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, old: Option<V>) {
    match old {
        Some(old) => drop(map.insert(key, old)),
        None => drop(map.remove(&key)),
    }
}

pub(crate) fn none(what: &str, id: &dyn std::fmt::Display) -> String {
    format!("{what} `{id}` does not exist; put it first")
}
