//! The rules told once more, as flat as possible: every reason for the bolt to be out is a row with the moment at which
//! it ends, and every event rewrites rows. Shares no line with the door.

use core::time::Duration;
use lockward_door::State;
use lockward_model::{Body, DoorFact, InputFault, InputName, LockCause, Opening};

const NEVER: u64 = 0;
const ALWAYS: u64 = u64::MAX;

/// The rows. The first five after the grants are the causes of being free, the one that names the door last.
const ENTRY: usize = 0;
const EXIT: usize = 1;
const SCHEDULE: usize = 2;
const FIRST: usize = 3;
const OFFICE: usize = 4;
const ORDER: usize = 5;
const FIRE: usize = 6;
const PRESSED: usize = 7;
const WINDOW: usize = 8;
const CLOSING: usize = 9;
const RELOCK: usize = 10;
const ROWS: usize = 11;
const CAUSES: [(usize, LockCause, State); 5] = [
    (FIRE, LockCause::Fire, State::Fire),
    (ORDER, LockCause::Order, State::Order),
    (OFFICE, LockCause::Office, State::Office),
    (FIRST, LockCause::FirstPerson, State::FirstPerson),
    (SCHEDULE, LockCause::Schedule, State::Schedule),
];

/// A wire as it was told last: nothing yet, one of two readings, or a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Told {
    Silent,
    Yes,
    No,
    Bad,
}
use Told::{Bad, No, Silent, Yes};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Noted {
    /// A grant that the door was waiting for, in time and for this door: by which row, with longer times, in spite of
    /// a lockdown.
    Granted {
        row: usize,
        longer: bool,
        in_lockdown: bool,
    },
    /// A grant that came to nothing before it reached the bolt.
    GrantedInVain,
    /// A grant to hold the door, where it was wished.
    Held,
    /// An order, in time and for this door: to open once, or to hold for so long.
    Ordered(Option<u64>),
    Contact(Told),
    Bolt(Told),
    Exit(Told),
    Called(Told),
    Free(usize, bool),
    Fire(bool),
    Lockdown(bool),
    Airlock(bool),
    Power(bool),
    Reader(usize, bool),
    Nothing,
}

pub(crate) const ROW_OF_CAUSE: [usize; 4] = [SCHEDULE, FIRST, ORDER, OFFICE];
pub(crate) const ROW_OF_SIDE: [usize; 2] = [ENTRY, EXIT];

/// The settings of a door, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    pub(crate) on_close: bool,
    pub(crate) holds_in: bool,
    pub(crate) release: u64,
    pub(crate) limit: u64,
    pub(crate) longer: Option<(u64, u64)>,
    pub(crate) warn: Option<u64>,
    pub(crate) office: Option<u64>,
    pub(crate) contact: bool,
    pub(crate) bolt: bool,
    pub(crate) floor: bool,
}

pub(crate) struct Naive {
    rules: Rules,
    ends: [u64; ROWS],
    /// Bearers who have not entered, and who have, by row.
    out_there: [u32; 2],
    through: [u32; 2],
    longer: [bool; 2],
    window_releases: bool,
    closing: Option<LockCause>,
    was_free: Vec<usize>,
    fire: bool,
    lockdown: bool,
    airlock: bool,
    power: bool,
    online: [bool; 2],
    contact: Told,
    bolt: Told,
    exit: Told,
    called: Told,
    opened: Option<(u64, Opening, bool)>,
    counted: Option<u64>,
    warned: bool,
    held: bool,
    // Of the bolt.
    seen_home: bool,
    astray: Option<u64>,
    unconfirmed: bool,
    jammed: Option<u64>,
    unreleased: bool,
    mismatch: bool,
    last_bolt: Told,
    last_leaf: Told,
    moved: bool,
    unmoved: u16,
}

