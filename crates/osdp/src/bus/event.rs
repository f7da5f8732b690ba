//! What a bus tells its owner, and what its owner may ask of it.

use thiserror::Error;

use crate::code::Code;
use crate::command::PdCommand;
use crate::key::Scbk;
use crate::pkoc::{Answer, Refusal};
use crate::reply::{Capability, CardData, CardFormat, Digits, Identity, Nak};
use crate::secure::SecureError;

/// Microseconds on the caller's clock, which never goes back.
pub type Micros = u64;

/// One reader on the line.
#[derive(Debug, Clone)]
pub struct PdConfig {
    /// 0 to 126.
    pub address: u8,
    /// Its own key.
    pub key: Scbk,
    /// The device that belongs here. `None`: the first that proves the key is reported, and pinned for this run.
    pub identity: Option<Identity>,
    /// What that device could do when it was pinned; losing the secure channel from it is a downgrade.
    pub capabilities: Option<Vec<Capability>>,
}

/// A line and its readers.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// Bits per second; a character is ten bits.
    pub baud: u32,
    /// The readers, in the order in which they are polled.
    pub pds: Vec<PdConfig>,
}

/// Why a bus can not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// An address of no PD.
    #[error("address `{0}` is not a reader's address; use 0 to 126")]
    Address(u8),
    /// Two readers at one address.
    #[error("address `{0}` is given twice; every reader of a bus needs its own")]
    Twice(u8),
    /// Not a rate of any line.
    #[error("baud rate `{0}` is outside {min} to {max}", min = super::BAUD_MIN, max = super::BAUD_MAX)]
    Baud(u32),
}

/// Why a command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// No such reader.
    #[error("no reader at address `{0}` on this bus")]
    Unknown(u8),
    /// No session: what it should show now, it will be told when it is online again.
    #[error("the reader at address `{0}` is offline; send again when it is online")]
    Offline(u8),
    /// Too much is waiting.
    #[error("the reader at address `{0}` has too many commands waiting; send again later")]
    Full(u8),
}

/// Why a pairing window was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PairingError {
    /// No such reader.
    #[error("no reader at address `{0}` on this bus")]
    Unknown(u8),
    /// It holds its key: there is nothing to pair.
    #[error("the reader at address `{0}` already holds its key")]
    Online(u8),
    /// One at a time.
    #[error("a pairing window is open at address `{0}`; close it first")]
    Open(u8),
}

/// What the bus is told.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Bytes came in.
    Bytes(&'a [u8]),
    /// It is time.
    Timer,
}

/// What the bus wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Put these bytes on the line now.
    Transmit(Vec<u8>),
    /// Call with [`Input::Timer`] at this time. The last one of a call counts, and replaces all before it.
    WakeAt(Micros),
    /// Something happened at this address.
    Event(u8, PdEvent),
}

/// What happened at a reader. Everything from `Card` to `Outputs` came through its secure channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdEvent {
    /// Key, identity and capabilities are as they must be: what it reports now counts. Lights are unknown.
    Online,
    /// A new session began while it was online, perhaps because it restarted: lights and outputs are unknown.
    Resumed,
    /// No secured word from it for [`super::OFFLINE_AFTER`], or it was refused.
    Offline,
    /// A card.
    Card {
        /// Reader within the PD.
        reader: u8,
        /// How to read it.
        format: CardFormat,
        /// Its bits.
        card: CardData,
    },
    /// Keys.
    Keys {
        /// Reader within the PD.
        reader: u8,
        /// What was pressed.
        digits: Digits,
    },
    /// A code, longer than any card's number. Anyone may have written it.
    Code {
        /// Reader within the PD.
        reader: u8,
        /// What it holds.
        code: Code,
    },
    /// A public-key card is there, and waits for [`crate::pkoc::Request::Authenticate`].
    KeyCardPresent {
        /// Reader within the PD.
        reader: u8,
        /// The reader puts an id of its own to the card: give none.
        own_id: bool,
    },
    /// A public-key card answered what was asked of it here, once and in time. Its signature is not checked yet.
    KeyCard {
        /// Reader within the PD.
        reader: u8,
        /// Key and signature.
        answer: Answer,
        /// Time from the request to the answer; `None` where the transaction was given before the card came.
        took: Option<Micros>,
    },
    /// A public-key card was not taken.
    KeyCardRefused {
        /// Reader within the PD.
        reader: u8,
        /// Why.
        refusal: Refusal,
    },
    /// It would like a transaction for the next public-key card ([`crate::pkoc::Request::Next`]); it may go without.
    KeyCardWanted,
    /// Whether it, or a reader behind it, is tampered with.
    Tamper(bool),
    /// Whether its power fails.
    PowerFailure(bool),
    /// Its inputs, true is active.
    Inputs(Vec<bool>),
    /// Its outputs, true is active.
    Outputs(Vec<bool>),
    /// Who it is: at first sight, and when version or firmware change.
    Identity(Identity),
    /// What it can do: at first sight, and when it changes.
    Capabilities(Vec<Capability>),
    /// A reader that was secure says that it is not. It stays refused: the pin wins.
    Downgrade,
    /// Another device answers at this address, and it has the key. Refused.
    IdentityChanged {
        /// Which belongs here.
        pinned: Identity,
        /// Which answers.
        found: Identity,
    },
    /// It does not hold its key. Refused.
    KeyRefused,
    /// It offered the standard's default key outside a pairing window. Refused.
    DefaultKeyRefused,
    /// It spoke outside the secure channel; this reply code was thrown away unread.
    InsecureRefused(u8),
    /// A session ended because a frame was altered, replayed or malformed. A new handshake follows.
    SessionLost(SecureError),
    /// It took its key over the line in a pairing window, and has proved it.
    Paired,
    /// The pairing window is closed, whether or not anything was paired.
    PairingClosed,
    /// A command was not carried out: declined, or (`None`) the session ended before it was acknowledged.
    CommandFailed(PdCommand, Option<Nak>),
}
