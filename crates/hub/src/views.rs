//! From the site and the live view to the console's view structs. Names are opened here, for a session's page alone.

use crate::caller::Caller;
use crate::live::{Contact, DoorNow, Live, ReaderNow, Told};
use crate::office::Office;
use crate::sight::Sight;
use crate::tell::{self, moment};
use crate::tidings::Tidings;
use lockward_console::{
    Bank, Banner, Compartment, ControllerRow, DoorCard, DoorState, EventRow, FEED_ROWS_MAX, Fleet, Frame,
    Link, Moment, Name, OverviewView, Part, Tone, Zone,
};
use lockward_model::{Code, ControllerId, Door, DoorId, DoorKind, Event, OperatorId, PersonId, Time};
use lockward_site::Site;
use lockward_store::HubError;

/// Everything that one page is made from, at one moment.
pub(crate) struct Page<'a> {
    pub(crate) office: &'a Office,
    pub(crate) site: &'a Site,
    pub(crate) live: &'a Live,
    pub(crate) whole: &'a Tidings,
    pub(crate) now: Time,
    pub(crate) reader: Reader,
}

/// Who reads a page.
pub(crate) struct Reader {
    /// What people call the operator; `None` for a tool.
    title: Option<String>,
    /// Which operator; `None` for a tool.
    pub(crate) operator: Option<OperatorId>,
    /// What of the site is theirs to read.
    pub(crate) sight: Sight,
}

impl Reader {
    pub(crate) fn of(caller: &Caller, office: &Office, site: &Site) -> Self {
        let operator = caller.operator().and_then(|who| site.operator(who.operator));
        Self {
            title: operator.map(|o| o.title.to_string()),
            operator: operator.map(|o| o.id),
            sight: Sight::of(caller, office, site),
        }
    }

    /// For pieces of pages that go to everybody who may read everything.
    pub(crate) fn anyone() -> Self {
        Self { title: None, operator: None, sight: Sight::everything() }
    }
}

