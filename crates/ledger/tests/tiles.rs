//! Tiles and bundles: their names, which of them a log has at a size, and their bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod kept;

use std::collections::BTreeSet;

use kept::Kept;
use lockward_ledger::{
    BundleError, BundleId, ENTRY_BYTES_MAX, Hash, SIZE_MAX, TileError, TileId, TilePath, TilePathError,
    Tiles, decode_bundle, decode_tile, encode_bundle, encode_tile, full_tiles, partial_bundle, partial_tiles,
};
use proptest::collection::vec;
use proptest::prelude::*;

const INDEX_MAX: u64 = (1 << 56) - 2;

fn tile(level: u8, index: u64, width: u16) -> TileId {
    TileId::new(level, index, width).unwrap()
}

#[test]
fn paths_are_those_of_the_specification() {
    for (id, path) in [
        (tile(0, 0, 256), "tile/0/000"),
        (tile(0, 273, 112), "tile/0/273.p/112"),
        (tile(63, 999, 255), "tile/63/999.p/255"),
        (tile(1, 1000, 256), "tile/1/x001/000"),
        (tile(2, 1_234_067, 1), "tile/2/x001/x234/067.p/1"),
        (tile(0, INDEX_MAX, 256), "tile/0/x072/x057/x594/x037/x927/934"),
    ] {
        assert_eq!(id.to_string(), path);
        assert_eq!(path.parse(), Ok(TilePath::Hashes(id)));
    }
    let bundle = BundleId::new(1_234_067, 8).unwrap();
    assert_eq!(bundle.to_string(), "tile/entries/x001/x234/067.p/8");
    assert_eq!(bundle.to_string().parse(), Ok(TilePath::Entries(bundle)));
    assert_eq!("tile/entries/000".parse(), Ok(TilePath::Entries(BundleId::new(0, 256).unwrap())));
}

#[test]
fn a_second_spelling_of_a_path_is_refused() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile//000",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/+1/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/entries",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001/x001",
        "tile/0/x001",
        "tile/0/x001//001",
        "tile/0/xx01/001",
        "tile/0/../000",
        "tile/0/X001/001",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/+1",
        "tile/0/000.p/1.p/1",
        "tile/0/.p/1",
        "tile/0/000 ",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ] {
        let refused = path.parse::<TilePath>();
        assert!(matches!(refused, Err(TilePathError::Malformed { .. })), "`{path}`: {refused:?}");
    }
    let number = |path: &str, source| TilePathError::Number { path: path.into(), source };
    for (path, source) in [
        ("tile/64/000", TileError::Level { found: 64 }),
        ("tile/0/000.p/0", TileError::Width { found: 0 }),
        ("tile/entries/x072/x057/x594/x037/x927/935", TileError::Index { index: INDEX_MAX + 1 }),
    ] {
        assert_eq!(path.parse::<TilePath>(), Err(number(path, source)));
    }
    assert_eq!("tile/".repeat(20).parse::<TilePath>(), Err(TilePathError::TooLong { found: 100 }));
}

#[test]
fn an_error_about_a_path_cannot_forge_a_line_of_the_log() {
    let error = "tile/0/\nfatal".parse::<TilePath>().unwrap_err().to_string();
    assert!(error.starts_with(r"`tile/0/\nfatal` is no tile"), "{error}");
}

#[test]
fn the_tiles_of_a_log_are_those_of_the_specification() {
    let partial: Vec<_> = partial_tiles(70_000).collect();
    assert_eq!(partial, [tile(0, 273, 112), tile(1, 1, 17), tile(2, 0, 1)]);
    let full = full_tiles(0, 70_000);
    let (low, high): (Vec<_>, Vec<_>) = full.partition(|tile| tile.level() == 0);
    assert_eq!(low, (0..273).map(|index| tile(0, index, 256)).collect::<Vec<_>>());
    assert_eq!(high, [tile(1, 0, 256)]);
    assert_eq!(partial_tiles(256).collect::<Vec<_>>(), [tile(1, 0, 1)]);
    assert_eq!(full_tiles(255, 256).collect::<Vec<_>>(), [tile(0, 0, 256)]);
    assert_eq!(partial_bundle(70_000), Some(BundleId::new(273, 112).unwrap()));
    assert_eq!(partial_bundle(256), None);
}

