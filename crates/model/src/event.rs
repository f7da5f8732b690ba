//! Events: what happened, as the log keeps it. A clear header that a stranger can check, and a body that is sealed.

use crate::{Access, Code, ConfigRef, ControllerId, Digest, DoorId, PublicKey, SiteId, Time};
use core::time::Duration;

/// A span of the event log that one key seals, and whose key dies with its retention. Counts up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

/// Who wrote an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The hub.
    Hub,
    /// A controller.
    Controller(ControllerId),
}

/// How a door came to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// On a grant.
    Granted,
    /// On a request to exit.
    Exit,
    /// While it stood unlocked.
    Free,
    /// On nothing at all: an alarm.
    Forced,
}

/// Why a door stands unlocked, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockCause {
    /// A schedule.
    Schedule,
    /// The controller started, and put the lock into its locked state.
    Start,
}

/// What a reader did, other than reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderFact {
    /// Its secure channel stands.
    Online,
    /// It is silent.
    Offline,
    /// Its case was opened, or closed again.
    Tamper(bool),
    /// It spoke outside a secure channel; not heeded.
    InsecureRefused,
    /// It no longer claims what it was pinned with.
    Downgrade,
    /// Another device answers at its address.
    IdentityChanged,
    /// It does not hold the site's key.
    KeyRefused,
    /// An operator opened the window for pairing.
    PairingOpened,
    /// The window closed.
    PairingClosed,
    /// It took the site's key.
    Paired,
    /// It offered the standard's published key.
    DefaultKeyRefused,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A decision at a reader.
    Access(Access),
    /// A request to exit.
    ExitRequested {
        /// True where the lock had to be released for it.
        released: bool,
    },
    /// The door opened.
    DoorOpened(Opening),
    /// The door closed.
    DoorClosed {
        /// How long it stood open.
        open_for: Duration,
    },
    /// The door stood open past its limit: an alarm.
    DoorHeld {
        /// Its limit.
        limit: Duration,
    },
    /// A release ended without the door having opened.
    NotEntered,
    /// The door now stands unlocked.
    Unlocked(LockCause),
    /// The door locks again.
    Locked(LockCause),
    /// Something about a reader.
    Reader {
        /// Its bus, by name.
        bus: Box<str>,
        /// Its address on the bus.
        address: u8,
        /// What.
        fact: ReaderFact,
    },
    /// The controller started.
    Started {
        /// How long it was away, by its own last record.
        away: Option<Duration>,
        /// What it came up with.
        config: Option<ConfigRef>,
    },
    /// A change set is in force.
    ConfigApplied(ConfigRef),
    /// A change set was refused; the last good one stays in force.
    ConfigRefused {
        /// Its index.
        at: u64,
        /// The stable code.
        code: Box<str>,
    },
    /// The clock was asked to step.
    ClockStep {
        /// By how much, in milliseconds.
        by_ms: i64,
        /// Whether it did.
        taken: bool,
    },
    /// A controller connected to the hub.
    Connected(ControllerId),
    /// A controller's link ended.
    Disconnected(ControllerId),
    /// A peer was refused at the link.
    LinkRefused {
        /// Who it claimed to be, if that was legible.
        claimed: Option<ControllerId>,
        /// The stable code.
        code: Box<str>,
    },
    /// A controller took its identity.
    Enrolled {
        /// Which.
        controller: ControllerId,
        /// Its key.
        key: PublicKey,
    },
    /// A controller's records do not follow on what the hub holds: an alarm.
    Gap {
        /// Whose.
        controller: ControllerId,
        /// The sequence number that was due.
        due: u64,
        /// The one that came.
        came: u64,
    },
    /// The site was founded.
    Founded(SiteId),
    /// The hub handed out keys of epochs to somebody with a token: who has them reads these epochs.
    KeysRead {
        /// The first epoch.
        first: Epoch,
        /// The last, itself included. Those between that were destroyed are not among them.
        last: Epoch,
    },
}

impl Body {
    /// The stable code: it stands in the clear header, on pages and in the API.
    #[must_use]
    pub fn code(&self) -> Code {
        use crate::Outcome;
        match self {
            Self::Access(a) => match a.outcome {
                Outcome::Granted { .. } => Code::AccessGranted,
                Outcome::Denied { .. } => Code::AccessDenied,
            },
            Self::ExitRequested { .. } => Code::ExitRequested,
            Self::DoorOpened(Opening::Forced) => Code::DoorForced,
            Self::DoorOpened(_) => Code::DoorOpened,
            Self::DoorClosed { .. } => Code::DoorClosed,
            Self::DoorHeld { .. } => Code::DoorHeld,
            Self::NotEntered => Code::NotEntered,
            Self::Unlocked(_) => Code::DoorUnlocked,
            Self::Locked(_) => Code::DoorLocked,
            Self::Reader { fact, .. } => match fact {
                ReaderFact::Online => Code::ReaderOnline,
                ReaderFact::Offline => Code::ReaderOffline,
                ReaderFact::Tamper(true) => Code::ReaderTamper,
                ReaderFact::Tamper(false) => Code::ReaderTamperCleared,
                ReaderFact::InsecureRefused => Code::OsdpInsecureRefused,
                ReaderFact::Downgrade => Code::OsdpDowngrade,
                ReaderFact::IdentityChanged => Code::ReaderIdentityChanged,
                ReaderFact::KeyRefused => Code::OsdpKeyRefused,
                ReaderFact::PairingOpened => Code::OsdpPairingOpened,
                ReaderFact::PairingClosed => Code::OsdpPairingClosed,
                ReaderFact::Paired => Code::OsdpPaired,
                ReaderFact::DefaultKeyRefused => Code::OsdpDefaultKey,
            },
            Self::Started { .. } => Code::ControllerStarted,
            Self::ConfigApplied(_) => Code::ConfigApplied,
            Self::ConfigRefused { .. } => Code::ConfigRefused,
            Self::ClockStep { taken: true, .. } => Code::ClockStepped,
            Self::ClockStep { taken: false, .. } => Code::TimeStepRefused,
            Self::Connected(_) => Code::ControllerConnected,
            Self::Disconnected(_) => Code::ControllerDisconnected,
            Self::LinkRefused { .. } => Code::LinkRefused,
            Self::Enrolled { .. } => Code::ControllerEnrolled,
            Self::Gap { .. } => Code::LogChainBreak,
            Self::Founded(_) => Code::SiteFounded,
            Self::KeysRead { .. } => Code::KeysRead,
        }
    }
}

/// One event: header and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who wrote it.
    pub source: Source,
    /// The source's own count, from 0, without gaps.
    pub seq: u64,
    /// RFC 6962 leaf hash of the source's event before; zero for the first.
    pub prev: Digest,
    /// When, by the source's clock.
    pub time: Time,
    /// At which door, if at one.
    pub door: Option<DoorId>,
    /// Which key seals the body.
    pub epoch: Epoch,
    /// What happened.
    pub body: Body,
}
