//! What the core asks of the disk, and what comes back: plain values, so that a thread may stand between them.

use crate::known::Sealing;
use crate::memory::MemoryError;
use crate::records::Fresh;
use std::collections::VecDeque;
use zeroize::Zeroizing;

/// One piece of work for the disk. There is never more than one under way.
#[must_use]
pub struct Job {
    /// The hub holds all events below this: their room is free.
    pub(crate) released: u64,
    pub(crate) work: Work,
}

pub(crate) enum Work {
    /// Entries of the config log, the first of them by its index.
    Config { first: u64, entries: Vec<Vec<u8>> },
    /// Events to be sealed into the chain. Without a key none is.
    Events { fresh: VecDeque<Fresh>, sealing: Option<Sealing> },
    /// The state file, whole.
    State(Zeroizing<Vec<u8>>),
    /// The identity, whole.
    Identity(Zeroizing<Vec<u8>>),
    /// A summary of what happened, in pieces, the one with its head first.
    History(Vec<Vec<u8>>),
    /// Events for the hub, from this one on.
    Read(u64),
    /// A bounded step of making room for later events.
    Room,
}

/// What became of a [`Job`]; to be given to the core.
#[must_use]
pub struct Done {
    /// How many events are durable.
    pub(crate) next_seq: u64,
    /// Whether room for later events is to be made.
    pub(crate) wants_room: bool,
    pub(crate) of: Of,
}

pub(crate) enum Of {
    /// With the entries, if they are still owed.
    Config(Result<(), (MemoryError, Vec<Vec<u8>>)>),
    Events(Kept),
    State(Result<(), MemoryError>),
    Identity(Result<(), MemoryError>),
    History(Result<(), MemoryError>),
    /// From where it was read, and the first event and its like behind it, if there are any.
    Read(u64, Result<Option<Batch>, MemoryError>),
    Room,
}

/// What became of events.
pub(crate) struct Kept {
    /// Everything up to this number is durable.
    pub(crate) through: Option<u64>,
    /// What is not kept, if a write failed.
    pub(crate) left: VecDeque<Fresh>,
    pub(crate) result: Result<(), MemoryError>,
}

/// Events on their way to the hub.
pub(crate) struct Batch {
    /// The sequence number of the first.
    pub(crate) first: u64,
    /// One at least.
    pub(crate) leaves: Vec<Vec<u8>>,
}
