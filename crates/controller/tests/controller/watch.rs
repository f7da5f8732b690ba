//! How watchful a site is: lockdowns, the first person, airlocks, mass opening, what the building tells, and a clock that
//! can not be trusted.

use crate::house::{ANN, BEN, FOREIGN, FRONT, LAB, MORNING, OPEN, SHED, SHUT, VAULT, card, door, id};
use crate::rig::{NONE, Rig};
use crate::ruled::{hall, ruled};
use core::num::NonZeroU16;
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::{Feedback, State, Wire};
use lockward_model::*;
use lockward_wire::link::ToController;

fn lock_down() -> Vec<Change> {
    vec![Change::LockDown(id("house"))]
}

#[test]
fn given_a_lockdown_then_nobody_enters_everybody_leaves_and_each_door_says_it_once() {
    let (mut rig, mut hub) = ruled(1, hall(ZoneRules::default()));
    hub.house.change(lock_down());
    rig.meet(&mut hub);
    rig.house = hub.house.clone();
    assert!(!rig.enters(FRONT, ANN));
    assert_eq!(rig.last_why(), Some(Deny::Lockdown));
    assert!(rig.leaves(FRONT, ANN));
    assert_eq!(rig.turn(vec![Input::Exit(LAB, Wire::Says(true))]).early, [LAB], "the button works");
    rig.part(&mut hub);
    let mut rig = rig.power_cut(1);
    assert!(!rig.enters(FRONT, ANN), "after a restart too");
    hub.house.change(vec![Change::LiftLockdown(id("house"))]);
    rig.meet(&mut hub);
    assert!(rig.enters(FRONT, ANN));
    rig.part(&mut hub);
    rig.meet(&mut hub);
    let told = |code| hub.events().iter().filter(|e| e.body.code() == code).count();
    assert_eq!((told(Code::LockdownBegun), told(Code::LockdownLifted)), (3, 3), "once at each of its doors");
}

#[test]
fn given_a_card_that_waits_for_its_pin_when_a_lockdown_begins_then_that_is_one_refusal() {
    for types in [true, false] {
        let (mut rig, mut hub) = Rig::stocked_with_hub(17);
        rig.meet(&mut hub);
        assert!(rig.badge(VAULT, BEN).shows(VAULT, Feedback::EnterPin));
        hub.house.change(lock_down());
        let said = hub.entries_from(hub.house.size() - 1).unwrap();
        rig.told(&mut hub, said);
        if types {
            rig.turn_with_pins(crate::house::typed(VAULT, crate::house::PIN));
        }
        rig.pass(Duration::from_secs(40));
        assert_eq!(rig.count(Code::AccessDenied), 1, "typed: {types}");
    }
}

/// The front stands open all day.
fn daily(first_person: bool) -> Vec<Change> {
    let window = Window { days: Days(0x7f), from: 0, to: 1440 };
    let schedule = Schedule::new(id("day"), id("Day"), vec![window], vec![]).unwrap();
    let rules = DoorRules { first_person, ..DoorRules::default() };
    vec![
        Change::PutSchedule(schedule),
        Change::PutDoor(Door { unlocked: Some(id("day")), rules, ..door("front") }),
    ]
}

#[test]
fn given_a_door_that_waits_for_the_first_person_then_it_is_free_once_one_has_entered() {
    let (mut rig, _) = ruled(2, daily(true));
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.state(FRONT), State::Locked);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.pass(Duration::from_secs(6));
    assert_eq!(rig.state(FRONT), State::Locked, "a grant that nobody used frees nothing");
    assert!(rig.enters(FRONT, ANN));
    assert_eq!(rig.state(FRONT), State::FirstPerson);
    let causes: Vec<Body> =
        rig.bodies_so_far().into_iter().filter(|b| matches!(b, Body::Unlocked(_))).collect();
    assert_eq!(causes, [Body::Unlocked(LockCause::FirstPerson)], "on record once");
    let mut rig = rig.power_cut(1);
    rig.turn(vec![]);
    assert_eq!(rig.state(FRONT), State::FirstPerson, "after a restart too: they came today");
    rig.pass(Duration::from_secs(20));
    let mut rig = rig.power_cut(2).power_cut(3);
    rig.turn(vec![]);
    assert_eq!(rig.state(FRONT), State::FirstPerson, "and from a summary");
}

