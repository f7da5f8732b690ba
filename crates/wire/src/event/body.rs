//! Bodies of events in CBOR, version 1. Numbers are given once: a new kind takes the next, and none is used again.

use super::facts::{ControllerFactV1, DoorFactV1, InputFaultV1, InputNameV1, ZoneFactV1};
use super::known::KnownV1;
use super::twins::twins;
use crate::CborError;
use crate::spelling::{ConfigRefV1, Said};
use core::time::Duration;
use lockward_model::{
    Access, ApiKeyFact, ApiKeyId, Body, CardToken, ControllerId, CredentialId, Deny, Epoch, FactorFact,
    Factors, LockCause, Opening, OperatorId, OrderKnown, Ordered, Outcome, PersonId, PhoneFact, PinFact,
    PublicKey, ReaderFact, RecoveryStep, ServiceId, SessionFact, Side, SiteId, ZoneId,
};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

#[derive(Encode, Decode)]
pub(super) enum BodyV1 {
    #[n(0)]
    Access(#[n(0)] AccessV1),
    #[n(1)]
    ExitRequested(#[n(0)] bool),
    #[n(2)]
    DoorOpened(#[n(0)] OpeningV1),
    #[n(3)]
    DoorClosed(#[n(0)] u64),
    #[n(4)]
    DoorHeld(#[n(0)] u64),
    #[n(5)]
    NotEntered,
    #[n(6)]
    Unlocked(#[n(0)] LockCauseV1),
    #[n(7)]
    Locked(#[n(0)] LockCauseV1),
    #[n(8)]
    Reader(#[n(0)] Box<str>, #[n(1)] u8, #[n(2)] FactV1),
    #[n(9)]
    Started(#[n(0)] Option<u64>, #[n(1)] Option<ConfigRefV1>),
    #[n(10)]
    ConfigApplied(#[n(0)] ConfigRefV1),
    #[n(11)]
    ConfigRefused(#[n(0)] u64, #[n(1)] Box<str>),
    #[n(12)]
    ClockStep(#[n(0)] i64, #[n(1)] bool),
    #[n(13)]
    Connected(#[n(0)] Said<ControllerId>),
    #[n(14)]
    Disconnected(#[n(0)] Said<ControllerId>),
    #[n(15)]
    LinkRefused(#[n(0)] Option<Said<ControllerId>>, #[n(1)] Box<str>),
    #[n(16)]
    Enrolled(#[n(0)] Said<ControllerId>, #[n(1)] ByteArray<32>),
    #[n(17)]
    Gap(#[n(0)] Said<ControllerId>, #[n(1)] u64, #[n(2)] u64),
    #[n(18)]
    Founded(#[n(0)] ByteArray<32>),
    #[n(19)]
    KeysRead(#[n(0)] u32, #[n(1)] u32),
    #[n(20)]
    Input(#[n(0)] InputNameV1, #[n(1)] Option<InputFaultV1>),
    #[n(21)]
    Door(#[n(0)] DoorFactV1),
    #[n(22)]
    Controller(#[n(0)] ControllerFactV1),
    #[n(23)]
    Zone(#[n(0)] Said<ZoneId>, #[n(1)] ZoneFactV1),
    #[n(24)]
    Guessing(#[n(0)] Option<SideV1>, #[n(1)] bool, #[n(2)] u64),
    #[n(25)]
    Order(#[n(0)] OrderedV1),
    #[n(26)]
    OrderLost(#[n(0)] Said<ControllerId>, #[n(1)] Option<Said<OperatorId>>, #[n(2)] Option<Said<ServiceId>>),
    #[n(33)]
    Phone(#[n(0)] Said<PersonId>, #[n(1)] Said<OperatorId>, #[n(2)] PhoneFactV1),
    #[n(27)]
    Session(#[n(0)] Option<Said<OperatorId>>, #[n(1)] SessionFactV1),
    #[n(28)]
    Recovery(#[n(0)] Option<Said<OperatorId>>, #[n(1)] RecoveryStepV1),
    #[n(29)]
    ApiKey(
        #[n(0)] Option<Said<ApiKeyId>>,
        #[n(1)] Option<Said<ServiceId>>,
        #[n(2)] Option<Said<OperatorId>>,
        #[n(3)] ApiKeyFactV1,
    ),
    #[n(30)]
    Factor(#[n(0)] Option<Said<OperatorId>>, #[n(1)] Option<Said<OperatorId>>, #[n(2)] FactorFactV1),
}

#[derive(Encode, Decode)]
pub(super) enum PhoneFactV1 {
    #[n(0)]
    Invited,
    #[n(1)]
    Bound(#[n(0)] Said<CredentialId>),
}

#[derive(Encode, Decode)]
pub(super) struct OrderedV1 {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    envelope: Vec<u8>,
    #[n(1)]
    config: Option<ConfigRefV1>,
    #[n(2)]
    config_age_us: u64,
    /// Bit 0: fresh, bit 1: airlock busy, bit 2: openings spent.
    #[n(3)]
    known: u8,
    #[n(4)]
    outcome: OutcomeV1,
}

impl From<&Ordered> for OrderedV1 {
    fn from(o: &Ordered) -> Self {
        let OrderKnown { fresh, airlock_busy, openings_spent } = o.known;
        Self {
            envelope: o.envelope.to_vec(),
            config: o.config.map(Into::into),
            config_age_us: micros(o.config_age),
            known: u8::from(fresh) | u8::from(airlock_busy) << 1 | u8::from(openings_spent) << 2,
            outcome: (&o.outcome).into(),
        }
    }
}

impl TryFrom<OrderedV1> for Ordered {
    type Error = CborError;
    fn try_from(o: OrderedV1) -> Result<Self, CborError> {
        let bit = |n: u8| o.known & 1 << n != 0;
        if o.known > 0b111 {
            return Err(CborError::Unknown { what: "set of facts", number: o.known.into() });
        }
        Ok(Self {
            known: OrderKnown { fresh: bit(0), airlock_busy: bit(1), openings_spent: bit(2) },
            envelope: o.envelope.into(),
            config: o.config.map(Into::into),
            config_age: Duration::from_micros(o.config_age_us),
            outcome: o.outcome.try_into()?,
        })
    }
}

impl From<&Outcome> for OutcomeV1 {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Granted { because } => Self::Granted(because.clone()),
            Outcome::Denied { why, because } => Self::Denied(why.number(), because.clone()),
        }
    }
}

impl TryFrom<OutcomeV1> for Outcome {
    type Error = CborError;
    fn try_from(outcome: OutcomeV1) -> Result<Self, CborError> {
        Ok(match outcome {
            OutcomeV1::Granted(because) => Self::Granted { because },
            OutcomeV1::Denied(why, because) => {
                let unknown = || CborError::Unknown { what: "reason", number: why.into() };
                Self::Denied { why: Deny::from_number(why).ok_or_else(unknown)?, because }
            }
        })
    }
}

#[derive(Encode, Decode)]
pub(super) struct AccessV1 {
    #[n(0)]
    side: SideV1,
    #[n(1)]
    token: Option<ByteArray<16>>,
    #[n(2)]
    person: Option<Said<PersonId>>,
    #[n(3)]
    factors: u8,
    #[n(4)]
    pin: PinV1,
    #[n(5)]
    keypad: bool,
    #[n(6)]
    config: Option<ConfigRefV1>,
    #[n(7)]
    config_age_us: u64,
    #[n(8)]
    outcome: OutcomeV1,
    /// Left out where nothing had happened: most records, and those of before.
    #[n(9)]
    known: Option<KnownV1>,
}

#[derive(Encode, Decode)]
enum OutcomeV1 {
    #[n(0)]
    Granted(#[n(0)] Vec<Box<str>>),
    #[n(1)]
    Denied(#[n(0)] u8, #[n(1)] Vec<Box<str>>),
}

twins! {
    SideV1 = Side {
        0 Entry = Side::Entry => Side::Entry,
        1 Exit = Side::Exit => Side::Exit,
    }
    PinV1 = PinFact {
        0 NotAsked = PinFact::NotAsked => PinFact::NotAsked,
        1 Right = PinFact::Right => PinFact::Right,
        2 Wrong = PinFact::Wrong => PinFact::Wrong,
        3 Missing = PinFact::Missing => PinFact::Missing,
        4 Duress = PinFact::Duress => PinFact::Duress,
        5 OneTime = PinFact::OneTime => PinFact::OneTime,
        6 UsedUp = PinFact::UsedUp => PinFact::UsedUp,
    }
    OpeningV1 = Opening {
        0 Granted = Opening::Granted => Opening::Granted,
        1 Exit = Opening::Exit => Opening::Exit,
        2 Free = Opening::Free => Opening::Free,
        3 Forced = Opening::Forced => Opening::Forced,
        4 Before = Opening::Before => Opening::Before,
    }
    LockCauseV1 = LockCause {
        0 Schedule = LockCause::Schedule => LockCause::Schedule,
        1 Start = LockCause::Start => LockCause::Start,
        2 FirstPerson = LockCause::FirstPerson => LockCause::FirstPerson,
        3 Office = LockCause::Office => LockCause::Office,
        4 Lockdown = LockCause::Lockdown => LockCause::Lockdown,
        5 Order = LockCause::Order => LockCause::Order,
        6 Fire = LockCause::Fire => LockCause::Fire,
    }
    SessionFactV1 = SessionFact {
        0 Opened = SessionFact::Opened => SessionFact::Opened,
        1 Refused = SessionFact::Refused => SessionFact::Refused,
        2 Ended = SessionFact::Ended => SessionFact::Ended,
        3 Cloned = SessionFact::Cloned => SessionFact::Cloned,
        4 SetUp = SessionFact::SetUp => SessionFact::SetUp,
        5 Denied = SessionFact::Denied => SessionFact::Denied,
        6 Enumerates = SessionFact::Enumerates => SessionFact::Enumerates,
    }
    FactorFactV1 = FactorFact {
        0 Bound = FactorFact::Bound => FactorFact::Bound,
        1 Removed = FactorFact::Removed => FactorFact::Removed,
        2 Reset = FactorFact::Reset => FactorFact::Reset,
        3 Recovered = FactorFact::Recovered => FactorFact::Recovered,
        4 Stranger = FactorFact::Stranger => FactorFact::Stranger,
        5 Sprayed = FactorFact::Sprayed => FactorFact::Sprayed,
    }
    ApiKeyFactV1 = ApiKeyFact {
        0 Made = ApiKeyFact::Made => ApiKeyFact::Made,
        1 Rotated = ApiKeyFact::Rotated => ApiKeyFact::Rotated,
        2 Revoked = ApiKeyFact::Revoked => ApiKeyFact::Revoked,
        3 Refused = ApiKeyFact::Refused => ApiKeyFact::Refused,
        4 Denied = ApiKeyFact::Denied => ApiKeyFact::Denied,
        5 Enumerates = ApiKeyFact::Enumerates => ApiKeyFact::Enumerates,
    }
    RecoveryStepV1 = RecoveryStep {
        0 Announced = RecoveryStep::Announced => RecoveryStep::Announced,
        1 Done = RecoveryStep::Done => RecoveryStep::Done,
        2 Cancelled = RecoveryStep::Cancelled => RecoveryStep::Cancelled,
    }
    FactV1 = ReaderFact {
        0 Online = ReaderFact::Online => ReaderFact::Online,
        1 Offline = ReaderFact::Offline => ReaderFact::Offline,
        2 Tampered = ReaderFact::Tamper(true) => ReaderFact::Tamper(true),
        3 TamperCleared = ReaderFact::Tamper(false) => ReaderFact::Tamper(false),
        4 InsecureRefused = ReaderFact::InsecureRefused => ReaderFact::InsecureRefused,
        5 Downgrade = ReaderFact::Downgrade => ReaderFact::Downgrade,
        6 IdentityChanged = ReaderFact::IdentityChanged => ReaderFact::IdentityChanged,
        7 KeyRefused = ReaderFact::KeyRefused => ReaderFact::KeyRefused,
        8 PairingOpened = ReaderFact::PairingOpened => ReaderFact::PairingOpened,
        9 PairingClosed = ReaderFact::PairingClosed => ReaderFact::PairingClosed,
        10 Paired = ReaderFact::Paired => ReaderFact::Paired,
        11 DefaultKeyRefused = ReaderFact::DefaultKeyRefused => ReaderFact::DefaultKeyRefused,
    }
}

/// Whole microseconds; 584,000 years and more count as just that.
pub(super) fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

impl From<&Access> for AccessV1 {
    fn from(a: &Access) -> Self {
        Self {
            side: (&a.side).into(),
            token: a.token.map(|t| t.0.into()),
            person: a.person.map(Said),
            factors: a.factors.bits(),
            pin: (&a.pin).into(),
            keypad: a.keypad,
            config: a.config.map(Into::into),
            config_age_us: micros(a.config_age),
            known: KnownV1::of(&a.known),
            outcome: (&a.outcome).into(),
        }
    }
}

impl TryFrom<AccessV1> for Access {
    type Error = CborError;
    fn try_from(a: AccessV1) -> Result<Self, CborError> {
        let unknown = |what, n: u8| CborError::Unknown { what, number: n.into() };
        Ok(Self {
            side: a.side.into(),
            token: a.token.map(|t| CardToken(t.into())),
            person: a.person.map(|p| p.0),
            factors: Factors::from_bits(a.factors).ok_or_else(|| unknown("set of factors", a.factors))?,
            pin: a.pin.into(),
            keypad: a.keypad,
            config: a.config.map(Into::into),
            config_age: Duration::from_micros(a.config_age_us),
            known: a.known.map(TryInto::try_into).transpose()?.unwrap_or_default(),
            outcome: a.outcome.try_into()?,
        })
    }
}

impl From<&Body> for BodyV1 {
    fn from(body: &Body) -> Self {
        match body {
            Body::Access(a) => Self::Access(a.into()),
            Body::ExitRequested { released } => Self::ExitRequested(*released),
            Body::DoorOpened(o) => Self::DoorOpened(o.into()),
            Body::DoorClosed { open_for } => Self::DoorClosed(micros(*open_for)),
            Body::DoorHeld { limit } => Self::DoorHeld(micros(*limit)),
            Body::NotEntered => Self::NotEntered,
            Body::Unlocked(c) => Self::Unlocked(c.into()),
            Body::Locked(c) => Self::Locked(c.into()),
            Body::Reader { bus, address, fact } => Self::Reader(bus.clone(), *address, fact.into()),
            Body::Started { away, config } => Self::Started(away.map(micros), config.map(Into::into)),
            Body::ConfigApplied(c) => Self::ConfigApplied((*c).into()),
            Body::ConfigRefused { at, code } => Self::ConfigRefused(*at, code.clone()),
            Body::ClockStep { by_ms, taken } => Self::ClockStep(*by_ms, *taken),
            Body::Connected(id) => Self::Connected(Said(*id)),
            Body::Disconnected(id) => Self::Disconnected(Said(*id)),
            Body::LinkRefused { claimed, code } => Self::LinkRefused(claimed.map(Said), code.clone()),
            Body::Enrolled { controller, key } => Self::Enrolled(Said(*controller), key.0.into()),
            Body::Gap { controller, due, came } => Self::Gap(Said(*controller), *due, *came),
            Body::Founded(site) => Self::Founded(site.0.into()),
            Body::Input { input, fault } => Self::Input(input.into(), fault.as_ref().map(Into::into)),
            Body::Door(fact) => Self::Door(fact.into()),
            Body::Controller(fact) => Self::Controller(fact.into()),
            Body::Zone { zone, fact } => Self::Zone(Said(*zone), fact.into()),
            Body::Guessing { side, secret, wait } => {
                Self::Guessing(side.as_ref().map(Into::into), *secret, micros(*wait))
            }
            Body::KeysRead { first, last } => Self::KeysRead(first.0, last.0),
            Body::Order(o) => Self::Order((&**o).into()),
            Body::OrderLost { controller, operator, service } => {
                Self::OrderLost(Said(*controller), operator.map(Said), service.map(Said))
            }
            Body::Factor { operator, by, fact } => {
                Self::Factor(operator.map(Said), by.map(Said), fact.into())
            }
            Body::Phone { person, by, fact } => {
                let fact = match fact {
                    PhoneFact::Invited => PhoneFactV1::Invited,
                    PhoneFact::Bound(id) => PhoneFactV1::Bound(Said(*id)),
                };
                Self::Phone(Said(*person), Said(*by), fact)
            }
            Body::Recovery { operator, step } => Self::Recovery(operator.map(Said), step.into()),
            Body::ApiKey { key, service, operator, fact } => {
                Self::ApiKey(key.map(Said), service.map(Said), operator.map(Said), fact.into())
            }
            Body::Session { operator, fact } => Self::Session(operator.map(Said), fact.into()),
        }
    }
}

impl TryFrom<BodyV1> for Body {
    type Error = CborError;
    fn try_from(body: BodyV1) -> Result<Self, CborError> {
        Ok(match body {
            BodyV1::Access(a) => Self::Access(a.try_into()?),
            BodyV1::ExitRequested(released) => Self::ExitRequested { released },
            BodyV1::DoorOpened(o) => Self::DoorOpened(o.into()),
            BodyV1::DoorClosed(us) => Self::DoorClosed { open_for: Duration::from_micros(us) },
            BodyV1::DoorHeld(us) => Self::DoorHeld { limit: Duration::from_micros(us) },
            BodyV1::NotEntered => Self::NotEntered,
            BodyV1::Unlocked(c) => Self::Unlocked(c.into()),
            BodyV1::Locked(c) => Self::Locked(c.into()),
            BodyV1::Reader(bus, address, fact) => Self::Reader { bus, address, fact: fact.into() },
            BodyV1::Started(away, config) => {
                Self::Started { away: away.map(Duration::from_micros), config: config.map(Into::into) }
            }
            BodyV1::ConfigApplied(c) => Self::ConfigApplied(c.into()),
            BodyV1::ConfigRefused(at, code) => Self::ConfigRefused { at, code },
            BodyV1::ClockStep(by_ms, taken) => Self::ClockStep { by_ms, taken },
            BodyV1::Connected(id) => Self::Connected(id.0),
            BodyV1::Disconnected(id) => Self::Disconnected(id.0),
            BodyV1::LinkRefused(claimed, code) => Self::LinkRefused { claimed: claimed.map(|c| c.0), code },
            BodyV1::Enrolled(id, key) => Self::Enrolled { controller: id.0, key: PublicKey(key.into()) },
            BodyV1::Gap(id, due, came) => Self::Gap { controller: id.0, due, came },
            BodyV1::Founded(site) => Self::Founded(SiteId(site.into())),
            BodyV1::Input(input, fault) => Self::Input { input: input.into(), fault: fault.map(Into::into) },
            BodyV1::Door(fact) => Self::Door(fact.into()),
            BodyV1::Controller(fact) => Self::Controller(fact.into()),
            BodyV1::Zone(zone, fact) => Self::Zone { zone: zone.0, fact: fact.into() },
            BodyV1::Guessing(side, secret, us) => {
                Self::Guessing { side: side.map(Into::into), secret, wait: Duration::from_micros(us) }
            }
            BodyV1::KeysRead(first, last) => Self::KeysRead { first: Epoch(first), last: Epoch(last) },
            BodyV1::Order(o) => Self::Order(Box::new(o.try_into()?)),
            BodyV1::OrderLost(controller, operator, service) => Self::OrderLost {
                controller: controller.0,
                operator: operator.map(|o| o.0),
                service: service.map(|s| s.0),
            },
            BodyV1::Factor(operator, by, fact) => {
                Self::Factor { operator: operator.map(|o| o.0), by: by.map(|o| o.0), fact: fact.into() }
            }
            BodyV1::Phone(person, by, fact) => {
                let fact = match fact {
                    PhoneFactV1::Invited => PhoneFact::Invited,
                    PhoneFactV1::Bound(id) => PhoneFact::Bound(id.0),
                };
                Self::Phone { person: person.0, by: by.0, fact }
            }
            BodyV1::Recovery(operator, step) => {
                Self::Recovery { operator: operator.map(|o| o.0), step: step.into() }
            }
            BodyV1::ApiKey(key, service, operator, fact) => Self::ApiKey {
                key: key.map(|k| k.0),
                service: service.map(|s| s.0),
                operator: operator.map(|o| o.0),
                fact: fact.into(),
            },
            BodyV1::Session(operator, fact) => {
                Self::Session { operator: operator.map(|o| o.0), fact: fact.into() }
            }
        })
    }
}
