//! What happened and is not on the disk yet, in order; and what waits for it to be: openings, and schedules.
//!
//! Every event has a number here, by which the disk's answer names it. The number is not the sequence number under
//! which it is sealed: that is given when it is written.

use crate::ordering::Judged;
use lockward_door::{Cause, Terms};
use lockward_model::{Body, Code, Deny, Digest, DoorId, Epoch, Event, Mono, Outcome, Source, Time};
use lockward_policy::Grant;
use std::collections::VecDeque;

/// Events that wait in memory while the disk refuses them or hangs, or the hub has not given a key yet: a day of a busy
/// door. The oldest go first when there are more, but for those that a door waits for.
const FRESH_MAX: usize = 8_192;

/// Stands for a door where what waits is of none of this controller's.
pub(crate) const NO_DOOR: usize = usize::MAX;

/// Something that happened and is not on the disk yet.
pub(crate) struct Fresh {
    pub(crate) number: u64,
    /// Its place in the chain, and the key's epoch, are filled in when it is sealed.
    pub(crate) event: Event,
    /// The sequence number under which a write was tried that failed.
    pub(crate) tried: Option<u64>,
}

/// What waits for a record of its own.
pub(crate) struct Waiting {
    /// The record's number.
    record: u64,
    pub(crate) door: usize,
    pub(crate) what: Awaited,
}

/// What happens when the record is durable.
pub(crate) enum Awaited {
    /// Somebody is let in, or out by a reader.
    Opening { question: u32, grant: Grant, terms: Terms },
    /// Somebody guessed, and learns so.
    Refusal { question: u32, why: Deny, until: Mono },
    /// The door is open to everybody.
    Free(Cause),
    /// Somebody far away wants something, or is refused.
    Order(Box<Judged>),
}

impl Waiting {
    /// Whether somebody waits for it.
    fn is_answer(&self) -> bool {
        !matches!(self.what, Awaited::Free(_))
    }

    /// When nobody waits for it any more.
    fn until(&self) -> Option<Mono> {
        match &self.what {
            Awaited::Opening { grant, .. } => Some(grant.until()),
            Awaited::Refusal { until, .. } => Some(*until),
            Awaited::Free(_) => None,
            Awaited::Order(judged) => Some(judged.until),
        }
    }
}

#[derive(Default)]
pub(crate) struct Records {
    next: u64,
    fresh: VecDeque<Fresh>,
    /// By number: the order of the records is the order of the bolts.
    waiting: Vec<Waiting>,
}

impl Records {
    /// Something happened; gives its number.
    pub(crate) fn note(&mut self, source: Source, time: Time, door: Option<DoorId>, body: Body) -> u64 {
        let number = self.next;
        self.next += 1;
        let event = Event { source, seq: 0, prev: Digest([0; 32]), time, door, epoch: Epoch(0), body };
        self.fresh.push_back(Fresh { number, event, tried: None });
        self.bound();
        number
    }

    /// A door waits for the record of this number, the newest.
    pub(crate) fn wait(&mut self, record: u64, door: usize, what: Awaited) {
        self.waiting.push(Waiting { record, door, what });
    }

    /// How many events are in memory, those apart that are being written.
    pub(crate) fn len(&self) -> usize {
        self.fresh.len()
    }

    /// All of it, to be written.
    pub(crate) fn take(&mut self) -> VecDeque<Fresh> {
        std::mem::take(&mut self.fresh)
    }

    /// Everything up to `through` is on the disk: what waited for that no longer does.
    pub(crate) fn kept(&mut self, through: u64) -> Vec<Waiting> {
        let served = self.waiting.partition_point(|w| w.record <= through);
        self.waiting.drain(..served).collect()
    }

    /// A write failed that was of everything up to `through`; `left` was not kept. Openings that waited for it are given
    /// back: they end here, and a grant that is not used is not recorded as one, but as refused. All is tried again.
    pub(crate) fn failed(&mut self, through: u64, mut left: VecDeque<Fresh>) -> Vec<Waiting> {
        left.iter_mut().for_each(|f| refuse(&mut f.event.body));
        left.append(&mut self.fresh);
        self.fresh = left;
        self.bound();
        self.waiting.extract_if(.., |w| w.record <= through && w.is_answer()).collect()
    }

    /// Openings that have waited longer than anyone stands before a door, or `all` of them. They end here; what is left
    /// of their records, as far as nothing was tried with them, says that somebody was refused for that.
    pub(crate) fn overdue(&mut self, now: Mono, all: bool) -> Vec<Waiting> {
        let late = |w: &Waiting| w.until().is_some_and(|until| all || until <= now);
        let ended: Vec<Waiting> = self.waiting.extract_if(.., |w| late(w)).collect();
        // A guess stays on record, whoever learns of it.
        for waiting in ended.iter().filter(|w| matches!(w.what, Awaited::Opening { .. } | Awaited::Order(_)))
        {
            if let Ok(at) = self.fresh.binary_search_by_key(&waiting.record, |f| f.number) {
                self.fresh.get_mut(at).into_iter().for_each(|f| refuse(&mut f.event.body));
            }
        }
        ended
    }

    /// When the first opening is overdue.
    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.waiting.iter().filter_map(Waiting::until).min()
    }

    /// The schedule of a door is over before its record was there. Whether it waited.
    pub(crate) fn forget_schedule(&mut self, door: usize) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|w| w.door != door || w.is_answer());
        self.waiting.len() < before
    }

    fn bound(&mut self) {
        while self.fresh.len() > FRESH_MAX {
            // A schedule that waits for this very record opens its door once the disk is whole again.
            let goes = |f: &Fresh| {
                f.event.body.code() != Code::DoorUnlocked && self.waiting.iter().all(|w| w.record != f.number)
            };
            let Some(oldest) = self.fresh.iter().position(goes) else { return };
            self.fresh.remove(oldest);
        }
    }
}

/// A grant whose record did not come in time was none.
pub(crate) fn refuse(body: &mut Body) {
    let outcome = match body {
        Body::Access(access) => &mut access.outcome,
        Body::Order(ordered) => &mut ordered.outcome,
        _ => return,
    };
    if matches!(outcome, Outcome::Granted { .. }) {
        *outcome = Outcome::Denied { why: Deny::NotRecorded, because: Vec::new() };
    }
}
