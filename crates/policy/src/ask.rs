//! One question to Cedar, and what its answer means; for a refusal, what would have to be different.

use crate::answers::Answers;
use crate::cache::Picture;
use crate::compile::{Looks, reported};
use crate::verdict::{Company, Situation, Verdict, Would};
use crate::vocabulary::Seen;
use cedar_policy::{Authorizer, Context, Decision, Effect, Entities, EntityUid, PolicySet, Request};
use lockward_model::Factors;
use std::sync::Arc;

/// Everything that a question is about, but the context.
pub(crate) struct Case<'a> {
    pub(crate) policies: &'a PolicySet,
    pub(crate) entities: &'a Entities,
    pub(crate) principal: &'a EntityUid,
    pub(crate) action: &'a EntityUid,
    pub(crate) resource: &'a EntityUid,
}

impl Case<'_> {
    pub(crate) fn judge(&self, context: Context) -> Verdict {
        // Most people have nothing to do with most doors.
        if self.policies.is_empty() {
            return Verdict::Nothing { would: None };
        }
        let (who, what, on) = (self.principal.clone(), self.action.clone(), self.resource.clone());
        let Ok(request) = Request::new(who, what, on, context, None) else { return Verdict::Error };
        let response = Authorizer::new().is_authorized(&request, self.policies, self.entities);
        let mut because: Vec<Box<str>> =
            response.diagnostics().reason().map(|id| Box::from(reported(id))).collect();
        because.sort_unstable();
        because.dedup();
        let failed = response.diagnostics().errors().next().is_some();
        match (response.decision(), because.is_empty(), failed) {
            // Cedar gives reasons for a refusal only if something forbade.
            (Decision::Deny, false, _) => Verdict::Forbid { because, would: None },
            // Off-spec: Cedar skips what it cannot evaluate. It might have forbidden; nothing fails open.
            (_, _, true) => Verdict::Error,
            (Decision::Allow, _, false) => Verdict::Permit { because },
            (Decision::Deny, true, false) => Verdict::Nothing { would: None },
        }
    }

    fn only_permits(&self) -> Option<PolicySet> {
        let permits = self.policies.policies().filter(|p| p.effect() == Effect::Permit);
        PolicySet::from_policies(permits.cloned()).ok()
    }
}

/// A case that is asked again and again: with the sitting at which it is, if that keeps its answers, and the picture that
/// the case is of.
pub(crate) struct Standing<'a> {
    pub(crate) case: Case<'a>,
    /// The name to answer with; empty for the policies' own names.
    pub(crate) name: &'a str,
    pub(crate) kept: Option<(&'a Answers, &'a Arc<Picture>)>,
    /// What its policies look at.
    pub(crate) looks: Looks,
}

impl Standing<'_> {
    fn judge(&self, seen: &Seen<'_>, context: impl FnOnce(&Seen<'_>) -> Option<Context>) -> Verdict {
        let least = self.looks.least(seen);
        let ask = |seen: &Seen<'_>| context(seen).map_or(Verdict::Error, |context| self.case.judge(context));
        let verdict = match self.kept {
            Some((kept, picture)) => kept.answer(picture, &least, ask),
            None => ask(&least),
        };
        // The picture may have been made for another policy that asks the same, and answers by that one's name.
        if self.name.is_empty() { verdict } else { verdict.called(self.name) }
    }
}

