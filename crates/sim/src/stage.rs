//! A site on a stage: real controllers on disks in memory, a real log, and time that goes when it is told to.
//!
//! Nothing here sleeps, listens or connects. Whoever holds the [`Stage`] gives it one command after the other
//! ([`Stage::obey`]) and gets [`Line`]s: what the doors did, and why. The controllers are the very code that drives
//! doors, the hub's folder is a real one, and its log can be verified afterwards like any other.

mod act;
mod clock;
mod commands;
mod expect;
mod facts;
mod hub;
mod line;
mod machines;
mod show;
mod station;
mod told;
mod wires;

pub use clock::StageClock;
pub use commands::Command;
pub use line::{Line, Tone};

use crate::card::Card;
use clock::WallClock;
use core::time::Duration;
use hub::HubSide;
use lockward_controller::core::Input;
use lockward_hub::{Clock as _, Office};
use lockward_model::{Change, ControllerId, DoorId, Event, Mono, Now, PersonId, Time};
use lockward_store::Log;
use lockward_wire::event::Leaf;
use station::{Station, Turned};
use std::collections::BTreeMap;
use std::sync::Arc;
use wires::Doorway;

/// Turns of all controllers at one moment, after which time goes on whatever happens.
const ROUNDS_MAX: usize = 1_000;
/// How often a linked controller asks whether the hub is there: a sixth of the real pace, which no rule can tell.
const PING_EVERY: Duration = Duration::from_secs(30);

/// What a person holds to a reader.
#[derive(Debug, Clone)]
pub enum Shows {
    /// A card that says a number.
    Number(Card),
    /// A card that signs, by its public key.
    Key(Box<[u8; 65]>),
}

/// Makes changes as an operator does: the command line's own code, which reads change files.
pub trait Changes {
    /// Applies the text of a change file, whole or not at all; gives what people can then hold to a reader.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    fn apply(&mut self, office: &Office, text: &str) -> Result<Vec<(PersonId, Shows)>, String>;
}

/// What was asked for that the stage does not do itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is done.
    Go,
    /// An end.
    Quit,
    /// Why an event came to be, by its index in the log.
    Why(u64),
    /// That the whole log be verified.
    Verify,
}

