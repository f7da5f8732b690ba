//! The installer's file: which wires go where. A closed world: an unknown key is an error, a missing one too.
//!
//! [`Config::read`] gives what was checked as a whole: every bus and board that is named is there, no wire is used
//! twice, and no lock hangs outside unless the file says that this was accepted.

mod board;
mod bus;
mod check;
mod door;
mod file;
mod input;
#[cfg(test)]
mod tests;

pub use board::{BoardWiring, Parity};
pub use bus::{BusWiring, Device, Port};
pub use door::{Building, CabinWiring, DoorWiring, Fails, Lock, ReaderWiring};
pub use input::{Bias, InputWiring, Source};

use lockward_model::ControllerId;
use std::path::{Path, PathBuf};

/// Doors of one controller: one loop serves them all within a poll of the bus (design, "Words").
pub const DOORS_MAX: usize = 64;
/// Buses of one controller: as many as doors, should each reader have a line of its own. Boards likewise.
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

/// A controller's configuration, checked.
pub struct Config {
    /// Who it is.
    pub controller: ControllerId,
    /// Its own store.
    pub folder: PathBuf,
    /// `host:port` of the hub.
    pub hub: String,
    /// Its lines with OSDP devices.
    pub buses: Vec<BusWiring>,
    /// Its Modbus boards.
    pub boards: Vec<BoardWiring>,
    /// What its cabinet and the building tell it.
    pub building: Building,
    /// Its doors.
    pub doors: Vec<DoorWiring>,
    /// Its lifts' cabins.
    pub cabins: Vec<CabinWiring>,
}

impl Config {
    /// Reads and checks `door.toml`; paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`ConfigError`], for the first thing that is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.into(), source };
        if std::fs::metadata(path).map_err(read)?.len() > FILE_BYTES_MAX {
            let what = format!("the file is larger than {FILE_BYTES_MAX} bytes");
            return Err(ConfigError::Meaning { path: path.into(), what });
        }
        let text = std::fs::read_to_string(path).map_err(read)?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: file::File = toml::from_str(text)
            .map_err(|e| ConfigError::Syntax { path: path.into(), what: e.to_string() })?;
        let base = path.parent().unwrap_or(Path::new("."));
        Self::of(file, base).map_err(|what| ConfigError::Meaning { path: path.into(), what })
    }

    /// A controller without a wire, for trying things out.
    #[must_use]
    pub fn bare(controller: ControllerId) -> Self {
        Self {
            controller,
            folder: PathBuf::new(),
            hub: "localhost:1".into(),
            buses: Vec::new(),
            boards: Vec::new(),
            building: Building::default(),
            doors: Vec::new(),
            cabins: Vec::new(),
        }
    }

    fn of(file: file::File, base: &Path) -> Result<Self, String> {
        let most = [file.bus.len(), file.board.len()].into_iter().max().unwrap_or(0);
        if file.door.is_empty() || file.door.len() > DOORS_MAX || most > BUSES_MAX {
            return Err(format!(
                "a controller has 1 to {DOORS_MAX} doors, and at most {BUSES_MAX} buses and as many boards"
            ));
        }
        let controller = file.controller.parse().map_err(|e| format!("`controller`: {e}"))?;
        let buses = file.bus.into_iter().map(|b| bus::read(b, base)).collect::<Result<_, _>>()?;
        let boards = file.board.into_iter().map(board::read).collect::<Result<_, _>>()?;
        let mut doors = file.door.into_iter().map(door::read).collect::<Result<Vec<_>, _>>()?;
        let cabins = file.cabin.into_iter().map(|c| door::cabin(c, &mut doors)).collect::<Result<_, _>>()?;
        let building = door::building(file.building)?;
        let folder = base.join(file.folder);
        let config = Self { controller, folder, hub: file.hub, buses, boards, building, doors, cabins };
        config.check()?;
        // What no Modbus line can be; the lines themselves are made when the controller starts.
        crate::modbus::plans(&config)?;
        Ok(config)
    }

    /// What was declared and is dangerous: said in the log at each start.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let outside = self.doors.iter().filter(|d| d.lock_is_outside());
        let outside = outside.map(|d| {
            format!(
                "[TOPOLOGY_UNSAFE] the lock of door `{}` hangs on its reader outside: whoever takes that off the wall \
                 holds the wires of the lock",
                d.id
            )
        });
        let held = |door: &&DoorWiring| match &door.lock {
            Lock::Modbus { board, .. } => self.boards.iter().any(|b| b.name == *board && !b.watchdog),
            _ => false,
        };
        let held = self.doors.iter().filter(held).map(|d| {
            format!(
                "the lock of door `{}` hangs on a board without a watchdog: should this controller die while the door \
                 is released, it stays released",
                d.id
            )
        });
        outside.chain(held).collect()
    }
}
