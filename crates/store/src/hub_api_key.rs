//! API keys of services, by the hash of their secrets; and what was done to them, until the event log has it.
//!
//! SHA-256 and no slow hash: a secret is 256 random bits, so there is nothing to guess that slowness would protect.

use std::net::IpAddr;
use std::str::FromStr;

use lockward_model::{ApiKeyFact, ApiKeyId, Digest, OperatorId, ServiceId, Text, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{HubError, HubStore};

/// Keys of one service at once: a dozen machines, and each twice while it changes keys.
pub const API_KEYS_EACH_MAX: usize = 24;

/// An API key, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its name; no secret.
    pub id: ApiKeyId,
    /// Whose it is.
    pub service: ServiceId,
    /// The SHA-256 of its secret.
    pub secret: Digest,
    /// What people call it.
    pub label: Text,
    /// The actions that it is kept to, with blanks between; empty for whatever the service may.
    pub scope: String,
    /// The size of the config log when it was made.
    pub config: u64,
    /// When it was made.
    pub made: Time,
    /// When it ends.
    pub ends: Time,
    /// The day on which it was last used, and from where.
    pub used: Option<(Time, IpAddr)>,
}

/// Something that was done to a key, and is not in the event log yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyDeed {
    /// Its number, in order.
    pub n: u64,
    /// Which key.
    pub key: ApiKeyId,
    /// Whose.
    pub service: ServiceId,
    /// Who did it; `None` for somebody at the command line.
    pub operator: Option<OperatorId>,
    /// What.
    pub fact: ApiKeyFact,
}

const FACTS: [ApiKeyFact; 4] =
    [ApiKeyFact::Made, ApiKeyFact::Rotated, ApiKeyFact::Revoked, ApiKeyFact::Refused];

const SELECT: &str =
    "SELECT id, service, secret, label, scope, config, made, ends, used, used_from FROM api_key";

impl HubStore {
    /// Keeps a new key, for the record too. False if the service has [`API_KEYS_EACH_MAX`] already: then it is not kept.
    ///
    /// # Errors
    /// [`HubError`]; it is then not kept.
    pub fn put_api_key(&self, key: &ApiKeyRow, by: Option<OperatorId>) -> Result<bool, HubError> {
        self.write(|db| insert(db, key, by, ApiKeyFact::Made))
    }

    /// Keeps a new key in the place of `old`, which ends at `until` if not sooner. False if `old` is no key of the same
    /// service, or there are too many: then nothing is changed.
    ///
    /// # Errors
    /// [`HubError`]; nothing is then changed.
    pub fn rotate_api_key(
        &self,
        old: ApiKeyId,
        until: Time,
        new: &ApiKeyRow,
        by: Option<OperatorId>,
    ) -> Result<bool, HubError> {
        self.write(|db| {
            let kept = one(db, old)?.filter(|kept| kept.service == new.service);
            if kept.is_none() || !insert(db, new, by, ApiKeyFact::Rotated)? {
                return Ok(false);
            }
            db.prepare_cached("UPDATE api_key SET ends = min(ends, ?2) WHERE id = ?1")?
                .execute(params![old.as_str(), until.0])?;
            Ok(true)
        })
    }

    /// Takes a key away for good, for the record too. False if there is none.
    ///
    /// # Errors
    /// [`HubError`]; it then still serves.
    pub fn remove_api_key(&self, id: ApiKeyId, by: Option<OperatorId>) -> Result<bool, HubError> {
        self.write(|db| {
            let Some(kept) = one(db, id)? else { return Ok(false) };
            db.prepare_cached("DELETE FROM api_key WHERE id = ?1")?.execute([id.as_str()])?;
            tell(db, &kept, by, ApiKeyFact::Revoked)?;
            Ok(true)
        })
    }

