//! Checking what a log claims: that an entry is in it, and that nothing but the end of it has changed.

use crate::checkpoint::Head;
use crate::hash::{Hash, node_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A tree of `size` has no such leaf.
    #[error("entry {index} is past the end of a log of {size}")]
    IndexPastEnd {
        /// The leaf asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A log only grows.
    #[error("a log of {old} entries cannot have become one of {new}")]
    Shrunk {
        /// The size seen earlier.
        old: u64,
        /// The size claimed now.
        new: u64,
    },
    /// The shape of the tree asks for more hashes.
    #[error("the proof has too few hashes for its place in the log")]
    TooShort,
    /// The shape of the tree leaves no use for some hashes.
    #[error("the proof has more hashes than its place in the log takes")]
    TooLong,
    /// The hashes do not lead to the root: the entry, its place or the log is another.
    #[error("the proof does not lead to the root of the log")]
    RootDiffers,
    /// The hashes do not lead to the earlier root: the log was rewritten.
    #[error("the proof does not lead to the earlier root: the log was rewritten")]
    OldRootDiffers,
}

/// Checks that `leaf` stands at `index` in the log of `head` (RFC 9162, section 2.1.3.2).
///
/// `head` must come from a checkpoint that was opened: the root does not bind the size by itself.
pub fn verify_inclusion(index: u64, leaf: Hash, head: Head, proof: &[Hash]) -> Result<(), ProofError> {
    // 1. The leaf lies in the tree.
    let past_end = ProofError::IndexPastEnd { index, size: head.size };
    let Some(last) = head.size.checked_sub(1).filter(|last| index <= *last) else { return Err(past_end) };
    // 2., 3. Start at the leaf.
    let mut at = Place { node: index, last };
    let mut root = leaf;
    // 4. Climb.
    for &sibling in proof {
        root = match at.climb()? {
            Side::Left => node_hash(sibling, root),
            Side::Right => node_hash(root, sibling),
        };
    }
    // 5. At the top, with the root.
    at.arrived()?;
    if root == head.root { Ok(()) } else { Err(ProofError::RootDiffers) }
}

/// Checks that the log of `new` begins with all entries of the log of `old` (RFC 9162, section 2.1.4.2).
///
/// An empty proof stands for the cases that the RFC leaves out: the same log twice, and an `old` of size 0.
pub fn verify_consistency(old: Head, new: Head, proof: &[Hash]) -> Result<(), ProofError> {
    if old.size > new.size {
        return Err(ProofError::Shrunk { old: old.size, new: new.size });
    }
    if old.size == 0 || old.size == new.size {
        return verify_trivial(old, new, proof);
    }
    // 2. The root of a full old tree is itself the first hash; otherwise the proof brings it.
    let (first, rest) = if old.size.is_power_of_two() {
        (old.root, proof)
    } else {
        let Some((first, rest)) = proof.split_first() else { return Err(ProofError::TooShort) };
        (*first, rest)
    };
    // 3., 4. Start at the top of the last full subtree of the old tree.
    let full = (old.size - 1).trailing_ones();
    let mut at = Place { node: (old.size - 1) >> full, last: (new.size - 1) >> full };
    // 5., 6. Climb in both trees: what lies left is in both, what lies right is only in the new one.
    let (mut old_root, mut new_root) = (first, first);
    for &sibling in rest {
        match at.climb()? {
            Side::Left => {
                old_root = node_hash(sibling, old_root);
                new_root = node_hash(sibling, new_root);
            }
            Side::Right => new_root = node_hash(new_root, sibling),
        }
    }
    // 7. At the top, with both roots.
    at.arrived()?;
    if old_root != old.root {
        return Err(ProofError::OldRootDiffers);
    }
    if new_root == new.root { Ok(()) } else { Err(ProofError::RootDiffers) }
}

/// Off-spec: RFC 9162 has no proof here, so none is taken; every log begins with the empty one and with itself.
fn verify_trivial(old: Head, new: Head, proof: &[Hash]) -> Result<(), ProofError> {
    let expected = if old.size == 0 { Hash::EMPTY_ROOT } else { new.root };
    if !proof.is_empty() {
        Err(ProofError::TooLong)
    } else if old.root != expected {
        Err(ProofError::OldRootDiffers)
    } else if new.size == 0 && new.root != Hash::EMPTY_ROOT {
        Err(ProofError::RootDiffers)
    } else {
        Ok(())
    }
}

/// Where the sibling lies.
enum Side {
    Left,
    Right,
}

/// A node and the last node of its level: `fn` and `sn` in RFC 9162.
struct Place {
    node: u64,
    last: u64,
}

impl Place {
    /// Goes up to the parent, skipping levels where the node has no sibling.
    fn climb(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::TooLong);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // A last node that is a left child has no sibling: it rises by itself until it is a right child.
            // INVARIANT: not 0, being odd or equal to `last`; so the shift is under 64, and 0 for a right child.
            let alone = self.node.trailing_zeros();
            self.node >>= alone;
            self.last >>= alone;
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    fn arrived(&self) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::TooShort) }
    }
}
