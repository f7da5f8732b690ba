//! Appending to the hub's two logs: entries, tiles, head and source heads become durable together or not at all.

use lockward_ledger::{ENTRY_BYTES_MAX, Frontier, Hash, Head, TILE_WIDTH, TileId, full_tiles, leaf_hash};
use lockward_model::Digest;
use rusqlite::{Connection, OptionalExtension, params};

use crate::hub_read::tile_bytes;
use crate::{HubAppendError, HubError, HubStore};

/// Which of a site's logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Log {
    /// Its change sets.
    Config,
    /// Its events.
    Event,
}

impl Log {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Event => "event",
        }
    }
}

/// A statement on the tables of one of the logs: the log's name stands between the two parts.
macro_rules! per_log {
    ($log:expr, $before:literal, $after:literal) => {
        match $log {
            $crate::Log::Config => concat!($before, "config", $after),
            $crate::Log::Event => concat!($before, "event", $after),
        }
    };
}
pub(crate) use per_log;

/// Where a log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// The right edge of its tree; knows size and root.
    pub frontier: Frontier,
    /// The signed note over this size and root, as it was given to [`HubStore::append`]; none before the first one.
    pub checkpoint: Option<Vec<u8>>,
}

impl LogHead {
    /// How many entries the log has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }
}

/// How far a source's own chain of events has come into the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHead {
    /// The source.
    pub source: String,
    /// How many of its events are in the log.
    pub count: u64,
    /// The head of its chain after these.
    pub head: Digest,
}

/// What is appended together.
#[derive(Debug)]
pub struct Batch<'a, E> {
    /// The size that the log must have.
    pub at: u64,
    /// The entries, of [`ENTRY_BYTES_MAX`] bytes at most each. Without any, only the checkpoint is made anew.
    pub leaves: &'a [E],
    /// The sources whose chains these entries lengthen.
    pub sources: &'a [SourceHead],
}

impl HubStore {
    /// Where `log` ends now.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn head(&self, log: Log) -> Result<LogHead, HubError> {
        self.read(|db| read_head(db, log))
    }

    /// Appends `batch` to `log`; when this returns, it is durable. `sign` makes the checkpoint (a signed note, C2SP
    /// tlog-checkpoint) of the size and root that the log then has; what it signed must not be shown to anybody
    /// before this has returned. It may read the store, and may not write to it.
    ///
    /// # Errors
    /// [`HubAppendError::Raced`] when the log does not have the size `batch.at`; [`HubAppendError::TooLong`];
    /// [`HubAppendError::Hub`]. The log is then as it was, but for one case: after [`HubError::Disk`], and after a
    /// crash, the batch may be found whole when the store is opened again.
    pub fn append<E: AsRef<[u8]>>(
        &self,
        log: Log,
        batch: &Batch<'_, E>,
        sign: impl FnOnce(Head) -> Vec<u8>,
    ) -> Result<LogHead, HubAppendError> {
        let long = |(_, entry): &(usize, &E)| entry.as_ref().len() > ENTRY_BYTES_MAX;
        if let Some((nth, entry)) = batch.leaves.iter().enumerate().find(long) {
            return Err(HubAppendError::TooLong { nth, bytes: entry.as_ref().len() });
        }
        // The work that needs no lock comes before it.
        let leaves: Vec<Hash> = batch.leaves.iter().map(|entry| leaf_hash(entry.as_ref())).collect();
        self.write(|db| {
            // 1. Still the log that the batch was made for? Nobody else can append until this is over; the entries'
            //    primary key would refuse a second entry in the same place even so.
            let mut frontier = read_head(db, log)?.frontier;
            let (expected, found) = (batch.at, frontier.size());
            if expected != found {
                return Err(HubAppendError::Raced { expected, found });
            }
            // 2. Entries, and the tiles that became full.
            let mut insert =
                db.prepare_cached(per_log!(log, "INSERT INTO ", "_entry VALUES (?1, ?2, ?3)"))?;
            for ((idx, leaf), entry) in (found..).zip(&leaves).zip(batch.leaves) {
                insert.execute(params![idx, leaf.as_ref(), entry.as_ref()])?;
            }
            let fresh = FreshHashes::append(&mut frontier, &leaves);
            fresh.write_tiles(db, log, frontier.size())?;
            // 3. The head, and what the sources need not send again.
            let checkpoint = sign(frontier.head());
            db.prepare_cached("UPDATE log SET frontier = ?2, checkpoint = ?3 WHERE name = ?1")?
                .execute(params![log.name(), frontier.to_bytes(), checkpoint])?;
            let mut advance = db.prepare_cached("INSERT OR REPLACE INTO source VALUES (?1, ?2, ?3)")?;
            for SourceHead { source, count, head } in batch.sources {
                advance.execute(params![source, count, head.as_ref()])?;
            }
            // 4. The commit, on return: from here the batch exists, whatever happens next.
            Ok(LogHead { frontier, checkpoint: Some(checkpoint) })
        })
    }
}

