//! Payloads, version 1: the founding and the change set as JSON, in and out of the model's types.

use super::PayloadType;
use super::change::ChangeV1;
use super::operators::{OperatorV1, ServiceV1};
use super::orders::OrderV1;
use super::people::PolicyV1;
use crate::spelling::{Hex, Said};
use lockward_model::{
    ChangeSet, Digest, Founding, OperatorId, Order, OutOfRange, PublicKey, ScheduleError, SiteId, SiteZone,
    Text, Time,
};
use serde::{Deserialize, Serialize};

/// Longest payload, in bytes. In base64 it takes 49,200, the envelope's own text 110, eight signatures by passkeys 15,672:
/// together 64,982 of the 65,535 that an entry has.
pub const PAYLOAD_BYTES_MAX: usize = 36_900;
const _: () = assert!(
    PAYLOAD_BYTES_MAX / 3 * 4 + 110 + super::SIGNATURES_MAX * super::envelope::SIGNATURE_TEXT_MAX
        <= crate::ENTRY_BYTES_MAX
);

/// Longest origin line, in bytes: the longest DNS name (253) would fit twice.
const ORIGIN_BYTES_MAX: usize = 512;

/// Why an entry could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Too much for one entry.
    #[error(
        "the payload takes {bytes} bytes; an entry has room for {PAYLOAD_BYTES_MAX}: split the change set"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// An eighth signature was there already.
    #[error("an entry has room for {} signatures", super::SIGNATURES_MAX)]
    TooManySignatures,
    /// A passkey's signature that does not hold.
    #[error(transparent)]
    Assertion(super::AssertionError),
    /// A signature that was made elsewhere, and does not hold.
    #[error("the signature does not hold for this key and these bytes")]
    Signature,
    /// The key gave something that is no Ed25519 signature.
    #[error("the key is no Ed25519 key")]
    Key,
    /// The JSON could not be written.
    #[error("the payload could not be written as JSON")]
    Json(#[source] serde_json::Error),
}

