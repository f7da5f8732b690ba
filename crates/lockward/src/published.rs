//! Both logs as they are published (C2SP tlog-tiles): a folder that was exported, or a hub over HTTP.

use crate::http::{Http, HttpError};
use lockward_audit::{Log, Source};
use lockward_ledger::{
    BUNDLE_BYTES_MAX, BundleId, Checkpoint, Hash, NOTE_BYTES_MAX, Note, TILE_WIDTH, TileId,
};
use lockward_ledger::{decode_bundle, decode_tile};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a published log could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishedError {
    /// A file.
    #[error("could not read `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Longer than any such file can be.
    #[error("`{path}` has more than {max} bytes, which no file of its kind has")]
    TooLong {
        /// Which.
        path: String,
        /// Most that it could have.
        max: usize,
    },
    /// The hub.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The caller has not asked for the checkpoint, or it was none.
    #[error("the checkpoint of the log can not be read")]
    Checkpoint,
}

/// Where the files are.
pub(crate) enum Place {
    Folder(PathBuf),
    Hub(Box<Http>),
}

/// The published logs of one site.
pub(crate) struct Published {
    place: Place,
    sizes: HashMap<Log, u64>,
}

/// The folder of a log in an export, and behind `/log/` at a hub.
pub(crate) fn prefix(log: Log) -> &'static str {
    match log {
        Log::Config => "config",
        Log::Event => "events",
    }
}

impl Published {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, sizes: HashMap::new() }
    }

    fn get(&mut self, log: Log, path: &str, max: usize) -> Result<Vec<u8>, PublishedError> {
        match &mut self.place {
            Place::Folder(dir) => read(&dir.join(prefix(log)).join(path), max),
            Place::Hub(http) => Ok(http.get(&format!("/log/{}/{path}", prefix(log)), max)?),
        }
    }

    fn size(&self, log: Log) -> Result<u64, PublishedError> {
        self.sizes.get(&log).copied().ok_or(PublishedError::Checkpoint)
    }
}

fn read(path: &Path, max: usize) -> Result<Vec<u8>, PublishedError> {
    let failed = |source| PublishedError::File { path: path.into(), source };
    let limit = u64::try_from(max).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > max {
        return Err(PublishedError::TooLong { path: path.display().to_string(), max });
    }
    Ok(bytes)
}

impl Source for Published {
    type Error = PublishedError;

    fn checkpoint(&mut self, log: Log) -> Result<Vec<u8>, PublishedError> {
        let bytes = self.get(log, "checkpoint", NOTE_BYTES_MAX)?;
        // What it is worth, the audit says; here it only tells which files there are.
        let size = Note::parse(&bytes).ok().and_then(|n| n.text().parse::<Checkpoint>().ok());
        self.sizes.insert(log, size.map_or(0, |c| c.head().size));
        Ok(bytes)
    }

    fn entries(&mut self, log: Log, first: u64, max: usize) -> Result<Vec<Vec<u8>>, PublishedError> {
        let width = u64::from(TILE_WIDTH);
        let Some(id) = BundleId::in_log(first / width, self.size(log)?) else { return Ok(Vec::new()) };
        let bytes = self.get(log, &id.to_string(), BUNDLE_BYTES_MAX)?;
        let skip = usize::try_from(first % width).unwrap_or(usize::MAX);
        let entries = match decode_bundle(&bytes, id.width()) {
            Ok(entries) => entries.into_iter().map(<[u8]>::to_vec).collect(),
            Err(_) => torn(&bytes, id.width()),
        };
        Ok(entries.into_iter().skip(skip).take(max).collect())
    }

    fn leaf_hashes(&mut self, log: Log, first: u64, max: usize) -> Result<Option<Vec<Hash>>, PublishedError> {
        let width = u64::from(TILE_WIDTH);
        let Some(id) = TileId::in_log(0, first / width, self.size(log)?) else { return Ok(Some(Vec::new())) };
        let bytes = self.get(log, &id.to_string(), usize::from(TILE_WIDTH) * Hash::LEN)?;
        let skip = usize::try_from(first % width).unwrap_or(usize::MAX);
        let hashes = decode_tile(&bytes).ok();
        Ok(hashes.map(|hashes| hashes.into_iter().skip(skip).take(max).collect()))
    }
}

/// The entries of a bundle whose lengths do not fit: as far as they can be told apart, and what is missing as nothing.
/// The audit then names the first that is not what it was.
fn torn(bytes: &[u8], width: u16) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut next = || {
        let (length, after) = rest.split_first_chunk()?;
        let (entry, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        rest = after;
        Some(entry.to_vec())
    };
    (0..width).map(|_| next().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_bundle_gives_what_can_be_told_apart() {
        let bytes = [0, 1, b'a', 0, 9, b'b', b'c'];
        assert_eq!(torn(&bytes, 3), [b"a".to_vec(), vec![], vec![]]);
    }
}
