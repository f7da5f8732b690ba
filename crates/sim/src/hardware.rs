//! Readers and lock boards that are not there: they speak OSDP with secure channel over a TCP socket, as a converter on
//! a real line would, and tell what a person at the door would see.

mod board;
mod line;
mod reader;

pub use board::Board;
pub use line::{Bus, Device, LineSettings, Mounted};
pub use reader::{Light, Signal};
