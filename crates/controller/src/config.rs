//! The installer's file: which wires go where. A closed world: an unknown key is an error, a missing one too.

use lockward_model::{ControllerId, DoorId};
use lockward_osdp::bus::{BAUD_MAX, BAUD_MIN};
use lockward_osdp::frame::ADDRESS_MAX;
use lockward_osdp::key::Scbk;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Doors of one controller: one loop serves them all within a poll of the bus (design, "Words").
pub const DOORS_MAX: usize = 64;
/// Buses of one controller: as many as doors, should each reader have a line of its own.
pub const BUSES_MAX: usize = 64;
/// Largest configuration file: 64 doors of some 600 bytes, ten times over.
const FILE_BYTES_MAX: u64 = 384 * 1024;

/// Why a configuration is refused. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can not be read.
    #[error("can not read `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, or not what is expected.
    #[error("`{path}`: {what}")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// What, with line and column.
        what: String,
    },
    /// Well formed, and wrong.
    #[error("`{path}`: {what}")]
    Meaning {
        /// Which.
        path: PathBuf,
        /// What, and what to do.
        what: String,
    },
}

/// `door.toml`, as it stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    controller: String,
    folder: PathBuf,
    hub: String,
    bus: Vec<FileBus>,
    door: Vec<FileDoor>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBus {
    name: String,
    serial: Option<PathBuf>,
    tcp: Option<String>,
    baud: u32,
    #[serde(default)]
    device: Vec<FileDevice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDevice {
    address: u8,
    key_file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDoor {
    id: String,
    fails: Fails,
    reader: Option<FileReader>,
    lock: Point,
    contact: Point,
    exit: Point,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileReader {
    bus: String,
    address: u8,
    keypad: bool,
}

/// Where a lock goes when its power is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fails {
    /// Unlocked without power: the output is active while locked.
    Safe,
    /// Locked without power: the output is active while released.
    Secure,
}

/// One wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum Point {
    /// A line of a GPIO chip, through the Linux character device.
    Gpio {
        /// `/dev/gpiochip0`.
        chip: PathBuf,
        /// Its offset on the chip.
        line: u32,
        /// True where a low level means "active".
        active_low: bool,
    },
    /// An input or output of an OSDP device.
    Osdp {
        /// Which bus.
        bus: String,
        /// Which device.
        address: u8,
        /// Its input or output, from 0.
        number: u8,
    },
    /// Not there in metal: for trying things out.
    Simulated,
    /// Not there. Only for contacts and exit buttons.
    None,
}

/// A device on a bus.
pub struct Device {
    /// Its address.
    pub address: u8,
    /// Its own key.
    pub key: Scbk,
}

/// What a bus is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// A serial device or a PTY.
    Serial(PathBuf),
    /// A serial-to-Ethernet converter on the same protected network. The secure channel is end to end either way.
    Tcp(String),
}

/// A line with its devices.
pub struct BusWiring {
    /// Its name in this file and in events.
    pub name: String,
    /// What it is on.
    pub port: Port,
    /// Bits per second.
    pub baud: u32,
    /// Who is on it.
    pub devices: Vec<Device>,
}

/// A door's wires.
#[derive(Debug, Clone)]
pub struct DoorWiring {
    /// Which door of the site.
    pub id: DoorId,
    /// Where it goes without power.
    pub fails: Fails,
    /// Index of its reader's bus, its address, and whether it has a keypad.
    pub reader: Option<ReaderWiring>,
    /// What moves the bolt.
    pub lock: Point,
    /// Active while the leaf is open.
    pub contact: Point,
    /// Active while somebody asks to leave.
    pub exit: Point,
}

/// A door's reader.
#[derive(Debug, Clone)]
pub struct ReaderWiring {
    /// Which bus.
    pub bus: String,
    /// Its address there.
    pub address: u8,
    /// Whether it takes a PIN.
    pub keypad: bool,
}

/// A controller's configuration, checked.
pub struct Config {
    /// Who it is.
    pub controller: ControllerId,
    /// Its own store.
    pub folder: PathBuf,
    /// `host:port` of the hub.
    pub hub: String,
    /// Its lines.
    pub buses: Vec<BusWiring>,
    /// Its doors.
    pub doors: Vec<DoorWiring>,
}

