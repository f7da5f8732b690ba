//! Random sequences of everything that can happen, each step held against the naive rules.

use crate::naive::{Naive, Noted};
use crate::rig::{ALICE, BOB, Rig, grant, this_door};
use lockward_door::{ANSWER_WAIT, Action, Answer, Contact, Feedback, Input, Key, State};
use lockward_model::{CardToken, Deny, ExitHardware, Relock, Side};
use proptest::prelude::*;

const ANSWER_WAIT_MS: u64 = ANSWER_WAIT.as_secs() * 1_000;
/// Longer than any wait that a door begins by itself, twice over: an entry begun again, its answer, a held door.
const LONG_MS: u64 = 120_000;

#[derive(Debug, Clone, Copy)]
enum Reply {
    Grant,
    GrantElsewhere,
    GrantTooLate,
    NeedPin,
    Deny,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// With every timer on its moment, or with none.
    Wait(u64, bool),
    Card(Side, Option<CardToken>),
    Key(Side, Key),
    /// Answers the last question of a side, answered already or not.
    Answer(Side, Reply),
    Noted(Noted),
    Reader(Side, bool),
}

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Entry), Just(Side::Exit)]
}

fn any_step() -> impl Strategy<Value = Step> {
    let spans = prop_oneof![
        Just(0),
        Just(1),
        Just(999),
        Just(4_999),
        Just(5_000),
        Just(8_000),
        Just(15_000),
        Just(19_999),
        Just(20_000),
        0..30_000u64
    ];
    let token = prop_oneof![3 => Just(Some(ALICE)), 3 => Just(Some(BOB)), 1 => Just(None)];
    let key = prop_oneof![8 => (0..12u8).prop_map(Key::Digit), 2 => Just(Key::Enter), 1 => Just(Key::Clear)];
    let reply = prop_oneof![
        6 => Just(Reply::Grant), 1 => Just(Reply::GrantElsewhere), 1 => Just(Reply::GrantTooLate),
        3 => Just(Reply::NeedPin), 1 => Just(Reply::Deny)
    ];
    let noted = prop_oneof![
        4 => Just(Noted::Opened), 4 => Just(Noted::Closed), 3 => Just(Noted::Pressed), 3 => Just(Noted::LetGo),
        1 => Just(Noted::Free), 2 => Just(Noted::NotFree), 1 => Just(Noted::Nothing)
    ];
    prop_oneof![
        4 => (spans, any::<bool>()).prop_map(|(ms, timers)| Step::Wait(ms, timers)),
        4 => (any_side(), token).prop_map(|(side, token)| Step::Card(side, token)),
        3 => (any_side(), key).prop_map(|(side, key)| Step::Key(side, key)),
        5 => (any_side(), reply).prop_map(|(side, reply)| Step::Answer(side, reply)),
        8 => noted.prop_map(Step::Noted),
        1 => (any_side(), any::<bool>()).prop_map(|(side, online)| Step::Reader(side, online)),
    ]
}

#[derive(Clone, Copy, Default)]
struct Asked {
    question: u32,
    /// When, while no answer has come.
    waiting: Option<u64>,
}

/// The door and the naive rules, side by side.
struct Both {
    rig: Rig,
    naive: Naive,
    asked: [Asked; 2],
    /// Highest question so far.
    questions: u32,
}

impl Both {
    fn new(relock: Relock, exit: ExitHardware) -> Self {
        let naive = Naive { relock, exit, history: vec![], seen: 0 };
        Self { rig: Rig::new(relock, exit), naive, asked: [Asked::default(); 2], questions: 0 }
    }

    fn asked(&mut self, side: Side) -> &mut Asked {
        &mut self.asked[usize::from(side == Side::Exit)]
    }

