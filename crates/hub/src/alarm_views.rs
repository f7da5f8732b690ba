//! The page of alarms, and the bar that every page carries.

use crate::tell;
use crate::tidings::Tidings;
use crate::views::Page;
use lockward_console::{AlarmRow, AlarmsView, Bar};
use lockward_history::alarms::{About, Alarm, Alarms, Place};
use lockward_model::Source;
use lockward_site::Site;

/// Standing alarms that are listed. Whoever has more has one cause, and finds it among the newest.
const STANDING_SHOWN: usize = 200;
/// Cleared alarms that are listed.
const CLEARED_SHOWN: usize = 100;

/// What stands across the top of every page.
pub(crate) fn bar(site: &Site, whole: &Tidings) -> Bar {
    let alarms = whole.read(|whole| count(whole.alarms()));
    let named = |id| site.zone(id).map_or_else(|| id.to_string(), |z| z.title.to_string());
    Bar { alarms, lockdowns: site.lockdowns().map(named).collect() }
}

fn count(alarms: &Alarms) -> u64 {
    alarms.standing_count() as u64 + alarms.unlisted()
}

impl Page<'_> {
    /// What stands across the top, as far as the reader may see it.
    pub(crate) fn bar(&self) -> Bar {
        let all = bar(self.site, self.whole);
        if self.reader.sees.alarms { all } else { Bar { alarms: 0, ..all } }
    }

    pub(crate) fn alarms_view(&self, banner: Option<&str>) -> AlarmsView {
        let today = |at| self.site.founding().zone.local(at).date;
        let is_today = |alarm: &&Alarm| alarm.cleared.is_some_and(|at| today(at) == today(self.now));
        let (standing, cleared, total) = self.whole.read(|whole| {
            let alarms = whole.alarms();
            let standing = alarms.standing().into_iter().take(STANDING_SHOWN).cloned();
            let cleared = alarms.cleared().filter(is_today).take(CLEARED_SHOWN).cloned();
            (standing.collect::<Vec<_>>(), cleared.collect::<Vec<_>>(), count(alarms))
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
            About::All => None,
            About::Reader(bus, address) => Some(format!("reader {address} on bus {bus}")),
            About::Input(input) => Some(tell::input(*input).to_owned()),
            About::Zone(zone) => Some(self.zone_name(*zone)),
            About::Controller(id) => Some(controller(*id)),
        };
        match (at, what) {
            (Some(at), Some(what)) => Some(format!("{at}, {what}")),
            (at, what) => at.or(what),
        }
    }
}
