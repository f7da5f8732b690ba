//! Change sets on pages: drafted from a file, reviewed, signed by touches, and seen to arrive door by door.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::rendered;
use crate::state::Tone;
use crate::words;

/// A draft that waits, among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// Its name in addresses.
    pub id: String,
    /// Why, or how many changes.
    pub what: String,
    /// Who drafted it.
    pub by: String,
    /// When.
    pub drafted: Moment,
    /// What it waits for.
    pub waits: String,
}

/// The page of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesView {
    /// Around the page.
    pub frame: Frame,
    /// What is in the field: what was sent and refused, or nothing.
    pub text: String,
    /// Why it was refused.
    pub wrong: Option<String>,
    /// What waits for signatures.
    pub waiting: Vec<DraftRow>,
}

/// Who can sign a draft here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// The reader, with a passkey.
    Passkey,
    /// The hub, in the reader's place.
    Hub,
    /// Nobody on this page; why.
    Nobody(String),
}

/// A draft's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPage {
    /// Around the page.
    pub frame: Frame,
    /// Its name in addresses.
    pub id: String,
    /// Why it was drafted, if it says so.
    pub reason: Option<String>,
    /// Who drafted it.
    pub by: String,
    /// When.
    pub drafted: Moment,
    /// How many changes.
    pub changes: u64,
    /// What is added, changed and removed; a line each.
    pub told: String,
    /// When schedules will next open and close.
    pub schedules: String,
    /// Who gains and who loses which doors.
    pub access: String,
    /// What is weaker afterwards, or different in daily work.
    pub remarks: Vec<(Tone, String)>,
    /// A second person must sign too.
    pub second: bool,
    /// Who has signed.
    pub signed: Vec<String>,
    /// Another change came first.
    pub overtaken: bool,
    /// The reader drafted it.
    pub own: bool,
    /// Who can sign.
    pub signing: Signing,
}

impl DraftPage {
    /// Whether the script that asks for a touch is wanted.
    fn signs(&self) -> bool {
        !self.overtaken && !matches!(self.signing, Signing::Nobody(_))
    }
}

/// A door, and whether a change holds there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalRow {
    /// The controller.
    pub name: String,
    /// `in force`, `on its way`, `away`.
    pub word: &'static str,
    /// How that is.
    pub tone: Tone,
    /// How many doors it has.
    pub doors: u64,
}

/// How far a change has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalView {
    /// Around the page.
    pub frame: Frame,
    /// Its index in the config log.
    pub at: u64,
    /// Doors at which it holds.
    pub there: u64,
    /// All doors.
    pub of: u64,
    /// By controller.
    pub rows: Vec<ArrivalRow>,
}

impl ArrivalView {
    fn done(&self) -> bool {
        self.there == self.of
    }
}

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a ChangesView,
}

#[derive(Template)]
#[template(path = "draft.html")]
struct Draft<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a DraftPage,
}

#[derive(Template)]
#[template(path = "arrival.html")]
struct Arrived<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a ArrivalView,
}

/// The page of changes.
pub fn changes(view: &ChangesView) -> String {
    rendered(&Changes { frame: &view.frame, section: Section::Changes, view })
}

/// A draft's page.
pub fn draft(view: &DraftPage) -> String {
    rendered(&Draft { frame: &view.frame, section: Section::Changes, view })
}

/// How far a change has come.
pub fn arrival(view: &ArrivalView) -> String {
    rendered(&Arrived { frame: &view.frame, section: Section::Changes, view })
}
