//! A service that asks with an API key: who it is, what the key is kept to, and what becomes of a key that does not serve.

use crate::answer;
use crate::api_key::{PREFIX, Scope, read};
use crate::attempts::Try;
use crate::core::Core;
use crate::office::Office;
use crate::web::Desk;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use core::time::Duration;
use lockward_model::{ApiKeyFact, ApiKeyId, ApiRefusal, Body, OrderAct, ServiceId, Time};
use lockward_site::Site;
use lockward_store::ApiKeyDeed;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::{error, warn};

/// Uses are told apart by the day: who looks for a forgotten key needs no more, and nobody's working hours are kept.
const DAY: Duration = Duration::from_secs(86_400);

/// A service, as one request finds it.
#[derive(Clone)]
pub(crate) struct ServiceIn {
    pub(crate) service: ServiceId,
    pub(crate) key: ApiKeyId,
    pub(crate) scope: Scope,
}

impl ServiceIn {
    pub(crate) fn may_change(&self, site: &Site, verb: &str, at: Time) -> bool {
        self.scope.allows("change", verb) && site.service_may_change(self.service, verb, at)
    }

    pub(crate) fn may_order(
        &self,
        site: &Site,
        act: OrderAct,
        door: Option<lockward_model::DoorId>,
        at: Time,
    ) -> bool {
        self.scope.allows("order", act.verb()) && site.service_may_order(self.service, act, door, at)
    }
}

/// Where each key was last used, as the store has it: it is written when that changes, and not at each request.
#[derive(Default)]
pub(crate) struct Services(Mutex<HashMap<ApiKeyId, (Time, IpAddr)>>);

impl Services {
    fn is_news(&self, key: ApiKeyId, use_: (Time, IpAddr)) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, use_) != Some(use_)
    }
}

/// Whose key this is, if it serves now: made here, not over, not revoked, of a service that stands.
pub(crate) fn serving(office: &Office, text: &str) -> Option<ServiceIn> {
    let (id, secret) = read(text)?;
    let kept = match office.store().api_key(id) {
        Ok(kept) => kept?,
        Err(error) => {
            error!(%error, "API keys can not be read; none serves");
            return None;
        }
    };
    // Hashes of 256 random bits: how long the comparison takes says nothing about the secret.
    let (site, now) = (office.site(), office.wall());
    let serves =
        kept.secret == secret && now < kept.ends && site.standing_service(kept.service, now).is_some();
    let scope = Scope::read(&kept.scope).ok()?;
    serves.then_some(ServiceIn { service: kept.service, key: id, scope })
}

/// Whether a service that has come in would still.
pub(crate) fn still_serves(office: &Office, who: &ServiceIn) -> bool {
    let now = office.wall();
    let kept = office.store().api_key(who.key).ok().flatten();
    kept.is_some_and(|kept| now < kept.ends) && office.site().standing_service(who.service, now).is_some()
}

impl Core {
    /// Revokes the keys of services that are gone, and puts on record what was done to any key, here or at the command line.
    pub(crate) async fn look_after_api_keys(self: &Arc<Self>) {
        let deeds = self.blocking(|core| {
            core.office.sweep_api_keys()?;
            core.office.store().api_key_deeds()
        });
        let deeds = match deeds.await {
            Some(Ok(deeds)) => deeds,
            Some(Err(error)) => return error!(%error, "API keys can not be looked after"),
            None => return,
        };
        for deed in deeds {
            let ApiKeyDeed { n, key, service, operator, fact } = deed;
            let body = Body::ApiKey { key: Some(key), service: Some(service), operator, fact };
            // Durable first. What is told and not forgotten after a crash is told twice, and never not at all.
            if self.sequencer.record(body).await.is_err() {
                return;
            }
            let forgotten = self.blocking(move |core| core.office.store().forget_api_key_deeds(n)).await;
            if let Some(Err(error)) = forgotten {
                return error!(%error, "a deed about an API key will be on record twice");
            }
        }
    }
}

impl Desk {
    /// Who asks with an API key; `None` for a request that brings none. Every key that does not serve is answered alike.
    pub(crate) async fn by_api_key(
        &self,
        headers: &HeaderMap,
        from: IpAddr,
    ) -> Option<Result<ServiceIn, Response>> {
        let bearer = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?.trim();
        if !bearer.starts_with(PREFIX) {
            return None;
        }
        let Some(who) = serving(&self.core.office, bearer) else {
            return Some(Err(self.key_refused(from).await));
        };
        let now = self.core.office.wall();
        let day = Time(now.0 - now.0.rem_euclid(i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX)));
        if self.gate.services.is_news(who.key, (day, from)) {
            let key = who.key;
            let kept = self.core.blocking(move |core| core.office.store().use_api_key(key, day, from)).await;
            if let Some(Err(error)) = kept {
                error!(%error, "the use of an API key can not be taken down");
            }
        }
        Some(Ok(who))
    }

    /// A right key is never kept waiting: nobody guesses 256 bits, and a neighbour's wrong one shuts nobody out.
    async fn key_refused(&self, from: IpAddr) -> Response {
        let now = self.core.office.now().mono;
        let patience = self.gate.attempts.may(from, now);
        if let Try::Later(wait) = patience {
            let mut response = answer::problem_of(StatusCode::TOO_MANY_REQUESTS, ApiRefusal::TooMany);
            response.headers_mut().insert("retry-after", HeaderValue::from(wait.as_secs().max(1)));
            return response;
        }
        if self.gate.attempts.failed(from, now) {
            let fact = ApiKeyFact::Refused;
            self.core.sequencer.note(Body::ApiKey { key: None, service: None, operator: None, fact }).await;
        } else {
            warn!(%from, "an API key was refused; too many were for each to go on record");
        }
        if let Try::Slowly(wait) = patience {
            tokio::time::sleep(wait).await;
        }
        answer::key_unknown()
    }
}
