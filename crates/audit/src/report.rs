//! What a clean audit has seen, and how far it has come.

use crate::Log;
use lockward_ledger::Head;
use lockward_model::{ControllerId, SiteId, Source, Time};

/// How far the audit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which log is being read; the config log comes first.
    pub log: Log,
    /// Entries of it that were checked.
    pub done: u64,
    /// Entries that it has.
    pub size: u64,
}

/// One source's chain of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chained {
    /// Whose.
    pub source: Source,
    /// How many events.
    pub events: u64,
    /// How many signatures of the source over its chain.
    pub heads: u64,
    /// The earliest and the latest time in it, by the source's clock; `None` without events.
    pub span: Option<(Time, Time)>,
}

/// A controller's word that it has seen a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cosigned {
    /// Of which log.
    pub log: Log,
    /// Who.
    pub controller: ControllerId,
    /// The size that it has seen.
    pub size: u64,
    /// When, in seconds since 1970, by its own clock.
    pub time: u64,
}

/// What was checked, and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which site.
    pub site: SiteId,
    /// True if that is the site that was expected; false if any was taken.
    pub pinned: bool,
    /// Size and root of the config log. Each entry of it was signed by somebody whom the policies before it allowed it.
    pub config: Head,
    /// Size and root of the event log.
    pub event: Head,
    /// Every source that has written something, in order. All its events stand under its own signature.
    pub chains: Vec<Chained>,
    /// Decisions that were decided again, and came out the same.
    pub decided: u64,
    /// Decisions that were not looked into: the key of their epoch was not given.
    pub sealed_decisions: u64,
    /// Events that were not looked into, decisions among them.
    pub sealed_events: u64,
    /// Cosignatures of the site's controllers on the checkpoints that were checked.
    pub cosignatures: Vec<Cosigned>,
    /// Cosignatures by others, outside witnesses perhaps: their keys are not in the config log, so nothing is said.
    pub other_cosignatures: usize,
}

impl Report {
    /// Events in all.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.chains.iter().map(|c| c.events).sum()
    }

    /// The earliest and the latest time of any event; `None` without events.
    #[must_use]
    pub fn span(&self) -> Option<(Time, Time)> {
        let spans = self.chains.iter().filter_map(|c| c.span);
        spans.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)))
    }
}
