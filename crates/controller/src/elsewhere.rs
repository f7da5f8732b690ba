//! What the hub tells of other controllers: it narrows who may enter here, and opens nothing.

use crate::core::{Core, Effect};
use lockward_door::Told;
use lockward_history::{
    Failure, Guess, GuessingFact, Presence, PresenceFact, Reader, Sight, Spot, UsedFact, ahead,
};
use lockward_model::{Body, DoorId, Forgiven, Mono, Now, PersonId, Side, Time, ZoneFact, ZoneId};
use lockward_wire::link::Elsewhere;
use tracing::warn;

impl Core {
    /// Facts of other controllers; `anew` with the first of a connection.
    pub(crate) fn on_elsewhere(
        &mut self,
        now: Now,
        anew: bool,
        facts: Vec<Elsewhere>,
        out: &mut Vec<Effect>,
    ) {
        if anew {
            self.history.touch.all_out_of_touch();
        }
        let mut refused = 0_usize;
        for fact in facts {
            if time_of(&fact).is_some_and(|at| ahead(at, now.wall)) {
                refused += 1;
            } else {
                self.take_elsewhere(now, &fact, out);
            }
        }
        if refused > 0 {
            warn!(refused, "another controller's clock is far ahead; what it tells is not taken");
        }
        self.tell_touch(now);
    }

    fn take_elsewhere(&mut self, now: Now, fact: &Elsewhere, out: &mut Vec<Effect>) {
        match *fact {
            Elsewhere::Moved { person, into, at, door } => self.moved_elsewhere(person, into, at, door),
            Elsewhere::SomeoneLeft { zone, at } => {
                // Where to is not told: to the street, which leaves every area in doubt.
                let fact = PresenceFact::SomeoneLeft { from: zone, into: None, at };
                self.learn_place(fact);
            }
            Elsewhere::Guessed { door, person, secret, at } => {
                self.guessed_elsewhere(door, person, secret, at);
            }
            Elsewhere::Used { id, by, times, until, at: _ } => {
                self.used_elsewhere(UsedFact::Pass { id, by, times, until });
            }
            Elsewhere::Stepped { credential, step } => {
                self.used_elsewhere(UsedFact::Step { credential, step });
            }
            Elsewhere::Seen { person, door, at } => {
                if let Some(site) = &self.site {
                    let spot = Spot { site: site.id(), door };
                    self.history.seen_elsewhere(person, Sight { at, spot });
                }
            }
            Elsewhere::Busy { door, busy, at: _ } => {
                self.airlock_told(now, Told { door, busy, at: now.mono }, out);
            }
            Elsewhere::Touch { controller, linked: true, at: _ } => {
                self.history.touch.in_touch(controller, now.mono);
            }
            Elsewhere::Touch { controller, linked: false, at: _ } => {
                self.history.touch.out_of_touch(controller);
                self.airlocks_lose(now, controller, out);
            }
            Elsewhere::Claimed { granted, number, .. } => self.airlock_claimed(now, number, granted, out),
        }
    }

    fn moved_elsewhere(&mut self, person: PersonId, into: Option<ZoneId>, at: Time, by: DoorId) {
        let Some(site) = self.site.as_ref().filter(|_| self.history.areas.any()) else { return };
        let Some(door) = site.door(by) else { return };
        let from = if into == Some(door.to) { door.from } else { Some(door.to) };
        let areas = self.history.areas.of(site);
        let facts: Vec<PresenceFact> = Presence::moved(person, from, into, at, by, &areas).collect();
        for fact in facts {
            self.learn_place(fact);
        }
    }

    fn learn_place(&mut self, fact: PresenceFact) {
        if self.history.areas.any() {
            self.history.news |= self.history.presence.take(fact) == lockward_history::Taken::New;
        }
    }

    /// A guess elsewhere with a credential counts against all that the person has: which one it was is not told.
    fn guessed_elsewhere(&mut self, door: DoorId, person: Option<PersonId>, secret: bool, at: Time) {
        let reader = Reader { door, side: Side::Entry };
        let credentials = match (&self.site, person) {
            (Some(site), Some(person)) => site.credentials_of(person),
            _ => Vec::new(),
        };
        let shown = credentials.iter().filter(|c| c.proof.token().is_some()).map(|c| Some(c.id));
        let shown: Vec<_> = if person.is_some() { shown.collect() } else { vec![None] };
        let guess = if secret { Guess::Pin } else { Guess::Card };
        for credential in shown {
            let failure = Failure { at, reader, credential, guess };
            self.history.take_guess(secret, GuessingFact::Failed(failure));
        }
    }

    fn used_elsewhere(&mut self, fact: UsedFact) {
        self.history.news |= self.history.used.take(fact) == lockward_history::Taken::New;
    }

    /// The link is down over which all others are heard.
    pub(crate) fn out_of_touch(&mut self, now: Now) {
        self.history.touch.all_out_of_touch();
        self.tell_touch(now);
    }

    /// Areas that became degraded, or are whole again: each is told once, over restarts too, and by controllers with a
    /// door into or out of it alone. That nobody was heard yet right after a start says nothing.
    pub(crate) fn tell_touch(&mut self, now: Now) {
        let Some(site) = self.site.as_ref().filter(|_| self.history.areas.any()) else { return };
        let (zones, areas) = (self.history.areas.zones_of(self.id), self.history.areas.of(site));
        let fresh = self.touch_from.is_some_and(|from| now.mono < from);
        let kept: Vec<ZoneId> =
            zones.into_iter().filter(|z| site.zone(*z).is_some_and(|z| z.rules.passback.is_some())).collect();
        let degraded = |zone: ZoneId, at: Mono| self.history.touch.degraded(zone, &areas, at);
        let changed: Vec<(ZoneId, bool)> = kept
            .into_iter()
            .map(|zone| (zone, degraded(zone, now.mono)))
            .filter(|(zone, alone)| self.history.told.alone.contains(zone) != *alone && !(*alone && fresh))
            .collect();
        for (zone, alone) in changed {
            self.note(now, None, Body::Zone { zone, fact: ZoneFact::PassbackAlone(alone) });
        }
    }

    /// The others have had their time since the start: who can not be heard now is out of touch.
    pub(crate) fn touch_elapses(&mut self, now: Now) {
        if self.touch_from.take_if(|from| *from <= now.mono).is_some() {
            self.tell_touch(now);
        }
    }

    /// The entry that was just applied forgives.
    pub(crate) fn forgive(&mut self, at: Time) {
        let forgiven: Vec<Forgiven> = self.site.as_ref().map(|s| s.forgiven().to_vec()).unwrap_or_default();
        for whom in forgiven {
            let fact = crate::replay::forgiven(whom, at);
            self.history.news |= self.history.presence.take(fact) == lockward_history::Taken::New;
        }
    }
}

fn time_of(fact: &Elsewhere) -> Option<Time> {
    match fact {
        Elsewhere::Moved { at, .. }
        | Elsewhere::SomeoneLeft { at, .. }
        | Elsewhere::Guessed { at, .. }
        | Elsewhere::Used { at, .. }
        | Elsewhere::Seen { at, .. }
        | Elsewhere::Busy { at, .. }
        | Elsewhere::Touch { at, .. } => Some(*at),
        Elsewhere::Stepped { .. } | Elsewhere::Claimed { .. } => None,
    }
}
