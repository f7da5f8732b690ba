//! Orders from afar: a number is given out for each; it is judged as a badge is, recorded, and only then obeyed.
//!
//! The hub carries orders and is believed nothing about them. What counts is in the envelope, in the site, and here: the
//! number is this controller's own, and ends by its own clock.

use crate::airlocks::Claimant;
use crate::core::{Core, Effect, GRANT_LIFE};
use crate::records::{Awaited, NO_DOOR, refuse};
use aws_lc_rs::hmac;
use core::time::Duration;
use lockward_door::{Cause, Input, Passer};
use lockward_model::{
    Access, Body, CardToken, Deny, Door, Known, LinkRefusal, Mono, Nonce, Now, Order, OrderAct, OrderKnown,
    Ordered, Outcome, PinFact, ShownPhone, Side,
};
use lockward_policy::Grant;
use lockward_site::{Answer, OrderQuestion, Question, read_order};
use lockward_wire::link::ToHub;

/// Numbers that are out at once: one for each door of the largest controller; 24 bytes each, and gone within a minute. Of
/// one more none is given: who asks for many takes none away from those who have theirs.
const NONCES_MAX: usize = crate::config::DOORS_MAX;
/// Orders that change nothing are recorded too, and whoever has the hub can make them up. So many at once: an order for
/// every door, half a megabyte at 8 KiB an order;
const IDLE_MAX: u32 = 64;
/// and one more after this: 24 MB a day, of which the spool takes ten days' even if the hub takes none of it away.
const IDLE_EVERY: Duration = Duration::from_secs(30);
/// What names those who pass by an order: no door asks so many questions between two starts.
pub(crate) const PASSER: u32 = 1 << 31;

/// What is known of orders between two words of the hub.
pub(crate) struct Orders {
    /// What numbers are made of. Rolled at the start, so that no number outlives a restart.
    key: hmac::Key,
    given: u64,
    /// With when each was given.
    nonces: Vec<(Nonce, Mono)>,
    /// Orders that change nothing have used up the time up to here.
    idle_until: Mono,
    /// There were too many of them, and that was told.
    flooded: bool,
    /// Which connection to the hub this is: answers of another are not for it.
    link: u64,
    /// What a door is doing at this moment, and who learns of it.
    acting: Option<(u32, Asker)>,
    last: u32,
}

/// Whoever waits for the answer: a question of the hub, on one connection.
#[derive(Clone, Copy)]
pub(crate) struct Asker {
    question: u32,
    link: u64,
}

/// An order on its way to a decision.
pub(crate) struct Arrived {
    from: Asker,
    envelope: Box<[u8]>,
    /// What it says, if it says anything.
    order: Option<Order>,
    /// Its door, if that is wired here.
    door: Option<usize>,
    /// Its number was good.
    fresh: bool,
    /// That number was given so short a time ago that a touch for it is no older than a phone's may be.
    prompt: bool,
    /// The phone of somebody's that it says it is signed by.
    phone: Option<CardToken>,
    /// What the hub says, if it was asked for the door's airlock: whether it is the door's.
    pub(crate) claimed: Option<bool>,
}

/// A decision that waits for its record.
pub(crate) struct Judged {
    from: Asker,
    pub(crate) until: Mono,
    outcome: Result<(Grant, OrderAct), Deny>,
    /// Whoever passes by it.
    passes: Option<Passer>,
}

/// What the site says of an order, as it is recorded; and the grant, if there is one.
struct Decided {
    body: Body,
    granted: Option<(Grant, OrderAct)>,
    extended: bool,
}