impl Config {
    /// Reads and checks `door.toml`; paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`], for the first thing that is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.into(), source };
        if std::fs::metadata(path).map_err(read)?.len() > FILE_BYTES_MAX {
            return Err(meaning(path, format!("the file is larger than {FILE_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(read)?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text)
            .map_err(|e| ConfigError::Syntax { path: path.into(), what: e.to_string() })?;
        let base = path.parent().unwrap_or(Path::new("."));
        let bad = |what: String| meaning(path, what);
        let controller = file.controller.parse().map_err(|e| bad(format!("`controller`: {e}")))?;
        if file.door.is_empty() || file.door.len() > DOORS_MAX || file.bus.len() > BUSES_MAX {
            return Err(bad(format!(
                "a controller has 1 to {DOORS_MAX} doors and at most {BUSES_MAX} buses"
            )));
        }
        let buses = file.bus.into_iter().map(|b| bus(b, base, path)).collect::<Result<Vec<_>, _>>()?;
        let doors = file.door.into_iter().map(|d| door(d, path)).collect::<Result<Vec<_>, _>>()?;
        let config = Self { controller, folder: base.join(file.folder), hub: file.hub, buses, doors };
        config.check().map_err(bad)?;
        Ok(config)
    }

    /// What no single line can show: names that do not meet, and wires that meet twice.
    fn check(&self) -> Result<(), String> {
        let port = self.hub.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        if port.is_none_or(|(host, _)| host.is_empty()) {
            return Err(format!(
                "`hub` is `{}`; give its address and port, such as `hub.example:8443`",
                self.hub
            ));
        }
        for bus in &self.buses {
            if !(BAUD_MIN..=BAUD_MAX).contains(&bus.baud) {
                return Err(format!(
                    "bus `{}`: {} baud is outside {BAUD_MIN} to {BAUD_MAX}",
                    bus.name, bus.baud
                ));
            }
            if let Some(device) = bus.devices.iter().find(|d| d.address > ADDRESS_MAX) {
                let (bus, address) = (&bus.name, device.address);
                return Err(format!("bus `{bus}`: {address} is no device's address; use 0 to {ADDRESS_MAX}"));
            }
        }
        let mut devices: BTreeMap<&str, BTreeSet<u8>> = BTreeMap::new();
        for bus in &self.buses {
            let addresses: BTreeSet<u8> = bus.devices.iter().map(|d| d.address).collect();
            if addresses.len() != bus.devices.len() {
                return Err(format!("bus `{}` has two devices at one address", bus.name));
            }
            if devices.insert(&bus.name, addresses).is_some() {
                return Err(format!("two buses are called `{}`", bus.name));
            }
        }
        let known = |door: &DoorWiring, bus: &str, address: u8| {
            let there = devices.get(bus).is_some_and(|all| all.contains(&address));
            there.then_some(()).ok_or_else(|| {
                format!(
                    "door `{}` names device {address} on bus `{bus}`, which no [[bus.device]] describes",
                    door.id
                )
            })
        };
        let (mut ids, mut points, mut readers) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        for door in &self.doors {
            if !ids.insert(door.id) {
                return Err(format!("two doors are called `{}`", door.id));
            }
            if door.lock == Point::None {
                return Err(format!("door `{}` has no lock; say which output moves its bolt", door.id));
            }
            if let Some(reader) = &door.reader {
                known(door, &reader.bus, reader.address)?;
                if !readers.insert((&reader.bus, reader.address)) {
                    return Err(format!("the reader of door `{}` serves another door already", door.id));
                }
            }
            for (input, point) in [(false, &door.lock), (true, &door.contact), (true, &door.exit)] {
                if let Point::Osdp { bus, address, .. } = point {
                    known(door, bus, *address)?;
                }
                // A GPIO line is one wire, whichever way it is used; an OSDP device counts inputs and outputs apart.
                let wire = match point {
                    Point::Gpio { chip, line, .. } => {
                        (false, Point::Gpio { chip: chip.clone(), line: *line, active_low: false })
                    }
                    point => (input, point.clone()),
                };
                if matches!(point, Point::Gpio { .. } | Point::Osdp { .. }) {
                    if points.contains(&wire) {
                        return Err(format!("a wire of door `{}` is in use twice: {point:?}", door.id));
                    }
                    points.push(wire);
                }
            }
        }
        Ok(())
    }
}

fn meaning(path: &Path, what: String) -> ConfigError {
    ConfigError::Meaning { path: path.into(), what }
}

fn bus(bus: FileBus, base: &Path, path: &Path) -> Result<BusWiring, ConfigError> {
    let port = match (bus.serial, bus.tcp) {
        (Some(device), None) => Port::Serial(device),
        (None, Some(address)) => Port::Tcp(address),
        _ => {
            return Err(meaning(path, format!("bus `{}` needs `serial` or `tcp`, one of the two", bus.name)));
        }
    };
    let device = |d: FileDevice| {
        let key = read_key(&base.join(&d.key_file))
            .map_err(|what| meaning(path, format!("bus `{}`, device {}: {what}", bus.name, d.address)))?;
        Ok(Device { address: d.address, key })
    };
    let devices = bus.device.into_iter().map(device).collect::<Result<_, _>>()?;
    Ok(BusWiring { name: bus.name, port, baud: bus.baud, devices })
}

/// A key file holds 32 hex digits and belongs to its owner alone.
fn read_key(path: &Path) -> Result<Scbk, String> {
    use std::os::unix::fs::PermissionsExt;
    let shown = path.display();
    let about = std::fs::metadata(path).map_err(|e| format!("can not read `{shown}`: {e}"))?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(format!(
            "`{shown}` can be read by others; run `chmod 600` on it, or better, change the key"
        ));
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    std::io::Read::read_to_string(
        &mut std::fs::File::open(path).map_err(|e| format!("can not read `{shown}`: {e}"))?,
        &mut text,
    )
    .map_err(|e| format!("can not read `{shown}`: {e}"))?;
    let hex = text.trim();
    let mut key = zeroize::Zeroizing::new([0u8; 16]);
    let whole = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    for (byte, pair) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digits = core::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    if !whole {
        return Err(format!("`{shown}` does not hold a key: 32 hex digits, nothing else"));
    }
    Scbk::new(*key).map_err(|e| format!("`{shown}` [OSDP_DEFAULT_KEY]: {e}"))
}

fn door(door: FileDoor, path: &Path) -> Result<DoorWiring, ConfigError> {
    let id = door.id.parse().map_err(|e| meaning(path, format!("door: {e}")))?;
    let reader = door.reader.map(|r| ReaderWiring { bus: r.bus, address: r.address, keypad: r.keypad });
    Ok(DoorWiring { id, fails: door.fails, reader, lock: door.lock, contact: door.contact, exit: door.exit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const GOOD: &str = r#"
        controller = "dock"
        folder = "store"
        hub = "hub.example:7443"
        [[bus]]
        name = "a"
        serial = "/dev/ttyS1"
        baud = 115200
        [[bus.device]]
        address = 0
        key_file = "reader-0.key"
        [[door]]
        id = "dock-1"
        fails = "secure"
        reader = { bus = "a", address = 0, keypad = true }
        lock = { gpio = { chip = "/dev/gpiochip0", line = 17, active_low = false } }
        contact = { osdp = { bus = "a", address = 0, number = 0 } }
        exit = "none"
    "#;

    fn parse_with_key(text: &str, key: &str, mode: u32) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("reader-0.key");
        std::fs::write(&file, key).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        Config::parse(text, &dir.path().join("door.toml"))
    }

    fn complaint(text: &str) -> String {
        parse_with_key(text, "8f3a91c2d4e5b6071829aabbccddee01", 0o600)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_whole_file_is_read() {
        let config = parse_with_key(GOOD, "8f3a91c2d4e5b6071829aabbccddee01\n", 0o600).unwrap();
        assert_eq!(config.doors.len(), 1);
        assert_eq!(config.buses[0].devices[0].address, 0);
    }

    #[test]
    fn a_door_that_does_not_say_how_it_fails_is_refused() {
        assert!(complaint(&GOOD.replace("fails = \"secure\"", "")).contains("missing field `fails`"));
    }

    #[test]
    fn an_unknown_word_is_refused_and_named() {
        assert!(complaint(&GOOD.replace("baud =", "buad =")).contains("unknown field `buad`"));
    }

    #[test]
    fn a_default_key_is_refused() {
        let found =
            parse_with_key(GOOD, "303132333435363738393a3b3c3d3e3f", 0o600).err().unwrap().to_string();
        assert!(found.contains("OSDP_DEFAULT_KEY"), "{found}");
        assert!(!found.contains("3031"), "the key itself must not be shown");
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let found =
            parse_with_key(GOOD, "8f3a91c2d4e5b6071829aabbccddee01", 0o644).err().unwrap().to_string();
        assert!(found.contains("chmod 600"), "{found}");
    }

    #[test]
    fn a_wire_used_twice_is_refused() {
        let twice =
            GOOD.replace("exit = \"none\"", "exit = { osdp = { bus = \"a\", address = 0, number = 0 } }");
        assert!(complaint(&twice).contains("in use twice"));
    }

    #[test]
    fn what_no_line_or_hub_can_be_is_refused() {
        assert!(complaint(&GOOD.replace("baud = 115200", "baud = 7")).contains("7 baud"));
        assert!(complaint(&GOOD.replace("hub.example:7443", "hub.example")).contains("address and port"));
        let far = GOOD.replace("address = 0,", "address = 200,").replace("address = 0\n", "address = 200\n");
        assert!(complaint(&far).contains("200 is no device's address"));
        let line = "{ gpio = { chip = \"/dev/gpiochip0\", line = 17, active_low = true } }";
        assert!(complaint(&GOOD.replace("\"none\"", line)).contains("in use twice"));
    }

    #[test]
    fn a_device_that_nobody_described_is_refused() {
        let other =
            GOOD.replace("reader = { bus = \"a\", address = 0,", "reader = { bus = \"a\", address = 5,");
        assert!(complaint(&other).contains("device 5 on bus `a`"));
    }
}
