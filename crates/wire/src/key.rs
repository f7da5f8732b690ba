//! The secrets that the formats use: one type for each purpose, wiped after use, never printed; and the one cipher.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use core::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Bytes of an AES-GCM nonce (NIST SP 800-38D, 96 bits). Never twice under one key.
pub const NONCE_BYTES: usize = 12;
/// Bytes of an AES-GCM tag.
pub(crate) const TAG_BYTES: usize = 16;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<[u8; 32]>);

        impl $name {
            /// Takes the key's bytes over.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(Zeroizing::new(bytes))
            }
            /// The key's bytes, for whoever keeps or sends it.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }
        secret!($name);
    )+};
}

macro_rules! secret {
    ($name:ident) => {
        /// Takes as long for unequal keys as for equal ones.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                verify_slices_are_equal(self.as_bytes(), other.as_bytes()).is_ok()
            }
        }
        impl Eq for $name {}
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

keys! {
    /// Shown once by a new controller, to be given its identity.
    EnrollSecret,
    /// Gives every source its key for one epoch of the event log. Stays in the hub's key store.
    EpochKey,
    /// Wraps the other keys in the hub's key store.
    MasterKey,
    /// Seals one person's attributes; destroying it erases them.
    PersonKey,
    /// Is mixed into every hash of an operator's password. Stays in the hub's key store.
    PasswordPepper,
    /// Is mixed into every hash of a PIN at a site.
    PinPepper,
    /// Seals one source's events of one epoch.
    SourceKey,
}

/// Turns card numbers into tokens. Held by a site's controllers and its hub.
#[derive(Clone)]
pub struct CardKey {
    bytes: Zeroizing<[u8; 32]>,
    /// The same, made ready once, because every card at a reader needs it. In one place, and wiped there.
    pub(crate) mac: Arc<hmac::Key>,
}

impl CardKey {
    /// Takes the key's bytes over.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let mac = Arc::new(hmac::Key::new(hmac::HMAC_SHA256, &*bytes));
        Self { bytes, mac }
    }
    /// The key's bytes, for whoever keeps or sends it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

secret!(CardKey);

/// AES-256-GCM in place; gives back the tag.
pub(crate) fn encrypt(
    key: &[u8; 32],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    in_out: &mut [u8],
) -> Result<[u8; TAG_BYTES], Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), in_out)?;
    tag.as_ref().try_into().map_err(|_| Unspecified)
}

/// AES-256-GCM over ciphertext and tag; gives back the plaintext, wiped when dropped.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    let mut text = Zeroizing::new(sealed.to_vec());
    let length = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut text)?.len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", CardKey::from_bytes([0xab; 32])), "CardKey(..)");
    }

    // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 and 14.
    #[test]
    fn the_cipher_is_aes_256_gcm() {
        let tag = encrypt(&[0; 32], [0; 12], &[], &mut []).unwrap();
        assert_eq!(u128::from_be_bytes(tag), 0x530f_8afb_c745_36b9_a963_b4f1_c4cb_738b);
        let mut text = [0; 16];
        let tag = encrypt(&[0; 32], [0; 12], &[], &mut text).unwrap();
        assert_eq!(u128::from_be_bytes(text), 0xcea7_403d_4d60_6b6e_074e_c5d3_baf3_9d18);
        assert_eq!(u128::from_be_bytes(tag), 0xd0d1_c8a7_9999_6bf0_265b_98b5_d48a_b919);
    }
}
