//! RECORD-FIRST: the power fails in every step between badge and bolt, and no bolt has moved without its record.

use crate::house::{ANN, BEN, FRONT, LAB, NOBODY, OPEN, PIN, SHUT, VAULT, card, typed, wirings};
use crate::hub::{FakeHub, open_all};
use crate::link::Dice;
use crate::rig::{NONE, Rig, at, leaves};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::{Feedback, Wire};
use lockward_model::{Code, Mono};

/// What the controller owes: it has let so many in, and so many records were durable.
#[derive(Default)]
struct Owed {
    let_in: [usize; 5],
    records: u64,
}

/// The whole chain: what the hub holds, and what the disk holds beyond it.
fn chain(rig: &Rig, hub: &FakeHub, luck: u64, owed: &Owed) -> Vec<Vec<u8>> {
    let on_disk = leaves(&rig.disk.power_cut(luck), rig.room);
    let mut all = hub.leaves.clone();
    let due = all.len();
    for leaf in on_disk {
        let Ok(lockward_wire::event::Leaf::Event(event)) = lockward_wire::event::Leaf::parse(&leaf) else {
            panic!("no event")
        };
        let seq = usize::try_from(event.seq()).unwrap();
        match all.get(seq) {
            Some(held) => assert_eq!(*held, leaf, "record {seq} is another than the hub was given"),
            None => {
                assert_eq!(seq, all.len(), "a gap behind what the hub holds ({due})");
                all.push(leaf);
            }
        }
    }
    assert!(all.len() as u64 >= owed.records, "{} of {} records are left", all.len(), owed.records);
    all
}

/// The doors that only a grant releases.
fn check(rig: &Rig, hub: &FakeHub, luck: u64, owed: &Owed) {
    let events = open_all(&rig.house, &chain(rig, hub, luck, owed));
    for door in [FRONT, VAULT] {
        let id = crate::house::id(crate::house::DOORS[door]);
        let granted =
            events.iter().filter(|e| e.door == Some(id) && e.body.code() == Code::AccessGranted).count();
        assert!(granted >= owed.let_in[door], "{} openings, {granted} records", owed.let_in[door]);
    }
}

/// Doors that are opened and shut.
fn contact(dice: &mut Dice) -> Wire<lockward_door::Contact> {
    if dice.once_in(2) { OPEN } else { SHUT }
}

/// What people do in one turn.
fn people(dice: &mut Dice, pins: bool) -> Vec<Input> {
    let who = [ANN, BEN, NOBODY][usize::try_from(dice.below(3)).unwrap()];
    match dice.below(if pins { 9 } else { 7 }) {
        0 | 1 => vec![card(FRONT, who)],
        2 => vec![card(FRONT, who), card(LAB, ANN), card(VAULT, who)],
        3 => vec![Input::Contact(FRONT, contact(dice)), Input::Contact(VAULT, contact(dice))],
        4 => vec![Input::Exit(LAB, Wire::Says(true)), card(FRONT, who), Input::Exit(LAB, Wire::Says(false))],
        5 => vec![Input::Exit(LAB, Wire::Says(true)), Input::Exit(LAB, Wire::Says(false))],
        6 => vec![],
        7 => vec![card(VAULT, BEN)],
        _ => typed(VAULT, if dice.once_in(4) { "1357" } else { PIN }),
    }
}

/// A little day, until the power fails; in one that is `late` the disk comes back turns later. True if it did not.
fn day(
    rig: &mut Rig,
    hub: &mut FakeHub,
    dice: &mut Dice,
    (linked, late): (bool, bool),
    owed: &mut Owed,
) -> bool {
    let pins = dice.once_in(5);
    if linked {
        rig.meet(hub);
    }
    for _ in 0..14 {
        rig.hangs = late && dice.once_in(2);
        let inputs = people(dice, pins);
        let mut seen = rig.turn_with_pins(inputs);
        for door in [FRONT, VAULT] {
            assert!(!seen.early.contains(&door), "released before anything was written");
            let released = seen.late.iter().filter(|d| **d == door).count();
            let shown = seen.feedback.iter().filter(|f| **f == (door, Feedback::Granted)).count();
            owed.let_in[door] += released.max(shown);
        }
        if seen.failed.is_some() {
            return false;
        }
        owed.records = rig.next_seq().max(owed.records);
        if linked {
            seen = rig.talk(hub, seen);
            if seen.failed.is_some() {
                return false;
            }
        }
        rig.skip(Duration::from_millis(200 + dice.below(4000)));
    }
    true
}

