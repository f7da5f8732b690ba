//! One line of the feed: what happened, to whom, where and why.

use askama::Template;

use crate::frame::Moment;
use crate::link::Link;
use crate::one_line;
use crate::state::Tone;

/// Rows that a feed keeps on a page. About 600 bytes of markup each: 120 KB, a quarter of an hour of a busy site.
pub const FEED_ROWS_MAX: usize = 200;

/// An event as a page tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its place in the site's event log.
    pub seq: u64,
    /// When it happened at the door.
    pub time: Moment,
    /// The stable code that API and log use too.
    pub code: String,
    /// What happened, in plain words, without the names: `Entry granted`.
    pub sentence: String,
    /// Why: the rule that permitted, or what was missing.
    pub reason: Option<String>,
    /// Where.
    pub door: Option<Link>,
    /// Who, as far as is known.
    pub person: Option<Link>,
    /// How good or bad.
    pub tone: Tone,
    /// It reached the hub long after it happened: the controller had been on its own.
    pub late: bool,
}

#[derive(Template)]
#[template(path = "event_row.html")]
struct Fragment<'a> {
    row: &'a EventRow,
}

/// The row as a fragment, for `event: feed`.
pub fn event_row(row: &EventRow) -> String {
    one_line(&Fragment { row })
}
