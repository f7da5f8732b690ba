//! The readers' share of a door: which factors are in, what is being asked, and how long anyone waits for it.

use crate::{Action, Digits, Feedback, Key, PinEntry};
use core::time::Duration;
use lockward_model::{CardToken, Mono, Side};

/// Longest pause between two keys: time to find the keypad with both hands full, short enough that an entry left
/// alone is gone before the next person stands there.
pub const PIN_WAIT: Duration = Duration::from_secs(15);
/// Longest wait for an answer that by contract always comes: a PIN's hash (up to 1 s) and a slow disk's sync (up
/// to 3 s), twice. A reader must not stay deaf because an answer was lost.
pub const ANSWER_WAIT: Duration = Duration::from_secs(8);

enum Step {
    /// Ready for a card.
    Idle,
    /// The site is deciding. Cards and keys are not heeded until it has.
    Asked { question: u32, token: Option<CardToken>, pin_asked: bool, until: Mono },
    /// The card is in, the PIN is being typed. It begins again once at most.
    Typing { token: CardToken, digits: Digits, began_again: bool, until: Mono },
}

/// One reader. Never touches the lock.
pub(crate) struct Reading {
    side: Side,
    step: Step,
}

impl Reading {
    fn new(side: Side) -> Self {
        Self { side, step: Step::Idle }
    }

    /// When it stops waiting for what it waits for.
    fn wake_at(&self) -> Option<Mono> {
        match &self.step {
            Step::Idle => None,
            Step::Asked { until, .. } | Step::Typing { until, .. } => Some(*until),
        }
    }

    fn awaits(&self, answer_to: u32) -> bool {
        matches!(&self.step, Step::Asked { question, .. } if *question == answer_to)
    }

    /// A card. A new one takes the place of one whose PIN is still awaited; that one is decided as it stands, so
    /// that nobody can try a card and leave no record of it.
    pub(crate) fn card(&mut self, now: Mono, token: Option<CardToken>, ask: &mut Ask<'_>) {
        match &self.step {
            Step::Asked { .. } => return self.show(Feedback::Wait, ask.out),
            Step::Typing { token: same, .. } if Some(*same) == token => {
                return self.type_pin(now, *same, false, ask.out);
            }
            Step::Typing { .. } => self.give_up(now, ask),
            Step::Idle => {}
        }
        self.ask(now, token, PinEntry::NotAsked, ask);
    }

    /// A key. Means something only while a PIN is awaited.
    pub(crate) fn key(&mut self, now: Mono, key: Key, ask: &mut Ask<'_>) {
        let Step::Typing { token, digits, began_again, until } = &mut self.step else { return };
        let (token, again) = (*token, *began_again);
        match key {
            Key::Digit(digit) => {
                if digits.push(digit) {
                    *until = now + PIN_WAIT;
                    self.show(Feedback::KeyTaken, ask.out);
                }
            }
            Key::Enter if digits.could_be_a_pin() => {
                let typed = core::mem::replace(digits, Digits::none());
                self.show(Feedback::KeyTaken, ask.out);
                self.ask(now, Some(token), PinEntry::Typed(typed), ask);
            }
            Key::Enter | Key::Clear if again => self.give_up(now, ask),
            Key::Enter | Key::Clear => self.type_pin(now, token, true, ask.out),
        }
    }

    /// The site wants a PIN. Where none can be typed, or it was asked for already, that is the end of it.
    pub(crate) fn need_pin(&mut self, now: Mono, keypad: bool, ask: &mut Ask<'_>) {
        match self.step {
            Step::Asked { token: Some(token), pin_asked: false, .. } if keypad => {
                self.type_pin(now, token, false, ask.out);
            }
            Step::Asked { token, pin_asked: false, .. } => self.ask(now, token, PinEntry::Missing, ask),
            _ => self.close(false, ask.out),
        }
    }

    /// The site has decided, or will not; the person learns which.
    pub(crate) fn close(&mut self, granted: bool, out: &mut Vec<Action>) {
        self.step = Step::Idle;
        self.show(if granted { Feedback::Granted } else { Feedback::Denied }, out);
    }

    /// The reader is lost: nobody can go on typing. A question that is out stays out.
    pub(crate) fn lost(&mut self, now: Mono, ask: &mut Ask<'_>) {
        if let Step::Typing { .. } = self.step {
            self.give_up(now, ask);
        }
    }

    fn elapse(&mut self, now: Mono, ask: &mut Ask<'_>) {
        match &self.step {
            Step::Asked { until, .. } if *until <= now => self.close(false, ask.out),
            Step::Typing { until, .. } if *until <= now => self.give_up(now, ask),
            _ => {}
        }
    }

    pub(crate) fn show(&self, feedback: Feedback, out: &mut Vec<Action>) {
        out.push(Action::Feedback { side: self.side, feedback });
    }

    fn type_pin(&mut self, now: Mono, token: CardToken, began_again: bool, out: &mut Vec<Action>) {
        self.step = Step::Typing { token, digits: Digits::none(), began_again, until: now + PIN_WAIT };
        self.show(Feedback::EnterPin, out);
    }

    fn give_up(&mut self, now: Mono, ask: &mut Ask<'_>) {
        if let Step::Typing { token, .. } = self.step {
            self.ask(now, Some(token), PinEntry::Missing, ask);
        }
    }

    fn ask(&mut self, now: Mono, token: Option<CardToken>, pin: PinEntry, ask: &mut Ask<'_>) {
        *ask.last = ask.last.wrapping_add(1);
        let (question, side) = (*ask.last, self.side);
        let pin_asked = pin != PinEntry::NotAsked;
        self.step = Step::Asked { question, token, pin_asked, until: now + ANSWER_WAIT };
        ask.out.push(Action::Decide { side, token, pin, question });
    }
}

/// The readers of one door: one on each side, neither waiting for the other.
pub(crate) struct Readings {
    outside: Reading,
    inside: Reading,
    last_question: u32,
}

impl Readings {
    pub(crate) fn new() -> Self {
        Self { outside: Reading::new(Side::Entry), inside: Reading::new(Side::Exit), last_question: 0 }
    }

    /// The reader on one side, and what it takes to ask.
    pub(crate) fn at<'a>(&'a mut self, side: Side, out: &'a mut Vec<Action>) -> (&'a mut Reading, Ask<'a>) {
        let Self { outside, inside, last_question } = self;
        let reading = if side == Side::Entry { outside } else { inside };
        (reading, Ask { last: last_question, out })
    }

    /// Which side waits for the answer to this question.
    pub(crate) fn awaiting(&self, question: u32) -> Option<Side> {
        [&self.outside, &self.inside].into_iter().find(|r| r.awaits(question)).map(|r| r.side)
    }

    pub(crate) fn wake_at(&self) -> Option<Mono> {
        [self.outside.wake_at(), self.inside.wake_at()].into_iter().flatten().min()
    }

    pub(crate) fn elapse(&mut self, now: Mono, out: &mut Vec<Action>) {
        for side in [Side::Entry, Side::Exit] {
            let (reading, mut ask) = self.at(side, out);
            reading.elapse(now, &mut ask);
        }
    }

    pub(crate) fn show_everywhere(&self, feedback: Feedback, out: &mut Vec<Action>) {
        self.outside.show(feedback, out);
        self.inside.show(feedback, out);
    }
}

/// What it takes to ask: the number of the door's last question, and where actions go.
pub(crate) struct Ask<'a> {
    last: &'a mut u32,
    pub(crate) out: &'a mut Vec<Action>,
}
