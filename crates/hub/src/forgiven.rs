//! Whom operators have forgiven, read from the config log: what was known of where these people were no longer counts.

use core::ops::Range;
use lockward_model::{Change, Forgiven, Time};
use lockward_store::{HubError, HubStore, Log};
use lockward_wire::config::{Envelope, Payload};
use tracing::error;

/// Acts of forgiving in a part of the config log, each with the time at which it was drafted: the same at every reading.
pub(crate) fn forgiven(store: &HubStore, part: Range<u64>) -> Vec<(Forgiven, Time)> {
    let mut acts = Vec::new();
    let read = store.for_each_entry(Log::Config, part, |_, entry| {
        if let Ok(Ok(Payload::Changes(set))) = Envelope::parse(entry).map(|e| e.payload()) {
            let whom = |change: &Change| match change {
                Change::Forgive(whom) => Some((*whom, set.drafted)),
                _ => None,
            };
            acts.extend(set.changes.iter().filter_map(whom));
        }
        Ok::<_, HubError>(())
    });
    if let Err(error) = read {
        error!(%error, "the config log can not be read; who was forgiven is not known");
    }
    acts
}
