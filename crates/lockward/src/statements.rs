//! Statements on a terminal: each as it is proved, refuted or left open, and how many came to what.

use crate::say::{count, say};
use core::fmt;
use lockward_model::Time;
use lockward_prove::{Effect, Judged, Patience, Solver, judge};
use lockward_site::Site;
use std::process::ExitCode;

/// How many statements came to what.
#[derive(Default)]
pub(crate) struct Told {
    proved: usize,
    refuted: usize,
    broken: usize,
    unknown: usize,
}

impl Told {
    pub(crate) fn proved(&mut self, says: &str) {
        self.proved += 1;
        say(&format!("PROVED: {says}"));
    }

    pub(crate) fn refuted(&mut self, word: &str, says: &str, who: &str) {
        self.refuted += 1;
        say(&format!("{word}: {says}\n  {who}"));
    }

    pub(crate) fn not_known(&mut self, says: &str, why: &str) {
        self.unknown += 1;
        say(&format!("NOT KNOWN: {says}\n  {why}"));
    }

    fn judged(&mut self, one: &Judged) {
        let says = format!("`{}`: {}", one.statement.id, one.statement.says);
        match &one.effect {
            Effect::Holds => self.proved(&says),
            Effect::Broken(who) => {
                self.broken += 1;
                self.refuted("BROKEN BY THIS CHANGE", &says, who);
            }
            Effect::RefutedBefore(who) => self.refuted("REFUTED, as before this change", &says, who),
            Effect::Refuted(who) => self.refuted("REFUTED", &says, who),
            Effect::NotKnown(why) => self.not_known(&says, why),
        }
    }

    /// 0: all are proved. 1: one is refuted. 2: one is not known.
    pub(crate) fn exit(&self) -> ExitCode {
        match self {
            Self { refuted: 1.., .. } => ExitCode::FAILURE,
            Self { unknown: 1.., .. } => ExitCode::from(2),
            Self { .. } => ExitCode::SUCCESS,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = count(self.proved + self.refuted + self.unknown, "statement");
        write!(f, "{all}: {} proved, {} refuted, {} not known", self.proved, self.refuted, self.unknown)?;
        match self.broken {
            0 => Ok(()),
            n => write!(f, ". This change breaks {}", count(n, "statement")),
        }
    }
}

/// What the site keeps, judged; and beside what it was before, where there is a before.
pub(crate) fn judged(
    before: Option<&Site>,
    after: &Site,
    now: Time,
    patience: &Patience,
) -> Result<Told, String> {
    let mut told = Told::default();
    judge(before, after, now, &|| Solver::find(patience.clone()), |one| told.judged(&one))?;
    Ok(told)
}

/// For whoever is about to sign, or looks back at what was signed: the statements as a change leaves them. Nothing where there
/// are none.
pub(crate) fn reviewed(before: &Site, after: &Site, now: Time) {
    if after.statements().next().is_none() {
        return;
    }
    say("Statements of the site, as they are after this:");
    match judged(Some(before), after, now, &Patience::of_a_review()) {
        Ok(told) => say(&format!("{told}.")),
        Err(why) => say(&format!("NOT KNOWN: the policies can not be reasoned about: {why}")),
    }
}
