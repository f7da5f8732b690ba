//! Statements about a site: proved for whoever could come, or refuted by somebody whom the doors let in.
//!
//! A statement is taken apart into questions of one kind of deed at one place. Each is a question to a solver (cvc5, a
//! program of its own) about the policies whose scope can match there, under what is known of this site: where the door
//! lies, which schedules are ever open together, what a reader can be shown. Cedar's symbolic compiler
//! (`cedar-policy-symcc`, verified in Lean) puts it in the solver's words.
//!
//! Architecture invariants: nothing at a door imports this room. What the solver finds is no refutation until the engine
//! that the doors ask has permitted it; and whatever goes wrong on the way, the answer is "not known", never "proved".

mod ask;
mod case;
mod judge;
mod news;
mod prover;
mod solver;
mod tell;
mod together;
mod witness;
mod world;

pub use judge::{Effect, Judged, judge};
pub use prover::{Answer, Prover};
pub use solver::{Patience, SOLVER_VARIABLE, Solver, SolverMissing};
