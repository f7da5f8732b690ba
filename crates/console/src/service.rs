//! Services and their API keys: what each key may, when it ends, and when it was last used.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::rendered;
use crate::words;

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyLine {
    /// Its name.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// The actions that it is kept to; empty for whatever its service may.
    pub scope: String,
    /// When it ends, or has ended.
    pub ends: Moment,
    /// Whether it has.
    pub ended: bool,
    /// The day on which it was last used, and from where.
    pub used: Option<(String, String)>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its id.
    pub id: String,
    /// Its public key's id, in hex.
    pub key: String,
    /// When its authority ends.
    pub until: Option<Moment>,
    /// Whether it holds.
    pub holds: bool,
    /// Its API keys.
    pub keys: Vec<ApiKeyLine>,
}

/// A key that was just made: the one time that its text is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct MadeKey {
    /// Whose.
    pub service: String,
    /// Its text.
    pub text: String,
    /// When it ends.
    pub ends: Moment,
    /// When the one ends whose place it takes.
    pub old_ends: Option<Moment>,
}

impl core::fmt::Debug for MadeKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MadeKey").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicesView {
    /// Around the page.
    pub frame: Frame,
    /// Every service.
    pub rows: Vec<ServiceRow>,
    /// Whether the reader may make, change over and revoke keys.
    pub may_make: bool,
    /// A key that was just made.
    pub made: Option<MadeKey>,
    /// Why none was.
    pub wrong: Option<String>,
    /// Days that a key lives at most.
    pub days_max: u64,
}

#[derive(Template)]
#[template(path = "services.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a ServicesView,
}

/// The page of services.
pub fn services(view: &ServicesView) -> String {
    rendered(&Page { frame: &view.frame, section: Section::Services, view })
}
