//! Where this machine rolls dice.
#![allow(clippy::disallowed_methods, reason = "the one file of this machine that makes random numbers")]

/// `N` random bytes from the operating system by way of aws-lc.
///
/// A machine that can not make random numbers must not run: it would repeat nonces.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    if aws_lc_rs::rand::fill(&mut out).is_err() {
        std::process::abort();
    }
    out
}

/// A challenge for a reader.
pub(crate) fn challenge() -> [u8; 8] {
    bytes()
}
