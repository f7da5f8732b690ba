//! Who has gone through a door, by its records alone: the same for whoever reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use core::time::Duration;
use lockward_history::*;
use lockward_model::*;
use world::id;

fn door(kind: DoorKind) -> Door {
    Door {
        id: id("gate"),
        title: id("Gate"),
        kind,
        from: None,
        to: id("hall"),
        controller: id("dock"),
        release: ReleaseTime::new(Duration::from_secs(5)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_secs(30)).unwrap(),
        relock: Relock::OnOpen,
        exit: ExitHardware::Mechanical,
        unlocked: None,
        rules: DoorRules::default(),
    }
}

/// A controller's records of one door.
struct Read {
    door: Door,
    passages: Passages,
    at: Time,
}

impl Read {
    fn of(kind: DoorKind) -> Self {
        Self { door: door(kind), passages: Passages::default(), at: Time(0) }
    }

    /// Somebody is let through; who has passed by that.
    fn lets(&mut self, who: &str, side: Side) -> Vec<String> {
        let passage = Passage { door: self.door.id, side, question: 0, who: id(who), at: self.at };
        self.passages.awaits(passage);
        let access = Access {
            side,
            token: None,
            person: Some(id(who)),
            factors: Factors::CARD,
            pin: PinFact::NotAsked,
            keypad: false,
            config: None,
            config_age: Duration::ZERO,
            known: Known::default(),
            outcome: Outcome::Granted { because: vec!["rule/all".into()] },
        };
        self.hears(&Body::Access(access))
    }

    fn hears(&mut self, body: &Body) -> Vec<String> {
        names(self.passages.hear(&self.door, body))
    }

    /// The controller goes on, and says something of another door.
    fn later(&mut self, secs: u64) -> Vec<String> {
        self.at = self.at + Duration::from_secs(secs);
        let known = self.door.id;
        names(self.passages.unsaid(self.at, |door| Some(&self.door).filter(|_| door == known)))
    }
}

fn names(passed: Vec<Passage>) -> Vec<String> {
    passed.into_iter().map(|p| p.who.to_string()).collect()
}

const NOBODY: [&str; 0] = [];
const OPENED: Body = Body::DoorOpened(Opening::Granted);

fn closed() -> Body {
    Body::DoorClosed { open_for: Duration::from_secs(2) }
}

#[test]
fn everybody_on_one_release_passes_when_the_door_opens() {
    let mut read = Read::of(DoorKind::Room);
    assert_eq!(read.lets("ann", Side::Entry), NOBODY);
    assert_eq!(read.lets("ben", Side::Exit), NOBODY);
    assert_eq!(read.hears(&OPENED), ["ann", "ben"]);
    assert_eq!(read.hears(&OPENED), NOBODY, "once");
}

#[test]
fn nobody_passes_on_a_grant_that_lapses_or_by_a_door_that_is_forced_or_after_a_start() {
    let mut read = Read::of(DoorKind::Room);
    read.lets("ann", Side::Entry);
    assert_eq!(read.hears(&Body::NotEntered), NOBODY);
    assert_eq!(read.hears(&OPENED), NOBODY);
    read.hears(&closed());
    read.lets("ann", Side::Entry);
    assert_eq!(read.hears(&Body::DoorOpened(Opening::Forced)), NOBODY);
    read.hears(&closed());
    read.passages.started();
    assert_eq!(read.hears(&OPENED), NOBODY);
    read.passages.started();
    assert_eq!(read.lets("ann", Side::Entry), NOBODY, "how the door stands is said anew");
}

#[test]
fn whoever_is_let_through_a_door_that_stands_open_or_unlocked_passes_at_once() {
    let mut read = Read::of(DoorKind::Room);
    read.hears(&OPENED);
    assert_eq!(read.lets("ann", Side::Entry), ["ann"]);
    read.hears(&closed());
    assert_eq!(read.lets("ben", Side::Entry), NOBODY);
    assert_eq!(read.hears(&Body::Unlocked(LockCause::Order)), ["ben"]);
    // It is used, and is open to everybody still.
    read.hears(&Body::DoorOpened(Opening::Free));
    read.hears(&closed());
    assert_eq!(read.lets("cem", Side::Entry), ["cem"]);
    read.hears(&Body::Locked(LockCause::Order));
    assert_eq!(read.lets("dan", Side::Entry), NOBODY);
}

#[test]
fn a_floor_that_was_called_does_not_stand_open() {
    let mut read = Read::of(DoorKind::Floor);
    read.lets("ann", Side::Entry);
    assert_eq!(read.hears(&OPENED), ["ann"]);
    assert_eq!(read.lets("ben", Side::Entry), NOBODY);
}

#[test]
fn where_nothing_tells_who_goes_through_whoever_is_let_through_has_passed() {
    let mut read = Read::of(DoorKind::Room);
    read.lets("ann", Side::Entry);
    assert_eq!(read.later(34), NOBODY, "the door may still say something");
    read.lets("ben", Side::Entry);
    assert_eq!(read.later(34), NOBODY, "a release lasts as long as the newest grant");
    assert_eq!(read.later(1), ["ann", "ben"]);
    assert_eq!(read.lets("cem", Side::Entry), ["cem"], "that is known now");
    // Its contact was faulty, and is mended.
    read.hears(&Body::Input { input: InputName::Contact, fault: None });
    assert_eq!(read.lets("dan", Side::Entry), NOBODY);
    let mut known = Passages::at_mute_doors([id("gate")].into());
    known.started();
    read.passages = known;
    assert_eq!(read.lets("eve", Side::Entry), ["eve"]);
}

#[test]
fn more_people_than_can_be_on_their_way_push_the_oldest_out() {
    let mut read = Read::of(DoorKind::Room);
    for n in 0..=PASSAGES_MAX {
        read.lets(&format!("p{n}"), Side::Entry);
    }
    let passed = read.hears(&OPENED);
    assert_eq!((passed.len(), &*passed[0]), (PASSAGES_MAX, "p1"));
}
