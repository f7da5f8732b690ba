//! SHA-256 as RFC 6962 uses it: leaves and inner nodes are hashed apart, so that neither can pass for the other.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{self, SHA256};

/// A SHA-256 digest: of an entry, of two subtrees, or of a whole log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Self::LEN]);

/// Why bytes or text are not a [`struct@Hash`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// A SHA-256 digest is 32 bytes, no more and no less.
    #[error("a hash is 32 bytes, not {found}")]
    Length {
        /// How many bytes there were.
        found: usize,
    },
    /// The text form has one spelling.
    #[error("a hash in text is 64 characters from `0` to `9` and `a` to `f`")]
    Text,
}

impl Hash {
    /// Bytes in a hash.
    pub const LEN: usize = 32;

    /// The root of a log with no entries: SHA-256 of nothing (RFC 6962, section 2.1).
    pub const EMPTY_ROOT: Self = Self([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
        0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// Takes a digest that was computed or kept elsewhere.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

/// The hash of an entry: SHA-256 of a zero byte and the entry (RFC 6962, section 2.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut context = digest::Context::new(&SHA256);
    context.update(&[0]);
    context.update(entry);
    finish(&context.finish())
}

/// The hash of an inner node: SHA-256 of a one byte and both children (RFC 6962, section 2.1).
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    let mut context = digest::Context::new(&SHA256);
    context.update(&[1]);
    context.update(&left.0);
    context.update(&right.0);
    finish(&context.finish())
}

/// SHA-256 of some bytes, with no prefix: for key ids, not for the tree.
pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    finish(&digest::digest(&SHA256, bytes))
}

fn finish(digest: &digest::Digest) -> Hash {
    let mut bytes = [0; Hash::LEN];
    // INVARIANT: SHA-256 digests are 32 bytes, so the lengths agree.
    bytes.copy_from_slice(digest.as_ref());
    Hash(bytes)
}

impl From<[u8; Self::LEN]> for Hash {
    fn from(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }
}

impl From<Hash> for [u8; Hash::LEN] {
    fn from(hash: Hash) -> Self {
        hash.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashError;

    fn try_from(bytes: &[u8]) -> Result<Self, HashError> {
        bytes.try_into().map(Self).map_err(|_| HashError::Length { found: bytes.len() })
    }
}

/// Sixty-four lower-case hexadecimal digits.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Accepts what `Display` writes, and nothing else: one hash has one spelling.
impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        let mut bytes = [0; Self::LEN];
        if pairs.len() != bytes.len() || !odd.is_empty() {
            return Err(HashError::Text);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else { return Err(HashError::Text) };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

/// The value of a lower-case hexadecimal digit.
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_root_is_sha256_of_nothing() {
        assert_eq!(sha256(b""), Hash::EMPTY_ROOT);
    }

    #[test]
    fn a_leaf_never_hashes_like_a_node_of_the_same_bytes() {
        let (left, right) = (leaf_hash(b"l"), leaf_hash(b"r"));
        let joined = [left.as_bytes().as_slice(), right.as_bytes()].concat();
        assert_ne!(leaf_hash(&joined), node_hash(left, right));
    }

    #[test]
    fn only_the_one_spelling_parses() {
        let hash = leaf_hash(b"entry");
        let text = hash.to_string();
        assert_eq!(text.parse(), Ok(hash));
        for wrong in
            [text.to_uppercase(), text[..62].into(), format!("{text}00"), text.replace(&text[..1], "g")]
        {
            assert_eq!(wrong.parse::<Hash>(), Err(HashError::Text), "`{wrong}`");
        }
    }

    #[test]
    fn a_short_or_long_slice_is_refused() {
        assert_eq!(Hash::try_from([0; 31].as_slice()), Err(HashError::Length { found: 31 }));
        assert_eq!(Hash::try_from([0; 33].as_slice()), Err(HashError::Length { found: 33 }));
    }
}
