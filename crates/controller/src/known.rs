//! What the core knows of its folder without asking the disk: who it is, what is in force, and how far that is kept.

use crate::identity::Identity;
use crate::state::State;
use lockward_ledger::{Frontier, Hash, Head, leaf_hash, verify_consistency};
use lockward_model::{CardToken, ConfigRef, Digest, Epoch, Source, Time};
use lockward_wire::credential::CardPublicKey;
use lockward_wire::link::Keys;
use lockward_wire::{CardKey, PinPepper, SourceKey};

/// How often the last word of the hub is written down; it only serves after a restart.
const HEARD_EVERY: core::time::Duration = core::time::Duration::from_secs(60);

/// What events are sealed with.
pub(crate) struct Sealing {
    pub(crate) epoch: Epoch,
    pub(crate) key: SourceKey,
}

pub(crate) struct Known {
    pub(crate) identity: Identity,
    pub(crate) state: State,
    frontier: Frontier,
    config: ConfigRef,
    /// How many events are durable.
    pub(crate) next_seq: u64,
    /// Everything below this may go: the hub holds it, and nothing here hangs on it.
    released: u64,
    /// The hub holds everything below this.
    acked: u64,
    /// What decisions depend on is known without the records below this.
    recalled: u64,
}

impl Known {
    pub(crate) fn new(identity: Identity, state: State, events: core::ops::Range<u64>) -> Self {
        let frontier = Frontier::new();
        let config = config_ref(&frontier);
        Self {
            identity,
            state,
            frontier,
            config,
            next_seq: events.end,
            released: events.start,
            acked: 0,
            recalled: 0,
        }
    }

    pub(crate) fn source(&self) -> Source {
        Source::Controller(self.identity.controller)
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The configuration in force.
    pub(crate) fn config(&self) -> ConfigRef {
        self.config
    }

    /// The config log as it was replayed.
    pub(crate) fn restore(&mut self, frontier: Frontier) {
        self.config = config_ref(&frontier);
        self.frontier = frontier;
    }

    pub(crate) fn append_config(&mut self, entry: &[u8]) {
        self.frontier.append(leaf_hash(entry));
        self.config = config_ref(&self.frontier);
    }

    /// The lowest event that is still here.
    pub(crate) fn first_seq(&self) -> u64 {
        self.released
    }

    /// The hub holds everything below `count`. The newest record stays, to continue the chain after a restart.
    pub(crate) fn release(&mut self, count: u64) {
        self.acked = self.acked.max(count.min(self.next_seq.saturating_sub(1)));
        self.let_go();
    }

    /// What decisions depend on is known without the records below `through`.
    pub(crate) fn recall(&mut self, through: u64) {
        self.recalled = self.recalled.max(through);
        self.let_go();
    }

    fn let_go(&mut self) {
        self.released = self.released.max(self.acked.min(self.recalled));
    }

    pub(crate) fn card_token(&self, bits: u16, data: &[u8]) -> Option<CardToken> {
        self.state.keys.as_ref()?.card_key.token(bits, data)
    }

    pub(crate) fn key_card_token(&self, key: &[u8; 65]) -> Option<CardToken> {
        let key = CardPublicKey::new(key).ok()?;
        Some(self.state.keys.as_ref()?.card_key.token_of_key(&key))
    }

    pub(crate) fn card_key(&self) -> Option<CardKey> {
        self.state.keys.as_ref().map(|keys| keys.card_key.clone())
    }

    pub(crate) fn pepper(&self) -> Option<PinPepper> {
        self.state.keys.as_ref().map(|keys| keys.pin_pepper.clone())
    }

    pub(crate) fn sealing(&self) -> Option<Sealing> {
        self.state.keys.as_ref().map(|keys| Sealing { epoch: keys.epoch, key: keys.source_key.clone() })
    }

    /// Whether keys contradict those that are here: cards and PINs keep theirs, and so does an epoch. Whoever has the hub
    /// could else make every card a stranger's, and records that nobody can read.
    pub(crate) fn contradicts(&self, keys: &Keys) -> bool {
        self.state.keys.as_ref().is_some_and(|old| {
            old.card_key != keys.card_key
                || old.pin_pepper != keys.pin_pepper
                || (old.epoch == keys.epoch && old.source_key != keys.source_key)
        })
    }

    /// Takes the keys that the hub handed over; true if they are news. An older epoch never replaces a newer one.
    pub(crate) fn take_keys(&mut self, keys: Keys) -> bool {
        let old = self.state.keys.as_ref();
        let news = old.is_none_or(|old| old.epoch <= keys.epoch && *old != keys);
        if news {
            self.state.keys = Some(keys);
        }
        news
    }

    /// The size of the last event log checkpoint that we saw.
    pub(crate) fn event_log_size(&self) -> u64 {
        self.state.event_head.map_or(0, |h| h.size)
    }

    /// Whether this head of the event log continues the last one that we saw.
    pub(crate) fn continues(&self, head: Head, proof: &[[u8; 32]]) -> bool {
        let proof: Vec<_> = proof.iter().copied().map(Hash::from_bytes).collect();
        self.state.event_head.is_none_or(|old| verify_consistency(old, head, &proof).is_ok())
    }

    /// Notes when the hub was last heard; true if that is to be written down: now and then. Only the age of the
    /// configuration after a restart hangs on it, and older is the safe side.
    pub(crate) fn heard(&mut self, now: Time) -> bool {
        let due = now.since(self.state.heard) >= HEARD_EVERY;
        if due {
            self.state.heard = now;
            self.state.floor = self.state.floor.max(now);
        }
        due
    }
}

fn config_ref(frontier: &Frontier) -> ConfigRef {
    ConfigRef { size: frontier.size(), root: digest(frontier.root()) }
}

pub(crate) fn digest(hash: Hash) -> Digest {
    Digest(*hash.as_bytes())
}
