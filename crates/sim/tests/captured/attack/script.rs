//! One controller under attack: what is tried, what it made of it, and whether a bolt moved that nobody with a right to it
//! had moved.

use super::link::{Answer, PATIENCE, Visitor};
use super::site::Operators;
use core::time::Duration;
use lockward_model::{ControllerId, DoorId, Order, OrderAct, Time};
use lockward_sim::authenticator::Authenticator;
use lockward_sim::card::Card;
use lockward_sim::chance::Chance;
use lockward_sim::hardware::{Bus, Signal};
use lockward_wire::config::{Envelope, PayloadType, challenge_of, encode_challenge, encode_order};
use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex};

/// Several rounds of the longest line.
const ROUNDS: Duration = Duration::from_millis(250);
/// How long a card is held to a reader that says nothing, before it is held there again: one that comes back from a restart
/// may lose the first.
const HELD: Duration = Duration::from_secs(5);

/// What has to stand in the controller's records afterwards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// An order, as it came, and why it was refused.
    Order(Vec<u8>, String),
    /// A place in a log, and why it was not followed.
    Change(u64, String),
    /// Why the link was ended.
    Link(String),
    /// It names no order and no change.
    Nothing,
}

/// Something that was tried.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) what: String,
    pub(crate) at: ControllerId,
    /// What the controller did, and what it had to do.
    pub(crate) did: String,
    pub(crate) wanted: String,
    pub(crate) due: Due,
    /// The doors whose bolts moved and should not have.
    pub(crate) moved: Vec<DoorId>,
}

impl Attempt {
    pub(crate) fn is_as_it_should(&self) -> bool {
        self.did == self.wanted && self.moved.is_empty()
    }
}

/// Orders that a captured hub has seen go by, each signed for one controller.
pub(crate) type Seen = Arc<(Mutex<Vec<(ControllerId, Vec<u8>)>>, Barrier)>;

/// One controller under attack.
pub(crate) struct Script {
    pub(crate) visitor: Visitor,
    pub(crate) people: Arc<Operators>,
    pub(crate) chance: Chance,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) seen: Seen,
    /// The door that is wanted, and whose card opens it.
    pub(crate) door: DoorId,
    pub(crate) card: Card,
    pub(crate) bus: Arc<Bus>,
    /// How often each bolt of the controller went back with right.
    pub(crate) rightly: BTreeMap<DoorId, u64>,
}

pub(crate) fn envelope(
    kind: PayloadType,
    payload: Vec<u8>,
    by: &[&aws_lc_rs::signature::Ed25519KeyPair],
) -> Vec<u8> {
    let mut envelope = Envelope::new(kind, payload).unwrap();
    by.iter().for_each(|key| envelope.sign(key).unwrap());
    envelope.to_bytes()
}

pub(crate) fn signed(order: &Order, by: &[&aws_lc_rs::signature::Ed25519KeyPair]) -> Vec<u8> {
    envelope(PayloadType::Order, encode_order(order).unwrap(), by)
}

/// Signed by the touch that somebody gave a page of the hub.
pub(crate) fn touched(kind: PayloadType, payload: Vec<u8>, key: &Authenticator) -> Vec<u8> {
    let mut envelope = Envelope::new(kind, payload).unwrap();
    let assertion = key.touch(&encode_challenge(&challenge_of(&envelope.message()))).unwrap();
    envelope.sign_with(key.passkey(), assertion).unwrap();
    envelope.to_bytes()
}

impl Script {
    /// Writes down what became of it; looks at the bolts first.
    pub(crate) fn tried(&mut self, what: impl Into<String>, did: impl Into<String>, wanted: &str, due: Due) {
        let astray = self.rightly.iter().filter(|(door, times)| self.bus.releases(**door) != **times);
        let moved: Vec<DoorId> = astray.map(|(door, _)| *door).collect();
        // Each is blamed on one attempt.
        self.rightly.extend(moved.iter().map(|door| (*door, self.bus.releases(*door))));
        let (what, did, at) = (what.into(), did.into(), self.visitor.id);
        self.attempts.push(Attempt { what, at, did, wanted: wanted.into(), due, moved });
    }

    /// Looks at the bolts once everything that was commanded has reached them.
    pub(crate) fn watches(&mut self) {
        super::site::pause(ROUNDS);
        self.tried("all that was tried up to here", "no bolt moved", "no bolt moved", Due::Nothing);
    }

