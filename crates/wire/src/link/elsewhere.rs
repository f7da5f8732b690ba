//! What the hub tells a controller of the rest of the site: where people went, who guesses, which codes are used, and which
//! doors of an airlock are taken. Facts that narrow what may open, never an authority to open anything.

use crate::CborError;
use crate::spelling::Said;
use lockward_model::{AirlockId, ControllerId, CredentialId, DoorId, PersonId, Time, ZoneId};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};

/// Facts in one message: at under 150 bytes each, well within a frame.
pub const FACTS_MAX: usize = 2_048;

/// One fact about the rest of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// A person went through a door that was really opened; `None` is the street.
    Moved {
        /// Who.
        person: PersonId,
        /// Where to.
        into: Option<ZoneId>,
        /// When, by that controller's clock.
        at: Time,
        /// Through which door.
        door: DoorId,
    },
    /// Somebody left a zone whom nobody can name: its count is no longer certain.
    SomeoneLeft {
        /// Which zone.
        zone: ZoneId,
        /// When.
        at: Time,
    },
    /// A wrong PIN or code, or a card that nobody knows.
    Guessed {
        /// At which door.
        door: DoorId,
        /// Whose secret was guessed, if a card said so.
        person: Option<PersonId>,
        /// True for PINs and codes.
        secret: bool,
        /// When.
        at: Time,
    },
    /// A pass was used.
    Used {
        /// Its id.
        id: [u8; 16],
        /// At which controller.
        by: ControllerId,
        /// How often it has served there, in all.
        times: u16,
        /// When it ends by itself.
        until: Time,
        /// When it was used.
        at: Time,
    },
    /// A one-time code was used: it and all before it serve no more.
    Stepped {
        /// Of which credential.
        credential: CredentialId,
        /// Its counter, or its step of time.
        step: u64,
    },
    /// A credential opened a door there.
    Seen {
        /// Whose.
        person: PersonId,
        /// At which door.
        door: DoorId,
        /// When.
        at: Time,
    },
    /// A door of an airlock is open or released; or no longer.
    Busy {
        /// Which door.
        door: DoorId,
        /// Whether it is.
        busy: bool,
        /// When.
        at: Time,
    },
    /// A controller's link stands; or is lost.
    Touch {
        /// Which.
        controller: ControllerId,
        /// Whether it stands.
        linked: bool,
        /// When.
        at: Time,
    },
    /// The answer to a claim: the airlock is this door's until then, or somebody else's.
    Claimed {
        /// Which airlock.
        airlock: AirlockId,
        /// For which door.
        door: DoorId,
        /// Whether it is this door's.
        granted: bool,
        /// The claim's own number.
        number: u64,
    },
}

#[derive(Encode, Decode)]
pub(super) enum ElsewhereV1 {
    #[n(0)]
    Moved(#[n(0)] Said<PersonId>, #[n(1)] Option<Said<ZoneId>>, #[n(2)] i64, #[n(3)] Said<DoorId>),
    #[n(1)]
    SomeoneLeft(#[n(0)] Said<ZoneId>, #[n(1)] i64),
    #[n(2)]
    Guessed(#[n(0)] Said<DoorId>, #[n(1)] Option<Said<PersonId>>, #[n(2)] bool, #[n(3)] i64),
    #[n(3)]
    Used(#[n(0)] ByteArray<16>, #[n(1)] Said<ControllerId>, #[n(2)] u16, #[n(3)] i64, #[n(4)] i64),
    #[n(4)]
    Seen(#[n(0)] Said<PersonId>, #[n(1)] Said<DoorId>, #[n(2)] i64),
    #[n(5)]
    Busy(#[n(0)] Said<DoorId>, #[n(1)] bool, #[n(2)] i64),
    #[n(6)]
    Touch(#[n(0)] Said<ControllerId>, #[n(1)] bool, #[n(2)] i64),
    #[n(7)]
    Claimed(#[n(0)] Said<AirlockId>, #[n(1)] Said<DoorId>, #[n(2)] bool, #[n(3)] u64),
    #[n(8)]
    Stepped(#[n(0)] Said<CredentialId>, #[n(1)] u64),
}

impl From<&Elsewhere> for ElsewhereV1 {
    fn from(fact: &Elsewhere) -> Self {
        match fact {
            Elsewhere::Moved { person, into, at, door } => {
                Self::Moved(Said(*person), into.map(Said), at.0, Said(*door))
            }
            Elsewhere::SomeoneLeft { zone, at } => Self::SomeoneLeft(Said(*zone), at.0),
            Elsewhere::Guessed { door, person, secret, at } => {
                Self::Guessed(Said(*door), person.map(Said), *secret, at.0)
            }
            Elsewhere::Used { id, by, times, until, at } => {
                Self::Used((*id).into(), Said(*by), *times, until.0, at.0)
            }
            Elsewhere::Stepped { credential, step } => Self::Stepped(Said(*credential), *step),
            Elsewhere::Seen { person, door, at } => Self::Seen(Said(*person), Said(*door), at.0),
            Elsewhere::Busy { door, busy, at } => Self::Busy(Said(*door), *busy, at.0),
            Elsewhere::Touch { controller, linked, at } => Self::Touch(Said(*controller), *linked, at.0),
            Elsewhere::Claimed { airlock, door, granted, number } => {
                Self::Claimed(Said(*airlock), Said(*door), *granted, *number)
            }
        }
    }
}

impl From<ElsewhereV1> for Elsewhere {
    fn from(fact: ElsewhereV1) -> Self {
        match fact {
            ElsewhereV1::Moved(person, into, at, door) => {
                Self::Moved { person: person.0, into: into.map(|z| z.0), at: Time(at), door: door.0 }
            }
            ElsewhereV1::SomeoneLeft(zone, at) => Self::SomeoneLeft { zone: zone.0, at: Time(at) },
            ElsewhereV1::Guessed(door, person, secret, at) => {
                Self::Guessed { door: door.0, person: person.map(|p| p.0), secret, at: Time(at) }
            }
            ElsewhereV1::Used(id, by, times, until, at) => {
                Self::Used { id: id.into(), by: by.0, times, until: Time(until), at: Time(at) }
            }
            ElsewhereV1::Stepped(credential, step) => Self::Stepped { credential: credential.0, step },
            ElsewhereV1::Seen(person, door, at) => {
                Self::Seen { person: person.0, door: door.0, at: Time(at) }
            }
            ElsewhereV1::Busy(door, busy, at) => Self::Busy { door: door.0, busy, at: Time(at) },
            ElsewhereV1::Touch(controller, linked, at) => {
                Self::Touch { controller: controller.0, linked, at: Time(at) }
            }
            ElsewhereV1::Claimed(airlock, door, granted, number) => {
                Self::Claimed { airlock: airlock.0, door: door.0, granted, number }
            }
        }
    }
}

/// Reads a list of facts.
pub(super) fn read(facts: Vec<ElsewhereV1>) -> Result<Vec<Elsewhere>, CborError> {
    if facts.len() > FACTS_MAX {
        return Err(CborError::Bounds { what: "a list of facts" });
    }
    Ok(facts.into_iter().map(Into::into).collect())
}
