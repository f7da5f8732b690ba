//! Where each person is: moved when a door has really opened on that person's grant, never on the grant alone.

use crate::newest::Newest;
use crate::places::{Areas, Keeping, Whereabouts, around, entered, lies_in};
use crate::{Taken, UnknownWhy};
use lockward_model::{DoorId, PersonId, Time, ZoneId};
use std::collections::BTreeMap;

/// How many people are followed: everybody of the largest site. A person takes 44 bytes in a B-tree whose nodes are at
/// least half full: under 100 bytes (measured: 69 to 87), so under 100 MB in all. Of one more nothing is known, and nothing is refused.
pub const PEOPLE_MAX: usize = 1_000_000;
/// How many pairs of a place and the door to it: two for each of 64 doors on 2,000 controllers.
const HOWS_MAX: usize = 262_144;
/// How many entries into timed areas are kept: three a second for a day; when more come, the oldest are let go. At 72
/// bytes and half full nodes under 40 MB.
const ENTRIES_MAX: usize = 262_144;
/// How many acts of forgiving, of people or of areas, and unseen leavings between two zones.
const MARKS_MAX: usize = 65_536;

const _: () = assert!(PEOPLE_MAX * (size_of::<(PersonId, Seen)>() * 2 + 12) <= 100_000_000);

/// One thing that happened to somebody's place. What a [`Presence`] is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PresenceFact {
    /// A door opened on the person's grant.
    Seen {
        /// Who.
        person: PersonId,
        /// Where to.
        place: Whereabouts,
        /// By which door.
        by: Option<DoorId>,
        /// When it opened.
        at: Time,
    },
    /// The person entered an area whose keeping is timed.
    Entered {
        /// Who.
        person: PersonId,
        /// Which area.
        area: ZoneId,
        /// When.
        at: Time,
    },
    /// What was known of the person's place until then no longer counts.
    Forgiven {
        /// Who.
        person: PersonId,
        /// Until when.
        at: Time,
    },
    /// What was known until then of everybody in the area no longer counts.
    AreaForgiven {
        /// Which area.
        area: ZoneId,
        /// Until when.
        at: Time,
    },
    /// Somebody went through a door on a request to exit, and nobody knows who.
    SomeoneLeft {
        /// From where.
        from: ZoneId,
        /// Where to; `None` is the street.
        into: Option<ZoneId>,
        /// When the door opened.
        at: Time,
    },
}

/// The newest sighting of a person: 12 bytes, so that a million people fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    at: [u8; 8],
    how: u32,
}

/// Where somebody is, since when, and by which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) zone: Option<ZoneId>,
    pub(crate) since: Time,
    pub(crate) by: Option<DoorId>,
}

/// A place, and the door to it.
type How = (Whereabouts, Option<DoorId>);
const NOWHERE: How = (Whereabouts::Unknown, None);

/// Where everybody is.
#[derive(Debug, Clone)]
pub struct Presence {
    people: BTreeMap<PersonId, Seen>,
    people_max: usize,
    hows: Vec<How>,
    how_of: BTreeMap<How, u32>,
    /// People whose newest sighting this is, under the number of the how.
    tally: Vec<usize>,
    entries: Newest<(PersonId, ZoneId)>,
    forgiven: Newest<PersonId>,
    areas_forgiven: Newest<ZoneId>,
    left: Newest<(ZoneId, Option<ZoneId>)>,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            people_max: PEOPLE_MAX,
            hows: Vec::new(),
            how_of: BTreeMap::new(),
            tally: Vec::new(),
            entries: Newest::new(ENTRIES_MAX),
            forgiven: Newest::new(MARKS_MAX),
            areas_forgiven: Newest::new(MARKS_MAX),
            left: Newest::new(MARKS_MAX),
        }
    }
}

impl Presence {
    /// The facts of one opening on a person's grant: to be taken here, and told to others. Where two people opened the
    /// door together, each has moved. Call it when the door has opened, not when it was released.
    pub fn moved(
        person: PersonId,
        from: Option<ZoneId>,
        into: Option<ZoneId>,
        at: Time,
        by: DoorId,
        areas: &dyn Areas,
    ) -> impl Iterator<Item = PresenceFact> {
        let timed = |area: &ZoneId| matches!(areas.keeping(*area), Some(Keeping::Timed(_)));
        let entries = entered(from, into, areas).filter(timed);
        let seen = PresenceFact::Seen { person, place: into.into(), by: Some(by), at };
        entries.map(move |area| PresenceFact::Entered { person, area, at }).chain([seen])
    }

