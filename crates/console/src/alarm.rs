//! What a person must answer: the page of alarms, and the bar that every page carries.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::link::Link;
use crate::state::{Icon, Tone};
use crate::words;
use crate::{one_line, rendered};

/// What stands across the top of every page while it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bar {
    /// Alarms that nobody has ended yet.
    pub alarms: u64,
    /// Zones that nobody enters, by name.
    pub lockdowns: Vec<String>,
}

impl Bar {
    pub(crate) fn icon(&self) -> Icon {
        Tone::Bad.icon()
    }

    pub(crate) fn shield(&self) -> Icon {
        Icon::Shield
    }
}

/// The same thing at the same place: one alarm, however often it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// What happened, in plain words.
    pub sentence: String,
    /// The stable code that API and log use too.
    pub code: String,
    /// Where, if at a door.
    pub door: Option<Link>,
    /// Where else: a reader, a wire, a zone, a controller.
    pub place: Option<String>,
    /// When it began.
    pub since: Moment,
    /// When it last happened, if more than once.
    pub last: Moment,
    /// How often, since it began.
    pub times: u64,
    /// What to do first.
    pub instruction: String,
    /// When the fact that it is about ended.
    pub cleared: Option<Moment>,
}

impl AlarmRow {
    pub(crate) fn icon(&self) -> Icon {
        if self.cleared.is_some() { Tone::Good.icon() } else { Tone::Bad.icon() }
    }

    fn tone(&self) -> Tone {
        if self.cleared.is_some() { Tone::Good } else { Tone::Bad }
    }
}

/// The page of alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmsView {
    /// Around the page.
    pub frame: Frame,
    /// Those that stand, the newest first.
    pub standing: Vec<AlarmRow>,
    /// How many stand in all; more than are listed.
    pub total: u64,
    /// Those that ended today, the newest first.
    pub cleared: Vec<AlarmRow>,
    /// The hub still reads its log back: older ones may come.
    pub reading: bool,
}

impl AlarmsView {
    fn hidden(&self) -> u64 {
        self.total.saturating_sub(self.standing.len() as u64)
    }
}

#[derive(Template)]
#[template(path = "alarms.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a AlarmsView,
}

/// The page of alarms.
pub fn alarms(view: &AlarmsView) -> String {
    rendered(&Page { frame: &view.frame, section: Section::Alarms, view })
}

#[derive(Template)]
#[template(path = "bar.html")]
struct Fragment<'a> {
    bar: &'a Bar,
}

/// The bar as a fragment, for `event: bar`.
pub fn bar(bar: &Bar) -> String {
    one_line(&Fragment { bar })
}
