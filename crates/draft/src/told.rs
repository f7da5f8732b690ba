//! A change in words: what it is about, what is there already, and which of its parts differ. No token, no hash.

use crate::schedules;
use crate::told_rules::{door_rules, zone_rules};
use core::time::Duration;
use lockward_model::{
    Change, Digest, Door, ExitHardware, Forgiven, Operator, OperatorKey, Order, OrderAct, Person, PolicyText,
    Proof, Relock, Rule, SigningKey, Target, Time, Validity,
};
use lockward_site::Site;
use lockward_wire::config::key_digest;

/// What a change does to what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It was not there.
    Added,
    /// It was there, and is another.
    Changed,
    /// It is there no more.
    Removed,
}

impl Mark {
    /// `+`, `~`, `-`.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Changed => '~',
            Self::Removed => '-',
        }
    }
}

/// What kind of thing a change is about.
pub(crate) fn noun(change: &Change) -> &'static str {
    match change {
        Change::PutZone(_) | Change::RemoveZone(_) => "zone",
        Change::PutDoor(_) | Change::RemoveDoor(_) => "door",
        Change::PutSchedule(_) | Change::RemoveSchedule(_) => "schedule",
        Change::PutGroup(_) | Change::RemoveGroup(_) => "group",
        Change::PutPerson(_) | Change::RemovePerson(_) | Change::SuspendPerson(_) => "person",
        Change::PutCredential(c) => match c.proof {
            Proof::Card(_) => "card",
            Proof::Key { .. } => "key card",
            Proof::Pin(_) | Proof::PinOnly { .. } | Proof::Duress(_) => "PIN",
            Proof::Totp(_) | Proof::Hotp(_) => "one-time codes",
            Proof::Phone { .. } => "phone",
        },
        Change::RevokeCredential(_) => "credential",
        Change::PutRule(_) | Change::RemoveRule(_) => "rule",
        Change::PutPolicy(_) | Change::RemovePolicy(_) => "policy",
        Change::PutController { .. } | Change::BindController { .. } | Change::RevokeController(_) => {
            "controller"
        }
        Change::PutOperator(_) | Change::RemoveOperator(_) => "operator",
        Change::PutOperatorKey { .. } | Change::RemoveOperatorKey { .. } => "key of operator",
        Change::PutService(_) | Change::RemoveService(_) => "service",
        Change::Recover(_) | Change::CancelRecovery => "recovery",
        Change::LockDown(_) | Change::LiftLockdown(_) => "lockdown",
        Change::SetThreat { .. } => "threat level",
        Change::Forgive(_) => "anti-passback",
        Change::PutStatement(_) | Change::RemoveStatement(_) => "statement",
    }
}

/// The id of what a change is about.
pub(crate) fn subject(change: &Change) -> String {
    match change {
        Change::PutZone(z) => z.id.to_string(),
        Change::RemoveZone(id) => id.to_string(),
        Change::PutDoor(d) => d.id.to_string(),
        Change::RemoveDoor(id) => id.to_string(),
        Change::PutSchedule(s) => s.id().to_string(),
        Change::RemoveSchedule(id) => id.to_string(),
        Change::PutGroup(g) => g.id.to_string(),
        Change::RemoveGroup(id) => id.to_string(),
        Change::PutPerson(p) => p.id.to_string(),
        Change::RemovePerson(id) | Change::SuspendPerson(id) => id.to_string(),
        Change::PutCredential(c) => c.id.to_string(),
        Change::RevokeCredential(id) => id.to_string(),
        Change::PutRule(r) => r.id.to_string(),
        Change::RemoveRule(id) => id.to_string(),
        Change::PutPolicy(p) => p.id.to_string(),
        Change::RemovePolicy(id) => id.to_string(),
        Change::PutController { id, .. } | Change::BindController { id, .. } => id.to_string(),
        Change::RevokeController(id) => id.to_string(),
        Change::PutOperator(o) => o.id.to_string(),
        Change::RemoveOperator(id) => id.to_string(),
        Change::PutOperatorKey { operator, .. } | Change::RemoveOperatorKey { operator, .. } => {
            operator.to_string()
        }
        Change::PutService(s) => s.id.to_string(),
        Change::RemoveService(id) => id.to_string(),
        Change::Recover(o) => o.id.to_string(),
        Change::CancelRecovery => "announced".into(),
        Change::LockDown(zone) | Change::LiftLockdown(zone) | Change::SetThreat { zone, .. } => {
            zone.to_string()
        }
        Change::Forgive(Forgiven::Person(id)) => id.to_string(),
        Change::Forgive(Forgiven::Zone(id)) => id.to_string(),
        Change::PutStatement(s) => s.id.to_string(),
        Change::RemoveStatement(id) => id.to_string(),
    }
}

