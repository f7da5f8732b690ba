//! What doors, controllers and zones notice about themselves, in CBOR.

use super::body::micros;
use super::twins::twins;
use crate::spelling::Said;
use core::time::Duration;
use lockward_model::{ControllerFact, DoorFact, DoorId, ExitAnomaly, InputFault, InputName, ZoneFact};
use minicbor::{Decode, Encode};

twins! {
    InputNameV1 = InputName {
        0 Contact = InputName::Contact => InputName::Contact,
        1 Exit = InputName::Exit => InputName::Exit,
        2 Bolt = InputName::Bolt => InputName::Bolt,
        3 Button = InputName::Button => InputName::Button,
        4 Tamper = InputName::Tamper => InputName::Tamper,
        5 Power = InputName::Power => InputName::Power,
        6 Battery = InputName::Battery => InputName::Battery,
        7 Fire = InputName::Fire => InputName::Fire,
    }
    InputFaultV1 = InputFault {
        0 Open = InputFault::Open => InputFault::Open,
        1 Short = InputFault::Short => InputFault::Short,
        2 Ground = InputFault::Ground => InputFault::Ground,
        3 Foreign = InputFault::Foreign => InputFault::Foreign,
        4 Silent = InputFault::Silent => InputFault::Silent,
    }
    ExitAnomalyV1 = ExitAnomaly {
        0 Long = ExitAnomaly::Long => ExitAnomaly::Long,
        1 Often = ExitAnomaly::Often => ExitAnomaly::Often,
        2 Empty = ExitAnomaly::Empty => ExitAnomaly::Empty,
    }
}

#[derive(Encode, Decode)]
pub(in crate::event) enum DoorFactV1 {
    #[n(0)]
    HeldWarning,
    #[n(1)]
    ContactMismatch(#[n(0)] bool),
    #[n(2)]
    ContactStuck(#[n(0)] Option<u16>),
    #[n(3)]
    ExitAnomaly(#[n(0)] Option<ExitAnomalyV1>),
    #[n(4)]
    Lockdown(#[n(0)] bool),
    #[n(5)]
    RelockUnconfirmed(#[n(0)] bool),
    #[n(6)]
    LiftOverride,
    #[n(7)]
    AirlockAlone(#[n(0)] bool),
    #[n(8)]
    ReleaseUnconfirmed(#[n(0)] bool),
}

impl From<&DoorFact> for DoorFactV1 {
    fn from(fact: &DoorFact) -> Self {
        match fact {
            DoorFact::HeldWarning => Self::HeldWarning,
            DoorFact::ContactMismatch(on) => Self::ContactMismatch(*on),
            DoorFact::ContactStuck(releases) => Self::ContactStuck(*releases),
            DoorFact::ExitAnomaly(why) => Self::ExitAnomaly(why.as_ref().map(Into::into)),
            DoorFact::Lockdown(on) => Self::Lockdown(*on),
            DoorFact::RelockUnconfirmed(on) => Self::RelockUnconfirmed(*on),
            DoorFact::LiftOverride => Self::LiftOverride,
            DoorFact::AirlockAlone(on) => Self::AirlockAlone(*on),
            DoorFact::ReleaseUnconfirmed(on) => Self::ReleaseUnconfirmed(*on),
        }
    }
}

impl From<DoorFactV1> for DoorFact {
    fn from(fact: DoorFactV1) -> Self {
        match fact {
            DoorFactV1::HeldWarning => Self::HeldWarning,
            DoorFactV1::ContactMismatch(on) => Self::ContactMismatch(on),
            DoorFactV1::ContactStuck(releases) => Self::ContactStuck(releases),
            DoorFactV1::ExitAnomaly(why) => Self::ExitAnomaly(why.map(Into::into)),
            DoorFactV1::Lockdown(on) => Self::Lockdown(on),
            DoorFactV1::RelockUnconfirmed(on) => Self::RelockUnconfirmed(on),
            DoorFactV1::LiftOverride => Self::LiftOverride,
            DoorFactV1::AirlockAlone(on) => Self::AirlockAlone(on),
            DoorFactV1::ReleaseUnconfirmed(on) => Self::ReleaseUnconfirmed(on),
        }
    }
}

#[derive(Encode, Decode)]
pub(in crate::event) enum ControllerFactV1 {
    #[n(0)]
    PowerFailed,
    #[n(1)]
    PowerRestored(#[n(0)] u64),
    #[n(2)]
    BatteryLow(#[n(0)] bool),
    #[n(3)]
    Fire(#[n(0)] bool),
    #[n(4)]
    Tamper(#[n(0)] bool),
    #[n(5)]
    TimeUntrusted(#[n(0)] bool),
}

impl From<&ControllerFact> for ControllerFactV1 {
    fn from(fact: &ControllerFact) -> Self {
        match fact {
            ControllerFact::PowerFailed => Self::PowerFailed,
            ControllerFact::PowerRestored(out) => Self::PowerRestored(micros(*out)),
            ControllerFact::BatteryLow(on) => Self::BatteryLow(*on),
            ControllerFact::Fire(on) => Self::Fire(*on),
            ControllerFact::Tamper(on) => Self::Tamper(*on),
            ControllerFact::TimeUntrusted(on) => Self::TimeUntrusted(*on),
        }
    }
}

impl From<ControllerFactV1> for ControllerFact {
    fn from(fact: ControllerFactV1) -> Self {
        match fact {
            ControllerFactV1::PowerFailed => Self::PowerFailed,
            ControllerFactV1::PowerRestored(us) => Self::PowerRestored(Duration::from_micros(us)),
            ControllerFactV1::BatteryLow(on) => Self::BatteryLow(on),
            ControllerFactV1::Fire(on) => Self::Fire(on),
            ControllerFactV1::Tamper(on) => Self::Tamper(on),
            ControllerFactV1::TimeUntrusted(on) => Self::TimeUntrusted(on),
        }
    }
}

#[derive(Encode, Decode)]
pub(in crate::event) enum ZoneFactV1 {
    #[n(0)]
    PassbackAlone(#[n(0)] bool),
    #[n(1)]
    OpeningsBlocked(#[n(0)] Vec<Said<DoorId>>),
}

impl From<&ZoneFact> for ZoneFactV1 {
    fn from(fact: &ZoneFact) -> Self {
        match fact {
            ZoneFact::PassbackAlone(on) => Self::PassbackAlone(*on),
            ZoneFact::OpeningsBlocked(doors) => {
                Self::OpeningsBlocked(doors.iter().copied().map(Said).collect())
            }
        }
    }
}

impl From<ZoneFactV1> for ZoneFact {
    fn from(fact: ZoneFactV1) -> Self {
        match fact {
            ZoneFactV1::PassbackAlone(on) => Self::PassbackAlone(on),
            ZoneFactV1::OpeningsBlocked(doors) => {
                Self::OpeningsBlocked(doors.into_iter().map(|d| d.0).collect())
            }
        }
    }
}
