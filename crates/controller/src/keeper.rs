//! The disk's side of the controller: owns the journals and the small files, and does one [`Job`] after the other.
//!
//! Runs on a thread of its own ([`crate::clerk`]): a disk that hangs holds up nothing but this. Tests run it in place.

use crate::core::{Core, Effect};
use crate::jobs::{Done, Job, Of, Work};
use crate::memory::{MemoryError, Room};
use lockward_model::{Digest, Now, Source};
use lockward_store::{AppendError, DirLock, Disk, Journal, StateFile};
use std::path::PathBuf;

/// Whoever does the writing.
pub struct Keeper<D: Disk + Clone> {
    pub(crate) disk: D,
    pub(crate) dir: PathBuf,
    pub(crate) source: Source,
    pub(crate) config: Journal<D>,
    pub(crate) spool: Journal<D>,
    pub(crate) state_file: StateFile<D>,
    /// The end of our own chain of events.
    pub(crate) head: Digest,
    pub(crate) seed: u64,
    pub(crate) room: Room,
    /// Nonces.
    pub(crate) dice: Box<dyn FnMut() -> [u8; 12] + Send>,
    /// Let go when the last write is over, and not before.
    pub(crate) lock: Option<DirLock>,
}

impl<D: Disk + Clone> Keeper<D> {
    /// Does a job. May take as long as the disk likes.
    pub fn run(&mut self, job: Job) -> Done {
        // Bounded by what exists, so it can not fail.
        let _ = self.spool.release(job.released.min(self.spool.next()));
        let of = match job.work {
            Work::Config { first, entries } => {
                Of::Config(self.keep_config(first, &entries).map_err(|error| (error, entries)))
            }
            Work::Events { fresh, sealing } => Of::Events(self.keep_events(fresh, sealing.as_ref())),
            Work::State(bytes) => Of::State(self.state_file.write(&bytes).map_err(MemoryError::from)),
            Work::Identity(bytes) => Of::Identity(self.replace(crate::identity::FILE, &bytes)),
            Work::History(pieces) => Of::History(self.keep_history(&pieces)),
            Work::Read(from) => Of::Read(from, self.read(from)),
            Work::Room => {
                // Not being able to is no reason to fail: the append that needs the room will tell.
                let _ = self.spool.prepare();
                Of::Room
            }
        };
        Done { next_seq: self.spool.next(), wants_room: self.spool.wants_room(), of }
    }

    /// Does all that the core wants, one job after the other, at one moment: for who has no thread to spare.
    ///
    /// # Errors
    /// [`MemoryError`], the first that kept an event from being recorded.
    pub fn serve(&mut self, core: &mut Core, now: Now, out: &mut Vec<Effect>) -> Result<(), MemoryError> {
        let mut result = Ok(());
        while let Some(job) = core.job(now.mono) {
            let done = self.run(job);
            result = result.and(core.done(now, done, out));
        }
        result
    }

    /// Makes entries durable that are in force, with one sync.
    fn keep_config(&mut self, first: u64, entries: &[Vec<u8>]) -> Result<(), MemoryError> {
        if self.config.is_poisoned() {
            let (dir, seed) = (self.dir.join("config"), self.next_seed());
            self.config = Journal::open(self.disk.clone(), &dir, self.room.config, seed)?.0;
        }
        // A write that failed may have reached the disk all the same.
        let there = self.config.next().saturating_sub(first);
        let due: Vec<&[u8]> =
            entries.iter().skip(usize::try_from(there).unwrap_or(usize::MAX)).map(Vec::as_slice).collect();
        Ok(append_all(&mut self.config, &due, |_| ())?)
    }

    /// Keeps a summary: its head last, so that what it names is there.
    fn keep_history(&self, pieces: &[Vec<u8>]) -> Result<(), MemoryError> {
        for (number, piece) in pieces.iter().enumerate().rev() {
            self.replace(&history_file(number), piece)?;
        }
        Ok(())
    }

    /// Replaces a small file whole.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), MemoryError> {
        Ok(StateFile::open(self.disk.clone(), &self.dir.join(name))?.write(bytes)?)
    }

    /// Another number for a journal that is opened again.
    pub(crate) fn next_seed(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1);
        self.seed
    }
}

/// Appends all, in as few writes as the journal takes: one, except after a long outage. `kept` hears of each part, when
/// it is durable, how many records it was.
pub(crate) fn append_all<D: Disk>(
    journal: &mut Journal<D>,
    records: &[&[u8]],
    mut kept: impl FnMut(usize),
) -> Result<(), AppendError> {
    let (mut rest, mut count) = (records, records.len());
    while !rest.is_empty() {
        let (some, after) = rest.split_at(count.min(rest.len()));
        match journal.append(some) {
            Err(AppendError::BatchTooLarge { .. }) if some.len() > 1 => count = some.len().div_ceil(2),
            Err(error) => return Err(error),
            Ok(_) => {
                kept(some.len());
                rest = after;
            }
        }
    }
    Ok(())
}

/// The file of a piece of the summary.
pub(crate) fn history_file(number: usize) -> String {
    if number == 0 { "history".to_owned() } else { format!("history-{number}") }
}
