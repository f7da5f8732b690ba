//! What a change set would make of a site, before anybody has signed it: tried on a copy, which stays a copy.

use crate::{Refusal, Site};
use lockward_model::{ChangeSet, Time};

/// A copy of a site on which change sets are tried that nobody has signed. It is read, and never becomes a site again.
pub struct Rehearsal(Site);

impl Rehearsal {
    /// A copy of a site as it is.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        Self(site.clone())
    }

    /// Tries the next entry, as if those had signed it who may: whole or not at all. It is judged as a new one from
    /// `from` on, as [`Site::check_new`] does.
    ///
    /// # Errors
    /// [`Refusal`]; the copy is then as it was.
    pub fn apply(&mut self, set: &ChangeSet, from: Time) -> Result<(), Refusal> {
        if set.site != self.0.id {
            return Err(Refusal::OtherSite);
        }
        if set.at != self.0.size {
            return Err(Refusal::OutOfOrder { due: self.0.size, found: set.at });
        }
        self.0.is_new(set, from)?;
        self.0.carry_out(set.clone())
    }

    /// What it would be.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.0
    }
}