#[test]
fn given_that_the_first_person_came_in_another_window_then_after_a_restart_they_come_again() {
    // 09:00 UTC is 11:00 at the site.
    let windows = [(10 * 60, 12 * 60), (12 * 60 + 30, 18 * 60)];
    let windows = windows.map(|(from, to)| Window { days: Days(0x7f), from, to }).to_vec();
    let schedule = Schedule::new(id("day"), id("Day"), windows, vec![]).unwrap();
    let rules = DoorRules { first_person: true, ..DoorRules::default() };
    let door = Change::PutDoor(Door { unlocked: Some(id("day")), rules, ..door("front") });
    let (mut rig, _) = ruled(12, vec![Change::PutSchedule(schedule), door]);
    rig.pass(Duration::from_secs(2));
    assert!(rig.enters(FRONT, ANN));
    assert_eq!(rig.state(FRONT), State::FirstPerson);
    // The plug is out from before noon until one.
    rig.skip(Duration::from_secs(2 * 3_600));
    let mut rig = rig.power_cut(1);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.state(FRONT), State::Locked);
    assert!(rig.enters(FRONT, ANN));
    assert_eq!(rig.state(FRONT), State::FirstPerson);
}

#[test]
fn given_a_door_that_stood_open_rightly_at_a_restart_then_it_is_open_and_not_forced_and_its_limit_counts() {
    let (mut rig, _) = ruled(13, hall(ZoneRules::default()));
    rig.badge(FRONT, ANN);
    rig.turn(vec![Input::Contact(FRONT, OPEN), Input::Contact(VAULT, OPEN)]);
    assert_eq!((rig.state(FRONT), rig.state(VAULT)), (State::Open, State::Forced));
    for cut in 1..4 {
        rig.pass(Duration::from_secs(12));
        rig = rig.power_cut(cut);
        rig.turn(vec![Input::Contact(FRONT, OPEN), Input::Contact(VAULT, OPEN)]);
        assert_eq!(rig.state(FRONT), State::Open, "cut {cut}");
        assert_eq!(rig.state(VAULT), State::Forced, "what was forced still is");
    }
    let opened = |b: &Body| matches!(b, Body::DoorOpened(Opening::Granted | Opening::Before));
    let last = rig.so_far().into_iter().rev().find(|e| e.door == Some(id("front")) && opened(&e.body));
    assert_eq!(last.map(|e| e.body), Some(Body::DoorOpened(Opening::Before)));
    rig.pass(Duration::from_secs(31));
    assert_eq!(rig.state(FRONT), State::Held);
    rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(rig.state(FRONT), State::Forced, "once it has shut nothing is left of that");
}

#[test]
fn given_a_door_that_was_shut_before_or_has_shut_meanwhile_then_who_opens_it_after_a_restart_forces_it() {
    let (mut rig, _) = ruled(14, hall(ZoneRules::default()));
    assert!(rig.enters(FRONT, ANN));
    let mut rig = rig.power_cut(1);
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(rig.state(FRONT), State::Forced);
    rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    rig.badge(FRONT, ANN);
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    let shut = rig.count(Code::DoorClosed);
    let mut rig = rig.power_cut(2);
    rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    assert_eq!(rig.count(Code::DoorClosed), shut + 1, "that it has shut is told");
    let mut rig = rig.power_cut(3);
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    assert_eq!(rig.state(FRONT), State::Forced);
}

#[test]
fn given_a_restart_then_a_door_says_that_it_locks_only_where_it_was_not_locked() {
    let (mut rig, _) = ruled(15, daily(false));
    rig.pass(Duration::from_secs(3));
    let starts = |rig: &Rig, door: &str| {
        let locks = |e: &&Event| e.door == Some(id(door)) && e.body == Body::Locked(LockCause::Start);
        rig.so_far().iter().filter(locks).count()
    };
    let (front, lab) = (starts(&rig, "front"), starts(&rig, "lab"));
    let mut rig = rig.power_cut(1);
    rig.pass(Duration::from_secs(20));
    let mut rig = rig.power_cut(2);
    rig.turn(vec![]);
    assert_eq!(starts(&rig, "front"), front + 2, "it stood open to everybody");
    assert_eq!(starts(&rig, "lab"), lab);
}

