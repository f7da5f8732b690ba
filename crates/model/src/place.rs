//! Places: zones that nest, and doors that lead from one to another.

use crate::{ControllerId, DoorId, ScheduleId, Text, ZoneId};
use core::time::Duration;

/// An area. Zones nest; a rule for a zone holds in all that lie within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// What people call it.
    pub title: Text,
    /// The zone that it lies in.
    pub parent: Option<ZoneId>,
}

/// What kind of thing locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DoorKind {
    /// From outside into a building.
    Entrance,
    /// A vehicle gate or dock door.
    Gate,
    /// A room.
    Room,
    /// A stock cage.
    Cage,
    /// A cabinet.
    Cabinet,
    /// A safe.
    Safe,
    /// One compartment of a bank of lockers.
    Compartment,
}

impl DoorKind {
    /// Every kind, in the order of their names in files.
    pub const ALL: [Self; 7] =
        [Self::Entrance, Self::Gate, Self::Room, Self::Cage, Self::Cabinet, Self::Safe, Self::Compartment];

    /// The name in files, policies and pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entrance => "entrance",
            Self::Gate => "gate",
            Self::Room => "room",
            Self::Cage => "cage",
            Self::Cabinet => "cabinet",
            Self::Safe => "safe",
            Self::Compartment => "compartment",
        }
    }
}

/// When a released lock locks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relock {
    /// As soon as the door opens: nobody follows on the same grant.
    OnOpen,
    /// When the door has closed.
    OnClose,
}

/// What lets people out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitHardware {
    /// The handle opens mechanically from inside: a request to exit only tells that the opening is no break-in.
    Mechanical,
    /// The lock holds the door from both sides (maglock): a request to exit releases it.
    Released,
}

/// A number of milliseconds outside what hardware and standards allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {given:?}; it must lie between {min:?} and {max:?}")]
pub struct OutOfRange {
    /// Which setting.
    pub what: &'static str,
    /// What was given.
    pub given: Duration,
    /// The least.
    pub min: Duration,
    /// The most.
    pub max: Duration,
}

macro_rules! spans {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $min:literal..=$max:literal ms),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(Duration);

        impl $name {
            /// The only constructor.
            ///
            /// # Errors
            /// [`OutOfRange`], with the bounds.
            pub fn new(given: Duration) -> Result<Self, OutOfRange> {
                let (min, max) = (Duration::from_millis($min), Duration::from_millis($max));
                if given < min || given > max {
                    return Err(OutOfRange { what: $what, given, min, max });
                }
                Ok(Self(given))
            }
            /// The span.
            #[must_use]
            pub fn get(self) -> Duration {
                self.0
            }
        }
    )+};
}

spans! {
    /// How long a grant releases the lock: half a second for a locker's latch, two minutes for a dock door.
    ReleaseTime: "release time", 500..=120_000 ms,
    /// How long a door may stand open after a grant before it counts as held: up to eight hours.
    OpenLimit: "open limit", 1_000..=28_800_000 ms,
}

/// Anything that locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Its id.
    pub id: DoorId,
    /// What people call it.
    pub title: Text,
    /// What it is.
    pub kind: DoorKind,
    /// Where one stands at the reader; `None` is the street.
    pub from: Option<ZoneId>,
    /// Where it leads.
    pub to: ZoneId,
    /// Who drives it.
    pub controller: ControllerId,
    /// How long a grant releases it.
    pub release: ReleaseTime,
    /// How long it may stand open.
    pub open_limit: OpenLimit,
    /// When it locks again.
    pub relock: Relock,
    /// How people leave.
    pub exit: ExitHardware,
    /// When it stands unlocked for everybody.
    pub unlocked: Option<ScheduleId>,
}
