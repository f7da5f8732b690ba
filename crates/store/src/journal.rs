//! The controller's memory that survives a power cut: numbered records, durable when `append` returns.
//!
//! # Life of a record
//!
//! 1. [`Journal::append`] finds room in the last segment, a file that was filled with zeros and synced beforehand, so
//!    that nothing but the record's own bytes has to reach the disk.
//! 2. One write puts the whole batch behind what is already there. The power may fail here: the batch is then torn, and
//!    nobody was promised it.
//! 3. One sync. When it returns the batch is durable, and only then the caller hears of it. When it fails nobody knows
//!    what the disk has, so the journal refuses to go on until it is opened again.
//! 4. [`Journal::release`] says that everything below a number is safe elsewhere. The next batch carries a mark of it,
//!    and a segment whose last record is released is written anew, from its start.
//!
//! Opening is the same after an orderly stop, a kill and a power cut: see `journal_open.rs`.
//!
//! INVARIANT: at most one batch is ever unsynced. Everything about torn tails rests on it.
//!
//! The disk is assumed to keep durable bytes when their sector is written again with the same bytes and the power fails
//! meanwhile (SQLite calls this "powersafe overwrite").

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::journal_format::{
    self as format, Body, HEADER_BYTES, Header, MARK_BYTES, Place, RECORD_HEAD_BYTES, record_bytes,
};
use crate::{Disk, DiskFile, Limits};

/// An append-only sequence of records in a folder, the oldest of which can be released.
///
/// Records are numbered from 0 and never renumbered. The folder must not be open anywhere else: take a
/// [`crate::DirLock`] first.
pub struct Journal<D: Disk> {
    pub(crate) disk: D,
    pub(crate) dir: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
    /// Oldest first; the last one is written. A segment ends where the next one begins.
    pub(crate) segments: VecDeque<Segment<D::File>>,
    pub(crate) spare: Option<Spare<D::File>>,
    pub(crate) next_file: u32,
    pub(crate) next: u64,
    pub(crate) released: u64,
    /// What a durable mark or header says; lags behind `released` until the next batch.
    pub(crate) marked: u64,
    pub(crate) poisoned: bool,
    pub(crate) buffer: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Segment<F> {
    pub(crate) path: PathBuf,
    pub(crate) file: F,
    pub(crate) salt: u64,
    pub(crate) first: u64,
    /// Where each record stands. Empty when all of them were released before the journal was opened.
    pub(crate) offsets: Vec<u32>,
    /// Where the next record goes; 0 when the header is not written yet.
    pub(crate) end: u32,
}

/// A file that becomes a segment when one is needed.
#[derive(Debug)]
pub(crate) struct Spare<F> {
    pub(crate) path: PathBuf,
    pub(crate) file: F,
    /// How much of it is zeros on the disk.
    pub(crate) filled: u32,
}

/// Why records were not appended. Only [`AppendError::Io`] leaves the journal unusable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// All segments hold records that nobody has released.
    #[error("the journal in `{dir}` is full: {segments} segments hold records that are not released")]
    Full {
        /// The journal's folder.
        dir: PathBuf,
        /// How many there may be.
        segments: u32,
    },
    /// The disk has no room for another segment. What was there is intact; try again when there is room.
    #[error("no room on the disk for another segment of {bytes} bytes in `{dir}`; free some")]
    NoRoom {
        /// The journal's folder.
        dir: PathBuf,
        /// What is wanted.
        bytes: u32,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Another segment could not be made ready. What was there is intact.
    #[error("could not prepare the segment `{path}`")]
    Prepare {
        /// The new file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// One record is over the limit.
    #[error("a record of {bytes} bytes is too large: at most {max} fit")]
    RecordTooLarge {
        /// What was offered.
        bytes: usize,
        /// The limit.
        max: u32,
    },
    /// All records together are over the limit of one append.
    #[error("a batch of {bytes} bytes is too large: at most {max} fit; append it in parts")]
    BatchTooLarge {
        /// What was offered, heads included.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A write or a sync failed. Nobody knows what the disk has: the journal must be opened again.
    #[error("could not write `{path}`; open the journal again to learn what was kept")]
    Io {
        /// The segment.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// An earlier write or sync failed.
    #[error(
        "the journal in `{dir}` takes nothing more since a write failed; check the disk and open it again"
    )]
    Poisoned {
        /// The journal's folder.
        dir: PathBuf,
    },
}

/// Why a record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error("could not read `{path}`")]
    Io {
        /// The segment.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The record was whole once and is not now.
    #[error("`{path}` is damaged at byte {offset}: record {number} does not fit its checksum")]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the record begins in it.
        offset: u32,
        /// Which record.
        number: u64,
    },
}

/// Somebody released records that were never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot release up to record {up_to}: the journal ends before {next}")]
pub struct ReleaseError {
    /// What was asked.
    pub up_to: u64,
    /// The number of the next record to be written.
    pub next: u64,
}

impl<D: Disk> fmt::Debug for Journal<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({}: {}..{})", self.dir.display(), self.released, self.next)
    }
}

