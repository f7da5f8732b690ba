//! The rules of an input once more, as a person would check them on paper: every millisecond on record, looked through
//! from the beginning each time.

use crate::rig::DEBOUNCE;
use lockward_inputs::{Ohms, Reading, State};

/// An input for one and one kilohm, contact closed at rest, polled or not.
pub(crate) struct Naive {
    /// What the wire meant in every millisecond so far.
    pub(crate) record: Vec<State>,
    pub(crate) held: State,
    /// The last millisecond in which the held state was beyond doubt.
    firm: usize,
    /// What is on record before this millisecond counts no more: the hardware was silent since.
    counts_from: usize,
    fresh: Option<usize>,
    read: Option<usize>,
    raw: State,
}

impl Naive {
    pub(crate) fn new(fresh: Option<usize>) -> Self {
        let (held, raw) = (State::Unknown, State::Unknown);
        Self { record: Vec::new(), held, firm: 0, counts_from: 0, fresh, read: None, raw }
    }

    pub(crate) fn read(&mut self, reading: Reading) {
        self.raw = meaning(self.raw, reading);
        if self.raw == State::Unknown {
            self.forget();
        } else {
            self.read = Some(self.record.len());
        }
    }

    /// One millisecond passes.
    pub(crate) fn pass(&mut self) {
        self.record.push(self.raw);
        let now = self.record.len();
        let recent = &self.record[now.saturating_sub(DEBOUNCE as usize).max(self.counts_from)..];
        let full = recent.len() == DEBOUNCE as usize && !recent.contains(&State::Unknown);
        let steady = recent.iter().all(|s| *s == self.raw);
        let faulty = !self.held.is_fault() && recent.iter().all(|s| s.is_fault());
        if full && (steady || faulty) {
            self.become_now(self.raw);
        } else if self.held != State::Unknown {
            let doubt = self.record[self.firm..].iter().position(|s| *s != self.held);
            if doubt.is_some_and(|after| now - (self.firm + after) >= 400) {
                self.become_now(State::Unknown);
            }
        }
        if self.fresh.zip(self.read).is_some_and(|(fresh, read)| now - read >= fresh) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        (self.raw, self.read, self.counts_from) = (State::Unknown, None, self.record.len());
        self.become_now(State::Unknown);
    }

    fn become_now(&mut self, state: State) {
        self.held = state;
        self.firm = self.record.len();
    }
}

fn meaning(before: State, reading: Reading) -> State {
    let Reading::Loop(Ohms(r)) = reading else {
        return match reading {
            Reading::Ground => State::Ground,
            Reading::Foreign => State::Foreign,
            _ => State::Unknown,
        };
    };
    // Five percent of 500, 700, 1,300, 1,600, 2,600 and 6,000.
    match (r, before) {
        (0..=500, _) | (501..=525, State::Short) => State::Short,
        (6_000.., _) | (5_700..=5_999, State::Open) => State::Open,
        (735..=1_235, _) | (700..=1_300, State::Inactive) => State::Inactive,
        (1_680..=2_470, _) | (1_600..=2_600, State::Active) => State::Active,
        _ => State::Foreign,
    }
}
