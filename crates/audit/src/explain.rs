//! One event, opened, for whoever asks why. Checks nothing but that its key opens it; an audit checks the rest.

use crate::{EpochKeys, Log, Source};
use lockward_model::{Epoch, Event, SiteId};
use lockward_wire::event::{Leaf, LeafError, OpenError, source_key};

/// Why an event can not be told.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError<E: std::error::Error + 'static> {
    /// The log could not be read.
    #[error("the log could not be read")]
    Source(#[source] E),
    /// Past the end.
    #[error("the event log has no entry {0}")]
    NoEntry(u64),
    /// Not an event.
    #[error("entry {0} is a signature over the events before it; ask for one of these")]
    Head(u64),
    /// Not a leaf of this version.
    #[error("entry {index} can not be read")]
    Leaf {
        /// Which entry.
        index: u64,
        /// Why.
        #[source]
        source: LeafError,
    },
    /// Its key was not given, or was destroyed.
    #[error("entry {index} is sealed, and there is no key of epoch {}", epoch.0)]
    NoKey {
        /// Which entry.
        index: u64,
        /// Which key.
        epoch: Epoch,
    },
    /// The key does not open it.
    #[error("entry {index} can not be opened")]
    Open {
        /// Which entry.
        index: u64,
        /// Why.
        #[source]
        source: OpenError,
    },
}

/// Opens the event at `index` of the event log.
///
/// # Errors
/// [`ExplainError`].
pub fn open_event<S: Source>(
    source: &mut S,
    site: &SiteId,
    index: u64,
    keys: &EpochKeys,
) -> Result<Event, ExplainError<S::Error>> {
    let leaf = source.entries(Log::Event, index, 1).map_err(ExplainError::Source)?;
    let leaf = leaf.first().ok_or(ExplainError::NoEntry(index))?;
    match Leaf::parse(leaf).map_err(|source| ExplainError::Leaf { index, source })? {
        Leaf::Head(_) => Err(ExplainError::Head(index)),
        Leaf::Event(sealed) => {
            let epoch = sealed.epoch();
            let key = keys.get(&epoch).ok_or(ExplainError::NoKey { index, epoch })?;
            let key = source_key(key, site, sealed.source());
            sealed.open(&key).map_err(|source| ExplainError::Open { index, source })
        }
    }
}