impl Orders {
    pub(crate) fn new(dice: &mut dyn FnMut() -> [u8; 12]) -> Self {
        let seed = [dice(), dice()].concat();
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &seed),
            given: 0,
            nonces: Vec::new(),
            idle_until: Mono(0),
            flooded: false,
            link: 0,
            acting: None,
            last: 0,
        }
    }

    /// Another connection, or none: nobody hears what was asked on the last.
    pub(crate) fn relinked(&mut self) {
        self.link += 1;
    }

    /// A number for one order, if not too many are out.
    fn give(&mut self, now: Mono) -> Option<Nonce> {
        self.nonces.retain(|(_, given)| now.since(*given) < Order::LIFE_MAX);
        if self.nonces.len() >= NONCES_MAX {
            return None;
        }
        self.given += 1;
        let tag = hmac::sign(&self.key, &self.given.to_be_bytes());
        let nonce = Nonce(*tag.as_ref().first_chunk()?);
        self.nonces.push((nonce, now));
        Some(nonce)
    }

    /// Takes a number back, for good. How long it was out, if it was, and was not too old.
    fn spend(&mut self, nonce: Nonce, now: Mono) -> Option<Duration> {
        let at = self.nonces.iter().position(|(given, _)| *given == nonce)?;
        let age = now.since(self.nonces.swap_remove(at).1);
        (age < Order::LIFE_MAX).then_some(age)
    }

    /// Names whoever passes by the next order.
    fn passer(&mut self, extended: bool) -> Passer {
        self.last = self.last.wrapping_add(1);
        Passer { question: PASSER | self.last, extended }
    }

    /// Whether one more that changes nothing may be recorded.
    fn takes_idle(&mut self, now: Mono) -> bool {
        let from = self.idle_until.max(now);
        let takes = from < now + IDLE_EVERY * IDLE_MAX;
        if takes {
            self.idle_until = from + IDLE_EVERY;
            self.flooded = false;
        }
        takes
    }
}

impl Core {
    pub(crate) fn want_nonce(&mut self, now: Now, question: u32, out: &mut Vec<Effect>) {
        let nonce = self.orders.give(now.mono);
        out.push(Effect::Send(Box::new(ToHub::Nonce { question, nonce })));
    }

    /// The hub hands an order over. Its number is spent, whatever comes of it.
    pub(crate) fn on_order(&mut self, now: Now, question: u32, envelope: Vec<u8>, out: &mut Vec<Effect>) {
        let order = read_order(&envelope).ok();
        let age = order.as_ref().and_then(|o| self.orders.spend(o.nonce, now.mono));
        let (fresh, prompt) = (age.is_some(), age.is_some_and(|age| age < Order::PHONE_LIFE_MAX));
        let phone = self.site.as_ref().and_then(|site| site.phone_of(&envelope));
        let door = order.as_ref().and_then(|o| self.units.iter().position(|u| u.id() == o.door));
        let from = Asker { question, link: self.orders.link };
        let envelope = envelope.into();
        let arrived = Arrived { from, envelope, order, door, fresh, prompt, phone, claimed: None };
        self.judge_order(now, arrived, out);
    }

    pub(crate) fn judge_order(&mut self, now: Now, it: Arrived, out: &mut Vec<Effect>) {
        if let Some(door) = it.door {
            self.look_at_airlock(now, door, out);
        }
        let mut known = self.known_of_order(now, &it);
        let mut decided = self.judged_order(now, &it, known);
        let hangs = self.disk_hangs(now.mono);
        if let (Some(door), Some(true), true) = (it.door, it.claimed, hangs || decided.granted.is_none()) {
            self.give_back_airlock(now, door, out);
        }
        let opens = |d: &Decided| d.granted.as_ref().is_some_and(|(_, act)| *act != OrderAct::Release);
        if let (Some(door), true, false) = (it.door, opens(&decided), hangs) {
            if !self.reserve_airlock(now, door, out) {
                // It is not to be had after all: that is known now, and decided again, so that the record says it.
                known.airlock_busy = true;
                decided = self.judged_order(now, &it, known);
            } else if it.claimed.is_none() && self.is_shared(now, door) {
                return self.claim_airlock(now, door, Claimant::Order(Box::new(it)), out);
            }
        }
        let held = it.door.and_then(|door| self.units.get(door)).is_some_and(crate::unit::Unit::is_held);
        let changes = opens(&decided) || (decided.granted.is_some() && held);
        if !changes && !self.orders.takes_idle(now.mono) {
            return self.too_many_orders(now, it.from, out);
        }
        if let Some(door) = it.door {
            self.tell_openings(now, door, known.openings_spent);
        }
        self.record_order(now, &it, decided, out);
    }

