//! What a change gives beside policies: memberships, roles, keys, hours and places. The solver compares policies alone.

use crate::prover::Answer;
use lockward_model::PersonId;
use lockward_site::Site;
use std::collections::BTreeSet;

/// Why a change is not known to give nothing, where its policies do not: whatever else it touches that could give something.
pub(crate) fn beside_policy(before: &Site, after: &Site) -> Option<Answer> {
    let mut found = people(before, after);
    let mut differs = |so: bool, what: String| found.extend(so.then_some(what));
    for operator in after.operators() {
        differs(before.operator(operator.id) != Some(operator), format!("operator `{}`", operator.id));
    }
    for service in after.services() {
        differs(before.service(service.id) != Some(service), format!("service `{}`", service.id));
    }
    for schedule in after.schedules() {
        let same = before.schedules().any(|old| old == schedule);
        differs(!same, format!("schedule `{}`", schedule.id()));
    }
    for old in before.schedules() {
        // What a schedule forbade, it forbids no more.
        differs(!after.schedules().any(|s| s.id() == old.id()), format!("schedule `{}`", old.id()));
    }
    for zone in after.zones() {
        let moved = before.zone(zone.id).is_some_and(|old| old != zone);
        differs(moved, format!("zone `{}`", zone.id));
    }
    for door in after.doors() {
        let same = before.door(door.id) == Some(door) && before.around(door.id) == after.around(door.id);
        differs(!same, format!("door `{}`", door.id));
    }
    let locked = |site: &Site| site.lockdowns().collect::<BTreeSet<_>>();
    differs(!locked(before).is_subset(&locked(after)), "a lockdown".into());
    let watch = |site: &Site| site.threats().collect::<Vec<_>>();
    differs(watch(before) != watch(after), "a threat level".into());
    if found.is_empty() {
        return None;
    }
    let more = found.len().saturating_sub(NAMED_MAX);
    let and = if more > 0 { format!(" and {more} more") } else { String::new() };
    found.truncate(NAMED_MAX);
    Some(Answer::Unanswered(format!(
        "the policies give nothing new, but the change also touches {}{and}, which no proof compares",
        found.join(", ")
    )))
}

/// What is named; more is counted.
const NAMED_MAX: usize = 6;

/// Whoever is new, or is told otherwise than before, or can show what they could not.
fn people(before: &Site, after: &Site) -> Vec<String> {
    let mut all: Vec<PersonId> = after.people().collect();
    all.sort_unstable();
    let differs = |id: &PersonId| {
        let told =
            |site: &Site| site.person(*id).map(|p| (p.groups, p.valid, p.suspended, p.extended, p.visit));
        told(before) != told(after) || before.credentials_of(*id) != after.credentials_of(*id)
    };
    all.into_iter().filter(differs).map(|id| format!("person `{id}`")).collect()
}
