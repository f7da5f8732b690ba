//! Requests to exit that no person inside explains (`threats.md` A46): a sensor that is tricked from outside.
//!
//! It raises alarms and refuses nothing: a request to exit always works. Each alarm is raised once and cleared by fact.

use core::time::Duration;
use lockward_model::{DoorId, Mono, Now, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many presses of a door are kept; no limit may be higher.
pub const PRESSES_MAX: usize = 1_000;
/// The span in which presses are counted.
const HOUR: Duration = Duration::from_secs(3_600);

/// When requests to exit are odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitLimits {
    /// Held for longer: a button that is stuck or taped, a sensor that is fed.
    pub held: Duration,
    /// More presses than this within an hour; at most [`PRESSES_MAX`].
    pub per_hour: usize,
}

impl Default for ExitLimits {
    /// Ten seconds (A46), and one a minute: who presses more often has a busy door, and says so.
    fn default() -> Self {
        Self { held: Duration::from_secs(10), per_hour: 60 }
    }
}

/// What an exit's input did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitInput {
    /// Somebody, or something, asks to leave. `nobody_inside`: the zone is known to be empty.
    Pressed {
        /// Nobody can be there who asks.
        nobody_inside: bool,
    },
    /// The input is at rest.
    LetGo,
    /// Somebody was seen to enter the zone.
    SomeoneEntered,
    /// Only time has passed: at [`Exits::wake_at`], and once a minute or so, for what ends by time.
    Tick,
}

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RexWhy {
    /// Held for longer than the limit. Cleared when it is let go.
    HeldTooLong,
    /// Pressed more often than the limit within an hour. Cleared when the hour holds no more than half of it.
    TooOften,
    /// Pressed where nobody is. Cleared when somebody is seen to enter, or presses where they can be.
    NobodyInside,
}

/// `REX_ANOMALY` at one door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RexAnomaly {
    /// Which door.
    pub door: DoorId,
    /// What is odd.
    pub why: RexWhy,
}

/// An anomaly began or ended. Each edge is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RexEdge {
    /// Raise the alarm.
    Raised(RexAnomaly),
    /// Clear it.
    Cleared(RexAnomaly),
}

#[derive(Debug, Clone, Default)]
struct Exit {
    held_since: Option<Mono>,
    presses: VecDeque<Time>,
    raised: BTreeSet<RexWhy>,
}

/// The exits of a controller.
#[derive(Debug, Clone, Default)]
pub struct Exits {
    limits: ExitLimits,
    exits: BTreeMap<DoorId, Exit>,
}

impl Exits {
    /// All at rest.
    #[must_use]
    pub fn new(limits: ExitLimits) -> Self {
        Self { limits, exits: BTreeMap::new() }
    }

    /// Takes what the input of a door did, and says what became odd or stopped being so.
    pub fn step(&mut self, door: DoorId, input: ExitInput, now: Now) -> Vec<RexEdge> {
        let limits = self.limits;
        let exit = self.exits.entry(door).or_default();
        let before = exit.raised.clone();
        exit.step(input, now, limits);
        let edge = |why: &RexWhy| {
            let anomaly = RexAnomaly { door, why: *why };
            if before.contains(why) { RexEdge::Cleared(anomaly) } else { RexEdge::Raised(anomaly) }
        };
        before.symmetric_difference(&exit.raised).map(edge).collect()
    }

    /// When a [`ExitInput::Tick`] of the door next matters for an input that is held.
    #[must_use]
    pub fn wake_at(&self, door: DoorId) -> Option<Mono> {
        let exit = self.exits.get(&door).filter(|exit| !exit.raised.contains(&RexWhy::HeldTooLong))?;
        exit.held_since.map(|since| since + self.limits.held + Duration::from_micros(1))
    }

    /// What stands now.
    pub fn raised(&self) -> impl Iterator<Item = RexAnomaly> {
        self.exits
            .iter()
            .flat_map(|(door, exit)| exit.raised.iter().map(|why| RexAnomaly { door: *door, why: *why }))
    }

    /// The presses of the last hour, to be kept. What is held, and what was raised, dies with the process: the input says
    /// the first again, [`Self::restore`] the second.
    pub fn facts(&self) -> impl Iterator<Item = (DoorId, Time)> {
        self.exits.iter().flat_map(|(door, exit)| exit.presses.iter().map(|at| (*door, *at)))
    }

    /// Takes up what was kept: presses, and the alarms that stand on record, so that each is cleared when its fact ends.
    pub fn restore(
        &mut self,
        presses: impl IntoIterator<Item = (DoorId, Time)>,
        raised: impl IntoIterator<Item = RexAnomaly>,
    ) {
        for (door, at) in presses {
            self.exits.entry(door).or_default().press(at);
        }
        for RexAnomaly { door, why } in raised {
            self.exits.entry(door).or_default().raised.insert(why);
        }
    }

    /// Lets go of doors that are no longer of the site.
    pub fn retain(&mut self, mut keep: impl FnMut(DoorId) -> bool) {
        self.exits.retain(|door, _| keep(*door));
    }
}

impl Exit {
    fn step(&mut self, input: ExitInput, now: Now, limits: ExitLimits) {
        match input {
            // A press that is told twice is one press.
            ExitInput::Pressed { .. } if self.held_since.is_some() => {}
            ExitInput::Pressed { nobody_inside } => {
                self.held_since = Some(now.mono);
                self.press(now.wall);
                self.set(RexWhy::NobodyInside, nobody_inside);
            }
            ExitInput::LetGo => self.held_since = None,
            ExitInput::SomeoneEntered => self.set(RexWhy::NobodyInside, false),
            ExitInput::Tick => {}
        }
        let held = self.held_since.is_some_and(|since| now.mono.since(since) > limits.held);
        self.set(RexWhy::HeldTooLong, held);
        // What a clock that went back calls future presses counts.
        self.presses.retain(|at| *at > now.wall - HOUR);
        let limit = limits.per_hour.min(PRESSES_MAX - 1);
        if self.presses.len() > limit {
            self.set(RexWhy::TooOften, true);
        } else if self.presses.len() <= limit / 2 {
            self.set(RexWhy::TooOften, false);
        }
    }

    fn press(&mut self, at: Time) {
        if self.presses.len() >= PRESSES_MAX {
            self.presses.pop_front();
        }
        self.presses.push_back(at);
    }

    fn set(&mut self, why: RexWhy, odd: bool) {
        if odd {
            self.raised.insert(why);
        } else {
            self.raised.remove(&why);
        }
    }
}
