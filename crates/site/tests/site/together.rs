//! Two people at a door: each with a right of their own, different from each other, and no visitor escorts a visitor.

use crate::decisions::{ask, at, knowing, nobody, second};
use crate::house::*;
use lockward_model::*;
use lockward_site::{Answer, Question};

const EVE: CardToken = CardToken([3; 16]);

/// The hall takes two of the staff, of whom there are Ann and Eve.
fn guarded(factors: Factors) -> House {
    let mut house = House::warehouse();
    let two = Rule { two_people: true, factors, ..rule("in", "staff", Target::Zone(id("hall"))) };
    house.put(vec![
        Change::PutRule(two),
        Change::PutPerson(person("eve", &["staff"])),
        Change::PutCredential(card("eve-card", "eve", EVE)),
        Change::PutCredential(pin("eve-pin", "eve", 'e')),
    ]);
    house
}

fn with(shown: Option<Box<Second>>) -> Question {
    knowing(at("aisle-1", ANN), |k| k.second = shown)
}

fn typed(token: CardToken, pin: PinFact) -> Option<Box<Second>> {
    second(token).map(|s| Box::new(Second { pin, ..*s }))
}

#[test]
fn where_it_takes_two_the_second_is_asked_for_and_both_are_on_record() {
    let house = guarded(Factors::NONE);
    assert!(matches!(house.site.decide(&with(None), Mono(1)), Answer::NeedSecond));
    let (told, access) = ask(&house, &with(second(EVE)));
    assert_eq!(told, None);
    assert_eq!((access.person, access.known.second.unwrap().person), (Some(id("ann")), Some(id("eve"))));
    assert_eq!(ask(&house, &with(nobody())).0, Some(Deny::SecondMissing));
}

#[test]
fn the_second_must_be_another_who_may_enter_too() {
    let mut house = guarded(Factors::NONE);
    house.put(vec![Change::PutCredential(card("ann-other", "ann", UNKNOWN))]);
    let nobodys = CardToken([0x77; 16]);
    for (token, why) in
        [(ANN, "the same card"), (UNKNOWN, "the same person"), (BEN, "no right"), (nobodys, "unknown")]
    {
        assert_eq!(ask(&house, &with(second(token))).0, Some(Deny::SecondRefused), "{why}");
    }
    house.put(vec![Change::SuspendPerson(id("eve"))]);
    assert_eq!(ask(&house, &with(second(EVE))).0, Some(Deny::SecondRefused), "suspended");
}

#[test]
fn where_it_takes_two_with_pins_each_is_asked_for_theirs() {
    let house = guarded(Factors::PIN);
    let ann = |shown| Question { pin: PinFact::Right, ..with(shown) };
    assert!(matches!(house.site.decide(&with(None), Mono(1)), Answer::NeedPin));
    assert!(matches!(house.site.decide(&ann(None), Mono(1)), Answer::NeedSecond));
    assert!(matches!(house.site.decide(&ann(second(EVE)), Mono(1)), Answer::NeedPin));
    assert_eq!(ask(&house, &ann(typed(EVE, PinFact::Right))).0, None);
    assert_eq!(ask(&house, &ann(typed(EVE, PinFact::Duress))).0, None);
    assert_eq!(ask(&house, &ann(typed(EVE, PinFact::Wrong))).0, Some(Deny::WrongPin));
    assert_eq!(ask(&house, &ann(typed(EVE, PinFact::Missing))).0, Some(Deny::PinMissing));
}

#[test]
fn a_second_key_card_must_have_signed() {
    let mut house = guarded(Factors::NONE);
    house.put(vec![Change::PutCredential(key_card("eve-card", "eve", EVE))]);
    let signed = |signed| second(EVE).map(|s| Box::new(Second { signed, ..*s }));
    assert_eq!(ask(&house, &with(signed(Some(true)))).0, None);
    for not in [None, Some(false)] {
        assert_eq!(ask(&house, &with(signed(not))).0, Some(Deny::SecondRefused));
    }
}

fn visitor(name: &str, host: &str, escorted: bool) -> Change {
    Change::PutPerson(Person {
        visit: Some(Visit { host: id(host), escorted }),
        valid: Validity { from: None, until: Some(utc(7, 1, 0, 0)) },
        ..person(name, &["guests"])
    })
}

/// Ben and Vic visit Ann, and must be escorted; guests may enter the hall.
fn visited() -> House {
    let mut house = House::warehouse();
    house.put(vec![
        visitor("ben", "ann", true),
        visitor("vic", "ann", true),
        Change::PutCredential(card("vic-card", "vic", EVE)),
        Change::PutRule(rule("visit", "guests", Target::Zone(id("hall")))),
    ]);
    house
}

#[test]
fn a_visitor_who_is_never_alone_needs_somebody_who_may_enter_and_is_no_visitor() {
    let house = visited();
    let ben = |shown| knowing(at("gate", BEN), |k| k.second = shown);
    assert!(matches!(house.site.decide(&ben(None), Mono(1)), Answer::NeedSecond));
    assert_eq!(ask(&house, &ben(second(ANN))).0, None);
    assert_eq!(ask(&house, &ben(second(EVE))).0, Some(Deny::SecondRefused), "another visitor");
    assert_eq!(ask(&house, &ben(nobody())).0, Some(Deny::EscortMissing));
    // Ann may not enter the yard, and so escorts nobody there.
    let mut house = visited();
    house.put(vec![Change::PutRule(rule("yard", "guests", Target::Zone(id("yard"))))]);
    let shop = knowing(at("shop", BEN), |k| k.second = second(ANN));
    assert_eq!(ask(&house, &shop).0, Some(Deny::SecondRefused));
}

#[test]
fn a_visitor_who_may_not_enter_is_asked_for_no_escort() {
    let house = visited();
    assert_eq!(ask(&house, &at("shop", BEN)).0, Some(Deny::NothingPermits));
    assert_eq!(
        ask(&house, &Question { at: utc(7, 2, 0, 0), ..at("gate", BEN) }).0,
        Some(Deny::PersonNotValid)
    );
}

#[test]
fn a_visitor_who_may_go_alone_does() {
    let mut house = visited();
    house.put(vec![visitor("ben", "ann", false)]);
    assert_eq!(ask(&house, &at("gate", BEN)).0, None);
}
