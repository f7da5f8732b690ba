//! The published form of the tree: which hashes lie in which file, and what the file is called (C2SP tlog-tiles).

use std::fmt;
use std::str::FromStr;

use crate::decimal::decimal;
use crate::hash::Hash;

/// Hashes in a full tile, entries in a full bundle (C2SP tlog-tiles, Merkle Tree).
pub const TILE_WIDTH: u16 = 256;

/// log2 of the width: a hash at tile level L covers 2^(8 × L) entries.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// The highest level a path may name.
const LEVEL_MAX: u8 = 63;

/// The highest level that a log can reach: 8 levels of 8 bits are all the bits of a size.
const LEVEL_REACHED_MAX: u8 = 7;

/// `tile/entries/` (13), the seven groups of a 64-bit index (six like `x001/`, one like `067`), `.p/255` (6).
const PATH_BYTES_MAX: usize = 13 + 6 * 5 + 3 + 6;

/// A run of hashes of one level of the tree, kept in one file.
///
/// INVARIANT: level 0 to 63, width 1 to 256, and the end of the tile is a number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

/// A run of entries, kept in one file; the entries under the level 0 tile of the same index and width.
///
/// INVARIANT: width 1 to 256, and the end of the bundle is a number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId {
    index: u64,
    width: u16,
}

/// What a path below a log's prefix names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TilePath {
    /// `tile/<L>/<N>[.p/<W>]`
    Hashes(TileId),
    /// `tile/entries/<N>[.p/<W>]`
    Entries(BundleId),
}

/// Why numbers or bytes are not a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// No tree is that high.
    #[error("a tile's level is 0 to 63, not {found}")]
    Level {
        /// The level given.
        found: u8,
    },
    /// A tile has at least one hash, and 256 when it is full.
    #[error("a tile's width is 1 to 256, not {found}")]
    Width {
        /// The width given.
        found: usize,
    },
    /// No log is that long.
    #[error("tile {index} lies past the end of any log")]
    Index {
        /// The index given.
        index: u64,
    },
    /// A hash is cut off.
    #[error("a tile is a whole number of 32-byte hashes; {found} bytes are not")]
    Ragged {
        /// How many bytes there were.
        found: usize,
    },
}

/// Why text is not a tile's path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TilePathError {
    /// Not the form, or not the one spelling of it.
    #[error("`{}` is no tile: expected a path like `tile/0/x001/067.p/8` or `tile/entries/067`", path.escape_debug())]
    Malformed {
        /// The path given.
        path: String,
    },
    /// Not worth repeating.
    #[error("a tile's path has at most {PATH_BYTES_MAX} bytes, not {found}")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
    /// The form is right, a number in it is not.
    #[error("`{path}` names no tile")]
    Number {
        /// The path given.
        path: String,
        /// What is wrong with it.
        #[source]
        source: TileError,
    },
}

impl TileId {
    /// The tile at `index` of `level` with `width` hashes.
    pub const fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        if level > LEVEL_MAX {
            return Err(TileError::Level { found: level });
        }
        match check(index, width) {
            Ok(()) => Ok(Self { level, index, width }),
            Err(error) => Err(error),
        }
    }

    /// The tile at `index` of `level` as wide as a log of `size` makes it; none, if the log does not reach it.
    pub fn in_log(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = hashes_at(level, size);
        let before = index.checked_mul(TILE_WIDTH.into())?;
        let here = hashes.checked_sub(before)?.min(TILE_WIDTH.into());
        Self::new(level, index, u16::try_from(here).ok()?).ok()
    }

    /// 0 for leaf hashes; each level above holds the roots of full tiles of the level below.
    pub const fn level(self) -> u8 {
        self.level
    }

    /// The place within the level, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Hashes in the tile: 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether nothing will be added to it.
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Whether a log of `size` has all hashes of the tile; what lies beyond a checkpoint is not served.
    pub fn is_within(self, size: u64) -> bool {
        self.index * u64::from(TILE_WIDTH) + u64::from(self.width) <= hashes_at(self.level, size)
    }
}

impl BundleId {
    /// The bundle at `index` with `width` entries.
    pub const fn new(index: u64, width: u16) -> Result<Self, TileError> {
        match check(index, width) {
            Ok(()) => Ok(Self { index, width }),
            Err(error) => Err(error),
        }
    }

    /// The bundle at `index` as wide as a log of `size` makes it; none, if the log does not reach it.
    pub fn in_log(index: u64, size: u64) -> Option<Self> {
        TileId::in_log(0, index, size).map(|tile| Self { index, width: tile.width })
    }

