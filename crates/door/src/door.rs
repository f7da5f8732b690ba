//! The door itself: facts go in one by one and stay apart; whether the bolt is out follows from them, in one place.

use crate::reading::Readings;
use crate::{Action, Answer, Contact, Feedback, Input, State, Wiring};
use core::mem;
use core::time::Duration;
use lockward_model::{Body, ExitHardware, LockCause, Mono, Now, Opening, Relock};
use lockward_policy::Grant;

/// How long a press tells that an opening is no break-in, where the handle opens mechanically: three steps from the
/// sensor to the door, and its weight. Counted from the press alone, so that a stuck input hides nothing.
pub const EXIT_SHUNT: Duration = Duration::from_secs(5);

/// What the schedule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Free {
    No,
    Yes,
    /// Its time is over, but the leaf is open: a bolt is not thrown into the air.
    UntilClosed,
}

/// What the contact says, and by what right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Shut,
    /// The limit counts from `counted`; while the door is open to everybody, it does not count.
    Open {
        since: Mono,
        counted: Option<Mono>,
    },
    Held {
        since: Mono,
    },
    Forced {
        since: Mono,
    },
}

/// The request to exit.
#[derive(Debug, Clone, Copy)]
struct Exit {
    pressed: bool,
    /// One opening within this window is somebody leaving.
    window: Option<ExitWindow>,
}

#[derive(Debug, Clone, Copy)]
struct ExitWindow {
    until: Mono,
    /// Whether the lock was released for it, by the hardware that the door had at the press.
    releases: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bolt {
    Locked,
    Released,
}

/// One door. Controllers give it every input with the time, and do what it says, in order.
pub struct Door {
    config: lockward_model::Door,
    wiring: Wiring,
    free: Free,
    leaf: Leaf,
    exit: Exit,
    /// Until when a grant releases the door for one opening.
    granted: Option<Mono>,
    /// A grant or an exit opened it, and [`Relock::OnClose`] leaves the bolt out until it has closed.
    relock_on_close: bool,
    readings: Readings,
    /// What was last commanded, shown and asked for; none before the first input.
    bolt: Option<Bolt>,
    resting: Feedback,
    woken_at: Option<Mono>,
    started: Mono,
}

impl Door {
    /// A door that was just powered up: locked, shut as far as it knows, nothing in. It is due at once
    /// ([`Self::wake_at`]): the first [`Self::handle`] commands the lock into its locked state.
    #[must_use]
    pub fn new(config: lockward_model::Door, wiring: Wiring, now: Now) -> Self {
        Self {
            config,
            wiring,
            free: Free::No,
            leaf: Leaf::Shut,
            exit: Exit { pressed: false, window: None },
            granted: None,
            relock_on_close: false,
            readings: Readings::new(),
            bolt: None,
            resting: Feedback::Idle,
            woken_at: None,
            started: now.mono,
        }
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
        self.command_bolt(commands_go_here, out);
        self.show_resting(out);
        self.ask_for_wake(out);
    }

    /// The same door with new settings. They count from here on: a limit that is running is measured by the new
    /// one, a release that was given ends when it was said to. What follows for the lock is due at once.
    pub fn reconfigure(&mut self, config: lockward_model::Door) {
        self.relock_on_close &= config.relock == Relock::OnClose;
        self.config = config;
    }

    /// The door in one word.
    #[must_use]
    pub fn state(&self) -> State {
        match self.leaf {
            Leaf::Open { .. } => State::Open,
            Leaf::Held { .. } => State::Held,
            Leaf::Forced { .. } => State::Forced,
            Leaf::Shut if self.free == Free::Yes => State::Unlocked,
            Leaf::Shut if self.granted.is_some() => State::Granted,
            Leaf::Shut if self.exit_releases() => State::Leaving,
            Leaf::Shut => State::Locked,
        }
    }

