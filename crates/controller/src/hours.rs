//! Schedules: which doors stand open to everybody, from when that is on record until it is over; and lockdowns.

use crate::core::{Core, Effect};
use crate::records::Awaited;
use crate::unit::Unit;
use lockward_door::{Cause, Input};
use lockward_model::{Body, LockCause, Now};
use lockward_site::Free;

impl Core {
    pub(crate) fn schedules(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        // While the time can not be trusted no schedule frees a door.
        let none = self.revoked(site) || self.history.told.time_untrusted;
        let free = |u: &Unit| {
            let door = site.door(u.id()).filter(|d| d.controller == self.id && !none)?;
            match site.free_by_schedule(door, now.wall) {
                Free::Yes => Some(Cause::Schedule),
                // Whoever came first keeps it open for as long as the window lasts, over restarts too.
                Free::AwaitsFirst if u.came_first() => Some(Cause::FirstPerson),
                Free::AwaitsFirst => u.scheduled().filter(|cause| *cause == Cause::FirstPerson),
                Free::No => None,
            }
        };
        let changed: Vec<(usize, Option<Cause>)> = (0..)
            .zip(&self.units)
            .map(|(i, u)| (i, u, free(u)))
            .filter(|(_, u, free)| u.scheduled() != *free)
            .map(|(i, _, free)| (i, free))
            .collect();
        for (door, free) in changed {
            self.schedule(now, door, free, out);
        }
    }

    fn schedule(&mut self, now: Now, door: usize, free: Option<Cause>, out: &mut Vec<Effect>) {
        let Some(unit) = self.units.get_mut(door) else { return };
        let before = unit.scheduled();
        unit.set_scheduled(free);
        unit.set_came_first(false);
        let waited = self.records.forget_schedule(door);
        if let Some(before) = before {
            if waited {
                self.note_door(now, door, Body::Locked(before.record()));
            } else {
                self.door(now, door, Input::Free { cause: before, on: false }, out);
            }
        }
        if let Some(cause) = free {
            // Nothing opens without a record: a schedule waits for its own, as a grant does. The door is told after
            // that, so that its way out works meanwhile, and ends.
            let record = self.note_door(now, door, Body::Unlocked(cause.record()));
            self.records.wait(record, door, Awaited::Free(cause));
        }
    }

    /// At a start: doors that somebody had set free by coming first, in a window of their schedule that goes on still.
    /// Where that is not certain somebody must come first again.
    pub(crate) fn whoever_came_first(&mut self, now: Now) {
        let Some(site) = self.site.as_ref().filter(|_| !self.history.told.time_untrusted) else { return };
        for unit in &mut self.units {
            let first = self.history.doors.get(&unit.id()).and_then(|was| was.first);
            let Some((since, door)) = first.filter(|at| *at <= now.wall).zip(site.door(unit.id())) else {
                continue;
            };
            let schedule = door.unlocked.and_then(|id| site.schedules().find(|s| s.id() == id));
            let goes_on = schedule.is_some_and(|schedule| {
                let next = schedule.next_transitions(&site.founding().zone, since, 1);
                next.first().is_none_or(|next| next.at > now.wall)
            });
            unit.set_came_first(goes_on && site.free_by_schedule(door, now.wall) == Free::AwaitsFirst);
        }
    }

    /// Somebody has entered on a grant: where the schedule waits for that, it begins.
    pub(crate) fn first_person(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) {
        let (Some(site), Some(unit)) = (&self.site, self.units.get(door)) else { return };
        if unit.scheduled().is_some() || self.history.told.time_untrusted || self.revoked(site) {
            return;
        }
        let door_of_site = site.door(unit.id()).filter(|d| d.controller == self.id);
        if door_of_site.is_some_and(|d| site.free_by_schedule(d, now.wall) == Free::AwaitsFirst) {
            self.schedule(now, door, Some(Cause::FirstPerson), out);
        }
    }

    /// Whether nobody enters by a door, because of a lockdown.
    pub(crate) fn locked_down(&self, door: usize) -> bool {
        let (Some(site), Some(unit)) = (&self.site, self.units.get(door)) else { return false };
        let door = site.door(unit.id()).filter(|d| d.controller == self.id);
        door.is_some_and(|d| site.locked_down(d.to))
    }

    /// Gives every door the settings that the site now has for it.
    pub(crate) fn reconfigure(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        for unit in &mut self.units {
            if let Some(door) = site.door(unit.id()).filter(|d| d.controller == self.id) {
                unit.reconfigure(door.clone());
            }
        }
        self.history.areas = crate::areas::AreaMap::new(site);
        for door in 0..self.units.len() {
            self.door(now, door, Input::Lockdown(self.locked_down(door)), out);
        }
        self.end_holds(now, out);
        self.reconfigure_airlocks(now, out);
        self.tell_touch(now);
        self.schedules(now, out);
    }

    /// Whether the door's own word for a cause is on record already: schedules are noted before the door is told.
    pub(crate) fn is_noted(&self, door: usize, body: &Body) -> bool {
        match body {
            Body::Unlocked(LockCause::Schedule | LockCause::FirstPerson) => true,
            Body::Locked(LockCause::Start) => {
                self.units.get(door).is_some_and(|unit| !self.history.locking_is_news(unit.id()))
            }
            Body::Door(lockward_model::DoorFact::Lockdown(on)) => {
                let told = &self.history.told.locked_down;
                self.units.get(door).is_some_and(|unit| told.contains(&unit.id()) == *on)
            }
            _ => false,
        }
    }
}
