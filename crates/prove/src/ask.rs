//! One question to the solver: whether somebody of a kind can do a thing at a place, against what is stated.

use crate::case::{Deed, Spot};
use crate::prover::{Answer, Prover};
use crate::solver::Solver;
use crate::tell::sentence;
use crate::witness::{Against, witness};
use crate::world::{Kind, Names, permits, request_env};
use cedar_policy::{Policy, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::Env;
use std::collections::BTreeSet;

/// Policies in one question: a thousand take the solver seconds, and two thousand more than a minute.
const POLICIES_MAX: usize = 1_500;

/// One question: a deed by somebody of a kind, at each of some places, against what the condition says.
pub(crate) struct Ask<'a> {
    pub(crate) deed: Deed,
    pub(crate) by: Kind,
    /// In Cedar.
    pub(crate) condition: String,
    pub(crate) against: Against<'a>,
    /// Whether only what was not permitted before counts.
    pub(crate) news: bool,
}

impl Prover<'_> {
    /// `asked`: places at which the same was asked already.
    pub(crate) fn one(&self, ask: &Ask<'_>, spot: Spot, asked: &mut BTreeSet<String>) -> Result<(), Answer> {
        let (world, at) = (&self.after, (ask.deed, ask.by, spot));
        let slice = world.slice(ask.deed, spot);
        // Nothing permits it: no solver is needed for that.
        if !permits(&slice) {
            return Ok(());
        }
        if slice.len() > POLICIES_MAX {
            let n = slice.len();
            return Err(Answer::Unanswered(format!(
                "{n} policies can match at one place, and a proof takes {POLICIES_MAX} at most"
            )));
        }
        let unknown = |why: String| Answer::Unanswered(why);
        let condition = policy(
            "condition",
            &format!("permit (principal, action, resource) when {{ {} }};", ask.condition),
        );
        let condition = condition.map_err(unknown)?;
        let old =
            if ask.news { self.before.as_ref().map(|b| b.slice_if_there(ask.deed, spot)) } else { None };
        if old.as_ref().is_some_and(|old| alike(old, &slice)) {
            return Ok(());
        }
        let mut names = Names::default();
        slice.iter().chain(old.iter().flatten()).chain([&condition]).for_each(|p| names.add(p));
        let was: Vec<_> = old.iter().flatten().map(|p| p.id().to_string()).collect();
        let looks = format!("{} {was:?}", world.looks(spot, &slice, &names));
        if !asked.insert(looks) {
            return Ok(());
        }
        let solver = self.solver.as_ref().map_err(|e| Answer::Unanswered(e.to_string()))?;
        let env = request_env(ask.deed, ask.by, spot).map_err(unknown)?;
        let knows = world.knows(ask.deed, ask.by, spot, &names);
        let env = (&world.schema, &env);
        let found = match old {
            None => against(solver, env, slice, &knows, &ask.condition),
            Some(old) => beyond(solver, env, slice, old, &knows),
        };
        let Some(env) = found.map_err(unknown)? else { return Ok(()) };
        let found = witness(world, at, &names, &env, ask.against).ok_or_else(|| {
            Answer::Unanswered(format!("the solver's counterexample at {spot:?} is none at the doors"))
        })?;
        Err(Answer::Refuted(sentence(&found, &world.together, &world.site.founding().zone)))
    }
}

/// A request that fits what is known, meets the condition, and is allowed.
fn against(
    solver: &Solver,
    env: (&Schema, &RequestEnv),
    slice: Vec<Policy>,
    knows: &str,
    condition: &str,
) -> Result<Option<Env>, String> {
    let text = format!("permit (principal, action, resource) when {{ {knows} }} when {{ {condition} }};");
    solver.common(env, &set(slice)?, &set(vec![policy("against", &text)?])?)
}

/// A request that fits what is known, and is allowed where it was not.
fn beyond(
    solver: &Solver,
    env: (&Schema, &RequestEnv),
    mut slice: Vec<Policy>,
    old: Vec<Policy>,
    knows: &str,
) -> Result<Option<Env>, String> {
    for one in old.iter().filter(|p| calculates(p)) {
        // The doors refuse what can not be evaluated; Cedar looks past it. The two must have been one.
        if !solver.never_fails(env, one)? {
            return Err(format!("`{}` could fail to be evaluated", one.id()));
        }
    }
    slice.push(policy("impossible", &format!("forbid (principal, action, resource) unless {{ {knows} }};"))?);
    solver.beyond(env, &set(slice)?, &set(old)?)
}

fn policy(name: &str, text: &str) -> Result<Policy, String> {
    Policy::parse(Some(PolicyId::new(name)), text).map_err(|e| e.to_string())
}

fn set(policies: Vec<Policy>) -> Result<PolicySet, String> {
    PolicySet::from_policies(policies).map_err(|e| e.to_string())
}

/// Whether two lists hold the same policies, word for word.
fn alike(a: &[Policy], b: &[Policy]) -> bool {
    let told = |all: &[Policy]| -> BTreeSet<String> { all.iter().map(ToString::to_string).collect() };
    told(a) == told(b)
}

/// Whether it holds a sum, a difference or a product: all else that policies say here has a value.
fn calculates(policy: &Policy) -> bool {
    let sums = ["\"+\":", "\"-\":", "\"*\":", "\"neg\":"];
    policy.to_json().map_or(true, |json| {
        let json = json.to_string();
        sums.iter().any(|sum| json.contains(sum))
    })
}
