//! The hub's own chain of events: what it saw itself, sealed and signed like any controller's.

use crate::dice;
use crate::keys::Keys;
use lockward_ledger::leaf_hash;
use lockward_model::{Body, Digest, Event, SiteId, Source, Time};
use lockward_store::SourceHead;
use lockward_wire::event::{ChainHead, EncodeError, seal};

/// The hub's name among the sources of the event log.
pub(crate) const HUB_SOURCE: &str = "";

/// How far the chain has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnChain {
    site: SiteId,
    count: u64,
    head: Digest,
}

impl OwnChain {
    pub(crate) fn begin(site: SiteId) -> Self {
        Self { site, count: 0, head: Digest([0; 32]) }
    }

    /// Goes on from what the store holds.
    pub(crate) fn resume(site: SiteId, held: Option<&SourceHead>) -> Self {
        held.map_or(Self::begin(site), |h| Self { site, count: h.count, head: h.head })
    }

    /// The next event's leaf. A site without an epoch's key can not seal; its first epoch was made with it.
    pub(crate) fn seal(&mut self, keys: &Keys, now: Time, body: Body) -> Result<Vec<u8>, EncodeError> {
        let epoch = keys.epoch();
        let key = keys.source_key(&self.site, Source::Hub, epoch).ok().flatten();
        let key = key.ok_or(EncodeError::Cipher)?;
        let (seq, prev) = (self.count, self.head);
        let event = Event { source: Source::Hub, seq, prev, time: now, door: None, epoch, body };
        let leaf = seal(&event, dice::roll(), &key)?;
        self.head = Digest(*leaf_hash(&leaf).as_bytes());
        self.count += 1;
        Ok(leaf)
    }

    /// The leaf with the hub's signature over the chain so far.
    pub(crate) fn sign_head(&self, keys: &Keys) -> Vec<u8> {
        ChainHead::sign(&self.site, Source::Hub, self.count, self.head, keys.hub())
    }

    pub(crate) fn source_head(&self) -> SourceHead {
        SourceHead { source: HUB_SOURCE.into(), count: self.count, head: self.head }
    }
}
