//! Which boards stand on which line, and which of their values are which wires: read off the installer's file.

use crate::config::{Config, Fails, Lock, Parity, Port, Source};
use crate::senses::wires;
use lockward_inputs::{Adc, Reading};
use lockward_modbus::{BoardConfig, Coils, Line, LineConfig, Span, Transport};
use std::collections::BTreeMap;

/// One line.
pub(crate) struct Plan {
    /// The first of its boards.
    pub(super) name: String,
    pub(super) port: Port,
    pub(super) serial: Option<(u32, Parity)>,
    pub(super) line: Line,
    pub(super) units: BTreeMap<String, u8>,
    pub(super) boards: BTreeMap<u8, Board>,
}

/// Which wire is what value of a board.
#[derive(Default)]
pub(super) struct Board {
    /// By address; true where a closed contact is active.
    pub(super) inputs: BTreeMap<u16, (usize, bool)>,
    pub(super) registers: BTreeMap<u16, (usize, Adc)>,
    /// What a coil is to be when nothing can be asked for: its door locked.
    pub(super) coils: BTreeMap<u16, bool>,
}

/// All lines of the file.
///
/// # Errors
/// What no line can be, in the words of the Modbus room.
pub(crate) fn plans(config: &Config) -> Result<Vec<Plan>, String> {
    let mut boards: BTreeMap<String, Board> = BTreeMap::new();
    for (wire, (_, input)) in wires(config).into_iter().enumerate() {
        match &input.source {
            Source::Modbus { board, input: number } => {
                let closed_is_active = input.level(true) == Reading::Level(true);
                boards.entry(board.clone()).or_default().inputs.insert(*number, (wire, closed_is_active));
            }
            Source::Register { board, register, adc } => {
                boards.entry(board.clone()).or_default().registers.insert(*register, (wire, *adc));
            }
            _ => {}
        }
    }
    for door in &config.doors {
        if let Lock::Modbus { board, coil } = &door.lock {
            boards.entry(board.clone()).or_default().coils.insert(*coil, door.fails == Fails::Safe);
        }
    }
    let mut ports: Vec<&Port> = Vec::new();
    for board in &config.boards {
        if !ports.contains(&&board.port) {
            ports.push(&board.port);
        }
    }
    ports.into_iter().map(|port| plan(config, port, &mut boards)).collect()
}

fn plan(config: &Config, port: &Port, boards: &mut BTreeMap<String, Board>) -> Result<Plan, String> {
    let here: Vec<_> = config.boards.iter().filter(|b| b.port == *port).collect();
    let name = here.first().map(|b| b.name.clone()).unwrap_or_default();
    let serial = here.first().and_then(|b| b.serial);
    let transport = serial.map_or(Transport::Tcp, |(baud, _)| Transport::Rtu { baud });
    let units: BTreeMap<_, _> = here.iter().map(|b| (b.name.clone(), b.unit)).collect();
    let boards: BTreeMap<u8, Board> =
        here.iter().map(|b| (b.unit, boards.remove(&b.name).unwrap_or_default())).collect();
    let declared = boards.iter().map(|(unit, board)| declared(*unit, board)).collect();
    let line = Line::new(LineConfig::new(transport, declared)).map_err(|e| format!("board `{name}`: {e}"))?;
    Ok(Plan { name, port: port.clone(), serial, line, units, boards })
}

fn declared(unit: u8, board: &Board) -> BoardConfig {
    let inputs = span(board.inputs.keys());
    let registers = span(board.registers.keys());
    let coils = span(board.coils.keys()).map(|Span { from, count }| {
        let on = |coil| board.coils.get(&coil).copied().unwrap_or(false);
        Coils { from, on_loss: (from..=from.saturating_add(count.saturating_sub(1))).map(on).collect() }
    });
    BoardConfig { unit, inputs, registers, coils }
}

/// From the first to the last.
fn span<'a>(mut addresses: impl DoubleEndedIterator<Item = &'a u16>) -> Option<Span> {
    let from = *addresses.next()?;
    let last = addresses.next_back().copied().unwrap_or(from);
    Some(Span { from, count: (last - from).saturating_add(1) })
}

impl Board {
    /// What stood first in an answer.
    pub(super) fn first_input(&self) -> u16 {
        self.inputs.keys().next().copied().unwrap_or(0)
    }

    /// As [`Board::first_input`].
    pub(super) fn first_register(&self) -> u16 {
        self.registers.keys().next().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_asked_for_what_is_wired_and_wants_its_doors_locked_when_it_is_lost() {
        let board = Board {
            inputs: BTreeMap::from([(2, (0, true)), (5, (1, false))]),
            registers: BTreeMap::new(),
            // A maglock, and a strike two coils further: locked is on for the one and off for the other.
            coils: BTreeMap::from([(1, true), (3, false)]),
        };
        let declared = declared(7, &board);
        assert_eq!(declared.inputs, Some(Span { from: 2, count: 4 }));
        assert_eq!(declared.registers, None);
        assert_eq!(declared.coils, Some(Coils { from: 1, on_loss: vec![true, false, false] }));
    }
}
