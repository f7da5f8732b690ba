//! The loop: waits for wires, hub and time; hands them to the core; does what it says.

use crate::bus::{self, Line, Order};
use crate::clock::{Clock, bus_micros, bus_start};
use crate::config::{BusWiring, Config, Fails, Point};
use crate::core::{Core, Effect, Input, PinCheck};
use crate::identity::Identity;
use crate::memory::{Memory, MemoryError};
use crate::pins::Pins;
use crate::uplink::{self, Uplink};
use crate::wiring::Wiring;
use crate::{dice, feedback, gpio};
use core::time::Duration;
use lockward_model::{Body, DoorId, ReaderFact};
use lockward_osdp::command::{OutputControl, PdCommand};
use lockward_osdp::reply::Identity as Device;
use lockward_store::{DirLock, LockError, RealDisk};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use tracing::{error, info, warn};

/// What waits for the loop: 64 doors with a full second of keys, cards and contacts each, and the hub's messages.
const INBOX_MAX: usize = 4_096;
/// Messages of the hub that wait. One is taken in a turn, after everything from the doors: a hub that talks a lot keeps
/// nobody waiting.
const HUB_INBOX_MAX: usize = 64;
/// What one turn takes in: they share one sync of the disk.
const TURN_MAX: usize = 256;
/// An output of a device holds its state this long by itself, and is told again in less than half of it. A controller
/// that dies leaves every door where its installer declared that it fails.
const HOLD_TENTHS: u16 = 100;
const HOLD_AGAIN: Duration = Duration::from_secs(4);

