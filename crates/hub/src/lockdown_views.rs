//! What a lockdown of a zone stops, or would: by which doors nobody enters, who does all the same, and who leaves.

use crate::views::Page;
use lockward_console::{Doors, Link, LockdownPreview, Still, StillEnters, StillOpens};
use lockward_model::{DoorId, ExitHardware, ZoneId};
use lockward_site::{Entrant, Free, LockdownOf};
use std::collections::BTreeMap;

/// Doors that one row names.
const DOORS_SHOWN: usize = 12;
/// People that one row names.
const PEOPLE_SHOWN: usize = 12;
/// Decisions that one page may take: at some 10 µs each half a second, while changes wait.
const DECISIONS_MAX: usize = 50_000;

/// Who could enter in spite of a lockdown, by door; `None` where that takes too many decisions for a page.
pub(crate) struct Entrants(Option<BTreeMap<DoorId, Vec<Entrant>>>);

impl Page<'_> {
    /// Worked out once for all zones of a page: a door lies in several.
    pub(crate) fn lockdown_entrants(&self) -> Entrants {
        let decisions = self.doors().count().saturating_mul(self.site.counts().0);
        let of = |door: DoorId| (door, self.site.lockdown_entrants(door, self.now));
        Entrants((decisions <= DECISIONS_MAX).then(|| self.doors().map(|d| of(d.id)).collect()))
    }

    pub(crate) fn lockdown(&self, zone: ZoneId, entrants: &Entrants) -> LockdownPreview {
        let doors: Vec<_> = self.site.lockdown_preview(zone, self.now);
        let doors: Vec<_> = doors.into_iter().filter(|d| self.sees_at(Some(d.door))).collect();
        let since = self.site.locked_down_since(zone);
        let by_button =
            |d: &&LockdownOf| self.site.door(d.door).is_some_and(|d| d.exit == ExitHardware::Released);
        LockdownPreview {
            since: since.map(|at| self.moment(at)),
            doors: self.row(doors.iter().map(|d| d.door)),
            unlocked: if since.is_some() { Vec::new() } else { self.would_lock(&doors) },
            still: self.still(
                &doors,
                entrants,
                if self.reader.sight.people.zone(zone) { PEOPLE_SHOWN } else { 0 },
            ),
            buttons: self.row(doors.iter().filter(by_button).map(|d| d.door)),
        }
    }

    fn row(&self, doors: impl Iterator<Item = DoorId>) -> Doors {
        let mut shown: Vec<Link> = doors.map(|id| self.door_link(id)).collect();
        let more = shown.len().saturating_sub(DOORS_SHOWN);
        shown.truncate(DOORS_SHOWN);
        Doors { shown, more: more as u64 }
    }

    fn would_lock(&self, doors: &[LockdownOf]) -> Vec<(Doors, String)> {
        let by_hand = |d: &LockdownOf| {
            let office = self.site.door(d.door).is_some_and(|d| d.rules.office.is_some());
            let unlocked = self.live.doors.get(&d.door).and_then(|now| now.unlocked) == Some(true);
            d.free == Free::No && office && unlocked
        };
        type Which<'a> = &'a dyn Fn(&LockdownOf) -> bool;
        let rows: [(Which<'_>, &str); 3] = [
            (&|d| d.free == Free::Yes, "stands unlocked by a schedule"),
            (&|d| d.free == Free::AwaitsFirst, "unlocked by a schedule, once somebody came in"),
            (&by_hand, "set free by hand, as its controller last said"),
        ];
        let told = rows.into_iter().map(|(which, why)| {
            (self.row(doors.iter().filter(|d| which(d)).map(|d| d.door)), why.to_owned())
        });
        told.filter(|(doors, _)| !doors.shown.is_empty()).collect()
    }

    /// Doors that let the same people in stand together.
    /// At most `named` people are told by name: none to whom may see no people.
    fn still(&self, doors: &[LockdownOf], entrants: &Entrants, named: usize) -> Still {
        let Some(entrants) = &entrants.0 else { return Still::NotWorkedOut };
        let mut groups: Vec<(&[Entrant], Vec<DoorId>)> = Vec::new();
        for door in doors.iter().map(|d| d.door) {
            let people = entrants.get(&door).map(Vec::as_slice).unwrap_or_default();
            match groups.iter_mut().find(|(same, _)| *same == people) {
                Some((_, doors)) => doors.push(door),
                None if people.is_empty() => {}
                None => groups.push((people, vec![door])),
            }
        }
        let told = groups.into_iter().map(|(people, doors)| StillOpens {
            doors: self.row(doors.into_iter()),
            people: people.iter().take(named).map(|entrant| self.enters(entrant)).collect(),
            more: people.len().saturating_sub(named) as u64,
        });
        Still::These(told.collect())
    }

    fn enters(&self, entrant: &Entrant) -> StillEnters {
        let factors: Vec<_> = entrant.factors.names().map(|n| if n == "pin" { "PIN" } else { n }).collect();
        let second = if entrant.second { ", with a second person" } else { "" };
        let because: Vec<_> = entrant.because.iter().map(|id| id.replacen('/', " ", 1)).collect();
        StillEnters {
            person: self.person_link(entrant.person),
            how: format!("{}{second}, by {}", factors.join(" and "), because.join(", ")),
        }
    }
}