    /// Takes one fact, of this controller or of another. Of two facts about one thing the newer wins; of two of the same
    /// moment the greater.
    pub fn take(&mut self, fact: PresenceFact) -> Taken {
        let news = match fact {
            PresenceFact::Seen { person, place, by, at } => return self.see(person, (place, by), at),
            PresenceFact::Entered { person, area, at } => self.entries.raise((person, area), at),
            PresenceFact::Forgiven { person, at } => {
                let news = self.forgiven.raise(person, at);
                // A person who was never seen is unknown anyway, and takes no room.
                let seen = self.people.contains_key(&person);
                news | (seen && self.see(person, NOWHERE, at) == Taken::New)
            }
            PresenceFact::AreaForgiven { area, at } => self.areas_forgiven.raise(area, at),
            PresenceFact::SomeoneLeft { from, into, at } => self.left.raise((from, into), at),
        };
        if news { Taken::New } else { Taken::Known }
    }

    fn see(&mut self, person: PersonId, how: How, at: Time) -> Taken {
        let forgiven = self.forgiven.get(person).filter(|until| at <= *until);
        let (how, at) = forgiven.map_or((how, at), |until| (NOWHERE, until));
        let known = self.people.get(&person).copied();
        if known.is_some_and(|seen| (at, how) <= (seen.at(), self.how(seen))) {
            return Taken::Known;
        }
        if known.is_none() && self.people.len() >= self.people_max {
            return Taken::Full;
        }
        let Some(number) = self.number(how) else { return Taken::Full };
        self.people.insert(person, Seen { at: at.0.to_be_bytes(), how: number });
        if let Some(seen) = known {
            self.count_one(seen.how, false);
        }
        self.count_one(number, true);
        Taken::New
    }

    fn number(&mut self, how: How) -> Option<u32> {
        if let Some(number) = self.how_of.get(&how) {
            return Some(*number);
        }
        let number = u32::try_from(self.hows.len()).ok().filter(|_| self.hows.len() < HOWS_MAX)?;
        self.hows.push(how);
        self.tally.push(0);
        self.how_of.insert(how, number);
        Some(number)
    }

