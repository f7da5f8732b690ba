//! Random sequences of everything that can happen, each step held against the naive rules.

use crate::naive::{Naive, Noted, ROW_OF_CAUSE, ROW_OF_SIDE, Rules, Told};
use crate::rig::{ALICE, BOB, Rig, card, config, grant, this_door};
use core::time::Duration;
use lockward_door::{
    ANSWER_WAIT, Action, Answer, Bolt, Cause, Contact, Door, Feedback, Input, Key, Shown, State, Terms, Wire,
    Wiring,
};
use lockward_model::{
    Deny, DoorKind, ExitHardware, Extended, InputFault, OfficeTime, OpenLimit, OrderAct, ReleaseTime, Relock,
    Side, WarnTime, Wish,
};
use proptest::prelude::*;

const ANSWER_WAIT_MS: u64 = ANSWER_WAIT.as_secs() * 1_000;
/// Longer than any wait that a door begins by itself: a gesture's freedom, then a held door, then two entries begun
/// again, each with its answer.
const LONG_MS: u64 = 300_000;
const SIDES: [Side; 2] = [Side::Entry, Side::Exit];

#[derive(Debug, Clone, Copy)]
enum Reply {
    Grant(Terms),
    GrantElsewhere,
    GrantTooLate,
    NeedPin,
    NeedCard,
    NeedSecond,
    Deny,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Unlock,
    Hold(u64),
    Release,
    Elsewhere,
    TooLate,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// With every timer on its moment, or with none.
    Wait(u64, bool),
    Show(usize, usize),
    Key(usize, Key),
    /// Answers the last question of a side, answered already or not.
    Answer(usize, Reply),
    Noted(Noted),
    Order(Order),
    Reconfigure(u8),
    Restart,
}

/// Every number is a step: building them one by one from strategies takes longer than taking them.
fn decode(number: u32) -> Step {
    let [kind, which, a, b] = number.to_be_bytes();
    let (side, pick, on) = (usize::from(which & 1), usize::from(a), b & 1 == 0);
    match kind % 32 {
        0..5 => {
            let edges = [0, 1, 999, 4_999, 5_000, 8_000, 10_000, 15_000, 19_999, 20_000, 30_000, 60_000];
            let any = u64::from(a) * 256 + u64::from(b);
            Step::Wait(edges.get(usize::from(which >> 4)).copied().unwrap_or(any / 2), which & 1 == 0)
        }
        5..9 => Step::Show(side, pick % 6),
        9..12 => {
            let keys = [Key::Enter, Key::Clear, Key::Enter];
            Step::Key(side, keys.get(pick % 12).copied().unwrap_or(Key::Digit(b % 12)))
        }
        12..18 => {
            use Reply::{Deny, Grant, GrantElsewhere, GrantTooLate, NeedCard, NeedPin, NeedSecond};
            let terms = Terms { extended: b & 1 == 0, hold: b & 6 == 0, in_lockdown: b & 8 == 0 };
            let plain = Terms { hold: false, ..terms };
            let (given, good) = (Grant(terms), Grant(plain));
            let replies = [
                given,
                given,
                good,
                good,
                good,
                NeedPin,
                NeedCard,
                NeedSecond,
                GrantElsewhere,
                GrantTooLate,
                Deny,
            ];
            Step::Answer(side, replies[pick % 11])
        }
        18..30 => Step::Noted(decode_noted(which, pick, on)),
        30 => {
            let hold = Order::Hold(u64::from(b) * 400 + 1);
            let orders =
                [Order::Unlock, hold, hold, Order::Unlock, Order::Release, Order::Elsewhere, Order::TooLate];
            Step::Order(orders[pick % 7])
        }
        _ if a < 32 => Step::Restart,
        _ => Step::Reconfigure(b),
    }
}

