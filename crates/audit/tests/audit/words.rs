//! Changes without authority, and checkpoints and cosignatures that are not what they say: each is named.

use crate::copy::{Copy, head};
use crate::plant;
use crate::plant::id;
use lockward_audit::FindingCode as F;
use lockward_audit::Log;
use lockward_ledger::{Head, leaf_hash};
use lockward_model::Change;

#[test]
fn signed_authority_a_config_entry_that_is_not_rightly_signed_is_named() {
    let copy = Copy::clean();
    let changes = || vec![Change::SuspendPerson(id("p5"))];
    let put = |entry: Vec<u8>, refusal: &str| {
        let mut copy = copy.clone();
        copy.config.entries.push(entry);
        copy.config.publish();
        copy.must_be(Log::Config, Some(10), F::EntryRefused);
        let finding = copy.check().unwrap_err();
        assert!(finding.what.starts_with(refusal), "{finding}");
    };
    let site = copy.site;
    put(plant::entry(site, 10, changes(), None), "ENTRY_UNSIGNED");
    put(plant::entry(site, 10, changes(), Some(&plant::stranger())), "SIGNER_UNKNOWN");
    put(plant::entry(site, 10, changes(), Some(&plant::auditor())), "SIGNER_NOT_ALLOWED");
    put(plant::entry(site, 9, changes(), Some(&plant::owner())), "ENTRY_OUT_OF_ORDER");
    put(plant::entry(plant::site_id(b"other"), 10, changes(), Some(&plant::owner())), "ENTRY_OTHER_SITE");
    put(copy.config.entries[9].clone(), "ENTRY_OUT_OF_ORDER");
    put(copy.config.entries[0].clone(), "ENTRY_KIND");
    put(b"{}".to_vec(), "ENTRY_MALFORMED");
    put(
        plant::entry(site, 10, vec![Change::RemoveZone(id("attic"))], Some(&plant::owner())),
        "CHANGE_INVALID",
    );
}

#[test]
fn none_altered_a_rightly_signed_entry_of_another_history_is_named_by_the_tiles_only() {
    let mut copy = Copy::clean();
    let change = vec![Change::RemoveRule(id("staff-by-day"))];
    let last = copy.config.entries.len() - 1;
    copy.config.entries[last] = plant::entry(copy.site, last as u64, change, Some(&plant::owner()));
    copy.must_be(Log::Config, Some(last as u64), F::EntryAltered);
    copy.without_tiles().must_be(Log::Config, None, F::RootMismatch);
}

#[test]
fn none_altered_a_checkpoint_of_another_history_is_named() {
    let mut copy = Copy::clean();
    let mut other = copy.event.entries.clone();
    other.swap(0, 1);
    copy.event.publish_head(head(&other), &plant::log());
    // These tiles are not the checkpoint's, and tell nothing.
    copy.must_be(Log::Event, None, F::RootMismatch);
    copy.event.tiles = Some(other.iter().map(|e| leaf_hash(e)).collect());
    copy.must_be(Log::Event, Some(0), F::EntryAltered);
}

#[test]
fn a_checkpoint_of_another_size_is_named() {
    let copy = Copy::clean();
    let size = copy.event.entries.len() as u64;
    let claim = |claimed| {
        let mut copy = copy.clone();
        let root = head(&copy.event.entries).root;
        copy.event.publish_head(Head { size: claimed, root }, &plant::log());
        copy
    };
    claim(size + 1).must_be(Log::Event, Some(size), F::LogShort);
    claim(size - 1).must_be(Log::Event, None, F::RootMismatch);
}

#[test]
fn a_checkpoint_that_the_log_has_not_signed_is_named() {
    for log in [Log::Config, Log::Event] {
        let mut copy = Copy::clean();
        let shelf = copy.shelf(log);
        shelf.publish_head(head(&shelf.entries), &plant::stranger());
        copy.must_be(log, None, F::CheckpointSignature);
        copy.shelf(log).note = b"no note".to_vec();
        copy.must_be(log, None, F::CheckpointSignature);
    }
    // One log's checkpoint is not the other's.
    let mut copy = Copy::clean();
    copy.event.note = copy.config.note.clone();
    copy.must_be(Log::Event, None, F::CheckpointSignature);
}

#[test]
fn a_cosignature_by_a_stranger_in_a_controllers_name_is_named() {
    let at = |log, name: &str, key: &_| {
        let mut copy = Copy::clean();
        copy.shelf(log).cosign(name, key, 1_750_000_000);
        copy.must_be(log, None, F::CosignatureInvalid);
    };
    at(Log::Event, "site.example/events/controller/c1", &plant::stranger());
    at(Log::Config, "site.example/config/controller/c1", &plant::controller(2));
    at(Log::Config, "site.example/config/controller/c9", &plant::stranger());
    at(Log::Config, "site.example/config/controller/C1", &plant::controller(1));
}

#[test]
fn a_cosignature_of_another_checkpoint_is_named() {
    let mut copy = Copy::clean();
    let mut other = copy.clone();
    other.event.entries.truncate(2);
    other.event.publish();
    other.event.cosign("site.example/events/controller/c1", &plant::controller(1), 1_750_000_000);
    let line = String::from_utf8(other.event.note).unwrap().lines().last().unwrap().to_owned();
    copy.event.note.extend(format!("{line}\n").into_bytes());
    copy.must_be(Log::Event, None, F::CosignatureInvalid);
}

#[test]
fn a_log_of_another_site_is_named() {
    let mut copy = Copy::clean();
    copy.site = plant::site_id(&plant::founding("Other"));
    copy.must_be(Log::Config, Some(0), F::OtherSite);
}

#[test]
fn a_config_entry_of_a_newer_version_is_named_as_such() {
    let mut copy = Copy::clean();
    let entry = String::from_utf8(plant::entry(copy.site, 10, Vec::new(), None)).unwrap();
    copy.config.entries.push(entry.replace("change-set.v1", "change-set.v2").into_bytes());
    copy.config.publish();
    copy.must_be(Log::Config, Some(10), F::Newer);
}

#[test]
fn no_two_findings_share_a_code() {
    let codes: std::collections::HashSet<_> = F::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(codes.len(), F::ALL.len());
}
