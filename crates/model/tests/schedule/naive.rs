//! The rules of schedules once more, as naively as can be: every minute is read off the wall, and edges are looked for
//! among those minutes.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan as _};
use lockward_model::*;

const DAY: i64 = 1_440;

/// A zone's rules, from the database that the site uses.
pub(crate) fn rules(zone: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(zone).unwrap()
}

/// What the clocks of a zone show at each of many minutes: minutes since they showed 1970-01-01 00:00.
pub(crate) struct Wall {
    /// Minutes since 1970 in UTC, of the first.
    start: i64,
    shown: Vec<i64>,
    /// Those at which the clocks have jumped.
    jumps: Vec<usize>,
}

impl Wall {
    /// Whole minutes from one UTC time to another.
    pub(crate) fn new(zone: &str, from: Timestamp, until: Timestamp) -> Self {
        let zone = rules(zone);
        let (start, end) = (from.as_second() / 60, until.as_second() / 60);
        let ahead =
            |m: i64| i64::from(zone.to_offset(Timestamp::from_second(m * 60).unwrap()).seconds()) / 60;
        let shown: Vec<i64> = (start..end).map(|minute| minute + ahead(minute)).collect();
        let jumps = (1..shown.len()).filter(|n| shown[*n] != shown[n - 1] + 1).collect();
        Self { start, shown, jumps }
    }

    pub(crate) fn time(&self, n: usize) -> Time {
        Time((self.start + n as i64) * 60_000)
    }

    pub(crate) fn minutes(&self) -> usize {
        self.shown.len()
    }

    /// Minutes around what the clocks show, with two days more on both sides.
    fn near(&self, from: i64, to: i64) -> std::ops::Range<usize> {
        let clamp = |shown: i64| (shown - self.start).clamp(0, self.shown.len() as i64) as usize;
        clamp(from - 2 * DAY)..clamp(to + 2 * DAY)
    }
}

/// Open or not, at every minute of a wall. Its first and last days are not complete.
pub(crate) fn open(schedule: &Schedule, wall: &Wall) -> Vec<bool> {
    let mut open = vec![false; wall.shown.len()];
    for day in wall.shown[0] / DAY..=wall.shown.last().unwrap() / DAY {
        let date = Date::constant(1970, 1, 1) + day.days();
        for (from, to) in hours(schedule, date) {
            let ends_on = if to < from { day + 1 } else { day };
            for n in occurrence(schedule, wall, day * DAY + i64::from(from), ends_on * DAY + i64::from(to)) {
                open[n] = true;
            }
        }
    }
    for day in wall.shown[0] / DAY..=wall.shown.last().unwrap() / DAY {
        let date = Date::constant(1970, 1, 1) + day.days();
        if exception(schedule, date).is_some_and(|e| e.windows.is_empty()) {
            let today = wall.near(day * DAY, (day + 1) * DAY);
            today.filter(|n| wall.shown[*n] / DAY == day).for_each(|n| open[n] = false);
        }
    }
    open
}

fn exception(schedule: &Schedule, date: Date) -> Option<&DayException> {
    let of = |is: &dyn Fn(&Dates) -> bool| schedule.exceptions().iter().find(|e| is(&e.dates));
    of(&|d| matches!(d, Dates::One(d) if *d == date))
        .or_else(|| of(&|d| matches!(d, Dates::Range(a, b) if *a <= date && date <= *b)))
        .or_else(|| {
            let today = (date.month(), date.day());
            of(&|d| matches!(d, Dates::Yearly { month, day } if (*month, *day) == today))
        })
}

fn hours(schedule: &Schedule, date: Date) -> Vec<(u16, u16)> {
    if let Some(exception) = exception(schedule, date) {
        return exception.windows.clone();
    }
    let today = schedule.windows().iter().filter(|w| w.days.has(date.weekday()));
    today.map(|w| (w.from, w.to)).collect()
}

/// The minutes of one window, from one local time to another.
fn occurrence(schedule: &Schedule, wall: &Wall, from: i64, to: i64) -> Vec<usize> {
    match (edge(schedule, wall, from), edge(schedule, wall, to)) {
        (Some(from), Some(to)) => (from..to).collect(),
        // By the wall.
        _ => wall.near(from, to).filter(|n| (from..to).contains(&wall.shown[*n])).collect(),
    }
}

/// The minute at which an edge is; `None` if the wall alone decides.
fn edge(schedule: &Schedule, wall: &Wall, at: i64) -> Option<usize> {
    let around = wall.near(at, at);
    let shown: Vec<usize> = around.clone().filter(|n| wall.shown[*n] == at).collect();
    match (shown.as_slice(), schedule.jumps()) {
        ([once], _) => Some(*once),
        ([first, _], Jumps { fold: Some(Fold::First), .. }) => Some(*first),
        ([_, second], Jumps { fold: Some(Fold::Second), .. }) => Some(*second),
        ([], Jumps { gap: Some(gap), .. }) => {
            let skips = |n: &&usize| (wall.shown[**n - 1] + 1..wall.shown[**n]).contains(&at);
            let jump = wall.jumps.iter().filter(|n| around.contains(n)).find(skips)?;
            let skipped = wall.shown[*jump] - wall.shown[jump - 1] - 1;
            let moved = match gap {
                Gap::Before => at - skipped,
                Gap::After => at + skipped,
            };
            wall.near(moved, moved).find(|n| wall.shown[*n] == moved)
        }
        _ => None,
    }
}
