//! What can be done to controllers, to their hub, to time and to the site as a whole.

use super::act::{Done, span};
use super::line::Tone;
use super::station::Station;
use super::wires::SEEN_AFTER;
use super::{Next, Stage};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Wire;
use lockward_history::PresenceFact;
use lockward_model::{ControllerId, Forgiven, InputName};
use std::sync::Arc;

/// How long a killed controller's supervisor takes to start it again.
const RESTARTS_AFTER: Duration = Duration::from_secs(2);
/// A step of time that nobody would sit through.
const WAIT_MAX: Duration = Duration::from_secs(7 * 86_400);

impl Stage {
    pub(super) fn building(&mut self, input: &str, state: &str) -> Done {
        let on = match state {
            "on" => true,
            "off" => false,
            _ => return Err("write: building power|battery|fire|tamper on|off".into()),
        };
        // Power that is on is well; of the others, what is on is wrong.
        let (name, alarms) = match input {
            "power" => (InputName::Power, !on),
            "battery" => (InputName::Battery, on),
            "fire" => (InputName::Fire, on),
            "tamper" => (InputName::Tamper, on),
            _ => return Err(format!("`{input}` is none of power, battery, fire and tamper")),
        };
        let ids: Vec<_> = self.stations.values().filter(|s| s.is_up()).map(|s| s.id).collect();
        for id in ids {
            self.turn(id, vec![Input::Building(name, Wire::Says(alarms))]);
        }
        Ok(Next::Go)
    }

    pub(super) fn wait(&mut self, span: Duration) -> Done {
        if span > WAIT_MAX {
            return Err("that is longer than a week; wait more than once".into());
        }
        self.let_pass(span);
        Ok(Next::Go)
    }

    pub(super) fn step_clock(&mut self, step: &str) -> Done {
        let (sign, rest) = match (step.strip_prefix('+'), step.strip_prefix('-')) {
            (Some(rest), _) => (1, rest),
            (_, Some(rest)) => (-1, rest),
            _ => return Err("write: clock +1h, or clock -10m".into()),
        };
        let ms = i64::try_from(span(rest)?.as_millis()).unwrap_or(i64::MAX);
        self.skew = self.skew.saturating_add(ms.saturating_mul(sign));
        self.let_pass(Duration::from_secs(1));
        Ok(Next::Go)
    }

    pub(super) fn lose_hub(&mut self) -> Done {
        self.hub.up = false;
        let ids: Vec<_> = self.stations.keys().copied().collect();
        self.tell("hub", "nobody reaches it", Tone::Quiet);
        // All links at once: none of them tells another.
        for station in self.stations.values_mut() {
            station.mail.clear();
        }
        for id in &ids {
            self.unlink(*id);
        }
        Ok(Next::Go)
    }

    pub(super) fn find_hub(&mut self) -> Done {
        self.hub.up = true;
        self.tell("hub", "it is there again", Tone::Quiet);
        let ids: Vec<_> = self.stations.keys().copied().collect();
        for id in ids {
            self.link(id);
        }
        Ok(Next::Go)
    }

    fn station(&self, name: &str) -> Result<ControllerId, String> {
        let found = self.stations.keys().find(|id| id.as_str() == name);
        found.copied().ok_or_else(|| {
            let all: Vec<_> = self.stations.keys().map(ControllerId::as_str).collect();
            format!("there is no controller `{name}`; there are {}", all.join(", "))
        })
    }

    pub(super) fn kill(&mut self, name: &str) -> Done {
        let id = self.station(name)?;
        self.tell(name, "killed; its doors go where they fail", Tone::Quiet);
        self.go_down(id, Station::kill);
        self.let_pass(RESTARTS_AFTER);
        self.start(id)?;
        self.let_pass(SEEN_AFTER);
        Ok(Next::Go)
    }

    pub(super) fn cut_power(&mut self, name: &str) -> Done {
        let id = self.station(name)?;
        self.tell(name, "power cut; its doors go where they fail", Tone::Quiet);
        self.go_down(id, Station::cut_power);
        Ok(Next::Go)
    }

    pub(super) fn restore_power(&mut self, name: &str) -> Done {
        let id = self.station(name)?;
        if self.stations.get(&id).is_some_and(Station::is_up) {
            return Err(format!("`{name}` has power"));
        }
        self.start(id)?;
        self.let_pass(SEEN_AFTER);
        Ok(Next::Go)
    }

    /// A controller goes down, however.
    fn go_down(&mut self, id: ControllerId, how: impl FnOnce(&mut Station)) {
        let Some(station) = self.stations.get_mut(&id).filter(|s| s.is_up()) else { return };
        let was_linked = station.linked;
        let before: Vec<_> = station.doors.iter().map(|d| d.released).collect();
        how(station);
        let moved = station.doors.iter().zip(before).filter(|(d, before)| d.released != *before);
        let moved: Vec<_> = moved.map(|(d, _)| (d.id, d.released)).collect();
        for (door, released) in moved {
            let text = if released { "no power at its magnet: it can be opened" } else { "bolt thrown" };
            self.tell(door.as_str(), text, Tone::Quiet);
        }
        if was_linked {
            self.hub_lost(id);
        }
    }

    pub(super) fn change(&mut self, what: &str) -> Done {
        let inline = what.contains(['=', '[']);
        let text = if inline {
            what.to_owned()
        } else {
            std::fs::read_to_string(what).map_err(|e| format!("can not read `{what}`: {e}"))?
        };
        let office = Arc::clone(&self.office);
        let shows = self.changes.apply(&office, &text)?;
        self.remember(shows);
        self.forgive();
        self.tell("hub", format!("signed: configuration {}", office.site().size()), Tone::Quiet);
        let ids: Vec<_> = self.stations.keys().copied().collect();
        for id in ids {
            self.push_entries(id);
        }
        self.settle();
        Ok(Next::Go)
    }

    /// Whoever the last change forgave is no longer known to be anywhere.
    fn forgive(&mut self) {
        let at = self.now().wall;
        for whom in self.office.site().forgiven() {
            let _ = self.hub.presence.take(match whom {
                Forgiven::Person(person) => PresenceFact::Forgiven { person: *person, at },
                Forgiven::Zone(area) => PresenceFact::AreaForgiven { area: *area, at },
            });
        }
    }
}
