//! Our own records since the last summary, read back at a start.

use crate::history::History;
use crate::known::Known;
use lockward_history::PresenceFact;
use lockward_model::{Body, Event, Forgiven, Outcome, Time};
use lockward_site::Site;
use lockward_wire::event::Leaf;
use tracing::warn;

/// What was forgiven, by the size of the configuration that says so.
pub(crate) type Forgiving = Vec<(u64, Forgiven)>;

/// A history on its way to the present.
pub(crate) struct Replay<'a> {
    pub(crate) history: &'a mut History,
    pub(crate) site: Option<&'a Site>,
    pub(crate) known: &'a Known,
    pub(crate) forgiving: Forgiving,
    /// Records that no key here opens.
    pub(crate) unread: u64,
}

impl Replay<'_> {
    /// Takes up one record.
    pub(crate) fn take(&mut self, leaf: &[u8]) {
        let key = self.known.sealing().map(|sealing| sealing.key);
        let event = match (Leaf::parse(leaf), key) {
            (Ok(Leaf::Event(sealed)), Some(key)) => sealed.open(&key).ok(),
            _ => None,
        };
        match event {
            Some(event) => self.event(&event),
            // Of an epoch before the last: a summary was due when its key went.
            None => self.unread += 1,
        }
    }

    fn event(&mut self, event: &Event) {
        self.history.learn(self.site, event.time, event.door, &event.body);
        match (&event.body, event.door) {
            (Body::Started { .. }, _) => self.history.started(),
            (Body::ConfigApplied(config), _) => self.forgive(config.size, event.time),
            (Body::ExitRequested { .. }, Some(door)) => {
                self.history.exits.restore([(door, event.time)], []);
            }
            _ => {}
        }
        let Some((site, door)) = self.site.zip(event.door) else { return };
        if let Body::Access(access) = &event.body
            && matches!(access.outcome, Outcome::Granted { .. })
        {
            self.history.awaits(site, door, 0, event.time, access);
        }
        if let Some(door) = site.door(door) {
            self.history.hear(site, door, &event.body);
        }
    }

    fn forgive(&mut self, size: u64, at: Time) {
        for (_, whom) in self.forgiving.extract_if(.., |(of, _)| *of <= size) {
            let _ = self.history.presence.take(forgiven(whom, at));
        }
    }

    /// All is read. What was forgiven without a record of it is forgiven now; whoever was let in before the start and
    /// was not seen to pass is not let in any more.
    pub(crate) fn end(mut self, now: Time) {
        self.forgive(u64::MAX, now);
        self.history.started();
        self.history.take_up_exits();
        if self.unread > 0 {
            warn!(records = self.unread, "records of an earlier key are not known any more to decisions");
        }
    }
}

/// As the history says it.
pub(crate) fn forgiven(whom: Forgiven, at: Time) -> PresenceFact {
    match whom {
        Forgiven::Person(person) => PresenceFact::Forgiven { person, at },
        Forgiven::Zone(area) => PresenceFact::AreaForgiven { area, at },
    }
}
