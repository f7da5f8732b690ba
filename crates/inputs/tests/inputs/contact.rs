//! Catalogue A47: a magnet at the contact, found by the bolt; and the facts that end the alarm.

use crate::rig::at;
use core::time::Duration;
use lockward_inputs::{Contradiction, ContradictionLimits, Contradictions, Fact, Finding};
use proptest::prelude::*;

use Contradiction::{Mismatch, SuspectStuck};
use Fact::{BoltOpen, BoltUnknown, ContactOpen, ContactUnknown, Granted, Locked, Released};

const THROW: u64 = 3_000;

struct Door {
    found: Contradictions,
    out: Vec<Finding>,
    now: u64,
}

impl Door {
    /// Locked and shut, both contacts in order.
    fn at_rest() -> Self {
        let mut door =
            Self { found: Contradictions::new(ContradictionLimits::default()), out: Vec::new(), now: 0 };
        door.tell(&[Locked, BoltOpen(false), ContactOpen(false)]);
        door
    }

    fn tell(&mut self, facts: &[Fact]) {
        for fact in facts {
            self.now += 100;
            self.found.handle(at(self.now), *fact, &mut self.out);
        }
    }

    fn wait(&mut self, ms: u64) {
        self.now += ms;
        self.found.tick(at(self.now), &mut self.out);
    }

    /// A person goes through; the contact sees it or not.
    fn pass(&mut self, contact_moves: bool) {
        self.tell(&[Granted, Released, BoltOpen(true)]);
        if contact_moves {
            self.tell(&[ContactOpen(true), ContactOpen(false)]);
        }
        self.tell(&[Locked, BoltOpen(false)]);
        self.wait(THROW);
    }

    fn take(&mut self) -> Vec<(Contradiction, bool)> {
        core::mem::take(&mut self.out).into_iter().map(|f| (f.what, f.raised)).collect()
    }
}

#[test]
fn a47_given_a_bolt_that_stays_open_while_the_contact_says_closed_then_mismatch() {
    let mut door = Door::at_rest();
    door.tell(&[Granted, Released, BoltOpen(true), Locked]);
    door.wait(THROW - 1);
    assert_eq!(door.take(), [], "a motor may take its time");
    door.wait(1);
    assert_eq!(door.take(), [(Mismatch, true)]);
    door.wait(60_000);
    assert_eq!(door.take(), [], "told once");
}

#[test]
fn a_mismatch_ends_by_a_thrown_bolt_or_an_open_contact_and_by_nothing_else() {
    for (fact, ends) in [
        (BoltOpen(false), true),
        (ContactOpen(true), true),
        (Granted, false),
        (Released, false),
        (Locked, false),
        (BoltOpen(true), false),
        (ContactOpen(false), false),
        (BoltUnknown, false),
        (ContactUnknown, false),
    ] {
        let mut door = Door::at_rest();
        door.tell(&[Released, BoltOpen(true), Locked]);
        door.wait(THROW);
        door.take();
        door.tell(&[fact]);
        door.wait(60_000);
        assert_eq!(door.take(), if ends { vec![(Mismatch, false)] } else { vec![] }, "{fact:?}");
        assert_eq!(door.found.stands(Mismatch), !ends);
    }
}

#[test]
fn a_bolt_that_waits_for_an_open_door_is_no_contradiction() {
    let mut door = Door::at_rest();
    door.tell(&[Granted, Released, BoltOpen(true), ContactOpen(true), Locked]);
    door.wait(3_600_000);
    assert_eq!(door.take(), []);
    // The door falls shut: from now on the bolt has no excuse, and it has had its time.
    door.tell(&[ContactOpen(false)]);
    assert!(door.found.stands(Mismatch));
}

#[test]
fn a_contact_in_a_fault_contradicts_nothing() {
    let mut door = Door::at_rest();
    door.tell(&[ContactUnknown, Released, BoltOpen(true), Locked]);
    door.wait(60_000);
    for _ in 0..20 {
        door.pass(false);
    }
    assert_eq!(door.take(), []);
}

#[test]
fn a47_given_five_grants_that_move_the_bolt_and_not_the_contact_then_suspect_stuck() {
    let mut door = Door::at_rest();
    for _ in 0..4 {
        door.pass(false);
    }
    assert_eq!(door.take(), []);
    door.pass(false);
    assert_eq!(door.take(), [(SuspectStuck, true)]);
    door.pass(false);
    assert_eq!(door.take(), [], "told once");
    door.tell(&[ContactOpen(true)]);
    assert_eq!(door.take(), [(SuspectStuck, false)]);
}

