//! People pass: the leaf opens and shuts, a button is pressed, a floor is called, a door becomes open to everybody.

use crate::bolt::fault_record;
use crate::exit::holds_people_in;
use crate::free::Causes;
use crate::leaf::Leaf;
use crate::{Action, Bolt, Contact, Door, Wire};
use core::mem;
use lockward_model::{Body, DoorFact, InputName, LockCause, Mono, Opening, Relock};

impl Door {
    pub(crate) fn contact(&mut self, now: Mono, wire: Wire<Contact>, out: &mut Vec<Action>) {
        note(fault_record(InputName::Contact, self.contact.0, wire), out);
        self.contact.0 = Some(wire);
        match wire {
            Wire::Says(Contact::Open) => self.opened(now, out),
            Wire::Says(Contact::Closed) => self.closed(now, out),
            Wire::Fault(_) => self.blind(out),
        }
    }

    /// One opening spends the grants and the exit, whichever it was; nobody follows on the same.
    fn opened(&mut self, now: Mono, out: &mut Vec<Action>) {
        if self.leaf != Leaf::Shut {
            return;
        }
        let before = self.before.take().filter(|opened| *opened != Opening::Forced);
        let right = match self.right_to_open() {
            Opening::Forced if before.is_some() => Opening::Before,
            right => right,
        };
        let released = self.grants.run() || self.exit.releases(&self.settings);
        self.relock_on_close = released && self.settings.relock == Relock::OnClose;
        let extended = right == Opening::Granted && self.grants.extended();
        self.leaf = Leaf::opened(right, extended, now);
        out.push(Action::Record(Body::DoorOpened(right)));
        self.grants.spend(true, out);
        self.exit.spend();
    }

    fn right_to_open(&self) -> Opening {
        if self.causes().any() {
            Opening::Free
        } else if self.grants.run() {
            Opening::Granted
        } else if self.exit.explains(&self.settings) {
            Opening::Exit
        } else {
            Opening::Forced
        }
    }

    fn closed(&mut self, now: Mono, out: &mut Vec<Action>) {
        // One that was left open has shut unseen: since when is not known.
        let left = self.before.take().map(|_| self.started);
        let Some(since) = self.leaf.open_since().or(left) else { return };
        self.leaf = Leaf::Shut;
        self.relock_on_close = false;
        out.push(Action::Record(Body::DoorClosed { open_for: now.since(since) }));
        self.no_longer_until_closed(out);
    }

    /// The contact can not be believed: what would have waited for it waits no longer, or cutting a wire would keep
    /// the bolt out.
    fn blind(&mut self, out: &mut Vec<Action>) {
        self.relock_on_close = false;
        self.no_longer_until_closed(out);
    }

    fn no_longer_until_closed(&mut self, out: &mut Vec<Action>) {
        if let Some(cause) = self.free.until_closed.take() {
            out.push(Action::Record(Body::Locked(cause)));
        }
    }

    /// Works in every state and asks nobody.
    pub(crate) fn exit(&mut self, now: Mono, wire: Wire<bool>, out: &mut Vec<Action>) {
        let was_locked = self.bolt_due() == Bolt::Locked;
        note(fault_record(InputName::Exit, Some(self.exit.wire), wire), out);
        if self.exit.hear(now, wire, &self.settings) {
            let released = was_locked && holds_people_in(&self.settings);
            out.push(Action::Record(Body::ExitRequested { released }));
        }
    }

    /// A lift's floor is called: entered, if anything permits it.
    pub(crate) fn called(&mut self, wire: Wire<bool>, out: &mut Vec<Action>) {
        note(fault_record(InputName::Button, self.called, wire), out);
        let was = self.called.replace(wire);
        if wire != Wire::Says(true) || was == Some(wire) || self.causes().any() || self.free.fire {
            return;
        }
        if self.grants.run() {
            if self.grants.call(out) {
                out.push(Action::Record(Body::DoorOpened(Opening::Granted)));
            }
        } else if self.exit.explains(&self.settings) {
            self.exit.spend();
            out.push(Action::Record(Body::DoorOpened(Opening::Exit)));
        } else {
            out.push(Action::Record(Body::Door(DoorFact::LiftOverride)));
        }
    }

    /// Why it is open to everybody.
    pub(crate) fn causes(&self) -> Causes {
        self.free.causes(holds_people_in(&self.settings))
    }

    /// What follows when causes have begun or ended, wherever that came from.
    pub(crate) fn settle_freedom(&mut self, now: Mono, out: &mut Vec<Action>) {
        let causes = self.causes();
        let was = mem::replace(&mut self.free.settled, causes);
        if was == causes {
            return;
        }
        let begun = causes.iter().filter(|cause| !was.iter().any(|w| w == *cause));
        // One that returns before the leaf has shut never ended.
        let begun = begun.filter(|cause| self.free.until_closed != Some(*cause));
        out.extend(begun.map(|cause| Action::Record(Body::Unlocked(cause))));
        match was.first() {
            None => self.becomes_free(out),
            Some(last) if !causes.any() => self.no_longer_free(now, last, out),
            Some(_) => {}
        }
    }

    fn becomes_free(&mut self, out: &mut Vec<Action>) {
        self.free.until_closed = None;
        self.grants.spend(true, out);
        self.leaf.count_from(None);
    }

    fn no_longer_free(&mut self, now: Mono, last: LockCause, out: &mut Vec<Action>) {
        let cause = if self.lockdown && last != LockCause::Fire { LockCause::Lockdown } else { last };
        if self.leaf == Leaf::Shut || self.contact.is_faulty() {
            out.push(Action::Record(Body::Locked(cause)));
        } else {
            self.free.until_closed = Some(cause);
        }
        self.leaf.count_from(Some(now));
    }
}

pub(crate) fn note(record: Option<Body>, out: &mut Vec<Action>) {
    out.extend(record.map(Action::Record));
}
