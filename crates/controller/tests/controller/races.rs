//! PINs take a while, and the world goes on: an answer counts for the question, the person and the rules of now.

use crate::explained::{accesses, all_again, why};
use crate::house::{ANN, BEN, PIN, VAULT, card, credential, id, pin_of, token, typed};
use crate::hub::FakeHub;
use crate::rig::{NONE, Rig};
use core::time::Duration;
use lockward_controller::core::PinCheck;
use lockward_door::Feedback;
use lockward_model::{Access, Change, Deny, Proof};

/// Ben's card is in and his PIN is typed, but not compared yet.
fn typing(seed: u64) -> (Rig, FakeHub, Box<PinCheck>) {
    let (mut rig, mut hub) = Rig::stocked_with_hub(seed);
    rig.meet(&mut hub);
    assert!(rig.badge(VAULT, BEN).shows(VAULT, Feedback::EnterPin));
    let check = rig.turn(typed(VAULT, PIN)).check();
    (rig, hub, check)
}

fn last(rig: Rig, hub: &FakeHub) -> Access {
    let mut events = hub.events();
    let held = events.len() as u64;
    events.extend(rig.records().into_iter().filter(|e| e.seq >= held));
    all_again(&hub.house, &events);
    accesses(&events).last().unwrap().1.clone()
}

fn while_typing(changes: Vec<Change>, because: Deny) {
    let (mut rig, mut hub, check) = typing(1);
    hub.house.change(changes);
    let said = hub.entries_from(2).unwrap();
    rig.told(&mut hub, said);
    assert_eq!(hub.applied.last(), Some(&hub.house.config()), "the change is in force, and reported");
    let seen = rig.turn(vec![check.run()]);
    assert_eq!(seen.released(), NONE, "{because:?}");
    assert!(seen.shows(VAULT, Feedback::Denied));
    assert_eq!(why(&last(rig, &hub)), Some(because));
}

#[test]
fn given_the_pin_was_revoked_while_it_was_compared_then_the_door_stays_shut() {
    while_typing(vec![Change::RevokeCredential(id("ben-pin"))], Deny::WrongPin);
}

#[test]
fn given_the_pin_was_replaced_while_it_was_compared_then_the_door_stays_shut() {
    let other = credential("ben-pin", "ben", pin_of("86420"));
    while_typing(vec![Change::PutCredential(other)], Deny::WrongPin);
}

#[test]
fn given_the_card_went_to_another_person_while_the_pin_was_compared_then_the_first_ones_pin_opens_nothing() {
    let changes = vec![
        Change::RevokeCredential(id("ben-card")),
        Change::PutCredential(credential("ann-second", "ann", Proof::Card(token(BEN)))),
        Change::PutCredential(credential("ann-pin", "ann", pin_of("86420"))),
    ];
    while_typing(changes, Deny::WrongPin);
}

#[test]
fn given_the_card_was_revoked_while_the_pin_was_compared_then_the_door_stays_shut() {
    while_typing(vec![Change::RevokeCredential(id("ben-card"))], Deny::Revoked);
}

#[test]
fn given_the_rule_was_removed_while_the_pin_was_compared_then_the_door_stays_shut() {
    while_typing(vec![Change::RemoveRule(id("vault"))], Deny::NothingPermits);
}

#[test]
fn given_an_unrelated_change_while_the_pin_was_compared_then_the_door_opens_under_the_new_rules() {
    let (mut rig, mut hub, check) = typing(2);
    hub.house.change(vec![Change::SuspendPerson(id("ann"))]);
    let said = hub.entries_from(2).unwrap();
    rig.told(&mut hub, said);
    assert!(rig.turn(vec![check.run()]).granted(VAULT));
    assert_eq!(last(rig, &hub).config, Some(hub.house.config()));
}

#[test]
fn given_an_answer_that_came_too_late_then_the_door_stays_shut_and_no_opening_is_recorded() {
    let (mut rig, hub, check) = typing(3);
    rig.pass(Duration::from_secs(9));
    let seen = rig.turn(vec![check.run()]);
    assert_eq!(seen.released(), NONE);
    assert_eq!(why(&last(rig, &hub)), Some(Deny::PinMissing));
}

#[test]
fn given_a_late_answer_and_another_person_at_the_reader_then_it_is_not_taken_for_theirs() {
    let (mut rig, hub, check) = typing(4);
    rig.pass(Duration::from_secs(9));
    let asked = rig.turn(vec![card(VAULT, BEN)]);
    assert!(asked.shows(VAULT, Feedback::EnterPin));
    let second = rig.turn(typed(VAULT, "1357")).check();
    let seen = rig.turn(vec![check.run()]);
    assert_eq!(seen.released(), NONE);
    assert!(!seen.shows(VAULT, Feedback::Granted));
    let seen = rig.turn(vec![second.run()]);
    assert_eq!(seen.released(), NONE, "the second typed another PIN");
    assert_eq!(why(&last(rig, &hub)), Some(Deny::WrongPin));
}

#[test]
fn given_a_pin_of_somebody_else_then_the_door_stays_shut() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(5);
    hub.house.change(vec![Change::PutCredential(credential("ann-pin", "ann", pin_of("86420")))]);
    rig.meet(&mut hub);
    let seen = rig.badge_and_pin(VAULT, ANN, PIN);
    assert_eq!(seen.released(), NONE);
    assert_eq!(why(&last(rig, &hub)), Some(Deny::WrongPin));
}

#[test]
fn given_a_change_between_badge_and_record_then_the_record_names_what_decided() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(6);
    rig.meet(&mut hub);
    hub.house.change(vec![Change::SuspendPerson(id("ann"))]);
    let said = hub.entries_from(2).unwrap();
    let inputs = vec![
        card(crate::house::FRONT, ANN),
        lockward_controller::core::Input::Hub(Box::new(said)),
        card(crate::house::LAB, ANN),
    ];
    let seen = rig.turn(inputs);
    assert!(seen.granted(crate::house::FRONT) && !seen.granted(crate::house::LAB));
    assert_eq!(why(&last(rig, &hub)), Some(Deny::PersonSuspended));
}
