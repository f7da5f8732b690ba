//! Both logs over HTTP, as C2SP tlog-tiles has them: any standard client can follow.

use crate::answer;
use crate::office::Office;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use lockward_ledger::{BundleId, TileId, TilePath, encode_bundle};
use lockward_store::{HubError, HubStore, Log};

/// What is in a tile never changes: the log only grows.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The newest checkpoint of a log, a signed note with the cosignatures over just this one; `None` before the first.
///
/// # Errors
/// The store failed.
pub fn checkpoint_note(store: &HubStore, log: Log) -> Result<Option<Vec<u8>>, HubError> {
    let head = store.head(log)?;
    let size = head.size();
    let Some(mut note) = head.checkpoint else { return Ok(None) };
    for word in store.cosignatures(log, size)?.into_iter().filter(|word| word.size == size) {
        note.extend(word.line);
        note.push(b'\n');
    }
    Ok(Some(note))
}

pub(crate) fn checkpoint(office: &Office, log: Log) -> Result<Option<Response>, HubError> {
    Ok(checkpoint_note(office.store(), log)?.map(|note| answer::text(Body::from(note))))
}

/// A tile or a bundle by its path below the log's prefix; `None` for what the checkpoint does not cover.
pub(crate) fn tile(office: &Office, log: Log, path: &str) -> Result<Option<Response>, HubError> {
    let found = match path.parse() {
        Ok(TilePath::Hashes(id)) => hashes(office, log, id)?,
        Ok(TilePath::Entries(id)) => entries(office, log, id)?,
        Err(_) => None,
    };
    Ok(found.map(|bytes| {
        let mut response = answer::bytes(bytes);
        response.headers_mut().insert(CACHE_CONTROL, IMMUTABLE);
        response
    }))
}

fn hashes(office: &Office, log: Log, id: TileId) -> Result<Option<Vec<u8>>, HubError> {
    let store = office.store();
    if id.is_within(store.head(log)?.size()) { store.tile(log, id) } else { Ok(None) }
}

fn entries(office: &Office, log: Log, id: BundleId) -> Result<Option<Vec<u8>>, HubError> {
    let store = office.store();
    if !id.is_within(store.head(log)?.size()) {
        return Ok(None);
    }
    let first = id.first_entry();
    let entries = store.entries(log, first..first + u64::from(id.width()))?;
    Ok(encode_bundle(entries.iter().map(Vec::as_slice)).ok())
}
