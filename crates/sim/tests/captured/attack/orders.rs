//! Orders: forged, replayed, re-addressed, stale, stretched, reordered, and more than anybody gives.

use super::link::Answer;
use super::script::{Due, Script, envelope, signed, touched};
use core::time::Duration;
use lockward_model::{ControllerId, DoorId, Nonce, Order, OrderAct, SiteId, Time};
use lockward_wire::config::{PayloadType, encode_changes, encode_order};
use lockward_wire::link::ToController;

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// What the thief makes of an order.
type Altered = fn(Order) -> Order;
/// The same, with another door of the controller's.
type AtAnother = fn(Order, DoorId) -> Order;

/// Orders that somebody signed and the thief keeps for later.
pub(crate) struct Kept {
    /// Says of itself that it is good for a year; its number ends within a minute of this.
    long: Vec<u8>,
    long_from: Time,
    /// For after a restart.
    pub(crate) restart: Vec<u8>,
}

impl Script {
    /// What is signed rightly, and goes by the thief.
    pub(crate) fn overhears(&mut self) -> Kept {
        let owner = &self.people.clone().owner;
        let order = self.order(OrderAct::Unlock);
        let long_from = self.visitor.now();
        let long = signed(&Order { until: order.until + YEAR, ..order }, &[owner]);
        let restart = self.order(OrderAct::Unlock);
        let restart = signed(&restart, &[owner]);
        // For somebody else's door, with a good number and a good signature.
        let elsewhere = self.order(OrderAct::Unlock);
        let (seen, all_there) = &*self.seen;
        seen.lock().unwrap().push((self.visitor.id, signed(&elsewhere, &[owner])));
        all_there.wait();
        Kept { long, long_from, restart }
    }

    /// Everything that can be made up, and everything that was overheard.
    pub(crate) fn forges_orders(&mut self) {
        let (people, stolen) = (self.people.clone(), self.visitor.stolen.clone());
        let forged: [(&str, &[&_], &str); 8] = [
            ("signed by nobody", &[], "ORDER_SIGNATURE"),
            ("signed by a stranger", &[&people.stranger], "ORDER_SIGNATURE"),
            ("signed with the log's key", &[&stolen.log], "ORDER_SIGNATURE"),
            ("signed with the CA's key", &[&stolen.ca], "ORDER_SIGNATURE"),
            ("signed with the hub's key", &[&stolen.hub], "NO_RULE"),
            ("signed by an operator without the right", &[&people.auditor], "NO_RULE"),
            ("signed by the hub beside that operator", &[&stolen.hub, &people.auditor], "NO_RULE"),
            ("signed by an owner and by a stranger", &[&people.owner, &people.stranger], "ORDER_SIGNATURE"),
        ];
        for (what, by, code) in forged {
            let act = self.act();
            let order = self.order(act);
            self.refuses(what, signed(&order, by), code);
        }
        for (who, code) in
            [("demo", "NO_RULE"), ("ivy", "NO_RULE"), ("audrey", "NO_RULE"), ("nobody", "ORDER_SIGNATURE")]
        {
            let act = self.act();
            let order = Order { on_behalf: Some(who.parse().unwrap()), ..self.order(act) };
            self.refuses(
                &format!("signed by the hub in the place of `{who}`"),
                signed(&order, &[&stolen.hub]),
                code,
            );
        }
        let act = self.act();
        let payload = encode_order(&self.order(act)).unwrap();
        let at_the_page = touched(PayloadType::Order, payload, &people.touched);
        self.refuses("an owner's touch at a page of the hub", at_the_page, "FORBIDDEN");
        self.alters_orders();
        self.misdirects_orders();
        self.replays_orders();
    }

    /// A good signature, over something else.
    fn alters_orders(&mut self) {
        let owner = &self.people.clone().owner;
        let other = *self.rightly.keys().find(|d| **d != self.door).unwrap();
        let changed: [(&str, AtAnother); 3] = [
            ("an owner's signature under another act", |o, _| Order { act: OrderAct::Unlock, ..o }),
            ("an owner's signature under another door", |o, door| Order { door, ..o }),
            ("an owner's signature under a later end", |o, _| Order { until: o.until + YEAR, ..o }),
        ];
        for (what, change) in changed {
            let order = self.order(OrderAct::Release);
            let hers = signed(&order, &[owner]);
            let other = encode_order(&change(order, other)).unwrap();
            self.refuses(what, with_payload(&hers, PayloadType::Order, other), "ORDER_SIGNATURE");
        }
    }

    /// A good signature, for somewhere else.
    fn misdirects_orders(&mut self) {
        let owner = &self.people.clone().owner;
        let elsewhere: [(&str, Altered); 4] = [
            ("for another site", |o| Order { site: SiteId([7; 32]), ..o }),
            ("for another controller", |o| Order { controller: "nowhere".parse().unwrap(), ..o }),
            ("for a door of nobody", |o| Order { door: "nowhere".parse().unwrap(), ..o }),
            ("for another controller's door", |o| {
                let door = if o.controller.as_str() == "vault" { "picking" } else { "server-room" };
                Order { door: door.parse().unwrap(), ..o }
            }),
        ];
        for (what, change) in elsewhere {
            let act = self.act();
            let order = change(self.order(act));
            self.refuses(what, signed(&order, &[owner]), "ORDER_ELSEWHERE");
        }
        let (seen, _) = &*self.seen.clone();
        let others: Vec<(ControllerId, Vec<u8>)> = seen.lock().unwrap().clone();
        let mine = self.visitor.id;
        for (whose, envelope) in others.into_iter().filter(|(id, _)| *id != mine) {
            self.refuses(&format!("overheard at {whose}"), envelope, "ORDER_ELSEWHERE");
        }
    }

