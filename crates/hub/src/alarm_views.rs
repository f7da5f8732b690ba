//! The page of alarms, and the bar that every page carries.

use crate::sight::Sight;
use crate::tell;
use crate::tidings::Tidings;
use crate::views::Page;
use lockward_console::{AlarmRow, AlarmsView, Bar};
use lockward_history::alarms::{About, Alarm, Alarms, Place};
use lockward_model::{Source, ZoneId};
use lockward_site::{Readable, Site};
use std::collections::BTreeSet;

/// Standing alarms that are listed. Whoever has more has one cause, and finds it among the newest.
const STANDING_SHOWN: usize = 200;
/// Cleared alarms that are listed.
const CLEARED_SHOWN: usize = 100;

/// What stands across the top of every page, as far as this reader may see it.
pub(crate) fn bar(site: &Site, whole: &Tidings, sight: &Sight) -> Bar {
    let alarms = whole.read(|whole| count(whole.alarms(), site, sight));
    Bar { alarms, lockdowns: lockdowns(site, &sight.site) }
}

/// Zones that nobody enters, by name: each that was locked down, or the outermost that the reader sees of it.
fn lockdowns(site: &Site, reads: &Readable) -> Vec<String> {
    let own: BTreeSet<ZoneId> = site.lockdowns().collect();
    let unseen = |around: ZoneId| !reads.zone(around);
    let locked = site.zones().filter(|z| reads.zone(z.id) && site.locked_down(z.id));
    let named = locked.filter(|z| own.contains(&z.id) || z.parent.is_some_and(unseen));
    named.map(|z| z.title.to_string()).collect()
}

fn count(alarms: &Alarms, site: &Site, sight: &Sight) -> u64 {
    let seen = alarms.standing().iter().filter(|alarm| sight.sees_alarm(site, &alarm.place)).count() as u64;
    if sight.alarms.whole(site) { seen + alarms.unlisted() } else { seen }
}

impl Page<'_> {
    /// What stands across the top, as far as the reader may see it.
    pub(crate) fn bar(&self) -> Bar {
        bar(self.site, self.whole, &self.reader.sight)
    }

    pub(crate) fn alarms_view(&self, banner: Option<&str>) -> AlarmsView {
        let today = |at| self.site.founding().zone.local(at).date;
        let is_today = |alarm: &&Alarm| alarm.cleared.is_some_and(|at| today(at) == today(self.now));
        let sight = &self.reader.sight;
        let sees = |alarm: &&Alarm| sight.sees_alarm(self.site, &alarm.place);
        let (standing, cleared, total) = self.whole.read(|whole| {
            let alarms = whole.alarms();
            let standing = alarms.standing().into_iter().filter(sees).take(STANDING_SHOWN).cloned();
            let cleared = alarms.cleared().filter(sees).filter(is_today).take(CLEARED_SHOWN).cloned();
            (standing.collect::<Vec<_>>(), cleared.collect::<Vec<_>>(), count(alarms, self.site, sight))
        });
        AlarmsView {
            frame: self.frame(banner),
            standing: standing.iter().map(|alarm| self.alarm(alarm)).collect(),
            total,
            cleared: cleared.iter().map(|alarm| self.alarm(alarm)).collect(),
            reading: !self.whole.ready(),
        }
    }

    fn alarm(&self, alarm: &Alarm) -> AlarmRow {
        AlarmRow {
            sentence: tell::capital(alarm.kind.sentence()),
            code: alarm.kind.code().to_owned(),
            door: alarm.place.door.map(|door| self.door_link(door)),
            place: self.place(&alarm.place),
            since: self.moment(alarm.raised),
            last: self.moment(alarm.last),
            times: alarm.times.into(),
            instruction: alarm.kind.instruction().to_owned(),
            cleared: alarm.cleared.map(|at| self.moment(at)),
        }
    }

    pub(crate) fn place(&self, place: &Place) -> Option<String> {
        let controller =
            |id| self.site.controller(id).map_or_else(|| id.to_string(), |c| c.title.to_string());
        let at = match place.source {
            Source::Hub => None,
            Source::Controller(_) if place.door.is_some() => None,
            Source::Controller(id) => Some(controller(id)),
        };
        let what = match &place.about {
            // Who it is, the door's record says to whom may read it.
            About::All | About::Person(_) => None,
            About::Reader(bus, address) => Some(format!("reader {address} on bus {bus}")),
            About::Input(input) => Some(tell::input(*input).to_owned()),
            About::Zone(zone) => Some(self.zone_name(*zone)),
            About::Controller(id) => Some(controller(*id)),
            About::Operator(id) => {
                Some(self.site.operator(*id).map_or_else(|| id.to_string(), |o| o.title.to_string()))
            }
        };
        match (at, what) {
            (Some(at), Some(what)) => Some(format!("{at}, {what}")),
            (at, what) => at.or(what),
        }
    }
}
