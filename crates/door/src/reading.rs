//! One reader: who has shown and typed what, what is wanted next, and how long anyone waits for it.

use crate::readings::Ask;
use crate::{Action, Asked, Digits, Feedback, Key, PinEntry, Presented, Shown};
use core::mem;
use core::time::Duration;
use lockward_model::{Mono, Side, Wish};

/// Longest pause between two keys: time to find the keypad with both hands full, short enough that an entry left
/// alone is gone before the next person stands there.
pub const PIN_WAIT: Duration = Duration::from_secs(15);
/// Longest wait for the card that goes with a PIN: it is in the hand, or in a pocket.
pub const CARD_WAIT: Duration = Duration::from_secs(10);
/// Longest wait for a second person: who comes along stands there already.
pub const SECOND_WAIT: Duration = Duration::from_secs(15);
/// The same card again this soon after a grant is a gesture.
pub const AGAIN_WITHIN: Duration = Duration::from_secs(5);
/// Longest wait for an answer that by contract always comes: a PIN's hash (up to 1 s) and a slow disk's sync (up
/// to 3 s), twice. A reader must not stay deaf because an answer was lost.
pub const ANSWER_WAIT: Duration = Duration::from_secs(8);

enum Step {
    /// Ready for a card, or a PIN.
    Idle,
    /// The site is deciding. What is shown and typed is not heeded until it has.
    Asked { question: u32, asked: Asked, until: Mono },
    /// A PIN is being typed by whoever came last. It begins again once at most.
    Typing { asked: Asked, digits: Digits, began_again: bool, until: Mono },
    /// Whoever came last has typed a PIN, and a card is wanted with it.
    AwaitCard { asked: Asked, until: Mono },
    /// A second person is wanted.
    AwaitSecond { asked: Asked, until: Mono },
}

impl Step {
    fn until(&self) -> Option<Mono> {
        match self {
            Self::Idle => None,
            Self::Asked { until, .. }
            | Self::Typing { until, .. }
            | Self::AwaitCard { until, .. }
            | Self::AwaitSecond { until, .. } => Some(*until),
        }
    }
}

/// One reader. Never touches the lock. Whatever is shown or typed ends in a question to the site, which records it.
pub(crate) struct Reading {
    pub(crate) side: Side,
    pub(crate) lost: bool,
    step: Step,
    /// What was granted last, and when: the same again is a gesture.
    granted: Option<(Shown, Mono)>,
}

