//! Schedules: weekly windows and exception days, told in the site's own time zone.
//!
//! - A window that crosses midnight belongs to the day on which it begins.
//! - An exception replaces the windows that begin on its day. One without windows is a closed day: nothing is open on it,
//!   and a window that crossed into it ends at its midnight. One with windows lets the night before run to its end.
//! - Where the clocks jump, [`Jumps`] says what an edge means; [`Schedule::check`] finds edges that need it.

mod check;
mod dates;
mod jumps;
mod next;
mod zone;

pub use check::UnclearEdge;
pub use dates::{Dates, DayException, Days, Window};
pub use jumps::{Fold, Gap, Jumps};
pub use next::Transition;
pub use zone::{Local, Moment, SiteZone};

use crate::{ScheduleId, Text};
use jiff::civil::Date;
use jumps::{Occurrence, crosses};

/// Windows of one schedule: seven days with a morning and an afternoon, and the same again for what people forget.
pub const WINDOWS_MAX: usize = 64;
/// Exceptions of one schedule: ten years of public holidays, at up to twenty a year, and as many company days.
pub const EXCEPTIONS_MAX: usize = 400;
const DAY_MINUTES: u16 = 24 * 60;

/// Why a schedule cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A window without length, or past midnight.
    #[error(
        "a window goes from {} to {}; it must end at another time than it begins, after 00:00 and at the latest at 24:00",
        Clock(*from), Clock(*to)
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
    #[error("a schedule has at most {WINDOWS_MAX} windows and {EXCEPTIONS_MAX} exceptions")]
    TooMany,
    /// A range of dates that is none.
    #[error("an exception goes from {first} to {last}; it must end after it begins")]
    Range {
        /// The first day.
        first: Date,
        /// The last.
        last: Date,
    },
    /// A day that no year has, or not every year.
    #[error(
        "an exception is for {month:02}-{day:02} of every year, which not every year has; name the single dates"
    )]
    NotEveryYear {
        /// The month.
        month: i8,
        /// The day.
        day: i8,
    },
    /// Two exceptions of one kind that share a day.
    #[error("two exceptions are for {0}, or part of it; make them one, with all its windows")]
    Twice(Dates),
    /// Not a zone of the IANA database.
    #[error("`{0}` is no time zone of the IANA database; an example is `Europe/Berlin`")]
    Zone(String),
}

/// `HH:MM` of a minute after midnight.
struct Clock(u16);

impl core::fmt::Display for Clock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Weekly windows and exception days.
///
/// INVARIANT: every window has a length and ends by the end of the next day; no two exceptions of one kind share a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    id: ScheduleId,
    title: Text,
    windows: Vec<Window>,
    exceptions: Vec<DayException>,
    jumps: Jumps,
    /// Some window crosses midnight: the day before has to be looked at.
    crosses: bool,
}

impl Schedule {
    /// The only constructor. About jumps of the clocks it says nothing; [`Self::with_jumps`] does.
    ///
    /// # Errors
    /// [`ScheduleError`], for the first thing that is wrong.
    pub fn new(
        id: ScheduleId,
        title: Text,
        windows: Vec<Window>,
        mut exceptions: Vec<DayException>,
    ) -> Result<Self, ScheduleError> {
        let spans = windows.iter().map(|w| (w.from, w.to));
        let spans = spans.chain(exceptions.iter().flat_map(|e| e.windows.iter().copied()));
        let wrong =
            |(from, to): &(u16, u16)| from == to || *to == 0 || *from >= DAY_MINUTES || *to > DAY_MINUTES;
        if let Some((from, to)) = spans.clone().find(wrong) {
            return Err(ScheduleError::Window { from, to });
        }
        let crosses = spans.clone().any(crosses);
        if windows.iter().any(|w| w.days.0 == 0 || w.days.0 > 0x7f) {
            return Err(ScheduleError::NoDay);
        }
        let most = exceptions.iter().map(|e| e.windows.len()).max().unwrap_or(0).max(windows.len());
        if most > WINDOWS_MAX || exceptions.len() > EXCEPTIONS_MAX {
            return Err(ScheduleError::TooMany);
        }
        exceptions.sort_by_key(|e| e.dates);
        check_dates(&exceptions)?;
        Ok(Self { id, title, windows, exceptions, jumps: Jumps::default(), crosses })
    }

