//! The hub's keys: kept, replaced, and destroyed so that no byte of them is left in any file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use lockward_ledger::leaf_hash;
use lockward_store::{Erasure, HubKeyError, HubStore, Log, WRAPPED_BYTES_MAX};
use proptest::prelude::*;

fn wrapped(n: usize) -> Vec<u8> {
    let hash = leaf_hash(&n.to_be_bytes());
    hash.as_bytes().iter().copied().cycle().take(40 + n % 300).collect()
}

/// Every run of 16 bytes in any file of the store.
fn bytes_kept(dir: &Path) -> HashSet<[u8; 16]> {
    let files = fs::read_dir(dir).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.flat_map(|bytes| bytes.windows(16).map(|run| run.try_into().unwrap()).collect::<Vec<_>>()).collect()
}

fn start_of(n: usize) -> [u8; 16] {
    wrapped(n)[..16].try_into().unwrap()
}

#[test]
fn keys_are_kept_replaced_and_listed() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    assert_eq!(store.key("epoch-1").unwrap(), None);
    store.put_key("epoch-2", b"two").unwrap();
    store.put_key("epoch-1", b"one").unwrap();
    store.put_key("epoch-1", b"another").unwrap();
    drop(store);
    let store = HubStore::open(dir.path()).unwrap();
    assert_eq!(store.key("epoch-1").unwrap().unwrap(), b"another");
    assert_eq!(store.keys().unwrap(), ["epoch-1", "epoch-2"]);
    assert_eq!(store.delete_key("epoch-1").unwrap(), Erasure::Complete);
    assert_eq!(store.delete_key("never-there").unwrap(), Erasure::Complete);
    assert_eq!(store.key("epoch-1").unwrap(), None);
    assert_eq!(store.keys().unwrap(), ["epoch-2"]);
    assert_eq!(store.key("epoch-2").unwrap().unwrap(), b"two");
    store.put_key("epoch-1", b"a new one").unwrap();
    assert_eq!(store.key("epoch-1").unwrap().unwrap(), b"a new one");
}

#[test]
fn what_is_no_wrapped_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    for bytes in [0, WRAPPED_BYTES_MAX + 1] {
        let refused = store.put_key("k", &vec![1; bytes]);
        assert!(matches!(refused, Err(HubKeyError::Length { bytes: found }) if found == bytes));
    }
    store.put_key("k", &[1; WRAPPED_BYTES_MAX]).unwrap();
    assert_eq!(store.keys().unwrap(), ["k"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn destroyed_key_is_in_no_file_whatever_happened_to_its_neighbours(seed: u64) {
        let dir = tempfile::tempdir().unwrap();
        let store = HubStore::create(dir.path()).unwrap();
        let mut next = seed;
        let mut die = |sides: usize| {
            next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (next >> 33) as usize % sides
        };
        // Names in no order, replaced and deleted at random: the pages that hold them split and merge.
        let mut alive = Vec::new();
        let mut dead = Vec::new();
        for n in 0..700 {
            let name = format!("person-{:05}", die(600));
            if let Some(place) = alive.iter().position(|(other, _)| *other == name) {
                dead.push(alive.swap_remove(place).1);
            }
            store.put_key(&name, &wrapped(n)).unwrap();
            alive.push((name, n));
            if die(3) == 0 {
                let (name, n) = alive.swap_remove(die(alive.len()));
                prop_assert_eq!(store.delete_key(&name).unwrap(), Erasure::Complete);
                dead.push(n);
            }
        }
        let (name, n) = alive.swap_remove(0);
        prop_assert_eq!(store.delete_key(&name).unwrap(), Erasure::Complete);
        dead.push(n);
        let kept = bytes_kept(dir.path());
        for n in dead {
            prop_assert!(!kept.contains(&start_of(n)), "key {} is still there", n);
        }
        for (name, n) in alive {
            prop_assert_eq!(store.key(&name).unwrap().unwrap(), wrapped(n));
            prop_assert!(kept.contains(&start_of(n)), "the search finds what is there");
        }
    }
}

#[test]
fn given_nobody_at_work_then_a_deleted_key_leaves_the_wal_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    let other = HubStore::open(dir.path()).unwrap();
    other.head(Log::Event).unwrap();
    store.put_key("person-1", &wrapped(1)).unwrap();
    assert!(bytes_kept(dir.path()).contains(&start_of(1)));
    assert_eq!(store.delete_key("person-1").unwrap(), Erasure::Complete);
    assert!(!bytes_kept(dir.path()).contains(&start_of(1)));
    assert_eq!(other.key("person-1").unwrap(), None);
}

#[test]
fn given_somebody_reading_then_erasure_is_pending_until_they_have_finished() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    store.put_key("person-1", &wrapped(1)).unwrap();
    let reader = rusqlite::Connection::open(dir.path().join("hub.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM key_name").unwrap();
    assert_eq!(store.delete_key("person-1").unwrap(), Erasure::Pending);
    assert_eq!(store.key("person-1").unwrap(), None, "it is gone for whoever asks");
    assert!(bytes_kept(dir.path()).contains(&start_of(1)));
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(store.delete_key("person-1").unwrap(), Erasure::Complete);
    assert!(!bytes_kept(dir.path()).contains(&start_of(1)));
}