/// What stands in the place of what a change puts: the change that would put that.
pub(crate) fn existing(site: &Site, change: &Change) -> Option<Change> {
    match change {
        Change::PutZone(z) => site.zone(z.id).cloned().map(Change::PutZone),
        Change::PutDoor(d) => site.door(d.id).cloned().map(Change::PutDoor),
        Change::PutSchedule(s) => {
            site.schedules().find(|other| other.id() == s.id()).cloned().map(Change::PutSchedule)
        }
        Change::PutGroup(g) => site.groups().find(|other| other.id == g.id).cloned().map(Change::PutGroup),
        Change::PutPerson(p) => site.person(p.id).map(Change::PutPerson),
        Change::PutCredential(c) => site
            .credentials_of(c.person)
            .into_iter()
            .find(|other| other.id == c.id)
            .map(Change::PutCredential),
        Change::PutRule(r) => site.rules().find(|other| other.id == r.id).cloned().map(Change::PutRule),
        Change::PutPolicy(p) => {
            site.policy_texts().find(|other| other.id == p.id).cloned().map(Change::PutPolicy)
        }
        Change::PutController { id, .. } => {
            let known = site.controller(*id)?;
            Some(Change::PutController { id: known.id, title: known.title.clone() })
        }
        Change::PutOperator(o) => {
            site.operators().find(|other| other.id == o.id).cloned().map(Change::PutOperator)
        }
        Change::PutService(s) => site.service(s.id).cloned().map(Change::PutService),
        Change::PutStatement(s) => {
            site.statements().find(|other| other.id == s.id).cloned().map(Change::PutStatement)
        }
        Change::PutOperatorKey { operator, key } => {
            let known = site.operator(*operator)?.keys.iter().find(|k| k.key == key.key)?;
            Some(Change::PutOperatorKey { operator: *operator, key: known.clone() })
        }
        _ => None,
    }
}

/// A change as it would be made to `site`: what it does, and its particulars.
#[must_use]
pub fn tell(site: &Site, change: &Change) -> (Mark, String) {
    let old = existing(site, change);
    let head = format!("{} {}", noun(change), subject(change));
    let parts = parts(change);
    match (&old, change) {
        (_, Change::BindController { .. }) => (Mark::Changed, format!("{head}: takes its key")),
        (_, Change::SuspendPerson(_)) => (Mark::Changed, format!("{head}: suspended")),
        (_, Change::RevokeController(_)) => (Mark::Removed, format!("{head}: cut off for good")),
        (_, Change::RemoveOperatorKey { operator, key }) => {
            let keys = site.operator(*operator).map(|o| o.keys.as_slice()).unwrap_or_default();
            let known = keys.iter().find(|k| key_digest(k.key.public()) == *key);
            (Mark::Removed, format!("{head}: {}", known.map_or("one that is not there".into(), self::key)))
        }
        (_, Change::LockDown(_)) => {
            (Mark::Added, format!("{head}: nobody enters until it is lifted; leaving works"))
        }
        (_, Change::LiftLockdown(_)) => {
            (Mark::Removed, format!("{head}: people enter again as the rules say"))
        }
        (_, Change::SetThreat { level, .. }) => (Mark::Changed, format!("{head}: {}", level.get())),
        (_, Change::Forgive(_)) => (Mark::Changed, format!("{head}: where people are is forgotten")),
        (Some(old), new) => {
            let before = self::parts(old);
            let differs = |(name, value): &(&'static str, String)| {
                let was = before.iter().find(|(n, _)| n == name).map_or("none", |(_, v)| v.as_str());
                (was != value).then(|| format!("{name} {was} -> {value}"))
            };
            let mut told: Vec<_> = parts.iter().filter_map(differs).collect();
            let gone = before.iter().filter(|(n, _)| !parts.iter().any(|(name, _)| name == n));
            told.extend(gone.map(|(name, was)| format!("{name} {was} -> none")));
            if told.is_empty() && old != new {
                told.push(hidden(new).into());
            }
            (Mark::Changed, format!("{head}: {}", told.join("; ")))
        }
        (None, _) if parts.is_empty() => (Mark::Removed, head),
        (None, _) => (Mark::Added, format!("{head}: {}", listed(&parts))),
    }
}

