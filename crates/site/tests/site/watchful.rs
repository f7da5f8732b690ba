//! Lockdowns and threat levels: by zone and all within, undone by whoever may, shown before they are done.

use crate::decisions::{ask, at};
use crate::house::*;
use crate::picture::assert_refused;
use core::time::Duration;
use lockward_model::*;
use lockward_site::{Answer, Free, Keep, Question, Refusal, Rehearsal};

fn lock(house: &mut House, zone: &str) {
    house.put(vec![Change::LockDown(id(zone))]);
}

const ENTER: &str = r#"permit (principal == Person::"ann", action == Action::"enter-locked-down", resource)
    when { context.factors.contains("pin") };"#;

#[test]
fn a_lockdown_stops_entering_into_its_zone_and_all_within_and_no_other() {
    let mut house = House::warehouse();
    lock(&mut house, "hall");
    for door in ["gate", "aisle-1"] {
        assert_eq!(ask(&house, &at(door, ANN)).0, Some(Deny::Lockdown), "{door}");
    }
    assert!(house.site.locked_down(id("hall")) && house.site.locked_down(id("aisle")));
    assert!(!house.site.locked_down(id("vault")));
    let cage = Question { pin: PinFact::Right, ..at("cage", ANN) };
    assert_eq!(ask(&house, &cage).0, None);
    house.put(vec![Change::LiftLockdown(id("hall"))]);
    assert_eq!(ask(&house, &at("gate", ANN)).0, None);
}

#[test]
fn in_a_lockdown_a_written_policy_decides_alone() {
    let mut house = House::warehouse();
    house.put(vec![policy("guard", ENTER)]);
    lock(&mut house, "hall");
    assert!(matches!(house.site.decide(&at("gate", ANN), Mono(1)), Answer::NeedPin));
    let (told, access) = ask(&house, &Question { pin: PinFact::Right, ..at("gate", ANN) });
    assert_eq!(told, None);
    assert_eq!(access.outcome, Outcome::Granted { because: vec!["policy/guard".into()] });
    assert_eq!(ask(&house, &Question { pin: PinFact::Wrong, ..at("gate", ANN) }).0, Some(Deny::WrongPin));
    assert_eq!(ask(&house, &at("gate", BEN)).0, Some(Deny::Lockdown));
    // And a forbid for everything holds here too.
    house.put(vec![policy("no", "forbid (principal, action, resource is Door);")]);
    let (told, access) = ask(&house, &Question { pin: PinFact::Right, ..at("gate", ANN) });
    assert_eq!(told, Some(Deny::Lockdown));
    let outcome = Outcome::Denied { why: Deny::Lockdown, because: vec!["policy/no".into()] };
    assert_eq!(access.outcome, outcome);
}

#[test]
fn in_a_lockdown_no_schedule_frees_a_door() {
    let mut house = House::warehouse();
    let free = |house: &House| {
        let shop = house.site.door(id("shop")).unwrap();
        (house.site.free_by_schedule(shop, noon()), house.site.stands_unlocked(shop, noon()))
    };
    assert_eq!(free(&house), (Free::Yes, true));
    lock(&mut house, "yard");
    assert_eq!(free(&house), (Free::No, false));
    house.put(vec![Change::LiftLockdown(id("yard"))]);
    let rules = DoorRules { first_person: true, ..DoorRules::default() };
    house.put(vec![Change::PutDoor(Door { unlocked: Some(id("day")), rules, ..door_to("shop", "yard") })]);
    assert_eq!(free(&house), (Free::AwaitsFirst, false));
    let shop = house.site.door(id("shop")).unwrap();
    assert_eq!(house.site.free_by_schedule(shop, night()), Free::No);
}

