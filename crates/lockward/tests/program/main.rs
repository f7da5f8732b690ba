//! The real program `lockward`, run as people run it: what it prints, what it exits with, and what it leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod analysis;
mod apply;
mod apply_refused;
mod asking;
mod hurry;
mod init;
mod logs;
mod schedule;
mod secure;
mod serve;
mod service;
mod sim;
mod site;
mod why;
