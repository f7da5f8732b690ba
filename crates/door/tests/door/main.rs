//! What the door promises, by name; and the same rules again, told naively, against which no sequence may differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod airlock;
mod causes;
mod drawing;
mod factors;
mod lock;
mod naive;
mod orders;
mod page;
mod rig;
mod sequences;
mod steps;
mod table;
mod together;
mod wires;
