//! How a site begins: every key, the first entry of the config log, and one event; all of it, or nothing.

use crate::ca::{self, CaError};
use crate::clock::Clock;
use crate::dice;
use crate::keys::{Keys, KeysError, public};
use crate::logs::{Logs, sha256};
use crate::master::{self, MasterError};
use crate::own::OwnChain;
use aws_lc_rs::signature::Ed25519KeyPair;
use core::fmt;
use lockward_ledger::leaf_hash;
use lockward_model::{Body, Founding, Operator, PublicKey, Service, SigningKey, SiteId, SiteZone, Text};
use lockward_policy::base_policies;
use lockward_store::{Batch, HubAppendError, HubCreateError, HubError, HubStore, Log};
use lockward_wire::config::{EncodeError, Envelope, PayloadType, encode_founding};
use lockward_wire::{MasterKey, hex};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The id of the hub's own service, as the base policies name it.
const HUB_SERVICE: &str = "hub";
/// Digits between two hyphens of a recovery key.
const GROUP: usize = 8;

/// What the founder decides.
pub struct FoundingRequest {
    /// What people call the site.
    pub title: Text,
    /// Its time zone.
    pub zone: SiteZone,
    /// The first operator; its key signs the founding.
    pub operator: Operator,
    /// The master key, where it is kept outside; else a file is made.
    pub master: Option<MasterKey>,
}

/// A new site.
pub struct Founded {
    /// Who it is.
    pub site: SiteId,
    /// To be shown once and kept on paper: it is stored nowhere.
    pub recovery_key: RecoveryKey,
}

/// The offline key that can refound the site, as text. Wiped when dropped.
pub struct RecoveryKey(Zeroizing<String>);

impl RecoveryKey {
    /// The text: 64 hex digits in groups.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(..)")
    }
}

/// Why no site was founded. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// Something is there already; it is never overwritten.
    #[error("`{0}` is there already; name a folder that is new, or remove it")]
    Exists(PathBuf),
    /// The key that would sign is not the operator's.
    #[error("the signing key is not that of operator `{0}`")]
    OtherKey(lockward_model::OperatorId),
    /// The folder can not be made.
    #[error("could not make `{path}`")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store can not be made.
    #[error(transparent)]
    Create(#[from] HubCreateError),
    /// The store can not be written.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The first entries can not be written.
    #[error(transparent)]
    Append(#[from] HubAppendError),
    /// The master key can not be made.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The keys can not be made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The site's CA can not be made.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// The founding can not be written down.
    #[error("the founding does not fit an entry")]
    Encode(#[from] EncodeError),
    /// The first event can not be sealed.
    #[error("the first event can not be sealed")]
    Seal(#[from] lockward_wire::event::EncodeError),
}

/// Founds a site in `dir`, which must not be there. `signer` is the operator's key.
///
/// # Errors
/// [`FoundError`]; `dir` is then as it was.
pub fn found(
    dir: &Path,
    request: FoundingRequest,
    signer: &Ed25519KeyPair,
    clock: &dyn Clock,
) -> Result<Founded, FoundError> {
    if dir.symlink_metadata().is_ok() && !is_empty(dir) {
        return Err(FoundError::Exists(dir.to_owned()));
    }
    let own = SigningKey::Ed25519(public(signer));
    if !request.operator.keys.iter().any(|k| k.key == own) {
        return Err(FoundError::OtherKey(request.operator.id));
    }
    let io = |source| FoundError::Io { path: dir.to_owned(), source };
    // 1. Everything beside the wanted place. A crash leaves a folder whose name says what it is.
    let name = dir.file_name().ok_or_else(|| io(io::ErrorKind::InvalidInput.into()))?;
    let parent = dir.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(io)?;
    let fresh = parent.join(format!(".{}.founding-{:08x}", name.display(), u32::from_be_bytes(dice::roll())));
    let made = lay(&fresh, request, signer, clock);
    // 2. The name: from here there is a site. An empty folder in its place is replaced by this.
    let placed = made.and_then(|founded| {
        fs::rename(&fresh, dir)
            .and_then(|()| fs::File::open(parent)?.sync_all())
            .map_err(io)
            .map(|()| founded)
    });
    if placed.is_err() {
        let _ = fs::remove_dir_all(&fresh);
    }
    placed
}

fn is_empty(dir: &Path) -> bool {
    dir.read_dir().is_ok_and(|mut entries| entries.next().is_none())
}

fn lay(
    dir: &Path,
    request: FoundingRequest,
    signer: &Ed25519KeyPair,
    clock: &dyn Clock,
) -> Result<Founded, FoundError> {
    let now = clock.now().wall;
    let store = Arc::new(HubStore::create(dir)?);
    let master = match request.master {
        Some(key) => key,
        None => master::create(dir)?,
    };
    let keys = Keys::create(Arc::clone(&store), master)?;
    let root = ca::root(keys.ca(), now)?;
    store.put_setting(crate::office::CA_SETTING, &root)?;
    let recovery = Zeroizing::new(dice::roll::<32>());
    let pair = Ed25519KeyPair::from_seed_unchecked(&recovery[..]).map_err(KeysError::Signing)?;
    let founding = founding(request.title, request.zone, request.operator, &keys, &root, public(&pair), now);

    let mut envelope = Envelope::new(PayloadType::Founding, encode_founding(&founding)?)?;
    envelope.sign(signer)?;
    let entry = envelope.to_bytes();
    let site = SiteId(*leaf_hash(&entry).as_bytes());
    let logs = Logs::of(&founding)?;
    store.append(Log::Config, &Batch { at: 0, leaves: &[&entry], sources: &[] }, |head| {
        logs.sign(Log::Config, head, keys.log())
    })?;
    let mut own = OwnChain::begin(site);
    let leaves = [own.seal(&keys, now, Body::Founded(site))?, own.sign_head(&keys)];
    let sources = [own.source_head()];
    store.append(Log::Event, &Batch { at: 0, leaves: &leaves, sources: &sources }, |head| {
        logs.sign(Log::Event, head, keys.log())
    })?;
    Ok(Founded { site, recovery_key: told(&recovery) })
}

fn founding(
    title: Text,
    zone: SiteZone,
    operator: Operator,
    keys: &Keys,
    root: &[u8],
    recovery_key: PublicKey,
    founded: lockward_model::Time,
) -> Founding {
    let log_key = public(keys.log());
    // The site's id is the hash of this very entry; its log key is as unique.
    let digits = log_key.to_string();
    let origin = |log| format!("lockward.internal/{}/{log}", digits.get(..16).unwrap_or_default()).into();
    #[expect(clippy::unwrap_used, reason = "a constant that is an id")]
    let id = HUB_SERVICE.parse().unwrap();
    Founding {
        title,
        zone,
        founded,
        config_origin: origin("config"),
        event_origin: origin("events"),
        log_key,
        hub: Service::new(id, public(keys.hub())),
        operators: vec![operator],
        recovery_key,
        ca_digest: sha256(root),
        policies: base_policies(),
    }
}

fn told(seed: &[u8; 32]) -> RecoveryKey {
    let digits = hex(seed);
    let groups = digits.as_bytes().chunks(GROUP).map(|g| core::str::from_utf8(g).unwrap_or_default());
    RecoveryKey(Zeroizing::new(groups.collect::<Vec<_>>().join("-")))
}
