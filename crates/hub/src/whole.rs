//! The site as a whole: what its controllers record, one event after the other, made into where people are, what stands
//! as an alarm, and what each controller has to hear of the others.
//!
//! A fold of the event log, and of nothing else: a controller can say something here only in events that it has signed,
//! and only of the doors that it drives. Pure.

use crate::areas::{Around, SiteAreas, around};
use crate::lately::{Lately, guesses};
use core::time::Duration;
use lockward_history::alarms::{Alarms, Did};
use lockward_history::{
    AHEAD_MAX, Arbiter, FAILURES_MAX, Passage, Passages, Presence, PresenceFact, SIGHTED_MAX, Taken, Touch,
    Used, UsedFact, ahead,
};
use lockward_model::{
    Access, Body, ControllerId, Door, DoorId, Event, Forgiven, Mono, Opening, Outcome, PersonId, Source,
    Time, UsedCode, Wish,
};
use lockward_site::Site;
use lockward_wire::credential::SignedPass;
use lockward_wire::link::Elsewhere;
use std::collections::{BTreeMap, BTreeSet};
use tracing::warn;

/// A guess counts for a day, everywhere.
const GUESSED_FOR: Duration = Duration::from_secs(86_400);
/// Nobody needs longer than that from a door to another of the same site; and as much again for what comes late.
const SEEN_FOR: Duration = Duration::from_secs(300);

/// A fact, and whom it is from: nobody is told what they said themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) from: Option<ControllerId>,
    pub(crate) fact: Elsewhere,
}

/// What one event, or one link, has changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub(crate) news: Vec<News>,
    /// Somebody's place.
    pub(crate) presence: bool,
    pub(crate) alarms: bool,
}

/// All of it.
pub(crate) struct Whole {
    presence: Presence,
    touch: Touch,
    alarms: Alarms,
    /// Of each controller: none speaks for another's door.
    passages: BTreeMap<ControllerId, Passages>,
    pub(crate) airlocks: Arbiter,
    guessed: Lately,
    used: Used,
    seen: Lately,
    /// How many events of each controller were taken in.
    taken: BTreeMap<ControllerId, u64>,
    /// Controllers whose link stands, with how many events they had when it began.
    linked: BTreeMap<ControllerId, u64>,
    in_touch: BTreeSet<ControllerId>,
}

impl Default for Whole {
    fn default() -> Self {
        Self {
            presence: Presence::default(),
            touch: Touch::new(None, Duration::MAX),
            alarms: Alarms::new(),
            passages: BTreeMap::new(),
            airlocks: Arbiter::default(),
            guessed: Lately::new(GUESSED_FOR, FAILURES_MAX),
            used: Used::default(),
            seen: Lately::new(SEEN_FOR, SIGHTED_MAX),
            taken: BTreeMap::new(),
            linked: BTreeMap::new(),
            in_touch: BTreeSet::new(),
        }
    }
}

/// Whether a source may say what a door does: a stolen controller must not speak for another's door.
pub(crate) fn drives(site: &Site, source: Source, door: DoorId) -> Option<&Door> {
    site.door(door).filter(|d| source == Source::Controller(d.controller))
}

impl Whole {
    pub(crate) fn presence(&self) -> &Presence {
        &self.presence
    }

    pub(crate) fn touch(&self) -> &Touch {
        &self.touch
    }

    pub(crate) fn alarms(&self) -> &Alarms {
        &self.alarms
    }

    /// Takes the next event of the log.
    pub(crate) fn take(&mut self, site: &Site, event: &Event, now: Time) -> Changed {
        let mut changed = Changed { alarms: self.alarms.take(event) != Did::Nothing, ..Changed::default() };
        let Source::Controller(from) = event.source else { return changed };
        self.taken.insert(from, event.seq + 1);
        self.go_on(site, from, event, now, &mut changed);
        if let Some(door) = event.door.and_then(|door| drives(site, event.source, door)) {
            if ahead(event.time, now) {
                // The newest fact wins: one from next year would win until next year.
                warn!(controller = %from, "an event lies more than {} s ahead of the hub's clock; nobody is told of it", AHEAD_MAX.as_secs());
            } else {
                self.at_door(site, door, event, now, &mut changed);
            }
        }
        self.come_up(from, event.time, &mut changed);
        changed
    }

