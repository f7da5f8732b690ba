//! Where a person can be, and what a site says of its zones: which lies in which, and which are kept by anti-passback.

use crate::Touch;
use core::time::Duration;
use lockward_model::{ControllerId, Now, ZoneId};

/// How deep zones nest, at most: site, building, wing, floor, room, cage, ten times over. A ring of zones ends here too.
pub const ZONE_DEPTH_MAX: usize = 64;

/// Where somebody is, as far as is known. The order breaks ties between facts of the same moment: not to know wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whereabouts {
    /// Outside of every zone.
    Street,
    /// In this zone.
    In(ZoneId),
    /// Never seen, or forgiven since.
    Unknown,
}

impl From<Option<ZoneId>> for Whereabouts {
    fn from(zone: Option<ZoneId>) -> Self {
        zone.map_or(Self::Street, Self::In)
    }
}

/// How anti-passback keeps an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Entering twice is let pass, and recorded as a violation.
    Soft,
    /// Entering twice is refused.
    Hard,
    /// Entering again within this span is refused, whether or not the person was seen to leave.
    Timed(Duration),
}

/// What the site says of its zones.
pub trait Areas {
    /// The zone that this one lies in.
    fn parent(&self, zone: ZoneId) -> Option<ZoneId>;
    /// How the zone is kept as an area of anti-passback; `None` is not at all.
    fn keeping(&self, zone: ZoneId) -> Option<Keeping>;
    /// The controllers that drive a door across the zone's boundary: each can see somebody come or go.
    fn controllers(&self, zone: ZoneId) -> Vec<ControllerId>;
}

/// What a question about places is asked with.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    /// What the site says of its zones.
    pub areas: &'a dyn Areas,
    /// Which other controllers can be heard.
    pub touch: &'a Touch,
    /// The time.
    pub now: Now,
}

/// The zone itself, and every zone around it, innermost first.
pub(crate) fn around(zone: Option<ZoneId>, areas: &dyn Areas) -> impl Iterator<Item = ZoneId> {
    core::iter::successors(zone, |z| areas.parent(*z)).take(ZONE_DEPTH_MAX)
}

/// True if `zone` is `area`, or lies in it.
pub(crate) fn lies_in(zone: Option<ZoneId>, area: ZoneId, areas: &dyn Areas) -> bool {
    around(zone, areas).any(|z| z == area)
}

/// The areas that somebody enters who goes from one zone into another, innermost first.
pub(crate) fn entered(
    from: Option<ZoneId>,
    into: Option<ZoneId>,
    areas: &dyn Areas,
) -> impl Iterator<Item = ZoneId> {
    around(into, areas).filter(move |area| !lies_in(from, *area, areas))
}
