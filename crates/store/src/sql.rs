//! How the hub's SQLite file is made, recognised and opened: its name, its marks, its settings and its tables.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::{HubCreateError, HubError, HubOpenError};

/// The file in the hub's folder; SQLite keeps `-wal` and `-shm` beside it.
const FILE: &str = "hub.db";
/// The name of a file that is still being made. Nobody opens it.
const FRESH: &str = "hub.db.new";
/// SQLite's `application_id`: "LWHB".
const APPLICATION_ID: u32 = 0x4c57_4842;
/// SQLite's `user_version`: which tables there are. Rises with every change to them.
const VERSION: u32 = 4;
/// What each version has that the one before has not, from version 2 on. A store that an older version made gets it when
/// it is opened. Append only: the last brings a store to [`VERSION`].
const RAISES: [&str; 3] = [
    "CREATE TABLE passkey (
    credential BLOB PRIMARY KEY,
    count      INTEGER NOT NULL,
    used       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;",
    "CREATE TABLE api_key (
    id        TEXT PRIMARY KEY,
    service   TEXT NOT NULL,
    secret    BLOB NOT NULL,
    label     TEXT NOT NULL,
    scope     TEXT NOT NULL,
    config    INTEGER NOT NULL,
    made      INTEGER NOT NULL,
    ends      INTEGER NOT NULL,
    used      INTEGER,
    used_from TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE api_key_deed (
    n        INTEGER PRIMARY KEY,
    key      TEXT NOT NULL,
    service  TEXT NOT NULL,
    operator TEXT,
    fact     INTEGER NOT NULL
) STRICT;",
    "CREATE TABLE way (
    operator TEXT PRIMARY KEY,
    password TEXT,
    secret   BLOB,
    step     INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    held     INTEGER,
    changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_code (
    operator TEXT NOT NULL,
    code     BLOB NOT NULL,
    PRIMARY KEY (operator, code)
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
    issuer   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    operator TEXT NOT NULL,
    bound    INTEGER NOT NULL,
    used     INTEGER,
    held     INTEGER,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;",
];

/// How long to wait for another process that writes. The longest write, a batch with tens of thousands of rows and a
/// WAL checkpoint on a slow disk, is under a second; ten times that is a process that hangs.
pub(crate) const BUSY: Duration = Duration::from_secs(10);
/// Pages in the WAL before a commit copies them into the file: 16 MiB of 4 KiB pages, so that a busy log pays for it
/// about every 50,000 events, and that a start after a crash reads 16 MiB at most.
const WAL_PAGES: u32 = 4_096;
/// SQLite's page cache per connection, in KiB: room for the upper levels of the search indexes, and for a batch.
const CACHE_KIB: u32 = 16 * 1_024;
/// Distinct statements in the store are about 50; all stay prepared.
const STATEMENTS: usize = 64;

/// SQLite's file format, section 1.3: what is read of the 100 byte header before SQLite itself may touch the file.
const HEADER_BYTES: usize = 72;
const HEADER_MAGIC: &[u8] = b"SQLite format 3\0";

/// A connection's way of speaking: may it write?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Write,
    Read,
}

/// Makes the folder ready for a new file: there, empty, and its owner's alone. Returns its real path.
pub(crate) fn fresh_dir(dir: &Path) -> Result<PathBuf, HubCreateError> {
    let io = |source| HubCreateError::Io { dir: dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
    for entry in dir.read_dir().map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        // What a maker that was killed has left; it was never a store.
        if name.as_encoded_bytes().starts_with(FRESH.as_bytes()) {
            std::fs::remove_file(dir.join(name)).map_err(io)?;
        } else {
            return Err(HubCreateError::NotEmpty { dir: dir.to_owned() });
        }
    }
    std::fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(io)?;
    // Absolute, because SQLite would read a path that starts with `file:` as a URI.
    dir.canonicalize().map_err(io)
}

