//! One event, told: opened, and decided again.

use super::changes::replay;
use super::{Office, OfficeError};
use crate::keys::KeysError;
use lockward_model::{Body, Event};
use lockward_policy::Answers;
use lockward_site::{Divergence, Keep, Site, redecide};
use lockward_store::{HubError, Log};
use lockward_wire::event::{Leaf, LeafError, OpenError};

/// Why an event can not be told.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The log is shorter.
    #[error("the event log has no entry {0}")]
    PastEnd(u64),
    /// It is a chain head.
    #[error("entry {0} of the event log is a signature over a chain, no event; name the entry before it")]
    NoEvent(u64),
    /// Its clear part can not be read.
    #[error("the event can not be read")]
    Leaf(#[from] LeafError),
    /// Its body can not be opened.
    #[error("the event can not be opened")]
    Sealed(#[from] OpenError),
    /// Its epoch's key is gone.
    #[error("the key of the event's epoch was destroyed; nobody can read it any more")]
    Erased,
    /// The keys can not be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The site can not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

/// An event, told.
#[derive(Debug)]
pub struct Explained {
    /// What happened.
    pub event: Event,
    /// For a decision: whether the configuration of that moment decides the same again.
    pub again: Option<Result<(), Divergence>>,
}

impl Office {
    /// The site as it was when its config log had `size` entries. Reads the log from its beginning.
    ///
    /// # Errors
    /// [`OfficeError`].
    pub fn site_at(&self, size: u64) -> Result<Site, OfficeError> {
        replay(&self.store, size, Keep::Decisions)
    }

    /// Opens one leaf; `None` for a chain head.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub fn open_leaf(&self, leaf: &[u8]) -> Result<Option<Event>, ExplainError> {
        let Leaf::Event(sealed) = Leaf::parse(leaf)? else { return Ok(None) };
        let key = self.keys.source_key(&self.id, sealed.source(), sealed.epoch())?;
        Ok(Some(sealed.open(&key.ok_or(ExplainError::Erased)?)?))
    }

    /// Tells an event, and decides it again if it is a decision.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub fn explain(&self, index: u64) -> Result<Explained, ExplainError> {
        let leaf = self.store.entry(Log::Event, index)?.ok_or(ExplainError::PastEnd(index))?;
        let event = self.open_leaf(&leaf)?.ok_or(ExplainError::NoEvent(index))?;
        let again = match &event.body {
            Body::Access(access) => {
                let size = access.config.map_or(1, |config| config.size);
                Some(redecide(&self.site_at(size)?, &event, access, &Answers::default()))
            }
            _ => None,
        };
        Ok(Explained { event, again })
    }
}
