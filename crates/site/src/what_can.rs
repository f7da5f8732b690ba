//! What one person can open: every door at a moment, and which more when another schedule is open.

use crate::people::Present;
use crate::{Entrant, Placed, Site};
use lockward_model::{DoorId, GroupId, PersonId, ScheduleId, Target, Time};
use lockward_policy::{Act, Situation};
use std::collections::{BTreeMap, BTreeSet};

/// When somebody can open a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// At the moment that was asked about.
    Now,
    /// Not so at that moment, but while no schedule is open.
    NothingOpen,
    /// Not so at that moment, but while this schedule is open and no other.
    Open(ScheduleId),
}

/// A door that a person can open, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Which.
    pub door: DoorId,
    /// When.
    pub when: When,
    /// With what, in whose company, by what.
    pub how: Entrant,
}

/// The schedules that may matter to one person: by the place that a rule names, and by any written policy.
struct Hours {
    by_place: BTreeMap<Target, BTreeSet<ScheduleId>>,
    anywhere: BTreeSet<ScheduleId>,
}

impl Hours {
    fn at(&self, placed: &Placed) -> BTreeSet<ScheduleId> {
        let zones = placed.zones.iter().map(|z| Target::Zone(*z));
        let places = zones.chain([Target::Door(placed.door.id)]);
        let ruled = places.filter_map(|place| self.by_place.get(&place)).flatten();
        ruled.chain(&self.anywhere).copied().collect()
    }
}

impl Site {
    /// Every door that a person could open at a moment as things stand, as [`Self::who_can`] has it; and after each, what
    /// else would do there at times when other schedules are open. By door. Schedules are tried one by one: what takes two
    /// that are open together is found only while they are.
    #[must_use]
    pub fn what_can(&self, person: PersonId, at: Time) -> Vec<Reach> {
        let Some(present) = self.people.present_one(person, at) else { return Vec::new() };
        let (open, hours) = (self.open_schedules(at), self.hours(present.groups));
        let served = self.doors.values().filter(|p| self.serves(p.door.controller));
        served.flat_map(|placed| self.reaches(&present, placed, &open, &hours)).collect()
    }

    fn reaches(
        &self,
        present: &Present<'_>,
        placed: &Placed,
        open: &[ScheduleId],
        hours: &Hours,
    ) -> Vec<Reach> {
        let act = if self.locked(placed) { Act::EnterLockedDown } else { Act::Enter };
        let threat = self.highest(&placed.zones);
        let how = |open: &[ScheduleId]| {
            let now = Situation { open, all: &self.all_schedules, threat, ..Situation::default() };
            self.entrant(present, placed, act, now)
        };
        let mut found: Vec<Reach> = Vec::new();
        let mut put = |when, how: Option<Entrant>| {
            let Some(how) = how else { return };
            let same = |r: &Reach| (r.how.factors, r.how.second) == (how.factors, how.second);
            // What holds now or whatever is open need not be said again for each schedule.
            if !found.iter().any(|r| !matches!(r.when, When::Open(_)) && same(r)) {
                found.push(Reach { door: placed.door.id, when, how });
            }
        };
        put(When::Now, how(open));
        put(When::NothingOpen, how(&[]));
        for schedule in hours.at(placed) {
            put(When::Open(schedule), how(&[schedule]));
        }
        found
    }

    fn hours(&self, groups: &[GroupId]) -> Hours {
        let mut by_place: BTreeMap<Target, BTreeSet<ScheduleId>> = BTreeMap::new();
        for rule in self.rules.values().filter(|r| r.groups.iter().any(|g| groups.contains(g))) {
            let Some(schedule) = rule.schedule else { continue };
            for place in &rule.targets {
                by_place.entry(*place).or_default().insert(schedule);
            }
        }
        // Behind an escape, any name may stand.
        let hidden = self.policy_texts.values().any(|p| p.text.contains('\\'));
        let named = |id: &&ScheduleId| {
            let quoted = format!("\"{id}\"");
            hidden || self.policy_texts.values().any(|p| p.text.contains(&quoted))
        };
        Hours { by_place, anywhere: self.all_schedules.iter().filter(named).copied().collect() }
    }
}
