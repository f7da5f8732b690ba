//! One door's hardware: leaf, bolt, button, and the supervised wires that tell of them.

use core::time::Duration;
use lockward_controller::config::{DoorWiring, Fails, InputWiring, ReaderWiring};
use lockward_controller::core::Input;
use lockward_door::{Bolt, Contact, Wire};
use lockward_inputs::{Bands, Input as Supervised, Ohms, Reading, Rest, State, Timing, Wiring};
use lockward_model::{Door, DoorId, DoorKind, ExitHardware, InputFault, Mono};

/// How long a level must last: what a mechanical contact needs to come to rest.
const DEBOUNCE: Duration = Duration::from_millis(20);
/// A command waits for this, so that what it did has been seen.
pub(super) const SEEN_AFTER: Duration = Duration::from_millis(50);
/// What stands at the end of a wire: one kilohm with the contact closed, two with it open.
const CLOSED: Ohms = Ohms(1_000);
const OPEN: Ohms = Ohms(2_000);
/// How long a lift is on its way to a floor.
const CALL: Duration = Duration::from_secs(2);
/// How long a hand stays at a button, if it is not told to hold it.
const PRESS: Duration = Duration::from_secs(1);
/// How long a handle that was pressed is of use to whoever goes.
const HANDLE: Duration = Duration::from_secs(5);

/// A wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Contact,
    Exit,
    Bolt,
    Called,
}

/// What was done to a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Cut,
    Shorted,
    Grounded,
    Fed,
}

struct Line {
    which: Which,
    input: Supervised,
    trouble: Option<Trouble>,
}

/// A door as it hangs in the wall.
pub(super) struct Doorway {
    pub(super) id: DoorId,
    pub(super) kind: DoorKind,
    pub(super) fails_safe: bool,
    /// A handle inside opens it whatever the bolt does.
    mechanical: bool,
    pub(super) leaf_open: bool,
    pressed: bool,
    pressed_at: Option<Mono>,
    let_go_at: Option<Mono>,
    called_until: Option<Mono>,
    /// What the lock is told.
    pub(super) released: bool,
    /// Where the bolt is stuck: true for drawn back.
    pub(super) stuck: Option<bool>,
    lines: Vec<Line>,
    /// Something may read otherwise than when it was last looked at.
    touched: bool,
}

impl Doorway {
    pub(super) fn new(door: &Door) -> Self {
        let (kind, released) = (door.kind, door.exit == ExitHardware::Released);
        let which: &[Which] = match kind {
            DoorKind::Floor => &[Which::Called],
            DoorKind::Compartment => &[Which::Contact],
            DoorKind::Safe | DoorKind::Cabinet => &[Which::Contact, Which::Bolt],
            _ => &[Which::Contact, Which::Exit, Which::Bolt],
        };
        Self {
            id: door.id,
            kind,
            fails_safe: released,
            mechanical: !released,
            leaf_open: false,
            pressed: false,
            pressed_at: None,
            let_go_at: None,
            called_until: None,
            released: false,
            stuck: None,
            lines: which.iter().map(|w| line(*w)).collect(),
            touched: true,
        }
    }

    /// As the installer's file would have it. Every door has a reader with a keypad at both sides.
    pub(super) fn wiring(&self) -> DoorWiring {
        let reader = |address| Some(ReaderWiring { bus: "stage".into(), address, keypad: true });
        let has = |which| self.line(which).map(|_| InputWiring::simulated());
        let inside = !matches!(self.kind, DoorKind::Compartment | DoorKind::Safe | DoorKind::Cabinet);
        DoorWiring {
            fails: if self.fails_safe { Fails::Safe } else { Fails::Secure },
            reader: reader(0),
            exit_reader: reader(1).filter(|_| inside && self.kind != DoorKind::Floor),
            contact: has(Which::Contact),
            exit: has(Which::Exit),
            bolt: has(Which::Bolt),
            called: has(Which::Called),
            ..DoorWiring::simulated(self.id)
        }
    }

    /// What the wires say that they did not say before.
    pub(super) fn look(&mut self, door: usize, now: Mono, out: &mut Vec<Input>) {
        if !core::mem::take(&mut self.touched) && self.wake_at().is_none_or(|at| at > now) {
            return;
        }
        self.called_until = self.called_until.filter(|until| *until > now);
        if self.let_go_at.take_if(|at| *at <= now).is_some() {
            self.pressed = false;
        }
        for at in 0..self.lines.len() {
            let Some(reading) = self.lines.get(at).map(|line| self.reading(line)) else { continue };
            let Some(line) = self.lines.get_mut(at) else { continue };
            let mut edges = Vec::new();
            line.input.handle(now, reading, &mut edges);
            line.input.tick(now, &mut edges);
            if !edges.is_empty() {
                out.push(told(line.which, door, line.input.state()));
            }
        }
    }

    /// When to look again, if nothing is done before.
    pub(super) fn wake_at(&self) -> Option<Mono> {
        self.lines
            .iter()
            .filter_map(|l| l.input.wake_at())
            .chain(self.called_until)
            .chain(self.let_go_at)
            .min()
    }

    /// The controller has forgotten what the wires said.
    pub(super) fn forget(&mut self) {
        self.touched = true;
        for line in &mut self.lines {
            line.input = supervised(line.which);
        }
    }

    /// Nobody commands the lock: it goes where it fails.
    pub(super) fn lose_command(&mut self) {
        self.command(self.fails_safe);
    }

