//! What counts as which factor: cards that sign, codes, PINs that stand alone, second PINs; and how many PINs a site can
//! afford.

use crate::decisions::{ask, at, knowing};
use crate::house::*;
use crate::picture::assert_refused;
use lockward_model::*;
use lockward_site::{Answer, Question};

/// The staff may enter the hall with these.
fn wants(factors: Factors) -> House {
    let mut house = House::warehouse();
    house.put(vec![Change::PutRule(Rule { factors, ..rule("in", "staff", Target::Zone(id("hall"))) })]);
    house
}

fn signed(signed: Option<bool>) -> Question {
    knowing(at("gate", ANN), |k| k.signed = signed)
}

#[test]
fn a_card_that_signs_counts_only_when_it_has() {
    let mut house = wants(Factors::CARD.with(Factors::KEY));
    // A number is a number, whatever a reader says of it.
    assert_eq!(ask(&house, &signed(Some(true))).0, Some(Deny::FactorMissing));
    house.put(vec![Change::PutCredential(key_card("ann-card", "ann", ANN))]);
    let (told, access) = ask(&house, &signed(Some(true)));
    assert_eq!((told, access.factors), (None, Factors::CARD.with(Factors::KEY)));
    for not in [None, Some(false)] {
        let (told, access) = ask(&house, &signed(not));
        assert_eq!((told, access.factors), (Some(Deny::SignatureInvalid), Factors::CARD));
    }
    assert!(house.site.card_key(ANN).is_some() && house.site.card_key(BEN).is_none());
}

#[test]
fn a_code_is_typed_in_place_of_a_pin() {
    let mut house = wants(Factors::CARD.with(Factors::CODE));
    let with = |pin| Question { pin, ..at("gate", ANN) };
    assert_eq!(ask(&house, &at("gate", ANN)).0, Some(Deny::FactorMissing), "she has none");
    house.put(vec![Change::PutCredential(totp("ann-codes", "ann"))]);
    assert!(matches!(house.site.decide(&at("gate", ANN), Mono(1)), Answer::NeedPin));
    let (told, access) = ask(&house, &with(PinFact::OneTime));
    assert_eq!((told, access.factors), (None, Factors::CARD.with(Factors::CODE)));
    assert_eq!(ask(&house, &with(PinFact::UsedUp)).0, Some(Deny::CodeUsed));
    assert_eq!(ask(&house, &with(PinFact::Wrong)).0, Some(Deny::WrongPin));
    assert_eq!(ask(&house, &with(PinFact::Right)).0, Some(Deny::FactorMissing), "a PIN is no code");
}

#[test]
fn a_rule_that_wants_pin_and_code_asks_for_neither() {
    let mut house = wants(Factors::PIN.with(Factors::CODE));
    house.put(vec![Change::PutCredential(totp("ann-codes", "ann"))]);
    assert_eq!(ask(&house, &at("gate", ANN)).0, Some(Deny::FactorMissing), "one keypad takes one of them");
}

#[test]
fn under_duress_the_door_opens_as_ever_and_the_record_says_why() {
    let house = wants(Factors::PIN);
    let q = |pin| Question { pin, ..at("gate", ANN) };
    let (told, access) = ask(&house, &q(PinFact::Duress));
    assert_eq!((told, access.pin), (None, PinFact::Duress));
    assert_eq!(access.outcome, ask(&house, &q(PinFact::Right)).1.outcome);
}

#[test]
fn what_may_be_typed_beside_a_card_is_listed_by_id() {
    let mut house = House::warehouse();
    house.put(vec![
        Change::PutCredential(totp("ann-codes", "ann")),
        Change::PutCredential(shows("ann-duress", "ann", Proof::Duress(pin_hash('d')))),
        Change::PutCredential(pin_alone("ann-alone", "ann", UNKNOWN, 6)),
    ]);
    let typed =
        |token| house.site.typed_beside(token, noon()).iter().map(|c| c.id.to_string()).collect::<Vec<_>>();
    assert_eq!(typed(ANN), ["ann-codes", "ann-duress", "ann-pin"]);
    assert_eq!(typed(UNKNOWN), typed(ANN));
    assert!(typed(BEN).is_empty());
    assert_eq!(
        house.site.pins_beside(ANN, noon()),
        [pin_hash('a')],
        "duress is no PIN of hers to anyone else"
    );
}