/// Lives one after the other on one disk, each ended by a power cut in another step of its day.
fn lives(seeds: core::ops::Range<u64>, lives_each: u64, linked: bool, late: bool) {
    let mut cuts = 0;
    for seed in seeds {
        let (mut rig, mut hub) = Rig::stocked_with_hub(seed);
        let (mut dice, mut owed) = (Dice(seed), Owed::default());
        for life in 0..lives_each {
            rig.disk.cut_at_step(1 + (seed * lives_each + life) * 13 % 47);
            day(&mut rig, &mut hub, &mut dice, (linked, late), &mut owed);
            hub.unlinked();
            check(&rig, &hub, seed + life, &owed);
            // A start that loses its power too is tried again; what it does not owe, it need not keep.
            let disk = rig.disk.power_cut(seed * 31 + life);
            let now = at(rig.now.mono.since(Mono(0)) + Duration::from_secs(1));
            disk.cut_at_step(1 + dice.below(12));
            let disk = match Rig::try_start(rig.house.clone(), disk.clone(), &wirings(), rig.room, now) {
                Ok(mut started) => {
                    day(&mut started, &mut hub, &mut dice, (linked, late), &mut owed);
                    hub.unlinked();
                    check(&started, &hub, life, &owed);
                    started.disk.power_cut(life)
                }
                Err(_) => disk.power_cut(life),
            };
            rig = Rig::start(&rig.house, disk, now);
            cuts += 2;
        }
        // The disk of all these lives still serves.
        assert!(rig.badge(FRONT, ANN).granted(FRONT), "seed {seed}");
    }
    println!("{cuts} power cuts");
}

#[test]
fn given_power_cuts_without_a_hub_then_every_opening_has_its_record() {
    lives(0..30, 7, false, false);
}

#[test]
fn given_power_cuts_while_events_go_to_the_hub_then_nothing_that_it_was_given_is_lost() {
    lives(100..130, 7, true, false);
}

#[test]
fn given_power_cuts_while_the_disk_is_late_then_every_opening_has_its_record() {
    lives(200..215, 7, false, true);
    lives(300..315, 7, true, true);
}

/// One fault of the disk while a badge is decided: nobody comes in, whoever wants out does, and the next badge opens.
fn one_fault(name: &str, fault: impl Fn(&Rig)) {
    let mut rig = Rig::stocked(5);
    assert!(rig.badge(FRONT, BEN).granted(FRONT));
    rig.pass(Duration::from_secs(10));
    fault(&rig);
    let seen = rig.turn(vec![card(FRONT, ANN), Input::Exit(LAB, Wire::Says(true)), card(VAULT, NOBODY)]);
    assert!(seen.failed.is_some(), "{name}: the fault was not met");
    assert_eq!(seen.late, NONE, "{name}");
    assert_eq!(seen.early, [LAB], "{name}: the exit waits for nothing");
    assert!(seen.shows(FRONT, Feedback::Denied) && !seen.shows(FRONT, Feedback::Granted), "{name}");
    rig.disk.heal();
    rig.pass(Duration::from_secs(10));
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "{name}: the next badge opens");
    let codes = rig.codes();
    let count = |code| codes.iter().filter(|c| **c == code).count();
    assert_eq!(count(Code::ExitRequested), 1, "{name}: an exit is recorded once: {codes:?}");
    // The write that failed may have reached the disk; where it has not, the record says that it could not be written.
    let (granted, denied) = (count(Code::AccessGranted), count(Code::AccessDenied));
    assert_eq!(granted + denied, 4, "{name}: each decision is recorded once: {codes:?}");
    assert!((2..=3).contains(&granted), "{name}: {codes:?}");
}

#[test]
fn given_a_sync_that_fails_then_nobody_is_let_in_on_it() {
    one_fault("sync", |rig| rig.disk.fail_sync_after(0));
}

#[test]
fn given_a_write_that_stops_half_way_then_nobody_is_let_in_on_it() {
    for kept in [0, 1, 31, 200, 360, 512, 700, 1000] {
        one_fault(&format!("{kept} bytes written"), |rig| rig.disk.fail_write_after(kept));
    }
}

#[test]
fn given_a_full_disk_then_nobody_is_let_in_from_when_a_record_has_no_room() {
    let mut rig = Rig::stocked(6);
    rig.badge(FRONT, ANN);
    rig.disk.set_capacity(0);
    let mut opened = 0;
    let failed = loop {
        rig.skip(Duration::from_secs(10));
        let seen = rig.badge(FRONT, ANN);
        if seen.failed.is_some() {
            break seen;
        }
        assert!(seen.granted(FRONT));
        opened += 1;
        assert!(opened < 1000, "records need no room at all");
    };
    assert!(failed.late.is_empty() && failed.shows(FRONT, Feedback::Denied));
    assert_eq!(rig.turn(vec![Input::Exit(LAB, Wire::Says(true))]).early, [LAB]);
    rig.disk.heal();
    rig.skip(Duration::from_secs(10));
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    let codes = rig.codes();
    assert_eq!(codes.iter().filter(|c| **c == Code::AccessGranted).count(), opened + 2);
}

/// More than one write of the journal takes.
#[test]
fn given_an_outage_of_hundreds_of_events_then_all_are_recorded_and_doors_open_again() {
    let mut rig = Rig::stocked(7);
    rig.badge(FRONT, NOBODY);
    rig.disk.set_capacity(0);
    for _ in 0..250 {
        rig.turn(vec![Input::Exit(LAB, Wire::Says(true)), Input::Exit(LAB, Wire::Says(false))]);
        rig.skip(Duration::from_secs(10));
    }
    rig.disk.heal();
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "the outage is over");
    let codes = rig.codes();
    assert_eq!(codes.iter().filter(|c| **c == Code::ExitRequested).count(), 250);
    assert_eq!(codes.last(), Some(&Code::AccessGranted));
}
