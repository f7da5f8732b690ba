//! Small values that the hub remembers and that no log holds. Not for secrets: those are keys.

use rusqlite::{OptionalExtension, params};

use crate::{HubError, HubStore};

impl HubStore {
    /// A value.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            Ok(select.query_row([name], |row| row.get(0)).optional()?)
        })
    }

    /// Keeps a value in place of any earlier one.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn put_setting(&self, name: &str, value: &[u8]) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached("INSERT OR REPLACE INTO setting VALUES (?1, ?2)")?
                .execute(params![name, value])?;
            Ok(())
        })
    }
}
