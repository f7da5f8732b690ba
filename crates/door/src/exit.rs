//! The request to exit: works in every state, and asks nobody.

use crate::Wire;
use core::mem;
use core::time::Duration;
use lockward_model::{Door as Settings, ExitHardware, Mono};

/// How long a press tells that an opening is no break-in, where it moves no bolt: three steps from the sensor to the
/// door, and its weight. Counted from the press alone, so that a stuck input hides nothing.
pub const EXIT_SHUNT: Duration = Duration::from_secs(5);

/// Whether the lock holds people in, so that a request to exit must release it. Where it does, nothing takes that away:
/// `exit_shunt_only` beside it is refused by the site, and not heeded here.
pub(crate) fn holds_people_in(settings: &Settings) -> bool {
    settings.exit == ExitHardware::Released
}

#[derive(Debug, Clone, Copy)]
struct Window {
    until: Mono,
    /// Whether the lock was released for it, by the hardware that the door had at the press.
    releases: bool,
}

/// The input, and what is left of the last press.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit {
    pub(crate) wire: Wire<bool>,
    /// One opening within this window is somebody leaving.
    window: Option<Window>,
}

impl Exit {
    pub(crate) fn new() -> Self {
        Self { wire: Wire::Says(false), window: None }
    }

    /// True for a press. A fault is none, and ends one.
    pub(crate) fn hear(&mut self, now: Mono, wire: Wire<bool>, settings: &Settings) -> bool {
        let was = mem::replace(&mut self.wire, wire);
        if was == Wire::Says(true) || wire != Wire::Says(true) {
            return false;
        }
        let releases = holds_people_in(settings);
        let span = if releases { settings.release.get() } else { EXIT_SHUNT };
        self.window = Some(Window { until: now + span, releases });
        true
    }

    /// The lock is out for as long as the button is pressed, and for the release time at least.
    pub(crate) fn releases(&self, settings: &Settings) -> bool {
        let pressed = self.wire == Wire::Says(true) && holds_people_in(settings);
        pressed || self.window.is_some_and(|w| w.releases)
    }

    /// Whether an opening now would be somebody leaving.
    pub(crate) fn explains(&self, settings: &Settings) -> bool {
        self.window.is_some() || self.releases(settings)
    }

    /// One opening spends a press.
    pub(crate) fn spend(&mut self) {
        self.window = None;
    }

    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.window.map(|w| w.until)
    }

    pub(crate) fn elapse(&mut self, now: Mono) {
        self.window.take_if(|w| w.until <= now);
    }
}
