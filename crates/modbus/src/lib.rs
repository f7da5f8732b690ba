//! The I/O board's line: Modbus (Application Protocol V1.1b3) over RTU and TCP, sans-IO; knows no door.
//!
//! [`Line`] is what a controller drives: it takes bytes and time, and gives bytes and events. Inputs come as
//! [`lockward_inputs::Reading`]s, lost ones too: from a board that is silent, refuses or answers nonsense, there is no
//! way to a normal state.
//!
//! Modbus proves nothing: whoever is on the wire can say and switch what he likes. Boards belong inside the locked
//! cabinet, on a line that leaves it nowhere; readers stand outside, and have OSDP.
//!
//! Most boards have no watchdog: a coil stays as it is when the line is cut. What is declared for the loss of the line
//! ([`Coils::on_loss`]) is what this side wants from then on, so that nothing is released late when the board is back.
//! Where a board has a watchdog, set it to the same states.
//!
//! Not here: a codec crate. Both that were tried panic on bytes that a line can carry (`rmodbus` 0.13 on an empty answer
//! to a read of registers, `modbus-core` 0.2 on some hundred bytes of noise), and neither holds an answer against its
//! question.

mod board;
mod config;
mod frame;
mod line;

pub use config::{BoardConfig, Coils, ConfigError, LineConfig, Span, Transport};
pub use frame::{Decoded, Flaw, Reply, Request, Wire};
pub use line::{Block, Event, Input, Lacking, Line, Output, SetError};
