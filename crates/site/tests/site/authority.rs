//! `SIGNED-AUTHORITY`: what may not stand in the log is refused, with its code, and the site stays what it was.

use crate::house::*;
use crate::picture::{assert_refused, picture, warehouse_sample};
use lockward_model::*;
use lockward_site::{Keep, Refusal};
use lockward_wire::ENTRY_BYTES_MAX;
use lockward_wire::config::{Envelope, PayloadType};
use proptest::prelude::*;

/// A change that only owners may make, and that shows.
fn yard() -> Vec<Change> {
    vec![Change::RemoveRule(id("in"))]
}

/// One entry's payload under another's signatures.
fn spliced(payload: &[u8], signatures: &[u8]) -> Vec<u8> {
    let (payload, signatures) =
        (core::str::from_utf8(payload).unwrap(), core::str::from_utf8(signatures).unwrap());
    let at = |s: &str| s.find(r#","signatures""#).unwrap();
    [&payload[..at(payload)], &signatures[at(signatures)..]].concat().into()
}

/// The entry with every signature twice.
fn signed_twice(entry: &[u8]) -> Vec<u8> {
    let text = core::str::from_utf8(entry).unwrap();
    let (head, signatures) = text.split_once(r#""signatures":["#).unwrap();
    let signatures = signatures.strip_suffix("]}").unwrap();
    format!(r#"{head}"signatures":[{signatures},{signatures}]}}"#).into()
}

#[test]
fn an_entry_by_the_owner_is_applied() {
    let mut house = House::warehouse();
    assert_eq!(house.site.size(), 2);
    house.put(yard());
    assert_eq!((house.site.size(), house.site.rules().count()), (3, 2));
}

#[test]
fn an_unsigned_entry_is_refused() {
    let mut house = House::warehouse();
    let entry = house.entry(yard(), &[]);
    assert_refused(&mut house, &entry, "ENTRY_UNSIGNED");
}

#[test]
fn an_entry_signed_by_a_stranger_is_refused() {
    let mut house = House::warehouse();
    let entry = house.entry(yard(), &[STRANGER]);
    assert_refused(&mut house, &entry, "SIGNER_UNKNOWN");
}

#[test]
fn a_stranger_beside_the_owner_spoils_the_entry() {
    let mut house = House::warehouse();
    let entry = house.entry(yard(), &[OWNER, STRANGER]);
    assert_refused(&mut house, &entry, "SIGNER_UNKNOWN");
}

#[test]
fn a_stranger_under_the_owners_key_id_is_refused() {
    let mut house = House::warehouse();
    let text = |who| String::from_utf8(house.entry(yard(), &[who])).unwrap();
    let (owner, stranger) = (text(OWNER), text(STRANGER));
    let (_, forged) = stranger.split_once(r#""sig":""#).unwrap();
    let (head, _) = owner.split_once(r#""sig":""#).unwrap();
    let entry = format!(r#"{head}"sig":"{forged}"#);
    assert_refused(&mut house, entry.as_bytes(), "SIGNER_UNKNOWN");
}

#[test]
fn a_signature_over_other_bytes_spoils_the_entry_beside_one_that_holds() {
    let mut house = House::warehouse();
    let two =
        r#"forbid (principal, action in Action::"change", resource) unless { context.approvals >= 2 };"#;
    house.put(vec![policy("four-eyes", two)]);
    // Both sign something mild; one of them signs what is meant.
    let mild = house.entry(vec![Change::SuspendPerson(id("ben"))], &[OWNER, AUDITOR]);
    let meant = house.entry(yard(), &[OWNER]);
    let text = |entry: &[u8]| String::from_utf8(entry.to_vec()).unwrap();
    let (mild, meant) = (text(&mild), text(&meant));
    let (_, lent) = mild.rsplit_once(r#",{"keyid""#).unwrap();
    let forged = format!(r#"{},{{"keyid"{lent}"#, meant.strip_suffix("]}").unwrap());
    assert_refused(&mut house, forged.as_bytes(), "SIGNER_UNKNOWN");
}

#[test]
fn keys_that_sign_no_changes_are_strangers() {
    let mut house = House::warehouse();
    // The log key, and a controller's.
    house.put(vec![Change::BindController { id: id("k1"), key: key(7) }]);
    for who in [5, 7] {
        let entry = house.entry(yard(), &[who]);
        assert_refused(&mut house, &entry, "SIGNER_UNKNOWN");
    }
}

#[test]
fn an_auditor_may_change_nothing() {
    let mut house = House::warehouse();
    let entry = house.entry(yard(), &[AUDITOR]);
    assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
}

#[test]
fn the_desk_and_the_hub_may_do_just_what_is_theirs() {
    let mut house = House::warehouse();
    let suspend = || vec![Change::SuspendPerson(id("ben"))];
    let new = || vec![Change::PutPerson(person("eve", &["staff"]))];
    for (who, changes) in [(HUB, new()), (HUB, yard()), (DESK, yard())] {
        let entry = house.entry(changes, &[who]);
        assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
    }
    for (who, changes) in [(HUB, suspend()), (DESK, suspend()), (DESK, new())] {
        house.apply(house.entry(changes, &[who])).unwrap();
    }
}

#[test]
fn one_change_that_is_not_allowed_takes_the_others_with_it() {
    let mut house = House::warehouse();
    let entry = house.entry(vec![Change::SuspendPerson(id("ben")), Change::RemoveRule(id("in"))], &[HUB]);
    let refusal = house.site.apply(&entry).unwrap_err();
    assert_eq!(refusal.to_string(), "change 1 (`remove-rule`) is not allowed to service `hub`");
    assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
}

#[test]
fn who_may_not_change_anything_may_not_even_append_an_empty_set() {
    let mut house = House::warehouse();
    for who in [AUDITOR, OWNER] {
        let entry = house.entry(vec![], &[who]);
        assert_refused(&mut house, &entry, "CHANGE_INVALID");
    }
}

#[test]
fn an_entry_edited_after_signing_is_refused() {
    let mut house = House::warehouse();
    let (mild, strong) =
        (house.entry(vec![Change::SuspendPerson(id("ben"))], &[OWNER]), house.entry(yard(), &[OWNER]));
    assert_refused(&mut house, &spliced(&strong, &mild), "SIGNER_UNKNOWN");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn an_entry_with_any_byte_changed_is_refused(at in any::<proptest::sample::Index>(), flip in 1u8..) {
        let mut house = House::new();
        let mut entry = house.entry(vec![zone("yard", None)], &[OWNER]);
        let at = at.index(entry.len());
        entry[at] ^= flip;
        prop_assert!(house.site.apply(&entry).is_err(), "byte {at}");
        prop_assert_eq!((house.site.size(), house.site.zones().count()), (1, 0));
    }
}

#[test]
fn a_replayed_entry_is_refused() {
    let mut house = House::warehouse();
    house.put(vec![zone("yard", Some("hall"))]);
    for replayed in house.log.clone().iter().skip(1) {
        assert_refused(&mut house, replayed, "ENTRY_OUT_OF_ORDER");
    }
}

#[test]
fn an_entry_that_skips_one_is_refused() {
    let mut house = House::warehouse();
    let set = house.set(yard());
    for at in [0, 1, set.at - 1, set.at + 1, u64::MAX] {
        let entry = entry(&ChangeSet { at, ..set.clone() }, &[OWNER]);
        assert_refused(&mut house, &entry, "ENTRY_OUT_OF_ORDER");
    }
}

#[test]
fn an_entry_of_another_sites_log_is_refused() {
    let mut house = House::warehouse();
    // The same people found another site: all that differs is the site.
    let other = found(&founding_entry(&founding(), &[OWNER, AUDITOR]), Keep::Everything).unwrap();
    assert_ne!(other.id(), house.site.id());
    let entry = entry(&ChangeSet { site: other.id(), ..house.set(yard()) }, &[OWNER]);
    assert_refused(&mut house, &entry, "ENTRY_OTHER_SITE");
}

#[test]
fn a_second_founding_is_refused() {
    let mut house = House::warehouse();
    let replayed = house.log[0].clone();
    assert_refused(&mut house, &replayed, "ENTRY_KIND");
    let takeover = Founding { operators: vec![operator("eve", STRANGER, "owner")], ..founding() };
    assert_refused(&mut house, &founding_entry(&takeover, &[STRANGER, OWNER]), "ENTRY_KIND");
}

#[test]
fn a_set_that_grants_its_own_signer_the_right_it_needs_is_refused() {
    let everything = "permit (principal, action, resource);";
    for (who, name, title) in [(AUDITOR, "olga", "Olga"), (DESK, "pete", "Pete")] {
        let promoted = Operator { title: id(title), ..operator(name, who, "owner") };
        for first in [Change::PutOperator(promoted.clone()), policy("mine", everything)] {
            let mut house = House::warehouse();
            let entry = house.entry(vec![first, Change::RemoveRule(id("in"))], &[who]);
            assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
        }
        // With the right first, and by someone who may give it, the same change goes through.
        let mut house = House::warehouse();
        house.put(vec![Change::PutOperator(promoted)]);
        house.apply(house.entry(yard(), &[who])).unwrap();
    }
}

#[test]
fn a_set_that_makes_its_own_signer_an_operator_is_refused() {
    let mut house = House::warehouse();
    let eve = Change::PutOperator(operator("eve", STRANGER, "owner"));
    for by in [&[STRANGER][..], &[OWNER, STRANGER]] {
        let entry = house.entry(vec![eve.clone()], by);
        assert_refused(&mut house, &entry, "SIGNER_UNKNOWN");
    }
}

#[test]
fn a_set_that_removes_the_policy_against_it_is_refused() {
    let mut house = House::warehouse();
    let frozen = r#"forbid (principal, action == Action::"change:remove-rule", resource);"#;
    house.put(vec![policy("frozen", frozen)]);
    let thaw = vec![Change::RemovePolicy(id("frozen")), Change::RemoveRule(id("in"))];
    let entry = house.entry(thaw, &[OWNER]);
    assert_refused(&mut house, &entry, "SIGNER_NOT_ALLOWED");
    house.put(vec![Change::RemovePolicy(id("frozen"))]);
    house.put(yard());
}

#[test]
fn a_set_that_takes_its_signers_right_away_still_counts_whole_and_is_the_last() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutOperator(operator("olga", AUDITOR, "owner"))]);
    house.put(vec![Change::RemoveOperator(id("ada")), Change::RemoveRule(id("in"))]);
    let entry = house.entry(yard(), &[OWNER]);
    assert_refused(&mut house, &entry, "SIGNER_UNKNOWN");
}

#[test]
fn a_replaced_key_signs_nothing_any_more() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutOperator(operator("ada", 11, "owner"))]);
    let old = house.entry(yard(), &[OWNER]);
    assert_refused(&mut house, &old, "SIGNER_UNKNOWN");
    house.apply(house.entry(yard(), &[11])).unwrap();
}

#[test]
fn where_two_must_sign_neither_one_twice_nor_one_without_the_right_is_two() {
    let mut house = House::warehouse();
    house.put(vec![Change::PutOperator(operator("otto", 12, "owner"))]);
    let two =
        r#"forbid (principal, action in Action::"change", resource) unless { context.approvals >= 2 };"#;
    house.put(vec![policy("four-eyes", two)]);
    let once = house.entry(yard(), &[OWNER]);
    assert_refused(&mut house, &once, "SIGNER_NOT_ALLOWED");
    assert_refused(&mut house, &signed_twice(&once), "SIGNER_NOT_ALLOWED");
    let beside = house.entry(yard(), &[OWNER, AUDITOR]);
    assert_refused(&mut house, &beside, "SIGNER_NOT_ALLOWED");
    house.apply(house.entry(yard(), &[OWNER, 12])).unwrap();
}

#[test]
fn an_entry_of_a_newer_version_is_refused_as_such() {
    let mut house = House::warehouse();
    let entry = String::from_utf8(house.entry(yard(), &[OWNER])).unwrap();
    let newer = entry.replace("change-set.v1+json", "change-set.v2+json");
    assert_ne!(newer, entry);
    assert_refused(&mut house, newer.as_bytes(), "ENTRY_NEWER");
    assert!(matches!(found(newer.as_bytes(), Keep::Decisions), Err(Refusal::Newer)));
}

#[test]
fn what_is_no_entry_is_refused() {
    let mut house = House::warehouse();
    let good = house.entry(yard(), &[OWNER]);
    let text = core::str::from_utf8(&good).unwrap();
    let foreign = text.replace(PayloadType::ChangeSet.as_str(), "text/plain");
    let long = [good.as_slice(), &vec![b' '; ENTRY_BYTES_MAX]].concat();
    let bad: [&[u8]; 6] = [b"", b"{}", &good[..good.len() - 1], foreign.as_bytes(), &long, &[0xff; 40]];
    for entry in bad {
        assert_refused(&mut house, entry, "ENTRY_MALFORMED");
    }
    // Sound envelopes around what is no change set, each signed by the owner.
    for payload in ["", "{}", "[]", "null", r#"{"site":"00","at":2,"drafted_ms":0,"changes":[]}"#] {
        let mut envelope = Envelope::new(PayloadType::ChangeSet, payload.into()).unwrap();
        envelope.sign(&pair(OWNER)).unwrap();
        assert_refused(&mut house, &envelope.to_bytes(), "ENTRY_MALFORMED");
    }
}

#[test]
fn after_every_refusal_the_next_good_entry_is_applied() {
    let mut house = House::warehouse();
    let bad = house.entry(yard(), &[STRANGER]);
    assert_refused(&mut house, &bad, "SIGNER_UNKNOWN");
    house.put(yard());
    let sample = warehouse_sample();
    assert_eq!(picture(&house.site, &sample), picture(&house.replay(Keep::Everything), &sample));
}
