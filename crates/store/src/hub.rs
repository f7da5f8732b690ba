//! The hub's durable memory as a whole: one file, one writer, a few readers, and who else has written.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::sql::{self, Use};
use crate::{HubCreateError, HubError, HubOpenError};

/// Readers kept open between calls: more threads than this that read at once open a connection each (under 1 ms) and
/// close it. 16 MiB of page cache each at most.
const READERS_KEPT: usize = 8;

/// The hub's store in one folder. Blocks; share it between threads by reference.
///
/// Writers wait for each other, readers wait for nobody. Other processes may have the same store open.
#[derive(Debug)]
pub struct HubStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl HubStore {
    /// Makes a new store in `dir`, which must be missing or empty. Folder and files are their owner's alone.
    ///
    /// # Errors
    /// [`HubCreateError::NotEmpty`] when anything is there; [`HubCreateError::Io`], [`HubCreateError::Hub`] when the disk
    /// refuses. There is no half-made store: after an error or a crash there is none.
    pub fn create(dir: &Path) -> Result<Self, HubCreateError> {
        let dir = sql::fresh_dir(dir)?;
        sql::make(&dir, sql::lay_out)?;
        Ok(Self::open(&dir)?)
    }

    /// Opens the store in `dir`. A process that was killed while it wrote leaves nothing to repair: SQLite drops
    /// what was not committed, here and on every other way in.
    ///
    /// # Errors
    /// [`HubOpenError::Missing`], [`HubOpenError::Foreign`], [`HubOpenError::Newer`]; else what the disk says.
    pub fn open(dir: &Path) -> Result<Self, HubOpenError> {
        let path = sql::find(dir)?;
        let mut writer = sql::connect(&path, Use::Write)?;
        sql::check_version(&mut writer, &path)?;
        Ok(Self { path, writer: Mutex::new(writer), readers: Mutex::default() })
    }

    /// Copies the store as it is at this moment into `dir`, which must be missing or empty, while others go on
    /// reading and writing. The copy is a store: [`HubStore::open`] takes it.
    ///
    /// It holds the wrapped keys too, so an erased key lives on in older copies until they are erased.
    ///
    /// # Errors
    /// As for [`HubStore::create`].
    pub fn backup_to(&self, dir: &Path) -> Result<(), HubCreateError> {
        let dir = sql::fresh_dir(dir)?;
        sql::make(&dir, |copy| {
            self.read(|db| {
                // All pages in one step: one snapshot, which keeps the WAL from being reused meanwhile, no more.
                match Backup::new(db, copy)?.step(-1)? {
                    StepResult::Done => Ok(()),
                    _ => Err(HubError::Busy(rusqlite::Error::SqliteFailure(
                        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                        None,
                    ))),
                }
            })
        })
    }

    /// A number that changes when another process, or another [`HubStore`] of this one, has written anything. Only
    /// equality with an earlier number of the same `HubStore` means something.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn data_version(&self) -> Result<u64, HubError> {
        // Asked on the writer, because SQLite does not count a connection's own writes.
        Ok(self.writer().pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Runs `work` on a connection that only reads. No two calls of `read` need see the same state.
    pub(crate) fn read<T, E: From<HubError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = self.readers().pop();
        let db = kept.map_or_else(|| sql::connect(&self.path, Use::Read), Ok)?;
        let result = work(&db);
        let mut readers = self.readers();
        if readers.len() < READERS_KEPT {
            readers.push(db);
        }
        result
    }

    /// Runs `work` in one transaction, alone: all of it is durable when this returns `Ok`, none of it was done when
    /// it returns `Err`. `work` may not come back to `write`.
    pub(crate) fn write<T, E: From<HubError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut db = self.writer();
        // IMMEDIATE: what is read inside is still so when it is written.
        let transaction =
            db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(HubError::from)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(HubError::from)?;
        Ok(result)
    }

    /// The connection that writes. Poison is no danger: a transaction that a panic left is rolled back by its drop.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
