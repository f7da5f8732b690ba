//! Changes over the API: drafted from a change file, reviewed, and put in force by the service's own signature.

use super::drafts::Waiting;
use super::lists::{Asked, List, only};
use super::orders::{service_of, signature_of};
use super::{Problem, Reply, Told, body, part, shapes};
use crate::caller::Caller;
use crate::routes::Api;
use crate::web::{Desk, Visit};
use crate::{DraftError, DraftView};
use axum::http::StatusCode;
use axum::http::header::IF_MATCH;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockward_draft::Review;
use lockward_model::ApiRefusal;
use std::sync::Arc;

/// Longest change file: what a body holds, less the JSON around it.
const FILE_BYTES_MAX: usize = 60 * 1_024;

/// What is wrong, and why, in one line.
fn told(error: &dyn core::error::Error) -> String {
    let causes = core::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |all, cause| format!("{all}: {cause}"))
}

fn refused(error: &DraftError, code: ApiRefusal) -> Problem {
    let status = match error {
        DraftError::Full => StatusCode::TOO_MANY_REQUESTS,
        DraftError::Unknown => StatusCode::NOT_FOUND,
        DraftError::Seal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        DraftError::TooLong(_)
        | DraftError::File(_)
        | DraftError::Nothing(_)
        | DraftError::Entries(_)
        | DraftError::Unseen => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    };
    Problem { detail: told(error), ..Problem::new(status, code) }
}

fn review(review: &Review) -> shapes::Review {
    shapes::Review {
        changes: review.changes.clone(),
        schedules: review.schedules.clone(),
        access: review.access.clone(),
        remarks: review
            .remarks
            .iter()
            .map(|remark| shapes::Remark { weaker: remark.weaker, says: remark.to_string() })
            .collect(),
    }
}

/// Payload type and payload of what is signed (DSSE v1: `DSSEv1 LENGTH TYPE LENGTH PAYLOAD`).
fn parts(message: &[u8]) -> (String, String) {
    let mut words = message.splitn(5, |byte| *byte == b' ').skip(2);
    let kind = words.next().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    (kind, STANDARD.encode(words.nth(1).unwrap_or_default()))
}

fn of_service(waiting: &Waiting, size: u64) -> shapes::ChangeDraft {
    let (set, message) = (waiting.draft.draft.set(), waiting.draft.draft.message());
    let (payload_type, payload) = parts(&message);
    shapes::ChangeDraft {
        id: waiting.id.clone(),
        drafted: set.drafted.to_string(),
        reason: set.reason.as_ref().map(ToString::to_string),
        changes: set.changes.len() as u64,
        review: review(&waiting.draft.review),
        overtaken: set.at != size,
        payload_type,
        payload,
        message: STANDARD.encode(message),
    }
}

fn of_operator(view: &DraftView) -> shapes::ChangeDraft {
    let (payload_type, payload) = parts(&view.message);
    shapes::ChangeDraft {
        id: view.id.to_string(),
        drafted: view.drafted.to_string(),
        reason: view.reason.as_ref().map(ToString::to_string),
        changes: view.changes as u64,
        review: review(&view.review),
        overtaken: view.overtaken,
        payload_type,
        payload,
        message: STANDARD.encode(&view.message),
    }
}

impl Desk {
    /// The drafts that wait, and that the asker drafted or may sign.
    fn waiting_for(&self, visit: &Visit) -> Vec<shapes::ChangeDraft> {
        let office = &self.core.office;
        match &visit.caller {
            Caller::Service(who) => {
                let (all, size) =
                    (self.gate.service_drafts.of(who.service, office.now().mono), office.site().size());
                all.iter().map(|waiting| of_service(waiting, size)).collect()
            }
            Caller::Operator(who) => office.drafts_for(who.operator).iter().map(of_operator).collect(),
            Caller::Nobody | Caller::Tool | Caller::Person(_) => Vec::new(),
        }
    }

    pub(super) fn api_changes(&self, visit: &Visit) -> Told {
        let asked = Asked::read(visit, &[])?;
        let mut all = self.waiting_for(visit);
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let from = asked.cursor.clone().unwrap_or_default();
        let mut rest = all.into_iter().skip_while(|draft| draft.id < from);
        let items = rest.by_ref().take(asked.limit).collect();
        Ok(Reply::ok(&List { items, next: rest.next().map(|draft: shapes::ChangeDraft| draft.id) }))
    }