/// A change told by itself, by somebody who does not know the site: whether what it puts is there already is not said.
#[must_use]
pub fn by_itself(change: &Change) -> String {
    let head = format!("{} {}", noun(change), subject(change));
    let parts = parts(change);
    let what = match change {
        Change::BindController { .. } => "takes its key".into(),
        Change::SuspendPerson(_) => "suspended".into(),
        Change::RevokeController(_) => "cut off for good".into(),
        Change::LockDown(_) => "locked down: nobody enters until it is lifted; leaving works".into(),
        Change::LiftLockdown(_) => "lifted: people enter again as the rules say".into(),
        Change::SetThreat { level, .. } => level.get().to_string(),
        Change::Forgive(_) => "where people are is forgotten".into(),
        // Its lines stay as they are: a comment ends with its line, and nothing may seem to be part of one.
        Change::PutPolicy(PolicyText { text, .. }) => format!("\n{text}"),
        Change::Recover(o) => format!("announced with the recovery key: {}", listed(&operator(o))),
        Change::RemoveOperatorKey { key, .. } => {
            format!("the key whose SHA-256 is {} is taken away", lockward_wire::hex(&key.0).as_str())
        }
        _ if parts.is_empty() => "removed".into(),
        _ => listed(&parts),
    };
    format!("{head}: {what}")
}

/// What an order wants of its door.
#[must_use]
pub fn order(order: &Order) -> String {
    match order.act {
        OrderAct::Unlock => format!("Open door {} once", order.door),
        OrderAct::Hold(time) => format!("Keep door {} open for {}", order.door, span(time)),
        OrderAct::Release => format!("Lock door {} again", order.door),
    }
}

fn listed(parts: &[(&'static str, String)]) -> String {
    parts.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join("; ")
}

/// What differs where nothing that may be shown does.
fn hidden(change: &Change) -> &'static str {
    match change {
        Change::PutPerson(_) => "name or contact",
        Change::PutCredential(_) => "another card or PIN",
        _ => "said again",
    }
}

fn parts(change: &Change) -> Vec<(&'static str, String)> {
    match change {
        Change::PutZone(z) => {
            let within = z.parent.map(|p| ("in", p.to_string()));
            std::iter::once(("title", quoted(&z.title))).chain(within).chain(zone_rules(&z.rules)).collect()
        }
        Change::PutDoor(d) => door(d),
        Change::PutSchedule(s) => schedules::parts(s),
        Change::PutGroup(g) => vec![("title", quoted(&g.title))],
        Change::PutPerson(p) => person(p),
        Change::PutCredential(c) => {
            let signs = match &c.proof {
                Proof::Phone { passkey, .. } => Some(fingerprint(&SigningKey::Passkey((**passkey).clone()))),
                _ => None,
            };
            let key = signs.map(|key| ("key", key));
            std::iter::once(("person", c.person.to_string())).chain(key).chain(validity(c.valid)).collect()
        }
        Change::PutRule(r) => rule(r),
        Change::PutPolicy(PolicyText { text, .. }) => vec![("text", one_line(text))],
        Change::PutController { title, .. } => vec![("title", quoted(title))],
        Change::PutOperator(o) => operator(o),
        Change::PutStatement(s) => vec![("says", s.says.to_string())],
        Change::PutOperatorKey { key: k, .. } => vec![("key", key(k))],
        Change::PutService(s) => std::iter::once(("key", s.key.to_string())).chain(end(s.until)).collect(),
        _ => Vec::new(),
    }
}

fn quoted(text: &impl core::fmt::Display) -> String {
    format!("\"{text}\"")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn list<T: core::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|i| i.to_string()).collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}

