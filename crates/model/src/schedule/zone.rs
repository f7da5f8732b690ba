//! The site's time zone, and a moment as its clocks show it.

use super::ScheduleError;
use crate::Time;
use core::cell::OnceCell;
use core::fmt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How far from a jump of the clocks it can matter: the longest that ever was (Samoa, 2011: a whole day), on both sides
/// of the edge that it moves.
const NEAR: SignedDuration = SignedDuration::from_hours(48);

/// The site's time zone, with its rules for daylight saving.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteZone(TimeZone);

impl SiteZone {
    /// Looks an IANA name up in the database that is built in: the same everywhere, no file is read.
    ///
    /// # Errors
    /// [`ScheduleError::Zone`].
    pub fn new(name: &str) -> Result<Self, ScheduleError> {
        let db = jiff::tz::TimeZoneDatabase::bundled();
        db.get(name).map(Self).map_err(|_| ScheduleError::Zone(name.chars().take(64).collect()))
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The local date, weekday and minute after midnight.
    #[must_use]
    pub fn local(&self, at: Time) -> Local {
        self.moment(at).local
    }

    /// A moment as schedules want it: worked out once, for all of them.
    #[must_use]
    pub fn moment(&self, at: Time) -> Moment<'_> {
        self.moment_at(Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    pub(super) fn moment_at(&self, at: Timestamp) -> Moment<'_> {
        let here = self.0.to_datetime(at);
        let minute = u16::from(here.hour().unsigned_abs()) * 60 + u16::from(here.minute().unsigned_abs());
        let local = Local { date: here.date(), minute, second: here.second().unsigned_abs() };
        Moment { zone: self, at, local, near_jump: OnceCell::new() }
    }

    pub(super) fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl fmt::Debug for SiteZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SiteZone({})", self.name())
    }
}

/// A moment on the wall of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// The day.
    pub date: Date,
    /// Minutes after midnight, as clocks there show.
    pub minute: u16,
    /// Seconds of that minute.
    pub second: u8,
}

/// A moment of the site: what its clocks show, and which of two it is when they show the same twice.
#[derive(Debug)]
pub struct Moment<'a> {
    pub(super) zone: &'a SiteZone,
    pub(super) at: Timestamp,
    pub(super) local: Local,
    near_jump: OnceCell<bool>,
}

impl Moment<'_> {
    /// Whether the clocks jump so near that a window's edge may be moved. Looked up at most once.
    pub(super) fn near_jump(&self) -> bool {
        *self.near_jump.get_or_init(|| {
            let (Ok(from), Ok(until)) = (self.at.checked_sub(NEAR), self.at.checked_add(NEAR)) else {
                return false;
            };
            self.zone.0.following(from).next().is_some_and(|jump| jump.timestamp() <= until)
        })
    }
}
