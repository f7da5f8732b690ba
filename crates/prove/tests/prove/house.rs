//! A small site to state things about: a hall, and a vault within it; staff by day, guards at night.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use core::fmt::Debug;
use core::str::FromStr;
use core::time::Duration;
use lockward_draft::{Asked, Source, statements};
use lockward_ledger::leaf_hash;
use lockward_model::*;
use lockward_policy::base_policies;
use lockward_prove::{Answer, Patience, Prover, SOLVER_VARIABLE, Solver};
use lockward_site::{Keep, Site};
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding};

pub(crate) fn id<T: FromStr<Err: Debug>>(s: &str) -> T {
    s.parse().unwrap()
}

fn key(who: u8) -> PublicKey {
    PublicKey(pair(who).public_key().as_ref().try_into().unwrap())
}

fn pair(who: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[who; 32]).unwrap()
}

fn founding() -> Founding {
    Founding {
        title: id("Depot"),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: Time(1_767_225_600_000),
        config_origin: "example.com/7/config".into(),
        event_origin: "example.com/7/events".into(),
        log_key: key(5),
        hub: Service::new(id("hub"), key(4)),
        operators: vec![
            Operator::with_key(id("ada"), id("Ada"), key(1), vec![id("owner")]),
            Operator::with_key(id("gus"), id("Gus"), key(2), vec![id("guard")]),
        ],
        recovery_key: key(6),
        ca_digest: Digest([7; 32]),
        policies: base_policies(),
    }
}

fn signed(kind: PayloadType, payload: Vec<u8>) -> Vec<u8> {
    let mut envelope = Envelope::new(kind, payload).unwrap();
    envelope.sign(&pair(1)).unwrap();
    envelope.to_bytes()
}

/// The site with these changes, one after the other.
pub(crate) fn house(more: Vec<Change>) -> Site {
    let entry = signed(PayloadType::Founding, encode_founding(&founding()).unwrap());
    let mut site = Site::found(&entry, SiteId(*leaf_hash(&entry).as_bytes()), Keep::Everything).unwrap();
    for changes in [depot(), more].into_iter().filter(|c| !c.is_empty()) {
        let (of, at) = (site.id(), site.size());
        let drafted = Time(1_767_225_600_000);
        let set = ChangeSet { site: of, at, drafted, on_behalf: None, reason: None, changes };
        let entry = signed(PayloadType::ChangeSet, encode_changes(&set).unwrap());
        if let Err(refusal) = site.apply(&entry) {
            panic!("{refusal} {refusal:?}");
        }
    }
    site
}

fn zone(name: &str, parent: Option<&str>) -> Change {
    let (parent, rules) = (parent.map(id), ZoneRules::default());
    Change::PutZone(Zone { id: id(name), title: id(name), parent, rules })
}

pub(crate) fn door(name: &str, to: &str, kind: DoorKind) -> Door {
    Door {
        id: id(name),
        title: id(name),
        kind,
        from: None,
        to: id(to),
        controller: id("k1"),
        release: ReleaseTime::new(Duration::from_secs(5)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
        relock: Relock::OnClose,
        exit: ExitHardware::Mechanical,
        unlocked: None,
        rules: DoorRules::default(),
    }
}

/// On weekdays between two hours.
pub(crate) fn hours(name: &str, from: u16, to: u16) -> Change {
    let window = Window { days: Days(0b1_1111), from: from * 60, to: to * 60 };
    Change::PutSchedule(Schedule::new(id(name), id(name), vec![window], vec![]).unwrap())
}

pub(crate) fn person(name: &str, groups: &[&str]) -> Change {
    Change::PutPerson(Person {
        id: id(name),
        groups: groups.iter().map(|g| id(g)).collect(),
        valid: Validity::default(),
        suspended: false,
        extended: false,
        visit: None,
        sealed: None,
    })
}

pub(crate) fn group(name: &str) -> Change {
    Change::PutGroup(Group { id: id(name), title: id(name) })
}

pub(crate) fn rule(name: &str, group: &str, target: Target) -> Rule {
    let (groups, targets) = (vec![id(group)], vec![target]);
    let (schedule, factors, two_people) = (None, Factors::NONE, false);
    Rule { id: id(name), title: id(name), groups, targets, schedule, factors, two_people }
}

pub(crate) fn policy(name: &str, text: &str) -> Change {
    Change::PutPolicy(PolicyText { id: id(name), text: text.into() })
}

/// Staff enter the hall by day, and the vault with their PIN in the morning; guards enter the yard at any time.
fn depot() -> Vec<Change> {
    let hall = Rule { schedule: Some(id("day")), ..rule("hall", "staff", Target::Zone(id("hall"))) };
    let vault = Rule {
        schedule: Some(id("morning")),
        factors: Factors::PIN,
        ..rule("vault", "staff", Target::Door(id("strongroom")))
    };
    let hall_door = Rule { targets: vec![Target::Door(id("gate"))], ..hall };
    vec![
        zone("hall", None),
        zone("vault", Some("hall")),
        zone("yard", None),
        Change::PutController { id: id("k1"), title: id("k1") },
        hours("day", 7, 19),
        hours("morning", 8, 12),
        group("staff"),
        group("guards"),
        Change::PutDoor(door("gate", "hall", DoorKind::Gate)),
        Change::PutDoor(Door { from: Some(id("hall")), ..door("strongroom", "vault", DoorKind::Safe) }),
        Change::PutDoor(door("fence", "yard", DoorKind::Gate)),
        person("ann", &["staff"]),
        person("gil", &["guards"]),
        Change::PutRule(hall_door),
        Change::PutRule(vault),
        Change::PutRule(rule("yard", "guards", Target::Zone(id("yard")))),
    ]
}

/// A Monday in June.
pub(crate) const NOW: Time = Time(1_780_300_800_000);

pub(crate) fn solver() -> Solver {
    Solver::find(Patience::each(Duration::from_secs(20)))
        .unwrap_or_else(|e| panic!("{e} ({SOLVER_VARIABLE})"))
}

/// What becomes of one statement.
pub(crate) fn answer(site: &Site, before: Option<&Site>, statement: &str) -> Answer {
    let text = format!("[[statement]]\n{statement}\n");
    let asked = statements(&Source::new("statements", &text), site).unwrap_or_else(|e| panic!("{e}"));
    let prover = Prover::new(site, before, NOW, Ok(solver())).unwrap();
    match &asked[0] {
        Asked::Holds(says) => prover.answer(says),
        Asked::GivesNothingNew => prover.gives_nothing_new(),
    }
}

#[track_caller]
pub(crate) fn proved(site: &Site, statement: &str) {
    assert_eq!(answer(site, None, statement), Answer::Proved, "{statement}");
}

/// Refuted by this very sentence.
#[track_caller]
pub(crate) fn refuted(site: &Site, statement: &str, sentence: &str) {
    assert_eq!(answer(site, None, statement), Answer::Refuted(sentence.into()), "{statement}");
}
