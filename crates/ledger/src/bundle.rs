//! The entries themselves, as they are published: length and bytes, up to 256 in a file (C2SP tlog-tiles, Log entries).

use crate::tile::TILE_WIDTH;

/// The longest entry: its length is written in 16 bits.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// The longest bundle: 256 entries of the longest kind, each with 2 bytes of length; just under 16 MiB.
pub const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (2 + ENTRY_BYTES_MAX);

/// Why entries are not a bundle, or bytes are not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The length of an entry has 16 bits.
    #[error("entry {nth} of the bundle has {bytes} bytes; an entry has at most {ENTRY_BYTES_MAX}")]
    EntryTooLong {
        /// Which entry of the bundle, from 0.
        nth: usize,
        /// How long it is.
        bytes: usize,
    },
    /// A bundle has 1 to 256 entries, and a reader knows how many.
    #[error("the bundle should have {expected} entries and has {found}")]
    Count {
        /// How many were expected; at most this many, where entries are written.
        expected: u16,
        /// How many were found before reading stopped.
        found: usize,
    },
    /// The last entry is cut off.
    #[error("entry {nth} of the bundle is cut off")]
    Truncated {
        /// Which entry of the bundle, from 0.
        nth: usize,
    },
    /// Something stands behind the last entry.
    #[error("{bytes} bytes follow the last entry of the bundle")]
    Trailing {
        /// How many bytes are left over.
        bytes: usize,
    },
}

/// Writes 1 to 256 entries as a bundle.
pub fn encode_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    let mut found = 0;
    for (nth, entry) in entries.into_iter().enumerate() {
        let Ok(length) = u16::try_from(entry.len()) else {
            return Err(BundleError::EntryTooLong { nth, bytes: entry.len() });
        };
        found = nth + 1;
        if found > TILE_WIDTH.into() {
            return Err(BundleError::Count { expected: TILE_WIDTH, found });
        }
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    // "Empty tiles MUST NOT be served."
    if found == 0 { Err(BundleError::Count { expected: 1, found }) } else { Ok(bytes) }
}

/// Reads the `width` entries of a bundle, and refuses one that has fewer or more.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    if width == 0 || width > TILE_WIDTH {
        return Err(BundleError::Count { expected: width, found: 0 });
    }
    let mut entries = Vec::with_capacity(width.into());
    let mut rest = bytes;
    for nth in 0..usize::from(width) {
        if rest.is_empty() {
            return Err(BundleError::Count { expected: width, found: nth });
        }
        let Some((length, after)) = rest.split_first_chunk() else {
            return Err(BundleError::Truncated { nth });
        };
        let Some((entry, after)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else {
            return Err(BundleError::Truncated { nth });
        };
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::Trailing { bytes: rest.len() }) }
}
