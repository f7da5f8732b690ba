//! What a window's edge means at a local time that the clocks skip, or show twice.

use super::SiteZone;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::AmbiguousOffset;

/// An edge at a local time that does not exist, because clocks are put forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Earlier by the length of the jump, thus before it: with clocks going from 02:00 to 03:00, 02:30 is 01:30.
    Before,
    /// Later by the length of the jump, thus after it: 02:30 is 03:30, and 02:00 is 03:00, the jump itself.
    After,
}

impl Gap {
    /// All.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];

    /// As files have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// An edge at a local time that comes twice, because clocks are put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// The edge is where the clocks show it first.
    First,
    /// The edge is where they show it again.
    Second,
    /// It is open whenever the clocks show a time within the window: a window may open twice.
    Both,
}

impl Fold {
    /// All.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Both];

    /// As files have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Both => "both",
        }
    }
}

/// What a schedule says about edges at jumps of the clocks. Unsaid, it is open whenever the clocks show a time within a
/// window: an edge in a gap is at the jump, and one in a fold counts both times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Jumps {
    /// For an edge that is skipped.
    pub gap: Option<Gap>,
    /// For an edge that comes twice.
    pub fold: Option<Fold>,
}

impl Jumps {
    /// True if the clocks on the wall alone decide.
    pub(super) fn by_the_clock(self) -> bool {
        self.gap.is_none() && matches!(self.fold, None | Some(Fold::Both))
    }

    /// When a local time is; `None` if it counts both times, or is past the end of time.
    fn instant(self, zone: &SiteZone, local: DateTime) -> Option<Timestamp> {
        let rules = zone.rules();
        match rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
            AmbiguousOffset::Gap { before, after } => match self.gap {
                Some(Gap::Before) => after.to_timestamp(local).ok(),
                Some(Gap::After) => before.to_timestamp(local).ok(),
                None => {
                    let earlier = after.to_timestamp(local).ok()?;
                    rules.following(earlier).next().map(|jump| jump.timestamp())
                }
            },
            AmbiguousOffset::Fold { before, after } => match self.fold {
                Some(Fold::First) => before.to_timestamp(local).ok(),
                Some(Fold::Second) => after.to_timestamp(local).ok(),
                Some(Fold::Both) | None => None,
            },
        }
    }
}

/// A window as it falls on one date: from one local time to another, which is not in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occurrence {
    pub(super) from: DateTime,
    pub(super) to: DateTime,
}

impl Occurrence {
    /// `None` at the end of time.
    pub(super) fn new(date: Date, (from, to): (u16, u16)) -> Option<Self> {
        let next = || date.tomorrow().ok();
        let to_date = if crosses((from, to)) { next()? } else { date };
        Some(Self { from: civil(date, from)?, to: civil(to_date, to)? })
    }

    /// Whether it is open at a moment.
    pub(super) fn holds(&self, zone: &SiteZone, at: Timestamp, jumps: Jumps) -> bool {
        match (jumps.instant(zone, self.from), jumps.instant(zone, self.to)) {
            // An end that came to lie before its beginning leaves nothing.
            (Some(from), Some(to)) => (from..to).contains(&at),
            _ => (self.from..self.to).contains(&zone.rules().to_datetime(at)),
        }
    }
}

/// Whether hours end on the day after the one on which they begin.
pub(super) fn crosses((from, to): (u16, u16)) -> bool {
    to < from
}

/// A minute of a date; 1440 is the next midnight.
fn civil(date: Date, minute: u16) -> Option<DateTime> {
    let clock = |m: u16| Clock::new(i8::try_from(m / 60).ok()?, i8::try_from(m % 60).ok()?, 0, 0).ok();
    match clock(minute) {
        Some(clock) => Some(date.to_datetime(clock)),
        None => Some(date.tomorrow().ok()?.to_datetime(Clock::midnight())),
    }
}

/// The moments at which the clocks show a local time, or would if they had not jumped then: one, or two.
pub(super) fn instants(zone: &SiteZone, local: DateTime) -> impl Iterator<Item = Timestamp> {
    let (one, other) = match zone.rules().to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => (offset, None),
        AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
            (before, Some(after))
        }
    };
    std::iter::once(one).chain(other).filter_map(move |offset| offset.to_timestamp(local).ok())
}
