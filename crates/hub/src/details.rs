//! Pages of one door and of people: what takes more than the live view to tell.

use crate::ceremony::passkeys;
use crate::follower::person_token;
use crate::live::Told;
use crate::views::Page;
use lockward_console::{
    CredentialRow, DoorAccess, DoorView, EventRow, MayEnter, Name, Orders, PeopleView, PersonRow, PersonView,
    Standing, Tone, Via,
};
use lockward_model::{Door, DoorId, OrderAct, Person, PersonId, Proof, Rule, Target, Time, Validity, ZoneId};
use lockward_store::{HubError, IndexRow, Log};

/// Events on the page of a door or a person.
const EVENTS_SHOWN: u32 = 100;
/// How often so many are looked through for those that a reader may read, who reads a few zones.
const SEEN_STEPS_MAX: usize = 20;
/// People on one page of the list.
const PEOPLE_SHOWN: usize = 50;
/// People whose names are opened for one search: at some 20 µs each, 0.4 s. Beyond that only ids are searched.
const NAMES_SEARCHED_MAX: usize = 20_000;
/// Zones around zones, as deep as a site lets them nest.
const NESTING_MAX: usize = 17;

impl Page<'_> {
    fn rows(&self, found: &[IndexRow]) -> Vec<EventRow> {
        let store = self.office.store();
        let told = |row: &IndexRow| {
            let leaf = store.entry(Log::Event, row.idx).ok()??;
            let event = self.office.open_leaf(&leaf).ok()??;
            Some(self.event_row(&Told { index: row.idx, event, late: false }))
        };
        found.iter().filter(|row| self.sees_at(row.door)).filter_map(told).collect()
    }

    pub(crate) fn zone_name(&self, zone: ZoneId) -> String {
        self.site.zone(zone).map_or_else(|| zone.to_string(), |z| z.title.to_string())
    }

    /// Every rule that can open a door.
    fn rules_for(&self, door: &Door) -> Vec<&Rule> {
        let up = |zone: &ZoneId| self.site.zone(*zone).and_then(|z| z.parent);
        let zones: Vec<ZoneId> = std::iter::successors(Some(door.to), up).take(NESTING_MAX).collect();
        let opens = |target: &Target| match target {
            Target::Door(id) => *id == door.id,
            Target::Zone(id) => zones.contains(id),
        };
        self.site.rules().filter(|rule| rule.targets.iter().any(opens)).collect()
    }

    fn when(&self, rule: &Rule) -> String {
        let Some(id) = rule.schedule else { return "any time".to_owned() };
        let schedule = self.site.schedules().find(|s| s.id() == id);
        schedule.map_or_else(|| id.to_string(), |s| s.title().to_string())
    }

    /// A door's page; `None` if there is no such door for the reader.
    pub(crate) fn door_view(&self, id: DoorId, banner: Option<&str>) -> Result<Option<DoorView>, HubError> {
        let reads = &self.reader.sight.site;
        let Some(door) = self.site.door(id).filter(|door| reads.zone(door.to)) else { return Ok(None) };
        let street = "the street".to_owned();
        let controller = self.site.controller(door.controller);
        let frame = self.frame_of_indexed(banner)?;
        let found = self.office.store().by_door(id, u64::MAX, EVENTS_SHOWN)?;
        Ok(Some(DoorView {
            frame,
            card: self.card(door),
            from_zone: door.from.map_or(street, |zone| match reads.zone(zone) {
                true => self.zone_name(zone),
                false => "another zone".to_owned(),
            }),
            to_zone: self.zone_name(door.to),
            controller: controller.map_or_else(|| door.controller.to_string(), |c| c.title.to_string()),
            facts: self.facts(door),
            next: self.transitions(door),
            may_enter: self.may_enter(door),
            orders: self.orders(id),
            events: self.rows(&found),
        }))
    }

    /// What the reader may order this door to do.
    fn orders(&self, door: DoorId) -> Orders {
        let may = |act| {
            let at = self.now;
            self.reader.operator.is_some_and(|who| self.site.may_order(who, act, Some(door), at))
        };
        let who = self.reader.operator;
        let keys = who.and_then(|who| self.site.operator(who)).into_iter().flat_map(passkeys);
        Orders {
            unlock: may(OrderAct::Unlock),
            hold: may(OrderAct::Hold(OrderAct::HOLD_MAX)),
            release: may(OrderAct::Release),
            signer: keys.into_iter().any(lockward_model::Passkey::is_the_signers),
            apart: who.is_some_and(|who| self.site.wants_apart(who, OrderAct::Unlock, door, self.now)),
        }
    }

    fn may_enter(&self, door: &Door) -> MayEnter {
        let rules = self.rules_for(door);
        let people: Vec<Person> = self.site.people().filter_map(|id| self.site.person(id)).collect();
        let counts = |p: &&Person| !p.suspended && holds(p.valid, self.now) == Standing::Active;
        let mut via = Vec::new();
        for rule in &rules {
            for group in &rule.groups {
                let title = self.site.groups().find(|g| g.id == *group).map(|g| g.title.to_string());
                let members = people.iter().filter(counts).filter(|p| p.groups.contains(group)).count();
                via.push(Via {
                    group: title.unwrap_or_else(|| group.to_string()),
                    people: members as u64,
                    when: self.when(rule),
                });
            }
        }
        let permitted = |p: &&Person| rules.iter().any(|r| r.groups.iter().any(|g| p.groups.contains(g)));
        MayEnter {
            people: people.iter().filter(counts).filter(permitted).count() as u64,
            of: people.len() as u64,
            via,
        }
    }

    fn standing(&self, person: &Person) -> Standing {
        if person.suspended { Standing::Suspended } else { holds(person.valid, self.now) }
    }

    fn group_titles(&self, person: &Person) -> Vec<String> {
        let titles = self.site.groups().filter(|g| person.groups.contains(&g.id));
        titles.map(|g| g.title.to_string()).collect()
    }

    /// The last events of a person, as far as the reader may read where they happened.
    fn seen(&self, person: PersonId, limit: u32, steps: usize) -> Result<Vec<IndexRow>, HubError> {
        let keys = self.office.keys();
        let Ok(Some(key)) = keys.epoch_key(keys.epoch()) else { return Ok(Vec::new()) };
        let (token, mut before, mut found) = (person_token(&key, person), u64::MAX, Vec::new());
        let step = if self.reader.sight.site.whole(self.site) { limit } else { EVENTS_SHOWN };
        for _ in 0..steps {
            let rows = self.office.store().by_person(token, before, step)?;
            let Some(last) = rows.last().map(|row| row.idx) else { break };
            let ended = rows.len() < step as usize;
            found.extend(rows.into_iter().filter(|row| self.sees_at(row.door)));
            if ended || found.len() >= limit as usize {
                break;
            }
            before = last;
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    /// Whether the reader may make changes of this kind.
    fn may_change(&self, verb: &str) -> bool {
        self.reader.operator.is_some_and(|who| self.site.may_change(who, verb, self.now))
    }

    /// A person's page; `None` if there is no such person.
    pub(crate) fn person_view(
        &self,
        id: PersonId,
        banner: Option<&str>,
    ) -> Result<Option<PersonView>, HubError> {
        let Some(person) = self.site.person(id) else { return Ok(None) };
        let credential = |c: lockward_model::Credential| {
            let (validity, tone) = match holds(c.valid, self.now) {
                Standing::Active => (self.span(c.valid), Tone::Good),
                _ => (format!("not in force: {}", self.span(c.valid)), Tone::Warn),
            };
            let phone = matches!(c.proof, Proof::Phone { .. }).then(|| c.id.to_string());
            let kind = match c.proof {
                Proof::Card(_) => "Card",
                Proof::Key { .. } => "Card that signs",
                Proof::Pin(_) => "PIN",
                Proof::PinOnly { .. } => "PIN that stands alone",
                // Whoever may watch this page must not learn that there is one.
                Proof::Duress(_) => return None,
                Proof::Totp(_) | Proof::Hotp(_) => "One-time codes",
                Proof::Phone { .. } => "Phone",
            };
            Some(CredentialRow { phone, kind: kind.to_owned(), validity, tone })
        };
        let door = |door: &Door| {
            let rules = self.rules_for(door);
            let rule = rules.into_iter().find(|r| r.groups.iter().any(|g| person.groups.contains(g)))?;
            Some(DoorAccess {
                door: self.door_link(door.id),
                zone: self.zone_name(door.to),
                when: self.when(rule),
                rule: rule.title.to_string(),
            })
        };
        let frame = self.frame_of_indexed(banner)?;
        Ok(Some(PersonView {
            frame,
            id: id.to_string(),
            name: self.name(id),
            standing: self.standing(&person),
            groups: self.group_titles(&person),
            credentials: self.site.credentials_of(id).into_iter().filter_map(credential).collect(),
            doors: self.doors().filter_map(door).collect(),
            doors_total: self.doors().count() as u64,
            events: self.rows(&self.seen(id, EVENTS_SHOWN, SEEN_STEPS_MAX)?),
            may_invite: self.may_change("put-credential"),
            may_cut_off: self.may_change("revoke-credential"),
        }))
    }

    fn span(&self, valid: Validity) -> String {
        match (valid.from, valid.until) {
            (None, None) => "until changed".to_owned(),
            (Some(from), None) => format!("from {}", self.moment(from).text),
            (None, Some(until)) => format!("until {}", self.moment(until).text),
            (Some(from), Some(until)) => {
                format!("from {} until {}", self.moment(from).text, self.moment(until).text)
            }
        }
    }

    /// People from `from` on, narrowed to `query`, as many as asked for; how many match; and who comes next.
    pub(crate) fn people_rows(
        &self,
        query: &str,
        from: Option<PersonId>,
        shown: usize,
    ) -> Result<(Vec<PersonRow>, usize, Option<String>), HubError> {
        let mut ids: Vec<PersonId> = self.site.people().collect();
        ids.sort_unstable();
        let (total, wanted) = (ids.len(), query.trim().to_lowercase());
        if !wanted.is_empty() {
            let by_name = total <= NAMES_SEARCHED_MAX;
            ids.retain(|id| {
                let named = || matches!(self.name(*id), Name::Known(n) if n.to_lowercase().contains(&wanted));
                id.as_str().contains(&wanted) || by_name && named()
            });
        }
        let matched = ids.len();
        let mut rest = ids.into_iter().skip_while(|id| from.is_some_and(|from| *id < from));
        let mut rows = Vec::new();
        for person in rest.by_ref().take(shown).filter_map(|id| self.site.person(id)) {
            let seen = self.seen(person.id, 1, 1)?.into_iter().next();
            rows.push(PersonRow {
                id: person.id.to_string(),
                name: self.name(person.id),
                standing: self.standing(&person),
                groups: self.group_titles(&person),
                seen: seen.and_then(|row| Some((self.moment(row.time), self.door_link(row.door?)))),
            });
        }
        Ok((rows, matched, rest.next().map(|id| id.to_string())))
    }

    /// The list of people, from `from` on, narrowed to `query`.
    pub(crate) fn people_view(
        &self,
        query: &str,
        from: Option<PersonId>,
        banner: Option<&str>,
    ) -> Result<PeopleView, HubError> {
        let (rows, matched, next) = self.people_rows(query, from, PEOPLE_SHOWN)?;
        Ok(PeopleView {
            frame: self.frame(banner),
            query: query.to_owned(),
            rows,
            matched: matched as u64,
            total: self.site.people().count() as u64,
            next,
        })
    }
}

fn holds(valid: Validity, now: Time) -> Standing {
    let begun = valid.from.is_none_or(|from| now >= from);
    let over = valid.until.is_some_and(|until| now >= until);
    if begun && !over { Standing::Active } else { Standing::Ended }
}
