//! The hub's key store: every secret wrapped under the master key, each under its own name.

use crate::dice;
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lockward_model::{Epoch, OperatorId, PersonId, PublicKey, SiteId, Source};
use lockward_store::{HubError, HubKeyError, HubStore};
use lockward_wire::event::source_key;
use lockward_wire::seal::{OpenError, SealError, unwrap, wrap};
use lockward_wire::{CardKey, EpochKey, MasterKey, PasswordPepper, PersonKey, PinPepper, SourceKey};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

const LOG: &str = "log";
const HUB: &str = "hub";
const CA: &str = "ca";
const CARD: &str = "card";
const PEPPER: &str = "pin-pepper";
/// What stands before an epoch's number in the name of its key.
pub const EPOCH: &str = "epoch-";
const PERSON: &str = "person-";
const PASSWORD_PEPPER: &str = "password-pepper";
const DECOY: &str = "decoy";
const CODE_SECRET: &str = "one-time-secret-";
/// The epoch that a new site begins with.
const FIRST_EPOCH: Epoch = Epoch(0);

/// Why a key is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The master key is another site's.
    #[error("the master key does not open the keys of this hub: it is of another one, or a key was changed")]
    WrongMaster,
    /// Someone has removed it.
    #[error("key `{0}` is missing from the hub's store; restore the store from a backup")]
    Missing(String),
    /// It is no key, or of a newer version.
    #[error("key `{name}` can not be read")]
    Wrapped {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// The cipher failed.
    #[error("a key can not be wrapped")]
    Seal(#[from] SealError),
    /// The bytes are no Ed25519 key.
    #[error("a signing key of the hub is malformed")]
    Signing(#[from] KeyRejected),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The store did not take a key.
    #[error(transparent)]
    Put(#[from] HubKeyError),
}

/// Every secret of one hub. Nothing in here is ever printed.
pub struct Keys {
    store: Arc<HubStore>,
    master: MasterKey,
    log: Ed25519KeyPair,
    hub: Ed25519KeyPair,
    ca: Ed25519KeyPair,
    card: CardKey,
    pepper: PinPepper,
    epoch: Epoch,
    epochs: Mutex<HashMap<Epoch, EpochKey>>,
    /// Held while a key is made: there is never a second one.
    making: Mutex<()>,
}

/// The public half.
pub(crate) fn public(pair: &Ed25519KeyPair) -> PublicKey {
    let mut key = [0; 32];
    // An Ed25519 public key has exactly these 32 bytes.
    key.iter_mut().zip(pair.public_key().as_ref()).for_each(|(k, b)| *k = *b);
    PublicKey(key)
}

impl Keys {
    /// Makes every key of a new site.
    pub(crate) fn create(store: Arc<HubStore>, master: MasterKey) -> Result<Self, KeysError> {
        let first = format!("{EPOCH}{}", FIRST_EPOCH.0);
        for name in [LOG, HUB, CA, CARD, PEPPER, &first] {
            put(&store, &master, name, &Zeroizing::new(dice::roll()))?;
        }
        Self::open(store, master)
    }

    /// Opens the keys of a site.
    pub(crate) fn open(store: Arc<HubStore>, master: MasterKey) -> Result<Self, KeysError> {
        let get = |name: &str| get(&store, &master, name)?.ok_or_else(|| KeysError::Missing(name.into()));
        let pair = |name| Ok::<_, KeysError>(Ed25519KeyPair::from_seed_unchecked(&*get(name)?)?);
        let (log, hub, ca) = (pair(LOG)?, pair(HUB)?, pair(CA)?);
        let (card, pepper) = (CardKey::from_bytes(*get(CARD)?), PinPepper::from_bytes(*get(PEPPER)?));
        let epoch = epochs(&store.keys()?).max().ok_or_else(|| KeysError::Missing(EPOCH.into()))?;
        Ok(Self {
            store,
            master,
            log,
            hub,
            ca,
            card,
            pepper,
            epoch,
            epochs: Mutex::default(),
            making: Mutex::default(),
        })
    }

    /// Signs both logs' checkpoints.
    pub(crate) fn log(&self) -> &Ed25519KeyPair {
        &self.log
    }
    /// The hub's own service key.
    pub(crate) fn hub(&self) -> &Ed25519KeyPair {
        &self.hub
    }
    /// The site's CA.
    pub(crate) fn ca(&self) -> &Ed25519KeyPair {
        &self.ca
    }

    /// The same, for whoever issues certificates on his own.
    pub(crate) fn ca_again(&self) -> Result<Ed25519KeyPair, KeysError> {
        let seed = get(&self.store, &self.master, CA)?.ok_or_else(|| KeysError::Missing(CA.into()))?;
        Ok(Ed25519KeyPair::from_seed_unchecked(&*seed)?)
    }

    /// Turns card numbers into tokens.
    #[must_use]
    pub fn card(&self) -> &CardKey {
        &self.card
    }

    /// Is mixed into every hash of a PIN.
    #[must_use]
    pub fn pepper(&self) -> &PinPepper {
        &self.pepper
    }

    /// The epoch that events are now sealed in.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The key of an epoch; `None` once it was destroyed.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn epoch_key(&self, epoch: Epoch) -> Result<Option<EpochKey>, KeysError> {
        let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = epochs.get(&epoch) {
            return Ok(Some(key.clone()));
        }
        let key = get(&self.store, &self.master, &format!("{EPOCH}{}", epoch.0))?;
        let key = key.map(|k| EpochKey::from_bytes(*k));
        if let Some(key) = &key {
            epochs.insert(epoch, key.clone());
        }
        Ok(key)
    }

    /// The keys of all epochs that were not destroyed.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn epoch_keys(&self) -> Result<BTreeMap<Epoch, EpochKey>, KeysError> {
        let mut keys = BTreeMap::new();
        for epoch in epochs(&self.store.keys()?) {
            keys.extend(self.epoch_key(epoch)?.map(|key| (epoch, key)));
        }
        Ok(keys)
    }

    /// The key with which a source seals its events of an epoch; `None` once the epoch's key was destroyed.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn source_key(
        &self,
        site: &SiteId,
        source: Source,
        epoch: Epoch,
    ) -> Result<Option<SourceKey>, KeysError> {
        Ok(self.epoch_key(epoch)?.map(|key| source_key(&key, site, source)))
    }

    /// The key that seals a person's attributes; `None` if there is none, or it was destroyed.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn person_key(&self, person: PersonId) -> Result<Option<PersonKey>, KeysError> {
        let key = get(&self.store, &self.master, &format!("{PERSON}{person}"))?;
        Ok(key.map(|k| PersonKey::from_bytes(*k)))
    }

    /// The key that seals a person's attributes; made if there is none.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn person_key_or_new(&self, person: PersonId) -> Result<PersonKey, KeysError> {
        if let Some(key) = self.person_key(person)? {
            return Ok(key);
        }
        let key = Zeroizing::new(dice::roll());
        put(&self.store, &self.master, &format!("{PERSON}{person}"), &key)?;
        Ok(PersonKey::from_bytes(*key))
    }

    fn key_or_new(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, KeysError> {
        let _one = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = get(&self.store, &self.master, name)? {
            return Ok(key);
        }
        let key = Zeroizing::new(dice::roll());
        put(&self.store, &self.master, name, &key)?;
        Ok(key)
    }

    /// Is mixed into every hash of an operator's password.
    pub(crate) fn password_pepper(&self) -> Result<PasswordPepper, KeysError> {
        Ok(PasswordPepper::from_bytes(*self.key_or_new(PASSWORD_PEPPER)?))
    }

    /// Of what keys are made up for names that nobody has: always the same for a name, and nobody else's guess.
    pub(crate) fn decoy(&self) -> Result<Zeroizing<[u8; 32]>, KeysError> {
        self.key_or_new(DECOY)
    }

    /// Wraps an operator's one-time secret.
    pub(crate) fn wrap_code_secret(
        &self,
        operator: OperatorId,
        secret: &[u8; 32],
    ) -> Result<Vec<u8>, KeysError> {
        Ok(wrap(secret, &format!("{CODE_SECRET}{operator}"), dice::roll(), &self.master)?)
    }

    /// Unwraps what [`Self::wrap_code_secret`] gave for the same operator.
    pub(crate) fn code_secret(
        &self,
        operator: OperatorId,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, KeysError> {
        let name = format!("{CODE_SECRET}{operator}");
        unwrap(wrapped, &name, &self.master).map_err(|source| KeysError::Wrapped { name, source })
    }
}

fn epochs(names: &[String]) -> impl Iterator<Item = Epoch> {
    names.iter().filter_map(|name| name.strip_prefix(EPOCH)?.parse().ok().map(Epoch))
}

fn put(store: &HubStore, master: &MasterKey, name: &str, key: &[u8; 32]) -> Result<(), KeysError> {
    Ok(store.put_key(name, &wrap(key, name, dice::roll(), master)?)?)
}

fn get(store: &HubStore, master: &MasterKey, name: &str) -> Result<Option<Zeroizing<[u8; 32]>>, KeysError> {
    let Some(wrapped) = store.key(name)? else { return Ok(None) };
    unwrap(&wrapped, name, master).map(Some).map_err(|source| match source {
        OpenError::Key => KeysError::WrongMaster,
        source => KeysError::Wrapped { name: name.into(), source },
    })
}
