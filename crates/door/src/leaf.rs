//! The leaf: what its contact says, and by what right it stands open.

use crate::{Contact, Wire};
use core::time::Duration;
use lockward_model::{Body, Door as Settings, DoorFact, Mono, Opening};

/// What the contact said last that could be believed, and by what right. A fault changes nothing here: it neither opens
/// nor shuts, and clears no alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    Shut,
    /// The limit counts from `counted`; while the door is open to everybody, it does not count.
    Open {
        since: Mono,
        counted: Option<Mono>,
        /// Somebody who needs longer is passing.
        extended: bool,
        warned: bool,
    },
    Held {
        since: Mono,
    },
    Forced {
        since: Mono,
    },
}

impl Leaf {
    /// The leaf as it has just opened.
    pub(crate) fn opened(right: Opening, extended: bool, now: Mono) -> Self {
        let open = |counted| Self::Open { since: now, counted, extended, warned: false };
        match right {
            Opening::Forced => Self::Forced { since: now },
            Opening::Free => open(None),
            Opening::Granted | Opening::Exit | Opening::Before => open(Some(now)),
        }
    }

    /// Since when it stands open.
    pub(crate) fn open_since(self) -> Option<Mono> {
        match self {
            Self::Shut => None,
            Self::Open { since, .. } | Self::Held { since } | Self::Forced { since } => Some(since),
        }
    }

    /// The limit counts from `from`, or not at all.
    pub(crate) fn count_from(&mut self, from: Option<Mono>) {
        if let Self::Open { counted, warned, .. } = self {
            (*counted, *warned) = (from, false);
        }
    }

    /// The next moment at which time alone changes something.
    pub(crate) fn wake_at(self, settings: &Settings) -> Option<Mono> {
        let Self::Open { counted: Some(from), extended, warned, .. } = self else { return None };
        let limit = open_limit(settings, extended);
        let warning = warning(settings, limit).filter(|_| !warned);
        Some(from + warning.unwrap_or(limit))
    }

    /// What time alone brings about: a warning, then held.
    pub(crate) fn elapse(&mut self, now: Mono, settings: &Settings, mut record: impl FnMut(Body)) {
        let Self::Open { since, counted: Some(from), extended, warned } = self else { return };
        let limit = open_limit(settings, *extended);
        if warning(settings, limit).is_some_and(|w| *from + w <= now) && !*warned {
            *warned = true;
            record(Body::Door(DoorFact::HeldWarning));
        }
        if *from + limit <= now {
            *self = Self::Held { since: *since };
            record(Body::DoorHeld { limit });
        }
    }
}

fn open_limit(settings: &Settings, extended: bool) -> Duration {
    let longer = settings.rules.extended.filter(|_| extended).map(|e| e.open_limit);
    longer.unwrap_or(settings.open_limit).get()
}

/// How long after the opening the reader warns; not at all where the warning is as long as the limit.
fn warning(settings: &Settings, limit: Duration) -> Option<Duration> {
    let before = settings.rules.warn_before?.get();
    limit.checked_sub(before).filter(|w| !w.is_zero())
}

/// The contact's wire. Without one, and until it has spoken, the leaf is taken to be shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContactWire(pub(crate) Option<Wire<Contact>>);

impl ContactWire {
    pub(crate) fn is_faulty(self) -> bool {
        matches!(self.0, Some(Wire::Fault(_)))
    }

    pub(crate) fn said(self) -> Option<Contact> {
        self.0.and_then(Wire::said)
    }
}
