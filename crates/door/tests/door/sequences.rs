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

/// Every number is a step: building them one by one from strategies takes longer than taking them.
fn decode(number: u32) -> Step {
    let [kind, which, a, b] = number.to_be_bytes();
    let side = if which & 1 == 0 { Side::Entry } else { Side::Exit };
    let pick = usize::from(a);
    match kind % 25 {
        0..4 => {
            let edges = [0, 1, 999, 4_999, 5_000, 8_000, 15_000, 19_999, 20_000];
            let any = u64::from(a) * 256 + u64::from(b);
            let ms = edges.get(usize::from(which >> 4)).copied().unwrap_or(any / 2);
            Step::Wait(ms, which & 1 == 0)
        }
        4..8 => Step::Card(side, [Some(ALICE), Some(BOB), Some(ALICE), Some(BOB), None][pick % 5]),
        8..11 => Step::Key(
            side,
            [Key::Enter, Key::Clear, Key::Enter].get(pick % 12).copied().unwrap_or(Key::Digit(b % 12)),
        ),
        11..16 => {
            use Reply::{Deny, Grant, GrantElsewhere, GrantTooLate, NeedPin};
            let replies = [Grant, Grant, Grant, Grant, NeedPin, NeedPin, GrantElsewhere, GrantTooLate, Deny];
            Step::Answer(side, replies[pick % 9])
        }
        16..24 => {
            use Noted::{Closed, Free, LetGo, NotFree, Nothing, Opened, Pressed};
            let noted = [Opened, Closed, Pressed, LetGo, Opened, Closed, Free, NotFree, NotFree, Nothing];
            Step::Noted(noted[pick % 10])
        }
        _ => Step::Reader(side, which & 2 == 0),
    }
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
        let asks = self.rig.said.iter().any(|a| matches!(a, Action::Decide { side: s, .. } if *s == side));
        if busy {
            assert_eq!((asks, shown), (false, vec![(side, Feedback::Wait)]));
        } else if !shown.contains(&(side, Feedback::EnterPin)) {
            assert!(asks, "a card is never passed over: {:?}", self.rig.said);
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

proptest! {
    // 5,000 sequences of 100 steps on average, and their timers: more than half a million.
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_differs_from_the_naive_rules(
        on_open: bool,
        mechanical: bool,
        steps in proptest::collection::vec(any::<u32>().prop_map(decode), 1..200),
    ) {
        let relock = if on_open { Relock::OnOpen } else { Relock::OnClose };
        let exit = if mechanical { ExitHardware::Mechanical } else { ExitHardware::Released };
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
