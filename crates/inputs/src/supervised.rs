//! One input as a state machine: readings in, settled states out, and nothing normal that was not seen to last.

use crate::bands::Bands;
use crate::reading::Reading;
use core::time::Duration;
use lockward_model::Mono;

/// The longest debounce: with a poll or a late timer on top, a level is reported within 250 ms of its edge.
const DEBOUNCE_MAX: Duration = Duration::from_millis(200);
/// An input that has not settled for so long can not be believed. A level of this length is always processed
/// (IEC 60839-11-1, 6.2, table 2, line 24).
const UNSETTLED_MAX: Duration = Duration::from_millis(400);

/// What an input says. All but two are faults.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum State {
    /// Nothing is known: not read yet, silent, or never still. A fault.
    Unknown,
    /// At rest.
    Inactive,
    /// What the input is for happens.
    Active,
    /// The wire is cut.
    Open,
    /// The wires are shorted.
    Short,
    /// A leg is tied to earth.
    Ground,
    /// A voltage that is not the loop's own, or a resistor that is neither contact nor cable.
    Foreign,
}

impl State {
    /// All that there are.
    pub const ALL: [Self; 7] =
        [Self::Unknown, Self::Inactive, Self::Active, Self::Open, Self::Short, Self::Ground, Self::Foreign];

    /// Whether the input can not be believed.
    #[must_use]
    pub fn is_fault(self) -> bool {
        self.active().is_none()
    }

    /// Whether it is active; nothing where it can not be believed.
    #[must_use]
    pub fn active(self) -> Option<bool> {
        match self {
            Self::Inactive => Some(false),
            Self::Active => Some(true),
            Self::Unknown | Self::Open | Self::Short | Self::Ground | Self::Foreign => None,
        }
    }
}

/// What stands at the end of the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wiring {
    /// Resistors, with their bands.
    Supervised(Bands),
    /// Nothing: a cut or a short reads as one of the two normal states.
    Unsupervised,
}

/// Why times are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TimingError {
    /// Nothing bounces for so short or so long.
    #[error("the debounce is {0:?}: write 1 ms to {DEBOUNCE_MAX:?}")]
    Debounce(Duration),
    /// What is read less often than this is stale between two readings.
    #[error(
        "a reading is believed for {fresh:?}, the debounce is {debounce:?}: nothing could ever settle; write more"
    )]
    Fresh {
        /// As written.
        fresh: Duration,
        /// As written.
        debounce: Duration,
    },
}

/// How long an input takes to be believed, and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    debounce: Duration,
    fresh: Option<Duration>,
}

impl Timing {
    /// For hardware that tells every change, and is silent meanwhile: a level counts after `debounce`.
    ///
    /// # Errors
    /// [`TimingError`] names the time that is too short or too long.
    pub fn told(debounce: Duration) -> Result<Self, TimingError> {
        if !(Duration::from_millis(1)..=DEBOUNCE_MAX).contains(&debounce) {
            return Err(TimingError::Debounce(debounce));
        }
        Ok(Self { debounce, fresh: None })
    }

    /// For hardware that is polled: without a new reading for `fresh`, the state is unknown.
    ///
    /// # Errors
    /// [`TimingError`] names the time that is too short or too long.
    pub fn polled(debounce: Duration, fresh: Duration) -> Result<Self, TimingError> {
        let told = Self::told(debounce)?;
        if fresh <= debounce {
            return Err(TimingError::Fresh { fresh, debounce });
        }
        Ok(Self { fresh: Some(fresh), ..told })
    }
}

/// A change of state, with the raw edge that it began with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// What was believed until now.
    pub from: State,
    /// What is believed from now on.
    pub to: State,
    /// When the wire first said so.
    pub raw_at: Mono,
    /// When it had lasted.
    pub settled_at: Mono,
}

/// Why a state is due; the earlier stands first where two are due at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The raw state has lasted.
    Settle,
    /// Faults of several kinds have lasted together.
    Fault,
    /// Nothing has lasted.
    Unsettled,
    /// The last reading is too old.
    Stale,
}

/// One input. Call [`Input::handle`] with every reading, and [`Input::tick`] at [`Input::wake_at`].
#[derive(Clone, Debug)]
pub struct Input {
    wiring: Wiring,
    timing: Timing,
    /// What is believed.
    held: State,
    /// What the last reading meant, since when.
    raw: State,
    raw_at: Mono,
    /// Since when the raw state has been a fault of any kind.
    fault_at: Option<Mono>,
    /// Since when the raw state has not been, for as long as the debounce, what is held.
    loose_at: Option<Mono>,
    read_at: Option<Mono>,
}

