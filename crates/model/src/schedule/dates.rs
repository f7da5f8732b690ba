//! Days of the week, and the dates of exceptions.

use crate::Text;
use core::fmt;
use jiff::civil::{Date, Weekday};

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
///
/// A window whose end comes before its beginning crosses midnight: it ends on the next day, and belongs to the day on
/// which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Days of the week on which it begins.
    pub days: Days,
    /// First minute after midnight.
    pub from: u16,
    /// First minute that is out; 1440 is the end of the day.
    pub to: u16,
}

/// On which dates an exception holds. Where more than one does, the first of these kinds counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dates {
    /// One day.
    One(Date),
    /// From the first day to the last, both in.
    Range(Date, Date),
    /// The same day of every year; never 29 February.
    Yearly {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
}

impl Dates {
    /// The same day of every year, from `MM-DD`. Whether every year has that day is the schedule's to say.
    #[must_use]
    pub fn yearly(text: &str) -> Option<Self> {
        let two = |text: &str| {
            let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        let (month, day) = text.split_once('-')?;
        Some(Self::Yearly { month: two(month)?, day: two(day)? })
    }

    /// The first day from `from` on; `None` if it is over.
    #[must_use]
    pub fn next(&self, from: Date) -> Option<Date> {
        match *self {
            Self::One(date) => (date >= from).then_some(date),
            Self::Range(first, last) => (last >= from).then_some(first.max(from)),
            Self::Yearly { month, day } => {
                let in_year = |year| Date::new(year, month, day).ok();
                in_year(from.year()).filter(|d| *d >= from).or_else(|| in_year(from.year().checked_add(1)?))
            }
        }
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(date) => write!(f, "{date}"),
            Self::Range(first, last) => write!(f, "{first} to {last}"),
            Self::Yearly { month, day } => write!(f, "every {month:02}-{day:02}"),
        }
    }
}

/// What begins on some dates instead of the week's windows. With no window it is closed all day, whatever began before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayException {
    /// When.
    pub dates: Dates,
    /// What people call it: the name of the holiday.
    pub reason: Option<Text>,
    /// `(from, to)` in minutes after midnight; may cross midnight as [`Window`] does.
    pub windows: Vec<(u16, u16)>,
}

impl DayException {
    /// Closed on one date.
    #[must_use]
    pub fn closed(date: Date) -> Self {
        Self { dates: Dates::One(date), reason: None, windows: Vec::new() }
    }

    /// Whether it has no window.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.windows.is_empty()
    }
}
