//! The site as it was at any size of the config log: a few folds of it, each moved forward only by its next entries.
//!
//! Controllers apply changes at different moments, and one that was cut off still decides by what it had. So a stretch
//! of the event log names a handful of sizes; a fold is kept near each of them.

use crate::source::batch;
use crate::{AuditError, Finding, FindingCode, Log, Source};
use lockward_ledger::{Frontier, leaf_hash};
use lockward_model::{Digest, SiteId};
use lockward_site::{Keep, Refusal, Site};

/// Folds that are kept: the newest, the one that most controllers have, the one before, and that of a controller that
/// comes back after long. Each takes what a controller's memory takes.
const FOLDS_MAX: usize = 4;

struct Fold {
    site: Site,
    tree: Frontier,
    used: u64,
}

/// The config log, checked, and the site at some of its sizes.
pub(crate) struct History {
    id: SiteId,
    /// The root over the first `n` entries is at `n`.
    roots: Vec<Digest>,
    folds: Vec<Fold>,
    uses: u64,
}

impl History {
    /// Begins with the fold of a whole config log. `roots` are those of every size, the empty log's first.
    pub(crate) fn new(site: Site, tree: Frontier, roots: Vec<Digest>) -> Self {
        Self { id: site.id(), roots, folds: vec![Fold { site, tree, used: 0 }], uses: 0 }
    }

    /// The root over the first `size` entries; `None` past the end.
    pub(crate) fn root(&self, size: u64) -> Option<Digest> {
        self.roots.get(usize::try_from(size).ok()?).copied()
    }

    /// The site at some size or other.
    pub(crate) fn any(&self) -> Option<&Site> {
        self.folds.first().map(|f| &f.site)
    }

    /// The site at `size`, which is not zero and not past the end; `None` otherwise.
    pub(crate) fn at<S: Source>(
        &mut self,
        source: &mut S,
        size: u64,
    ) -> Result<Option<&Site>, AuditError<S::Error>> {
        let Some(root) = self.root(size).filter(|_| size > 0) else { return Ok(None) };
        self.uses += 1;
        // The nearest that is not past it.
        let near = (0..).zip(&self.folds).filter(|(_, f)| f.tree.size() <= size);
        let place = match near.max_by_key(|(_, f)| f.tree.size()).map(|(i, _)| i) {
            Some(place) => place,
            None => self.begin_again(source)?,
        };
        let Some(fold) = self.folds.get_mut(place) else { return Ok(None) };
        fold.used = self.uses;
        while fold.tree.size() < size {
            let entries = batch(source, Log::Config, fold.tree.size(), size)?;
            if entries.is_empty() {
                return Err(unsteady().into());
            }
            for entry in &entries {
                fold.site.apply(entry).map_err(|_| unsteady())?;
                fold.tree.append(leaf_hash(entry));
            }
        }
        if fold.tree.root().as_bytes() != &root.0 {
            return Err(unsteady().into());
        }
        Ok(Some(&fold.site))
    }

    /// A fold from the founding on, in place of the one that was not used for longest, if there is no room.
    fn begin_again<S: Source>(&mut self, source: &mut S) -> Result<usize, AuditError<S::Error>> {
        let founding = batch(source, Log::Config, 0, 1)?.pop().ok_or_else(unsteady)?;
        let leaf = leaf_hash(&founding);
        if leaf.as_bytes() != &self.id.0 {
            return Err(unsteady().into());
        }
        let site = Site::found(&founding, self.id, Keep::Decisions).map_err(|_: Refusal| unsteady())?;
        if self.folds.len() >= FOLDS_MAX
            && let Some((oldest, _)) = (0..).zip(&self.folds).min_by_key(|(_, f)| f.used)
        {
            self.folds.swap_remove(oldest);
        }
        self.folds.push(Fold { site, tree: Frontier::from_iter([leaf]), used: self.uses });
        Ok(self.folds.len() - 1)
    }
}

/// The entries were accepted when they were first read.
fn unsteady() -> Finding {
    let what = "the log was read twice, and gave other entries the second time";
    Finding::of_log(Log::Config, FindingCode::RootMismatch, what)
}
