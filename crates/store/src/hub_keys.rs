//! Wrapped keys, and their destruction: an erased key is in no page of the file and in no frame of the WAL.
//!
//! A B-tree moves rows between its pages and leaves their old bytes behind, also with `secure_delete`, which only
//! overwrites what is deleted in its last place. So wrapped keys are only ever added at the end of their table, where
//! nothing moves, and are destroyed by zeroes of the same length written over them, where they stand.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::{HubError, HubStore, sql};

/// The longest wrapped key. A wrapped 32-byte key has about 70 bytes, a wrapped private key in PKCS#8 about 130;
/// eight times that, and it fits a page.
pub const WRAPPED_BYTES_MAX: usize = 1_024;

/// How long a deletion waits for readers, and appends with it. A read takes milliseconds; a backup, which takes
/// longer, is not waited for.
const READERS_WAIT: Duration = Duration::from_millis(200);

/// What is left of a destroyed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Erasure {
    /// Nothing: neither file holds it.
    Complete,
    /// It is gone for everybody who asks, but its bytes are in the WAL until a reader that is at work has finished:
    /// delete it again a little later.
    Pending,
}

/// Why a key was not kept.
#[derive(Debug, thiserror::Error)]
pub enum HubKeyError {
    /// It is no wrapped key.
    #[error("a wrapped key has 1 to {WRAPPED_BYTES_MAX} bytes, not {bytes}")]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl HubStore {
    /// Keeps a key that the caller has wrapped. An earlier one of the same name is destroyed as by
    /// [`HubStore::delete_key`], except that its bytes may be in the WAL for a while.
    ///
    /// # Errors
    /// [`HubKeyError::Length`], [`HubKeyError::Hub`].
    pub fn put_key(&self, name: &str, wrapped: &[u8]) -> Result<(), HubKeyError> {
        if wrapped.is_empty() || wrapped.len() > WRAPPED_BYTES_MAX {
            return Err(HubKeyError::Length { bytes: wrapped.len() });
        }
        self.write(|db| {
            overwrite(db, name)?;
            db.prepare_cached("INSERT INTO key_bytes (wrapped) VALUES (?1)")?.execute([wrapped])?;
            let id = db.last_insert_rowid();
            db.prepare_cached("INSERT OR REPLACE INTO key_name VALUES (?1, ?2)")?
                .execute(params![name, id])?;
            Ok::<_, HubError>(())
        })?;
        Ok(())
    }

    /// A wrapped key.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn key(&self, name: &str) -> Result<Option<Vec<u8>>, HubError> {
        self.read(|db| {
            let sql = "SELECT wrapped FROM key_name JOIN key_bytes USING (id) WHERE name = ?1";
            Ok(db.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?)
        })
    }

    /// The names of all keys, in order.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn keys(&self) -> Result<Vec<String>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT name FROM key_name ORDER BY name")?;
            Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Destroys a key. Harmless where there is none; called again after [`Erasure::Pending`] it finishes the work.
    ///
    /// # Errors
    /// [`HubError`]. When it is not known whether the key is gone, call again.
    pub fn delete_key(&self, name: &str) -> Result<Erasure, HubError> {
        // 1. Zeroes over the bytes. They and the old page are in the WAL now.
        self.write(|db| {
            overwrite(db, name)?;
            db.prepare_cached("DELETE FROM key_name WHERE name = ?1")?.execute([name])?;
            Ok::<_, HubError>(())
        })?;
        // 2. The zeroes into the file, and the WAL cut to nothing, if nobody reads from it.
        let db = self.writer();
        db.busy_timeout(READERS_WAIT)?;
        let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        db.busy_timeout(sql::BUSY)?;
        let busy: bool = busy?;
        Ok(if busy { Erasure::Pending } else { Erasure::Complete })
    }
}

fn overwrite(db: &Connection, name: &str) -> Result<(), HubError> {
    let sql = "UPDATE key_bytes SET wrapped = zeroblob(length(wrapped)) \
               WHERE id = (SELECT id FROM key_name WHERE name = ?1)";
    db.prepare_cached(sql)?.execute([name])?;
    Ok(())
}
