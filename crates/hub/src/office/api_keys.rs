//! API keys of services: made, changed over, revoked; each deed waits in the store until the event log has it.
//!
//! An API key reads and drafts. It signs nothing: what puts a change in force or moves a bolt is the service's own key, which
//! the hub does not have.

use super::{ChangeError, Office};
use crate::access::Secret;
use crate::api_key::{self, Scope, ScopeError};
use core::time::Duration;
use lockward_model::{ApiKeyId, Change, OperatorId, ServiceId, Text, Time};
use lockward_store::{API_KEYS_EACH_MAX, ApiKeyRow, HubError, Log};
use lockward_wire::config::{Envelope, Payload};

/// The longest life of an API key: a year, and a day to notice.
pub const API_KEY_LIFE_MAX: Duration = Duration::from_secs(366 * 86_400);
/// How long the old key goes on when a new one takes its place, unless somebody says otherwise.
pub const API_KEY_OVERLAP: Duration = Duration::from_secs(7 * 86_400);
/// The longest that it may.
pub const API_KEY_OVERLAP_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Up to which entry of the config log removed services have lost their keys.
const SWEPT_SETTING: &str = "api_keys_swept";

/// Why there is no such API key. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The site does not know it, its end is over, or it is the hub's own.
    #[error("`{0}` is no service of the site that can have API keys; add it with a change set first")]
    Service(ServiceId),
    /// No key of that name.
    #[error("there is no API key `{0}`")]
    Unknown(ApiKeyId),
    /// Nothing, or longer than [`API_KEY_LIFE_MAX`].
    #[error("an API key lives for a day at least, and {} days at most", API_KEY_LIFE_MAX.as_secs() / 86_400)]
    Life,
    /// Longer than [`API_KEY_OVERLAP_MAX`].
    #[error("an old key goes on for {} days at most", API_KEY_OVERLAP_MAX.as_secs() / 86_400)]
    Overlap,
    /// Names something that is no action.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// Too many.
    #[error("service `{0}` has {API_KEYS_EACH_MAX} API keys; revoke one first")]
    Full(ServiceId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The site can not be read.
    #[error(transparent)]
    Site(#[from] ChangeError),
}

/// A new API key. Its text is nowhere else: who loses it makes another.
#[derive(Debug)]
pub struct NewApiKey {
    /// Its name; no secret.
    pub id: ApiKeyId,
    /// Its text.
    pub text: Secret,
    /// When it ends.
    pub ends: Time,
    /// When the key ends whose place it takes.
    pub old_ends: Option<Time>,
}

impl Office {
    /// Makes an API key for a service. It ends after `life`, or with the service.
    ///
    /// # Errors
    /// [`ApiKeyError`].
    pub fn make_api_key(
        &self,
        service: ServiceId,
        label: Text,
        scope: &Scope,
        life: Duration,
        by: Option<OperatorId>,
    ) -> Result<NewApiKey, ApiKeyError> {
        self.follow().map_err(ChangeError::from)?;
        let (row, made) = self.fresh_key(service, label, scope, life)?;
        if !self.store().put_api_key(&row, by)? {
            return Err(ApiKeyError::Full(service));
        }
        Ok(made)
    }

    /// Makes an API key that takes the place of another, with its service, label and scope. The other ends after `overlap`.
    ///
    /// # Errors
    /// [`ApiKeyError`]; the old key then stays as it was.
    pub fn rotate_api_key(
        &self,
        old: ApiKeyId,
        life: Duration,
        overlap: Duration,
        by: Option<OperatorId>,
    ) -> Result<NewApiKey, ApiKeyError> {
        self.follow().map_err(ChangeError::from)?;
        if overlap > API_KEY_OVERLAP_MAX {
            return Err(ApiKeyError::Overlap);
        }
        let now = self.wall();
        let kept = self.store().api_key(old)?.filter(|key| now < key.ends);
        let kept = kept.ok_or(ApiKeyError::Unknown(old))?;
        let (row, made) = self.fresh_key(kept.service, kept.label, &Scope::read(&kept.scope)?, life)?;
        if !self.store().rotate_api_key(old, now + overlap, &row, by)? {
            return Err(ApiKeyError::Full(kept.service));
        }
        Ok(NewApiKey { old_ends: Some(kept.ends.min(now + overlap)), ..made })
    }

    /// Takes an API key away, at once and for good.
    ///
    /// # Errors
    /// [`ApiKeyError`].
    pub fn revoke_api_key(&self, id: ApiKeyId, by: Option<OperatorId>) -> Result<(), ApiKeyError> {
        if self.store().remove_api_key(id, by)? { Ok(()) } else { Err(ApiKeyError::Unknown(id)) }
    }

    fn fresh_key(
        &self,
        service: ServiceId,
        label: Text,
        scope: &Scope,
        life: Duration,
    ) -> Result<(ApiKeyRow, NewApiKey), ApiKeyError> {
        if life < Duration::from_secs(86_400) || life > API_KEY_LIFE_MAX {
            return Err(ApiKeyError::Life);
        }
        let (site, now) = (self.site(), self.wall());
        let holder = site.standing_service(service, now).ok_or(ApiKeyError::Service(service))?;
        let ends = holder.until.map_or(now + life, |until| until.min(now + life));
        let fresh = api_key::roll().ok_or(ApiKeyError::Service(service))?;
        let row = ApiKeyRow {
            id: fresh.id,
            service,
            secret: fresh.secret,
            label,
            scope: scope.to_string(),
            config: site.size(),
            made: now,
            ends,
            used: None,
        };
        Ok((row, NewApiKey { id: fresh.id, text: fresh.text, ends, old_ends: None }))
    }

    /// Revokes the keys of services that were removed, by whomever, since this was last done: a service that comes back under
    /// the same name finds none of them.
    pub(crate) fn sweep_api_keys(&self) -> Result<(), HubError> {
        let swept = self.store().setting(SWEPT_SETTING)?.and_then(|bytes| bytes.try_into().ok());
        let (from, to) = (swept.map_or(0, u64::from_be_bytes), self.site().size());
        if from >= to {
            return Ok(());
        }
        let keys = self.store().api_keys()?;
        let mut gone = Vec::new();
        if !keys.is_empty() {
            self.store().for_each_entry(Log::Config, from..to, |at, entry| {
                if let Ok(Ok(Payload::Changes(set))) = Envelope::parse(entry).map(|e| e.payload()) {
                    for change in &set.changes {
                        let Change::RemoveService(id) = change else { continue };
                        gone.extend(keys.iter().filter(|k| k.service == *id && k.config <= at).map(|k| k.id));
                    }
                }
                Ok::<_, HubError>(())
            })?;
        }
        for id in gone {
            self.store().remove_api_key(id, None)?;
        }
        self.store().put_setting(SWEPT_SETTING, &to.to_be_bytes())
    }
}
