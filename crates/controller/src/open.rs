//! Opens every wire of the installer's file when a controller starts: lines, boards, pins and converters.

use crate::bus::{self, Order};
use crate::config::{Config, DoorWiring, Fails, Source};
use crate::core::Input;
use crate::machine::Wake;
use crate::pins::Pins;
use crate::run::{Options, RunError};
use crate::senses::{self, Ears, Heard, Purpose, Senses};
use crate::wiring::Wiring;
use crate::{adc, gpio, modbus};
use lockward_inputs::Reading;
use lockward_model::{Body, Mono, ReaderFact};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

/// Readings that wait to be heard: every wire of a controller some times over. Who reads waits until there is room.
const EARS_MAX: usize = 1_024;

/// Every line with OSDP devices, and the pairing window if one was asked for.
pub(crate) fn lines(
    config: &Config,
    options: &Options,
    wiring: &Arc<Wiring>,
    pins: &Pins,
    wake: &SyncSender<Wake>,
    ears: &Ears,
) -> Result<Vec<bus::Line>, RunError> {
    let mut lines = Vec::new();
    for (index, bus) in config.buses.iter().enumerate() {
        let mut sorter = wiring.sorter(index, wake.clone(), ears.clone());
        let tell = move |address, event| sorter.sort(address, event);
        let line = bus::start(bus, &pins.of(&bus.name), tell)
            .map_err(|source| RunError::Bus { bus: bus.name.clone(), source })?;
        lines.push(line);
    }
    if let Some((name, address)) = &options.pair
        && let Some(bus) = wiring.bus(name)
        && let Some(line) = lines.get_mut(bus)
    {
        line.order(Order::Pair(*address));
        let door = wiring.reader(bus, *address);
        let fact = ReaderFact::PairingOpened;
        let body = Body::Reader { bus: name.as_str().into(), address: *address, fact };
        // The inbox is new and has room.
        let _ = wake.try_send(Wake::Core(Input::Fact(door, body)));
    }
    Ok(lines)
}

/// The thread that hears every wire.
pub(crate) fn ears(config: &Config, wake: SyncSender<Wake>) -> Result<Ears, RunError> {
    let failed = |e| RunError::Thread(std::io::Error::new(std::io::ErrorKind::InvalidInput, e));
    let senses = Senses::new(config, Mono(0)).map_err(failed)?;
    let (ears, heard) = sync_channel(EARS_MAX);
    let tell = move |input| wake.send(Wake::Core(input)).is_ok();
    senses::start(senses, heard, tell).map_err(RunError::Thread)?;
    Ok(ears)
}

/// The pins of locks, each at once where its door is locked.
pub(crate) fn gpios(config: &Config) -> Result<Vec<Option<gpio::Output>>, RunError> {
    let open = |door: &DoorWiring| {
        let failed = |source| RunError::Wire { door: door.id, what: "lock", source };
        gpio::Output::open(&door.lock, door.fails == Fails::Safe).map_err(failed)
    };
    config.doors.iter().map(open).collect()
}

/// Pins and converters of this machine, and what is there in name only.
pub(crate) fn inputs(config: &Config, ears: &Ears) -> Result<(), RunError> {
    let mut loops = Vec::new();
    for (wire, (purpose, input)) in senses::wires(config).into_iter().enumerate() {
        match &input.source {
            Source::Gpio { .. } => {
                let (to, input_wiring) = (ears.clone(), input.clone());
                let tell = move |closed: Option<bool>| {
                    let reading = closed.map_or(Reading::Lost, |closed| input_wiring.level(closed));
                    to.send(Heard::Reading(wire, reading)).is_ok()
                };
                gpio::watch(&input.source, tell).map_err(|e| unusable(config, purpose, e))?;
            }
            Source::Adc { out, back, adc } => {
                loops.push(adc::Loop { wire, out: out.clone(), back: back.clone(), adc: *adc });
            }
            // At rest, and stays so.
            Source::Simulated => drop(ears.send(Heard::Reading(wire, Reading::Level(false)))),
            _ => {}
        }
    }
    adc::start(loops, ears.clone()).map_err(RunError::Thread)
}

fn unusable(config: &Config, purpose: Purpose, source: std::io::Error) -> RunError {
    let (door, what) = match purpose {
        Purpose::Contact(door) => (door, "contact"),
        Purpose::Exit(door) => (door, "exit button"),
        Purpose::Bolt(door) => (door, "bolt sensor"),
        Purpose::Button(door) => (door, "floor button"),
        Purpose::Called(door) => (door, "floor call"),
        Purpose::Building(_) => return RunError::Building { what: "an input", source },
    };
    match config.doors.get(door) {
        Some(door) => RunError::Wire { door: door.id, what, source },
        None => RunError::Thread(source),
    }
}

/// Every line with Modbus boards.
pub(crate) fn boards(config: &Config, ears: &Ears) -> Result<Vec<modbus::Line>, RunError> {
    let invalid =
        |what: String| RunError::Thread(std::io::Error::new(std::io::ErrorKind::InvalidInput, what));
    let plans = modbus::plans(config).map_err(invalid)?;
    let start = |plan| modbus::start(plan, ears.clone()).map_err(RunError::Thread);
    plans.into_iter().map(start).collect()
}
