//! One number, one spelling: the decimal form that C2SP asks for in tile paths and checkpoints.

/// Reads ASCII digits without sign or leading zeroes (`0` alone is the number zero).
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    // `parse` refuses what is empty or too large.
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn only_canonical_numbers_are_read() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "١", "18446744073709551616"] {
            assert_eq!(decimal(wrong), None, "`{wrong}`");
        }
    }
}
