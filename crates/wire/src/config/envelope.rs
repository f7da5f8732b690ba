//! The envelope: payload type, payload and signatures, as DSSE v1 (secure-systems-lab/dsse) has them.

use super::passkey::{AUTH_DATA_BYTES_MAX, Assertion, CLIENT_DATA_BYTES_MAX, DER_BYTES_MAX, challenge_of};
use super::payload::{EncodeError, PAYLOAD_BYTES_MAX, Payload, PayloadError};
use super::{PayloadType, payload};
use crate::ENTRY_BYTES_MAX;
use crate::spelling::{Base64, Hex};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use core::fmt;
use core::fmt::Write as _;
use lockward_model::{Digest, PublicKey, SigningKey};
use serde::Deserialize;

/// Most signatures of one entry: four eyes twice over, with a service and a recovery key to spare.
pub const SIGNATURES_MAX: usize = 8;
/// Longest text of one signature in an entry: a passkey's three parts in base64, the key's hint, and the words around.
pub(super) const SIGNATURE_TEXT_MAX: usize =
    base64(CLIENT_DATA_BYTES_MAX) + base64(AUTH_DATA_BYTES_MAX) + base64(DER_BYTES_MAX) + 16 + 90 + 1;

const fn base64(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Why bytes are no envelope.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than any log entry.
    #[error("the entry has {bytes} bytes; a log entry has at most {ENTRY_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Not JSON, a field too many or too few, or another spelling.
    #[error("the entry is no DSSE envelope")]
    Json(#[source] serde_json::Error),
    /// A type of ours in a version that is not known here.
    #[error("payload type `{0}` was written by a newer version of Lockward; update this one")]
    Newer(String),
    /// A type of somebody else.
    #[error("payload type `{0}` is none of Lockward's")]
    ForeignType(String),
    /// More than [`SIGNATURES_MAX`].
    #[error("the entry has {0} signatures; it may have {SIGNATURES_MAX}")]
    TooManySignatures(usize),
    /// Shorter or longer than any of its kind.
    #[error("a signature has not the length that one of its kind has")]
    Signature,
    /// More than [`PAYLOAD_BYTES_MAX`].
    #[error("the payload has {bytes} bytes; it may have {PAYLOAD_BYTES_MAX}")]
    PayloadTooLong {
        /// How long it is.
        bytes: usize,
    },
}

/// A hint at a key: the first 8 bytes of its SHA-256. Proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self.0).fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The hint at a key: an Ed25519 key's 32 bytes, or a passkey's point.
#[must_use]
pub fn key_id(public: &[u8]) -> KeyId {
    let mut id = [0; 8];
    // A SHA-256 has more bytes than the 8 that are taken.
    id.iter_mut().zip(key_digest(public).0).for_each(|(i, b)| *i = b);
    KeyId(id)
}

/// What names a key without a doubt: the SHA-256 of its public bytes.
#[must_use]
pub fn key_digest(public: &[u8]) -> Digest {
    let mut whole = [0; 32];
    whole.iter_mut().zip(digest::digest(&digest::SHA256, public).as_ref()).for_each(|(w, b)| *w = *b);
    Digest(whole)
}

/// DSSE v1's pre-authentication encoding: the bytes that are signed.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend(payload);
    out
}

/// One signature under an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// Over the pre-authentication encoding itself.
    Ed25519([u8; 64]),
    /// By a passkey, whose challenge is the SHA-256 of the pre-authentication encoding.
    Passkey(Assertion),
}

impl Signature {
    fn holds(&self, key: &SigningKey, message: &[u8]) -> bool {
        match (self, key) {
            (Self::Ed25519(signature), SigningKey::Ed25519(key)) => {
                UnparsedPublicKey::new(&ED25519, key.0).verify(message, signature).is_ok()
            }
            (Self::Passkey(assertion), SigningKey::Passkey(passkey)) => {
                assertion.verify(passkey, &challenge_of(message)).is_ok()
            }
            _ => false,
        }
    }
}