    fn count_one(&mut self, how: u32, more: bool) {
        if let Some(count) = self.tally.get_mut(how as usize) {
            *count = if more { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
    }

    fn how(&self, seen: Seen) -> How {
        self.hows.get(seen.how as usize).copied().unwrap_or(NOWHERE)
    }

    /// Everything that is known. Taken by an empty presence, it makes the same one.
    pub fn facts(&self) -> impl Iterator<Item = PresenceFact> {
        let seen = self.people.iter().map(|(person, seen)| {
            let (place, by) = self.how(*seen);
            PresenceFact::Seen { person: *person, place, by, at: seen.at() }
        });
        let entered =
            self.entries.iter().map(|((person, area), at)| PresenceFact::Entered { person, area, at });
        let forgiven = self.forgiven.iter().map(|(person, at)| PresenceFact::Forgiven { person, at });
        let areas = self.areas_forgiven.iter().map(|(area, at)| PresenceFact::AreaForgiven { area, at });
        let left = self.left.iter().map(|((from, into), at)| PresenceFact::SomeoneLeft { from, into, at });
        seen.chain(entered).chain(forgiven).chain(areas).chain(left)
    }

    /// Lets go of everybody who is no longer of the site, or was erased.
    pub fn retain(&mut self, mut keep: impl FnMut(PersonId) -> bool) {
        let gone: Vec<_> = self.people.iter().filter(|(p, _)| !keep(**p)).map(|(p, s)| (*p, *s)).collect();
        for (person, seen) in gone {
            self.people.remove(&person);
            self.count_one(seen.how, false);
        }
        self.entries.retain(|(person, _), _| keep(person));
        self.forgiven.retain(|person, _| keep(person));
    }

    pub(crate) fn place(&self, person: PersonId, areas: &dyn Areas) -> Result<Placed, UnknownWhy> {
        let seen = self.people.get(&person).ok_or(UnknownWhy::NeverSeen)?;
        self.place_of(*seen, areas)
    }

    fn place_of(&self, seen: Seen, areas: &dyn Areas) -> Result<Placed, UnknownWhy> {
        let (place, by) = self.how(seen);
        let zone = match place {
            Whereabouts::Unknown => return Err(UnknownWhy::Forgiven),
            Whereabouts::Street => None,
            Whereabouts::In(zone) => Some(zone),
        };
        let forgiven = !self.areas_forgiven.is_empty()
            && around(zone, areas)
                .any(|area| self.areas_forgiven.get(area).is_some_and(|until| seen.at() <= until));
        if forgiven { Err(UnknownWhy::Forgiven) } else { Ok(Placed { zone, since: seen.at(), by }) }
    }

    /// Where the person is.
    #[must_use]
    pub fn whereabouts(&self, person: PersonId, areas: &dyn Areas) -> Whereabouts {
        self.place(person, areas).map_or(Whereabouts::Unknown, |placed| placed.zone.into())
    }

    /// Everybody of whom anything is known, in the order of their ids.
    pub(crate) fn everybody(
        &self,
        areas: &dyn Areas,
    ) -> impl Iterator<Item = (PersonId, Result<Placed, UnknownWhy>)> {
        self.people.iter().map(move |(person, seen)| (*person, self.place_of(*seen, areas)))
    }

    /// Newest entry of the person into a timed area that was not forgiven since.
    pub(crate) fn last_entry(&self, person: PersonId, area: ZoneId, areas: &dyn Areas) -> Option<Time> {
        let at = self.entries.get((person, area))?;
        let around = around(Some(area), areas);
        let area_forgiven = around.filter_map(|a| self.areas_forgiven.get(a)).max();
        let forgiven = self.forgiven.get(person).max(area_forgiven);
        forgiven.is_none_or(|until| at > until).then_some(at)
    }

    /// Everybody whose newest sighting is in the area, if no forgiving and no unseen leaving can matter there: then
    /// nobody needs to be looked at.
    pub(crate) fn plain_count(&self, area: ZoneId, areas: &dyn Areas) -> Option<usize> {
        let touched = |zone: ZoneId| {
            self.areas_forgiven.get(zone).is_some() || self.left.iter().any(|((from, _), _)| from == zone)
        };
        let mut sum = 0_usize;
        for ((place, _), count) in self.hows.iter().zip(&self.tally).filter(|(_, count)| **count > 0) {
            let Whereabouts::In(zone) = *place else { continue };
            if lies_in(Some(zone), area, areas) {
                if around(Some(zone), areas).any(touched) {
                    return None;
                }
                sum = sum.saturating_add(*count);
            }
        }
        Some(sum)
    }

    /// When somebody last left one of the zones around `zone` unidentified; out of `area`, if one is given.
    pub(crate) fn last_unseen_leaving(
        &self,
        zone: ZoneId,
        area: Option<ZoneId>,
        areas: &dyn Areas,
    ) -> Option<Time> {
        let out = |into: Option<ZoneId>| area.is_none_or(|a| !lies_in(into, a, areas));
        let marks = self.left.iter();
        let of_here = marks.filter(|((from, into), _)| out(*into) && lies_in(Some(zone), *from, areas));
        of_here.map(|(_, at)| at).max()
    }
}

impl Seen {
    fn at(self) -> Time {
        Time(i64::from_be_bytes(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_more_than_can_be_followed_stays_unknown() {
        let mut p = Presence { people_max: 2, ..Presence::default() };
        let see = |who: &str, at| {
            let place = Whereabouts::In("hall".parse().unwrap());
            PresenceFact::Seen { person: who.parse().unwrap(), place, by: None, at: Time(at) }
        };
        assert_eq!(p.take(see("ann", 1)), Taken::New);
        assert_eq!(p.take(see("bob", 1)), Taken::New);
        assert_eq!(p.take(see("cem", 1)), Taken::Full);
        assert_eq!(p.take(see("ann", 2)), Taken::New, "who is followed goes on being followed");
        assert_eq!(p.facts().count(), 2);
    }
}
