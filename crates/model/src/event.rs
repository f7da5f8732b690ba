//! Events: what happened, as the log keeps it. A clear header that a stranger can check, and a body that is sealed.

use crate::{
    Access, ApiKeyId, Code, ConfigRef, ControllerId, CredentialId, Digest, DoorId, OperatorId, Ordered,
    PersonId, PublicKey, ServiceId, Side, SiteId, Time, ZoneId,
};
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
    /// Before the controller started, and rightly, as far as its records say: it stands open still.
    Before,
}

/// Why a door stands unlocked, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockCause {
    /// A schedule.
    Schedule,
    /// The controller started, and put the lock into its locked state.
    Start,
    /// The first person of its schedule's window has entered.
    FirstPerson,
    /// A gesture at the reader, by somebody whom policy lets hold the door.
    Office,
    /// A lockdown of its zone began.
    Lockdown,
    /// An order.
    Order,
    /// The fire input.
    Fire,
}

/// Which wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InputName {
    /// Tells whether the leaf is open.
    Contact,
    /// The request to exit.
    Exit,
    /// Tells whether the bolt is out.
    Bolt,
    /// The floor's button in a lift.
    Button,
    /// The cabinet of the controller.
    Tamper,
    /// The mains.
    Power,
    /// The battery.
    Battery,
    /// The fire alarm system.
    Fire,
}

/// Why an input says nothing that could be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InputFault {
    /// The wire is cut.
    Open,
    /// The wire is shorted.
    Short,
    /// A wire touches ground.
    Ground,
    /// A foreign voltage, or another resistor than the installer's.
    Foreign,
    /// The board that reads it does not answer, or has not said anything yet.
    Silent,
}

/// What makes a request to exit doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExitAnomaly {
    /// Pressed for longer than anyone needs.
    Long,
    /// More often than people leave.
    Often,
    /// Nobody is inside, as far as is known.
    Empty,
}

/// What a door noticed about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorFact {
    /// It is about to count as held.
    HeldWarning,
    /// The bolt says open while the contact says closed; or no longer.
    ContactMismatch(bool),
    /// The contact has not moved in this many releases of which the bolt did; `None` when it moved again.
    ContactStuck(Option<u16>),
    /// A request to exit that is doubtful; `None` when that is over.
    ExitAnomaly(Option<ExitAnomaly>),
    /// Its zone is locked down: nobody enters; or no longer.
    Lockdown(bool),
    /// The bolt did not come back after the door had closed; or did later.
    RelockUnconfirmed(bool),
    /// A lift went to the floor without a grant and without the fire input.
    LiftOverride,
    /// It can not see another door of its airlock; or can again.
    AirlockAlone(bool),
    /// The bolt did not go back although it was released: somebody may be kept in; or did later.
    ReleaseUnconfirmed(bool),
}

/// What a controller noticed about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControllerFact {
    /// The mains are gone; it runs on its battery.
    PowerFailed,
    /// The mains are back, after this long.
    PowerRestored(Duration),
    /// The battery will not last; or is well again.
    BatteryLow(bool),
    /// The fire alarm system calls; or no longer.
    Fire(bool),
    /// Its cabinet is open; or closed again.
    Tamper(bool),
    /// The time can not be trusted: schedules free no door and count for no rule; or it can again.
    TimeUntrusted(bool),
}

/// What a controller noticed about a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneFact {
    /// Out of touch with others that lead into it: its declared way of being alone holds; or no longer.
    PassbackAlone(bool),
    /// More doors were opened than its limit allows. These were, within its window.
    OpeningsBlocked(Vec<DoorId>),
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

/// What became of somebody who wants to act through the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionFact {
    /// Signed in.
    Opened,
    /// Did not get in.
    Refused,
    /// The session ended: by its holder, by another operator, or because the operator's role went.
    Ended,
    /// A passkey whose counter went backwards: there are two of it.
    Cloned,
    /// The link that is printed at the first start registered the first passkey.
    SetUp,
    /// Asked for what no policy permits, for the first time in a minute.
    Denied,
    /// Asks for one thing after another that is not its own, or not there.
    Enumerates,
}

