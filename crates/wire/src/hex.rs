//! Bytes of a secret as hex, and back: what is written is wiped when dropped, and so is what is read.

use core::fmt::Write;
use zeroize::Zeroizing;

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> Zeroizing<String> {
    // All of its room at once: what grows leaves copies behind.
    let mut digits = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Exactly so many bytes of hex, in either case; `None` for anything else.
#[must_use]
pub fn unhex<const N: usize>(digits: &str) -> Option<Zeroizing<[u8; N]>> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    let mut bytes = Zeroizing::new([0; N]);
    if !odd.is_empty() || pairs.len() != N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|b| char::from(b).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else_is() {
        let bytes = [0, 0x0f, 0xa5, 0xff];
        assert_eq!(hex(&bytes).as_str(), "000fa5ff");
        for good in ["000fa5ff", "000FA5FF"] {
            assert_eq!(*unhex::<4>(good).unwrap(), bytes);
        }
        for bad in ["", "000fa5f", "000fa5ff0", "000fa5ff00", "000fa5fg", "+00fa5ff", "000fa5f\u{e9}"] {
            assert!(unhex::<4>(bad).is_none(), "{bad}");
        }
    }
}
