//! Where the hub takes its chance from: keys, nonces, secrets and serial numbers.
#![allow(clippy::disallowed_methods, reason = "the one file of this room that rolls dice")]

/// New random bytes.
pub(crate) fn roll<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// The same, into bytes that are there already.
pub(crate) fn fill(bytes: &mut [u8]) {
    #[expect(
        clippy::expect_used,
        reason = "the operating system's generator does not fail once it runs; nothing safe can be done without it"
    )]
    aws_lc_rs::rand::fill(bytes).expect("random bytes");
}