    /// The decision waits for its record. Of an order of doors elsewhere the record names none.
    fn record_order(&mut self, now: Now, it: &Arrived, decided: Decided, out: &mut Vec<Effect>) {
        let door = it.door.and_then(|door| self.units.get(door)).map(crate::unit::Unit::id);
        let Decided { mut body, granted, extended } = decided;
        let why = match outcome(&body) {
            Some(Outcome::Denied { why, .. }) => *why,
            _ => Deny::NotRecorded,
        };
        if granted.is_some() && self.disk_hangs(now.mono) {
            // Nobody waits for a record that can not come: it will say so, when it does.
            refuse(&mut body);
            self.note(now, door, body);
            return self.tell_ordered(it.from, Some(Deny::NotRecorded), out);
        }
        let mut passes = None;
        if let (Some(unit), Some(site), Body::Access(access), true) =
            (it.door, &self.site, &body, granted.is_some())
            && let Some(unit) = self.units.get_mut(unit)
        {
            let passer = self.orders.passer(extended);
            unit.grant(passer.question, Side::Entry);
            self.history.awaits(site, unit.id(), passer.question, now.wall, access);
            passes = Some(passer);
        }
        let judged =
            Judged { from: it.from, until: now.mono + GRANT_LIFE, outcome: granted.ok_or(why), passes };
        let record = self.note(now, door, body);
        self.records.wait(record, it.door.unwrap_or(NO_DOOR), Awaited::Order(Box::new(judged)));
    }

    /// Everything that the controller knows of an order beyond its bytes: the same as of a badge.
    fn known_of_order(&self, now: Now, it: &Arrived) -> OrderKnown {
        let fresh = it.fresh;
        let Some(door) = self.ordered_door(it) else { return OrderKnown { fresh, ..OrderKnown::default() } };
        OrderKnown {
            fresh,
            airlock_busy: self.airlock_is_busy(now, door, it.claimed),
            openings_spent: self.openings_are_spent(now, door),
        }
    }

    fn ordered_door(&self, it: &Arrived) -> Option<&Door> {
        self.site.as_ref()?.door(it.order.as_ref()?.door)
    }

    /// What the site says. Without one, nothing is obeyed.
    fn judged_order(&self, now: Now, it: &Arrived, known: OrderKnown) -> Decided {
        let (envelope, config_age) = (it.envelope.clone(), self.config_age(now));
        let Some(site) = self.site.as_ref().filter(|site| !self.revoked(site)) else {
            let outcome = Outcome::Denied { why: Deny::NoConfiguration, because: Vec::new() };
            let body = Body::Order(Box::new(Ordered { envelope, config: None, config_age, known, outcome }));
            return Decided { body, granted: None, extended: false };
        };
        if let Some(question) = self.phone_asks(now, it, known) {
            let no = |access| Decided { body: Body::Access(access), granted: None, extended: false };
            return match site.decide_among(&question, now.mono + GRANT_LIFE, &self.answers) {
                Answer::Granted(grant, access, terms) => Decided {
                    body: Body::Access(access),
                    granted: Some((grant, OrderAct::Unlock)),
                    extended: terms.extended,
                },
                Answer::Denied(_, access) => no(access),
                // A phone is asked for nothing more.
                Answer::NeedPin | Answer::NeedSecond | Answer::NeedCard => {
                    no(lockward_site::undecided(&question))
                }
            };
        }
        let (controller, config) = (self.id, self.known.config());
        let question = OrderQuestion { controller, envelope, at: now.wall, config, config_age, known };
        let (ordered, granted) = site.order(&question, now.mono + GRANT_LIFE);
        let granted = granted.map(|(grant, order)| (grant, order.act));
        Decided { body: Body::Order(Box::new(ordered)), granted, extended: false }
    }

