//! How a door decides, in words: its times, its rules, and what its schedule does next.

use crate::tell::span;
use crate::views::Page;
use crate::zone_views::alone;
use lockward_console::{Fact, Moment, Transition};
use lockward_model::{Door, ExitHardware, Relock};

/// Changes by schedule that are shown.
const AHEAD_SHOWN: usize = 3;

impl Page<'_> {
    pub(crate) fn facts(&self, door: &Door) -> Vec<Fact> {
        let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
        let rules = &door.rules;
        let longer = rules.extended.map(|e| {
            let (release, open) = (span(e.release.get()), span(e.open_limit.get()));
            fact("For people who need longer", format!("released for {release}, held open after {open}"))
        });
        let usual = [
            fact("A grant releases it for", span(door.release.get())),
            fact("Held open after", span(door.open_limit.get())),
        ];
        let warn =
            rules.warn_before.map(|t| fact("Its reader warns", format!("{} before that", span(t.get()))));
        let then = [
            fact(
                "Locks again",
                match door.relock {
                    Relock::OnOpen => "as soon as it opens".to_owned(),
                    Relock::OnClose => "when it has closed".to_owned(),
                },
            ),
            fact("Way out", way_out(door).to_owned()),
        ];
        usual.into_iter().chain(longer).chain(warn).chain(then).chain(self.more(door)).collect()
    }

    fn more(&self, door: &Door) -> Vec<Fact> {
        let fact = |name: &str, value: String| Some(Fact { name: name.to_owned(), value });
        let rules = &door.rules;
        let schedule = door.unlocked.and_then(|id| self.site.schedules().find(|s| s.id() == id));
        let free = schedule.and_then(|schedule| {
            let first = if rules.first_person { ", once somebody has entered by right" } else { "" };
            fact("Stands unlocked", format!("in “{}”{first}", schedule.title()))
        });
        let office = rules.office.and_then(|t| {
            let text =
                "the same card twice sets it free for those who may hold it, or ends that; at most for";
            fact("Gesture at its reader", format!("{text} {}", span(t.get())))
        });
        let airlock = rules.airlock.and_then(|airlock| {
            let others = self.site.doors().filter(|d| d.id != door.id);
            let others = others.filter(|d| d.rules.airlock.is_some_and(|a| a.id == airlock.id));
            let (seen, unseen): (Vec<_>, Vec<_>) = others.partition(|d| self.sees_at(Some(d.id)));
            let elsewhere = (!unseen.is_empty()).then(|| "doors of other zones".to_owned());
            let others: Vec<_> = seen.iter().map(|d| format!("“{}”", d.title)).chain(elsewhere).collect();
            let with = if others.is_empty() { "no other door yet".to_owned() } else { others.join(", ") };
            let without = alone(airlock.alone);
            fact("Airlock", format!("one door at a time, with {with}; while one can not be seen: {without}"))
        });
        [free, office, airlock].into_iter().flatten().collect()
    }

    /// What its schedule does next.
    pub(crate) fn transitions(&self, door: &Door) -> Vec<Transition> {
        let schedule = door.unlocked.and_then(|id| self.site.schedules().find(|s| s.id() == id));
        let Some(schedule) = schedule else { return Vec::new() };
        let zone = &self.site.founding().zone;
        let what = |opens| match opens {
            true if door.rules.first_person => "unlocks for everybody, once somebody has entered by right",
            true => "unlocks for everybody",
            false => "locks",
        };
        let turns = schedule.next_transitions(zone, self.now, AHEAD_SHOWN).into_iter();
        let turns = turns.map(|t| Transition { at: self.moment(t.at), what: what(t.opens).to_owned() });
        let next = schedule.next_exception(zone.local(self.now).date);
        let exception = next.map(|(date, exception)| {
            let hours = if exception.is_closed() { "closed all day" } else { "other hours" };
            let reason = exception.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let at = Moment { text: date.to_string(), iso: date.to_string() };
            Transition { at, what: format!("exception, {hours}{reason}") }
        });
        turns.chain(exception).collect()
    }
}

fn way_out(door: &Door) -> &'static str {
    match (door.exit, door.rules.exit_shunt_only) {
        (ExitHardware::Mechanical, false) => "by the handle, always",
        (ExitHardware::Mechanical, true) => {
            "by the handle, always; the exit sensor only tells that an opening is no break-in"
        }
        (ExitHardware::Released, _) => "released by a request to exit, always",
    }
}