#[test]
fn fresh_given_a_zone_that_wants_a_fresh_configuration_then_nobody_enters_on_an_old_one_and_everybody_leaves()
{
    let fresh = Freshness::new(Duration::from_secs(900)).unwrap();
    let (mut rig, mut hub) = ruled(16, hall(ZoneRules { fresh_within: Some(fresh), ..ZoneRules::default() }));
    assert!(rig.enters(VAULT, ANN));
    rig.pass(Duration::from_secs(901));
    assert!(!rig.enters(VAULT, ANN));
    assert_eq!(rig.last_why(), Some(Deny::ConfigStale));
    assert!(rig.enters(FRONT, ANN), "where no zone asks it opens");
    assert!(rig.leaves(VAULT, ANN));
    let mut rig = rig.power_cut(1);
    assert!(!rig.enters(VAULT, ANN), "a restart makes nothing fresh");
    rig.meet(&mut hub);
    assert!(rig.enters(VAULT, ANN), "the hub has said that nothing is newer");
}

#[test]
fn given_a_lockdown_while_a_schedule_frees_a_door_then_it_locks_and_is_free_again_afterwards() {
    let (mut rig, mut hub) = ruled(3, daily(false));
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.state(FRONT), State::Schedule);
    hub.house.change(lock_down());
    rig.meet(&mut hub);
    assert_eq!(rig.state(FRONT), State::Lockdown);
    hub.house.change(vec![Change::LiftLockdown(id("house"))]);
    rig.told_again(&mut hub);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.state(FRONT), State::Schedule);
}

impl Rig {
    /// The hub tells the rest of its config log.
    fn told_again(&mut self, hub: &mut crate::hub::FakeHub) {
        self.part(hub);
        self.meet(hub);
    }
}

fn airlock_doors() -> Vec<Change> {
    let rule = |alone| DoorRules { airlock: Some(Airlock { id: id("lock"), alone }), ..DoorRules::default() };
    let mut changes = hall(ZoneRules::default());
    changes.push(Change::PutDoor(Door { rules: rule(Alone::Own), ..door("front") }));
    changes.push(Change::PutDoor(Door {
        from: Some(id("house")),
        to: id("hall"),
        rules: rule(Alone::Own),
        ..door("vault")
    }));
    changes
}

fn shut_all(rig: &mut Rig) {
    rig.turn(vec![Input::Contact(FRONT, SHUT), Input::Contact(VAULT, SHUT), Input::Contact(LAB, SHUT)]);
}

#[test]
fn given_an_airlock_then_one_door_opens_at_a_time_and_leaving_asks_nobody() {
    let (mut rig, _) = ruled(4, airlock_doors());
    shut_all(&mut rig);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    assert!(crate::ruled::refused(&rig.badge(VAULT, BEN), VAULT));
    assert_eq!(rig.last_why(), Some(Deny::AirlockBusy));
    rig.turn(vec![Input::Contact(FRONT, OPEN)]);
    rig.skip(Duration::from_secs(5));
    assert!(crate::ruled::refused(&rig.badge(VAULT, BEN), VAULT));
    assert!(rig.leaves(VAULT, BEN), "who leaves is never kept");
    rig.turn(vec![Input::Contact(FRONT, SHUT)]);
    rig.pass(Duration::from_secs(10));
    assert!(rig.badge(VAULT, BEN).granted(VAULT));
}

#[test]
fn given_a_log_that_unlocks_a_door_of_an_airlock_by_schedule_then_that_door_stays_locked_and_one_opens_at_a_time()
 {
    for first_person in [false, true] {
        let airlock = Some(Airlock { id: id("lock"), alone: Alone::Own });
        let rules = DoorRules { first_person, airlock, ..DoorRules::default() };
        let mut changes = [airlock_doors(), daily(first_person)].concat();
        changes.push(Change::PutDoor(Door { unlocked: Some(id("day")), rules, ..door("front") }));
        let (mut rig, _) = ruled(18, changes);
        shut_all(&mut rig);
        rig.pass(Duration::from_secs(3));
        assert_eq!(rig.state(FRONT), State::Locked);
        assert!(rig.enters(FRONT, ANN));
        rig.pass(Duration::from_secs(10));
        assert_eq!((rig.state(FRONT), rig.count(Code::DoorUnlocked)), (State::Locked, 0));
        assert!(rig.badge(VAULT, BEN).granted(VAULT));
        assert!(rig.leaves(FRONT, ANN), "who leaves is never kept");
    }
}

