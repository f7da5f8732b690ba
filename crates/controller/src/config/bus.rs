//! A line with OSDP devices, and the key of each, which lies in a file of its own.

use super::file::{FileBus, FileDevice};
use lockward_osdp::key::Scbk;
use std::path::{Path, PathBuf};

/// What a line is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// A serial device or a PTY.
    Serial(PathBuf),
    /// A serial-to-Ethernet converter, or a board with Ethernet, on the same protected network.
    Tcp(String),
}

impl Port {
    pub(super) fn read(serial: Option<PathBuf>, tcp: Option<String>) -> Option<Self> {
        match (serial, tcp) {
            (Some(device), None) => Some(Self::Serial(device)),
            (None, Some(address)) => Some(Self::Tcp(address)),
            _ => None,
        }
    }
}

/// A device on a bus.
pub struct Device {
    /// Its address.
    pub address: u8,
    /// Its own key.
    pub key: Scbk,
    /// What its maker's own reports begin with, if codes come in them.
    pub codes: Option<Vec<u8>>,
}

/// A line with its devices.
pub struct BusWiring {
    /// Its name in this file and in events.
    pub name: String,
    /// What it is on. The secure channel is end to end either way.
    pub port: Port,
    /// Bits per second.
    pub baud: u32,
    /// Who is on it.
    pub devices: Vec<Device>,
}

pub(super) fn read(bus: FileBus, base: &Path) -> Result<BusWiring, String> {
    let name = bus.name;
    let port = Port::read(bus.serial, bus.tcp)
        .ok_or_else(|| format!("bus `{name}` needs `serial` or `tcp`, one of the two"))?;
    let device = |d: FileDevice| {
        let about = |what| format!("bus `{name}`, device {}: {what}", d.address);
        let key = read_key(&base.join(&d.key_file)).map_err(about)?;
        let codes = d.codes.as_deref().map(prefix).transpose().map_err(about)?;
        Ok::<_, String>(Device { address: d.address, key, codes })
    };
    let devices = bus.device.into_iter().map(device).collect::<Result<_, _>>()?;
    Ok(BusWiring { name, port, baud: bus.baud, devices })
}

/// A vendor code of three bytes, and what else stands before a code.
fn prefix(hex: &str) -> Result<Vec<u8>, String> {
    let bytes = bytes(hex).filter(|b| (3..=16).contains(&b.len()));
    bytes.ok_or_else(|| {
        format!(
            "`codes` is `{hex}`; write what the maker's report begins with: its vendor code (6 hex digits) and up to \
             26 more"
        )
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.bytes().all(|b| b.is_ascii_hexdigit()) && hex.len().is_multiple_of(2);
    let byte = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    digits.then(|| hex.as_bytes().chunks(2).map(byte).collect()).flatten()
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
    let digits = zeroize::Zeroizing::new(bytes(text.trim()).unwrap_or_default());
    let key: Result<[u8; 16], _> = digits.as_slice().try_into();
    let Ok(key) = key.map(zeroize::Zeroizing::new) else {
        return Err(format!("`{shown}` does not hold a key: 32 hex digits, nothing else"));
    };
    Scbk::new(*key).map_err(|e| format!("`{shown}` [OSDP_DEFAULT_KEY]: {e}"))
}
