//! The hub's logs under ordinary use: whatever is appended, by whomever, the log is the one that RFC 6962 describes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod hub_whole;

use std::sync::Barrier;

use hub_whole::{append, check_whole, entry, note};
use lockward_ledger::{
    ENTRY_BYTES_MAX, Head, prove_consistency, prove_inclusion, read_frontier, verify_consistency,
    verify_inclusion,
};
use lockward_store::{Batch, ENTRIES_MAX, HubAppendError, HubError, HubStore, Log};
use proptest::prelude::*;

fn new_store() -> (tempfile::TempDir, HubStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    (dir, store)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tiles_and_root_are_those_of_the_entries_for_any_batches(
        batches in prop::collection::vec(prop_oneof![0..4_u64, 200..300_u64, 0..1_500_u64], 1..8)
    ) {
        let (dir, store) = new_store();
        let mut at = 0;
        for count in batches {
            let head = append(&store, Log::Event, at, count).unwrap();
            at += count;
            prop_assert_eq!(head.size(), at);
            prop_assert_eq!(&head, &store.head(Log::Event).unwrap());
        }
        check_whole(&store, Log::Event);
        let before = store.head(Log::Event).unwrap();
        drop(store);
        let store = HubStore::open(dir.path()).unwrap();
        prop_assert_eq!(store.head(Log::Event).unwrap(), before);
        prop_assert_eq!(store.head(Log::Config).unwrap().size(), 0);
        check_whole(&store, Log::Event);
    }
}

#[test]
fn tiles_above_the_first_level_become_full() {
    let (_dir, store) = new_store();
    append(&store, Log::Config, 0, 65_530).unwrap();
    append(&store, Log::Config, 65_530, 5).unwrap();
    check_whole(&store, Log::Config);
    append(&store, Log::Config, 65_535, 1_000).unwrap();
    check_whole(&store, Log::Config);
}

#[test]
fn proofs_made_from_the_store_verify() {
    let (_dir, store) = new_store();
    append(&store, Log::Event, 0, 700).unwrap();
    let old = store.head(Log::Event).unwrap().frontier.head();
    append(&store, Log::Event, 700, 400).unwrap();
    let new = store.head(Log::Event).unwrap().frontier.head();
    let tiles = store.tiles(Log::Event);
    for idx in [0, 255, 256, 699, 1_099] {
        let proof = prove_inclusion(&tiles, idx, new.size).unwrap();
        let leaf = lockward_ledger::leaf_hash(&store.entry(Log::Event, idx).unwrap().unwrap());
        verify_inclusion(idx, leaf, new, &proof).unwrap();
    }
    let proof = prove_consistency(&tiles, old.size, new.size).unwrap();
    verify_consistency(old, new, &proof).unwrap();
    assert_eq!(read_frontier(&tiles, 700).unwrap().head(), old);
    assert!(prove_inclusion(&tiles, 1_100, 1_101).is_err(), "nothing is proven past the end");
}

#[test]
fn second_of_two_who_saw_the_same_size_is_told_that_it_raced() {
    let (dir, first) = new_store();
    let second = HubStore::open(dir.path()).unwrap();
    append(&first, Log::Event, 0, 3).unwrap();
    let mut signed = false;
    let leaves = [b"late"];
    let refused = second.append(Log::Event, &Batch { at: 0, leaves: &leaves, sources: &[] }, |head| {
        signed = true;
        note(head)
    });
    assert!(matches!(refused, Err(HubAppendError::Raced { expected: 0, found: 3 })), "{refused:?}");
    assert!(!signed, "nothing is signed for a log that has moved");
    assert!(matches!(
        append(&second, Log::Event, 4, 1),
        Err(HubAppendError::Raced { expected: 4, found: 3 })
    ));
    check_whole(&second, Log::Event);
}

