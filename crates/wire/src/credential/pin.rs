//! PINs: Argon2id under the site's pepper, so that a stolen log or database gives none back (OWASP, RFC 9106).

use crate::PinPepper;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use core::fmt;
use core::str::FromStr;
use lockward_model::PinHash;
use zeroize::Zeroizing;

/// Fewest digits of a PIN (NIST SP 800-63B, 3.2.10).
pub const PIN_DIGITS_MIN: usize = 4;
/// Most digits of a PIN: what people can keep in mind, and half of what an OSDP reader's keypad buffer holds.
pub const PIN_DIGITS_MAX: usize = 10;

/// 19 MiB, two passes, one lane: OWASP's first choice for Argon2id. About 15 ms on a door controller's core.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
pub(super) const HASH_BYTES: usize = 32;
pub(super) const SALT_BYTES: usize = 16;
/// The PHC string's head; other parameters are another version, so that no log entry chooses what a check costs.
const PHC_HEAD: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// Why something is no PIN. Never repeats it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits and nothing else")]
pub struct PinError;

/// INVARIANT: 4 to 10 ASCII digits. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Zeroizing<String>);

impl FromStr for Pin {
    type Err = PinError;
    fn from_str(s: &str) -> Result<Self, PinError> {
        let fits =
            (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(Zeroizing::new(s.to_owned()))) } else { Err(PinError) }
    }
}

impl Pin {
    /// The digits, to be compared with a code in its place.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Hashes a PIN, in PHC string form. The salt must be random and new. Takes some 15 ms and 19 MiB.
#[must_use]
pub fn hash_pin(pin: &Pin, salt: [u8; SALT_BYTES], pepper: &PinPepper) -> PinHash {
    PinHash(phc(salt, &argon2id(pin.0.as_bytes(), &salt, pepper.as_bytes())).into())
}

/// The PHC string form.
pub(super) fn phc(salt: [u8; SALT_BYTES], hash: &[u8; HASH_BYTES]) -> String {
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("{PHC_HEAD}{salt}${hash}")
}

/// True if it is this PIN's hash. Takes some 15 ms and 19 MiB, unless the hash is none of [`hash_pin`]'s.
#[must_use]
pub fn verify_pin(hash: &PinHash, pin: &Pin, pepper: &PinPepper) -> bool {
    let Some((salt, hash)) = read_phc(&hash.0) else { return false };
    verify_slices_are_equal(argon2id(pin.0.as_bytes(), &salt, pepper.as_bytes()).as_slice(), &hash).is_ok()
}

/// True for what [`hash_pin`] could have written.
pub(crate) fn is_pin_hash(phc: &str) -> bool {
    read_phc(phc).is_some()
}

/// Salt and hash.
pub(super) fn read_phc(phc: &str) -> Option<([u8; SALT_BYTES], [u8; HASH_BYTES])> {
    let (salt, hash) = phc.strip_prefix(PHC_HEAD)?.split_once('$')?;
    let bytes = |s| STANDARD_NO_PAD.decode(s).ok();
    Some((bytes(salt)?.try_into().ok()?, bytes(hash)?.try_into().ok()?))
}

pub(super) fn argon2id(secret: &[u8], salt: &[u8], pepper: &[u8; 32]) -> Zeroizing<[u8; HASH_BYTES]> {
    let mut out = Zeroizing::new([0; HASH_BYTES]);
    let hashed = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).and_then(|params| {
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)?.hash_password_into(
            secret,
            salt,
            out.as_mut_slice(),
        )
    });
    #[expect(clippy::expect_used, reason = "every length is fixed above, and within what RFC 9106 allows")]
    hashed.expect("fixed parameters");
    out
}
