//! The page of services: API keys made, changed over and revoked by an operator with a passkey at hand.

use crate::answer;
use crate::api_key::Scope;
use crate::caller::Caller;
use crate::office::{API_KEY_LIFE_MAX, API_KEY_OVERLAP, ApiKeyError, NewApiKey};
use crate::routes::KeyDeed;
use crate::views::{Page, Reader};
use crate::web::{Desk, Visit};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::Response;
use core::time::Duration;
use lockward_console::{ApiKeyLine, MadeKey, ServiceRow, ServicesView, address};
use lockward_model::{ApiKeyId, ApiRefusal, OperatorId, ServiceId};
use lockward_store::ApiKeyRow;
use lockward_wire::config::key_id;
use std::sync::Arc;

/// How long a key lives that takes another's place, from a page: a quarter of a year.
const LIFE: Duration = Duration::from_secs(90 * 86_400);

/// Why nothing was done; in words.
fn told(error: &dyn core::error::Error) -> String {
    let causes = core::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |all, cause| format!("{all}: {cause}"))
}

/// What a form wants.
enum Wanted {
    Make { service: ServiceId, label: lockward_model::Text, scope: Scope, life: Duration },
    Rotate(ApiKeyId),
    Revoke(ApiKeyId),
}

fn wanted(visit: &Visit, deed: KeyDeed) -> Result<Wanted, String> {
    let key = || visit.field("key").parse().map_err(|_| "no such key".to_owned());
    Ok(match deed {
        KeyDeed::Revoke => Wanted::Revoke(key()?),
        KeyDeed::Rotate => Wanted::Rotate(key()?),
        KeyDeed::Make => {
            let days: u64 = visit.field("days").parse().map_err(|_| told(&ApiKeyError::Life))?;
            Wanted::Make {
                service: visit.field("service").parse().map_err(|_| "no such service".to_owned())?,
                label: visit.field("label").parse().map_err(|error| told(&error))?,
                scope: Scope::read(&visit.field("scope")).map_err(|error| told(&error))?,
                life: Duration::from_secs(days.saturating_mul(86_400)),
            }
        }
    })
}

impl Desk {
    pub(crate) async fn services_page(
        self: Arc<Self>,
        visit: &Visit,
        made: Option<(ServiceId, NewApiKey)>,
        wrong: Option<String>,
    ) -> Response {
        let caller = visit.caller.clone();
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let page = tokio::task::spawn_blocking(move || self.services_html(&caller, made, wrong)).await;
        match page {
            Ok(Ok(html)) => {
                let mut response = answer::page_with(status, html);
                response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                response
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "API keys can not be read");
                answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::StoreFailed)
            }
            Err(_) => answer::problem_of(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed),
        }
    }

    fn services_html(
        &self,
        caller: &Caller,
        made: Option<(ServiceId, NewApiKey)>,
        wrong: Option<String>,
    ) -> Result<String, lockward_store::HubError> {
        let keys = self.core.office.store().api_keys()?;
        let brief = self.core.live.now().brief();
        let (office, site) = (&self.core.office, self.core.office.site());
        let reader = Reader::of(caller, office, &site);
        let (whole, now) = (self.core.live.whole(), office.wall());
        let page = Page { office, site: &site, live: &brief, whole, now, reader };
        let may_make = caller.operator().is_some_and(|who| site.may_change(who.operator, "put-service", now));
        let view = ServicesView {
            frame: page.frame(self.banner.as_deref()),
            // Who may make services and not see them makes keys blindly.
            rows: site
                .services()
                .filter(|_| page.reader.sight.operators.site())
                .map(|service| ServiceRow {
                    id: service.id.to_string(),
                    key: key_id(&service.key.0).to_string(),
                    until: service.until.map(|at| page.moment(at)),
                    holds: service.holds_at(now),
                    keys: keys.iter().filter(|k| k.service == service.id).map(|k| page.api_key(k)).collect(),
                })
                .collect(),
            may_make,
            made: made.map(|(service, key)| MadeKey {
                service: service.to_string(),
                text: key.text.as_str().to_owned(),
                ends: page.moment(key.ends),
                old_ends: key.old_ends.map(|at| page.moment(at)),
            }),
            wrong,
            days_max: API_KEY_LIFE_MAX.as_secs() / 86_400,
        };
        Ok(lockward_console::services(&view))
    }

    /// Makes, changes over or revokes a key, and shows the page; a new key's text stands on it this once.
    pub(crate) async fn service_key(self: Arc<Self>, visit: &Visit, deed: KeyDeed) -> Response {
        let Some(by) = visit.caller.operator().map(|who| who.operator) else {
            return answer::sign_in_first(&visit.headers);
        };
        let wanted = match wanted(visit, deed) {
            Ok(wanted) => wanted,
            Err(wrong) => return self.services_page(visit, None, Some(wrong)).await,
        };
        let done = self.core.blocking(move |core| carry_out(&core.office, wanted, by)).await;
        match done {
            Some(Ok(None)) => answer::see_at(address::SERVICES),
            Some(Ok(made)) => self.services_page(visit, made, None).await,
            Some(Err(error)) => self.services_page(visit, None, Some(told(&error))).await,
            None => answer::problem_of(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }
}

fn carry_out(
    office: &crate::office::Office,
    wanted: Wanted,
    by: OperatorId,
) -> Result<Option<(ServiceId, NewApiKey)>, ApiKeyError> {
    match wanted {
        Wanted::Revoke(key) => office.revoke_api_key(key, Some(by)).map(|()| None),
        Wanted::Rotate(key) => {
            let service = office.store().api_key(key)?.ok_or(ApiKeyError::Unknown(key))?.service;
            let made = office.rotate_api_key(key, LIFE, API_KEY_OVERLAP, Some(by))?;
            Ok(Some((service, made)))
        }
        Wanted::Make { service, label, scope, life } => {
            let made = office.make_api_key(service, label, &scope, life, Some(by))?;
            Ok(Some((service, made)))
        }
    }
}

impl Page<'_> {
    fn api_key(&self, key: &ApiKeyRow) -> ApiKeyLine {
        let day = |at| self.site.founding().zone.local(at).date.to_string();
        ApiKeyLine {
            id: key.id.to_string(),
            label: key.label.to_string(),
            scope: key.scope.clone(),
            ends: self.moment(key.ends),
            ended: self.now >= key.ends,
            used: key.used.map(|(at, from)| (day(at), from.to_string())),
        }
    }
}
