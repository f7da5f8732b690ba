//! Who may change a site or order its doors, and what they sign with: people with passkeys and keys, and services.

use crate::{OperatorId, PersonId, PublicKey, RoleId, ServiceId, Text, Time};
use core::fmt;

/// The port of the signer: the program on a person's own machine that shows what is signed and asks for the touch.
pub const SIGNER_PORT: u16 = 7_447;
/// The relying party of passkeys that the signer makes.
pub const SIGNER_RP: &str = "localhost";
/// The only origin whose pages may ask those passkeys to sign. No hub is ever served from it.
pub const SIGNER_ORIGIN: &str = "http://localhost:7447";

/// Keys of one operator: an authenticator on the key ring, one in the drawer, a phone, a laptop, and one to replace each.
pub const OPERATOR_KEYS_MAX: usize = 8;

/// A WebAuthn credential that signs for one operator or person (Web Authentication Level 3).
///
/// INVARIANT: kept to the limits by whoever reads it from bytes ([`Self::is_sound`]).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Passkey {
    /// What the authenticator finds it by.
    pub id: Box<[u8]>,
    /// Its public key: ES256 (P-256), as an uncompressed point (SEC 1).
    pub key: [u8; 65],
    /// The relying party that it was made for: a host name.
    pub rp: Box<str>,
    /// The only origin whose pages may ask it to sign: scheme, host and port.
    pub origin: Box<str>,
}

impl Passkey {
    /// Longest credential id, in bytes (WebAuthn section 4, "Credential ID").
    pub const ID_BYTES_MAX: usize = 1_023;
    /// Longest relying party id: the longest host name.
    pub const RP_BYTES_MAX: usize = 253;
    /// Longest origin: `https://`, a host name, and a port.
    pub const ORIGIN_BYTES_MAX: usize = 8 + 253 + 6;

    /// Whether no page but the signer's can ask it to sign: it is pinned to [`SIGNER_ORIGIN`].
    #[must_use]
    pub fn is_the_signers(&self) -> bool {
        *self.rp == *SIGNER_RP && *self.origin == *SIGNER_ORIGIN
    }

    /// Whether it keeps to its limits.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let told = |s: &str, max| (1..=max).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_graphic());
        (1..=Self::ID_BYTES_MAX).contains(&self.id.len())
            && self.key.first() == Some(&4)
            && told(&self.rp, Self::RP_BYTES_MAX)
            && told(&self.origin, Self::ORIGIN_BYTES_MAX)
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkey").field("rp", &self.rp).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What somebody signs with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SigningKey {
    /// An Ed25519 key in a file: the command line's, or a service's.
    Ed25519(PublicKey),
    /// A passkey.
    Passkey(Passkey),
}

impl SigningKey {
    /// The bytes of the public key, by which signatures name it.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => &key.0,
            Self::Passkey(passkey) => &passkey.key,
        }
    }

    /// Whether what it signs is signed *apart* from the hub: no page of the hub can ask it to. So is a key in a file, and
    /// a passkey of the signer's. That the hub's own key is in the hub's hands is for the caller to know.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        match self {
            Self::Ed25519(_) => true,
            Self::Passkey(passkey) => passkey.is_the_signers(),
        }
    }
}

/// One of an operator's keys, under the name that the operator gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorKey {
    /// What people call it: "blue YubiKey".
    pub title: Text,
    /// What it is.
    pub key: SigningKey,
}

/// A person who may change the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What people call it.
    pub title: Text,
    /// What it signs with. Without a key it may sign in where the site lets it, and sign nothing.
    pub keys: Vec<OperatorKey>,
    /// What it may be, for policy.
    pub roles: Vec<RoleId>,
    /// When its authority ends by itself; `None` for no end.
    pub until: Option<Time>,
    /// Which person it is, if it goes through doors too.
    pub person: Option<PersonId>,
}

impl Operator {
    /// One who signs with an Ed25519 key of its own, under its own title, without an end.
    #[must_use]
    pub fn with_key(id: OperatorId, title: Text, key: PublicKey, roles: Vec<RoleId>) -> Self {
        let keys = vec![OperatorKey { title: title.clone(), key: SigningKey::Ed25519(key) }];
        Self { id, title, keys, roles, until: None, person: None }
    }

    /// Whether its authority holds at a moment.
    #[must_use]
    pub fn holds_at(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

/// An integration, or the hub itself, with an identity of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// What it signs with.
    pub key: PublicKey,
    /// When its authority ends by itself; `None` for no end.
    pub until: Option<Time>,
}

impl Service {
    /// One whose authority has no end.
    #[must_use]
    pub fn new(id: ServiceId, key: PublicKey) -> Self {
        Self { id, key, until: None }
    }

    /// Its key, as signatures are checked by.
    #[must_use]
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::Ed25519(self.key)
    }

    /// Whether its authority holds at a moment.
    #[must_use]
    pub fn holds_at(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}
