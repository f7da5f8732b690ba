//! Why the signer shows nothing to be signed, and what to do.

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("call the signer by http://localhost:7447, and by no other name")]
    Host,
    #[error("this did not come from a page that you look at; press the button at the hub again")]
    Script,
    #[error("this did not come from a page of the signer; begin at http://localhost:7447")]
    Elsewhere,
    #[error(
        "what came is not what any key of Lockward's signs. If the hub is newer than this program, update this one; else do \
         not trust the hub"
    )]
    Unreadable,
    #[error("the founding of a site is not signed here")]
    Founding,
    #[error("what came does not say to which hub the answer goes: `https://`, or `http://localhost`")]
    Back,
    #[error("the key's public half is not what it should be; make another key")]
    Key,
    #[error("no randomness can be had from this machine")]
    Chance,
}
