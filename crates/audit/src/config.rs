//! The config log: from the founding on, every entry judged by the policies in force before it, up to the checkpoint.

use crate::events::Writers;
use crate::finding::{First, told};
use crate::history::History;
use crate::source::batch;
use crate::{AuditError, Finding, FindingCode, Log, Pin, Progress, Source, checkpoint, locate};
use lockward_ledger::{Frontier, Hash, Head, SignedCheckpoint, leaf_hash};
use lockward_model::{Digest, Founding, SiteId};
use lockward_site::{Keep, Refusal, Site};

/// A config log that holds.
pub(crate) struct Config {
    pub(crate) id: SiteId,
    pub(crate) founding: Founding,
    pub(crate) signed: SignedCheckpoint,
    pub(crate) writers: Writers,
    pub(crate) history: History,
}

/// Checks the config log up to the checkpoint in `note`.
pub(crate) fn check<S: Source>(
    source: &mut S,
    note: &[u8],
    pin: Pin,
    progress: &mut impl FnMut(Progress),
) -> Result<Config, AuditError<S::Error>> {
    let (mut site, leaf) = found(source, pin)?;
    let signed = checkpoint::open(site.founding(), Log::Config, note)?;
    let head = signed.head();
    if head.size == 0 {
        let what = "the checkpoint covers no entry, not even the founding";
        return Err(Finding::of_log(Log::Config, FindingCode::RootMismatch, what).into());
    }

    let mut tree = Frontier::from_iter([leaf]);
    let mut roots = vec![digest(Frontier::new().root()), digest(tree.root())];
    let mut first = First::new(Log::Config);
    while tree.size() < head.size && first.is_clear(tree.size()) {
        let entries = batch(source, Log::Config, tree.size(), head.size)?;
        if entries.is_empty() {
            first.note(tree.size(), FindingCode::LogShort, short(tree.size(), head));
        }
        for entry in &entries {
            if let Err(refusal) = site.apply(entry) {
                let (code, what) = refused(&refusal);
                first.note(tree.size(), code, what);
                break;
            }
            tree.append(leaf_hash(entry));
            roots.push(digest(tree.root()));
        }
        progress(Progress { log: Log::Config, done: tree.size(), size: head.size });
    }
    if tree.head() != head {
        return Err(locate::explain(source, Log::Config, head, first.into_finding())?.into());
    }
    let (id, founding, writers) = (site.id(), site.founding().clone(), Writers::of(&site));
    Ok(Config { id, founding, signed, writers, history: History::new(site, tree, roots) })
}

/// The founding: its leaf hash is who the site is.
fn found<S: Source>(source: &mut S, pin: Pin) -> Result<(Site, Hash), AuditError<S::Error>> {
    let wrong = |code, what: String| Finding { log: Log::Config, index: Some(0), code, what };
    let Some(entry) = batch(source, Log::Config, 0, 1)?.pop() else {
        return Err(wrong(FindingCode::LogShort, "the log has no founding".into()).into());
    };
    let leaf = leaf_hash(&entry);
    let id = SiteId(*leaf.as_bytes());
    if let Pin::Expect(expected) = pin
        && expected != id
    {
        let what = format!("the founding is that of site {id}, not of site {expected}, or was altered");
        return Err(wrong(FindingCode::OtherSite, what).into());
    }
    let site = Site::found(&entry, id, Keep::Decisions).map_err(|refusal| {
        let (code, what) = refused(&refusal);
        wrong(code, what)
    })?;
    Ok((site, leaf))
}

fn refused(refusal: &Refusal) -> (FindingCode, String) {
    match refusal {
        Refusal::Newer => (FindingCode::Newer, told(refusal)),
        other => (FindingCode::EntryRefused, format!("{}: {}", other.code(), told(other))),
    }
}

/// What is said of a log that ends before its checkpoint does.
pub(crate) fn short(found: u64, head: Head) -> String {
    format!("the log ends after {found} entries; its checkpoint is of {}", head.size)
}

fn digest(hash: Hash) -> Digest {
    Digest(*hash.as_bytes())
}
