//! The hub's part on the stage, without links and threads: it takes events into the real log, hands out the
//! configuration and keys, and tells each controller of the others.

use super::facts::Facts;
use super::line::Tone;
use super::{Stage, is_event};
use lockward_history::alarms::{Alarms, Did};
use lockward_history::{Arbiter, Presence, PresenceFact};
use lockward_hub::{Clock as _, SiteAreas, checkpoint_note};
use lockward_model::{AirlockId, ControllerId, Door, DoorId, Event, Source};
use lockward_store::Log;
use lockward_wire::link::{Elsewhere, Keys, ToController, ToHub};

/// What the hub knows beside its log.
#[derive(Default)]
pub(super) struct HubSide {
    /// Whether controllers reach it.
    pub(super) up: bool,
    pub(super) alarms: Alarms,
    pub(super) presence: Presence,
    facts: Facts,
    /// Whom each fact is from; what a controller that links again is told anew.
    known: Vec<(ControllerId, Elsewhere)>,
    airlocks: Arbiter,
}

impl Stage {
    /// One word of a controller.
    pub(super) fn hub_hears(&mut self, id: ControllerId, message: ToHub) {
        match message {
            ToHub::Hello { config, .. } => self.greet(id, config.map_or(0, |c| c.size)),
            ToHub::Events { first_seq, leaves, head } => self.take_events(id, first_seq, leaves, head),
            ToHub::Ping => self.hub_says(id, ToController::Pong { time: self.clock.now().wall }),
            ToHub::Claim { airlock, door, take, number } => self.claim(id, (airlock, door), take, number),
            ToHub::Refused { at, code } => {
                self.tell(id.as_str(), format!("refuses entry {at} of the config log: {code}"), Tone::Alarm);
            }
            // Certificates are for links; cosignatures for those who ask for them.
            ToHub::Applied(_) | ToHub::Cosignature { .. } | ToHub::Renew => {}
            // The stage gives no orders.
            ToHub::Nonce { .. } | ToHub::Ordered { .. } => {}
        }
    }

    fn hub_says(&mut self, id: ControllerId, message: ToController) {
        if let Some(station) = self.stations.get_mut(&id).filter(|s| s.linked) {
            station.mail.push_back(message);
        }
    }

    fn greet(&mut self, id: ControllerId, size: u64) {
        let acked = self.office.received(id).unwrap_or(0);
        self.hub_says(id, ToController::Welcome { time: self.clock.now().wall, acked });
        let keys = self.office.keys();
        let epoch = keys.epoch();
        if let Ok(Some(source_key)) = keys.source_key(&self.office.id(), Source::Controller(id), epoch) {
            let (card_key, pin_pepper) = (keys.card().clone(), keys.pepper().clone());
            self.hub_says(id, ToController::Keys(Keys { card_key, pin_pepper, epoch, source_key }));
        }
        if let Some(station) = self.stations.get_mut(&id) {
            station.sent = size;
        }
        self.push_entries(id);
        let at = self.clock.now().wall;
        let of_others = self.hub.known.iter().filter(|(from, _)| *from != id).map(|(_, fact)| fact.clone());
        let mut facts: Vec<_> = of_others.collect();
        let linked = self.stations.values().filter(|s| s.linked && s.id != id);
        facts.extend(linked.map(|s| Elsewhere::Touch { controller: s.id, linked: true, at }));
        self.hub_says(id, ToController::Elsewhere { anew: true, facts });
        self.tell_others(id, &[Elsewhere::Touch { controller: id, linked: true, at }]);
    }

    /// A controller's link is gone.
    pub(super) fn hub_lost(&mut self, id: ControllerId) {
        let touch = Elsewhere::Touch { controller: id, linked: false, at: self.clock.now().wall };
        self.tell_others(id, &[touch]);
    }

    /// The entries of the config log that a controller does not have yet.
    pub(super) fn push_entries(&mut self, id: ControllerId) {
        let Some(first) = self.stations.get(&id).filter(|s| s.linked).map(|s| s.sent) else { return };
        let store = self.office.store();
        let entries = store.entries(Log::Config, first..u64::MAX).unwrap_or_default();
        let Ok(Some(checkpoint)) = checkpoint_note(store, Log::Config) else { return };
        if entries.is_empty() {
            return;
        }
        if let Some(station) = self.stations.get_mut(&id) {
            station.sent = first + u64::try_from(entries.len()).unwrap_or(0);
        }
        self.hub_says(id, ToController::Entries { first, entries, checkpoint });
    }

    fn take_events(&mut self, id: ControllerId, first: u64, leaves: Vec<Vec<u8>>, head: Vec<u8>) {
        self.tell_leaves(id, &leaves);
        let Some(key) = self.stations.get(&id).map(|s| s.key) else { return };
        let before = self.office.store().head(Log::Event).map_or(0, |h| h.size());
        match self.office.receive(id, &key, first, leaves, head) {
            Ok(count) => {
                self.take_in(id, before);
                self.hub_says(id, ToController::Ack { count });
            }
            Err(error) => self.tell("hub", error.to_string(), Tone::Alarm),
        }
    }

