//! The reader's line: OSDP 2.2 (IEC 60839-11-5), sans-IO: frames, secure channel, panel side, reader side.
//!
//! [`bus::Bus`] is what a controller drives: it takes bytes, time and chance, and gives bytes and events.
//! [`pd::Pd`] is a reader, for simulation and tests. Both refuse whatever is outside the secure channel.
//!
//! Architecture invariant: there is no way to an event of a card, a key or a state but through
//! [`secure::Secured::open_reply`], and no way to a base key but through [`key::Scbk::new`].

pub mod bus;
pub mod code;
pub mod command;
pub mod frame;
pub mod key;
pub mod pd;
pub mod pkoc;
pub mod reply;
pub mod secure;
