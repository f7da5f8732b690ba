//! The site's OpenID provider: what it may be, what it says of itself, and whether its word about somebody holds.
//!
//! OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636); issuers are told apart by RFC 9207. Nobody is known
//! by an address of mail or a name: an account is an issuer and its `sub`, bound to an operator beforehand.

use crate::openid_http::FetchError;
use core::fmt;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lockward_model::Time;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use webauthn_rs::prelude::Url;
use zeroize::Zeroizing;

/// Clocks of hub and provider may differ by so many seconds.
const LEEWAY: i64 = 60;
/// An ID token is made when it is asked for: one that is older, in seconds, was made for something else.
const AGE_MAX: i64 = 600;
/// Longest `sub` (Core, section 2).
const SUBJECT_MAX: usize = 255;
/// Longest client id and secret, and most characters of an issuer.
const TEXT_MAX: usize = 1_024;
/// The signatures that are taken: never `none`, and never one that is made with the client's own secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// What proves a second factor where nothing else is configured (RFC 8176, "mfa"). `otp` or `hwk` alone name one factor.
const MFA: &str = "mfa";

/// Why an OpenID provider can not be configured so. Repeats no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdConfigError {
    /// The issuer.
    #[error(
        "`{0}` is no OpenID issuer: write the address that the provider gives, with `https://` (`http://` on the loopback only), without `?` or `#`"
    )]
    Issuer(String),
    /// The client id.
    #[error("an OpenID client id has 1 to {TEXT_MAX} printable characters")]
    ClientId,
    /// The client secret.
    #[error("an OpenID client secret has 1 to {TEXT_MAX} printable characters on one line")]
    ClientSecret,
}

/// How the hub knows its OpenID provider, and itself there.
#[derive(Clone)]
pub struct OpenIdConfig {
    /// As it was written: issuers are compared letter by letter.
    pub(crate) issuer: String,
    pub(crate) url: Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: Zeroizing<String>,
    pub(crate) roots: Vec<CertificateDer<'static>>,
    proofs: Vec<String>,
}

impl fmt::Debug for OpenIdConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenIdConfig({})", self.issuer)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
            address.is_ok_and(|ip| ip.to_canonical().is_loopback())
        }
        None => false,
    }
}

impl OpenIdConfig {
    /// `roots`: who vouches for the provider's certificate. `proofs`: values of `acr` and `amr` that prove a second factor;
    /// `mfa` if there are none.
    ///
    /// # Errors
    /// [`OpenIdConfigError`].
    pub fn new(
        issuer: &str,
        client_id: &str,
        client_secret: &str,
        roots: Vec<CertificateDer<'static>>,
        proofs: Vec<String>,
    ) -> Result<Self, OpenIdConfigError> {
        let wrong = || OpenIdConfigError::Issuer(issuer.chars().take(300).collect());
        let url = Url::parse(issuer).map_err(|_| wrong())?;
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        let bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.host_str().is_some();
        if !safe || !bare || issuer.len() > TEXT_MAX {
            return Err(wrong());
        }
        let text = |t: &str| (1..=TEXT_MAX).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic());
        if !text(client_id) {
            return Err(OpenIdConfigError::ClientId);
        }
        if !text(client_secret) {
            return Err(OpenIdConfigError::ClientSecret);
        }
        let proofs = if proofs.is_empty() { vec![MFA.to_owned()] } else { proofs };
        Ok(Self {
            issuer: issuer.to_owned(),
            url,
            client_id: client_id.to_owned(),
            client_secret: Zeroizing::new(client_secret.to_owned()),
            roots,
            proofs,
        })
    }

    /// Where the provider tells of itself (OpenID Connect Discovery 1.0, section 4).
    pub(crate) fn discovery(&self) -> Option<Url> {
        Url::parse(&format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))).ok()
    }

    /// Whether the hub may call such an address: over TLS, or on the loopback if the issuer is there itself.
    pub(crate) fn may_call(&self, url: &Url) -> bool {
        match (is_loopback(&self.url), is_loopback(url)) {
            (true, true) => matches!(url.scheme(), "http" | "https"),
            // A provider elsewhere does not send the hub to itself.
            (false, true) => false,
            _ => url.scheme() == "https",
        }
    }
}

/// Why nobody is let in on a provider's word.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenIdError {
    #[error("the provider can not be asked")]
    Fetch(#[from] FetchError),
    #[error("the provider's answer can not be read")]
    Malformed,
    #[error("the provider calls itself otherwise than it is configured")]
    OtherIssuer,
    #[error("the provider names an address that the hub does not call")]
    Address,
    #[error("the provider does not do PKCE with S256")]
    NoPkce,
    #[error("the provider refuses the code")]
    CodeRefused,
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Why an ID token proves nothing (Core, section 3.1.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("it is no signed token")]
    Malformed,
    #[error("its signature is of a kind that is not taken")]
    Algorithm,
    #[error("no key of the provider's has its name")]
    UnknownKey,
    #[error("its signature does not hold")]
    Signature,
    #[error("another issuer made it")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it has expired, or is of another time")]
    Time,
    #[error("it answers another question")]
    Nonce,
    #[error("it names nobody")]
    Subject,
}

