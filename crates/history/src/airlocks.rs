//! Who may open a door of an airlock over several controllers: one door at a time, by one arbiter for all claims.
//!
//! A claim that is granted is a lease, which lasts as long as a release does, unless it is given back or claimed again.
//! Whether the door is then in use is told by its controller's records, which come a moment later.

use core::time::Duration;
use lockward_model::{Access, AirlockId, Body, Door, DoorId, Outcome, Time};
use std::collections::BTreeMap;

/// What takes a door of an airlock up.
#[derive(Debug, Default, Clone, Copy)]
struct Use {
    open: bool,
    free: bool,
    /// Somebody was let through; nothing is recorded where nobody passes after a request to exit.
    released: Option<Time>,
}

impl Use {
    fn is_busy(self, now: Time) -> bool {
        self.open || self.free || self.released.is_some_and(|until| now < until)
    }
}

#[derive(Debug)]
struct Lease {
    door: DoorId,
    until: Time,
}

/// The airlocks that are taken, and the doors that are in use.
#[derive(Debug, Default)]
pub struct Arbiter {
    leases: BTreeMap<AirlockId, Lease>,
    uses: BTreeMap<DoorId, Use>,
}

impl Arbiter {
    /// Takes what a controller has recorded of its door. Whether the door is in use, if that has changed.
    pub fn hear(&mut self, door: &Door, body: &Body, now: Time) -> Option<bool> {
        let mut then = self.uses.get(&door.id).copied().unwrap_or_default();
        let before = then.is_busy(now);
        let released = Some(now + longest_release(door));
        match body {
            Body::Access(Access { outcome: Outcome::Granted { .. }, .. })
            | Body::ExitRequested { released: true } => then.released = released,
            // Whatever was ordered: that a hold ends takes it up for a moment at most.
            Body::Order(order) if matches!(order.outcome, Outcome::Granted { .. }) => {
                then.released = released;
            }
            Body::DoorOpened(_) => then.open = true,
            Body::DoorClosed { .. } => (then.open, then.released) = (false, None),
            Body::NotEntered => then.released = None,
            Body::Unlocked(_) => then.free = true,
            Body::Locked(_) => (then.free, then.released) = (false, None),
            _ => return None,
        }
        self.uses.insert(door.id, then);
        (then.is_busy(now) != before).then_some(!before)
    }

    /// Takes an airlock for one opening of one door, unless another of its doors has it, or is in use. `mates`: all other
    /// doors of the airlock. Whoever asks has made sure that it is the door's own controller.
    pub fn claim(&mut self, door: &Door, mates: impl IntoIterator<Item = DoorId>, now: Time) -> bool {
        let Some(airlock) = door.rules.airlock.map(|a| a.id) else { return false };
        let taken = self.leases.get(&airlock).is_some_and(|l| l.door != door.id && now < l.until);
        let in_use = |mate| self.uses.get(&mate).is_some_and(|u| u.is_busy(now));
        if taken || mates.into_iter().any(in_use) {
            return false;
        }
        self.leases.insert(airlock, Lease { door: door.id, until: now + longest_release(door) });
        true
    }

    /// A door is shut and locked, and kept for nobody.
    pub fn give_back(&mut self, door: DoorId) {
        self.leases.retain(|_, lease| lease.door != door);
    }

    /// Whether a door has its airlock, or is in use.
    #[must_use]
    pub fn is_busy(&self, door: DoorId, now: Time) -> bool {
        let leased = self.leases.values().any(|l| l.door == door && now < l.until);
        leased || self.uses.get(&door).is_some_and(|u| u.is_busy(now))
    }

    /// Lets go of doors that are no longer of the site.
    pub fn retain(&mut self, keep: impl Fn(DoorId) -> bool) {
        self.uses.retain(|door, _| keep(*door));
        self.leases.retain(|_, lease| keep(lease.door));
    }
}

/// The longest that one release of a door takes.
pub(crate) fn longest_release(door: &Door) -> Duration {
    let extended = door.rules.extended.map_or(door.release, |e| e.release);
    extended.get().max(door.release.get())
}
