//! The small things that outlive a restart: the hub's keys, the newest time, and when the hub was last heard.

use lockward_ledger::{Hash, Head};
use lockward_model::{Epoch, Time};
use lockward_wire::link::Keys;
use lockward_wire::{CardKey, PinPepper, SourceKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The state file holds something else than was written.
#[derive(Debug, thiserror::Error)]
#[error("the state file can not be understood")]
pub struct StateFileError(#[source] serde_json::Error);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) floor: Time,
    pub(crate) heard: Time,
    pub(crate) event_head: Option<Head>,
    pub(crate) keys: Option<Keys>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    floor_ms: i64,
    heard_ms: i64,
    event_head: Option<(u64, [u8; 32])>,
    keys: Option<FileKeys>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKeys {
    epoch: u32,
    card_key: Zeroizing<[u8; 32]>,
    pepper: Zeroizing<[u8; 32]>,
    source_key: Zeroizing<[u8; 32]>,
}

impl State {
    /// As it is written, with this as the last head of the event log.
    pub(crate) fn to_bytes(&self, event_head: Option<Head>) -> Zeroizing<Vec<u8>> {
        let keys = self.keys.as_ref().map(|k| FileKeys {
            epoch: k.epoch.0,
            card_key: Zeroizing::new(*k.card_key.as_bytes()),
            pepper: Zeroizing::new(*k.pin_pepper.as_bytes()),
            source_key: Zeroizing::new(*k.source_key.as_bytes()),
        });
        let event_head = event_head.map(|h| (h.size, *h.root.as_bytes()));
        let file = File { floor_ms: self.floor.0, heard_ms: self.heard.0, event_head, keys };
        // Numbers and arrays of numbers: serialising them can not fail.
        Zeroizing::new(serde_json::to_vec(&file).unwrap_or_default())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, StateFileError> {
        let file: File = serde_json::from_slice(bytes).map_err(StateFileError)?;
        let keys = file.keys.map(|k| Keys {
            epoch: Epoch(k.epoch),
            card_key: CardKey::from_bytes(*k.card_key),
            pin_pepper: PinPepper::from_bytes(*k.pepper),
            source_key: SourceKey::from_bytes(*k.source_key),
        });
        let event_head = file.event_head.map(|(size, root)| Head { size, root: Hash::from_bytes(root) });
        Ok(Self { floor: Time(file.floor_ms), heard: Time(file.heard_ms), event_head, keys })
    }
}
