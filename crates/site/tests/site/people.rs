//! Cards change hands, groups change, people go: what follows for the next decision.

use crate::house::*;
use crate::picture::{assert_refused, question};
use lockward_model::*;
use lockward_site::Answer;

/// Whom the card is known as at the gate, and whether it opens.
fn at_gate(house: &House, token: CardToken) -> (Option<PersonId>, Result<(), Deny>) {
    let q = question(id("gate"), token, PinFact::NotAsked, noon(), house.site.size());
    match house.site.decide(&q, Mono(1)) {
        Answer::Granted(_, access, _) => (access.person, Ok(())),
        Answer::Denied(why, access) => (access.person, Err(why)),
        wish => panic!("{wish:?} at the gate"),
    }
}

fn known_as(house: &House, token: CardToken) -> Option<PersonId> {
    at_gate(house, token).0
}

fn ids(credentials: &[Credential]) -> Vec<&str> {
    credentials.iter().map(|c| c.id.as_str()).collect()
}

#[test]
fn one_card_is_never_two_credentials() {
    let mut house = House::warehouse();
    for holder in ["ann", "ben"] {
        let entry = house.entry(vec![Change::PutCredential(card("second", holder, ANN))], &[OWNER]);
        let refusal = house.site.apply(&entry).unwrap_err().to_string();
        assert!(refusal.contains("credential `ann-card` already; revoke that first"), "{refusal}");
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
    }
    let twice = vec![
        Change::PutCredential(card("x", "ann", UNKNOWN)),
        Change::PutCredential(card("y", "ann", UNKNOWN)),
    ];
    assert!(house.change(twice).is_err());
    house.put(vec![
        Change::RevokeCredential(id("ann-card")),
        Change::PutCredential(card("second", "ben", ANN)),
    ]);
    assert_eq!(known_as(&house, ANN), Some(id("ben")));
}

#[test]
fn a_credential_that_becomes_another_card_or_a_pin_frees_the_card() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutCredential(card("ann-card", "ann", UNKNOWN))]);
    assert_eq!((known_as(&house, ANN), known_as(&house, UNKNOWN)), (None, Some(id("ann"))));
    house.put(vec![Change::PutCredential(pin("ann-card", "ann", 'b'))]);
    assert_eq!(known_as(&house, UNKNOWN), None);
    house.put(vec![Change::PutCredential(card("other", "ben", ANN))]);
    assert_eq!(known_as(&house, ANN), Some(id("ben")));
}

#[test]
fn a_credential_can_move_to_another_person() {
    let mut house = House::warehouse();
    house.put(vec![
        Change::PutCredential(card("ann-card", "ben", ANN)),
        Change::PutCredential(pin("ann-pin", "ben", 'a')),
    ]);
    assert_eq!(known_as(&house, ANN), Some(id("ben")));
    assert_eq!(ids(&house.site.credentials_of(id("ann"))), [""; 0]);
    assert_eq!(ids(&house.site.credentials_of(id("ben"))), ["ann-card", "ann-pin", "ben-card"]);
    assert_eq!(house.site.pins_beside(BEN, noon()).len(), 1);
    // Its first holder may go without taking it along.
    house.put(vec![Change::RemovePerson(id("ann"))]);
    assert_eq!(known_as(&house, ANN), Some(id("ben")));
}

#[test]
fn who_is_removed_takes_every_credential_along() {
    let mut house = House::warehouse();
    house.put(vec![Change::RemovePerson(id("ann"))]);
    assert_eq!(house.site.counts(), (1, 1));
    assert_eq!(house.site.person(id("ann")), None);
    assert_eq!(at_gate(&house, ANN), (None, Err(Deny::Revoked)));
    // Nothing of the old comes back with the name.
    house.put(vec![Change::PutPerson(person("ann", &["staff"]))]);
    assert!(house.site.credentials_of(id("ann")).is_empty());
    assert_eq!(at_gate(&house, ANN), (None, Err(Deny::Revoked)));
    house.put(vec![Change::PutCredential(card("again", "ann", ANN))]);
    assert_eq!(at_gate(&house, ANN), (Some(id("ann")), Ok(())));
    assert!(house.site.pins_beside(ANN, noon()).is_empty());
}

