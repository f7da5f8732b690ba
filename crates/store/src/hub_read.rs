//! Reading the hub's logs: entries, tiles, proofs, and what others have said about them.

use std::ops::Range;

use lockward_ledger::{Hash, TILE_WIDTH, TileId, Tiles, decode_tile};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::hub_log::per_log;
use crate::{HubError, HubStore, Log, SourceHead};

/// Entries that one call returns at most: a bundle (C2SP tlog-tiles), 16 MiB of the longest entries.
pub const ENTRIES_MAX: u64 = TILE_WIDTH as u64;

/// Entries that one statement streams: short enough that no reader keeps the WAL from being reused for longer than
/// a few milliseconds, long enough that starting it costs nothing.
const STREAM_ROWS: u64 = 4_096;

/// What one cosigner has last said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The cosigner's name.
    pub name: String,
    /// The size of the log that it has signed.
    pub size: u64,
    /// Its signature line.
    pub line: Vec<u8>,
}

impl HubStore {
    /// The bytes of a tile: its hashes one after the other; `None` where the log does not reach.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn tile(&self, log: Log, id: TileId) -> Result<Option<Vec<u8>>, HubError> {
        self.read(|db| tile_bytes(db, log, id))
    }

    /// The tiles of `log`, to prove things from.
    #[must_use]
    pub fn tiles(&self, log: Log) -> LogTiles<'_> {
        LogTiles { store: self, log }
    }

    /// One entry; `None` past the end.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn entry(&self, log: Log, idx: u64) -> Result<Option<Vec<u8>>, HubError> {
        Ok(self.entries(log, idx..idx.saturating_add(1))?.pop())
    }

    /// The entries of `range`, as many as there are, and [`ENTRIES_MAX`] at most: ask again from where they end.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn entries(&self, log: Log, range: Range<u64>) -> Result<Vec<Vec<u8>>, HubError> {
        let end = range.end.min(range.start.saturating_add(ENTRIES_MAX));
        let mut entries = Vec::new();
        self.read(|db| {
            stream(db, log, range.start..end, &mut |_, entry| {
                entries.push(entry.to_vec());
                Ok::<_, HubError>(())
            })
        })?;
        Ok(entries)
    }

    /// Hands each entry of `range` to `visit`, in order, until `visit` fails or the log ends. Holds one entry at a
    /// time. Returns the place where it ended.
    ///
    /// # Errors
    /// [`HubError`], and whatever `visit` says.
    pub fn for_each_entry<E: From<HubError>>(
        &self,
        log: Log,
        range: Range<u64>,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at.saturating_add(STREAM_ROWS));
            let reached = self.read(|db| stream(db, log, at..end, &mut visit))?;
            if reached < end {
                return Ok(reached);
            }
            at = reached;
        }
        Ok(at)
    }

    /// How far the chain of one source has come.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn source(&self, source: &str) -> Result<Option<SourceHead>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT name, count, head FROM source WHERE name = ?1")?;
            Ok(select.query_row([source], source_head).optional()?)
        })
    }

    /// How far the chain of every source has come, by name.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn sources(&self) -> Result<Vec<SourceHead>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached("SELECT name, count, head FROM source ORDER BY name")?;
            Ok(select.query_map([], source_head)?.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps a cosignature that the caller has verified. Of each cosigner only the one over the largest log is kept,
    /// and of two over the same size the later.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn put_cosignature(&self, log: Log, size: u64, name: &str, line: &[u8]) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached(
                "INSERT INTO cosignature VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE \
                 SET size = excluded.size, line = excluded.line WHERE excluded.size >= size",
            )?
            .execute(params![log.name(), name, size, line])?;
            Ok(())
        })
    }

    /// The last cosignature of everybody whose last is over at least `size` entries, by name. With the size of the
    /// head: those of the current checkpoint. With 0: how far everybody is.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn cosignatures(&self, log: Log, size: u64) -> Result<Vec<Cosignature>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached(
                "SELECT name, size, line FROM cosignature WHERE log = ?1 AND size >= ?2 ORDER BY name",
            )?;
            let cosignature =
                |row: &Row<'_>| Ok(Cosignature { name: row.get(0)?, size: row.get(1)?, line: row.get(2)? });
            Ok(select.query_map(params![log.name(), size], cosignature)?.collect::<Result<_, _>>()?)
        })
    }
}

