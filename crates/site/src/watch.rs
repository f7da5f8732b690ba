//! How watchful the site is: zones that are locked down, and threat levels; each holds in all that lies within.

use crate::Site;
use crate::apply::{none, restore};
use crate::undo::Undo;
use crate::view::Entrant;
use lockward_model::{Door, DoorId, ThreatLevel, Time, ZoneId};
use std::collections::btree_map::Entry;

/// Whether a schedule frees a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Free {
    /// It does not.
    No,
    /// It stands unlocked for everybody.
    Yes,
    /// It will, once somebody has entered by right within this window.
    AwaitsFirst,
}

/// What a lockdown would do to one door. Who could enter still: [`Site::lockdown_entrants`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockdownOf {
    /// Which.
    pub door: DoorId,
    /// Whether it stands unlocked by its schedule, and would lock; or may come to.
    pub free: Free,
}

impl Site {
    /// Whether nobody enters a zone, because it or one around it is locked down.
    #[must_use]
    pub fn locked_down(&self, zone: ZoneId) -> bool {
        !self.lockdowns.is_empty() && self.enclosing(zone).iter().any(|z| self.lockdowns.contains_key(z))
    }

    /// Since when nobody enters a zone, as it was signed: by the oldest of the lockdowns that hold there.
    #[must_use]
    pub fn locked_down_since(&self, zone: ZoneId) -> Option<Time> {
        self.enclosing(zone).iter().filter_map(|z| self.lockdowns.get(z)).min().copied()
    }

    /// The zones that are locked down themselves, by id.
    pub fn lockdowns(&self) -> impl Iterator<Item = ZoneId> {
        self.lockdowns.keys().copied()
    }

    /// How watchful a zone is: the highest of its own level and those around it.
    #[must_use]
    pub fn threat(&self, zone: ZoneId) -> ThreatLevel {
        self.highest(&self.enclosing(zone))
    }

    /// The zones with a threat level of their own, above every day's; by id.
    pub fn threats(&self) -> impl Iterator<Item = (ZoneId, ThreatLevel)> {
        self.threats.iter().map(|(zone, level)| (*zone, *level))
    }

    pub(crate) fn highest(&self, zones: &[ZoneId]) -> ThreatLevel {
        if self.threats.is_empty() {
            return ThreatLevel::default();
        }
        zones.iter().filter_map(|z| self.threats.get(z)).copied().max().unwrap_or_default()
    }

    /// Whether a door's schedule frees it at a moment. In a lockdown none does.
    #[must_use]
    pub fn free_by_schedule(&self, door: &Door, at: Time) -> Free {
        if self.locked_down(door.to) { Free::No } else { self.scheduled(door, at) }
    }

    /// Whether a door stands unlocked by its schedule at a moment, without anybody having entered first.
    #[must_use]
    pub fn stands_unlocked(&self, door: &Door, at: Time) -> bool {
        self.free_by_schedule(door, at) == Free::Yes
    }

    /// Never a door of an airlock: a schedule does not look at the others. A log may hold one that has a schedule, from
    /// before that was refused.
    fn scheduled(&self, door: &Door, at: Time) -> Free {
        let schedule = door.unlocked.filter(|_| door.rules.airlock.is_none());
        let schedule = schedule.and_then(|id| self.schedules.get(&id));
        match schedule.is_some_and(|s| s.is_open(&self.founding.zone.moment(at))) {
            false => Free::No,
            true if door.rules.first_person => Free::AwaitsFirst,
            true => Free::Yes,
        }
    }

    /// What a lockdown of a zone would do to each door that leads into it or within it, by id; whether it is locked
    /// down already or not. Nobody is kept in by it.
    #[must_use]
    pub fn lockdown_preview(&self, zone: ZoneId, at: Time) -> Vec<LockdownOf> {
        let within = self.doors.values().filter(|p| p.zones.contains(&zone));
        within.map(|p| LockdownOf { door: p.door.id, free: self.scheduled(&p.door, at) }).collect()
    }

    /// Everybody who could open a door in a lockdown, by a policy that says so; by id. A decision for each person.
    #[must_use]
    pub fn lockdown_entrants(&self, door: DoorId, at: Time) -> Vec<Entrant> {
        self.who_can_in(door, at, true)
    }

    pub(crate) fn lock_down(&mut self, zone: ZoneId, at: Time, undo: &mut Undo) -> Result<(), String> {
        self.zones.get(&zone).ok_or_else(|| none("zone", &zone))?;
        // Whoever calls for a lockdown that holds already is not told off.
        if let Entry::Vacant(free) = self.lockdowns.entry(zone) {
            free.insert(at);
            undo.push(move |s| {
                s.lockdowns.remove(&zone);
            });
        }
        Ok(())
    }

    pub(crate) fn lift_lockdown(&mut self, zone: ZoneId, undo: &mut Undo) -> Result<(), String> {
        self.zones.get(&zone).ok_or_else(|| none("zone", &zone))?;
        let Some(since) = self.lockdowns.remove(&zone) else {
            let around = self.enclosing(zone).into_iter().find(|z| self.lockdowns.contains_key(z));
            return Err(match around {
                Some(around) => {
                    format!("zone `{zone}` lies in zone `{around}`, which is locked down; lift it there")
                }
                None => format!("zone `{zone}` is not locked down"),
            });
        };
        undo.push(move |s| {
            s.lockdowns.insert(zone, since);
        });
        Ok(())
    }

    pub(crate) fn set_threat(
        &mut self,
        zone: ZoneId,
        level: ThreatLevel,
        undo: &mut Undo,
    ) -> Result<(), String> {
        self.zones.get(&zone).ok_or_else(|| none("zone", &zone))?;
        let old = self.threats.remove(&zone);
        if level > ThreatLevel::default() {
            self.threats.insert(zone, level);
        }
        undo.push(move |s| restore(&mut s.threats, zone, old));
        Ok(())
    }
}
