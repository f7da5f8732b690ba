//! What a reader read off paper or a screen (QR, barcode): bytes, told apart from a card's number by their length.
//!
//! OSDP has no report of its own for a code. Readers give its characters in `osdp_RAW` of format 0 with eight bits for
//! each, in `osdp_FMT`, or in a report of their maker's ([`crate::bus::Bus::codes_from`]). Digits typed by a person
//! come as keys, one-time codes among them.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::reply::{CardData, CardFormat};

/// What is longer than this is no card number but a code: twice the 200 bits of a FASC-N and more. A shorter code
/// stays a card, as many cards hold characters; a code that a door should take is signed, and far longer.
pub const CARD_BYTES_MAX: usize = 64;
/// Longest code: what a phone's screen shows to any scanner, and half of the frame that a reader may send.
pub const CODE_BYTES_MAX: usize = 512;

/// A code's bytes, from anyone who can print. INVARIANT: 1 to [`CODE_BYTES_MAX`]. They do not print.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Code(Vec<u8>);

impl Code {
    /// `None` for no bytes or more than [`CODE_BYTES_MAX`], not counting one line end (CR, LF, or both), which most
    /// scanners add.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        (1..=CODE_BYTES_MAX).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    /// What a card report holds, if that is a code.
    pub(crate) fn of(format: CardFormat, card: &CardData) -> Option<Self> {
        let whole = format != CardFormat::Wiegand && card.bits.is_multiple_of(8);
        let code = Self::new(card.data()).filter(|code| code.0.len() > CARD_BYTES_MAX);
        code.filter(|_| whole)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({} bytes, ..)", self.0.len())
    }
}