    /// The question of a phone at a door of this controller's, which is answered as a badge's is.
    fn phone_asks(&self, now: Now, it: &Arrived, known: OrderKnown) -> Option<Question> {
        let (site, token, unit) = (self.site.as_ref()?, it.phone?, self.units.get(it.door?)?);
        let door = site.door(unit.id()).filter(|d| d.controller == self.id)?;
        let shown = ShownPhone { envelope: it.envelope.clone(), fresh: it.fresh, prompt: it.prompt };
        let mut known = Known {
            phone: Some(Box::new(shown)),
            airlock_busy: known.airlock_busy,
            openings_spent: known.openings_spent,
            ..Known::default()
        };
        self.what_had_happened_to(now, site, door, site.holder_of(token), &mut known);
        Some(Question {
            controller: self.id,
            door: unit.id(),
            side: Side::Entry,
            token: Some(token),
            pin: PinFact::NotAsked,
            keypad: false,
            at: now.wall,
            config_age: self.config_age(now),
            config: self.known.config(),
            known,
        })
    }

    /// More orders that change nothing than people give: those are not heeded, and the link ends. That is recorded once.
    fn too_many_orders(&mut self, now: Now, from: Asker, out: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.orders.flooded, true) {
            let code = LinkRefusal::OrderFlood.as_str().into();
            self.note(now, None, Body::LinkRefused { claimed: None, code });
        }
        if from.link == self.orders.link {
            out.push(Effect::HangUp);
        }
    }

    /// The record is there: the door does it, if it still can.
    pub(crate) fn obey(&mut self, now: Now, door: usize, judged: Judged, out: &mut Vec<Effect>) {
        let Judged { from, outcome, passes, .. } = judged;
        match outcome {
            Err(why) => self.tell_ordered(from, Some(why), out),
            Ok(_) if self.units.get(door).is_none() => self.tell_ordered(from, Some(Deny::UnknownDoor), out),
            Ok((grant, act)) => {
                self.orders.last = self.orders.last.wrapping_add(1);
                let order = self.orders.last;
                self.orders.acting = Some((order, from));
                self.door(now, door, Input::Ordered { order, act, grant, passes }, out);
            }
        }
    }

    /// What became of it at the door.
    pub(crate) fn obeyed(&mut self, now: Now, door: usize, order: u32, done: bool, out: &mut Vec<Effect>) {
        let Some((_, from)) = self.orders.acting.take_if(|(number, _)| *number == order) else { return };
        if done {
            return self.tell_ordered(from, None, out);
        }
        self.give_back_airlock(now, door, out);
        // It was permitted, and is no longer: something came between it and its record.
        let why = if self.locked_down(door) { Deny::Lockdown } else { Deny::AirlockBusy };
        self.tell_ordered(from, Some(why), out);
    }

    /// Without its record nothing was done.
    pub(crate) fn refuse_order(&mut self, now: Now, door: usize, judged: &Judged, out: &mut Vec<Effect>) {
        let why = match judged.outcome {
            Ok((_, act)) => {
                match judged.passes {
                    Some(passer) => self.spent(now, door, passer.question, false, out),
                    None if act != OrderAct::Release => self.give_back_airlock(now, door, out),
                    None => {}
                }
                Deny::NotRecorded
            }
            Err(why) => why,
        };
        self.tell_ordered(judged.from, Some(why), out);
    }

    fn tell_ordered(&self, from: Asker, refused: Option<Deny>, out: &mut Vec<Effect>) {
        if from.link == self.orders.link {
            let refused = refused.map(|why| why.code().into());
            out.push(Effect::Send(Box::new(ToHub::Ordered { question: from.question, refused })));
        }
    }

    /// Doors that are not this controller's any more are held by no order.
    pub(crate) fn end_holds(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(site) = &self.site else { return };
        let revoked = self.revoked(site);
        let ours = |u: &crate::unit::Unit| site.door(u.id()).is_some_and(|d| d.controller == self.id);
        let held = (0..).zip(&self.units).filter(|(_, u)| u.is_held() && (revoked || !ours(u)));
        let held: Vec<usize> = held.map(|(door, _)| door).collect();
        for door in held {
            self.door(now, door, Input::Free { cause: Cause::Order, on: false }, out);
        }
    }
}

fn outcome(body: &Body) -> Option<&Outcome> {
    match body {
        Body::Access(Access { outcome, .. }) => Some(outcome),
        Body::Order(ordered) => Some(&ordered.outcome),
        _ => None,
    }
}
