//! The few things a journal asks of a disk, so that a test can pull the plug between any two of them.

use std::io;
use std::path::{Path, PathBuf};

/// A folder tree whose changes are durable only after they were synced.
///
/// Names (create, rename, remove) become durable with [`Disk::sync_dir`], contents with [`DiskFile::sync_data`].
/// Nothing else may be assumed after a power cut, least of all the order of unsynced changes.
pub trait Disk {
    /// An open file.
    type File: DiskFile;

    /// Makes the folder `path` if it is missing, and makes its name durable.
    ///
    /// # Errors
    /// What the operating system says.
    fn make_dir(&self, path: &Path) -> io::Result<()>;

    /// The plain files in `dir`, in no particular order.
    ///
    /// # Errors
    /// What the operating system says.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;

    /// Opens a file that exists, for reading and writing.
    ///
    /// # Errors
    /// What the operating system says; [`io::ErrorKind::NotFound`] when there is none.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// Makes a new, empty file that only its owner may read.
    ///
    /// # Errors
    /// What the operating system says; [`io::ErrorKind::AlreadyExists`] when there is one.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// Gives `from` the name `to`, at once; a file that had this name is gone.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes the name away.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns when the names in `dir` are durable.
    ///
    /// # Errors
    /// What the operating system says. Afterwards nobody knows which names are durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// One open file of a [`Disk`].
pub trait DiskFile {
    /// The file's length in bytes.
    ///
    /// # Errors
    /// What the operating system says.
    fn size(&self) -> io::Result<u64>;

    /// Fills `into` from the bytes at `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file is shorter; else what the operating system says.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`. Not durable before [`DiskFile::sync_data`].
    ///
    /// # Errors
    /// What the operating system says. Afterwards any part of `bytes` may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the file `size` bytes long and reserves room for all of them; new bytes are zero.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`] when there is no room; else what the operating system says.
    fn set_len(&self, size: u64) -> io::Result<()>;

    /// Returns when the file's contents and length are durable.
    ///
    /// # Errors
    /// What the operating system says. Afterwards the kernel may have dropped the unsynced bytes while it still shows
    /// them, and a second call may succeed without having written them: only writing them again helps.
    fn sync_data(&self) -> io::Result<()>;
}
