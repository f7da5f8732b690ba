//! Who may change the site: an operator's own keys and sessions, and the list of everybody.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::rendered;
use crate::way::OwnWays;
use crate::words;

/// One of an operator's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// What its holder calls it.
    pub title: String,
    /// Its id, in hex.
    pub id: String,
    /// The origin at which it serves; `None` for a key in a file.
    pub origin: Option<String>,
    /// Whether the signer made it, on a machine of its holder's.
    pub signers: bool,
    /// When it last signed in.
    pub used: Option<Moment>,
    /// Whether this page's session was opened with it.
    pub current: bool,
    /// Whether the page offers to remove it.
    pub removable: bool,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// By what it is ended.
    pub handle: String,
    /// When somebody signed in.
    pub opened: Moment,
    /// When it was last used.
    pub seen: Moment,
    /// The address that it came from.
    pub from: String,
    /// What the browser calls itself.
    pub browser: String,
    /// With what it was opened, where that is no passkey.
    pub with: Option<&'static str>,
    /// Whether it is this page's own.
    pub current: bool,
}

/// An operator's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeView {
    /// Around the page.
    pub frame: Frame,
    /// What people call the operator.
    pub title: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// When its authority ends.
    pub until: Option<Moment>,
    /// Its keys.
    pub keys: Vec<KeyRow>,
    /// Its sessions.
    pub sessions: Vec<SessionRow>,
    /// Whether the operator may add keys of their own.
    pub may_add: bool,
    /// Whether keys come and go by drafts that the operator signs: the hub may not sign for them.
    pub drafts: bool,
    /// The origin at which passkeys serve, where the page was not asked for there.
    pub elsewhere: Option<String>,
    /// Its ways in beside passkeys.
    pub ways: OwnWays,
}

#[derive(Template)]
#[template(path = "me.html")]
struct Me<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a MeView,
    wrong: Option<&'a str>,
}

/// An operator's own page. `wrong`: why a password was not taken.
pub fn me(view: &MeView, wrong: Option<&str>) -> String {
    rendered(&Me { frame: &view.frame, section: Section::Me, view, wrong })
}

/// One operator in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorRow {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// When its authority ends, or has ended.
    pub until: Option<Moment>,
    /// Whether its authority holds.
    pub holds: bool,
    /// How many passkeys it has.
    pub passkeys: u64,
    /// How many keys in files it has.
    pub files: u64,
    /// Its sessions.
    pub sessions: Vec<SessionRow>,
}

/// The list of operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorsView {
    /// Around the page.
    pub frame: Frame,
    /// Everybody.
    pub rows: Vec<OperatorRow>,
    /// Whether the reader may invite an operator to register a passkey, and end others' sessions.
    pub may_invite: bool,
    /// A one-time link that was just made, and whose it is. Shown this once.
    pub invited: Option<(String, String)>,
    /// Whether every change needs a person's own signature.
    pub hardened: bool,
}

#[derive(Template)]
#[template(path = "operators.html")]
struct Operators<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a OperatorsView,
}

/// The list of operators.
pub fn operators(view: &OperatorsView) -> String {
    rendered(&Operators { frame: &view.frame, section: Section::Operators, view })
}
