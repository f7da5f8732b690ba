//! The statements that a site keeps, judged as a change would leave them, beside what they were before it.

use crate::prover::{Answer, Prover};
use crate::solver::{Solver, SolverMissing};
use lockward_model::{Statement, Time};
use lockward_site::Site;

/// What a change does to one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It holds.
    Holds,
    /// It held before, and the change breaks it; who shows that.
    Broken(String),
    /// It does not hold, and did not before; who shows that.
    RefutedBefore(String),
    /// It does not hold; the site did not state it before, or it was not known whether it held. Who shows that.
    Refuted(String),
    /// It is not known, and why.
    NotKnown(String),
}

/// A statement, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub statement: Statement,
    /// What became of it.
    pub effect: Effect,
}

/// Judges each statement that `after` keeps, and gives each to `told` as soon as it is known. The site before is asked only of
/// what does not hold afterwards; `None` where there is no change to speak of.
///
/// # Errors
/// What Cedar says against policies that it had taken before.
pub fn judge(
    before: Option<&Site>,
    after: &Site,
    now: Time,
    solver: &dyn Fn() -> Result<Solver, SolverMissing>,
    mut told: impl FnMut(Judged),
) -> Result<(), String> {
    let prover = Prover::new(after, None, now, solver())?;
    let mut old: Option<Prover<'_>> = None;
    for statement in after.statements() {
        let effect = match (prover.answer(&statement.says), before) {
            (Answer::Proved, _) => Effect::Holds,
            (Answer::Unanswered(why), _) => Effect::NotKnown(why),
            (Answer::Refuted(who), None) => Effect::Refuted(who),
            (Answer::Refuted(who), Some(site)) => {
                // The same words as now: a statement that the change rewrites is new.
                let stated = site.statements().any(|was| was == statement);
                let old = match &mut old {
                    Some(old) => old,
                    none => none.insert(Prover::new(site, None, now, solver())?),
                };
                match if stated { old.answer(&statement.says) } else { Answer::Unanswered(String::new()) } {
                    Answer::Proved => Effect::Broken(who),
                    Answer::Refuted(_) => Effect::RefutedBefore(who),
                    Answer::Unanswered(_) => Effect::Refuted(who),
                }
            }
        };
        told(Judged { statement: statement.clone(), effect });
    }
    Ok(())
}
