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
    /// Whom the recovery key has announced as an owner and from when on that can be done, with the change file that ends
    /// it, where the reader might.
    pub recovery: Option<(String, Moment, String)>,
    /// The change file that hardens the site, where that is still to be done and the reader might.
    pub harden: Option<String>,
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

/// A statement of the site, as it would be after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// Its id.
    pub id: String,
    /// What it says.
    pub says: String,
    /// `proved`, `broken by this change`, `not known`.
    pub word: &'static str,
    /// How that is.
    pub tone: Tone,
    /// Who refutes it, or why it is not known.
    pub why: Option<String>,
}

/// The statements of a site, as they would be after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementsView {
    /// Those that were looked at so far.
    pub rows: Vec<StatementRow>,
    /// How many there are.
    pub of: u64,
    /// Nothing more will come.
    pub done: bool,
    /// Why nothing came.
    pub failed: Option<String>,
}

impl StatementsView {
    fn proved(&self) -> u64 {
        self.rows.iter().filter(|r| r.tone == Tone::Good).count() as u64
    }
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
    /// What became of the site's statements; `None` where it keeps none.
    pub statements: Option<StatementsView>,
    /// A second person must sign too.
    pub second: bool,
    /// A touch at this page is not enough by itself: it is signed on the reader's own machine.
    pub apart: bool,
    /// A second person's touch would do in place of that.
    pub or_second: bool,
    /// The reader has a key of the signer's.
    pub signer: bool,
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
    /// Whether a touch at this page is of any use.
    fn touches(&self) -> bool {
        !matches!(self.signing, Signing::Nobody(_)) && (!self.apart || self.or_second)
    }

    /// Whether there is more to come.
    fn unsettled(&self) -> bool {
        self.statements.as_ref().is_some_and(|s| !s.done)
    }

    /// Whether the script that asks for a touch is wanted.
    fn signs(&self) -> bool {
        !self.overtaken && (self.touches() || self.signer)
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
