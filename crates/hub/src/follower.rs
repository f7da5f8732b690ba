//! Behind the acknowledgements: reads what became durable, folds it for controllers and pages, keeps the search index.

use crate::core::Core;
use crate::forgiven::forgiven;
use crate::live::{FEED_MAX, Told};
use crate::live_view::{Concerns, LiveView, News};
use crate::office::Office;
use crate::views;
use crate::whole::drives;
use aws_lc_rs::hmac;
use core::time::Duration;
use lockward_model::{Body, DoorId, Epoch, Event, PersonId, Source};
use lockward_store::{HubError, IndexRow, Log};
use lockward_wire::event::Leaf;
use lockward_wire::{EpochKey, SourceKey};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{error, info};

/// Entries in one step: a tenth of a second's work.
const STEP_MAX: u64 = 4_096;
/// Entries that are read back at a start: a busy hour of a large site, some 20 ms.
const READ_BACK_MAX: u64 = 10_000;
/// Entries from which places and alarms are made again at a start: a week of a site with 70,000 events a day and their
/// signatures. It happens behind the hub's start (measured: 60,000 events in 3 s, in a build that is not optimised).
const FOLD_BACK_MAX: u64 = 1_000_000;
/// Entries of the config log in which acts of forgiving are looked for at a start: some 10 µs each.
const FORGIVEN_BACK_MAX: u64 = 10_000;
/// Events of one door that are looked through at a start, if it was quiet in all of these.
const DOOR_BACK_MAX: u32 = 64;
/// Rows that wait while the index can not be written: two steps, 2 MB. Then reading waits too.
const ROWS_MAX: usize = 8_192;
/// How long rows wait to be indexed together: each time costs a sync of the disk that events need too.
const INDEX_EVERY: Duration = Duration::from_millis(500);
/// An event that came so much later than it happened is shown as late: its controller was on its own.
const LATE_AFTER: Duration = Duration::from_secs(60);
/// Source keys kept ready: 2,048 controllers in two epochs.
const KEYS_KEPT_MAX: usize = 4_096;

/// In place of a person, in the search index: equal for the same person in the same epoch, and nobody's without the key.
pub(crate) fn person_token(key: &EpochKey, person: PersonId) -> [u8; 16] {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()));
    mac.update(b"index");
    mac.update(person.as_str().as_bytes());
    let mut token = [0; 16];
    token.iter_mut().zip(mac.sign().as_ref()).for_each(|(t, b)| *t = *b);
    token
}

/// The one who reads behind the log.
pub(crate) struct Follower {
    office: Arc<Office>,
    view: Arc<LiveView>,
    /// The first entry that is not in the live view.
    live_from: u64,
    /// The first entry that was not read for the index.
    at: u64,
    rows: Vec<IndexRow>,
    keys: HashMap<(Source, Epoch), SourceKey>,
}

impl Follower {
    /// Reads back far enough to show the doors as they are.
    pub(crate) fn begin(office: Arc<Office>, view: Arc<LiveView>) -> Result<Self, HubError> {
        let store = Arc::clone(office.store());
        let (size, at) = (store.head(Log::Event)?.size(), store.index_position()?);
        let mut this = Self { office, view, live_from: size, at, rows: Vec::new(), keys: HashMap::new() };
        let view = Arc::clone(&this.view);
        let mut live = view.now();
        store.for_each_entry(Log::Event, size.saturating_sub(READ_BACK_MAX)..size, |index, leaf| {
            let Ok(Leaf::Event(sealed)) = Leaf::parse(leaf) else { return Ok::<_, HubError>(()) };
            if let Some(door) =
                sealed.door().filter(|door| drives(&this.office.site(), sealed.source(), *door).is_some())
            {
                let event = this.open(leaf);
                live.door(door, sealed.code(), sealed.time(), event.as_ref().map(|e| &e.body));
            }
            // Each event may be followed by a chain head.
            if index + 2 * FEED_MAX as u64 >= size
                && let Some(event) = this.open(leaf)
            {
                live.tell(Told { index, event, late: false });
            }
            Ok(())
        })?;
        let quiet: Vec<DoorId> =
            this.office.site().doors().map(|d| d.id).filter(|d| !live.doors.contains_key(d)).collect();
        for door in quiet {
            for row in store.by_door(door, u64::MAX, DOOR_BACK_MAX)?.into_iter().rev() {
                if let Some(code) = lockward_model::Code::from_number(row.code) {
                    live.door(door, code, row.time, None);
                }
            }
        }
        drop(live);
        Ok(this)
    }