impl Page<'_> {
    pub(crate) fn moment(&self, at: Time) -> Moment {
        moment(&self.site.founding().zone, at, self.now)
    }

    /// Whether the hub's word gives nobody anything: neither a rule, nor a card, nor a policy that would.
    pub(crate) fn people_sign(&self) -> bool {
        let gives = ["put-policy", "put-rule", "put-credential"];
        !self.site.operators().any(|o| gives.iter().any(|v| self.site.hub_signs_for(o.id, v, self.now)))
    }

    pub(crate) fn frame(&self, banner: Option<&str>) -> Frame {
        Frame {
            site: self.site.founding().title.to_string(),
            operator: self.reader.title.clone(),
            sees: self.reader.sight.sees(),
            people_sign: self.people_sign(),
            banner: banner.map(|text| Banner { tone: Tone::Info, text: text.to_owned() }),
            bar: self.bar(),
            as_of: self.moment(self.now),
            after: Some(self.live.newest()),
        }
    }

    /// The frame of a page that lists events by the index, which follows the log by a moment: what is not indexed yet comes
    /// by the stream. Make it before the list is read.
    pub(crate) fn frame_of_indexed(&self, banner: Option<&str>) -> Result<Frame, HubError> {
        let indexed = self.office.store().index_position()?.saturating_sub(1);
        let frame = self.frame(banner);
        Ok(Frame { after: frame.after.map(|newest| newest.min(indexed)), ..frame })
    }

    /// A person's name; its id, where no name was given.
    pub(crate) fn name(&self, person: PersonId) -> Name {
        match self.site.person(person).and_then(|p| p.sealed) {
            None => Name::Known(person.to_string()),
            Some(sealed) => match self.office.open_person(person, &sealed) {
                Some(attributes) => Name::Known(attributes.name.clone()),
                None => Name::Erased,
            },
        }
    }

    pub(crate) fn person_link(&self, person: PersonId) -> Link {
        match self.name(person) {
            Name::Known(name) => Link::person(person.as_str(), name),
            Name::Erased => Link::person(person.as_str(), "erased person"),
        }
    }

    pub(crate) fn door_link(&self, door: DoorId) -> Link {
        let title = self.site.door(door).map_or_else(|| door.to_string(), |d| d.title.to_string());
        Link::door(door.as_str(), title)
    }

    /// The doors that the reader may read of.
    pub(crate) fn doors(&self) -> impl Iterator<Item = &Door> {
        self.site.doors().filter(|door| self.reader.sight.site.zone(door.to))
    }

    /// Whether what happened there is for the reader.
    pub(crate) fn sees_at(&self, door: Option<DoorId>) -> bool {
        self.reader.sight.site.at(self.site, door)
    }

    /// Who was in an event, by name if the reader may read people where it happened.
    fn person_in(&self, event: &Event) -> Option<Link> {
        let person = tell::person(event).filter(|_| self.reader.sight.names_at(self.site, event.door))?;
        Some(self.person_link(person))
    }

    /// One that the reader may see.
    pub(crate) fn event_row(&self, told: &Told) -> EventRow {
        let code = told.event.body.code();
        EventRow {
            seq: told.index,
            time: self.moment(told.event.time),
            code: code.as_str().to_owned(),
            sentence: tell::sentence(code),
            reason: tell::reason(self.site, &self.reader.sight.site, &told.event),
            door: told.event.door.map(|door| self.door_link(door)),
            person: self.person_in(&told.event),
            tone: tell::tone(code),
            late: told.late,
        }
    }

    fn state(&self, door: &Door, now: &DoorNow) -> DoorState {
        match (now.contact, now.released, now.unlocked) {
            (Contact::Forced, ..) => DoorState::Forced,
            (Contact::Held, ..) => DoorState::HeldOpen,
            (Contact::Open, ..) => DoorState::Open,
            (_, true, _) => DoorState::Released,
            (.., Some(true)) => DoorState::Unlocked,
            (.., Some(false)) | (Contact::Closed, ..) if self.site.locked_down(door.to) => {
                DoorState::LockedDown
            }
            (.., Some(false)) | (Contact::Closed, ..) => DoorState::Locked,
            (Contact::Unknown, false, None) => DoorState::Unknown,
        }
    }

    /// Since when the controller of a door is silent; `None` while it is there.
    fn unconfirmed(&self, door: &Door) -> Option<Moment> {
        let link = self.live.controllers.get(&door.controller).copied().unwrap_or_default();
        let never = || self.site.founding().founded;
        (!link.connected).then(|| self.moment(link.heard.unwrap_or_else(never)))
    }

    pub(crate) fn card(&self, door: &Door) -> DoorCard {
        let now = self.live.doors.get(&door.id).cloned().unwrap_or_default();
        let state = self.state(door, &now);
        let part = |word: &str, tone| Part { word: word.to_owned(), tone };
        DoorCard {
            id: door.id.to_string(),
            name: door.title.to_string(),
            kind: door.kind.as_str().to_owned(),
            state,
            source: source(state, now.cause).to_owned(),
            since: now.since.map(|at| self.moment(at)),
            unconfirmed_since: self.unconfirmed(door),
            lock: match (now.released || now.unlocked == Some(true), state) {
                (_, DoorState::Unknown) => part("not reported", Tone::Info),
                (false, _) if now.relock_unconfirmed => part("did not come back", Tone::Bad),
                (_, _) if now.release_unconfirmed => part("did not go back", Tone::Bad),
                (true, _) => part("released", Tone::Info),
                (false, _) => part("bolted", Tone::Good),
            },
            contact: match now.contact {
                Contact::Unknown => part("not reported", Tone::Info),
                Contact::Closed => part("closed", Tone::Good),
                Contact::Open => part("open", Tone::Info),
                Contact::Held => part("held open", Tone::Warn),
                Contact::Forced => part("forced open", Tone::Bad),
            },
            reader: match now.reader {
                ReaderNow::Unknown => part("not reported", Tone::Info),
                ReaderNow::Online => part("secure channel", Tone::Good),
                ReaderNow::Offline => part("no answer", Tone::Bad),
                ReaderNow::Tampered => part("tampered with", Tone::Bad),
                ReaderNow::Refused => part("refused", Tone::Bad),
            },
            noticed: noticed(&now),
        }
    }

    fn cell(&self, door: &Door) -> Compartment {
        let now = self.live.doors.get(&door.id).cloned().unwrap_or_default();
        Compartment {
            id: door.id.to_string(),
            label: door.title.to_string(),
            state: self.state(door, &now),
            note: String::new(),
            unconfirmed_since: self.unconfirmed(door),
        }
    }

    /// A door as the overview shows it: a card, or a compartment of a bank.
    pub(crate) fn door_fragment(&self, door: &Door) -> String {
        match door.kind {
            DoorKind::Compartment => lockward_console::compartment(&self.cell(door)),
            _ => lockward_console::door_card(&self.card(door)),
        }
    }

    /// Every zone that doors lead into, as far as the reader may read it.
    pub(crate) fn zones(&self) -> Vec<Zone> {
        let zone = |zone: &lockward_model::Zone| {
            let into = || self.site.doors().filter(|d| d.to == zone.id);
            let is_cell = |d: &&Door| d.kind == DoorKind::Compartment;
            let cells: Vec<_> = into().filter(is_cell).map(|d| self.cell(d)).collect();
            let bank = Bank { name: "Lockers".to_owned(), compartments: cells };
            let doors: Vec<_> = into().filter(|d| !is_cell(d)).map(|d| self.card(d)).collect();
            let banks: Vec<_> = Some(bank).filter(|b| !b.compartments.is_empty()).into_iter().collect();
            Zone {
                id: zone.id.to_string(),
                name: zone.title.to_string(),
                states: self.zone_states(zone.id),
                doors,
                banks,
            }
        };
        let all = self.site.zones().filter(|z| self.reader.sight.site.zone(z.id)).map(zone);
        all.filter(|z| !z.doors.is_empty() || !z.banks.is_empty()).collect()
    }

    pub(crate) fn controller(&self, id: ControllerId) -> Option<ControllerRow> {
        let controller = self.site.controller(id)?;
        let link = self.live.controllers.get(&id).copied().unwrap_or_default();
        Some(ControllerRow {
            id: id.to_string(),
            name: controller.title.to_string(),
            doors: self.doors().filter(|d| d.controller == id).count() as u64,
            connected: link.connected,
            heard: link.heard.map(|at| self.moment(at)),
            applied: link.applied,
            current: self.site.size(),
        })
    }

    /// The controllers that are enrolled, and not cut off. They lie in no zone.
    pub(crate) fn fleet(&self) -> Fleet {
        let shown = self.reader.sight.site.site();
        let enrolled = self.site.controllers().filter(|c| shown && c.key.is_some() && !c.revoked);
        Fleet {
            shown,
            config_size: self.site.size(),
            controllers: enrolled.filter_map(|c| self.controller(c.id)).collect(),
        }
    }

    pub(crate) fn summary(&self) -> String {
        lockward_console::summary(&self.zones(), &self.fleet())
    }

    pub(crate) fn overview(&self, banner: Option<&str>) -> OverviewView {
        let newest = self.live.feed.iter().rev().filter(|told| self.sees_at(told.event.door));
        OverviewView {
            frame: self.frame(banner),
            zones: self.zones(),
            fleet: self.fleet(),
            events: newest.take(FEED_ROWS_MAX).map(|told| self.event_row(told)).collect(),
        }
    }
}

