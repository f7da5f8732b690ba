//! Every wire that tells something, and every cabin: readings in, what can be believed out, on a thread of its own.
//!
//! A wire is told to the core once it has settled, and again when it changes. One that never said anything is told as
//! a fault too: nothing stays unknown for long.

use crate::cabin::{Cabin, Shown};
use crate::clock::{bus_micros, bus_start};
use crate::config::{Config, InputWiring, Source};
use crate::core::Input;
use core::time::Duration;
use lockward_door::{Bolt, Contact, Key, Wire};
use lockward_inputs::{Edge, Input as Settling, Reading, State, Timing, TimingError};
use lockward_model::{Body, InputFault, InputName, Mono};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};

/// Contacts bounce for some milliseconds; a person opens no door faster.
const DEBOUNCE: Duration = Duration::from_millis(20);
/// What is polled was seen at some moment between two polls; with the poll of a full line (200 ms) a level is told
/// within 250 ms.
const DEBOUNCE_POLLED: Duration = Duration::from_millis(50);
/// Without a new reading for so long a polled wire says nothing.
const FRESH: Duration = Duration::from_millis(900);
/// A wire that was never read is a fault from then on: longer than any line takes to find its devices.
const SILENT_AFTER: Duration = Duration::from_secs(10);

/// Readings that are taken in one after the other before time is looked at again: every wire of a full board.
const HEARD_MAX: usize = 256;

/// What a wire is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Contact(usize),
    Exit(usize),
    Bolt(usize),
    Button(usize),
    Called(usize),
    Building(InputName),
}

/// Every wire of the file, with what it is for. A wire is known by its place here.
pub(crate) fn wires(config: &Config) -> Vec<(Purpose, InputWiring)> {
    let of_doors = config.doors.iter().enumerate().flat_map(|(i, d)| {
        let all = [
            (Purpose::Contact(i), &d.contact),
            (Purpose::Exit(i), &d.exit),
            (Purpose::Bolt(i), &d.bolt),
            (Purpose::Button(i), &d.button),
            (Purpose::Called(i), &d.called),
        ];
        all.into_iter().filter_map(|(purpose, input)| Some((purpose, input.clone()?)))
    });
    let of_building = config.building.inputs().map(|(name, input)| (Purpose::Building(name), input.clone()));
    of_doors.chain(of_building).collect()
}

/// What comes from lines, pins and converters.
pub(crate) enum Heard {
    /// One look at a wire.
    Reading(usize, Reading),
    /// Something was shown in a cabin.
    Shown(usize, Shown),
    /// A key was pressed in a cabin.
    Key(usize, Key),
}

struct Sense {
    purpose: Purpose,
    settling: Settling,
    told: Option<State>,
}

/// All wires and cabins. Sans-IO.
pub(crate) struct Senses {
    wires: Vec<Sense>,
    cabins: Vec<Cabin>,
    silent_at: Mono,
}

impl Senses {
    pub(crate) fn new(config: &Config, now: Mono) -> Result<Self, TimingError> {
        let sense = |(purpose, input): (Purpose, InputWiring)| {
            let timing = match input.source {
                Source::Gpio { .. } | Source::Osdp { .. } | Source::Device { .. } | Source::Simulated => {
                    Timing::told(DEBOUNCE)
                }
                Source::Modbus { .. } | Source::Register { .. } | Source::Adc { .. } => {
                    Timing::polled(DEBOUNCE_POLLED, FRESH)
                }
            };
            Ok(Sense { purpose, settling: Settling::new(input.wiring(), timing?), told: None })
        };
        // What is not there in metal is told by whoever tries things out.
        let wires = wires(config).into_iter().map(sense).collect::<Result<_, _>>()?;
        let button = |floor: &usize| config.doors.get(*floor).is_some_and(|d| d.button.is_some());
        let cabin = |c: &crate::config::CabinWiring| Cabin::new(c.floors.iter().map(|f| (*f, button(f))));
        let cabins = config.cabins.iter().map(cabin).collect();
        Ok(Self { wires, cabins, silent_at: now + SILENT_AFTER })
    }

