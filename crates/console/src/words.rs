//! Numbers as people read them. (Templates hand fields over by reference and results by value: hence `Borrow`.)

use std::borrow::Borrow;

/// Thousands apart: `48 211`, with a no-break space.
pub(crate) fn grouped(n: impl Borrow<u64>) -> String {
    let digits = n.borrow().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 2);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(c);
    }
    out
}

/// `1 person`, `2 people`.
pub(crate) fn counted(n: impl Borrow<u64>, one: &str, many: &str) -> String {
    let n = *n.borrow();
    format!("{}\u{a0}{}", grouped(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (n, said) in
            [(0_u64, "0"), (999, "999"), (1_000, "1\u{a0}000"), (12_345_678, "12\u{a0}345\u{a0}678")]
        {
            assert_eq!(grouped(n), said);
        }
        assert_eq!(counted(1_u64, "door", "doors"), "1\u{a0}door");
        assert_eq!(counted(0_u64, "door", "doors"), "0\u{a0}doors");
    }
}
