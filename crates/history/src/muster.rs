//! How many are in an area, and who is where, for a fire and for a limit: says "unknown" where it does not know.

use crate::places::{Here, Whereabouts, lies_in};
use crate::presence::{Placed, Presence};
use lockward_model::{DoorId, PersonId, Time, ZoneId};
use std::collections::{BTreeMap, BTreeSet};

/// How many are in an area. A limit on people holds against `known + unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Seen to enter, and nothing says that they may have left.
    pub known: usize,
    /// Seen to enter, and may have left unseen. Who may have entered unseen is in no count.
    pub unknown: usize,
}

/// Why somebody may no longer be where they were last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Somebody left there on a request to exit, and nobody knows who.
    SomeoneLeft {
        /// When the door opened.
        at: Time,
    },
    /// A controller with a door there is out of touch.
    OutOfTouch,
}

/// Why nothing is known of somebody's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownWhy {
    /// No door opened on their grant, as far as this room remembers.
    NeverSeen,
    /// What was known was forgiven.
    Forgiven,
}

/// One person in one zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub since: Time,
    /// By which door they came.
    pub by: Option<DoorId>,
    /// Why they may no longer be there.
    pub doubt: Option<Doubt>,
}

/// Who is where. People on the street are in no list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Muster {
    /// By zone, in the order of their ids.
    pub zones: BTreeMap<ZoneId, Vec<Present>>,
    /// Whose place is unknown.
    pub unknown: Vec<(PersonId, UnknownWhy)>,
}

impl Presence {
    /// How many are in the area. Where nobody left unidentified and nothing was forgiven it costs a step for each door;
    /// elsewhere a step for each person of the site (a million: 50 to 200 ms).
    #[must_use]
    pub fn count(&self, area: ZoneId, here: &Here<'_>) -> Count {
        let degraded = here.touch.degraded(area, here.areas, here.now.mono);
        if let Some(all) = self.plain_count(area, here.areas) {
            return if degraded {
                Count { known: 0, unknown: all }
            } else {
                Count { known: all, unknown: 0 }
            };
        }
        let mut count = Count::default();
        let mut left = BTreeMap::new();
        for (_, placed) in self.everybody(here.areas) {
            let Ok(Placed { zone: Some(zone), since, .. }) = placed else { continue };
            if !lies_in(Some(zone), area, here.areas) {
                continue;
            }
            let last =
                *left.entry(zone).or_insert_with(|| self.last_unseen_leaving(zone, Some(area), here.areas));
            let doubted = degraded || last.is_some_and(|at| since <= at);
            count.known += usize::from(!doubted);
            count.unknown += usize::from(doubted);
        }
        count
    }

    /// Who is where; of `expected`, whoever was never seen is listed as unknown.
    #[must_use]
    pub fn muster(&self, expected: impl IntoIterator<Item = PersonId>, here: &Here<'_>) -> Muster {
        let mut muster = Muster::default();
        let mut zones: BTreeMap<ZoneId, (bool, Option<Time>)> = BTreeMap::new();
        for (person, placed) in self.everybody(here.areas) {
            let Placed { zone, since, by } = match placed {
                Ok(placed) => placed,
                Err(why) => {
                    muster.unknown.push((person, why));
                    continue;
                }
            };
            let Some(zone) = zone else { continue };
            let (degraded, left) = *zones.entry(zone).or_insert_with(|| {
                let degraded = here.touch.degraded(zone, here.areas, here.now.mono);
                (degraded, self.last_unseen_leaving(zone, None, here.areas))
            });
            let left = left.filter(|at| since <= *at).map(|at| Doubt::SomeoneLeft { at });
            let doubt = left.or(degraded.then_some(Doubt::OutOfTouch));
            muster.zones.entry(zone).or_default().push(Present { person, since, by, doubt });
        }
        let expected: BTreeSet<_> = expected.into_iter().collect();
        let never = |p: &PersonId| self.place(*p, here.areas) == Err(UnknownWhy::NeverSeen);
        let never = expected.into_iter().filter(never).map(|p| (p, UnknownWhy::NeverSeen));
        muster.unknown.extend(never);
        muster.unknown.sort_by_key(|(person, _)| *person);
        muster
    }

    /// True if nobody can be in the zone, by all that was seen: no one is counted there, it is in touch, and everybody
    /// of `expected` has a place.
    #[must_use]
    pub fn known_empty(
        &self,
        zone: ZoneId,
        expected: impl IntoIterator<Item = PersonId>,
        here: &Here<'_>,
    ) -> bool {
        self.count(zone, here) == Count::default()
            && !here.touch.degraded(zone, here.areas, here.now.mono)
            && expected.into_iter().all(|p| self.whereabouts(p, here.areas) != Whereabouts::Unknown)
    }
}