fn door(d: &Door) -> Vec<(&'static str, String)> {
    let relock = match d.relock {
        Relock::OnOpen => "on opening",
        Relock::OnClose => "on closing",
    };
    let exit = match d.exit {
        ExitHardware::Mechanical => "mechanical",
        ExitHardware::Released => "released",
    };
    let mut parts = vec![
        ("title", quoted(&d.title)),
        ("kind", d.kind.as_str().into()),
        ("from", d.from.map_or("the street".into(), |z| z.to_string())),
        ("to", d.to.to_string()),
        ("controller", d.controller.to_string()),
        ("release", span(d.release.get())),
        ("open limit", span(d.open_limit.get())),
        ("relocks", relock.into()),
        ("exit", exit.into()),
    ];
    parts.extend(d.unlocked.map(|s| ("unlocked by", s.to_string())));
    parts.extend(door_rules(&d.rules));
    parts
}

fn person(p: &Person) -> Vec<(&'static str, String)> {
    let mut parts = vec![("groups", list(&p.groups))];
    parts.extend(validity(p.valid));
    parts.extend(p.suspended.then(|| ("suspended", "yes".into())));
    parts.extend(p.extended.then(|| ("longer times", "yes".into())));
    parts.extend(p.visit.map(|v| ("visits", v.host.to_string())));
    parts.extend(p.visit.filter(|v| v.escorted).map(|_| ("escorted", "always".into())));
    parts
}

fn validity(v: Validity) -> impl Iterator<Item = (&'static str, String)> {
    let told = |t: Time| t.to_string();
    [("from", v.from.map(told)), ("until", v.until.map(told))].into_iter().filter_map(|(n, t)| Some((n, t?)))
}

fn rule(r: &Rule) -> Vec<(&'static str, String)> {
    let target = |t: &Target| match t {
        Target::Zone(id) => format!("zone {id}"),
        Target::Door(id) => format!("door {id}"),
    };
    vec![
        ("title", quoted(&r.title)),
        ("lets", list(&r.groups)),
        ("into", list(r.targets.iter().map(target))),
        ("when", r.schedule.map_or("always".into(), |s| s.to_string())),
        ("with", format!("{}{}", factors(r.factors), if r.two_people { ", two people" } else { "" })),
    ]
}

fn operator(o: &Operator) -> Vec<(&'static str, String)> {
    let parts =
        [("title", quoted(&o.title)), ("roles", list(&o.roles)), ("keys", list(o.keys.iter().map(key)))];
    let person = o.person.map(|p| ("person", p.to_string()));
    parts.into_iter().chain(end(o.until)).chain(person).collect()
}

/// What people compare keys by: the first half of the SHA-256 of the public key, which nobody makes another key fit.
#[must_use]
pub fn fingerprint(key: &SigningKey) -> String {
    let Digest(whole) = key_digest(key.public());
    let (half, _) = whole.split_at(16);
    lockward_wire::hex(half).to_string()
}

fn key(k: &OperatorKey) -> String {
    match &k.key {
        SigningKey::Ed25519(key) => format!("{key} (\"{}\")", k.title),
        SigningKey::Passkey(p) => {
            let at = if p.is_the_signers() { "the signer" } else { &p.rp };
            format!("passkey \"{}\" at {at} ({})", k.title, fingerprint(&k.key))
        }
    }
}

fn end(until: Option<Time>) -> Option<(&'static str, String)> {
    until.map(|t| ("until", t.to_string()))
}

/// `card and pin`.
#[must_use]
pub fn factors(factors: lockward_model::Factors) -> String {
    let names: Vec<_> = factors.names().map(|n| if n == "pin" { "PIN" } else { n }).collect();
    if names.is_empty() { "nothing more".into() } else { names.join(" and ") }
}

/// `5s`, `500ms`, `2m`: as the change file has it.
pub(crate) fn span(d: Duration) -> String {
    match d.as_millis() {
        ms if ms >= 172_800_000 && ms % 86_400_000 == 0 => format!("{}d", ms / 86_400_000),
        ms if ms >= 3_600_000 && ms % 3_600_000 == 0 => format!("{}h", ms / 3_600_000),
        ms if ms >= 60_000 && ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms >= 1_000 && ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        ms => format!("{ms}ms"),
    }
}
