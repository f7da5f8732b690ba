//! A hub as its peers see it: real store, real TLS, one folder a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests"
)]

mod airlock;
mod alarms;
mod api;
mod api_keys;
mod api_signed;
mod authenticator;
mod change;
mod change_pages;
mod device;
mod drafts;
mod elsewhere;
mod enrol;
mod founding;
mod link;
mod muster;
mod my;
mod openid;
mod order_pages;
mod orders;
mod passwords;
mod recovering;
mod refused;
mod rig;
mod routes;
mod sign_in;
mod signer;
mod stating;
mod waiting;
mod web;
mod zone_walk;