/// What happened since the last command, for [`Command::Expect`].
#[derive(Default)]
struct Lately {
    events: Vec<(Option<DoorId>, [&'static str; 2])>,
    releases: Vec<DoorId>,
}

/// A site that is played through.
pub struct Stage {
    office: Arc<Office>,
    clock: Arc<StageClock>,
    wall: WallClock,
    /// How far the controllers' clocks were set wrong, in milliseconds.
    skew: i64,
    stations: BTreeMap<ControllerId, Station>,
    hub: HubSide,
    changes: Box<dyn Changes>,
    shows: BTreeMap<PersonId, Vec<Shows>>,
    passes: BTreeMap<String, String>,
    lately: Lately,
    out: Vec<Line>,
    last_time: String,
    next_ping: Mono,
    failed: bool,
}

impl Stage {
    /// Sets up the site that a change file makes: its controllers enrol, start, link and take the configuration.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn new(
        office: Arc<Office>,
        clock: Arc<StageClock>,
        mut changes: Box<dyn Changes>,
        site: &str,
    ) -> Result<Self, String> {
        let shows = changes.apply(&office, site)?;
        let wall = WallClock::of(office.site().founding().zone.name());
        let mut stage = Self {
            next_ping: clock.now().mono + PING_EVERY,
            office,
            clock,
            wall,
            skew: 0,
            stations: BTreeMap::new(),
            hub: HubSide::default(),
            changes,
            shows: BTreeMap::new(),
            passes: BTreeMap::new(),
            lately: Lately::default(),
            out: Vec::new(),
            last_time: String::new(),
            failed: false,
        };
        stage.remember(shows);
        stage.enrol()?;
        stage.hub.up = true;
        let ids: Vec<_> = stage.stations.keys().copied().collect();
        for id in ids {
            stage.start(id)?;
        }
        stage.let_pass(Duration::from_secs(1));
        // What happens before the curtain is up is in the log, and told to nobody.
        stage.out.clear();
        stage.last_time.clear();
        stage.lately = Lately::default();
        Ok(stage)
    }

    /// Puts every controller of the site with its doors into its place.
    fn enrol(&mut self) -> Result<(), String> {
        let founding =
            self.office.store().entry(Log::Config, 0).map_err(|e| e.to_string())?.unwrap_or_default();
        let mut doors: BTreeMap<ControllerId, Vec<Doorway>> = BTreeMap::new();
        for door in self.office.site().doors() {
            doors.entry(door.controller).or_default().push(Doorway::new(door));
        }
        let mut bound = Vec::new();
        for (id, doors) in doors {
            let station = Station::enrol(id, self.office.id(), &founding, doors)?;
            bound.push(Change::BindController { id, key: station.key });
            self.stations.insert(id, station);
        }
        self.office.append_own(None, &bound).map(drop).map_err(|e| e.to_string())
    }

    /// What was told since this was last asked.
    pub fn lines(&mut self) -> Vec<Line> {
        line::folded(&core::mem::take(&mut self.out))
    }

    /// True if an expectation did not hold, or a command could not be obeyed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// The clock on the wall, for a prompt.
    #[must_use]
    pub fn time(&self) -> String {
        self.wall.time(self.clock.now().wall).chars().take(8).collect()
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    /// What a controller's own clocks say.
    fn own_now(&self) -> Now {
        let now = self.now();
        Now { wall: Time(now.wall.0.saturating_add(self.skew)), ..now }
    }

    /// Brings a controller up; if the hub is there, it links.
    fn start(&mut self, id: ControllerId) -> Result<(), String> {
        let now = self.own_now();
        let Some(station) = self.stations.get_mut(&id) else { return Ok(()) };
        let turned = station.start(now)?;
        self.took_turn(id, turned);
        if self.hub.up {
            self.link(id);
        }
        Ok(())
    }

    fn link(&mut self, id: ControllerId) {
        if let Some(station) = self.stations.get_mut(&id).filter(|s| s.is_up()) {
            station.linked = true;
            self.turn(id, vec![Input::Linked]);
        }
    }

    fn unlink(&mut self, id: ControllerId) {
        if let Some(station) = self.stations.get_mut(&id).filter(|s| s.linked) {
            station.linked = false;
            station.mail.clear();
            self.turn(id, vec![Input::Unlinked]);
            self.hub_lost(id);
        }
    }

    fn turn(&mut self, id: ControllerId, inputs: Vec<Input>) {
        let now = self.own_now();
        let Some(station) = self.stations.get_mut(&id) else { return };
        let turned = station.turn(now, inputs);
        self.took_turn(id, turned);
    }

    /// Tells what a turn did: first what is on record, then what moved.
    fn took_turn(&mut self, id: ControllerId, turned: Turned) {
        for message in turned.sent {
            self.hub_hears(id, message);
        }
        self.tell_spooled(id);
        for (door, released) in turned.locks {
            let Some(door) = self.door_at(id, door) else { continue };
            if released {
                self.lately.releases.push(door);
            }
            self.tell(door.as_str(), self.moved(id, door, released), Tone::Quiet);
        }
        for (door, side, feedback) in turned.shown {
            let (Some(door), Some(words)) = (self.door_at(id, door), told::reader(feedback)) else {
                continue;
            };
            let inside = if side == lockward_model::Side::Exit { " inside" } else { "" };
            self.tell(door.as_str(), format!("reader{inside}: {words}"), Tone::Quiet);
        }
        if let Some(error) = turned.failed {
            self.tell(id.as_str(), format!("disk: {error}"), Tone::Alarm);
        }
        if turned.hung_up {
            self.unlink(id);
        }
    }

    /// Tells the events that a controller without a hub has put on its own disk.
    fn tell_spooled(&mut self, id: ControllerId) {
        let Some(station) = self.stations.get(&id).filter(|s| !s.linked) else { return };
        let leaves = station.spooled();
        self.tell_leaves(id, &leaves);
    }

    /// Tells events, each once.
    fn tell_leaves(&mut self, id: ControllerId, leaves: &[Vec<u8>]) {
        for leaf in leaves {
            let Ok(Some(event)) = self.office.open_leaf(leaf) else { continue };
            let Some(station) = self.stations.get_mut(&id) else { return };
            if event.seq >= station.told {
                station.told = event.seq + 1;
                self.tell_event(id, &event);
            }
        }
    }

    fn tell_event(&mut self, id: ControllerId, event: &Event) {
        self.lately.events.push((event.door, told::codes(event)));
        if let Some((tone, text)) = told::event(event) {
            let place = event.door.map_or(id.to_string(), |door| door.to_string());
            self.tell(&place, text, tone);
        }
    }

    fn tell(&mut self, place: &str, text: impl Into<String>, tone: Tone) {
        let time = self.wall.time(self.now().wall);
        let news = time != self.last_time;
        self.last_time.clone_from(&time);
        let time = if news { time } else { String::new() };
        self.out.push(Line { time, place: place.into(), text: text.into(), tone });
    }

    /// What a bolt did that was told to move.
    fn moved(&self, id: ControllerId, door: DoorId, released: bool) -> &'static str {
        let stuck = self.stations.get(&id).and_then(|s| s.doors.iter().find(|d| d.id == door)?.stuck);
        match (released, stuck) {
            (true, None | Some(true)) => "bolt drawn back",
            (false, None | Some(false)) => "bolt thrown",
            (true, Some(false)) => "the bolt is to be drawn back, and sticks",
            (false, Some(true)) => "the bolt is to be thrown, and sticks",
        }
    }

    fn door_at(&self, id: ControllerId, index: usize) -> Option<DoorId> {
        self.stations.get(&id)?.doors.get(index).map(|d| d.id)
    }

    /// Lets everything happen that happens now.
    fn settle(&mut self) {
        let ids: Vec<_> = self.stations.keys().copied().collect();
        for _ in 0..ROUNDS_MAX {
            let mut quiet = true;
            for id in &ids {
                let now = self.now().mono;
                let Some(station) = self.stations.get_mut(id) else { continue };
                let inputs = station.inputs(now);
                if !inputs.is_empty() || station.is_due(now) {
                    quiet = false;
                    self.turn(*id, inputs);
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// Lets time go by, in the steps that the machines ask for.
    fn let_pass(&mut self, span: Duration) {
        let end = self.now().mono + span;
        self.settle();
        while self.now().mono < end {
            let wakes = self.stations.values().filter_map(Station::wake_at);
            let next = wakes.chain([self.next_ping]).fold(end, Mono::min);
            self.clock.advance_to(next.max(self.now().mono + Duration::from_micros(1)));
            if self.now().mono >= self.next_ping {
                self.next_ping = self.next_ping + PING_EVERY;
                self.hub_pongs();
            }
            self.settle();
        }
    }

    fn remember(&mut self, shows: Vec<(PersonId, Shows)>) {
        for (person, shown) in shows {
            self.shows.entry(person).or_default().push(shown);
        }
    }
}

/// Whether a leaf is an event, and not a signature over a chain.
fn is_event(leaf: &[u8]) -> bool {
    matches!(Leaf::parse(leaf), Ok(Leaf::Event(_)))
}
