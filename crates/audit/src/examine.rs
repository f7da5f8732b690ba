//! One leaf of the event log by itself: hashed, read, its signature checked or its body opened. Depends on no other leaf.

use crate::EpochKeys;
use crate::chain::{Link, named};
use crate::events::Writers;
use crate::finding::{FindingCode, told};
use crate::history::History;
use lockward_ledger::{Hash, leaf_hash};
use lockward_model::{Body, Code, ConfigRef, Digest, Epoch, Event, SiteId, Source};
use lockward_wire::event::{Leaf, LeafError, OpenError, Sealed, source_key};
use lockward_wire::{CborError, SourceKey};
use std::collections::HashMap;

/// Keys of sources that one worker keeps ready: a year's monthly epochs at 300 controllers, a quarter of a megabyte.
const KEYS_MAX: usize = 4_096;

/// What one leaf turned out to be.
pub(crate) struct Seen {
    pub(crate) hash: Hash,
    pub(crate) leaf: Result<Known, (FindingCode, String)>,
}

/// A leaf of a source that the site knows.
pub(crate) enum Known {
    Event {
        source: Source,
        link: Link,
        told: Result<Told, (FindingCode, String)>,
    },
    /// A head with a good signature.
    Head {
        source: Source,
        count: u64,
        head: Digest,
    },
}

/// What is known of an event's body.
pub(crate) enum Told {
    /// Nothing: the key of its epoch was not given.
    Sealed { decision: bool },
    /// A decision, to be made again.
    Decision(Box<Event>),
    /// Something else that can be read.
    Other,
}

/// Keys that were derived before.
#[derive(Default)]
pub(crate) struct KeyCache(HashMap<(Epoch, Source), SourceKey>);

/// What it takes to examine a leaf.
#[derive(Clone, Copy)]
pub(crate) struct Examiner<'a> {
    pub(crate) site: &'a SiteId,
    pub(crate) writers: &'a Writers,
    pub(crate) history: &'a History,
    pub(crate) keys: &'a EpochKeys,
}

impl Examiner<'_> {
    pub(crate) fn examine(&self, leaf: &[u8], cache: &mut KeyCache) -> Seen {
        let hash = leaf_hash(leaf);
        Seen { hash, leaf: self.read(leaf, hash, cache) }
    }

    fn read(&self, leaf: &[u8], hash: Hash, cache: &mut KeyCache) -> Result<Known, (FindingCode, String)> {
        let leaf = Leaf::parse(leaf).map_err(|error| match error {
            LeafError::Newer { .. } => (FindingCode::Newer, told(&error)),
            error => (FindingCode::LeafMalformed, told(&error)),
        })?;
        let source = match &leaf {
            Leaf::Event(sealed) => sealed.source(),
            Leaf::Head(head) => head.source,
        };
        let Some(key) = self.writers.key(source) else {
            let what = format!("the leaf is by {}, who has no key in the config log", named(source));
            return Err((FindingCode::UnknownSource, what));
        };
        match leaf {
            Leaf::Head(head) if head.verify(self.site, &key) => {
                Ok(Known::Head { source, count: head.count, head: head.head })
            }
            Leaf::Head(head) => {
                let what = format!("{} has not signed this head of {} events", named(source), head.count);
                Err((FindingCode::HeadSignature, what))
            }
            Leaf::Event(sealed) => {
                let hash = Digest(*hash.as_bytes());
                let link = Link { seq: sealed.seq(), prev: sealed.prev(), time: sealed.time(), hash };
                Ok(Known::Event { source, link, told: self.open(&sealed, cache) })
            }
        }
    }

    fn open(&self, sealed: &Sealed<'_>, cache: &mut KeyCache) -> Result<Told, (FindingCode, String)> {
        let Some(key) = self.key(sealed, cache) else {
            let decision = matches!(
                sealed.code(),
                Code::AccessGranted | Code::AccessDenied | Code::OrderGiven | Code::OrderRefused
            );
            return Ok(Told::Sealed { decision });
        };
        let event = sealed.open(key).map_err(|error| match error {
            OpenError::Body(CborError::Unknown { .. }) => (FindingCode::Newer, told(&error)),
            error => (FindingCode::BodyUnreadable, told(&error)),
        })?;
        let rests_on = match &event.body {
            Body::Access(access) => access.config,
            Body::Order(ordered) => ordered.config,
            Body::ConfigApplied(config) => Some(*config),
            Body::Started { config, .. } => *config,
            _ => None,
        };
        if let Some(config) = rests_on {
            self.check_config(config)?;
        }
        let decision = matches!(event.body, Body::Access(_) | Body::Order(_));
        Ok(if decision { Told::Decision(Box::new(event)) } else { Told::Other })
    }

    fn key<'c>(&self, sealed: &Sealed<'_>, cache: &'c mut KeyCache) -> Option<&'c SourceKey> {
        let (epoch, source) = (sealed.epoch(), sealed.source());
        let of_epoch = self.keys.get(&epoch)?;
        if cache.0.len() >= KEYS_MAX && !cache.0.contains_key(&(epoch, source)) {
            cache.0.clear();
        }
        Some(cache.0.entry((epoch, source)).or_insert_with(|| source_key(of_epoch, self.site, source)))
    }

    /// Two configurations of one size are two histories: somebody was shown another log.
    fn check_config(&self, config: ConfigRef) -> Result<(), (FindingCode, String)> {
        let what = match self.history.root(config.size) {
            Some(root) if root == config.root => return Ok(()),
            Some(_) => format!("rests on another config log of {} entries than this one", config.size),
            None => format!("rests on entry {} of a config log that has not so many", config.size),
        };
        Err((FindingCode::ConfigMismatch, what))
    }
}
