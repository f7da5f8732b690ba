//! Statements about a site: each proved once and refuted once, by the real solver and the real engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod house;
mod judging;
mod never_contradicted;
mod statements;