/// What became of an API key of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyFact {
    /// Somebody made it.
    Made,
    /// It took the place of another, which goes on until its own end.
    Rotated,
    /// It serves no more.
    Revoked,
    /// Somebody sent one that does not serve.
    Refused,
    /// It asked for what no policy permits its service, or its own scope, for the first time in a minute.
    Denied,
    /// It asks for one thing after another that is not its service's, or not there.
    Enumerates,
}

/// What became of somebody's way to sign in that is no passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactorFact {
    /// There is a new one: a password, a code app, or an account at the OpenID provider.
    Bound,
    /// One was taken away.
    Removed,
    /// One was set on another operator's word, in place of what was lost.
    Reset,
    /// A recovery code took the place of a one-time code.
    Recovered,
    /// The OpenID provider named somebody who is bound to no operator.
    Stranger,
    /// Passwords are tried at many operators.
    Sprayed,
}

/// What became of a phone of somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhoneFact {
    /// A link was made with which a phone can be registered.
    Invited,
    /// A phone was registered by such a link: from the change that puts it on, it opens what its holder may.
    Bound(CredentialId),
}

/// How far a recovery of the site has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecoveryStep {
    /// Announced with the recovery key.
    Announced,
    /// Carried out, after its wait.
    Done,
    /// Ended by an operator.
    Cancelled,
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
    /// A wire can not be believed; `None` when it can again.
    Input {
        /// Which.
        input: InputName,
        /// Why.
        fault: Option<InputFault>,
    },
    /// A door noticed something about itself.
    Door(DoorFact),
    /// A controller noticed something about itself.
    Controller(ControllerFact),
    /// A controller noticed something about a zone.
    Zone {
        /// Which.
        zone: ZoneId,
        /// What.
        fact: ZoneFact,
    },
    /// Somebody guesses: a wait is on.
    Guessing {
        /// At which side's reader; `None` for all readers of the site together.
        side: Option<Side>,
        /// True for PINs and codes, false for cards that nobody knows.
        secret: bool,
        /// How long, from now.
        wait: Duration,
    },
    /// A decision on an order.
    Order(Box<Ordered>),
    /// An order that no controller has answered: whether it was carried out is known when its records are here.
    OrderLost {
        /// Whose it was.
        controller: ControllerId,
        /// Who gave it.
        operator: Option<OperatorId>,
        /// The service that gave it, where one did.
        service: Option<ServiceId>,
    },
    /// Something became of an operator's way to sign in.
    Factor {
        /// Whose it is, if that is known.
        operator: Option<OperatorId>,
        /// On whose word, where that is not its own.
        by: Option<OperatorId>,
        /// What.
        fact: FactorFact,
    },
    /// Somebody signed in at the hub, or tried to.
    Session {
        /// Who, if that is known.
        operator: Option<OperatorId>,
        /// What.
        fact: SessionFact,
    },
    /// An API key of a service was made or taken away, or somebody sent one that does not serve.
    ApiKey {
        /// Which; `None` where what was sent is none, or none that is told of.
        key: Option<ApiKeyId>,
        /// Whose.
        service: Option<ServiceId>,
        /// Who did it; `None` for somebody at the hub's own command line.
        operator: Option<OperatorId>,
        /// What.
        fact: ApiKeyFact,
    },
    /// A phone of somebody's is to be registered, or was.
    Phone {
        /// Whose.
        person: PersonId,
        /// On whose word.
        by: OperatorId,
        /// What.
        fact: PhoneFact,
    },
    /// The recovery key was used, or what it announced was ended.
    Recovery {
        /// Who is to be the new operator; `None` where it was ended.
        operator: Option<OperatorId>,
        /// How far it has come.
        step: RecoveryStep,
    },
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
            Self::Order(o) => match o.outcome {
                Outcome::Granted { .. } => Code::OrderGiven,
                Outcome::Denied { .. } => Code::OrderRefused,
            },
            Self::OrderLost { .. } => Code::OrderLost,
            Self::Phone { fact: PhoneFact::Invited, .. } => Code::PhoneInvited,
            Self::Phone { fact: PhoneFact::Bound(_), .. } => Code::PhoneBound,
            Self::Factor { fact, .. } => match fact {
                FactorFact::Bound => Code::FactorBound,
                FactorFact::Removed => Code::FactorRemoved,
                FactorFact::Reset => Code::FactorReset,
                FactorFact::Recovered => Code::RecoveryCodeUsed,
                FactorFact::Stranger => Code::AccountUnbound,
                FactorFact::Sprayed => Code::AuthSpray,
            },
            Self::Recovery { step, .. } => match step {
                RecoveryStep::Announced => Code::RecoveryAnnounced,
                RecoveryStep::Done => Code::RecoveryDone,
                RecoveryStep::Cancelled => Code::RecoveryCancelled,
            },
            Self::Session { fact, .. } => match fact {
                SessionFact::Opened => Code::SignedIn,
                SessionFact::Refused => Code::SignInRefused,
                SessionFact::Ended => Code::SignedOut,
                SessionFact::Cloned => Code::PasskeyCloned,
                SessionFact::SetUp => Code::SetUpLinkUsed,
                SessionFact::Denied => Code::AuthzDenied,
                SessionFact::Enumerates => Code::EnumerationSuspected,
            },
            Self::ApiKey { fact, .. } => match fact {
                ApiKeyFact::Made => Code::ApiKeyMade,
                ApiKeyFact::Rotated => Code::ApiKeyRotated,
                ApiKeyFact::Revoked => Code::ApiKeyRevoked,
                ApiKeyFact::Refused => Code::ApiKeyRefused,
                ApiKeyFact::Denied => Code::AuthzDenied,
                ApiKeyFact::Enumerates => Code::EnumerationSuspected,
            },
            Self::KeysRead { .. } => Code::KeysRead,
            Self::Input { fault, .. } => fault.map_or(Code::InputCleared, InputFault::code),
            Self::Door(fact) => fact.code(),
            Self::Controller(fact) => fact.code(),
            Self::Zone { fact: ZoneFact::PassbackAlone(true), .. } => Code::PassbackDegraded,
            Self::Zone { fact: ZoneFact::PassbackAlone(false), .. } => Code::PassbackRestored,
            Self::Zone { fact: ZoneFact::OpeningsBlocked(_), .. } => Code::MassOpenBlocked,
            Self::Guessing { secret: true, .. } => Code::PinBruteForce,
            Self::Guessing { secret: false, .. } => Code::ReaderBruteForce,
        }
    }
}

