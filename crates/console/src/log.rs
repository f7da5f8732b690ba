//! The site's two logs: how long, which root, and who has cosigned it.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::rendered;
use crate::words;

/// One witness's word on a log (C2SP `tlog-cosignature`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness: a controller, or an outsider.
    pub witness: String,
    /// The size that it cosigned; `None` if it never has.
    pub size: Option<u64>,
    /// When.
    pub at: Option<Moment>,
}

/// One log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPanel {
    /// What it is: `Event log`.
    pub title: String,
    /// What one entry is called, and several: `("event", "events")`.
    pub entry: (String, String),
    /// Entries under the newest checkpoint.
    pub size: u64,
    /// The root at that size, as text.
    pub root: String,
    /// When the checkpoint was signed.
    pub signed_at: Moment,
    /// The newest checkpoint, as it is published.
    pub checkpoint: String,
    /// Everyone who should cosign, with the newest that each has.
    pub cosignatures: Vec<Cosignature>,
    /// The command by which a stranger verifies this log.
    pub verify_command: String,
}

impl LogPanel {
    fn cosigned(&self) -> usize {
        self.cosignatures.iter().filter(|word| word.size == Some(self.size)).count()
    }

    fn lag(&self, word: &Cosignature) -> u64 {
        self.size.saturating_sub(word.size.unwrap_or(0))
    }
}

/// The log page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogView {
    /// Around the page.
    pub frame: Frame,
    /// The logs, config log first.
    pub logs: Vec<LogPanel>,
}

#[derive(Template)]
#[template(path = "log.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a LogView,
}

/// The log page.
pub fn log(view: &LogView) -> String {
    rendered(&Page { frame: &view.frame, section: Section::Log, view })
}
