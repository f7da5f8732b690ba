//! Doors of an airlock: at most one lets somebody in, whoever leaves takes it, and other controllers' word counts while
//! it is fresh.

use crate::rig::{ALICE, ALL_WIRED, Rig, at, card, config, grant};
use core::time::Duration;
use lockward_door::{
    Airlock, AirlockChange, Answer, Cause, Contact, Input, RESERVED_FOR, Stand, TOLD_FOR, Terms, Told, Wire,
};
use lockward_model::{
    Alone, Deny, DoorId, DoorRules, ExitHardware, InputFault, Mono, OfficeTime, OrderAct, Relock, Side,
};
use proptest::prelude::*;

const TOLD_MS: u64 = TOLD_FOR.as_secs() * 1_000;
const RESERVED_MS: u64 = RESERVED_FOR.as_secs() * 1_000;

fn id(n: usize) -> DoorId {
    ["outer", "inner", "side", "far"][n].parse().unwrap()
}

fn mono(ms: u64) -> Mono {
    at(ms).mono
}

/// Three doors of one controller, and what a controller does between them and their airlock.
struct Lock {
    doors: Vec<Rig>,
    airlock: Airlock,
    pending: Vec<(usize, u32)>,
    ms: u64,
    /// Whether decisions are held up by the airlock, as they should be; the doors hold without it.
    asks: bool,
    exits: [ExitHardware; 3],
}

impl Lock {
    fn new(exits: [ExitHardware; 3], asks: bool) -> Self {
        let door = |n: usize| {
            let airlock = Some(lockward_model::Airlock { id: "sluice".parse().unwrap(), alone: Alone::Own });
            let office = Some(OfficeTime::new(Duration::from_secs(60)).unwrap());
            let rules = DoorRules { airlock, office, ..DoorRules::default() };
            let settings = lockward_model::Door { id: id(n), rules, ..config(Relock::OnOpen, exits[n]) };
            Rig::with(settings, ALL_WIRED)
        };
        let own: Vec<_> = (0..3).map(|n| (id(n), Alone::Own)).collect();
        let doors = (0..3).map(door).collect();
        let mut lock = Self { doors, airlock: Airlock::new(&own, &[]), pending: vec![], ms: 0, asks, exits };
        for n in 0..3 {
            lock.tell(n, Input::Contact(Wire::Says(Contact::Closed)));
        }
        lock
    }

    /// Gives a door an input, and everything that follows from it for the others, before anything else happens.
    fn tell(&mut self, n: usize, input: Input) {
        let mut changes = vec![];
        self.give(n, input, &mut changes);
        let mut rounds = 0;
        while !changes.is_empty() {
            rounds += 1;
            assert!(rounds < 100, "doors that tell each other for ever");
            // In order: a later word replaces an earlier one.
            let change = changes.remove(0);
            if let AirlockChange::Tell { door, busy } = change {
                let n = (0..3).find(|n| id(*n) == door).unwrap();
                self.give(n, Input::Airlock(busy), &mut changes);
            }
        }
        self.check();
    }

    fn give(&mut self, n: usize, input: Input, changes: &mut Vec<AirlockChange>) {
        let door = &mut self.doors[n];
        door.ms = self.ms;
        door.tell(input);
        self.airlock.stands(id(n), door.door.stand(), mono(self.ms), changes);
        if door.spent().iter().any(|(_, entered)| !entered) {
            self.airlock.give_back(id(n), mono(self.ms), changes);
        }
    }

    fn stand(&self, n: usize) -> Stand {
        self.doors[n].door.stand()
    }

    /// Whether somebody may come in by a door: the bearer of a grant, or everybody.
    fn lets_in(&self, n: usize) -> bool {
        self.stand(n) == Stand::Entering || self.doors[n].door.facts().free.is_some()
    }

    /// The promise.
    fn check(&self) {
        for n in (0..3).filter(|n| self.lets_in(*n)) {
            let others: Vec<_> = (0..3).filter(|o| *o != n).map(|o| self.stand(o)).collect();
            assert_eq!(others, [Stand::Shut; 2], "somebody enters by {n}");
        }
    }

    /// An order from afar sets a door free for a while.
    fn hold(&mut self, n: usize) {
        let (act, grant) = (OrderAct::Hold(Duration::from_secs(10)), grant(id(n), self.ms + 1));
        self.tell(n, Input::Ordered { order: 1, act, grant, passes: None });
    }

    fn show(&mut self, n: usize) {
        self.tell(n, Input::Shown { side: Side::Entry, shown: card(ALICE) });
        let Some(question) = self.doors[n].question() else { return };
        let mut changes = vec![];
        if self.airlock.reserve(id(n), mono(self.ms), &mut changes) || !self.asks {
            self.pending.push((n, question));
        } else {
            self.tell(n, Input::Decided { question, answer: Answer::Denied(Deny::AirlockBusy) });
        }
        for change in changes {
            if let AirlockChange::Tell { door, busy } = change {
                self.tell((0..3).find(|n| id(*n) == door).unwrap(), Input::Airlock(busy));
            }
        }
    }