    /// A controller says something, of whatever: what its doors have not said by then they will not say.
    fn go_on(&mut self, site: &Site, from: ControllerId, event: &Event, now: Time, changed: &mut Changed) {
        let Some(passages) = self.passages.get_mut(&from) else { return };
        let gone = match event.body {
            Body::Started { .. } => return passages.started(),
            _ if ahead(event.time, now) => return,
            _ => passages.unsaid(event.time, |door| site.door(door).filter(|d| d.controller == from)),
        };
        for passage in gone {
            self.passed(site, &passage, changed);
        }
    }

    fn at_door(&mut self, site: &Site, door: &Door, event: &Event, now: Time, changed: &mut Changed) {
        let (from, at) = (door.controller, event.time);
        match &event.body {
            Body::Access(access) => {
                self.asked(door, access, at, now, changed);
                for fact in self.used_up(site, door, access) {
                    self.use_up(fact, at, now, from, changed);
                }
            }
            Body::DoorOpened(Opening::Exit | Opening::Free) => {
                let fact = PresenceFact::SomeoneLeft { from: door.to, into: door.from, at };
                let _ = self.presence.take(fact);
                changed.presence = true;
                changed
                    .news
                    .push(News { from: Some(from), fact: Elsewhere::SomeoneLeft { zone: door.to, at } });
            }
            _ => {}
        }
        for passage in self.passages.entry(from).or_default().hear(door, &event.body) {
            self.passed(site, &passage, changed);
        }
        if let Some(busy) = self.airlocks.hear(door, &event.body, now)
            && door.rules.airlock.is_some()
        {
            let fact = Elsewhere::Busy { door: door.id, busy, at };
            changed.news.push(News { from: Some(from), fact });
        }
    }

    /// Somebody asked to be let in or out.
    fn asked(&mut self, door: &Door, access: &Access, at: Time, now: Time, changed: &mut Changed) {
        let mut tell = |kept: &mut Lately, fact| {
            let news = News { from: Some(door.controller), fact };
            kept.push(at, news.clone(), now);
            changed.news.push(news);
        };
        for (secret, person) in guesses(access) {
            tell(&mut self.guessed, Elsewhere::Guessed { door: door.id, person, secret, at });
        }
        let leaving = is_leaving(access);
        if !matches!(access.outcome, Outcome::Granted { .. }) {
            return;
        }
        let second = access.known.second.as_deref().and_then(|s| s.person);
        let who: Vec<PersonId> = access.person.into_iter().chain(second).collect();
        // A phone says nothing of where it is.
        let seen = access.known.phone.is_none();
        for person in who.iter().filter(|_| seen) {
            tell(&mut self.seen, Elsewhere::Seen { person: *person, door: door.id, at });
        }
        if access.known.wish != Wish::Hold || leaving {
            let passages = self.passages.entry(door.controller).or_default();
            for who in who {
                passages.awaits(Passage { door: door.id, side: access.side, question: 0, who, at });
            }
        }
    }

    /// What a decision has used up: one-time codes, whatever came of it, and a pass that let somebody in.
    fn used_up(&self, site: &Site, door: &Door, access: &Access) -> Vec<UsedFact> {
        let step = |code: &UsedCode| UsedFact::Step { credential: code.credential, step: code.step };
        let mut facts: Vec<UsedFact> = access.known.codes.iter().map(step).collect();
        if matches!(access.outcome, Outcome::Granted { .. })
            && !is_leaving(access)
            && access.token.is_none()
            && let Some(shown) = access.known.pass.as_deref()
            && let Ok(signed) = SignedPass::parse(&shown.bytes)
            && let Ok(pass) = signed.verify(&site.id(), &site.founding().hub.key)
        {
            facts.push(self.used.once_more(pass.id.0, door.controller, pass.until));
        }
        facts
    }

