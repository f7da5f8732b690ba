//! Pages of the signer, which runs on an operator's own machine; and the page of the hub to which it gives an answer back.

use askama::Template;

use crate::rendered;

/// What is to be signed, in the signer's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignView {
    /// In a few words: `3 changes of a site`, `Open door main once`.
    pub title: String,
    /// What it says of itself: site, place, time, reason.
    pub facts: Vec<(&'static str, String)>,
    /// What it does, one thing a line.
    pub lines: Vec<String>,
    /// What the key signs, as scripts spell it.
    pub challenge: String,
    /// The keys that may be asked, as scripts spell their ids, with blanks between.
    pub keys: String,
    /// Where the signature goes.
    pub back: Back,
}

/// To whom the signer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// The address of the hub's that takes it.
    pub url: String,
    /// Scheme, host and port of it, for people.
    pub origin: String,
    /// The one-time value that the hub gave.
    pub ticket: String,
}

/// For whom a key is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakeView {
    /// The operator's id; empty where the page was opened by hand.
    pub operator: String,
    /// What people call the operator.
    pub title: String,
    /// What authenticators know the key's holder by, new for each key, as scripts spell it.
    pub handle: String,
    /// Keys that are there already, as scripts spell their ids, with blanks between.
    pub keys: String,
    /// A number that nobody has seen, as scripts spell it.
    pub challenge: String,
    /// To whom the public half goes; `None` for a piece of a change file.
    pub back: Option<Back>,
}

#[derive(Template)]
#[template(path = "signer_home.html")]
struct Home;

#[derive(Template)]
#[template(path = "signer_sign.html")]
struct Sign<'a> {
    view: &'a SignView,
}

#[derive(Template)]
#[template(path = "signer_make.html")]
struct Make<'a> {
    view: &'a MakeView,
}

#[derive(Template)]
#[template(path = "signer_record.html")]
struct Record<'a> {
    record: &'a str,
    fingerprint: &'a str,
}

#[derive(Template)]
#[template(path = "signer_refused.html")]
struct Refused<'a> {
    why: &'a str,
}

#[derive(Template)]
#[template(path = "returned.html")]
struct Returned<'a> {
    title: &'a str,
    says: &'a str,
    to: &'a str,
}

/// The signer's first page.
pub fn signer_home() -> String {
    rendered(&Home)
}

/// What is to be signed, and the button that asks for the touch.
pub fn signer_sign(view: &SignView) -> String {
    rendered(&Sign { view })
}

/// Makes a key.
pub fn signer_make(view: &MakeView) -> String {
    rendered(&Make { view })
}

/// The public half of a new key, as a piece of a change file.
pub fn signer_record(record: &str, fingerprint: &str) -> String {
    rendered(&Record { record, fingerprint })
}

/// Why the signer shows nothing to be signed.
pub fn signer_refused(why: &str) -> String {
    rendered(&Refused { why })
}

/// What the hub made of what came back from the signer. `to`: where to go on, an address of this hub.
pub fn returned(title: &str, says: &str, to: &str) -> String {
    rendered(&Returned { title, says, to })
}