    fn open(&mut self, leaf: &[u8]) -> Option<Event> {
        let Ok(Leaf::Event(sealed)) = Leaf::parse(leaf) else { return None };
        let place = (sealed.source(), sealed.epoch());
        if self.keys.len() >= KEYS_KEPT_MAX {
            self.keys.clear();
        }
        let key = match self.keys.entry(place) {
            std::collections::hash_map::Entry::Occupied(kept) => kept.into_mut(),
            std::collections::hash_map::Entry::Vacant(room) => {
                let key = self.office.keys().source_key(&self.office.id(), place.0, place.1);
                room.insert(key.ok().flatten()?)
            }
        };
        sealed.open(key).ok()
    }

    /// Works until the hub closes. Runs on a thread of its own.
    pub(crate) fn run(
        mut self,
        core: &Core,
        mut size: watch::Receiver<u64>,
        runtime: &tokio::runtime::Handle,
    ) {
        if let Err(error) = self.read_back() {
            error!(%error, "the event log can not be read back; where people are, and older alarms, are not known");
        }
        let mut indexed = core.office.now().mono;
        while !*core.closing.borrow() {
            let due = *size.borrow_and_update();
            if self.rows.len() >= ROWS_MAX {
                runtime.block_on(async { tokio::time::sleep(INDEX_EVERY).await });
            } else if self.at >= due {
                let waited = runtime.block_on(async {
                    tokio::select! {
                        changed = size.changed() => changed.is_ok(),
                        () = core.closed() => false,
                        () = tokio::time::sleep(INDEX_EVERY), if !self.rows.is_empty() => true,
                    }
                });
                if !waited {
                    break;
                }
            } else if let Err(error) = self.step(due) {
                error!(%error, "the event log can not be followed");
                runtime.block_on(async { tokio::time::sleep(INDEX_EVERY).await });
            }
            let now = core.office.now().mono;
            if now.since(indexed) >= INDEX_EVERY || self.rows.len() >= ROWS_MAX {
                indexed = now;
                self.index();
            }
        }
        self.index();
    }

    /// Where people are, and what stands as an alarm, is a fold of the log: it is made again at each start, while the hub
    /// serves already. A snapshot would be faster, and a second copy of who was where, which no epoch's key destroys.
    fn read_back(&mut self) -> Result<(), HubError> {
        let (office, view) = (Arc::clone(&self.office), Arc::clone(&self.view));
        let store = office.store();
        // The counts first: what is in the log by then is read.
        let sources = store.sources()?;
        let size = self.live_from;
        let from = size.saturating_sub(FOLD_BACK_MAX);
        let begun = office.now().mono;
        let mut taken = 0_u64;
        store.for_each_entry(Log::Event, from..size, |_, leaf| {
            if let Some(event) = self.open(leaf) {
                view.whole().take(&office.site(), &event, office.wall());
                taken += 1;
            }
            Ok::<_, HubError>(())
        })?;
        let known = office.site().size();
        let acts = forgiven(store, known.saturating_sub(FORGIVEN_BACK_MAX)..known);
        view.whole().reconfigured(&office.site(), &acts);
        let counts = sources.iter().filter_map(|s| Some((s.source.parse().ok()?, s.count)));
        view.whole().read_back(&office.site(), counts, office.wall());
        let took = office.now().mono.since(begun);
        info!(events = taken, ms = took.as_millis(), "the event log was read back");
        view.changed(&office, true, true);
        Ok(())
    }

