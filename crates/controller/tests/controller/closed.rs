//! CLOSED-BY-DEFAULT: a door opens for nobody whom its site does not let in there, through this controller.

use crate::explained::{accesses, all_again, why};
use crate::house::{
    ANN, DOORS, FOREIGN, FRONT, House, LAB, MORNING, OPEN, SHED, VAULT, card, door, id, wirings,
};
use crate::hub::FakeHub;
use crate::rig::{NONE, Rig, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::{State, Wire};
use lockward_model::{Change, Days, Deny, Door, Schedule, Side, Validity, Window};
use lockward_store::SimDisk;
use lockward_wire::link::ToController;

fn denied(mut rig: Rig, hub: &FakeHub, door: usize, because: Deny) {
    let seen = rig.badge(door, ANN);
    assert_eq!(seen.released(), NONE, "{because:?}");
    assert!(seen.shows(door, lockward_door::Feedback::Denied), "{because:?}");
    let events = rig.records();
    assert_eq!(accesses(&events).last().map(|(_, a)| why(a)), Some(Some(because)));
    all_again(&hub.house, &events);
}

fn with(changes: Vec<Change>) -> (Rig, FakeHub) {
    let (mut rig, mut hub) = Rig::stocked_with_hub(1);
    hub.house.change(changes);
    rig.meet(&mut hub);
    rig.part(&mut hub);
    assert_eq!(rig.core.config(), Some(hub.house.config()));
    (rig, hub)
}

#[test]
fn a_door_that_is_wired_and_not_configured_stays_shut() {
    let (rig, hub) = Rig::stocked_with_hub(1);
    denied(rig, &hub, SHED, Deny::UnknownDoor);
}

#[test]
fn a_door_of_another_controller_stays_shut() {
    let (rig, hub) = Rig::stocked_with_hub(1);
    denied(rig, &hub, FOREIGN, Deny::UnknownDoor);
}

#[test]
fn a_door_that_moved_to_another_controller_stays_shut() {
    let moved = Door { controller: id("other"), ..door("front") };
    let (rig, hub) = with(vec![Change::PutDoor(moved)]);
    denied(rig, &hub, FRONT, Deny::UnknownDoor);
}

#[test]
fn a_door_that_was_removed_stays_shut() {
    let (rig, hub) = with(vec![Change::RemoveRule(id("vault")), Change::RemoveDoor(id("vault"))]);
    denied(rig, &hub, VAULT, Deny::UnknownDoor);
}

#[test]
fn a_revoked_controller_opens_nothing() {
    let (rig, hub) = with(vec![Change::RevokeController(id("dock"))]);
    denied(rig, &hub, FRONT, Deny::NoConfiguration);
}

#[test]
fn given_no_configuration_at_all_then_every_card_is_denied_with_a_record() {
    let house = House::bare();
    let disk = SimDisk::new(1);
    house.identify(&disk);
    let mut rig = Rig::start(&house, disk, at(Duration::ZERO));
    assert_eq!(rig.badge(FRONT, ANN).released(), NONE, "no key, no configuration");
    rig.hub_says(ToController::Keys(house.keys()));
    for door in 0..DOORS.len() {
        assert_eq!(rig.badge(door, ANN).released(), NONE);
    }
    let events = rig.records();
    assert!(accesses(&events).all(|(_, a)| why(a) == Some(Deny::NoConfiguration) && a.config.is_none()));
    assert_eq!(accesses(&events).count(), 1 + DOORS.len(), "the card before the keys too");
}

#[test]
fn given_the_founding_only_then_every_card_is_denied() {
    let house = House::bare();
    let mut rig = Rig::start(&house, house.enrolled(1), at(Duration::ZERO));
    rig.hub_says(ToController::Keys(house.keys()));
    denied(rig, &FakeHub::new(house), FRONT, Deny::UnknownDoor);
}

#[test]
fn what_is_no_card_is_denied() {
    let mut rig = Rig::stocked(1);
    for (bits, data) in [(0, vec![]), (26, vec![1]), (513, vec![1; 70]), (u16::MAX, vec![0xff; 9000])] {
        let seen = rig.turn(vec![Input::Card { door: FRONT, side: Side::Entry, bits, data }]);
        assert_eq!(seen.released(), NONE);
    }
    let events = rig.records();
    assert!(accesses(&events).all(|(_, a)| why(a) == Some(Deny::MalformedCredential)));
}

#[test]
fn inputs_of_doors_that_do_not_exist_do_nothing() {
    let mut rig = Rig::stocked(1);
    let none = DOORS.len();
    let inputs = vec![
        card(none, ANN),
        card(usize::MAX, ANN),
        Input::Exit(none, Wire::Says(true)),
        Input::Contact(none, OPEN),
        Input::Reader { door: none, side: Side::Entry, online: false },
        Input::Key { door: none, side: Side::Entry, key: lockward_door::Key::Enter },
        Input::Fact(Some(none), lockward_model::Body::NotEntered),
    ];
    assert_eq!(rig.turn(inputs).released(), NONE);
}

fn all_day(name: &str) -> Change {
    let window = Window { days: Days(0x7f), from: 0, to: 1440 };
    Change::PutSchedule(Schedule::new(id(name), id(name), vec![window], vec![]).unwrap())
}

fn free(name: &str, controller: &str) -> Change {
    Change::PutDoor(Door { unlocked: Some(id("always")), controller: id(controller), ..door(name) })
}

#[test]
fn a_schedule_unlocks_only_what_this_controller_serves() {
    let (mut rig, _) = with(vec![all_day("always"), free("front", "dock"), free("lab", "other")]);
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.state(FRONT), State::Schedule);
    assert_eq!(rig.state(LAB), State::Locked, "another controller's door is not this one's to unlock");
}

