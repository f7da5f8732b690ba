//! Schedules: which doors stand open to everybody, from when that is on record until it is over.

use crate::core::{Core, Effect};
use crate::records::Awaited;
use crate::unit::Unit;
use lockward_door::Input;
use lockward_model::{Body, LockCause, Now};

impl Core {
    pub(crate) fn schedules(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        let free = |u: &Unit| {
            let door = site.door(u.id()).filter(|d| d.controller == self.id && !self.revoked(site));
            door.is_some_and(|d| site.stands_unlocked(d, now.wall))
        };
        let changed: Vec<(usize, bool)> = (0..)
            .zip(&self.units)
            .map(|(i, u)| (i, u, free(u)))
            .filter(|(_, u, free)| u.stands_unlocked() != *free)
            .map(|(i, _, free)| (i, free))
            .collect();
        for (door, free) in changed {
            if let Some(unit) = self.units.get_mut(door) {
                unit.set_stands_unlocked(free);
            }
            let waited = self.records.forget_schedule(door);
            if free {
                // Nothing opens without a record: a schedule waits for its own, as a grant does. The door is told
                // after that, so that its way out works meanwhile, and ends.
                let record = self.note_door(now, door, Body::Unlocked(LockCause::Schedule));
                self.records.wait(record, door, Awaited::Schedule);
            } else if waited {
                self.note_door(now, door, Body::Locked(LockCause::Schedule));
            } else {
                self.door(now, door, Input::Unlocked(false), out);
            }
        }
    }

    /// Gives every door the settings that the site now has for it.
    pub(crate) fn reconfigure(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        for unit in &mut self.units {
            if let Some(door) = site.door(unit.id()).filter(|d| d.controller == self.id) {
                unit.reconfigure(door.clone());
            }
        }
        self.schedules(now, out);
    }
}