impl InputFault {
    fn code(self) -> Code {
        match self {
            Self::Open => Code::InputOpen,
            Self::Short => Code::InputShort,
            Self::Ground => Code::InputGround,
            Self::Foreign => Code::InputForeign,
            Self::Silent => Code::InputSilent,
        }
    }
}

impl DoorFact {
    fn code(self) -> Code {
        match self {
            Self::HeldWarning => Code::HeldWarning,
            Self::ContactMismatch(true) => Code::ContactMismatch,
            Self::ContactStuck(Some(_)) => Code::ContactStuck,
            Self::ContactMismatch(false) | Self::ContactStuck(None) => Code::ContactCleared,
            Self::ExitAnomaly(Some(_)) => Code::ExitAnomaly,
            Self::ExitAnomaly(None) => Code::ExitAnomalyOver,
            Self::Lockdown(true) => Code::LockdownBegun,
            Self::Lockdown(false) => Code::LockdownLifted,
            Self::RelockUnconfirmed(true) => Code::RelockUnconfirmed,
            Self::RelockUnconfirmed(false) => Code::RelockConfirmed,
            Self::LiftOverride => Code::LiftOverride,
            Self::AirlockAlone(true) => Code::AirlockDegraded,
            Self::AirlockAlone(false) => Code::AirlockRestored,
            Self::ReleaseUnconfirmed(true) => Code::ReleaseUnconfirmed,
            Self::ReleaseUnconfirmed(false) => Code::ReleaseConfirmed,
        }
    }
}

impl ControllerFact {
    fn code(self) -> Code {
        match self {
            Self::PowerFailed => Code::PowerFailed,
            Self::PowerRestored(_) => Code::PowerRestored,
            Self::BatteryLow(true) => Code::BatteryLow,
            Self::BatteryLow(false) => Code::BatteryWell,
            Self::Fire(true) => Code::FireCalled,
            Self::Fire(false) => Code::FireOver,
            Self::Tamper(true) => Code::CabinetTamper,
            Self::Tamper(false) => Code::CabinetClosed,
            Self::TimeUntrusted(true) => Code::TimeUntrusted,
            Self::TimeUntrusted(false) => Code::TimeTrusted,
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