/// What all cases together say: as one case with all their policies would.
fn judge_all(
    cases: &[Standing<'_>],
    seen: &Seen<'_>,
    mut context: impl FnMut(&Seen<'_>) -> Option<Context>,
) -> Verdict {
    let Some((first, rest)) = cases.split_first() else { return Verdict::Nothing { would: None } };
    let first = first.judge(seen, &mut context);
    rest.iter().fold(first, |all, case| together(all, case.judge(seen, &mut context)))
}

/// A forbid wins, then an error, then a permit; what decided is told of both.
fn together(a: Verdict, b: Verdict) -> Verdict {
    let both = |mut a: Vec<Box<str>>, b: Vec<Box<str>>| {
        a.extend(b);
        a.sort_unstable();
        a.dedup();
        a
    };
    match (a, b) {
        (Verdict::Forbid { because: a, .. }, Verdict::Forbid { because: b, .. }) => {
            Verdict::Forbid { because: both(a, b), would: None }
        }
        (forbid @ Verdict::Forbid { .. }, _) | (_, forbid @ Verdict::Forbid { .. }) => forbid,
        (Verdict::Error, _) | (_, Verdict::Error) => Verdict::Error,
        (Verdict::Permit { because: a }, Verdict::Permit { because: b }) => {
            Verdict::Permit { because: both(a, b) }
        }
        (permit @ Verdict::Permit { .. }, _) | (_, permit @ Verdict::Permit { .. }) => permit,
        (Verdict::Nothing { .. }, Verdict::Nothing { .. }) => Verdict::Nothing { would: None },
    }
}

/// The answer for someone who enters, by the policies of all cases, which look at no more than `looks`. `context` makes
/// Cedar's context of what they see.
pub(crate) fn entering(
    cases: &[Standing<'_>],
    looks: Looks,
    now: &Situation<'_>,
    context: impl FnMut(&Seen<'_>) -> Option<Context>,
) -> Verdict {
    let mut asker = Asker { cases, looks, context };
    let Situation { open, factors, company, threat, config_age, .. } = *now;
    let here = Seen { open, factors, company, threat, age: config_age.as_secs() };
    match asker.judge(&here) {
        Verdict::Nothing { .. } => Verdict::Nothing {
            would: asker.with_more(&here, now).or_else(|| asker.with_all(&here, now, looks.schedules)),
        },
        Verdict::Forbid { because, .. } => Verdict::Forbid {
            because,
            would: asker.with_more(&here, now).or_else(|| asker.with_all(&here, now, false)),
        },
        decided => decided,
    }
}

/// Asks the same cases again and again, for what would have to be different.
struct Asker<'a, F> {
    cases: &'a [Standing<'a>],
    looks: Looks,
    context: F,
}

impl<F: FnMut(&Seen<'_>) -> Option<Context>> Asker<'_, F> {
    fn judge(&mut self, seen: &Seen<'_>) -> Verdict {
        judge_all(self.cases, &self.looks.least(seen), &mut self.context)
    }

    fn permits(&mut self, seen: &Seen<'_>) -> bool {
        matches!(self.judge(seen), Verdict::Permit { .. })
    }

    /// What would help of what is within reach: factors alone, a second person, both.
    fn with_more(&mut self, here: &Seen<'_>, now: &Situation<'_>) -> Option<Would> {
        let more = if self.looks.factors { more_than(now.factors, now.reach) } else { Vec::new() };
        let helps = more.iter().copied().find(|f| self.permits(&Seen { factors: *f, ..*here }));
        if let Some(factors) = helps {
            return Some(Would::WithFactors(factors));
        }
        if !self.looks.company || now.company != Company::Alone {
            return None;
        }
        let together = Seen { company: now.in_company(), ..*here };
        if self.permits(&together) {
            return Some(Would::WithSecond);
        }
        more.into_iter().find(|f| self.permits(&Seen { factors: *f, ..together })).map(Would::WithFactors)
    }

    /// What would help beyond that: everything at once; and, if `time` is asked for, another time.
    fn with_all(&mut self, here: &Seen<'_>, now: &Situation<'_>, time: bool) -> Option<Would> {
        if !time && !self.looks.factors && !self.looks.company {
            return None;
        }
        let most = Seen { factors: every(), company: now.in_company(), ..*here };
        let today = self.judge(&most);
        if matches!(today, Verdict::Permit { .. }) {
            return Some(Would::OutOfReach);
        }
        if !time || self.permits_besides_forbids(&today, &most) {
            return None;
        }
        let mut at = |open| {
            let then = Seen { open, ..most };
            let verdict = self.judge(&then);
            self.permits_besides_forbids(&verdict, &then)
        };
        (at(now.all) || at(&[])).then_some(Would::AtAnotherTime)
    }

    /// All schedules are never open together: what forbids then need not forbid when the permit holds.
    fn permits_besides_forbids(&mut self, verdict: &Verdict, seen: &Seen<'_>) -> bool {
        match verdict {
            Verdict::Permit { .. } => true,
            Verdict::Forbid { .. } => {
                let only: Option<Vec<PolicySet>> = self.cases.iter().map(|c| c.case.only_permits()).collect();
                let only = only.unwrap_or_default();
                let cases = self.cases.iter().zip(&only);
                let permits = cases.map(|(standing, policies)| Standing {
                    case: Case { policies, ..standing.case },
                    kept: None,
                    ..*standing
                });
                let permits: Vec<_> = permits.collect();
                let least = self.looks.least(seen);
                matches!(judge_all(&permits, &least, &mut self.context), Verdict::Permit { .. })
            }
            Verdict::Nothing { .. } | Verdict::Error => false,
        }
    }
}

/// Every factor there is.
fn every() -> Factors {
    [Factors::CARD, Factors::PIN, Factors::KEY, Factors::CODE].into_iter().fold(Factors::NONE, Factors::with)
}

/// Every larger set of factors within reach, the smallest first.
fn more_than(now: Factors, reach: Factors) -> Vec<Factors> {
    let most = now.with(reach);
    if most == now {
        return Vec::new();
    }
    let larger = |f: &Factors| f.contains(now) && *f != now && most.contains(*f);
    let mut sets: Vec<_> = (0..=every().bits()).filter_map(Factors::from_bits).filter(larger).collect();
    sets.sort_by_key(|f| f.bits().count_ones());
    sets
}
