//! People: the list with its search, and one person's page, which still stands when the name is erased.

use askama::Template;

use crate::event::{EventRow, FEED_ROWS_MAX};
use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::link::{Link, address, segment};
use crate::rendered;
use crate::state::Tone;
use crate::words;

/// A person's name, or that it is gone for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// As entered.
    Known(String),
    /// The key that sealed it is destroyed.
    Erased,
}

impl Name {
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Erased => "Erased person",
        }
    }

    fn erased(&self) -> bool {
        matches!(self, Self::Erased)
    }
}

/// Whether the person may use what the rules give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Active,
    /// Not for now.
    Suspended,
    /// Not any more.
    Ended,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Suspended => "Suspended",
            Self::Ended => "Ended",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Good,
            Self::Suspended => Tone::Warn,
            Self::Ended => Tone::Info,
        }
    }
}

/// A credential, without any number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// The id of a phone that can be cut off here.
    pub phone: Option<String>,
    /// Card, PIN, passkey.
    pub kind: String,
    /// From when to when, or why not.
    pub validity: String,
    /// `Good`: in force.
    pub tone: Tone,
}

/// A door that the person may enter, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorAccess {
    /// The door.
    pub door: Link,
    /// The zone behind it.
    pub zone: String,
    /// When: `any time`, a schedule's name.
    pub when: String,
    /// The rule that permits it.
    pub rule: String,
}

/// A person's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// Around the page.
    pub frame: Frame,
    /// The person's id.
    pub id: String,
    /// The name.
    pub name: Name,
    /// Whether what follows is in force.
    pub standing: Standing,
    /// Groups.
    pub groups: Vec<String>,
    /// Credentials.
    pub credentials: Vec<CredentialRow>,
    /// Doors that the rules give.
    pub doors: Vec<DoorAccess>,
    /// How many doors the site has.
    pub doors_total: u64,
    /// What the person did, newest first.
    pub events: Vec<EventRow>,
    /// Whether the reader may make a link with which the person registers a phone.
    pub may_invite: bool,
    /// Whether the reader may cut a phone off.
    pub may_cut_off: bool,
}

impl PersonView {
    /// An address below the person's page.
    fn below(&self, what: &str) -> String {
        format!("{}{}/{what}", address::PERSON, segment(&self.id))
    }
}

#[derive(Template)]
#[template(path = "person.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a PersonView,
    events: &'a [EventRow],
    only_door: String,
    only_person: String,
}

/// The person's page.
pub fn person(view: &PersonView) -> String {
    rendered(&Page {
        frame: &view.frame,
        section: Section::People,
        view,
        events: &view.events,
        only_door: String::new(),
        only_person: segment(&view.id),
    })
}

/// A person in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The person's id.
    pub id: String,
    /// The name.
    pub name: Name,
    /// Active or not.
    pub standing: Standing,
    /// Groups.
    pub groups: Vec<String>,
    /// When and where last seen.
    pub seen: Option<(Moment, Link)>,
}

impl PersonRow {
    fn link(&self) -> Link {
        Link::person(&self.id, self.name.shown())
    }

    fn groups_text(&self) -> String {
        self.groups.join(", ")
    }
}

/// The list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleView {
    /// Around the page.
    pub frame: Frame,
    /// What was searched for; empty for all.
    pub query: String,
    /// This page of the list.
    pub rows: Vec<PersonRow>,
    /// How many match.
    pub matched: u64,
    /// How many there are.
    pub total: u64,
    /// The cursor of the next page, given back as `from`.
    pub next: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct List<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a PeopleView,
}

/// The list, with its search box (a plain GET of [`crate::address::PEOPLE`]).
pub fn people(view: &PeopleView) -> String {
    rendered(&List { frame: &view.frame, section: Section::People, view })
}
