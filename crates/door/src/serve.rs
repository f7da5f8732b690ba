//! Answers come in: what a grant is worth now, and what takes it away again.

use crate::grants::Bearer;
use crate::leaf::Leaf;
use crate::{Action, Answer, Cause, Door, Passer, Terms};
use lockward_model::{Body, DoorFact, DoorKind, Mono, OrderAct, Side, Wish};
use lockward_policy::Grant;

/// The question that an answer belongs to.
#[derive(Clone, Copy)]
struct Heeded {
    question: u32,
    side: Side,
    wish: Wish,
}

impl Door {
    /// An answer to a question that nobody waits for any more is not heeded; a grant ends there, on record.
    pub(crate) fn decided(&mut self, now: Mono, question: u32, answer: Answer, out: &mut Vec<Action>) {
        let Some((side, wish)) = self.readings.awaiting(question) else {
            if let Answer::Granted(_, terms) = answer {
                refuse(question, terms.hold, out);
            }
            return;
        };
        let granted = match answer {
            Answer::Granted(grant, terms) => {
                self.serve(now, Heeded { question, side, wish }, grant, terms, out)
            }
            Answer::Denied(_) => false,
            Answer::NeedPin => {
                let (reading, mut ask) = self.readings.at(side, out);
                return reading.need_pin(now, self.wiring.keypad, &mut ask);
            }
            Answer::NeedCard => {
                let (reading, mut ask) = self.readings.at(side, out);
                return reading.need_card(now, &mut ask);
            }
            Answer::NeedSecond => {
                let (reading, mut ask) = self.readings.at(side, out);
                return reading.need_second(now, &mut ask);
            }
        };
        let (reading, ask) = self.readings.at(side, out);
        reading.decided(now, granted, ask.out);
    }

    /// Takes a grant, for good. One for another door, too late, for holding when that was not asked, or for entering
    /// where nobody enters, is refused.
    #[expect(clippy::needless_pass_by_value, reason = "a grant serves once: whoever serves it keeps it")]
    fn serve(&mut self, now: Mono, to: Heeded, grant: Grant, terms: Terms, out: &mut Vec<Action>) -> bool {
        let Heeded { question, side, wish } = to;
        let fits = grant.door() == self.settings.id && now < grant.until();
        let stopped = side == Side::Entry && ((self.lockdown && !terms.in_lockdown) || self.airlock);
        if terms.hold {
            let held = fits && wish == Wish::Hold && self.hold(now);
            out.push(Action::Spent { question, entered: false });
            return held;
        }
        if !fits || stopped {
            refuse(question, terms.hold, out);
            return false;
        }
        let extended = terms.extended;
        self.admit(now, Bearer { side, question: Some(question), until: now, extended, entered: false }, out);
        true
    }

    /// An order from afar: as a grant at the outer reader, but for nobody there. To end a hold nothing stands in the way.
    pub(crate) fn ordered(
        &mut self,
        now: Mono,
        act: OrderAct,
        (grant, passes): (Grant, Option<Passer>),
        out: &mut Vec<Action>,
    ) -> bool {
        let fits = grant.door() == self.settings.id && now < grant.until();
        let stopped = (self.lockdown || self.airlock) && act != OrderAct::Release;
        if !fits || stopped {
            if act != OrderAct::Release {
                out.push(Action::Record(Body::NotEntered));
            }
            out.extend(passes.map(|p| Action::Spent { question: p.question, entered: false }));
            return false;
        }
        match act {
            OrderAct::Unlock => {
                let (side, question) = (Side::Entry, passes.map(|p| p.question));
                let extended = passes.is_some_and(|p| p.extended);
                self.admit(now, Bearer { side, question, until: now, extended, entered: false }, out);
                let (reading, ask) = self.readings.at(side, out);
                reading.welcome(ask.out);
            }
            OrderAct::Hold(span) => self.free.hold(now + span),
            OrderAct::Release => self.free.tell(Cause::Order, false, None),
        }
        true
    }

    /// An open door, and one that is open to everybody, needs no release: there the grant is on record, and moves
    /// nothing.
    fn admit(&mut self, now: Mono, mut bearer: Bearer, out: &mut Vec<Action>) {
        let needs_release = self.leaf == Leaf::Shut && !self.causes().any();
        // Without anything that tells, whoever is let through is taken to go.
        bearer.entered = !needs_release || (!self.wiring.contact && self.called.is_none());
        if let (true, Some(question)) = (bearer.entered, bearer.question) {
            out.push(Action::Spent { question, entered: true });
        }
        if needs_release {
            let longer = self.settings.rules.extended.filter(|_| bearer.extended).map(|e| e.release);
            bearer.until = now + longer.unwrap_or(self.settings.release).get();
            self.grants.add(bearer, out);
        }
    }

    /// The gesture: sets the door free, or ends that.
    fn hold(&mut self, now: Mono) -> bool {
        let on = !self.free.by(Cause::Office);
        self.set_free(now, Cause::Office, on)
    }

    /// A cause of being free begins or ends; false where there is no such cause here, or nobody enters. A door of an
    /// airlock is set free by an order alone, which asks the airlock first.
    pub(crate) fn set_free(&mut self, now: Mono, cause: Cause, on: bool) -> bool {
        let rules = &self.settings.rules;
        let office = rules.office.map(|time| now + time.get());
        let none = cause == Cause::Order || (cause == Cause::Office && office.is_none());
        if on && (self.lockdown || self.airlock || rules.airlock.is_some() || none) {
            return false;
        }
        // A gesture's freedom that is told again is not prolonged.
        if on != self.free.by(cause) {
            self.free.tell(cause, on, office);
        }
        true
    }

    /// Entering stops, leaving does not, and an open leaf is let be.
    pub(crate) fn locked_down(&mut self, now: Mono, on: bool, out: &mut Vec<Action>) {
        if self.lockdown == on {
            return;
        }
        self.lockdown = on;
        out.push(Action::Record(Body::Door(DoorFact::Lockdown(on))));
        if on {
            self.free.end();
            self.withdraw_entry(now, out);
        }
    }

    /// Another door of the airlock is in use, or no longer: who would enter by this one waits, and it is held open for
    /// nobody.
    pub(crate) fn airlock_taken(&mut self, now: Mono, busy: bool, out: &mut Vec<Action>) {
        self.airlock = busy;
        if busy {
            self.free.end();
            self.withdraw_entry(now, out);
        }
    }

    fn withdraw_entry(&mut self, now: Mono, out: &mut Vec<Action>) {
        if self.grants.withdraw(Side::Entry, out) && self.tells_entering() {
            out.push(Action::Record(Body::NotEntered));
        }
        // What is left may have lasted only because of what was withdrawn.
        self.lapse(now, out);
    }

    /// Ends a release whose time is over.
    pub(crate) fn lapse(&mut self, now: Mono, out: &mut Vec<Action>) {
        let tells = self.tells_entering();
        if self.grants.elapse(now, !tells, out) && tells {
            out.push(Action::Record(Body::NotEntered));
        }
    }

    /// Whether something tells that somebody went through, and can be believed.
    pub(crate) fn tells_entering(&self) -> bool {
        match self.called {
            Some(wire) if self.settings.kind == DoorKind::Floor => wire.said().is_some(),
            _ => self.wiring.contact && !self.contact.is_faulty(),
        }
    }
}

/// A grant that comes to nothing, on record: somebody was permitted, and the bolt did not move.
fn refuse(question: u32, hold: bool, out: &mut Vec<Action>) {
    out.push(Action::Spent { question, entered: false });
    if !hold {
        out.push(Action::Record(Body::NotEntered));
    }
}
