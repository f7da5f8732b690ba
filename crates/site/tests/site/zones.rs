//! Zones that nest: never in a circle, never too deep, and a rule for one holds in all that lie within.

use crate::house::*;
use crate::picture::{assert_refused, question};
use lockward_model::*;
use lockward_site::Answer;

fn opens(house: &House, door: &str) -> bool {
    let q = question(id(door), ANN, PinFact::NotAsked, noon(), house.site.size());
    matches!(house.site.decide(&q, Mono(1)), Answer::Granted(..))
}

#[test]
fn a_zone_never_lies_within_itself() {
    let mut house = House::new();
    house.put(vec![zone("a", None), zone("b", Some("a")), zone("c", Some("b"))]);
    for inner in ["a", "b", "c"] {
        let entry = house.entry(vec![zone("a", Some(inner))], &[OWNER]);
        let refusal = house.site.apply(&entry).unwrap_err();
        assert_eq!(refusal.to_string(), "change 0 (`put-zone`): zone `a` would lie within itself");
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
    }
    // Not even for a moment, and not when it is new.
    assert!(house.change(vec![zone("new", Some("new"))]).is_err());
    assert!(house.change(vec![zone("a", Some("c")), zone("c", None)]).is_err());
    house.put(vec![zone("c", None), zone("a", Some("c"))]);
}

/// Zones `z0` to `zN`, each within the one before.
fn chain(letter: &str, deepest: usize) -> Vec<Change> {
    let name = |n: usize| format!("{letter}{n}");
    (0..=deepest).map(|n| zone(&name(n), n.checked_sub(1).map(name).as_deref())).collect()
}

#[test]
fn a_zone_lies_within_at_most_sixteen() {
    let mut house = House::new();
    house.put(chain("z", 16));
    let entry = house.entry(vec![zone("z17", Some("z16"))], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
}

#[test]
fn a_zone_that_moves_with_all_within_it_ends_no_deeper() {
    let mut house = House::new();
    house.put([chain("a", 8), chain("b", 8)].concat());
    // b0 and the eight below it, under nine of a: the last would lie within seventeen.
    let entry = house.entry(vec![zone("b0", Some("a8"))], &[OWNER]);
    assert_refused(&mut house, &entry, "CHANGE_INVALID");
    house.put(vec![zone("b0", Some("a7"))]);
}

#[test]
fn a_rule_for_a_zone_holds_to_the_very_depth() {
    let mut house = House::warehouse();
    house.put(chain("z", 16));
    house.put(vec![
        Change::PutDoor(door_to("deep", "z16")),
        Change::PutRule(rule("deep", "staff", Target::Zone(id("z0")))),
    ]);
    assert!(opens(&house, "deep"));
    let shut = r#"forbid (principal, action == Action::"enter", resource in Zone::"z0");"#;
    house.put(vec![policy("shut", shut)]);
    assert!(!opens(&house, "deep"));
}

#[test]
fn a_zone_that_moves_takes_its_doors_along() {
    let mut house = House::warehouse();
    house.put(vec![
        zone("wing", Some("yard")),
        zone("room", Some("wing")),
        Change::PutDoor(door_to("door", "room")),
    ]);
    assert!(!opens(&house, "door"));
    house.put(vec![zone("wing", Some("hall"))]);
    assert!(opens(&house, "door"));
    house.put(vec![zone("room", None)]);
    assert!(!opens(&house, "door"));
    house.put(vec![Change::PutDoor(door_to("door", "aisle"))]);
    assert!(opens(&house, "door"));
}
