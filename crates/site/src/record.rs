//! How a person and a credential are kept: as small as may be, since a site has a million of them.

use crate::table::{Keyed, Slot};
use lockward_model::{
    CardToken, Credential, CredentialId, Factors, GroupId, PersonId, PinHash, Proof, Time, Validity, Visit,
};
use std::sync::Arc;

/// Open ends as the extremes of time: half the bytes of two options.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: Time,
    pub(crate) until: Time,
}

impl Span {
    pub(crate) fn of(v: Validity) -> Self {
        Self { from: v.from.unwrap_or(Time(i64::MIN)), until: v.until.unwrap_or(Time(i64::MAX)) }
    }
    pub(crate) fn validity(self) -> Validity {
        Validity {
            from: (self.from.0 != i64::MIN).then_some(self.from),
            until: (self.until.0 != i64::MAX).then_some(self.until),
        }
    }
}

#[derive(Clone)]
pub(crate) struct PersonRecord {
    pub(crate) id: PersonId,
    pub(crate) groups: Arc<[GroupId]>,
    pub(crate) valid: Span,
    pub(crate) suspended: bool,
    pub(crate) extended: bool,
    pub(crate) visit: Option<Box<Visit>>,
    pub(crate) sealed: Option<Box<[u8]>>,
    /// By their ids: the same however it came about.
    pub(crate) credentials: Vec<Slot>,
}

#[derive(Clone)]
pub(crate) struct CredentialRecord {
    pub(crate) id: CredentialId,
    pub(crate) person: Slot,
    pub(crate) proof: Kept,
    pub(crate) valid: Span,
}

/// A proof, with what few have out of the way: most credentials of a large site are mere numbers, and PINs.
#[derive(Clone)]
pub(crate) enum Kept {
    Card(CardToken),
    Pin(PinHash),
    Other(Box<Proof>),
}

impl Kept {
    pub(crate) fn of(proof: Proof) -> Self {
        match proof {
            Proof::Card(token) => Self::Card(token),
            Proof::Pin(hash) => Self::Pin(hash),
            other => Self::Other(Box::new(other)),
        }
    }
    pub(crate) fn proof(&self) -> Proof {
        match self {
            Self::Card(token) => Proof::Card(*token),
            Self::Pin(hash) => Proof::Pin(hash.clone()),
            Self::Other(proof) => Proof::clone(proof),
        }
    }
    pub(crate) fn token(&self) -> Option<CardToken> {
        match self {
            Self::Card(token) => Some(*token),
            Self::Pin(_) => None,
            Self::Other(proof) => proof.token(),
        }
    }
    /// What it is worth at a reader that does not know it by its token; for a PIN that stands alone, nothing.
    pub(crate) fn adds(&self) -> Factors {
        match self {
            Self::Card(_) => Factors::CARD,
            Self::Pin(_) => Factors::PIN,
            Self::Other(proof) => match **proof {
                Proof::Card(_) => Factors::CARD,
                Proof::Key { .. } => Factors::CARD.with(Factors::KEY),
                Proof::Pin(_) => Factors::PIN,
                Proof::Totp(_) | Proof::Hotp(_) => Factors::CODE,
                // A phone asks by itself, and no reader asks for it.
                Proof::PinOnly { .. } | Proof::Duress(_) | Proof::Phone { .. } => Factors::NONE,
            },
        }
    }
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Other(proof) => match **proof {
                Proof::Key { .. } => Kind::Key,
                Proof::PinOnly { .. } => Kind::Pin,
                Proof::Phone { .. } => Kind::Phone,
                _ => Kind::Number,
            },
            Self::Card(_) | Self::Pin(_) => Kind::Number,
        }
    }
}

impl CredentialRecord {
    pub(crate) fn told(&self, person: PersonId) -> Credential {
        Credential { id: self.id, person, proof: self.proof.proof(), valid: self.valid.validity() }
    }
}

impl Keyed for PersonRecord {
    type Key = PersonId;
    fn key(&self) -> &PersonId {
        &self.id
    }
}

impl Keyed for CredentialRecord {
    type Key = CredentialId;
    fn key(&self) -> &CredentialId {
        &self.id
    }
}

/// Whether a span of validity holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Yes,
    NotYet,
    NoLonger,
}

impl Span {
    pub(crate) fn at(self, t: Time) -> Holds {
        match t {
            t if t < self.from => Holds::NotYet,
            t if t >= self.until => Holds::NoLonger,
            _ => Holds::Yes,
        }
    }
}

/// What says who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A card that shows a number.
    Number,
    /// A card that signs.
    Key,
    /// A PIN that stands alone.
    Pin,
    /// A phone, which signs orders.
    Phone,
}
