//! May this principal do this, here, now? The only room that knows Cedar, and the only mint of [`Grant`].
//!
//! Nothing is permitted that no policy permits, and a policy that forbids wins (Cedar's semantics). Cedar looks at every
//! policy that it is given; so an index hands it only those whose scope can match, and a cache keeps them ready.
//!
//! Architecture invariant: no clock, no chance, no I/O. The same policies and the same question give the same answer
//! with the same reasons, with the index or without it.

mod answers;
mod ask;
mod base;
mod cache;
mod compile;
mod grant;
mod index;
mod policies;
mod signing;
mod verdict;
mod vocabulary;

pub use answers::Answers;
pub use base::{HUB_SIGNS, SIGNED_APART, base_policies, signed_apart};
pub use compile::{POLICY_TEXT_BYTES_MAX, PolicyError, RULE_POLICIES_MAX, forbids};
pub use grant::Grant;
pub use policies::Policies;
pub use signing::Signers;
pub use verdict::{
    Act, Asked, Company, Place, Read, SignIn, Signature, Signer, Situation, Verdict, Who, Would,
};
pub use vocabulary::{SCHEMA, actions};
