//! What each controller is told of the others: a queue of its own for each link, so that a slow one holds up nobody.
//!
//! A queue that runs full is dropped, and its controller is told everything anew: what is kept for a link is bounded, and
//! nothing is ever left out in silence.

use crate::airlocks::Claim;
use crate::areas::Around;
use crate::whole::{Changed, News, Whole, concerns};
use lockward_model::{ControllerId, Event, Forgiven, Time};
use lockward_site::Site;
use lockward_wire::link::{Elsewhere, FACTS_MAX};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Facts that wait for one link: four full messages, some 400 KB.
const WAITING_MAX: usize = 4 * FACTS_MAX;

/// One link's queue.
struct Ear {
    ring: Arc<Notify>,
    around: Around,
    /// It knows nothing, or has missed something.
    anew: bool,
    /// All that was known when it was last told anew, as far as that is not sent yet.
    known: VecDeque<Elsewhere>,
    /// What has happened since.
    facts: VecDeque<Elsewhere>,
}

impl Ear {
    fn new(ring: Arc<Notify>, around: Around) -> Self {
        Self { ring, around, anew: true, known: VecDeque::new(), facts: VecDeque::new() }
    }

    fn begin_anew(&mut self) {
        (self.anew, self.known, self.facts) = (true, VecDeque::new(), VecDeque::new());
        self.ring.notify_one();
    }

    fn hear(&mut self, fact: &Elsewhere) {
        // It will hear everything anyway.
        if self.anew {
            return;
        }
        if self.facts.len() >= WAITING_MAX {
            return self.begin_anew();
        }
        self.facts.push_back(fact.clone());
        self.ring.notify_one();
    }
}

#[derive(Default)]
struct Inner {
    whole: Whole,
    ears: BTreeMap<ControllerId, Ear>,
    /// The log was read back: who is told now is told everything.
    ready: bool,
}

impl Inner {
    fn tell(&mut self, site: &Site, changed: &Changed) {
        for News { from, fact } in &changed.news {
            for (id, ear) in &mut self.ears {
                if *from != Some(*id) && concerns(site, fact, &ear.around) {
                    ear.hear(fact);
                }
            }
        }
    }
}

/// The site as a whole, and everybody who is told of it.
#[derive(Default)]
pub(crate) struct Tidings(Mutex<Inner>);

impl Tidings {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known. Everybody waits meanwhile: be short.
    pub(crate) fn read<T>(&self, of: impl FnOnce(&Whole) -> T) -> T {
        of(&self.inner().whole)
    }

    /// False while the log is read back.
    pub(crate) fn ready(&self) -> bool {
        self.inner().ready
    }

    /// Takes the next event of the log, and tells those whom it concerns.
    pub(crate) fn take(&self, site: &Site, event: &Event, now: Time) -> Changed {
        let mut inner = self.inner();
        let changed = inner.whole.take(site, event, now);
        if inner.ready {
            inner.tell(site, &changed);
        }
        changed
    }

    /// The log was read back.
    pub(crate) fn read_back(&self, site: &Site, counts: impl Iterator<Item = (ControllerId, u64)>, at: Time) {
        let mut inner = self.inner();
        inner.whole.read_back(counts, at);
        inner.whole.retain(site);
        inner.ready = true;
        inner.ears.values().for_each(|ear| ear.ring.notify_one());
    }

    /// A controller's link begins: it will be told everything. `due`: how many events it has written by now. Rings when
    /// there is something to send.
    pub(crate) fn connected(
        &self,
        site: &Site,
        id: ControllerId,
        due: u64,
        at: Time,
    ) -> (Arc<Notify>, Changed) {
        let ring = Arc::new(Notify::new());
        let ear = Ear::new(Arc::clone(&ring), Around::of(site, id));
        let mut inner = self.inner();
        inner.ears.insert(id, ear);
        let changed = inner.whole.connected(id, due, at);
        inner.tell(site, &changed);
        ring.notify_one();
        (ring, changed)
    }

