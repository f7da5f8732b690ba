//! When a schedule next opens and closes.

use super::jumps::{Jumps, Occurrence, instants};
use super::{DayException, Schedule, SiteZone};
use crate::Time;
use jiff::civil::{Date, Time as Clock};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How far is looked ahead, in days: ten years.
const AHEAD_DAYS: usize = 3_653;
/// A later day may have edges this much before its midnight: the longest jump that ever was.
const SHIFT: SignedDuration = SignedDuration::from_hours(24);

/// A moment from which on a schedule is open, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The first moment of what follows.
    pub at: Time,
    /// What follows.
    pub opens: bool,
}

impl Schedule {
    /// The next `n` moments after `from` at which it opens or closes, soonest first; fewer if there are fewer in the
    /// next ten years. Between two of them it stays as it is.
    #[must_use]
    pub fn next_transitions(&self, zone: &SiteZone, from: Time, n: usize) -> Vec<Transition> {
        let Ok(from) = Timestamp::from_millisecond(from.0) else { return Vec::new() };
        self.transitions(zone, (from, Timestamp::MAX), n, self.jumps)
    }

    /// The next date from `from` on that has an exception, and which.
    #[must_use]
    pub fn next_exception(&self, from: Date) -> Option<(Date, &DayException)> {
        let date = self.exceptions.iter().filter_map(|e| e.dates.next(from)).min()?;
        self.exception_on(date).map(|exception| (date, exception))
    }

    /// As [`Self::next_transitions`], after the first moment and before the second, with other words on jumps.
    pub(super) fn transitions(
        &self,
        zone: &SiteZone,
        (from, until): (Timestamp, Timestamp),
        n: usize,
        jumps: Jumps,
    ) -> Vec<Transition> {
        let mut found = Vec::new();
        let Ok(first) = zone.rules().to_datetime(from).date().checked_sub(SHIFT * 2) else { return found };
        if self.windows.is_empty() && self.exceptions.is_empty() {
            return found;
        }
        let mut open = self.is_open_with(&zone.moment_at(from), jumps);
        let mut due = BTreeSet::new();
        for date in first.series(jiff::Span::new().days(1)).take(AHEAD_DAYS) {
            // 1. Every moment at which something may change: of this day, and the days before it.
            due.extend(self.candidates(zone, date));
            // 2. No later day has one before this.
            let midnight = instants(zone, date.to_datetime(Clock::midnight())).min();
            let Some(settled) = midnight.and_then(|m| m.checked_sub(SHIFT).ok()) else { break };
            let rest = due.split_off(&settled);
            for at in std::mem::replace(&mut due, rest).into_iter().filter(|at| *at > from) {
                if found.len() >= n || at >= until {
                    return found;
                }
                let now = self.is_open_with(&zone.moment_at(at), jumps);
                if now != open {
                    found.push(Transition { at: Time(at.as_millisecond()), opens: now });
                }
                open = now;
            }
            if settled >= until {
                break;
            }
        }
        found
    }

    /// Moments at which it may open or close on account of one date: edges, wherever a jump may put them; the date's
    /// own midnight, where a closed day begins or ends; and jumps.
    fn candidates(&self, zone: &SiteZone, date: Date) -> Vec<Timestamp> {
        let midnight = date.to_datetime(Clock::midnight());
        let mut found: Vec<_> = instants(zone, midnight).collect();
        let day = found.first().and_then(|start| Some((*start, start.checked_add(SHIFT * 2).ok()?)));
        if let Some((start, end)) = day {
            let jumps = zone.rules().following(start).map(|jump| jump.timestamp());
            found.extend(jumps.take_while(|at| *at <= end));
        }
        for occurrence in self.spans_on(date).filter_map(|span| Occurrence::new(date, span)) {
            found.extend([occurrence.from, occurrence.to].into_iter().flat_map(|edge| instants(zone, edge)));
        }
        found
    }
}
