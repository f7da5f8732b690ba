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

mod door;
mod pin;
mod reading;
mod words;

pub use door::{Door, EXIT_SHUNT};
pub use pin::{Digits, PIN_DIGITS_MAX, PIN_DIGITS_MIN, PinEntry};
pub use reading::{ANSWER_WAIT, PIN_WAIT};
pub use words::{Action, Answer, Contact, Feedback, Input, Key, State, Wiring};
