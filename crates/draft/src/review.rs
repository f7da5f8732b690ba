//! The review before a signature: what is added, changed and removed, and who gains and who loses which doors.

use crate::plan::{Item, Plan};
use crate::schedules;
use crate::told::{self, Mark};
use crate::weaker::{Remark, remarks};
use crate::words::count;
use core::fmt;
use lockward_model::{Change, DoorId, Factors, PersonId, Time, Transition};
use lockward_site::Site;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

/// Records of one kind that are listed one by one; more are counted.
const LISTED_MAX: usize = 12;
/// People that are named one by one; more are counted by their groups.
const NAMED_MAX: usize = 6;
/// Moments that are looked at: now and one day on which people start, with both states of fifteen schedules each.
const MOMENTS_MAX: usize = 62;
/// Moments that are named.
const LABELS_MAX: usize = 5;
/// Decisions that a review may take: some 10 s at 10 µs each.
pub const DECISIONS_MAX: usize = 1_000_000;

/// What a change does, told before anybody signs it. As text it is all of it, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What is added (`+`), changed (`~`) and removed (`-`); a line each.
    pub changes: String,
    /// When schedules that are put will next open and close; empty where none is.
    pub schedules: String,
    /// Who gains and who loses which doors.
    pub access: String,
    /// What is weaker afterwards, and what will be different in daily work.
    pub remarks: Vec<Remark>,
}

impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.changes, self.schedules, self.access)?;
        if !self.remarks.is_empty() {
            writeln!(f, "Read this before you sign:")?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "  ! {remark}"))
    }
}

/// The review of a plan, from the site before and after it.
#[must_use]
pub fn review(before: &Site, after: &Site, plan: &Plan, now: Time) -> Review {
    Review {
        changes: listed(before, plan),
        schedules: openings(after, plan, now),
        access: access(before, after, &plan.items, now),
        remarks: remarks(before, after, now),
    }
}

fn listed(before: &Site, plan: &Plan) -> String {
    let mut kinds: BTreeMap<(&str, Mark), Vec<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for item in &plan.items {
        let (mark, line) = told::tell(before, &item.change);
        let key = (told::noun(&item.change), mark);
        let lines = kinds.entry(key).or_default();
        if lines.is_empty() {
            order.push(key);
        }
        lines.push(line);
    }
    let mut out = String::new();
    for (noun, mark) in order {
        let lines = kinds.remove(&(noun, mark)).unwrap_or_default();
        let sign = mark.sign();
        for line in lines.iter().take(LISTED_MAX) {
            out.push_str(&format!("  {sign} {line}\n"));
        }
        if let Some(more) = lines.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
            out.push_str(&format!("  {sign} and {more} more: {}\n", count(lines.len(), noun)));
        }
    }
    if plan.unchanged > 0 {
        out.push_str(&format!("  = {} as the site has them already\n", count(plan.unchanged, "record")));
    }
    out
}

/// When schedules that are put will next open and close.
fn openings(after: &Site, plan: &Plan, now: Time) -> String {
    let put = |item: &Item| match &item.change {
        Change::PutSchedule(s) => {
            Some(format!("  {}: {}\n", s.id(), schedules::next(s, &after.founding().zone, now)))
        }
        _ => None,
    };
    let lines: Vec<_> = plan.items.iter().filter_map(put).take(LISTED_MAX).collect();
    if lines.is_empty() { String::new() } else { format!("What schedules do next:\n{}", lines.concat()) }
}

/// What one door gains and loses.
#[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
struct Shift {
    gain: BTreeSet<PersonId>,
    lose: BTreeSet<PersonId>,
    /// Who needs other factors than before.
    need: BTreeMap<PersonId, Factors>,
}

/// Who gains and who loses which doors.
#[must_use]
pub fn access(before: &Site, after: &Site, items: &[Item], now: Time) -> String {
    if !items.iter().any(|i| touches_access(&i.change)) {
        return "Nobody gains or loses a door.\n".into();
    }
    let mut moments = moments(before, after, items, now);
    let all = moments.len();
    moments.truncate(MOMENTS_MAX);
    let doors: BTreeSet<DoorId> = before.doors().chain(after.doors()).map(|d| d.id).collect();
    let decisions = doors.len() * moments.len() * (before.counts().0 + after.counts().0);
    if decisions > DECISIONS_MAX {
        return format!(
            "Who gains and loses is not worked out: that would take {decisions} decisions, and a review takes \
             {DECISIONS_MAX} at most. Ask `lockward who-can` about single doors before and after.\n"
        );
    }
    let mut rows: BTreeMap<Shift, Vec<DoorId>> = BTreeMap::new();
    for door in doors {
        let shift = shift(before, after, door, &moments);
        if shift != Shift::default() {
            rows.entry(shift).or_default().push(door);
        }
    }
    let looked = looked_at(&moments, all);
    if rows.is_empty() {
        return format!("Nobody gains or loses a door ({looked}).\n");
    }
    let mut out = format!("Who gains and who loses ({looked}):\n");
    for (shift, doors) in rows {
        let doors = short(doors.iter().map(ToString::to_string).collect(), "door");
        out.push_str(&format!("  {doors}:\n"));
        for (sign, people) in [("+", &shift.gain), ("-", &shift.lose)] {
            if !people.is_empty() {
                out.push_str(&format!("    {sign} {}\n", told_people(before, after, people)));
            }
        }
        for factors in shift.need.values().collect::<BTreeSet<_>>() {
            let people = shift.need.iter().filter(|(_, f)| *f == factors).map(|(p, _)| *p).collect();
            let people = told_people(before, after, &people);
            out.push_str(&format!("    ~ now with {}: {people}\n", told::factors(*factors)));
        }
    }
    out
}