/// What else a door noticed: wires that say nothing, and what contradicts itself.
fn noticed(now: &DoorNow) -> Vec<(String, Part)> {
    let say = |name: &str, word: &str, tone| (name.to_owned(), Part { word: word.to_owned(), tone });
    let wires = now.faults.iter().map(|(input, fault)| {
        let name = tell::capital(tell::input(*input));
        (name, Part { word: tell::fault(*fault).to_owned(), tone: Tone::Bad })
    });
    let mismatch = now.mismatch.then(|| say("Bolt", "says open while the contact says closed", Tone::Bad));
    let stuck = now.stuck.then(|| say("Contact moves", "no longer", Tone::Bad));
    let exit = now.exit.map(|why| say("Requests to exit", tell::anomaly(why), Tone::Bad));
    let airlock = now.airlock_alone.then(|| say("Airlock", "another door of it can not be seen", Tone::Warn));
    let held = now.held_soon.then(|| say("Open", "will soon count as held", Tone::Warn));
    wires.chain(mismatch).chain(stuck).chain(exit).chain(airlock).chain(held).collect()
}

fn source(state: DoorState, cause: Option<Code>) -> &'static str {
    if state == DoorState::LockedDown {
        return "nobody enters; everybody can leave";
    }
    match cause {
        None => "not reported yet",
        Some(Code::AccessGranted) => "by a grant",
        Some(Code::ExitRequested) => "by a request to exit",
        Some(Code::DoorUnlocked) => "for everybody",
        Some(Code::DoorLocked) => "by default",
        Some(Code::DoorForced) => "without a release",
        Some(Code::NotEntered) => "after nobody entered",
        Some(Code::DoorOpened) => "rightly",
        Some(Code::DoorHeld) => "past its limit",
        Some(Code::DoorClosed) => "since it closed",
        Some(_) => "by what it reported",
    }
}
