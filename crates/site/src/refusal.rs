//! Why an entry of the config log is not applied: one stable code each, shared by hub, controller and auditor.

use lockward_model::{ChangeRefusal, Time};
use lockward_wire::config::{EnvelopeError, PayloadError};

/// Why an entry was refused. Nothing of it was applied.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no entry.
    #[error("the entry can not be read")]
    Malformed(#[source] EnvelopeError),
    /// The envelope is sound, and what it holds is not.
    #[error("the entry's payload can not be read")]
    Payload(#[source] PayloadError),
    /// It is of a version that this software does not know.
    #[error("the entry was written by a newer version; update this software first")]
    Newer,
    /// A founding where a change set is due, or the other way round.
    #[error("the entry is of the wrong kind: only the first entry of a log is a founding")]
    WrongKind,
    /// For another site.
    #[error("the entry is for another site")]
    OtherSite,
    /// Not the next one: replayed, dropped, or out of order.
    #[error("the entry is for index {found}, but the next index is {due}")]
    OutOfOrder {
        /// The index that is due.
        due: u64,
        /// The index that it says.
        found: u64,
    },
    /// Drafted later than it is: a clock is wrong, or somebody wants a wait to be over.
    #[error("the entry says that it was drafted at {drafted}, and that is still to come; check the clocks")]
    Early {
        /// When it says that it was drafted.
        drafted: Time,
    },
    /// No signature at all.
    #[error("the entry is not signed")]
    Unsigned,
    /// A signature by a key that the site does not know, or one that does not verify.
    #[error("signature {0} is not by anyone whom the site knows, or was made over other bytes")]
    UnknownSigner(String),
    /// Somebody whose authority had an end, and that is past.
    #[error("the authority of {0} has ended")]
    Ended(String),
    /// In the place of an operator whom the site does not know.
    #[error("operator `{0}`, in whose place this is signed, is not known to the site")]
    UnknownOperator(lockward_model::OperatorId),
    /// Known signers, but the policies in force do not let them.
    #[error("change {index} (`{verb}`) is not allowed to {signers}")]
    NotAllowed {
        /// Which change of the set.
        index: usize,
        /// What it would do.
        verb: &'static str,
        /// Who signed.
        signers: String,
    },
    /// Allowed, but it would break the site.
    #[error("change {index} (`{verb}`): {what}")]
    Invalid {
        /// Which change of the set.
        index: usize,
        /// What it would do.
        verb: &'static str,
        /// What is wrong, and what to do.
        what: String,
    },
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        let code = match self {
            Self::Malformed(_) | Self::Payload(_) => ChangeRefusal::Malformed,
            Self::Newer => ChangeRefusal::Newer,
            Self::WrongKind => ChangeRefusal::Kind,
            Self::OtherSite => ChangeRefusal::OtherSite,
            Self::OutOfOrder { .. } => ChangeRefusal::OutOfOrder,
            Self::Early { .. } => ChangeRefusal::Early,
            Self::Unsigned => ChangeRefusal::Unsigned,
            Self::UnknownSigner(_) | Self::UnknownOperator(_) => ChangeRefusal::UnknownSigner,
            Self::Ended(_) => ChangeRefusal::SignerEnded,
            Self::NotAllowed { .. } => ChangeRefusal::NotAllowed,
            Self::Invalid { .. } => ChangeRefusal::Invalid,
        };
        code.as_str()
    }
}
