//! Orders from afar at a hardened site: what the tests of them share. Whoever drives this is the hub.

use crate::house::{DIR, DOORS, House, OWNER, Who, card, id, pair, wirings};
use crate::hub::FakeHub;
use crate::rig::{NONE, Rig, Seen, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_controller::memory::Room;
use lockward_model::*;
use lockward_store::SimDisk;
use lockward_wire::config::{Envelope, PayloadType, encode_order};
use lockward_wire::link::{ToController, ToHub};
use std::path::Path;

/// How long a hub gives an order.
pub(crate) const HALF_A_MINUTE: Duration = Duration::from_secs(30);

/// A controller, and whoever has its hub.
pub(crate) struct Far {
    pub(crate) rig: Rig,
    pub(crate) hub: FakeHub,
    questions: u32,
}

impl Far {
    /// Linked, at a site that no longer takes the hub's word for people, with these changes too.
    pub(crate) fn hardened(seed: u64, changes: Vec<Change>) -> Self {
        let mut all = vec![Change::RemovePolicy(id(lockward_policy::HUB_SIGNS))];
        all.extend(changes);
        Self::linked(seed, all)
    }

    pub(crate) fn linked(seed: u64, changes: Vec<Change>) -> Self {
        let (mut house, room, disk) = (House::furnished(), Room::default(), SimDisk::new(seed));
        house.change(changes);
        house.enrol(&disk, Path::new(DIR), room, house.entries.len());
        let now = at(Duration::from_secs(1));
        let rig = Rig::try_start(house.clone(), disk, &wirings(), room, now).unwrap();
        Self::again(rig, FakeHub::new(house))
    }

    /// The same controller, started again.
    pub(crate) fn again(mut rig: Rig, mut hub: FakeHub) -> Self {
        hub.unlinked();
        rig.meet(&mut hub);
        Self { rig, hub, questions: 0 }
    }

    /// Somebody who may changes the site, and the hub hands that over.
    pub(crate) fn changes(&mut self, changes: Vec<Change>) {
        self.hub.house.change(changes);
        let entries = self.hub.entries_from(self.hub.house.size() - 1).unwrap();
        self.rig.hub_says(entries);
        self.rig.house = self.hub.house.clone();
    }

    /// A number of the controller's.
    pub(crate) fn nonce(&mut self) -> Option<Nonce> {
        self.questions += 1;
        let asked = self.questions;
        let seen = self.rig.hub_says(ToController::WantNonce { question: asked });
        let given = seen.sent.iter().find_map(|said| match said {
            ToHub::Nonce { question, nonce } if *question == asked => Some(*nonce),
            _ => None,
        });
        given.expect("an answer")
    }

    /// An order with a number of its own, good for half a minute.
    pub(crate) fn order(&mut self, door: usize, act: OrderAct) -> Order {
        let nonce = self.nonce().expect("a number");
        self.order_with(door, act, nonce)
    }

    pub(crate) fn order_with(&self, door: usize, act: OrderAct, nonce: Nonce) -> Order {
        Order {
            site: self.rig.house.site,
            controller: id("dock"),
            door: id(DOORS[door]),
            act,
            nonce,
            until: self.rig.now.wall + HALF_A_MINUTE,
            on_behalf: None,
            reason: None,
        }
    }

    /// Hands an order over; what the controller says of it, if it says anything.
    pub(crate) fn hand(&mut self, envelope: Vec<u8>) -> (Option<Result<(), Box<str>>>, Seen) {
        let question = self.hand_only(envelope);
        let mut seen = question.1;
        self.rig.settle(&mut seen);
        (self.answer(question.0, &seen), seen)
    }

    /// The same, while the disk has not done anything yet.
    pub(crate) fn hand_only(&mut self, envelope: Vec<u8>) -> (u32, Seen) {
        self.questions += 1;
        let question = self.questions;
        (question, self.rig.take(vec![Input::Hub(Box::new(ToController::Order { question, envelope }))]))
    }

    pub(crate) fn answer(&self, asked: u32, seen: &Seen) -> Option<Result<(), Box<str>>> {
        seen.sent.iter().find_map(|said| match said {
            ToHub::Ordered { question, refused } if *question == asked => {
                Some(refused.clone().map_or(Ok(()), Err))
            }
            _ => None,
        })
    }

    /// The owner orders, and is obeyed.
    pub(crate) fn obeys(&mut self, door: usize, act: OrderAct) -> Seen {
        let order = self.order(door, act);
        let (answer, seen) = self.hand(signed(&order, &[OWNER]));
        assert_eq!(answer, Some(Ok(())), "{act:?}");
        seen
    }

    /// It is handed over, no bolt moves, and that it was refused for this is told and on record.
    pub(crate) fn refuses(&mut self, what: &str, envelope: Vec<u8>, why: Deny) {
        self.refuses_open(what, envelope, why);
        assert!(!self.rig.out.contains(&true), "{what}");
    }

    /// The same, while a door is open for another reason.
    pub(crate) fn refuses_open(&mut self, what: &str, envelope: Vec<u8>, why: Deny) {
        let before = self.refusals();
        let (answer, seen) = self.hand(envelope.clone());
        assert_eq!(answer, Some(Err(why.code().into())), "{what}");
        assert_eq!(seen.released(), NONE, "{what}");
        let mut due = before;
        due.push((envelope.into(), why));
        assert!(self.refusals() == due, "{what}: on record once, as it came");
    }

    /// What the hub has taken away, and what is still here.
    pub(crate) fn records(&self) -> Vec<Event> {
        let mut events = self.hub.events();
        let held = events.len() as u64;
        events.extend(self.rig.so_far().into_iter().filter(|e| e.seq >= held));
        events
    }

    /// Every order that was refused, on record: a phone's too.
    pub(crate) fn refusals(&self) -> Vec<(Box<[u8]>, Deny)> {
        let refused = |body: Body| match body {
            Body::Access(Access { known, outcome: Outcome::Denied { why, .. }, .. }) => {
                known.phone.map(|phone| (phone.envelope, why))
            }
            Body::Order(ordered) => match ordered.outcome {
                Outcome::Denied { why, .. } => Some((ordered.envelope, why)),
                Outcome::Granted { .. } => None,
            },
            _ => None,
        };
        self.records().into_iter().filter_map(|e| refused(e.body)).collect()
    }

    /// Whether a badge opens.
    pub(crate) fn badges(&mut self, door: usize, who: u8) -> bool {
        let opens = !self.rig.turn(vec![card(door, who)]).released().is_empty();
        self.rig.pass(Duration::from_secs(10));
        opens
    }

    /// No bolt is out, and whoever reads the records decides all of it again.
    pub(crate) fn all_shut(self) {
        assert!(!self.rig.out.contains(&true), "a door is open");
        let (house, events) = (self.rig.house.clone(), self.records());
        crate::explained::all_again(&house, &events);
    }
}

/// The order as it crosses the link, signed by these.
pub(crate) fn signed(order: &Order, by: &[Who]) -> Vec<u8> {
    let mut envelope = Envelope::new(PayloadType::Order, encode_order(order).unwrap()).unwrap();
    by.iter().for_each(|who| envelope.sign(&pair(*who)).unwrap());
    envelope.to_bytes()
}
