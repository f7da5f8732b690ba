//! One line: a listener, the devices that share its bytes, and the hands that move what hangs on it.

use super::board::Board;
use super::reader::{Face, Light, Signal};
use crate::card::Card;
use crate::clock::{pause, real_now};
use core::time::Duration;
use lockward_model::DoorId;
use lockward_osdp::command::PdCommand;
use lockward_osdp::key::Scbk;
use lockward_osdp::pd::{Pd, PdOutput, PdSettings};
use lockward_osdp::reply::{Capability, CardFormat, Digits, Identity, function};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tracing::debug;

/// How long a quiet line waits before it looks whether it shall end.
const QUIET: Duration = Duration::from_millis(100);
/// The most that is read at once: two of the longest frames.
const READ_BYTES: usize = 3 * 1024;
/// Start bit, eight bits, stop bit.
const BITS_A_BYTE: u64 = 10;

/// A device on the line.
pub struct Device {
    /// 0 to 126.
    pub address: u8,
    /// Its key, as its installer set it.
    pub key: Scbk,
    /// Its serial number: another one is another device.
    pub serial: u32,
}

/// A door with its wires on this line.
pub struct Mounted {
    /// Which door.
    pub door: DoorId,
    /// Its reader, which has a keypad.
    pub reader: Device,
    /// Whether its lock is open without power.
    pub fails_safe: bool,
}

/// What hangs on a line.
pub struct LineSettings {
    /// Bits per second; the devices take the time that their bytes would.
    pub baud: u32,
    /// The doors, in the order of the board's outputs.
    pub doors: Vec<Mounted>,
    /// The board that moves their bolts.
    pub board: Device,
}

/// Where a door's things are.
#[derive(Clone, Copy)]
struct Place {
    /// Index of its reader among the devices.
    reader: usize,
    /// Its number on the board.
    number: u8,
}

struct State {
    devices: Vec<Pd>,
    faces: Vec<Face>,
    places: BTreeMap<DoorId, Place>,
    board: Board,
    plugged: bool,
    ended: bool,
}

struct Shared {
    state: Mutex<State>,
    /// Rings whenever a device was told something.
    told: Condvar,
    baud: u32,
    began: Instant,
}

