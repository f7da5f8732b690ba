//! Where a log is read from: a hub's database, a copied folder, an export, a server. All of them look alike from here.

use crate::{AuditError, Log};
use lockward_ledger::Hash;

/// Entries that are held at a time: eight of the bundles that logs are published in. Usual entries take half a
/// megabyte, the longest 128 MiB; one batch is read while another is checked.
pub const BATCH_ENTRIES: usize = 2_048;

/// Both logs of one site, as somebody keeps them. Nothing that it gives is trusted.
pub trait Source {
    /// Why something could not be read.
    type Error: std::error::Error + 'static;

    /// The newest checkpoint of a log, a signed note with its cosignatures (C2SP tlog-checkpoint).
    ///
    /// # Errors
    /// When it can not be read.
    fn checkpoint(&mut self, log: Log) -> Result<Vec<u8>, Self::Error>;

    /// Entries of a log from `first` on, as stored: at most `max`, fewer as it likes, none only past the end.
    ///
    /// # Errors
    /// When they can not be read.
    fn entries(&mut self, log: Log, first: u64, max: usize) -> Result<Vec<Vec<u8>>, Self::Error>;

    /// Leaf hashes from `first` on, as the log's tiles of level 0 have them: at most `max`, fewer as it likes, none
    /// only past the end. `None` where there are no tiles. They serve to find an altered entry by its place.
    ///
    /// # Errors
    /// When they can not be read.
    fn leaf_hashes(&mut self, log: Log, first: u64, max: usize) -> Result<Option<Vec<Hash>>, Self::Error> {
        let _ = (log, first, max);
        Ok(None)
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    type Error = S::Error;

    fn checkpoint(&mut self, log: Log) -> Result<Vec<u8>, S::Error> {
        (**self).checkpoint(log)
    }

    fn entries(&mut self, log: Log, first: u64, max: usize) -> Result<Vec<Vec<u8>>, S::Error> {
        (**self).entries(log, first, max)
    }

    fn leaf_hashes(&mut self, log: Log, first: u64, max: usize) -> Result<Option<Vec<Hash>>, S::Error> {
        (**self).leaf_hashes(log, first, max)
    }
}

/// The entries of `first..end`, [`BATCH_ENTRIES`] at most; fewer only where the log ends before `end`.
pub(crate) fn batch<S: Source>(
    source: &mut S,
    log: Log,
    first: u64,
    end: u64,
) -> Result<Vec<Vec<u8>>, AuditError<S::Error>> {
    let wanted = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX).min(BATCH_ENTRIES);
    let mut entries = Vec::new();
    while entries.len() < wanted {
        let more = source.entries(log, first + entries.len() as u64, wanted - entries.len());
        let more = more.map_err(AuditError::Source)?;
        if more.is_empty() {
            break;
        }
        entries.extend(more);
    }
    entries.truncate(wanted);
    Ok(entries)
}
