//! What a controller that has no certificate yet says to the hub: once, on a connection of its own.
//!
//! Three messages: the hub's [`EnrollOffer`], the device's [`EnrollRequest`], the hub's [`EnrollReply`]. The offer comes
//! first, so that the device can tell the hub of its [`EnrollCode`] from any other before it says its secret.

use super::frame::{self, FrameError};
use super::{MessageError, Slices, owned, slices, word};
use crate::spelling::Said;
use crate::{CborError, EnrollSecret, hex, unhex};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use core::fmt;
use core::str::FromStr;
use lockward_model::{ControllerId, PublicKey, SiteId};
use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Bytes of the site's identity in a code: 128 bits, which nobody can aim at.
const SITE_BYTES: usize = 16;
/// Digits between two hyphens of a code.
const GROUP: usize = 8;

/// What an operator carries to a new device: a one-time secret, and the site whose hub may hear it.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrollCode {
    secret: EnrollSecret,
    site: [u8; SITE_BYTES],
}

/// Not an enrolment code. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no enrolment code; copy all of it, as `lockward enroll` printed it")]
pub struct CodeError;

impl EnrollCode {
    /// A code for a site; the secret must be random and new.
    #[must_use]
    pub fn new(secret: EnrollSecret, site: &SiteId) -> Self {
        let mut start = [0; SITE_BYTES];
        start.iter_mut().zip(site.0).for_each(|(s, b)| *s = b);
        Self { secret, site: start }
    }

    /// The one-time secret.
    #[must_use]
    pub fn secret(&self) -> &EnrollSecret {
        &self.secret
    }

    /// Whether the code is of this site.
    #[must_use]
    pub fn names(&self, site: &SiteId) -> bool {
        site.0.starts_with(&self.site)
    }

    /// The code as it is printed: 96 hex digits in groups, to be shown once and copied.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; 32 + SITE_BYTES]);
        bytes.iter_mut().zip(self.secret.as_bytes().iter().chain(&self.site)).for_each(|(to, b)| *to = *b);
        let digits = hex(&*bytes);
        let groups = digits.as_bytes().chunks(GROUP).map(|g| core::str::from_utf8(g).unwrap_or_default());
        Zeroizing::new(groups.collect::<Vec<_>>().join("-"))
    }
}

impl FromStr for EnrollCode {
    type Err = CodeError;
    fn from_str(s: &str) -> Result<Self, CodeError> {
        let digits: Zeroizing<String> = Zeroizing::new(s.chars().filter(|c| *c != '-').collect());
        let bytes: Zeroizing<[u8; 32 + SITE_BYTES]> = unhex(&digits).ok_or(CodeError)?;
        let (Some(secret), Some(site)) = (bytes.first_chunk::<32>(), bytes.last_chunk()) else {
            return Err(CodeError);
        };
        Ok(Self { secret: EnrollSecret::from_bytes(*secret), site: *site })
    }
}

impl fmt::Debug for EnrollCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrollCode(..)")
    }
}

/// The hub's first word: which site it is of. Secret to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollOffer {
    /// The first entry of the config log; its leaf hash is the site's identity, to be compared with the code and pinned.
    pub founding: Vec<u8>,
    /// The site's CA certificate (DER); the founding names its digest.
    pub ca: Vec<u8>,
}

/// From a controller that has no certificate yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollRequest {
    /// Who it is to be.
    pub controller: ControllerId,
    /// What an operator gave it.
    pub secret: EnrollSecret,
    /// What it will sign its chain and its handshakes with.
    pub key: PublicKey,
    proof: [u8; 64],
}

/// The hub's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrollReply {
    /// The controller is one of the site's.
    Accepted {
        /// The certificate chain (DER), the controller's own first.
        chain: Vec<Vec<u8>>,
    },
    /// It is not.
    Refused {
        /// The stable code.
        code: Box<str>,
    },
}

#[derive(Encode, Decode)]
struct EnrollOfferV1<'a> {
    #[b(0)]
    founding: &'a ByteSlice,
    #[b(1)]
    ca: &'a ByteSlice,
}

#[derive(Encode, Decode)]
struct EnrollRequestV1 {
    #[n(0)]
    controller: Said<ControllerId>,
    #[n(1)]
    secret: ByteArray<32>,
    #[n(2)]
    key: ByteArray<32>,
    #[n(3)]
    proof: ByteArray<64>,
}

