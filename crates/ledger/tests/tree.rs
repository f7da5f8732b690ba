//! The tree: any root is that of the definition, every honest proof holds, and no altered one does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod kept;

use kept::{Kept, Missing, naive_root};
use lockward_ledger::{
    FRONTIER_BYTES_MAX, Frontier, FrontierError, Hash, Head, ProofError, SIZE_MAX, TileId, Tiles, TilesError,
    leaf_hash, prove_consistency, prove_inclusion, read_frontier, verify_consistency, verify_inclusion,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

fn flip_one(proof: &[Hash], which: Index, bit: usize) -> Vec<Hash> {
    let mut altered = proof.to_vec();
    let which = which.index(proof.len());
    altered[which] = flip(altered[which], bit);
    altered
}

proptest! {
    #[test]
    fn frontier_root_is_the_root_of_the_definition(entries in vec(vec(any::<u8>(), 0..40), 0..300)) {
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let frontier: Frontier = leaves.iter().copied().collect();
        prop_assert_eq!(frontier.head(), Head { size: leaves.len() as u64, root: naive_root(&leaves) });
    }

    #[test]
    fn a_frontier_that_was_kept_goes_on_as_if_it_had_not_been(before in 0_u64..600, after in 0_u64..300) {
        let log = Kept::of(before + after);
        let leaves = log.leaves.split_at(before as usize);
        let frontier: Frontier = leaves.0.iter().copied().collect();
        let mut kept = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
        prop_assert_eq!(&kept, &frontier);
        prop_assert_eq!(read_frontier(&log, before), Ok(frontier));
        kept.extend(leaves.1.iter().copied());
        prop_assert_eq!(kept, log.frontier);
    }

    #[test]
    fn bytes_are_a_frontier_only_if_they_are_what_it_writes(bytes in vec(any::<u8>(), 0..FRONTIER_BYTES_MAX + 9)) {
        if let Ok(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_frontier_with_another_length_is_refused(size in 0_u64..2000, cut in 0_usize..40) {
        let mut bytes = Kept::of(size).frontier.to_bytes();
        bytes.push(0);
        prop_assert!(Frontier::from_bytes(&bytes).is_err());
        bytes.truncate(bytes.len().saturating_sub(2 + cut));
        prop_assert!(Frontier::from_bytes(&bytes).is_err());
    }

    #[test]
    fn inclusion_holds_and_no_altered_proof_does(
        size in 1_u64..700, index in any::<Index>(), bit in 0_usize..256, which in any::<Index>(), other in any::<Index>(),
    ) {
        let log = Kept::of(size);
        let index = index.index(size as usize) as u64;
        let (leaf, head) = (log.leaves[index as usize], log.head(size));
        let proof = prove_inclusion(&log, index, size).unwrap();
        prop_assert_eq!(verify_inclusion(index, leaf, head, &proof), Ok(()));

        prop_assert_eq!(verify_inclusion(index, flip(leaf, bit), head, &proof), Err(ProofError::RootDiffers));
        let head_altered = Head { root: flip(head.root, bit), ..head };
        prop_assert_eq!(verify_inclusion(index, leaf, head_altered, &proof), Err(ProofError::RootDiffers));
        prop_assert!(verify_inclusion(index ^ 1 << (bit % 64), leaf, head, &proof).is_err());
        let other = other.index(size as usize) as u64;
        prop_assert_eq!(verify_inclusion(other, leaf, head, &proof).is_ok(), other == index);
        if !proof.is_empty() {
            let altered = flip_one(&proof, which, bit);
            prop_assert_eq!(verify_inclusion(index, leaf, head, &altered), Err(ProofError::RootDiffers));
            prop_assert_eq!(verify_inclusion(index, leaf, head, &proof[1..]), Err(ProofError::TooShort));
        }
        let longer = [proof.as_slice(), &[head.root]].concat();
        prop_assert_eq!(verify_inclusion(index, leaf, head, &longer), Err(ProofError::TooLong));
    }

    #[test]
    fn consistency_holds_and_no_altered_proof_does(
        new in 1_u64..700, old in any::<Index>(), bit in 0_usize..256, which in any::<Index>(),
    ) {
        let log = Kept::of(new);
        let (old, new) = (log.head(1 + old.index(new as usize) as u64), log.head(new));
        let proof = prove_consistency(&log, old.size, new.size).unwrap();
        prop_assert_eq!(verify_consistency(old, new, &proof), Ok(()));

        let old_altered = Head { root: flip(old.root, bit), ..old };
        prop_assert!(verify_consistency(old_altered, new, &proof).is_err());
        let new_altered = Head { root: flip(new.root, bit), ..new };
        prop_assert!(verify_consistency(old, new_altered, &proof).is_err());
        if !proof.is_empty() {
            prop_assert!(verify_consistency(old, new, &flip_one(&proof, which, bit)).is_err());
            prop_assert!(verify_consistency(old, new, &proof[1..]).is_err());
            prop_assert!(verify_consistency(old, new, &proof[..proof.len() - 1]).is_err());
        }
        let longer = [proof.as_slice(), &[new.root]].concat();
        prop_assert_eq!(verify_consistency(old, new, &longer), Err(ProofError::TooLong));
        if old.size < new.size {
            let shrunk = ProofError::Shrunk { old: new.size, new: old.size };
            prop_assert_eq!(verify_consistency(new, old, &proof), Err(shrunk));
        }
    }

    /// `NONE-ALTERED`: whoever holds the earlier checkpoint sees that an entry behind it was changed.
    #[test]
    fn a_rewritten_log_is_consistent_with_no_earlier_checkpoint(
        new in 2_u64..300, old in any::<Index>(), altered in any::<Index>(),
    ) {
        let honest = Kept::of(new);
        let old = honest.head(1 + old.index(new as usize - 1) as u64);
        let altered = altered.index(old.size as usize) as u64;
        let mut forked = Kept::default();
        for index in 0..new {
            forked.push(&if index == altered { [0xff; 8] } else { index.to_be_bytes() });
        }
        let proof = prove_consistency(&forked, old.size, new).unwrap();
        prop_assert!(verify_consistency(old, forked.head(new), &proof).is_err());
    }

    #[test]
    fn no_numbers_and_hashes_make_a_check_panic(
        a in any::<u64>(), b in any::<u64>(), seed in any::<[u8; 32]>(), length in 0_usize..130,
    ) {
        let hash = Hash::from_bytes(seed);
        let (old, new) = (Head { size: a, root: hash }, Head { size: b, root: flip(hash, 0) });
        prop_assert!(verify_inclusion(a, hash, new, &vec![hash; length]).is_err());
        prop_assert!(verify_consistency(old, new, &vec![hash; length]).is_err());
    }
}

#[test]
fn proofs_hold_in_a_log_of_three_tile_levels() {
    // The size that C2SP tlog-tiles takes as its example.
    let log = Kept::of(70_000);
    let head = log.head(70_000);
    assert_eq!(log.frontier.head(), head);
    for index in [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        let proof = prove_inclusion(&log, index, head.size).unwrap();
        assert_eq!(
            verify_inclusion(index, log.leaves[index as usize], head, &proof),
            Ok(()),
            "entry {index}"
        );
    }
    for old in [1, 255, 256, 257, 65_535, 65_536, 65_537, 69_888, 69_999, 70_000] {
        let proof = prove_consistency(&log, old, head.size).unwrap();
        assert_eq!(verify_consistency(log.head(old), head, &proof), Ok(()), "from {old}");
        assert_eq!(read_frontier(&log, old).unwrap().root(), log.head(old).root, "frontier at {old}");
    }
}

#[test]
fn every_log_grows_from_the_empty_one_and_takes_no_proof_for_it() {
    let empty = Head { size: 0, root: Hash::EMPTY_ROOT };
    let head = Kept::of(5).head(5);
    assert_eq!(prove_consistency(&Kept::of(5), 0, 5), Ok(vec![]));
    assert_eq!(verify_consistency(empty, head, &[]), Ok(()));
    assert_eq!(verify_consistency(empty, empty, &[]), Ok(()));
    assert_eq!(verify_consistency(empty, head, &[head.root]), Err(ProofError::TooLong));
    let fake = Head { size: 0, root: head.root };
    assert_eq!(verify_consistency(fake, head, &[]), Err(ProofError::OldRootDiffers));
    assert_eq!(verify_consistency(empty, fake, &[]), Err(ProofError::RootDiffers));
}

#[test]
fn given_no_such_entry_then_no_proof_is_made() {
    let log = Kept::of(5);
    assert_eq!(prove_inclusion(&log, 5, 5), Err(TilesError::PastEnd { asked: 5, size: 5 }));
    assert_eq!(prove_consistency(&log, 6, 5), Err(TilesError::PastEnd { asked: 6, size: 5 }));
    assert_eq!(
        read_frontier(&log, SIZE_MAX + 1),
        Err(TilesError::PastEnd { asked: SIZE_MAX + 1, size: SIZE_MAX })
    );
}

#[test]
fn given_a_missing_or_short_tile_then_the_error_names_it() {
    let tile = TileId::new(0, 0, 6).unwrap();
    let missing = TilesError::Unread { tile, source: Missing };
    assert_eq!(prove_inclusion(&Kept::of(5), 0, 6), Err(missing));
    let short = |_: TileId| Ok::<_, Missing>(vec![Hash::EMPTY_ROOT; 3]);
    assert_eq!(prove_inclusion(&short, 0, 6), Err(TilesError::Short { tile, found: 3 }));
}

#[test]
fn given_a_full_tile_in_place_of_a_partial_one_then_the_proof_is_the_same() {
    let log = Kept::of(256);
    let full = |id: TileId| log.tile(TileId::new(id.level(), id.index(), 256).unwrap());
    for index in 0..200 {
        assert_eq!(prove_inclusion(&full, index, 200), prove_inclusion(&Kept::of(200), index, 200));
    }
}

#[test]
fn a_frontier_larger_than_any_log_is_refused() {
    let bytes = (SIZE_MAX + 1).to_be_bytes();
    assert_eq!(Frontier::from_bytes(&bytes), Err(FrontierError::TooLarge { size: SIZE_MAX + 1 }));
    let largest = [SIZE_MAX.to_be_bytes().as_slice(), &[7; 63 * 32]].concat();
    assert_eq!(largest.len(), FRONTIER_BYTES_MAX);
    let mut frontier = Frontier::from_bytes(&largest).unwrap();
    frontier.append(Hash::EMPTY_ROOT);
    assert_eq!(frontier.size(), SIZE_MAX + 1);
}