    fn commit(&mut self) {
        for (n, question) in std::mem::take(&mut self.pending) {
            let answer = Answer::Granted(grant(id(n), self.ms + 1), Terms::default());
            self.tell(n, Input::Decided { question, answer });
        }
    }

    fn enter(&mut self, n: usize) -> Stand {
        self.show(n);
        self.commit();
        self.stand(n)
    }

    fn let_out(&mut self, n: usize) {
        self.tell(n, Input::Shown { side: Side::Exit, shown: card(ALICE) });
        if let Some(question) = self.doors[n].question() {
            let answer = Answer::Granted(grant(id(n), self.ms + 1), Terms::default());
            self.tell(n, Input::Decided { question, answer });
        }
    }

    fn press(&mut self, n: usize, pressed: bool) {
        self.tell(n, Input::Exit(Wire::Says(pressed)));
        let holds_in = self.exits[n] == ExitHardware::Released;
        assert!(!pressed || !holds_in || self.doors[n].released, "a request to exit works always");
    }

    fn leaf(&mut self, n: usize, contact: Contact) {
        self.tell(n, Input::Contact(Wire::Says(contact)));
    }

    fn wait(&mut self, ms: u64) {
        self.ms += ms;
        let mut changes = vec![];
        self.airlock.elapse(mono(self.ms), &mut changes);
        for change in changes {
            if let AirlockChange::Tell { door, busy } = change {
                self.tell((0..3).find(|n| id(*n) == door).unwrap(), Input::Airlock(busy));
            }
        }
        for n in 0..3 {
            self.tell(n, Input::Timer);
        }
    }

    fn step(&mut self, number: u16) {
        let [kind, rest] = number.to_be_bytes();
        let n = usize::from(rest) % 3;
        match kind % 15 {
            0..3 => self.show(n),
            3 | 4 => self.commit(),
            5 => self.press(n, rest & 64 == 0),
            6 => self.leaf(n, Contact::Open),
            7 | 8 => self.leaf(n, Contact::Closed),
            9 => self.wait([1, 1_000, 5_000, 8_000, 30_000][usize::from(rest) / 3 % 5]),
            10 => self.let_out(n),
            11 => {
                let cause = [Cause::Schedule, Cause::FirstPerson, Cause::Office][usize::from(rest) / 3 % 3];
                self.tell(n, Input::Free { cause, on: rest & 64 == 0 });
            }
            12 | 13 => self.hold(n),
            _ => self.tell(n, Input::Contact(Wire::Fault(InputFault::Short))),
        }
    }
}

fn maglocks() -> Lock {
    Lock::new([ExitHardware::Released; 3], true)
}

#[test]
fn while_one_door_is_released_or_open_nobody_enters_by_another() {
    let mut lock = maglocks();
    assert_eq!(lock.enter(0), Stand::Entering);
    assert_eq!(lock.enter(1), Stand::Shut);
    lock.leaf(0, Contact::Open);
    assert_eq!(lock.enter(1), Stand::Shut);
    lock.leaf(0, Contact::Closed);
    assert_eq!(lock.enter(1), Stand::Entering);
}

#[test]
fn of_two_decisions_in_one_moment_the_first_has_the_airlock() {
    let mut lock = maglocks();
    lock.show(0);
    lock.show(1);
    lock.commit();
    assert_eq!((lock.stand(0), lock.stand(1)), (Stand::Entering, Stand::Shut));
}

#[test]
fn whoever_leaves_takes_the_airlock_and_withdraws_what_runs_for_somebody_entering() {
    for leave in [|l: &mut Lock| l.press(1, true), |l: &mut Lock| l.let_out(1)] {
        let mut lock = maglocks();
        lock.enter(0);
        leave(&mut lock);
        assert_eq!((lock.stand(0), lock.stand(1)), (Stand::Shut, Stand::Leaving));
        assert!(!lock.doors[0].released && lock.doors[1].released);
    }
    let mut lock = maglocks();
    lock.show(0);
    lock.press(1, true);
    lock.commit();
    assert!(!lock.doors[0].released, "a grant on its way is withdrawn too");
}

#[test]
fn no_schedule_and_no_gesture_sets_a_door_of_an_airlock_free() {
    for cause in [Cause::Schedule, Cause::FirstPerson, Cause::Office] {
        let mut lock = maglocks();
        lock.tell(0, Input::Free { cause, on: true });
        assert_eq!((lock.stand(0), lock.doors[0].released), (Stand::Shut, false), "{cause:?}");
        assert_eq!(lock.enter(1), Stand::Entering);
    }
}

#[test]
fn a_hold_of_a_door_ends_when_somebody_leaves_by_another() {
    for leave in [|l: &mut Lock| l.press(1, true), |l: &mut Lock| l.let_out(1)] {
        let mut lock = maglocks();
        lock.hold(0);
        assert_eq!((lock.stand(0), lock.enter(1)), (Stand::Open, Stand::Shut));
        leave(&mut lock);
        assert_eq!((lock.stand(0), lock.stand(1)), (Stand::Shut, Stand::Leaving));
        assert!(!lock.doors[0].released && lock.doors[1].released);
    }
}

