//! What is shown now, and whoever is told when it changes: open pages, and controllers that hear of each other.

use crate::alarm_views;
use crate::forgiven::forgiven;
use crate::live::{LinkNow, Live};
use crate::office::Office;
use crate::tidings::Tidings;
use crate::views;
use lockward_model::{ControllerId, Time};
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
    pub(crate) data: Arc<str>,
}

impl News {
    pub(crate) fn new(event: &'static str, data: String) -> Self {
        Self { event, id: None, data: data.into() }
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

    pub(crate) fn tell(&self, event: &'static str, data: String) {
        self.send(News::new(event, data));
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
            reader: views::Reader::anyone(lockward_console::Sees::ALL),
        };
        if let Some(row) = page.controller(id) {
            self.tell("controller", lockward_console::controller_row(&row));
        }
        for door in site.doors().filter(|d| d.controller == id) {
            self.tell("door", page.door_fragment(door));
        }
        self.tell("summary", page.summary());
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
            let bar = alarm_views::bar(&office.site(), &self.whole);
            self.tell("bar", lockward_console::bar(&bar));
        }
        if presence {
            self.tell("presence", "changed".to_owned());
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
            reader: views::Reader::anyone(lockward_console::Sees::ALL),
        };
        for row in page.fleet().controllers {
            self.tell("controller", lockward_console::controller_row(&row));
        }
        self.tell("summary", page.summary());
    }
}