impl Input {
    /// An input that was never read: unknown, which is a fault.
    #[must_use]
    pub fn new(wiring: Wiring, timing: Timing) -> Self {
        let (held, raw, raw_at) = (State::Unknown, State::Unknown, Mono(0));
        Self { wiring, timing, held, raw, raw_at, fault_at: None, loose_at: None, read_at: None }
    }

    /// What is believed.
    #[must_use]
    pub fn state(&self) -> State {
        self.held
    }

    /// Whether a cut and a short would be seen. Shown wherever the input is.
    #[must_use]
    pub fn is_supervised(&self) -> bool {
        matches!(self.wiring, Wiring::Supervised(_))
    }

    /// Takes a reading. What had lasted until `now` is settled first, however late the call is.
    pub fn handle(&mut self, now: Mono, reading: Reading, out: &mut Vec<Edge>) {
        self.tick(now, out);
        let raw = self.meaning(reading);
        if raw == State::Unknown {
            // The hardware had its own patience: no debounce, and nothing that it said before counts.
            self.forget(now, now, out);
            return;
        }
        self.read_at = Some(now);
        if raw == self.raw {
            return;
        }
        (self.raw, self.raw_at) = (raw, now);
        self.fault_at = if raw.is_fault() { self.fault_at.or(Some(now)) } else { None };
        if raw != self.held {
            self.loose_at = self.loose_at.or(Some(now));
        }
    }

    /// Settles what has lasted until `now`.
    pub fn tick(&mut self, now: Mono, out: &mut Vec<Edge>) {
        while let Some((at, due)) = self.due().filter(|(at, _)| *at <= now) {
            match due {
                Due::Settle => self.settle(self.raw, self.raw_at, at, out),
                Due::Fault => self.settle(self.raw, self.fault_at.unwrap_or(self.raw_at), at, out),
                Due::Unsettled => {
                    let began = self.loose_at.unwrap_or(self.raw_at);
                    self.believe(State::Unknown, began, at, out);
                }
                Due::Stale => self.forget(self.read_at.unwrap_or(at), at, out),
            }
        }
    }

    /// When [`Input::tick`] has something to do if no reading comes before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Mono> {
        self.due().map(|(at, _)| at)
    }

    fn meaning(&self, reading: Reading) -> State {
        match (&self.wiring, reading) {
            (Wiring::Supervised(bands), Reading::Loop(ohms)) => bands.state(self.raw, ohms),
            (Wiring::Supervised(_), Reading::Ground) => State::Ground,
            (Wiring::Supervised(_), Reading::Foreign) => State::Foreign,
            (Wiring::Unsupervised, Reading::Level(true)) => State::Active,
            (Wiring::Unsupervised, Reading::Level(false)) => State::Inactive,
            // A reading of the other kind is not of this input.
            _ => State::Unknown,
        }
    }

    fn due(&self) -> Option<(Mono, Due)> {
        let known = self.raw != State::Unknown;
        let lasts = |since: Mono| since + self.timing.debounce;
        let settle =
            (known && (self.raw != self.held || self.loose_at.is_some())).then(|| lasts(self.raw_at));
        // Two faults in turn are as little normal as one.
        let fault = self.fault_at.filter(|_| !self.held.is_fault()).map(lasts);
        let unsettled = self.loose_at.filter(|_| self.held != State::Unknown).map(|at| at + UNSETTLED_MAX);
        let stale = self.read_at.zip(self.timing.fresh).map(|(at, fresh)| at + fresh);
        let all = [
            settle.map(|at| (at, Due::Settle)),
            fault.map(|at| (at, Due::Fault)),
            unsettled.map(|at| (at, Due::Unsettled)),
            stale.map(|at| (at, Due::Stale)),
        ];
        all.into_iter().flatten().min()
    }

    fn settle(&mut self, state: State, raw_at: Mono, at: Mono, out: &mut Vec<Edge>) {
        self.loose_at = None;
        self.believe(state, raw_at, at, out);
    }

    /// Nothing is known any more.
    fn forget(&mut self, raw_at: Mono, at: Mono, out: &mut Vec<Edge>) {
        (self.raw, self.raw_at) = (State::Unknown, at);
        (self.fault_at, self.loose_at, self.read_at) = (None, None, None);
        self.believe(State::Unknown, raw_at, at, out);
    }

    fn believe(&mut self, to: State, raw_at: Mono, settled_at: Mono, out: &mut Vec<Edge>) {
        let from = core::mem::replace(&mut self.held, to);
        if from != to {
            out.push(Edge { from, to, raw_at, settled_at });
        }
    }
}
