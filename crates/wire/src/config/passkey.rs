//! What a passkey signs: the lock's own verification of a WebAuthn assertion (Web Authentication Level 3, section 7.2).
//!
//! The challenge is no random number: it is the SHA-256 of what is signed, so that the person's touch is bound to exactly
//! these bytes. That nothing replays is the signed bytes' own doing: a change set names its place in the log, an order the
//! controller's nonce.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use lockward_model::Passkey;
use serde::Deserialize;

/// Longest client data, in bytes: type, challenge and origin take 420 at most; browsers add a word or two.
pub(super) const CLIENT_DATA_BYTES_MAX: usize = 768;
/// Longest authenticator data, in bytes: 37, and what extensions add.
pub(super) const AUTH_DATA_BYTES_MAX: usize = 256;
/// Longest ECDSA signature over P-256 in DER.
pub(super) const DER_BYTES_MAX: usize = 72;

/// Relying party's hash, flags, and the counter (section 6.1).
const AUTH_DATA_BYTES_MIN: usize = 32 + 1 + 4;

/// Flags of the authenticator data (section 6.1).
mod flag {
    pub(super) const USER_PRESENT: u8 = 1;
    pub(super) const USER_VERIFIED: u8 = 1 << 2;
    pub(super) const BACKUP_ELIGIBLE: u8 = 1 << 3;
    pub(super) const BACKED_UP: u8 = 1 << 4;
    pub(super) const ATTESTED: u8 = 1 << 6;
    pub(super) const EXTENSIONS: u8 = 1 << 7;
}

/// Why an assertion does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AssertionError {
    /// The client data is no JSON of the expected shape, or too long.
    #[error("the browser's part of the signature can not be read")]
    ClientData,
    /// Made for something else, such as a registration.
    #[error("the signature was made for another purpose")]
    Type,
    /// Over other bytes.
    #[error("the signature is over something else")]
    Challenge,
    /// On another site's page.
    #[error("the signature was asked for by a page of another origin")]
    Origin,
    /// In a frame of another site's page.
    #[error("the signature was asked for inside another site's page")]
    CrossOrigin,
    /// The authenticator data is too short, too long, or of another kind.
    #[error("the authenticator's part of the signature can not be read")]
    AuthenticatorData,
    /// For another relying party.
    #[error("the signature was made for another relying party")]
    RelyingParty,
    /// Nobody touched the authenticator.
    #[error("nobody confirmed the signature by a touch")]
    NotPresent,
    /// No PIN and no finger.
    #[error("the authenticator did not verify who touched it")]
    NotVerified,
    /// A key that says that it is backed up and can not be.
    #[error("the authenticator contradicts itself about being backed up")]
    Backup,
    /// Another key, or changed bytes.
    #[error("the signature does not hold under this passkey")]
    Signature,
}

/// What an authenticator gave for one touch (section 5.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// What the authenticator says (section 6.1).
    pub authenticator_data: Box<[u8]>,
    /// What the browser says (section 5.8.1).
    pub client_data: Box<[u8]>,
    /// ECDSA over both, in DER.
    pub signature: Box<[u8]>,
}

/// What a browser says that it asked for. Members that are not known here are skipped, as section 5.8.1 demands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData<'a> {
    #[serde(borrow, rename = "type")]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    challenge: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    origin: std::borrow::Cow<'a, str>,
    #[serde(default)]
    cross_origin: bool,
    #[serde(borrow, default)]
    top_origin: Option<std::borrow::Cow<'a, str>>,
}

/// The challenge for bytes that are to be signed ([`super::pae`]).
#[must_use]
pub fn challenge_of(signed: &[u8]) -> [u8; 32] {
    let mut challenge = [0; 32];
    challenge.iter_mut().zip(digest(&SHA256, signed).as_ref()).for_each(|(to, from)| *to = *from);
    challenge
}

/// A challenge as client data spell it: base64url without padding (section 5.8.1).
#[must_use]
pub fn encode_challenge(challenge: &[u8; 32]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(challenge)
}

