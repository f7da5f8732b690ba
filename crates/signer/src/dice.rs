//! Where the signer's chance comes from.

/// Fills bytes with chance; `None` where this machine has none.
#[expect(clippy::disallowed_methods, reason = "a machine rolls its own dice")]
pub(crate) fn roll() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok().map(|()| bytes)
}
