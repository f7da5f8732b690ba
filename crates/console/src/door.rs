//! One door: as a card among others, as a compartment of a bank, and as a page of its own.

use askama::Template;

use crate::event::{EventRow, FEED_ROWS_MAX};
use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::link::{Link, segment};
use crate::state::{Class, DoorState, Tone};
use crate::words;
use crate::{one_line, rendered};

/// One part of a door and how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it does, in a word or two: `bolted`, `closed`, `secure channel`, `no answer`.
    pub word: String,
    /// `Warn` and `Bad` put the door among those that need attention.
    pub tone: Tone,
}

/// A door among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorCard {
    /// The door's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Entrance, gate, cage, cabinet, safe.
    pub kind: String,
    /// What it is doing.
    pub state: DoorState,
    /// Where the state comes from: an order, a schedule, the default.
    pub source: String,
    /// Since when.
    pub since: Option<Moment>,
    /// Set while the hub cannot know: the state is the last that was reported, at this time.
    pub unconfirmed_since: Option<Moment>,
    /// The lock.
    pub lock: Part,
    /// The contact that sees whether the leaf is open.
    pub contact: Part,
    /// The reader, or the worst of its readers.
    pub reader: Part,
    /// What else it noticed, by the name of the thing: a wire, the way out, its airlock. Empty where all is well.
    pub noticed: Vec<(String, Part)>,
}

impl DoorCard {
    pub(crate) fn link(&self) -> Link {
        Link::door(&self.id, self.name.as_str())
    }

    pub(crate) fn element(&self) -> String {
        format!("door-{}", segment(&self.id))
    }

    pub(crate) fn parts(&self) -> Vec<(&str, &Part)> {
        let usual = [("Lock", &self.lock), ("Contact", &self.contact), ("Reader", &self.reader)];
        let noticed = self.noticed.iter().map(|(name, part)| (name.as_str(), part));
        usual.into_iter().chain(noticed).collect()
    }

    /// The worst of its parts, if one is not well.
    pub(crate) fn broken(&self) -> Option<(&str, &Part)> {
        let with = |tone| self.parts().into_iter().find(move |(_, part)| part.tone == tone);
        with(Tone::Bad).or_else(|| with(Tone::Warn))
    }

    pub(crate) fn class(&self) -> Class {
        if self.unconfirmed_since.is_some() || self.broken().is_some() {
            Class::Attention
        } else {
            self.state.class()
        }
    }

    pub(crate) fn tone(&self) -> Tone {
        match (self.state.tone(), self.broken()) {
            (Tone::Bad, _) => Tone::Bad,
            (_, Some((_, part))) => part.tone,
            _ if self.unconfirmed_since.is_some() => Tone::Warn,
            (tone, None) => tone,
        }
    }

    /// Why a person should look at it, if one should.
    pub(crate) fn trouble(&self) -> Option<String> {
        if self.class() != Class::Attention {
            return None;
        }
        let mut said = Vec::new();
        if self.state.class() == Class::Attention {
            said.push(self.state.word().to_owned());
        }
        if let Some((name, part)) = self.broken() {
            said.push(format!("{name}: {}", part.word));
        }
        if self.unconfirmed_since.is_some() {
            said.push("not confirmed".to_owned());
        }
        Some(said.join(", "))
    }
}

/// A compartment of a bank of lockers: a door, shown small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compartment {
    /// The door's id.
    pub id: String,
    /// What is written on it.
    pub label: String,
    /// What it is doing.
    pub state: DoorState,
    /// Its use in a word or two: `free`, `in use`, `overdue`.
    pub note: String,
    /// As for a door.
    pub unconfirmed_since: Option<Moment>,
}

impl Compartment {
    pub(crate) fn link(&self) -> Link {
        Link::door(&self.id, self.label.as_str())
    }

    pub(crate) fn element(&self) -> String {
        format!("door-{}", segment(&self.id))
    }

    pub(crate) fn class(&self) -> Class {
        if self.unconfirmed_since.is_some() { Class::Attention } else { self.state.class() }
    }

    pub(crate) fn tone(&self) -> Tone {
        match self.state.tone() {
            Tone::Good | Tone::Info if self.unconfirmed_since.is_some() => Tone::Warn,
            tone => tone,
        }
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        (self.class() == Class::Attention).then(|| {
            let unsure = if self.unconfirmed_since.is_some() { ", not confirmed" } else { "" };
            format!("{}{unsure}", self.state.word())
        })
    }
}

/// A fact about how the door decides: `Fails to` / `locked`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What holds.
    pub value: String,
}

/// A change that a schedule will make by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// When.
    pub at: Moment,
    /// What the door will do then.
    pub what: String,
}

/// One way in: a group and when its rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The group.
    pub group: String,
    /// Its members.
    pub people: u64,
    /// When the rule holds: `any time`, a schedule's name.
    pub when: String,
}

/// Who may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayEnter {
    /// People whom some rule permits.
    pub people: u64,
    /// People on the site.
    pub of: u64,
    /// By which groups.
    pub via: Vec<Via>,
}

/// What the reader of a door's page may order it to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orders {
    /// To open once.
    pub unlock: bool,
    /// To stand open for a while.
    pub hold: bool,
    /// To lock again.
    pub release: bool,
    /// With a key of the signer's, on the reader's own machine.
    pub signer: bool,
    /// A touch at this page is not enough to open.
    pub apart: bool,
}

impl Orders {
    pub(crate) fn any(self) -> bool {
        self.unlock || self.hold || self.release
    }
}

/// A door's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorView {
    /// Around the page.
    pub frame: Frame,
    /// The door.
    pub card: DoorCard,
    /// The zone that it leads from.
    pub from_zone: String,
    /// The zone that it leads to.
    pub to_zone: String,
    /// The controller that drives it.
    pub controller: String,
    /// How it decides.
    pub facts: Vec<Fact>,
    /// What schedules will do next, soonest first.
    pub next: Vec<Transition>,
    /// Who may enter.
    pub may_enter: MayEnter,
    /// What its reader may order.
    pub orders: Orders,
    /// What happened here, newest first.
    pub events: Vec<EventRow>,
}

#[derive(Template)]
#[template(path = "door.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a DoorView,
    card: &'a DoorCard,
    events: &'a [EventRow],
    only_door: String,
    only_person: String,
}

/// The door's page.
pub fn door(view: &DoorView) -> String {
    rendered(&Page {
        frame: &view.frame,
        section: Section::Overview,
        view,
        card: &view.card,
        events: &view.events,
        only_door: segment(&view.card.id),
        only_person: String::new(),
    })
}

#[derive(Template)]
#[template(path = "door_card.html")]
struct CardFragment<'a> {
    card: &'a DoorCard,
}

/// The card as a fragment, for `event: door`.
pub fn door_card(card: &DoorCard) -> String {
    one_line(&CardFragment { card })
}

#[derive(Template)]
#[template(path = "compartment.html")]
struct CompartmentFragment<'a> {
    cell: &'a Compartment,
}

/// The compartment as a fragment, for `event: door`.
pub fn compartment(cell: &Compartment) -> String {
    one_line(&CompartmentFragment { cell })
}