    /// The place among the bundles, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Entries in the bundle: 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether nothing will be added to it.
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The place in the log of its first entry.
    pub fn first_entry(self) -> u64 {
        self.index * u64::from(TILE_WIDTH)
    }

    /// Whether a log of `size` has all entries of the bundle.
    pub fn is_within(self, size: u64) -> bool {
        self.first_entry() + u64::from(self.width) <= size
    }
}

const fn check(index: u64, width: u16) -> Result<(), TileError> {
    if width == 0 || width > TILE_WIDTH {
        return Err(TileError::Width { found: width as usize });
    }
    // The end of the tile, `(index + 1) × 256`, has to fit.
    if index >= u64::MAX >> TILE_HEIGHT {
        return Err(TileError::Index { index });
    }
    Ok(())
}

/// How many hashes a tree of `size` has at a tile level: `floor(s / 256**l)`.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// The tiles, at every level, that became full when the log grew from `old` to `new` entries.
pub fn full_tiles(old: u64, new: u64) -> impl Iterator<Item = TileId> {
    (0..LEVEL_REACHED_MAX).flat_map(move |level| {
        let full = |size| hashes_at(level + 1, size);
        (full(old)..full(new)).map(move |index| TileId { level, index, width: TILE_WIDTH })
    })
}

/// The tiles on the right edge of a log of `size` entries that are not full yet, at most one a level.
pub fn partial_tiles(size: u64) -> impl Iterator<Item = TileId> {
    (0..=LEVEL_REACHED_MAX).filter_map(move |level| TileId::in_log(level, hashes_at(level + 1, size), size))
}

/// The bundle at the end of a log of `size` entries that is not full yet, if there is one.
pub fn partial_bundle(size: u64) -> Option<BundleId> {
    BundleId::in_log(size >> TILE_HEIGHT, size)
}

/// The bytes of a tile: its hashes, one after the other.
pub fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.as_bytes()).copied().collect()
}

/// The hashes of a tile, 1 to 256.
pub fn decode_tile(bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
    let (hashes, ragged) = bytes.as_chunks();
    if !ragged.is_empty() {
        return Err(TileError::Ragged { found: bytes.len() });
    }
    if hashes.is_empty() || hashes.len() > TILE_WIDTH.into() {
        return Err(TileError::Width { found: hashes.len() });
    }
    Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
}

/// The path below the log's prefix, `tile/<L>/<N>[.p/<W>]`.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

/// The path below the log's prefix, `tile/entries/<N>[.p/<W>]`.
impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(tile) => tile.fmt(f),
            Self::Entries(bundle) => bundle.fmt(f),
        }
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    // The largest power of 1000 that is not above the index: the first group is never zero, unless it is all.
    let mut power = 1;
    while index / power >= 1000 {
        power *= 1000;
    }
    while power > 1 {
        write!(f, "x{:03}/", index / power % 1000)?;
        power /= 1000;
    }
    write!(f, "{:03}", index % 1000)?;
    if width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
}

/// Accepts what `Display` writes, and nothing else: one file has one path.
impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        if path.len() > PATH_BYTES_MAX {
            return Err(TilePathError::TooLong { found: path.len() });
        }
        let malformed = || TilePathError::Malformed { path: path.into() };
        let number = |source| TilePathError::Number { path: path.into(), source };

        let (level, place) =
            path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or_else(malformed)?;
        let (index, width) = parse_place(place).ok_or_else(malformed)?;
        if level == "entries" {
            return BundleId::new(index, width).map(Self::Entries).map_err(number);
        }
        let level = decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or_else(malformed)?;
        TileId::new(level, index, width).map(Self::Hashes).map_err(number)
    }
}

fn parse_place(place: &str) -> Option<(u64, u16)> {
    let (groups, width) = match place.split_once(".p/") {
        None => (place, TILE_WIDTH),
        // "a decimal ASCII integer between 1 and 255": a full tile has no suffix. Zero is refused by `new`.
        Some((groups, width)) => {
            (groups, decimal(width)?.try_into().ok().filter(|width| *width < TILE_WIDTH)?)
        }
    };
    let (front, last) = match groups.rsplit_once('/') {
        None => (None, groups),
        Some((front, last)) => (Some(front), last),
    };
    let mut index = 0;
    for group in front.into_iter().flat_map(|front| front.split('/')) {
        index = push_group(index, group.strip_prefix('x')?)?;
        // A group of zeroes in front would be a second spelling.
        if index == 0 {
            return None;
        }
    }
    Some((push_group(index, last)?, width))
}

fn push_group(index: u64, group: &str) -> Option<u64> {
    let digits = group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let group: u64 = if digits { group.parse().ok()? } else { return None };
    index.checked_mul(1000)?.checked_add(group)
}
