//! The whole audit in order: the config log, then the events that rest on it, then what others have said of both.

use crate::config::Config;
use crate::events::Plan;
use crate::{Finding, Log, Progress, Report, Source, checkpoint, config, earlier, events};
use lockward_model::{Epoch, SiteId};
use lockward_wire::EpochKey;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// The keys of those epochs whose decisions are to be made again. May be empty: then all but the decisions is checked.
pub type EpochKeys = BTreeMap<Epoch, EpochKey>;

/// Which site it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// This one and no other.
    Expect(SiteId),
    /// Whichever the log is of. The report says which, and that nobody had pinned it.
    Found,
}

/// Why an audit did not end well.
#[derive(Debug, thiserror::Error)]
pub enum AuditError<E: std::error::Error + 'static> {
    /// The logs do not hold: this is the first bad entry.
    #[error(transparent)]
    Finding(#[from] Finding),
    /// The logs could not be read to their end, and nothing is said about them.
    #[error("the logs could not be read")]
    Source(#[source] E),
}

/// One audit of one site.
pub struct Audit<S> {
    source: S,
    pin: Pin,
    keys: EpochKeys,
    threads: NonZeroUsize,
    kept: Vec<Vec<u8>>,
}

impl<S: Source> Audit<S> {
    /// An audit that works on one core, and reads ahead on the caller's thread.
    pub fn new(source: S, pin: Pin, keys: EpochKeys) -> Self {
        Self { source, pin, keys, threads: NonZeroUsize::MIN, kept: Vec::new() }
    }

    /// Works on so many cores. The outcome is the same.
    #[must_use]
    pub fn on_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// Also checks that the logs continue this checkpoint, which somebody kept: a signed note of either log.
    #[must_use]
    pub fn since(mut self, note: Vec<u8>) -> Self {
        self.kept.push(note);
        self
    }

    /// Checks everything, up to the checkpoints that the source has now. Calls `progress` after each batch.
    ///
    /// Of several things that are wrong, the one with the lowest entry is told; the config log comes before the event
    /// log, an entry before what is wrong with the log as a whole.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn run(mut self, mut progress: impl FnMut(Progress)) -> Result<Report, AuditError<S::Error>> {
        // The event log's first: what its events rest on is then within the config log's, even while both grow.
        let event_note = self.source.checkpoint(Log::Event).map_err(AuditError::Source)?;
        let config_note = self.source.checkpoint(Log::Config).map_err(AuditError::Source)?;

        let Config { founding, id, signed: config, writers, mut history } =
            config::check(&mut self.source, &config_note, self.pin, &mut progress)?;
        let config_said = checkpoint::cosignatures(&config, Log::Config, &writers)?;

        let event = checkpoint::open(&founding, Log::Event, &event_note)?;
        let (keys, threads, head) = (&self.keys, self.threads, event.head());
        let plan = Plan { site: &id, writers: &writers, keys, threads, head };
        let found = events::check(&mut self.source, &mut history, &plan, &mut progress)?;
        let event_said = checkpoint::cosignatures(&event, Log::Event, &writers)?;
        if let Some(uncovered) = found.uncovered {
            return Err(uncovered.into());
        }
        let sizes = [config.head().size, head.size];
        for note in &self.kept {
            earlier::check(&mut self.source, &founding, sizes, note)?;
        }
        Ok(Report {
            site: id,
            pinned: self.pin != Pin::Found,
            config: config.head(),
            event: head,
            chains: found.chains,
            decided: found.decided,
            sealed_decisions: found.sealed_decisions,
            sealed_events: found.sealed_events,
            cosignatures: [config_said.controllers, event_said.controllers].concat(),
            other_cosignatures: config_said.others + event_said.others,
        })
    }
}
