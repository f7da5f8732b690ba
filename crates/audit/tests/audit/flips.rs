//! One byte wrong, anywhere in either log: exactly that entry is named, with keys or without, with tiles or without.

use crate::copy::{Copy, every_key};
use lockward_audit::{EpochKeys, Log};

/// One byte in `step` of every leaf, from another one on in each; changed by one bit, each time another.
fn named_exactly(log: Log, tiles: bool, keys: &EpochKeys, step: usize) {
    let mut copy = Copy::clean();
    if !tiles {
        copy = copy.without_tiles();
    }
    let lengths: Vec<usize> = copy.shelf(log).entries.iter().map(Vec::len).collect();
    for (index, length) in lengths.into_iter().enumerate() {
        for at in (index * 7 % step..length).step_by(step) {
            let bit = 1 << ((at + index) % 8);
            copy.shelf(log).entries[index][at] ^= bit;
            let found = copy.audit(keys.clone(), 1);
            let finding = found.expect_err(&format!("byte {at} of entry {index} went unseen"));
            assert_eq!(
                (finding.log, finding.index),
                (log, Some(index as u64)),
                "byte {at} bit {bit}: {finding}"
            );
            copy.shelf(log).entries[index][at] ^= bit;
        }
    }
    assert!(copy.check().is_ok());
}

#[test]
fn none_altered_a_flip_in_an_event_is_named_without_keys_and_tiles() {
    named_exactly(Log::Event, false, &EpochKeys::new(), 41);
}

#[test]
fn none_altered_a_flip_in_an_event_is_named_with_keys() {
    named_exactly(Log::Event, false, &every_key(), 61);
}

#[test]
fn none_altered_a_flip_in_an_event_is_named_with_tiles() {
    named_exactly(Log::Event, true, &EpochKeys::new(), 61);
}

#[test]
fn none_altered_a_flip_in_a_change_is_named() {
    named_exactly(Log::Config, false, &EpochKeys::new(), 97);
    named_exactly(Log::Config, true, &every_key(), 197);
}
