//! One loop: wait, handle, act. The device that drives the doors, with or without a hub.
//!
//! [`core::Core`] is the controller without its wires and its disk, [`keeper::Keeper`] the disk: between them the tests
//! cut the power. Around them stand one thread a line of readers or boards, one that settles all inputs, one for the
//! disk, one for PINs, one for the link, and the loop in [`run`].

mod adc;
mod airlocks;
mod areas;
mod building;
mod bus;
mod cabin;
mod checking;
pub mod clerk;
pub mod clock;
pub mod config;
pub mod core;
mod deciding;
pub mod dice;
mod elsewhere;
pub mod enroll;
mod errands;
mod feedback;
mod following;
mod gpio;
mod happened;
mod history;
mod hours;
pub mod identity;
pub mod jobs;
pub mod keeper;
mod keeping;
mod known;
mod machine;
pub mod memory;
mod modbus;
mod open;
mod ordering;
mod outputs;
mod pins;
mod port;
mod recall;
mod records;
mod replay;
pub mod run;
mod senses;
mod spooling;
mod state;
mod tls;
mod unit;
mod uplink;
mod wiring;
mod words;
