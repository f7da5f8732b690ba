//! Which schedules are ever open together: found on the site's own clocks, so that nothing is refuted by a night that is a day.

use lockward_model::{ScheduleId, Time};
use lockward_site::Site;
use std::collections::{BTreeMap, BTreeSet};

/// Openings and closings of one schedule that are looked at: three windows a day for ten years.
const TRANSITIONS_MAX: usize = 25_000;

/// Schedules that are open together, and a moment at which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Together {
    pub(crate) open: Vec<ScheduleId>,
    /// None for what a controller asks whose time is not to be trusted: whether it holds with nothing open.
    pub(crate) at: Option<Time>,
}

/// Every set of schedules that is open at some moment of the ten years from `from` on, with the first such moment; the
/// smallest sets first. The empty set is always one of them.
pub(crate) fn together(site: &Site, from: Time) -> Vec<Together> {
    let zone = &site.founding().zone;
    let mut edges: BTreeMap<Time, Vec<(ScheduleId, bool)>> = BTreeMap::new();
    for schedule in site.schedules() {
        for edge in schedule.next_transitions(zone, from, TRANSITIONS_MAX) {
            edges.entry(edge.at).or_default().push((schedule.id(), edge.opens));
        }
    }
    let mut open: BTreeSet<ScheduleId> = site.open_schedules(from).into_iter().collect();
    let mut found: BTreeMap<BTreeSet<ScheduleId>, Option<Time>> = BTreeMap::new();
    found.insert(open.clone(), Some(from));
    for (at, changes) in edges {
        for (schedule, opens) in changes {
            let _ = if opens { open.insert(schedule) } else { open.remove(&schedule) };
        }
        if !found.contains_key(&open) {
            found.insert(open.clone(), Some(at));
        }
    }
    found.entry(BTreeSet::new()).or_insert(None);
    let told = |(open, at): (BTreeSet<_>, _)| Together { open: open.into_iter().collect(), at };
    let mut found: Vec<_> = found.into_iter().map(told).collect();
    found.sort_by_key(|t| t.open.len());
    found
}
