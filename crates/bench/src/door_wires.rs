//! What an installer leaves at the busy controller: lines with simulated readers and lock boards, keys, and `door.toml`.

use crate::dice::Dice;
use crate::door_busy::DOORS;
use crate::rounds::Failed;
use crate::world::door_id;
use core::fmt::Write as _;
use lockward_model::DoorId;
use lockward_osdp::key::Scbk;
use lockward_sim::hardware::{Board, Bus, Device, LineSettings, Mounted};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The board's address on each line, above every reader's.
const BOARD: u8 = 100;

/// A line with its share of the doors.
pub(crate) struct Wired {
    pub(crate) bus: Bus,
    pub(crate) doors: Vec<DoorId>,
}

/// Wires the doors of a line: a key for each device in a file, as an installer leaves it.
pub(crate) fn line(dir: &Path, line: usize, lines: usize, baud: u32) -> Result<Wired, Failed> {
    let device = |address: u8| {
        let serial = u32::try_from(line)? * 256 + u32::from(address);
        let key: [u8; 16] = Dice::new(u64::from(serial) + 1).bytes();
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(dir.join(key_file(line, address)))?;
        file.write_all(lockward_wire::hex(&key).as_bytes())?;
        Ok::<_, Failed>(Device { address, key: Scbk::new(key)?, serial })
    };
    let doors = (0..DOORS).filter(|door| door % lines == line).map(door_id).collect::<Result<Vec<_>, _>>()?;
    let mount = |(address, door): (u8, &DoorId)| {
        Ok(Mounted { door: *door, reader: device(address)?, fails_safe: false })
    };
    let mounted = (0..).zip(&doors).map(mount).collect::<Result<Vec<_>, Failed>>()?;
    let bus = Bus::start_serial(LineSettings { baud, doors: mounted, board: device(BOARD)? })?;
    Ok(Wired { bus, doors })
}

fn key_file(line: usize, address: u8) -> String {
    format!("line-{line}-{address}.key")
}

/// The installer's file. Nobody listens where its hub should be.
pub(crate) fn door_toml(lines: &[Wired], baud: u32) -> Result<String, Failed> {
    let mut out = String::from("controller = \"bench\"\nfolder = \"store\"\nhub = \"127.0.0.1:1\"\n");
    for (n, line) in lines.iter().enumerate() {
        writeln!(out, "[[bus]]\nname = \"line{n}\"\n{}\nbaud = {baud}", line.bus.in_door_toml())?;
        let readers = (0u8..).zip(&line.doors).map(|(address, _)| address);
        for address in readers.chain([BOARD]) {
            writeln!(out, "[[bus.device]]\naddress = {address}\nkey_file = \"{}\"", key_file(n, address))?;
        }
    }
    writeln!(out, "[building]\npower = \"none\"\nbattery = \"none\"\nfire = \"none\"\ntamper = \"none\"")?;
    for (n, line) in lines.iter().enumerate() {
        for (number, door) in (0u8..).zip(&line.doors) {
            let at =
                |number: u8| format!("osdp = {{ bus = \"line{n}\", address = {BOARD}, number = {number} }}");
            writeln!(out, "[[door]]\nid = \"{door}\"\nfails = \"secure\"\nlock = {{ {} }}", at(number))?;
            writeln!(out, "reader = {{ bus = \"line{n}\", address = {number}, keypad = false }}")?;
            writeln!(out, "contact = {{ {}, active = \"closed\" }}", at(Board::contact(number)))?;
            writeln!(out, "exit = {{ {}, active = \"closed\" }}", at(Board::exit(number)))?;
        }
    }
    Ok(out)
}
