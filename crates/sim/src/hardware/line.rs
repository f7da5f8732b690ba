//! One line: the devices that share it, and the hands that move what hangs on it.

use super::board::Board;
use super::device::{Device, lock_board, reader};
use super::reader::{Face, Light, Signal};
use super::serving::{Place, Shared, State, Terminal};
use crate::card::Card;
use crate::clock::real_now;
use core::time::Duration;
use lockward_controller::config::Port;
use lockward_model::DoorId;
use lockward_osdp::pd::Pd;
use lockward_osdp::reply::{CardFormat, Digits};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How long somebody presses a button.
const PRESS: Duration = Duration::from_millis(60);

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

/// A line with its devices, alive until it is dropped.
pub struct Bus {
    shared: Arc<Shared>,
    port: Port,
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
        let port = Port::Tcp(listener.local_addr()?.to_string());
        Self::run(settings, port, move |line| line.serve(&listener))
    }

    /// The same at a pseudo-terminal, which a controller opens as it does a serial device.
    ///
    /// # Errors
    /// The terminal's.
    pub fn start_serial(settings: LineSettings) -> io::Result<Self> {
        let (terminal, path) = Terminal::open()?;
        Self::run(settings, Port::Serial(path), move |line| line.serve_at(terminal))
    }

    fn run(
        settings: LineSettings,
        port: Port,
        serve: impl FnOnce(&Shared) + Send + 'static,
    ) -> io::Result<Self> {
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
        let thread = std::thread::Builder::new().name("line".into()).spawn(move || serve(&line))?;
        Ok(Self { shared, port, thread: Some(thread) })
    }

    /// Where the panel finds it.
    #[must_use]
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// The same, as `door.toml` has it.
    #[must_use]
    pub fn in_door_toml(&self) -> String {
        match &self.port {
            Port::Serial(path) => format!("serial = \"{}\"", path.display()),
            Port::Tcp(address) => format!("tcp = \"{address}\""),
        }
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
        // Longer than a contact bounces: nobody presses for less.
        crate::clock::pause(PRESS);
        self.set_input(door, Board::exit, false);
    }

    /// Whether the bolt is back now.
    #[must_use]
    pub fn bolt_released(&self, door: DoorId) -> bool {
        let state = self.shared.state();
        state.places.get(&door).is_some_and(|place| state.board.is_released(place.number))
    }

    /// How often the bolt went back since the line has power: commands are counted as they come, so that none is missed.
    #[must_use]
    pub fn releases(&self, door: DoorId) -> u64 {
        let mut state = self.shared.state();
        state.board.look_at_bolts();
        state.places.get(&door).map_or(0, |place| state.board.releases(place.number))
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