pub(crate) fn read_head(db: &Connection, log: Log) -> Result<LogHead, HubError> {
    let row = db
        .prepare_cached("SELECT frontier, checkpoint FROM log WHERE name = ?1")?
        .query_row([log.name()], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))
        .optional()?;
    let (frontier, checkpoint) = row.ok_or_else(|| HubError::damaged("a log has no head"))?;
    let frontier =
        Frontier::from_bytes(&frontier).map_err(|_| HubError::damaged("the head of a log is malformed"))?;
    Ok(LogHead { frontier, checkpoint })
}

/// Tile levels that a log of 2^63 entries has: a level for each 8 bits.
const LEVELS: usize = 8;

/// The hashes of each tile level that an append has added, from the first that the log did not have.
struct FreshHashes {
    old: u64,
    levels: [Vec<Hash>; LEVELS],
}

impl FreshHashes {
    fn append(frontier: &mut Frontier, leaves: &[Hash]) -> Self {
        let mut fresh = Self { old: frontier.size(), levels: Default::default() };
        for leaf in leaves {
            frontier.append_with(*leaf, |node, hash| {
                // The root of a full subtree of 256^L leaves is a hash of tile level L.
                if node.level % 8 == 0
                    && let Some(level) = fresh.levels.get_mut(usize::from(node.level / 8))
                {
                    level.push(hash);
                }
            });
        }
        fresh
    }

    /// The hashes of `level` from `index` on.
    fn from(&self, level: u8, index: u64) -> &[Hash] {
        let first = self.old.checked_shr(u32::from(level) * 8).unwrap_or(0);
        let skip = usize::try_from(index.saturating_sub(first)).unwrap_or(usize::MAX);
        self.levels.get(usize::from(level)).and_then(|hashes| hashes.get(skip..)).unwrap_or_default()
    }

    fn write_tiles(&self, db: &Connection, log: Log, new: u64) -> Result<(), HubError> {
        let short = || HubError::damaged("a tile has lost hashes");
        // Lowest level first, because the next reads their roots where an earlier append has left its own.
        for tile in full_tiles(self.old, new) {
            let (level, index) = (tile.level(), tile.index());
            let mut hashes = match TileId::in_log(level, index, self.old) {
                Some(before) => tile_bytes(db, log, before)?.ok_or_else(short)?,
                None => Vec::new(),
            };
            let width = usize::from(TILE_WIDTH);
            let missing = width.saturating_sub(hashes.len() / Hash::LEN);
            let first = index * u64::from(TILE_WIDTH);
            hashes.extend(self.from(level, first).iter().take(missing).flat_map(|hash| hash.as_bytes()));
            let root = self.from(level + 1, index).first().ok_or_else(short)?;
            if hashes.len() != width * Hash::LEN {
                return Err(short());
            }
            db.prepare_cached(per_log!(log, "INSERT INTO ", "_tile VALUES (?1, ?2, ?3, ?4)"))?
                .execute(params![level, index, root.as_ref(), hashes])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(store: &HubStore, at: u64, entries: usize) -> Result<LogHead, HubAppendError> {
        let leaves = vec![vec![at as u8; 500]; entries];
        let sources = [SourceHead { source: "dock-a".into(), count: at, head: Digest([at as u8; 32]) }];
        store.append(Log::Event, &Batch { at, leaves: &leaves, sources: &sources }, |head| {
            head.root.as_bytes().to_vec()
        })
    }

    #[test]
    fn given_full_disk_then_nothing_is_written_and_there_is_room_again_later() {
        let dir = tempfile::tempdir().unwrap();
        let store = HubStore::create(dir.path()).unwrap();
        append(&store, 0, 300).unwrap();
        let (head, source) = (store.head(Log::Event).unwrap(), store.sources().unwrap());
        let pages: u32 = store.writer().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let allow = |pages: u32| store.writer().pragma_update(None, "max_page_count", pages).unwrap();

        // From no room at all to nearly enough: it fails among the entries, in the tiles, in the head.
        let mut failures = 0;
        for room in 0..200 {
            allow(pages + room);
            match append(&store, 300, 300) {
                Err(HubAppendError::Hub(HubError::Full(_))) => failures += 1,
                Ok(_) => break,
                other => panic!("{other:?}"),
            }
            assert_eq!(store.head(Log::Event).unwrap(), head);
            assert_eq!(store.sources().unwrap(), source);
            assert_eq!(store.entries(Log::Event, 300..301).unwrap(), Vec::<Vec<u8>>::new());
        }
        assert!(failures > 30, "{failures}");
        assert_eq!(store.head(Log::Event).unwrap().size(), 600);
        let tile = TileId::new(0, 1, TILE_WIDTH).unwrap();
        assert!(store.tile(Log::Event, tile).unwrap().is_some());
    }
}
