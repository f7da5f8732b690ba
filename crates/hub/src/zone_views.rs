//! Zones on pages: what holds there now, and what each asks of those who enter, in words.

use crate::areas::SiteAreas;
use crate::tell::span;
use crate::views::Page;
use lockward_console::{Fact, Tone, ZoneRow, ZoneState, ZonesView};
use lockward_history::Here;
use lockward_model::{Alone, Mono, Now, OpeningLimit, Passback, PassbackMode, ThreatLevel, Zone, ZoneId};

impl Page<'_> {
    /// What is out of the ordinary in a zone, by itself or by a zone around it.
    pub(crate) fn zone_states(&self, zone: ZoneId) -> Vec<ZoneState> {
        let lockdown =
            self.site.locked_down(zone).then(|| "locked down: nobody enters, everybody can leave".to_owned());
        let level = self.site.threat(zone);
        let threat = (level > ThreatLevel::default())
            .then(|| format!("threat level {} of {}", level.get(), ThreatLevel::MAX.get()));
        let state = |word| ZoneState { word, tone: Tone::Warn };
        lockdown.into_iter().chain(threat).map(state).collect()
    }

    pub(crate) fn zones_view(&self, banner: Option<&str>) -> ZonesView {
        let entrants = self.lockdown_entrants();
        let reads = &self.reader.sight.site;
        let zones = self.site.zones().filter(|zone| reads.zone(zone.id)).map(|zone| ZoneRow {
            name: zone.title.to_string(),
            within: zone.parent.filter(|around| reads.zone(*around)).map(|around| self.zone_name(around)),
            states: self.zone_states(zone.id),
            facts: self.zone_facts(zone),
            lockdown: self.lockdown(zone.id, &entrants),
        });
        ZonesView { frame: self.frame(banner), zones: zones.collect() }
    }

    fn zone_facts(&self, zone: &Zone) -> Vec<Fact> {
        let fact = |name: &str, value: String| Some(Fact { name: name.to_owned(), value });
        let rules = &zone.rules;
        let doors = self.site.doors().filter(|d| d.to == zone.id).count();
        let facts = [
            fact("Doors that lead into it", doors.to_string()),
            fact("People in it", self.people_in(zone)),
            rules.passback.and_then(|p| fact("Anti-passback", passback(p))),
            rules.fresh_within.and_then(|f| {
                fact("Word from the hub", format!("no older than {}, or nobody enters", span(f.get())))
            }),
            rules.openings.as_ref().and_then(|o| fact("Doors opened at a time", self.openings(o))),
        ];
        facts.into_iter().flatten().collect()
    }

    fn people_in(&self, zone: &Zone) -> String {
        let now = Now { mono: Mono(0), wall: self.now };
        let areas = SiteAreas(self.site);
        let count = self.whole.read(|whole| {
            whole.presence().count(zone.id, &Here { areas: &areas, touch: whole.touch(), now })
        });
        let limit = zone.rules.most.map(|most| format!(" of at most {most}")).unwrap_or_default();
        let unsure = match count.unknown {
            0 => String::new(),
            n => format!(", {n} of them not certain"),
        };
        format!("{}{limit}{unsure}, as far as doors have seen", count.known + count.unknown)
    }

    fn openings(&self, limit: &OpeningLimit) -> String {
        let beyond = match limit.approvers {
            None => "beyond that none opens".to_owned(),
            Some(group) => {
                let title = self.site.groups().find(|g| g.id == group).map(|g| g.title.to_string());
                let title = title.unwrap_or_else(|| group.to_string());
                format!("beyond that a second person of “{title}” must agree")
            }
        };
        format!("at most {} in {} by one controller; {beyond}", limit.doors, span(limit.within.get()))
    }
}

fn passback(p: Passback) -> String {
    let mode = match p.mode {
        PassbackMode::Soft => "who is in already is let in, and that is on record".to_owned(),
        PassbackMode::Hard => "who is in already is not let in".to_owned(),
        PassbackMode::Timed(t) => format!("nobody enters again within {}", span(t.get())),
    };
    format!("{mode}; while controllers can not hear each other: {}", alone(p.alone))
}

/// What a rule does without the word of other controllers.
pub(crate) fn alone(alone: Alone) -> &'static str {
    match alone {
        Alone::Own => "by what the controller has seen itself",
        Alone::Open => "nobody is refused, and that is on record",
        Alone::Refuse => "nobody enters; leaving works",
    }
}
