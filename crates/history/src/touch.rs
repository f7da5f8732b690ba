//! Which other controllers can be heard: where one cannot, people come and go unseen, and the area's count is degraded.

use crate::Areas;
use core::time::Duration;
use lockward_model::{ControllerId, Mono, ZoneId};
use std::collections::{BTreeMap, BTreeSet};

/// An area became degraded, or is whole again. Each edge is told once.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchEdge {
    /// Which area.
    pub area: ZoneId,
    /// True: raise `APB_DEGRADED`. False: clear it.
    pub degraded: bool,
}

/// Which controllers were heard, and when. Kept in memory only: a controller that starts has heard nobody yet.
#[derive(Debug, Clone)]
pub struct Touch {
    me: Option<ControllerId>,
    silence: Duration,
    heard: BTreeMap<ControllerId, Mono>,
    degraded: BTreeSet<ZoneId>,
}

impl Touch {
    /// `me` is always in touch with itself (`None`: the hub). Who was not heard for longer than `silence` is out of
    /// touch.
    #[must_use]
    pub fn new(me: Option<ControllerId>, silence: Duration) -> Self {
        Self { me, silence, heard: BTreeMap::new(), degraded: BTreeSet::new() }
    }

    /// The controller is in touch, and everything that it had kept while it was away has been taken.
    pub fn in_touch(&mut self, controller: ControllerId, now: Mono) {
        self.heard.insert(controller, now);
    }

    /// The controller was cut off, or left the site.
    pub fn out_of_touch(&mut self, controller: ControllerId) {
        self.heard.remove(&controller);
    }

    /// The link is down over which all others are heard.
    pub fn all_out_of_touch(&mut self) {
        self.heard.clear();
    }

    /// True if the controller can be heard.
    #[must_use]
    pub fn hears(&self, controller: ControllerId, now: Mono) -> bool {
        let lately = |at: &Mono| now.since(*at) <= self.silence;
        self.me == Some(controller) || self.heard.get(&controller).is_some_and(lately)
    }

    /// How many of these controllers cannot be heard.
    #[must_use]
    pub fn silent(&self, controllers: &[ControllerId], now: Mono) -> usize {
        controllers.iter().filter(|c| !self.hears(**c, now)).count()
    }

    /// True if somebody may come into the area, or leave it, unseen.
    #[must_use]
    pub fn degraded(&self, area: ZoneId, areas: &dyn Areas, now: Mono) -> bool {
        self.silent(&areas.controllers(area), now) > 0
    }

    /// What changed since it was last asked, for all areas that are kept. An area that is kept no longer is whole.
    pub fn edges(&mut self, kept: &[ZoneId], areas: &dyn Areas, now: Mono) -> Vec<TouchEdge> {
        let degraded: BTreeSet<ZoneId> =
            kept.iter().copied().filter(|area| self.degraded(*area, areas, now)).collect();
        let changed = degraded.symmetric_difference(&self.degraded);
        let edges =
            changed.map(|area| TouchEdge { area: *area, degraded: degraded.contains(area) }).collect();
        self.degraded = degraded;
        edges
    }
}
