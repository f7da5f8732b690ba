//! One door: locked, granted, open, held, forced; which factors are in. Sans-IO: input and time go in, actions come out.
//!
//! Three rules hold whatever happens, and the tests hold them against a second, naive model:
//! - the bolt is out only by a [`Grant`](lockward_policy::Grant) for this door, by a request to exit
//!   where the lock keeps people in, or by schedule;
//! - a request to exit works in every state, and waits for nothing;
//! - every wait ends by itself, and every state can be left.
//!
//! Deliberately absent: a clock, an output, a person, a policy. The door collects factors and asks; the site decides.
//! Contacts and buttons are taken as given: debouncing and supervision happen before they reach this room.

mod airlock;
mod asked;
mod bolt;
mod door;
mod exit;
mod facts;
mod free;
mod grants;
mod leaf;
mod passing;
mod pin;
mod reading;
mod readings;
mod serve;
mod state;
mod words;

pub use airlock::{Airlock, AirlockChange, RESERVED_FOR, Stand, TOLD_FOR, Told};
pub use asked::{Answer, Asked, Presented, Shown, Terms};
pub use bolt::{MISMATCH_AFTER, RELEASE_WITHIN, RELOCK_WITHIN, STUCK_RELEASES};
pub use door::Door;
pub use exit::EXIT_SHUNT;
pub use facts::{Bolt, Cause, Contact, Facts, State, Wire};
pub use grants::GRANTS_MAX;
pub use pin::{Digits, PIN_DIGITS_MAX, PIN_DIGITS_MIN, PinEntry};
pub use reading::{AGAIN_WITHIN, ANSWER_WAIT, CARD_WAIT, PIN_WAIT, SECOND_WAIT};
pub use words::{Action, Feedback, Input, Key, Passer, Wiring};
