//! The site from outside: who may change it, what it refuses, what it decides; and that it is the same for everybody.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod again;
mod apart;
mod asking;
mod authority;
mod decisions;
mod facts;
mod founding;
mod house;
mod keep;
mod leaving;
mod orders;
mod people;
mod picture;
mod pin;
mod proofs;
mod random;
mod reading;
mod recovery;
mod references;
mod rehearsal;
mod rules;
mod statements;
mod times;
mod together;
mod touch;
mod watchful;
mod what_can;
mod who_can;
mod whole_or_nothing;
mod zones;