#[derive(Encode, Decode)]
enum EnrollReplyV1<'a> {
    #[n(0)]
    Accepted(#[b(0)] Slices<'a>),
    #[n(1)]
    Refused(#[b(0)] &'a str),
}

impl EnrollOffer {
    /// The offer in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&EnrollOfferV1 {
            founding: self.founding.as_slice().into(),
            ca: self.ca.as_slice().into(),
        })
    }

    /// Reads what [`super::Frames::next_frame`] gave.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(frame: &[u8]) -> Result<Self, MessageError> {
        let o: EnrollOfferV1<'_> = frame::decode(frame)?;
        Ok(Self { founding: o.founding.to_vec(), ca: o.ca.to_vec() })
    }
}

impl EnrollRequest {
    /// A request, with the proof that the device holds its key. `None` only for a key that is not Ed25519.
    #[must_use]
    pub fn signed(
        controller: ControllerId,
        secret: &EnrollSecret,
        site: &SiteId,
        pair: &Ed25519KeyPair,
        key: PublicKey,
    ) -> Option<Self> {
        let proof = pair.sign(&message(&controller, secret, site)).as_ref().try_into().ok()?;
        Some(Self { controller, secret: secret.clone(), key, proof })
    }

    /// True if whoever made the request holds its key, and meant this site.
    #[must_use]
    pub fn proves_key(&self, site: &SiteId) -> bool {
        let message = message(&self.controller, &self.secret, site);
        UnparsedPublicKey::new(&ED25519, self.key.0).verify(&message, &self.proof).is_ok()
    }

    /// The request in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&EnrollRequestV1 {
            controller: Said(self.controller),
            secret: (*self.secret.as_bytes()).into(),
            key: self.key.0.into(),
            proof: self.proof.into(),
        })
    }

    /// Reads what [`super::Frames::next_frame`] gave.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(frame: &[u8]) -> Result<Self, MessageError> {
        let r: EnrollRequestV1 = frame::decode(frame)?;
        Ok(Self {
            controller: r.controller.0,
            secret: EnrollSecret::from_bytes(r.secret.into()),
            key: PublicKey(r.key.into()),
            proof: r.proof.into(),
        })
    }
}

fn message(controller: &ControllerId, secret: &EnrollSecret, site: &SiteId) -> Vec<u8> {
    let mut message = b"lockward enrol v1\0".to_vec();
    message.extend(site.0);
    message.extend(digest(&SHA256, secret.as_bytes()).as_ref());
    message.extend(controller.as_str().as_bytes());
    message
}

impl EnrollReply {
    /// The reply in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&match self {
            Self::Accepted { chain } => EnrollReplyV1::Accepted(slices(chain)),
            Self::Refused { code } => EnrollReplyV1::Refused(code),
        })
    }

    /// Reads what [`super::Frames::next_frame`] gave.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(frame: &[u8]) -> Result<Self, MessageError> {
        Ok(frame::decode::<EnrollReplyV1<'_>>(frame)?.try_into()?)
    }
}

impl TryFrom<EnrollReplyV1<'_>> for EnrollReply {
    type Error = CborError;
    fn try_from(r: EnrollReplyV1<'_>) -> Result<Self, CborError> {
        Ok(match r {
            EnrollReplyV1::Accepted(chain) => Self::Accepted { chain: owned(&chain, "a certificate chain")? },
            EnrollReplyV1::Refused(code) => Self::Refused { code: word(code, "a code")? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_and_names_its_site_alone() {
        let site = SiteId([7; 32]);
        let code = EnrollCode::new(EnrollSecret::from_bytes([3; 32]), &site);
        let read: EnrollCode = code.to_text().parse().unwrap();
        assert_eq!(read, code);
        assert!(read.names(&site) && !read.names(&SiteId([8; 32])));
        assert_eq!(format!("{code:?}"), "EnrollCode(..)");
    }

    #[test]
    fn half_a_code_is_refused() {
        let text = EnrollCode::new(EnrollSecret::from_bytes([3; 32]), &SiteId([7; 32])).to_text();
        assert_eq!(text[..40].parse::<EnrollCode>(), Err(CodeError));
    }

    #[test]
    fn a_request_for_another_site_or_name_proves_nothing() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        let key = PublicKey(aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().try_into().unwrap());
        let secret = EnrollSecret::from_bytes([3; 32]);
        let id = "dock".parse().unwrap();
        let request = EnrollRequest::signed(id, &secret, &SiteId([7; 32]), &pair, key).unwrap();
        assert!(request.proves_key(&SiteId([7; 32])));
        assert!(!request.proves_key(&SiteId([8; 32])));
        assert!(
            !EnrollRequest { controller: "other".parse().unwrap(), ..request }.proves_key(&SiteId([7; 32]))
        );
    }
}
