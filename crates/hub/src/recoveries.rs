//! Uses of the recovery key, read from the config log as it grows: each is an alarm, whoever appended it.

use core::ops::Range;
use lockward_model::{Body, Change, RecoveryStep};
use lockward_site::Site;
use lockward_store::{HubError, HubStore, Log};
use lockward_wire::config::{Envelope, Payload};
use tracing::error;

/// What a part of the log did about recovering the site, given the site that all of it makes.
pub(crate) fn recoveries(store: &HubStore, part: Range<u64>, site: &Site) -> Vec<Body> {
    let mut found = Vec::new();
    let read = store.for_each_entry(Log::Config, part, |_, entry| {
        if let Ok(Ok(Payload::Changes(set))) = Envelope::parse(entry).map(|e| e.payload()) {
            found.extend(set.changes.iter().filter_map(|change| match change {
                Change::Recover(o) => {
                    let waits = site.recovery().is_some_and(|r| r.operator == *o);
                    let step = if waits { RecoveryStep::Announced } else { RecoveryStep::Done };
                    Some(Body::Recovery { operator: Some(o.id), step })
                }
                Change::CancelRecovery => {
                    Some(Body::Recovery { operator: None, step: RecoveryStep::Cancelled })
                }
                _ => None,
            }));
        }
        Ok::<_, HubError>(())
    });
    if let Err(error) = read {
        error!(%error, "the config log can not be read; whether the recovery key was used is not known");
    }
    found
}
