//! What the API shows: pages' own facts, as far as the asker may read them, zone by zone.
//!
//! What the asker may not read and what is not there are told alike.

use super::lists::{Asked, List, only};
use super::{Problem, Reply, Told, part, shapes};
use crate::areas::SiteAreas;
use crate::routes::Api;
use crate::sight::alarm_at;
use crate::views::{Page, Reader};
use crate::web::{Desk, Visit};
use crate::{Has, tell};
use lockward_console::{DoorState, Name, Standing, Tone, address};
use lockward_history::alarms::Alarm;
use lockward_history::{Here, Muster};
use lockward_model::{DoorId, Mono, Now, OperatorId, PersonId, ServiceId, SigningKey, Time, Zone, ZoneId};
use lockward_policy::Read;
use lockward_site::Readable;
use lockward_store::ApiKeyRow;
use serde::Serialize;
use std::sync::Arc;

/// Everything that one answer is made from, at one moment.
pub(super) struct Facts<'a> {
    pub(super) page: Page<'a>,
    /// Where the asker may read what was asked for.
    pub(super) here: Arc<Readable>,
}

fn iso(at: Time) -> String {
    at.to_string()
}

impl From<Tone> for shapes::Tone {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Good => Self::Good,
            Tone::Info => Self::Info,
            Tone::Warn => Self::Warn,
            Tone::Bad => Self::Bad,
        }
    }
}

impl From<DoorState> for shapes::DoorState {
    fn from(state: DoorState) -> Self {
        match state {
            DoorState::Locked => Self::Locked,
            DoorState::LockedDown => Self::LockedDown,
            DoorState::Released => Self::Released,
            DoorState::Unlocked => Self::Unlocked,
            DoorState::Open => Self::Open,
            DoorState::HeldOpen => Self::HeldOpen,
            DoorState::Forced => Self::Forced,
            DoorState::Unknown => Self::Unknown,
        }
    }
}

impl From<Standing> for shapes::Standing {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Suspended => Self::Suspended,
            Standing::Ended => Self::Ended,
        }
    }
}

fn named(name: Name) -> Option<String> {
    match name {
        Name::Known(name) => Some(name),
        Name::Erased => None,
    }
}