#[test]
fn a_door_of_an_airlock_that_something_would_set_free_is_refused_when_it_is_new_and_stands_when_it_is_in_the_log()
 {
    let mut house = House::warehouse();
    let airlock = Some(Airlock { id: id("sluice"), alone: Alone::Refuse });
    let office = OfficeTime::new(Duration::from_secs(60)).unwrap();
    let in_airlock = || DoorRules { airlock, ..DoorRules::default() };
    let shop = |rules, unlocked: Option<&str>| {
        Change::PutDoor(Door { unlocked: unlocked.map(id), rules, ..door_to("shop", "yard") })
    };
    let judged = |house: &House, change: &Change| {
        let changes = vec![Change::PutGroup(Group { id: id("g"), title: id("g") }), change.clone()];
        let entry = house.entry(changes.clone(), &[OWNER]);
        let rehearsed = Rehearsal::of(&house.site).apply(&house.set(changes), noon());
        let refusal = house.site.check_new(&entry, noon()).err();
        assert_eq!(refusal.as_ref().map(ToString::to_string), rehearsed.err().map(|r| r.to_string()));
        refusal
    };
    let scheduled = shop(in_airlock(), Some("day"));
    let held = shop(DoorRules { office: Some(office), ..in_airlock() }, None);
    for (change, words) in [(&scheduled, "schedule `day` would unlock it"), (&held, "its office time would")]
    {
        let Some(Refusal::Invalid { index: 1, verb: "put-door", what }) = judged(&house, change) else {
            panic!("taken");
        };
        assert!(what.contains("door `shop` belongs to airlock `sluice`") && what.contains(words), "{what}");
    }
    for sound in [shop(in_airlock(), None), shop(DoorRules::default(), Some("day"))] {
        assert!(judged(&house, &sound).is_none());
    }
    // A log that holds one can still be read, and no schedule frees that door.
    for first_person in [false, true] {
        house.put(vec![shop(DoorRules { first_person, ..in_airlock() }, Some("day"))]);
        let site = house.replay(Keep::Everything);
        assert_eq!(site.free_by_schedule(site.door(id("shop")).unwrap(), noon()), Free::No);
    }
}

#[test]
fn the_hub_may_lock_down_and_only_people_may_lift_it() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutOperator(operator("greta", 12, "guard"))]);
    let lift = || vec![Change::LiftLockdown(id("hall"))];
    house.apply(house.entry(vec![Change::LockDown(id("hall"))], &[HUB])).unwrap();
    // Whoever calls for it a second time is not told off.
    house.apply(house.entry(vec![Change::LockDown(id("hall"))], &[12])).unwrap();
    for who in [HUB, DESK, AUDITOR] {
        let entry = house.entry(lift(), &[who]);
        assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
    }
    house.apply(house.entry(lift(), &[12])).unwrap();
    assert_eq!(house.site.lockdowns().count(), 0);
}