    /// With its word on edges where the clocks jump.
    #[must_use]
    pub fn with_jumps(self, jumps: Jumps) -> Self {
        Self { jumps, ..self }
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

    /// The exceptions: single dates, then ranges, then those of every year, each by date.
    #[must_use]
    pub fn exceptions(&self) -> &[DayException] {
        &self.exceptions
    }

    /// What it says about edges where the clocks jump.
    #[must_use]
    pub fn jumps(&self) -> Jumps {
        self.jumps
    }

    /// Whether it is open at a moment.
    #[must_use]
    pub fn is_open(&self, at: &Moment<'_>) -> bool {
        self.is_open_with(at, self.jumps)
    }

    fn is_open_with(&self, at: &Moment<'_>, jumps: Jumps) -> bool {
        // Nearly always the clocks on the wall decide, and nothing more has to be looked up.
        if jumps.by_the_clock() || !at.near_jump() {
            return self.shows_open(at.local);
        }
        let closed = self.exception_on(at.local.date).is_some_and(DayException::is_closed);
        !closed && self.around(at.local.date).any(|o| o.holds(at.zone, at.at, jumps))
    }

    /// Whether the clocks show a time within a window.
    fn shows_open(&self, at: Local) -> bool {
        let exception = self.exception_on(at.date);
        if exception.is_some_and(DayException::is_closed) {
            return false;
        }
        let today = |span: (u16, u16)| at.minute >= span.0 && (crosses(span) || at.minute < span.1);
        let last_night = |span: (u16, u16)| crosses(span) && at.minute < span.1;
        let yesterday = || at.date.yesterday().is_ok_and(|date| self.spans_on(date).any(last_night));
        self.spans(at.date, exception).any(today) || self.crosses && yesterday()
    }

    /// Windows that begin on a date or so near that a jump may bring them there.
    fn around(&self, date: Date) -> impl Iterator<Item = Occurrence> {
        let dates = [-2, -1, 0, 1].map(|days| date.checked_add(jiff::Span::new().days(days)).ok());
        dates
            .into_iter()
            .flatten()
            .flat_map(|date| self.spans_on(date).filter_map(move |span| Occurrence::new(date, span)))
    }

    /// The hours that begin on a date.
    fn spans_on(&self, date: Date) -> impl Iterator<Item = (u16, u16)> {
        self.spans(date, self.exception_on(date))
    }

    fn spans<'a>(
        &'a self,
        date: Date,
        exception: Option<&'a DayException>,
    ) -> impl Iterator<Item = (u16, u16)> + 'a {
        let week = if exception.is_none() { self.windows.as_slice() } else { &[] };
        let week = week.iter().filter(move |w| w.days.has(date.weekday())).map(|w| (w.from, w.to));
        week.chain(exception.into_iter().flat_map(|e| e.windows.iter().copied()))
    }

    /// The exception that holds on a date: one for that very day before one for a range, and that before a yearly one.
    #[must_use]
    pub fn exception_on(&self, date: Date) -> Option<&DayException> {
        if self.exceptions.is_empty() {
            return None;
        }
        let is = |dates| self.exceptions.binary_search_by_key(&dates, |e| e.dates).ok();
        let in_range = || {
            let begun = self.exceptions.partition_point(|e| e.dates <= Dates::Range(date, Date::MAX));
            let last = begun.checked_sub(1)?;
            matches!(self.exceptions.get(last)?.dates, Dates::Range(_, end) if date <= end).then_some(last)
        };
        let found = is(Dates::One(date)).or_else(in_range);
        let found = found.or_else(|| is(Dates::Yearly { month: date.month(), day: date.day() }))?;
        self.exceptions.get(found)
    }
}

/// Whether exceptions in their order are such that each day has at most one of each kind.
fn check_dates(exceptions: &[DayException]) -> Result<(), ScheduleError> {
    for exception in exceptions {
        match exception.dates {
            Dates::Range(first, last) if first >= last => return Err(ScheduleError::Range { first, last }),
            // 2023 has the days that every year has.
            Dates::Yearly { month, day } if Date::new(2023, month, day).is_err() => {
                return Err(ScheduleError::NotEveryYear { month, day });
            }
            _ => {}
        }
    }
    let shared = |pair: &&[DayException]| match pair {
        [a, b] => match (a.dates, b.dates) {
            (Dates::Range(_, last), Dates::Range(first, _)) => first <= last,
            (one, other) => one == other,
        },
        _ => false,
    };
    match exceptions.windows(2).find(shared).and_then(<[_]>::last) {
        Some(second) => Err(ScheduleError::Twice(second.dates)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
