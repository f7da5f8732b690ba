//! The JSON API: every request to it, with its conditions, its errors (RFC 9457) and its second tries.
//!
//! It shows what pages show, and drafts what services sign with keys that the hub does not have.

mod again;
mod changes;
mod document;
mod drafts;
mod events;
mod facts;
mod lists;
mod orders;
mod shapes;

pub(crate) use again::Again;
pub use document::document;
pub(crate) use drafts::ServiceDrafts;
pub(crate) use orders::ServiceOrders;

use crate::answer;
use crate::denials::No;
use crate::logs::sha256;
use crate::routes::{API, Api, Method, methods_of};
use crate::web::{Desk, Visit};
use axum::http::StatusCode;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION,
    RETRY_AFTER,
};
use axum::response::Response;
use lockward_model::ApiRefusal;
use lockward_wire::hex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// An answer, before it has become one: it can be given twice.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: StatusCode,
    body: String,
    location: Option<String>,
    /// Set for a problem.
    problem: bool,
}

impl Reply {
    fn of(status: StatusCode, value: &impl Serialize) -> Self {
        // Shapes of ours have text for keys and no number that JSON lacks.
        let body = serde_json::to_string(value).unwrap_or_default();
        Self { status, body, location: None, problem: false }
    }

    fn ok(value: &impl Serialize) -> Self {
        Self::of(StatusCode::OK, value)
    }

    fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    fn etag(&self) -> String {
        let hash = hex(sha256(self.body.as_bytes()).as_ref()).to_string();
        format!("\"{}\"", hash.get(..32).unwrap_or_default())
    }
}

/// Why there is none.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Seconds after which it may be otherwise.
    after: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: ApiRefusal) -> Self {
        Self { status, code: code.as_str(), detail: code.sentence().to_owned(), after: None }
    }

    fn coded(status: StatusCode, code: &'static str, detail: &str) -> Self {
        Self { status, code, detail: detail.to_owned(), after: None }
    }

    fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, ApiRefusal::NotFound)
    }

    fn invalid(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, ApiRefusal::Invalid) }
    }

    fn failed() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ApiRefusal::Failed)
    }
}

pub(crate) type Told = Result<Reply, Problem>;

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let body = answer::problem_body(problem.status, problem.code, &problem.detail);
        Self { status: problem.status, body, location: None, problem: true }
    }
}

fn respond(told: Told) -> Response {
    let after = told.as_ref().err().and_then(|problem| problem.after);
    let reply = told.unwrap_or_else(Reply::from);
    let kind = if reply.problem { "application/problem+json" } else { "application/json" };
    let mut response = Response::new(reply.body.into());
    *response.status_mut() = reply.status;
    match reply.status {
        StatusCode::FORBIDDEN => drop(response.extensions_mut().insert(No::NotTheirs)),
        StatusCode::NOT_FOUND => drop(response.extensions_mut().insert(No::NotThere)),
        _ => {}
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let mut said = |name: HeaderName, value: Option<String>| {
        if let Some(Ok(value)) = value.map(|value| HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    };
    said(LOCATION, reply.location);
    said(RETRY_AFTER, after.map(|seconds| seconds.to_string()));
    response
}

/// A reading, told whole or as "what you have is still so" (RFC 9110, section 13.1.2).
fn read_out(headers: &HeaderMap, told: Told) -> Response {
    let Ok(reply) = told else { return respond(told) };
    let etag = reply.etag();
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    let known = known.flat_map(|v| v.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    let mut response = if known.into_iter().any(|tag| tag == "*" || tag == etag) {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        respond(Ok(reply))
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    // Kept by whoever asked, and asked about each time; by nobody on the way.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// What is not there: no path, or no such method for it.
pub(crate) fn elsewhere(path: &str) -> Response {
    let methods = methods_of(path);
    if methods.is_empty() {
        return respond(Err(Problem::not_found()));
    }
    let mut response = respond(Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, ApiRefusal::MethodWrong)));
    let named = methods.iter().map(|m| if *m == Method::Get { "GET, HEAD" } else { "POST" });
    if let Ok(allow) = HeaderValue::from_str(&named.collect::<Vec<_>>().join(", ")) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// The body, as JSON of this shape and nothing else.
fn body<T: DeserializeOwned>(visit: &Visit) -> Result<T, Problem> {
    let kind = visit.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ApiRefusal::MediaType));
    }
    serde_json::from_slice(&visit.body).map_err(|error| {
        // Where, and never what: a body may hold a PIN.
        let at = format!("line {}, column {}", error.line(), error.column());
        if error.is_data() {
            let known = "a field is unknown, missing, or of another type";
            Problem::invalid(format!("{known}, before {at}"))
        } else {
            let malformed = Problem::new(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
            Problem { detail: format!("the body is no JSON: {at}"), ..malformed }
        }
    })
}

/// The part of a path behind `before`, up to the next slash.
fn part<'a>(visit: &'a Visit, before: &str) -> &'a str {
    let rest = visit.uri.path().strip_prefix(API).and_then(|path| path.strip_prefix(before));
    rest.and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

impl Desk {
    /// Answers a request that the table has let through.
    pub(crate) async fn api(self: Arc<Self>, visit: Visit, what: Api) -> Response {
        match what {
            Api::Document => read_out(&visit.headers, Ok(Reply::ok(&document()))),
            Api::EventStream => self.event_stream(&visit),
            Api::ChangeDraft | Api::ChangeSign | Api::OrderDraft | Api::OrderSign => {
                respond(self.once(visit, what).await)
            }
            _ => {
                let headers = visit.headers.clone();
                let read = tokio::task::spawn_blocking(move || self.reading(&visit, what)).await;
                read_out(&headers, read.unwrap_or_else(|_| Err(Problem::failed())))
            }
        }
    }

    async fn act(self: Arc<Self>, visit: &Visit, what: Api) -> Told {
        match what {
            Api::ChangeDraft => self.api_change_draft(visit).await,
            Api::ChangeSign => self.api_change_sign(visit).await,
            Api::OrderDraft => self.api_order_draft(visit).await,
            _ => self.api_order_sign(visit).await,
        }
    }
}
