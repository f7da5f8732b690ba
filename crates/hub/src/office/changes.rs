//! How the config log grows: here, and in no other place of the hub.

use super::{Office, OfficeError};
use lockward_ledger::leaf_hash;
use lockward_model::{Change, ChangeRefusal, ChangeSet, OperatorId, SiteId, Text};
use lockward_site::{Keep, Refusal, Site};
use lockward_store::{Batch, HubAppendError, HubStore, Log};
use lockward_wire::config::{EncodeError, Envelope, PayloadType, encode_changes};
use std::sync::{PoisonError, RwLockWriteGuard};

/// Appends of the hub's own that lose against another process before it gives up: each loss means that another change
/// went through, and people do not make many a second.
const OWN_TRIES: usize = 5;

/// Why a change was not made. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The site refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Append(#[from] HubAppendError),
    /// The entry does not fit the log.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The site can not be read again.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl ChangeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Encode(_) => ChangeRefusal::Malformed.as_str(),
            Self::Append(_) | Self::Office(_) => ChangeRefusal::StoreFailed.as_str(),
        }
    }
}

impl Office {
    fn site_mut(&self) -> RwLockWriteGuard<'_, Site> {
        self.site.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change: judged by the policies in force, then durable, then in force. Returns its index.
    ///
    /// # Errors
    /// [`ChangeError`]; the site is then as it was.
    pub fn append_change(&self, entry: &[u8]) -> Result<u64, ChangeError> {
        let mut site = self.site_mut();
        self.take_in(&mut site)?;
        // 0. Nothing that its author would find out about on the night on which the clocks jump, or in an airlock.
        site.check_new(entry, self.now().wall)?;
        // 1. Authority, and whether the site survives it. Nobody sees the new state while the lock is held.
        site.apply_at(entry, self.now().wall)?;
        let at = site.size() - 1;
        // 2. Durable.
        let batch = Batch { at, leaves: &[entry], sources: &[] };
        let appended =
            self.store.append(Log::Config, &batch, |head| self.logs.sign(Log::Config, head, self.keys.log()));
        match appended {
            Ok(_) => {
                // 3. In force, here and soon everywhere.
                self.size.send_replace(site.size());
                Ok(at)
            }
            Err(error) => {
                *site = replay(&self.store, u64::MAX, Keep::Everything)?;
                self.size.send_replace(site.size());
                if matches!(error, HubAppendError::Raced { .. }) {
                    // Somebody else was first, so this one is out of order now; the site says so.
                    site.apply(entry)?;
                }
                Err(error.into())
            }
        }
    }

    /// Makes changes on the hub's own authority, signed with its service key. Returns their index.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn append_own(&self, reason: Option<&Text>, changes: &[Change]) -> Result<u64, ChangeError> {
        let made = self.append_signed(None, reason, |_| Some(changes.to_vec()))?;
        // What is given is always wanted.
        made.ok_or(ChangeError::Refused(Refusal::Unsigned))
    }

    /// Makes changes in the place of an operator who is signed in, signed with the hub's service key: only where the site's
    /// policy takes the hub's word for it. `draft` is asked anew whenever somebody else was first, and may want nothing.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub(crate) fn append_for(
        &self,
        operator: OperatorId,
        draft: impl Fn(&Site) -> Option<Vec<Change>>,
    ) -> Result<Option<u64>, ChangeError> {
        self.append_signed(Some(operator), None, draft)
    }

    fn append_signed(
        &self,
        on_behalf: Option<OperatorId>,
        reason: Option<&Text>,
        draft: impl Fn(&Site) -> Option<Vec<Change>>,
    ) -> Result<Option<u64>, ChangeError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (drafted, site) = (self.now().wall, self.site());
            let (at, changes) = (site.size(), draft(&site));
            drop(site);
            let Some(changes) = changes else { return Ok(None) };
            let set = ChangeSet { site: self.id, at, drafted, on_behalf, reason: reason.cloned(), changes };
            let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?;
            envelope.sign(self.keys.hub())?;
            match self.append_change(&envelope.to_bytes()) {
                Err(ChangeError::Refused(Refusal::OutOfOrder { .. })) if tries < OWN_TRIES => {}
                made => return made.map(Some),
            }
        }
    }

    /// Takes in what another process has appended. True if there was anything.
    ///
    /// # Errors
    /// [`OfficeError`]; the last good state stays in force.
    pub fn follow(&self) -> Result<bool, OfficeError> {
        let version = self.store.data_version()?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == version {
            return Ok(false);
        }
        let mut site = self.site_mut();
        let before = site.size();
        self.take_in(&mut site)?;
        *seen = version;
        if site.size() == before {
            return Ok(false);
        }
        self.size.send_replace(site.size());
        Ok(true)
    }

    fn take_in(&self, site: &mut Site) -> Result<(), OfficeError> {
        self.store.for_each_entry(Log::Config, site.size()..u64::MAX, |at, entry| {
            site.apply(entry).map_err(|source| OfficeError::Log { at, source })
        })?;
        Ok(())
    }
}

/// The site that the first `size` entries of the log make.
pub(super) fn replay(store: &HubStore, size: u64, keep: Keep) -> Result<Site, OfficeError> {
    let mut site = None;
    store.for_each_entry(Log::Config, 0..size, |at, entry| {
        let id = || SiteId(*leaf_hash(entry).as_bytes());
        let applied = match &mut site {
            None => Site::found(entry, id(), keep).map(|founded| site = Some(founded)),
            Some(site) => site.apply(entry),
        };
        applied.map_err(|source| OfficeError::Log { at, source })
    })?;
    site.ok_or(OfficeError::NoSite)
}
