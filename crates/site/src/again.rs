//! The same decision again, from its record alone, for whoever doubts it.

use crate::Site;
use crate::decide::undecided;
use crate::question::{Answer, Question};
use lockward_model::{Access, ConfigRef, Deny, Digest, Event, Mono, Outcome, PersonId, Source};
use lockward_policy::Answers;

/// A recorded decision that this site would not have made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record says {recorded}, but the rules in force say {decided}")]
pub struct Divergence {
    /// What the log holds.
    pub recorded: String,
    /// What the same inputs give.
    pub decided: String,
}

/// Decides a recorded decision again. `site` must be the fold at the record's own config size; that its root is the
/// log's is for whoever holds the log to check. `answers` are of all that are decided again at one sitting.
///
/// # Errors
/// [`Divergence`], if the record differs from what its own inputs give in any way: outcome, reasons, person or factors.
pub fn redecide(site: &Site, event: &Event, recorded: &Access, answers: &Answers) -> Result<(), Divergence> {
    let told = |outcome: &Outcome, person: Option<PersonId>| match outcome {
        Outcome::Granted { because } => format!("granted to {person:?} by {because:?}"),
        Outcome::Denied { why, because } => format!("denied to {person:?}: {} {because:?}", why.code()),
    };
    let diverged =
        |decided: String| Divergence { recorded: told(&recorded.outcome, recorded.person), decided };
    let Some(door) = event.door else { return Err(diverged("nothing: it names no door".into())) };
    let Source::Controller(controller) = event.source else {
        return Err(diverged("nothing: only controllers decide".into()));
    };
    let here = ConfigRef { size: site.size(), root: Digest([0; 32]) };
    let question = Question {
        controller,
        door,
        side: recorded.side,
        token: recorded.token,
        pin: recorded.pin,
        keypad: recorded.keypad,
        at: event.time,
        config_age: recorded.config_age,
        config: recorded.config.unwrap_or(here),
        known: recorded.known.clone(),
    };
    if recorded.config.is_none() {
        // Without a configuration there is nothing to decide by, and nothing may have opened.
        let again = undecided(&question);
        return if again == *recorded { Ok(()) } else { Err(diverged(told(&again.outcome, again.person))) };
    }
    if question.config.size != here.size {
        let (asked, here) = (question.config.size, here.size);
        return Err(diverged(format!("nothing: it is of configuration {asked}, and this is {here}")));
    }
    // That its record could not be written in time is no part of the question: only somebody who may is refused for it.
    let unrecorded = Outcome::Denied { why: Deny::NotRecorded, because: Vec::new() };
    let again = match site.decide_among(&question, Mono(0), answers) {
        Answer::Granted(_, again, _) if recorded.outcome == unrecorded => {
            Access { outcome: unrecorded, ..again }
        }
        Answer::Granted(_, again, _) | Answer::Denied(_, again) => again,
        Answer::NeedPin => return Err(diverged("ask for the PIN first".into())),
        Answer::NeedSecond => return Err(diverged("ask for a second person first".into())),
        Answer::NeedCard => return Err(diverged("ask for the card first".into())),
    };
    if again == *recorded { Ok(()) } else { Err(diverged(told(&again.outcome, again.person))) }
}
