//! What doors and controllers are doing now, as a fold of the event log. Pure.

use lockward_model::{
    Body, Code, ControllerId, DoorFact, DoorId, Event, ExitAnomaly, InputFault, InputName, Time,
};
use std::collections::{BTreeMap, VecDeque};

/// Events kept ready for pages and for consoles that come back: at some 400 bytes each, 200 KB.
pub(crate) const FEED_MAX: usize = 500;

/// What is known of the leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Contact {
    #[default]
    Unknown,
    Closed,
    Open,
    Held,
    Forced,
}

/// What is known of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ReaderNow {
    #[default]
    Unknown,
    Online,
    Offline,
    Tampered,
    Refused,
}

/// A door, as far as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DoorNow {
    pub(crate) contact: Contact,
    pub(crate) reader: ReaderNow,
    /// Let go for one passage.
    pub(crate) released: bool,
    /// Stands unlocked; `None` until that was told.
    pub(crate) unlocked: Option<bool>,
    /// Wires that can not be believed.
    pub(crate) faults: BTreeMap<InputName, InputFault>,
    pub(crate) mismatch: bool,
    pub(crate) stuck: bool,
    pub(crate) relock_unconfirmed: bool,
    pub(crate) release_unconfirmed: bool,
    pub(crate) exit: Option<ExitAnomaly>,
    pub(crate) airlock_alone: bool,
    pub(crate) held_soon: bool,
    pub(crate) since: Option<Time>,
    /// What brought it there.
    pub(crate) cause: Option<Code>,
}

impl DoorNow {
    /// Takes one event into account. Without a body a request to exit says nothing: it may not have released.
    pub(crate) fn fold(&mut self, code: Code, time: Time, body: Option<&Body>) {
        let place = |d: &Self| (d.contact, d.released, d.unlocked);
        let before = place(self);
        match code {
            Code::AccessGranted => self.released = true,
            Code::ExitRequested => {
                self.released |= matches!(body, Some(Body::ExitRequested { released: true }));
            }
            Code::DoorOpened => self.contact = Contact::Open,
            Code::DoorForced => self.contact = Contact::Forced,
            Code::DoorHeld => self.contact = Contact::Held,
            Code::DoorClosed => (self.contact, self.released) = (Contact::Closed, false),
            Code::NotEntered => self.released = false,
            Code::DoorUnlocked => self.unlocked = Some(true),
            Code::DoorLocked => (self.unlocked, self.released) = (Some(false), false),
            Code::ReaderOnline | Code::ReaderTamperCleared | Code::OsdpPaired => {
                self.reader = ReaderNow::Online;
            }
            Code::ReaderOffline => self.reader = ReaderNow::Offline,
            Code::ReaderTamper => self.reader = ReaderNow::Tampered,
            Code::OsdpInsecureRefused
            | Code::OsdpDowngrade
            | Code::ReaderIdentityChanged
            | Code::OsdpKeyRefused => self.reader = ReaderNow::Refused,
            _ => {}
        }
        if let Some(body) = body {
            self.notice(body);
        }
        if before != place(self) {
            (self.since, self.cause) = (Some(time), Some(code));
        }
    }
}

impl DoorNow {
    /// What the door said about itself, beside what it does.
    fn notice(&mut self, body: &Body) {
        match body {
            Body::Input { input, fault: Some(fault) } => drop(self.faults.insert(*input, *fault)),
            Body::Input { input, fault: None } => drop(self.faults.remove(input)),
            Body::DoorClosed { .. } | Body::DoorHeld { .. } => self.held_soon = false,
            Body::Door(fact) => match fact {
                DoorFact::HeldWarning => self.held_soon = true,
                DoorFact::ContactMismatch(on) => self.mismatch = *on,
                DoorFact::ContactStuck(times) => self.stuck = times.is_some(),
                DoorFact::ExitAnomaly(why) => self.exit = *why,
                DoorFact::RelockUnconfirmed(on) => self.relock_unconfirmed = *on,
                DoorFact::ReleaseUnconfirmed(on) => self.release_unconfirmed = *on,
                DoorFact::AirlockAlone(on) => self.airlock_alone = *on,
                // Whether a zone is locked down stands in the configuration; a lift's ride is over when it is told.
                DoorFact::Lockdown(_) | DoorFact::LiftOverride => {}
            },
            _ => {}
        }
    }
}

/// A controller's link, as far as this hub knows since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LinkNow {
    pub(crate) connected: bool,
    pub(crate) applied: Option<u64>,
    pub(crate) heard: Option<Time>,
}

/// An event with its place in the log.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) index: u64,
    pub(crate) event: Event,
    /// It came long after it happened.
    pub(crate) late: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) doors: BTreeMap<DoorId, DoorNow>,
    pub(crate) controllers: BTreeMap<ControllerId, LinkNow>,
    /// The newest last.
    pub(crate) feed: VecDeque<Told>,
}

impl Live {
    pub(crate) fn door(&mut self, door: DoorId, code: Code, time: Time, body: Option<&Body>) {
        self.doors.entry(door).or_default().fold(code, time, body);
    }

    pub(crate) fn tell(&mut self, told: Told) {
        if self.feed.len() == FEED_MAX {
            self.feed.pop_front();
        }
        self.feed.push_back(told);
    }

    /// Enough for the frame of a page, and how doors stand: who makes a long page of that holds up nobody.
    pub(crate) fn brief(&self) -> Self {
        let feed = self.feed.back().cloned().into_iter().collect();
        Self { feed, doors: self.doors.clone(), ..Self::default() }
    }

    /// The newest event that pages take into account; 0 for none yet.
    pub(crate) fn newest(&self) -> u64 {
        self.feed.back().map_or(0, |told| told.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_model::{LockCause, Opening};

    fn after(bodies: &[Body]) -> DoorNow {
        let mut door = DoorNow::default();
        bodies.iter().for_each(|b| door.fold(b.code(), Time(0), Some(b)));
        door
    }

    #[test]
    fn a_door_that_closes_is_released_no_more() {
        let exit = Body::ExitRequested { released: true };
        assert!(after(std::slice::from_ref(&exit)).released);
        let closed = Body::DoorClosed { open_for: core::time::Duration::ZERO };
        let door = after(&[exit, Body::DoorOpened(Opening::Exit), closed]);
        assert_eq!((door.released, door.contact), (false, Contact::Closed));
    }

    #[test]
    fn a_forced_door_stays_forced_until_it_closes() {
        let door = after(&[Body::DoorOpened(Opening::Forced), Body::Locked(LockCause::Start)]);
        assert_eq!((door.contact, door.cause), (Contact::Forced, Some(Code::DoorLocked)));
    }

    #[test]
    fn an_exit_through_a_free_handle_releases_nothing() {
        assert!(!after(&[Body::ExitRequested { released: false }]).released);
    }

    #[test]
    fn the_feed_keeps_the_newest() {
        let mut live = Live::default();
        for index in 0..FEED_MAX as u64 + 3 {
            let event = Event {
                source: lockward_model::Source::Hub,
                seq: index,
                prev: lockward_model::Digest([0; 32]),
                time: Time(0),
                door: None,
                epoch: lockward_model::Epoch(0),
                body: Body::NotEntered,
            };
            live.tell(Told { index, event, late: false });
        }
        assert_eq!((live.feed.len(), live.feed.front().unwrap().index, live.newest()), (FEED_MAX, 3, 502));
    }
}
