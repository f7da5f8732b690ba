//! A small site: how it is founded and changed, with whose signatures.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use core::time::Duration;
use lockward_ledger::leaf_hash;
use lockward_model::{
    CardToken, Change, ChangeSet, Credential, Days, Digest, Door, DoorKind, ExitHardware, Factors, Founding,
    Group, OpenLimit, Operator, Person, PolicyText, Proof, PublicKey, ReleaseTime, Relock, Rule, Schedule,
    Service, SiteId, SiteZone, Source, Target, Text, Time, Validity, Window, Zone,
};
use lockward_wire::PinPepper;
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding};
use lockward_wire::credential::hash_pin;

/// Wednesday 2025-06-18, ten in the morning in Berlin.
pub(crate) const MORNING: Time = Time(1_750_233_600_000);

pub(crate) fn id<T: core::str::FromStr<Err: core::fmt::Debug>>(s: &str) -> T {
    s.parse().unwrap()
}

pub(crate) fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(crate) fn public(pair: &Ed25519KeyPair) -> PublicKey {
    PublicKey(pair.public_key().as_ref().try_into().unwrap())
}

pub(crate) fn owner() -> Ed25519KeyPair {
    key(1)
}

/// An operator whom no policy allows anything.
pub(crate) fn auditor() -> Ed25519KeyPair {
    key(2)
}

pub(crate) fn hub() -> Ed25519KeyPair {
    key(3)
}

pub(crate) fn log() -> Ed25519KeyPair {
    key(4)
}

pub(crate) fn stranger() -> Ed25519KeyPair {
    key(99)
}

pub(crate) fn controller(n: u8) -> Ed25519KeyPair {
    key(10 + n)
}

/// A controller as a source of events.
pub(crate) fn c(n: u8) -> Source {
    Source::Controller(id(&format!("c{n}")))
}

pub(crate) fn card(n: u8) -> CardToken {
    CardToken([n; 16])
}

pub(crate) fn founding(title: &str) -> Vec<u8> {
    let operator = |name: &str, role: &str, pair: &Ed25519KeyPair| {
        Operator::with_key(id(name), id(name), public(pair), vec![id(role)])
    };
    let founding = Founding {
        title: id(title),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: MORNING,
        config_origin: "site.example/config".into(),
        event_origin: "site.example/events".into(),
        log_key: public(&log()),
        hub: Service::new(id("hub"), public(&hub())),
        operators: vec![operator("ada", "owner", &owner()), operator("olga", "auditor", &auditor())],
        recovery_key: public(&key(5)),
        ca_digest: Digest([6; 32]),
        policies: lockward_policy::base_policies(),
    };
    let mut envelope = Envelope::new(PayloadType::Founding, encode_founding(&founding).unwrap()).unwrap();
    envelope.sign(&owner()).unwrap();
    envelope.to_bytes()
}

pub(crate) fn site_id(founding: &[u8]) -> SiteId {
    SiteId(*leaf_hash(founding).as_bytes())
}

pub(crate) fn entry(site: SiteId, at: u64, changes: Vec<Change>, signer: Option<&Ed25519KeyPair>) -> Vec<u8> {
    let set = ChangeSet { site, at, drafted: MORNING, on_behalf: None, reason: None, changes };
    let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set).unwrap()).unwrap();
    if let Some(signer) = signer {
        envelope.sign(signer).unwrap();
    }
    envelope.to_bytes()
}