/// A line with its devices, alive until it is dropped.
pub struct Bus {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Bus {
    /// Powers the devices up, and listens on a free port of this machine.
    ///
    /// # Errors
    /// The listener's.
    pub fn start(settings: LineSettings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let mut places = BTreeMap::new();
        let fails_safe = settings.doors.iter().map(|d| d.fails_safe).collect();
        let (mut devices, mut faces) = (Vec::new(), Vec::new());
        for (number, door) in (0..).zip(settings.doors) {
            places.insert(door.door, Place { reader: devices.len(), number });
            devices.push(Pd::new(reader(door.reader), Box::new(lockward_controller::dice::bytes)));
            faces.push(Face::default());
        }
        let board = Board::new(fails_safe);
        let mut pd = Pd::new(lock_board(settings.board), Box::new(lockward_controller::dice::bytes));
        pd.set_inputs(board.inputs());
        devices.push(pd);
        let state = State { devices, faces, places, board, plugged: true, ended: false };
        let (state, told, baud) = (Mutex::new(state), Condvar::new(), settings.baud.max(300));
        let shared = Arc::new(Shared { state, told, baud, began: real_now() });
        let line = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("line".into()).spawn(move || line.serve(&listener))?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where the panel connects to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds a card to a door's reader. False if the reader is not in session: nothing was read.
    pub fn present_card(&self, door: DoorId, card: &Card) -> bool {
        let read = card.read();
        self.reader(door, |pd| read.is_some_and(|read| pd.present_card(CardFormat::Wiegand, read)))
    }

    /// Presses keys at a door's reader: digits, `*` and `#`. False as for a card.
    pub fn press(&self, door: DoorId, keys: &str) -> bool {
        let code = |key| match key {
            b'*' => 0x7f,
            b'#' => 0x0d,
            digit => digit,
        };
        let digits = Digits(keys.bytes().map(code).collect());
        self.reader(door, |pd| pd.press(digits))
    }

    /// Opens the leaf, whatever the bolt says: who looks at the bolt first is no burglar.
    pub fn open_leaf(&self, door: DoorId) {
        self.set_input(door, Board::contact, true);
    }

    /// Closes it.
    pub fn close_leaf(&self, door: DoorId) {
        self.set_input(door, Board::contact, false);
    }

    /// Presses the exit button, and lets it go.
    pub fn press_exit(&self, door: DoorId) {
        self.set_input(door, Board::exit, true);
        self.set_input(door, Board::exit, false);
    }

    /// Whether the bolt is back now.
    #[must_use]
    pub fn bolt_released(&self, door: DoorId) -> bool {
        let state = self.shared.state();
        state.places.get(&door).is_some_and(|place| state.board.is_released(place.number))
    }

    /// Whether the leaf is open.
    #[must_use]
    pub fn leaf_open(&self, door: DoorId) -> bool {
        let state = self.shared.state();
        state.places.get(&door).is_some_and(|place| state.board.input(Board::contact(place.number)))
    }

    /// What the door's reader shows.
    #[must_use]
    pub fn led(&self, door: DoorId) -> Option<Light> {
        self.shared.state().face(door).map(Face::shown)
    }

    /// Whether the door's reader sounds without end.
    #[must_use]
    pub fn sounds(&self, door: DoorId) -> bool {
        self.shared.state().face(door).is_some_and(Face::sounds)
    }

    /// Whether every device is in a session under its own key.
    #[must_use]
    pub fn is_online(&self) -> bool {
        let state = self.shared.state();
        state.plugged && state.devices.iter().all(Pd::is_secure)
    }

    /// How many signals a door's reader has given.
    #[must_use]
    pub fn signals(&self, door: DoorId) -> u64 {
        self.shared.state().face(door).map_or(0, |face| face.told().0)
    }

    /// Waits for a signal beyond the first `seen`: the last one, and how many there were. `None` when there was none
    /// within `patience` of real time.
    #[must_use]
    pub fn await_signal(&self, door: DoorId, seen: u64, patience: Duration) -> Option<(u64, Signal)> {
        self.await_state(patience, |state| match state.face(door)?.told() {
            (told, Some(signal)) if told > seen => Some((told, signal)),
            _ => None,
        })
    }

    /// Waits until the bolt is back. False if it is not within `patience` of real time.
    #[must_use]
    pub fn await_release(&self, door: DoorId, patience: Duration) -> bool {
        let released = |state: &State| {
            let place = state.places.get(&door)?;
            state.board.is_released(place.number).then_some(())
        };
        self.await_state(patience, released).is_some()
    }

    /// Cuts the line: no byte passes.
    pub fn pull_cable(&self) {
        self.shared.state().plugged = false;
    }

    /// Mends it.
    pub fn plug_cable(&self) {
        self.shared.state().plugged = true;
    }

    fn await_state<T>(&self, patience: Duration, look: impl Fn(&State) -> Option<T>) -> Option<T> {
        let until = real_now() + patience;
        let mut state = self.shared.state();
        loop {
            if let Some(found) = look(&state) {
                return Some(found);
            }
            let left = until.saturating_duration_since(real_now());
            if left.is_zero() {
                return None;
            }
            let waited = self.shared.told.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn reader(&self, door: DoorId, act: impl FnOnce(&mut Pd) -> bool) -> bool {
        let mut state = self.shared.state();
        let place = state.places.get(&door).copied();
        place.and_then(|place| state.devices.get_mut(place.reader)).is_some_and(act)
    }

    fn set_input(&self, door: DoorId, input: fn(u8) -> u8, active: bool) {
        let mut state = self.shared.state();
        let Some(place) = state.places.get(&door).copied() else { return };
        if let Some(inputs) = state.board.set(input(place.number), active)
            && let Some(pd) = state.devices.last_mut()
        {
            pd.set_inputs(inputs);
        }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.shared.state().ended = true;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    fn face(&self, door: DoorId) -> Option<&Face> {
        self.faces.get(self.places.get(&door)?.reader)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One panel after the other: a line has one.
    fn serve(&self, listener: &TcpListener) {
        while !self.state().ended {
            match listener.accept() {
                Ok((stream, _)) => {
                    if let Err(error) = self.attend(stream) {
                        debug!(%error, "a panel left its line");
                    }
                }
                Err(_) => pause(QUIET / 4),
            }
        }
    }

    fn attend(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(QUIET))?;
        let (mut buffer, mut out) = (vec![0; READ_BYTES], Vec::new());
        loop {
            let read = match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => buffer.get(..n).unwrap_or_default(),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => &[],
                Err(e) => return Err(e),
            };
            if self.state().ended {
                return Ok(());
            }
            if read.is_empty() {
                continue;
            }
            let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.hear(micros, read, &mut out);
            // A command takes its time to come in, a reply to go out.
            pause(self.characters(read.len() + out.len()));
            stream.write_all(&out)?;
            out.clear();
        }
    }

    fn characters(&self, bytes: usize) -> Duration {
        Duration::from_micros(bytes as u64 * BITS_A_BYTE * 1_000_000 / u64::from(self.baud))
    }

    /// Every device hears the panel; at most one of them answers.
    fn hear(&self, micros: u64, bytes: &[u8], out: &mut Vec<u8>) {
        let mut guard = self.state();
        let state = &mut *guard;
        if !state.plugged {
            return;
        }
        let mut outputs = Vec::new();
        let mut told = false;
        for (index, pd) in state.devices.iter_mut().enumerate() {
            pd.handle(micros, bytes, &mut outputs);
            for output in outputs.drain(..) {
                match (output, state.faces.get_mut(index)) {
                    (PdOutput::Transmit(reply), _) => out.extend_from_slice(&reply),
                    (PdOutput::Command(command), Some(face)) => {
                        face.take(&command);
                        told = true;
                    }
                    (PdOutput::Command(PdCommand::Output(number, control)), None) => {
                        state.board.take(number, control);
                        told = true;
                    }
                    (PdOutput::Command(_) | PdOutput::Keyed(_), _) => {}
                }
            }
        }
        drop(guard);
        if told {
            self.told.notify_all();
        }
    }
}

fn reader(device: Device) -> PdSettings {
    let can = [
        (function::CARD_DATA, 1, 0),
        (function::LED, 2, 1),
        (function::BUZZER, 2, 1),
        (function::CRC, 1, 0),
        (function::SECURITY, 1, 0),
        (function::READERS, 0, 1),
    ];
    settings(device, 1, &can)
}

fn lock_board(device: Device) -> PdSettings {
    // Counts that no panel here looks at; 16 of each is a common board.
    let can =
        [(function::CONTACTS, 2, 16), (function::OUTPUTS, 2, 8), (function::CRC, 1, 0), (function::SECURITY, 1, 0)];
    settings(device, 2, &can)
}

fn settings(device: Device, model: u8, can: &[(u8, u8, u8)]) -> PdSettings {
    // An OUI with the local bit: no maker's.
    let vendor = [0x02, 0x4c, 0x57];
    let identity = Identity { vendor, model, version: 1, serial: device.serial, firmware: [1, 0, 0] };
    let capability = |(function, level, items): &(u8, u8, u8)| Capability {
        function: *function,
        level: *level,
        items: *items,
    };
    PdSettings {
        address: device.address,
        key: Some(device.key),
        install: false,
        identity,
        capabilities: can.iter().map(capability).collect(),
    }
}