impl Facts<'_> {
    /// Whether the asker may read of this door what was asked for.
    pub(super) fn sees_door(&self, id: DoorId) -> bool {
        self.here.door(self.page.site, id)
    }

    fn visible(&self, zone: ZoneId) -> Option<String> {
        self.here.zone(zone).then(|| zone.to_string())
    }

    /// Somebody, by name if the asker may read people at this place.
    pub(super) fn person_ref(&self, person: PersonId) -> shapes::PersonRef {
        shapes::PersonRef { id: person.to_string(), name: named(self.page.name(person)) }
    }

    fn site(&self) -> shapes::Site {
        let site = self.page.site;
        shapes::Site {
            id: site.id().to_string(),
            title: site.founding().title.to_string(),
            time_zone: site.founding().zone.name().to_owned(),
            config_size: site.size(),
            people_sign: self.page.people_sign(),
            doors: site.doors().filter(|d| self.here.zone(d.to)).count() as u64,
            zones: site.zones().filter(|z| self.here.zone(z.id)).count() as u64,
        }
    }

    fn controllers(&self, asked: &Asked<'_>) -> Result<List<shapes::Controller>, Problem> {
        let all = self.page.site.controllers().filter(|_| self.here.site());
        asked.page(
            all.filter_map(|c| self.page.controller(c.id)),
            |row| row.id.clone(),
            |row| shapes::Controller {
                id: row.id,
                title: row.name,
                doors: row.doors,
                connected: row.connected,
                heard: row.heard.map(|at| at.iso),
                applied: row.applied,
            },
        )
    }

    fn door(&self, door: &lockward_model::Door) -> shapes::Door {
        let card = self.page.card(door);
        let usual = [("Lock", card.lock), ("Contact", card.contact), ("Reader", card.reader)];
        let usual = usual.map(|(name, part)| (name.to_owned(), part));
        let part = |(name, part): (String, lockward_console::Part)| shapes::Part {
            name,
            word: part.word,
            tone: part.tone.into(),
        };
        shapes::Door {
            id: card.id,
            title: card.name,
            kind: card.kind,
            from: door.from.and_then(|zone| self.visible(zone)),
            to: door.to.to_string(),
            controller: door.controller.to_string(),
            state: card.state.into(),
            source: card.source,
            since: card.since.map(|at| at.iso),
            unconfirmed_since: card.unconfirmed_since.map(|at| at.iso),
            parts: usual.into_iter().chain(card.noticed).map(part).collect(),
        }
    }

    fn zone(&self, zone: &Zone) -> shapes::Zone {
        let into = self.page.site.doors().filter(|d| d.to == zone.id);
        shapes::Zone {
            id: zone.id.to_string(),
            title: zone.title.to_string(),
            within: zone.parent.and_then(|around| self.visible(around)),
            locked_down: self.page.site.locked_down(zone.id),
            threat: self.page.site.threat(zone.id).get(),
            doors: into.map(|door| door.id.to_string()).collect(),
        }
    }

    fn people(&self, asked: &Asked<'_>) -> Result<List<shapes::Person>, Problem> {
        let from = match &asked.cursor {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| super::lists::unknown_cursor())?),
        };
        let wanted = asked.field("q")?.unwrap_or_default();
        let (rows, _, next) =
            self.page.people_rows(&wanted, from, asked.limit).map_err(|error| store(&error))?;
        let person = |row: lockward_console::PersonRow| shapes::Person {
            id: row.id,
            name: named(row.name),
            standing: row.standing.into(),
            groups: row.groups,
        };
        Ok(List { items: rows.into_iter().map(person).collect(), next })
    }

    fn person(&self, id: PersonId) -> Result<shapes::PersonWhole, Problem> {
        let view =
            self.page.person_view(id, None).map_err(|error| store(&error))?.ok_or_else(Problem::not_found)?;
        let door = |access: lockward_console::DoorAccess| {
            let id = access.door.href();
            let door = id.strip_prefix(address::DOORS).unwrap_or_default().to_owned();
            shapes::DoorAccess { door, when: access.when, rule: access.rule }
        };
        let credential = |row: lockward_console::CredentialRow| shapes::Credential {
            in_force: row.tone == Tone::Good,
            kind: row.kind,
            validity: row.validity,
        };
        Ok(shapes::PersonWhole {
            person: shapes::Person {
                id: view.id,
                name: named(view.name),
                standing: view.standing.into(),
                groups: view.groups,
            },
            credentials: view.credentials.into_iter().map(credential).collect(),
            doors: view.doors.into_iter().map(door).collect(),
        })
    }

    fn alarms(&self, asked: &Asked<'_>) -> Result<List<shapes::Alarm>, Problem> {
        let forced = |alarm: &Alarm| self.page.reader.sight.is_forced(&alarm.place);
        let sees = |alarm: &&Alarm| alarm_at(&self.here, self.page.site, &alarm.place) && !forced(alarm);
        let skipped =
            usize::try_from(asked.number()?.unwrap_or(0)).map_err(|_| super::lists::unknown_cursor())?;
        let found: Vec<Alarm> = self.page.whole.read(|whole| {
            let alarms = whole.alarms();
            let all = alarms.standing().into_iter().chain(alarms.cleared());
            all.filter(sees).skip(skipped).take(asked.limit + 1).cloned().collect()
        });
        let more = found.len() > asked.limit;
        let alarm = |alarm: &Alarm| shapes::Alarm {
            code: alarm.kind.code().to_owned(),
            says: tell::capital(alarm.kind.sentence()),
            door: alarm.place.door.map(|door| door.to_string()),
            place: self.page.place(&alarm.place),
            since: iso(alarm.raised),
            last: iso(alarm.last),
            times: alarm.times.into(),
            instruction: alarm.kind.instruction().to_owned(),
            cleared: alarm.cleared.map(iso),
        };
        Ok(List {
            items: found.iter().take(asked.limit).map(alarm).collect(),
            next: more.then(|| (skipped + asked.limit).to_string()),
        })
    }

    fn muster(&self) -> shapes::Muster {
        let areas = SiteAreas(self.page.site);
        let now = Now { mono: Mono(0), wall: self.page.now };
        let zones: Vec<ZoneId> =
            self.page.site.zones().map(|z| z.id).filter(|z| self.here.zone(*z)).collect();
        let (muster, counts): (Muster, Vec<_>) = self.page.whole.read(|whole| {
            let here = Here { areas: &areas, touch: whole.touch(), now };
            let counts = zones.iter().map(|zone| (*zone, whole.presence().count(*zone, &here))).collect();
            (whole.presence().muster([], &here), counts)
        });
        let present = |p: &lockward_history::Present| shapes::Present {
            person: self.person_ref(p.person),
            since: iso(p.since),
            by: p.by.filter(|door| self.sees_door(*door)).map(|door| door.to_string()),
            doubtful: p.doubt.is_some(),
        };
        let zone = |(id, count): (ZoneId, lockward_history::Count)| shapes::MusterZone {
            zone: id.to_string(),
            known: count.known as u64,
            unsure: count.unknown as u64,
            most: self.page.site.zone(id).and_then(|z| z.rules.most).map(|most| most.get().into()),
            people: self.page.reader.sight.people.zone(id).then(|| {
                muster.zones.get(&id).map(|all| all.iter().map(present).collect()).unwrap_or_default()
            }),
        };
        shapes::Muster { zones: counts.into_iter().map(zone).collect(), reading: !self.page.whole.ready() }
    }

    fn operators(&self, asked: &Asked<'_>) -> Result<List<shapes::Operator>, Problem> {
        let all = self.page.site.operators().filter(|_| self.here.site());
        asked.page(
            all,
            |operator| operator.id.to_string(),
            |operator| {
                let passkey = |k: &&lockward_model::OperatorKey| matches!(k.key, SigningKey::Passkey(_));
                let passkeys = operator.keys.iter().filter(passkey).count();
                shapes::Operator {
                    id: operator.id.to_string(),
                    title: operator.title.to_string(),
                    roles: operator.roles.iter().map(ToString::to_string).collect(),
                    until: operator.until.map(iso),
                    holds: self.holds(operator.id),
                    passkeys: passkeys as u64,
                    files: (operator.keys.len() - passkeys) as u64,
                }
            },
        )
    }

    fn holds(&self, id: OperatorId) -> bool {
        self.page.site.standing_operator(id, self.page.now).is_some()
    }

    fn services(&self, asked: &Asked<'_>) -> Result<List<shapes::Service>, Problem> {
        let keys = self.page.office.store().api_keys().map_err(|error| store(&error))?;
        let own = |id: ServiceId| keys.iter().filter(move |key| key.service == id).map(api_key).collect();
        let all = self.page.site.services().filter(|_| self.here.site());
        asked.page(
            all,
            |service| service.id.to_string(),
            |service| shapes::Service {
                id: service.id.to_string(),
                key: service.key.to_string(),
                until: service.until.map(iso),
                holds: service.holds_at(self.page.now),
                api_keys: own(service.id),
            },
        )
    }

    fn arrival(&self, arrival: &crate::Arrival) -> shapes::Arrival {
        let doors: Vec<_> = arrival.doors.iter().filter(|(door, _)| self.sees_door(*door)).collect();
        let waiting = doors.iter().filter(|(_, has)| *has != Has::InForce);
        let waiting: Vec<_> = waiting.map(|(door, _)| door.to_string()).collect();
        shapes::Arrival {
            at: arrival.at,
            in_force: (doors.len() - waiting.len()) as u64,
            doors: doors.len() as u64,
            waiting,
        }
    }
}

