//! Changes that services have drafted, and that wait for a service's own signature: in memory, bounded, and for a day.

use crate::dice;
use crate::office::{DRAFT_LIFE, ServiceDraft};
use lockward_model::{Mono, ServiceId};
use lockward_wire::hex;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Drafts of all services that wait at once: at 64 KiB of text and as much of bytes each, 8 MiB.
const DRAFTS_MAX: usize = 64;
/// Of one service.
const DRAFTS_EACH_MAX: usize = 8;

/// A draft, and whose it is.
#[derive(Clone)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    pub(crate) draft: Arc<ServiceDraft>,
    service: ServiceId,
    until: Mono,
}

/// All that wait.
#[derive(Default)]
pub(crate) struct ServiceDrafts(Mutex<BTreeMap<String, Waiting>>);

impl ServiceDrafts {
    fn held(&self, now: Mono) -> MutexGuard<'_, BTreeMap<String, Waiting>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, w| now < w.until);
        held
    }

    /// Keeps a draft; `None` where the service has too many that could still be signed. One that another change has overtaken
    /// gives way.
    pub(crate) fn keep(
        &self,
        draft: ServiceDraft,
        service: ServiceId,
        size: u64,
        now: Mono,
    ) -> Option<Waiting> {
        let mut held = self.held(now);
        let of = |held: &BTreeMap<String, Waiting>| held.values().filter(|w| w.service == service).count();
        if held.len() >= DRAFTS_MAX || of(&held) >= DRAFTS_EACH_MAX {
            held.retain(|_, w| w.draft.draft.set().at >= size);
        }
        if held.len() >= DRAFTS_MAX || of(&held) >= DRAFTS_EACH_MAX {
            return None;
        }
        let id = hex(&dice::roll::<16>()).to_string();
        let waiting = Waiting { id: id.clone(), draft: Arc::new(draft), service, until: now + DRAFT_LIFE };
        held.insert(id, waiting.clone());
        Some(waiting)
    }

    /// A service's own drafts, by their names.
    pub(crate) fn of(&self, service: ServiceId, now: Mono) -> Vec<Waiting> {
        self.held(now).values().filter(|w| w.service == service).cloned().collect()
    }

    pub(crate) fn one(&self, id: &str, service: ServiceId, now: Mono) -> Option<Waiting> {
        self.held(now).get(id).filter(|w| w.service == service).cloned()
    }

    pub(crate) fn done(&self, id: &str, now: Mono) {
        self.held(now).remove(id);
    }
}
