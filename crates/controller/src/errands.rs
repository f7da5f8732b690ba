//! What the core wants of the disk: which job is next, and what follows when it is done.
//!
//! One job at a time: while one is out, what happens gathers for the next. A job that does not come back holds up
//! nothing else in this room.

use crate::core::{Core, Effect, GRANT_LIFE};
use crate::jobs::{Done, Job, Kept, Of, Work};
use crate::memory::MemoryError;
use crate::recall;
use crate::records::{Awaited, Waiting};
use core::time::Duration;
use lockward_door::Answer;
use lockward_model::{Deny, Mono, Now};
use tracing::{error, info};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Config,
    Events,
    State,
    Identity,
    History,
    Read,
    Room,
}

/// What is due, and what is out.
#[derive(Default)]
pub(crate) struct Errands {
    /// The state file is behind.
    pub(crate) state: bool,
    /// A renewed certificate is to be kept.
    pub(crate) chain: Option<Vec<Vec<u8>>>,
    /// A summary of what happened is due.
    history: bool,
    /// Up to which record the last one speaks, and when the next may be written.
    summed: u64,
    sum_next: Option<Mono>,
    wants_room: bool,
    out: Option<Out>,
    /// What failed, or needs no more, before the next turn.
    tried: Vec<Kind>,
    /// Events were written last: it is another's turn.
    events_last: bool,
    /// Records fail, and that was told.
    troubled: bool,
    /// The disk hangs, and that was told.
    hanging: bool,
}

/// The job that is out.
struct Out {
    since: Mono,
    /// How many events it is about, and the number of the last.
    events: usize,
    through: u64,
    /// The certificate that it keeps.
    chain: Option<Vec<Vec<u8>>>,
    /// Up to which record the summary speaks that it keeps.
    recalls: u64,
}

/// A summary of what happened is written this often at the most, for each piece that it takes.
const SUMMARY_EVERY: Duration = Duration::from_secs(10);
/// So many records that say nothing are read at a start, at the most, before a summary says so.
const IDLE_RECORDS_MAX: u64 = 16_384;

impl Core {
    /// What the disk is to do next, if it is not at work already. To be asked after every [`Core::take`] and
    /// [`Core::done`].
    pub fn job(&mut self, now: Mono) -> Option<Job> {
        if self.errands.out.is_some() {
            return None;
        }
        let kind = self.next()?;
        self.errands.events_last = kind == Kind::Events;
        let mut out = Out { since: now, events: 0, through: 0, chain: None, recalls: 0 };
        let work = match kind {
            Kind::Config => {
                let (first, entries) = self.owed_config();
                Work::Config { first, entries }
            }
            Kind::Events => {
                let fresh = self.records.take();
                out.events = fresh.len();
                out.through = fresh.back().map_or(0, |f| f.number);
                Work::Events { fresh, sealing: self.known.sealing() }
            }
            Kind::State => {
                self.errands.state = false;
                Work::State(self.state_bytes())
            }
            Kind::Identity => {
                out.chain = self.errands.chain.take();
                let bytes = self.known.identity.to_bytes(out.chain.as_deref().unwrap_or_default());
                Work::Identity(bytes.ok()?)
            }
            Kind::History => {
                self.errands.history = false;
                self.history.summed_up();
                out.recalls = self.known.next_seq;
                Work::History(recall::write(&self.history, out.recalls, self.known.config().size))
            }
            Kind::Read => Work::Read(self.unsent()?),
            Kind::Room => Work::Room,
        };
        self.errands.out = Some(out);
        Some(Job { released: self.known.first_seq(), work })
    }

    /// Takes a job back. What is on record now happens: people are let in, the hub is told.
    ///
    /// `raw` is read when the job is back: a grant that waited longer than anyone stands before a door moves no bolt.
    ///
    /// # Errors
    /// [`MemoryError`], when records could not be written. No grant that waited for them was used; people may still
    /// leave. What else happened is tried again after the next [`Core::take`].
    pub fn done(&mut self, raw: Now, done: Done, out: &mut Vec<Effect>) -> Result<(), MemoryError> {
        let now = self.believe(raw);
        let Some(job) = self.errands.out.take() else { return Ok(()) };
        if std::mem::take(&mut self.errands.hanging) {
            info!("the disk answers again");
        }
        self.known.next_seq = done.next_seq;
        self.errands.wants_room = done.wants_room;
        match done.of {
            Of::Events(kept) => return self.events_done(now, job.through, kept, out),
            Of::Config(result) => {
                self.tried_if(result.is_err(), Kind::Config);
                self.config_done(now, result, out);
            }
            Of::State(result) => {
                self.tried_if(result.is_err(), Kind::State);
                self.state_done(now, result, out);
            }
            Of::Identity(Ok(())) => {
                self.known.identity.chain = job.chain.unwrap_or_default();
            }
            Of::Identity(Err(error)) => error!(%error, "the renewed certificate could not be kept"),
            Of::History(result) => {
                self.tried_if(result.is_err(), Kind::History);
                self.history_done(now.mono, job.recalls, result);
            }
            Of::Read(from, read) => {
                self.tried_if(!matches!(read, Ok(Some(_))), Kind::Read);
                self.send_events(from, read, out);
            }
            Of::Room => self.tried_if(true, Kind::Room),
        }
        Ok(())
    }

    /// How many events are not on the disk yet.
    #[must_use]
    pub fn unkept(&self) -> usize {
        self.records.len() + self.errands.out.as_ref().map_or(0, |out| out.events)
    }

