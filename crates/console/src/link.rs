//! Every address that a page may point to, so that none can point elsewhere.

/// The hub's routes, as the pages know them.
pub mod address {
    /// The overview.
    pub const OVERVIEW: &str = "/";
    /// A door's page stands below this.
    pub const DOORS: &str = "/doors/";
    /// The list of people; takes `q` (search) and `from` (the next page).
    pub const PEOPLE: &str = "/people";
    /// A person's page stands below this.
    pub const PERSON: &str = "/people/";
    /// The site's logs.
    pub const LOG: &str = "/log";
    /// What a person must answer.
    pub const ALARMS: &str = "/alarms";
    /// Who is where.
    pub const MUSTER: &str = "/muster";
    /// Every zone.
    pub const ZONES: &str = "/zones";
    /// The event stream.
    pub const LIVE: &str = "/live";
    /// Where a visitor without a session ends up.
    pub const SIGN_IN: &str = "/sign-in";
    /// Where a one-time link leads, with its key behind `#key=`, which no server sees.
    pub const SET_UP: &str = "/set-up";
    /// An operator's own keys and sessions.
    pub const ME: &str = "/me";
    /// Drafts, and a field for another; each stands below this.
    pub const CHANGES: &str = "/changes";
    /// Everybody who may change the site.
    pub const OPERATORS: &str = "/operators";
    /// The doors of whoever has signed in with a phone of their own.
    pub const MY: &str = "/my";
    /// Where a phone signs in.
    pub const MY_SIGN_IN: &str = "/my/sign-in";
    /// Where a one-time link registers a phone.
    pub const MY_JOIN: &str = "/my/join";
    /// Integrations, and their API keys.
    pub const SERVICES: &str = "/services";
}

/// A place in the console and the words that stand for it. The address is made here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    text: String,
    key: String,
    base: &'static str,
}

impl Link {
    /// A link to the door with this id.
    pub fn door(id: &str, name: impl Into<String>) -> Self {
        Self { text: name.into(), key: segment(id), base: address::DOORS }
    }

    /// A link to the person with this id; `name` may be "erased person".
    pub fn person(id: &str, name: impl Into<String>) -> Self {
        Self { text: name.into(), key: segment(id), base: address::PERSON }
    }

    /// What is shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Path on this hub.
    pub fn href(&self) -> String {
        format!("{}{}", self.base, self.key)
    }

    /// The id as it stands in addresses and element ids.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// One path segment (RFC 3986, section 3.3): unreserved characters stay, all others are percent-encoded.
pub(crate) fn segment(id: &str) -> String {
    // A segment of dots would climb (section 5.2.4), encoded or not, and an empty one would name the list: neither is an id.
    if id.bytes().all(|b| b == b'.') {
        return "-".to_owned();
    }
    let mut out = String::with_capacity(id.len());
    for b in id.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(Link::door("dock-3", "Dock 3").href(), "/doors/dock-3");
        assert_eq!(Link::door("a/b?c#d", "").href(), "/doors/a%2Fb%3Fc%23d");
        assert_eq!(Link::person("javascript:alert(1)", "").href(), "/people/javascript%3Aalert%281%29");
        for dots in ["", ".", "..", "..."] {
            assert_eq!(Link::door(dots, "").href(), "/doors/-");
        }
    }
}
