//! What the I/O board's line promises: on paper, on a simulated line, and against pymodbus.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod boards;
mod config;
mod frames;
mod line;
mod outputs;
mod peer;
mod rig;
