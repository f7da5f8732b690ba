//! A log in memory for the tests of this folder: its tiles, and its roots by the recursive definition.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;

use lockward_ledger::{Frontier, Hash, Head, TILE_WIDTH, TileId, Tiles, leaf_hash, node_hash};

/// The leaves of a log, and every tile that it has written, the partial ones of each size included.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) leaves: Vec<Hash>,
    pub(crate) frontier: Frontier,
    levels: BTreeMap<u8, Vec<Hash>>,
}

/// The tile was never written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing;

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such tile")
    }
}

impl std::error::Error for Missing {}

impl Kept {
    /// A log of `size` entries that all differ.
    pub(crate) fn of(size: u64) -> Self {
        let mut kept = Self::default();
        for index in 0..size {
            kept.push(&index.to_be_bytes());
        }
        kept
    }

    pub(crate) fn push(&mut self, entry: &[u8]) {
        let leaf = leaf_hash(entry);
        self.leaves.push(leaf);
        let levels = &mut self.levels;
        self.frontier.append_with(leaf, |node, hash| {
            if node.level % 8 == 0 {
                let level = levels.entry(node.level / 8).or_default();
                assert_eq!(level.len() as u64, node.index, "nodes of a level come in order");
                level.push(hash);
            }
        });
    }

    pub(crate) fn head(&self, size: u64) -> Head {
        Head { size, root: naive_root(&self.leaves[..size as usize]) }
    }
}

impl Tiles for Kept {
    type Error = Missing;

    fn tile(&self, id: TileId) -> Result<Vec<Hash>, Missing> {
        let level = self.levels.get(&id.level()).ok_or(Missing)?;
        let from = id.index() as usize * usize::from(TILE_WIDTH);
        level.get(from..from + usize::from(id.width())).map(<[Hash]>::to_vec).ok_or(Missing)
    }
}

/// MTH of RFC 6962, section 2.1, word for word.
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
