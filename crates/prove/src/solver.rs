//! The solver, a program beside this one: asked once, for a limited time, and never believed where it says nothing.

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::{LocalSolver, SolverError};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env};
use core::time::Duration;
use std::ffi::OsString;
use tokio::process::Command;
use tokio::runtime::Runtime;

/// Where a solver stands that is not `cvc5` on the path.
pub const SOLVER_VARIABLE: &str = "LOCKWARD_CVC5";

/// cvc5, as a program.
pub struct Solver {
    program: OsString,
    limit: Duration,
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
    /// The program that [`SOLVER_VARIABLE`] names, or `cvc5`; each question may take it as long as this.
    ///
    /// # Errors
    /// [`SolverMissing`].
    pub fn find(limit: Duration) -> Result<Self, SolverMissing> {
        let program = std::env::var_os(SOLVER_VARIABLE).unwrap_or_else(|| "cvc5".into());
        Self::at(program, limit)
    }

    /// A program by its name.
    ///
    /// # Errors
    /// [`SolverMissing`].
    pub fn at(program: OsString, limit: Duration) -> Result<Self, SolverMissing> {
        let runs = std::process::Command::new(&program).arg("--version").output();
        if !runs.is_ok_and(|o| o.status.success() && o.stdout.starts_with(b"This is cvc5")) {
            return Err(SolverMissing::Program(program.to_string_lossy().into_owned()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { program, limit, runtime: runtime.map_err(SolverMissing::Wait)? })
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
        let limit = format!("--tlimit-per={}", self.limit.as_millis());
        let mut command = Command::new(&self.program);
        command.args(["--lang", "smt", &limit]).kill_on_drop(true);
        let asked = async {
            let solver = LocalSolver::from_command(&mut command).map_err(Error::from)?;
            question(CedarSymCompiler::new(solver)?).await
        };
        // It limits itself; this is for one that does not.
        let patience = self.limit.saturating_mul(2);
        match self.runtime.block_on(async { tokio::time::timeout(patience, asked).await }) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(format!("cvc5 was stopped after {} s", patience.as_secs())),
        }
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