#[test]
fn given_two_people_at_an_airlock_in_one_moment_then_one_of_them_enters() {
    let (mut rig, _) = ruled(5, airlock_doors());
    shut_all(&mut rig);
    let seen = rig.turn(vec![card(FRONT, ANN), card(VAULT, BEN)]);
    assert_eq!(seen.released(), [FRONT]);
    let second = rig.last_access();
    assert_eq!(rig.last_why(), Some(Deny::AirlockBusy), "both are on record");
    assert!(second.known.airlock_busy, "with what refused it, so that it can be decided again");
    assert_eq!(rig.count(Code::NotEntered), 0);
}

#[test]
fn given_an_airlock_and_a_grant_that_comes_to_nothing_then_the_other_door_opens() {
    let (mut rig, _) = ruled(6, airlock_doors());
    shut_all(&mut rig);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.pass(Duration::from_secs(5));
    assert!(rig.badge(VAULT, BEN).granted(VAULT));
}

fn limited() -> Vec<Change> {
    let openings = OpeningLimit {
        doors: NonZeroU16::new(2).unwrap(),
        within: OpeningWindow::new(Duration::from_secs(60)).unwrap(),
        approvers: None,
    };
    let rules = ZoneRules { openings: Some(openings), ..ZoneRules::default() };
    let mut changes = hall(ZoneRules::default());
    changes.push(Change::PutZone(Zone { id: id("house"), title: id("House"), parent: None, rules }));
    changes
}

#[test]
fn given_as_many_doors_as_may_be_opened_then_no_other_opens_and_it_is_told_once_with_the_list() {
    let (mut rig, _) = ruled(7, limited());
    assert!(rig.enters(FRONT, ANN) && rig.enters(VAULT, ANN));
    for _ in 0..3 {
        assert!(!rig.enters(LAB, ANN));
        assert_eq!(rig.last_why(), Some(Deny::OpeningsSpent));
    }
    assert!(rig.enters(FRONT, ANN), "one of those that were opened may be again");
    let told = |rig: &Rig| {
        let zone = |b: Body| match b {
            Body::Zone { zone, fact: ZoneFact::OpeningsBlocked(doors) } => Some((zone, doors)),
            _ => None,
        };
        rig.bodies_so_far().into_iter().filter_map(zone).collect::<Vec<_>>()
    };
    assert_eq!(told(&rig), [(id("house"), vec![id("front"), id("vault")])]);
    let mut rig = rig.power_cut(1);
    assert!(!rig.enters(LAB, ANN), "a restart gives no more");
    rig.pass(Duration::from_secs(61));
    assert!(rig.enters(LAB, ANN));
}

#[test]
fn given_lockers_and_no_rule_then_twenty_open_in_a_minute_and_no_more() {
    let names: Vec<String> = (0..22).map(|n| format!("locker-{n}")).collect();
    let lockers = names.iter().map(|n| Door { kind: DoorKind::Compartment, ..door(n) });
    let mut changes: Vec<Change> = lockers.map(Change::PutDoor).collect();
    let targets = vec![Target::Zone(id("house"))];
    changes.push(Change::PutRule(crate::house::rule("doors", targets, Factors::CARD)));
    let mut house = crate::house::House::furnished();
    house.change(changes);
    let wirings: Vec<_> = names.iter().map(|n| crate::house::wiring(n)).collect();
    let disk = house.enrolled(1);
    let mut hub = crate::hub::FakeHub::new(house.clone());
    let now = crate::rig::at(Duration::from_secs(60));
    let mut rig = Rig::try_start(house, disk, &wirings, crate::house::small(), now).unwrap();
    rig.meet(&mut hub);
    let open = (0..22).filter(|door| rig.badge(*door, ANN).granted(*door)).count();
    assert_eq!(open, 20);
    assert_eq!(rig.count(Code::MassOpenBlocked), 1);
}