#[test]
fn of_many_who_race_exactly_one_wins_each_size() {
    const THREADS: usize = 4;
    const SIZE: u64 = 300;
    let (dir, store) = new_store();
    let start = Barrier::new(THREADS);
    let wins: u64 = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let store = HubStore::open(dir.path()).unwrap();
                    start.wait();
                    let (mut at, mut wins) = (0, 0);
                    while at < SIZE {
                        match append(&store, Log::Event, at, 1) {
                            Ok(head) => {
                                wins += 1;
                                at = head.size();
                            }
                            Err(HubAppendError::Raced { expected, found }) => {
                                assert!(expected < found);
                                at = found;
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                    wins
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(wins, SIZE);
    assert_eq!(check_whole(&store, Log::Event).len() as u64, SIZE);
}

#[test]
fn entry_of_the_longest_kind_is_kept_and_a_longer_one_refused_with_its_batch() {
    let (_dir, store) = new_store();
    let longest = vec![7; ENTRY_BYTES_MAX];
    let batch = Batch { at: 0, leaves: std::slice::from_ref(&longest), sources: &[] };
    store.append(Log::Event, &batch, note).unwrap();
    assert_eq!(store.entry(Log::Event, 0).unwrap(), Some(longest));
    let leaves = [vec![1], vec![7; ENTRY_BYTES_MAX + 1]];
    let refused = store.append(Log::Event, &Batch { at: 1, leaves: &leaves, sources: &[] }, note);
    assert!(matches!(refused, Err(HubAppendError::TooLong { nth: 1, bytes: 65_536 })), "{refused:?}");
    assert_eq!(store.head(Log::Event).unwrap().size(), 1);
}

#[test]
fn batch_without_entries_makes_the_checkpoint_anew() {
    let (_dir, store) = new_store();
    assert_eq!(store.head(Log::Event).unwrap().checkpoint, None);
    let batch = Batch::<&[u8]> { at: 0, leaves: &[], sources: &[] };
    let mut shown = None;
    let head = store.append(Log::Event, &batch, |head| {
        shown = Some(head);
        b"signed".to_vec()
    });
    assert_eq!(shown, Some(Head { size: 0, root: lockward_ledger::Hash::EMPTY_ROOT }));
    assert_eq!(head.unwrap(), store.head(Log::Event).unwrap());
    assert_eq!(store.head(Log::Event).unwrap().checkpoint.unwrap(), b"signed");
}

#[test]
fn the_two_logs_know_nothing_of_each_other() {
    let (_dir, store) = new_store();
    append(&store, Log::Config, 0, 300).unwrap();
    let config = store.head(Log::Config).unwrap();
    append(&store, Log::Event, 0, 600).unwrap();
    assert_eq!(store.head(Log::Config).unwrap(), config);
    assert_eq!(store.entries(Log::Config, 299..400).unwrap(), [entry(299)]);
}

#[test]
fn ranges_are_cut_to_the_log_and_to_the_limit() {
    let (_dir, store) = new_store();
    append(&store, Log::Event, 0, 1_000).unwrap();
    let expected: Vec<_> = (100..100 + ENTRIES_MAX).map(entry).collect();
    assert_eq!(store.entries(Log::Event, 100..1_000).unwrap(), expected);
    assert_eq!(store.entries(Log::Event, 998..2_000).unwrap(), [entry(998), entry(999)]);
    assert!(store.entries(Log::Event, 1_000..2_000).unwrap().is_empty());
    assert!(store.entries(Log::Event, 500..500).unwrap().is_empty());
    assert_eq!(store.entry(Log::Event, 1_000).unwrap(), None);
}

#[test]
fn visitor_that_fails_stops_the_stream_there() {
    let (_dir, store) = new_store();
    append(&store, Log::Event, 0, 50).unwrap();
    let mut seen = Vec::new();
    let stopped = store.for_each_entry(Log::Event, 10..40, |idx, _| {
        seen.push(idx);
        if idx == 12 { Err(HubError::Damaged { what: "enough", source: None }) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(HubError::Damaged { what: "enough", .. })));
    assert_eq!(seen, [10, 11, 12]);
    assert_eq!(store.for_each_entry(Log::Event, 10..40, |_, _| Ok::<_, HubError>(())).unwrap(), 40);
}

#[test]
fn signer_may_read_the_store() {
    let (_dir, store) = new_store();
    store.put_key("log", b"wrapped").unwrap();
    let batch = Batch { at: 0, leaves: &[b"entry"], sources: &[] };
    let head = store.append(Log::Event, &batch, |_| store.key("log").unwrap().unwrap()).unwrap();
    assert_eq!(head.checkpoint.unwrap(), b"wrapped");
}

#[test]
fn data_version_moves_for_the_writes_of_others_alone() {
    let (dir, store) = new_store();
    let other = HubStore::open(dir.path()).unwrap();
    let before = (store.data_version().unwrap(), other.data_version().unwrap());
    append(&store, Log::Event, 0, 1).unwrap();
    assert_eq!(store.data_version().unwrap(), before.0);
    assert_ne!(other.data_version().unwrap(), before.1);
    let after = other.data_version().unwrap();
    other.head(Log::Event).unwrap();
    assert_eq!(other.data_version().unwrap(), after);
}
