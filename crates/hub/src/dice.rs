//! Where the hub takes its chance from: keys, nonces, secrets and serial numbers.
#![allow(clippy::disallowed_methods, reason = "the one file of this room that rolls dice")]

/// New random bytes.
pub(crate) fn roll<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "the operating system's generator does not fail once it runs; nothing safe can be done without it"
    )]
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    bytes
}
