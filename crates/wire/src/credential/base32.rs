//! Base32 (RFC 4648, section 6) in capitals without padding, and no other spelling of the same bytes.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Characters of so many bytes.
pub(super) const fn length(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

pub(super) fn encode(bytes: &[u8], out: &mut String) {
    for five in bytes.chunks(5) {
        let mut group = [0; 8];
        group.iter_mut().skip(3).zip(five).for_each(|(slot, byte)| *slot = *byte);
        let group = u64::from_be_bytes(group);
        let digit =
            |at: usize| ALPHABET.get(usize::try_from(group >> (35 - 5 * at) & 31).unwrap_or_default());
        out.extend((0..length(five.len())).filter_map(digit).map(|digit| char::from(*digit)));
    }
}

/// `None` for a character outside the alphabet, a length that no bytes have, or bits after the last byte that are set.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    for eight in text.chunks(8) {
        let mut group = 0u64;
        for digit in eight {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'2'..=b'7' => digit - b'2' + 26,
                _ => return None,
            };
            group = group << 5 | u64::from(value);
        }
        let whole = eight.len() * 5 / 8;
        if length(whole) != eight.len() {
            return None;
        }
        // From the left: the bits that count, then those that must not.
        let left = group << (64 - 5 * eight.len());
        let (five, rest) =
            left.to_be_bytes().split_at_checked(whole).map(|(a, b)| (a.to_vec(), b.to_vec()))?;
        if rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(&five);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4648, section 10, without the padding.
    #[test]
    fn the_vectors_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            let mut written = String::new();
            encode(bytes.as_bytes(), &mut written);
            assert_eq!(written, text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn another_spelling_of_the_same_bytes_is_refused() {
        for text in
            ["M", "MZX", "MZXW6Y", "my", "MY======", "MZ", "MY\n", " MY", "M1", "M8", "MZXW6YTBMZ", "M\u{c4}"]
        {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