    pub(crate) fn handle(&mut self, now: Mono, heard: Heard, out: &mut Vec<Input>) {
        match heard {
            Heard::Reading(index, reading) => {
                let mut edges = Vec::new();
                let Some(sense) = self.wires.get_mut(index) else { return };
                sense.settling.handle(now, reading, &mut edges);
                self.settled(now, index, &edges, reading == Reading::Lost, out);
            }
            Heard::Shown(cabin, shown) => {
                if let Some(cabin) = self.cabins.get_mut(cabin) {
                    cabin.show(now, shown, out);
                }
            }
            Heard::Key(cabin, key) => {
                if let Some(cabin) = self.cabins.get(cabin) {
                    cabin.key(key, out);
                }
            }
        }
    }

    /// Settles what has lasted.
    pub(crate) fn tick(&mut self, now: Mono, out: &mut Vec<Input>) {
        let overdue = self.silent_at <= now;
        for index in 0..self.wires.len() {
            let mut edges = Vec::new();
            let Some(sense) = self.wires.get_mut(index) else { return };
            sense.settling.tick(now, &mut edges);
            self.settled(now, index, &edges, overdue, out);
        }
        if overdue {
            self.silent_at = Mono(u64::MAX);
        }
    }

    /// When [`Senses::tick`] has something to do.
    pub(crate) fn wake_at(&self) -> Mono {
        self.wires.iter().filter_map(|s| s.settling.wake_at()).fold(self.silent_at, Mono::min)
    }

    /// Tells each change; and, where a wire is known to be lost, that it is, even if nothing else was ever told.
    fn settled(&mut self, now: Mono, index: usize, edges: &[Edge], lost: bool, out: &mut Vec<Input>) {
        let Some(sense) = self.wires.get_mut(index) else { return };
        let first = (lost && sense.told.is_none()).then(|| sense.settling.state());
        for state in edges.iter().map(|e| e.to).chain(first) {
            let was = sense.told.replace(state);
            if was == Some(state) {
                continue;
            }
            out.extend(said(sense.purpose, was, state));
            if let (Purpose::Button(floor), State::Active) = (sense.purpose, state) {
                self.cabins.iter_mut().for_each(|cabin| cabin.press(now, floor, out));
            }
        }
    }
}

/// What the core is told of a wire.
fn said(purpose: Purpose, was: Option<State>, state: State) -> Option<Input> {
    Some(match purpose {
        Purpose::Contact(door) => Input::Contact(door, wire(state, Contact::Open, Contact::Closed)),
        Purpose::Exit(door) => Input::Exit(door, wire(state, true, false)),
        Purpose::Bolt(door) => Input::Bolt(door, wire(state, Bolt::Released, Bolt::Locked)),
        Purpose::Called(door) => Input::Called(door, wire(state, true, false)),
        Purpose::Building(name) => Input::Building(name, wire(state, true, false)),
        // The door does not hear of its button; that it can not be believed is on record.
        Purpose::Button(door) => {
            let fault = wire(state, true, false).fault();
            if fault.is_none() && !was.is_some_and(State::is_fault) {
                return None;
            }
            Input::Fact(Some(door), Body::Input { input: InputName::Button, fault })
        }
    })
}

fn wire<T>(state: State, active: T, inactive: T) -> Wire<T> {
    match state {
        State::Active => Wire::Says(active),
        State::Inactive => Wire::Says(inactive),
        State::Open => Wire::Fault(InputFault::Open),
        State::Short => Wire::Fault(InputFault::Short),
        State::Ground => Wire::Fault(InputFault::Ground),
        State::Foreign => Wire::Fault(InputFault::Foreign),
        State::Unknown => Wire::Fault(InputFault::Silent),
    }
}

/// Starts the thread; it ends when everything that hears has ended, or the loop has.
pub(crate) fn start(
    mut senses: Senses,
    inbox: Receiver<Heard>,
    tell: impl Fn(Input) -> bool + Send + 'static,
) -> std::io::Result<()> {
    let began = bus_start();
    std::thread::Builder::new().name("inputs".into()).spawn(move || {
        let mut out = Vec::new();
        loop {
            let now = Mono(bus_micros(began));
            senses.tick(now, &mut out);
            if !out.drain(..).all(&tell) {
                return;
            }
            match inbox.recv_timeout(senses.wake_at().since(now)) {
                Ok(heard) => {
                    // A board tells all its wires at once.
                    let now = Mono(bus_micros(began));
                    let others = inbox.try_iter().take(HEARD_MAX);
                    core::iter::once(heard)
                        .chain(others)
                        .for_each(|heard| senses.handle(now, heard, &mut out));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })?;
    Ok(())
}

/// Where readings go.
pub(crate) type Ears = SyncSender<Heard>;

#[cfg(test)]
mod tests;
