//! Who this controller is: its key, its certificate, and the site that it was enrolled in and will not leave.

use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_model::{ControllerId, SiteId};
use lockward_store::{Disk, StateError, StateFile};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Its file in the controller's folder.
pub(crate) const FILE: &str = "identity";

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The controller never enrolled.
    #[error(
        "this controller is not enrolled; run `lockward enroll NAME` at the hub, then start it once with `--enroll CODE`"
    )]
    NotEnrolled,
    /// It can not be read or written.
    #[error("the controller's identity can not be kept")]
    State(#[from] StateError),
    /// The file holds something else.
    #[error("the controller's identity can not be understood; enrol it again under a new name")]
    Meaning,
}

/// An enrolled controller's identity.
pub struct Identity {
    /// Its id at the site.
    pub controller: ControllerId,
    /// The site: pinned for good.
    pub site: SiteId,
    /// Signs its chain, its cosignatures, and its handshakes.
    pub key: Ed25519KeyPair,
    /// The same key, PKCS#8, for TLS.
    pub pkcs8: Zeroizing<Vec<u8>>,
    /// Its certificate and those above it, DER.
    pub chain: Vec<Vec<u8>>,
    /// The site's CA, DER: the only one that counts.
    pub ca: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    controller: String,
    site: String,
    pkcs8: Zeroizing<Vec<u8>>,
    chain: Vec<Vec<u8>>,
    ca: Vec<u8>,
}

impl Identity {
    /// Reads the identity that an enrolment left in `dir`.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn read<D: Disk>(disk: D, dir: &Path) -> Result<Self, IdentityError> {
        let file = StateFile::open(disk, &dir.join(FILE))?;
        let bytes = Zeroizing::new(file.read()?.ok_or(IdentityError::NotEnrolled)?);
        let file: File = serde_json::from_slice(&bytes).map_err(|_| IdentityError::Meaning)?;
        let key = Ed25519KeyPair::from_pkcs8(&file.pkcs8).map_err(|_| IdentityError::Meaning)?;
        if file.version != 1 {
            return Err(IdentityError::Meaning);
        }
        Ok(Self {
            controller: file.controller.parse().map_err(|_| IdentityError::Meaning)?,
            site: SiteId::from_hex(&file.site).ok_or(IdentityError::Meaning)?,
            key,
            pkcs8: file.pkcs8,
            chain: file.chain,
            ca: file.ca,
        })
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn write<D: Disk>(&self, disk: D, dir: &Path) -> Result<(), IdentityError> {
        let bytes = self.to_bytes(&self.chain)?;
        Ok(StateFile::open(disk, &dir.join(FILE))?.write(&bytes)?)
    }

    /// As it is written, with this chain.
    pub(crate) fn to_bytes(&self, chain: &[Vec<u8>]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let file = File {
            version: 1,
            controller: self.controller.to_string(),
            site: self.site.to_string(),
            pkcs8: self.pkcs8.clone(),
            chain: chain.to_vec(),
            ca: self.ca.clone(),
        };
        Ok(Zeroizing::new(serde_json::to_vec(&file).map_err(|_| IdentityError::Meaning)?))
    }
}
