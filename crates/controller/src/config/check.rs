//! What no single line of the file can show: names that do not meet, wires that meet twice, locks that hang outside.

use super::Config;
use super::door::{DoorWiring, Lock};
use super::input::Source;
use lockward_osdp::bus::{BAUD_MAX, BAUD_MIN};
use lockward_osdp::frame::ADDRESS_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One wire of metal. A GPIO line is one whichever way it is used; devices count inputs and outputs apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Metal<'a> {
    Gpio(&'a Path, u32),
    OsdpInput(&'a str, u8, u8),
    OsdpOutput(&'a str, u8, u8),
    Input(&'a str, u16),
    Register(&'a str, u16),
    Coil(&'a str, u16),
    Adc(&'a Path),
}

impl Config {
    pub(super) fn check(&self) -> Result<(), String> {
        let port = self.hub.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        if port.is_none_or(|(host, _)| host.is_empty()) {
            let hub = &self.hub;
            return Err(format!("`hub` is `{hub}`; give its address and port, such as `hub.example:8443`"));
        }
        self.check_buses()?;
        self.check_boards()?;
        self.check_readers()?;
        let mut ids = BTreeSet::new();
        for door in &self.doors {
            if !ids.insert(door.id) {
                return Err(format!("two doors are called `{}`", door.id));
            }
            self.check_topology(door)?;
        }
        self.check_wires()
    }

    fn check_buses(&self) -> Result<(), String> {
        let (mut names, mut ports) = (BTreeSet::new(), BTreeSet::new());
        for bus in &self.buses {
            let (name, baud) = (&bus.name, bus.baud);
            if !(BAUD_MIN..=BAUD_MAX).contains(&baud) {
                return Err(format!("bus `{name}`: {baud} baud is outside {BAUD_MIN} to {BAUD_MAX}"));
            }
            let mut addresses = BTreeSet::new();
            for address in bus.devices.iter().map(|d| d.address) {
                if address > ADDRESS_MAX {
                    return Err(format!(
                        "bus `{name}`: {address} is no device's address; use 0 to {ADDRESS_MAX}"
                    ));
                }
                if !addresses.insert(address) {
                    return Err(format!("bus `{name}` has two devices at one address"));
                }
            }
            if !names.insert(name) {
                return Err(format!("two buses are called `{name}`"));
            }
            if !ports.insert(&bus.port) {
                return Err(format!("bus `{name}` is on a line that another bus is on already"));
            }
        }
        Ok(())
    }

    fn check_boards(&self) -> Result<(), String> {
        let (mut names, mut lines) = (BTreeSet::new(), BTreeMap::new());
        for board in &self.boards {
            let name = &board.name;
            if !names.insert(name) {
                return Err(format!("two boards are called `{name}`"));
            }
            // A frame of the one is noise to the other, and Modbus has no secure channel to hold it off.
            if let Some(bus) = self.buses.iter().find(|b| b.port == board.port) {
                return Err(format!(
                    "board `{name}` is on the line of bus `{}`: Modbus and OSDP share no line; give the board one \
                     of its own, inside the cabinet",
                    bus.name
                ));
            }
            let units = lines.entry(&board.port).or_insert((board.serial, BTreeSet::new()));
            if units.0 != board.serial {
                return Err(format!("board `{name}`: boards of one line have one `baud` and one `parity`"));
            }
            if !units.1.insert(board.unit) {
                return Err(format!("board `{name}` has unit {}, as another board of its line", board.unit));
            }
        }
        Ok(())
    }

    /// Every reader is described, and serves one side of one door, or one cabin.
    fn check_readers(&self) -> Result<(), String> {
        let mut taken = BTreeSet::new();
        let mut take = |whose: String, bus: &str, address: u8| {
            self.device(&whose, bus, address)?;
            if taken.insert((bus.to_owned(), address)) {
                return Ok(());
            }
            Err(format!("the reader of {whose} (bus `{bus}`, address {address}) serves another door already"))
        };
        for cabin in &self.cabins {
            take(format!("cabin `{}`", cabin.name), &cabin.reader.bus, cabin.reader.address)?;
        }
        for (index, door) in self.doors.iter().enumerate() {
            let in_cabin = self.cabins.iter().any(|c| c.floors.contains(&index));
            let own = door.reader.iter().filter(|_| !in_cabin).chain(&door.exit_reader);
            for reader in own {
                take(format!("door `{}`", door.id), &reader.bus, reader.address)?;
            }
            if door.button.is_some() && !in_cabin {
                return Err(format!(
                    "door `{}` has a `button`, which tells a cabin's reader which floor is meant, and no [[cabin]] \
                     goes there",
                    door.id
                ));
            }
        }
        Ok(())
    }

    fn device(&self, whose: &str, bus: &str, address: u8) -> Result<(), String> {
        let mut buses = self.buses.iter().filter(|b| b.name == bus);
        if buses.any(|b| b.devices.iter().any(|d| d.address == address)) {
            return Ok(());
        }
        Err(format!("{whose} names device {address} on bus `{bus}`, which no [[bus.device]] describes"))
    }

    fn board(&self, whose: &str, board: &str) -> Result<(), String> {
        if self.boards.iter().any(|b| b.name == board) {
            return Ok(());
        }
        Err(format!("{whose} names board `{board}`, which no [[board]] describes"))
    }

    /// Whoever takes a reader off the wall holds every wire that goes to it.
    fn check_topology(&self, door: &DoorWiring) -> Result<(), String> {
        let id = door.id;
        match (door.lock_is_outside(), door.lock_outside) {
            (true, false) => Err(format!(
                "[TOPOLOGY_UNSAFE] the lock of door `{id}` hangs on an output of its reader outside: whoever takes \
                 the reader off the wall holds the wires of the lock. Drive it from an output inside, or write \
                 `lock_outside = \"accepted\"`"
            )),
            (false, true) => Err(format!(
                "door `{id}`: `lock_outside` is accepted, and its lock does not hang outside; remove the line"
            )),
            _ => Ok(()),
        }
    }

    fn check_wires(&self) -> Result<(), String> {
        let mut taken = BTreeSet::new();
        let of_doors = self.doors.iter().flat_map(|d| {
            d.inputs().map(move |(what, input)| (format!("the {what} of door `{}`", d.id), input))
        });
        let of_building = self.building.inputs().map(|(name, i)| (format!("[building] {name:?}"), i));
        let inputs = of_doors.chain(of_building).map(|(whose, i)| (self.source(&whose, &i.source), whose));
        let locks = self.doors.iter().map(|door| {
            let whose = format!("the lock of door `{}`", door.id);
            (self.lock(&whose, &door.lock), whose)
        });
        for (wires, whose) in inputs.chain(locks) {
            for wire in wires? {
                if !taken.insert(wire) {
                    return Err(format!("a wire is in use twice: {whose} has one of something else"));
                }
            }
        }
        Ok(())
    }

    fn source<'a>(&self, whose: &str, source: &'a Source) -> Result<Vec<Metal<'a>>, String> {
        Ok(match source {
            Source::Gpio { chip, line, .. } => vec![Metal::Gpio(chip, *line)],
            Source::Osdp { bus, address, number } => {
                self.device(whose, bus, *address)?;
                vec![Metal::OsdpInput(bus, *address, *number)]
            }
            Source::Modbus { board, input } => {
                self.board(whose, board)?;
                vec![Metal::Input(board, *input)]
            }
            Source::Register { board, register, .. } => {
                self.board(whose, board)?;
                vec![Metal::Register(board, *register)]
            }
            Source::Adc { out, back, .. } => {
                let files = [Some(out), back.as_ref()];
                files.into_iter().flatten().map(|file| Metal::Adc(file)).collect()
            }
            // A device says the same of its power to whoever asks.
            Source::Device { bus, address } => {
                self.device(whose, bus, *address)?;
                Vec::new()
            }
            Source::Simulated => Vec::new(),
        })
    }

    fn lock<'a>(&self, whose: &str, lock: &'a Lock) -> Result<Vec<Metal<'a>>, String> {
        Ok(match lock {
            Lock::Gpio { chip, line, .. } => vec![Metal::Gpio(chip, *line)],
            Lock::Osdp { bus, address, number } => {
                self.device(whose, bus, *address)?;
                vec![Metal::OsdpOutput(bus, *address, *number)]
            }
            Lock::Modbus { board, coil } => {
                self.board(whose, board)?;
                vec![Metal::Coil(board, *coil)]
            }
            Lock::Simulated => Vec::new(),
        })
    }
}
