//! What an audit came to: in words, and as an exit code.

use crate::say::{count, say};
use crate::verify::VerifyError;
use lockward_audit::{AuditError, Report};
use std::process::ExitCode;

/// The verdict, in words and as an exit code.
pub(crate) fn told<E: std::error::Error + 'static>(
    outcome: Result<Report, AuditError<E>>,
    unread: impl FnOnce(E) -> VerifyError,
) -> Result<ExitCode, VerifyError> {
    match outcome {
        Ok(report) => {
            say(&sound(&report));
            Ok(ExitCode::SUCCESS)
        }
        Err(AuditError::Finding(finding)) => {
            say(&format!("NOT SOUND: {finding}"));
            Ok(ExitCode::FAILURE)
        }
        Err(AuditError::Source(error)) => Err(unread(error)),
    }
}

fn sound(report: &Report) -> String {
    let n = |n: u64, noun: &str| count(usize::try_from(n).unwrap_or(usize::MAX), noun);
    let pinned = match report.pinned {
        true => "the site that was expected",
        false => "taken from the log; give --site to be sure that it is the one you mean",
    };
    let mut out = format!(
        "SOUND: every entry, signature, chain and authority holds.\n  site {}\n    ({pinned})\n",
        report.site
    );
    out.push_str(&format!("  config log: {}, root {}\n", n(report.config.size, "entry"), report.config.root));
    out.push_str(&format!("  event log: {}, root {}\n", n(report.event.size, "entry"), report.event.root));
    out.push_str(&format!(
        "  {} in {}\n",
        n(report.events(), "event"),
        count(report.chains.len(), "unbroken chain")
    ));
    if let Some((from, to)) = report.span() {
        out.push_str(&format!("  from {from} to {to}\n"));
    }
    out.push_str(&format!("  {} decided again, with the same result\n", n(report.decided, "decision")));
    if report.sealed_events > 0 {
        out.push_str(&format!(
            "  {} and {} not looked into: the keys of their epochs were not given\n",
            n(report.sealed_decisions, "decision"),
            n(report.sealed_events.saturating_sub(report.sealed_decisions), "other event")
        ));
    }
    out.push_str(&format!("  {} by controllers", count(report.cosignatures.len(), "cosignature")));
    if report.other_cosignatures > 0 {
        out.push_str(&format!(", and {} by others, not checked", report.other_cosignatures));
    }
    out.push('\n');
    out
}