impl Reading {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, lost: false, step: Step::Idle, granted: None }
    }

    /// When it stops waiting for what it waits for.
    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.step.until()
    }

    /// What is wanted by the question that this answers; `None` if no such question is open here.
    pub(crate) fn awaits(&self, answer_to: u32) -> Option<Wish> {
        match &self.step {
            Step::Asked { question, asked, .. } if *question == answer_to => Some(asked.wish),
            _ => None,
        }
    }

    /// Something is shown. A new card takes the place of one whose PIN is still awaited; that one is decided as it
    /// stands. `gesture` says whether the door knows one.
    pub(crate) fn shown(&mut self, now: Mono, shown: Shown, gesture: bool, ask: &mut Ask<'_>) {
        match mem::replace(&mut self.step, Step::Idle) {
            Step::Idle => self.ask_afresh(now, shown, gesture, ask),
            step @ Step::Asked { .. } => {
                self.step = step;
                self.show(Feedback::Wait, ask.out);
            }
            Step::Typing { mut asked, digits, .. } if asked.last().shown == Shown::Nothing => {
                let pin = if digits.could_be_a_pin() { PinEntry::Typed(digits) } else { PinEntry::NotAsked };
                *asked.last_mut() = Presented { shown, pin };
                self.ask(now, asked, ask);
            }
            Step::Typing { asked, .. } if asked.last().shown.same_as(&shown) => {
                self.type_pin(now, asked, false, ask.out);
            }
            step @ Step::Typing { .. } => {
                self.step = step;
                self.give_up(now, ask);
                self.ask_afresh(now, shown, gesture, ask);
            }
            Step::AwaitCard { mut asked, .. } => {
                asked.last_mut().shown = shown;
                self.ask(now, asked, ask);
            }
            Step::AwaitSecond { asked, until } if asked.first.shown.same_as(&shown) => {
                self.step = Step::AwaitSecond { asked, until };
                self.show(Feedback::SecondPerson, ask.out);
            }
            Step::AwaitSecond { mut asked, .. } => {
                asked.second = Some(Presented { shown, pin: PinEntry::NotAsked });
                self.ask(now, asked, ask);
            }
        }
    }

    /// A key. Whoever is expected, or comes unasked, may begin with a PIN.
    pub(crate) fn key(&mut self, now: Mono, key: Key, ask: &mut Ask<'_>) {
        match (mem::replace(&mut self.step, Step::Idle), key) {
            (Step::Idle, Key::Digit(digit)) => {
                let asked = Asked { first: nothing_yet(), second: None, wish: Wish::Pass };
                self.first_digit(now, digit, asked, Step::Idle, ask.out);
            }
            (Step::AwaitSecond { asked, until }, Key::Digit(digit)) => {
                let with_second = Asked { second: Some(nothing_yet()), ..asked.clone() };
                self.first_digit(now, digit, with_second, Step::AwaitSecond { asked, until }, ask.out);
            }
            (step @ (Step::AwaitSecond { .. } | Step::AwaitCard { .. }), Key::Clear) => {
                self.step = step;
                self.give_up(now, ask);
            }
            (Step::Typing { asked, digits, began_again, until }, key) => {
                self.type_on(now, key, Typed { asked, digits, began_again, until }, ask);
            }
            (step, _) => self.step = step,
        }
    }

    fn first_digit(&mut self, now: Mono, digit: u8, asked: Asked, step: Step, out: &mut Vec<Action>) {
        let mut digits = Digits::none();
        if !digits.push(digit) {
            self.step = step;
            return;
        }
        self.step = Step::Typing { asked, digits, began_again: false, until: now + PIN_WAIT };
        self.show(Feedback::KeyTaken, out);
    }

    fn type_on(&mut self, now: Mono, key: Key, typed: Typed, ask: &mut Ask<'_>) {
        let Typed { mut asked, mut digits, began_again, mut until } = typed;
        match key {
            Key::Enter if digits.could_be_a_pin() => {
                asked.last_mut().pin = PinEntry::Typed(digits);
                self.show(Feedback::KeyTaken, ask.out);
                return self.ask(now, asked, ask);
            }
            Key::Enter | Key::Clear if !began_again => return self.type_pin(now, asked, true, ask.out),
            Key::Digit(digit) if digits.push(digit) => {
                until = now + PIN_WAIT;
                self.show(Feedback::KeyTaken, ask.out);
            }
            _ => {}
        }
        self.step = Step::Typing { asked, digits, began_again, until };
        if !matches!(key, Key::Digit(_)) {
            self.give_up(now, ask);
        }
    }

    /// A PIN is wanted of whoever came last. Where none can be typed, that is what the site is told; where it was
    /// asked for already, that is the end of it.
    pub(crate) fn need_pin(&mut self, now: Mono, keypad: bool, ask: &mut Ask<'_>) {
        let Some(mut asked) = self.take_asked() else { return };
        let last = asked.last_mut();
        let has_shown = !matches!(last.shown, Shown::Malformed | Shown::Missing | Shown::Nothing);
        if last.pin != PinEntry::NotAsked {
            self.close(now, false, Some(asked), ask.out);
        } else if has_shown && keypad {
            self.type_pin(now, asked, false, ask.out);
        } else {
            last.pin = PinEntry::Missing;
            self.ask(now, asked, ask);
        }
    }

    /// A card is wanted with a PIN that was typed alone.
    pub(crate) fn need_card(&mut self, now: Mono, ask: &mut Ask<'_>) {
        let Some(mut asked) = self.take_asked() else { return };
        match (&asked.last().shown, &asked.last().pin) {
            (Shown::Nothing, PinEntry::Typed(_)) => {
                self.step = Step::AwaitCard { asked, until: now + CARD_WAIT };
                self.show(Feedback::ShowCard, ask.out);
            }
            (Shown::Nothing, _) => {
                asked.last_mut().shown = Shown::Missing;
                self.ask(now, asked, ask);
            }
            _ => self.close(now, false, Some(asked), ask.out),
        }
    }

    /// Another person is wanted, once.
    pub(crate) fn need_second(&mut self, now: Mono, ask: &mut Ask<'_>) {
        let Some(asked) = self.take_asked() else { return };
        if asked.second.is_some() {
            return self.close(now, false, Some(asked), ask.out);
        }
        self.step = Step::AwaitSecond { asked, until: now + SECOND_WAIT };
        self.show(Feedback::SecondPerson, ask.out);
    }

    /// The site has decided; the person learns which.
    pub(crate) fn decided(&mut self, now: Mono, granted: bool, out: &mut Vec<Action>) {
        let asked = self.take_asked();
        self.close(now, granted, asked, out);
    }

    fn close(&mut self, now: Mono, granted: bool, asked: Option<Asked>, out: &mut Vec<Action>) {
        self.step = Step::Idle;
        let begun = asked.filter(|a| granted && a.wish == Wish::Pass);
        self.granted = begun.map(|a| (a.first.shown, now));
        self.show(if granted { Feedback::Granted } else { Feedback::Denied }, out);
    }

    /// The reader is lost: nobody can go on. A question that is out stays out.
    pub(crate) fn lose(&mut self, now: Mono, ask: &mut Ask<'_>) {
        self.lost = true;
        self.give_up(now, ask);
    }

    pub(crate) fn elapse(&mut self, now: Mono, ask: &mut Ask<'_>) {
        if self.step.until().is_none_or(|until| until > now) {
            return;
        }
        if matches!(self.step, Step::Asked { .. }) {
            return self.close(now, false, None, ask.out);
        }
        self.give_up(now, ask);
    }

    /// The door opens for whoever stands here and has shown nothing.
    pub(crate) fn welcome(&self, out: &mut Vec<Action>) {
        if matches!(self.step, Step::Idle) {
            self.show(Feedback::Granted, out);
        }
    }

    pub(crate) fn show(&self, feedback: Feedback, out: &mut Vec<Action>) {
        out.push(Action::Feedback { side: self.side, feedback });
    }

    fn type_pin(&mut self, now: Mono, asked: Asked, began_again: bool, out: &mut Vec<Action>) {
        self.step = Step::Typing { asked, digits: Digits::none(), began_again, until: now + PIN_WAIT };
        self.show(Feedback::EnterPin, out);
    }

    /// What is awaited does not come. It is decided as it stands, so that nobody tries something unrecorded.
    fn give_up(&mut self, now: Mono, ask: &mut Ask<'_>) {
        let asked = match mem::replace(&mut self.step, Step::Idle) {
            step @ (Step::Idle | Step::Asked { .. }) => {
                self.step = step;
                return;
            }
            Step::Typing { mut asked, .. } => {
                asked.last_mut().pin = PinEntry::Missing;
                asked
            }
            Step::AwaitCard { mut asked, .. } => {
                asked.last_mut().shown = Shown::Missing;
                asked
            }
            Step::AwaitSecond { mut asked, .. } => {
                asked.second = Some(Presented { shown: Shown::Missing, pin: PinEntry::NotAsked });
                asked
            }
        };
        self.ask(now, asked, ask);
    }

    fn ask_afresh(&mut self, now: Mono, shown: Shown, gesture: bool, ask: &mut Ask<'_>) {
        let just_granted = self.granted.take().filter(|(_, at)| now < *at + AGAIN_WITHIN);
        let again = gesture && just_granted.is_some_and(|(card, _)| card.same_as(&shown));
        let wish = if again { Wish::Hold } else { Wish::Pass };
        let first = Presented { shown, pin: PinEntry::NotAsked };
        self.ask(now, Asked { first, second: None, wish }, ask);
    }

    fn ask(&mut self, now: Mono, asked: Asked, ask: &mut Ask<'_>) {
        let question = ask.next_question();
        ask.out.push(Action::Decide { side: self.side, asked: Box::new(asked.clone()), question });
        self.step = Step::Asked { question, asked, until: now + ANSWER_WAIT };
    }

    fn take_asked(&mut self) -> Option<Asked> {
        match mem::replace(&mut self.step, Step::Idle) {
            Step::Asked { asked, .. } => Some(asked),
            step => {
                self.step = step;
                None
            }
        }
    }
}

struct Typed {
    asked: Asked,
    digits: Digits,
    began_again: bool,
    until: Mono,
}

/// Somebody who began with a PIN.
fn nothing_yet() -> Presented {
    Presented { shown: Shown::Nothing, pin: PinEntry::NotAsked }
}
