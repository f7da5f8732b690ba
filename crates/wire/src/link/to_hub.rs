//! What a controller says to its hub.

use super::frame::{self, FrameError};
use super::{MessageError, Slices, owned, slices, word};
use crate::CborError;
use crate::spelling::{ConfigRefV1, Said};
use lockward_model::{AirlockId, ConfigRef, ControllerId, DoorId, Nonce, SiteId, Time};
use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Encode};

/// One of a site's two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Log {
    /// Its change sets.
    Config,
    /// Its events.
    Event,
}

/// From a controller to its hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToHub {
    /// The first word on every connection.
    Hello {
        /// Who it is; its certificate must say the same.
        controller: ControllerId,
        /// Which site it was enrolled at.
        site: SiteId,
        /// Which version of Lockward it runs.
        version: Box<str>,
        /// The configuration in force, if any is.
        config: Option<ConfigRef>,
        /// The sequence number of the next event that it will write.
        next_seq: u64,
        /// The oldest event that it still holds; `next_seq` if it holds none.
        oldest_unacked: u64,
        /// The size of the event log's last checkpoint that it cosigned; 0 for none. The next one comes with a proof
        /// that it continues that.
        event_size: u64,
        /// Its clock.
        time: Time,
    },
    /// Events, in order and without a gap.
    Events {
        /// Sequence number of the first.
        first_seq: u64,
        /// Leaves ([`crate::event::Leaf::Event`]).
        leaves: Vec<Vec<u8>>,
        /// The chain head after the last ([`crate::event::ChainHead::sign`]).
        head: Vec<u8>,
    },
    /// This configuration is in force.
    Applied(ConfigRef),
    /// A change set was refused.
    Refused {
        /// Its index.
        at: u64,
        /// The stable code.
        code: Box<str>,
    },
    /// A cosignature (C2SP tlog-cosignature).
    Cosignature {
        /// Which log.
        log: Log,
        /// The size that the cosigned checkpoint has.
        size: u64,
        /// The signature line, without its line break.
        line: Vec<u8>,
    },
    /// Asks for a new certificate.
    Renew,
    /// Is anyone there?
    Ping,
    /// Wants an airlock for one opening of one door; the answer is [`super::Elsewhere::Claimed`].
    Claim {
        /// Which airlock.
        airlock: AirlockId,
        /// For which door.
        door: DoorId,
        /// True to take it, false to give it back.
        take: bool,
        /// Names the claim in its answer.
        number: u64,
    },
    /// A number for one order, good for [`lockward_model::Order::LIFE_MAX`]; `None` if too many are under way.
    Nonce {
        /// Which question it answers.
        question: u32,
        /// The number.
        nonce: Option<Nonce>,
    },
    /// What became of an order; its record is durable.
    Ordered {
        /// Which.
        question: u32,
        /// `None` if it was carried out, else the stable code of why not.
        refused: Option<Box<str>>,
    },
}