    /// A good signature, again.
    fn replays_orders(&mut self) {
        let owner = &self.people.clone().owner;
        let order = self.order(OrderAct::Unlock);
        let obeyed = self.obeys("an order of an owner", &order);
        self.refuses("again what was obeyed", obeyed.clone(), "ORDER_REPLAYED");
        self.visitor.hang_up();
        self.refuses("again, on another link", obeyed, "ORDER_REPLAYED");
        // Two under one number, the later one first.
        let first = self.order(OrderAct::Unlock);
        self.obeys("the end of a hold", &Order { act: OrderAct::Release, ..first.clone() });
        self.refuses(
            "an earlier one under a number that has served",
            signed(&first, &[owner]),
            "ORDER_REPLAYED",
        );
        let order = self.order(OrderAct::Unlock);
        let made_up = Nonce(lockward_controller::dice::bytes());
        self.refuses(
            "under a number that the hub made up",
            signed(&Order { nonce: made_up, ..order }, &[owner]),
            "ORDER_REPLAYED",
        );
        let at = self.visitor.stolen.entries.len() as u64;
        let set = self.set(at, vec![]);
        let change = envelope(PayloadType::ChangeSet, encode_changes(&set).unwrap(), &[owner]);
        let noise: Vec<u8> = (0..8_000).map(|_| (self.chance.number() & 0xff) as u8).collect();
        for (what, bytes) in [("nothing", vec![]), ("noise", noise), ("an owner's change", change)] {
            self.refuses(what, bytes, "ORDER_MALFORMED");
        }
    }

    /// What was overheard, past its end and within the life of its number; whatever clock the hub shows.
    pub(crate) fn is_late(&mut self) {
        let owner = &self.people.clone().owner;
        let order = self.order(OrderAct::Unlock);
        let until = self.visitor.now() + SECOND;
        let short = signed(&Order { until, ..order }, &[owner]);
        self.await_time(until + SECOND);
        // A clock that is set back first makes nothing young.
        self.visitor.lie = -3_600_000;
        self.visitor.hang_up();
        self.refuses("past its end, with the hub's clock an hour back", short.clone(), "ORDER_EXPIRED");
        self.visitor.lie = 0;
        self.visitor.hang_up();
        self.refuses("past its end, again", short, "ORDER_REPLAYED");
    }

    /// What was overheard, past the life of its number.
    pub(crate) fn is_too_late(&mut self, kept: &Kept) {
        self.await_time(kept.long_from + Order::LIFE_MAX + 2 * SECOND);
        self.refuses("good for a year, under a number of a minute ago", kept.long.clone(), "ORDER_REPLAYED");
    }

    /// A door that wants a fresh word of the hub has not had one.
    pub(crate) fn is_kept_in_the_dark(&mut self, fresh: Duration) {
        let owner = &self.people.clone().owner;
        self.visitor.hang_up();
        self.visitor.silent = true;
        self.await_time(self.visitor.now() + fresh + SECOND);
        let card = self.card.clone();
        let did = self.shows(&card);
        self.tried("withheld: a card, where a fresh word is wanted", did, "denied", Due::Nothing);
        // The thief asks for a number and hands the order over without a word of its own.
        for _ in 0..5 {
            self.visitor.await_call();
            let Some(Some(nonce)) = self.visitor.nonce_here() else { continue };
            let until = self.visitor.now() + Order::LIFE_MAX;
            let (site, controller, door) = (self.visitor.stolen.site, self.visitor.id, self.door);
            let order = Order {
                site,
                controller,
                door,
                act: OrderAct::Unlock,
                nonce,
                until,
                on_behalf: None,
                reason: None,
            };
            let envelope = signed(&order, &[owner]);
            let answer = self.visitor.hand_here(envelope.clone());
            if answer != Answer::HungUp {
                self.visitor.silent = false;
                self.visitor.hang_up();
                return self.refused(
                    "where a fresh word is wanted and withheld",
                    envelope,
                    &answer,
                    "CONFIG_STALE",
                );
            }
        }
        panic!("no link to say nothing on");
    }

    /// More than anybody gives.
    pub(crate) fn floods(&mut self) {
        let mut handed = 0;
        let did = loop {
            let noise = vec![b'x'; 8_000];
            handed += 1;
            match self.visitor.hand(noise) {
                Answer::HungUp => break "hung up".to_owned(),
                _ if handed > 200 => break "took 200".to_owned(),
                _ => {}
            }
        };
        self.tried("flood: orders of no meaning", did, "hung up", Due::Link("ORDER_FLOOD".into()));
        let given = (0..500).filter(|_| self.visitor.nonce().is_some()).count();
        let did = if given <= 64 { "64 at most" } else { "more than 64" };
        self.tried("flood: 500 numbers are asked for", did, "64 at most", Due::Nothing);
        for n in 0..500_u32 {
            let time = Time(self.visitor.now().0 + i64::from(n) * 1_000);
            self.visitor.tell(&ToController::Pong { time });
        }
        let did = if self.visitor.is_through() { "goes on" } else { "hung up" };
        self.tried("flood: 500 signs of life", did, "goes on", Due::Nothing);
    }
}

/// The same signatures over another payload.
pub(crate) fn with_payload(signed: &[u8], kind: PayloadType, payload: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(signed.to_vec()).unwrap();
    let other = String::from_utf8(envelope(kind, payload, &[])).unwrap();
    let inner =
        |text: &str| text.split("\"payload\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    text.replace(&inner(&text), &inner(&other)).into_bytes()
}
