//! A site's folder, opened: its keys, its configuration, and the one place where the config log grows.
//!
//! The running hub works on an [`Office`], and so does the command line beside it, in a process of its own: the log's
//! primary key decides who appended, and each takes in what the other wrote.

use crate::ca::CaError;
use crate::clock::Clock;
use crate::dice;
use crate::keys::{Keys, KeysError};
use crate::master::{MasterError, master_key};
use aws_lc_rs::digest::{SHA256, digest};
use core::time::Duration;
use lockward_ledger::{Checkpoint, Head, KeyName, SignedCheckpoint, leaf_hash, read_frontier};
use lockward_model::{
    Body, Change, ChangeSet, ControllerId, Digest, Event, Founding, PersonId, SiteId, Source, Text, Time,
};
use lockward_site::{Divergence, Keep, Refusal, Site, redecide};
use lockward_store::{Batch, HubAppendError, HubError, HubOpenError, HubStore, Log};
use lockward_wire::config::{EncodeError, Envelope, PayloadType, encode_changes};
use lockward_wire::event::{Leaf, LeafError, OpenError};
use lockward_wire::link::EnrollCode;
use lockward_wire::seal::PersonAttributes;
use lockward_wire::{EnrollSecret, MasterKey};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// Where the CA's certificate is kept.
pub(crate) const CA_SETTING: &str = "ca";
/// How long a code for a new controller serves: an installer on a ladder, and a second try.
pub const ENROLMENT_LIFE: Duration = Duration::from_secs(3_600);
/// Appends of the hub's own that lose against another process before it gives up: each loss means that another change
/// went through, and people do not make many a second.
const OWN_TRIES: usize = 5;

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
            Self::Encode(_) => "ENTRY_MALFORMED",
            Self::Append(_) | Self::Office(_) => "STORE_FAILED",
        }
    }
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

/// Why an event can not be told.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The log is shorter.
    #[error("the event log has no entry {0}")]
    PastEnd(u64),
    /// It is a chain head.
    #[error("entry {0} of the event log is a signature over a chain, no event; name the entry before it")]
    NoEvent(u64),
    /// Its clear part can not be read.
    #[error("the event can not be read")]
    Leaf(#[from] LeafError),
    /// Its body can not be opened.
    #[error("the event can not be opened")]
    Sealed(#[from] OpenError),
    /// Its epoch's key is gone.
    #[error("the key of the event's epoch was destroyed; nobody can read it any more")]
    Erased,
    /// The keys can not be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The site can not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

/// An event, told.
#[derive(Debug)]
pub struct Explained {
    /// What happened.
    pub event: Event,
    /// For a decision: whether the configuration of that moment decides the same again.
    pub again: Option<Result<(), Divergence>>,
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut out = [0; 32];
    // A SHA-256 has exactly these 32 bytes.
    out.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(o, b)| *o = *b);
    Digest(out)
}

/// What the two logs are called.
#[derive(Debug, Clone)]
pub(crate) struct Logs {
    config: KeyName,
    event: KeyName,
}

impl Logs {
    pub(crate) fn of(founding: &Founding) -> Result<Self, EncodeError> {
        let name = |origin: &str| origin.parse().map_err(|_| EncodeError::Key);
        Ok(Self { config: name(&founding.config_origin)?, event: name(&founding.event_origin)? })
    }

    pub(crate) fn origin(&self, log: Log) -> &KeyName {
        match log {
            Log::Config => &self.config,
            Log::Event => &self.event,
        }
    }

    /// The log's own word on its size and root.
    pub(crate) fn signed(
        &self,
        log: Log,
        head: Head,
        key: &aws_lc_rs::signature::Ed25519KeyPair,
    ) -> Option<SignedCheckpoint> {
        let checkpoint = Checkpoint::new(self.origin(log).clone(), head, Vec::new()).ok()?;
        SignedCheckpoint::sign(checkpoint, key).ok()
    }

    /// The same as bytes. A head of a store fits a checkpoint: its size has 63 bits, and there are no extensions.
    pub(crate) fn sign(&self, log: Log, head: Head, key: &aws_lc_rs::signature::Ed25519KeyPair) -> Vec<u8> {
        self.signed(log, head, key).map_or_else(Vec::new, |note| note.to_string().into_bytes())
    }
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
        Ok(Self { store, keys, clock, logs, id, founding, ca, site: RwLock::new(site), size, seen })
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

    fn site_mut(&self) -> RwLockWriteGuard<'_, Site> {
        self.site.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Size and root of a log as it was at `size`.
    pub(crate) fn head_at(&self, log: Log, size: u64) -> Option<Head> {
        read_frontier(&self.store.tiles(log), size).ok().map(|frontier| frontier.head())
    }

    /// A checkpoint of a log as it was at `size`, signed.
    pub(crate) fn checkpoint_at(&self, log: Log, size: u64) -> Option<SignedCheckpoint> {
        self.logs.signed(log, self.head_at(log, size)?, self.keys.log())
    }

    /// Makes a change: judged by the policies in force, then durable, then in force. Returns its index.
    ///
    /// # Errors
    /// [`ChangeError`]; the site is then as it was.
    pub fn append_change(&self, entry: &[u8]) -> Result<u64, ChangeError> {
        let mut site = self.site_mut();
        self.take_in(&mut site)?;
        // 1. Authority, and whether the site survives it. Nobody sees the new state while the lock is held.
        site.apply(entry)?;
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
        let mut tries = 0;
        loop {
            tries += 1;
            let (at, drafted) = (self.site().size(), self.now().wall);
            let set =
                ChangeSet { site: self.id, at, drafted, reason: reason.cloned(), changes: changes.to_vec() };
            let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?;
            envelope.sign(self.keys.hub())?;
            match self.append_change(&envelope.to_bytes()) {
                Err(ChangeError::Refused(Refusal::OutOfOrder { .. })) if tries < OWN_TRIES => {}
                made => return made,
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

    /// The site as it was when its config log had `size` entries. Reads the log from its beginning.
    ///
    /// # Errors
    /// [`OfficeError`].
    pub fn site_at(&self, size: u64) -> Result<Site, OfficeError> {
        replay(&self.store, size, Keep::Decisions)
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

    /// Opens one leaf; `None` for a chain head.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub fn open_leaf(&self, leaf: &[u8]) -> Result<Option<Event>, ExplainError> {
        let Leaf::Event(sealed) = Leaf::parse(leaf)? else { return Ok(None) };
        let key = self.keys.source_key(&self.id, sealed.source(), sealed.epoch())?;
        Ok(Some(sealed.open(&key.ok_or(ExplainError::Erased)?)?))
    }

    /// Tells an event, and decides it again if it is a decision.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub fn explain(&self, index: u64) -> Result<Explained, ExplainError> {
        let leaf = self.store.entry(Log::Event, index)?.ok_or(ExplainError::PastEnd(index))?;
        let event = self.open_leaf(&leaf)?.ok_or(ExplainError::NoEvent(index))?;
        let again = match &event.body {
            Body::Access(access) => {
                let size = access.config.map_or(1, |config| config.size);
                Some(redecide(&self.site_at(size)?, &event, access))
            }
            _ => None,
        };
        Ok(Explained { event, again })
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

    /// The moment that a page of the site is of.
    pub(crate) fn wall(&self) -> Time {
        self.now().wall
    }
}

fn replay(store: &HubStore, size: u64, keep: Keep) -> Result<Site, OfficeError> {
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
