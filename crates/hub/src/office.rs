//! A site's folder, opened: its keys, its configuration, and the one place where the config log grows.
//!
//! The running hub works on an [`Office`], and so does the command line beside it, in a process of its own: the log's
//! primary key decides who appended, and each takes in what the other wrote.

mod api_keys;
mod changes;
mod direct;
mod drafts;
mod explain;
mod waiting;

pub use api_keys::{API_KEY_LIFE_MAX, API_KEY_OVERLAP, API_KEY_OVERLAP_MAX, ApiKeyError, NewApiKey};
pub use changes::ChangeError;
pub use direct::ReceiveError;
pub(crate) use drafts::ServiceDraft;
pub use drafts::{ChangeDraft, DRAFT_TEXT_BYTES_MAX, DraftError, Drafted};
pub use explain::{ExplainError, Explained};
pub use waiting::{DRAFT_LIFE, DRAFTS_BYTES_MAX, DRAFTS_EACH_MAX, DRAFTS_MAX, DraftId, DraftView, Signed};

use crate::ca::CaError;
use crate::clock::Clock;
use crate::dice;
use crate::keys::{Keys, KeysError};
use crate::logs::{Logs, sha256};
use crate::master::{MasterError, master_key};
use crate::sight::Readings;
use changes::replay;
use core::time::Duration;
use lockward_ledger::{Head, SignedCheckpoint, leaf_hash, read_frontier};
use lockward_model::{ControllerId, PersonId, SiteId, Source, Time};
use lockward_policy::Read;
use lockward_site::{Asker, Keep, Readable, Refusal, Site};
use lockward_store::{HubError, HubOpenError, HubStore, Log};
use lockward_wire::link::EnrollCode;
use lockward_wire::seal::PersonAttributes;
use lockward_wire::{EnrollSecret, MasterKey};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::watch;

/// Where the CA's certificate is kept.
pub(crate) const CA_SETTING: &str = "ca";
/// How long a code for a new controller serves: an installer on a ladder, and a second try.
pub const ENROLMENT_LIFE: Duration = Duration::from_secs(3_600);
/// Why a site's folder does not open.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] HubOpenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// No master key.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The keys do not open.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The config log has no first entry, or the CA is missing.
    #[error("the hub's store holds no site; restore it from a backup")]
    NoSite,
    /// An entry of the config log is refused by the site that the entries before it make.
    #[error("entry {at} of the config log is refused [{}]: the store was changed from outside", source.code())]
    Log {
        /// Its index.
        at: u64,
        /// Why.
        #[source]
        source: Refusal,
    },
}

