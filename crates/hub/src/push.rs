//! What the hub tells a controller unasked: the configuration, piece by piece, and checkpoints to cosign.

use crate::core::Core;
use lockward_ledger::{CosignerKey, NoteSignature, SignedCheckpoint, prove_consistency};
use lockward_model::ControllerId;
use lockward_store::Log;
use lockward_wire::link::{self, ITEMS_BYTES_MAX, ITEMS_MAX, ToController, cosigner_name};
use std::sync::Arc;
use tracing::error;
use zeroize::Zeroizing;

/// Entries that are read at once: as many of the largest as fit one message.
const ENTRIES_READ: u64 = 13;

/// How far a controller was told.
pub(crate) struct Push {
    core: Arc<Core>,
    config: u64,
    /// It was shown the log on this connection: where nothing is new, that too has to be seen to be believed.
    shown: bool,
    /// The event log's size in the checkpoint that the controller has cosigned, or was last sent; 0 for none.
    event: u64,
}

impl Push {
    pub(crate) fn new(core: Arc<Core>, config: u64, event: u64) -> Self {
        Self { core, config, shown: false, event }
    }

    /// Whether it is to be shown the config log, which has so many entries.
    pub(crate) fn is_behind(&self, size: u64) -> bool {
        !self.shown || self.config < size
    }

    /// The next entries of the config log, if there are any, with a checkpoint of just as many: a controller that loses the link in
    /// between holds a whole, signed configuration.
    pub(crate) async fn entries(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let first = self.config;
        let (frame, end) = self.core.blocking(move |core| entries(core, first)).await.flatten()?;
        (self.config, self.shown) = (end, true);
        Some(frame)
    }

    /// What is known of the rest of the site, and has not been told yet.
    pub(crate) async fn elsewhere(&self, id: ControllerId) -> Option<Zeroizing<Vec<u8>>> {
        self.core.blocking(move |core| elsewhere(core, id)).await.flatten()
    }

    /// The event log's newest checkpoint, if it grew since the last, with the proof that it continues it.
    pub(crate) async fn checkpoint(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let last = self.event;
        let (frame, size) = self.core.blocking(move |core| checkpoint(core, last)).await.flatten()?;
        self.event = size;
        Some(frame)
    }
}

fn entries(core: &Core, first: u64) -> Option<(Zeroizing<Vec<u8>>, u64)> {
    let store = core.office.store();
    let (mut entries, mut bytes, mut at) = (Vec::new(), 0, first);
    'full: while entries.len() < ITEMS_MAX {
        let read = store.entries(Log::Config, at..at + ENTRIES_READ);
        let read = read.inspect_err(|error| error!(%error, "the config log can not be read")).ok()?;
        let last = (read.len() as u64) < ENTRIES_READ;
        for entry in read {
            bytes += entry.len();
            if bytes > ITEMS_BYTES_MAX || entries.len() == ITEMS_MAX {
                break 'full;
            }
            entries.push(entry);
            at += 1;
        }
        if last {
            break;
        }
    }
    let checkpoint = core.office.checkpoint_at(Log::Config, at)?.to_string().into_bytes();
    let frame = ToController::Entries { first, entries, checkpoint }.encode().ok()?;
    Some((Zeroizing::new(frame), at))
}

fn elsewhere(core: &Core, id: ControllerId) -> Option<Zeroizing<Vec<u8>>> {
    let (anew, facts) = core.live.whole().next(&core.office.site(), id, core.office.wall())?;
    Some(Zeroizing::new(ToController::Elsewhere { anew, facts }.encode().ok()?))
}

fn checkpoint(core: &Core, last: u64) -> Option<(Zeroizing<Vec<u8>>, u64)> {
    let head = core.office.store().head(Log::Event).ok()?;
    let (size, note) = (head.size(), head.checkpoint?);
    if size == last {
        return None;
    }
    let proof = prove_consistency(&core.office.store().tiles(Log::Event), last, size).ok()?;
    let proof = proof.into_iter().map(Into::into).collect();
    let frame = ToController::Checkpoint { note, proof }.encode().ok()?;
    Some((Zeroizing::new(frame), size))
}

/// Keeps a controller's cosignature, if it is one: under its own name and key, over a checkpoint of ours.
pub(crate) fn cosigned(
    core: &Core,
    controller: ControllerId,
    log: link::Log,
    size: u64,
    line: &[u8],
) -> bool {
    let log = match log {
        link::Log::Config => Log::Config,
        link::Log::Event => Log::Event,
    };
    let office = &core.office;
    let kept = || {
        let key = office.site().controller(controller)?.key?;
        let name = cosigner_name(office.logs().origin(log).as_str(), &controller);
        let cosigner = CosignerKey::new(name.parse().ok()?, key.0);
        let signature: NoteSignature = core::str::from_utf8(line).ok()?.parse().ok()?;
        let mut ours: SignedCheckpoint = office.checkpoint_at(log, size)?;
        ours.add(&cosigner, signature).ok()?;
        office.store().put_cosignature(log, size, &name, line).ok()
    };
    kept().is_some()
}
