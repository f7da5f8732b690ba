//! One loop: wait, handle, act. The device that drives the doors, with or without a hub.
//!
//! [`core::Core`] is the controller without its wires, and what the tests cut the power of. Around it stand one thread
//! a bus, one for PINs, one for the link, and the loop in [`run`].

mod bus;
pub mod clock;
pub mod config;
pub mod core;
pub mod dice;
pub mod enroll;
mod feedback;
mod gpio;
pub mod identity;
mod keeping;
pub mod memory;
mod pins;
pub mod run;
mod spooling;
mod state;
mod tls;
mod unit;
mod uplink;
mod wiring;
mod words;
