//! One-time codes: HOTP (RFC 4226) and TOTP (RFC 6238), and their secrets sealed under the site's card key.
//!
//! A code proves that somebody holds the secret now; it is short, so whoever takes it also counts the wrong ones. A code
//! is good once: the caller keeps the step or count that was used, and gives it back at the next check.

use crate::seal::{self, OpenError, SealError};
use crate::{CardKey, NONCE_BYTES};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use core::fmt;
use lockward_model::{CredentialId, SiteId, Time};
use zeroize::Zeroizing;

/// Shortest secret: 128 bits (RFC 4226, section 4, R6).
pub const SECRET_BYTES_MIN: usize = 16;
/// Longest secret: the block of SHA-256, beyond which HMAC would hash it first.
pub const SECRET_BYTES_MAX: usize = 64;
/// Seconds of a step (RFC 6238, 5.2).
pub const STEP_SECONDS: u16 = 30;
/// Steps that a person's clock may be behind or ahead, and time to type (RFC 6238, 5.2).
const WINDOW: u64 = 1;
const SEAL_LABEL: &[u8] = b"lockward one-time secret v1\0";
const KEY_LABEL: &[u8] = b"lockward one-time secret key v1\0";

/// Why something is no one-time secret. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OneTimeError {
    /// Guessable, or longer than makes sense.
    #[error("a one-time secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes")]
    Length,
    /// Fewer than RFC 4226 allows, or more than it makes.
    #[error("a one-time code has 6 to 8 digits")]
    Digits,
    /// No step at all.
    #[error("a step of a one-time code takes 1 second or more")]
    Step,
    /// Not base32.
    #[error("a one-time secret is written in base32: A to Z and 2 to 7, without blanks")]
    Base32,
}

/// The hash under the HMAC. SHA-1 is sound here (RFC 6194, section 3.3) and what most apps do; new secrets take SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OneTimeHash {
    /// RFC 4226, and most apps.
    Sha1,
    /// RFC 6238.
    #[default]
    Sha256,
    /// RFC 6238.
    Sha512,
}

impl OneTimeHash {
    const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// A person's one-time secret and how codes are made of it. Wiped when dropped, never printed.
///
/// INVARIANT: 16 to 64 bytes, 6 to 8 digits, a step of 1 second or more.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeSecret {
    hash: OneTimeHash,
    digits: u8,
    step: u16,
    secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for OneTimeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeSecret(..)")
    }
}

impl OneTimeSecret {
    /// Reads a secret as apps show it: base32 (RFC 4648), in capitals, with or without padding; SHA-1, six digits, 30
    /// seconds, which is what every app does.
    ///
    /// # Errors
    /// [`OneTimeError`].
    pub fn from_app(base32: &str) -> Result<Self, OneTimeError> {
        let bytes = super::base32::decode(base32.trim_end_matches('=').as_bytes());
        let bytes = Zeroizing::new(bytes.ok_or(OneTimeError::Base32)?);
        Self::new(OneTimeHash::Sha1, 6, STEP_SECONDS, &bytes)
    }