/// Why a payload cannot be what it says.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Not JSON, an unknown field or change, a bad id.
    #[error("the payload cannot be read")]
    Json(#[source] serde_json::Error),
    /// A number of milliseconds that no door can have.
    #[error("the payload has a door that cannot be")]
    Door(#[source] OutOfRange),
    /// A schedule or a time zone that cannot be.
    #[error("the payload has a schedule or a time zone that cannot be")]
    Schedule(#[source] ScheduleError),
    /// Another part that cannot be.
    #[error("the payload has {0}")]
    Part(&'static str),
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// The first entry.
    Founding(Box<Founding>),
    /// Any other entry.
    Changes(ChangeSet),
    /// What somebody wants of a door now: stands in no config log.
    Order(Box<Order>),
}

/// A founding's payload.
///
/// # Errors
/// [`EncodeError`].
pub fn encode_founding(founding: &Founding) -> Result<Vec<u8>, EncodeError> {
    encode(&FoundingV1::from(founding))
}

/// A change set's payload.
///
/// # Errors
/// [`EncodeError`].
pub fn encode_changes(changes: &ChangeSet) -> Result<Vec<u8>, EncodeError> {
    encode(&ChangeSetV1::from(changes))
}

/// An order's payload.
///
/// # Errors
/// [`EncodeError`].
pub fn encode_order(order: &Order) -> Result<Vec<u8>, EncodeError> {
    encode(&OrderV1::from(order))
}

fn encode(payload: &impl Serialize) -> Result<Vec<u8>, EncodeError> {
    let payload = serde_json::to_vec(payload).map_err(EncodeError::Json)?;
    match payload.len() {
        bytes if bytes > PAYLOAD_BYTES_MAX => Err(EncodeError::TooLong { bytes }),
        _ => Ok(payload),
    }
}

pub(super) fn decode(kind: PayloadType, payload: &[u8]) -> Result<Payload, PayloadError> {
    // Text is checked once for the whole payload, not once for each of its strings.
    let Ok(payload) = core::str::from_utf8(payload) else {
        return Err(PayloadError::Part("bytes that are no text"));
    };
    match kind {
        PayloadType::Founding => {
            let founding: FoundingV1 = serde_json::from_str(payload).map_err(PayloadError::Json)?;
            Ok(Payload::Founding(Box::new(founding.try_into()?)))
        }
        PayloadType::ChangeSet => {
            let changes: ChangeSetV1 = serde_json::from_str(payload).map_err(PayloadError::Json)?;
            changes.try_into().map(Payload::Changes)
        }
        PayloadType::Order => {
            let order: OrderV1 = serde_json::from_str(payload).map_err(PayloadError::Json)?;
            Ok(Payload::Order(Box::new(order.try_into()?)))
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeSetV1 {
    site: Hex<32>,
    at: u64,
    drafted_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_behalf: Option<Said<OperatorId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Said<Text>>,
    changes: Vec<ChangeV1>,
}

impl From<&ChangeSet> for ChangeSetV1 {
    fn from(c: &ChangeSet) -> Self {
        Self {
            site: Hex(c.site.0),
            at: c.at,
            drafted_ms: c.drafted.0,
            on_behalf: c.on_behalf.map(Said),
            reason: c.reason.clone().map(Said),
            changes: c.changes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<ChangeSetV1> for ChangeSet {
    type Error = PayloadError;
    fn try_from(c: ChangeSetV1) -> Result<Self, PayloadError> {
        Ok(Self {
            site: SiteId(c.site.0),
            at: c.at,
            drafted: Time(c.drafted_ms),
            on_behalf: c.on_behalf.map(|o| o.0),
            reason: c.reason.map(|r| r.0),
            changes: c.changes.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundingV1 {
    title: Said<Text>,
    zone: String,
    founded_ms: i64,
    config_origin: Box<str>,
    event_origin: Box<str>,
    log_key: Hex<32>,
    hub: ServiceV1,
    operators: Vec<OperatorV1>,
    recovery_key: Hex<32>,
    ca_digest: Hex<32>,
    policies: Vec<PolicyV1>,
}

impl From<&Founding> for FoundingV1 {
    fn from(f: &Founding) -> Self {
        Self {
            title: Said(f.title.clone()),
            zone: f.zone.name().to_owned(),
            founded_ms: f.founded.0,
            config_origin: f.config_origin.clone(),
            event_origin: f.event_origin.clone(),
            log_key: Hex(f.log_key.0),
            hub: (&f.hub).into(),
            operators: f.operators.iter().map(Into::into).collect(),
            recovery_key: Hex(f.recovery_key.0),
            ca_digest: Hex(f.ca_digest.0),
            policies: f.policies.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<FoundingV1> for Founding {
    type Error = PayloadError;
    fn try_from(f: FoundingV1) -> Result<Self, PayloadError> {
        let zone = SiteZone::new(&f.zone).map_err(PayloadError::Schedule)?;
        // One spelling: the database also finds `europe/berlin`.
        if zone.name() != f.zone {
            return Err(PayloadError::Part("a time zone that is not spelled as the IANA database has it"));
        }
        Ok(Self {
            title: f.title.0,
            zone,
            founded: Time(f.founded_ms),
            config_origin: origin(f.config_origin)?,
            event_origin: origin(f.event_origin)?,
            log_key: PublicKey(f.log_key.0),
            hub: f.hub.into(),
            operators: f.operators.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            recovery_key: PublicKey(f.recovery_key.0),
            ca_digest: Digest(f.ca_digest.0),
            policies: f.policies.into_iter().map(Into::into).collect(),
        })
    }
}

/// C2SP signed-note: a key name is not empty and has no blanks and no plus; an origin is used as one.
fn origin(name: Box<str>) -> Result<Box<str>, PayloadError> {
    let fits = (1..=ORIGIN_BYTES_MAX).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
    if fits {
        Ok(name)
    } else {
        Err(PayloadError::Part("an origin with blanks or a plus, or too long a one"))
    }
}
