//! The door itself: facts go in one by one and stay apart; whether the bolt is out follows from them, in one place.

use crate::bolt::{BoltSense, fault_record};
use crate::exit::Exit;
use crate::free::Freedom;
use crate::grants::Grants;
use crate::leaf::{ContactWire, Leaf};
use crate::passing::note;
use crate::readings::Readings;
use crate::{Action, Bolt, Cause, Feedback, Input, Shown, Wire, Wiring};
use core::mem;
use lockward_model::{
    Body, Door as Settings, DoorKind, InputName, LockCause, Mono, Now, Opening, Relock, Side,
};

/// One door. Controllers give it every input with the time, and do what it says, in order.
pub struct Door {
    pub(crate) settings: Settings,
    pub(crate) wiring: Wiring,
    pub(crate) free: Freedom,
    pub(crate) leaf: Leaf,
    pub(crate) contact: ContactWire,
    /// It was open when its controller was last heard of, rightly or not; until its contact says how it is now.
    pub(crate) before: Option<Opening>,
    pub(crate) exit: Exit,
    pub(crate) called: Option<Wire<bool>>,
    /// What releases it for one opening.
    pub(crate) grants: Grants,
    /// A grant or an exit opened it, and [`Relock::OnClose`] leaves the bolt out until it has closed.
    pub(crate) relock_on_close: bool,
    pub(crate) sense: BoltSense,
    pub(crate) readings: Readings,
    pub(crate) lockdown: bool,
    /// Another door of its airlock is in use.
    pub(crate) airlock: bool,
    pub(crate) power: bool,
    pub(crate) tamper: bool,
    /// What was last commanded, shown and asked for; none before the first input.
    pub(crate) bolt: Option<Bolt>,
    resting: Feedback,
    woken_at: Option<Mono>,
    pub(crate) started: Mono,
}

impl Door {
    /// A door that was just powered up: locked, shut as far as it knows, nothing in. It is due at once
    /// ([`Self::wake_at`]): the first [`Self::handle`] commands the lock into its locked state.
    #[must_use]
    pub fn new(settings: Settings, wiring: Wiring, now: Now) -> Self {
        Self {
            settings,
            wiring,
            free: Freedom::default(),
            leaf: Leaf::Shut,
            contact: ContactWire(None),
            before: None,
            exit: Exit::new(),
            called: None,
            grants: Grants::default(),
            relock_on_close: false,
            sense: BoltSense::new(),
            readings: Readings::new(),
            lockdown: false,
            airlock: false,
            power: true,
            tamper: false,
            bolt: None,
            resting: Feedback::Idle,
            woken_at: None,
            started: now.mono,
        }
    }

    /// As its records last said, before it was powered up: the leaf was open, and had opened like this. Said before the
    /// first input; otherwise the leaf was shut.
    pub fn left_open(&mut self, opened: Opening) {
        self.before = Some(opened);
    }

