//! What stands around every page: the site's name, the way to other pages, and how fresh all of it is.

use crate::alarm::Bar;
use crate::state::Tone;

/// Seconds between two beats of the event stream. A page calls itself stale after three, so at most 30 s of false calm;
/// 50 open consoles cost the hub five writes of some 30 bytes a second.
pub const BEAT_SECONDS: u32 = 10;

/// A time as the site's clock says it, made into text by the hub (this room knows no time zone).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// For people, in the site's time zone: `14:02:31`, or with the day where that is not today.
    pub text: String,
    /// For machines: RFC 3339.
    pub iso: String,
}

/// A line across the top of every page: the demonstration's day, a lockdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// How serious it is.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
}

/// What the reader of a page may see. Where a page would lead to something else, it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sees {
    /// Doors, zones, controllers.
    pub site: bool,
    /// People and their names.
    pub people: bool,
    /// Alarms.
    pub alarms: bool,
    /// Who is where.
    pub muster: bool,
    /// The log.
    pub log: bool,
    /// Operators.
    pub operators: bool,
}

impl Sees {
    /// Everything.
    pub const ALL: Self =
        Self { site: true, people: true, alarms: true, muster: true, log: true, operators: true };
    /// Nothing.
    pub const NOTHING: Self =
        Self { site: false, people: false, alarms: false, muster: false, log: false, operators: false };
}

/// What every page of a signed-in operator carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The site's name.
    pub site: String,
    /// Who is signed in; `None` for a tool.
    pub operator: Option<String>,
    /// What the reader may see.
    pub sees: Sees,
    /// Whether every change and order here needs a person's own signature: the site is hardened against its hub.
    pub people_sign: bool,
    /// Shown on every page while set.
    pub banner: Option<Banner>,
    /// Alarms and lockdowns, kept current.
    pub bar: Bar,
    /// The time that the page's facts are of.
    pub as_of: Moment,
    /// The newest event that the page takes into account (0 for none yet): live updates go on from there. `None`: this page is not live.
    pub after: Option<u64>,
}

/// Which entry of the navigation the reader is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Alarms,
    Muster,
    Zones,
    People,
    Log,
    Changes,
    Operators,
    Services,
    Me,
    Elsewhere,
}
