//! Who was turned away at the link, for the record: each kind once in a while, so that nobody fills the log from outside.

use crate::core::Core;
use crate::tls::TurnedAway;
use core::time::Duration;
use lockward_model::{Body, Mono};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::warn;

/// Refusals that wait to be recorded. More at once say nothing new.
pub(crate) const QUEUE_MAX: usize = 64;
/// How long the same refusal of the same name is not recorded again.
const AGAIN_AFTER: Duration = Duration::from_secs(600);
/// Different refusals in that time: a stranger can make up names. At 400 bytes each, 100 KB in ten minutes.
const KINDS_MAX: usize = 256;

/// Records until the last sender is gone.
pub(crate) async fn record(core: Arc<Core>, mut refusals: mpsc::Receiver<TurnedAway>) {
    let mut told: HashMap<_, Mono> = HashMap::new();
    while let Some(TurnedAway { claimed, code }) = refusals.recv().await {
        let now = core.office.now().mono;
        told.retain(|_, at| now.since(*at) < AGAIN_AFTER);
        if told.contains_key(&(claimed, code)) || told.len() >= KINDS_MAX {
            continue;
        }
        told.insert((claimed, code), now);
        match claimed {
            Some(claimed) => warn!(%claimed, code, "a peer was refused at the link"),
            None => warn!(code, "a peer was refused at the link"),
        }
        core.sequencer.note(Body::LinkRefused { claimed, code: code.into() }).await;
    }
}
