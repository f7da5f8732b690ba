//! Who was let through a door and has not passed it yet; and, by a door's records alone, who has: one rule for all who
//! read them.

use crate::airlocks::longest_release;
use core::time::Duration;
use lockward_model::{
    Body, Door, DoorId, DoorKind, InputName, Opening, Outcome, PersonId, Side, Time, ZoneId,
};
use std::collections::BTreeSet;

/// Most people on their way through the doors of one controller: 64 doors, with two on each of the sixteen grants that
/// a door has out at a time. Beyond it the oldest is taken not to have passed.
pub const PASSAGES_MAX: usize = 64 * 16 * 2;

/// How long after a release a door's word is waited for: its record was on its way to the disk first.
const WORD_WITHIN: Duration = Duration::from_secs(30);

/// Somebody who was let through and has not been seen to pass yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// By which door.
    pub door: DoorId,
    /// From which side.
    pub side: Side,
    /// Of the door, while its controller runs; 0 for what was read back.
    pub question: u32,
    /// Who.
    pub who: PersonId,
    /// When it was decided.
    pub at: Time,
}

impl Passage {
    /// Out of which zone, and into which.
    #[must_use]
    pub fn way(&self, door: &Door) -> (Option<ZoneId>, Option<ZoneId>) {
        match self.side {
            Side::Entry => (door.from, Some(door.to)),
            Side::Exit => (Some(door.to), door.from),
        }
    }
}

/// Those of one controller.
#[derive(Debug, Clone, Default)]
pub struct Passages {
    waiting: Vec<Passage>,
    /// Doors whose leaf stands open, and doors that are open to everybody: whoever is let through there is through.
    open: BTreeSet<DoorId>,
    free: BTreeSet<DoorId>,
    /// Doors where nothing tells that somebody went through: whoever is let through is taken to go.
    mute: BTreeSet<DoorId>,
}

impl Passages {
    /// With the doors of which it is known that nothing there tells who goes through.
    #[must_use]
    pub fn at_mute_doors(mute: BTreeSet<DoorId>) -> Self {
        Self { mute, ..Self::default() }
    }

    /// Somebody was let through. Where a record says so, before it is [heard](Self::hear).
    pub fn awaits(&mut self, passage: Passage) {
        if self.waiting.len() >= PASSAGES_MAX {
            self.waiting.remove(0);
        }
        self.waiting.push(passage);
    }

    /// Everybody who is on their way.
    pub fn iter(&self) -> impl Iterator<Item = &Passage> {
        self.waiting.iter()
    }

    /// The door has said what became of a question's grant: those whose it was wait no longer.
    pub fn spent(&mut self, door: DoorId, question: u32) -> Vec<Passage> {
        self.waiting.extract_if(.., |p| p.door == door && p.question == question).collect()
    }

    /// What a door's next record says: those who have passed by it.
    pub fn hear(&mut self, door: &Door, body: &Body) -> Vec<Passage> {
        let id = door.id;
        match body {
            Body::Access(access) if matches!(access.outcome, Outcome::Granted { .. }) => {
                let stands = [&self.open, &self.free, &self.mute].iter().any(|doors| doors.contains(&id));
                return if stands { self.all_at(id) } else { Vec::new() };
            }
            Body::DoorOpened(opening) => {
                self.mute.remove(&id);
                // A lift's floor has no leaf: it is called, and nothing says that that is over.
                if door.kind != DoorKind::Floor {
                    self.open.insert(id);
                }
                if !matches!(opening, Opening::Forced | Opening::Before) {
                    return self.all_at(id);
                }
            }
            Body::Unlocked(_) => {
                self.free.insert(id);
                return self.all_at(id);
            }
            Body::NotEntered => drop(self.all_at(id)),
            Body::DoorClosed { .. } => {
                self.mute.remove(&id);
                self.open.remove(&id);
            }
            Body::Locked(_) => drop(self.free.remove(&id)),
            Body::Input { input: InputName::Contact, fault: None } => drop(self.mute.remove(&id)),
            _ => {}
        }
        Vec::new()
    }

    /// Those who have passed because the time of their release is over, by a later record of the controller, and the
    /// door has not said that nobody went: nothing tells there.
    pub fn unsaid<'a>(&mut self, now: Time, door: impl Fn(DoorId) -> Option<&'a Door>) -> Vec<Passage> {
        // A release lasts as long as the newest of its grants.
        let runs = |p: &&Passage| door(p.door).is_some_and(|d| now < p.at + longest_release(d) + WORD_WITHIN);
        let running: BTreeSet<DoorId> = self.waiting.iter().filter(runs).map(|p| p.door).collect();
        let over: Vec<Passage> = self.waiting.extract_if(.., |p| !running.contains(&p.door)).collect();
        self.mute.extend(over.iter().map(|p| p.door));
        over
    }

    /// The controller has started: whoever was let through before and was not seen to pass is not let through any more,
    /// and each door says anew how it stands.
    pub fn started(&mut self) {
        self.nobody_passes();
        self.open.clear();
        self.free.clear();
    }

    /// Nobody who was let through is any more.
    pub fn nobody_passes(&mut self) {
        self.waiting.clear();
    }

    /// Lets go of doors that are gone.
    pub fn retain(&mut self, keep: impl Fn(DoorId) -> bool) {
        self.waiting.retain(|p| keep(p.door));
        for doors in [&mut self.open, &mut self.free, &mut self.mute] {
            doors.retain(|door| keep(*door));
        }
    }

    fn all_at(&mut self, door: DoorId) -> Vec<Passage> {
        self.waiting.extract_if(.., |p| p.door == door).collect()
    }
}
