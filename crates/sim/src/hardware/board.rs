//! A lock board: outputs that move bolts, inputs that feel leaves and buttons. Two inputs and one output for each door.

use super::reader::TENTH;
use crate::clock::real_now;
use lockward_osdp::command::OutputControl;
use std::time::Instant;

/// An output: what it is set to, and what it is for a while.
#[derive(Debug, Clone, Copy, Default)]
struct Output {
    steady: bool,
    timed: Option<(bool, Instant)>,
}

impl Output {
    fn take(&mut self, control: OutputControl) {
        let timed = |state, tenths: u16| Some((state, real_now() + TENTH * u32::from(tenths)));
        match control {
            OutputControl::Keep => {}
            OutputControl::Off => *self = Self { steady: false, timed: None },
            OutputControl::On => *self = Self { steady: true, timed: None },
            OutputControl::OffAfterTimed => self.steady = false,
            OutputControl::OnAfterTimed => self.steady = true,
            OutputControl::OnFor(tenths) => self.timed = timed(true, tenths),
            OutputControl::OffFor(tenths) => self.timed = timed(false, tenths),
        }
    }

    fn is_active(self) -> bool {
        match self.timed {
            Some((state, until)) if real_now() < until => state,
            _ => self.steady,
        }
    }
}

/// The state of a board.
#[derive(Debug)]
pub struct Board {
    outputs: Vec<Output>,
    inputs: Vec<bool>,
    fails_safe: Vec<bool>,
    /// Each bolt: whether it was back when it was last looked at, and how often it went back.
    bolts: Vec<(bool, u64)>,
}

impl Board {
    /// The board's input for the contact of its `n`th door; active while the leaf is open.
    #[must_use]
    pub fn contact(n: u8) -> u8 {
        n * 2
    }

    /// The board's input for the exit button of its `n`th door.
    #[must_use]
    pub fn exit(n: u8) -> u8 {
        n * 2 + 1
    }

    /// A board for so many doors; true for a lock that is open without power.
    pub(super) fn new(fails_safe: Vec<bool>) -> Self {
        let doors = fails_safe.len();
        let bolts = fails_safe.iter().map(|safe| (*safe, 0)).collect();
        Self { outputs: vec![Output::default(); doors], inputs: vec![false; 2 * doors], fails_safe, bolts }
    }

    pub(super) fn take(&mut self, number: u8, control: OutputControl) {
        // What ran out before this command counts before it.
        self.look_at_bolts();
        if let Some(output) = self.outputs.get_mut(usize::from(number)) {
            output.take(control);
        }
        self.look_at_bolts();
    }

    /// Counts the bolts that went back since the last look. Every command is one, so that none is missed between looks;
    /// what a timer ends is seen at the next.
    pub(super) fn look_at_bolts(&mut self) {
        for n in 0..u8::try_from(self.outputs.len()).unwrap_or(u8::MAX) {
            let is_back = self.is_released(n);
            if let Some((was_back, times)) = self.bolts.get_mut(usize::from(n)) {
                *times += u64::from(is_back && !*was_back);
                *was_back = is_back;
            }
        }
    }

    /// How often the bolt of the `n`th door went back.
    pub(super) fn releases(&self, n: u8) -> u64 {
        self.bolts.get(usize::from(n)).map_or(0, |(_, times)| *times)
    }

    /// Whether the bolt of the `n`th door is back.
    pub(super) fn is_released(&self, n: u8) -> bool {
        let n = usize::from(n);
        let (Some(output), Some(safe)) = (self.outputs.get(n), self.fails_safe.get(n)) else { return false };
        output.is_active() != *safe
    }

    /// Sets an input. All inputs, if that changed anything.
    pub(super) fn set(&mut self, input: u8, active: bool) -> Option<Vec<bool>> {
        let state = self.inputs.get_mut(usize::from(input))?;
        let changed = std::mem::replace(state, active) != active;
        changed.then(|| self.inputs.clone())
    }

    pub(super) fn inputs(&self) -> Vec<bool> {
        self.inputs.clone()
    }

    pub(super) fn input(&self, input: u8) -> bool {
        self.inputs.get(usize::from(input)).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_output_lets_go_by_itself() {
        let mut board = Board::new(vec![false, true]);
        assert!(!board.is_released(0) && board.is_released(1), "without power each is where it fails");
        board.take(0, OutputControl::OnFor(1));
        board.take(1, OutputControl::OnFor(1));
        assert!(board.is_released(0) && !board.is_released(1));
        crate::clock::pause(TENTH * 2);
        assert!(!board.is_released(0) && board.is_released(1));
    }

    #[test]
    fn a_bolt_that_goes_back_between_two_looks_is_counted() {
        let mut board = Board::new(vec![false, true]);
        assert_eq!((board.releases(0), board.releases(1)), (0, 0));
        for _ in 0..3 {
            board.take(0, OutputControl::On);
            board.take(0, OutputControl::On);
            board.take(0, OutputControl::Off);
        }
        board.take(1, OutputControl::OnFor(1));
        crate::clock::pause(TENTH * 2);
        board.look_at_bolts();
        assert_eq!(
            (board.releases(0), board.releases(1)),
            (3, 1),
            "one by command, one because nobody renewed it"
        );
    }
}
