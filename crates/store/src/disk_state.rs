//! A small file that is always either the old one or the new one, whole.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use crate::{Disk, DiskFile};

/// The most a state file holds. What is kept so (clock floor, log frontier of 64 hashes of 32 bytes, sequence heads)
/// is a few KiB; 1 MiB is far above it and still written in one go.
pub const STATE_BYTES_MAX: usize = 1024 * 1024;

const MAGIC: &[u8; 8] = b"LWSTATE1";
const HASH_BYTES: usize = 32;
const HEAD_BYTES: usize = MAGIC.len() + HASH_BYTES;

/// A file that [`StateFile::write`] replaces in one step: a power cut leaves the old contents or the new.
#[derive(Debug)]
pub struct StateFile<D> {
    disk: D,
    dir: PathBuf,
    path: PathBuf,
    fresh: PathBuf,
}

/// Why a state file could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The operating system refused. What was durable before still is.
    #[error("could not {doing} `{path}`")]
    Io {
        /// What was tried: a verb.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The bytes are not what was written.
    #[error(
        "`{path}` is damaged: its checksum does not fit; restore it from a backup, or remove it to start afresh"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// More than a state file is for.
    #[error("{bytes} bytes are too much for `{path}`, which takes at most {STATE_BYTES_MAX}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How much was offered, in bytes.
        bytes: usize,
    },
    /// The path names no file.
    #[error("`{path}` does not name a file")]
    NoName {
        /// The path.
        path: PathBuf,
    },
}

impl<D: Disk> StateFile<D> {
    /// Prepares to read and write `path`, whose folder must exist. Makes durable whatever name a process that was
    /// killed has left there, so that what is read now is still there after a power cut.
    ///
    /// # Errors
    /// [`StateError::NoName`], [`StateError::Io`].
    pub fn open(disk: D, path: &Path) -> Result<Self, StateError> {
        let no_name = || StateError::NoName { path: path.to_owned() };
        let dir = path.parent().ok_or_else(no_name)?;
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir }.to_owned();
        let mut name = OsString::from(path.file_name().ok_or_else(no_name)?);
        name.push(".new");
        let file = Self { fresh: dir.join(name), path: path.to_owned(), dir, disk };
        file.disk.sync_dir(&file.dir).map_err(|e| file.failed("sync the folder of", e))?;
        Ok(file)
    }

    /// The contents, or `None` when the file was never written.
    ///
    /// # Errors
    /// [`StateError::Damaged`], [`StateError::Io`].
    pub fn read(&self) -> Result<Option<Vec<u8>>, StateError> {
        let damaged = || StateError::Damaged { path: self.path.clone() };
        let file = match self.disk.open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.failed("open", e)),
        };
        let size = file.size().map_err(|e| self.failed("read", e))?;
        let size = usize::try_from(size).ok().filter(|size| *size <= HEAD_BYTES + STATE_BYTES_MAX);
        let mut bytes = vec![0; size.ok_or_else(damaged)?];
        file.read_at(0, &mut bytes).map_err(|e| self.failed("read", e))?;
        let body = bytes
            .strip_prefix(MAGIC)
            .and_then(<[u8]>::split_first_chunk::<HASH_BYTES>)
            .filter(|(hash, body)| digest(&SHA256, body).as_ref() == hash.as_slice())
            .map(|(_, body)| body.to_vec());
        body.map(Some).ok_or_else(damaged)
    }

    /// Replaces the contents; returns when the new ones are durable.
    ///
    /// # Errors
    /// [`StateError::TooLarge`], [`StateError::Io`]. After an error the file holds the old contents or the new ones;
    /// writing again is safe.
    pub fn write(&self, contents: &[u8]) -> Result<(), StateError> {
        if contents.len() > STATE_BYTES_MAX {
            return Err(StateError::TooLarge { path: self.path.clone(), bytes: contents.len() });
        }
        let mut bytes = Vec::with_capacity(HEAD_BYTES + contents.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(digest(&SHA256, contents).as_ref());
        bytes.extend_from_slice(contents);
        // 1. The new contents under another name. A crash here leaves a file that nobody reads.
        match self.disk.remove(&self.fresh) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.failed("replace", e)),
            _ => {}
        }
        let file = self.disk.create(&self.fresh).map_err(|e| self.failed("replace", e))?;
        file.write_at(0, &bytes).map_err(|e| self.failed("replace", e))?;
        // 2. Durable before they get the name: a rename may reach the disk before the bytes do.
        file.sync_data().map_err(|e| self.failed("replace", e))?;
        // 3. The name. Old or new, never neither.
        self.disk.rename(&self.fresh, &self.path).map_err(|e| self.failed("replace", e))?;
        // 4. The name is durable.
        self.disk.sync_dir(&self.dir).map_err(|e| self.failed("sync the folder of", e))
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> StateError {
        StateError::Io { doing, path: self.path.clone(), source }
    }
}