#[test]
fn given_facts_of_the_building_then_each_is_told_once_and_doors_that_hold_people_in_open_for_a_fire() {
    let (mut rig, _) = ruled(8, vec![Change::PutGroup(Group { id: id("guests"), title: id("Guests") })]);
    let says = |input, on| Input::Building(input, Wire::Says(on));
    rig.turn(vec![
        says(InputName::Power, true),
        says(InputName::Battery, true),
        says(InputName::Tamper, true),
    ]);
    let seen = rig.turn(vec![says(InputName::Fire, true)]);
    assert_eq!(seen.early, [LAB, SHED, FOREIGN], "what holds people in, or may; before any record");
    assert_eq!(rig.state(FRONT), State::PowerFail);
    let mut rig = rig.power_cut(1);
    rig.turn(vec![says(InputName::Power, true), says(InputName::Fire, true), says(InputName::Tamper, true)]);
    assert_eq!(rig.state(LAB), State::Fire);
    rig.skip(Duration::from_secs(60));
    rig.turn(vec![
        says(InputName::Power, false),
        says(InputName::Battery, false),
        says(InputName::Fire, false),
    ]);
    rig.turn(vec![Input::Building(InputName::Fire, Wire::Fault(InputFault::Open))]);
    rig.turn(vec![Input::Building(InputName::Fire, Wire::Fault(InputFault::Open))]);
    assert_eq!(rig.state(LAB), State::Locked);
    for code in [Code::PowerFailed, Code::PowerRestored, Code::BatteryLow, Code::BatteryWell] {
        assert_eq!(rig.count(code), 1, "{code:?}");
    }
    for code in [Code::FireCalled, Code::FireOver, Code::CabinetTamper, Code::InputOpen] {
        assert_eq!(rig.count(code), 1, "{code:?}");
    }
}

#[test]
fn given_a_clock_without_a_battery_then_schedules_free_no_door_until_the_hub_and_it_agree() {
    let (mut rig, mut hub) = ruled(9, daily(false));
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.state(FRONT), State::Schedule);
    // The plug is pulled, and the clock comes up at the beginning of time.
    let (house, room, mono) = (rig.house.clone(), rig.room, rig.now.mono + Duration::from_secs(1));
    let disk = rig.disk.power_cut(1);
    drop(rig);
    let now = Now { mono, wall: Time(0) };
    let mut rig = Rig::try_start(house, disk, &crate::house::wirings(), room, now).unwrap();
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.state(FRONT), State::Locked);
    assert!(rig.enters(FRONT, ANN), "who may at any time still may");
    assert!(rig.last_access().known.time_untrusted);
    assert_eq!((rig.count(Code::TimeUntrusted), rig.count(Code::TimeTrusted)), (1, 0));
    // Its own clock is set by the network, and the hub says the same.
    rig.now.wall = MORNING + Duration::from_secs(3_600);
    rig.meet(&mut hub);
    rig.hub_says(ToController::Pong { time: rig.now.wall });
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.count(Code::TimeTrusted), 1);
    assert_eq!(rig.state(FRONT), State::Schedule);
}

#[test]
fn given_a_gesture_of_somebody_who_may_not_hold_the_door_then_it_is_an_ordinary_no() {
    let office = OfficeTime::new(Duration::from_secs(3_600)).unwrap();
    let rules = DoorRules { office: Some(office), ..DoorRules::default() };
    let (mut rig, _) = ruled(10, vec![Change::PutDoor(Door { rules, ..door("front") })]);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    let seen = rig.badge(FRONT, ANN);
    assert_eq!(seen.released(), NONE);
    assert!(seen.shows(FRONT, Feedback::Denied));
    assert_eq!(rig.last_why(), Some(Deny::NotHolding));
}

#[test]
fn given_a_gesture_of_somebody_who_may_then_the_door_is_free_and_locks_by_itself() {
    let office = OfficeTime::new(Duration::from_secs(3_600)).unwrap();
    let rules = DoorRules { office: Some(office), ..DoorRules::default() };
    let text = r#"permit (principal, action == Action::"hold", resource);"#.to_owned().into();
    let hold = Change::PutPolicy(PolicyText { id: id("holding"), text });
    let (mut rig, _) = ruled(11, vec![Change::PutDoor(Door { rules, ..door("front") }), hold]);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    rig.badge(FRONT, ANN);
    assert_eq!(rig.state(FRONT), State::Office, "{:?}", rig.last_why());
    rig.pass(Duration::from_secs(3_601));
    assert_eq!(rig.state(FRONT), State::Locked);
}
