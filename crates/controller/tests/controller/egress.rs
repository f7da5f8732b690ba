//! EGRESS-FREE: whatever is wrong, whoever presses the exit button gets out at once.

use crate::house::{ANN, BEN, DIR, FRONT, House, LAB, PIN, SHED, VAULT, card, id, small, typed, wirings};
use crate::hub::FakeHub;
use crate::rig::{NONE, Rig, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_controller::memory::Room;
use lockward_door::Wire;
use lockward_model::{Change, Side};
use lockward_store::{Limits, SimDisk};
use std::path::Path;

/// The press alone brings the bolt out, or leaves it there, before anything else could be waited for.
fn leaves_at_once(rig: &mut Rig, door: usize) {
    rig.take(vec![Input::Exit(door, Wire::Says(true))]);
    assert!(rig.out[door], "locked in at {door}");
    rig.take(vec![Input::Exit(door, Wire::Says(false))]);
}

#[test]
fn given_nothing_but_an_identity_then_people_leave() {
    let house = House::bare();
    let disk = SimDisk::new(1);
    house.identify(&disk);
    let mut rig = Rig::start(&house, disk, at(Duration::ZERO));
    assert_eq!(rig.core.config(), None);
    for door in [FRONT, VAULT, LAB, SHED] {
        leaves_at_once(&mut rig, door);
    }
}

#[test]
fn given_no_keys_and_no_doors_in_the_configuration_then_people_leave() {
    let house = House::bare();
    let mut rig = Rig::start(&house, house.enrolled(2), at(Duration::ZERO));
    assert!(rig.turn(vec![]).failed.is_some(), "there is no key to seal with");
    for door in [FRONT, VAULT, LAB, SHED] {
        leaves_at_once(&mut rig, door);
    }
}

#[test]
fn given_a_door_that_the_site_does_not_know_then_people_leave() {
    leaves_at_once(&mut Rig::stocked(3), SHED);
}

#[test]
fn given_a_dead_disk_then_people_leave_again_and_again() {
    let mut rig = Rig::stocked(4);
    rig.disk.cut_at_step(rig.disk.counts().steps + 1);
    assert!(rig.badge(FRONT, ANN).failed.is_some());
    for _ in 0..50 {
        leaves_at_once(&mut rig, LAB);
        assert!(rig.turn(vec![]).failed.is_some());
        rig.pass(Duration::from_secs(10));
    }
}

#[test]
fn given_no_key_for_weeks_then_memory_is_bounded_and_people_leave() {
    let house = House::bare();
    let room = Room { spool: Limits::SPOOL, ..small() };
    let mut rig =
        Rig::try_start(house.clone(), house.enrolled(5), &wirings(), room, at(Duration::ZERO)).unwrap();
    for _ in 0..10_000 {
        leaves_at_once(&mut rig, LAB);
        assert!(rig.turn(vec![]).failed.is_some());
        rig.skip(Duration::from_secs(60));
    }
    // What was kept of it is recorded as soon as there is a key.
    let mut hub = FakeHub::new(House::furnished());
    rig.meet(&mut hub);
    rig.skip(Duration::from_secs(60));
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "the doors come back");
    assert!((8_000..8_300).contains(&rig.next_seq()), "the newest of what happened is recorded");
}

#[test]
fn given_a_decision_and_a_pin_under_way_then_people_leave() {
    let mut rig = Rig::stocked(6);
    let mut seen = rig.take(vec![card(LAB, ANN), card(VAULT, BEN)]);
    leaves_at_once(&mut rig, LAB);
    rig.settle(&mut seen);
    rig.pass(Duration::from_secs(10));
    assert!(!rig.out[LAB]);
    rig.badge(VAULT, BEN);
    let asked = rig.turn(typed(VAULT, PIN));
    assert_eq!(asked.checks.len(), 1);
    leaves_at_once(&mut rig, LAB);
}

#[test]
fn given_a_revoked_controller_then_nobody_comes_in_and_people_leave() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(7);
    hub.house.change(vec![Change::RevokeController(id("dock"))]);
    rig.meet(&mut hub);
    assert_eq!(rig.core.config(), Some(hub.house.config()));
    let seen = rig.badge(FRONT, ANN);
    assert_eq!(seen.released(), NONE, "a revoked controller lets nobody in");
    leaves_at_once(&mut rig, LAB);
    rig.part(&mut hub);
    let mut rig = rig.power_cut(7);
    assert_eq!(rig.badge(LAB, ANN).released(), NONE, "nor after a restart");
    leaves_at_once(&mut rig, LAB);
    crate::explained::all_again(&hub.house, &rig.records());
}

#[test]
fn given_the_reader_and_the_hub_are_gone_then_people_leave() {
    let mut rig = Rig::stocked(8);
    rig.turn(vec![Input::Reader { door: LAB, side: Side::Entry, online: false }, Input::Unlinked]);
    leaves_at_once(&mut rig, LAB);
}

#[test]
fn given_a_clock_that_is_not_believed_then_people_leave() {
    let mut rig = Rig::stocked(9);
    rig.now.wall = lockward_model::Time(0);
    leaves_at_once(&mut rig, LAB);
}

#[test]
fn given_a_start_with_nothing_readable_then_it_says_so_and_touches_nothing() {
    let house = House::bare();
    let disk = house.enrolled(10);
    disk.flip(&Path::new(DIR).join("identity"), 60, 0xff).unwrap();
    let started = Rig::try_start(house, disk, &wirings(), small(), at(Duration::ZERO));
    let error = started.err().expect("no identity, no start");
    assert!(error.to_string().contains("identity"), "{error}");
}
