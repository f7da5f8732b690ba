//! Every byte that is kept in a log or crosses a link, versioned. Old bytes stay readable; newer ones are named as such.

mod cbor;
pub mod config;
pub mod credential;
pub mod event;
mod hex;
mod key;
pub mod link;
pub mod seal;
mod spelling;

pub use cbor::CborError;
pub use hex::{hex, unhex};
pub use key::{
    CardKey, EnrollSecret, EpochKey, MasterKey, NONCE_BYTES, PasswordPepper, PersonKey, PinPepper, SourceKey,
};

/// Longest entry of either log, in bytes: a C2SP tlog-tiles entry bundle gives each entry a 16-bit length.
pub const ENTRY_BYTES_MAX: usize = 65_535;
