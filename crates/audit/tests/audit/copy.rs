//! A copy of both logs as somebody might hand it over, to be tampered with and audited.

use crate::house::{House, epoch_key};
use crate::plant;
use aws_lc_rs::signature::Ed25519KeyPair;
use core::convert::Infallible;
use lockward_audit::{Audit, AuditError, EpochKeys, Finding, FindingCode, Log, Pin, Report, Source};
use lockward_ledger::{Checkpoint, CosignerKey, Frontier, Hash, Head, SignedCheckpoint, leaf_hash};
use lockward_model::{Epoch, SiteId};
use std::num::NonZeroUsize;

#[derive(Clone)]
pub(crate) struct Copy {
    pub(crate) site: SiteId,
    pub(crate) config: Shelf,
    pub(crate) event: Shelf,
}

/// One log.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) note: Vec<u8>,
    pub(crate) tiles: Option<Vec<Hash>>,
    origin: &'static str,
}

pub(crate) fn head(entries: &[Vec<u8>]) -> Head {
    entries.iter().map(|e| leaf_hash(e)).collect::<Frontier>().head()
}

impl Shelf {
    fn new(origin: &'static str, entries: &[Vec<u8>]) -> Self {
        let mut shelf = Self { entries: entries.to_vec(), note: Vec::new(), tiles: None, origin };
        shelf.publish();
        shelf
    }

    /// As whoever holds the log's key would: a new checkpoint over the entries as they are, and tiles to match.
    pub(crate) fn publish(&mut self) {
        self.publish_head(head(&self.entries), &plant::log());
        self.tiles = Some(self.entries.iter().map(|e| leaf_hash(e)).collect());
    }

    pub(crate) fn publish_head(&mut self, head: Head, key: &Ed25519KeyPair) {
        let checkpoint = Checkpoint::new(self.origin.parse().unwrap(), head, Vec::new()).unwrap();
        self.note = SignedCheckpoint::sign(checkpoint, key).unwrap().to_string().into_bytes();
    }

    /// Somebody cosigns what stands in the note.
    pub(crate) fn cosign(&mut self, name: &str, key: &Ed25519KeyPair, time: u64) {
        let log = lockward_ledger::VerifierKey::of_pair(self.origin.parse().unwrap(), &plant::log());
        let mut signed = SignedCheckpoint::open(&self.note, &log).unwrap();
        let line = signed.cosign(name.parse().unwrap(), key, time).unwrap();
        signed.add(&CosignerKey::of_pair(name.parse().unwrap(), key), line).unwrap();
        self.note = signed.to_string().into_bytes();
    }
}

impl Copy {
    pub(crate) fn of(house: &House) -> Self {
        let config = Shelf::new("site.example/config", &house.config);
        let event = Shelf::new("site.example/events", &house.event);
        Self { site: house.site, config, event }
    }

    /// Of [`House::at_work`].
    pub(crate) fn clean() -> Self {
        Self::of(&House::at_work())
    }

    pub(crate) fn shelf(&mut self, log: Log) -> &mut Shelf {
        if log == Log::Config { &mut self.config } else { &mut self.event }
    }

    pub(crate) fn without_tiles(mut self) -> Self {
        self.config.tiles = None;
        self.event.tiles = None;
        self
    }

    pub(crate) fn audit(&mut self, keys: EpochKeys, threads: usize) -> Result<Report, Finding> {
        let pin = Pin::Expect(self.site);
        let threads = NonZeroUsize::new(threads).unwrap();
        match Audit::new(self, pin, keys).on_threads(threads).run(|_| ()) {
            Ok(report) => Ok(report),
            Err(AuditError::Finding(finding)) => Err(finding),
            Err(AuditError::Source(never)) => match never {},
        }
    }

    /// With every key.
    pub(crate) fn check(&mut self) -> Result<Report, Finding> {
        self.audit(every_key(), 2)
    }

    /// Audited without keys, it must be refused at this entry.
    pub(crate) fn must_be_at(&mut self, log: Log, index: usize) {
        let finding = self.audit(EpochKeys::new(), 2).unwrap_err();
        assert_eq!((finding.log, finding.index), (log, Some(index as u64)), "{finding}");
    }

    /// Audited with keys and without, it must be refused at this entry, for this.
    pub(crate) fn must_be(&mut self, log: Log, index: Option<u64>, code: FindingCode) {
        for keys in [every_key(), EpochKeys::new()] {
            let finding = self.audit(keys, 2).unwrap_err();
            assert_eq!((finding.log, finding.index, finding.code), (log, index, code), "{finding}");
        }
    }
}

pub(crate) fn every_key() -> EpochKeys {
    [Epoch(1), Epoch(2)].map(|e| (e, epoch_key(e))).into()
}

impl Source for Copy {
    type Error = Infallible;

    fn checkpoint(&mut self, log: Log) -> Result<Vec<u8>, Infallible> {
        Ok(self.shelf(log).note.clone())
    }

    fn entries(&mut self, log: Log, first: u64, max: usize) -> Result<Vec<Vec<u8>>, Infallible> {
        // A few at a time, as some servers do.
        let entries = self.shelf(log).entries.iter().skip(first as usize);
        Ok(entries.take(max.min(7)).cloned().collect())
    }

    fn leaf_hashes(&mut self, log: Log, first: u64, max: usize) -> Result<Option<Vec<Hash>>, Infallible> {
        let hashes = self.shelf(log).tiles.as_ref();
        Ok(hashes.map(|h| h.iter().skip(first as usize).take(max.min(5)).copied().collect()))
    }
}