    /// Whether a job is out.
    #[must_use]
    pub fn awaits_disk(&self) -> bool {
        self.errands.out.is_some()
    }

    /// Whether the disk is known to hang: it has kept a job for longer than anyone waits at a door.
    pub(crate) fn disk_hangs(&self, now: Mono) -> bool {
        self.errands.out.as_ref().is_some_and(|out| out.since + GRANT_LIFE <= now)
    }

    /// A new turn: what failed may be tried again.
    pub(crate) fn try_again(&mut self) {
        self.errands.tried.clear();
    }

    /// Openings whose record takes too long end, and those who wait are told so.
    pub(crate) fn end_overdue(&mut self, now: Now, out: &mut Vec<Effect>) {
        let hangs = self.disk_hangs(now.mono);
        if hangs && !std::mem::replace(&mut self.errands.hanging, true) {
            error!("the disk hangs: nobody is let in before it answers; people may leave");
        }
        for waiting in self.records.overdue(now.mono, hangs) {
            self.refuse_waiting(now, &waiting, out);
        }
    }

    /// A turn ends: whether what happened is to be summed up. Where nothing did that decisions depend on, no record is
    /// held back for it.
    pub(crate) fn sum_up(&mut self, now: Mono) {
        let few = self.known.next_seq.saturating_sub(self.errands.summed) < IDLE_RECORDS_MAX;
        if !self.history.is_ahead() && few {
            self.known.recall(self.known.next_seq);
        } else if self.errands.sum_next.is_none_or(|at| at <= now) {
            self.errands.history = true;
        }
    }

    /// A summary is due at once: the key of the records before goes.
    pub(crate) fn sum_up_soon(&mut self) {
        self.history.news = true;
        self.errands.sum_next = None;
    }

    /// A summary speaks of all that happened, so all of that is on the disk. While the disk takes no records it may
    /// speak of more: without it no room would ever be made, and to learn a thing twice does no harm.
    fn may_sum_up(&self) -> bool {
        self.errands.history && (self.records.len() == 0 || self.errands.troubled)
    }

    fn history_done(&mut self, now: Mono, through: u64, result: Result<(), MemoryError>) {
        self.errands.sum_next = Some(now + SUMMARY_EVERY);
        match result {
            Ok(()) => {
                self.errands.summed = through;
                self.known.recall(through);
            }
            Err(error) => {
                self.history.news = true;
                error!(%error, "what happened could not be summed up; its records are held until it is");
            }
        }
    }

    fn next(&self) -> Option<Kind> {
        use Kind::{Config, Events, History, Identity, Read, Room, State};
        // What the doors were told by comes before what they did; then nobody waits twice for the same neighbour.
        let order = if self.errands.events_last {
            [Config, State, Read, Identity, Events, History, Room]
        } else {
            [Config, Events, State, Read, Identity, History, Room]
        };
        order.into_iter().find(|kind| self.is_due(*kind) && !self.errands.tried.contains(kind))
    }

    fn is_due(&self, kind: Kind) -> bool {
        match kind {
            Kind::Config => self.owed.is_due(),
            Kind::Events => self.records.len() > 0,
            Kind::State => self.errands.state,
            Kind::Identity => self.errands.chain.is_some(),
            Kind::History => self.may_sum_up(),
            Kind::Read => self.unsent().is_some(),
            Kind::Room => self.errands.wants_room,
        }
    }

    fn tried_if(&mut self, enough: bool, kind: Kind) {
        if enough {
            self.errands.tried.push(kind);
        }
    }

    fn events_done(
        &mut self,
        now: Now,
        through: u64,
        kept: Kept,
        out: &mut Vec<Effect>,
    ) -> Result<(), MemoryError> {
        let served = kept.through.map(|through| self.records.kept(through));
        for Waiting { door, what, .. } in served.into_iter().flatten() {
            match what {
                Awaited::Opening { question, grant, terms } => {
                    self.answer(now, door, question, Answer::Granted(grant, terms), out);
                }
                Awaited::Refusal { question, why, .. } => {
                    self.answer(now, door, question, Answer::Denied(why), out);
                }
                Awaited::Free(cause) => {
                    self.door(now, door, lockward_door::Input::Free { cause, on: true }, out);
                }
                Awaited::Order(judged) => self.obey(now, door, *judged, out),
            }
        }
        let Err(error) = kept.result else {
            self.errands.troubled = false;
            return Ok(());
        };
        self.tried_if(true, Kind::Events);
        for waiting in self.records.failed(through, kept.left) {
            self.refuse_waiting(now, &waiting, out);
        }
        if !std::mem::replace(&mut self.errands.troubled, true) {
            match &error {
                MemoryError::NoKey => info!(%error, "nobody is let in before that"),
                error => error!(%error, "no record, no opening: nobody is let in until this is mended"),
            }
        }
        Err(error)
    }

    /// Without a record there is no opening. The grant ends here.
    fn refuse_waiting(&mut self, now: Now, waiting: &Waiting, out: &mut Vec<Effect>) {
        match &waiting.what {
            Awaited::Opening { question, .. } => {
                let question = *question;
                self.answer(now, waiting.door, question, Answer::Denied(Deny::NotRecorded), out);
                self.spent(now, waiting.door, question, false, out);
            }
            Awaited::Refusal { question, why, .. } => {
                self.answer(now, waiting.door, *question, Answer::Denied(*why), out);
            }
            Awaited::Order(judged) => self.refuse_order(now, waiting.door, judged, out),
            Awaited::Free(_) => {}
        }
    }
}
