//! Entries of the config log: signed envelopes (DSSE) around readable JSON.

mod change;
mod envelope;
mod payload;
mod people;
mod places;
mod rules;
mod schedules;

pub use envelope::{Envelope, EnvelopeError, KeyId, SIGNATURES_MAX, key_id, pae};
pub use payload::{EncodeError, PAYLOAD_BYTES_MAX, Payload, PayloadError, encode_changes, encode_founding};

/// What an envelope holds. The type is under the signature, so that one cannot be taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadType {
    /// The first entry of a log.
    Founding,
    /// Every other.
    ChangeSet,
}

impl PayloadType {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::Founding, Self::ChangeSet];

    /// The DSSE payload type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Founding => "application/vnd.lockward.founding.v1+json",
            Self::ChangeSet => "application/vnd.lockward.change-set.v1+json",
        }
    }
}
