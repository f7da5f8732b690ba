//! Public-key cards (PKOC): the check of a card's answer, and the token by which its key is found again.
//!
//! A card signs the transaction that one reader put to it, with ECDSA on P-256 and SHA-256, and nothing else: neither
//! door nor time is under its signature. So the caller makes a transaction once, for one reader, and takes one answer
//! (`lockward-osdp` holds the line to that); to this check a transaction of another door is just another message. The
//! message is that of the card specification's own example, which the tests hold.

use super::short;
use crate::CardKey;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use core::fmt;
use lockward_model::CardToken;

/// Fewest bytes of a transaction: 128 bits, so that none is guessed or met twice.
const TRANSACTION_BYTES_MIN: usize = 16;

/// Why a card's answer counts for nothing. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyCardError {
    /// Not 65 bytes of an uncompressed point on the curve.
    #[error("the card's key is no point on P-256")]
    Key,
    /// Too short to be unique.
    #[error("a card must be asked to sign {TRANSACTION_BYTES_MIN} bytes or more")]
    Transaction,
    /// Another key, another transaction, or no signature at all.
    #[error("the card's signature is not by its key over what was asked; present the card again")]
    Signature,
}

/// A card's public key. Does not print: it names a person at every site that knows it.
///
/// INVARIANT: a point on P-256, uncompressed (SEC 1, 2.3.3): one spelling, so one token.
#[derive(Clone)]
pub struct CardPublicKey {
    bytes: [u8; 65],
    parsed: ParsedPublicKey,
}

impl CardPublicKey {
    /// Reads a key as the card gives it.
    ///
    /// # Errors
    /// [`KeyCardError::Key`].
    pub fn new(bytes: &[u8; 65]) -> Result<Self, KeyCardError> {
        // The library takes other spellings of a point too; here is one.
        let parsed =
            (bytes.first() == Some(&4)).then(|| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes));
        let parsed = parsed.and_then(Result::ok).ok_or(KeyCardError::Key)?;
        Ok(Self { bytes: *bytes, parsed })
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 65] {
        &self.bytes
    }

    /// Checks that this key signed this transaction. `signature` is `r` then `s`, 32 bytes each.
    ///
    /// # Errors
    /// [`KeyCardError::Transaction`], [`KeyCardError::Signature`].
    pub fn verify(&self, transaction: &[u8], signature: &[u8; 64]) -> Result<(), KeyCardError> {
        if transaction.len() < TRANSACTION_BYTES_MIN {
            return Err(KeyCardError::Transaction);
        }
        self.parsed.verify_sig(transaction, signature).map_err(|_| KeyCardError::Signature)
    }
}

impl PartialEq for CardPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for CardPublicKey {}

impl fmt::Debug for CardPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardPublicKey(..)")
    }
}

impl CardKey {
    /// The token of a public-key card: HMAC-SHA-256 over a label and the key; the first 16 bytes. Says nothing about
    /// whether the card is here: [`CardPublicKey::verify`] first.
    #[must_use]
    pub fn token_of_key(&self, key: &CardPublicKey) -> CardToken {
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(b"lockward key card v1\0");
        mac.update(&key.bytes);
        CardToken(short(&mac.sign()))
    }
}
