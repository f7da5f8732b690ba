//! A change file: read, checked whole against a site, and told in words before anybody signs it.
//!
//! [`Source::parse`] reads it, [`plan`] works out what it changes, [`split`] cuts that into entries, and [`review`] tells
//! what it does. What is signed and appended, and by whom, is the caller's.
//!
//! Architecture invariant: no clock, no dice, no I/O. The site's keys and chance are handed in ([`Keyring`]).

mod file;
mod hardening;
mod keyring;
mod own_keys;
mod phones;
mod pins;
mod plan;
pub mod read;
mod review;
mod rules;
pub mod schedules;
mod split;
mod statements;
pub mod told;
mod told_rules;
mod weaker;
mod words;

pub use file::{ChangeFile, FILE_BYTES_MAX, FileError, Names, Place, Source, Threat, nearest};
pub use hardening::hardening;
pub use keyring::Keyring;
pub use own_keys::{key_record, key_removal};
pub use phones::phone_record;
pub use plan::{Item, Plan, plan};
pub use review::{DECISIONS_MAX, Review, access, review, short};
pub use split::{placed, split};
pub use statements::{Asked, FILE_STATEMENTS_MAX, statements};
pub use weaker::{Remark, remarks};
pub use words::count;