#[test]
fn everybody_leaves_by_every_door_at_once() {
    let mut lock = maglocks();
    for n in 0..3 {
        lock.press(n, true);
    }
    assert!(lock.doors.iter().all(|d| d.released));
}

#[test]
fn a_cut_contact_keeps_the_airlock() {
    let mut lock = maglocks();
    lock.tell(0, Input::Contact(Wire::Fault(InputFault::Open)));
    assert_eq!((lock.stand(0), lock.enter(1)), (Stand::Unseen, Stand::Shut));
    lock.leaf(0, Contact::Closed);
    assert_eq!(lock.enter(1), Stand::Entering);
}

#[test]
fn a_reservation_ends_by_itself() {
    let mut lock = maglocks();
    lock.show(0);
    lock.pending.clear();
    assert!(lock.airlock.is_busy_for(id(1), mono(lock.ms)));
    lock.wait(RESERVED_MS);
    assert!(!lock.airlock.is_busy_for(id(1), mono(lock.ms)));
    assert_eq!(lock.airlock.wake_at(), None);
}

fn with_far(alone: Alone) -> (Airlock, Vec<AirlockChange>) {
    let mut airlock = Airlock::new(&[(id(0), alone)], &[id(3)]);
    let mut out = vec![];
    airlock.stands(id(0), Stand::Shut, mono(0), &mut out);
    (airlock, out)
}

fn told(busy: bool, ms: u64) -> Told {
    Told { door: id(3), busy, at: mono(ms) }
}

#[test]
fn another_controllers_word_holds_while_it_is_fresh_and_then_what_is_declared_holds() {
    for (alone, busy_alone) in [(Alone::Own, false), (Alone::Open, false), (Alone::Refuse, true)] {
        let (mut airlock, mut out) = with_far(alone);
        assert!(out.contains(&AirlockChange::Alone { door: id(0), alone: true }), "nothing was heard yet");
        assert_eq!(airlock.is_busy_for(id(0), mono(0)), busy_alone);
        out.clear();
        airlock.told(told(true, 1_000), mono(1_000), &mut out);
        assert!(out.contains(&AirlockChange::Alone { door: id(0), alone: false }));
        assert!(airlock.is_busy_for(id(0), mono(1_000)), "{alone:?}");
        airlock.told(told(false, 2_000), mono(2_000), &mut out);
        assert!(!airlock.is_busy_for(id(0), mono(2_000 + TOLD_MS - 1)), "{alone:?}");
        out.clear();
        assert_eq!(airlock.wake_at(), Some(mono(2_000 + TOLD_MS)));
        airlock.elapse(mono(2_000 + TOLD_MS), &mut out);
        assert!(out.contains(&AirlockChange::Alone { door: id(0), alone: true }));
        assert_eq!(airlock.is_busy_for(id(0), mono(2_000 + TOLD_MS)), busy_alone);
        assert_eq!(airlock.wake_at(), None);
    }
}

#[test]
fn what_others_must_know_is_reported_once() {
    let (mut airlock, mut out) = with_far(Alone::Own);
    airlock.told(told(false, 0), mono(0), &mut out);
    out.clear();
    assert!(airlock.reserve(id(0), mono(0), &mut out));
    airlock.stands(id(0), Stand::Entering, mono(1), &mut out);
    airlock.stands(id(0), Stand::Open, mono(2), &mut out);
    assert_eq!(out, [AirlockChange::Report { door: id(0), busy: true }]);
    out.clear();
    airlock.stands(id(0), Stand::Shut, mono(3), &mut out);
    assert_eq!(out, [AirlockChange::Report { door: id(0), busy: false }]);
}

#[test]
fn a_door_of_another_controller_that_is_used_withdraws_ours() {
    let (mut airlock, mut out) = with_far(Alone::Own);
    airlock.told(told(false, 0), mono(0), &mut out);
    airlock.stands(id(0), Stand::Entering, mono(0), &mut out);
    out.clear();
    airlock.told(told(true, 1), mono(1), &mut out);
    assert_eq!(out, [AirlockChange::Tell { door: id(0), busy: true }]);
    assert!(!airlock.reserve(id(0), mono(1), &mut out));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: crate::sequences::cases() / 4,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn two_doors_are_never_both_released_for_whoever_enters(
        asks: bool,
        exits in any::<[bool; 3]>(),
        steps in proptest::collection::vec(any::<u16>(), 1..100),
    ) {
        let hardware = |m: bool| if m { ExitHardware::Mechanical } else { ExitHardware::Released };
        let mut lock = Lock::new(exits.map(hardware), asks);
        for step in steps {
            lock.step(step);
        }
        lock.pending.clear();
        for n in 0..3 {
            lock.tell(n, Input::Exit(Wire::Says(false)));
            lock.leaf(n, Contact::Closed);
        }
        for _ in 0..4 {
            lock.wait(30_000);
        }
        prop_assert_eq!(lock.enter(0), Stand::Entering, "the airlock is left free");
    }
}
