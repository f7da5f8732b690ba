//! Places: zones that nest, and doors that lead from one to another.

use crate::{AirlockId, ControllerId, DoorId, GroupId, ScheduleId, Text, ZoneId};
use core::num::{NonZeroU16, NonZeroU32};
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
    /// What is asked of those who enter, beyond the access rules.
    pub rules: ZoneRules,
}

/// What a zone asks of those who enter, beyond the access rules. Nothing here ever holds anyone in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneRules {
    /// Anti-passback: nobody enters who has not left.
    pub passback: Option<Passback>,
    /// Most people in it at one time.
    pub most: Option<NonZeroU32>,
    /// Entering needs word from the hub that is no older than this.
    pub fresh_within: Option<Freshness>,
    /// Most doors of the zone that one controller opens within a span.
    pub openings: Option<OpeningLimit>,
}

/// Anti-passback of one area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passback {
    /// What a violation means.
    pub mode: PassbackMode,
    /// What holds while the controller is out of touch with others that lead into the area.
    pub alone: Alone,
}

/// What a violation of anti-passback means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassbackMode {
    /// It is recorded; the door opens.
    Soft,
    /// The door stays shut.
    Hard,
    /// The door stays shut to whoever entered the area less than this ago, whether seen leaving or not.
    Timed(PassbackTime),
}

/// What a rule that needs other controllers' word does without it. Declared, because there is no right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Go by what this controller has seen itself.
    Own,
    /// Refuse nobody, and record that.
    Open,
    /// Refuse entering. Leaving works.
    Refuse,
}

/// How many doors of a zone one controller opens within a span, and who may go beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningLimit {
    /// How many.
    pub doors: NonZeroU16,
    /// Within this.
    pub within: OpeningWindow,
    /// Above it, a second person of this group must agree at the reader; without one nobody can.
    pub approvers: Option<GroupId>,
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
    /// One floor of a lift: a door of its cabin.
    Floor,
}

impl DoorKind {
    /// Every kind, in the order of their names in files.
    pub const ALL: [Self; 8] = [
        Self::Entrance,
        Self::Gate,
        Self::Room,
        Self::Cage,
        Self::Cabinet,
        Self::Safe,
        Self::Compartment,
        Self::Floor,
    ];

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
            Self::Floor => "floor",
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
    /// How long before the open limit the reader warns.
    WarnTime: "held warning", 1_000..=3_600_000 ms,
    /// How long a door that was set free by a gesture at its reader stays so.
    OfficeTime: "office time", 60_000..=57_600_000 ms,
    /// How long after entering an area one may not enter it again.
    PassbackTime: "timed anti-passback", 1_000..=86_400_000 ms,
    /// How old the hub's word may be: from half a minute to ninety days.
    Freshness: "freshness", 30_000..=7_776_000_000 ms,
    /// The span in which openings are counted.
    OpeningWindow: "window of the opening limit", 1_000..=86_400_000 ms,
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
    /// What else it does.
    pub rules: DoorRules,
}

/// What a door does beyond locking and unlocking; by default nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoorRules {
    /// Longer times for people who need them.
    pub extended: Option<Extended>,
    /// The reader warns this long before the door counts as held.
    pub warn_before: Option<WarnTime>,
    /// The schedule unlocks it only once somebody has entered by right within its window.
    pub first_person: bool,
    /// A gesture at the reader (the same card twice) sets it free for at most this long, or ends that, for those whom
    /// policy lets hold it.
    pub office: Option<OfficeTime>,
    /// At most one door of an airlock is open or released at a time.
    pub airlock: Option<Airlock>,
    /// The request-to-exit input is a sensor that can be fooled from outside: it only tells that an opening is no
    /// break-in, and never moves the bolt. Refused where the lock holds people in.
    pub exit_shunt_only: bool,
}

/// Times for people who need longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extended {
    /// How long a grant releases the door for them.
    pub release: ReleaseTime,
    /// How long it may stand open behind them.
    pub open_limit: OpenLimit,
}

/// A door's part in an airlock: doors with the same id belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Airlock {
    /// Which.
    pub id: AirlockId,
    /// What holds while another controller's door of it can not be seen.
    pub alone: Alone,
}
