//! People, what they show, and what they may, in JSON.

use super::operators::PasskeyV1;
use super::payload::PayloadError;
use super::rules::is_false;
use crate::credential::{PIN_DIGITS_MAX, PIN_DIGITS_MIN, is_pin_hash, phone};
use crate::seal::SEALED_PERSON_BYTES_MAX;
use crate::spelling::{Base64, Hex, Said};
use lockward_model::{
    CardPublicKey, CardToken, Credential, CredentialId, DoorId, Factors, Group, GroupId, Person, PersonId,
    PinHash, PolicyId, PolicyText, Proof, Rule, RuleId, ScheduleId, SealedSecret, Target, Text, Time,
    Validity, Visit, ZoneId,
};
use serde::{Deserialize, Serialize};

/// A secret of up to 64 bytes (RFC 4226 wants 20), with what sealing adds.
const SEALED_SECRET_BYTES_MAX: usize = 128;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonV1 {
    id: Said<PersonId>,
    groups: Vec<Said<GroupId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    suspended: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    extended: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visit: Option<VisitV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Base64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VisitV1 {
    host: Said<PersonId>,
    escorted: bool,
}

impl From<&Person> for PersonV1 {
    fn from(p: &Person) -> Self {
        Self {
            id: Said(p.id),
            groups: p.groups.iter().copied().map(Said).collect(),
            from_ms: p.valid.from.map(|t| t.0),
            until_ms: p.valid.until.map(|t| t.0),
            suspended: p.suspended,
            extended: p.extended,
            visit: p.visit.map(|v| VisitV1 { host: Said(v.host), escorted: v.escorted }),
            sealed: p.sealed.as_ref().map(|s| Base64(s.to_vec())),
        }
    }
}

impl TryFrom<PersonV1> for Person {
    type Error = PayloadError;
    fn try_from(p: PersonV1) -> Result<Self, PayloadError> {
        if p.sealed.as_ref().is_some_and(|s| s.0.len() > SEALED_PERSON_BYTES_MAX) {
            return Err(PayloadError::Part("a person whose sealed attributes are too long"));
        }
        Ok(Self {
            id: p.id.0,
            groups: p.groups.into_iter().map(|g| g.0).collect(),
            valid: validity(p.from_ms, p.until_ms),
            suspended: p.suspended,
            extended: p.extended,
            visit: p.visit.map(|v| Visit { host: v.host.0, escorted: v.escorted }),
            sealed: p.sealed.map(|s| s.0.into()),
        })
    }
}

fn validity(from_ms: Option<i64>, until_ms: Option<i64>) -> Validity {
    Validity { from: from_ms.map(Time), until: until_ms.map(Time) }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialV1 {
    id: Said<CredentialId>,
    person: Said<PersonId>,
    proof: ProofV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProofV1 {
    Card(Hex<16>),
    Pin(Box<str>),
    Key { token: Hex<16>, key: Base64 },
    PinOnly { token: Hex<16>, digits: u8 },
    Duress(Box<str>),
    Totp(Base64),
    Hotp(Base64),
    Phone(PasskeyV1),
}

impl From<&Credential> for CredentialV1 {
    fn from(c: &Credential) -> Self {
        Self {
            id: Said(c.id),
            person: Said(c.person),
            proof: match &c.proof {
                Proof::Card(token) => ProofV1::Card(Hex(token.0)),
                Proof::Pin(hash) => ProofV1::Pin(hash.0.clone()),
                Proof::Key { token, key } => {
                    ProofV1::Key { token: Hex(token.0), key: Base64(key.0.to_vec()) }
                }
                Proof::PinOnly { token, digits } => ProofV1::PinOnly { token: Hex(token.0), digits: *digits },
                Proof::Duress(hash) => ProofV1::Duress(hash.0.clone()),
                Proof::Totp(secret) => ProofV1::Totp(Base64(secret.0.to_vec())),
                Proof::Hotp(secret) => ProofV1::Hotp(Base64(secret.0.to_vec())),
                Proof::Phone { passkey, .. } => ProofV1::Phone((&**passkey).into()),
            },
            from_ms: c.valid.from.map(|t| t.0),
            until_ms: c.valid.until.map(|t| t.0),
        }
    }
}

impl TryFrom<CredentialV1> for Credential {
    type Error = PayloadError;
    fn try_from(c: CredentialV1) -> Result<Self, PayloadError> {
        let hash = |hash: Box<str>| {
            let other = PayloadError::Part("a PIN in another form than this version's hash");
            if is_pin_hash(&hash) { Ok(PinHash(hash)) } else { Err(other) }
        };
        let secret = |sealed: Base64| {
            let long = PayloadError::Part("a one-time code's secret that is too long");
            let fits = sealed.0.len() <= SEALED_SECRET_BYTES_MAX;
            if fits { Ok(SealedSecret(sealed.0.into())) } else { Err(long) }
        };
        let proof = match c.proof {
            ProofV1::Card(token) => Proof::Card(CardToken(token.0)),
            ProofV1::Pin(pin) => Proof::Pin(hash(pin)?),
            ProofV1::Key { token, key } => {
                let other = PayloadError::Part("a card's key that is no uncompressed P-256 point");
                let key = <[u8; 65]>::try_from(key.0.as_slice()).ok().filter(|k| k.first() == Some(&4));
                Proof::Key { token: CardToken(token.0), key: CardPublicKey(key.ok_or(other)?) }
            }
            ProofV1::PinOnly { token, digits } => {
                let digits_fit = (PIN_DIGITS_MIN..=PIN_DIGITS_MAX).contains(&usize::from(digits));
                if !digits_fit {
                    return Err(PayloadError::Part("a PIN that stands alone, of a length that none has"));
                }
                Proof::PinOnly { token: CardToken(token.0), digits }
            }
            ProofV1::Duress(pin) => Proof::Duress(hash(pin)?),
            ProofV1::Totp(sealed) => Proof::Totp(secret(sealed)?),
            ProofV1::Hotp(sealed) => Proof::Hotp(secret(sealed)?),
            ProofV1::Phone(passkey) => phone(passkey.try_into()?),
        };
        Ok(Self { id: c.id.0, person: c.person.0, proof, valid: validity(c.from_ms, c.until_ms) })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleV1 {
    id: Said<RuleId>,
    title: Said<Text>,
    groups: Vec<Said<GroupId>>,
    targets: Vec<TargetV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<Said<ScheduleId>>,
    factors: Vec<Box<str>>,
    #[serde(default, skip_serializing_if = "is_false")]
    two_people: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TargetV1 {
    Zone(Said<ZoneId>),
    Door(Said<DoorId>),
}

impl From<&Rule> for RuleV1 {
    fn from(r: &Rule) -> Self {
        let target = |t: &Target| match t {
            Target::Zone(id) => TargetV1::Zone(Said(*id)),
            Target::Door(id) => TargetV1::Door(Said(*id)),
        };
        Self {
            id: Said(r.id),
            title: Said(r.title.clone()),
            groups: r.groups.iter().copied().map(Said).collect(),
            targets: r.targets.iter().map(target).collect(),
            schedule: r.schedule.map(Said),
            factors: r.factors.names().map(Into::into).collect(),
            two_people: r.two_people,
        }
    }
}

impl TryFrom<RuleV1> for Rule {
    type Error = PayloadError;
    fn try_from(r: RuleV1) -> Result<Self, PayloadError> {
        let target = |t| match t {
            TargetV1::Zone(id) => Target::Zone(id.0),
            TargetV1::Door(id) => Target::Door(id.0),
        };
        let factors =
            r.factors.iter().try_fold(Factors::NONE, |all, name| Factors::named(name).map(|f| all.with(f)));
        Ok(Self {
            id: r.id.0,
            title: r.title.0,
            groups: r.groups.into_iter().map(|g| g.0).collect(),
            targets: r.targets.into_iter().map(target).collect(),
            schedule: r.schedule.map(|s| s.0),
            factors: factors
                .ok_or(PayloadError::Part("a rule that asks for a factor that is not known here"))?,
            two_people: r.two_people,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupV1 {
    id: Said<GroupId>,
    title: Said<Text>,
}

impl From<&Group> for GroupV1 {
    fn from(g: &Group) -> Self {
        Self { id: Said(g.id), title: Said(g.title.clone()) }
    }
}

impl From<GroupV1> for Group {
    fn from(g: GroupV1) -> Self {
        Self { id: g.id.0, title: g.title.0 }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyV1 {
    id: Said<PolicyId>,
    text: Box<str>,
}

impl From<&PolicyText> for PolicyV1 {
    fn from(p: &PolicyText) -> Self {
        Self { id: Said(p.id), text: p.text.clone() }
    }
}

impl From<PolicyV1> for PolicyText {
    fn from(p: PolicyV1) -> Self {
        Self { id: p.id.0, text: p.text }
    }
}