#[test]
fn a_door_that_stood_unlocked_locks_when_it_moves_away_and_when_the_controller_is_revoked() {
    for change in [free("front", "other"), Change::RevokeController(id("dock"))] {
        let (mut rig, mut hub) = with(vec![all_day("always"), free("front", "dock")]);
        assert_eq!(rig.state(FRONT), State::Schedule);
        hub.house.change(vec![change]);
        rig.meet(&mut hub);
        rig.pass(Duration::from_secs(2));
        assert_eq!(rig.state(FRONT), State::Locked);
    }
}

#[test]
fn a_person_who_is_suspended_or_expired_stays_outside() {
    let (rig, hub) = with(vec![Change::SuspendPerson(id("ann"))]);
    denied(rig, &hub, FRONT, Deny::PersonSuspended);
    let until = Some(MORNING);
    let person =
        lockward_model::Person { valid: Validity { from: None, until }, ..crate::house::person("ann") };
    let (rig, hub) = with(vec![Change::PutPerson(person)]);
    denied(rig, &hub, FRONT, Deny::PersonNotValid);
}

/// A flipped bit in the last entry looks as if it had never become whole, and the hub sends it again. Anywhere else it
/// is damage.
#[test]
fn a_config_log_that_was_changed_on_the_disk_is_never_taken_for_another() {
    let (rig, hub) = Rig::stocked_with_hub(1);
    let (disk, mut refused) = (rig.disk.power_cut(1), 0);
    for at_byte in (0..8000).step_by(97) {
        let disk = disk.power_cut(1);
        disk.flip(std::path::Path::new("/lockward/config/00000000.seg"), at_byte, 1).unwrap();
        match Rig::try_start(hub.house.clone(), disk, &wirings(), rig.room, rig.now) {
            Err(_) => refused += 1,
            Ok(started) => {
                let size = started.core.config().expect("the founding at least").size;
                assert_eq!(started.core.config(), Some(hub.house.config_at(size)));
            }
        }
    }
    assert!(refused > 5, "only {refused} changes were noticed");
}
