//! What must hold of a store's log whatever has happened to it, computed here without tiles or frontiers of the store.

use lockward_ledger::{
    Frontier, Hash, Head, TileId, encode_tile, full_tiles, leaf_hash, node_hash, partial_tiles,
};
use lockward_store::{Batch, HubAppendError, HubError, HubStore, Log, LogHead, SourceHead};

/// The entry that the tests write at `idx`: of 0 to 599 bytes, different everywhere.
pub(crate) fn entry(idx: u64) -> Vec<u8> {
    let length = idx.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 600;
    idx.to_be_bytes().iter().copied().cycle().take(length as usize).collect()
}

/// A stand-in for a signed note: what it says can be compared.
pub(crate) fn note(head: Head) -> Vec<u8> {
    format!("{} {}", head.size, head.root).into_bytes()
}

/// Appends the next `count` entries, and counts them for `source`.
pub(crate) fn append(store: &HubStore, log: Log, at: u64, count: u64) -> Result<LogHead, HubAppendError> {
    let leaves: Vec<_> = (at..at + count).map(entry).collect();
    let head = lockward_model::Digest([(at + count) as u8; 32]);
    let sources = [SourceHead { source: "dock-a".into(), count: at + count, head }];
    store.append(log, &Batch { at, leaves: &leaves, sources: &sources }, note)
}

/// RFC 6962, section 2.1, word by word.
pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(naive_root(left), naive_root(right))
        }
    }
}

/// Checks that entries, leaf hashes, tiles, frontier, checkpoint and source heads tell the same story; returns the
/// leaf hashes.
pub(crate) fn check_whole(store: &HubStore, log: Log) -> Vec<Hash> {
    let head = store.head(log).unwrap();
    let mut leaves = Vec::new();
    let end = store
        .for_each_entry(log, 0..u64::MAX, |idx, bytes| {
            assert_eq!(bytes, entry(idx), "entry {idx}");
            leaves.push(leaf_hash(bytes));
            Ok::<_, HubError>(())
        })
        .unwrap();
    assert_eq!(head.size(), end, "as many entries as the head says");
    assert_eq!(head.frontier, leaves.iter().copied().collect::<Frontier>());
    assert_eq!(head.frontier.root(), naive_root(&leaves));
    if end > 0 {
        assert_eq!(head.checkpoint.unwrap(), note(head.frontier.head()));
        let source = store.source("dock-a").unwrap().unwrap();
        assert_eq!((source.count, source.head.0), (end, [end as u8; 32]));
    }
    // The hashes of each tile level: roots of as many leaves as a tile of the level below covers.
    let mut level = leaves.clone();
    for depth in 0..8 {
        let ids = full_tiles(0, end).chain(partial_tiles(end)).filter(|id| id.level() == depth);
        let mut hashes = 0;
        for id in ids {
            let first = id.index() as usize * 256;
            let expected = encode_tile(&level[first..first + usize::from(id.width())]);
            assert_eq!(store.tile(log, id).unwrap(), Some(expected), "{id}");
            hashes += usize::from(id.width());
        }
        assert_eq!(hashes, level.len(), "every hash of level {depth} is in a tile");
        let past = TileId::new(depth, level.len() as u64 / 256, (level.len() % 256) as u16 + 1).unwrap();
        assert_eq!(store.tile(log, past).unwrap(), None, "{past} lies past the end");
        level = level.chunks_exact(256).map(naive_root).collect();
    }
    leaves
}
