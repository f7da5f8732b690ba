//! What an input promises, by name; and the same rules again, told naively, against which no sequence may differ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod adc;
mod bands;
mod naive;
mod rig;
mod sequences;
mod settling;
mod sweeps;
