//! People and machines that may be allowed something, and what proves that it is they.

use crate::{
    CardToken, ControllerId, CredentialId, GroupId, OperatorId, PersonId, PublicKey, RoleId, ServiceId, Text,
    Time,
};
use core::fmt;

/// From when until when; open ends mean "always" and "until changed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// First moment that counts.
    pub from: Option<Time>,
    /// First moment that no longer counts.
    pub until: Option<Time>,
}

/// A human being, as a controller knows it: no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its id in every site.
    pub id: PersonId,
    /// What it belongs to.
    pub groups: Vec<GroupId>,
    /// When it may do anything at all.
    pub valid: Validity,
    /// True while suspended: every credential of the person is refused.
    pub suspended: bool,
    /// Name, contact and the like, sealed with the person's own key; opaque here.
    pub sealed: Option<Box<[u8]>>,
}

/// A set of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// What people call it.
    pub title: Text,
}

/// A PIN as Argon2id with the site's pepper, in PHC string form. Compared, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(pub Box<str>);

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(..)")
    }
}

/// What a credential shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Something one has.
    Card(CardToken),
    /// Something one knows.
    Pin(PinHash),
}

/// Something that one person has or knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Whose it is.
    pub person: PersonId,
    /// What it shows.
    pub proof: Proof,
    /// When it counts.
    pub valid: Validity,
}

/// A person who may change the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What people call it.
    pub title: Text,
    /// What it signs with.
    pub key: PublicKey,
    /// What it may be, for policy.
    pub roles: Vec<RoleId>,
}

/// An integration, or the hub itself, with an identity of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// What it signs with.
    pub key: PublicKey,
}

/// A device that drives doors, as the config log knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Its id.
    pub id: ControllerId,
    /// What people call it.
    pub title: Text,
    /// What it signs its chain with; `None` until it has enrolled.
    pub key: Option<PublicKey>,
    /// True once it was revoked; a revoked controller stays known, so that its old events still verify.
    pub revoked: bool,
}