fn api_key(key: &ApiKeyRow) -> shapes::ApiKey {
    shapes::ApiKey {
        id: key.id.to_string(),
        label: key.label.to_string(),
        scope: key.scope.split_whitespace().map(str::to_owned).collect(),
        made: iso(key.made),
        ends: iso(key.ends),
        used_on: key.used.map(|(day, _)| iso(day)),
        used_from: key.used.map(|(_, from)| from.to_string()),
    }
}

pub(super) fn store(error: &lockward_store::HubError) -> Problem {
    tracing::error!(%error, "the API can not read the store");
    Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, lockward_model::ApiRefusal::StoreFailed)
}

fn told<T: Serialize>(found: Result<T, Problem>) -> Told {
    found.map(|found| Reply::ok(&found))
}

impl Desk {
    pub(super) fn with_facts<T>(&self, visit: &Visit, what: Read, tell: impl FnOnce(&Facts<'_>) -> T) -> T {
        let brief = self.core.live.now().brief();
        let (office, site) = (&self.core.office, self.core.office.site());
        let here = visit.caller.reads(office, &site, what);
        let reader = Reader::of(&visit.caller, office, &site);
        let (whole, now) = (self.core.live.whole(), office.wall());
        tell(&Facts { page: Page { office, site: &site, live: &brief, whole, now, reader }, here })
    }

    /// Answers that only show. Reads the store: call it where waiting holds up nobody.
    pub(super) fn reading(&self, visit: &Visit, what: Api) -> Told {
        match what {
            Api::Changes => return self.api_changes(visit),
            Api::Change => return self.api_change(visit),
            _ => {}
        }
        let read = match what {
            Api::People | Api::Person => Read::People,
            Api::Alarms => Read::Alarms,
            Api::Muster => Read::Muster,
            Api::Operators | Api::Services => Read::Operators,
            _ => Read::Site,
        };
        let arrival = (what == Api::ChangeAt).then(|| self.arrived(visit)).transpose()?;
        self.with_facts(visit, read, |facts| {
            let list = |more: &[&str]| Asked::read(visit, more);
            let alone = || only(visit, &[]);
            // People are the site's: who may read them in a zone alone sees their names there, and no list of them.
            let whole = || if facts.here.site() { Ok(()) } else { Err(Problem::not_found()) };
            let site = facts.page.site;
            match what {
                Api::Site => told(alone().map(|()| facts.site())),
                Api::Controllers => told(facts.controllers(&list(&[])?)),
                Api::Doors => {
                    let asked = list(&["zone"])?;
                    let zone = asked.field("zone")?;
                    let here = |d: &&lockward_model::Door| {
                        facts.here.zone(d.to) && zone.as_ref().is_none_or(|z| d.to.as_str() == z)
                    };
                    let all = site.doors().filter(here);
                    told(asked.page(all, |d| d.id.to_string(), |d| facts.door(d)))
                }
                Api::Door => {
                    alone()?;
                    let door = part(visit, "v1/doors/").parse().ok().and_then(|id| site.door(id));
                    let door = door.filter(|door| facts.here.zone(door.to));
                    told(door.map(|door| facts.door(door)).ok_or_else(Problem::not_found))
                }
                Api::Zones => {
                    let all = site.zones().filter(|zone| facts.here.zone(zone.id));
                    told(list(&[])?.page(all, |z| z.id.to_string(), |z| facts.zone(z)))
                }
                Api::People => {
                    whole()?;
                    told(facts.people(&list(&["q"])?))
                }
                Api::Person => {
                    alone().and_then(|()| whole())?;
                    let id = part(visit, "v1/people/").parse().map_err(|_| Problem::not_found());
                    told(id.and_then(|id| facts.person(id)))
                }
                Api::Events => told(facts.events(&list(&["door"])?)),
                Api::Alarms => told(facts.alarms(&list(&[])?)),
                Api::Muster => told(alone().map(|()| facts.muster())),
                Api::Operators => told(facts.operators(&list(&[])?)),
                Api::Services => told(facts.services(&list(&[])?)),
                _ => {
                    alone()?;
                    told(
                        arrival.as_ref().map(|arrival| facts.arrival(arrival)).ok_or_else(Problem::not_found),
                    )
                }
            }
        })
    }

    fn arrived(&self, visit: &Visit) -> Result<crate::Arrival, Problem> {
        let at = part(visit, "v1/changes/at/").parse().ok();
        let at = at.filter(|at| *at < self.core.office.site().size());
        Ok(self.core.arrival(at.ok_or_else(Problem::not_found)?))
    }
}
