//! Impossible travel: one credential at two doors, sooner than anybody can go from the one to the other (`threats.md`
//! A13). One of the two was a copy or a relay, and nobody can say which: both are flagged.

use core::time::Duration;
use lockward_model::{DoorId, SiteId, Time, ZoneId};
use std::collections::BTreeMap;

/// How many credentials are followed: those that were seen within the last hour. At 400 bytes under 27 MB. Of one more
/// nothing is flagged.
pub const SIGHTED_MAX: usize = 65_536;
/// Longer ways are not looked at: after an hour, one may have driven.
const HORIZON: Duration = Duration::from_secs(3_600);
/// How many sightings of each are kept: enough to hold what comes late and twice against what came between.
const SIGHTS: usize = 3;
/// How far the clocks of two controllers that follow one source stand apart.
const CLOCKS_APART: Duration = Duration::from_secs(2);

/// A door of a site: in two sites, doors may have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Which site.
    pub site: SiteId,
    /// Which door.
    pub door: DoorId,
}

/// A credential was shown at a door, and was good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sight {
    /// When.
    pub at: Time,
    /// Where.
    pub spot: Spot,
}

/// Two sightings that one thing cannot have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impossible {
    /// The earlier one.
    pub first: Sight,
    /// The later one.
    pub second: Sight,
    /// What was between them.
    pub took: Duration,
    /// What the way takes at least.
    pub needs: Duration,
}

/// The least time from a door to another of the same site: none if a zone lies on both of them, else `floor`. The street
/// lies on many doors, and is long.
#[must_use]
pub fn walking_floor(a: [Option<ZoneId>; 2], b: [Option<ZoneId>; 2], floor: Duration) -> Duration {
    let shared = a.into_iter().flatten().any(|zone| b.contains(&Some(zone)));
    if shared { Duration::ZERO } else { floor }
}

/// The last sightings of each credential (or of each person, if `K` is a person).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Travel<K> {
    seen: BTreeMap<K, Vec<Sight>>,
}

impl<K> Default for Travel<K> {
    fn default() -> Self {
        Self { seen: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Travel<K> {
    /// Takes a sighting, and says which of the last ones it cannot follow or precede. Each pair is flagged once, when the
    /// second of them comes, in whatever order; only what is older than all that is kept, and told twice, is flagged
    /// twice. `way` gives the least time from one spot to another; an hour is the most.
    pub fn take(&mut self, who: K, sight: Sight, way: &dyn Fn(Spot, Spot) -> Duration) -> Vec<Impossible> {
        if !self.seen.contains_key(&who) && self.seen.len() >= SIGHTED_MAX {
            self.forget(sight.at);
            if self.seen.len() >= SIGHTED_MAX {
                return Vec::new();
            }
        }
        let sights = self.seen.entry(who).or_default();
        let place = match sights.binary_search(&sight) {
            Ok(_) => return Vec::new(),
            Err(place) => place,
        };
        let flagged = sights.iter().filter_map(|other| impossible(*other, sight, way)).collect();
        sights.insert(place, sight);
        if sights.len() > SIGHTS {
            sights.remove(0);
        }
        flagged
    }

    /// Lets go of those who were not seen within the hour.
    pub fn forget(&mut self, now: Time) {
        self.seen.retain(|_, sights| sights.last().is_some_and(|sight| sight.at > now - HORIZON));
    }

    /// Everything that is known, to be taken again.
    pub fn facts(&self) -> impl Iterator<Item = (K, Sight)> {
        self.seen.iter().flat_map(|(who, sights)| sights.iter().map(|sight| (*who, *sight)))
    }
}

fn impossible(a: Sight, b: Sight, way: &dyn Fn(Spot, Spot) -> Duration) -> Option<Impossible> {
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    if first.spot == second.spot {
        return None;
    }
    let took = second.at.since(first.at);
    let needs = way(first.spot, second.spot).min(HORIZON);
    (took + CLOCKS_APART < needs).then_some(Impossible { first, second, took, needs })
}
