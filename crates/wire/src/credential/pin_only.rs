//! A PIN that stands alone: a token by which the person is found with one Argon2id evaluation, however many there are.
//!
//! A PIN beside a card has a salt of its own; one that must find its person cannot, so its salt is the site's. That is
//! weaker: whoever holds the site's card key and pepper tries all PINs of the site at once, 10,000 of four digits in
//! minutes. Without the two keys a token gives nothing back.

use super::pin::{Pin, SALT_BYTES, argon2id};
use super::short;
use crate::{CardKey, PinPepper};
use aws_lc_rs::hmac;
use lockward_model::CardToken;

impl CardKey {
    /// The token of a PIN that stands alone: HMAC-SHA-256 over a label and the PIN's Argon2id hash; the first 16
    /// bytes. Takes some 15 ms and 19 MiB.
    #[must_use]
    pub fn token_of_pin(&self, pin: &Pin, pepper: &PinPepper) -> CardToken {
        let pepper_key = hmac::Key::new(hmac::HMAC_SHA256, pepper.as_bytes());
        let salt: [u8; SALT_BYTES] = short(&hmac::sign(&pepper_key, b"lockward pin alone salt v1\0"));
        let hash = argon2id(pin.as_str().as_bytes(), &salt, pepper.as_bytes());
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(b"lockward pin alone v1\0");
        mac.update(hash.as_slice());
        CardToken(short(&mac.sign()))
    }
}
