//! Whether the logs continue what somebody was shown before: the one thing that a log rewritten by its own keeper cannot do.

use crate::source::batch;
use crate::{AuditError, Finding, FindingCode, Log, Source, checkpoint};
use lockward_ledger::{Frontier, leaf_hash};
use lockward_model::Founding;

/// Compares the logs with a checkpoint that was kept: of either log, in the site's own signature.
pub(crate) fn check<S: Source>(
    source: &mut S,
    founding: &Founding,
    now: [u64; 2],
    kept: &[u8],
) -> Result<(), AuditError<S::Error>> {
    let [config, event] = now;
    let (log, size, signed) = match checkpoint::open(founding, Log::Config, kept) {
        Ok(signed) => (Log::Config, config, signed),
        Err(_) => (Log::Event, event, checkpoint::open(founding, Log::Event, kept)?),
    };
    let head = signed.head();
    if head.size > size {
        let what = format!("you were shown {} entries, and now there are {size}: the end is gone", head.size);
        return Err(Finding::of_log(log, FindingCode::Forked, what).into());
    }
    let mut tree = Frontier::new();
    while tree.size() < head.size {
        let entries = batch(source, log, tree.size(), head.size)?;
        if entries.is_empty() {
            break;
        }
        entries.iter().for_each(|entry| tree.append(leaf_hash(entry)));
    }
    if tree.root() != head.root {
        let what = format!("its first {} entries are not those that you were shown", head.size);
        return Err(Finding::of_log(log, FindingCode::Forked, what).into());
    }
    Ok(())
}
