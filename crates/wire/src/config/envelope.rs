//! The envelope: payload type, payload and signatures, as DSSE v1 (secure-systems-lab/dsse) has them.

use super::payload::{EncodeError, PAYLOAD_BYTES_MAX, Payload, PayloadError};
use super::{PayloadType, payload};
use crate::ENTRY_BYTES_MAX;
use crate::spelling::{Base64, Hex};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use core::fmt;
use core::fmt::Write as _;
use lockward_model::PublicKey;
use serde::Deserialize;

/// Most signatures of one entry: four eyes twice over, with a service and a recovery key to spare.
pub const SIGNATURES_MAX: usize = 8;

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

/// The hint at a key.
#[must_use]
pub fn key_id(key: &PublicKey) -> KeyId {
    let mut id = [0; 8];
    // A SHA-256 has more bytes than the 8 that are taken.
    id.iter_mut().zip(digest::digest(&digest::SHA256, &key.0).as_ref()).for_each(|(i, b)| *i = *b);
    KeyId(id)
}

/// DSSE v1's pre-authentication encoding: the bytes that are signed.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend(payload);
    out
}

/// One signed entry of the config log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    kind: PayloadType,
    payload: Vec<u8>,
    signatures: Vec<(KeyId, [u8; 64])>,
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
        let signature = |s: SignatureV1| {
            let sig = s.sig.0.try_into().map_err(|_| {
                EnvelopeError::Json(serde::de::Error::custom("a signature has not the 64 bytes of Ed25519"))
            })?;
            Ok((KeyId(s.keyid.0), sig))
        };
        let signatures = read.signatures.into_iter().map(signature).collect::<Result<_, _>>()?;
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
    pub fn verified_by(&self, key: &PublicKey) -> bool {
        let id = key_id(key);
        self.signers(|found| (found == id).then_some(*key)).contains(key)
    }

    /// The keys that have signed, each once; `known` finds a key by its hint. Signatures that do not hold count for
    /// nothing.
    #[must_use]
    pub fn signers(&self, known: impl Fn(KeyId) -> Option<PublicKey>) -> Vec<PublicKey> {
        let message = pae(self.kind.as_str(), &self.payload);
        let mut signers = Vec::with_capacity(self.signatures.len());
        for (id, signature) in &self.signatures {
            let Some(key) = known(*id) else { continue };
            let holds = || UnparsedPublicKey::new(&ED25519, key.0).verify(&message, signature).is_ok();
            if !signers.contains(&key) && holds() {
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
        let signature = key.sign(&pae(self.kind.as_str(), &self.payload));
        let (Ok(public), Ok(signature)) = (public, signature.as_ref().try_into()) else {
            return Err(EncodeError::Key);
        };
        let id = key_id(&public);
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
            let _ = write!(out, r#"{comma}{{"keyid":"{id}","sig":"{}"}}"#, Base64::write(signature));
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
