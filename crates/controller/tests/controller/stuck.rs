//! This machine's disk with a gate before every sync: while it is shut, whoever syncs hangs.

use lockward_store::{Disk, DiskFile, RealDisk};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

#[derive(Default)]
struct Gate {
    /// Whether it is shut, and how many stand before it.
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

#[derive(Clone, Default)]
pub(crate) struct StuckDisk(Arc<Gate>);

pub(crate) struct StuckFile(File, Arc<Gate>);

impl StuckDisk {
    pub(crate) fn shut(&self, shut: bool) {
        self.0.state.lock().unwrap().0 = shut;
        self.0.changed.notify_all();
    }

    /// Whether somebody hangs now.
    pub(crate) fn hangs(&self) -> bool {
        self.0.state.lock().unwrap().1 > 0
    }

    fn file(&self, file: File) -> StuckFile {
        StuckFile(file, Arc::clone(&self.0))
    }
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        state = self.changed.wait_while(state, |(shut, _)| *shut).unwrap();
        state.1 -= 1;
    }
}

impl Disk for StuckDisk {
    type File = StuckFile;
    fn make_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.make_dir(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(dir)
    }
    fn open(&self, path: &Path) -> io::Result<StuckFile> {
        RealDisk.open(path).map(|file| self.file(file))
    }
    fn create(&self, path: &Path) -> io::Result<StuckFile> {
        RealDisk.create(path).map(|file| self.file(file))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.pass();
        RealDisk.sync_dir(dir)
    }
}

impl DiskFile for StuckFile {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, into)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }
    fn set_len(&self, size: u64) -> io::Result<()> {
        DiskFile::set_len(&self.0, size)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.1.pass();
        DiskFile::sync_data(&self.0)
    }
}