impl Naive {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            ends: [NEVER; ROWS],
            out_there: [0; 2],
            through: [0; 2],
            longer: [false; 2],
            window_releases: false,
            closing: None,
            was_free: vec![],
            fire: false,
            lockdown: false,
            airlock: false,
            power: true,
            online: [true; 2],
            contact: Silent,
            bolt: Silent,
            exit: No,
            called: Silent,
            opened: None,
            counted: None,
            warned: false,
            held: false,
            seen_home: false,
            astray: None,
            unconfirmed: false,
            jammed: None,
            unreleased: false,
            mismatch: false,
            last_bolt: Silent,
            last_leaf: Silent,
            moved: false,
            unmoved: 0,
        }
    }

    fn row(&self, row: usize) -> bool {
        let counts = match row {
            FIRE | PRESSED => self.rules.holds_in,
            WINDOW => self.window_releases,
            _ => true,
        };
        counts && self.ends[row] != NEVER
    }

    fn free(&self) -> Vec<usize> {
        CAUSES.iter().map(|c| c.0).filter(|row| self.row(*row)).collect()
    }

    fn leaving(&self) -> bool {
        self.row(PRESSED) || self.row(WINDOW)
    }

    fn granted(&self) -> bool {
        self.row(ENTRY) || self.row(EXIT)
    }

    /// Whether anybody enters now, as far as lockdown and airlock go.
    pub(crate) fn lets_in(&self) -> bool {
        !self.lockdown && !self.airlock
    }

    pub(crate) fn is_released(&self) -> bool {
        (0..ROWS).any(|row| self.row(row))
    }

    pub(crate) fn state(&self) -> State {
        let free = self.free();
        let bad = [self.contact, self.bolt, self.exit, self.called].contains(&Bad);
        let rows = [
            (matches!(self.opened, Some((_, Opening::Forced, _))), State::Forced),
            (self.held, State::Held),
            (self.opened.is_some() && self.contact == Bad, State::InputFault),
            (self.opened.is_some() && self.warned, State::HeldWarning),
            (self.opened.is_some(), State::Open),
            (free.contains(&FIRE), State::Fire),
            (free.contains(&ORDER), State::Order),
            (free.contains(&OFFICE), State::Office),
            (free.contains(&FIRST), State::FirstPerson),
            (free.contains(&SCHEDULE), State::Schedule),
            (self.granted(), State::Granted),
            (self.leaving(), State::Leaving),
            (bad, State::InputFault),
            (self.lockdown, State::Lockdown),
            (!self.power, State::PowerFail),
            (self.online != [true; 2], State::ReaderLost),
        ];
        rows.iter().find(|(is, _)| *is).map_or(State::Locked, |(_, state)| *state)
    }

    /// Whether something tells that people go through.
    fn sees(&self) -> bool {
        if self.rules.floor && self.called != Silent { self.called != Bad } else { self.watches_leaf() }
    }

    fn watches_leaf(&self) -> bool {
        self.rules.contact && self.contact != Bad
    }

    /// Takes note, and tells what has to be on record for it.
    pub(crate) fn note(&mut self, now: u64, what: Noted) -> Vec<Body> {
        let mut due = vec![];
        self.time(now, &mut due);
        self.event(now, what, &mut due);
        self.freedom(now, &mut due);
        self.lock(now, &mut due);
        due
    }

    fn time(&mut self, now: u64, due: &mut Vec<Body>) {
        self.grants_end(now, due);
        if self.ends[WINDOW] <= now {
            self.ends[WINDOW] = NEVER;
        }
        if let (Some((_, how, longer)), Some(from)) = (self.opened, self.counted)
            && how != Opening::Forced
            && !self.held
        {
            let limit = self.rules.longer.filter(|_| longer).map_or(self.rules.limit, |l| l.1);
            let warn = self.rules.warn.filter(|w| *w < limit);
            if warn.is_some_and(|w| from + limit - w <= now) && !self.warned {
                self.warned = true;
                due.push(Body::Door(DoorFact::HeldWarning));
            }
            if from + limit <= now {
                self.held = true;
                due.push(Body::DoorHeld { limit: Duration::from_millis(limit) });
            }
        }
        match self.astray {
            Some(since) if self.seen_home && since + 10_000 <= now && !self.mismatch => {
                self.mismatch = true;
                due.push(Body::Door(DoorFact::ContactMismatch(true)));
            }
            Some(since) if !self.seen_home && since + 30_000 <= now && !self.unconfirmed => {
                self.unconfirmed = true;
                due.push(Body::Door(DoorFact::RelockUnconfirmed(true)));
            }
            _ => {}
        }
        if self.jammed.is_some_and(|since| since + 2_000 <= now) && !self.unreleased {
            self.unreleased = true;
            due.push(Body::Door(DoorFact::ReleaseUnconfirmed(true)));
        }
        for row in [OFFICE, ORDER] {
            if self.ends[row] <= now {
                self.ends[row] = NEVER;
            }
        }
        self.freedom(now, due);
    }

    fn grants_end(&mut self, now: u64, due: &mut Vec<Body>) {
        let last = self.ends[ENTRY].max(self.ends[EXIT]);
        if last != NEVER && last <= now {
            if self.sees() && self.through == [0; 2] {
                due.push(Body::NotEntered);
            }
            self.no_grants();
        }
    }

    fn no_grants(&mut self) {
        (self.ends[ENTRY], self.ends[EXIT]) = (NEVER, NEVER);
        (self.out_there, self.through, self.longer) = ([0; 2], [0; 2], [false; 2]);
    }

    fn nobody_enters(&mut self, now: u64, due: &mut Vec<Body>) {
        if self.ends[ENTRY] != NEVER && self.through[0] == 0 && self.sees() {
            due.push(Body::NotEntered);
        }
        self.ends[ENTRY] = NEVER;
        (self.out_there[0], self.through[0], self.longer[0]) = (0, 0, false);
        self.grants_end(now, due);
    }

    fn event(&mut self, now: u64, what: Noted, due: &mut Vec<Body>) {
        match what {
            Noted::Granted { row, longer, in_lockdown } => self.grant(now, row, longer, in_lockdown, due),
            Noted::GrantedInVain => due.push(Body::NotEntered),
            Noted::Held => {
                if self.ends[OFFICE] != NEVER {
                    self.ends[OFFICE] = NEVER;
                } else if let Some(time) = self.rules.office
                    && !self.lockdown
                    && !self.airlock
                {
                    self.ends[OFFICE] = now + time;
                }
            }
            Noted::Ordered(_) if self.airlock || self.lockdown => due.push(Body::NotEntered),
            Noted::Ordered(None) => self.grant(now, ENTRY, false, false, due),
            Noted::Ordered(Some(span)) => self.ends[ORDER] = now + span,
            Noted::Contact(told) if self.rules.contact => self.contact(now, told, due),
            Noted::Bolt(told) if self.rules.bolt => {
                faults(InputName::Bolt, self.bolt, told, due);
                self.bolt = told;
            }
            Noted::Contact(_) | Noted::Bolt(_) | Noted::Nothing => {}
            Noted::Exit(told) => self.exit(now, told, due),
            Noted::Called(told) if self.rules.floor => self.call(told, due),
            Noted::Called(_) => {}
            Noted::Free(ORDER, true) => {}
            Noted::Free(row, on) => {
                let end = if row == OFFICE { self.rules.office.map_or(NEVER, |t| now + t) } else { ALWAYS };
                if !on {
                    self.ends[row] = NEVER;
                } else if self.lets_in() && self.ends[row] == NEVER {
                    self.ends[row] = end;
                }
            }
            Noted::Fire(on) => {
                self.fire = on;
                self.ends[FIRE] = if on { ALWAYS } else { NEVER };
            }
            Noted::Lockdown(on) if on != self.lockdown => {
                self.lockdown = on;
                due.push(Body::Door(DoorFact::Lockdown(on)));
                if on {
                    for row in ROW_OF_CAUSE {
                        self.ends[row] = NEVER;
                    }
                    self.nobody_enters(now, due);
                }
            }
            Noted::Lockdown(_) => {}
            Noted::Airlock(busy) => {
                self.airlock = busy;
                if busy {
                    for row in ROW_OF_CAUSE {
                        self.ends[row] = NEVER;
                    }
                    self.nobody_enters(now, due);
                }
            }
            Noted::Power(there) => self.power = there,
            Noted::Reader(side, online) => self.online[side] = online,
        }
    }

    /// New settings count from here on.
    pub(crate) fn settle_on(&mut self, rules: Rules) {
        self.rules = rules;
        if !rules.on_close {
            self.ends[RELOCK] = NEVER;
        }
        if rules.office.is_none() {
            self.ends[OFFICE] = NEVER;
        }
    }

    fn grant(&mut self, now: u64, row: usize, longer: bool, in_lockdown: bool, due: &mut Vec<Body>) {
        if row == ENTRY && (self.airlock || (self.lockdown && !in_lockdown)) {
            due.push(Body::NotEntered);
            return;
        }
        if self.opened.is_some() || !self.free().is_empty() {
            return;
        }
        let release = self.rules.longer.filter(|_| longer).map_or(self.rules.release, |l| l.0);
        self.ends[row] = self.ends[row].max(now + release);
        self.longer[row] |= longer;
        if self.rules.contact || self.called != Silent {
            self.out_there[row] += 1;
        } else {
            self.through[row] += 1;
        }
    }

    fn contact(&mut self, now: u64, told: Told, due: &mut Vec<Body>) {
        faults(InputName::Contact, self.contact, told, due);
        self.contact = told;
        match (told, self.opened) {
            (Yes, None) => {
                let how = if !self.free().is_empty() {
                    Opening::Free
                } else if self.granted() {
                    Opening::Granted
                } else if self.leaving() || self.ends[WINDOW] != NEVER {
                    Opening::Exit
                } else {
                    Opening::Forced
                };
                let longer = how == Opening::Granted && self.longer != [false; 2];
                if self.rules.on_close && (self.granted() || self.leaving()) {
                    self.ends[RELOCK] = ALWAYS;
                }
                self.no_grants();
                self.ends[WINDOW] = NEVER;
                self.opened = Some((now, how, longer));
                (self.warned, self.held) = (false, false);
                self.counted = (how != Opening::Free).then_some(now);
                due.push(Body::DoorOpened(how));
            }
            (No, Some((since, ..))) => {
                (self.opened, self.warned, self.held) = (None, false, false);
                due.push(Body::DoorClosed { open_for: Duration::from_millis(now - since) });
                self.nothing_to_wait_for(due);
            }
            (Bad, _) => self.nothing_to_wait_for(due),
            _ => {}
        }
    }

    fn nothing_to_wait_for(&mut self, due: &mut Vec<Body>) {
        self.ends[RELOCK] = NEVER;
        self.ends[CLOSING] = NEVER;
        due.extend(self.closing.take().map(Body::Locked));
    }

    fn exit(&mut self, now: u64, told: Told, due: &mut Vec<Body>) {
        let was_locked = !self.is_released();
        faults(InputName::Exit, self.exit, told, due);
        let before = self.exit;
        self.exit = told;
        self.ends[PRESSED] = if told == Yes { ALWAYS } else { NEVER };
        if told == Yes && before != Yes {
            self.window_releases = self.rules.holds_in;
            self.ends[WINDOW] = now + if self.rules.holds_in { self.rules.release } else { 5_000 };
            due.push(Body::ExitRequested { released: was_locked && self.rules.holds_in });
        }
    }

    fn call(&mut self, told: Told, due: &mut Vec<Body>) {
        faults(InputName::Button, self.called, told, due);
        let before = self.called;
        self.called = told;
        if told != Yes || before == Yes || self.fire || !self.free().is_empty() {
            return;
        }
        if self.granted() {
            if self.out_there != [0; 2] {
                due.push(Body::DoorOpened(Opening::Granted));
            }
            for row in [ENTRY, EXIT] {
                self.through[row] += self.out_there[row];
                self.out_there[row] = 0;
            }
        } else if self.leaving() || self.ends[WINDOW] != NEVER {
            self.ends[WINDOW] = NEVER;
            due.push(Body::DoorOpened(Opening::Exit));
        } else {
            due.push(Body::Door(DoorFact::LiftOverride));
        }
    }

    fn freedom(&mut self, now: u64, due: &mut Vec<Body>) {
        let free = self.free();
        let was = std::mem::replace(&mut self.was_free, free.clone());
        for (row, cause, _) in CAUSES {
            if free.contains(&row) && !was.contains(&row) && self.closing != Some(cause) {
                due.push(Body::Unlocked(cause));
            }
        }
        if was.is_empty() && !free.is_empty() {
            self.no_grants();
            (self.counted, self.closing, self.ends[CLOSING]) = (None, None, NEVER);
            self.warned = false;
        }
        if !was.is_empty() && free.is_empty() {
            let named = CAUSES.iter().find(|c| c.0 == was[0]).unwrap().1;
            let cause = if self.lockdown && was[0] != FIRE { LockCause::Lockdown } else { named };
            if self.opened.is_some() && self.contact != Bad {
                (self.closing, self.ends[CLOSING]) = (Some(cause), ALWAYS);
            } else {
                due.push(Body::Locked(cause));
            }
            (self.counted, self.warned) = (Some(now), false);
        }
    }

    fn lock(&mut self, now: u64, due: &mut Vec<Body>) {
        if !self.rules.bolt {
            return;
        }
        if [Yes, No].contains(&self.contact) {
            if self.last_leaf != Silent && self.last_leaf != self.contact {
                if self.unmoved >= 5 {
                    due.push(Body::Door(DoorFact::ContactStuck(None)));
                }
                (self.unmoved, self.moved) = (0, true);
            }
            self.last_leaf = self.contact;
        }
        // Of the bolt, `Yes` is released.
        if [Yes, No].contains(&self.bolt) {
            if self.last_bolt == No && self.bolt == Yes {
                self.moved = false;
            }
            if self.last_bolt == Yes && self.bolt == No && !self.moved && self.contact == No {
                self.unmoved += 1;
                if self.unmoved == 5 {
                    due.push(Body::Door(DoorFact::ContactStuck(Some(5))));
                }
            }
            self.last_bolt = self.bolt;
        }
        if self.is_released() {
            self.seen_home = false;
        } else if self.bolt == No {
            self.seen_home = true;
        }
        if self.bolt == No && self.unconfirmed {
            self.unconfirmed = false;
            due.push(Body::Door(DoorFact::RelockUnconfirmed(false)));
        }
        if (self.bolt == No || self.contact == Yes) && self.mismatch {
            self.mismatch = false;
            due.push(Body::Door(DoorFact::ContactMismatch(false)));
        }
        if (self.bolt == Yes || self.contact == Yes) && self.unreleased {
            self.unreleased = false;
            due.push(Body::Door(DoorFact::ReleaseUnconfirmed(false)));
        }
        let jammed = self.is_released() && self.bolt == No && self.contact != Yes;
        self.jammed = self.jammed.or(Some(now)).filter(|_| jammed);
        let shut = self.contact == No || (!self.rules.contact && !self.seen_home);
        if !self.is_released() && self.bolt == Yes && shut {
            self.astray = self.astray.or(Some(now));
        } else {
            self.astray = None;
        }
    }
}

/// Every change between what can and what can not be believed. All faults of the sequences are cut wires.
fn faults(input: InputName, was: Told, is: Told, due: &mut Vec<Body>) {
    if (was == Bad) != (is == Bad) {
        due.push(Body::Input { input, fault: (is == Bad).then_some(InputFault::Open) });
    }
}
