//! What the doors do to wires: locks, lights and sounders, said once, and again before a device lets go by itself.

use crate::bus::{Line, Order};
use crate::clock::{bus_micros, bus_start};
use crate::config::{Config, Fails, Point};
use crate::wiring::Wiring;
use crate::{feedback, gpio};
use core::time::Duration;
use lockward_door::Feedback;
use lockward_osdp::command::{OutputControl, PdCommand};
use std::sync::Arc;
use tracing::error;

/// An output of a device holds its state this long by itself, and is told again in less than half of it. A controller
/// that dies leaves every door where its installer declared that it fails.
const HOLD_TENTHS: u16 = 100;
pub(crate) const HOLD_AGAIN: Duration = Duration::from_secs(4);

pub(crate) struct Outputs {
    config: Config,
    wiring: Arc<Wiring>,
    lines: Vec<Line>,
    gpios: Vec<Option<gpio::Output>>,
    released: Vec<bool>,
    /// What a reader shows when nothing else is shown, to be said again when it comes back.
    resting: Vec<Feedback>,
    began: std::time::Instant,
    held_at: u64,
}

impl Outputs {
    pub(crate) fn new(
        config: Config,
        wiring: Arc<Wiring>,
        lines: Vec<Line>,
        gpios: Vec<Option<gpio::Output>>,
    ) -> Self {
        let count = config.doors.len();
        let (released, resting) = (vec![false; count], vec![Feedback::Idle; count]);
        Self { config, wiring, lines, gpios, released, resting, began: bus_start(), held_at: 0 }
    }

    /// The name of a bus.
    pub(crate) fn bus(&self, bus: usize) -> Option<&str> {
        self.config.buses.get(bus).map(|b| b.name.as_str())
    }

    pub(crate) fn set(&mut self, door: usize, released: bool) {
        if let Some(state) = self.released.get_mut(door) {
            *state = released;
        }
        self.output(door);
    }

    /// Puts the output of a door where it belongs, for as long as it holds by itself.
    fn output(&mut self, door: usize) {
        let (Some(wiring), Some(released)) = (self.config.doors.get(door), self.released.get(door)) else {
            return;
        };
        let active = *released != (wiring.fails == Fails::Safe);
        match &wiring.lock {
            Point::Osdp { bus, address, number } => {
                let control = if active { OutputControl::OnFor(HOLD_TENTHS) } else { OutputControl::Off };
                let line = self.wiring.bus(bus).and_then(|i| self.lines.get_mut(i));
                if let Some(line) = line {
                    line.order(Order::Send(*address, PdCommand::Output(*number, control)));
                }
            }
            Point::Gpio { .. } => {
                if let Some(Some(output)) = self.gpios.get(door)
                    && let Err(error) = output.set(active)
                {
                    error!(door = %wiring.id, %error, "the lock's output can not be set");
                }
            }
            Point::Simulated | Point::None => {}
        }
    }

    /// Tells outputs again what they hold, before they let go by themselves.
    pub(crate) fn hold(&mut self) {
        let now = bus_micros(self.began);
        if now.saturating_sub(self.held_at) < u64::try_from(HOLD_AGAIN.as_micros()).unwrap_or(u64::MAX) {
            return;
        }
        self.held_at = now;
        for door in 0..self.released.len() {
            let safe = self.config.doors.get(door).is_some_and(|d| d.fails == Fails::Safe);
            // Only what is active ends by itself.
            if self.released.get(door).is_some_and(|released| *released != safe) {
                self.output(door);
            }
        }
    }

    pub(crate) fn show(&mut self, door: usize, shown: Feedback) {
        if matches!(shown, Feedback::Idle | Feedback::Unlocked | Feedback::Held)
            && let Some(resting) = self.resting.get_mut(door)
        {
            *resting = shown;
        }
        let Some(reader) = self.config.doors.get(door).and_then(|d| d.reader.as_ref()) else { return };
        let Some(line) = self.wiring.bus(&reader.bus).and_then(|i| self.lines.get_mut(i)) else { return };
        for command in feedback::commands(shown) {
            line.order(Order::Send(reader.address, command));
        }
    }

    /// A device that is back has lost its state: outputs and lights are said again.
    pub(crate) fn back(&mut self, bus: usize, address: u8) {
        let name = self.bus(bus).unwrap_or_default().to_owned();
        for door in 0..self.released.len() {
            let Some(wiring) = self.config.doors.get(door) else { continue };
            let has_lock =
                matches!(&wiring.lock, Point::Osdp { bus, address: a, .. } if *bus == name && *a == address);
            let reads = wiring.reader.as_ref().is_some_and(|r| r.bus == name && r.address == address);
            if has_lock {
                self.output(door);
            }
            if let Some(resting) = self.resting.get(door).filter(|_| reads).copied() {
                self.show(door, resting);
            }
        }
    }

    /// The end: lines close, and outputs on them let go by themselves, each to where its door fails.
    pub(crate) fn rest(&mut self) {
        for line in &mut self.lines {
            line.order(Order::Stop);
        }
    }
}
