//! What is told for a while and then no more: guesses, sightings. Pure.

use crate::whole::News;
use core::time::Duration;
use lockward_model::{Access, Deny, Outcome, PersonId, PinFact, Time};
use std::collections::VecDeque;

/// Facts that are told for a while: the newest, and at most so many.
pub(crate) struct Lately {
    span: Duration,
    max: usize,
    facts: VecDeque<(Time, News)>,
}

impl Lately {
    pub(crate) fn new(span: Duration, max: usize) -> Self {
        Self { span, max, facts: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, at: Time, news: News, now: Time) {
        while self.facts.front().is_some_and(|(at, _)| *at + self.span <= now) || self.facts.len() >= self.max
        {
            self.facts.pop_front();
        }
        self.facts.push_back((at, news));
    }

    pub(crate) fn still(&self, now: Time) -> impl Iterator<Item = &News> {
        self.facts.iter().filter(move |(at, _)| *at + self.span > now).map(|(_, news)| news)
    }
}

/// The guesses that a decision is a record of: a secret or not, and whose. None while a wait was on: nothing was
/// compared then.
pub(crate) fn guesses(access: &Access) -> Vec<(bool, Option<PersonId>)> {
    if access.known.waiting {
        return Vec::new();
    }
    let wrong = |pin| matches!(pin, PinFact::Wrong | PinFact::UsedUp);
    let second = access.known.second.as_deref();
    let typed =
        [(access.pin, access.person), second.map_or((PinFact::NotAsked, None), |s| (s.pin, s.person))];
    let mut found: Vec<_> = typed
        .into_iter()
        .filter(|(pin, person)| wrong(*pin) && person.is_some())
        .map(|(_, person)| (true, person))
        .collect();
    match access.outcome {
        Outcome::Denied { why: Deny::CardMissing, .. } if access.token.is_none() => found.push((true, None)),
        Outcome::Denied { why: Deny::UnknownCredential, .. } => found.push((false, None)),
        _ => {}
    }
    found
}
