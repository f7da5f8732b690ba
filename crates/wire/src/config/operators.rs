//! Who may change a site, and what they sign with, in JSON.

use super::payload::PayloadError;
use crate::spelling::{Base64, Hex, Said};
use lockward_model::{
    OPERATOR_KEYS_MAX, Operator, OperatorId, OperatorKey, Passkey, PersonId, PublicKey, RoleId, Service,
    ServiceId, SigningKey, Text, Time,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorV1 {
    id: Said<OperatorId>,
    title: Said<Text>,
    keys: Vec<KeyV1>,
    roles: Vec<Said<RoleId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<Said<PersonId>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyV1 {
    title: Said<Text>,
    #[serde(flatten)]
    key: SigningKeyV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SigningKeyV1 {
    Ed25519(Hex<32>),
    Passkey(PasskeyV1),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyV1 {
    id: Base64,
    es256: Hex<65>,
    rp: Box<str>,
    origin: Box<str>,
}

impl From<&Passkey> for PasskeyV1 {
    fn from(p: &Passkey) -> Self {
        Self { id: Base64(p.id.to_vec()), es256: Hex(p.key), rp: p.rp.clone(), origin: p.origin.clone() }
    }
}

impl TryFrom<PasskeyV1> for Passkey {
    type Error = PayloadError;
    fn try_from(p: PasskeyV1) -> Result<Self, PayloadError> {
        let passkey = Self { id: p.id.0.into(), key: p.es256.0, rp: p.rp, origin: p.origin };
        if passkey.is_sound() { Ok(passkey) } else { Err(PayloadError::Part("a passkey that cannot be")) }
    }
}

impl From<&SigningKey> for SigningKeyV1 {
    fn from(key: &SigningKey) -> Self {
        match key {
            SigningKey::Ed25519(key) => Self::Ed25519(Hex(key.0)),
            SigningKey::Passkey(passkey) => Self::Passkey(passkey.into()),
        }
    }
}

impl TryFrom<SigningKeyV1> for SigningKey {
    type Error = PayloadError;
    fn try_from(key: SigningKeyV1) -> Result<Self, PayloadError> {
        Ok(match key {
            SigningKeyV1::Ed25519(key) => Self::Ed25519(PublicKey(key.0)),
            SigningKeyV1::Passkey(passkey) => Self::Passkey(passkey.try_into()?),
        })
    }
}

impl From<&OperatorKey> for KeyV1 {
    fn from(k: &OperatorKey) -> Self {
        Self { title: Said(k.title.clone()), key: (&k.key).into() }
    }
}

impl TryFrom<KeyV1> for OperatorKey {
    type Error = PayloadError;
    fn try_from(k: KeyV1) -> Result<Self, PayloadError> {
        Ok(Self { title: k.title.0, key: k.key.try_into()? })
    }
}

impl From<&Operator> for OperatorV1 {
    fn from(o: &Operator) -> Self {
        Self {
            id: Said(o.id),
            title: Said(o.title.clone()),
            keys: o.keys.iter().map(Into::into).collect(),
            roles: o.roles.iter().copied().map(Said).collect(),
            until_ms: o.until.map(|t| t.0),
            person: o.person.map(Said),
        }
    }
}

impl TryFrom<OperatorV1> for Operator {
    type Error = PayloadError;
    fn try_from(o: OperatorV1) -> Result<Self, PayloadError> {
        if o.keys.len() > OPERATOR_KEYS_MAX {
            return Err(PayloadError::Part("an operator with more keys than one may have"));
        }
        Ok(Self {
            id: o.id.0,
            title: o.title.0,
            keys: o.keys.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            roles: o.roles.into_iter().map(|r| r.0).collect(),
            until: o.until_ms.map(Time),
            person: o.person.map(|p| p.0),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceV1 {
    id: Said<ServiceId>,
    key: Hex<32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

impl From<&Service> for ServiceV1 {
    fn from(s: &Service) -> Self {
        Self { id: Said(s.id), key: Hex(s.key.0), until_ms: s.until.map(|t| t.0) }
    }
}

impl From<ServiceV1> for Service {
    fn from(s: ServiceV1) -> Self {
        Self { id: s.id.0, key: PublicKey(s.key.0), until: s.until_ms.map(Time) }
    }
}
