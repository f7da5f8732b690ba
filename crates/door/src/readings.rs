//! The readers of one door: one on each side, neither waiting for the other.

use crate::reading::Reading;
use crate::{Action, Feedback};
use lockward_model::{Mono, Side, Wish};

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

    /// Which side waits for the answer to this question, and what is wanted there.
    pub(crate) fn awaiting(&self, question: u32) -> Option<(Side, Wish)> {
        [&self.outside, &self.inside].into_iter().find_map(|r| Some((r.side, r.awaits(question)?)))
    }

    /// Whether each is lost: outside, inside.
    pub(crate) fn lost(&self) -> [bool; 2] {
        [self.outside.lost, self.inside.lost]
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

impl Ask<'_> {
    /// No number serves twice, as long as anyone can remember.
    pub(crate) fn next_question(&mut self) -> u32 {
        *self.last = self.last.wrapping_add(1);
        *self.last
    }
}
