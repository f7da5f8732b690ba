//! The first page: what needs a person, then every door and controller, always against a denominator.

use askama::Template;

use crate::door::{Compartment, DoorCard};
use crate::event::{EventRow, FEED_ROWS_MAX};
use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::link::{Link, segment};
use crate::state::{Class, Tally, Tone};
use crate::words;
use crate::zone::ZoneState;
use crate::{one_line, rendered};

/// A bank of compartments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// Its name.
    pub name: String,
    /// Its compartments, in the order in which they are mounted.
    pub compartments: Vec<Compartment>,
}

/// An area and the doors that lead into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// The zone's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is out of the ordinary there: a lockdown, a threat level.
    pub states: Vec<ZoneState>,
    /// Doors into it.
    pub doors: Vec<DoorCard>,
    /// Banks of lockers in it.
    pub banks: Vec<Bank>,
}

impl Zone {
    fn cells(&self) -> impl Iterator<Item = &Compartment> {
        self.banks.iter().flat_map(|bank| &bank.compartments)
    }

    fn tally(&self) -> Tally {
        Tally::of(self.doors.iter().map(DoorCard::class).chain(self.cells().map(Compartment::class)))
    }

    fn tally_element(&self) -> String {
        format!("tally-{}", segment(&self.id))
    }

    /// Doors that need attention first, else as the hub ordered them. Live updates leave every card in its place.
    fn ordered(&self) -> Vec<&DoorCard> {
        let (first, rest): (Vec<_>, Vec<_>) =
            self.doors.iter().partition(|card| card.class() == Class::Attention);
        first.into_iter().chain(rest).collect()
    }
}

/// A controller, its link and what it has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerRow {
    /// The controller's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many doors it drives.
    pub doors: u64,
    /// Whether its link is up.
    pub connected: bool,
    /// When it was last heard; `None` if never.
    pub heard: Option<Moment>,
    /// The size of the config log that it says it has applied.
    pub applied: Option<u64>,
    /// The size of the site's config log.
    pub current: u64,
}

impl ControllerRow {
    fn element(&self) -> String {
        format!("controller-{}", segment(&self.id))
    }

    fn fresh(&self) -> bool {
        self.applied == Some(self.current)
    }

    fn tone(&self) -> Tone {
        if self.connected && self.fresh() { Tone::Good } else { Tone::Warn }
    }
}

/// The controllers of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// The size of the site's config log.
    pub config_size: u64,
    /// Whether the reader may see controllers: they lie in no zone.
    pub shown: bool,
    /// All controllers that are enrolled.
    pub controllers: Vec<ControllerRow>,
}

impl Fleet {
    fn connected(&self) -> usize {
        self.controllers.iter().filter(|row| row.connected).count()
    }

    fn fresh(&self) -> usize {
        self.controllers.iter().filter(|row| row.fresh()).count()
    }

    fn tone_of(&self, n: usize) -> Tone {
        if n == self.controllers.len() && n > 0 { Tone::Good } else { Tone::Warn }
    }

    fn names(&self, pick: impl Fn(&ControllerRow) -> bool) -> Option<String> {
        let names: Vec<&str> =
            self.controllers.iter().filter(|row| pick(row)).map(|row| row.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    fn absent(&self) -> Option<String> {
        self.names(|row| !row.connected)
    }

    fn behind(&self) -> Option<String> {
        self.names(|row| !row.fresh())
    }
}

/// The first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewView {
    /// Around the page.
    pub frame: Frame,
    /// Every zone that doors lead into.
    pub zones: Vec<Zone>,
    /// The controllers.
    pub fleet: Fleet,
    /// What happened, newest first.
    pub events: Vec<EventRow>,
}

/// Exceptions that the summary lists one by one: a screenful. A controller that is gone can take 64 doors with it, and
/// the rest of them stand first in their zones.
const TROUBLES_SHOWN_MAX: usize = 10;

/// A door that a person should look at.
struct Trouble {
    link: Link,
    zone: String,
    what: String,
    since: Option<Moment>,
    tone: Tone,
}

/// The counts are taken from the very cards that the page shows, so that sum and parts cannot differ.
struct Summary<'a> {
    doors: Tally,
    cells: Tally,
    fleet: &'a Fleet,
    troubles: Vec<Trouble>,
}

impl<'a> Summary<'a> {
    fn of(zones: &[Zone], fleet: &'a Fleet) -> Self {
        let mut troubles: Vec<Trouble> = zones.iter().flat_map(troubles_in).collect();
        // Alarms before warnings; the sort is stable, so zones keep their order.
        troubles.sort_by_key(|trouble| trouble.tone != Tone::Bad);
        Self {
            doors: Tally::of(zones.iter().flat_map(|zone| &zone.doors).map(DoorCard::class)),
            cells: Tally::of(zones.iter().flat_map(Zone::cells).map(Compartment::class)),
            fleet,
            troubles,
        }
    }

    fn shown(&self) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().take(TROUBLES_SHOWN_MAX)
    }

    fn hidden(&self) -> usize {
        self.troubles.len().saturating_sub(TROUBLES_SHOWN_MAX)
    }

    fn calm(&self) -> bool {
        self.troubles.is_empty() && self.fleet.absent().is_none() && self.fleet.behind().is_none()
    }
}

fn troubles_in(zone: &Zone) -> Vec<Trouble> {
    let doors = zone.doors.iter().filter_map(|card| {
        Some(Trouble {
            what: card.trouble()?,
            link: card.link(),
            zone: zone.name.clone(),
            since: card.unconfirmed_since.as_ref().or(card.since.as_ref()).cloned(),
            tone: card.tone(),
        })
    });
    let cells = zone.cells().filter_map(|cell| {
        Some(Trouble {
            what: cell.trouble()?,
            link: cell.link(),
            zone: zone.name.clone(),
            since: cell.unconfirmed_since.clone(),
            tone: cell.tone(),
        })
    });
    doors.chain(cells).collect()
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a OverviewView,
    sum: Summary<'a>,
    events: &'a [EventRow],
    only_door: String,
    only_person: String,
}

/// The overview.
pub fn overview(view: &OverviewView) -> String {
    rendered(&Page {
        frame: &view.frame,
        section: Section::Overview,
        view,
        sum: Summary::of(&view.zones, &view.fleet),
        events: &view.events,
        only_door: String::new(),
        only_person: String::new(),
    })
}

#[derive(Template)]
#[template(path = "summary_fragment.html")]
struct SummaryFragment<'a> {
    zones: &'a [Zone],
    sum: Summary<'a>,
}

/// The counts and exceptions as a fragment, for `event: summary`.
pub fn summary(zones: &[Zone], fleet: &Fleet) -> String {
    one_line(&SummaryFragment { zones, sum: Summary::of(zones, fleet) })
}

#[derive(Template)]
#[template(path = "controller_row.html")]
struct ControllerFragment<'a> {
    row: &'a ControllerRow,
}

/// The controller as a fragment, for `event: controller`.
pub fn controller_row(row: &ControllerRow) -> String {
    one_line(&ControllerFragment { row })
}
