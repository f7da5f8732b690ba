//! The keys of the event log's epochs, for whoever brings a token: on record before the first of them leaves.

use crate::core::Core;
use crate::keys::{EPOCH, KeysError};
use crate::sequencer::NotAppended;
use lockward_model::Body;
use lockward_wire::hex;
use std::sync::Arc;
use zeroize::Zeroizing;

/// `epoch-` and ten digits, a blank, the key, a line end.
const LINE_BYTES_MAX: usize = EPOCH.len() + 10 + 1 + 64 + 1;

/// Why no key was handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandOutError {
    /// The keys can not be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// What is not on record is not done.
    #[error("that keys are handed out can not be recorded")]
    Record(#[from] NotAppended),
    /// The hub is closing.
    #[error("the hub is closing")]
    Closing,
}

/// Every epoch's key that the hub still has, as lines `epoch-<n> <64 hex digits>`.
pub(crate) async fn epoch_keys(core: &Arc<Core>) -> Result<Zeroizing<Vec<u8>>, HandOutError> {
    let keys = core.blocking(|core| core.office.keys().epoch_keys()).await.ok_or(HandOutError::Closing)??;
    let mut lines = Zeroizing::new(Vec::with_capacity(keys.len() * LINE_BYTES_MAX));
    let (Some(first), Some(last)) = (keys.keys().next(), keys.keys().last()) else { return Ok(lines) };
    core.sequencer.record(Body::KeysRead { first: *first, last: *last }).await?;
    for (epoch, key) in &keys {
        lines.extend(format!("{EPOCH}{} ", epoch.0).bytes());
        lines.extend(hex(key.as_bytes()).bytes());
        lines.push(b'\n');
    }
    Ok(lines)
}
