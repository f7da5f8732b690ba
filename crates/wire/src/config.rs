//! Entries of the config log: signed envelopes (DSSE) around readable JSON.

mod change;
mod envelope;
mod operators;
mod orders;
mod passkey;
mod payload;
mod people;
mod places;
mod rules;
mod schedules;
mod statements;

pub use envelope::{Envelope, EnvelopeError, KeyId, SIGNATURES_MAX, Signature, key_digest, key_id, pae};
pub use passkey::{Assertion, AssertionError, challenge_of, encode_challenge};
pub use payload::{
    EncodeError, PAYLOAD_BYTES_MAX, Payload, PayloadError, encode_changes, encode_founding, encode_order,
};

/// What an envelope holds. The type is under the signature, so that one cannot be taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadType {
    /// The first entry of a log.
    Founding,
    /// Every other entry.
    ChangeSet,
    /// No entry: what somebody wants of a door now.
    Order,
}

impl PayloadType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Founding, Self::ChangeSet, Self::Order];

    /// The DSSE payload type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Founding => "application/vnd.lockward.founding.v1+json",
            Self::ChangeSet => "application/vnd.lockward.change-set.v1+json",
            Self::Order => "application/vnd.lockward.order.v1+json",
        }
    }
}
