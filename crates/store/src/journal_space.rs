//! Where a journal's next segment comes from: a released one, one prepared ahead, or a new one.

use std::io;
use std::path::{Path, PathBuf};

use crate::journal::{AppendError, Segment, Spare};
use crate::journal_format::{self as format, MARK_BYTES};
use crate::{Disk, DiskFile, Journal};

/// How much of a new segment is filled in one step: 25 ms on a memory card that writes 10 MB/s, which is what an append
/// may have to wait for it.
const STEP_BYTES: u32 = 256 * 1024;

/// The name of the segment file `index`.
pub(crate) fn file_name(index: u32) -> String {
    format!("{index:08}.seg")
}

/// The index of a segment file, from its name.
pub(crate) fn file_index(path: &Path) -> Option<u32> {
    let index = path.file_name()?.to_str()?.strip_suffix(".seg")?.parse().ok()?;
    (path.file_name()?.to_str()? == file_name(index)).then_some(index)
}

impl<D: Disk> Journal<D> {
    /// Does a bounded part of making the next segment ready, if one will be needed soon; says whether there is more to
    /// do. Call it when idle, else an append does all of it when it must.
    ///
    /// # Errors
    /// [`AppendError::NoRoom`], [`AppendError::Prepare`]; the journal goes on with the room that it has.
    pub fn prepare(&mut self) -> Result<bool, AppendError> {
        if !self.wants_room() {
            return Ok(false);
        }
        self.fill_spare()?;
        Ok(self.will_need_spare())
    }

    /// Whether there is something for [`Self::prepare`] to do.
    #[must_use]
    pub fn wants_room(&self) -> bool {
        !self.poisoned && self.will_need_spare()
    }

    /// Makes a segment without header the last one.
    pub(crate) fn turn(&mut self) -> Result<(), AppendError> {
        let (path, file) = match self.recycle()? {
            Some(oldest) => oldest,
            None => self.grow()?,
        };
        let salt = format::salt(self.seed, self.next);
        self.segments.push_back(Segment { path, file, salt, first: self.next, offsets: Vec::new(), end: 0 });
        Ok(())
    }

    /// The oldest segment, if all in it is released, and a durable mark says so.
    fn recycle(&mut self) -> Result<Option<(PathBuf, D::File)>, AppendError> {
        if !self.oldest_is_marked() {
            // A turn that failed behind its mark has left no room for another. The oldest segment of then is gone, or
            // that mark would be enough: so there may be a new one.
            if !(self.oldest_is_released() && self.has_room_for_mark()) {
                return Ok(None);
            }
            // 1. The mark first: once the oldest segment is overwritten its records must be known to be released.
            self.write_batch(&[])?;
        }
        // 2. Only then the oldest, with what is still in it, becomes the newest.
        Ok(self.segments.pop_front().map(|oldest| (oldest.path, oldest.file)))
    }

    /// The spare, made ready if it is not.
    fn grow(&mut self) -> Result<(PathBuf, D::File), AppendError> {
        if !self.may_grow() && self.spare.is_none() {
            return Err(self.full());
        }
        while !self.spare_is_ready() {
            self.fill_spare()?;
        }
        let spare = self.spare.take().ok_or_else(|| self.full())?;
        Ok((spare.path, spare.file))
    }

    fn full(&self) -> AppendError {
        AppendError::Full { dir: self.dir.clone(), segments: self.limits.segments }
    }

    fn oldest_is_released(&self) -> bool {
        self.segments.get(1).is_some_and(|second| second.first <= self.released)
    }

    /// A durable mark or header says so.
    fn oldest_is_marked(&self) -> bool {
        self.segments.get(1).is_some_and(|second| second.first <= self.marked)
    }

    fn has_room_for_mark(&self) -> bool {
        let room = self.limits.segment_bytes as usize;
        self.segments.back().is_some_and(|last| last.end as usize + MARK_BYTES <= room)
    }

    fn may_grow(&self) -> bool {
        self.segments.len() < self.limits.segments as usize
    }

    fn spare_is_ready(&self) -> bool {
        self.spare.as_ref().is_some_and(|spare| spare.filled == self.limits.segment_bytes)
    }

    fn will_need_spare(&self) -> bool {
        let half_full = self.segments.back().is_none_or(|last| last.end > self.limits.segment_bytes / 2);
        half_full && self.may_grow() && !self.spare_is_ready() && !self.oldest_is_released()
    }

    /// One step. A spare that meets an error is thrown away: nobody would know what of it is on the disk.
    fn fill_spare(&mut self) -> Result<(), AppendError> {
        let (spare, path) = match self.spare.take() {
            Some(spare) => (Ok(spare), None),
            None => {
                let path = self.dir.join(file_name(self.next_file));
                self.next_file += 1;
                (self.begin_spare(path.clone()), Some(path))
            }
        };
        let filled = match spare {
            Ok(mut spare) => {
                let path = spare.path.clone();
                self.fill(&mut spare).map(|()| spare).map_err(|source| (path, source))
            }
            Err(source) => Err((path.unwrap_or_default(), source)),
        };
        match filled {
            Ok(spare) => {
                self.spare = Some(spare);
                Ok(())
            }
            Err((path, source)) => {
                // If this fails too, the next opening finds the file blank and removes it.
                let _best_effort = self.disk.remove(&path);
                Err(self.unprepared(path, source))
            }
        }
    }

    fn begin_spare(&self, path: PathBuf) -> io::Result<Spare<D::File>> {
        let file = self.disk.create(&path)?;
        // All of the room at once, so that a full disk is noticed before a segment is half made.
        file.set_len(u64::from(self.limits.segment_bytes))?;
        Ok(Spare { path, file, filled: 0 })
    }

    fn fill(&self, spare: &mut Spare<D::File>) -> io::Result<()> {
        let step = STEP_BYTES.min(self.limits.segment_bytes - spare.filled);
        // Written, not only reserved: else the first write to each block would change the file system's own records.
        spare.file.write_at(u64::from(spare.filled), &vec![0; step as usize])?;
        spare.file.sync_data()?;
        spare.filled += step;
        if spare.filled == self.limits.segment_bytes { self.disk.sync_dir(&self.dir) } else { Ok(()) }
    }

    fn unprepared(&self, path: PathBuf, source: io::Error) -> AppendError {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                AppendError::NoRoom { dir: self.dir.clone(), bytes: self.limits.segment_bytes, source }
            }
            _ => AppendError::Prepare { path, source },
        }
    }
}