impl Assertion {
    /// Whether it is no longer than any can be.
    pub(super) fn fits(&self) -> bool {
        self.client_data.len() <= CLIENT_DATA_BYTES_MAX
            && (AUTH_DATA_BYTES_MIN..=AUTH_DATA_BYTES_MAX).contains(&self.authenticator_data.len())
            && (1..=DER_BYTES_MAX).contains(&self.signature.len())
    }

    /// Verifies that this passkey's holder signed `challenge`, with a touch, and proved to the authenticator who touches.
    ///
    /// The steps are those of section 7.2. Steps 1 to 4 are the browser's, 5 to 7 the caller's, who found the passkey.
    ///
    /// # Errors
    /// [`AssertionError`], for the first step that fails.
    pub fn verify(&self, passkey: &Passkey, challenge: &[u8; 32]) -> Result<(), AssertionError> {
        use AssertionError as E;
        // "Let JSONtext be the result of running UTF-8 decode on the value of cData", and parse it.
        // Off-spec: a byte order mark is refused, not skipped; no browser writes one.
        if !self.fits() {
            let fits = self.client_data.len() <= CLIENT_DATA_BYTES_MAX;
            return Err(if fits { E::AuthenticatorData } else { E::ClientData });
        }
        let said: ClientData<'_> = serde_json::from_slice(&self.client_data).map_err(|_| E::ClientData)?;
        // "Verify that the value of C.type is the string webauthn.get."
        if said.kind != "webauthn.get" {
            return Err(E::Type);
        }
        // "Verify that the value of C.challenge equals the base64url encoding of [the] challenge."
        if said.challenge != encode_challenge(challenge) {
            return Err(E::Challenge);
        }
        // "Verify that the value of C.origin is an origin expected by the Relying Party": exactly one is.
        if *said.origin != *passkey.origin {
            return Err(E::Origin);
        }
        // C.crossOrigin and C.topOrigin: the console is framed by nobody.
        if said.cross_origin || said.top_origin.is_some() {
            return Err(E::CrossOrigin);
        }
        let (flags, rp) = self.authenticator()?;
        // "Verify that the rpIdHash in authData is the SHA-256 hash of the RP ID expected by the Relying Party."
        if digest(&SHA256, passkey.rp.as_bytes()).as_ref() != rp {
            return Err(E::RelyingParty);
        }
        // "Verify that the UP bit of the flags in authData is set."
        if flags & flag::USER_PRESENT == 0 {
            return Err(E::NotPresent);
        }
        // "If user verification was determined to be required, verify that the UV bit […] is set": it always is.
        if flags & flag::USER_VERIFIED == 0 {
            return Err(E::NotVerified);
        }
        // "If the BE bit of the flags in authData is not set, verify that the BS bit is not set."
        if flags & flag::BACKUP_ELIGIBLE == 0 && flags & flag::BACKED_UP != 0 {
            return Err(E::Backup);
        }
        // "Using credentialPublicKey, verify that sig is a valid signature over the binary concatenation of authData and
        // hash", the SHA-256 of the client data.
        let hash = challenge_of(&self.client_data);
        let signed = [&*self.authenticator_data, &hash].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &passkey.key)
            .verify(&signed, &self.signature)
            .map_err(|_| E::Signature)
        // Off-spec: signCount is looked at where somebody signs in, at the hub. A lock sees few of a key's signatures and
        // would take a gap for a clone; what it is asked to do is bound to one place in a log, or to one nonce.
    }

    /// Flags, and the hash of the relying party's id.
    fn authenticator(&self) -> Result<(u8, &[u8]), AssertionError> {
        let bad = AssertionError::AuthenticatorData;
        let (rp, rest) = self.authenticator_data.split_at_checked(32).ok_or(bad)?;
        let (flags, rest) = rest.split_first().ok_or(bad)?;
        // An assertion attests no new key (section 6.1), and without the extensions' flag nothing follows the counter.
        let fits = if flags & flag::EXTENSIONS == 0 { rest.len() == 4 } else { rest.len() > 4 };
        if flags & flag::ATTESTED != 0 || !fits {
            return Err(bad);
        }
        Ok((*flags, rp))
    }
}
