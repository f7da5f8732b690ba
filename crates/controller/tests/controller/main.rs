//! The promises of a controller, held under disks that lose power, links that lose words, and hubs that lie.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod far;
mod house;
mod hub;
mod link;
mod rig;
mod ruled;
mod stuck;
mod wires;

mod afar;
mod alone;
mod altered;
mod authority;
mod captured;
mod closed;
mod dialled;
mod egress;
mod explained;
mod full;
mod handed_over;
mod hanging;
mod once;
mod phones;
mod places;
mod races;
mod record_first;
mod restarts;
mod running;
mod scheduled;
mod secrets;
mod time;
mod touch;
mod two;
mod watch;
