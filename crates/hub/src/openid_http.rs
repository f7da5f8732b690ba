//! Asking the OpenID provider: over TLS with bounded time and size, at the addresses that it names, and following nobody
//! anywhere else.

use crate::dice;
use crate::logs::sha256;
use crate::openid::{Expected, Metadata, OpenIdConfig, OpenIdError, TokenError, Vouched, verify};
use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Method, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use core::time::Duration;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jsonwebtoken::jwk::JwkSet;
use lockward_model::{Mono, Time};
use lockward_wire::hex;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use webauthn_rs::prelude::Url;
use zeroize::Zeroizing;

/// One question to the provider, from the name's look-up to the answer's last byte.
const ASK_MAX: Duration = Duration::from_secs(10);
/// Longest answer: a provider's keys come to some 10 KiB.
const ANSWER_BYTES_MAX: usize = 256 * 1_024;
/// How long what the provider says of itself is believed.
const KNOWN_LIFE: Duration = Duration::from_secs(3_600);
/// How soon its keys are asked for again, where one is missing: providers change keys without notice.
const KEYS_EVERY: Duration = Duration::from_secs(60);
/// How soon a provider that did not answer is asked again: strangers make the hub ask no more often.
const FAILED_WAIT: Duration = Duration::from_secs(5);

/// Why the provider can not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("its address has no host")]
    Address,
    #[error("it can not be reached")]
    Io(#[from] io::Error),
    #[error("its answer is no HTTP")]
    Http(#[from] hyper::Error),
    #[error("its answer is too long, or breaks off")]
    Body,
    #[error("it answers with status {0}")]
    Status(u16),
    #[error("it did not answer in time")]
    Late,
    #[error("it did not answer a moment ago")]
    Lately,
}

/// What is known of the provider.
struct Known {
    metadata: Metadata,
    keys: JwkSet,
    at: Mono,
    keys_at: Mono,
}

#[derive(Default)]
struct Held {
    known: Option<Known>,
    failed: Option<Mono>,
}

/// What one attempt to sign in is known by, on both sides. The secrets stay here.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) state: String,
    nonce: String,
    verifier: Zeroizing<String>,
    back: String,
}

/// The site's OpenID provider.
pub(crate) struct Provider {
    config: OpenIdConfig,
    tls: TlsConnector,
    held: Mutex<Held>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Zeroizing<String>,
}

/// `application/x-www-form-urlencoded`.
fn form(pairs: &[(&str, &str)]) -> Zeroizing<String> {
    let mut url = match Url::parse("x:?") {
        Ok(url) => url,
        Err(_) => return Zeroizing::default(),
    };
    url.query_pairs_mut().clear().extend_pairs(pairs);
    Zeroizing::new(url.query().unwrap_or_default().to_owned())
}

