//! What the hub says to a controller.

use super::elsewhere::{self, Elsewhere, ElsewhereV1};
use super::frame::{self, FrameError};
use super::{MessageError, ORDER_BYTES_MAX, Slices, owned, slices, word};
use crate::{CardKey, CborError, PinPepper, SourceKey};
use lockward_model::{Epoch, Time};
use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};

/// Longest consistency proof: two hashes for each level of a tree of 2^63 leaves.
const PROOF_MAX: usize = 126;

/// The secrets that a controller needs to know cards and to seal its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Finds cards.
    pub card_key: CardKey,
    /// Checks PINs.
    pub pin_pepper: PinPepper,
    /// From when this is received on, events are of this epoch.
    pub epoch: Epoch,
    /// Seals them.
    pub source_key: SourceKey,
}

/// From the hub to a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToController {
    /// The answer to a hello.
    Welcome {
        /// The hub's clock.
        time: Time,
        /// How many of the controller's events are durable at the hub; the sequence number that is due.
        acked: u64,
    },
    /// Entries of the config log, in order, and the checkpoint that covers the last.
    Entries {
        /// Index of the first.
        first: u64,
        /// The entries as they stand in the log.
        entries: Vec<Vec<u8>>,
        /// A signed note (C2SP tlog-checkpoint).
        checkpoint: Vec<u8>,
    },
    /// The controller's secrets.
    Keys(Keys),
    /// So many of the controller's events are durable at the hub.
    Ack {
        /// How many in all; the sequence number that is due.
        count: u64,
    },
    /// A checkpoint of the event log, to be cosigned.
    Checkpoint {
        /// A signed note (C2SP tlog-checkpoint).
        note: Vec<u8>,
        /// That it continues the last one that the controller cosigned (RFC 6962 consistency proof); empty for the
        /// first.
        proof: Vec<[u8; 32]>,
    },
    /// The certificate that was asked for.
    Certificate {
        /// The chain (DER), the controller's own first.
        chain: Vec<Vec<u8>>,
    },
    /// The hub ends the link.
    Bye {
        /// The stable code.
        code: Box<str>,
    },
    /// The answer to a ping.
    Pong {
        /// The hub's clock.
        time: Time,
    },
    /// What is known of the rest of the site.
    Elsewhere {
        /// True for the first of a connection: what was known before is replaced by this and what follows.
        anew: bool,
        /// At most [`super::FACTS_MAX`].
        facts: Vec<Elsewhere>,
    },
    /// Asks for a number that an order may bear; the answer is [`super::ToHub::Nonce`].
    WantNonce {
        /// Names the question, on this connection.
        question: u32,
    },
    /// An order, signed; the answer is [`super::ToHub::Ordered`].
    Order {
        /// Names it, on this connection.
        question: u32,
        /// The envelope ([`crate::config::Envelope`]), at most [`super::ORDER_BYTES_MAX`].
        envelope: Vec<u8>,
    },
}

