//! Digits on their way from a keypad to the site: counted, hidden, wiped.

use core::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Shortest PIN: 10,000 codes, which at 1,000 a user (IEC 60839-11-1 table 4, line 21) would serve ten people even
/// without a card.
pub const PIN_DIGITS_MIN: usize = 4;
/// Longest PIN: the last four digits of a telephone and a date; nobody types more at a door.
pub const PIN_DIGITS_MAX: usize = 10;

/// What was typed so far, or in all.
///
/// INVARIANT: the first `count` bytes are ASCII digits, the rest are zero; a count of one more than fit says that
/// too many were typed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Digits {
    typed: [u8; PIN_DIGITS_MAX],
    count: usize,
}

impl Digits {
    pub(crate) fn none() -> Self {
        Self { typed: [0; PIN_DIGITS_MAX], count: 0 }
    }

    /// False for what is no digit, and once too many were typed.
    pub(crate) fn push(&mut self, digit: u8) -> bool {
        if digit > 9 || self.count > PIN_DIGITS_MAX {
            return false;
        }
        if let Some(place) = self.typed.get_mut(self.count) {
            *place = b'0' + digit;
        }
        self.count += 1;
        true
    }

    pub(crate) fn could_be_a_pin(&self) -> bool {
        (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&self.count)
    }

    /// The digits in ASCII, first typed first.
    #[must_use]
    pub fn ascii(&self) -> &[u8] {
        self.typed.get(..self.count).unwrap_or(&self.typed)
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digits(..)")
    }
}

/// What became of the PIN, before anyone has compared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinEntry {
    /// Not asked for yet.
    NotAsked,
    /// [`PIN_DIGITS_MIN`] to [`PIN_DIGITS_MAX`] digits.
    Typed(Digits),
    /// Asked for, and not given in time, given up, or the reader was lost.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_in_order_and_never_printed() {
        let mut d = Digits::none();
        for n in [7, 0, 3, 1] {
            assert!(d.push(n));
        }
        assert_eq!(d.ascii(), b"7031");
        assert_eq!(format!("{:?}", PinEntry::Typed(d)), "Typed(Digits(..))");
    }

    #[test]
    fn three_digits_and_eleven_are_no_pin() {
        let mut d = Digits::none();
        let good: Vec<bool> = (0..12).map(|_| d.push(1) && d.could_be_a_pin()).collect();
        let from_four_to_ten = |i: usize| (4..=10).contains(&(i + 1));
        assert_eq!(good, (0..12).map(from_four_to_ten).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_digit_is_not_taken() {
        let mut d = Digits::none();
        assert!(!d.push(10) && !d.push(255));
        assert_eq!(d.ascii(), b"");
    }
}