impl<D: Disk> Journal<D> {
    /// The lowest record that is not released.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.released
    }

    /// The number that the next record gets.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// True once a write or a sync has failed: nothing is taken until the journal is opened again.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The sizes it keeps to.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Appends `records` with one write and one sync, and returns their numbers when all are durable.
    ///
    /// # Errors
    /// [`AppendError`]. After [`AppendError::Io`] some of the records may be found when the journal is opened again;
    /// after any other error none will.
    pub fn append(&mut self, records: &[&[u8]]) -> Result<Range<u64>, AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned { dir: self.dir.clone() });
        }
        let size = self.size_of(records)?;
        if records.is_empty() {
            return Ok(self.next..self.next);
        }
        // 1. Room: in the last segment, or in another one. Nothing of this batch is written yet.
        if !self.fits(size) {
            self.turn()?;
        }
        // 2. One write, one sync. From here the batch exists, or may exist.
        let first = self.next;
        self.write_batch(records)?;
        Ok(first..self.next)
    }

    /// Lets go of every record below `up_to`. Durable with the next append: after a restart records may be given again.
    ///
    /// # Errors
    /// [`ReleaseError`] when there are no such records yet.
    pub fn release(&mut self, up_to: u64) -> Result<(), ReleaseError> {
        if up_to > self.next {
            return Err(ReleaseError { up_to, next: self.next });
        }
        self.released = self.released.max(up_to);
        Ok(())
    }

    /// The records from `number` on, or from the first that is not released.
    pub fn read_from(&self, number: u64) -> Records<'_, D> {
        Records { journal: self, number: number.max(self.released) }
    }

    fn size_of(&self, records: &[&[u8]]) -> Result<usize, AppendError> {
        let max = self.limits.record_bytes;
        if let Some(large) = records.iter().find(|record| record.len() > max as usize) {
            return Err(AppendError::RecordTooLarge { bytes: large.len(), max });
        }
        let bytes = records.iter().map(|record| record_bytes(record.len())).sum();
        let max = self.limits.batch_bytes();
        if bytes > max { Err(AppendError::BatchTooLarge { bytes, max }) } else { Ok(bytes) }
    }

    /// Whether `size` bytes of records fit the last segment, with a mark before them and one at the end.
    fn fits(&self, size: usize) -> bool {
        let room = self.limits.segment_bytes as usize;
        self.segments.back().is_some_and(|last| last.end as usize + 2 * MARK_BYTES + size <= room)
    }

    /// Writes `records`, with the header if the segment has none, and with a mark if a release is to be told.
    /// Without records this is how a mark is written by itself.
    pub(crate) fn write_batch(&mut self, records: &[&[u8]]) -> Result<(), AppendError> {
        let Some(last) = self.segments.back_mut() else { return Ok(()) };
        let start = last.end.max(HEADER_BYTES as u32);
        self.buffer.clear();
        if last.end == 0 {
            let segment_bytes = self.limits.segment_bytes;
            Header { segment_bytes, salt: last.salt, first: last.first, released: self.released }
                .encode(&mut self.buffer);
        }
        let mut place = Place { salt: last.salt, number: self.next, batch_start: start };
        if last.end != 0 && self.released > self.marked {
            format::encode_mark(place, self.released, &mut self.buffer);
        }
        let known = last.offsets.len();
        for record in records {
            last.offsets.push(last.end + self.buffer.len() as u32);
            format::encode_data(place, record, &mut self.buffer);
            place.number += 1;
        }
        let written =
            last.file.write_at(u64::from(last.end), &self.buffer).and_then(|()| last.file.sync_data());
        if let Err(source) = written {
            last.offsets.truncate(known);
            self.poisoned = true;
            return Err(AppendError::Io { path: last.path.clone(), source });
        }
        last.end += self.buffer.len() as u32;
        self.next = place.number;
        self.marked = self.released;
        Ok(())
    }

    fn read(&self, number: u64) -> Result<Vec<u8>, ReadError> {
        let behind = self.segments.partition_point(|segment| segment.first <= number);
        let Some(segment) = behind.checked_sub(1).and_then(|index| self.segments.get(index)) else {
            return Ok(Vec::new());
        };
        let index = usize::try_from(number - segment.first).unwrap_or(usize::MAX);
        let offset = segment.offsets.get(index).copied().unwrap_or(segment.end);
        let end = segment.offsets.get(index.saturating_add(1)).copied().unwrap_or(segment.end);
        let mut bytes = vec![0; (end - offset) as usize];
        let io = |source| ReadError::Io { path: segment.path.clone(), source };
        segment.file.read_at(u64::from(offset), &mut bytes).map_err(io)?;
        let read = format::decode(&bytes);
        match read.filter(|read| read.place.number == number && read.place.salt == segment.salt) {
            Some(format::Read { body: Body::Data(body), .. }) => {
                let length = body.len();
                bytes.drain(..RECORD_HEAD_BYTES);
                bytes.truncate(length);
                Ok(bytes)
            }
            _ => Err(ReadError::Damaged { path: segment.path.clone(), offset, number }),
        }
    }
}

/// A record and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Counted from the journal's very first record, 0.
    pub number: u64,
    /// What was appended.
    pub bytes: Vec<u8>,
}

/// The records of a journal, oldest first. Ends after an error.
pub struct Records<'a, D: Disk> {
    journal: &'a Journal<D>,
    number: u64,
}

impl<D: Disk> fmt::Debug for Records<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({}..{})", self.number, self.journal.next)
    }
}

impl<D: Disk> Iterator for Records<'_, D> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.number;
        if number >= self.journal.next {
            return None;
        }
        let read = self.journal.read(number);
        self.number = if read.is_ok() { number + 1 } else { u64::MAX };
        Some(read.map(|bytes| Record { number, bytes }))
    }
}
