//! A door's wires, a lift's cabin, and what tells of the building.

use super::file::{FileBuilding, FileCabin, FileDoor, FileReader, Wire};
use super::input::{self, InputWiring};
use lockward_model::{DoorId, InputName, Side};
use serde::Deserialize;
use std::path::PathBuf;

/// Where a lock goes when its power is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fails {
    /// Unlocked without power: the output is active while locked.
    Safe,
    /// Locked without power: the output is active while released.
    Secure,
}

/// What the file says where a danger is taken on with open eyes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Accepted {
    Accepted,
}

/// What moves a bolt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum Lock {
    /// A line of a GPIO chip, through the Linux character device.
    Gpio {
        /// `/dev/gpiochip0`.
        chip: PathBuf,
        /// Its offset on the chip.
        line: u32,
        /// True where a low level means "active".
        active_low: bool,
    },
    /// An output of an OSDP device.
    Osdp {
        /// Which bus.
        bus: String,
        /// Which device.
        address: u8,
        /// Its output, from 0.
        number: u8,
    },
    /// A coil of a Modbus board.
    Modbus {
        /// Which board.
        board: String,
        /// Its coil, from 0.
        coil: u16,
    },
    /// Not there in metal: for trying things out.
    Simulated,
}

/// A reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderWiring {
    /// Which bus.
    pub bus: String,
    /// Its address there.
    pub address: u8,
    /// Whether it takes a PIN.
    pub keypad: bool,
}

/// A door's wires.
#[derive(Debug, Clone)]
pub struct DoorWiring {
    /// Which door of the site.
    pub id: DoorId,
    /// Where it goes without power.
    pub fails: Fails,
    /// The reader for those who enter; for a lift's floor, that of its cabin.
    pub reader: Option<ReaderWiring>,
    /// The reader for those who leave.
    pub exit_reader: Option<ReaderWiring>,
    /// What moves the bolt.
    pub lock: Lock,
    /// Active while the leaf is open.
    pub contact: Option<InputWiring>,
    /// Active while somebody asks to leave.
    pub exit: Option<InputWiring>,
    /// Active while the bolt is out of the frame: the door can be opened.
    pub bolt: Option<InputWiring>,
    /// Active while a floor's button is pressed in the cabin: says for which floor a card is meant.
    pub button: Option<InputWiring>,
    /// Active while the lift goes to this floor, or stands there.
    pub called: Option<InputWiring>,
    /// The file accepts that the lock hangs on the reader outside.
    pub lock_outside: bool,
}

impl DoorWiring {
    /// A door of which nothing is there in metal, and that tells nothing.
    #[must_use]
    pub fn simulated(id: DoorId) -> Self {
        Self {
            id,
            fails: Fails::Secure,
            reader: None,
            exit_reader: None,
            lock: Lock::Simulated,
            contact: None,
            exit: None,
            bolt: None,
            button: None,
            called: None,
            lock_outside: false,
        }
    }

    /// Its readers.
    pub fn readers(&self) -> impl Iterator<Item = (Side, &ReaderWiring)> {
        let outside = self.reader.iter().map(|r| (Side::Entry, r));
        outside.chain(self.exit_reader.iter().map(|r| (Side::Exit, r)))
    }

    /// Its inputs, each with the word for it in the file.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&'static str, &InputWiring)> {
        let all = [
            ("contact", &self.contact),
            ("exit", &self.exit),
            ("bolt", &self.bolt),
            ("button", &self.button),
            ("called", &self.called),
        ];
        all.into_iter().filter_map(|(what, input)| Some((what, input.as_ref()?)))
    }

    /// Whether its lock hangs on the reader that those who want in can reach.
    pub(crate) fn lock_is_outside(&self) -> bool {
        let Lock::Osdp { bus, address, .. } = &self.lock else { return false };
        self.reader.as_ref().is_some_and(|r| r.bus == *bus && r.address == *address)
    }
}

/// What the cabinet and the building tell. Each is active while there is something to worry about.
#[derive(Debug, Clone, Default)]
pub struct Building {
    /// The mains are gone.
    pub power: Option<InputWiring>,
    /// The battery will not last.
    pub battery: Option<InputWiring>,
    /// The fire alarm system calls.
    pub fire: Option<InputWiring>,
    /// The cabinet is open.
    pub tamper: Option<InputWiring>,
}

impl Building {
    /// Those that are wired.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (InputName, &InputWiring)> {
        let all = [
            (InputName::Power, &self.power),
            (InputName::Battery, &self.battery),
            (InputName::Fire, &self.fire),
            (InputName::Tamper, &self.tamper),
        ];
        all.into_iter().filter_map(|(name, input)| Some((name, input.as_ref()?)))
    }
}

/// A lift's cabin: one reader for several floors, each of which is a door.
#[derive(Debug, Clone)]
pub struct CabinWiring {
    /// Its name in this file.
    pub name: String,
    /// Its reader.
    pub reader: ReaderWiring,
    /// Its floors: indices into the doors.
    pub floors: Vec<usize>,
}

pub(super) fn read(door: FileDoor) -> Result<DoorWiring, String> {
    let id: DoorId = door.id.parse().map_err(|e| format!("door: {e}"))?;
    let wire = |what: &str, wire: Option<Wire>| {
        let input = wire.map(input::read).transpose().map_err(|e| format!("door `{id}`, `{what}`: {e}"));
        input.map(Option::flatten)
    };
    Ok(DoorWiring {
        id,
        fails: door.fails,
        reader: door.reader.map(reader),
        exit_reader: door.exit_reader.map(reader),
        lock: door.lock,
        contact: wire("contact", Some(door.contact))?,
        exit: wire("exit", Some(door.exit))?,
        bolt: wire("bolt", door.bolt)?,
        button: wire("button", door.button)?,
        called: wire("called", door.called)?,
        lock_outside: door.lock_outside.is_some(),
    })
}

fn reader(r: FileReader) -> ReaderWiring {
    ReaderWiring { bus: r.bus, address: r.address, keypad: r.keypad }
}

pub(super) fn building(file: FileBuilding) -> Result<Building, String> {
    let about = |what: &'static str| move |e| format!("[building], `{what}`: {e}");
    Ok(Building {
        power: input::read_or_device(file.power).map_err(about("power"))?,
        battery: input::read(file.battery).map_err(about("battery"))?,
        fire: input::read(file.fire).map_err(about("fire"))?,
        tamper: input::read_or_device(file.tamper).map_err(about("tamper"))?,
    })
}

/// Reads a cabin, and gives its reader to its floors.
pub(super) fn cabin(cabin: FileCabin, doors: &mut [DoorWiring]) -> Result<CabinWiring, String> {
    let (name, reader) = (cabin.name, reader(cabin.reader));
    let mut floors = Vec::new();
    for floor in &cabin.floors {
        let found = doors.iter().position(|d| d.id.to_string() == *floor);
        let Some((index, door)) = found.and_then(|i| Some((i, doors.get_mut(i)?))) else {
            return Err(format!("cabin `{name}` goes to `{floor}`, which is no [[door]] of this file"));
        };
        if door.reader.replace(reader.clone()).is_some() {
            return Err(format!(
                "door `{floor}` has a `reader` and is a floor of cabin `{name}`, or is in two cabins: a floor has the \
                 reader of its one cabin"
            ));
        }
        floors.push(index);
    }
    if floors.is_empty() {
        return Err(format!("cabin `{name}` has no floors"));
    }
    Ok(CabinWiring { name, reader, floors })
}
