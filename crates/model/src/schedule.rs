//! Schedules: weekly windows and exception days, told in the site's own time zone.

use crate::{ScheduleId, Text, Time};
use core::fmt;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// Windows of one schedule: seven days with a morning and an afternoon, and the same again for what people forget.
pub const WINDOWS_MAX: usize = 64;
/// Exception days of one schedule: ten years of public holidays, at up to twenty a year, and as many company days.
pub const EXCEPTIONS_MAX: usize = 400;
const DAY_MINUTES: u16 = 24 * 60;

/// Why a schedule cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A window that ends before it begins, or past midnight.
    #[error(
        "a window goes from minute {from} to minute {to}; it must end after it begins, at the latest at 24:00"
    )]
    Window {
        /// Minutes after midnight.
        from: u16,
        /// Minutes after midnight.
        to: u16,
    },
    /// A window on no day.
    #[error("a window names no day of the week")]
    NoDay,
    /// Too many windows or exceptions.
    #[error("a schedule has at most {WINDOWS_MAX} windows and {EXCEPTIONS_MAX} exception days")]
    TooMany,
    /// Not a zone of the IANA database.
    #[error("`{0}` is no time zone of the IANA database; an example is `Europe/Berlin`")]
    Zone(String),
}

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
        let t = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let here = self.0.to_datetime(t);
        let minute = u16::from(here.hour().unsigned_abs()) * 60 + u16::from(here.minute().unsigned_abs());
        Local { date: here.date(), minute, second: here.second().unsigned_abs() }
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

/// A set of days of the week; bit 0 is Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days(pub u8);

impl Days {
    /// Names as files have them, Monday first.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// Whether the day is in.
    #[must_use]
    pub fn has(self, day: Weekday) -> bool {
        self.0 >> day.to_monday_zero_offset() & 1 == 1
    }

    /// The set with one more day, by its name in [`Self::NAMES`].
    #[must_use]
    pub fn with(self, name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|n| *n == name).map(|i| Self(self.0 | 1 << i))
    }

    /// The names of the days that are in.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(i, _)| self.0 >> i & 1 == 1).map(|(_, n)| n)
    }
}

/// Open on these days from one minute to another; the end is not in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Days of the week; not looked at in an exception.
    pub days: Days,
    /// First minute after midnight.
    pub from: u16,
    /// First minute that is out; 1440 is the end of the day.
    pub to: u16,
}

/// What holds on one date instead of the week's windows; no window is closed all day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayException {
    /// The date.
    pub date: Date,
    /// `(from, to)` in minutes after midnight.
    pub windows: Vec<(u16, u16)>,
}

/// Weekly windows and exception days.
///
/// INVARIANT: every window ends after it begins and within its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    id: ScheduleId,
    title: Text,
    windows: Vec<Window>,
    exceptions: Vec<DayException>,
}

impl Schedule {
    /// The only constructor.
    ///
    /// # Errors
    /// [`ScheduleError`], for the first thing that is wrong.
    pub fn new(
        id: ScheduleId,
        title: Text,
        windows: Vec<Window>,
        mut exceptions: Vec<DayException>,
    ) -> Result<Self, ScheduleError> {
        let spans =
            windows.iter().map(|w| (w.from, w.to)).chain(exceptions.iter().flat_map(|e| e.windows.clone()));
        if let Some((from, to)) = spans.into_iter().find(|(from, to)| from >= to || *to > DAY_MINUTES) {
            return Err(ScheduleError::Window { from, to });
        }
        if windows.iter().any(|w| w.days.0 == 0 || w.days.0 > 0x7f) {
            return Err(ScheduleError::NoDay);
        }
        let most = exceptions.iter().map(|e| e.windows.len()).max().unwrap_or(0).max(windows.len());
        if most > WINDOWS_MAX || exceptions.len() > EXCEPTIONS_MAX {
            return Err(ScheduleError::TooMany);
        }
        exceptions.sort_by_key(|e| e.date);
        Ok(Self { id, title, windows, exceptions })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ScheduleId {
        self.id
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// The week.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The exception days, by date.
    #[must_use]
    pub fn exceptions(&self) -> &[DayException] {
        &self.exceptions
    }

    /// Whether it is open at a local moment. A local time that exists twice (autumn) counts both times.
    #[must_use]
    pub fn is_open(&self, at: Local) -> bool {
        let within = |from: u16, to: u16| (from..to).contains(&at.minute);
        match self.exceptions.binary_search_by_key(&at.date, |e| e.date) {
            Ok(i) => {
                self.exceptions.get(i).is_some_and(|e| e.windows.iter().any(|(from, to)| within(*from, *to)))
            }
            Err(_) => self.windows.iter().any(|w| w.days.has(at.date.weekday()) && within(w.from, w.to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Schedule {
        let week = Window { days: Days(0b0001_1111), from: 8 * 60, to: 18 * 60 };
        let closed = DayException { date: Date::constant(2026, 12, 25), windows: vec![] };
        Schedule::new("office".parse().unwrap(), "Office".parse().unwrap(), vec![week], vec![closed]).unwrap()
    }

    fn open_at(utc: &str) -> bool {
        let t: jiff::Timestamp = utc.parse().unwrap();
        office().is_open(SiteZone::new("Europe/Berlin").unwrap().local(Time(t.as_millisecond())))
    }

    #[test]
    fn a_schedule_opens_by_the_clock_on_the_wall_in_summer_and_in_winter() {
        assert!(!open_at("2026-07-01T05:59:59Z"));
        assert!(open_at("2026-07-01T06:00:00Z"));
        assert!(!open_at("2026-12-01T06:59:59Z"));
        assert!(open_at("2026-12-01T07:00:00Z"));
        assert!(!open_at("2026-12-01T17:00:00Z"));
    }

    #[test]
    fn an_exception_day_replaces_the_week() {
        assert!(!open_at("2026-12-25T10:00:00Z"));
        assert!(open_at("2026-12-24T10:00:00Z"));
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_refused() {
        let back = Window { days: Days(1), from: 600, to: 600 };
        let made = Schedule::new("x".parse().unwrap(), "X".parse().unwrap(), vec![back], vec![]);
        assert_eq!(made, Err(ScheduleError::Window { from: 600, to: 600 }));
    }

    #[test]
    fn a_zone_that_does_not_exist_is_named() {
        assert_eq!(SiteZone::new("Mars/Olympus").unwrap_err(), ScheduleError::Zone("Mars/Olympus".into()));
    }
}
