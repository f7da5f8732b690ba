//! The first entry: who it may be by, and what it may not hold.

use crate::house::*;
use lockward_model::*;
use lockward_site::{Keep, Refusal};

fn refused(founding: &Founding, by: &[Who]) -> Refusal {
    match found(&founding_entry(founding, by), Keep::Everything) {
        Err(refusal) => refusal,
        Ok(_) => panic!("founded"),
    }
}

#[test]
fn a_founding_by_one_of_its_operators_begins_a_site() {
    for by in [&[OWNER][..], &[AUDITOR], &[OWNER, DESK]] {
        let site = found(&founding_entry(&founding(), by), Keep::Everything).unwrap();
        assert_eq!((site.size(), site.operators().count(), site.policy_texts().count()), (1, 3, 10));
        assert_eq!(site.founding(), &founding());
    }
}

#[test]
fn a_founding_that_none_of_its_operators_signed_is_refused() {
    assert_eq!(refused(&founding(), &[]).code(), "ENTRY_UNSIGNED");
    for by in [&[STRANGER][..], &[HUB], &[OWNER, STRANGER]] {
        assert_eq!(refused(&founding(), by).code(), "SIGNER_UNKNOWN");
    }
    let nobody = Founding { operators: vec![], ..founding() };
    assert_eq!(refused(&nobody, &[OWNER]).code(), "SIGNER_UNKNOWN");
}

#[test]
fn a_change_set_founds_nothing() {
    let house = House::new();
    let entry = house.entry(vec![zone("hall", None)], &[OWNER]);
    assert!(matches!(found(&entry, Keep::Everything), Err(Refusal::WrongKind)));
}

#[test]
fn a_founding_with_a_policy_that_is_none_is_refused_by_name() {
    let bad = PolicyText { id: id("mine"), text: "permit everything".into() };
    let refusal = refused(&Founding { policies: vec![bad], ..founding() }, &[OWNER]);
    assert_eq!(refusal.code(), "CHANGE_INVALID");
    assert!(refusal.to_string().contains("policy/mine"), "{refusal}");
}

#[test]
fn a_founding_that_gives_a_key_or_a_name_twice_is_refused() {
    let ada = || operator("ada", OWNER, "owner");
    for (name, operators) in [
        ("one key, two operators", vec![ada(), operator("bob", OWNER, "auditor")]),
        ("one name, two keys", vec![ada(), operator("ada", 11, "auditor")]),
        ("the hub's key", vec![ada(), operator("bob", HUB, "owner")]),
    ] {
        let refusal = refused(&Founding { operators, ..founding() }, &[OWNER]);
        assert_eq!(refusal.code(), "CHANGE_INVALID", "{name}");
    }
    let policy = |text: &str| PolicyText { id: id("mine"), text: text.into() };
    let policies = vec![
        policy("permit (principal, action, resource);"),
        policy("forbid (principal, action, resource);"),
    ];
    assert_eq!(refused(&Founding { policies, ..founding() }, &[OWNER]).code(), "CHANGE_INVALID");
}
