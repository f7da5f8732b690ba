//! Audits of real logs with real keys: clean ones pass, and each way to tamper with one is named with its first entry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod chains;
mod clean;
mod copy;
mod decisions;
mod flips;
mod house;
mod plant;
mod words;
