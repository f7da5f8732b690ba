//! Cookies: each has one name where the browser speaks TLS and another where it does not, and only the right one is heeded.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use core::time::Duration;

/// A cookie of this hub's.
pub(crate) struct Cookie {
    /// Its name over TLS: the prefix `__Host-` binds it to this host and to TLS, so that no neighbour under the same domain
    /// can plant one (RFC 6265bis, section 4.1.3).
    tls: &'static str,
    /// On the loopback, where a browser would refuse the prefix.
    plain: &'static str,
    /// Whether it comes along from elsewhere.
    same_site: &'static str,
}

/// An operator's session.
pub(crate) const OPERATOR: Cookie = Cookie { tls: "__Host-lockward", plain: "lockward", same_site: "Strict" };
/// A phone's.
pub(crate) const PHONE: Cookie =
    Cookie { tls: "__Host-lockward-my", plain: "lockward-my", same_site: "Strict" };
/// A sign-in that is at its OpenID provider, from where it comes back.
pub(crate) const AWAY: Cookie =
    Cookie { tls: "__Host-lockward-openid", plain: "lockward-openid", same_site: "Lax" };

impl Cookie {
    fn name(&self, secure: bool) -> &'static str {
        if secure { self.tls } else { self.plain }
    }

    /// What a browser says under this name; `secure`: whether it speaks TLS.
    pub(crate) fn all<'a>(&self, headers: &'a HeaderMap, secure: bool) -> impl Iterator<Item = &'a str> {
        let wanted = self.name(secure);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
        let pairs = cookies.flat_map(|c| c.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(move |(name, _)| *name == wanted).map(|(_, secret)| secret)
    }

    /// Gives it to the browser; an empty secret takes it back.
    pub(crate) fn give(&self, response: &mut Response, secret: &str, life: Duration, secure: bool) {
        let age = if secret.is_empty() { 0 } else { life.as_secs() };
        let (name, more) = (self.name(secure), if secure { "; Secure" } else { "" });
        let text =
            format!("{name}={secret}; Path=/; HttpOnly; SameSite={}; Max-Age={age}{more}", self.same_site);
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_no_cookie_counts_that_a_neighbour_could_have_planted() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "lockward=planted; __Host-lockward=own; lockward-my=phone".parse().unwrap());
        assert_eq!(OPERATOR.all(&headers, true).collect::<Vec<_>>(), ["own"]);
        assert_eq!(OPERATOR.all(&headers, false).collect::<Vec<_>>(), ["planted"]);
        assert_eq!(PHONE.all(&headers, true).count(), 0);
        assert_eq!(PHONE.all(&headers, false).collect::<Vec<_>>(), ["phone"]);
    }
}
