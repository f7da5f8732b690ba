//! A disk in memory that forgets what it may forget: power cuts, full disks and failing syncs, from a seed.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk_sim_platter::{Change, Contents, Dice, Platter};
use crate::{Disk, DiskFile};

/// A simulated disk. Clones are the same disk, as seen by a process that was killed and started again.
#[derive(Debug, Clone)]
pub struct SimDisk {
    platter: Arc<Mutex<Platter>>,
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
pub struct SimFile {
    platter: Arc<Mutex<Platter>>,
    inode: u64,
}

/// How often a simulated disk was asked for what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that change something or sync, all together: the steps that [`SimDisk::cut_at_step`] counts.
    pub steps: u64,
    /// Calls of [`DiskFile::write_at`].
    pub writes: u64,
    /// Calls of [`DiskFile::sync_data`].
    pub syncs: u64,
}

impl SimDisk {
    /// An empty disk of unlimited size; `seed` decides what faults leave behind.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(Platter { dice: Dice(seed), capacity: u64::MAX, ..Platter::default() })
    }

    /// Cuts the power and gives back the disk as it is found afterwards: what was synced, and of the rest an
    /// arbitrary part, sector by sector, some of them torn. The old disk answers nothing any more.
    #[must_use]
    pub fn power_cut(&self, seed: u64) -> Self {
        let mut old = self.lock();
        old.off = true;
        Self::of(old.survivor(seed))
    }

    /// Lets the power fail in the middle of the `step`th step from the disk's first, 1 being the first.
    pub fn cut_at_step(&self, step: u64) {
        self.lock().cut_at = Some(step);
    }

    /// Sets how many bytes fit, all files together.
    pub fn set_capacity(&self, bytes: u64) {
        self.lock().capacity = bytes;
    }

    /// Lets one sync fail, after `good` more have succeeded. As on Linux, what was unsynced is then on the platter or
    /// not, is still shown to readers, and is not written by a later sync.
    pub fn fail_sync_after(&self, good: u32) {
        self.lock().failing_sync = Some(good);
    }

    /// Lets the next write stop with an error after `kept` bytes.
    pub fn fail_write_after(&self, kept: usize) {
        self.lock().failing_write = Some(kept);
    }

    /// Takes back every fault that was set and has not happened, except a power cut; the disk has all the room again.
    pub fn heal(&self) {
        let mut platter = self.lock();
        platter.capacity = u64::MAX;
        platter.failing_sync = None;
        platter.failing_write = None;
    }

    /// What was asked of the disk so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// Flips the bits `mask` of one byte, as a failing medium would, durably and unseen by any sync.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`], or [`io::ErrorKind::InvalidInput`] past the file's end.
    pub fn flip(&self, path: &Path, offset: usize, mask: u8) -> io::Result<()> {
        let mut platter = self.lock();
        let inode = platter.inode(path)?;
        let contents = platter.contents(inode)?;
        for copy in [&mut contents.shown, &mut contents.durable] {
            *copy.get_mut(offset).ok_or(io::ErrorKind::InvalidInput)? ^= mask;
        }
        Ok(())
    }

    fn of(platter: Platter) -> Self {
        Self { platter: Arc::new(Mutex::new(platter)) }
    }

    fn lock(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, inode: u64) -> SimFile {
        SimFile { platter: Arc::clone(&self.platter), inode }
    }
}

impl Disk for SimDisk {
    type File = SimFile;

    fn make_dir(&self, _path: &Path) -> io::Result<()> {
        self.lock().powered()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let platter = self.lock();
        platter.powered()?;
        Ok(platter.names.keys().filter(|name| name.parent() == Some(dir)).cloned().collect())
    }

    fn open(&self, path: &Path) -> io::Result<SimFile> {
        let platter = self.lock();
        platter.powered()?;
        Ok(self.file(platter.inode(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<SimFile> {
        let mut platter = self.lock();
        if platter.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        platter.step(|platter| {
            let inode = platter.next_inode;
            platter.next_inode += 1;
            platter.files.insert(inode, Contents::default());
            platter.rebind(path, Some(inode));
            Ok(self.file(inode))
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.lock().step(|platter| {
            let inode = platter.inode(from)?;
            platter.rebind(to, Some(inode));
            platter.rebind(from, None);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.lock().step(|platter| {
            platter.inode(path)?;
            platter.rebind(path, None);
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.lock().sync_step(|platter| {
            if platter.sync_fails() {
                return Err(io::Error::other("simulated: the sync of a folder failed"));
            }
            platter.meanings.retain(|name, _| name.parent() != Some(dir));
            Ok(())
        })
    }
}

impl SimFile {
    fn lock(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        let mut platter = self.lock();
        platter.powered()?;
        Ok(platter.contents(self.inode)?.shown.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let mut platter = self.lock();
        platter.powered()?;
        let range = span(offset, into.len())?;
        let bytes = platter.contents(self.inode)?.shown.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut platter = self.lock();
        platter.counts.writes += 1;
        platter.step(|platter| {
            let failing = platter.failing_write.take();
            let bytes = bytes.get(..failing.unwrap_or(bytes.len())).unwrap_or(bytes);
            let range = span(offset, bytes.len())?;
            platter.make_room(self.inode, range.end)?;
            platter
                .contents(self.inode)?
                .change(Change::Write { offset: range.start, bytes: bytes.to_vec() });
            failing.map_or(Ok(()), |_| Err(io::Error::other("simulated: the write failed half-way")))
        })
    }

    fn set_len(&self, size: u64) -> io::Result<()> {
        self.lock().step(|platter| {
            let size = usize::try_from(size).map_err(io::Error::other)?;
            platter.make_room(self.inode, size)?;
            platter.contents(self.inode)?.change(Change::Resize(size));
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.lock();
        platter.counts.syncs += 1;
        platter.sync_step(|platter| {
            let fails = platter.sync_fails();
            let Platter { files, dice, .. } = platter;
            let contents = files.get_mut(&self.inode).ok_or(io::ErrorKind::NotFound)?;
            for change in std::mem::take(&mut contents.unsynced) {
                if fails {
                    change.apply_by_luck(&mut contents.durable, 2, dice);
                } else {
                    change.apply(&mut contents.durable);
                }
            }
            if fails { Err(io::Error::other("simulated: the sync failed")) } else { Ok(()) }
        })
    }
}

fn span(offset: u64, len: usize) -> io::Result<Range<usize>> {
    let start = usize::try_from(offset).map_err(io::Error::other)?;
    Ok(start..start.saturating_add(len))
}
