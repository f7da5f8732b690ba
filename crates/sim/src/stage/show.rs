//! What can be looked at: doors, people, the log.

use super::line::{Line, Tone};
use super::{Next, Stage, is_event, told};
use core::time::Duration;
use lockward_history::{Doubt, Here, Touch, UnknownWhy};
use lockward_hub::{Clock as _, SiteAreas};
use lockward_store::Log;
use std::sync::Arc;

impl Stage {
    /// Doors: in one word, then bolt, leaf and wires.
    pub(super) fn show(&mut self, names: &[&str]) -> Result<Next, String> {
        for name in names {
            self.find(name)?;
        }
        let wanted = |id: &str| names.is_empty() || names.contains(&id);
        let mut rows = Vec::new();
        for station in self.stations.values() {
            let states = station.states();
            for (index, door) in station.doors.iter().enumerate().filter(|(_, d)| wanted(d.id.as_str())) {
                let word = states.get(index).map_or("controller down", |s| s.as_str());
                let mut parts = vec![if door.bolt_back() { "bolt back" } else { "bolt thrown" }.to_owned()];
                parts.push(if door.leaf_open { "leaf OPEN" } else { "leaf shut" }.into());
                parts.extend(door.troubles().map(|(wire, done)| format!("{wire} wire {done}")));
                parts.extend(door.stuck.map(|_| "it sticks".into()));
                rows.push((door.id.to_string(), format!("{word:<25}{}", parts.join(", "))));
            }
            if !station.linked {
                rows.push((station.id.to_string(), "does not reach the hub".into()));
            }
        }
        // Doors that are alike stand together, each group where its first is.
        let mut alike: Vec<(String, String)> = Vec::new();
        while let Some((_, first)) = rows.first().cloned() {
            alike.extend(rows.extract_if(.., |(_, text)| *text == first));
        }
        for (place, text) in alike {
            self.out.push(Line { time: String::new(), place, text, tone: Tone::Plain });
        }
        Ok(Next::Go)
    }

    /// Who is where, as far as is known.
    pub(super) fn muster(&mut self) -> Result<Next, String> {
        let office = Arc::clone(&self.office);
        let site = office.site();
        let mut touch = Touch::new(None, Duration::MAX);
        let now = self.clock.now();
        for station in self.stations.values().filter(|s| s.linked) {
            touch.in_touch(station.id, now.mono);
        }
        let here = Here { areas: &SiteAreas(&site), touch: &touch, now };
        let muster = self.hub.presence.muster(site.people(), &here);
        for (zone, present) in &muster.zones {
            for person in present {
                let since = self.wall.time(person.since).chars().take(8).collect::<String>();
                let doubt = match person.doubt {
                    None => "",
                    Some(Doubt::SomeoneLeft { .. }) => "; somebody has left since, nobody knows who",
                    Some(Doubt::OutOfTouch) => "; a controller there can not be heard",
                };
                let text = format!("{} since {since}{doubt}", person.person);
                self.out.push(Line { time: String::new(), place: zone.to_string(), text, tone: Tone::Plain });
            }
        }
        let unknown = |why| {
            let of = muster.unknown.iter().filter(move |(_, w)| *w == why);
            of.map(|(p, _)| p.to_string()).collect::<Vec<_>>().join(", ")
        };
        for (why, words) in [(UnknownWhy::NeverSeen, "not seen yet"), (UnknownWhy::Forgiven, "forgiven")] {
            let people = unknown(why);
            if !people.is_empty() {
                self.out.push(Line::bare(format!("{words}: {people}"), Tone::Quiet));
            }
        }
        Ok(Next::Go)
    }

    /// The last events of the log, each with its index.
    pub(super) fn log(&mut self, count: &str) -> Result<Next, String> {
        let count: usize = count.parse().map_err(|_| "log COUNT: a number")?;
        let mut rows = Vec::new();
        let office = Arc::clone(&self.office);
        let read = office.store().for_each_entry(Log::Event, 0..u64::MAX, |index, leaf| {
            if is_event(leaf)
                && let Ok(Some(event)) = office.open_leaf(leaf)
            {
                rows.push((index, event));
            }
            Ok::<_, lockward_store::HubError>(())
        });
        read.map_err(|e| e.to_string())?;
        let first = rows.len().saturating_sub(count);
        for (index, event) in rows.split_off(first) {
            let text =
                told::event(&event).map_or_else(|| event.body.code().sentence().into(), |(_, text)| text);
            let place = event.door.map(|d| d.to_string()).unwrap_or_default();
            let time = self.wall.time(event.time);
            let text = format!("{index:>4}  {text}");
            self.out.push(Line { time, place, text, tone: Tone::Plain });
        }
        Ok(Next::Go)
    }
}