#[derive(Encode, Decode)]
enum ToControllerV1<'a> {
    #[n(0)]
    Welcome(#[n(0)] i64, #[n(1)] u64),
    #[n(1)]
    Entries(#[n(0)] u64, #[b(1)] Slices<'a>, #[b(2)] &'a ByteSlice),
    #[n(2)]
    Keys(#[n(0)] ByteArray<32>, #[n(1)] ByteArray<32>, #[n(2)] u32, #[n(3)] ByteArray<32>),
    #[n(3)]
    Ack(#[n(0)] u64),
    #[n(4)]
    Checkpoint(#[b(0)] &'a ByteSlice, #[n(1)] Vec<ByteArray<32>>),
    #[n(5)]
    Certificate(#[b(0)] Slices<'a>),
    #[n(6)]
    Bye(#[b(0)] &'a str),
    #[n(7)]
    Pong(#[n(0)] i64),
    #[n(8)]
    Elsewhere(#[n(0)] bool, #[n(1)] Vec<ElsewhereV1>),
    #[n(9)]
    WantNonce(#[n(0)] u32),
    #[n(10)]
    Order(#[n(0)] u32, #[b(1)] &'a ByteSlice),
}

impl ToController {
    /// The message in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&ToControllerV1::from(self))
    }

    /// Reads what [`super::Frames::next_frame`] gave.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(frame: &[u8]) -> Result<Self, MessageError> {
        Ok(frame::decode::<ToControllerV1<'_>>(frame)?.try_into()?)
    }
}

impl<'a> From<&'a ToController> for ToControllerV1<'a> {
    fn from(m: &'a ToController) -> Self {
        match m {
            ToController::Welcome { time, acked } => Self::Welcome(time.0, *acked),
            ToController::Entries { first, entries, checkpoint } => {
                Self::Entries(*first, slices(entries), checkpoint.as_slice().into())
            }
            ToController::Keys(k) => Self::Keys(
                (*k.card_key.as_bytes()).into(),
                (*k.pin_pepper.as_bytes()).into(),
                k.epoch.0,
                (*k.source_key.as_bytes()).into(),
            ),
            ToController::Ack { count } => Self::Ack(*count),
            ToController::Checkpoint { note, proof } => {
                Self::Checkpoint(note.as_slice().into(), proof.iter().copied().map(Into::into).collect())
            }
            ToController::Certificate { chain } => Self::Certificate(slices(chain)),
            ToController::Bye { code } => Self::Bye(code),
            ToController::Pong { time } => Self::Pong(time.0),
            ToController::Elsewhere { anew, facts } => {
                Self::Elsewhere(*anew, facts.iter().map(Into::into).collect())
            }
            ToController::WantNonce { question } => Self::WantNonce(*question),
            ToController::Order { question, envelope } => Self::Order(*question, envelope.as_slice().into()),
        }
    }
}

impl TryFrom<ToControllerV1<'_>> for ToController {
    type Error = CborError;
    fn try_from(m: ToControllerV1<'_>) -> Result<Self, CborError> {
        Ok(match m {
            ToControllerV1::Welcome(time, acked) => Self::Welcome { time: Time(time), acked },
            ToControllerV1::Entries(first, entries, checkpoint) => Self::Entries {
                first,
                entries: owned(&entries, "a list of entries")?,
                checkpoint: checkpoint.to_vec(),
            },
            ToControllerV1::Keys(card, pepper, epoch, source) => Self::Keys(Keys {
                card_key: CardKey::from_bytes(card.into()),
                pin_pepper: PinPepper::from_bytes(pepper.into()),
                epoch: Epoch(epoch),
                source_key: SourceKey::from_bytes(source.into()),
            }),
            ToControllerV1::Ack(count) => Self::Ack { count },
            ToControllerV1::Checkpoint(note, proof) if proof.len() <= PROOF_MAX => {
                Self::Checkpoint { note: note.to_vec(), proof: proof.into_iter().map(Into::into).collect() }
            }
            ToControllerV1::Checkpoint(..) => return Err(CborError::Bounds { what: "a proof" }),
            ToControllerV1::Certificate(chain) => {
                Self::Certificate { chain: owned(&chain, "a certificate chain")? }
            }
            ToControllerV1::Bye(code) => Self::Bye { code: word(code, "a code")? },
            ToControllerV1::Pong(time) => Self::Pong { time: Time(time) },
            ToControllerV1::Elsewhere(anew, facts) => {
                Self::Elsewhere { anew, facts: elsewhere::read(facts)? }
            }
            ToControllerV1::WantNonce(question) => Self::WantNonce { question },
            ToControllerV1::Order(question, envelope) if envelope.len() <= ORDER_BYTES_MAX => {
                Self::Order { question, envelope: envelope.to_vec() }
            }
            ToControllerV1::Order(..) => return Err(CborError::Bounds { what: "an order" }),
        })
    }
}