/// False for what can change no decision at a door.
fn touches_access(change: &Change) -> bool {
    !matches!(
        change,
        Change::PutController { .. }
            | Change::BindController { .. }
            | Change::RevokeController(_)
            | Change::PutOperator(_)
            | Change::RemoveOperator(_)
            | Change::PutOperatorKey { .. }
            | Change::RemoveOperatorKey { .. }
            | Change::PutStatement(_)
            | Change::RemoveStatement(_)
    )
}

fn shift(before: &Site, after: &Site, door: DoorId, moments: &[(String, Time)]) -> Shift {
    let can = |site: &Site, at: Time| -> BTreeMap<PersonId, Factors> {
        site.who_can(door, at).into_iter().map(|e| (e.person, e.factors)).collect()
    };
    let mut shift = Shift::default();
    for (_, at) in moments {
        let (old, new) = (can(before, *at), can(after, *at));
        shift.gain.extend(new.keys().filter(|p| !old.contains_key(p)));
        shift.lose.extend(old.keys().filter(|p| !new.contains_key(p)));
        let other = new.iter().filter(|(p, f)| old.get(p).is_some_and(|was| was != *f));
        shift.need.extend(other.map(|(p, f)| (*p, *f)));
    }
    shift
}

/// Now, and when somebody's time begins; from each of these on, the next time at which each schedule is open, and
/// closed.
fn moments(before: &Site, after: &Site, items: &[Item], now: Time) -> Vec<(String, Time)> {
    let begins = |item: &Item| match &item.change {
        Change::PutPerson(p) => p.valid.from.filter(|from| *from > now),
        _ => None,
    };
    let begins: BTreeSet<_> = items.iter().filter_map(begins).collect();
    let mut moments = Vec::new();
    for (label, from) in
        once(("now".to_owned(), now)).chain(begins.into_iter().map(|at| (at.to_string(), at)))
    {
        moments.push((label.clone(), from));
        let zone = &after.founding().zone;
        let gone = before.schedules().filter(|s| !after.schedules().any(|other| other.id() == s.id()));
        for schedule in after.schedules().chain(gone) {
            // As it is at the moment itself is there already; here is the next time that it is not.
            let next = schedule.next_transitions(zone, from, 1);
            let named = |t: Transition| {
                let word = if t.opens { "open" } else { "closed" };
                (format!("{label}, `{}` {word}", schedule.id()), t.at)
            };
            moments.extend(next.into_iter().map(named));
        }
    }
    moments
}

/// What was looked at, and how much of it.
fn looked_at(moments: &[(String, Time)], all: usize) -> String {
    let labels: Vec<_> = moments.iter().take(LABELS_MAX).map(|(label, _)| label.as_str()).collect();
    let more = if moments.len() > labels.len() { "; …" } else { "" };
    let cut = if all > moments.len() { format!(", the first of {all}") } else { String::new() };
    format!("looked at {}{cut}: {}{more}", count(moments.len(), "moment"), labels.join("; "))
}

fn told_people(before: &Site, after: &Site, people: &BTreeSet<PersonId>) -> String {
    if people.len() <= NAMED_MAX {
        return people.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    }
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for id in people {
        let person = after.person(*id).or_else(|| before.person(*id));
        let set = person.map(|p| p.groups).unwrap_or_default();
        let name = match set.as_slice() {
            [] => "in no group".to_owned(),
            set => set.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"),
        };
        *groups.entry(name).or_default() += 1;
    }
    let groups: Vec<_> = groups.iter().map(|(name, n)| format!("{name} {n}")).collect();
    format!("{} ({})", count(people.len(), "person"), groups.join(", "))
}

/// Some names, and how many more.
#[must_use]
pub fn short(mut names: Vec<String>, noun: &str) -> String {
    let all = names.len();
    if all <= NAMED_MAX {
        return names.join(", ");
    }
    names.truncate(NAMED_MAX);
    format!("{} and {}", names.join(", "), count(all - NAMED_MAX, &format!("more {noun}")))
}
