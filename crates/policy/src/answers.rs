//! What Cedar has answered at one sitting: where many ask the same at once, Cedar is asked once.
//!
//! Nothing is kept from one sitting to the next: whoever is asked alone is answered by Cedar itself, and no answer is
//! older than the moment it is given in.

use crate::cache::Picture;
use crate::verdict::{Company, Verdict};
use crate::vocabulary::Seen;
use lockward_model::{Factors, ScheduleId, ThreatLevel};
use std::sync::{Arc, Mutex, PoisonError};

/// Answers of one sitting: at 64 doors at once, whether a card will do, and whether a PIN or a second person beside it
/// would, for every kind of person that stands there.
const ANSWERS_MAX: usize = 256;

/// The answers to those who would enter, given at one sitting: in one turn of a controller, or of an auditor.
///
/// An answer is of one picture, the same policies and entities, and one context: that is the same for ever. Where the
/// policies change within a sitting, another picture takes the place of the old one, and has no answers here.
#[derive(Debug, Default)]
pub struct Answers(Mutex<Vec<Answer>>);

#[derive(Debug)]
struct Answer {
    /// Held, so that no other can ever be taken for it.
    picture: Arc<Picture>,
    open: Box<[ScheduleId]>,
    factors: Factors,
    company: Company,
    threat: ThreatLevel,
    age: u64,
    verdict: Verdict,
}

impl Answer {
    fn is_of(&self, picture: &Arc<Picture>, seen: &Seen<'_>) -> bool {
        let Seen { open, factors, company, threat, age } = *seen;
        Arc::ptr_eq(&self.picture, picture)
            && (self.factors, self.company, self.threat, self.age) == (factors, company, threat, age)
            && *self.open == *open
    }
}

impl Answers {
    /// The sitting is over.
    pub fn forget(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The answer to this, from `ask` if it was not given yet. What Cedar could not say is asked again.
    pub(crate) fn answer(
        &self,
        picture: &Arc<Picture>,
        seen: &Seen<'_>,
        ask: impl FnOnce(&Seen<'_>) -> Verdict,
    ) -> Verdict {
        // A panic elsewhere leaves no half-made answer: each is pushed whole.
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers.iter().find(|known| known.is_of(picture, seen)) {
            return known.verdict.clone();
        }
        let verdict = ask(seen);
        if verdict != Verdict::Error {
            if answers.len() >= ANSWERS_MAX {
                answers.clear();
            }
            let Seen { open, factors, company, threat, age } = *seen;
            let (picture, open, verdict) = (Arc::clone(picture), open.into(), verdict.clone());
            answers.push(Answer { picture, open, factors, company, threat, age, verdict });
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::index::Index;
    use crate::verdict::{Place, Who};
    use core::cell::Cell;
    use lockward_model::DoorKind;

    fn seen() -> Seen<'static> {
        let threat = ThreatLevel::default();
        Seen { open: &[], factors: Factors::CARD, company: Company::Alone, threat, age: 0 }
    }

    fn permit() -> Verdict {
        Verdict::Permit { because: vec!["rule/r".into()] }
    }

    fn picture(kind: DoorKind) -> Arc<Picture> {
        let who = Who { person: "p".parse().unwrap(), groups: &[] };
        let place = Place { door: "d".parse().unwrap(), kind, zones: &[] };
        Cache::default().picture(&Index::default(), &who, &place).unwrap()
    }

    #[test]
    fn each_part_of_what_is_asked_has_an_answer_of_its_own() {
        let day = ["day".parse().unwrap()];
        let (room, safe) = (picture(DoorKind::Room), picture(DoorKind::Safe));
        let others = [
            (&room, seen()),
            (&room, Seen { open: &day, ..seen() }),
            (&room, Seen { factors: Factors::PIN, ..seen() }),
            (&room, Seen { company: Company::Second, ..seen() }),
            (&room, Seen { threat: ThreatLevel::new(1).unwrap(), ..seen() }),
            (&room, Seen { age: 1, ..seen() }),
            (&safe, seen()),
        ];
        let (answers, asked) = (Answers::default(), Cell::new(0));
        for round in 0..2 {
            for (n, (picture, seen)) in others.iter().enumerate() {
                let name = |n: usize| Verdict::Permit { because: vec![n.to_string().into()] };
                let ask = |_: &Seen<'_>| {
                    asked.set(asked.get() + 1);
                    name(n)
                };
                assert_eq!(answers.answer(picture, seen, ask), name(n), "round {round}");
            }
        }
        assert_eq!(asked.get(), others.len());
    }

    #[test]
    fn no_answer_outlives_its_sitting() {
        let (mut answers, room) = (Answers::default(), picture(DoorKind::Room));
        assert_eq!(answers.answer(&room, &seen(), |_| permit()), permit());
        answers.forget();
        let nothing = Verdict::Nothing { would: None };
        assert_eq!(answers.answer(&room, &seen(), |_| nothing.clone()), nothing);
    }

    #[test]
    fn what_could_not_be_answered_is_asked_again() {
        let (answers, room) = (Answers::default(), picture(DoorKind::Room));
        assert_eq!(answers.answer(&room, &seen(), |_| Verdict::Error), Verdict::Error);
        assert_eq!(answers.answer(&room, &seen(), |_| permit()), permit());
        assert_eq!(answers.answer(&room, &seen(), |_| Verdict::Error), permit());
    }

    #[test]
    fn however_the_age_grows_the_answers_stay_few() {
        let (answers, room) = (Answers::default(), picture(DoorKind::Room));
        for age in 0..1_000 {
            assert_eq!(answers.answer(&room, &Seen { age, ..seen() }, |_| permit()), permit());
            assert!(answers.0.lock().unwrap().len() <= ANSWERS_MAX);
        }
    }
}
