//! One question to Cedar, and what its answer means; for a refusal, what would have to be different.

use crate::compile::{Looks, reported};
use crate::verdict::{Situation, Verdict, Would};
use cedar_policy::{
    Authorizer, Context, Decision, Effect, Entities, EntityUid, PolicyId, PolicySet, Request,
};
use lockward_model::{Factors, ScheduleId};

/// Everything that a question is about, but the context.
pub(crate) struct Case<'a> {
    /// The name to answer with; empty for the policies' own names.
    pub(crate) name: &'a str,
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
            response.diagnostics().reason().map(|id| Box::from(self.called(id))).collect();
        because.sort_unstable();
        because.dedup();
        let failed = response.diagnostics().errors().next().is_some();
        match (response.decision(), because.is_empty(), failed) {
            // Cedar gives reasons for a refusal only if something forbade.
            (Decision::Deny, false, _) => Verdict::Forbid { because },
            // Off-spec: Cedar skips what it cannot evaluate. It might have forbidden; nothing fails open.
            (_, _, true) => Verdict::Error,
            (Decision::Allow, _, false) => Verdict::Permit { because },
            (Decision::Deny, true, false) => Verdict::Nothing { would: None },
        }
    }

    fn called<'b>(&'b self, id: &'b PolicyId) -> &'b str {
        if self.name.is_empty() { reported(id) } else { self.name }
    }

    fn only_permits(&self) -> Option<PolicySet> {
        let permits = self.policies.policies().filter(|p| p.effect() == Effect::Permit);
        PolicySet::from_policies(permits.cloned()).ok()
    }
}

/// What all cases together say: as one case with all their policies would.
fn judge_all(cases: &[Case<'_>], context: Option<Context>) -> Verdict {
    let (Some(context), [first, rest @ ..]) = (context, cases) else {
        return if cases.is_empty() { Verdict::Nothing { would: None } } else { Verdict::Error };
    };
    rest.iter().fold(first.judge(context.clone()), |all, case| together(all, case.judge(context.clone())))
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
        (Verdict::Forbid { because: a }, Verdict::Forbid { because: b }) => {
            Verdict::Forbid { because: both(a, b) }
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

/// The answer for someone who enters, by the policies of all cases. `context` makes Cedar's context of open schedules
/// and factors.
pub(crate) fn entering(
    cases: &[Case<'_>],
    looks: Looks,
    now: &Situation<'_>,
    mut context: impl FnMut(&[ScheduleId], Factors) -> Option<Context>,
) -> Verdict {
    let mut judge =
        |cases: &[Case<'_>], open: &[ScheduleId], factors: Factors| judge_all(cases, context(open, factors));
    let verdict = judge(cases, now.open, now.factors);
    if !matches!(verdict, Verdict::Nothing { .. }) {
        return verdict;
    }
    let more = if looks.factors { more_than(now.factors) } else { Vec::new() };
    let most = more.last().copied().unwrap_or(now.factors);
    for factors in more {
        if matches!(judge(cases, now.open, factors), Verdict::Permit { .. }) {
            return Verdict::Nothing { would: Some(Would::WithFactors(factors)) };
        }
    }
    if looks.schedules {
        // All schedules are never open together: what forbids then need not forbid when the permit holds.
        let mut permits = |open: &[ScheduleId]| match judge(cases, open, most) {
            Verdict::Permit { .. } => true,
            Verdict::Forbid { .. } => {
                let only: Option<Vec<PolicySet>> = cases.iter().map(Case::only_permits).collect();
                let only = only.unwrap_or_default();
                let permits: Vec<_> =
                    cases.iter().zip(&only).map(|(case, policies)| Case { policies, ..*case }).collect();
                matches!(judge(&permits, open, most), Verdict::Permit { .. })
            }
            Verdict::Nothing { .. } | Verdict::Error => false,
        };
        if !permits(now.open) && (permits(now.all) || permits(&[])) {
            return Verdict::Nothing { would: Some(Would::AtAnotherTime) };
        }
    }
    verdict
}

/// Every larger set of factors, the smallest first; the last has all.
fn more_than(now: Factors) -> Vec<Factors> {
    let larger = |f: &Factors| f.contains(now) && *f != now;
    let mut sets: Vec<_> = (0..=u8::MAX).filter_map(Factors::from_bits).filter(larger).collect();
    sets.sort_by_key(|f| f.bits().count_ones());
    sets
}
