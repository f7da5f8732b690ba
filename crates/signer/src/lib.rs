//! The signer: one page on an operator's own machine. It reads what is to be signed from the very bytes, tells it in words of
//! its own, and asks for the touch; no hub has a part in what it shows.
//!
//! It keeps nothing, holds no secret, and talks to nobody: forms come in from a browser's pages and go out by them.

mod asks;
mod dice;
mod refusal;

use asks::{Given, made, make, sign};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Request};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use lockward_console::{ASSETS, signer_home, signer_refused};
use lockward_model::{SIGNER_ORIGIN, SIGNER_PORT};
use refusal::Refusal;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use tokio::net::TcpListener;

/// Longest form: the longest payload in base64, with its keys, fits four times over.
const FORM_BYTES_MAX: usize = 256 * 1_024;

/// Powers and neighbours that no page of the signer has. The referrer is the origin alone: hubs look for it in `Origin`.
const HEADERS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"),
    ("cache-control", "no-store"),
];

/// What a page may do: load this program's own files, and send its form here and, where it answers a hub, there.
fn policy(answers: Option<&str>) -> String {
    let there = answers.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'{there}; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A page, and the origin that its form goes to.
struct Shown {
    html: String,
    answers: Option<String>,
}

fn page(shown: Result<Shown, Refusal>) -> Response {
    let (status, shown) = match shown {
        Ok(shown) => (StatusCode::OK, shown),
        Err(why) => {
            (StatusCode::BAD_REQUEST, Shown { html: signer_refused(&why.to_string()), answers: None })
        }
    };
    let mut response = (status, shown.html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy(shown.answers.as_deref())) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The browser must mean this program, by its one name: a page elsewhere whose name was made to point here (DNS rebinding)
/// is told nothing. What comes as a form is a step that the whole window takes, seen by whoever sits before it, and no
/// script's or frame's doing.
fn may_pass(method_is_post: bool, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let said = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let host = SIGNER_ORIGIN.trim_start_matches("http://");
    if said(HOST) != host {
        return Err(Refusal::Host);
    }
    if !method_is_post {
        return Ok(());
    }
    let fetch = |name: &'static str| said(HeaderName::from_static(name));
    if fetch("sec-fetch-mode") != "navigate" || fetch("sec-fetch-dest") != "document" {
        return Err(Refusal::Script);
    }
    // What no hub has a part in comes from a page of this program's own.
    if path == "/made" && said(ORIGIN) != SIGNER_ORIGIN {
        return Err(Refusal::Elsewhere);
    }
    Ok(())
}

async fn guarded(request: Request, next: Next) -> Response {
    let post = request.method() == axum::http::Method::POST;
    let mut response = match may_pass(post, request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why @ Refusal::Host) => (StatusCode::MISDIRECTED_REQUEST, why.to_string()).into_response(),
        Err(why) => page(Err(why)),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy(None)) {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    response
}

/// The signer's pages.
pub fn router() -> Router {
    let files = ASSETS.iter().fold(Router::new(), |router, asset| {
        router.route(asset.path, get(move || async move { ([(CONTENT_TYPE, asset.media_type)], asset.body) }))
    });
    files
        .route("/", get(|| async { page(Ok(Shown { html: signer_home(), answers: None })) }))
        .route("/sign", post(|Form(given): Form<Given>| async move { page(sign(&given)) }))
        .route("/make", post(|Form(given): Form<Given>| async move { page(make(&given)) }))
        .route("/made", post(|Form(given): Form<Given>| async move { page(made(&given)) }))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(from_fn(guarded))
}

/// Serves the pages on the loopback, by both its addresses where there are two, until one of them fails. `ready` is called
/// once somebody can come.
///
/// # Errors
/// What the operating system says, such as that the port is in use.
pub async fn serve(ready: impl FnOnce()) -> io::Result<()> {
    let four = TcpListener::bind((Ipv4Addr::LOCALHOST, SIGNER_PORT)).await?;
    // Browsers ask for `localhost` by either; where there is no IPv6 they take the other.
    let six = match TcpListener::bind((Ipv6Addr::LOCALHOST, SIGNER_PORT)).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
        six => six.ok(),
    };
    ready();
    match six {
        Some(six) => {
            let (four, six) = (axum::serve(four, router()), axum::serve(six, router()));
            tokio::try_join!(four.into_future(), six.into_future()).map(|_| ())
        }
        None => axum::serve(four, router()).await,
    }
}