    fn use_up(&mut self, fact: UsedFact, at: Time, now: Time, from: ControllerId, changed: &mut Changed) {
        let mut taken = self.used.take(fact);
        if taken == Taken::Full {
            self.used.forget(now);
            taken = self.used.take(fact);
        }
        // What is not kept is told all the same: others may have room for it.
        let news = used_news(fact, at).filter(|_| taken != Taken::Known);
        changed.news.extend(news.map(|fact| News { from: Some(from), fact }));
    }

    /// Somebody has really gone through a door.
    fn passed(&mut self, site: &Site, passage: &Passage, changed: &mut Changed) {
        let Some(door) = site.door(passage.door) else { return };
        let Passage { who: person, at, .. } = *passage;
        let (out_of, into) = passage.way(door);
        let areas = SiteAreas(site);
        let facts: Vec<_> = Presence::moved(person, out_of, into, at, door.id, &areas).collect();
        for fact in facts {
            let _ = self.presence.take(fact);
        }
        changed.presence = true;
        let fact = Elsewhere::Moved { person, into, at, door: door.id };
        changed.news.push(News { from: Some(door.controller), fact });
    }

    /// Whether a controller is in touch: linked, and all that it had kept is taken in.
    pub(crate) fn hears(&self, id: ControllerId) -> bool {
        self.in_touch.contains(&id)
    }

    /// A controller's link stands. It is in touch once everything that it had kept meanwhile, up to event `due`, is
    /// taken in: until then people may have come and gone unseen.
    pub(crate) fn connected(&mut self, id: ControllerId, due: u64, at: Time) -> Changed {
        let mut changed = Changed::default();
        self.linked.insert(id, due);
        self.come_up(id, at, &mut changed);
        changed
    }

    /// A controller's link is lost.
    pub(crate) fn disconnected(&mut self, id: ControllerId, at: Time) -> Changed {
        let mut changed = Changed::default();
        self.linked.remove(&id);
        self.touch.out_of_touch(id);
        if self.in_touch.remove(&id) {
            changed.presence = true;
            let fact = Elsewhere::Touch { controller: id, linked: false, at };
            changed.news.push(News { from: Some(id), fact });
        }
        changed
    }

    fn come_up(&mut self, id: ControllerId, at: Time, changed: &mut Changed) {
        let taken = self.taken.get(&id).copied().unwrap_or(0);
        if self.linked.get(&id).is_some_and(|due| taken >= *due) && self.in_touch.insert(id) {
            // No silence is too long: a link that is lost is told of.
            self.touch.in_touch(id, Mono(0));
            changed.presence = true;
            let fact = Elsewhere::Touch { controller: id, linked: true, at };
            changed.news.push(News { from: Some(id), fact });
        }
    }

    /// The log was read back: of each controller so many events are in it.
    pub(crate) fn read_back(
        &mut self,
        counts: impl Iterator<Item = (ControllerId, u64)>,
        at: Time,
    ) -> Changed {
        let mut changed = Changed::default();
        for (id, count) in counts {
            let taken = self.taken.entry(id).or_default();
            *taken = count.max(*taken);
            self.come_up(id, at, &mut changed);
        }
        changed
    }

    /// An operator's act on record: where somebody is no longer counts.
    pub(crate) fn forgive(&mut self, whom: Forgiven, at: Time) {
        let _ = self.presence.take(match whom {
            Forgiven::Person(person) => PresenceFact::Forgiven { person, at },
            Forgiven::Zone(area) => PresenceFact::AreaForgiven { area, at },
        });
    }

    /// Lets go of whoever left the site.
    pub(crate) fn retain(&mut self, site: &Site) {
        self.presence.retain(|person| site.person(person).is_some());
        self.airlocks.retain(|door| site.door(door).is_some());
        for (id, passages) in &mut self.passages {
            passages.retain(|door| site.door(door).is_some_and(|d| d.controller == *id));
        }
    }

