//! What the site says of its zones, as the fold of its history asks; and what lies around a controller's doors.

use lockward_history::{Areas, Keeping};
use lockward_model::{AirlockId, ControllerId, PassbackMode, ZoneId};
use lockward_site::Site;
use std::collections::BTreeSet;

/// Zones around zones, as deep as a site lets them nest.
const NESTING_MAX: usize = 17;

/// A site's zones.
#[derive(Clone, Copy)]
pub struct SiteAreas<'a>(pub &'a Site);

/// The zone, then every zone around it, innermost first.
pub(crate) fn around(site: &Site, zone: Option<ZoneId>) -> impl Iterator<Item = ZoneId> {
    std::iter::successors(zone, |z| site.zone(*z)?.parent).take(NESTING_MAX)
}

impl Areas for SiteAreas<'_> {
    fn parent(&self, zone: ZoneId) -> Option<ZoneId> {
        self.0.zone(zone)?.parent
    }

    fn keeping(&self, zone: ZoneId) -> Option<Keeping> {
        Some(match self.0.zone(zone)?.rules.passback?.mode {
            PassbackMode::Soft => Keeping::Soft,
            PassbackMode::Hard => Keeping::Hard,
            PassbackMode::Timed(span) => Keeping::Timed(span.get()),
        })
    }

    fn controllers(&self, zone: ZoneId) -> Vec<ControllerId> {
        let lies_in = |side| around(self.0, side).any(|z| z == zone);
        let across = self.0.doors().filter(|d| lies_in(d.from) != lies_in(Some(d.to)));
        across.map(|d| d.controller).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// What lies around a controller's doors.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// Every zone on either side of them, and all around these.
    pub(crate) zones: BTreeSet<ZoneId>,
    /// The airlocks that they are part of.
    pub(crate) airlocks: BTreeSet<AirlockId>,
}

impl Around {
    pub(crate) fn of(site: &Site, controller: ControllerId) -> Self {
        let driven = || site.doors().filter(|d| d.controller == controller);
        Self {
            zones: driven().flat_map(|d| around(site, d.from).chain(around(site, Some(d.to)))).collect(),
            airlocks: driven().filter_map(|d| d.rules.airlock).map(|a| a.id).collect(),
        }
    }

    /// Whether all of another is part of this.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.zones.is_subset(&self.zones) && other.airlocks.is_subset(&self.airlocks)
    }
}
