//! The site at work: controllers that decide by the configuration they have, and an event log that grows from them.

use crate::plant;
use crate::plant::{MORNING, card, id};
use aws_lc_rs::signature::Ed25519KeyPair;
use core::time::Duration;
use lockward_ledger::{Frontier, leaf_hash};
use lockward_model::{
    Access, Body, ConfigRef, Digest, Epoch, Event, Mono, Opening, PinFact, Side, SiteId, Source, Time,
};
use lockward_site::{Answer, Keep, Question, Site};
use lockward_wire::EpochKey;
use lockward_wire::event::{ChainHead, seal, source_key};

pub(crate) fn epoch_key(epoch: Epoch) -> EpochKey {
    EpochKey::from_bytes([0x40 + epoch.0 as u8; 32])
}

/// Whoever writes events.
pub(crate) struct Device {
    pub(crate) source: Source,
    pub(crate) key: Ed25519KeyPair,
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
    pub(crate) epoch: Epoch,
    site: Site,
    tree: Frontier,
}

/// Both logs, while they grow.
pub(crate) struct House {
    pub(crate) site: SiteId,
    pub(crate) config: Vec<Vec<u8>>,
    pub(crate) event: Vec<Vec<u8>>,
    pub(crate) now: Time,
}

impl House {
    pub(crate) fn new() -> Self {
        let config = plant::config_log();
        Self { site: plant::site_id(&config[0]), config, event: Vec::new(), now: MORNING }
    }

    pub(crate) fn device(&self, source: Source, key: Ed25519KeyPair) -> Device {
        let site = Site::found(&self.config[0], self.site, Keep::Decisions).unwrap();
        let tree = Frontier::from_iter([leaf_hash(&self.config[0])]);
        Device { source, key, seq: 0, prev: Digest([0; 32]), epoch: Epoch(1), site, tree }
    }

    pub(crate) fn controller(&self, n: u8) -> Device {
        self.device(Source::Controller(id(&format!("c{n}"))), plant::controller(n))
    }

    /// The device applies the config log up to a size, and says so.
    pub(crate) fn catch_up(&mut self, device: &mut Device, size: u64) {
        for entry in &self.config[device.tree.size() as usize..size as usize] {
            device.site.apply(entry).unwrap();
            device.tree.append(leaf_hash(entry));
        }
        let config = device.config();
        self.record(device, None, Body::ConfigApplied(config));
    }

    /// Somebody shows a card, and types a PIN if asked.
    pub(crate) fn tap(&mut self, device: &mut Device, door: &str, person: u8, pin: PinFact) -> Access {
        let Source::Controller(controller) = device.source else { panic!("the hub decides nothing") };
        let ask = |pin| Question {
            controller,
            door: id(door),
            side: Side::Entry,
            token: Some(card(person)),
            pin,
            keypad: true,
            at: self.now,
            config_age: Duration::from_secs(3),
            config: device.config(),
            known: Default::default(),
        };
        let access = match device.site.decide(&ask(PinFact::NotAsked), Mono(0)) {
            Answer::Granted(_, access, _) | Answer::Denied(_, access) => access,
            Answer::NeedPin => match device.site.decide(&ask(pin), Mono(0)) {
                Answer::Granted(_, access, _) | Answer::Denied(_, access) => access,
                _ => panic!("asked for more than a PIN"),
            },
            _ => panic!("asked for more than a PIN"),
        };
        self.record(device, Some(door), Body::Access(access.clone()));
        access
    }

    pub(crate) fn record(&mut self, device: &mut Device, door: Option<&str>, body: Body) {
        let leaf = self.sealed(device, door, body);
        device.prev = Digest(*leaf_hash(&leaf).as_bytes());
        device.seq += 1;
        self.event.push(leaf);
    }

