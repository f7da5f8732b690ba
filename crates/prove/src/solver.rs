//! The solver, a program beside this one: asked once, for a limited time, and never believed where it says nothing.

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::{LocalSolver, SolverError};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env};
use core::time::Duration;
use std::ffi::OsString;
use std::sync::Arc;
use tokio::process::Command;
use tokio::runtime::Runtime;
use tokio::time::Instant;

/// Where a solver stands that is not `cvc5` on the path.
pub const SOLVER_VARIABLE: &str = "LOCKWARD_CVC5";

/// In a review, for one question: the solver takes well under a second for one at a door with a hundred policies.
const REVIEW_EACH: Duration = Duration::from_secs(10);
/// In a review, for all questions of all statements.
const REVIEW_IN_ALL: Duration = Duration::from_secs(120);
/// How often a running question is looked at, whether anybody still waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long somebody waits.
#[derive(Clone)]
pub struct Patience {
    /// For one question.
    each: Duration,
    /// For all of them; the solver's own time, on which nothing else hangs.
    until: Option<Instant>,
    /// True once nobody waits any more: the question at hand is broken off.
    gone: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Patience {
    /// So long for each question, and for as many as there are.
    #[must_use]
    pub fn each(limit: Duration) -> Self {
        Self { each: limit, until: None, gone: Arc::new(|| false) }
    }

    /// For somebody who is about to sign, and reads the rest of the review meanwhile.
    #[must_use]
    pub fn of_a_review() -> Self {
        Self::each(REVIEW_EACH).in_all(REVIEW_IN_ALL)
    }

    /// From now on so long for all questions together.
    #[must_use]
    pub fn in_all(self, limit: Duration) -> Self {
        Self { until: Some(Instant::now() + limit), ..self }
    }

    /// No longer than until this says that nobody waits.
    #[must_use]
    pub fn unless(self, gone: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { gone: Arc::new(gone), ..self }
    }

    /// What is left for a question; none if nobody waits.
    fn left(&self) -> Result<Duration, String> {
        if (self.gone)() {
            return Err("nobody waits for the answer any more".into());
        }
        let Some(until) = self.until else { return Ok(self.each) };
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        left.map(|left| left.min(self.each)).ok_or_else(|| "the time for all statements is up".into())
    }
}

/// cvc5, as a program.
pub struct Solver {
    program: OsString,
    patience: Patience,
    runtime: Runtime,
}

/// Why there is no solver.
#[derive(Debug, thiserror::Error)]
pub enum SolverMissing {
    /// Not found, or not to be run.
    #[error(
        "`{0}` could not be run; install cvc5 (Debian: `apt install cvc5`), or name it in {SOLVER_VARIABLE}"
    )]
    Program(String),
    /// No thread or file is left to wait with.
    #[error("could not wait for a solver")]
    Wait(#[source] std::io::Error),
}

impl Solver {
    /// The program that [`SOLVER_VARIABLE`] names, or `cvc5`.
    ///
    /// # Errors
    /// [`SolverMissing`].
    pub fn find(patience: Patience) -> Result<Self, SolverMissing> {
        let program = std::env::var_os(SOLVER_VARIABLE).unwrap_or_else(|| "cvc5".into());
        Self::at(program, patience)
    }

    /// A program by its name.
    ///
    /// # Errors
    /// [`SolverMissing`].
    pub fn at(program: OsString, patience: Patience) -> Result<Self, SolverMissing> {
        let runs = std::process::Command::new(&program).arg("--version").output();
        if !runs.is_ok_and(|o| o.status.success() && o.stdout.starts_with(b"This is cvc5")) {
            return Err(SolverMissing::Program(program.to_string_lossy().into_owned()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { program, patience, runtime: runtime.map_err(SolverMissing::Wait)? })
    }

    /// Something that `left` allows and `right` does not; none if there is none.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn beyond(
        &self,
        (schema, env): (&Schema, &RequestEnv),
        left: &PolicySet,
        right: &PolicySet,
    ) -> Result<Option<Env>, String> {
        let compile = |set| CompiledPolicySet::compile(set, env, schema).map_err(|e| told(&e));
        let (left, right) = (compile(left)?, compile(right)?);
        self.ask(async |mut c| c.check_implies_with_counterexample_opt(&left, &right).await)
    }

    /// Something that both allow; none if there is none.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn common(
        &self,
        (schema, env): (&Schema, &RequestEnv),
        left: &PolicySet,
        right: &PolicySet,
    ) -> Result<Option<Env>, String> {
        let compile = |set| CompiledPolicySet::compile(set, env, schema).map_err(|e| told(&e));
        let (left, right) = (compile(left)?, compile(right)?);
        self.ask(async |mut c| c.check_disjoint_with_counterexample_opt(&left, &right).await)
    }

    /// Whether a policy can be evaluated, whatever is asked.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn never_fails(
        &self,
        (schema, env): (&Schema, &RequestEnv),
        policy: &cedar_policy::Policy,
    ) -> Result<bool, String> {
        let compiled = CompiledPolicy::compile(policy, env, schema).map_err(|e| told(&e))?;
        self.ask(async |mut c| c.check_never_errors_opt(&compiled).await)
    }

    /// A new solver for each question: what went wrong with one is over with it.
    fn ask<T>(
        &self,
        question: impl AsyncFnOnce(CedarSymCompiler<LocalSolver>) -> Result<T, Error>,
    ) -> Result<T, String> {
        let left = self.patience.left()?;
        let limit = format!("--tlimit-per={}", left.as_millis().max(1));
        let mut command = Command::new(&self.program);
        command.args(["--lang", "smt", &limit]).kill_on_drop(true);
        let asked = async {
            let solver = LocalSolver::from_command(&mut command).map_err(Error::from)?;
            question(CedarSymCompiler::new(solver)?).await
        };
        // It limits itself; this is for one that does not.
        let limit = left.saturating_mul(2);
        let left_alone = async {
            while !(self.patience.gone)() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = asked => answer.map_err(|error| told(&error)),
                () = tokio::time::sleep(limit) => Err(format!("cvc5 was stopped after {} s", limit.as_secs())),
                () = left_alone => Err("nobody waits for the answer any more".into()),
            }
        })
    }
}

fn told(error: &Error) -> String {
    match error {
        Error::SolverUnknown => "cvc5 could not tell within its time".into(),
        Error::SolverError(SolverError::Io(e)) => format!("cvc5 broke off: {e}"),
        Error::SolverError(e) => format!("cvc5 broke off: {e}"),
        other => other.to_string(),
    }
}