    fn is_asked(&mut self, side: Side) -> bool {
        let now = self.rig.ms;
        self.asked(side).waiting.is_some_and(|since| now < since + ANSWER_WAIT_MS)
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

        let said = &self.rig.said;
        let commands: Vec<_> = said.iter().filter(|a| matches!(a, Action::Lock | Action::Release)).collect();
        assert_eq!(commands.len(), usize::from(was != self.rig.released), "{told}: {said:?}");
        assert!(commands.is_empty() || said[0] == *commands[0], "{told}: a command waits: {said:?}");
        assert!(self.rig.door.wake_at().is_none_or(|w| w.0 > self.rig.ms * 1_000), "{told}: due again");

        for action in &self.rig.said {
            if let Action::Decide { side, question, .. } = action {
                assert!(*question > self.questions, "{told}: a question serves once");
                self.questions = *question;
                let asked = Asked { question: *question, waiting: Some(self.rig.ms) };
                self.asked[usize::from(*side == Side::Exit)] = asked;
            }
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

    fn card(&mut self, side: Side, token: Option<CardToken>) {
        let busy = self.is_asked(side);
        self.tell(Input::Card { side, token }, Noted::Nothing);
        let resting = [Feedback::Idle, Feedback::Unlocked, Feedback::Held];
        let shown = self.rig.shown().into_iter().filter(|s| s.0 == side && !resting.contains(&s.1));
        let shown: Vec<_> = shown.collect();
        if busy {
            assert_eq!((self.rig.question(), shown), (None, vec![(side, Feedback::Wait)]));
        } else if !shown.contains(&(side, Feedback::EnterPin)) {
            assert!(self.rig.question().is_some(), "a card is never passed over: {:?}", self.rig.said);
        }
    }

    fn answer(&mut self, side: Side, reply: Reply) {
        let now = self.rig.ms;
        let heeded = self.is_asked(side);
        let question = self.asked(side).question;
        self.asked(side).waiting = None;
        let answer = match reply {
            Reply::Grant => Answer::Granted(grant(this_door(), now + 1)),
            Reply::GrantElsewhere => Answer::Granted(grant("vault".parse().unwrap(), now + 1)),
            Reply::GrantTooLate => Answer::Granted(grant(this_door(), now)),
            Reply::NeedPin => Answer::NeedPin,
            Reply::Deny => Answer::Denied(Deny::NothingPermits),
        };
        let serves = heeded && matches!(reply, Reply::Grant);
        self.tell(Input::Decided { question, answer }, if serves { Noted::Granted } else { Noted::Nothing });
    }

    fn noted(&mut self, noted: Noted) {
        let input = match noted {
            Noted::Opened => Input::Contact(Contact::Open),
            Noted::Closed => Input::Contact(Contact::Closed),
            Noted::Pressed => Input::Exit(true),
            Noted::LetGo => Input::Exit(false),
            Noted::Free => Input::Unlocked(true),
            Noted::NotFree => Input::Unlocked(false),
            Noted::Nothing | Noted::Granted => Input::Timer,
        };
        self.tell(input, noted);
        if noted == Noted::Pressed && self.naive.exit == ExitHardware::Released {
            assert!(self.rig.released, "a request to exit works in every state");
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Wait(ms, timers) => self.wait(ms, timers),
            Step::Card(side, token) => self.card(side, token),
            Step::Key(side, key) => self.tell(Input::Key { side, key }, Noted::Nothing),
            Step::Answer(side, reply) => self.answer(side, reply),
            Step::Noted(noted) => self.noted(noted),
            Step::Reader(side, online) => self.tell(Input::Reader { side, online }, Noted::Nothing),
        }
    }
}

fn setups() -> impl Strategy<Value = (Relock, ExitHardware)> {
    let relock = prop_oneof![Just(Relock::OnOpen), Just(Relock::OnClose)];
    (relock, prop_oneof![Just(ExitHardware::Mechanical), Just(ExitHardware::Released)])
}

proptest! {
    // 4,000 sequences of 50 steps on average, and their timers: a quarter of a million.
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_differs_from_the_naive_rules(
        (relock, exit) in setups(),
        steps in proptest::collection::vec(any_step(), 1..100),
    ) {
        let mut both = Both::new(relock, exit);
        for step in steps {
            both.step(step);
        }
        // Every state can be left, every timer ends, and no reader stays deaf.
        for noted in [Noted::LetGo, Noted::NotFree, Noted::Closed] {
            both.noted(noted);
        }
        both.wait(LONG_MS, true);
        prop_assert_eq!((both.rig.state(), both.rig.released), (State::Locked, false));
        prop_assert_eq!(both.rig.door.wake_at(), None);
        for side in [Side::Entry, Side::Exit] {
            both.card(side, Some(ALICE));
            prop_assert!(both.is_asked(side));
        }
    }
}