/// What was signed, and by whom: an entry of the config log, or an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    kind: PayloadType,
    payload: Vec<u8>,
    signatures: Vec<(KeyId, Signature)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EnvelopeV1 {
    payload_type: String,
    payload: Base64,
    signatures: Vec<SignatureV1>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureV1 {
    keyid: Hex<8>,
    sig: Base64,
    /// Beside a passkey's signature (DSSE lets a signature carry more).
    #[serde(default)]
    webauthn: Option<WebAuthnV1>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WebAuthnV1 {
    authenticator_data: Base64,
    #[serde(rename = "clientDataJSON")]
    client_data: Base64,
}

impl SignatureV1 {
    fn read(self) -> Result<(KeyId, Signature), EnvelopeError> {
        let signature = match self.webauthn {
            None => Signature::Ed25519(self.sig.0.try_into().map_err(|_| EnvelopeError::Signature)?),
            Some(w) => Signature::Passkey(Assertion {
                authenticator_data: w.authenticator_data.0.into(),
                client_data: w.client_data.0.into(),
                signature: self.sig.0.into(),
            }),
        };
        match &signature {
            Signature::Passkey(assertion) if !assertion.fits() => Err(EnvelopeError::Signature),
            _ => Ok((KeyId(self.keyid.0), signature)),
        }
    }
}

impl Envelope {
    /// An envelope that nobody has signed yet.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`].
    pub fn new(kind: PayloadType, payload: Vec<u8>) -> Result<Self, EncodeError> {
        match payload.len() {
            bytes if bytes > PAYLOAD_BYTES_MAX => Err(EncodeError::TooLong { bytes }),
            _ => Ok(Self { kind, payload, signatures: Vec::new() }),
        }
    }

    /// An envelope that nobody has signed yet, from what is to be signed ([`Self::message`]): for whoever is handed that and
    /// wants to know what it says. `None` for anything else than the message of an envelope, to the byte.
    #[must_use]
    pub fn of_message(message: &[u8]) -> Option<Self> {
        let rest = message.strip_prefix(b"DSSEv1 ")?;
        let mut parts = rest.splitn(4, |byte| *byte == b' ');
        let (_, kind, _, payload) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let kind = kind_of(core::str::from_utf8(kind).ok()?).ok()?;
        let envelope = Self::new(kind, payload.to_vec()).ok()?;
        (envelope.message() == message).then_some(envelope)
    }

    /// Reads an entry; checks no signature, and does not look into the payload.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn parse(entry: &[u8]) -> Result<Self, EnvelopeError> {
        if entry.len() > ENTRY_BYTES_MAX {
            return Err(EnvelopeError::TooLong { bytes: entry.len() });
        }
        let read: EnvelopeV1 = serde_json::from_slice(entry).map_err(EnvelopeError::Json)?;
        let kind = kind_of(&read.payload_type)?;
        let Base64(payload) = read.payload;
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(EnvelopeError::PayloadTooLong { bytes: payload.len() });
        }
        if read.signatures.len() > SIGNATURES_MAX {
            return Err(EnvelopeError::TooManySignatures(read.signatures.len()));
        }
        let signatures = read.signatures.into_iter().map(SignatureV1::read).collect::<Result<_, _>>()?;
        Ok(Self { kind, payload, signatures })
    }

    /// What it holds.
    #[must_use]
    pub fn payload_type(&self) -> PayloadType {
        self.kind
    }

    /// The payload as it was signed.
    #[must_use]
    pub fn payload_bytes(&self) -> &[u8] {
        &self.payload
    }

    /// Reads the payload. Says nothing about who signed it.
    ///
    /// # Errors
    /// [`PayloadError`].
    pub fn payload(&self) -> Result<Payload, PayloadError> {
        payload::decode(self.kind, &self.payload)
    }

    /// True if this key has signed.
    #[must_use]
    pub fn verified_by(&self, key: &SigningKey) -> bool {
        let id = key_id(key.public());
        !self.signers(|found| (found == id).then(|| key.clone())).is_empty()
    }

    /// What a signature is made over; for a passkey, what the challenge is the SHA-256 of.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        pae(self.kind.as_str(), &self.payload)
    }

    /// The keys that have signed, each once; `known` finds a key by its hint. Signatures that do not hold count for
    /// nothing.
    #[must_use]
    pub fn signers(&self, known: impl Fn(KeyId) -> Option<SigningKey>) -> Vec<SigningKey> {
        let message = self.message();
        let mut signers = Vec::with_capacity(self.signatures.len());
        for (id, signature) in &self.signatures {
            let Some(key) = known(*id) else { continue };
            if !signers.contains(&key) && signature.holds(&key, &message) {
                signers.push(key);
            }
        }
        signers
    }

    /// The hints of every signature, whether or not it holds.
    pub fn signature_ids(&self) -> impl Iterator<Item = KeyId> {
        self.signatures.iter().map(|(id, _)| *id)
    }

    /// Adds a signature, in place of an earlier one by the same key.
    ///
    /// # Errors
    /// [`EncodeError::TooManySignatures`].
    pub fn sign(&mut self, key: &Ed25519KeyPair) -> Result<(), EncodeError> {
        let public = key.public_key().as_ref().try_into().map(PublicKey);
        let signature = key.sign(&self.message());
        let (Ok(PublicKey(public)), Ok(signature)) = (public, signature.as_ref().try_into()) else {
            return Err(EncodeError::Key);
        };
        self.attach(key_id(&public), Signature::Ed25519(signature))
    }

    /// Adds a signature that a passkey made elsewhere, in place of an earlier one by the same key.
    ///
    /// # Errors
    /// [`EncodeError::Assertion`], if it does not hold; [`EncodeError::TooManySignatures`].
    pub fn sign_with(
        &mut self,
        passkey: &lockward_model::Passkey,
        assertion: Assertion,
    ) -> Result<(), EncodeError> {
        assertion.verify(passkey, &challenge_of(&self.message())).map_err(EncodeError::Assertion)?;
        self.attach(key_id(&passkey.key), Signature::Passkey(assertion))
    }

    /// Adds an Ed25519 signature that was made elsewhere, in place of an earlier one by the same key.
    ///
    /// # Errors
    /// [`EncodeError::Signature`], if it does not hold; [`EncodeError::TooManySignatures`].
    pub fn sign_by(&mut self, key: &PublicKey, signature: [u8; 64]) -> Result<(), EncodeError> {
        let made = Signature::Ed25519(signature);
        if !made.holds(&SigningKey::Ed25519(*key), &self.message()) {
            return Err(EncodeError::Signature);
        }
        self.attach(key_id(&key.0), made)
    }

    fn attach(&mut self, id: KeyId, signature: Signature) -> Result<(), EncodeError> {
        self.signatures.retain(|(other, _)| *other != id);
        if self.signatures.len() == SIGNATURES_MAX {
            return Err(EncodeError::TooManySignatures);
        }
        self.signatures.push((id, signature));
        Ok(())
    }

    /// The entry as it goes into the log. Fits: a payload within its limit leaves room for every signature.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!(
            r#"{{"payloadType":"{}","payload":"{}","signatures":["#,
            self.kind.as_str(),
            Base64::write(&self.payload)
        );
        for (i, (id, signature)) in self.signatures.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = match signature {
                Signature::Ed25519(sig) => {
                    write!(out, r#"{comma}{{"keyid":"{id}","sig":"{}"}}"#, Base64::write(sig))
                }
                Signature::Passkey(a) => write!(
                    out,
                    r#"{comma}{{"keyid":"{id}","sig":"{}","webauthn":{{"authenticatorData":"{}","clientDataJSON":"{}"}}}}"#,
                    Base64::write(&a.signature),
                    Base64::write(&a.authenticator_data),
                    Base64::write(&a.client_data)
                ),
            };
        }
        out.push_str("]}");
        out.into_bytes()
    }
}

fn kind_of(name: &str) -> Result<PayloadType, EnvelopeError> {
    if let Some(kind) = PayloadType::ALL.into_iter().find(|k| k.as_str() == name) {
        return Ok(kind);
    }
    let shown = || name.chars().take(80).collect::<String>().escape_debug().to_string();
    let ours = PayloadType::ALL.iter().filter_map(|k| k.as_str().strip_suffix("1+json"));
    let version = ours.filter_map(|head| name.strip_prefix(head)?.strip_suffix("+json")).next();
    match version {
        Some(v) if v.parse::<u32>().is_ok_and(|v| v > 1) => Err(EnvelopeError::Newer(shown())),
        _ => Err(EnvelopeError::ForeignType(shown())),
    }
}