#[test]
fn grants_that_move_no_bolt_tell_nothing_of_the_contact() {
    let mut door = Door::at_rest();
    for _ in 0..50 {
        door.tell(&[Granted, Released, Locked]);
    }
    assert_eq!(door.take(), []);
}

#[test]
fn one_person_who_goes_through_begins_the_count_again() {
    let mut door = Door::at_rest();
    for _ in 0..10 {
        for _ in 0..4 {
            door.pass(false);
        }
        door.pass(true);
    }
    assert_eq!(door.take(), []);
}

#[test]
fn a_contact_that_stands_otherwise_after_a_fault_has_moved() {
    let mut door = Door::at_rest();
    for _ in 0..5 {
        door.pass(false);
    }
    door.take();
    door.tell(&[ContactUnknown, ContactOpen(false)]);
    assert_eq!(door.take(), [], "as it stood before");
    door.tell(&[ContactUnknown, ContactOpen(true)]);
    assert_eq!(door.take(), [(SuspectStuck, false)]);
}

#[test]
fn a_grant_upon_a_grant_ends_the_first() {
    let mut door = Door::at_rest();
    for _ in 0..6 {
        door.tell(&[Granted, Released, BoltOpen(true), BoltOpen(false)]);
    }
    assert_eq!(door.take(), [(SuspectStuck, true)]);
}

#[test]
fn the_number_of_grants_is_the_installers_and_zero_never_suspects() {
    for grants in [0, 1, 2] {
        let limits = ContradictionLimits { grants, ..ContradictionLimits::default() };
        let mut door = Door::at_rest();
        door.found = Contradictions::new(limits);
        door.tell(&[Locked, BoltOpen(false), ContactOpen(false)]);
        let until = (1..=10).find(|_| {
            door.pass(false);
            door.found.stands(SuspectStuck)
        });
        assert_eq!(until, (grants != 0).then_some(grants));
    }
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        Just(Granted),
        Just(Released),
        Just(Locked),
        any::<bool>().prop_map(BoltOpen),
        any::<bool>().prop_map(ContactOpen),
        Just(BoltUnknown),
        Just(ContactUnknown),
    ]
}

proptest! {
    #[test]
    fn findings_alternate_stand_on_their_facts_and_can_always_be_ended(
        life in prop::collection::vec((fact(), 0_u64..5_000), 0..200)
    ) {
        let mut door = Door::at_rest();
        let (mut bolt, mut contact, mut locked_since) = (Some(false), Some(false), Some(100));
        for (fact, wait) in life {
            door.tell(&[fact]);
            match fact {
                BoltOpen(open) => bolt = Some(open),
                BoltUnknown => bolt = None,
                ContactOpen(open) => contact = Some(open),
                ContactUnknown => contact = None,
                Locked => locked_since = locked_since.or(Some(door.now)),
                Released => locked_since = None,
                Granted => {}
            }
            door.wait(wait);
            let contradict = bolt == Some(true) && contact == Some(false);
            if contradict && locked_since.is_some_and(|t| door.now - t >= THROW) {
                prop_assert!(door.found.stands(Mismatch));
            }
            if bolt == Some(false) || contact == Some(true) {
                prop_assert!(!door.found.stands(Mismatch));
            }
            prop_assert!(door.found.wake_at().is_none_or(|t| t > at(door.now)), "time is not owed");
        }
        door.tell(&[BoltOpen(false), ContactOpen(false), ContactOpen(true)]);
        prop_assert!(!door.found.stands(Mismatch) && !door.found.stands(SuspectStuck));
        for what in [Mismatch, SuspectStuck] {
            let told: Vec<_> = door.out.iter().filter(|f| f.what == what).map(|f| f.raised).collect();
            prop_assert!(told.chunks(2).all(|pair| pair == [true, false]), "{what:?}: {told:?}");
        }
    }
}

#[test]
fn a_throw_of_no_time_is_judged_at_once() {
    let limits = ContradictionLimits { throw: Duration::ZERO, ..ContradictionLimits::default() };
    let mut found = Contradictions::new(limits);
    let mut out = Vec::new();
    for fact in [ContactOpen(false), BoltOpen(true), Locked] {
        found.handle(at(1), fact, &mut out);
    }
    assert_eq!(out, [Finding { what: Mismatch, raised: true }]);
}
