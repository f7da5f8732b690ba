//! By which addresses browsers may call the hub: passkeys are bound to them, and other sites' pages are told apart by them.

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use core::fmt;
use core::str::FromStr;

/// Scheme, host name and port (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    secure: bool,
    host: Box<str>,
    port: u16,
}

impl Origin {
    pub(crate) fn new(secure: bool, host: &str, port: u16) -> Self {
        Self { secure, host: host.to_ascii_lowercase().into(), port }
    }

    /// What passkeys are made for (Web Authentication, "RP ID").
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether a request's `Host` means this.
    pub(crate) fn is_called(&self, headers: &HeaderMap) -> bool {
        let called = headers.get(HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let (name, port) = match called.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()),
            None => (called, Some(self.usual_port())),
        };
        port == Some(self.port) && name.eq_ignore_ascii_case(&self.host)
    }

    fn usual_port(&self) -> u16 {
        if self.secure { 443 } else { 80 }
    }
}

impl fmt::Display for Origin {
    /// As browsers write it: without a port that goes without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == self.usual_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// Why a text is no address at which operators may sign in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address at which passkeys serve; write `https://`, a host name, and a port if it is not 443, such as `https://hub.example.org:8443`"
)]
pub struct PublicUrlError(String);

/// The address by which people's browsers call the hub: `https`, a host name, perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(pub(crate) Origin);

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let wrong = || PublicUrlError(text.chars().take(300).collect());
        let rest = text.strip_prefix("https://").ok_or_else(wrong)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|p| *p > 0).ok_or_else(wrong)?),
            None => (authority, 443),
        };
        // RFC 1123, section 2.1. A last label of digits is an IP address, which no passkey is made for.
        let label = |l: &str| {
            (1..=63).contains(&l.len())
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        let last = host.rsplit('.').next().unwrap_or_default();
        let named =
            host.len() <= 253 && host.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit());
        if named { Ok(Self(Origin::new(true, host, port))) } else { Err(wrong()) }
    }
}

/// Whether a request proves that a page of this hub makes it: by what the browser says of the page (Fetch Metadata), and by
/// the page's origin. A browser says at least one of them with every POST; who says neither is refused.
pub(crate) fn is_own_page(headers: &HeaderMap, tls: bool) -> bool {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").map(|site| site == "same-origin");
    let own = |secure: bool| {
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{}", text(HOST.as_str()).unwrap_or_default())
    };
    let origin = text(ORIGIN.as_str()).map(|origin| {
        // Behind a proxy on this machine the browser speaks TLS, and this listener does not.
        origin.eq_ignore_ascii_case(&own(true)) || (!tls && origin.eq_ignore_ascii_case(&own(false)))
    });
    match (site, origin) {
        (None, None) => false,
        (site, origin) => site.unwrap_or(true) && origin.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    #[test]
    fn a_public_address_has_a_host_name_and_tls() {
        for (text, origin) in [
            ("https://hub.example.org", "https://hub.example.org"),
            ("https://HUB.example.org:8443/", "https://hub.example.org:8443"),
            ("https://hub", "https://hub"),
            ("https://hub.example.org:443", "https://hub.example.org"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().unwrap().0.to_string(), origin);
        }
        for wrong in [
            "",
            "hub.example.org",
            "http://hub.example.org",
            "https://",
            "https://192.0.2.1",
            "https://[::1]:8443",
            "https://hub.example.org:0",
            "https://hub.example.org:99999",
            "https://a b",
            "https://hub/page",
            "https://user@hub",
            "https://-hub",
            "https://hub..org",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let one = |(n, v): &(&str, &str)| (n.parse::<HeaderName>().unwrap(), v.parse().unwrap());
        pairs.iter().map(one).collect()
    }

    #[test]
    fn an_address_is_called_by_its_own_name_and_port() {
        let origin = Origin::new(false, "localhost", 8080);
        for (host, is) in [
            ("localhost:8080", true),
            ("LOCALHOST:8080", true),
            ("localhost", false),
            ("127.0.0.1:8080", false),
        ] {
            assert_eq!(origin.is_called(&headers(&[("host", host)])), is, "{host}");
        }
        let usual = Origin::new(true, "hub.example", 443);
        assert!(usual.is_called(&headers(&[("host", "hub.example")])));
        assert!(usual.is_called(&headers(&[("host", "hub.example:443")])));
        assert!(!usual.is_called(&headers(&[])));
    }

    #[test]
    fn a_request_that_does_not_prove_where_it_comes_from_is_not_ours() {
        let host = ("host", "hub.example:8443");
        let own = |pairs: &[(&str, &str)]| is_own_page(&headers(&[&[host], pairs].concat()), true);
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "https://hub.example:8443")]));
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "https://hub.example:8443")]));
        for other in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://hub.example:8443")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://hub.example:8443")],
        ] {
            assert!(!own(other), "{other:?}");
        }
    }
}
