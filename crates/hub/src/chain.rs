//! What a controller sends is checked here, link by link, before any of it may enter the log. Pure.

use lockward_ledger::leaf_hash;
use lockward_model::{ControllerId, Digest, PublicKey, SiteId, Source};
use lockward_wire::event::{Leaf, LeafError};

/// How far a controller's chain has come into the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tip {
    /// Events so far.
    pub(crate) count: u64,
    /// Leaf hash of the last.
    pub(crate) head: Digest,
}

impl Tip {
    pub(crate) const NONE: Self = Self { count: 0, head: Digest([0; 32]) };
}

/// What is to be done with a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// All of it is in the log.
    Known,
    /// The first `known` leaves are; the rest follows on.
    Follows { known: usize, after: Tip },
}

/// Why a batch may not enter the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChainError {
    #[error("leaf {seq} can not be read")]
    Leaf {
        seq: u64,
        #[source]
        source: LeafError,
    },
    #[error("leaf {seq} is no event")]
    NoEvent { seq: u64 },
    #[error("leaf {seq} is of another source")]
    OtherSource { seq: u64 },
    #[error("event {came} came where {due} was due")]
    Gap { due: u64, came: u64 },
    #[error("event {seq} does not name the one before it")]
    Broken { seq: u64 },
    #[error("event {seq} is another than the one that the log holds in its place")]
    Forked { seq: u64 },
    #[error("the signed head is not one of this chain after {due} events")]
    Head { due: u64 },
}

impl ChainError {
    /// The sequence number at which it went wrong.
    pub(crate) fn came(&self) -> u64 {
        match *self {
            Self::Leaf { seq, .. }
            | Self::NoEvent { seq }
            | Self::OtherSource { seq }
            | Self::Broken { seq }
            | Self::Forked { seq } => seq,
            Self::Gap { came, .. } => came,
            Self::Head { due } => due,
        }
    }
}

/// Checks a batch against the chain's tip: every leaf is this controller's, each follows on the one before, and the
/// controller has signed the last.
pub(crate) fn check(
    site: &SiteId,
    controller: ControllerId,
    key: &PublicKey,
    tip: Tip,
    first_seq: u64,
    leaves: &[Vec<u8>],
    head: &[u8],
) -> Result<Checked, ChainError> {
    if first_seq > tip.count {
        return Err(ChainError::Gap { due: tip.count, came: first_seq });
    }
    let (mut after, mut known) = (tip, 0);
    for (seq, leaf) in (first_seq..).zip(leaves) {
        let event = match Leaf::parse(leaf).map_err(|source| ChainError::Leaf { seq, source })? {
            Leaf::Event(event) => event,
            Leaf::Head(_) => return Err(ChainError::NoEvent { seq }),
        };
        if event.source() != Source::Controller(controller) {
            return Err(ChainError::OtherSource { seq });
        }
        if event.seq() != seq {
            return Err(ChainError::Gap { due: seq, came: event.seq() });
        }
        if seq < tip.count {
            known += 1;
            // Of what the log holds already, the last one shows whether it is the same chain.
            if seq + 1 == tip.count && leaf_hash(leaf).as_bytes() != &tip.head.0 {
                return Err(ChainError::Forked { seq });
            }
            continue;
        }
        if event.prev() != after.head {
            return Err(ChainError::Broken { seq });
        }
        after = Tip { count: seq + 1, head: Digest(*leaf_hash(leaf).as_bytes()) };
    }
    if after.count == tip.count {
        return Ok(Checked::Known);
    }
    let signed = match Leaf::parse(head) {
        Ok(Leaf::Head(signed)) => signed,
        _ => return Err(ChainError::Head { due: after.count }),
    };
    let same = signed.source == Source::Controller(controller)
        && signed.count == after.count
        && signed.head == after.head;
    if same && signed.verify(site, key) {
        Ok(Checked::Follows { known, after })
    } else {
        Err(ChainError::Head { due: after.count })
    }
}
