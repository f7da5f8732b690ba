//! People and machines that may be allowed something, and what proves that it is they.

use crate::{CardToken, ControllerId, CredentialId, GroupId, Passkey, PersonId, PublicKey, Text, Time};
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
    /// Doors give this person the longer times.
    pub extended: bool,
    /// For a visitor: whose, and whether never alone. A visit has an end ([`Validity::until`]).
    pub visit: Option<Visit>,
    /// Name, contact and the like, sealed with the person's own key; opaque here.
    pub sealed: Option<Box<[u8]>>,
}

/// Somebody's visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Who answers for it.
    pub host: PersonId,
    /// Whether every entry wants the card of somebody who may enter and is no visitor, right after.
    pub escorted: bool,
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

/// The public key of a card (P-256, SEC 1 uncompressed point), as PKOC readers show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardPublicKey(pub [u8; 65]);

impl fmt::Debug for CardPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardPublicKey(..)")
    }
}

/// A secret that makes one-time codes, sealed to the site's controllers. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub Box<[u8]>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(..)")
    }
}

/// What a credential shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Something one has: a card's number, which says who one claims to be and little more.
    Card(CardToken),
    /// Something one knows, beside a card.
    Pin(PinHash),
    /// Something one has, and proves: a card that signs with this key.
    Key {
        /// What it is found by.
        token: CardToken,
        /// What it signs with.
        key: CardPublicKey,
    },
    /// A PIN that stands alone. Its token comes from one slow hash with the site's pepper.
    PinOnly {
        /// What it is found by.
        token: CardToken,
        /// How many digits it has: how many of them a site can afford depends on that.
        digits: u8,
    },
    /// A second PIN beside a card: opens as the first does, and calls for help without a sign.
    Duress(PinHash),
    /// Codes by the clock (RFC 6238), typed in place of a PIN.
    Totp(SealedSecret),
    /// Codes by count (RFC 4226), typed in place of a PIN.
    Hotp(SealedSecret),
    /// Something one has, and proves by a touch for each opening: a passkey on the person's own phone. No reader asks for
    /// it.
    Phone {
        /// What it is found by: the beginning of its public key's SHA-256.
        token: CardToken,
        /// What it signs orders with.
        passkey: Box<Passkey>,
    },
}

impl Proof {
    /// What it is found by at a reader or in an order, for those that say who one is.
    #[must_use]
    pub fn token(&self) -> Option<CardToken> {
        match self {
            Self::Card(token)
            | Self::Key { token, .. }
            | Self::PinOnly { token, .. }
            | Self::Phone { token, .. } => Some(*token),
            Self::Pin(_) | Self::Duress(_) | Self::Totp(_) | Self::Hotp(_) => None,
        }
    }
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
