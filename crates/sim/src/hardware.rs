//! Readers and lock boards that are not there: they speak OSDP with secure channel over a TCP socket, as a converter on
//! a real line would, and tell what a person at the door would see.

mod board;
mod device;
mod line;
mod reader;
mod serving;

pub use board::Board;
pub use device::Device;
pub use line::{Bus, LineSettings, Mounted};
pub use reader::{Light, Signal};
