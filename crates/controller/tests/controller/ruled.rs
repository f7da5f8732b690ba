//! A house with rules beyond the access rules: what the tests of these rules share.

use crate::house::{DOORS, OPEN, SHUT, card_at, door, id, rule};
use crate::hub::{FakeHub, open_all};
use crate::rig::{Rig, Seen, leaves};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Feedback;
use lockward_model::*;

/// A controller alone that holds these changes too.
pub(crate) fn ruled(seed: u64, changes: Vec<Change>) -> (Rig, FakeHub) {
    let (mut rig, mut hub) = Rig::stocked_with_hub(seed);
    hub.house.change(changes);
    rig.meet(&mut hub);
    assert_eq!(hub.applied.last(), Some(&hub.house.config()), "{:?}", hub.refused);
    rig.part(&mut hub);
    rig.house = hub.house.clone();
    (rig, hub)
}

/// Ann and Ben enter by card wherever this controller has a door; the vault leads from the house into the hall, by this
/// controller's door alone.
pub(crate) fn hall(rules: ZoneRules) -> Vec<Change> {
    let targets = DOORS[..3].iter().map(|d| Target::Door(id(d))).collect();
    vec![
        Change::PutZone(Zone { id: id("hall"), title: id("Hall"), parent: Some(id("house")), rules }),
        Change::PutDoor(Door { from: Some(id("house")), to: id("hall"), ..door("vault") }),
        Change::PutRule(rule("doors", targets, Factors::CARD)),
    ]
}

pub(crate) fn passback(mode: PassbackMode, alone: Alone) -> ZoneRules {
    ZoneRules { passback: Some(Passback { mode, alone }), ..ZoneRules::default() }
}

impl Rig {
    /// Somebody badges, and passes if they may. Whether they did.
    pub(crate) fn enters(&mut self, door: usize, card: u8) -> bool {
        self.goes(door, Side::Entry, card)
    }

    pub(crate) fn leaves(&mut self, door: usize, card: u8) -> bool {
        self.goes(door, Side::Exit, card)
    }

    fn goes(&mut self, door: usize, side: Side, card: u8) -> bool {
        let seen = self.turn(vec![card_at(door, side, card)]);
        let may = seen.late.contains(&door);
        if may {
            self.turn(vec![Input::Contact(door, OPEN)]);
            self.turn(vec![Input::Contact(door, SHUT)]);
        }
        self.skip(Duration::from_secs(5));
        self.turn(vec![]);
        may
    }

    /// What is on record so far.
    pub(crate) fn so_far(&self) -> Vec<Event> {
        open_all(&self.house, &leaves(&self.disk, self.room))
    }

    pub(crate) fn bodies_so_far(&self) -> Vec<Body> {
        self.so_far().into_iter().map(|e| e.body).collect()
    }

    /// How many records were ever written.
    pub(crate) fn next_record(&self) -> u64 {
        self.so_far().last().map_or(0, |e| e.seq + 1)
    }

    /// Lets time go by in one step, and gives what follows.
    pub(crate) fn settled_after(&mut self, span: Duration) -> Seen {
        self.skip(span);
        self.turn(vec![])
    }

    pub(crate) fn count(&self, code: Code) -> usize {
        self.so_far().iter().filter(|e| e.body.code() == code).count()
    }

    /// Why the last decision refused, if it did.
    pub(crate) fn last_why(&self) -> Option<Deny> {
        let events = self.so_far();
        let last = events.iter().rev().find_map(|e| match &e.body {
            Body::Access(access) => Some(access.clone()),
            _ => None,
        });
        match last.expect("a decision").outcome {
            Outcome::Denied { why, .. } => Some(why),
            Outcome::Granted { .. } => None,
        }
    }

    pub(crate) fn last_access(&self) -> Access {
        let last = self.so_far().into_iter().rev().find_map(|e| match e.body {
            Body::Access(access) => Some(access),
            _ => None,
        });
        last.expect("a decision")
    }
}

pub(crate) fn refused(seen: &Seen, door: usize) -> bool {
    seen.released().is_empty() && seen.shows(door, Feedback::Denied)
}
