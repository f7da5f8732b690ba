//! Which entry is not the one that the log was signed over: told by the log's own tiles, where there are any.

use crate::source::{BATCH_ENTRIES, batch};
use crate::{AuditError, Finding, FindingCode, Log, Source};
use lockward_ledger::{Frontier, Head, leaf_hash};

/// What is to be reported of a log whose entries do not hash to the checkpoint's root: what was found by other means,
/// or an earlier entry that the tiles tell.
pub(crate) fn explain<S: Source>(
    source: &mut S,
    log: Log,
    head: Head,
    found: Option<Finding>,
) -> Result<Finding, AuditError<S::Error>> {
    let altered = first_altered(source, log, head)?;
    Ok(match (found, altered) {
        (Some(found), Some(at)) if found.index.is_some_and(|index| index <= at) => found,
        (_, Some(at)) => Finding {
            log,
            index: Some(at),
            code: FindingCode::EntryAltered,
            what: "the entry is not the one whose hash stands here in the log's tree".into(),
        },
        (Some(found), None) => found,
        (None, None) => Finding::of_log(
            log,
            FindingCode::RootMismatch,
            "the entries do not hash to the root that the checkpoint states; without the log's tiles it can not \
             be told which was altered, removed or moved",
        ),
    })
}

/// The first entry that differs from the tiles; `None` if there are no tiles, or they are not the checkpoint's either.
fn first_altered<S: Source>(
    source: &mut S,
    log: Log,
    head: Head,
) -> Result<Option<u64>, AuditError<S::Error>> {
    let (mut tree, mut altered) = (Frontier::new(), None);
    while tree.size() < head.size {
        let at = tree.size();
        let wanted = usize::try_from(head.size - at).unwrap_or(usize::MAX).min(BATCH_ENTRIES);
        let Some(mut hashes) = source.leaf_hashes(log, at, wanted).map_err(AuditError::Source)? else {
            return Ok(None);
        };
        hashes.truncate(wanted);
        if hashes.is_empty() {
            return Ok(None);
        }
        if altered.is_none() {
            let entries = batch(source, log, at, at + hashes.len() as u64)?;
            let same = entries.iter().zip(&hashes).take_while(|(entry, hash)| leaf_hash(entry) == **hash);
            let same = same.count();
            altered = (same < hashes.len()).then_some(at + same as u64);
        }
        tree.extend(hashes);
    }
    // Tiles that do not hash to the root themselves tell nothing.
    Ok(altered.filter(|_| tree.head() == head))
}
