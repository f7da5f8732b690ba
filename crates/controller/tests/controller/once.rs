//! A grant serves once, and doors share the disk.

use crate::house::{ANN, BEN, FRONT, House, LAB, NOBODY, OPEN, SHUT, card, door, id, small, wiring};
use crate::hub::FakeHub;
use crate::rig::{Rig, at};
use core::time::Duration;
use lockward_controller::config::DOORS_MAX;
use lockward_controller::core::Input;
use lockward_door::State;
use lockward_model::{Body, Change, Door, ExitHardware, Factors, Opening, Target};

#[test]
fn one_badge_is_one_opening() {
    let mut rig = Rig::stocked(1);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(rig.state(FRONT), State::Open);
    rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    assert_eq!(rig.state(FRONT), State::Locked, "relocked on opening, and shut");
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(rig.state(FRONT), State::Forced, "nobody follows on the same grant");
    let openings: Vec<_> = rig.bodies().into_iter().filter(|b| matches!(b, Body::DoorOpened(_))).collect();
    assert_eq!(openings, [Body::DoorOpened(Opening::Granted), Body::DoorOpened(Opening::Forced)]);
}

#[test]
fn a_grant_that_nobody_uses_ends() {
    let mut rig = Rig::stocked(2);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.pass(Duration::from_secs(4));
    assert_eq!(rig.state(FRONT), State::Locked);
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(rig.state(FRONT), State::Forced);
}

#[test]
fn a_second_card_while_the_first_is_decided_opens_nothing_more() {
    let mut rig = Rig::stocked(3);
    let seen = rig.turn(vec![card(FRONT, NOBODY), card(FRONT, ANN), card(FRONT, BEN)]);
    assert_eq!(seen.late.iter().filter(|d| **d == FRONT).count(), 1);
}

/// Bolts, and syncs and writes between a turn's inputs and them.
fn costs(rig: &mut Rig, inputs: Vec<Input>) -> (Vec<usize>, u64, u64) {
    let before = rig.disk.counts();
    let mut seen = rig.take(inputs);
    rig.step(&mut seen);
    let after = rig.disk.counts();
    (seen.late, after.syncs - before.syncs, after.writes - before.writes)
}

#[test]
fn doors_of_one_turn_share_one_sync() {
    let mut rig = Rig::stocked(4);
    rig.turn(vec![]);
    let (released, syncs, writes) = costs(&mut rig, vec![card(FRONT, ANN), card(LAB, BEN)]);
    assert_eq!((released, syncs, writes), (vec![FRONT, LAB], 1, 1));
}

#[test]
fn sixty_four_doors_share_one_sync() {
    let mut house = House::furnished();
    let name = |n: usize| format!("door-{n}");
    let exit = ExitHardware::Mechanical;
    let mut changes: Vec<Change> =
        (0..DOORS_MAX).map(|n| Change::PutDoor(Door { exit, ..door(&name(n)) })).collect();
    let targets = vec![Target::Zone(id("house"))];
    changes.push(Change::PutRule(crate::house::rule("everywhere", targets, Factors::CARD)));
    house.change(changes);
    let doors: Vec<_> = (0..DOORS_MAX).map(|n| wiring(&name(n))).collect();
    let mut room = small();
    room.spool = lockward_store::Limits::new(256 * 1024, 4, 4_000).unwrap();
    let disk = house.enrolled(5);
    let mut rig = Rig::try_start(house.clone(), disk, &doors, room, at(Duration::ZERO)).unwrap();
    rig.meet(&mut FakeHub::new(house));
    let (released, syncs, writes) = costs(&mut rig, (0..DOORS_MAX).map(|n| card(n, ANN)).collect());
    assert_eq!((released.len(), syncs, writes), (DOORS_MAX, 1, 1));
}

/// Room for later records is made ready when nobody waits.
#[test]
fn no_badge_waits_for_more_than_its_own_record() {
    for seed in 0..4 {
        let mut rig = Rig::stocked(seed);
        (0..=seed).for_each(|_| drop(rig.badge(FRONT, NOBODY)));
        let before = rig.disk.counts().syncs;
        for n in 0..150 {
            let (_, syncs, _) = costs(&mut rig, vec![card(FRONT, NOBODY)]);
            assert_eq!(syncs, 1, "badge {n}");
            rig.turn(vec![]);
        }
        assert!(rig.disk.counts().syncs > before + 150, "room was made between badges");
    }
}
