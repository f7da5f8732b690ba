//! One process a folder: two that append to one journal would each destroy what the other has promised.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The lock file's name in the folder it guards. It stays when the lock is let go: only the lock on it counts.
const LOCK_NAME: &str = "lock";
/// The longest process id in decimal (`u32`), and a line end.
const PID_BYTES_MAX: u64 = 11;

/// Proof that this process, and this part of it, is the only one in a folder. Let go when dropped, or when the
/// process ends in whatever way.
#[derive(Debug)]
#[must_use]
pub struct DirLock {
    _held: File,
}

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process works in it.
    #[error("`{dir}` is in use by {}; stop that, or name another folder", Holder(*pid))]
    Held {
        /// The folder.
        dir: PathBuf,
        /// Who holds it, when that could be read.
        pid: Option<u32>,
    },
    /// The lock file could not be opened, locked or written.
    #[error("could not lock `{dir}`; check that the folder exists and may be written")]
    Io {
        /// The folder.
        dir: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

struct Holder(Option<u32>);

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

impl DirLock {
    /// Locks `dir`, which must exist, without waiting.
    ///
    /// # Errors
    /// [`LockError::Held`] when somebody else has it, a second holder in this process included.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { dir: dir.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(LOCK_NAME))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { dir: dir.to_owned(), pid: read_pid(&file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        // The name of the holder is a courtesy: on a full disk the lock is good without it.
        let _courtesy = writeln!(file, "{}", std::process::id());
        Ok(Self { _held: file })
    }
}

fn read_pid(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(PID_BYTES_MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_holder_is_refused_and_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirLock::take(dir.path()).unwrap();
        let refused = DirLock::take(dir.path()).unwrap_err();
        assert!(
            matches!(refused, LockError::Held { pid: Some(pid), .. } if pid == std::process::id()),
            "{refused}"
        );
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())));
        drop(first);
        let _again = DirLock::take(dir.path()).unwrap();
    }

    #[test]
    fn stale_lock_file_holds_nobody_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(LOCK_NAME), "4294967295\n").unwrap();
        let _lock = DirLock::take(dir.path()).unwrap();
        let now = std::fs::read_to_string(dir.path().join(LOCK_NAME)).unwrap();
        assert_eq!(now.trim(), std::process::id().to_string());
    }

    #[test]
    fn missing_folder_is_an_error_of_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let refused = DirLock::take(&dir.path().join("absent")).unwrap_err();
        assert!(matches!(refused, LockError::Io { .. }));
    }
}