fn decode_noted(which: u8, pick: usize, on: bool) -> Noted {
    let told = [Told::Yes, Told::No, Told::Yes, Told::No, Told::Bad][pick % 5];
    let plain = if on { Told::Yes } else { Told::No };
    match which % 24 {
        0..7 => Noted::Contact(if pick < 230 { plain } else { Told::Bad }),
        7..11 => Noted::Bolt(if pick < 230 { plain } else { Told::Bad }),
        11..14 => Noted::Exit(told),
        14 => Noted::Called(told),
        15..18 => Noted::Free(pick % 4, on),
        18 => Noted::Fire(on && pick < 128),
        19 => Noted::Lockdown(on),
        20 => Noted::Airlock(on && pick < 128),
        21 => Noted::Power(on),
        _ => Noted::Reader(pick % 2, on),
    }
}

/// A door's settings, from one byte.
fn rules(byte: u8, like: Option<Rules>) -> Rules {
    let bit = |n: u32| byte >> n & 1 == 1;
    let rules = Rules {
        on_close: bit(0),
        holds_in: bit(1),
        release: if bit(2) { 5_000 } else { 2_000 },
        limit: if bit(2) { 20_000 } else { 15_000 },
        longer: bit(3).then_some((12_000, 40_000)),
        warn: bit(4).then_some(if bit(5) { 5_000 } else { 60_000 }),
        office: bit(5).then_some(60_000),
        contact: byte % 8 != 3,
        bolt: !bit(6),
        floor: bit(7) && bit(6),
    };
    // How a door is wired, and what it is, does not change under it.
    like.map_or(rules, |l| Rules { contact: l.contact, bolt: l.bolt, floor: l.floor, ..rules })
}

fn settings(rules: Rules) -> lockward_model::Door {
    let ms = Duration::from_millis;
    let relock = if rules.on_close { Relock::OnClose } else { Relock::OnOpen };
    let exit = if rules.holds_in { ExitHardware::Released } else { ExitHardware::Mechanical };
    let mut settings = config(relock, exit);
    settings.kind = if rules.floor { DoorKind::Floor } else { DoorKind::Room };
    settings.release = ReleaseTime::new(ms(rules.release)).unwrap();
    settings.open_limit = OpenLimit::new(ms(rules.limit)).unwrap();
    settings.rules.extended = rules.longer.map(|(release, limit)| Extended {
        release: ReleaseTime::new(ms(release)).unwrap(),
        open_limit: OpenLimit::new(ms(limit)).unwrap(),
    });
    settings.rules.warn_before = rules.warn.map(|w| WarnTime::new(ms(w)).unwrap());
    settings.rules.office = rules.office.map(|t| OfficeTime::new(ms(t)).unwrap());
    settings
}

fn wiring(rules: Rules) -> Wiring {
    Wiring { contact: rules.contact, bolt: rules.bolt, keypad: true }
}

#[derive(Clone, Copy, Default)]
struct Asked {
    question: u32,
    /// When, while no answer has come.
    waiting: Option<u64>,
    wish: Wish,
    /// Something was typed since.
    typed: bool,
    /// A prompt stands at the reader since.
    prompted: bool,
}

/// The door and the naive rules, side by side.
struct Both {
    rules: Rules,
    rig: Rig,
    naive: Naive,
    asked: [Asked; 2],
    /// Highest question so far, and grants that were given and not yet spent.
    questions: u32,
    given: Vec<u32>,
}

impl Both {
    fn new(rules: Rules) -> Self {
        let rig = Rig::with(settings(rules), wiring(rules));
        let asked = [Asked::default(); 2];
        Self { rules, rig, naive: Naive::new(rules), asked, questions: 0, given: vec![] }
    }

    fn is_asked(&self, side: usize) -> bool {
        self.asked[side].waiting.is_some_and(|since| self.rig.ms < since + ANSWER_WAIT_MS)
    }

