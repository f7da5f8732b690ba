//! One input: which hardware reads it, how its contact stands at rest, and which resistors stand at its end.

use super::file::{Active, FileAdc, FileBands, FileInput, FileModbus, FileOwn, Wire, table};
use lockward_inputs::{Adc, AdcLoop, BandLimits, Bands, Reading, Rest, Span, Wiring};
use serde::Deserialize;
use std::path::PathBuf;

/// What reads an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A line of a GPIO chip, through the Linux character device.
    Gpio {
        /// `/dev/gpiochip0`.
        chip: PathBuf,
        /// Its offset on the chip.
        line: u32,
        /// True where a closed contact pulls the line low.
        active_low: bool,
        /// The chip's own resistor at the line; left as it is if the file says nothing.
        bias: Option<Bias>,
    },
    /// An input of an OSDP device.
    Osdp {
        /// Which bus.
        bus: String,
        /// Which device.
        address: u8,
        /// Its input, from 0.
        number: u8,
    },
    /// A two-state input of a Modbus board.
    Modbus {
        /// Which board.
        board: String,
        /// Its input, from 0.
        input: u16,
    },
    /// An input register of a Modbus board, in which a converter counts.
    Register {
        /// Which board.
        board: String,
        /// Its register, from 0.
        register: u16,
        /// How the loop hangs on the converter.
        adc: Adc,
    },
    /// A converter of this machine (Linux IIO).
    Adc {
        /// The file that holds what the outgoing leg counts.
        out: PathBuf,
        /// The same for the return leg, where it is measured.
        back: Option<PathBuf>,
        /// How the loop hangs on the converter.
        adc: Adc,
    },
    /// What an OSDP device says of its own power, or of its own case.
    Device {
        /// Which bus.
        bus: String,
        /// Which device.
        address: u8,
    },
    /// Not there in metal: for trying things out. At rest from the start.
    Simulated,
}

/// A resistor within a GPIO chip, which holds a line that nothing drives. A chip that has none ignores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bias {
    /// Holds the line high.
    PullUp,
    /// Holds it low.
    PullDown,
    /// Is switched off.
    Disabled,
}

/// An input as it is wired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputWiring {
    /// What reads it.
    pub source: Source,
    /// How its contact stands while nothing happens.
    pub rest: Rest,
    /// The bands of the resistors at its end, if there are any.
    pub supervised: Option<Bands>,
}

impl InputWiring {
    /// An input that is there in name only.
    #[must_use]
    pub fn simulated() -> Self {
        Self { source: Source::Simulated, rest: Rest::Open, supervised: None }
    }

    /// What stands at the end of the wires.
    pub(crate) fn wiring(&self) -> Wiring {
        self.supervised.map_or(Wiring::Unsupervised, Wiring::Supervised)
    }

    /// What a closed or open contact means here.
    pub(crate) fn level(&self, closed: bool) -> Reading {
        Reading::Level(closed == (self.rest == Rest::Open))
    }
}

/// Reads what tells of power or of the cabinet: a device may say so of itself.
pub(super) fn read_or_device(wire: Wire) -> Result<Option<InputWiring>, String> {
    match wire {
        Wire::Table(all) if all.contains_key("device") => {
            let FileOwn { device } = table(all)?;
            let source = Source::Device { bus: device.bus, address: device.address };
            Ok(Some(InputWiring { source, rest: Rest::Open, supervised: None }))
        }
        wire => read(wire),
    }
}

/// Reads an input; `None` if it is not there.
pub(super) fn read(wire: Wire) -> Result<Option<InputWiring>, String> {
    let input: FileInput = match wire {
        Wire::Word(word) if word == "none" => return Ok(None),
        Wire::Word(word) if word == "simulated" => return Ok(Some(InputWiring::simulated())),
        Wire::Word(word) => {
            return Err(format!("`{word}` is no input; write \"none\", or a table that says what reads it"));
        }
        Wire::Table(all) => table(all)?,
    };
    let rest = match input.active {
        Active::Open => Rest::Closed,
        Active::Closed => Rest::Open,
    };
    let source = match (input.gpio, input.osdp, input.modbus, input.adc) {
        (Some(g), None, None, None) => {
            Source::Gpio { chip: g.chip, line: g.line, active_low: g.active_low, bias: g.bias }
        }
        (None, Some(o), None, None) => Source::Osdp { bus: o.bus, address: o.address, number: o.number },
        (None, None, Some(m), None) => modbus(m)?,
        (None, None, None, Some(a)) => adc(a)?,
        _ => return Err("write what reads it: one of `gpio`, `osdp`, `modbus` and `adc`".into()),
    };
    let resistances = matches!(source, Source::Register { .. } | Source::Adc { .. });
    let supervised = match (input.supervised, resistances) {
        (None, false) => None,
        (Some(bands), true) => Some(self::bands(bands, rest)?),
        (Some(_), false) => {
            return Err(
                "`supervised` needs a source that measures resistance: `adc`, or a `register` of a Modbus board. \
                 This one tells open from closed and nothing else, so a cut or a bridged wire would read as normal"
                    .into(),
            );
        }
        (None, true) => {
            return Err(
                "a source that measures resistance needs `supervised`: \"1k+1k\", \"2k2+8k2\" or a table of bands"
                    .into(),
            );
        }
    };
    Ok(Some(InputWiring { source, rest, supervised }))
}

fn modbus(m: FileModbus) -> Result<Source, String> {
    match (m.input, m.register, m.full_scale, m.supply, m.pull_up) {
        (Some(input), None, None, None, None) => Ok(Source::Modbus { board: m.board, input }),
        (None, Some(register), Some(full_scale), Some(supply), Some(pull_up)) => {
            let adc = Adc::new(AdcLoop { full_scale, supply, pull_up, back: None });
            let adc = adc.map_err(|e| format!("`modbus`: {e}"))?;
            Ok(Source::Register { board: m.board, register, adc })
        }
        _ => Err("`modbus` needs a `board`, and either `input`, or `register`, `full_scale`, `supply` and \
                  `pull_up`"
            .into()),
    }
}

fn adc(a: FileAdc) -> Result<Source, String> {
    let back = a.back.as_ref().map(|b| b.ohms);
    let wired = AdcLoop { full_scale: a.full_scale, supply: a.supply, pull_up: a.pull_up, back };
    let adc = Adc::new(wired).map_err(|e| format!("`adc`: {e}"))?;
    let file = |channel: u16| a.device.join(format!("in_voltage{channel}_raw"));
    Ok(Source::Adc { out: file(a.channel), back: a.back.map(|b| file(b.channel)), adc })
}

fn bands(wire: Wire, rest: Rest) -> Result<Bands, String> {
    match wire {
        Wire::Word(word) => match word.as_str() {
            "1k+1k" => Ok(Bands::one_and_one(rest)),
            "2k2+8k2" => Ok(Bands::series_2k2_across_8k2(rest)),
            _ => Err(format!("`supervised`: `{word}` is unknown; write \"1k+1k\", \"2k2+8k2\" or a table")),
        },
        Wire::Table(all) => {
            let b: FileBands = table(all).map_err(|e| format!("`supervised`: {e}"))?;
            let span = |[from, to]: [u32; 2]| Span { from, to };
            let (low, high) = (span(b.low), span(b.high));
            let limits = BandLimits {
                short_to: b.short_to,
                low,
                high,
                cut_from: b.cut_from,
                hysteresis: b.hysteresis,
            };
            Bands::new(limits, rest).map_err(|e| format!("`supervised`: {e}"))
        }
    }
}
