//! A disk that hangs: it takes a job and does not come back, for seconds or for ever. Nothing waits for it but records.

use crate::house::{
    ANN, BEN, DIR, FRONT, House, LAB, NOBODY, OPEN, PIN, SHUT, VAULT, card, person, typed, wirings,
};
use crate::hub::FakeHub;
use crate::link::Dice;
use crate::rig::{NONE, Rig, Seen, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_controller::memory::Room;
use lockward_door::{Feedback, State, Wire};
use lockward_model::{Access, Body, Change, Code, Deny, Outcome};
use lockward_store::SimDisk;
use lockward_wire::link::{ToController, ToHub};
use std::path::Path;

const SECOND: Duration = Duration::from_secs(1);

/// A controller that has met its hub, with as much room as it likes.
fn roomy(seed: u64) -> (Rig, FakeHub) {
    let (house, room, disk) = (House::furnished(), Room::default(), SimDisk::new(seed));
    house.enrol(&disk, Path::new(DIR), room, 1);
    let mut rig = Rig::try_start(house.clone(), disk, &wirings(), room, at(SECOND)).unwrap();
    let mut hub = FakeHub::new(house);
    rig.meet(&mut hub);
    (rig, hub)
}

/// Ann's badge is decided, and the disk hangs with its record.
fn hanging(seed: u64) -> Rig {
    let mut rig = Rig::stocked(seed);
    rig.turn(vec![]);
    rig.hangs = true;
    let seen = rig.badge(FRONT, ANN);
    assert_eq!(seen.released(), NONE, "no record, no opening");
    rig
}

fn count(codes: &[Code], of: Code) -> usize {
    codes.iter().filter(|c| **c == of).count()
}

#[test]
fn egress_free_given_a_disk_that_hangs_for_ever_then_people_leave_doors_relock_and_memory_is_bounded() {
    let (mut rig, mut hub) = roomy(1);
    rig.part(&mut hub);
    rig.hangs = true;
    assert_eq!(rig.badge(FRONT, ANN).released(), NONE, "no record, no opening");
    for press in 0..3_000 {
        let seen = rig.turn(vec![Input::Exit(LAB, Wire::Says(true))]);
        assert_eq!(seen.early, [LAB], "locked in, at press {press}");
        rig.turn(vec![Input::Exit(LAB, Wire::Says(false))]);
        rig.pass(Duration::from_secs(4));
        assert!(!rig.out[LAB], "the timer relocks");
        rig.turn(vec![Input::Contact(FRONT, OPEN), Input::Contact(FRONT, SHUT)]);
    }
    assert!((8_000..8_300).contains(&rig.core.unkept()), "{} events in memory", rig.core.unkept());
    assert_eq!(rig.badge(FRONT, ANN).released(), NONE);
    rig.hangs = false;
    rig.turn(vec![]);
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "and once it answers the doors open again");
}

#[test]
fn given_a_disk_that_hangs_then_who_waits_is_refused_in_seconds_and_who_comes_is_refused_at_once() {
    let mut rig = hanging(2);
    rig.pass(2 * SECOND);
    assert!(!rig.badge(LAB, BEN).shows(LAB, Feedback::Denied), "it may be slow only");
    let seen = rig.pass(Duration::from_millis(3_100));
    assert!(seen.shows(FRONT, Feedback::Denied), "five seconds are enough");
    assert!(seen.shows(LAB, Feedback::Denied), "and by then the disk is known to hang");
    for _ in 0..10 {
        assert!(rig.badge(FRONT, ANN).shows(FRONT, Feedback::Denied), "at once");
        assert!(rig.badge(FRONT, NOBODY).shows(FRONT, Feedback::Denied));
        assert!(rig.badge(VAULT, BEN).shows(VAULT, Feedback::EnterPin));
        assert!(rig.turn_with_pins(typed(VAULT, PIN)).shows(VAULT, Feedback::Denied));
        rig.pass(SECOND);
    }
    rig.hangs = false;
    let seen = rig.turn(vec![]);
    assert_eq!(seen.released(), NONE, "all of them are gone");
    rig.pass(10 * SECOND);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    let (mut why, mut granted) = (vec![], 0);
    for access in decisions(rig) {
        match access.outcome {
            Outcome::Denied { why: told, .. } => why.push(told),
            Outcome::Granted { .. } => granted += 1,
        }
    }
    let denied = |of| why.iter().filter(|told| **told == of).count();
    assert_eq!(denied(Deny::UnknownCredential), 10, "strangers are on record: {why:?}");
    assert_eq!(denied(Deny::NotRecorded), 21, "and whoever might have entered, each once: {why:?}");
    assert_eq!(granted, 2, "the first, whose record was under way, and the last");
}