    /// What the log has held since `from`: alarms, and facts for the other controllers.
    fn take_in(&mut self, id: ControllerId, from: u64) {
        let leaves = self.office.store().entries(Log::Event, from..u64::MAX).unwrap_or_default();
        let mut facts = Vec::new();
        for leaf in leaves.iter().filter(|leaf| is_event(leaf)) {
            let Ok(Some(event)) = self.office.open_leaf(leaf) else { continue };
            self.raise(&event);
            let (site, now) = (self.office.site(), self.clock.now().wall);
            facts.extend(self.hub.facts.of(&site, &event));
            if let Some(door) = event.door.and_then(|door| site.door(door)) {
                let change = self.hub.airlocks.hear(door, &event.body, now);
                let shared = change.filter(|_| door.rules.airlock.is_some());
                facts.extend(shared.map(|busy| Elsewhere::Busy { door: door.id, busy, at: now }));
            }
        }
        for fact in &facts {
            self.place(fact);
        }
        self.hub.known.extend(facts.iter().map(|fact| (id, fact.clone())));
        self.tell_others(id, &facts);
    }

    fn raise(&mut self, event: &Event) {
        let before: Vec<_> =
            self.hub.alarms.standing().into_iter().map(|a| (a.kind, a.place.clone())).collect();
        let did = self.hub.alarms.take(event);
        let after: Vec<_> =
            self.hub.alarms.standing().into_iter().map(|a| (a.kind, a.place.clone())).collect();
        let place = event.door.map_or_else(|| place_of(event), |door| door.to_string());
        for (kind, _) in before.iter().filter(|b| !after.contains(b)) {
            self.tell(&place, format!("alarm cleared: {}", kind.code()), Tone::Quiet);
        }
        if did == Did::Raised {
            for (kind, _) in after.iter().filter(|a| !before.contains(a)) {
                self.tell(&place, format!("ALARM {}: {}", kind.code(), kind.instruction()), Tone::Alarm);
            }
        }
    }

    /// Keeps who is where, for the muster.
    fn place(&mut self, fact: &Elsewhere) {
        let office = std::sync::Arc::clone(&self.office);
        let site = office.site();
        let zones = SiteAreas(&site);
        let facts: Vec<PresenceFact> = match fact {
            Elsewhere::Moved { person, into, at, door } => {
                let Some(door) = site.door(*door) else { return };
                let from = if *into == Some(door.to) { door.from } else { Some(door.to) };
                Presence::moved(*person, from, *into, *at, door.id, &zones).collect()
            }
            Elsewhere::SomeoneLeft { zone, at } => {
                vec![PresenceFact::SomeoneLeft { from: *zone, into: None, at: *at }]
            }
            _ => return,
        };
        for fact in facts {
            let _ = self.hub.presence.take(fact);
        }
    }

    /// The airlock is one door's at a time, as the hub gives it.
    fn claim(&mut self, id: ControllerId, (airlock, door): (AirlockId, DoorId), take: bool, number: u64) {
        let (office, at) = (std::sync::Arc::clone(&self.office), self.clock.now().wall);
        let site = office.site();
        let Some(of) = site.door(door).filter(|d| d.controller == id) else { return };
        let of_it = |d: &&Door| d.id != door && d.rules.airlock.is_some_and(|a| a.id == airlock);
        let mates: Vec<&Door> = site.doors().filter(of_it).collect();
        let linked = |mate: &&Door| self.stations.get(&mate.controller).is_some_and(|s| s.linked);
        let all_heard = mates.iter().all(linked);
        let mates = mates.iter().map(|mate| mate.id);
        let granted = take && all_heard && self.hub.airlocks.claim(of, mates, at);
        if take && all_heard {
            let answer = Elsewhere::Claimed { airlock, door, granted, number };
            self.hub_says(id, ToController::Elsewhere { anew: false, facts: vec![answer] });
        } else if !take {
            self.hub.airlocks.give_back(door);
        }
        let busy = Elsewhere::Busy { door, busy: self.hub.airlocks.is_busy(door, at), at };
        self.tell_others(id, &[busy]);
    }

    fn tell_others(&mut self, id: ControllerId, facts: &[Elsewhere]) {
        if facts.is_empty() {
            return;
        }
        for station in self.stations.values_mut().filter(|s| s.linked && s.id != id) {
            station.mail.push_back(ToController::Elsewhere { anew: false, facts: facts.to_vec() });
        }
    }

    /// Each linked controller hears that the hub is there.
    pub(super) fn hub_pongs(&mut self) {
        let time = self.clock.now().wall;
        for station in self.stations.values_mut().filter(|s| s.linked) {
            station.mail.push_back(ToController::Pong { time });
        }
    }
}

fn place_of(event: &Event) -> String {
    match event.source {
        Source::Hub => "hub".into(),
        Source::Controller(id) => id.to_string(),
    }
}
