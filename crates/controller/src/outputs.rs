//! What the doors do to wires: locks, lights and sounders, said once, and again before a device lets go by itself.

use crate::bus::{Line, Order};
use crate::clock::{bus_micros, bus_start};
use crate::config::{Config, Fails, Lock, ReaderWiring};
use crate::feedback::Face;
use crate::{gpio, modbus};
use core::time::Duration;
use lockward_door::Feedback;
use lockward_model::{Mono, Side};
use lockward_osdp::command::{OutputControl, PdCommand};
use tracing::error;

/// An output of a device holds its state this long by itself, and is told again in less than half of it. A controller
/// that dies leaves every door where its installer declared that it fails.
const HOLD_TENTHS: u16 = 100;
pub(crate) const HOLD_AGAIN: Duration = Duration::from_secs(4);

/// A reader with its light and sounder, and the sides of doors that it is at.
struct Panel {
    bus: String,
    address: u8,
    at: Vec<(usize, Side)>,
    face: Face,
}

pub(crate) struct Outputs {
    config: Config,
    lines: Vec<Line>,
    boards: Vec<modbus::Line>,
    gpios: Vec<Option<gpio::Output>>,
    released: Vec<bool>,
    panels: Vec<Panel>,
    began: std::time::Instant,
    held_at: u64,
}

impl Outputs {
    /// `lines` in the order of the buses, `gpios` in that of the doors.
    pub(crate) fn new(
        config: Config,
        lines: Vec<Line>,
        boards: Vec<modbus::Line>,
        gpios: Vec<Option<gpio::Output>>,
    ) -> Self {
        let released = vec![false; config.doors.len()];
        let panels = panels(&config);
        Self { config, lines, boards, gpios, released, panels, began: bus_start(), held_at: 0 }
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
            Lock::Osdp { bus, address, number } => {
                let control = if active { OutputControl::OnFor(HOLD_TENTHS) } else { OutputControl::Off };
                let order = Order::Send(*address, PdCommand::Output(*number, control));
                send(&self.config, &mut self.lines, bus, order);
            }
            Lock::Gpio { .. } => {
                if let Some(Some(output)) = self.gpios.get(door)
                    && let Err(error) = output.set(active)
                {
                    error!(door = %wiring.id, %error, "the lock's output can not be set");
                }
            }
            Lock::Modbus { board, coil } => {
                self.boards.iter_mut().for_each(|line| line.set(board, *coil, active));
            }
            Lock::Simulated => {}
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
            let wiring = self.config.doors.get(door);
            let safe = wiring.is_some_and(|d| d.fails == Fails::Safe);
            let by_itself = wiring.is_some_and(|d| matches!(d.lock, Lock::Osdp { .. }));
            // Only what is active ends by itself.
            if by_itself && self.released.get(door).is_some_and(|released| *released != safe) {
                self.output(door);
            }
        }
    }

    pub(crate) fn show(&mut self, door: usize, side: Side, shown: Feedback) {
        let now = Mono(bus_micros(self.began));
        for panel in self.panels.iter_mut().filter(|p| p.at.contains(&(door, side))) {
            for command in panel.face.show(now, door, shown) {
                let order = Order::Send(panel.address, command);
                send(&self.config, &mut self.lines, &panel.bus, order);
            }
        }
    }

    /// A device that is back has lost its state: outputs and lights are said again.
    pub(crate) fn back(&mut self, bus: usize, address: u8) {
        let name = self.bus(bus).unwrap_or_default().to_owned();
        for door in 0..self.released.len() {
            let lock = self.config.doors.get(door).map(|d| &d.lock);
            if matches!(lock, Some(Lock::Osdp { bus, address: a, .. }) if *bus == name && *a == address) {
                self.output(door);
            }
        }
        for panel in self.panels.iter().filter(|p| p.bus == name && p.address == address) {
            for command in panel.face.again() {
                send(&self.config, &mut self.lines, &name, Order::Send(address, command));
            }
        }
    }

    /// The end: lines close, and outputs let go, each to where its door fails: those of devices by themselves.
    pub(crate) fn rest(&mut self) {
        for line in &mut self.lines {
            line.order(Order::Stop);
        }
        for line in &mut self.boards {
            line.stop();
        }
        self.gpios.clear();
    }
}

fn send(config: &Config, lines: &mut [Line], bus: &str, order: Order) {
    let index = config.buses.iter().position(|b| b.name == bus);
    if let Some(line) = index.and_then(|i| lines.get_mut(i)) {
        line.order(order);
    }
}

/// Each reader once: floors of a cabin share one.
fn panels(config: &Config) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    for (door, wiring) in config.doors.iter().enumerate() {
        for (side, ReaderWiring { bus, address, .. }) in wiring.readers() {
            match panels.iter_mut().find(|p| p.bus == *bus && p.address == *address) {
                Some(panel) => panel.at.push((door, side)),
                None => {
                    let (at, face) = (vec![(door, side)], Face::new([]));
                    panels.push(Panel { bus: bus.clone(), address: *address, at, face });
                }
            }
        }
    }
    for panel in &mut panels {
        panel.face = Face::new(panel.at.iter().map(|(door, _)| *door));
    }
    panels
}