/// What a provider says of itself (Discovery, section 3), as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    pub(crate) fn read(bytes: &[u8], config: &OpenIdConfig) -> Result<Self, OpenIdError> {
        let read: Self = serde_json::from_slice(bytes).map_err(|_| OpenIdError::Malformed)?;
        if read.issuer != config.issuer {
            return Err(OpenIdError::OtherIssuer);
        }
        let all = [&read.authorization_endpoint, &read.token_endpoint, &read.jwks_uri];
        if !all.into_iter().all(|url| config.may_call(url)) {
            return Err(OpenIdError::Address);
        }
        // Some say nothing of it and do it all the same; one that lists others does not.
        let pkce = read.code_challenge_methods_supported.as_ref();
        if pkce.is_some_and(|methods| !methods.iter().any(|m| m == "S256")) {
            return Err(OpenIdError::NoPkce);
        }
        Ok(read)
    }

    /// Whether the secret goes into the body; else into a header, which every provider takes that does not say otherwise.
    pub(crate) fn secret_in_body(&self) -> bool {
        self.token_endpoint_auth_methods_supported.as_ref().is_some_and(|methods| {
            let has = |wanted: &str| methods.iter().any(|m| m == wanted);
            !has("client_secret_basic") && has("client_secret_post")
        })
    }

    /// Whether an answer comes from this issuer, as far as it says (RFC 9207, section 2.4).
    pub(crate) fn is_mine(&self, iss: Option<&str>) -> bool {
        match iss {
            Some(iss) => iss == self.issuer,
            None => !self.authorization_response_iss_parameter_supported,
        }
    }
}

/// What an ID token is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) config: &'a OpenIdConfig,
    pub(crate) nonce: &'a str,
    pub(crate) now: Time,
}

/// Of whom a provider's word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vouched {
    pub(crate) subject: String,
    /// Whether a second factor is proved.
    pub(crate) second: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMore,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nonce: Option<String>,
    acr: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
}

/// Whether a key may have made a signature of this kind.
fn suits(key: &Jwk, algorithm: Algorithm) -> bool {
    let signs = key.common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
    let public = !matches!(key.algorithm, AlgorithmParameters::OctetKey(_));
    let stated = key.common.key_algorithm.map(|a| a.to_string());
    signs && public && stated.is_none_or(|a| a == format!("{algorithm:?}"))
}

/// Judges an ID token.
pub(crate) fn verify(token: &str, keys: &JwkSet, expected: Expected<'_>) -> Result<Vouched, TokenError> {
    let Expected { config, nonce, now } = expected;
    // Core 3.1.3.7, 6 to 8: signed, with a key of the issuer's own set, never with the client's secret.
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::Algorithm);
    }
    let mut suitable = keys.keys.iter().filter(|key| suits(key, header.alg));
    let key = match &header.kid {
        Some(kid) => suitable.find(|key| key.common.key_id.as_deref() == Some(kid)),
        // Without a name there is no choosing.
        None => suitable.next().filter(|_| keys.keys.len() == 1),
    };
    let key = key.and_then(|key| DecodingKey::from_jwk(key).ok()).ok_or(TokenError::UnknownKey)?;
    let mut rules = Validation::new(header.alg);
    // Times are judged by the hub's clock, and audiences more strictly, below.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let claims: Claims = match jsonwebtoken::decode(token, &key, &rules) {
        Ok(read) => read.claims,
        Err(error) => {
            return Err(match error.kind() {
                jsonwebtoken::errors::ErrorKind::Json(_) => TokenError::Malformed,
                _ => TokenError::Signature,
            });
        }
    };
    // 2: the issuer, letter by letter.
    if claims.iss != config.issuer {
        return Err(TokenError::Issuer);
    }
    // 3 to 5: for this client, and made for no other.
    let audience = match claims.aud {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    };
    let party = claims.azp.as_ref().is_none_or(|azp| *azp == config.client_id);
    let several = audience.len() > 1 && claims.azp.is_none();
    if !audience.contains(&config.client_id) || !party || several {
        return Err(TokenError::Audience);
    }
    // 9 and 10.
    let seconds = |n: f64| (now.0 as f64 / 1_000.0) - n;
    let (expired, age) = (seconds(claims.exp), seconds(claims.iat));
    let (leeway, age_max) = (LEEWAY as f64, AGE_MAX as f64);
    let in_time = expired < leeway && -leeway < age && age < age_max;
    if !in_time {
        return Err(TokenError::Time);
    }
    // 11.
    if claims.nonce.as_deref() != Some(nonce) {
        return Err(TokenError::Nonce);
    }
    if !(1..=SUBJECT_MAX).contains(&claims.sub.len()) || claims.sub.chars().any(char::is_control) {
        return Err(TokenError::Subject);
    }
    // 12: what it proves beside.
    let proves = |said: &String| config.proofs.contains(said);
    let second = claims.acr.iter().chain(&claims.amr).any(proves);
    Ok(Vouched { subject: claims.sub, second })
}
