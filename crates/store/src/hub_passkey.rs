//! How far each passkey's own counter has come, and when it last signed in: a counter that goes back means two of it.

use lockward_model::{Digest, Time};
use rusqlite::{OptionalExtension, params};

use crate::{HubError, HubStore};

impl HubStore {
    /// Takes down that a passkey was used, with its counter. `credential`: the SHA-256 of its credential id. False where
    /// the counter has not risen, and is not always zero: there is a copy of it (Web Authentication, section 7.2, "signCount").
    ///
    /// # Errors
    /// [`HubError`]; nothing is then taken down.
    pub fn use_passkey(&self, credential: Digest, count: u32, at: Time) -> Result<bool, HubError> {
        self.write(|db| {
            let kept: Option<u32> = db
                .prepare_cached("SELECT count FROM passkey WHERE credential = ?1")?
                .query_row([credential.as_ref()], |row| row.get(0))
                .optional()?;
            let kept = kept.unwrap_or(0);
            if count <= kept && (count, kept) != (0, 0) {
                return Ok(false);
            }
            db.prepare_cached(
                "INSERT OR REPLACE INTO passkey (credential, count, used) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![credential.as_ref(), count, at.0])?;
            Ok(true)
        })
    }

    /// When a passkey last signed in.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn passkey_used(&self, credential: Digest) -> Result<Option<Time>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT used FROM passkey WHERE credential = ?1")?;
            Ok(select.query_row([credential.as_ref()], |row| row.get(0).map(Time)).optional()?)
        })
    }
}