    pub(super) fn api_change(&self, visit: &Visit) -> Told {
        only(visit, &[])?;
        let id = part(visit, "v1/changes/");
        let found = self.waiting_for(visit).into_iter().find(|draft| draft.id == id);
        found.map(|draft| Reply::ok(&draft)).ok_or_else(Problem::not_found)
    }

    pub(super) async fn api_change_draft(self: Arc<Self>, visit: &Visit) -> Told {
        only(visit, &[])?;
        let wanted: shapes::ChangeWanted = body(visit)?;
        let text = zeroize::Zeroizing::new(wanted.file);
        if text.is_empty() || text.len() > FILE_BYTES_MAX {
            return Err(Problem::invalid(format!("`file` has 1 to {FILE_BYTES_MAX} bytes")));
        }
        if let Some(known) = visit.headers.get(IF_MATCH) {
            // Drafted only against the site that the asker has read.
            let now = self.reading(visit, Api::Site).ok().map(|site| site.etag());
            let known = known.to_str().unwrap_or_default().split(',').map(str::trim);
            let fits = |tag: &str| tag == "*" || Some(tag) == now.as_deref();
            if !known.into_iter().any(fits) {
                return Err(Problem::new(StatusCode::PRECONDITION_FAILED, ApiRefusal::Moved));
            }
        }
        let asker = visit.caller.clone();
        let made = match asker {
            Caller::Service(who) => {
                let service = who.service;
                let drafted =
                    self.core.blocking(move |core| core.office.draft_file_for(&text, service)).await;
                let draft = drafted.ok_or_else(Problem::failed)?;
                let draft = draft.map_err(|error| refused(&error, ApiRefusal::DraftRefused))?;
                // The key's own scope narrows what its service may.
                let verbs = draft.draft.set().changes.iter().map(|change| change.verb());
                if !verbs.into_iter().all(|verb| who.scope.allows("change", verb)) {
                    return Err(Problem::new(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted));
                }
                let (size, now) = (self.core.office.site().size(), self.core.office.now().mono);
                let kept = self.gate.service_drafts.keep(draft, service, size, now);
                let kept = kept.ok_or_else(|| refused(&DraftError::Full, ApiRefusal::DraftRefused))?;
                of_service(&kept, size)
            }
            Caller::Operator(who) => {
                let operator = who.operator;
                let made = self.core.blocking(move |core| core.office.propose(&text, operator)).await;
                let made = made.ok_or_else(Problem::failed)?;
                of_operator(&made.map_err(|error| refused(&error, ApiRefusal::DraftRefused))?)
            }
            Caller::Nobody | Caller::Tool | Caller::Person(_) => {
                return Err(Problem::new(StatusCode::FORBIDDEN, ApiRefusal::NotPermitted));
            }
        };
        let place = format!("/api/v1/changes/{}", made.id);
        Ok(Reply::of(StatusCode::CREATED, &made).at(place))
    }

    pub(super) async fn api_change_sign(self: Arc<Self>, visit: &Visit) -> Told {
        let who = service_of(visit)?;
        only(visit, &[])?;
        let signature = signature_of(visit)?;
        let (office, service) = (&self.core.office, who.service);
        let waiting = self.gate.service_drafts.one(part(visit, "v1/changes/"), service, office.now().mono);
        let waiting = waiting.ok_or(Problem::new(StatusCode::NOT_FOUND, ApiRefusal::NotWaiting))?;
        let (id, draft) = (waiting.id, waiting.draft);
        let signed = move |core: &crate::core::Core| core.office.sign_for_service(&draft, service, signature);
        let made = self.core.blocking(signed).await.ok_or_else(Problem::failed)?;
        let at = made.map_err(|error| refused(&error, ApiRefusal::NotSigned))?;
        self.gate.service_drafts.done(&id, self.core.office.now().mono);
        Ok(Reply::ok(&shapes::InForce { at }).at(format!("/api/v1/changes/at/{at}")))
    }
}