    /// A controller's link is lost.
    pub(crate) fn disconnected(&self, site: &Site, id: ControllerId, at: Time) -> Changed {
        let mut inner = self.inner();
        inner.ears.remove(&id);
        let changed = inner.whole.disconnected(id, at);
        inner.tell(site, &changed);
        changed
    }

    /// The configuration changed.
    pub(crate) fn reconfigured(&self, site: &Site, forgiven: &[(Forgiven, Time)]) {
        let mut inner = self.inner();
        forgiven.iter().for_each(|(whom, at)| inner.whole.forgive(*whom, *at));
        inner.whole.retain(site);
        for (id, ear) in &mut inner.ears {
            let around = Around::of(site, *id);
            // Of what its doors did not lead to before it knows nothing.
            if !ear.around.covers(&around) {
                ear.begin_anew();
            }
            ear.around = around;
        }
    }

    /// The next facts for a controller, and whether they are the first of all that is known.
    pub(crate) fn next(&self, site: &Site, id: ControllerId, now: Time) -> Option<(bool, Vec<Elsewhere>)> {
        let mut inner = self.inner();
        let Inner { whole, ears, ready, .. } = &mut *inner;
        let ear = ears.get_mut(&id).filter(|_| *ready)?;
        let anew = std::mem::take(&mut ear.anew);
        if anew {
            let others = whole.known(site, now).filter(|news| news.from != Some(id));
            // Of places all: that somebody is elsewhere says that they are not here.
            let wanted = |fact: &Elsewhere| {
                matches!(fact, Elsewhere::Moved { .. }) || concerns(site, fact, &ear.around)
            };
            ear.known = others.map(|news| news.fact).filter(wanted).collect();
        }
        let mut facts = Vec::new();
        while facts.len() < FACTS_MAX
            && let Some(fact) = ear.known.pop_front().or_else(|| ear.facts.pop_front())
        {
            facts.push(fact);
        }
        (anew || !facts.is_empty()).then_some((anew, facts))
    }

    /// Takes a claim, or an airlock back; the other controllers of the airlock hear how the door stands. The answer is
    /// none to one who gives back, and where not all is known that it takes to give one: then the door's declared way of
    /// being alone holds.
    pub(crate) fn claim(&self, site: &Site, claim: Claim, take: bool, now: Time) -> Option<Elsewhere> {
        let mut inner = self.inner();
        let Inner { whole, ears, ready } = &mut *inner;
        let Claim { by, airlock, number, .. } = claim;
        let answer = |granted| Elsewhere::Claimed { airlock, door: claim.door, granted, number };
        let Some(door) = claim.door(site) else { return take.then(|| answer(false)) };
        let all_heard = *ready && claim.mates(site).all(|mate| whole.hears(mate.controller));
        let granted = if take {
            all_heard && whole.airlocks.claim(door, claim.mates(site).map(|mate| mate.id), now)
        } else {
            whole.airlocks.give_back(door.id);
            false
        };
        let stands = Elsewhere::Busy { door: door.id, busy: whole.airlocks.is_busy(door.id, now), at: now };
        for (_, ear) in
            ears.iter_mut().filter(|(id, ear)| **id != by && ear.around.airlocks.contains(&airlock))
        {
            ear.hear(&stands);
        }
        (take && all_heard).then(|| answer(granted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_runs_full_is_dropped_and_begins_anew() {
        let mut ear = Ear::new(Arc::default(), Around::default());
        let fact = |n| Elsewhere::SomeoneLeft { zone: "hall".parse().unwrap(), at: Time(n) };
        ear.hear(&fact(0));
        assert!(ear.facts.is_empty(), "whoever is told everything anyway needs no queue");
        ear.anew = false;
        (0..WAITING_MAX as i64).for_each(|n| ear.hear(&fact(n)));
        assert_eq!((ear.anew, ear.facts.len()), (false, WAITING_MAX));
        ear.hear(&fact(-1));
        assert_eq!((ear.anew, ear.facts.len(), ear.known.len()), (true, 0, 0));
    }
}