    /// What was appended, for those who decide by it; then for those who look.
    fn fold(&self, fresh: &[Told]) {
        let (mut presence, mut alarms, now) = (false, false, self.office.wall());
        for told in fresh {
            let changed = self.view.whole().take(&self.office.site(), &told.event, now);
            presence |= changed.presence;
            alarms |= changed.alarms;
        }
        self.view.changed(&self.office, presence, alarms);
    }

    fn index(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        match self.office.store().index(&self.rows, self.at) {
            Ok(()) => self.rows.clear(),
            // They wait for the next time; what can not be kept then is read again after a restart.
            Err(error) => error!(%error, "events can not be indexed"),
        }
    }

    fn step(&mut self, due: u64) -> Result<(), HubError> {
        let mut fresh = Vec::new();
        let (from, to, store) = (self.at, due.min(self.at + STEP_MAX), Arc::clone(self.office.store()));
        let reached = store.for_each_entry(Log::Event, from..to, |index, leaf| {
            let Ok(Leaf::Event(sealed)) = Leaf::parse(leaf) else { return Ok::<_, HubError>(()) };
            let event = self.open(leaf);
            let source = match sealed.source() {
                Source::Hub => String::new(),
                Source::Controller(id) => id.to_string(),
            };
            let (time, code, door) = (sealed.time(), sealed.code().number(), sealed.door());
            let person = event.as_ref().and_then(|e| self.token(e));
            self.rows.push(IndexRow { idx: index, time, code, source, door, person });
            if let Some(event) = event.filter(|_| index >= self.live_from) {
                fresh.push(Told { index, event, late: false });
            }
            Ok(())
        })?;
        self.at = reached;
        self.fold(&fresh);
        self.show(fresh);
        Ok(())
    }

    fn token(&self, event: &Event) -> Option<[u8; 16]> {
        let Body::Access(access) = &event.body else { return None };
        let key = self.office.keys().epoch_key(event.epoch).ok().flatten()?;
        Some(person_token(&key, access.person?))
    }

    fn show(&self, mut fresh: Vec<Told>) {
        if fresh.is_empty() {
            return;
        }
        let now = self.office.wall();
        let mut touched = BTreeSet::new();
        // In this order, as every page does: the other way round, a change that waits for the site would part the two.
        let mut live = self.view.now();
        let site = self.office.site();
        for told in &mut fresh {
            told.late = now.since(told.event.time) > LATE_AFTER;
            if let Some(door) =
                told.event.door.filter(|door| drives(&site, told.event.source, *door).is_some())
            {
                live.door(door, told.event.body.code(), told.event.time, Some(&told.event.body));
                touched.insert(door);
            }
        }
        let rows = fresh.len().saturating_sub(FEED_MAX);
        let shown: Vec<Told> = fresh.drain(rows..).collect();
        shown.iter().cloned().for_each(|told| live.tell(told));
        if !self.view.is_watched() {
            return;
        }
        let page = views::Page {
            office: &self.office,
            site: &site,
            live: &live,
            whole: self.view.whole(),
            now,
            reader: views::Reader::anyone(),
        };
        // More than a console keeps would only push out what it has not read yet.
        for told in shown.iter().rev().take(lockward_console::FEED_ROWS_MAX).rev() {
            let data = lockward_console::event_row(&page.event_row(told)).into();
            let about = Concerns::at(told.event.door);
            self.view.send(News { event: "feed", id: Some(told.index), about, data });
        }
        for door in touched.iter().filter_map(|id| site.door(*id)) {
            self.view.tell("door", Concerns::door(door.id), page.door_fragment(door));
        }
        // Sums of others than these doors' zones are as they were.
        self.view.tell("summary", Concerns::Doors(touched.into_iter().collect()), page.summary());
    }
}