    /// Takes one input and says what is to be done, in order. Never waits: a lock command stands before every
    /// record of the same input, so that nobody who leaves waits for a disk.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Action>) {
        let starting = self.bolt.is_none();
        if starting {
            self.bolt = Some(Bolt::Locked);
            out.push(Action::Lock);
        }
        let commands_go_here = out.len();
        if starting {
            out.push(Action::Record(Body::Locked(LockCause::Start)));
        }
        let now = now.mono;
        self.elapse(now, out);
        self.take(now, input, out);
        self.settle_freedom(now, out);
        self.command_bolt(commands_go_here, out);
        self.compare(now, out);
        self.show_resting(out);
        self.ask_for_wake(out);
    }

    /// The same door with new settings. They count from here on: a limit that is running is measured by the new
    /// one, a release that was given ends when it was said to. What follows for the lock is due at once.
    pub fn reconfigure(&mut self, settings: Settings) {
        self.relock_on_close &= settings.relock == Relock::OnClose;
        if settings.rules.office.is_none() || settings.rules.airlock.is_some() {
            self.free.tell(Cause::Office, false, None);
        }
        self.settings = settings;
    }

    /// When [`Input::Timer`] is due; a moment that is past means at once. Worth asking again after
    /// [`Self::reconfigure`]; otherwise [`Action::WakeAt`] has said it.
    #[must_use]
    pub fn wake_at(&self) -> Option<Mono> {
        if self.bolt != Some(self.bolt_due()) || self.free.settled != self.causes() {
            return Some(self.started);
        }
        let waits = [
            self.grants.until(),
            self.exit.wake_at(),
            self.leaf.wake_at(&self.settings),
            self.free.wake_at(),
            self.sense.wake_at(),
            self.readings.wake_at(),
        ];
        waits.into_iter().flatten().min()
    }

    /// What time alone brings about. Runs before every input, so that a late timer changes nothing.
    fn elapse(&mut self, now: Mono, out: &mut Vec<Action>) {
        self.lapse(now, out);
        self.exit.elapse(now);
        self.leaf.elapse(now, &self.settings, |body| out.push(Action::Record(body)));
        self.sense.elapse(now, |fact| out.push(Action::Record(Body::Door(fact))));
        self.readings.elapse(now, out);
        self.free.elapse(now);
        self.settle_freedom(now, out);
    }

    fn take(&mut self, now: Mono, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::Shown { shown: Shown::Nothing | Shown::Missing, .. } | Input::Timer => {}
            Input::Shown { side, shown } => {
                let gesture = self.settings.rules.office.is_some();
                let (reading, mut ask) = self.readings.at(side, out);
                reading.shown(now, shown, gesture, &mut ask);
            }
            Input::Key { side, key } => {
                let (reading, mut ask) = self.readings.at(side, out);
                if self.wiring.keypad {
                    reading.key(now, key, &mut ask);
                }
            }
            Input::Decided { question, answer } => self.decided(now, question, answer, out),
            Input::Ordered { order, act, grant, passes } => {
                let done = self.ordered(now, act, (grant, passes), out);
                out.push(Action::Obeyed { order, done });
            }
            Input::Contact(wire) if self.wiring.contact => self.contact(now, wire, out),
            Input::Bolt(wire) if self.wiring.bolt => {
                note(fault_record(InputName::Bolt, self.sense.wire, wire), out);
                self.sense.wire = Some(wire);
            }
            Input::Contact(_) | Input::Bolt(_) => {}
            Input::Exit(wire) => self.exit(now, wire, out),
            Input::Called(wire) if self.settings.kind == DoorKind::Floor => self.called(wire, out),
            Input::Called(_) => {}
            Input::Free { cause, on } => _ = self.set_free(now, cause, on),
            Input::Fire(on) => self.free.fire = on,
            Input::Lockdown(on) => self.locked_down(now, on, out),
            Input::Airlock(busy) => self.airlock_taken(now, busy, out),
            Input::Power(there) => self.power = there,
            Input::Tamper(open) => self.tamper = open,
            Input::Reader { side, online } => self.reader(now, side, online, out),
        }
    }

    fn reader(&mut self, now: Mono, side: Side, online: bool, out: &mut Vec<Action>) {
        let resting = self.resting;
        let (reading, mut ask) = self.readings.at(side, out);
        if online {
            reading.lost = false;
            reading.show(resting, ask.out);
        } else {
            reading.lose(now, &mut ask);
        }
    }

    /// The whole of what can release this door.
    pub(crate) fn bolt_due(&self) -> Bolt {
        let released = self.grants.run()
            || self.exit.releases(&self.settings)
            || self.causes().any()
            || self.free.until_closed.is_some()
            || self.relock_on_close;
        if released { Bolt::Released } else { Bolt::Locked }
    }

    fn command_bolt(&mut self, place: usize, out: &mut Vec<Action>) {
        let due = self.bolt_due();
        if self.bolt.replace(due) != Some(due) {
            let command = if due == Bolt::Released { Action::Release } else { Action::Lock };
            out.insert(place, command);
        }
    }

    fn compare(&mut self, now: Mono, out: &mut Vec<Action>) {
        if self.wiring.bolt {
            let (command, contact) = (self.bolt_due(), self.contact.said());
            let record = |fact| out.push(Action::Record(Body::Door(fact)));
            self.sense.compare(now, command, contact, !self.wiring.contact, record);
        }
    }

    fn show_resting(&mut self, out: &mut Vec<Action>) {
        let due = self.resting_due();
        if mem::replace(&mut self.resting, due) != due {
            self.readings.show_everywhere(due, out);
        }
    }

    fn ask_for_wake(&mut self, out: &mut Vec<Action>) {
        let due = self.wake_at();
        if mem::replace(&mut self.woken_at, due) != due {
            out.extend(due.map(Action::WakeAt));
        }
    }
}