/// All decisions on record, each of which comes out the same when it is made again.
fn decisions(rig: Rig) -> Vec<Access> {
    let house = rig.house.clone();
    let events = rig.records();
    crate::explained::all_again(&house, &events);
    crate::explained::accesses(&events).map(|(_, access)| access.clone()).collect()
}

#[test]
fn given_a_record_that_comes_back_in_time_then_the_door_opens_and_in_the_order_of_the_records() {
    let mut rig = hanging(3);
    rig.skip(SECOND);
    rig.turn(vec![card(LAB, BEN)]);
    rig.skip(2 * SECOND);
    rig.hangs = false;
    let seen = rig.turn(vec![]);
    assert_eq!(seen.late, [FRONT, LAB]);
    let people: Vec<_> = rig.bodies().into_iter().filter(|b| matches!(b, Body::Access(_))).collect();
    assert_eq!(people.len(), 2);
}

#[test]
fn record_first_given_a_job_that_is_back_then_a_grant_of_the_next_one_still_waits() {
    let mut rig = hanging(4);
    rig.turn(vec![card(LAB, BEN)]);
    rig.hangs = false;
    let mut seen = Seen::default();
    assert!(rig.step(&mut seen));
    assert_eq!(seen.late, [FRONT], "only the one whose own record is there");
    assert!(!rig.out[LAB]);
    rig.settle(&mut seen);
    assert_eq!(seen.late, [FRONT, LAB]);
}

#[test]
fn given_a_record_that_comes_back_later_than_a_grant_lives_then_no_bolt_moves() {
    let mut rig = hanging(5);
    // Nothing wakes the loop meanwhile: it is the grant itself that has ended.
    rig.skip(6 * SECOND);
    rig.hangs = false;
    let mut seen = Seen::default();
    rig.settle(&mut seen);
    assert_eq!(seen.released(), NONE, "the person is gone, and anybody may stand there now");
    assert!(rig.codes().contains(&Code::AccessGranted));
}

#[test]
fn given_a_disk_that_hangs_and_then_fails_then_nobody_is_let_in_on_it_and_the_rest_is_recorded_once() {
    let mut rig = hanging(6);
    rig.turn(vec![
        Input::Exit(LAB, Wire::Says(true)),
        Input::Exit(LAB, Wire::Says(false)),
        card(LAB, BEN),
        card(VAULT, NOBODY),
    ]);
    rig.skip(SECOND);
    rig.hangs = false;
    rig.disk.fail_sync_after(0);
    let seen = rig.turn(vec![]);
    assert!(seen.failed.is_some());
    assert!(!seen.late.contains(&FRONT) && seen.shows(FRONT, Feedback::Denied));
    rig.pass(10 * SECOND);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    let codes = rig.codes();
    assert_eq!(count(&codes, Code::ExitRequested), 1, "{codes:?}");
    assert_eq!(count(&codes, Code::AccessDenied), 1, "{codes:?}");
}

#[test]
fn given_a_disk_that_hangs_then_the_hub_is_heard_and_nothing_is_cosigned_or_reported_before_it_is_kept() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(7);
    rig.meet(&mut hub);
    hub.house.change(vec![Change::PutPerson(person("eve"))]);
    rig.hangs = true;
    let seen = rig.hub_says(hub.entries_from(2).unwrap());
    assert!(seen.sent.is_empty() && !seen.hung_up, "nothing is told before it is kept");
    assert!(rig.hub_says(hub.event_checkpoint()).sent.is_empty());
    for _ in 0..100 {
        let seen = rig.hub_says(ToController::Pong { time: rig.now.wall });
        assert!(!seen.hung_up && rig.core.hears_hub());
        rig.pass(5 * SECOND);
    }
    rig.turn(vec![Input::Unlinked]);
    hub.unlinked();
    let seen = rig.turn(vec![Input::Linked]);
    let Some(ToHub::Hello { config, .. }) = seen.sent.first() else { panic!("no hello") };
    assert_eq!(*config, Some(hub.house.config_at(2)), "the hello tells what the disk has");
    rig.hangs = false;
    rig.meet(&mut hub);
    assert_eq!(rig.core.config(), Some(hub.house.config()));
    assert_eq!(hub.applied.last(), Some(&hub.house.config()));
    assert_eq!(hub.due(), rig.next_seq());
    assert!(rig.witness(&mut hub).sent.is_empty());
    let mut rig = rig.power_cut(7);
    assert_eq!(rig.core.config(), Some(hub.house.config()), "each entry once, and in order");
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
}

