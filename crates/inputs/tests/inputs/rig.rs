//! One input and its milliseconds: what it was given, and every edge that it told.

use core::time::Duration;
use lockward_inputs::{Bands, Edge, Input, Ohms, Reading, Rest, State, Timing, Wiring};
use lockward_model::Mono;

/// The debounce of these tests, in milliseconds.
pub(crate) const DEBOUNCE: u64 = 50;

/// A moment, in milliseconds.
pub(crate) fn at(ms: u64) -> Mono {
    Mono(ms * 1_000)
}

/// A loop of so many ohms.
pub(crate) fn ohms(ohms: u32) -> Reading {
    Reading::Loop(Ohms(ohms))
}

/// A wire that is cut.
pub(crate) const CUT: Reading = Reading::Loop(Ohms::INFINITE);

pub(crate) struct Rig {
    pub(crate) input: Input,
    pub(crate) now: u64,
    pub(crate) edges: Vec<Edge>,
}

impl Rig {
    pub(crate) fn of(wiring: Wiring) -> Self {
        let timing = Timing::told(Duration::from_millis(DEBOUNCE)).unwrap();
        Self { input: Input::new(wiring, timing), now: 0, edges: Vec::new() }
    }

    /// A door's contact with one and one kilohm.
    pub(crate) fn door() -> Self {
        Self::of(Wiring::Supervised(Bands::one_and_one(Rest::Closed)))
    }

    /// A door's contact that has been believed for a while.
    pub(crate) fn door_at(reading: Reading) -> Self {
        let mut rig = Self::door();
        rig.hold(reading, 1_000);
        rig.edges.clear();
        rig
    }

    /// Gives a reading, and lets it stand.
    pub(crate) fn hold(&mut self, reading: Reading, ms: u64) {
        self.input.handle(at(self.now), reading, &mut self.edges);
        self.wait(ms);
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now += ms;
        self.input.tick(at(self.now), &mut self.edges);
    }

    /// The states that were told, in their order.
    pub(crate) fn told(&self) -> Vec<State> {
        self.edges.iter().map(|e| e.to).collect()
    }
}
