//! A source's signature over its chain so far: `1, 2, source, u64 count, [32] head, [64] Ed25519 signature`.

use super::{Fields, LeafError, TYPE_HEAD, VERSION, put_id, source_name};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use lockward_model::{Digest, PublicKey, SiteId, Source};

/// What a source says of its chain: so many events, and the leaf hash of the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Whose chain.
    pub source: Source,
    /// How many events it has; the next one's `seq`.
    pub count: u64,
    /// RFC 6962 leaf hash of the last event; zero if there is none.
    pub head: Digest,
    signature: [u8; 64],
}

impl ChainHead {
    /// Signs a chain; gives back the leaf.
    #[must_use]
    pub fn sign(site: &SiteId, source: Source, count: u64, head: Digest, key: &Ed25519KeyPair) -> Vec<u8> {
        let signature = key.sign(&message(site, &source, count, &head));
        let mut leaf = vec![VERSION, TYPE_HEAD];
        leaf.extend(told(&source, count, &head));
        leaf.extend(signature.as_ref());
        leaf
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, LeafError> {
        let source = fields.source()?;
        let count = u64::from_be_bytes(fields.take()?);
        let head = Digest(fields.take()?);
        let signature = fields.take()?;
        if !fields.0.is_empty() {
            return Err(LeafError::Trailing);
        }
        Ok(Self { source, count, head, signature })
    }

    /// True if `key` signed exactly this, for this site.
    #[must_use]
    pub fn verify(&self, site: &SiteId, key: &PublicKey) -> bool {
        let message = message(site, &self.source, self.count, &self.head);
        UnparsedPublicKey::new(&ED25519, key.0).verify(&message, &self.signature).is_ok()
    }
}

fn message(site: &SiteId, source: &Source, count: u64, head: &Digest) -> Vec<u8> {
    let mut message = b"lockward chain head v1\0".to_vec();
    message.extend(site.0);
    message.extend(told(source, count, head));
    message
}

fn told(source: &Source, count: u64, head: &Digest) -> Vec<u8> {
    let mut told = Vec::with_capacity(80);
    put_id(&mut told, source_name(source));
    told.extend(count.to_be_bytes());
    told.extend(head.0);
    told
}