#[test]
fn a_card_that_was_somebodys_is_told_from_one_that_never_was() {
    let mut house = House::warehouse();
    let told = |house: &House| at_gate(house, ANN).1;
    let revoke = || Change::RevokeCredential(id("ann-card"));
    // Not by a change set that fails.
    let entry = house.entry(vec![revoke(), Change::RemoveZone(id("x"))], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
    assert_eq!(told(&house), Ok(()));
    house.put(vec![revoke()]);
    assert_eq!(told(&house), Err(Deny::Revoked));
    assert_eq!(at_gate(&house, UNKNOWN).1, Err(Deny::UnknownCredential));
    // Given out again, it is somebody's again; and not by a change set that fails.
    let again = || Change::PutCredential(card("again", "ben", ANN));
    let entry = house.entry(vec![again(), Change::RemoveZone(id("x"))], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
    assert_eq!(told(&house), Err(Deny::Revoked));
    house.put(vec![again()]);
    assert_eq!(told(&house), Ok(()));
    // A new card in its place, and a person who goes, revoke it too.
    house.put(vec![Change::PutCredential(card("again", "ben", UNKNOWN))]);
    assert_eq!(told(&house), Err(Deny::Revoked));
    house.put(vec![Change::RemovePerson(id("ben"))]);
    assert_eq!(at_gate(&house, UNKNOWN).1, Err(Deny::Revoked));
    // A PIN that stood alone is nobody's secret any more.
    let alone = CardToken([0x33; 16]);
    house.put(vec![Change::PutCredential(pin_alone("alone", "ann", alone, 6))]);
    house.put(vec![Change::RevokeCredential(id("alone"))]);
    assert_eq!(at_gate(&house, alone).1, Err(Deny::UnknownCredential));
}

#[test]
fn a_change_of_group_takes_effect_at_once() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutPerson(person("ann", &[]))]);
    assert_eq!(at_gate(&house, ANN), (Some(id("ann")), Err(Deny::NothingPermits)));
    house.put(vec![Change::PutPerson(person("ann", &["guests", "staff", "guests"]))]);
    assert_eq!(at_gate(&house, ANN), (Some(id("ann")), Ok(())));
    // Her cards stayed hers.
    assert_eq!(ids(&house.site.credentials_of(id("ann"))), ["ann-card", "ann-pin"]);
}

#[test]
fn a_removed_rule_and_a_new_forbid_take_effect_at_once() {
    let mut house = House::warehouse();
    house.put(vec![policy("shut", r#"forbid (principal, action == Action::"enter", resource);"#)]);
    assert_eq!(at_gate(&house, ANN).1, Err(Deny::Forbidden));
    house.put(vec![Change::RemovePolicy(id("shut"))]);
    assert_eq!(at_gate(&house, ANN).1, Ok(()));
    house.put(vec![Change::RemoveRule(id("in"))]);
    assert_eq!(at_gate(&house, ANN).1, Err(Deny::NothingPermits));
}

#[test]
fn who_is_suspended_stays_so_until_put_again() {
    let mut house = House::warehouse();
    house.apply(house.entry(vec![Change::SuspendPerson(id("ann"))], &[HUB])).unwrap();
    assert_eq!(at_gate(&house, ANN), (Some(id("ann")), Err(Deny::PersonSuspended)));
    // A new card helps nobody.
    house.put(vec![Change::PutCredential(card("new", "ann", UNKNOWN))]);
    assert_eq!(at_gate(&house, UNKNOWN).1, Err(Deny::PersonSuspended));
    let ann = house.site.person(id("ann")).unwrap();
    assert_eq!(ann, Person { suspended: true, ..person("ann", &["staff"]) });
    house.put(vec![Change::PutPerson(person("ann", &["staff"]))]);
    assert_eq!(at_gate(&house, ANN).1, Ok(()));
}
