//! Rules of doors and zones, and visits: what can not hold is refused.

use crate::decisions::hall;
use crate::house::*;
use crate::picture::assert_refused;
use core::num::NonZeroU16;
use core::time::Duration;
use lockward_model::*;

#[track_caller]
fn refused(house: &mut House, change: Change, words: &str) {
    let entry = house.entry(vec![group("other"), change], &[OWNER]);
    let told = house.site.apply(&entry).unwrap_err().to_string();
    assert!(told.contains(words), "{told}");
    assert_refused(house, &entry, "CHANGE_INVALID");
}

#[test]
fn a_door_whose_rules_can_not_hold_is_refused() {
    let mut house = House::warehouse();
    let s = Duration::from_secs;
    let extended = |release, open| {
        let (release, open_limit) = (ReleaseTime::new(s(release)).unwrap(), OpenLimit::new(s(open)).unwrap());
        DoorRules { extended: Some(Extended { release, open_limit }), ..DoorRules::default() }
    };
    let warn = |at| DoorRules { warn_before: Some(WarnTime::new(s(at)).unwrap()), ..DoorRules::default() };
    let office = DoorRules { office: Some(OfficeTime::new(s(60)).unwrap()), ..DoorRules::default() };
    let shunt = DoorRules { exit_shunt_only: true, ..DoorRules::default() };
    let first = DoorRules { first_person: true, ..DoorRules::default() };
    let gate = || door_to("gate", "hall");
    let with = |rules| Door { rules, ..gate() };
    let maglock = Door { exit: ExitHardware::Released, ..with(shunt.clone()) };
    let floor = Door { kind: DoorKind::Floor, ..with(office.clone()) };
    for (door, words) in [
        (maglock, "nobody could leave"),
        (floor, "floor of a lift"),
        (with(first.clone()), "no schedule unlocks it"),
        (with(warn(30)), "shorter than the open limit"),
        (with(extended(4, 60)), "are shorter than its own"),
        (with(extended(10, 29)), "are shorter than its own"),
    ] {
        refused(&mut house, Change::PutDoor(door), words);
    }
    for door in [
        with(shunt),
        with(office),
        with(warn(29)),
        with(extended(5, 30)),
        Door { unlocked: Some(id("day")), ..with(first) },
        Door { kind: DoorKind::Floor, ..gate() },
    ] {
        house.put(vec![Change::PutDoor(door)]);
    }
}

#[test]
fn the_approvers_of_openings_exist_and_stay() {
    let mut house = House::warehouse();
    let limit = |group: &str| {
        let within = OpeningWindow::new(Duration::from_secs(60)).unwrap();
        let openings = OpeningLimit { doors: NonZeroU16::MIN, within, approvers: Some(id(group)) };
        hall(ZoneRules { openings: Some(openings), ..ZoneRules::default() })
    };
    refused(&mut house, limit("nobody"), "group `nobody` does not exist");
    house.put(vec![group("chiefs"), limit("chiefs")]);
    refused(&mut house, Change::RemoveGroup(id("chiefs")), "`chiefs` approves openings of zone `hall`");
    house.put(vec![hall(ZoneRules::default()), Change::RemoveGroup(id("chiefs"))]);
}

fn visits(host: &str, until: Option<Time>) -> Change {
    Change::PutPerson(Person {
        visit: Some(Visit { host: id(host), escorted: true }),
        valid: Validity { from: None, until },
        ..person("ben", &["guests"])
    })
}

#[test]
fn a_visit_has_an_end_and_a_host_who_is_no_visitor() {
    let mut house = House::warehouse();
    refused(&mut house, visits("ann", None), "visitor `ben` has no end");
    refused(&mut house, visits("nobody", Some(night())), "person `nobody` does not exist");
    refused(&mut house, visits("ben", Some(night())), "host `ben` is a visitor");
    house.put(vec![visits("ann", Some(night()))]);
    let ann = Person {
        visit: Some(Visit { host: id("ben"), escorted: false }),
        valid: Validity { from: None, until: Some(night()) },
        ..person("ann", &["staff"])
    };
    refused(&mut house, Change::PutPerson(ann), "host `ben` is a visitor");
    house.put(vec![Change::PutPerson(person("eve", &[]))]);
    let eve = Person {
        visit: Some(Visit { host: id("eve"), escorted: false }),
        valid: Validity { from: None, until: Some(night()) },
        ..person("ann", &["staff"])
    };
    refused(&mut house, Change::PutPerson(eve), "`ann` is the host of visitor `ben`");
}

#[test]
fn a_host_stays_while_visitors_remain() {
    let mut house = House::warehouse();
    house.put(vec![visits("ann", Some(night()))]);
    refused(&mut house, Change::RemovePerson(id("ann")), "`ann` is the host of visitor `ben`");
    house.put(vec![Change::SuspendPerson(id("ann")), Change::SuspendPerson(id("ben"))]);
    refused(&mut house, Change::RemovePerson(id("ann")), "`ann` is the host of visitor `ben`");
    assert_eq!(house.site.person(id("ben")).unwrap().visit.unwrap().host, id("ann"));
    house.put(vec![Change::RemovePerson(id("ben")), Change::RemovePerson(id("ann"))]);
    let mut house = House::warehouse();
    house.put(vec![visits("ann", Some(night())), Change::PutPerson(person("ben", &["guests"]))]);
    house.put(vec![Change::RemovePerson(id("ann"))]);
}
