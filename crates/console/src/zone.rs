//! Every zone: what holds there now, and what it asks of those who enter.

use askama::Template;

use crate::door::Fact;
use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::link::Link;
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

/// Doors in a row of a page: as many as are shown, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doors {
    /// The first of them.
    pub shown: Vec<Link>,
    /// The others.
    pub more: u64,
}

/// Somebody who may enter in spite of a lockdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillEnters {
    /// Who.
    pub person: Link,
    /// With what, and by which policies.
    pub how: String,
}

/// Doors at which the same people may enter in spite of a lockdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillOpens {
    /// The doors.
    pub doors: Doors,
    /// The people, as many as are listed.
    pub people: Vec<StillEnters>,
    /// How many more there are.
    pub more: u64,
}

/// Who may enter in spite of a lockdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Still {
    /// These; none if there are none.
    These(Vec<StillOpens>),
    /// Too many to work out for a page: `lockward lockdown --preview` does.
    NotWorkedOut,
}

/// What a lockdown of a zone stops, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockdownPreview {
    /// Since when it holds, by itself or by a zone around it; `None` while it does not.
    pub since: Option<Moment>,
    /// Doors by which nobody enters then.
    pub doors: Doors,
    /// Of these, doors that stand unlocked to everybody, or may, and would lock; with why. None while it holds.
    pub unlocked: Vec<(Doors, String)>,
    /// Who may enter all the same.
    pub still: Still,
    /// Doors whose button moves the bolt to let people out; at all others the handle does.
    pub buttons: Doors,
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
    /// What a lockdown stops, or would.
    pub lockdown: LockdownPreview,
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
