//! Zones that nest: never in a circle, never too deep, and every door knows all that it lies in.

use crate::Site;
use crate::apply::{none, restore};
use crate::undo::Undo;
use lockward_model::{Door, Rule, Target, Zone, ZoneId};

/// How deep zones may nest: room in aisle in hall in floor in building in campus, and as much again.
const ZONE_DEPTH_MAX: usize = 16;

impl Site {
    pub(crate) fn put_zone(&mut self, zone: Zone, undo: &mut Undo) -> Result<(), String> {
        let (mut around, mut depth) = (zone.parent, 0);
        while let Some(id) = around
            && depth <= ZONE_DEPTH_MAX
        {
            if id == zone.id {
                return Err(format!("zone `{id}` would lie within itself"));
            }
            around = self.zones.get(&id).ok_or_else(|| none("zone", &id))?.parent;
            depth += 1;
        }
        let (id, moved) = (zone.id, self.zones.get(&zone.id).is_some_and(|old| old.parent != zone.parent));
        // What lies within it moves along.
        let below = if moved { self.levels_within(id) } else { 0 };
        if depth + below > ZONE_DEPTH_MAX {
            return Err(format!(
                "zone `{id}` and those within it would lie more than {ZONE_DEPTH_MAX} zones deep"
            ));
        }
        if let Some(group) = zone.rules.openings.as_ref().and_then(|o| o.approvers) {
            self.groups.get(&group).ok_or_else(|| none("group", &group))?;
        }
        let fresh = self.zones.get(&id).is_some_and(|old| old.rules.fresh_within != zone.rules.fresh_within);
        let old = self.zones.insert(id, zone);
        undo.push(move |s| {
            restore(&mut s.zones, id, old);
            s.place_doors();
        });
        if moved || fresh {
            self.place_doors();
        }
        Ok(())
    }

    pub(crate) fn remove_zone(&mut self, id: ZoneId, undo: &mut Undo) -> Result<(), String> {
        let zone = self.zones.values().find(|z| z.parent == Some(id)).map(|z| format!("zone `{}`", z.id));
        let touches = |d: &Door| d.to == id || d.from == Some(id);
        let door = self.doors.values().find(|p| touches(&p.door)).map(|p| format!("door `{}`", p.door.id));
        let names = |r: &&Rule| r.targets.contains(&Target::Zone(id));
        let rule = self.rules.values().find(names).map(|r| format!("rule `{}`", r.id));
        if let Some(user) = zone.or(door).or(rule) {
            return Err(format!("zone `{id}` is in use by {user}; change that first"));
        }
        if self.lockdowns.contains_key(&id) {
            return Err(format!("zone `{id}` is locked down; lift that first"));
        }
        let gone = self.zones.remove(&id).ok_or_else(|| none("zone", &id))?;
        let level = self.threats.remove(&id);
        undo.push(move |s| {
            restore(&mut s.zones, id, Some(gone));
            restore(&mut s.threats, id, level);
        });
        Ok(())
    }

    /// The zone, then every zone around it, innermost first.
    pub(crate) fn enclosing(&self, zone: ZoneId) -> Vec<ZoneId> {
        let up = |z: &ZoneId| self.zones.get(z).and_then(|z| z.parent);
        std::iter::successors(Some(zone), up).take(ZONE_DEPTH_MAX + 1).collect()
    }

    /// How many levels of zones lie within it.
    fn levels_within(&self, zone: ZoneId) -> usize {
        let levels = |z: &ZoneId| self.enclosing(*z).iter().position(|around| *around == zone);
        self.zones.keys().filter_map(levels).max().unwrap_or(0)
    }
}