    /// One key.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKeyRow>, HubError> {
        self.read(|db| one(db, id))
    }

    /// All keys, by service and then by when they were made.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn api_keys(&self) -> Result<Vec<ApiKeyRow>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached(&format!("{SELECT} ORDER BY service, made, id"))?;
            Ok(select.query_map([], row)?.collect::<Result<_, _>>()?)
        })
    }

    /// Takes down on which day a key was used, and from where.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn use_api_key(&self, id: ApiKeyId, day: Time, from: IpAddr) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached("UPDATE api_key SET used = ?2, used_from = ?3 WHERE id = ?1")?
                .execute(params![id.as_str(), day.0, from.to_string()])?;
            Ok(())
        })
    }

    /// What was done and is not in the event log yet, in order.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn api_key_deeds(&self) -> Result<Vec<ApiKeyDeed>, HubError> {
        self.read(|db| {
            let mut select =
                db.prepare_cached("SELECT n, key, service, operator, fact FROM api_key_deed ORDER BY n")?;
            Ok(select.query_map([], deed)?.collect::<Result<_, _>>()?)
        })
    }

    /// The event log has this one, and those before it.
    ///
    /// # Errors
    /// [`HubError`]; they will be told again.
    pub fn forget_api_key_deeds(&self, to: u64) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached("DELETE FROM api_key_deed WHERE n <= ?1")?.execute([to])?;
            Ok(())
        })
    }
}

fn one(db: &Connection, id: ApiKeyId) -> Result<Option<ApiKeyRow>, HubError> {
    let mut select = db.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(select.query_row([id.as_str()], row).optional()?)
}

fn insert(
    db: &Connection,
    key: &ApiKeyRow,
    by: Option<OperatorId>,
    fact: ApiKeyFact,
) -> Result<bool, HubError> {
    let held: usize = db
        .prepare_cached("SELECT count(*) FROM api_key WHERE service = ?1")?
        .query_row([key.service.as_str()], |row| row.get(0))?;
    if held >= API_KEYS_EACH_MAX {
        return Ok(false);
    }
    db.prepare_cached("INSERT INTO api_key VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, NULL)")?.execute(
        params![
            key.id.as_str(),
            key.service.as_str(),
            key.secret.as_ref(),
            key.label.as_str(),
            key.scope,
            key.config,
            key.made.0,
            key.ends.0
        ],
    )?;
    tell(db, key, by, fact)?;
    Ok(true)
}

fn tell(db: &Connection, key: &ApiKeyRow, by: Option<OperatorId>, fact: ApiKeyFact) -> Result<(), HubError> {
    let number = FACTS.iter().position(|f| *f == fact);
    db.prepare_cached("INSERT INTO api_key_deed (key, service, operator, fact) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            key.id.as_str(),
            key.service.as_str(),
            by.as_ref().map(OperatorId::as_str),
            number
        ])?;
    Ok(())
}

/// A name that we wrote, read back.
fn named<T: FromStr>(row: &Row<'_>, at: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(at)?;
    text.parse().map_err(|error: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn row(row: &Row<'_>) -> rusqlite::Result<ApiKeyRow> {
    let day: Option<i64> = row.get(8)?;
    let from: Option<String> = row.get(9)?;
    Ok(ApiKeyRow {
        id: named(row, 0)?,
        service: named(row, 1)?,
        secret: Digest(row.get(2)?),
        label: named(row, 3)?,
        scope: row.get(4)?,
        config: row.get(5)?,
        made: Time(row.get(6)?),
        ends: Time(row.get(7)?),
        used: day.map(Time).zip(from.and_then(|from| from.parse().ok())),
    })
}

fn deed(row: &Row<'_>) -> rusqlite::Result<ApiKeyDeed> {
    let operator: Option<String> = row.get(3)?;
    let fact: usize = row.get(4)?;
    Ok(ApiKeyDeed {
        n: row.get(0)?,
        key: named(row, 1)?,
        service: named(row, 2)?,
        operator: operator.and_then(|operator| operator.parse().ok()),
        fact: FACTS.get(fact).copied().unwrap_or(ApiKeyFact::Refused),
    })
}