    /// Everything that is known now, for a controller that knows nothing.
    pub(crate) fn known(&self, site: &Site, now: Time) -> impl Iterator<Item = News> {
        let by = |door: DoorId| site.door(door).map(|d| d.controller);
        // Of somebody who was forgiven since, nothing is known: the controllers have read that in the config log.
        let places = self.presence.facts().filter_map(move |fact| match fact {
            PresenceFact::Seen { person, place, by: Some(door), at } => {
                let into = match place {
                    lockward_history::Whereabouts::Street => None,
                    lockward_history::Whereabouts::In(zone) => Some(zone),
                    lockward_history::Whereabouts::Unknown => return None,
                };
                let fact = Elsewhere::Moved { person, into, at, door };
                Some(News { from: by(door), fact })
            }
            PresenceFact::SomeoneLeft { from: zone, at, .. } => {
                Some(News { from: None, fact: Elsewhere::SomeoneLeft { zone, at } })
            }
            _ => None,
        });
        let lately = [&self.guessed, &self.seen];
        let lately = lately.into_iter().flat_map(move |kept| kept.still(now).cloned());
        let still = move |fact: &UsedFact| !matches!(fact, UsedFact::Pass { until, .. } if *until <= now);
        let used = self.used.facts().filter(still).filter_map(move |fact| used_news(fact, now));
        let used = used.map(|fact| News { from: None, fact });
        // Free ones too: they may have been taken when it last heard. Of a controller that can not be heard nothing.
        let heard = site.doors().filter(|d| d.rules.airlock.is_some() && self.hears(d.controller));
        let busy = heard.map(move |door| {
            let busy = self.airlocks.is_busy(door.id, now);
            News { from: Some(door.controller), fact: Elsewhere::Busy { door: door.id, busy, at: now } }
        });
        let touch = self.in_touch.iter().map(move |id| {
            let fact = Elsewhere::Touch { controller: *id, linked: true, at: now };
            News { from: Some(*id), fact }
        });
        // What others decide by first; places, of which there may be many, last.
        touch.chain(busy).chain(used).chain(lately).chain(places)
    }
}

fn is_leaving(access: &Access) -> bool {
    let Outcome::Granted { because } = &access.outcome else { return false };
    because.first().is_some_and(|b| b.starts_with("leaving"))
}

fn used_news(fact: UsedFact, at: Time) -> Option<Elsewhere> {
    match fact {
        UsedFact::Pass { id, by, times, until } => Some(Elsewhere::Used { id, by, times, until, at }),
        UsedFact::Step { credential, step } => Some(Elsewhere::Stepped { credential, step }),
        UsedFact::Forgotten { .. } => None,
    }
}

/// Whether a fact says something to a controller with this around its doors.
pub(crate) fn concerns(site: &Site, fact: &Elsewhere, here: &Around) -> bool {
    match fact {
        Elsewhere::Moved { door, into, .. } => {
            let door = site.door(*door);
            let sides = [door.and_then(|d| d.from), door.map(|d| d.to), *into];
            sides.into_iter().flat_map(|side| around(site, side)).any(|zone| here.zones.contains(&zone))
        }
        Elsewhere::SomeoneLeft { zone, .. } => around(site, Some(*zone)).any(|z| here.zones.contains(&z)),
        Elsewhere::Busy { door, .. } => {
            let airlock = site.door(*door).and_then(|d| d.rules.airlock);
            airlock.is_some_and(|a| here.airlocks.contains(&a.id))
        }
        // Guessing is counted for the site as a whole, and so are the controllers that can not be heard.
        Elsewhere::Guessed { .. }
        | Elsewhere::Used { .. }
        | Elsewhere::Stepped { .. }
        | Elsewhere::Seen { .. }
        | Elsewhere::Touch { .. }
        | Elsewhere::Claimed { .. } => true,
    }
}
