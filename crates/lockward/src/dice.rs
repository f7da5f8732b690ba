//! Where the command line rolls its dice: salts, nonces, a new operator's key.
#![allow(clippy::disallowed_methods, reason = "the one file of this room that rolls dice")]

/// Random bytes.
pub(crate) fn roll<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without the system's randomness no key is safe to make")]
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
