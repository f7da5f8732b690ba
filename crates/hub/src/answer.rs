//! Answers over HTTP: pages, files, redirections and refusals, each with the headers that it must have.

use crate::denials::No;
use crate::tell;
use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use lockward_console::{ASSET_HEADERS, Asset, ErrorView, Fault, Frame, PAGE_HEADERS, address};
use lockward_model::ApiRefusal;
use zeroize::Zeroizing;

/// Two years, as browsers' preload lists ask for; said over TLS only.
const HSTS: &str = "max-age=63072000";

fn made(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn with_headers(mut response: Response, headers: &[(&'static str, &'static str)]) -> Response {
    for (name, value) in headers {
        // What an answer says of itself stays.
        let name = HeaderName::from_static(name);
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What every answer gets last, if it does not say otherwise itself.
pub(crate) fn sealed(response: Response, tls: bool) -> Response {
    let mut response = with_headers(response, &PAGE_HEADERS);
    if tls {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    response
}

pub(crate) fn page(html: String) -> Response {
    made(StatusCode::OK, "text/html; charset=utf-8", html)
}

/// A page that says what was wrong with what was sent.
pub(crate) fn page_with(status: StatusCode, html: String) -> Response {
    made(status, "text/html; charset=utf-8", html)
}

/// 303 See Other: a page of this hub.
pub(crate) fn see_at(place: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

/// What names a kind of problem: its code, which `docs/CODES.md` tells of.
pub(crate) const PROBLEM: &str = "urn:lockward:problem:";

/// A problem (RFC 9457) whose detail is made up of what was sent.
pub(crate) fn problem_told(status: StatusCode, code: ApiRefusal, detail: &str) -> Response {
    made(status, "application/problem+json", problem_body(status, code.as_str(), detail))
}

/// The text of a problem.
pub(crate) fn problem_body(status: StatusCode, code: &str, detail: &str) -> String {
    let body = serde_json::json!({
        "type": format!("{PROBLEM}{code}"),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    body.to_string()
}

/// For every API key that does not serve, whatever is wrong with it.
pub(crate) fn key_unknown() -> Response {
    unauthorized("this API key does not serve")
}

pub(crate) fn asset(asset: &'static Asset) -> Response {
    with_headers(made(StatusCode::OK, asset.media_type, asset.body), &ASSET_HEADERS)
}

pub(crate) fn text(text: impl Into<Body>) -> Response {
    made(StatusCode::OK, "text/plain; charset=utf-8", text)
}

/// A text that nobody on the way may keep, and that is wiped here when it is sent.
pub(crate) fn secret(text: Zeroizing<Vec<u8>>) -> Response {
    let mut response = self::text(Body::from(Bytes::from_owner(text)));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn bytes(bytes: Vec<u8>) -> Response {
    made(StatusCode::OK, "application/octet-stream", bytes)
}

pub(crate) fn stream(body: Body) -> Response {
    made(StatusCode::OK, "text/event-stream", body)
}

/// For scripts of our own pages.
pub(crate) fn json(value: &serde_json::Value) -> Response {
    made(StatusCode::OK, "application/json", value.to_string())
}

/// 307 Temporary Redirect: the same request elsewhere.
pub(crate) fn moved(place: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(LOCATION, place);
    }
    response
}

/// 303 See Other: the next request is a GET.
pub(crate) fn see(place: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(place));
    response
}

/// Whether a person looks at the answer.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepts.contains("text/html")
}

/// A visitor without a session: sent to sign in, or told so.
pub(crate) fn sign_in_first(headers: &HeaderMap) -> Response {
    if wants_page(headers) {
        return see(address::SIGN_IN);
    }
    unauthorized("sign in, or send a bearer token")
}

/// A visitor without a phone's session: sent to sign in with one, or told so.
pub(crate) fn phone_first(headers: &HeaderMap) -> Response {
    if wants_page(headers) {
        return see(address::MY_SIGN_IN);
    }
    unauthorized("sign in with your phone")
}

/// A visitor without a token where nothing else does: never a page.
pub(crate) fn token_first() -> Response {
    unauthorized("send a bearer token of the kind that this asks for; a session does not do here")
}

fn unauthorized(detail: &'static str) -> Response {
    let mut response = problem(StatusCode::UNAUTHORIZED, ApiRefusal::NoSession.as_str(), detail);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// RFC 9457. `detail` is a sentence of ours.
pub(crate) fn problem(status: StatusCode, code: &'static str, detail: &'static str) -> Response {
    made(status, "application/problem+json", problem_body(status, code, detail))
}

/// The same, in the code's own words.
pub(crate) fn problem_of(status: StatusCode, code: ApiRefusal) -> Response {
    marked(problem(status, code.as_str(), code.sentence()), code)
}

/// Marks what refuses somebody something.
fn marked(mut response: Response, code: ApiRefusal) -> Response {
    let no = match code {
        ApiRefusal::NotPermitted => No::NotTheirs,
        ApiRefusal::NotFound => No::NotThere,
        _ => return response,
    };
    response.extensions_mut().insert(no);
    response
}

/// A refusal, as the asker can read it. `frame`: only for a session.
pub(crate) fn refusal(
    headers: &HeaderMap,
    status: StatusCode,
    why: ApiRefusal,
    frame: Option<Frame>,
) -> Response {
    if !wants_page(headers) {
        return problem_of(status, why);
    }
    let (detail, code) = (Some(tell::capital(why.sentence()) + "."), why.as_str().to_owned());
    let html = lockward_console::error(&ErrorView { frame, fault: Fault::Forbidden, code, detail });
    marked(made(status, "text/html; charset=utf-8", html), why)
}

/// An error, as the asker can read it. `frame`: only for a session.
pub(crate) fn fault(headers: &HeaderMap, fault: Fault, code: ApiRefusal, frame: Option<Frame>) -> Response {
    let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if wants_page(headers) {
        let view = ErrorView { frame, fault, code: code.as_str().to_owned(), detail: None };
        return marked(made(status, "text/html; charset=utf-8", lockward_console::error(&view)), code);
    }
    let detail = match fault {
        Fault::NotFound => "there is nothing here",
        Fault::Forbidden => "this is not open to you",
        Fault::Failed => "the hub could not answer; doors are not affected",
    };
    marked(problem(status, code.as_str(), detail), code)
}
