//! Both logs as a hub's own store has them, for an audit of a folder.

use lockward_audit::{Log, Source};
use lockward_hub::checkpoint_note;
use lockward_ledger::{Hash, TILE_WIDTH, TileId, decode_tile};
use lockward_store::{HubError, HubStore};

/// The logs of a hub's own store.
pub(crate) struct Stored(pub(crate) HubStore);

fn stored(log: Log) -> lockward_store::Log {
    match log {
        Log::Config => lockward_store::Log::Config,
        Log::Event => lockward_store::Log::Event,
    }
}

impl Source for Stored {
    type Error = HubError;

    fn checkpoint(&mut self, log: Log) -> Result<Vec<u8>, HubError> {
        // Without any, the audit says so.
        Ok(checkpoint_note(&self.0, stored(log))?.unwrap_or_default())
    }

    fn entries(&mut self, log: Log, first: u64, max: usize) -> Result<Vec<Vec<u8>>, HubError> {
        let end = first.saturating_add(u64::try_from(max).unwrap_or(u64::MAX));
        self.0.entries(stored(log), first..end)
    }

    fn leaf_hashes(&mut self, log: Log, first: u64, max: usize) -> Result<Option<Vec<Hash>>, HubError> {
        let size = self.0.head(stored(log))?.size();
        let width = u64::from(TILE_WIDTH);
        let Some(id) = TileId::in_log(0, first / width, size) else { return Ok(Some(Vec::new())) };
        let Some(bytes) = self.0.tile(stored(log), id)? else { return Ok(None) };
        let skip = usize::try_from(first % width).unwrap_or(usize::MAX);
        Ok(decode_tile(&bytes).ok().map(|all| all.into_iter().skip(skip).take(max).collect()))
    }
}
