//! Doors: what they lead to, and rules that can not hold are refused.

use crate::apply::{none, restore};
use crate::undo::Undo;
use crate::{Placed, Site};
use lockward_model::{Door, DoorId, DoorKind, ExitHardware, Target};

impl Site {
    pub(crate) fn put_door(&mut self, door: Door, undo: &mut Undo) -> Result<(), String> {
        for zone in door.from.iter().chain([&door.to]) {
            self.zones.get(zone).ok_or_else(|| none("zone", zone))?;
        }
        let controller = door.controller;
        self.controllers.get(&controller).ok_or_else(|| none("controller", &controller))?;
        if let Some(schedule) = door.unlocked {
            self.schedules.get(&schedule).ok_or_else(|| none("schedule", &schedule))?;
        }
        rules_hold(&door)?;
        let (id, placed) = (door.id, self.placed(door));
        let old = self.doors.insert(id, placed);
        undo.push(move |s| restore(&mut s.doors, id, old));
        Ok(())
    }

    pub(crate) fn remove_door(&mut self, id: DoorId, undo: &mut Undo) -> Result<(), String> {
        if let Some(rule) = self.rules.values().find(|r| r.targets.contains(&Target::Door(id))) {
            return Err(format!("door `{id}` is in use by rule `{}`; change that first", rule.id));
        }
        let gone = self.doors.remove(&id).ok_or_else(|| none("door", &id))?;
        undo.push(move |s| restore(&mut s.doors, id, Some(gone)));
        Ok(())
    }

    pub(crate) fn placed(&self, door: Door) -> Placed {
        let zones = self.enclosing(door.to);
        let before = door.from.map(|from| self.enclosing(from)).unwrap_or_default();
        let entered = zones.iter().take_while(|z| !before.contains(z)).count();
        let limits = zones.iter().filter_map(|z| self.zones.get(z)?.rules.fresh_within);
        let fresh_within = limits.map(|f| f.get()).min();
        Placed { door, zones, entered, fresh_within }
    }

    /// After zones moved, or their rules changed.
    pub(crate) fn place_doors(&mut self) {
        let doors: Vec<Door> = self.doors.values().map(|p| p.door.clone()).collect();
        for door in doors {
            self.doors.insert(door.id, self.placed(door));
        }
    }
}

/// Whether a door can do what its rules say, without ever keeping anybody in.
fn rules_hold(door: &Door) -> Result<(), String> {
    let (id, rules) = (door.id, &door.rules);
    if rules.exit_shunt_only && door.exit == ExitHardware::Released {
        return Err(format!(
            "door `{id}` is released by its request to exit, which must then move the bolt: nobody could leave"
        ));
    }
    if rules.office.is_some() && door.kind == DoorKind::Floor {
        return Err(format!(
            "door `{id}` is a floor of a lift, and none of those is set free by a gesture: the cabin would take \
             everybody there; leave the office time out"
        ));
    }
    if rules.first_person && door.unlocked.is_none() {
        return Err(format!("door `{id}` waits for a first person, and no schedule unlocks it; name one"));
    }
    if rules.warn_before.is_some_and(|warn| warn.get() >= door.open_limit.get()) {
        return Err(format!(
            "door `{id}` would warn before it opens: the warning must be shorter than the open limit"
        ));
    }
    let shorter = |e: lockward_model::Extended| {
        e.release.get() < door.release.get() || e.open_limit.get() < door.open_limit.get()
    };
    if rules.extended.is_some_and(shorter) {
        return Err(format!("the extended times of door `{id}` are shorter than its own; make them longer"));
    }
    Ok(())
}
