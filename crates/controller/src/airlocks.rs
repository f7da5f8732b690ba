//! Airlocks: what this controller's doors of one are told of each other, and of other controllers' doors.
//!
//! Other controllers are heard through the hub ([`Elsewhere::Busy`](lockward_wire::link::Elsewhere)); while one can not
//! be heard, each door does what it is declared to do alone. A door of another controller is claimed by nobody here:
//! two controllers that let somebody in within one moment both withdraw as soon as they hear of each other.

use crate::core::{Core, Effect};
use lockward_door::{Airlock, AirlockChange, Input, Stand, Told};
use lockward_model::{AirlockId, Alone, Body, DoorFact, DoorId, Mono, Now};
use lockward_site::Site;
use lockward_wire::link::ToHub;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The airlocks that a controller has doors of; at most sites none.
#[derive(Default)]
pub(crate) struct Airlocks {
    /// With the doors that each was made of: this controller's, and others'.
    all: BTreeMap<AirlockId, (Members, Airlock)>,
    of: BTreeMap<DoorId, AirlockId>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Members {
    own: Vec<(DoorId, Alone)>,
    far: Vec<DoorId>,
}

impl Airlocks {
    pub(crate) fn any(&self) -> bool {
        !self.all.is_empty()
    }

    pub(crate) fn is_busy_for(&self, door: DoorId, now: Mono) -> bool {
        let airlock = self.of.get(&door).and_then(|id| self.all.get(id));
        airlock.is_some_and(|(_, airlock)| airlock.is_busy_for(door, now))
    }

    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.all.values().filter_map(|(_, airlock)| airlock.wake_at()).min()
    }

    /// Those of a site. One whose doors are the same goes on as it was. Gives the doors of those that begin, and the
    /// doors that are of none any more.
    fn reconfigure(&mut self, site: &Site, is_own: impl Fn(DoorId) -> bool) -> (Vec<DoorId>, Vec<DoorId>) {
        let mut members: BTreeMap<AirlockId, Members> = BTreeMap::new();
        for door in site.doors() {
            let Some(rule) = door.rules.airlock else { continue };
            let of = members.entry(rule.id).or_default();
            if is_own(door.id) { of.own.push((door.id, rule.alone)) } else { of.far.push(door.id) }
        }
        members.retain(|_, of| !of.own.is_empty());
        let before = std::mem::take(&mut self.of);
        let mut begun = Vec::new();
        self.all.retain(|id, (of, _)| members.get(id) == Some(of));
        for (id, of) in members {
            self.of.extend(of.own.iter().map(|(door, _)| (*door, id)));
            if let Entry::Vacant(new) = self.all.entry(id) {
                begun.extend(of.own.iter().map(|(door, _)| *door));
                let airlock = Airlock::new(&of.own, &of.far);
                new.insert((of, airlock));
            }
        }
        (begun, before.into_keys().filter(|door| !self.of.contains_key(door)).collect())
    }

    fn at(&mut self, door: DoorId) -> Option<&mut Airlock> {
        let id = self.of.get(&door)?;
        self.all.get_mut(id).map(|(_, airlock)| airlock)
    }
}

impl Core {
    pub(crate) fn reconfigure_airlocks(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        let own = |door: DoorId| {
            let ours = site.door(door).is_some_and(|d| d.controller == self.id);
            ours && self.units.iter().any(|u| u.id() == door)
        };
        let (begun, gone) = self.airlocks.reconfigure(site, own);
        for door in gone {
            if let Some(unit) = self.units.iter().position(|u| u.id() == door) {
                self.door(now, unit, Input::Airlock(false), out);
            }
        }
        for door in begun {
            if let Some(unit) = self.units.iter().position(|u| u.id() == door) {
                self.airlock_stands(now, unit, out);
            }
        }
    }

    /// The door is kept for somebody whose grant is on its way to the disk; false if another door was quicker.
    pub(crate) fn reserve_airlock(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) -> bool {
        let Some(id) = self.units.get(door).map(crate::unit::Unit::id) else { return false };
        let Some(airlock) = self.airlocks.at(id) else { return true };
        let mut changes = Vec::new();
        let kept = airlock.reserve(id, now.mono, &mut changes);
        self.airlock_changes(now, changes, out);
        kept
    }

    /// A grant came to nothing.
    pub(crate) fn give_back_airlock(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) {
        let Some(id) = self.units.get(door).map(crate::unit::Unit::id) else { return };
        let Some(airlock) = self.airlocks.at(id) else { return };
        let mut changes = Vec::new();
        airlock.give_back(id, now.mono, &mut changes);
        self.airlock_changes(now, changes, out);
    }

    /// A door was given an input: how it stands now.
    pub(crate) fn airlock_stands(&mut self, now: Now, door: usize, out: &mut Vec<Effect>) {
        let Some((id, stand)) = self.units.get(door).map(|u| (u.id(), u.stand())) else { return };
        let Some(airlock) = self.airlocks.at(id) else { return };
        let mut changes = Vec::new();
        airlock.stands(id, stand, now.mono, &mut changes);
        self.airlock_changes(now, changes, out);
    }

    /// What another controller says of its door.
    pub(crate) fn airlock_told(&mut self, now: Now, told: Told, out: &mut Vec<Effect>) {
        let mut changes = Vec::new();
        for (of, airlock) in self.airlocks.all.values_mut() {
            if of.far.contains(&told.door) {
                airlock.told(told, now.mono, &mut changes);
            }
        }
        self.airlock_changes(now, changes, out);
    }

    pub(crate) fn airlocks_elapse(&mut self, now: Now, out: &mut Vec<Effect>) {
        let mut changes = Vec::new();
        for (_, airlock) in self.airlocks.all.values_mut() {
            airlock.elapse(now.mono, &mut changes);
        }
        self.airlock_changes(now, changes, out);
    }

    fn airlock_changes(&mut self, now: Now, changes: Vec<AirlockChange>, out: &mut Vec<Effect>) {
        for change in changes {
            match change {
                AirlockChange::Tell { door, busy } => {
                    if let Some(unit) = self.units.iter().position(|u| u.id() == door) {
                        self.door(now, unit, Input::Airlock(busy), out);
                    }
                }
                AirlockChange::Report { door, busy } => self.report_airlock(door, busy, out),
                AirlockChange::Alone { door, alone } => {
                    if self.history.told.airlock_alone.contains(&door) != alone {
                        self.note(now, Some(door), Body::Door(DoorFact::AirlockAlone(alone)));
                    }
                }
            }
        }
    }

    /// How this controller's doors of airlocks with others' stand, said again before the last word is too old.
    pub(crate) fn report_airlocks(&self, out: &mut Vec<Effect>) {
        for (of, _) in self.airlocks.all.values().filter(|(of, _)| !of.far.is_empty()) {
            for (door, _) in &of.own {
                let unit = self.units.iter().find(|u| u.id() == *door);
                let busy = unit.is_some_and(|u| u.stand() != Stand::Shut);
                self.report_airlock(*door, busy, out);
            }
        }
    }

    /// The hub tells the other controllers: who takes a door of an airlock claims it there, who is done gives it back.
    fn report_airlock(&self, door: DoorId, busy: bool, out: &mut Vec<Effect>) {
        if let (Some(airlock), true) = (self.airlocks.of.get(&door), self.linked.is_some()) {
            out.push(Effect::Send(Box::new(ToHub::Claim { airlock: *airlock, door, take: busy })));
        }
    }
}