    /// An order for the door with a number of its own.
    pub(crate) fn order(&mut self, act: OrderAct) -> Order {
        let nonce = self.visitor.nonce().expect("a number");
        let until = self.visitor.now() + Order::LIFE_MAX;
        let (site, controller, door) = (self.visitor.stolen.site, self.visitor.id, self.door);
        Order { site, controller, door, act, nonce, until, on_behalf: None, reason: None }
    }

    /// Unlock it, or hold it open: as chance has it.
    pub(crate) fn act(&mut self) -> OrderAct {
        if self.chance.percent(50) { OrderAct::Unlock } else { OrderAct::Hold(Duration::from_secs(3_600)) }
    }

    /// Hands an order over that has to be refused for this.
    pub(crate) fn refuses(&mut self, what: &str, envelope: Vec<u8>, code: &str) {
        let answer = self.visitor.hand(envelope.clone());
        self.refused(what, envelope, &answer, code);
    }

    pub(crate) fn refused(&mut self, what: &str, envelope: Vec<u8>, answer: &Answer, code: &str) {
        self.tried(format!("order: {what}"), told(answer), code, Due::Order(envelope, code.into()));
    }

    /// Hands an order over that has to be obeyed: somebody signed just that, for just now.
    pub(crate) fn obeys(&mut self, what: &str, order: &Order) -> Vec<u8> {
        self.watches();
        let envelope = signed(order, &[&self.people.owner]);
        let answer = self.visitor.hand(envelope.clone());
        if order.act != OrderAct::Release {
            self.opens_rightly();
        }
        self.tried(format!("rightly: {what}"), told(&answer), "followed", Due::Nothing);
        envelope
    }

    /// The bolt goes back, and the door is used and shut.
    fn opens_rightly(&mut self) {
        assert!(self.bus.await_release(self.door, PATIENCE), "the bolt of {} moves", self.door);
        *self.rightly.entry(self.door).or_default() += 1;
        self.bus.open_leaf(self.door);
        until(|| self.bus.leaf_open(self.door));
        super::site::pause(Duration::from_millis(150));
        self.bus.close_leaf(self.door);
        until(|| !self.bus.bolt_released(self.door));
    }

    /// Whoever works here still gets in, whatever the hub is.
    pub(crate) fn somebody_enters(&mut self) {
        self.watches();
        // The server room's door wants a word of the hub's that is not old.
        self.visitor.starts_anew();
        let card = self.card.clone();
        let did = self.shows(&card);
        if did == "granted" {
            self.opens_rightly();
        }
        self.tried("rightly: a card of somebody who works here", did, "granted", Due::Nothing);
    }

    /// Whoever is inside gets out, whatever the hub is.
    pub(crate) fn somebody_leaves(&mut self) {
        self.watches();
        self.bus.press_exit(self.door);
        self.opens_rightly();
        self.tried("rightly: the way out", "open", "open", Due::Nothing);
    }

    /// What the reader says to a card.
    pub(crate) fn shows(&mut self, card: &Card) -> String {
        let seen = self.bus.signals(self.door);
        for _ in 0..PATIENCE.as_secs() / HELD.as_secs() {
            until(|| self.bus.present_card(self.door, card));
            match self.bus.await_signal(self.door, seen, HELD) {
                Some((_, Signal::Granted)) => return "granted".into(),
                Some((_, Signal::Denied)) => return "denied".into(),
                Some((_, other)) => return format!("{other:?}"),
                None => {}
            }
        }
        "no sign".into()
    }

    /// Waits until the site's clock is there.
    pub(crate) fn await_time(&self, then: Time) {
        until(|| self.visitor.now() >= then);
    }
}

pub(crate) fn told(answer: &Answer) -> String {
    match answer {
        Answer::Followed => "followed".into(),
        Answer::Refused(code) => code.clone(),
        Answer::HungUp => "hung up".into(),
    }
}

/// Waits for a fact.
pub(crate) fn until(is_so: impl Fn() -> bool) {
    for _ in 0..PATIENCE.as_millis() / 5 {
        if is_so() {
            return;
        }
        super::site::pause(Duration::from_millis(5));
    }
    panic!("it did not become so within {PATIENCE:?}");
}
