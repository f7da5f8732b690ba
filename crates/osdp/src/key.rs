//! The secure channel base key of one reader, and the keys that are refused because anyone knows them.

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// SCBK-D, printed in the standard (OSDP 2.2, Annex D): whoever reads the standard has it.
pub(crate) const DEFAULT_KEY: [u8; 16] =
    [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F];

/// Keys that stand in published samples and test vectors and fit no other class.
const SAMPLES: [[u8; 16]; 5] = [
    // NIST SP 800-38A, F.2.1.
    [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c],
    // 0123456789ABCDEF and back.
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10],
    *b"0123456789ABCDEF",
    *b"0123456789abcdef",
    *b"ABCDEF0123456789",
];

/// Why a key protects nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WeakKey {
    /// SCBK-D, `30 31 … 3F`.
    #[error("the key is OSDP's published default key; give the reader a random key of its own")]
    Default,
    /// Sixteen zeros.
    #[error("the key is all zeros; give the reader a random key of its own")]
    AllZero,
    /// One, two, four or eight bytes, said again and again.
    #[error("the key repeats a short pattern; give the reader a random key of its own")]
    Repeating,
    /// Every byte differs from the one before by the same step: `00 01 02 …`, `00 11 22 …`.
    #[error("the key counts in equal steps; give the reader a random key of its own")]
    Counting,
    /// A key out of published samples or test vectors.
    #[error("the key is a published sample; give the reader a random key of its own")]
    Sample,
}

/// A reader's own secure channel base key (SCBK, OSDP 2.2, Annex D). Not a key that anyone knows.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Scbk([u8; 16]);

impl Scbk {
    /// The only constructor.
    ///
    /// # Errors
    /// [`WeakKey`] names the class of a key that is not secret.
    pub fn new(key: [u8; 16]) -> Result<Self, WeakKey> {
        if key == DEFAULT_KEY {
            return Err(WeakKey::Default);
        }
        if key == [0; 16] {
            return Err(WeakKey::AllZero);
        }
        if [1, 2, 4, 8].iter().any(|period| key.iter().zip(key.iter().skip(*period)).all(|(a, b)| a == b)) {
            return Err(WeakKey::Repeating);
        }
        let mut steps = key.iter().zip(key.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
        let first = steps.next();
        if steps.all(|step| Some(step) == first) {
            return Err(WeakKey::Counting);
        }
        if SAMPLES.contains(&key) {
            return Err(WeakKey::Sample);
        }
        Ok(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Debug for Scbk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scbk(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_keys_that_anyone_knows_are_refused_by_class() {
        assert_eq!(Scbk::new(DEFAULT_KEY), Err(WeakKey::Default));
        assert_eq!(Scbk::new([0; 16]), Err(WeakKey::AllZero));
        assert_eq!(Scbk::new([0xA5; 16]), Err(WeakKey::Repeating));
        let halves: [u8; 16] = std::array::from_fn(|i| [9, 1, 4, 7, 200, 3, 8, 1][i % 8]);
        assert_eq!(Scbk::new(halves), Err(WeakKey::Repeating));
        for (start, step) in [(0u8, 1u8), (1, 1), (0x0f, 0xff), (0, 0x11), (0xf8, 1)] {
            let key = std::array::from_fn(|i| start.wrapping_add(step.wrapping_mul(i as u8)));
            assert_eq!(Scbk::new(key), Err(WeakKey::Counting), "{start} {step}");
        }
        for sample in SAMPLES {
            assert_eq!(Scbk::new(sample), Err(WeakKey::Sample));
        }
    }

    #[test]
    fn a_key_of_its_own_is_taken_and_never_printed() {
        let key = Scbk::new(*b"\x8f\x11\xd3\x70\x02\x5e\xa9\x44\x61\x3c\xee\x97\x1b\x85\x20\xfa").unwrap();
        assert_eq!(format!("{key:?}"), "Scbk(..)");
    }
}
