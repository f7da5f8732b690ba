//! What the console searches: a few columns of each event, filled in after the event was acknowledged.
//!
//! Derived from the event log alone: it may be behind, and is never ahead.

use lockward_model::{DoorId, Time};
use rusqlite::types::Type;
use rusqlite::{Params, Row, params};

use crate::{HubError, HubStore};

/// Rows that one search returns at most: ten long pages.
pub const INDEX_ROWS_MAX: u32 = 1_000;

/// What can be known of an event without unsealing it again. It names no person: see `person`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// Its place in the event log.
    pub idx: u64,
    /// When it happened, by its source's clock.
    pub time: Time,
    /// What kind it is: the number of a [`lockward_model::Code`].
    pub code: u16,
    /// Who wrote it.
    pub source: String,
    /// The door, if it is about one.
    pub door: Option<DoorId>,
    /// A token for the person, keyed by the epoch: equal for the same person in the same epoch, links to nobody
    /// once the epoch's key is gone.
    pub person: Option<[u8; 16]>,
}

impl HubStore {
    /// The place in the event log of the first event that is not indexed yet.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn index_position(&self) -> Result<u64, HubError> {
        self.read(|db| {
            Ok(db.prepare_cached("SELECT position FROM seen_to")?.query_row([], |row| row.get(0))?)
        })
    }

    /// Adds `rows`, after which everything before `position` is indexed. Rows that are there are left as they are,
    /// and the position never falls: two processes that index the same events do no harm. Appends wait meanwhile, so
    /// give about a thousand rows at a time.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn index(&self, rows: &[IndexRow], position: u64) -> Result<(), HubError> {
        self.write(|db| {
            let mut insert =
                db.prepare_cached("INSERT OR IGNORE INTO seen VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for row in rows {
                let door = row.door.as_ref().map(DoorId::as_str);
                insert.execute(params![row.idx, row.time.0, row.code, row.source, door, row.person])?;
            }
            db.prepare_cached("UPDATE seen_to SET position = max(position, ?1)")?.execute([position])?;
            Ok(())
        })
    }

    /// The last events before `before` at a door, latest first. `limit` is cut to [`INDEX_ROWS_MAX`].
    ///
    /// # Errors
    /// [`HubError`].
    pub fn by_door(&self, door: DoorId, before: u64, limit: u32) -> Result<Vec<IndexRow>, HubError> {
        self.seen(
            "SELECT * FROM seen WHERE idx < ?1 AND door = ?3 ORDER BY idx DESC LIMIT ?2",
            params![below(before), limit.min(INDEX_ROWS_MAX), door.as_str()],
        )
    }

    /// The last events before `before` of the person of a token, latest first. `limit` is cut to [`INDEX_ROWS_MAX`].
    ///
    /// # Errors
    /// [`HubError`].
    pub fn by_person(&self, person: [u8; 16], before: u64, limit: u32) -> Result<Vec<IndexRow>, HubError> {
        self.seen(
            "SELECT * FROM seen WHERE idx < ?1 AND person = ?3 ORDER BY idx DESC LIMIT ?2",
            params![below(before), limit.min(INDEX_ROWS_MAX), person],
        )
    }

    /// The last events before `before`, latest first. `limit` is cut to [`INDEX_ROWS_MAX`].
    ///
    /// # Errors
    /// [`HubError`].
    pub fn recent(&self, before: u64, limit: u32) -> Result<Vec<IndexRow>, HubError> {
        self.seen(
            "SELECT * FROM seen WHERE idx < ?1 ORDER BY idx DESC LIMIT ?2",
            params![below(before), limit.min(INDEX_ROWS_MAX)],
        )
    }

    fn seen(&self, sql: &'static str, which: impl Params) -> Result<Vec<IndexRow>, HubError> {
        self.read(|db| Ok(db.prepare_cached(sql)?.query_map(which, index_row)?.collect::<Result<_, _>>()?))
    }
}

/// SQLite's integers have a sign: `u64::MAX`, for "from the end", is cut to the largest.
fn below(before: u64) -> i64 {
    i64::try_from(before).unwrap_or(i64::MAX)
}

fn index_row(row: &Row<'_>) -> rusqlite::Result<IndexRow> {
    let no_door = |e| rusqlite::Error::FromSqlConversionFailure(4, Type::Text, Box::new(e));
    let door: Option<String> = row.get(4)?;
    Ok(IndexRow {
        idx: row.get(0)?,
        time: Time(row.get(1)?),
        code: row.get(2)?,
        source: row.get(3)?,
        door: door.map(|door| door.parse()).transpose().map_err(no_door)?,
        person: row.get(5)?,
    })
}
