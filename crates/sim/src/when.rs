//! The calendar of the demonstration: its days begin on a Monday at half past seven, by the clock on the site's wall.

use crate::clock::today;
use crate::day::{BEGIN, END};
use core::time::Duration;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use lockward_model::Time;

/// Days as the site counts them.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// In an IANA zone, or in UTC where there is none of that name.
    #[must_use]
    pub fn of(zone: &str) -> Self {
        let found = jiff::tz::TimeZoneDatabase::bundled().get(zone);
        Self { zone: found.unwrap_or(TimeZone::UTC) }
    }

    /// When a new site's first day begins: on the last Monday, today included, so that certificates are of this month.
    #[must_use]
    pub fn first_morning(&self) -> Time {
        let date = today().to_zoned(self.zone.clone()).date();
        let back = i64::from(date.weekday().to_monday_zero_offset());
        self.morning(date.saturating_sub(back.days()))
    }

    /// When a site that stopped at `last` goes on: at once in working hours, else on the next working morning.
    #[must_use]
    pub fn resumed(&self, last: Time) -> Time {
        let date = self.date(last);
        if !is_working_day(date) || last >= self.moment(date, Duration::from_secs(END * 60)) {
            return self.morning(Self::next_working_day(date));
        }
        last.max(self.morning(date))
    }

    fn morning(&self, date: Date) -> Time {
        self.moment(date, Duration::from_secs(BEGIN * 60))
    }

    /// The site's date at a moment.
    #[must_use]
    pub fn date(&self, at: Time) -> Date {
        let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.zone.clone()).date()
    }

    /// A number for a date: it picks the day's chance.
    #[must_use]
    pub fn days_to(&self, date: Date) -> u64 {
        // From the same Monday that the first day was on, whatever the year: the first day is day 0 of its week.
        u64::from(date.weekday().to_monday_zero_offset().unsigned_abs())
    }

    /// The moment so long after midnight, as clocks there show it.
    #[must_use]
    pub fn moment(&self, date: Date, after: Duration) -> Time {
        let civil = date.at(0, 0, 0, 0).saturating_add(after);
        civil.to_zoned(self.zone.clone()).map_or(Time(0), |z| Time(z.timestamp().as_millisecond()))
    }

    /// The next day on which people come.
    #[must_use]
    pub fn next_working_day(date: Date) -> Date {
        let next = date.saturating_add(1.days());
        if is_working_day(next) { next } else { Self::next_working_day(next) }
    }
}

fn is_working_day(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> Time {
        Time(s.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_first_day_is_a_monday_at_half_past_seven() {
        let calendar = Calendar::of("Europe/Berlin");
        let first = calendar.first_morning();
        let there = Timestamp::from_millisecond(first.0).unwrap().to_zoned(calendar.zone.clone());
        assert_eq!((there.weekday(), there.hour(), there.minute()), (Weekday::Monday, 7, 30));
    }

    #[test]
    fn a_site_goes_on_where_it_stopped_or_on_the_next_working_morning() {
        let calendar = Calendar::of("Europe/Berlin");
        assert_eq!(calendar.resumed(at("2026-11-16T09:00:00Z")), at("2026-11-16T09:00:00Z"));
        assert_eq!(calendar.resumed(at("2026-11-16T22:00:00Z")), at("2026-11-17T06:30:00Z"));
        assert_eq!(calendar.resumed(at("2026-11-17T03:00:00Z")), at("2026-11-17T06:30:00Z"));
        assert_eq!(calendar.resumed(at("2026-11-20T20:00:00Z")), at("2026-11-23T06:30:00Z"));
    }
}