/// Why no code was made for a controller.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The site does not know it.
    #[error("controller `{0}` is not in the configuration; add it with a change set first")]
    Unknown(ControllerId),
    /// It has a key.
    #[error("controller `{0}` has enrolled already; revoke it, and give the new device a new id")]
    Enrolled(ControllerId),
    /// It was cut off.
    #[error("controller `{0}` was revoked; give the new device a new id")]
    Revoked(ControllerId),
    /// Certificates bear it as a host name.
    #[error("controller `{0}` ends with `-`, which no certificate can bear; give it another id")]
    Name(ControllerId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The site can not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

/// A site's folder, opened.
pub struct Office {
    store: Arc<HubStore>,
    keys: Keys,
    clock: Arc<dyn Clock>,
    logs: Logs,
    id: SiteId,
    founding: Vec<u8>,
    ca: Vec<u8>,
    site: RwLock<Site>,
    size: watch::Sender<u64>,
    seen: Mutex<u64>,
    drafts: waiting::Drafts,
    readings: Readings,
}

impl Office {
    /// Opens the site in `dir`. `master`: the key, where it does not lie in its file.
    ///
    /// # Errors
    /// [`OfficeError`].
    pub fn open(dir: &Path, master: Option<MasterKey>, clock: Arc<dyn Clock>) -> Result<Self, OfficeError> {
        let store = Arc::new(HubStore::open(dir)?);
        let master = master.map_or_else(|| master_key(dir, None), Ok)?;
        let keys = Keys::open(Arc::clone(&store), master)?;
        let ca = store.setting(CA_SETTING)?.ok_or(OfficeError::NoSite)?;
        let seen = store.data_version()?;
        let founding = store.entry(Log::Config, 0)?.ok_or(OfficeError::NoSite)?;
        let id = SiteId(*leaf_hash(&founding).as_bytes());
        let site = replay(&store, u64::MAX, Keep::Everything)?;
        let logs = Logs::of(site.founding()).map_err(|_| OfficeError::NoSite)?;
        let (size, seen) = (watch::Sender::new(site.size()), Mutex::new(seen));
        Ok(Self {
            store,
            keys,
            clock,
            logs,
            id,
            founding,
            ca,
            site: RwLock::new(site),
            size,
            seen,
            drafts: waiting::Drafts::default(),
            readings: Readings::default(),
        })
    }

    /// The site's id.
    #[must_use]
    pub fn id(&self) -> SiteId {
        self.id
    }
    /// Its store.
    #[must_use]
    pub fn store(&self) -> &Arc<HubStore> {
        &self.store
    }
    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
    /// The configuration in force. Let it go soon: changes wait for it.
    pub fn site(&self) -> RwLockReadGuard<'_, Site> {
        self.site.read().unwrap_or_else(PoisonError::into_inner)
    }
    /// What time it is.
    #[must_use]
    pub fn now(&self) -> lockward_model::Now {
        self.clock.now()
    }
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
    pub(crate) fn logs(&self) -> &Logs {
        &self.logs
    }
    pub(crate) fn founding_entry(&self) -> &[u8] {
        &self.founding
    }
    pub(crate) fn ca(&self) -> &[u8] {
        &self.ca
    }
    /// The size of the config log, and word of every change.
    pub(crate) fn config_size(&self) -> watch::Receiver<u64> {
        self.size.subscribe()
    }

    /// Size and root of a log as it was at `size`.
    pub(crate) fn head_at(&self, log: Log, size: u64) -> Option<Head> {
        read_frontier(&self.store.tiles(log), size).ok().map(|frontier| frontier.head())
    }

    /// A checkpoint of a log as it was at `size`, signed.
    pub(crate) fn checkpoint_at(&self, log: Log, size: u64) -> Option<SignedCheckpoint> {
        self.logs.signed(log, self.head_at(log, size)?, self.keys.log())
    }

    /// Makes a one-time code for a controller that is announced and has no key. It serves for [`ENROLMENT_LIFE`].
    ///
    /// # Errors
    /// [`EnrolError`].
    pub fn issue_enrolment(&self, controller: ControllerId) -> Result<EnrollCode, EnrolError> {
        self.follow()?;
        match self.site().controller(controller) {
            None => return Err(EnrolError::Unknown(controller)),
            Some(c) if c.revoked => return Err(EnrolError::Revoked(controller)),
            Some(c) if c.key.is_some() => return Err(EnrolError::Enrolled(controller)),
            Some(_) if controller.as_str().ends_with('-') => return Err(EnrolError::Name(controller)),
            Some(_) => {}
        }
        let secret = EnrollSecret::from_bytes(dice::roll());
        let until = self.now().wall + ENROLMENT_LIFE;
        self.store.put_enrolment(controller, sha256(secret.as_bytes()), until)?;
        Ok(EnrollCode::new(secret, &self.id))
    }

    /// A controller's certificate chain, for the key that is bound to it; `None` where none is, or it is revoked.
    pub(crate) fn certificate(&self, id: ControllerId) -> Result<Option<Vec<Vec<u8>>>, CaError> {
        let key = self.site().controller(id).filter(|c| !c.revoked).and_then(|c| c.key);
        let Some(key) = key else { return Ok(None) };
        Ok(Some(vec![crate::ca::controller(self.keys.ca(), id, key, self.now().wall)?]))
    }

    /// Seals a person's attributes with the person's own key, which is made if there is none.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn seal_person(
        &self,
        person: PersonId,
        attributes: &PersonAttributes,
    ) -> Result<Box<[u8]>, KeysError> {
        let key = self.keys.person_key_or_new(person)?;
        Ok(attributes.seal(&self.id, person, dice::roll(), &key)?.into())
    }

    /// Opens a person's attributes; `None` where there are none, or their key was destroyed.
    #[must_use]
    pub fn open_person(&self, person: PersonId, sealed: &[u8]) -> Option<PersonAttributes> {
        let key = self.keys.person_key(person).ok()??;
        PersonAttributes::open(&self.id, person, sealed, &key).ok()
    }

    /// The key with which a controller now seals its events.
    pub(crate) fn source_key(
        &self,
        controller: ControllerId,
    ) -> Result<Option<lockward_wire::SourceKey>, KeysError> {
        self.keys.source_key(&self.id, Source::Controller(controller), self.keys.epoch())
    }

    /// Where somebody may read this now. `site`: the configuration in force.
    pub(crate) fn reads(&self, site: &Site, who: Asker, what: Read) -> Arc<Readable> {
        self.readings.of(site, who, what, self.wall())
    }

    /// The moment that a page of the site is of.
    pub(crate) fn wall(&self) -> Time {
        self.now().wall
    }
}
