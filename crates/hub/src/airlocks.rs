//! Who may open a door of an airlock: one door at a time, by one lock for all claims. Pure.
//!
//! A lease lasts as long as a release does; whether the door was then really used is told by its controller's events.

use crate::whole::Whole;
use lockward_model::{AirlockId, ControllerId, DoorId, Mono};
use lockward_site::Site;
use std::collections::BTreeMap;

struct Lease {
    door: DoorId,
    until: Mono,
}

/// The airlocks that are taken.
#[derive(Default)]
pub(crate) struct Airlocks(BTreeMap<AirlockId, Lease>);

/// What a controller wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) by: ControllerId,
    pub(crate) airlock: AirlockId,
    pub(crate) door: DoorId,
}

impl Airlocks {
    /// Takes an airlock for one opening of one door, if no other door of it is taken, open or released.
    pub(crate) fn take(&mut self, site: &Site, whole: &Whole, claim: Claim, now: Mono) -> bool {
        let is_part = |d: &&lockward_model::Door| {
            d.controller == claim.by && d.rules.airlock.is_some_and(|a| a.id == claim.airlock)
        };
        // For doors that it drives, and for no other.
        let Some(door) = site.door(claim.door).filter(is_part) else { return false };
        let taken = self.0.get(&claim.airlock).is_some_and(|l| l.door != claim.door && now < l.until);
        if taken || whole.other_is_busy(site, door) {
            return false;
        }
        let longest = door.rules.extended.map_or(door.release, |e| e.release).get().max(door.release.get());
        self.0.insert(claim.airlock, Lease { door: claim.door, until: now + longest });
        true
    }

    /// Gives an airlock back.
    pub(crate) fn give_back(&mut self, site: &Site, claim: Claim) {
        if site.door(claim.door).is_some_and(|d| d.controller == claim.by) {
            self.over(claim.door);
        }
    }

    /// A door is closed and locked again.
    pub(crate) fn over(&mut self, door: DoorId) {
        self.0.retain(|_, lease| lease.door != door);
    }
}