    /// The device's next event, not recorded.
    pub(crate) fn sealed(&mut self, device: &Device, door: Option<&str>, body: Body) -> Vec<u8> {
        self.now = self.now + Duration::from_secs(1);
        let time = match &body {
            // A decision is recorded with the moment at which it was made.
            Body::Access(_) => self.now - Duration::from_secs(1),
            _ => self.now,
        };
        let (source, seq, prev, epoch) = (device.source, device.seq, device.prev, device.epoch);
        let event = Event { source, seq, prev, time, door: door.map(id), epoch, body };
        let key = source_key(&epoch_key(epoch), &self.site, source);
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.now.0.to_be_bytes());
        seal(&event, nonce, &key).unwrap()
    }

    /// The device signs its chain.
    pub(crate) fn sign(&mut self, device: &Device) {
        let leaf = ChainHead::sign(&self.site, device.source, device.seq, device.prev, &device.key);
        self.event.push(leaf);
    }

    /// A morning with three controllers, one that lags behind and one that was away; events of several in between
    /// each other, with up to five between two signatures.
    pub(crate) fn at_work() -> Self {
        let mut h = Self::new();
        let mut hub = h.device(Source::Hub, plant::hub());
        let (mut a, mut b, mut c) = (h.controller(1), h.controller(2), h.controller(3));
        let founded = Body::Founded(h.site);
        h.record(&mut hub, None, founded);
        h.sign(&hub);
        // Nobody may enter anywhere yet.
        h.catch_up(&mut a, 4);
        assert!(!granted(&h.tap(&mut a, "front", 3, PinFact::NotAsked)));
        h.catch_up(&mut c, 5);
        h.sign(&a);
        h.catch_up(&mut b, 5);
        h.record(&mut hub, None, Body::Connected(id("c2")));
        assert!(granted(&h.tap(&mut c, "safe", 0, PinFact::Right)));
        assert!(!granted(&h.tap(&mut c, "safe", 0, PinFact::Wrong)));
        assert!(!granted(&h.tap(&mut c, "safe", 3, PinFact::Missing)));
        assert!(granted(&h.tap(&mut b, "dock", 1, PinFact::NotAsked)));
        h.sign(&c);
        h.sign(&hub);
        h.catch_up(&mut a, 6);
        assert!(!granted(&h.tap(&mut a, "front", 1, PinFact::NotAsked)));
        // `b` has not heard of the suspension.
        assert!(granted(&h.tap(&mut b, "dock", 1, PinFact::NotAsked)));
        h.record(&mut b, Some("dock"), Body::DoorOpened(Opening::Granted));
        h.catch_up(&mut a, 7);
        assert!(!granted(&h.tap(&mut a, "front", 2, PinFact::NotAsked)));
        h.record(&mut b, Some("dock"), Body::DoorClosed { open_for: Duration::from_secs(4) });
        h.sign(&b);
        h.sign(&a);
        a.epoch = Epoch(2);
        hub.epoch = Epoch(2);
        h.catch_up(&mut a, 9);
        assert!(granted(&h.tap(&mut a, "front", 2, PinFact::NotAsked)));
        assert!(granted(&h.tap(&mut a, "front", 4, PinFact::NotAsked)));
        // `c` was away since before all that, and goes on with the key that it has.
        assert!(granted(&h.tap(&mut c, "safe", 0, PinFact::Right)));
        h.catch_up(&mut b, 8);
        h.catch_up(&mut a, 10);
        assert!(!granted(&h.tap(&mut a, "front", 4, PinFact::NotAsked)));
        h.sign(&c);
        h.record(&mut hub, None, Body::Disconnected(id("c3")));
        assert!(!granted(&h.tap(&mut b, "dock", 9, PinFact::NotAsked)));
        h.sign(&a);
        h.sign(&b);
        h.sign(&hub);
        h
    }
}

impl Device {
    /// The same device with another memory of the configuration: none.
    pub(crate) fn forgetful(&self, house: &House, key: Ed25519KeyPair) -> Self {
        let (seq, prev, epoch) = (self.seq, self.prev, self.epoch);
        Self { seq, prev, epoch, ..house.device(self.source, key) }
    }

    pub(crate) fn config(&self) -> ConfigRef {
        ConfigRef { size: self.tree.size(), root: Digest(*self.tree.root().as_bytes()) }
    }
}

pub(crate) fn granted(access: &Access) -> bool {
    matches!(access.outcome, lockward_model::Outcome::Granted { .. })
}

/// One controller, with a few decisions and one signature at the end.
pub(crate) fn quiet() -> (House, Device) {
    let mut house = House::new();
    let mut device = house.controller(1);
    house.catch_up(&mut device, 5);
    house.tap(&mut device, "front", 3, PinFact::NotAsked);
    house.tap(&mut device, "front", 9, PinFact::NotAsked);
    (house, device)
}