#[derive(Encode, Decode)]
enum ToHubV1<'a> {
    #[n(0)]
    Hello(#[b(0)] HelloV1<'a>),
    #[n(1)]
    Events(#[n(0)] u64, #[b(1)] Slices<'a>, #[b(2)] &'a ByteSlice),
    #[n(2)]
    Applied(#[n(0)] ConfigRefV1),
    #[n(3)]
    Refused(#[n(0)] u64, #[b(1)] &'a str),
    #[n(4)]
    Cosignature(#[n(0)] LogV1, #[n(1)] u64, #[b(2)] &'a ByteSlice),
    #[n(5)]
    Renew,
    #[n(6)]
    Ping,
    #[n(7)]
    Claim(#[n(0)] Said<AirlockId>, #[n(1)] Said<DoorId>, #[n(2)] bool, #[n(3)] u64),
    #[n(8)]
    Nonce(#[n(0)] u32, #[n(1)] Option<ByteArray<16>>),
    #[n(9)]
    Ordered(#[n(0)] u32, #[b(1)] Option<&'a str>),
}

#[derive(Encode, Decode)]
struct HelloV1<'a> {
    #[n(0)]
    controller: Said<ControllerId>,
    #[n(1)]
    site: ByteArray<32>,
    #[b(2)]
    version: &'a str,
    #[n(3)]
    config: Option<ConfigRefV1>,
    #[n(4)]
    next_seq: u64,
    #[n(5)]
    oldest_unacked: u64,
    #[n(6)]
    time_ms: i64,
    #[n(7)]
    event_size: u64,
}

#[derive(Encode, Decode)]
#[cbor(index_only)]
enum LogV1 {
    #[n(0)]
    Config,
    #[n(1)]
    Event,
}

impl ToHub {
    /// The message in its frame, ready to be sent.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        frame::encode(&ToHubV1::from(self))
    }

    /// Reads what [`super::Frames::next_frame`] gave.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(frame: &[u8]) -> Result<Self, MessageError> {
        Ok(frame::decode::<ToHubV1<'_>>(frame)?.try_into()?)
    }
}

impl<'a> From<&'a ToHub> for ToHubV1<'a> {
    fn from(m: &'a ToHub) -> Self {
        match m {
            ToHub::Hello {
                controller,
                site,
                version,
                config,
                next_seq,
                oldest_unacked,
                event_size,
                time,
            } => Self::Hello(HelloV1 {
                controller: Said(*controller),
                site: site.0.into(),
                version,
                config: config.map(Into::into),
                next_seq: *next_seq,
                oldest_unacked: *oldest_unacked,
                event_size: *event_size,
                time_ms: time.0,
            }),
            ToHub::Events { first_seq, leaves, head } => {
                Self::Events(*first_seq, slices(leaves), head.as_slice().into())
            }
            ToHub::Applied(config) => Self::Applied((*config).into()),
            ToHub::Refused { at, code } => Self::Refused(*at, code),
            ToHub::Cosignature { log, size, line } => {
                let log = match log {
                    Log::Config => LogV1::Config,
                    Log::Event => LogV1::Event,
                };
                Self::Cosignature(log, *size, line.as_slice().into())
            }
            ToHub::Renew => Self::Renew,
            ToHub::Ping => Self::Ping,
            ToHub::Claim { airlock, door, take, number } => {
                Self::Claim(Said(*airlock), Said(*door), *take, *number)
            }
            ToHub::Nonce { question, nonce } => Self::Nonce(*question, nonce.map(|n| n.0.into())),
            ToHub::Ordered { question, refused } => Self::Ordered(*question, refused.as_deref()),
        }
    }
}

impl TryFrom<ToHubV1<'_>> for ToHub {
    type Error = CborError;
    fn try_from(m: ToHubV1<'_>) -> Result<Self, CborError> {
        Ok(match m {
            ToHubV1::Hello(h) => Self::Hello {
                controller: h.controller.0,
                site: SiteId(h.site.into()),
                version: word(h.version, "the peer's version")?,
                config: h.config.map(Into::into),
                next_seq: h.next_seq,
                oldest_unacked: h.oldest_unacked,
                event_size: h.event_size,
                time: Time(h.time_ms),
            },
            ToHubV1::Events(first_seq, leaves, head) => {
                Self::Events { first_seq, leaves: owned(&leaves, "a list of events")?, head: head.to_vec() }
            }
            ToHubV1::Applied(config) => Self::Applied(config.into()),
            ToHubV1::Refused(at, code) => Self::Refused { at, code: word(code, "a code")? },
            ToHubV1::Cosignature(log, size, line) => {
                let log = match log {
                    LogV1::Config => Log::Config,
                    LogV1::Event => Log::Event,
                };
                Self::Cosignature { log, size, line: line.to_vec() }
            }
            ToHubV1::Renew => Self::Renew,
            ToHubV1::Ping => Self::Ping,
            ToHubV1::Claim(airlock, door, take, number) => {
                Self::Claim { airlock: airlock.0, door: door.0, take, number }
            }
            ToHubV1::Nonce(question, nonce) => {
                Self::Nonce { question, nonce: nonce.map(|n| Nonce(n.into())) }
            }
            ToHubV1::Ordered(question, refused) => {
                Self::Ordered { question, refused: refused.map(|code| word(code, "a code")).transpose()? }
            }
        })
    }
}