    /// The lock is told to move.
    pub(super) fn command(&mut self, released: bool) {
        self.released = released;
        self.touched = true;
    }

    /// Somebody does something here: all is looked at again.
    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// Whether the leaf can be moved.
    pub(super) fn yields(&self, now: Mono) -> bool {
        let held = self.pressed || self.pressed_at.is_some_and(|at| now.since(at) <= HANDLE);
        self.bolt_back() || self.leaf_open || (self.mechanical && held)
    }

    pub(super) fn bolt_back(&self) -> bool {
        self.stuck.unwrap_or(self.released)
    }

    /// Presses the button or the handle inside for a moment, or holds it. False where there is none.
    pub(super) fn press(&mut self, holds: bool, now: Mono) -> bool {
        (self.pressed, self.pressed_at) = (true, Some(now));
        self.let_go_at = (!holds).then_some(now + PRESS);
        self.line(Which::Exit).is_some()
    }

    /// Lets it go.
    pub(super) fn let_go(&mut self) -> bool {
        (self.pressed, self.let_go_at) = (false, None);
        self.line(Which::Exit).is_some()
    }

    /// The lift goes to this floor. False where this is no floor.
    pub(super) fn call(&mut self, now: Mono) -> bool {
        self.called_until = Some(now + CALL);
        self.line(Which::Called).is_some()
    }

    /// Does something to a wire, or mends it. False where there is no such wire.
    pub(super) fn trouble(&mut self, which: Which, trouble: Option<Trouble>) -> bool {
        if which == Which::Bolt && trouble.is_none() {
            self.stuck = None;
        }
        let line = self.lines.iter_mut().find(|l| l.which == which);
        line.map(|l| l.trouble = trouble).is_some()
    }

    /// The wires that something was done to.
    pub(super) fn troubles(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.lines.iter().filter_map(|l| Some((name(l.which), done(l.trouble?))))
    }

    fn line(&self, which: Which) -> Option<&Line> {
        self.lines.iter().find(|l| l.which == which)
    }

    fn reading(&self, line: &Line) -> Reading {
        match line.trouble {
            Some(Trouble::Cut) => Reading::Loop(Ohms::INFINITE),
            Some(Trouble::Shorted) => Reading::Loop(Ohms(0)),
            Some(Trouble::Grounded) => Reading::Ground,
            Some(Trouble::Fed) => Reading::Foreign,
            None => Reading::Loop(if self.closed(line.which) { CLOSED } else { OPEN }),
        }
    }

    fn closed(&self, which: Which) -> bool {
        match which {
            Which::Contact => !self.leaf_open,
            Which::Bolt => !self.bolt_back(),
            Which::Exit => self.pressed,
            Which::Called => self.called_until.is_some(),
        }
    }
}

fn line(which: Which) -> Line {
    Line { which, input: supervised(which), trouble: None }
}

fn supervised(which: Which) -> Supervised {
    let rest = match which {
        Which::Contact | Which::Bolt => Rest::Closed,
        Which::Exit | Which::Called => Rest::Open,
    };
    #[expect(clippy::expect_used, reason = "a constant within bounds; the tests of this file make one")]
    let timing = Timing::told(DEBOUNCE).expect("within bounds");
    Supervised::new(Wiring::Supervised(Bands::one_and_one(rest)), timing)
}

fn told(which: Which, door: usize, state: State) -> Input {
    match which {
        Which::Contact => {
            Input::Contact(door, wire(state, |open| if open { Contact::Open } else { Contact::Closed }))
        }
        Which::Bolt => {
            Input::Bolt(door, wire(state, |back| if back { Bolt::Released } else { Bolt::Locked }))
        }
        Which::Exit => Input::Exit(door, wire(state, |pressed| pressed)),
        Which::Called => Input::Called(door, wire(state, |called| called)),
    }
}

fn wire<T>(state: State, says: impl Fn(bool) -> T) -> Wire<T> {
    match state {
        State::Active => Wire::Says(says(true)),
        State::Inactive => Wire::Says(says(false)),
        State::Open => Wire::Fault(InputFault::Open),
        State::Short => Wire::Fault(InputFault::Short),
        State::Ground => Wire::Fault(InputFault::Ground),
        State::Foreign => Wire::Fault(InputFault::Foreign),
        State::Unknown => Wire::Fault(InputFault::Silent),
    }
}

fn name(which: Which) -> &'static str {
    match which {
        Which::Contact => "contact",
        Which::Exit => "exit",
        Which::Bolt => "bolt",
        Which::Called => "called",
    }
}

fn done(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Cut => "cut",
        Trouble::Shorted => "shorted",
        Trouble::Grounded => "grounded",
        Trouble::Fed => "fed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(line: &mut Line, reading: Reading) -> State {
        let mut edges = Vec::new();
        let now = Mono(1_000_000);
        line.input.handle(now, reading, &mut edges);
        line.input.tick(now + DEBOUNCE, &mut edges);
        line.input.state()
    }

    #[test]
    fn each_wire_reads_normal_with_its_own_resistors_and_a_fault_with_any_other() {
        for which in [Which::Contact, Which::Exit, Which::Bolt, Which::Called] {
            let at = |reading| settled(&mut line(which), reading);
            assert!(at(Reading::Loop(CLOSED)).active().is_some());
            assert!(at(Reading::Loop(OPEN)).active().is_some());
            assert_eq!(at(Reading::Loop(Ohms(0))), State::Short);
            assert_eq!(at(Reading::Loop(Ohms::INFINITE)), State::Open);
        }
    }
}
