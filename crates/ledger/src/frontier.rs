//! The right edge of the tree: all that is needed to append to a log and to know its root.

use crate::checkpoint::{Head, SIZE_MAX};
use crate::hash::{Hash, node_hash};

/// The longest form of a frontier: the size, and one hash for each bit that a size can have set (63).
pub const FRONTIER_BYTES_MAX: usize = SIZE_BYTES + 63 * Hash::LEN;

const SIZE_BYTES: usize = size_of::<u64>();

/// The roots of the largest full subtrees that a log splits into, left to right: at most 63 hashes for any log.
///
/// INVARIANT: one hash for each bit that is set in `size`, the highest bit first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

/// A full subtree: the one at `index`, counted from the left, among those of 2^`level` leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// The height: 0 is a leaf. Every eighth level is kept in a tile: level 8 × L, index i is hash i of tile level L.
    pub level: u8,
    /// The place within the level, from 0.
    pub index: u64,
}

/// Why bytes are not a [`Frontier`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// Not even a size.
    #[error("a frontier starts with a size of 8 bytes; only {found} bytes are there")]
    NoSize {
        /// How many bytes there were.
        found: usize,
    },
    /// No log is that large.
    #[error("a log of {size} entries is larger than any log can be")]
    TooLarge {
        /// The size that was read.
        size: u64,
    },
    /// The size says how many hashes follow.
    #[error("a frontier of size {size} takes {expected} bytes, not {found}")]
    Length {
        /// The size that was read.
        size: u64,
        /// How many bytes such a frontier has.
        expected: usize,
        /// How many bytes there were.
        found: usize,
    },
}

impl Frontier {
    /// The frontier of a log with no entries.
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// For `read_frontier`, which fetches exactly one hash for each set bit.
    pub(crate) const fn from_parts(size: u64, hashes: Vec<Hash>) -> Self {
        Self { size, hashes }
    }

    /// How many leaves the log has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the log (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        join(&self.hashes)
    }

    /// The size and the root.
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root() }
    }

    /// Appends the hash of an entry.
    pub fn append(&mut self, leaf: Hash) {
        self.append_with(leaf, |_, _| ());
    }

    /// Appends the hash of an entry and reports each subtree that became full by it: the leaf first, then upwards.
    ///
    /// Whoever writes tiles keeps the nodes whose level is a multiple of 8.
    pub fn append_with(&mut self, leaf: Hash, mut full: impl FnMut(Node, Hash)) {
        let mut node = Node { level: 0, index: self.size };
        let mut hash = leaf;
        full(node, hash);
        // A right child completes its parent; the left one is the last hash of the edge.
        while node.index & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(left, hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            full(node, hash);
        }
        self.hashes.push(hash);
        // No overflow: a frontier starts at 2^63 - 1 at most, and nobody appends another 2^63 entries.
        self.size += 1;
    }

    /// The size (8 bytes, big-endian), then the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE_BYTES + self.hashes.len() * Hash::LEN);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for hash in &self.hashes {
            bytes.extend_from_slice(hash.as_bytes());
        }
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote. The hashes are not checked here: compare the root with a checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let Some((size, rest)) = bytes.split_first_chunk() else {
            return Err(FrontierError::NoSize { found: bytes.len() });
        };
        let size = u64::from_be_bytes(*size);
        if size > SIZE_MAX {
            return Err(FrontierError::TooLarge { size });
        }
        let expected = SIZE_BYTES + size.count_ones() as usize * Hash::LEN;
        if bytes.len() != expected {
            return Err(FrontierError::Length { size, expected, found: bytes.len() });
        }
        let (hashes, _) = rest.as_chunks();
        Ok(Self { size, hashes: hashes.iter().copied().map(Hash::from_bytes).collect() })
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.append(leaf));
    }
}

impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut frontier = Self::new();
        frontier.extend(leaves);
        frontier
    }
}

/// The root over full subtrees of falling size, left to right.
pub(crate) fn join(hashes: &[Hash]) -> Hash {
    hashes.iter().copied().rev().reduce(|right, left| node_hash(left, right)).unwrap_or(Hash::EMPTY_ROOT)
}
