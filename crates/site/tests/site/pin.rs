//! When a PIN is asked for, and what becomes of it.

use crate::house::*;
use crate::picture::question;
use lockward_model::*;
use lockward_site::{Answer, Question};

#[derive(Debug, PartialEq)]
enum Told {
    Open,
    Ask,
    Shut(Deny),
}

fn ask(house: &House, door: &str, pin: PinFact, keypad: bool) -> Told {
    let q = question(id(door), ANN, pin, noon(), house.site.size());
    match house.site.decide(&Question { keypad, ..q }, Mono(1)) {
        Answer::Granted(grant, access, _) => {
            assert_eq!(grant.door(), id(door));
            assert!(access.factors.contains(Factors::PIN) == (pin == PinFact::Right));
            Told::Open
        }
        Answer::NeedPin => Told::Ask,
        Answer::Denied(why, access) => {
            assert!(access.factors.contains(Factors::PIN) == (pin == PinFact::Right));
            Told::Shut(why)
        }
        wish => panic!("{wish:?}"),
    }
}

/// Each PIN fact at a reader with a keypad, in the order of [`PINS`].
fn with_keypad(house: &House, door: &str) -> [Told; 4] {
    PINS.map(|pin| ask(house, door, pin, true))
}

fn without_keypad(house: &House, door: &str) -> [Told; 4] {
    PINS.map(|pin| ask(house, door, pin, false))
}

const PINS: [PinFact; 4] = [PinFact::NotAsked, PinFact::Right, PinFact::Wrong, PinFact::Missing];
const ASKED: [Told; 4] = [Told::Ask, Told::Open, Told::Shut(Deny::WrongPin), Told::Shut(Deny::PinMissing)];

/// A policy that forbids the aisle to those who gave no PIN.
fn forbidden_without_pin() -> Change {
    let text = r#"forbid (principal, action == Action::"enter", resource == Door::"aisle-1")
        unless { context.factors.contains("pin") };"#;
    policy("pins", text)
}

#[test]
fn given_a_rule_that_needs_a_pin_then_it_is_asked_for_and_decides() {
    assert_eq!(with_keypad(&House::warehouse(), "cage"), ASKED);
}

#[test]
fn given_a_door_that_needs_none_then_none_is_asked_for() {
    assert_eq!(ask(&House::warehouse(), "gate", PinFact::NotAsked, true), Told::Open);
}

#[test]
fn given_a_reader_without_keypad_then_none_is_asked_for() {
    let told = without_keypad(&House::warehouse(), "cage");
    assert_eq!(told[0], Told::Shut(Deny::FactorMissing));
}

#[test]
fn given_a_person_without_pin_then_none_is_asked_for() {
    let mut house = House::warehouse();
    house.put(vec![Change::RevokeCredential(id("ann-pin"))]);
    assert_eq!(ask(&house, "cage", PinFact::NotAsked, true), Told::Shut(Deny::FactorMissing));
    house.put(vec![Change::PutCredential(pin("new", "ann", 'c'))]);
    assert_eq!(ask(&house, "cage", PinFact::NotAsked, true), Told::Ask);
}

#[test]
fn given_somebody_elses_pin_then_it_is_not_beside_the_card() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutCredential(pin("ben-pin", "ben", 'b'))]);
    let proof = |c: Credential| match c.proof {
        Proof::Pin(hash) => hash,
        other => panic!("{other:?}"),
    };
    assert_eq!(house.site.pins_beside(ANN, noon()), [proof(pin("x", "ann", 'a'))]);
    assert_eq!(house.site.pins_beside(BEN, noon()), [proof(pin("x", "ben", 'b'))]);
    assert!(house.site.pins_beside(UNKNOWN, noon()).is_empty());
}

#[test]
fn given_a_policy_that_forbids_unless_there_is_a_pin_then_it_is_asked_for() {
    let mut house = House::warehouse();
    house.put(vec![forbidden_without_pin()]);
    assert_eq!(with_keypad(&house, "aisle-1"), ASKED);
    assert_eq!(without_keypad(&house, "aisle-1")[0], Told::Shut(Deny::Forbidden));
    house.put(vec![Change::RevokeCredential(id("ann-pin"))]);
    assert_eq!(ask(&house, "aisle-1", PinFact::NotAsked, true), Told::Shut(Deny::Forbidden));
}

#[test]
fn given_a_door_that_no_pin_opens_then_none_is_asked_for_and_a_wrong_one_is_not_told() {
    let mut house = House::warehouse();
    let no = Told::Shut(Deny::NothingPermits);
    for pin in PINS {
        assert_eq!(ask(&house, "shop", pin, true), no);
    }
    // Nor where the PIN would lift one ban, and another stands.
    let shut = r#"forbid (principal, action == Action::"enter", resource == Door::"aisle-1");"#;
    house.put(vec![forbidden_without_pin(), policy("shut", shut)]);
    for pin in PINS {
        assert_eq!(ask(&house, "aisle-1", pin, true), Told::Shut(Deny::Forbidden));
    }
}

#[test]
fn given_a_rule_outside_its_hours_then_no_pin_is_asked_for() {
    let mut house = House::warehouse();
    let strict = Rule {
        schedule: Some(id("day")),
        factors: Factors::CARD.with(Factors::PIN),
        ..rule("cages", "staff", Target::Zone(id("vault")))
    };
    house.put(vec![Change::PutRule(strict), weekdays("day", 20, 21)]);
    for pin in PINS {
        assert_eq!(ask(&house, "cage", pin, true), Told::Shut(Deny::OutsideSchedule));
    }
}
