//! What the building tells a controller: mains, battery, fire, cabinet; and requests to exit that nobody explains.

use crate::core::{Core, Effect};
use lockward_door::{Input, Wire};
use lockward_history::{ExitInput, Here, RexAnomaly, RexEdge, RexWhy};
use lockward_model::{Body, ControllerFact, DoorFact, DoorId, ExitAnomaly, InputName, Now, Side};

/// A site of more people than this is not searched for whoever may be inside when a button is pressed: the search takes
/// a step for each of them, and the press is not kept waiting.
const SEARCHED_PEOPLE_MAX: usize = 5_000;

impl Core {
    /// A wire of the controller itself. A fault is recorded, and taken for none of its readings.
    pub(crate) fn building(&mut self, now: Now, input: InputName, wire: Wire<bool>, out: &mut Vec<Effect>) {
        let told = &self.history.told;
        let fault = wire.fault();
        if told.faults.get(&input).copied() != fault {
            self.note(now, None, Body::Input { input, fault });
        }
        let Some(on) = wire.said() else { return };
        let told = &self.history.told;
        let fact = match input {
            InputName::Power => match (on, told.power_failed) {
                (true, None) => Some(ControllerFact::PowerFailed),
                (false, Some(since)) => Some(ControllerFact::PowerRestored(now.wall.since(since))),
                _ => None,
            },
            InputName::Battery => (on != told.battery_low).then_some(ControllerFact::BatteryLow(on)),
            InputName::Fire => (on != told.fire).then_some(ControllerFact::Fire(on)),
            InputName::Tamper => (on != told.cabinet).then_some(ControllerFact::Tamper(on)),
            InputName::Contact | InputName::Exit | InputName::Bolt | InputName::Button => return,
        };
        // The doors first: nobody who leaves waits for a record.
        for door in 0..self.units.len() {
            match input {
                InputName::Fire => self.door(now, door, Input::Fire(on), out),
                InputName::Power => self.door(now, door, Input::Power(!on), out),
                InputName::Tamper => self.case(now, door, None, on, out),
                _ => {}
            }
        }
        if let Some(fact) = fact {
            self.note(now, None, Body::Controller(fact));
        }
    }

    /// A case is open, or closed again: a reader's, or the cabinet's.
    pub(crate) fn case(
        &mut self,
        now: Now,
        door: usize,
        of: Option<Side>,
        open: bool,
        out: &mut Vec<Effect>,
    ) {
        let Some(any) = self.units.get_mut(door).map(|unit| unit.set_case(of, open)) else { return };
        self.door(now, door, Input::Tamper(any), out);
    }

    /// A request to exit: the door has done what it does; here is only asked whether it is odd.
    pub(crate) fn exit_asked(&mut self, now: Now, door: usize, wire: Wire<bool>) {
        let (Some(site), Some(unit)) = (&self.site, self.units.get(door)) else { return };
        let Some(door) = site.door(unit.id()) else { return };
        let id = door.id;
        let input = match wire {
            Wire::Says(true) => {
                let nobody_inside = self.is_empty(now, door.to);
                ExitInput::Pressed { nobody_inside }
            }
            Wire::Says(false) | Wire::Fault(_) => ExitInput::LetGo,
        };
        self.step_exit(now, id, input);
    }

    fn is_empty(&self, now: Now, zone: lockward_model::ZoneId) -> bool {
        let Some(site) = &self.site else { return false };
        if !self.history.areas.zones().contains(&zone) || site.counts().0 > SEARCHED_PEOPLE_MAX {
            return false;
        }
        let areas = self.history.areas.of(site);
        let here = Here { areas: &areas, touch: &self.history.touch, now };
        self.history.presence.known_empty(zone, site.people(), &here)
    }

    /// Somebody was seen to enter a zone: whoever presses a button there may be that person.
    pub(crate) fn someone_entered(&mut self, now: Now, door: DoorId) {
        let Some(site) = &self.site else { return };
        let Some(zone) = site.door(door).map(|d| d.to) else { return };
        let odd = self.history.exits.raised().filter(|a| a.why == RexWhy::NobodyInside);
        let here = odd.map(|a| a.door).filter(|d| site.door(*d).is_some_and(|d| d.to == zone));
        for door in here.collect::<Vec<_>>() {
            self.step_exit(now, door, ExitInput::SomeoneEntered);
        }
    }

    /// What ends by time.
    pub(crate) fn exits_elapse(&mut self, now: Now) {
        let due = |id| self.history.exits.wake_at(id).is_some_and(|at| at <= now.mono);
        let held: Vec<DoorId> = self.units.iter().map(crate::unit::Unit::id).filter(|id| due(*id)).collect();
        let odd: Vec<DoorId> = self.history.exits.raised().map(|a| a.door).collect();
        for door in held.into_iter().chain(odd) {
            self.step_exit(now, door, ExitInput::Tick);
        }
    }

    fn step_exit(&mut self, now: Now, door: DoorId, input: ExitInput) {
        for edge in self.history.exits.step(door, input, now) {
            let anomaly = match edge {
                RexEdge::Raised(RexAnomaly { why, .. }) => Some(match why {
                    RexWhy::HeldTooLong => ExitAnomaly::Long,
                    RexWhy::TooOften => ExitAnomaly::Often,
                    RexWhy::NobodyInside => ExitAnomaly::Empty,
                }),
                // Over when nothing odd is left.
                RexEdge::Cleared(_) if self.history.exits.raised().any(|a| a.door == door) => continue,
                RexEdge::Cleared(_) => None,
            };
            self.note(now, Some(door), Body::Door(DoorFact::ExitAnomaly(anomaly)));
        }
    }
}
