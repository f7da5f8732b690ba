//! CBOR (RFC 8949) with one spelling for each value: what would not be written again byte for byte is refused.

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Why bytes are not the CBOR that was expected.
#[derive(Debug, thiserror::Error)]
pub enum CborError {
    /// Not this type.
    #[error("the CBOR is malformed")]
    Malformed(#[source] minicbor::decode::Error),
    /// An unknown field, a longer spelling than needed, or bytes after the end.
    #[error("the CBOR holds more than this version writes, or spells it another way")]
    NotCanonical,
    /// A number without a meaning here.
    #[error("{what} {number} is not known here; it may have been written by a newer version of Lockward")]
    Unknown {
        /// Which number.
        what: &'static str,
        /// What was found.
        number: u64,
    },
    /// A text or a list past its limit, or with characters that it may not have.
    #[error("{what} is too long, empty, or has characters that it may not have")]
    Bounds {
        /// Which part.
        what: &'static str,
    },
}

/// Writes a value after what is there.
pub(crate) fn append<T: Encode<()>>(value: &T, out: &mut Vec<u8>) {
    #[expect(
        clippy::expect_used,
        reason = "a Vec takes every byte, and none of our types refuses to be written"
    )]
    minicbor::encode(value, out).expect("writing to memory");
}

/// Reads a value that fills the bytes exactly.
///
/// INVARIANT: what is accepted encodes to the same bytes, so nothing rides along unseen.
pub(crate) fn exactly<'b, T: Decode<'b, ()> + Encode<()>>(bytes: &'b [u8]) -> Result<T, CborError> {
    let value = minicbor::decode(bytes).map_err(CborError::Malformed)?;
    let mut again = Zeroizing::new(Vec::with_capacity(bytes.len()));
    append(&value, &mut again);
    if again.as_slice() == bytes { Ok(value) } else { Err(CborError::NotCanonical) }
}
