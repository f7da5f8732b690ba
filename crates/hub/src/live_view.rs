//! What is shown now, and whoever is told when it changes: open pages, and controllers that hear of each other.

use crate::alarm_views;
use crate::forgiven::forgiven;
use crate::live::{LinkNow, Live};
use crate::office::Office;
use crate::sight::Sight;
use crate::tidings::Tidings;
use crate::views;
use lockward_model::{ControllerId, DoorId, Time};
use lockward_site::{Readable, Site};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, broadcast};

/// News that wait for a slow console. One that misses some reconnects and is told from where it stopped.
const NEWS_MAX: usize = 1_024;

/// Something for every open console: one event of the stream.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) event: &'static str,
    /// The place in the event log, for a row of the feed.
    pub(crate) id: Option<u64>,
    pub(crate) about: Concerns,
    pub(crate) data: Arc<str>,
}

/// Whom news are for: whoever may read of what they concern.
#[derive(Debug, Clone)]
pub(crate) enum Concerns {
    Everyone,
    /// What lies in no zone.
    Site,
    Controller(ControllerId),
    /// Any of these.
    Doors(Arc<[DoorId]>),
}

impl Concerns {
    pub(crate) fn door(door: DoorId) -> Self {
        Self::Doors(Arc::new([door]))
    }

    /// What happened at this door, or at none.
    pub(crate) fn at(door: Option<DoorId>) -> Self {
        door.map_or(Self::Site, Self::door)
    }

    pub(crate) fn are_for(&self, site: &Site, reads: &Readable) -> bool {
        match self {
            Self::Everyone => true,
            Self::Site | Self::Controller(_) => reads.site(),
            Self::Doors(doors) => doors.iter().any(|door| reads.door(site, *door)),
        }
    }
}

impl News {
    pub(crate) fn new(event: &'static str, about: Concerns, data: String) -> Self {
        Self { event, id: None, about, data: data.into() }
    }
}

/// What is shown now.
pub(crate) struct LiveView {
    live: Mutex<Live>,
    whole: Tidings,
    news: broadcast::Sender<News>,
}

impl LiveView {
    pub(crate) fn new() -> Self {
        Self { live: Mutex::default(), whole: Tidings::default(), news: broadcast::Sender::new(NEWS_MAX) }
    }

    pub(crate) fn now(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lock nothing else while this is locked, and lock [`Self::now`] and the site before it.
    pub(crate) fn whole(&self) -> &Tidings {
        &self.whole
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    pub(crate) fn tell(&self, event: &'static str, about: Concerns, data: String) {
        self.send(News::new(event, about, data));
    }

    pub(crate) fn send(&self, news: News) {
        // Nobody listens: then nobody needs it.
        let _ = self.news.send(news);
    }

    /// Whether any page is open.
    pub(crate) fn is_watched(&self) -> bool {
        self.news.receiver_count() > 0
    }

    fn link(&self, office: &Office, id: ControllerId, change: impl FnOnce(&mut LinkNow)) {
        let mut live = self.now();
        let link = live.controllers.entry(id).or_default();
        change(link);
        link.heard = Some(office.wall());
        if !self.is_watched() {
            return;
        }
        let site = office.site();
        let page = views::Page {
            office,
            site: &site,
            live: &live,
            whole: &self.whole,
            now: office.wall(),
            reader: views::Reader::anyone(),
        };
        if let Some(row) = page.controller(id) {
            self.tell("controller", Concerns::Controller(id), lockward_console::controller_row(&row));
        }
        for door in site.doors().filter(|d| d.controller == id) {
            self.tell("door", Concerns::door(door.id), page.door_fragment(door));
        }
        self.tell("summary", Concerns::Everyone, page.summary());
    }

    pub(crate) fn connected(&self, office: &Office, id: ControllerId, applied: Option<u64>) {
        self.link(office, id, |link| (link.connected, link.applied) = (true, applied));
    }

    pub(crate) fn disconnected(&self, office: &Office, id: ControllerId) {
        self.link(office, id, |link| link.connected = false);
    }

    pub(crate) fn applied(&self, office: &Office, id: ControllerId, size: u64) {
        self.link(office, id, |link| link.applied = Some(size));
    }

    pub(crate) fn heard(&self, id: ControllerId, now: Time) {
        self.now().controllers.entry(id).or_default().heard = Some(now);
    }

    /// Pages that list alarms or people are told that they changed.
    pub(crate) fn changed(&self, office: &Office, presence: bool, alarms: bool) {
        if !self.is_watched() {
            return;
        }
        if alarms {
            let bar = alarm_views::bar(&office.site(), &self.whole, &Sight::everything());
            self.tell("bar", Concerns::Everyone, lockward_console::bar(&bar));
        }
        if presence {
            self.tell("presence", Concerns::Everyone, "changed".to_owned());
        }
    }

    /// A controller's link stands, and it had written `due` events by then. Rings when there is something to tell it.
    pub(crate) fn listens(&self, office: &Office, id: ControllerId, due: u64) -> Arc<Notify> {
        let (ring, changed) = self.whole.connected(&office.site(), id, due, office.wall());
        self.changed(office, changed.presence, false);
        ring
    }

    /// A controller's link is lost.
    pub(crate) fn listens_no_more(&self, office: &Office, id: ControllerId) {
        let changed = self.whole.disconnected(&office.site(), id, office.wall());
        self.changed(office, changed.presence, false);
    }

    /// The configuration changed from what it was at `from`: every card may be another.
    pub(crate) fn reconfigured(&self, office: &Office, from: u64) {
        let acts = forgiven(office.store(), from..office.site().size());
        self.whole.reconfigured(&office.site(), &acts);
        self.changed(office, true, true);
        if !self.is_watched() {
            return;
        }
        let (live, site) = (self.now(), office.site());
        let page = views::Page {
            office,
            site: &site,
            live: &live,
            whole: &self.whole,
            now: office.wall(),
            reader: views::Reader::anyone(),
        };
        for controller in site.controllers().filter(|c| c.key.is_some() && !c.revoked) {
            let Some(row) = page.controller(controller.id) else { continue };
            let about = Concerns::Controller(controller.id);
            self.tell("controller", about, lockward_console::controller_row(&row));
        }
        self.tell("summary", Concerns::Everyone, page.summary());
    }
}
