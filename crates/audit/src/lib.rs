//! A stranger's check of a whole site: every leaf, signature, chain and authority, and every decision decided again.
//!
//! [`Audit`] reads both logs of a site through a [`Source`], once and in order, and either counts what it checked in a
//! [`Report`] or names the first entry that does not hold in a [`Finding`]. It trusts nothing that it reads: the site
//! is its founding's hash, which the caller pins; keys come from the config log, whose every entry is judged by the
//! policies in force before it; events come in chains that their writers have signed; and whoever holds the keys of
//! an epoch sees every decision of it made again.
//!
//! Architecture invariant: no I/O, no clock, no chance. What a source gives twice is compared, not believed.

mod audit;
mod chain;
mod checkpoint;
mod config;
mod earlier;
mod events;
mod examine;
mod explain;
mod finding;
mod history;
mod locate;
mod report;
mod source;

pub use audit::{Audit, AuditError, EpochKeys, Pin};
pub use explain::{ExplainError, open_event};
pub use finding::{Finding, FindingCode};
pub use lockward_wire::link::Log;
pub use report::{Chained, Cosigned, Progress, Report};
pub use source::{BATCH_ENTRIES, Source};