    /// The secret as apps take it: base32 without padding.
    #[must_use]
    pub fn to_base32(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(super::base32::length(self.secret.len())));
        super::base32::encode(&self.secret, &mut out);
        out
    }

    /// `step` is in seconds, and means nothing to codes that are counted. The secret must be random.
    ///
    /// # Errors
    /// [`OneTimeError`].
    pub fn new(hash: OneTimeHash, digits: u8, step: u16, secret: &[u8]) -> Result<Self, OneTimeError> {
        if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&secret.len()) {
            return Err(OneTimeError::Length);
        }
        if !(6..=8).contains(&digits) {
            return Err(OneTimeError::Digits);
        }
        if step == 0 {
            return Err(OneTimeError::Step);
        }
        Ok(Self { hash, digits, step, secret: Zeroizing::new(secret.to_vec()) })
    }

    /// The code of a count (RFC 4226, section 5.3).
    #[must_use]
    pub fn code(&self, count: u64) -> Zeroizing<String> {
        let mac = hmac::sign(&hmac::Key::new(self.hash.hmac(), &self.secret), &count.to_be_bytes());
        let mac = mac.as_ref();
        // "Dynamic truncation": the low four bits of the last byte say where the four bytes begin; 15 + 4 < 20.
        let at = usize::from(mac.last().copied().unwrap_or_default() & 0xf);
        let four = mac.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
        let code = (four & 0x7fff_ffff) % 10u32.pow(u32::from(self.digits));
        Zeroizing::new(format!("{code:0width$}", width = usize::from(self.digits)))
    }

    /// The step of a time (RFC 6238, section 4.2); `None` before 1970.
    #[must_use]
    pub fn step_of(&self, now: Time) -> Option<u64> {
        u64::try_from(now.0).ok().map(|ms| ms / 1_000 / u64::from(self.step))
    }

    /// Checks a code by the time, one step early or late at most; gives the step it is of. `used` is the last step
    /// that was taken: that one and those before it are refused (RFC 6238, 5.2).
    #[must_use]
    pub fn verify_at(&self, code: &str, now: Time, used: Option<u64>) -> Option<u64> {
        let step = self.step_of(now)?;
        let first = used.map_or(0, |used| used.saturating_add(1)).max(step.saturating_sub(WINDOW));
        self.find(code, first, step.saturating_add(WINDOW))
    }

    /// Checks a code by its count, `next` or at most `ahead` later; gives the count it is of. The next one that is
    /// good is the one after (RFC 4226, 7.4).
    #[must_use]
    pub fn verify_count(&self, code: &str, next: u64, ahead: u8) -> Option<u64> {
        self.find(code, next, next.saturating_add(u64::from(ahead)))
    }

    /// Takes as long for a wrong code as for a right one, wherever it stands in the window.
    fn find(&self, code: &str, first: u64, last: u64) -> Option<u64> {
        let digits = code.len() == usize::from(self.digits) && code.bytes().all(|b| b.is_ascii_digit());
        let mut found = None;
        for count in first..=last {
            let right = verify_slices_are_equal(self.code(count).as_bytes(), code.as_bytes()).is_ok();
            // The earliest of two that happen to be the same: the later one stays good.
            found = found.or((right && digits).then_some(count));
        }
        found
    }

    /// Seals the secret for one credential of one site. The nonce must be new for this card key.
    ///
    /// # Errors
    /// [`SealError::Cipher`].
    pub fn seal_secret(
        &self,
        site: &SiteId,
        credential: CredentialId,
        nonce: [u8; NONCE_BYTES],
        key: &CardKey,
    ) -> Result<Vec<u8>, SealError> {
        let hash = OneTimeHash::ALL.iter().position(|hash| *hash == self.hash).unwrap_or_default();
        let head = [u8::try_from(hash).unwrap_or_default(), self.digits];
        let text = Zeroizing::new([head.as_slice(), &self.step.to_be_bytes(), &self.secret].concat());
        seal::shut(&sealing_key(key), nonce, &aad(site, credential), &text)
    }

    /// Opens what [`Self::seal_secret`] gave for the same credential of the same site.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_secret(
        site: &SiteId,
        credential: CredentialId,
        sealed: &[u8],
        key: &CardKey,
    ) -> Result<Self, OpenError> {
        let text = seal::open(&sealing_key(key), &aad(site, credential), sealed)?;
        let (&[hash, digits, s0, s1], secret) = text.split_first_chunk().ok_or(OpenError::Malformed)?;
        let hash = OneTimeHash::ALL.get(usize::from(hash)).ok_or(OpenError::Malformed)?;
        let read = Self::new(*hash, digits, u16::from_be_bytes([s0, s1]), secret);
        read.map_err(|_| OpenError::Malformed)
    }
}

/// A recovery code of 120 random bits, as it is printed: six groups of four letters and digits.
#[must_use]
pub fn recovery_code(random: &[u8; 15]) -> Zeroizing<String> {
    let mut letters = Zeroizing::new(String::with_capacity(super::base32::length(random.len())));
    super::base32::encode(random, &mut letters);
    let mut out = Zeroizing::new(String::with_capacity(letters.len() + 5));
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push('-');
        }
        out.push(letter);
    }
    out
}

fn sealing_key(key: &CardKey) -> Zeroizing<[u8; 32]> {
    let tag = hmac::sign(&key.mac, KEY_LABEL);
    Zeroizing::new(super::short(&tag))
}

fn aad(site: &SiteId, credential: CredentialId) -> Vec<u8> {
    [SEAL_LABEL, &site.0, credential.as_str().as_bytes()].concat()
}
