//! What the history asks of the site's zones: which lie in which, which are kept, and who else drives a door into them.

use core::time::Duration;
use lockward_history::{Areas, Keeping};
use lockward_model::{Alone, ControllerId, PassbackMode, ZoneId};
use lockward_site::Site;
use std::collections::{BTreeMap, BTreeSet};

/// The zones that ask where people are, by anti-passback or by a limit on people, and the controllers with a door into
/// or out of each. Made anew with every configuration; empty at most sites, where nobody is followed.
#[derive(Debug, Default)]
pub(crate) struct AreaMap {
    followed: BTreeMap<ZoneId, Vec<ControllerId>>,
}

impl AreaMap {
    pub(crate) fn new(site: &Site) -> Self {
        let asks = |z: &&lockward_model::Zone| z.rules.passback.is_some() || z.rules.most.is_some();
        let zones: Vec<ZoneId> = site.zones().filter(asks).map(|z| z.id).collect();
        let mut followed: BTreeMap<ZoneId, BTreeSet<ControllerId>> =
            zones.into_iter().map(|zone| (zone, BTreeSet::new())).collect();
        if !followed.is_empty() {
            for door in site.doors() {
                let (inside, outside) = (around(site, Some(door.to)), around(site, door.from));
                for zone in inside.symmetric_difference(&outside) {
                    followed.entry(*zone).and_modify(|all| _ = all.insert(door.controller));
                }
            }
        }
        let followed = followed.into_iter().map(|(zone, all)| (zone, all.into_iter().collect())).collect();
        Self { followed }
    }

    /// Whether any zone asks where people are.
    pub(crate) fn any(&self) -> bool {
        !self.followed.is_empty()
    }

    /// Those that a controller has a door into or out of.
    pub(crate) fn zones_of(&self, controller: ControllerId) -> Vec<ZoneId> {
        let of = self.followed.iter().filter(|(_, all)| all.contains(&controller));
        of.map(|(zone, _)| *zone).collect()
    }

    pub(crate) fn zones(&self) -> Vec<ZoneId> {
        self.followed.keys().copied().collect()
    }

    pub(crate) fn of<'a>(&'a self, site: &'a Site) -> SiteAreas<'a> {
        SiteAreas { site, map: self, lonely: false }
    }

    /// The same, where an area that is declared to go by this controller's own word is never out of touch.
    pub(crate) fn lonely<'a>(&'a self, site: &'a Site) -> SiteAreas<'a> {
        SiteAreas { site, map: self, lonely: true }
    }
}

pub(crate) fn around(site: &Site, zone: Option<ZoneId>) -> BTreeSet<ZoneId> {
    core::iter::successors(zone, |z| site.zone(*z)?.parent).collect()
}

/// The zones of a site.
pub(crate) struct SiteAreas<'a> {
    site: &'a Site,
    map: &'a AreaMap,
    lonely: bool,
}

impl Areas for SiteAreas<'_> {
    fn parent(&self, zone: ZoneId) -> Option<ZoneId> {
        self.site.zone(zone)?.parent
    }

    fn keeping(&self, zone: ZoneId) -> Option<Keeping> {
        Some(match self.site.zone(zone)?.rules.passback?.mode {
            PassbackMode::Soft => Keeping::Soft,
            PassbackMode::Hard => Keeping::Hard,
            PassbackMode::Timed(span) => Keeping::Timed(span.get()),
        })
    }

    fn controllers(&self, zone: ZoneId) -> Vec<ControllerId> {
        let alone = || self.site.zone(zone).and_then(|z| z.rules.passback).map(|p| p.alone);
        if self.lonely && alone().is_none_or(|a| a == Alone::Own) {
            return Vec::new();
        }
        self.map.followed.get(&zone).cloned().unwrap_or_default()
    }
}

/// How long it takes at least from a door to another that leads out of other zones. Short, because whoever is refused
/// wrongly stands before a door: it finds a card that is in two places at once, not one that was handed on.
pub(crate) const WALK_MIN: Duration = Duration::from_secs(2);
