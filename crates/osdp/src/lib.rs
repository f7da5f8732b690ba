//! The reader's line: OSDP 2.2 (IEC 60839-11-5), sans-IO: frames, secure channel, panel side, reader side.
pub mod bus;
pub mod command;
pub mod frame;
pub mod key;
pub mod pd;
pub mod reply;
pub mod secure;