impl Provider {
    pub(crate) fn new(config: OpenIdConfig) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(config.roots.iter().cloned());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config, tls: TlsConnector::from(Arc::new(tls)), held: Mutex::default() })
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// By what people know it.
    pub(crate) fn host(&self) -> &str {
        self.config.url.host_str().unwrap_or_default()
    }

    /// Begins an attempt: where the browser goes. `back`: where it comes back to.
    pub(crate) async fn begin(&self, back: String, now: Mono) -> Result<(Attempt, String), OpenIdError> {
        let metadata = self.metadata(now).await?;
        let attempt = Attempt {
            state: hex(&dice::roll::<32>()).to_string(),
            nonce: hex(&dice::roll::<32>()).to_string(),
            verifier: Zeroizing::new(hex(&dice::roll::<32>()).to_string()),
            back,
        };
        let challenge = URL_SAFE_NO_PAD.encode(sha256(attempt.verifier.as_bytes()));
        let mut url = metadata.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &attempt.back)
            .append_pair("scope", "openid")
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((attempt, url.into()))
    }

    /// Gives the code back for the provider's word, and judges that.
    pub(crate) async fn finish(
        &self,
        attempt: &Attempt,
        code: &str,
        iss: Option<&str>,
        mono: Mono,
        now: Time,
    ) -> Result<Vouched, OpenIdError> {
        let metadata = self.metadata(mono).await?;
        if !metadata.is_mine(iss) {
            return Err(OpenIdError::OtherIssuer);
        }
        let token = self.token(&metadata, attempt, code).await?;
        let expected = Expected { config: &self.config, nonce: &attempt.nonce, now };
        match self.judged(&token, expected).await {
            // A new key of the provider's: its set is asked for again, once.
            Err(TokenError::UnknownKey) if self.renew_keys(&metadata, mono).await? => {
                Ok(self.judged(&token, expected).await?)
            }
            other => Ok(other?),
        }
    }

    async fn judged(&self, token: &str, expected: Expected<'_>) -> Result<Vouched, TokenError> {
        let held = self.held.lock().await;
        let keys = held.known.as_ref().map(|known| &known.keys).ok_or(TokenError::UnknownKey)?;
        verify(token, keys, expected)
    }

    async fn metadata(&self, now: Mono) -> Result<Metadata, OpenIdError> {
        let mut held = self.held.lock().await;
        if let Some(known) = held.known.as_ref().filter(|known| now.since(known.at) < KNOWN_LIFE) {
            return Ok(known.metadata.clone());
        }
        if held.failed.is_some_and(|at| now.since(at) < FAILED_WAIT) {
            return Err(FetchError::Lately.into());
        }
        let asked = async {
            let place = self.config.discovery().ok_or(OpenIdError::Address)?;
            let metadata = Metadata::read(&self.ask(&place, None).await?, &self.config)?;
            let keys = self.keys(&metadata).await?;
            Ok::<_, OpenIdError>(Known { metadata, keys, at: now, keys_at: now })
        };
        match asked.await {
            Ok(known) => {
                let metadata = known.metadata.clone();
                *held = Held { known: Some(known), failed: None };
                Ok(metadata)
            }
            Err(error) => {
                held.failed = Some(now);
                Err(error)
            }
        }
    }

    async fn keys(&self, metadata: &Metadata) -> Result<JwkSet, OpenIdError> {
        let bytes = self.ask(&metadata.jwks_uri, None).await?;
        // A key of a kind that nobody here knows is no reason to know none.
        let read: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| OpenIdError::Malformed)?;
        let all = read.get("keys").and_then(|keys| keys.as_array()).ok_or(OpenIdError::Malformed)?;
        let keys = all.iter().filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
        Ok(JwkSet { keys })
    }

    /// True if the keys were asked for anew.
    async fn renew_keys(&self, metadata: &Metadata, now: Mono) -> Result<bool, OpenIdError> {
        let mut held = self.held.lock().await;
        let Some(known) = &mut held.known else { return Ok(false) };
        if now.since(known.keys_at) < KEYS_EVERY {
            return Ok(false);
        }
        known.keys_at = now;
        known.keys = self.keys(metadata).await?;
        Ok(true)
    }

    /// Core, section 3.1.3.1, with RFC 7636, section 4.5.
    async fn token(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Zeroizing<String>, OpenIdError> {
        let (id, secret) = (self.config.client_id.as_str(), self.config.client_secret.as_str());
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", attempt.back.as_str()),
            ("code_verifier", attempt.verifier.as_str()),
        ];
        let mut header = None;
        if metadata.secret_in_body() {
            pairs.extend([("client_id", id), ("client_secret", secret)]);
        } else {
            // RFC 6749, section 2.3.1: each is encoded as in a form, then both as in RFC 7617.
            let spelt = |text| form(&[("", text)]).trim_start_matches('=').to_owned();
            let both = Zeroizing::new(format!("{}:{}", spelt(id), spelt(secret)));
            header = Some(Zeroizing::new(format!("Basic {}", STANDARD.encode(both.as_bytes()))));
        }
        let body = form(&pairs);
        let answer = self.ask(&metadata.token_endpoint, Some((body, header))).await;
        let bytes = Zeroizing::new(answer.map_err(|error| match error {
            FetchError::Status(400 | 401) => OpenIdError::CodeRefused,
            error => error.into(),
        })?);
        let tokens: Tokens = serde_json::from_slice(&bytes).map_err(|_| OpenIdError::Malformed)?;
        Ok(tokens.id_token)
    }

    async fn ask(
        &self,
        url: &Url,
        post: Option<(Zeroizing<String>, Option<Zeroizing<String>>)>,
    ) -> Result<Vec<u8>, FetchError> {
        timeout(ASK_MAX, self.asked(url, post)).await.map_err(|_| FetchError::Late)?
    }

    async fn asked(
        &self,
        url: &Url,
        post: Option<(Zeroizing<String>, Option<Zeroizing<String>>)>,
    ) -> Result<Vec<u8>, FetchError> {
        let host = url.host_str().ok_or(FetchError::Address)?;
        let port = url.port_or_known_default().ok_or(FetchError::Address)?;
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let target = url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
        let mut request =
            Request::builder().uri(target).header(HOST, authority).header(ACCEPT, "application/json");
        let mut body = Body::empty();
        if let Some((text, header)) = post {
            request = request.method(Method::POST).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header.as_str());
            }
            body = Body::from(text.as_bytes().to_vec());
        }
        let request = request.body(body).map_err(|_| FetchError::Address)?;
        let stream = TcpStream::connect((name.as_str(), port)).await?;
        if url.scheme() == "https" {
            let name = ServerName::try_from(name).map_err(|_| FetchError::Address)?;
            spoken(self.tls.connect(name, stream).await?, request).await
        } else {
            spoken(stream, request).await
        }
    }
}

async fn spoken<S>(stream: S, request: Request<Body>) -> Result<Vec<u8>, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender, and with what is read of the answer.
    let carried = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let bytes = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_BYTES_MAX).await;
    carried.abort();
    // A redirection is no answer: the hub goes nowhere that the provider's own document does not name.
    if status != StatusCode::OK {
        return Err(FetchError::Status(status.as_u16()));
    }
    Ok(bytes.map_err(|_| FetchError::Body)?.to_vec())
}