    /// One input to both; everything that must hold after any input.
    fn tell(&mut self, input: Input, noted: Noted) {
        let was = self.rig.released;
        let told = format!("{input:?} at {} ms", self.rig.ms);
        self.rig.tell(input);
        let due = self.naive.note(self.rig.ms, noted);
        assert_eq!(self.rig.records(), due, "{told}");
        assert_eq!(self.rig.released, self.naive.is_released(), "{told}");
        assert_eq!(self.rig.state(), self.naive.state(), "{told}");
        assert!(self.rig.door.wake_at().is_none_or(|w| w.0 > self.rig.ms * 1_000), "{told}: due again");
        self.commands(was, &told);
        self.conversation(&told);
        self.spent(&told);
    }

    fn commands(&self, was: bool, told: &str) {
        let said = &self.rig.said;
        let commands: Vec<_> = said.iter().filter(|a| matches!(a, Action::Lock | Action::Release)).collect();
        assert_eq!(commands.len(), usize::from(was != self.rig.released), "{told}: {said:?}");
        assert!(commands.is_empty() || said[0] == *commands[0], "{told}: a command waits: {said:?}");
    }

    /// A question serves once, what is typed ends in one, and a prompt ends in yes or no.
    fn conversation(&mut self, told: &str) {
        for action in &self.rig.said {
            match action {
                Action::Decide { side, question, asked } => {
                    assert!(*question > self.questions, "{told}: a question serves once");
                    self.questions = *question;
                    let of_side = &mut self.asked[usize::from(*side == Side::Exit)];
                    let waiting = Some(self.rig.ms);
                    *of_side =
                        Asked { question: *question, waiting, wish: asked.wish, typed: false, ..*of_side };
                }
                Action::Feedback { side, feedback } => {
                    let of_side = &mut self.asked[usize::from(*side == Side::Exit)];
                    match feedback {
                        Feedback::KeyTaken => of_side.typed = true,
                        Feedback::EnterPin | Feedback::ShowCard | Feedback::SecondPerson => {
                            of_side.prompted = true;
                        }
                        Feedback::Granted | Feedback::Denied => of_side.prompted = false,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// Every grant that was given is spent once.
    fn spent(&mut self, told: &str) {
        for (question, _) in self.rig.spent() {
            let given = self.given.iter().position(|g| *g == question);
            self.given.swap_remove(given.unwrap_or_else(|| panic!("{told}: {question} was spent before")));
        }
    }

    fn wait(&mut self, ms: u64, timers: bool) {
        let end = self.rig.ms + ms;
        while timers && let Some(due) = self.rig.door.wake_at().filter(|w| w.0 <= end * 1_000) {
            self.rig.ms = due.0 / 1_000;
            self.tell(Input::Timer, Noted::Nothing);
        }
        self.rig.ms = end;
    }

    fn show(&mut self, side: usize, which: usize) {
        let busy = self.is_asked(side);
        let shown = match which {
            0 | 1 => card(ALICE),
            2 => card(BOB),
            3 => Shown::Key { token: BOB, signed: true },
            4 => Shown::Pass([1; 8].into()),
            _ => Shown::Malformed,
        };
        self.tell(Input::Shown { side: SIDES[side], shown: shown.clone() }, Noted::Nothing);
        let here = |s: &(Side, Feedback)| s.0 == SIDES[side];
        let told: Vec<_> = self.rig.shown().into_iter().filter(here).map(|s| s.1).collect();
        let asked = self.rig.said.iter().any(|a| match a {
            Action::Decide { side: s, asked, .. } if *s == SIDES[side] => {
                asked.first.shown == shown || asked.second.as_ref().is_some_and(|p| p.shown == shown)
            }
            _ => false,
        });
        let waits = told.contains(&Feedback::Wait);
        // An entry whose time is over, unnoticed, becomes a question before anything else is taken.
        let asks =
            self.rig.said.iter().any(|a| matches!(a, Action::Decide { side: s, .. } if *s == SIDES[side]));
        if busy || (waits && asks) {
            assert!(waits && !(busy && asked), "{told:?}");
        } else {
            let known = told.contains(&Feedback::EnterPin) || told.contains(&Feedback::SecondPerson);
            assert!(asked || known, "nothing is passed over: {:?}", self.rig.said);
        }
    }

    fn answer(&mut self, side: usize, reply: Reply) {
        let now = self.rig.ms;
        let heeded = self.is_asked(side);
        let Asked { question, wish, .. } = self.asked[side];
        self.asked[side].waiting = None;
        let answer = match reply {
            Reply::Grant(terms) => Answer::Granted(grant(this_door(), now + 1), terms),
            Reply::GrantElsewhere => {
                Answer::Granted(grant("vault".parse().unwrap(), now + 1), Terms::default())
            }
            Reply::GrantTooLate => Answer::Granted(grant(this_door(), now), Terms::default()),
            Reply::NeedPin => Answer::NeedPin,
            Reply::NeedCard => Answer::NeedCard,
            Reply::NeedSecond => Answer::NeedSecond,
            Reply::Deny => Answer::Denied(Deny::NothingPermits),
        };
        if matches!(answer, Answer::Granted(..)) {
            self.given.push(question);
        }
        let noted = match reply {
            Reply::Grant(terms) if terms.hold && heeded && wish == Wish::Hold => Noted::Held,
            Reply::Grant(terms) if terms.hold => Noted::Nothing,
            Reply::Grant(Terms { extended, in_lockdown, .. }) if heeded => {
                Noted::Granted { row: ROW_OF_SIDE[side], longer: extended, in_lockdown }
            }
            Reply::Grant(_) | Reply::GrantElsewhere | Reply::GrantTooLate => Noted::GrantedInVain,
            _ => Noted::Nothing,
        };
        self.tell(Input::Decided { question, answer }, noted);
        let told: Vec<_> = self.rig.shown().into_iter().filter(|s| s.0 == SIDES[side]).collect();
        let asks =
            self.rig.said.iter().any(|a| matches!(a, Action::Decide { side: s, .. } if *s == SIDES[side]));
        assert!(!heeded || asks || !told.is_empty(), "the person learns what is wanted: {:?}", self.rig.said);
    }

    fn noted(&mut self, noted: Noted) {
        let wire = |told| match told {
            Told::Yes => Wire::Says(true),
            Told::No | Told::Silent => Wire::Says(false),
            Told::Bad => Wire::Fault(InputFault::Open),
        };
        let (mut noted, given) = (noted, noted);
        let input = match given {
            Noted::Contact(told) => Input::Contact(match wire(told) {
                Wire::Says(open) => Wire::Says(if open { Contact::Open } else { Contact::Closed }),
                Wire::Fault(fault) => Wire::Fault(fault),
            }),
            Noted::Bolt(told) => Input::Bolt(match wire(told) {
                Wire::Says(out) => Wire::Says(if out { Bolt::Released } else { Bolt::Locked }),
                Wire::Fault(fault) => Wire::Fault(fault),
            }),
            Noted::Exit(told) => Input::Exit(wire(told)),
            Noted::Called(told) => Input::Called(wire(told)),
            Noted::Free(which, on) => {
                noted = Noted::Free(ROW_OF_CAUSE[which], on);
                let cause = [Cause::Schedule, Cause::FirstPerson, Cause::Order, Cause::Office][which];
                Input::Free { cause, on }
            }
            Noted::Fire(on) => Input::Fire(on),
            Noted::Lockdown(on) => Input::Lockdown(on),
            Noted::Airlock(busy) => Input::Airlock(busy),
            Noted::Power(there) => Input::Power(there),
            Noted::Reader(side, online) => Input::Reader { side: SIDES[side], online },
            Noted::Nothing
            | Noted::Granted { .. }
            | Noted::GrantedInVain
            | Noted::Held
            | Noted::Ordered(_) => Input::Timer,
        };
        self.tell(input, noted);
        if given == Noted::Exit(Told::Yes) && self.rules.holds_in {
            assert!(self.rig.released, "a request to exit works in every state");
        }
    }

    fn order(&mut self, order: Order) {
        let now = self.rig.ms;
        let until = if matches!(order, Order::TooLate) { now } else { now + 1 };
        let door = if matches!(order, Order::Elsewhere) { "vault".parse().unwrap() } else { this_door() };
        let (act, noted) = match order {
            Order::Unlock => (OrderAct::Unlock, Noted::Ordered(None)),
            Order::Hold(span) => (OrderAct::Hold(Duration::from_millis(span)), Noted::Ordered(Some(span))),
            Order::Release => (OrderAct::Release, Noted::Free(ROW_OF_CAUSE[2], false)),
            Order::Elsewhere | Order::TooLate => (OrderAct::Unlock, Noted::GrantedInVain),
        };
        let done = match noted {
            Noted::Ordered(_) => self.naive.lets_in(),
            noted => noted != Noted::GrantedInVain,
        };
        self.tell(Input::Ordered { order: 7, act, grant: grant(door, until), passes: None }, noted);
        assert_eq!(self.rig.obeyed(), done, "{order:?}");
    }

    fn reconfigure(&mut self, byte: u8) {
        self.rules = rules(byte, Some(self.rules));
        self.rig.door.reconfigure(settings(self.rules));
        self.naive.settle_on(self.rules);
        self.tell(Input::Timer, Noted::Nothing);
    }

    /// Power is gone and comes back: everything is as it was at first, and the lock is commanded anew.
    fn restart(&mut self) {
        self.rig.door = Door::new(settings(self.rules), wiring(self.rules), crate::rig::at(self.rig.ms));
        self.rig.tell(Input::Timer);
        assert!(self.rig.said.starts_with(&[Action::Lock]) && !self.rig.released);
        self.naive = Naive::new(self.rules);
        (self.asked, self.questions, self.given) = ([Asked::default(); 2], 0, vec![]);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Wait(ms, timers) => self.wait(ms, timers),
            Step::Show(side, which) => self.show(side, which),
            Step::Key(side, key) => self.tell(Input::Key { side: SIDES[side], key }, Noted::Nothing),
            Step::Answer(side, reply) => self.answer(side, reply),
            Step::Noted(noted) => self.noted(noted),
            Step::Order(order) => self.order(order),
            Step::Reconfigure(byte) => self.reconfigure(byte),
            Step::Restart => self.restart(),
        }
    }

    /// Every state can be left, every timer ends, no reader stays deaf, and nothing is left undecided.
    fn can_be_left(&mut self) {
        for noted in [
            Noted::Exit(Told::No),
            Noted::Fire(false),
            Noted::Free(0, false),
            Noted::Free(1, false),
            Noted::Free(2, false),
            Noted::Lockdown(false),
            Noted::Airlock(false),
            Noted::Power(true),
            Noted::Reader(0, true),
            Noted::Reader(1, true),
            Noted::Called(Told::No),
            Noted::Bolt(Told::No),
            Noted::Contact(Told::No),
        ] {
            self.noted(noted);
        }
        self.wait(LONG_MS, true);
        assert_eq!((self.rig.state(), self.rig.released), (State::Locked, false));
        assert_eq!(self.rig.door.wake_at(), None);
        assert!(self.given.is_empty(), "a grant is left over");
        for (side, asked) in self.asked.into_iter().enumerate() {
            assert!(!asked.typed && !asked.prompted, "an entry is left over");
            self.show(side, 0);
            assert!(self.is_asked(side));
        }
    }
}

/// 2,000 sequences of 100 steps on average, and their timers: some hundreds of thousands of inputs. `LOCKWARD_DOOR_CASES`
/// asks for more.
pub(crate) fn cases() -> u32 {
    std::env::var("LOCKWARD_DOOR_CASES").ok().map_or(2_000, |n| n.parse().expect("a number of sequences"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_differs_from_the_naive_rules(
        first: u8,
        steps in proptest::collection::vec(any::<u32>().prop_map(decode), 1..200),
    ) {
        let mut both = Both::new(rules(first, None));
        for step in steps {
            both.step(step);
        }
        both.can_be_left();
    }
}
