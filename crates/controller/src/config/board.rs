//! A Modbus I/O board: its line, its address there, and what it does when nobody talks to it.

use super::bus::Port;
use super::file::FileBoard;
use serde::Deserialize;

/// What follows the eight bits of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// One stop bit.
    None,
    /// An even parity bit and one stop bit: what the standard has.
    Even,
    /// An odd parity bit and one stop bit.
    Odd,
}

/// A Modbus board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardWiring {
    /// Its name in this file.
    pub name: String,
    /// What its line is on. Boards with the same serial device share a line.
    pub port: Port,
    /// Bits per second and parity, on a serial line.
    pub serial: Option<(u32, Parity)>,
    /// Its address there.
    pub unit: u8,
    /// Whether it switches its outputs off by itself when nobody asks it anything for some seconds.
    pub watchdog: bool,
}

pub(super) fn read(board: FileBoard) -> Result<BoardWiring, String> {
    let name = board.name;
    let port = Port::read(board.serial, board.tcp)
        .ok_or_else(|| format!("board `{name}` needs `serial` or `tcp`, one of the two"))?;
    let serial = match (&port, board.baud, board.parity) {
        (Port::Serial(_), Some(baud), Some(parity)) => Some((baud, parity)),
        (Port::Tcp(_), None, None) => None,
        (Port::Serial(_), ..) => {
            return Err(format!("board `{name}` is on a serial line: give `baud` and `parity`"));
        }
        (Port::Tcp(_), ..) => {
            return Err(format!("board `{name}` is on TCP, which has no `baud` and no `parity`"));
        }
    };
    Ok(BoardWiring { name, port, serial, unit: board.unit, watchdog: board.watchdog })
}
