//! Every format, from outside: reads back as written, refuses what was changed, and does not drift.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod config;
mod event;
mod golden;
mod link;
mod passkey;
mod secrets;
mod strategies;