#[test]
fn a_pin_that_stands_alone_is_no_card() {
    let mut house = wants(Factors::PIN);
    house.put(vec![Change::PutCredential(pin_alone("ann-alone", "ann", UNKNOWN, 6))]);
    let q = |pin| Question { pin, ..at("gate", UNKNOWN) };
    let (told, access) = ask(&house, &q(PinFact::NotAsked));
    assert_eq!((told, access.factors, access.person), (None, Factors::PIN, Some(id("ann"))));
    // Where it takes a card too, the card is asked for.
    house.put(vec![Change::PutRule(Rule {
        factors: Factors::CARD.with(Factors::PIN),
        ..rule("in", "staff", Target::Zone(id("hall")))
    })]);
    assert!(matches!(house.site.decide(&q(PinFact::NotAsked), Mono(1)), Answer::NeedCard));
    assert_eq!(ask(&house, &q(PinFact::Missing)).0, Some(Deny::CardMissing));
    house.put(vec![Change::RevokeCredential(id("ann-card"))]);
    assert_eq!(ask(&house, &q(PinFact::NotAsked)).0, Some(Deny::FactorMissing), "she has none");
}

#[test]
fn a_pin_before_the_card_waits_for_the_card() {
    let house = wants(Factors::PIN);
    let q = |pin| Question { token: None, pin, ..at("gate", ANN) };
    assert!(matches!(house.site.decide(&q(PinFact::Wrong), Mono(1)), Answer::NeedCard));
    assert_eq!(ask(&house, &q(PinFact::Missing)).0, Some(Deny::CardMissing));
    assert_eq!(ask(&house, &q(PinFact::NotAsked)).0, Some(Deny::MalformedCredential));
}

#[test]
fn one_token_is_never_two_credentials_of_whatever_kind() {
    let mut house = House::warehouse();
    for other in [key_card("x", "ben", ANN), pin_alone("x", "ben", ANN, 8), card("x", "ben", ANN)] {
        let entry = house.entry(vec![Change::PutCredential(other)], &[OWNER]);
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
    }
    // That a PIN is somebody else's already is told without a name.
    let refusal = house.change(vec![Change::PutCredential(pin_alone("x", "ben", ANN, 8))]).unwrap_err();
    assert!(refusal.to_string().ends_with("the PIN of credential `x` can not be used; choose another"));
    house.put(vec![Change::PutCredential(key_card("ann-card", "ann", ANN))]);
    house.put(vec![Change::PutCredential(card("ann-card", "ann", ANN))]);
    house.put(vec![Change::PutCredential(pin_alone("x", "ben", UNKNOWN, 4))]);
    house.put(vec![Change::RevokeCredential(id("x")), Change::PutCredential(card("y", "ann", UNKNOWN))]);
    assert_eq!(house.site.holder_of(UNKNOWN), Some(id("ann")));
}

#[test]
fn given_more_pins_that_stand_alone_than_their_length_allows_then_the_change_is_refused() {
    let mut house = House::warehouse();
    let alone = |n: u8, digits| {
        Change::PutCredential(pin_alone(&format!("alone-{n}"), "ann", CardToken([0x40 + n; 16]), digits))
    };
    house.put((0..10).map(|n| alone(n, 4)).collect());
    // The eleventh breaks the ratio for the shorter ones, however long it is itself.
    for digits in [4, 8] {
        let entry = house.entry(vec![alone(10, digits)], &[OWNER]);
        let refusal = house.site.apply(&entry).unwrap_err().to_string();
        assert!(refusal.contains("11 * 1000 = 11000 codes, and 4 digits give 10000"), "{refusal}");
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
    }
    assert_eq!(house.site.shortest_pin_alone(), Some(4));
    house.put((0..10).map(|n| alone(n, 5)).collect());
    house.put(vec![alone(10, 5)]);
    assert_eq!(house.site.shortest_pin_alone(), Some(5));
    house.put(vec![Change::RemovePerson(id("ann"))]);
    assert_eq!(house.site.shortest_pin_alone(), None);
}
