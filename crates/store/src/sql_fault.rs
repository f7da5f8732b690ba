//! What can go wrong with the hub's store, in words that tell its operator what to do.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the store could not be read or written. Whatever was being written was not: not even a part of it.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// No room left. Later writes work as soon as there is some.
    #[error("the disk that holds the hub's store is full; nothing was written; make room and try again")]
    Full(#[source] rusqlite::Error),
    /// Another process has kept the store locked for longer than any write takes.
    #[error(
        "another process keeps the hub's store locked; nothing was written; try again, or stop that process"
    )]
    Busy(#[source] rusqlite::Error),
    /// The file, or what is in it, is not what was written.
    #[error("the hub's store is damaged: {what}; restore it from a backup")]
    Damaged {
        /// What does not fit.
        what: &'static str,
        /// What SQLite said, where it was SQLite that found it.
        #[source]
        source: Option<rusqlite::Error>,
    },
    /// The file may not be written.
    #[error("the hub's store may not be written; check who owns the file and the folder, and their modes")]
    Refused(#[source] rusqlite::Error),
    /// The disk failed.
    #[error("the disk that holds the hub's store failed; nothing is known to be written")]
    Disk(#[source] rusqlite::Error),
    /// Anything else that SQLite says.
    #[error("the hub's store could not be read or written")]
    Sql(#[source] rusqlite::Error),
}

impl HubError {
    pub(crate) const fn damaged(what: &'static str) -> Self {
        Self::Damaged { what, source: None }
    }
}

impl From<rusqlite::Error> for HubError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { what: "SQLite cannot make sense of the file", source: Some(error) }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::Refused(error)
            }
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error),
            _ => Self::Sql(error),
        }
    }
}

/// Why a new store could not be made, or a backup. The folder then holds no store.
#[derive(Debug, thiserror::Error)]
pub enum HubCreateError {
    /// Something is there already; it is never overwritten.
    #[error("`{dir}` is not empty; name a folder that is new or empty")]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder or the file could not be made.
    #[error("could not make a store in `{dir}`")]
    Io {
        /// The folder.
        dir: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The tables could not be written.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// It was made, and could not be opened.
    #[error(transparent)]
    Open(#[from] HubOpenError),
}

/// Why a store could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum HubOpenError {
    /// There is none.
    #[error("there is no hub's store in `{dir}`; name the folder of one, or found a site there")]
    Missing {
        /// The folder.
        dir: PathBuf,
    },
    /// The file is something else.
    #[error("`{path}` is not a hub's store; name the folder of one, or restore it from a backup")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program has written it.
    #[error(
        "`{path}` has format {found}, and this program knows {known}; use the version that wrote it, or a later one"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format that was found.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file could not be read.
    #[error("could not open `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// SQLite could not open it.
    #[error(transparent)]
    Hub(#[from] HubError),
}

/// Why a batch was not appended. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum HubAppendError {
    /// Somebody else appended first: read the head again, and decide again.
    #[error("the log has moved: expected {expected} entries, found {found}; read its head again and retry")]
    Raced {
        /// The size that the batch was made for.
        expected: u64,
        /// The size that the log has.
        found: u64,
    },
    /// Tiles and bundles give an entry's length 16 bits (C2SP tlog-tiles, Log entries).
    #[error(
        "entry {nth} of the batch has {bytes} bytes; an entry has at most {}",
        lockward_ledger::ENTRY_BYTES_MAX
    )]
    TooLong {
        /// Which entry of the batch, from 0.
        nth: usize,
        /// Its length.
        bytes: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl From<rusqlite::Error> for HubAppendError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Hub(error.into())
    }
}