/// The tiles of one log, read from the store.
#[derive(Clone, Copy)]
pub struct LogTiles<'a> {
    store: &'a HubStore,
    log: Log,
}

impl Tiles for LogTiles<'_> {
    type Error = HubError;

    fn tile(&self, id: TileId) -> Result<Vec<Hash>, HubError> {
        // Where the log does not reach there are no hashes; the asker notices.
        let Some(bytes) = self.store.tile(self.log, id)? else { return Ok(Vec::new()) };
        decode_tile(&bytes).map_err(|_| HubError::damaged("a tile is malformed"))
    }
}

/// A full tile is kept whole. The hashes of a partial one are the leaf hashes of its entries, or the roots of the
/// full tiles below it.
pub(crate) fn tile_bytes(db: &Connection, log: Log, id: TileId) -> Result<Option<Vec<u8>>, HubError> {
    if id.is_full() {
        let mut select =
            db.prepare_cached(per_log!(log, "SELECT hashes FROM ", "_tile WHERE level = ?1 AND idx = ?2"))?;
        return Ok(select.query_row(params![id.level(), id.index()], |row| row.get(0)).optional()?);
    }
    let first = id.index().saturating_mul(TILE_WIDTH.into());
    let end = first.saturating_add(id.width().into());
    let length = usize::from(id.width()) * Hash::LEN;
    let mut bytes = Vec::with_capacity(length);
    let mut take = |row: &Row<'_>| {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob()?);
        Ok(())
    };
    if let Some(below) = id.level().checked_sub(1) {
        let sql = per_log!(
            log,
            "SELECT root FROM ",
            "_tile WHERE level = ?1 AND idx >= ?2 AND idx < ?3 ORDER BY idx"
        );
        let mut select = db.prepare_cached(sql)?;
        select.query_map(params![below, first, end], &mut take)?.collect::<Result<(), _>>()?;
    } else {
        let sql = per_log!(log, "SELECT leaf FROM ", "_entry WHERE idx >= ?1 AND idx < ?2 ORDER BY idx");
        let mut select = db.prepare_cached(sql)?;
        select.query_map(params![first, end], &mut take)?.collect::<Result<(), _>>()?;
    }
    Ok((bytes.len() == length).then_some(bytes))
}

/// Visits the entries of `range` that there are. Returns where it ended.
fn stream<E: From<HubError>>(
    db: &Connection,
    log: Log,
    range: Range<u64>,
    visit: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let sql = per_log!(log, "SELECT idx, bytes FROM ", "_entry WHERE idx >= ?1 AND idx < ?2 ORDER BY idx");
    let mut select = db.prepare_cached(sql).map_err(HubError::from)?;
    let mut rows = select.query(params![range.start, range.end]).map_err(HubError::from)?;
    let mut at = range.start;
    while let Some(row) = rows.next().map_err(HubError::from)? {
        if row.get::<_, u64>(0).map_err(HubError::from)? != at {
            return Err(HubError::damaged("an entry of a log is missing").into());
        }
        let entry = row.get_ref(1).map_err(HubError::from)?;
        visit(at, entry.as_blob().map_err(|_| HubError::damaged("an entry of a log has no bytes"))?)?;
        at += 1;
    }
    Ok(at)
}

fn source_head(row: &Row<'_>) -> rusqlite::Result<SourceHead> {
    Ok(SourceHead { source: row.get(0)?, count: row.get(1)?, head: lockward_model::Digest(row.get(2)?) })
}