#[test]
fn what_is_not_locked_down_can_not_be_lifted_and_is_told_where() {
    let mut house = House::warehouse();
    lock(&mut house, "hall");
    for (zone, words) in [
        ("aisle", "zone `aisle` lies in zone `hall`, which is locked down; lift it there"),
        ("vault", "zone `vault` is not locked down"),
        ("nowhere", "zone `nowhere` does not exist"),
    ] {
        let entry = house.entry(vec![Change::LiftLockdown(id(zone))], &[OWNER]);
        let told = house.site.apply(&entry).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
    }
    let entry = house.entry(vec![Change::LockDown(id("nowhere"))], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
}

#[test]
fn a_zone_can_not_be_removed_to_end_its_lockdown() {
    let mut house = House::warehouse();
    house.put(vec![zone("idle", None), Change::LockDown(id("idle"))]);
    let entry = house.entry(vec![Change::RemoveZone(id("idle"))], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
    house.put(vec![Change::LiftLockdown(id("idle")), Change::RemoveZone(id("idle"))]);
}

#[test]
fn the_threat_level_of_a_zone_is_the_highest_around_and_policies_read_it() {
    let mut house = House::warehouse();
    let set = |zone, level| {
        let level = ThreatLevel::new(level).unwrap();
        Change::SetThreat { zone: id(zone), level }
    };
    let careful = r#"forbid (principal, action == Action::"enter", resource)
        when { context.threat_level >= 2 } unless { context.factors.contains("pin") };"#;
    house.put(vec![policy("careful", careful), set("hall", 2), set("aisle", 1)]);
    let levels = |house: &House| ["hall", "aisle", "vault"].map(|z| house.site.threat(id(z)).get());
    assert_eq!(levels(&house), [2, 2, 0]);
    for door in ["gate", "aisle-1"] {
        assert!(matches!(house.site.decide(&at(door, ANN), Mono(1)), Answer::NeedPin), "{door}");
        assert!(ask(&house, &at(door, BEN)).0.is_some());
    }
    house.put(vec![set("hall", 0)]);
    assert_eq!(levels(&house), [0, 1, 0]);
    assert_eq!(ask(&house, &at("gate", ANN)).0, None);
    assert_eq!(house.site.threats().collect::<Vec<_>>(), [(id("aisle"), ThreatLevel::new(1).unwrap())]);
    let entry = house.entry(vec![set("nowhere", 1)], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
}

#[test]
fn a_lockdown_can_be_looked_at_before_it_is_called() {
    let mut house = House::warehouse();
    house.put(vec![policy("guard", ENTER)]);
    let told = |house: &House, zone| {
        let doors = house.site.lockdown_preview(id(zone), noon());
        let one = |d: lockward_site::LockdownOf| {
            let entrants = house.site.lockdown_entrants(d.door, noon());
            let entrants: Vec<_> = entrants.iter().map(|e| (e.person, e.factors)).collect();
            (d.door.to_string(), d.free, entrants)
        };
        doors.into_iter().map(one).collect::<Vec<_>>()
    };
    let ann = || vec![(id("ann"), Factors::CARD.with(Factors::PIN))];
    assert_eq!(
        told(&house, "hall"),
        [("aisle-1".to_owned(), Free::No, ann()), ("gate".to_owned(), Free::No, ann())]
    );
    assert_eq!(told(&house, "yard"), [("shop".to_owned(), Free::Yes, ann())]);
    // It is the same while it holds, and nothing has changed by looking.
    let before = told(&house, "hall");
    assert!(!house.site.locked_down(id("hall")));
    lock(&mut house, "hall");
    assert_eq!(told(&house, "hall"), before);
}

#[test]
fn since_when_a_lockdown_holds_is_told_by_the_oldest_that_does() {
    let mut house = House::warehouse();
    let at = |house: &mut House, time: i64, change: Change| {
        let set = ChangeSet { drafted: Time(time), ..house.set(vec![change]) };
        house.apply(entry(&set, &[OWNER])).unwrap();
        ["hall", "aisle"].map(|zone| house.site.locked_down_since(id(zone)))
    };
    let (first, later) = (Some(Time(1_000)), Some(Time(2_000)));
    assert_eq!(at(&mut house, 1_000, Change::LockDown(id("aisle"))), [None, first]);
    assert_eq!(at(&mut house, 2_000, Change::LockDown(id("hall"))), [later, first]);
    // Whoever calls for it again does not make it younger, and what lies around goes on after a lift.
    assert_eq!(at(&mut house, 3_000, Change::LockDown(id("aisle"))), [later, first]);
    assert_eq!(at(&mut house, 4_000, Change::LiftLockdown(id("aisle"))), [later, later]);
    assert_eq!(at(&mut house, 5_000, Change::LiftLockdown(id("hall"))), [None, None]);
}

#[test]
fn whom_an_entry_forgives_is_told_until_the_next() {
    let mut house = House::warehouse();
    let forgive = [Forgiven::Person(id("ann")), Forgiven::Zone(id("hall"))];
    house.put(forgive.into_iter().map(Change::Forgive).collect());
    assert_eq!(house.site.forgiven(), forgive);
    for nobody in [Forgiven::Person(id("nobody")), Forgiven::Zone(id("nowhere"))] {
        let entry = house.entry(vec![Change::Forgive(nobody)], &[OWNER]);
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
        assert_eq!(house.site.forgiven(), forgive, "a refused entry forgives nobody");
    }
    house.put(vec![group("other")]);
    assert!(house.site.forgiven().is_empty());
}
