//! What the thief has: a copy of the hub's whole folder, the master key in it, and so every key of the hub.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use lockward_ledger::{Checkpoint, Frontier, SignedCheckpoint, leaf_hash};
use lockward_model::{ControllerId, Epoch, Founding, SiteId, Source};
use lockward_site::{Keep, Site};
use lockward_store::{HubStore, Log};
use lockward_wire::event::source_key;
use lockward_wire::link::{ALPN_LINK, Keys, ToController};
use lockward_wire::seal::unwrap;
use lockward_wire::{CardKey, EpochKey, MasterKey, PinPepper};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PublicKeyData,
    SigningKey,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Everything that the hub's folder holds.
pub(crate) struct Stolen {
    pub(crate) site: SiteId,
    pub(crate) founding: Founding,
    /// Both logs, as they stood at the theft.
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) events: Vec<Vec<u8>>,
    pub(crate) log: Ed25519KeyPair,
    pub(crate) hub: Ed25519KeyPair,
    pub(crate) ca: Ed25519KeyPair,
    card: [u8; 32],
    pepper: [u8; 32],
    epoch: EpochKey,
    _copy: TempDir,
}

struct Authority<'a>(&'a Ed25519KeyPair);

impl PublicKeyData for Authority<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for Authority<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &there);
        } else {
            fs::copy(&path, there).unwrap();
        }
    }
}

impl Stolen {
    /// Copies the folder of a hub that stands still.
    pub(crate) fn from(hub: &Path) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let dir = kept.path().join("hub");
        copy(hub, &dir);
        let (store, master) = (HubStore::open(&dir).unwrap(), lockward_hub::master_key(&dir, None).unwrap());
        let secret = |name: &str| key(&store, &master, name);
        let pair = |name| Ed25519KeyPair::from_seed_unchecked(&secret(name)).unwrap();
        let all = |log| store.entries(log, 0..store.head(log).unwrap().size()).unwrap();
        let entries = all(Log::Config);
        let id = SiteId(*leaf_hash(&entries[0]).as_bytes());
        Self {
            site: id,
            founding: Site::found(&entries[0], id, Keep::Everything).unwrap().founding().clone(),
            entries,
            events: all(Log::Event),
            log: pair("log"),
            hub: pair("hub"),
            ca: pair("ca"),
            card: secret("card"),
            pepper: secret("pin-pepper"),
            epoch: EpochKey::from_bytes(secret("epoch-0")),
            _copy: kept,
        }
    }

    /// What the real hub would hand to a controller.
    pub(crate) fn keys(&self, id: ControllerId) -> Keys {
        Keys {
            card_key: CardKey::from_bytes(self.card),
            pin_pepper: PinPepper::from_bytes(self.pepper),
            epoch: Epoch(0),
            source_key: source_key(&self.epoch, &self.site, Source::Controller(id)),
        }
    }

    /// A checkpoint of whatever is said to be the log.
    pub(crate) fn checkpoint(origin: &str, entries: &[Vec<u8>], by: &Ed25519KeyPair) -> Vec<u8> {
        let mut frontier = Frontier::new();
        entries.iter().for_each(|entry| frontier.append(leaf_hash(entry)));
        let note = Checkpoint::new(origin.parse().unwrap(), frontier.head(), vec![]).unwrap();
        SignedCheckpoint::sign(note, by).unwrap().to_string().into_bytes()
    }

    /// The config log, with nothing new in it.
    pub(crate) fn log_as_it_is(&self) -> ToController {
        let checkpoint = Self::checkpoint(&self.founding.config_origin, &self.entries, &self.log);
        ToController::Entries { first: self.entries.len() as u64, entries: vec![], checkpoint }
    }

    /// TLS as the hub speaks it, with a certificate that the site's own CA has just issued to the thief.
    pub(crate) fn tls(&self) -> Arc<ServerConfig> {
        let mut ca = CertificateParams::default();
        let name = lockward_wire::hex(self.ca.public_key().as_ref());
        let mut dn = DistinguishedName::new();
        dn.push(DnType::CommonName, format!("Lockward site CA {}", &name[..16]));
        ca.distinguished_name = dn;
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let issuer = Issuer::new(ca, Authority(&self.ca));
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["hub.lockward.internal".to_owned()]).unwrap();
        let shown = params.signed_by(&key, &issuer).unwrap();
        let chain = vec![CertificateDer::from(shown.der().to_vec())];
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        config.alpn_protocols = vec![ALPN_LINK.to_vec()];
        Arc::new(config)
    }
}

fn key(store: &HubStore, master: &MasterKey, name: &str) -> [u8; 32] {
    *unwrap(&store.key(name).unwrap().unwrap(), name, master).unwrap()
}