    /// When [`Input::Timer`] is due; a moment that is past means at once. Worth asking again after
    /// [`Self::reconfigure`]; otherwise [`Action::WakeAt`] has said it.
    #[must_use]
    pub fn wake_at(&self) -> Option<Mono> {
        if self.bolt != Some(self.bolt_due()) {
            return Some(self.started);
        }
        let held = match self.leaf {
            Leaf::Open { counted: Some(from), .. } => Some(from + self.config.open_limit.get()),
            _ => None,
        };
        let exit = self.exit.window.map(|w| w.until);
        [self.granted, exit, held, self.readings.wake_at()].into_iter().flatten().min()
    }

    /// What time alone brings about. Runs before every input, so that a late timer changes nothing.
    fn elapse(&mut self, now: Mono, out: &mut Vec<Action>) {
        if self.granted.take_if(|until| *until <= now).is_some() && self.wiring.contact {
            out.push(Action::Record(Body::NotEntered));
        }
        self.exit.window.take_if(|w| w.until <= now);
        let limit = self.config.open_limit.get();
        if let Leaf::Open { since, counted: Some(from) } = self.leaf
            && from + limit <= now
        {
            self.leaf = Leaf::Held { since };
            out.push(Action::Record(Body::DoorHeld { limit }));
        }
        self.readings.elapse(now, out);
    }

    fn take(&mut self, now: Mono, input: Input, out: &mut Vec<Action>) {
        match input {
            Input::Card { side, token } => {
                let (reading, mut ask) = self.readings.at(side, out);
                reading.card(now, token, &mut ask);
            }
            Input::Key { side, key } => {
                let (reading, mut ask) = self.readings.at(side, out);
                reading.key(now, key, &mut ask);
            }
            Input::Decided { question, answer } => self.decided(now, question, answer, out),
            Input::Contact(_) if !self.wiring.contact => {}
            Input::Contact(Contact::Open) => self.opened(now, out),
            Input::Contact(Contact::Closed) => self.closed(now, out),
            Input::Exit(pressed) => self.exit(now, pressed, out),
            Input::Unlocked(true) => self.freed(out),
            Input::Unlocked(false) => self.no_longer_free(now, out),
            Input::Reader { side, online: true } => {
                let resting = self.resting;
                let (reading, ask) = self.readings.at(side, out);
                reading.show(resting, ask.out);
            }
            Input::Reader { side, online: false } => {
                let (reading, mut ask) = self.readings.at(side, out);
                reading.lost(now, &mut ask);
            }
            Input::Timer => {}
        }
    }

    fn decided(&mut self, now: Mono, question: u32, answer: Answer, out: &mut Vec<Action>) {
        let Some(side) = self.readings.awaiting(question) else { return };
        let granted = match answer {
            Answer::Granted(grant) => self.serve(now, grant),
            Answer::Denied(_) => false,
            Answer::NeedPin => {
                let (reading, mut ask) = self.readings.at(side, out);
                return reading.need_pin(now, self.wiring.keypad, &mut ask);
            }
        };
        let (reading, ask) = self.readings.at(side, out);
        reading.close(granted, ask.out);
    }

    /// Takes a grant, for good. One for another door, or too late, is refused. An open door, and one that is open to
    /// everybody, needs no release: there the grant is on record, and moves nothing.
    #[expect(clippy::needless_pass_by_value, reason = "a grant serves once: whoever serves it keeps it")]
    fn serve(&mut self, now: Mono, grant: Grant) -> bool {
        if grant.door() != self.config.id || grant.until() <= now {
            return false;
        }
        if self.leaf == Leaf::Shut && self.free == Free::No {
            self.granted = self.granted.max(Some(now + self.config.release.get()));
        }
        true
    }