#[test]
fn given_a_disk_that_hangs_then_configuration_in_memory_is_bounded() {
    let (mut rig, mut hub) = roomy(8);
    rig.hangs = true;
    let mut heard = 0;
    while rig.core.hears_hub() {
        let from = hub.house.size();
        // As much as a message of the hub holds of them.
        for n in 0..300 {
            hub.house.change(vec![Change::PutPerson(person(&format!("p-{heard}-{n}")))]);
        }
        rig.hub_says(hub.entries_from(from).unwrap());
        heard += 1;
        assert!(heard < 100, "there is no end to it");
    }
    rig.hangs = false;
    rig.turn(vec![]);
    assert!(rig.core.hears_hub(), "there is room again");
    assert_eq!(rig.core.config(), Some(hub.house.config()));
    assert_eq!(rig.power_cut(8).core.config(), Some(hub.house.config()));
}

/// Hours under a disk that hangs now and then. Exits and strangers are on record once each; whom a door let in is too.
#[test]
fn given_a_disk_that_hangs_now_and_then_then_everything_is_recorded_once_and_in_order() {
    for seed in 0..40 {
        let (mut rig, mut dice) = (Rig::stocked(seed), Dice(seed));
        let (mut presses, mut strangers, mut opened) = (0, 0, 0);
        for _ in 0..80 {
            rig.hangs = dice.once_in(2);
            let seen = match dice.below(4) {
                0 => {
                    presses += 1;
                    let seen = rig.turn(vec![
                        Input::Exit(FRONT, Wire::Says(true)),
                        Input::Exit(FRONT, Wire::Says(false)),
                    ]);
                    assert_eq!(seen.early, NONE, "its handle opens by itself");
                    seen
                }
                1 => {
                    let seen = rig.badge(VAULT, NOBODY);
                    strangers += usize::from(!seen.shows(VAULT, Feedback::Wait));
                    seen
                }
                2 => rig.badge(FRONT, ANN),
                _ => rig.turn(vec![]),
            };
            opened += seen.late.iter().filter(|d| **d == FRONT).count();
            let seen = rig.pass(Duration::from_millis(dice.below(4_000)));
            opened += seen.late.iter().filter(|d| **d == FRONT).count();
            assert_eq!(seen.early, NONE);
        }
        rig.hangs = false;
        rig.turn(vec![]);
        let events = rig.records();
        assert!(events.is_sorted_by_key(|e| (e.time, e.seq)), "seed {seed}: out of order");
        let of = |code| events.iter().filter(|e| e.body.code() == code).count();
        assert_eq!(of(Code::ExitRequested), presses, "seed {seed}");
        let refused =
            crate::explained::accesses(&events).filter_map(|(_, access)| crate::explained::why(access));
        let strange = refused.filter(|why| *why != Deny::NotRecorded).count();
        assert_eq!(strange, strangers, "seed {seed}");
        assert!(of(Code::AccessGranted) >= opened, "seed {seed}: {opened} openings");
        let accesses = events.iter().filter_map(|e| match &e.body {
            Body::Access(access) => Some((e.time, e.door, &access.outcome)),
            _ => None,
        });
        let granted = |(_, _, outcome): &(_, _, &Outcome)| matches!(outcome, Outcome::Granted { .. });
        let mut granted: Vec<_> = accesses.filter(granted).map(|(time, door, _)| (time, door)).collect();
        let all = granted.len();
        granted.dedup();
        assert_eq!(granted.len(), all, "seed {seed}: one decision, two records");
    }
}

#[test]
fn given_a_disk_that_hangs_when_it_is_over_then_a_door_that_was_left_open_is_still_told() {
    let mut rig = hanging(9);
    rig.turn(vec![Input::Exit(LAB, Wire::Says(true)), Input::Exit(LAB, Wire::Says(false))]);
    rig.turn(vec![Input::Contact(LAB, OPEN)]);
    let seen = rig.pass(Duration::from_secs(40));
    assert!(seen.shows(LAB, Feedback::Held), "its timer runs");
    assert_eq!(rig.state(LAB), State::Held);
    rig.hangs = false;
    rig.turn(vec![]);
    assert_eq!(count(&rig.codes(), Code::DoorHeld), 1);
}
