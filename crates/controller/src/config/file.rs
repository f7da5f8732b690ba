//! `door.toml` as it stands: words and tables, before anything is known to make sense.

use super::board::Parity;
use super::door::{Accepted, Fails, Lock};
use super::input::Bias;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) controller: String,
    pub(super) folder: PathBuf,
    pub(super) hub: String,
    pub(super) bus: Vec<FileBus>,
    #[serde(default)]
    pub(super) board: Vec<FileBoard>,
    pub(super) building: FileBuilding,
    pub(super) door: Vec<FileDoor>,
    #[serde(default)]
    pub(super) cabin: Vec<FileCabin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBus {
    pub(super) name: String,
    pub(super) serial: Option<PathBuf>,
    pub(super) tcp: Option<String>,
    pub(super) baud: u32,
    #[serde(default)]
    pub(super) device: Vec<FileDevice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileDevice {
    pub(super) address: u8,
    pub(super) key_file: PathBuf,
    pub(super) codes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBoard {
    pub(super) name: String,
    pub(super) serial: Option<PathBuf>,
    pub(super) baud: Option<u32>,
    pub(super) parity: Option<Parity>,
    pub(super) tcp: Option<String>,
    pub(super) unit: u8,
    pub(super) watchdog: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBuilding {
    pub(super) power: Wire,
    pub(super) battery: Wire,
    pub(super) fire: Wire,
    pub(super) tamper: Wire,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileDoor {
    pub(super) id: String,
    pub(super) fails: Fails,
    pub(super) reader: Option<FileReader>,
    pub(super) exit_reader: Option<FileReader>,
    pub(super) lock: Lock,
    pub(super) lock_outside: Option<Accepted>,
    pub(super) contact: Wire,
    pub(super) exit: Wire,
    pub(super) bolt: Option<Wire>,
    pub(super) button: Option<Wire>,
    pub(super) called: Option<Wire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileReader {
    pub(super) bus: String,
    pub(super) address: u8,
    pub(super) keypad: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCabin {
    pub(super) name: String,
    pub(super) reader: FileReader,
    pub(super) floors: Vec<String>,
}

/// A word, or a table that is read once it is known whose it is: else an error could not say where.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Wire {
    Word(String),
    Table(toml::Table),
}

/// An input's table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileInput {
    pub(super) gpio: Option<FileGpio>,
    pub(super) osdp: Option<FileOsdp>,
    pub(super) modbus: Option<FileModbus>,
    pub(super) adc: Option<FileAdc>,
    pub(super) active: Active,
    pub(super) supervised: Option<Wire>,
}

/// What a device says of itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileOwn {
    pub(super) device: FileDeviceName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileDeviceName {
    pub(super) bus: String,
    pub(super) address: u8,
}

/// How the contact at the end of the wires stands while what the input is for happens.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Active {
    Open,
    Closed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileGpio {
    pub(super) chip: PathBuf,
    pub(super) line: u32,
    pub(super) active_low: bool,
    pub(super) bias: Option<Bias>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileOsdp {
    pub(super) bus: String,
    pub(super) address: u8,
    pub(super) number: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileModbus {
    pub(super) board: String,
    pub(super) input: Option<u16>,
    pub(super) register: Option<u16>,
    pub(super) full_scale: Option<u16>,
    pub(super) supply: Option<u16>,
    pub(super) pull_up: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileAdc {
    pub(super) device: PathBuf,
    pub(super) channel: u16,
    pub(super) full_scale: u16,
    pub(super) supply: u16,
    pub(super) pull_up: u32,
    pub(super) back: Option<FileBack>,
}

/// The return leg of a loop, where it is measured too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBack {
    pub(super) channel: u16,
    pub(super) ohms: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBands {
    pub(super) short_to: u32,
    pub(super) low: [u32; 2],
    pub(super) high: [u32; 2],
    pub(super) cut_from: u32,
    pub(super) hysteresis: u8,
}

/// Reads a table that is of this form.
pub(super) fn table<T: DeserializeOwned>(table: toml::Table) -> Result<T, String> {
    table.try_into().map_err(|e: toml::de::Error| e.message().to_owned())
}
