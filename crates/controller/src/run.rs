//! Starts a controller: its folder, its wires and its threads, and the loop between them.

use crate::clerk::Clerk;
use crate::clock::Clock;
use crate::config::{BusWiring, Config};
use crate::core::{Core, Input, PinCheck};
use crate::identity::Identity;
use crate::machine::{Machine, Wake};
use crate::memory::{Memory, MemoryError};
use crate::outputs::Outputs;
use crate::pins::Pins;
use crate::uplink::{self, Uplink};
use crate::wiring::Wiring;
use crate::{dice, open};
use lockward_model::DoorId;
use lockward_store::{DirLock, Disk, LockError, RealDisk};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use tracing::warn;

/// What waits for the loop: 64 doors with a full second of keys, cards and contacts each, and the hub's messages.
const INBOX_MAX: usize = 4_096;
/// Messages of the hub that wait. One is taken in a turn, after everything from the doors: a hub that talks a lot keeps
/// nobody waiting.
const HUB_INBOX_MAX: usize = 64;

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
    /// A wire of the building can not be used.
    #[error("[building]: {what} can not be used")]
    Building {
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
    /// A thread can not be started.
    #[error("the controller's threads can not be started")]
    Thread(#[source] std::io::Error),
    /// Devices as they were first met can not be read.
    #[error("the list of known readers can not be read")]
    Pins(#[from] crate::pins::PinsError),
}

/// What is asked of a controller when it starts.
#[derive(Default)]
pub struct Options {
    /// Open the pairing window for this device (bus, address).
    pub pair: Option<(String, u8)>,
    /// Forget who this device was, so that the next one there is taken for good.
    pub forget: Option<(String, u8)>,
}

/// Stops a running controller from wherever a reason to is heard.
pub struct Stopper(SyncSender<Wake>);

impl Stopper {
    /// Asks it to stop: what happened is kept, and every output goes to where its door fails without power.
    pub fn stop(self) {
        // One that has ended needs no telling.
        let _ = self.0.send(Wake::Stop);
    }
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

    /// What stops it from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.wake.clone())
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
    start_on(RealDisk, config, options, clock)
}

/// [`start`] on another disk, whose folder has to exist on this machine's too: its lock is there.
///
/// # Errors
/// As [`start`].
pub fn start_on<D>(
    disk: D,
    config: Config,
    options: &Options,
    clock: Arc<dyn Clock>,
) -> Result<Running, RunError>
where
    D: Disk<File: Send> + Clone + Send + 'static,
{
    for (bus, address) in options.pair.iter().chain(&options.forget) {
        let described = |b: &BusWiring| b.name == *bus && b.devices.iter().any(|d| d.address == *address);
        if !config.buses.iter().any(described) {
            return Err(RunError::NoDevice { bus: bus.clone(), address: *address });
        }
    }
    let lock = DirLock::take(&config.folder)?;
    let memory = Memory::open(disk.clone(), &config.folder, u64::from_be_bytes(dice::bytes()))?;
    let mut pins = Pins::read(disk.clone(), &config.folder)?;
    if let Some((bus, address)) = &options.forget {
        pins.forget(disk.clone(), &config.folder, bus, *address)?;
    }
    let mut effects = Vec::new();
    let (core, mut keeper) =
        Core::start(memory, &config.doors, clock.now(), Box::new(dice::bytes), &mut effects)?;
    keeper.lock = Some(lock);

    let (wake, inbox) = sync_channel(INBOX_MAX);
    config.warnings().iter().for_each(|warning| warn!("{warning}"));
    let ears = open::ears(&config, wake.clone())?;
    open::inputs(&config, &ears)?;
    let boards = open::boards(&config, &ears)?;
    let wiring = Arc::new(Wiring::new(&config, site_of(&core)));
    let lines = open::lines(&config, options, &wiring, &pins, &wake, &ears)?;
    let (hub, from_hub) = sync_channel(HUB_INBOX_MAX);
    let uplink = start_uplink(disk, &config, &clock, hub, &wake)?;
    let checks = start_checker(wake.clone()).map_err(RunError::Thread)?;
    // Last of all wires: a start that fails at another has moved no bolt.
    let gpios = open::gpios(&config)?;
    let done = wake.clone();
    // A loop that has ended wants nothing back.
    let clerk =
        Clerk::start(keeper, move |job| drop(done.send(Wake::Done(job)))).map_err(RunError::Thread)?;
    let doors = Arc::new(Mutex::new(Vec::new()));
    let outputs = Outputs::new(config, lines, boards, gpios);
    let shown = Arc::clone(&doors);
    let mut machine = Machine { core, clock, outputs, uplink, from_hub, checks, pins, shown };
    machine.perform(&mut effects);
    let loop_thread = std::thread::Builder::new()
        .name("doors".into())
        .spawn(move || machine.run(&inbox, clerk))
        .map_err(RunError::Thread)?;
    Ok(Running { wake, loop_thread: Some(loop_thread), doors })
}

fn start_uplink<D: Disk + Clone + Send + 'static>(
    disk: D,
    config: &Config,
    clock: &Arc<dyn Clock>,
    hub: SyncSender<Input>,
    wake: &SyncSender<Wake>,
) -> Result<Uplink, RunError> {
    let (folder, wake) = (config.folder.clone(), wake.clone());
    let identity = move || Identity::read(disk.clone(), &folder).ok();
    let tell = move |input| {
        // The loop may have ended: so has the link's purpose. If its inbox is full it is awake already.
        let _ = hub.send(input);
        let _ = wake.try_send(Wake::Hub);
    };
    uplink::start(config.hub.clone(), identity, Arc::clone(clock), tell).map_err(RunError::Thread)
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

/// What public-key cards are told of the site: half of its id.
fn site_of(core: &Core) -> [u8; 16] {
    core.known.identity.site.0.first_chunk().copied().unwrap_or_default()
}
