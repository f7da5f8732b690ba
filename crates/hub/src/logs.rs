//! What the two logs are called, and their own word on how large they are.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_ledger::{Checkpoint, Head, KeyName, SignedCheckpoint};
use lockward_model::{Digest, Founding};
use lockward_store::Log;
use lockward_wire::config::EncodeError;

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
    pub(crate) fn signed(&self, log: Log, head: Head, key: &Ed25519KeyPair) -> Option<SignedCheckpoint> {
        let checkpoint = Checkpoint::new(self.origin(log).clone(), head, Vec::new()).ok()?;
        SignedCheckpoint::sign(checkpoint, key).ok()
    }

    /// The same as bytes. A head of a store fits a checkpoint: its size has 63 bits, and there are no extensions.
    pub(crate) fn sign(&self, log: Log, head: Head, key: &Ed25519KeyPair) -> Vec<u8> {
        self.signed(log, head, key).map_or_else(Vec::new, |note| note.to_string().into_bytes())
    }
}
