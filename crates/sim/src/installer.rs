//! What an installer does at a controller: keys into readers and into files, wires into `door.toml`.

use crate::hardware::{Board, Bus, Device, LineSettings, Mounted};
use crate::plan::{DoorPlan, doors};
use core::fmt::Write as _;
use lockward_controller::dice;
use lockward_model::DoorId;
use lockward_osdp::key::Scbk;
use lockward_wire::{hex, unhex};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What each line runs at: the fastest rate that OSDP readers commonly have.
const BAUD: u32 = 115_200;
/// The board's address, above every reader's: a controller has 64 doors at most.
const BOARD: u8 = 100;

/// A controller that is wired, and its line.
pub(crate) struct Wired {
    /// Its `door.toml`.
    pub(crate) config: PathBuf,
    /// Its line.
    pub(crate) bus: Bus,
    /// Its doors.
    pub(crate) doors: Vec<DoorId>,
}

/// Wires a controller in `dir`: keys are made once, `door.toml` is written anew, for the ports are others each time.
pub(crate) fn wire(dir: &Path, controller: &str, hub: SocketAddr) -> io::Result<Wired> {
    fs::create_dir_all(dir)?;
    let mine: Vec<(String, DoorPlan)> = doors()
        .into_iter()
        .filter(|(_, _, plan)| plan.controller == controller)
        .map(|(id, _, plan)| (id, plan))
        .collect();
    // Another serial number would be another device, so it is told from the controller's name and the address.
    let base = controller.bytes().fold(0x11_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    let device = |address: u8| {
        let serial = base.wrapping_mul(256).wrapping_add(u32::from(address));
        Ok::<_, io::Error>(Device { address, key: key(dir, address)?, serial })
    };
    let (mut mounted, mut ids) = (Vec::new(), Vec::new());
    for (address, (id, plan)) in (0..).zip(&mine) {
        let door: DoorId = id.parse().map_err(io::Error::other)?;
        ids.push(door);
        mounted.push(Mounted { door, reader: device(address)?, fails_safe: plan.maglock });
    }
    let bus = Bus::start(LineSettings { baud: BAUD, doors: mounted, board: device(BOARD)? })?;
    let config = dir.join("door.toml");
    fs::write(&config, door_toml(controller, hub, &bus.in_door_toml(), &mine).map_err(io::Error::other)?)?;
    Ok(Wired { config, bus, doors: ids })
}

fn door_toml(
    controller: &str,
    hub: SocketAddr,
    line: &str,
    doors: &[(String, DoorPlan)],
) -> Result<String, core::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "controller = \"{controller}\"\nfolder = \"store\"\nhub = \"{hub}\"\n")?;
    writeln!(out, "[[bus]]\nname = \"line\"\n{line}\nbaud = {BAUD}")?;
    let readers = (0u8..).zip(doors).map(|(address, _)| address);
    for address in readers.chain([BOARD]) {
        writeln!(out, "[[bus.device]]\naddress = {address}\nkey_file = \"{}\"", key_name(address))?;
    }
    writeln!(out, "\n[building]")?;
    for wire in ["power", "battery", "fire", "tamper"] {
        writeln!(out, "{wire} = \"none\"")?;
    }
    for (n, (id, plan)) in (0u8..).zip(doors) {
        let fails = if plan.maglock { "safe" } else { "secure" };
        let at = |number: u8| format!("osdp = {{ bus = \"line\", address = {BOARD}, number = {number} }}");
        let wire = |number: u8| format!("{{ {}, active = \"closed\" }}", at(number));
        writeln!(out, "\n[[door]]\nid = \"{id}\"\nfails = \"{fails}\"")?;
        writeln!(out, "reader = {{ bus = \"line\", address = {n}, keypad = true }}")?;
        writeln!(out, "lock = {{ {} }}\ncontact = {}", at(n), wire(Board::contact(n)))?;
        writeln!(out, "exit = {}", wire(Board::exit(n)))?;
    }
    Ok(out)
}

fn key_name(address: u8) -> String {
    format!("device-{address}.key")
}

/// The key of a device: from its file, or a new one.
fn key(dir: &Path, address: u8) -> io::Result<Scbk> {
    let path = dir.join(key_name(address));
    let bytes = match fs::read_to_string(&path) {
        Ok(digits) => *unhex(digits.trim()).ok_or(io::ErrorKind::InvalidData)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let fresh: [u8; 16] = dice::bytes();
            let digits = hex(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(digits.as_bytes())?;
            fresh
        }
        Err(e) => return Err(e),
    };
    Scbk::new(bytes).map_err(io::Error::other)
}
