//! What has happened, as far as a decision may depend on it: where people are, how often somebody guessed, which codes
//! are used up; a fold, with no clock of its own.
//!
//! Each part is a set of facts. A part gives its facts (`facts`), which is how it is kept and told to others, and takes
//! facts (`take`), which is how it starts again and hears of other controllers: the same fact twice changes nothing, and
//! the order in which facts come changes nothing, as long as no limit is reached. What happens at a limit stands there.
//!
//! Of what is seen at one's own doors, tell others the facts; of what others tell, check first that it is not
//! [ahead] of the clock.

mod airlocks;
/// What a person must answer.
pub mod alarms;
mod arithmetic;
mod exits;
mod guessing;
mod muster;
mod newest;
mod openings;
mod passages;
mod passback;
mod places;
mod presence;
mod touch;
mod travel;
mod used;

pub use airlocks::Arbiter;
pub use arithmetic::{
    CodeUse, Keypads, PinArithmetic, chance_of_a_hit, explain_pin_digits, pin_digits_needed,
};
pub use exits::{ExitInput, ExitLimits, Exits, PRESSES_MAX, RexAnomaly, RexEdge, RexWhy};
pub use guessing::{
    A_MOMENT, FAILURES_MAX, Failure, Guess, Guessing, GuessingFact, Ladder, Limits, Reader, Wait, WaitWhy,
};
pub use muster::{Count, Doubt, Muster, Present, UnknownWhy};
pub use openings::{DOORS_MAX, MassOpening, Openings};
pub use passages::{PASSAGES_MAX, Passage, Passages};
pub use passback::{PassbackFact, Violation, ViolationKind};
pub use places::{Areas, Here, Keeping, Whereabouts, ZONE_DEPTH_MAX};
pub use presence::{PEOPLE_MAX, Presence, PresenceFact};
pub use touch::{Touch, TouchEdge};
pub use travel::{Impossible, SIGHTED_MAX, Sight, Spot, Travel, walking_floor};
pub use used::{PASSES_MAX, STEPS_MAX, Step, Use, Used, UsedFact};

use core::time::Duration;
use lockward_model::Time;

/// How far two controllers' clocks may disagree: the step that a controller takes on one source's word alone.
pub const AHEAD_MAX: Duration = Duration::from_secs(300);

/// True for a fact of another controller that lies too far ahead of `now` to be taken: the newest fact wins, so one from
/// next year would win until next year. Refuse it, and say that that controller's clock is wrong.
#[must_use]
pub fn ahead(at: Time, now: Time) -> bool {
    at > now + AHEAD_MAX
}

/// What became of a fact.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It changed what is known.
    New,
    /// It was known, or something newer was.
    Known,
    /// Not taken: a limit is reached. What the limit means for decisions stands at the limit.
    Full,
}