/// A config log of ten entries, with things that are given and taken away again.
pub(crate) fn config_log() -> Vec<Vec<u8>> {
    let founding = founding("Depot");
    let site = site_id(&founding);
    let (owner, hub) = (owner(), hub());
    let mut entries = vec![founding];
    let mut put = |changes: Vec<Change>, signer: &Ed25519KeyPair| {
        entries.push(entry(site, entries.len() as u64, changes, Some(signer)));
    };
    put(places(), &owner);
    let bind = |n: u8| Change::BindController { id: id(&format!("c{n}")), key: public(&controller(n)) };
    put((1..=3).map(bind).collect(), &hub);
    put(people(), &owner);
    put(rules(), &owner);
    put(vec![Change::SuspendPerson(id("p1"))], &hub);
    put(vec![Change::PutPolicy(PolicyText { id: id("not-p2"), text: FORBID.into() })], &owner);
    put(vec![Change::RevokeController(id("c3"))], &hub);
    put(vec![Change::RemovePolicy(id("not-p2"))], &owner);
    put(vec![Change::RevokeCredential(id("card-4"))], &hub);
    entries
}

const FORBID: &str = r#"forbid (principal == Person::"p2", action == Action::"enter", resource);"#;

fn places() -> Vec<Change> {
    let zone = |name: &str, parent: Option<&str>| {
        Change::PutZone(Zone {
            id: id(name),
            title: id(name),
            parent: parent.map(id),
            rules: Default::default(),
        })
    };
    let door = |name: &str, to: &str, by: &str, kind| {
        Change::PutDoor(Door {
            id: id(name),
            title: id(name),
            kind,
            from: None,
            to: id(to),
            controller: id(by),
            release: ReleaseTime::new(Duration::from_secs(5)).unwrap(),
            open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
            relock: Relock::OnOpen,
            exit: ExitHardware::Mechanical,
            unlocked: None,
            rules: Default::default(),
        })
    };
    let group = |name: &str| Change::PutGroup(Group { id: id(name), title: id(name) });
    let week = Window { days: Days(0b1_1111), from: 8 * 60, to: 18 * 60 };
    let day = Schedule::new(id("day"), id("Day"), vec![week], Vec::new()).unwrap();
    let announce = |n: u8| Change::PutController { id: id(&format!("c{n}")), title: id("Controller") };
    vec![
        zone("depot", None),
        zone("hall", Some("depot")),
        zone("vault", Some("depot")),
        Change::PutSchedule(day),
        group("staff"),
        group("keepers"),
        announce(1),
        announce(2),
        announce(3),
        door("front", "hall", "c1", DoorKind::Entrance),
        door("dock", "hall", "c2", DoorKind::Gate),
        door("safe", "vault", "c3", DoorKind::Safe),
    ]
}

fn people() -> Vec<Change> {
    let mut changes = Vec::new();
    for n in 0..6_u8 {
        let groups = if n < 3 { vec![id("staff"), id("keepers")] } else { vec![id("staff")] };
        let person: lockward_model::PersonId = id(&format!("p{n}"));
        let valid = Validity::default();
        changes.push(Change::PutPerson(Person {
            id: person,
            groups,
            valid,
            suspended: false,
            sealed: None,
            extended: false,
            visit: None,
        }));
        let (id, proof) = (id(&format!("card-{n}")), Proof::Card(card(n)));
        changes.push(Change::PutCredential(Credential { id, person, proof, valid }));
    }
    let pin = hash_pin(&"2718".parse().unwrap(), [7; 16], &PinPepper::from_bytes([8; 32]));
    let (person, proof, valid) = (id("p0"), Proof::Pin(pin), Validity::default());
    changes.push(Change::PutCredential(Credential { id: id("pin-0"), person, proof, valid }));
    changes
}

fn rules() -> Vec<Change> {
    let rule = |name: &str, group: &str, zone: &str, schedule: Option<&str>, factors| {
        let title: Text = id(name);
        let targets = vec![Target::Zone(id(zone))];
        let schedule = schedule.map(id);
        Change::PutRule(Rule {
            id: id(name),
            title,
            groups: vec![id(group)],
            targets,
            schedule,
            factors,
            two_people: false,
        })
    };
    vec![
        rule("staff-by-day", "staff", "hall", Some("day"), Factors::CARD),
        rule("keepers-with-pin", "keepers", "vault", None, Factors::CARD.with(Factors::PIN)),
    ]
}