/// Why a controller does not start, or has stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Another process has the folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The disk.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A wire can not be used.
    #[error("door `{door}`: its {what} can not be used")]
    Wire {
        /// Of which door.
        door: DoorId,
        /// Which wire.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A thread can not be started, or a line is described wrongly.
    #[error("bus `{bus}` can not be started")]
    Bus {
        /// Which.
        bus: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Pairing or forgetting a device that is not wired.
    #[error("the configuration describes no device {address} on bus `{bus}`")]
    NoDevice {
        /// Which bus.
        bus: String,
        /// Which address.
        address: u8,
    },
    /// The link's thread can not be started.
    #[error("the link to the hub can not be started")]
    Uplink(#[source] std::io::Error),
    /// Devices as they were first met can not be read.
    #[error("the list of known readers can not be read")]
    Pins(#[from] crate::pins::PinsError),
}

/// What reaches the loop.
pub(crate) enum Wake {
    Core(Input),
    /// The hub's queue has something.
    Hub,
    /// A device says who it is, for the first time.
    Met(usize, u8, Device),
    /// A device is there again, and shows and holds nothing.
    Back(usize, u8),
    Stop,
}

/// What is asked of a controller when it starts.
#[derive(Default)]
pub struct Options {
    /// Open the pairing window for this device (bus, address).
    pub pair: Option<(String, u8)>,
    /// Forget who this device was, so that the next one there is taken for good.
    pub forget: Option<(String, u8)>,
}

/// A running controller. Dropping it stops it.
pub struct Running {
    wake: SyncSender<Wake>,
    loop_thread: Option<std::thread::JoinHandle<()>>,
    doors: Arc<Mutex<Vec<(DoorId, lockward_door::State)>>>,
}

impl Running {
    /// What each door looks like.
    #[must_use]
    pub fn doors(&self) -> Vec<(DoorId, lockward_door::State)> {
        self.doors.lock().map(|d| d.clone()).unwrap_or_default()
    }

    /// Stops, and waits until it has.
    pub fn stop(mut self) {
        self.end();
    }

    /// Waits for as long as it runs.
    pub fn wait(mut self) {
        if let Some(thread) = self.loop_thread.take() {
            let _ = thread.join();
        }
    }

    fn end(&mut self) {
        if let Some(thread) = self.loop_thread.take() {
            let _ = self.wake.send(Wake::Stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a controller: from here on doors decide, hub or no hub.
///
/// # Errors
/// [`RunError`]; nothing runs then, and no output was touched that the installer did not declare.
pub fn start(config: Config, options: &Options, clock: Arc<dyn Clock>) -> Result<Running, RunError> {
    for (bus, address) in options.pair.iter().chain(&options.forget) {
        let described = |b: &BusWiring| b.name == *bus && b.devices.iter().any(|d| d.address == *address);
        if !config.buses.iter().any(described) {
            return Err(RunError::NoDevice { bus: bus.clone(), address: *address });
        }
    }
    let lock = DirLock::take(&config.folder)?;
    let memory = Memory::open(RealDisk, &config.folder, u64::from_be_bytes(dice::bytes()))?;
    let mut pins = Pins::read(RealDisk, &config.folder)?;
    if let Some((bus, address)) = &options.forget {
        pins.forget(bus, *address)?;
    }
    let mut effects = Vec::new();
    let core = Core::start(memory, &config.doors, clock.now(), Box::new(dice::bytes), &mut effects)?;

    let (wake, inbox) = sync_channel(INBOX_MAX);
    let wiring = Arc::new(Wiring::new(&config));
    let gpios = open_gpios(&config, &wake)?;
    let mut lines = Vec::new();
    for (index, bus) in config.buses.iter().enumerate() {
        let mut sorter = wiring.sorter(index, wake.clone());
        let tell = move |address, event| sorter.sort(address, event);
        let line = bus::start(bus, &pins.of(&bus.name), tell)
            .map_err(|source| RunError::Bus { bus: bus.name.clone(), source })?;
        lines.push(line);
    }
    if let Some((name, address)) = &options.pair
        && let Some(line) = config.buses.iter().position(|b| b.name == *name).and_then(|i| lines.get_mut(i))
    {
        line.order(Order::Pair(*address));
        let door = wiring.reader(name, *address);
        let fact = ReaderFact::PairingOpened;
        let body = Body::Reader { bus: name.as_str().into(), address: *address, fact };
        // The inbox is new and has room.
        let _ = wake.try_send(Wake::Core(Input::Fact(door, body)));
    }
    let (hub, from_hub) = sync_channel(HUB_INBOX_MAX);
    let uplink = start_uplink(&config, &clock, hub, &wake)?;
    let checks = start_checker(wake.clone()).map_err(RunError::Uplink)?;
    let doors = Arc::new(Mutex::new(Vec::new()));
    let count = config.doors.len();
    let mut machine = Machine {
        core,
        config,
        wiring,
        clock,
        lines,
        gpios,
        uplink,
        from_hub,
        checks,
        pins,
        shown: Arc::clone(&doors),
        released: vec![false; count],
        resting: vec![lockward_door::Feedback::Idle; count],
        began: bus_start(),
        held_at: 0,
        troubled: false,
        _lock: lock,
    };
    machine.perform(&mut effects);
    let loop_thread = std::thread::Builder::new()
        .name("doors".into())
        .spawn(move || machine.run(&inbox))
        .map_err(RunError::Uplink)?;
    Ok(Running { wake, loop_thread: Some(loop_thread), doors })
}

fn start_uplink(
    config: &Config,
    clock: &Arc<dyn Clock>,
    hub: SyncSender<Input>,
    wake: &SyncSender<Wake>,
) -> Result<Uplink, RunError> {
    let (folder, wake) = (config.folder.clone(), wake.clone());
    let identity = move || Identity::read(RealDisk, &folder).ok();
    let tell = move |input| {
        // The loop may have ended: so has the link's purpose. If its inbox is full it is awake already.
        let _ = hub.send(input);
        let _ = wake.try_send(Wake::Hub);
    };
    uplink::start(config.hub.clone(), identity, Arc::clone(clock), tell).map_err(RunError::Uplink)
}

/// PINs are compared on a thread of their own: a comparison takes as long as thirty cards.
fn start_checker(wake: SyncSender<Wake>) -> std::io::Result<Sender<Box<PinCheck>>> {
    let (checks, inbox) = channel::<Box<PinCheck>>();
    std::thread::Builder::new().name("pins".into()).spawn(move || {
        while let Ok(check) = inbox.recv() {
            if wake.send(Wake::Core(check.run())).is_err() {
                return;
            }
        }
    })?;
    Ok(checks)
}

fn open_gpios(config: &Config, wake: &SyncSender<Wake>) -> Result<Vec<Option<gpio::Output>>, RunError> {
    let mut outputs = Vec::new();
    for (index, door) in config.doors.iter().enumerate() {
        let failed = |what| move |source| RunError::Wire { door: door.id, what, source };
        outputs.push(gpio::Output::open(&door.lock, door.fails == Fails::Safe).map_err(failed("lock"))?);
        let to = wake.clone();
        let contact = move |open| drop(to.send(Wake::Core(Input::Contact(index, open))));
        gpio::watch(&door.contact, contact).map_err(failed("contact"))?;
        let to = wake.clone();
        let exit = move |pressed| drop(to.send(Wake::Core(Input::Exit(index, pressed))));
        gpio::watch(&door.exit, exit).map_err(failed("exit button"))?;
    }
    Ok(outputs)
}

struct Machine {
    core: Core<RealDisk>,
    config: Config,
    wiring: Arc<Wiring>,
    clock: Arc<dyn Clock>,
    lines: Vec<Line>,
    gpios: Vec<Option<gpio::Output>>,
    uplink: Uplink,
    from_hub: Receiver<Input>,
    checks: Sender<Box<PinCheck>>,
    pins: Pins<RealDisk>,
    shown: Arc<Mutex<Vec<(DoorId, lockward_door::State)>>>,
    released: Vec<bool>,
    /// What a reader shows when nothing else is shown, to be said again when it comes back.
    resting: Vec<lockward_door::Feedback>,
    began: std::time::Instant,
    held_at: u64,
    /// The disk failed the last time, and that was told.
    troubled: bool,
    _lock: DirLock,
}

impl Machine {
    fn run(&mut self, inbox: &Receiver<Wake>) {
        let mut inputs = Vec::new();
        let mut more = false;
        // What stands unlocked is so before its contact says that it is open: else that were a forced door.
        self.turn(&mut inputs);
        loop {
            // 1. Wait for the first; take along what else is there.
            let due = self.clock.until(self.core.wake_at()).min(HOLD_AGAIN / 2);
            let mut next = match inbox.recv_timeout(if more { Duration::ZERO } else { due }) {
                Ok(wake) => Some(wake),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.rest(),
            };
            while let Some(wake) = next {
                match wake {
                    Wake::Core(input) => inputs.push(input),
                    Wake::Hub => {}
                    Wake::Met(bus, address, device) => self.met(bus, address, device),
                    Wake::Back(bus, address) => self.back(bus, address),
                    Wake::Stop => return self.rest(),
                }
                next = if inputs.len() < TURN_MAX { inbox.try_recv().ok() } else { None };
            }
            // 2. The doors; then one word of the hub, as a turn of its own.
            self.turn(&mut inputs);
            inputs.extend(self.from_hub.try_recv().ok());
            more = !inputs.is_empty();
            if more {
                self.turn(&mut inputs);
            }
            self.hold();
            if let Ok(mut shown) = self.shown.lock() {
                shown.clear();
                shown.extend(self.core.doors());
            }
        }
    }

    /// Handle; what needs no record is done at once. Then the record, then the bolts.
    fn turn(&mut self, inputs: &mut Vec<Input>) {
        let mut effects = Vec::new();
        self.core.take(self.clock.now(), inputs, &mut effects);
        self.perform(&mut effects);
        loop {
            let kept = self.core.commit_by(|| self.clock.now(), &mut effects);
            self.perform(&mut effects);
            match kept {
                Ok(true) => {}
                Ok(false) => break self.troubled = false,
                Err(error) => {
                    if !std::mem::replace(&mut self.troubled, true) {
                        match error {
                            MemoryError::NoKey => info!(%error, "nobody is let in before that"),
                            error => {
                                error!(%error, "no record, no opening: nobody is let in until this is mended");
                            }
                        }
                    }
                    break;
                }
            }
        }
    }

    /// The end: lines close, and outputs on them let go by themselves, each to where its door fails.
    fn rest(&mut self) {
        info!("stopping");
        for line in &mut self.lines {
            line.order(Order::Stop);
        }
        self.uplink.hang_up();
    }

    fn perform(&mut self, effects: &mut Vec<Effect>) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Release(door) => self.set(door, true),
                Effect::Lock(door) => self.set(door, false),
                Effect::Feedback(door, feedback) => self.show(door, feedback),
                Effect::Send(message) => self.uplink.say(message),
                Effect::CheckPin(check) => drop(self.checks.send(check)),
                Effect::HangUp => self.uplink.hang_up(),
            }
        }
    }

    fn set(&mut self, door: usize, released: bool) {
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
    fn hold(&mut self) {
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

    fn show(&mut self, door: usize, shown: lockward_door::Feedback) {
        use lockward_door::Feedback;
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

    fn met(&mut self, bus: usize, address: u8, device: Device) {
        let Some(name) = self.config.buses.get(bus).map(|b| b.name.clone()) else { return };
        info!(bus = %name, address, ?device, "a device was met for the first time, and is the one from now on");
        if let Err(error) = self.pins.meet(&name, address, device) {
            warn!(%error, "the device could not be noted");
        }
    }

    /// A device that is back has lost its state: outputs and lights are said again.
    fn back(&mut self, bus: usize, address: u8) {
        let name = self.config.buses.get(bus).map(|b| b.name.clone()).unwrap_or_default();
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
}