#[test]
fn an_empty_log_has_no_tiles_and_no_size_overflows() {
    assert_eq!((partial_tiles(0).count(), full_tiles(0, 0).count(), partial_bundle(0)), (0, 0, None));
    assert_eq!(partial_tiles(SIZE_MAX).count(), 8);
    assert_eq!(partial_tiles(SIZE_MAX).last(), Some(tile(7, 0, 127)));
    assert_eq!(full_tiles(SIZE_MAX, SIZE_MAX).count(), 0);
    assert_eq!(full_tiles(9, 3).count(), 0);
}

#[test]
fn only_what_a_log_has_is_within_it() {
    assert!(tile(0, 273, 112).is_within(70_000) && !tile(0, 273, 113).is_within(70_000));
    assert!(tile(1, 1, 17).is_within(70_000) && !tile(1, 1, 18).is_within(70_000));
    assert!(!tile(8, 0, 1).is_within(SIZE_MAX) && !tile(63, 0, 1).is_within(SIZE_MAX));
    let bundle = |width| BundleId::new(273, width).unwrap();
    assert!(bundle(112).is_within(70_000) && !bundle(113).is_within(70_000));
    assert_eq!(bundle(112).first_entry(), 69_888);
    assert_eq!(BundleId::in_log(273, 70_000), Some(bundle(112)));
    assert_eq!((BundleId::in_log(274, 70_000), TileId::in_log(0, u64::MAX, 70_000)), (None, None));
}

proptest! {
    /// Growing step by step or at once, the same tiles become full, and with the partial ones they are all of the log.
    #[test]
    fn full_and_partial_tiles_cover_the_log_once(size in 0_u64..200_000, cut in 0_u64..200_000) {
        let cut = cut.min(size);
        let steps: BTreeSet<_> = full_tiles(0, cut).chain(full_tiles(cut, size)).collect();
        prop_assert_eq!(steps.len(), full_tiles(0, cut).count() + full_tiles(cut, size).count());
        prop_assert_eq!(&steps, &full_tiles(0, size).collect());
        for level in 0..8 {
            let tiles: Vec<_> = steps.iter().copied().chain(partial_tiles(size)).filter(|t| t.level() == level).collect();
            let hashes: u64 = tiles.iter().map(|t| u64::from(t.width())).sum();
            prop_assert_eq!(hashes, size >> (8 * level), "level {}", level);
            prop_assert!(tiles.iter().zip(0..).all(|(t, index)| t.index() == index && t.is_within(size)));
            prop_assert!(tiles.iter().all(|t| TileId::in_log(level, t.index(), size) == Some(*t)));
        }
    }

    #[test]
    fn what_an_append_completes_is_what_the_tiles_hold(size in 1_u64..1500) {
        let log = Kept::of(size);
        for id in full_tiles(0, size).chain(partial_tiles(size)) {
            let hashes = log.tile(id).unwrap();
            for (hash, index) in hashes.iter().zip(id.index() * 256..) {
                let leaves = 1 << (8 * id.level());
                let from = index as usize * leaves;
                prop_assert_eq!(*hash, kept::naive_root(&log.leaves[from..from + leaves]));
            }
            prop_assert_eq!(decode_tile(&encode_tile(&hashes)), Ok(hashes));
        }
    }

    #[test]
    fn paths_round_trip(level in 0_u8..64, index in 0..=INDEX_MAX, shift in 0_u32..56, width in 1_u16..=256) {
        let id = tile(level, index >> shift, width);
        prop_assert_eq!(id.to_string().parse(), Ok(TilePath::Hashes(id)));
        let bundle = BundleId::new(index >> shift, width).unwrap();
        prop_assert_eq!(bundle.to_string().parse(), Ok(TilePath::Entries(bundle)));
    }

    #[test]
    fn a_path_parses_only_if_it_is_what_display_writes(
        path in "(tile/)?(entries|[0-9]{1,2})/(x?[0-9]{3}/){0,7}x?[0-9]{2,4}(\\.p/[0-9]{0,4})?|\\PC*",
    ) {
        if let Ok(parsed) = path.parse::<TilePath>() {
            prop_assert_eq!(parsed.to_string(), path);
        }
    }

    #[test]
    fn bundles_round_trip(entries in vec(vec(any::<u8>(), 0..60), 1..=256)) {
        let bytes = encode_bundle(entries.iter().map(Vec::as_slice)).unwrap();
        let width = entries.len() as u16;
        prop_assert_eq!(decode_bundle(&bytes, width).unwrap(), entries);
        for other in [0, width - 1, width + 1, 257, u16::MAX] {
            prop_assert!(decode_bundle(&bytes, other).is_err());
        }
    }

    #[test]
    fn bytes_are_a_bundle_only_if_they_are_what_is_written(bytes in vec(0_u8..4, 0..400), width in 0_u16..300) {
        if let Ok(entries) = decode_bundle(&bytes, width) {
            prop_assert_eq!(entries.len(), usize::from(width));
            prop_assert_eq!(encode_bundle(entries), Ok(bytes));
        }
    }

    #[test]
    fn bytes_are_a_tile_only_if_they_are_what_is_written(bytes in vec(any::<u8>(), 0..9000)) {
        for cut in [bytes.len(), bytes.len() / 32 * 32] {
            match decode_tile(&bytes[..cut]) {
                Ok(hashes) => prop_assert_eq!(encode_tile(&hashes), &bytes[..cut]),
                Err(_) => prop_assert!(cut % 32 != 0 || cut == 0 || cut > 8192),
            }
        }
    }
}

