//! The page of who is where, from what the doors have recorded.

use crate::areas::{SiteAreas, around};
use crate::tell::clock;
use crate::views::Page;
use lockward_console::{Missing, MusterView, MusterZone, Present, Unknown};
use lockward_history::{Count, Doubt, Here, Muster, PresenceFact, UnknownWhy};
use lockward_model::{PersonId, Time, ZoneId};
use std::collections::{BTreeMap, BTreeSet};

impl Page<'_> {
    pub(crate) fn muster_view(&self, banner: Option<&str>) -> MusterView {
        let (areas, sight) = (SiteAreas(self.site), &self.reader.sight);
        let reads = &sight.muster;
        let now = lockward_model::Now { mono: lockward_model::Mono(0), wall: self.now };
        let limited = self.site.zones().filter(|z| z.rules.most.is_some()).map(|z| z.id);
        // Who waits for this is the whole site: names are opened afterwards.
        let (muster, counts): (Muster, BTreeMap<ZoneId, Count>) = self.whole.read(|whole| {
            let here = Here { areas: &areas, touch: whole.touch(), now };
            let muster = whole.presence().muster([], &here);
            let inhabited = muster.zones.keys().flat_map(|zone| around(self.site, Some(*zone)));
            let shown: BTreeSet<ZoneId> = inhabited.chain(limited).filter(|zone| reads.zone(*zone)).collect();
            let counts = shown.into_iter().map(|zone| (zone, whole.presence().count(zone, &here))).collect();
            (muster, counts)
        });
        let seen: BTreeSet<PersonId> = self.whole.read(|whole| {
            let person =
                |fact| if let PresenceFact::Seen { person, .. } = fact { Some(person) } else { None };
            whole.presence().facts().filter_map(person).collect()
        });
        let never_seen = self.site.people().filter(|person| !seen.contains(person)).count() as u64;
        let zone = |(id, count): (ZoneId, Count)| MusterZone {
            name: self.zone_name(id),
            known: count.known as u64,
            unsure: count.unknown as u64,
            most: self.site.zone(id).and_then(|z| z.rules.most).map(|most| most.get().into()),
            people: match sight.people.zone(id) {
                true => self.present(muster.zones.get(&id).map(Vec::as_slice).unwrap_or_default()),
                false => Vec::new(),
            },
        };
        let inside =
            muster.zones.iter().filter(|(zone, _)| reads.zone(**zone)).map(|(_, all)| all.len() as u64);
        let unknown = muster.unknown.iter().filter(|_| sight.people.site()).map(|(person, why)| Missing {
            person: self.person_link(*person),
            why: match why {
                UnknownWhy::NeverSeen => "no door has opened for them, as far back as the hub remembers",
                UnknownWhy::Forgiven => "an operator has forgiven what was known of their place",
            }
            .to_owned(),
        });
        MusterView {
            frame: self.frame(banner),
            inside: inside.sum(),
            // Of whom nothing is known, that is known of no zone.
            unknown: reads.site().then(|| Unknown { people: unknown.collect(), never_seen }),
            zones: counts.into_iter().map(zone).collect(),
            reading: !self.whole.ready(),
        }
    }

    /// By name, as a list is called out.
    fn present(&self, people: &[lockward_history::Present]) -> Vec<Present> {
        let at = |at: Time| clock(&self.site.founding().zone, at);
        let told = |p: &lockward_history::Present| Present {
            person: self.person_link(p.person),
            since: self.moment(p.since),
            by: p
                .by
                .filter(|door| self.reader.sight.muster.door(self.site, *door))
                .map(|door| self.door_link(door)),
            doubt: p.doubt.map(|doubt| match doubt {
                Doubt::SomeoneLeft { at: left } => {
                    format!("may have left: somebody did at {} whom no door could name", at(left))
                }
                Doubt::OutOfTouch => {
                    "may have left: a controller with a door there is out of touch".to_owned()
                }
            }),
        };
        let mut all: Vec<Present> = people.iter().map(told).collect();
        all.sort_by_cached_key(|p| p.person.text().to_lowercase());
        all
    }
}
