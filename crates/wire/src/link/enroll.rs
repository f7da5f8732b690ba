//! How a new controller is given its identity: one request with a one-time secret, one reply.

use super::frame::{self, FrameError};
use super::{MessageError, Slices, owned, slices, word};
use crate::spelling::Said;
use crate::{CborError, EnrollSecret};
use lockward_model::{ControllerId, PublicKey};
use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};

/// From a controller that has no certificate yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollRequest {
    /// Who it is to be.
    pub controller: ControllerId,
    /// What an operator gave it.
    pub secret: EnrollSecret,
    /// What it will sign its chain with.
    pub key: PublicKey,
    /// The signing request for its certificate (DER).
    pub csr: Vec<u8>,
}

/// The hub's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrollReply {
    /// The controller is one of the site's.
    Accepted {
        /// The first entry of the config log; its leaf hash is the site's identity, to be pinned.
        founding: Vec<u8>,
        /// The certificate chain (DER), the controller's own first.
        chain: Vec<Vec<u8>>,
        /// The site's CA certificate (DER); the founding names its digest.
        ca: Vec<u8>,
    },
    /// It is not.
    Refused {
        /// The stable code.
        code: Box<str>,
    },
}

#[derive(Encode, Decode)]
struct EnrollRequestV1<'a> {
    #[n(0)]
    controller: Said<ControllerId>,
    #[n(1)]
    secret: ByteArray<32>,
    #[n(2)]
    key: ByteArray<32>,
    #[b(3)]
    csr: &'a ByteSlice,
}

#[derive(Encode, Decode)]
enum EnrollReplyV1<'a> {
    #[n(0)]
    Accepted(#[b(0)] &'a ByteSlice, #[b(1)] Slices<'a>, #[b(2)] &'a ByteSlice),
    #[n(1)]
    Refused(#[b(0)] &'a str),
}

impl EnrollRequest {
    /// The request in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&EnrollRequestV1 {
            controller: Said(self.controller),
            secret: (*self.secret.as_bytes()).into(),
            key: self.key.0.into(),
            csr: self.csr.as_slice().into(),
        })
    }

    /// Reads what [`super::Frames::next_frame`] gave.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(frame: &[u8]) -> Result<Self, MessageError> {
        let r: EnrollRequestV1<'_> = frame::decode(frame)?;
        Ok(Self {
            controller: r.controller.0,
            secret: EnrollSecret::from_bytes(r.secret.into()),
            key: PublicKey(r.key.into()),
            csr: r.csr.to_vec(),
        })
    }
}

impl EnrollReply {
    /// The reply in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&match self {
            Self::Accepted { founding, chain, ca } => {
                EnrollReplyV1::Accepted(founding.as_slice().into(), slices(chain), ca.as_slice().into())
            }
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
            EnrollReplyV1::Accepted(founding, chain, ca) => Self::Accepted {
                founding: founding.to_vec(),
                chain: owned(&chain, "a certificate chain")?,
                ca: ca.to_vec(),
            },
            EnrollReplyV1::Refused(code) => Self::Refused { code: word(code, "a code")? },
        })
    }
}