#[test]
fn a_tile_of_257_hashes_or_of_none_is_refused() {
    assert_eq!(decode_tile(&[]), Err(TileError::Width { found: 0 }));
    assert_eq!(decode_tile(&[0; 257 * 32]), Err(TileError::Width { found: 257 }));
    assert_eq!(decode_tile(&[0; 33]), Err(TileError::Ragged { found: 33 }));
    assert_eq!(decode_tile(&[0; 256 * 32]), Ok(vec![Hash::from_bytes([0; 32]); 256]));
}

#[test]
fn each_flaw_of_a_bundle_is_named() {
    let longest = vec![7; ENTRY_BYTES_MAX];
    let bytes = encode_bundle([longest.as_slice()]).unwrap();
    assert_eq!(decode_bundle(&bytes, 1), Ok(vec![longest.as_slice()]));
    let too_long = vec![7; ENTRY_BYTES_MAX + 1];
    assert_eq!(
        encode_bundle([[].as_slice(), &too_long]),
        Err(BundleError::EntryTooLong { nth: 1, bytes: 65_536 })
    );
    assert_eq!(encode_bundle([]), Err(BundleError::Count { expected: 1, found: 0 }));
    assert_eq!(encode_bundle([[].as_slice(); 257]), Err(BundleError::Count { expected: 256, found: 257 }));

    let bytes = encode_bundle([b"ab".as_slice(), b"c"]).unwrap();
    assert_eq!(bytes, b"\0\x02ab\0\x01c");
    assert_eq!(decode_bundle(&bytes[..6], 2), Err(BundleError::Truncated { nth: 1 }));
    assert_eq!(decode_bundle(&bytes[..5], 2), Err(BundleError::Truncated { nth: 1 }));
    assert_eq!(decode_bundle(&bytes[..4], 2), Err(BundleError::Count { expected: 2, found: 1 }));
    assert_eq!(decode_bundle(&bytes, 1), Err(BundleError::Trailing { bytes: 3 }));
}