/// Makes a store in `dir` from what `fill` writes into an empty database, or nothing at all.
pub(crate) fn make(
    dir: &Path,
    fill: impl FnOnce(&mut Connection) -> Result<(), HubError>,
) -> Result<(), HubCreateError> {
    let io = |source| HubCreateError::Io { dir: dir.to_owned(), source };
    let fresh = dir.join(FRESH);
    // SQLite gives `-wal` and `-shm` the mode of the file.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(io)?;
    let mut db = connect(&fresh, Use::Write)?;
    // 1. Everything, synced, under a name that nobody opens. Closing takes the `-wal` away.
    fill(&mut db)?;
    db.pragma_update(None, "journal_mode", "wal").map_err(HubError::from)?;
    db.close().map_err(|(_, error)| HubError::from(error))?;
    // 2. The name. A crash before this leaves no store.
    std::fs::rename(&fresh, dir.join(FILE)).map_err(io)?;
    sync_dir(dir).map_err(io)?;
    dir.parent().map_or(Ok(()), sync_dir).map_err(io)
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The tables of a new store.
pub(crate) fn lay_out(db: &mut Connection) -> Result<(), HubError> {
    let work = db.transaction()?;
    work.pragma_update(None, "application_id", APPLICATION_ID)?;
    work.pragma_update(None, "user_version", VERSION)?;
    work.execute_batch(include_str!("sql_tables.sql"))?;
    Ok(work.commit()?)
}

/// Finds the store in `dir` and makes sure that it is one, before SQLite may touch it. Returns the file's real path.
pub(crate) fn find(dir: &Path) -> Result<PathBuf, HubOpenError> {
    let path = dir.join(FILE);
    let mut header = [0; HEADER_BYTES];
    let read = path.canonicalize().and_then(|real| File::open(&real)?.read_exact(&mut header).map(|()| real));
    let real = match read {
        Ok(real) => real,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(HubOpenError::Missing { dir: dir.to_owned() });
        }
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Err(HubOpenError::Foreign { path }),
        Err(source) => return Err(HubOpenError::Io { path, source }),
    };
    // "application_id" lies at offset 68, big-endian.
    let ours = header.starts_with(HEADER_MAGIC) && header.ends_with(&APPLICATION_ID.to_be_bytes());
    if ours { Ok(real) } else { Err(HubOpenError::Foreign { path }) }
}

/// Makes sure that the tables are those of this version; adds what an older one has not.
pub(crate) fn check_version(db: &mut Connection, path: &Path) -> Result<(), HubOpenError> {
    let version = |db: &Connection| db.pragma_query_value(None, "user_version", |row| row.get(0));
    let found: u32 = version(db).map_err(HubError::from)?;
    match found {
        VERSION => Ok(()),
        1..VERSION => {
            let raise = |db: &mut Connection| -> Result<(), HubError> {
                let work = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
                // Another process may have been first.
                let from: u32 = version(&work)?;
                for (to, tables) in (2..).zip(RAISES).filter(|(to, _)| from < *to) {
                    work.execute_batch(tables)?;
                    work.pragma_update(None, "user_version", to)?;
                }
                Ok(work.commit()?)
            };
            Ok(raise(db)?)
        }
        0 => Err(HubOpenError::Foreign { path: path.to_owned() }),
        _ => Err(HubOpenError::Newer { path: path.to_owned(), found, known: VERSION }),
    }
}

/// Opens a file that is there.
pub(crate) fn connect(path: &Path, usage: Use) -> Result<Connection, HubError> {
    // Each connection serves one thread at a time, which is all that SQLite asks for with NO_MUTEX.
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // A file that somebody else has edited runs no code of theirs, and no SQL of ours can write past the tables.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // FULL: a commit has been synced when it returns. With WAL, NORMAL would lose the last commits to a power cut.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten: an erased key stays in no free page.
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "temp_store", "memory")?;
    db.pragma_update(None, "cache_size", -i64::from(CACHE_KIB))?;
    db.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    if usage == Use::Read {
        db.pragma_update(None, "query_only", true)?;
    }
    Ok(db)
}
