//! Making proofs out of tiles: which hashes a doubter needs, and in which tile each of them lies.

use std::collections::BTreeMap;
use std::error::Error;

use crate::checkpoint::SIZE_MAX;
use crate::frontier::{Frontier, join};
use crate::hash::Hash;
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, TileId};

/// Where tiles are kept. A closure will do.
pub trait Tiles {
    /// What can go wrong there.
    type Error: Error + 'static;

    /// The hashes of a tile, leftmost first. More than its width is accepted (the full tile where a partial one is
    /// asked for), fewer are not.
    fn tile(&self, id: TileId) -> Result<Vec<Hash>, Self::Error>;
}

impl<F, E> Tiles for F
where
    F: Fn(TileId) -> Result<Vec<Hash>, E>,
    E: Error + 'static,
{
    type Error = E;

    fn tile(&self, id: TileId) -> Result<Vec<Hash>, E> {
        self(id)
    }
}

/// Why nothing could be made out of the tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TilesError<E: Error + 'static> {
    /// The keeper of the tiles failed.
    #[error("could not read `{tile}`")]
    Unread {
        /// The tile asked for.
        tile: TileId,
        /// What the keeper said.
        #[source]
        source: E,
    },
    /// The keeper gave less than the log has.
    #[error("`{tile}` has only {found} hashes")]
    Short {
        /// The tile asked for.
        tile: TileId,
        /// How many hashes came.
        found: usize,
    },
    /// The log has no such entry, or no such earlier size.
    #[error("{asked} is past the end of a log of {size}")]
    PastEnd {
        /// The index or the size asked for.
        asked: u64,
        /// The size of the log.
        size: u64,
    },
}

/// Proves that an entry stands at `index` in the log of `size` (RFC 6962, section 2.1.1; RFC 9162, section 2.1.3.1).
pub fn prove_inclusion<T: Tiles>(
    tiles: &T,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, TilesError<T::Error>> {
    if index >= size {
        return Err(TilesError::PastEnd { asked: index, size });
    }
    let mut reader = Reader::new(tiles, size);
    let mut proof = Vec::new();
    let (mut from, mut to) = (0, size);
    // PATH(m, D[n]), from the root down: the half without the entry is a hash of the proof.
    while to - from > 1 {
        let middle = from + left_size(to - from);
        if index < middle {
            proof.push(reader.root(middle, to)?);
            to = middle;
        } else {
            proof.push(reader.root(from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proves that the log of `new` entries begins with the log of `old` (RFC 6962, section 2.1.2; RFC 9162, section
/// 2.1.4.1). Empty where there is nothing to prove: the same size twice, or an `old` of 0.
pub fn prove_consistency<T: Tiles>(tiles: &T, old: u64, new: u64) -> Result<Vec<Hash>, TilesError<T::Error>> {
    if old > new {
        return Err(TilesError::PastEnd { asked: old, size: new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let mut reader = Reader::new(tiles, new);
    let mut proof = Vec::new();
    let (mut from, mut to) = (0, new);
    // SUBPROOF(m, D[n], b), from the root down, until the range ends where the old log did.
    while to != old {
        let middle = from + left_size(to - from);
        if old <= middle {
            proof.push(reader.root(middle, to)?);
            to = middle;
        } else {
            proof.push(reader.root(from, middle)?);
            from = middle;
        }
    }
    // b is false: the last subtree is not the whole old log, so its hash is not known to the doubter.
    if from > 0 {
        proof.push(reader.root(from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The frontier of the log as it was at `size`: to append from there, or to know its root.
///
/// `size` may lie anywhere behind the size that the tiles were written for, as long as no partial tile that the tree of
/// `size` needs was deleted without its full one.
pub fn read_frontier<T: Tiles>(tiles: &T, size: u64) -> Result<Frontier, TilesError<T::Error>> {
    if size > SIZE_MAX {
        return Err(TilesError::PastEnd { asked: size, size: SIZE_MAX });
    }
    Ok(Frontier::from_parts(size, Reader::new(tiles, size).full_subtrees(0, size)?))
}

/// The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree.
fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// One walk through the tiles of a log. Each tile is read once: at most two a level, 16 in all.
struct Reader<'a, T> {
    tiles: &'a T,
    size: u64,
    read: BTreeMap<TileId, Vec<Hash>>,
}

impl<'a, T: Tiles> Reader<'a, T> {
    fn new(tiles: &'a T, size: u64) -> Self {
        Self { tiles, size, read: BTreeMap::new() }
    }

    /// MTH(D[from:to]), for a range that starts where a subtree of its size does.
    fn root(&mut self, from: u64, to: u64) -> Result<Hash, TilesError<T::Error>> {
        Ok(join(&self.full_subtrees(from, to)?))
    }

    /// The roots of the full subtrees that the range splits into, the largest first.
    fn full_subtrees(&mut self, from: u64, to: u64) -> Result<Vec<Hash>, TilesError<T::Error>> {
        let mut hashes = Vec::new();
        let mut at = from;
        while at < to {
            let level = (to - at).ilog2();
            hashes.push(self.node(level, at >> level)?);
            at += 1 << level;
        }
        Ok(hashes)
    }

    /// The root of the full subtree of 2^`level` leaves at `index`: from the tile that holds it or its descendants.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, TilesError<T::Error>> {
        let height = level % u32::from(TILE_HEIGHT);
        let first = index << height;
        let past_end = TilesError::PastEnd { asked: first, size: self.size };
        // INVARIANT: a level of the tree is below 64, so its tile level fits.
        let tile_level = (level / u32::from(TILE_HEIGHT)) as u8;
        let Some(tile) = TileId::in_log(tile_level, first >> TILE_HEIGHT, self.size) else {
            return Err(past_end);
        };

        let hashes = self.read(tile)?;
        let found = hashes.len();
        let start = (first % u64::from(TILE_WIDTH)) as usize;
        let Some(leaves) = hashes.get(start..start + (1 << height)) else {
            return Err(TilesError::Short { tile, found });
        };
        Ok(leaves.iter().copied().collect::<Frontier>().root())
    }

    fn read(&mut self, tile: TileId) -> Result<&[Hash], TilesError<T::Error>> {
        match self.read.entry(tile) {
            std::collections::btree_map::Entry::Occupied(kept) => Ok(kept.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                let hashes = self.tiles.tile(tile).map_err(|source| TilesError::Unread { tile, source })?;
                Ok(place.insert(hashes))
            }
        }
    }
}