    /// One opening spends the grant and the exit, whichever it was; nobody follows on the same.
    fn opened(&mut self, now: Mono, out: &mut Vec<Action>) {
        if self.leaf != Leaf::Shut {
            return;
        }
        let right = self.right_to_open();
        let released = self.granted.is_some() || self.exit_releases();
        self.relock_on_close = released && self.config.relock == Relock::OnClose;
        self.granted = None;
        self.exit.window = None;
        self.leaf = match right {
            Opening::Forced => Leaf::Forced { since: now },
            Opening::Free => Leaf::Open { since: now, counted: None },
            Opening::Granted | Opening::Exit => Leaf::Open { since: now, counted: Some(now) },
        };
        out.push(Action::Record(Body::DoorOpened(right)));
    }

    fn right_to_open(&self) -> Opening {
        if self.free == Free::Yes {
            Opening::Free
        } else if self.granted.is_some() {
            Opening::Granted
        } else if self.exit.window.is_some() || self.exit_releases() {
            Opening::Exit
        } else {
            Opening::Forced
        }
    }

    fn closed(&mut self, now: Mono, out: &mut Vec<Action>) {
        let (Leaf::Open { since, .. } | Leaf::Held { since } | Leaf::Forced { since }) = self.leaf else {
            return;
        };
        self.leaf = Leaf::Shut;
        self.relock_on_close = false;
        out.push(Action::Record(Body::DoorClosed { open_for: now.since(since) }));
        if self.free == Free::UntilClosed {
            self.free = Free::No;
            out.push(Action::Record(Body::Locked(LockCause::Schedule)));
        }
    }

    /// Works in every state and asks nobody. Where the lock holds people in, it is out for as long as the button is
    /// pressed, and for the release time at least.
    fn exit(&mut self, now: Mono, pressed: bool, out: &mut Vec<Action>) {
        let was_locked = self.bolt_due() == Bolt::Locked;
        let was_pressed = mem::replace(&mut self.exit.pressed, pressed);
        if was_pressed || !pressed {
            return;
        }
        let releases = self.config.exit == ExitHardware::Released;
        let span = if releases { self.config.release.get() } else { EXIT_SHUNT };
        self.exit.window = Some(ExitWindow { until: now + span, releases });
        out.push(Action::Record(Body::ExitRequested { released: releases && was_locked }));
    }

    fn freed(&mut self, out: &mut Vec<Action>) {
        if self.free == Free::No {
            out.push(Action::Record(Body::Unlocked(LockCause::Schedule)));
        }
        self.free = Free::Yes;
        self.granted = None;
        if let Leaf::Open { counted, .. } = &mut self.leaf {
            *counted = None;
        }
    }

    fn no_longer_free(&mut self, now: Mono, out: &mut Vec<Action>) {
        if self.free != Free::Yes {
            return;
        }
        if self.leaf == Leaf::Shut {
            self.free = Free::No;
            out.push(Action::Record(Body::Locked(LockCause::Schedule)));
            return;
        }
        self.free = Free::UntilClosed;
        if let Leaf::Open { counted, .. } = &mut self.leaf {
            *counted = Some(now);
        }
    }

    fn exit_releases(&self) -> bool {
        let pressed = self.exit.pressed && self.config.exit == ExitHardware::Released;
        pressed || self.exit.window.is_some_and(|w| w.releases)
    }

    /// The whole of what can release this door.
    fn bolt_due(&self) -> Bolt {
        let released =
            self.granted.is_some() || self.exit_releases() || self.free != Free::No || self.relock_on_close;
        if released { Bolt::Released } else { Bolt::Locked }
    }

    fn command_bolt(&mut self, place: usize, out: &mut Vec<Action>) {
        let due = self.bolt_due();
        if self.bolt.replace(due) != Some(due) {
            let command = if due == Bolt::Released { Action::Release } else { Action::Lock };
            out.insert(place, command);
        }
    }

    fn show_resting(&mut self, out: &mut Vec<Action>) {
        let due = match (self.leaf, self.free) {
            (Leaf::Held { .. }, _) => Feedback::Held,
            (_, Free::Yes) => Feedback::Unlocked,
            _ => Feedback::Idle,
        };
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
