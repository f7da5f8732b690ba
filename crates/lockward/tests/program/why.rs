//! `why`: decisions as a controller records them are told in sentences, and decided again.

use crate::site::{House, SECRETS};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lockward_hub::{Office, SystemClock};
use lockward_ledger::{Checkpoint, SignedCheckpoint, leaf_hash};
use lockward_model::{
    Access, Body, Change, ConfigRef, Digest, Event, Mono, Outcome, PinFact, PublicKey, Side, Source, Time,
};
use lockward_site::{Answer, Question};
use lockward_store::{Batch, Log, SourceHead};
use lockward_wire::credential::CardNumber;
use lockward_wire::event::{ChainHead, seal};
use lockward_wire::seal::unwrap;
use std::fs;
use std::sync::Arc;

const SEED: [u8; 32] = [7; 32];

/// A furnished site whose controller `north` is bound to a key of ours.
struct Recorded {
    house: House,
    office: Office,
    seq: u64,
    prev: Digest,
}

impl Recorded {
    fn new() -> Self {
        let house = House::furnished();
        let office = Office::open(&house.path("site"), None, Arc::new(SystemClock::default())).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
        let key = PublicKey(pair.public_key().as_ref().try_into().unwrap());
        office.append_own(None, &[Change::BindController { id: "north".parse().unwrap(), key }]).unwrap();
        Self { house, office, seq: 0, prev: Digest([0; 32]) }
    }

    fn decide(&self, door: &str, card: &str, pin: PinFact, at: Time) -> Access {
        let site = self.office.site();
        let root = self.office.store().head(Log::Config).unwrap().frontier.root();
        let question = Question {
            controller: "north".parse().unwrap(),
            door: door.parse().unwrap(),
            side: Side::Entry,
            token: Some(self.office.keys().card().token_of(&CardNumber::parse(card).unwrap())),
            pin,
            keypad: true,
            at,
            config_age: std::time::Duration::from_secs(3),
            config: ConfigRef { size: site.size(), root: Digest(*root.as_bytes()) },
            known: lockward_model::Known::default(),
        };
        match site.decide(&question, Mono(0)) {
            Answer::Granted(_, access, _) | Answer::Denied(_, access) => access,
            Answer::NeedPin | Answer::NeedSecond | Answer::NeedCard => panic!("more is wanted first"),
        }
    }

    /// Appends an event of `north` as the hub would; gives back its index.
    fn record(&mut self, door: &str, at: Time, body: Body) -> u64 {
        let (source, site) = (Source::Controller("north".parse().unwrap()), self.office.id());
        let keys = self.office.keys();
        let door = Some(door.parse().unwrap());
        let event =
            Event { source, seq: self.seq, prev: self.prev, time: at, door, epoch: keys.epoch(), body };
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.seq.to_be_bytes());
        let leaf =
            seal(&event, nonce, &keys.source_key(&site, source, keys.epoch()).unwrap().unwrap()).unwrap();
        self.seq += 1;
        self.prev = Digest(*leaf_hash(&leaf).as_bytes());
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
        let leaves = [leaf, ChainHead::sign(&site, source, self.seq, self.prev, &pair)];
        let sources = [SourceHead { source: "north".into(), count: self.seq, head: self.prev }];

        let store = self.office.store();
        let index = store.head(Log::Event).unwrap().size();
        let log = self.log_key();
        let origin = self.office.site().founding().event_origin.parse().unwrap();
        let batch = Batch { at: index, leaves: &leaves, sources: &sources };
        store
            .append(Log::Event, &batch, |head| {
                let checkpoint = Checkpoint::new(origin, head, Vec::new()).unwrap();
                SignedCheckpoint::sign(checkpoint, &log).unwrap().to_string().into_bytes()
            })
            .unwrap();
        index
    }

    fn log_key(&self) -> Ed25519KeyPair {
        let digits = fs::read_to_string(self.house.path("site/master.key")).unwrap();
        let master = Digest::from_hex(digits.trim()).unwrap();
        let master = lockward_wire::MasterKey::from_bytes(master.0);
        let wrapped = self.office.store().key("log").unwrap().unwrap();
        Ed25519KeyPair::from_seed_unchecked(&*unwrap(&wrapped, "log", &master).unwrap()).unwrap()
    }

    fn why(&self, index: u64) -> crate::site::Run {
        self.house.run(&["why", &index.to_string(), "--dir", "site"]).narrow().hides(&SECRETS)
    }
}

/// A Wednesday at ten in Berlin.
fn wednesday() -> Time {
    Time("2026-11-25T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn a_grant_and_a_denial_are_told_and_decided_again() {
    let mut site = Recorded::new();
    let at = wednesday();
    let granted = site.decide("main", "26:12:4711", PinFact::NotAsked, at);
    let granted = site.record("main", at, Body::Access(granted));
    let night = Time(at.0 + 14 * 3_600_000);
    let denied = site.decide("main", "26:12:4711", PinFact::NotAsked, night);
    let denied = site.record("main", night, Body::Access(denied));
    let forbidden = site.decide("main", "32:deadbeef", PinFact::NotAsked, at);
    let forbidden = site.record("main", at, Body::Access(forbidden));
    let unknown = site.decide("cage", "26:1:1", PinFact::NotAsked, at);
    let unknown = site.record("cage", at, Body::Access(unknown));

    site.why(granted).good().says(&[
        "access granted",
        "2026-11-25 10:00:00 Europe/Berlin",
        "at door `main` \"Main entrance\"",
        "Written by controller `north`, as its record 0",
        "The card of p1, Grace Hopper was shown at the reader outside; no PIN was asked for",
        "Decision: granted, by rule in-by-day",
        "the first 3 entries of the config log",
        "the same result",
    ]);
    site.why(denied).good().says(&["denied [OUTSIDE_SCHEDULE]", "not at this time", "the same result"]);
    site.why(forbidden).good().says(&["denied [FORBIDDEN]", "by policy no-p3"]);
    site.why(unknown).good().says(&["A card that the site did not know", "denied [CRED_UNKNOWN]"]);
    site.house
        .run(&["log", "verify", "site"])
        .good()
        .narrow()
        .says(&["5 events in 2 unbroken chains", "4 decisions decided again, with the same result"]);
}

#[test]
fn a_decision_that_the_rules_do_not_give_is_told_as_such() {
    let mut site = Recorded::new();
    let at = wednesday();
    let mut forged = site.decide("main", "32:deadbeef", PinFact::NotAsked, at);
    forged.outcome = Outcome::Granted { because: vec!["rule/in-by-day".into()] };
    let forged = site.record("main", at, Body::Access(forged));
    site.why(forged).failed(1).says(&["IT COMES OUT OTHERWISE"]);
    let run = site.house.run(&["log", "verify", "site"]).failed(1).narrow();
    run.says(&["NOT SOUND", &format!("event log, entry {forged}:"), "[DECISION_DIVERGES]"]);
}

#[test]
fn events_that_are_no_decisions_are_told_too() {
    let mut site = Recorded::new();
    site.why(0).good().says(&["Event 0: site founded", "Written by the hub", "The site's identity is"]);
    let held = Body::DoorHeld { limit: std::time::Duration::from_secs(30) };
    let held = site.record("main", wednesday(), held);
    site.why(held).good().says(&["door held open too long", "longer than 30 s: this is an alarm"]);
    // Behind each event stands the signature over its chain.
    site.why(held + 1).failed(1).says(&["is a signature over a chain"]);
    site.why(99).failed(1).says(&["the event log has no entry 99"]);
}
