//! The recovery key: announces, waits, and makes one operator; and does nothing else.

use crate::house::*;
use core::time::Duration;
use lockward_model::*;
use lockward_site::{CLOCKS_DIFFER, RECOVERY_LIFE, RECOVERY_WAIT, Refusal};

/// Whose key the founding has for the recovery key.
const PAPER: Who = 6;
const FOUNDED: Time = Time(1_767_225_600_000);

fn eve() -> Change {
    Change::Recover(operator("eve", 50, "owner"))
}

fn drafted(house: &House, at: Time, changes: Vec<Change>, by: &[Who]) -> Vec<u8> {
    entry(&ChangeSet { drafted: at, ..house.set(changes) }, by)
}

fn recover(house: &mut House, at: Time) -> Result<(), Refusal> {
    house.apply(drafted(house, at, vec![eve()], &[PAPER]))
}

fn has_eve(house: &House) -> bool {
    house.site.operator(id("eve")).is_some()
}

#[test]
fn who_holds_the_paper_owns_the_site_after_a_day_and_not_before() {
    let mut house = House::warehouse();
    recover(&mut house, FOUNDED).unwrap();
    let from = house.site.recovery().unwrap().from;
    assert_eq!((from, has_eve(&house)), (FOUNDED + RECOVERY_WAIT, false));
    let refusal = recover(&mut house, Time(from.0 - 1)).unwrap_err();
    assert_eq!((refusal.code(), has_eve(&house)), ("CHANGE_INVALID", false));
    assert!(house.site.recovery().is_some(), "an impatient try ends nothing");
    recover(&mut house, from).unwrap();
    assert!(has_eve(&house) && house.site.recovery().is_none());
    let by_eve = house.entry(vec![group("new")], &[50]);
    house.apply(by_eve).unwrap();
}

#[test]
fn nobody_takes_the_key_that_was_announced_and_so_keeps_the_recovery_from_its_end() {
    let mut house = House::warehouse();
    recover(&mut house, FOUNDED).unwrap();
    let taken = house.entry(vec![Change::PutOperator(operator("mallory", 50, "owner"))], &[OWNER]);
    assert_eq!(house.apply(taken).unwrap_err().code(), "CHANGE_INVALID");
    recover(&mut house, FOUNDED + RECOVERY_WAIT).unwrap();
    assert!(has_eve(&house));
}

#[test]
fn an_owner_ends_what_was_announced() {
    let mut house = House::warehouse();
    recover(&mut house, FOUNDED).unwrap();
    house.put(vec![Change::CancelRecovery]);
    assert!(house.site.recovery().is_none());
    // And it begins again from the start.
    recover(&mut house, FOUNDED + RECOVERY_WAIT).unwrap();
    assert!(!has_eve(&house));
}

#[test]
fn hub_bounded_the_hub_neither_recovers_nor_keeps_owners_from_recovering() {
    let mut house = House::warehouse();
    recover(&mut house, FOUNDED).unwrap();
    for (changes, by) in [
        (vec![Change::CancelRecovery], &[HUB][..]),
        (vec![eve()], &[HUB]),
        (vec![eve()], &[OWNER]),
        (vec![eve()], &[OWNER, PAPER]),
        (vec![eve(), group("x")], &[PAPER]),
        (vec![group("x")], &[PAPER]),
        (vec![Change::RemoveOperator(id("ada"))], &[PAPER, OWNER]),
    ] {
        let entry = drafted(&house, FOUNDED + RECOVERY_WAIT, changes, by);
        assert_eq!(house.apply(entry).unwrap_err().code(), "SIGNER_NOT_ALLOWED", "{by:?}");
    }
    assert!(house.site.recovery().is_some() && !has_eve(&house));
}

#[test]
fn a_clock_that_is_set_forward_ends_no_wait_and_one_set_back_shortens_none() {
    let mut house = House::warehouse();
    recover(&mut house, FOUNDED).unwrap();
    let early = drafted(&house, FOUNDED + RECOVERY_WAIT, vec![eve()], &[PAPER]);
    let hour = FOUNDED + Duration::from_secs(3_600);
    assert_eq!(house.site.apply_at(&early, hour).unwrap_err().code(), "ENTRY_EARLY");
    assert!(!has_eve(&house));
    let due = FOUNDED + RECOVERY_WAIT;
    house.site.apply_at(&early, Time(due.0 - i64::try_from(CLOCKS_DIFFER.as_millis()).unwrap())).unwrap();
    assert!(has_eve(&house));
    // Announced by a clock that is behind the log.
    let mut house = House::warehouse();
    let newer = drafted(&house, hour, vec![group("newer")], &[OWNER]);
    house.apply(newer).unwrap();
    recover(&mut house, FOUNDED).unwrap();
    assert_eq!(house.site.recovery().unwrap().from, hour + RECOVERY_WAIT);
}

#[test]
fn fresh_what_takes_away_waits_for_no_clock() {
    let mut house = House::warehouse();
    let ahead = FOUNDED + Duration::from_secs(365 * 24 * 3_600);
    let entry = drafted(&house, ahead, vec![Change::SuspendPerson(id("ann"))], &[HUB]);
    house.site.apply_at(&entry, FOUNDED).unwrap();
}

#[test]
fn another_operator_or_another_week_begins_the_wait_again() {
    let mut house = House::warehouse();
    recover(&mut house, FOUNDED).unwrap();
    let due = FOUNDED + RECOVERY_WAIT;
    let other = Change::Recover(operator("eve", 51, "owner"));
    let entry = drafted(&house, due, vec![other], &[PAPER]);
    house.apply(entry).unwrap();
    assert_eq!((house.site.recovery().unwrap().from, has_eve(&house)), (due + RECOVERY_WAIT, false));
    let late = due + RECOVERY_WAIT + RECOVERY_LIFE;
    let other = Change::Recover(operator("eve", 51, "owner"));
    let entry = drafted(&house, late, vec![other], &[PAPER]);
    house.apply(entry).unwrap();
    assert!(!has_eve(&house));
}
