//! Edges of windows that a jump of the clocks makes unclear: found before a schedule is taken, so that nobody finds out
//! at night.

use super::jumps::{Fold, Gap, Jumps, Occurrence};
use super::{Schedule, SiteZone};
use crate::Time;
use core::fmt;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

/// How far ahead jumps are looked at: ten years.
const AHEAD: SignedDuration = SignedDuration::from_hours(3_653 * 24);
/// How far around a jump openings are compared.
const AROUND: SignedDuration = SignedDuration::from_hours(4 * 24);
/// Openings and closings that are compared there: 64 windows on nine days, both edges, twice.
const COMPARED_MAX: usize = 64 * 9 * 2 * 2;

/// An edge at a local time that is skipped or comes twice, in a schedule that does not say what holds then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclearEdge {
    /// The edge, as clocks show it.
    pub edge: DateTime,
    /// What clocks would show at the jump without it.
    pub leaves: DateTime,
    /// What they show from the jump on. Later than `leaves` in spring: what lies between is skipped.
    pub lands: DateTime,
    /// The zone's name.
    pub zone: Box<str>,
}

impl fmt::Display for UnclearEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { edge, leaves, lands, zone } = self;
        let clock = |t: DateTime| format!("{:02}:{:02}", t.hour(), t.minute());
        write!(f, "a window begins or ends on {} at {}, ", edge.date(), clock(*edge))?;
        if leaves < lands {
            let length = lands.duration_since(*leaves);
            let moved = |to: Result<DateTime, _>| to.map_or_else(|_: jiff::Error| String::new(), clock);
            write!(
                f,
                "a time that does not exist in {zone} (clocks go from {} to {}); write `gap = \"before\"` to have \
                 {} then, or `gap = \"after\"` to have {}",
                clock(*leaves),
                clock(*lands),
                moved(edge.checked_sub(length)),
                moved(edge.checked_add(length)),
            )
        } else {
            write!(
                f,
                "a time that comes twice in {zone} (clocks go from {} back to {}); write `fold = \"first\"` or \
                 `fold = \"second\"` to say which, or `fold = \"both\"` to be open whenever clocks show a time within \
                 the window",
                clock(*leaves),
                clock(*lands),
            )
        }
    }
}

impl Schedule {
    /// Looks for edges that jumps of the clocks in the next ten years make unclear, and that the schedule does not
    /// settle: the first that is skipped, and the first that comes twice. Empty is good. An edge that opens or closes
    /// nothing (two windows that meet, a closed day) is none.
    #[must_use]
    pub fn check(&self, zone: &SiteZone, from: Time) -> Vec<UnclearEdge> {
        let Ok(from) = Timestamp::from_millisecond(from.0) else { return Vec::new() };
        let until = from.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let (mut gap, mut fold) = (None, None);
        for jump in zone.rules().following(from).take_while(|jump| jump.timestamp() <= until) {
            let at = jump.timestamp();
            let before = at.checked_sub(SignedDuration::from_nanos(1)).map(|t| zone.rules().to_offset(t));
            let Ok(before) = before else { continue };
            let (leaves, lands) = (before.to_datetime(at), jump.offset().to_datetime(at));
            let (found, settled) = if leaves < lands {
                (&mut gap, self.jumps.gap.is_some())
            } else {
                (&mut fold, self.jumps.fold.is_some())
            };
            if !settled && found.is_none() {
                *found = self.unclear_at(zone, at, leaves, lands);
            }
        }
        [gap, fold].into_iter().flatten().collect()
    }

    fn unclear_at(
        &self,
        zone: &SiteZone,
        at: Timestamp,
        leaves: DateTime,
        lands: DateTime,
    ) -> Option<UnclearEdge> {
        let unclear = leaves.min(lands)..leaves.max(lands);
        let first = unclear.start.date().yesterday().ok()?;
        let dates = first.series(jiff::Span::new().days(1)).take_while(|date| *date <= unclear.end.date());
        let edges = dates.flat_map(|date| {
            let spans = self.spans_on(date);
            spans.filter_map(move |span| Occurrence::new(date, span)).flat_map(|o| [o.from, o.to])
        });
        let edge = edges.filter(|edge| unclear.contains(edge)).min()?;
        let around = (at.checked_sub(AROUND).ok()?, at.checked_add(AROUND).ok()?);
        let with = |jumps| self.transitions(zone, around, COMPARED_MAX, jumps);
        let differs = if leaves < lands {
            let with = |gap| with(Jumps { gap: Some(gap), ..self.jumps });
            with(Gap::Before) != with(Gap::After)
        } else {
            let with = |fold| with(Jumps { fold: Some(fold), ..self.jumps });
            let first = with(Fold::First);
            first != with(Fold::Second) || first != with(Fold::Both)
        };
        differs.then(|| UnclearEdge { edge, leaves, lands, zone: zone.name().into() })
    }
}
