//! Every zone: what holds there now, and what it asks of those who enter.

use askama::Template;

use crate::door::Fact;
use crate::frame::{BEAT_SECONDS, Frame, Section};
use crate::rendered;
use crate::state::Tone;
use crate::words;

/// A state of a zone in a word or two: `locked down`, `threat level 3 of 4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneState {
    /// The words.
    pub word: String,
    /// How good or bad.
    pub tone: Tone,
}

/// One zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneRow {
    /// Its name.
    pub name: String,
    /// What it lies in, by name.
    pub within: Option<String>,
    /// What is out of the ordinary there now.
    pub states: Vec<ZoneState>,
    /// What it asks of those who enter, in words; and how many are in it.
    pub facts: Vec<Fact>,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonesView {
    /// Around the page.
    pub frame: Frame,
    /// Every zone.
    pub zones: Vec<ZoneRow>,
}

#[derive(Template)]
#[template(path = "zones.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a ZonesView,
}

/// The page of zones.
pub fn zones(view: &ZonesView) -> String {
    rendered(&Page { frame: &view.frame, section: Section::Zones, view })
}
