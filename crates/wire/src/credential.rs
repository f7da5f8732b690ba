//! What people show and know, in the only forms that are kept: a card's number or key as a token, a PIN as a hash, a
//! one-time secret sealed; and the passes that services sign.

mod base32;
mod key_card;
mod one_time;
mod pass;
mod password;
mod phone;
mod pin;
mod pin_only;

pub use key_card::{CardPublicKey, KeyCardError};
pub use one_time::{
    OneTimeError, OneTimeHash, OneTimeSecret, SECRET_BYTES_MAX, SECRET_BYTES_MIN, STEP_SECONDS, recovery_code,
};
pub use pass::{PASS_PREFIX, PASS_TEXT_MAX, Pass, PassError, PassId, PassPlace, SignedPass};
pub use password::{
    PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, Password, PasswordError, hash_password, verify_password,
};
pub use phone::{phone, phone_hint};
pub(crate) use pin::is_pin_hash;
pub use pin::{PIN_DIGITS_MAX, PIN_DIGITS_MIN, Pin, PinError, hash_pin, verify_pin};

use crate::CardKey;
use aws_lc_rs::hmac;
use core::fmt;
use lockward_model::CardToken;
use zeroize::Zeroizing;

/// Longest card number in bits: twice the 200 of a FASC-N, and the 128 of a card's UUID still fit beside each other.
pub const CARD_BITS_MAX: u16 = 512;

/// Why something is no card number. Never repeats it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Not one of the two forms.
    #[error("a card number is `26:FACILITY:NUMBER` or `BITS:HEX`")]
    Form,
    /// None at all, or more than [`CARD_BITS_MAX`].
    #[error("a card number has 1 to {CARD_BITS_MAX} bits")]
    Bits,
    /// A facility form that is not H10301.
    #[error("the form with a facility is known for 26 bits only; give others as `BITS:HEX`")]
    Facility,
    /// A facility above 255 or a number above 65535.
    #[error("a 26-bit card has a facility of 0 to 255 and a number of 0 to 65535")]
    Range,
    /// Bytes that do not hold exactly the bits.
    #[error("the hex must hold exactly the bits, from the left, and zeros to the end of the last byte")]
    Length,
}

/// A card's number as a reader sends it (OSDP `osdp_RAW`): bits from the left. Wiped when dropped, never printed.
///
/// INVARIANT: 1 to [`CARD_BITS_MAX`] bits; exactly the bytes that hold them; zeros after the last bit.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber {
    bits: u16,
    data: Zeroizing<Vec<u8>>,
}

impl CardNumber {
    /// From what a reader sent. What follows the last bit is not looked at.
    ///
    /// # Errors
    /// [`CardError::Bits`], or [`CardError::Length`] for fewer bytes than bits.
    pub fn new(bits: u16, data: &[u8]) -> Result<Self, CardError> {
        if bits == 0 || bits > CARD_BITS_MAX {
            return Err(CardError::Bits);
        }
        let whole = usize::from(bits.div_ceil(8));
        let mut data = Zeroizing::new(data.get(..whole).ok_or(CardError::Length)?.to_vec());
        let unused = (8 - bits % 8) % 8;
        if let Some(last) = data.last_mut() {
            *last &= 0xff << unused;
        }
        Ok(Self { bits, data })
    }

    /// Reads a number as people write it: `26:FACILITY:NUMBER` in decimal for H10301, `BITS:HEX` for any format.
    ///
    /// # Errors
    /// [`CardError`].
    pub fn parse(s: &str) -> Result<Self, CardError> {
        let decimal = |s: &str| -> Result<u32, CardError> {
            let digits = (1..=5).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
            if digits { s.parse().map_err(|_| CardError::Form) } else { Err(CardError::Form) }
        };
        let mut parts = s.split(':');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(bits), Some(hex), None, None) => {
                let bits = u16::try_from(decimal(bits)?).map_err(|_| CardError::Bits)?;
                let data = unhex(hex)?;
                let number = Self::new(bits, &data)?;
                if *number.data == *data { Ok(number) } else { Err(CardError::Length) }
            }
            (Some(bits), Some(facility), Some(number), None) => {
                if decimal(bits)? != 26 {
                    return Err(CardError::Facility);
                }
                let facility = u8::try_from(decimal(facility)?).map_err(|_| CardError::Range)?;
                let number = u16::try_from(decimal(number)?).map_err(|_| CardError::Range)?;
                Self::h10301(facility, number)
            }
            _ => Err(CardError::Form),
        }
    }

    /// H10301: even parity over the first 12 bits, 8 bits facility, 16 bits number, odd parity over the last 12.
    fn h10301(facility: u8, number: u16) -> Result<Self, CardError> {
        let middle = u32::from(facility) << 16 | u32::from(number);
        let even = (middle >> 12).count_ones() & 1;
        let odd = !(middle & 0xfff).count_ones() & 1;
        let all = even << 25 | middle << 1 | odd;
        Self::new(26, &(all << 6).to_be_bytes())
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(..)")
    }
}

fn unhex(s: &str) -> Result<Zeroizing<Vec<u8>>, CardError> {
    let (pairs, odd) = s.as_bytes().as_chunks::<2>();
    let digit = |b: u8| char::from(b).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    let bytes = pairs.iter().map(byte).collect::<Option<Vec<u8>>>().map(Zeroizing::new);
    bytes.filter(|_| odd.is_empty()).ok_or(CardError::Form)
}

/// The first bytes of a tag.
fn short<const N: usize>(tag: &hmac::Tag) -> [u8; N] {
    let mut first = [0; N];
    first.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    first
}

impl CardKey {
    /// The token of a card: HMAC-SHA-256 over a label, the count of bits and the bits; the first 16 bytes.
    #[must_use]
    pub fn token_of(&self, number: &CardNumber) -> CardToken {
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(b"lockward card v1\0");
        mac.update(&number.bits.to_be_bytes());
        mac.update(&number.data);
        CardToken(short(&mac.sign()))
    }

    /// The token of what a reader sent; `None` where that is no card number ([`CardNumber::new`]).
    #[must_use]
    pub fn token(&self, bits: u16, data: &[u8]) -> Option<CardToken> {
        CardNumber::new(bits, data).ok().map(|n| self.token_of(&n))
    }
}
