//! What Cedar has answered about one picture: the same policies, entities and context give the same answer for ever.
//!
//! A picture never changes: where the policies, a person's groups or a door's zones do, another takes its place, with
//! no answers. So nothing here can outlive what it was derived from.

use crate::verdict::{Company, Verdict};
use crate::vocabulary::Seen;
use lockward_model::{Factors, ScheduleId, ThreatLevel};
use std::sync::{Mutex, PoisonError};

/// Answers of one picture: what a door asks between two changes of the hour is whether a card will do, whether a PIN
/// beside it would, and whether a second person would.
const ANSWERS_MAX: usize = 8;

/// The answers to those who would enter, each with what was seen.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<Vec<Answer>>);

#[derive(Debug)]
struct Answer {
    open: Box<[ScheduleId]>,
    factors: Factors,
    company: Company,
    threat: ThreatLevel,
    age: u64,
    verdict: Verdict,
}

impl Answer {
    fn is_of(&self, seen: &Seen<'_>) -> bool {
        let Seen { open, factors, company, threat, age } = *seen;
        (self.factors, self.company, self.threat, self.age) == (factors, company, threat, age)
            && *self.open == *open
    }
}

impl Answers {
    /// The answer to this, from `ask` if it was never given. What Cedar could not say is asked again.
    pub(crate) fn answer(&self, seen: &Seen<'_>, ask: impl FnOnce(&Seen<'_>) -> Verdict) -> Verdict {
        // A panic elsewhere leaves no half-made answer: each is pushed whole.
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers.iter().find(|known| known.is_of(seen)) {
            return known.verdict.clone();
        }
        let verdict = ask(seen);
        if verdict != Verdict::Error {
            if answers.len() >= ANSWERS_MAX {
                answers.clear();
            }
            let Seen { open, factors, company, threat, age } = *seen;
            let open = open.into();
            answers.push(Answer { open, factors, company, threat, age, verdict: verdict.clone() });
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    fn seen() -> Seen<'static> {
        let threat = ThreatLevel::default();
        Seen { open: &[], factors: Factors::CARD, company: Company::Alone, threat, age: 0 }
    }

    fn permit() -> Verdict {
        Verdict::Permit { because: vec!["rule/r".into()] }
    }

    #[test]
    fn each_part_of_what_is_seen_has_an_answer_of_its_own() {
        let day = ["day".parse().unwrap()];
        let others = [
            seen(),
            Seen { open: &day, ..seen() },
            Seen { factors: Factors::PIN, ..seen() },
            Seen { company: Company::Second, ..seen() },
            Seen { threat: ThreatLevel::new(1).unwrap(), ..seen() },
            Seen { age: 1, ..seen() },
        ];
        let (answers, asked) = (Answers::default(), Cell::new(0));
        for round in 0..2 {
            for (n, seen) in others.iter().enumerate() {
                let name = |n: usize| Verdict::Permit { because: vec![n.to_string().into()] };
                let ask = |_: &Seen<'_>| {
                    asked.set(asked.get() + 1);
                    name(n)
                };
                assert_eq!(answers.answer(seen, ask), name(n), "round {round}");
            }
        }
        assert_eq!(asked.get(), others.len());
    }

    #[test]
    fn what_could_not_be_answered_is_asked_again() {
        let answers = Answers::default();
        assert_eq!(answers.answer(&seen(), |_| Verdict::Error), Verdict::Error);
        assert_eq!(answers.answer(&seen(), |_| permit()), permit());
        assert_eq!(answers.answer(&seen(), |_| Verdict::Error), permit());
    }

    #[test]
    fn however_the_age_grows_the_answers_stay_few() {
        let answers = Answers::default();
        for age in 0..1_000 {
            assert_eq!(answers.answer(&Seen { age, ..seen() }, |_| permit()), permit());
            assert!(answers.0.lock().unwrap().len() <= ANSWERS_MAX);
        }
    }
}
