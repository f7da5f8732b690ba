//! An airlock: doors of which at most one lets somebody in at a time. Pure: stands go in, what each door is told comes
//! out.
//!
//! A door is told [`Input::Airlock`](crate::Input::Airlock) for as long as another is in use, and lets nobody in
//! meanwhile: so two of them are never both released for somebody entering. Leaving asks nobody: it takes the airlock,
//! whatever release runs for somebody entering by another door is withdrawn, and an order's hold of it ends. No schedule
//! and no gesture sets a door of an airlock free.
//!
//! Doors of other controllers come in as [`Told`]. Whoever lets somebody in by a [shared](Airlock::is_shared) airlock asks
//! the one arbiter of all controllers first; two that did not ask both withdraw as soon as they hear of each other.
//! [`Alone`] says what holds while one can not be heard.
//!
//! Changes are carried out in their order, before the next input of any door of the airlock.

use core::mem;
use core::time::Duration;
use lockward_model::{Alone, DoorId, Mono};

/// How long a door is kept for somebody whose decision is on its way to the disk: as long as a reader waits for it.
pub const RESERVED_FOR: Duration = crate::ANSWER_WAIT;
/// How long another controller's word holds. It says so at every change, and every third of this.
pub const TOLD_FOR: Duration = Duration::from_secs(6);

/// How a door of an airlock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stand {
    /// Shut, and locked.
    Shut,
    /// Released by a grant, for somebody entering.
    Entering,
    /// Released, or shunted, for somebody leaving: by a request to exit, or by a grant at the inner reader.
    Leaving,
    /// The leaf is open, or the door is open to everybody.
    Open,
    /// Its contact can not be believed, or has said nothing yet.
    Unseen,
}

/// Another controller's word about its door of the airlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Which door.
    pub door: DoorId,
    /// Whether it is in use, or kept for somebody.
    pub busy: bool,
    /// When that was heard.
    pub at: Mono,
}

/// What follows for a door of this controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AirlockChange {
    /// Give it [`Input::Airlock`](crate::Input::Airlock) before anything else.
    Tell {
        /// Which door.
        door: DoorId,
        /// Whether another is in use.
        busy: bool,
    },
    /// Tell the other controllers of the airlock.
    Report {
        /// Which door.
        door: DoorId,
        /// Whether it is in use.
        busy: bool,
    },
    /// Record [`DoorFact::AirlockAlone`](lockward_model::DoorFact::AirlockAlone).
    Alone {
        /// At which door.
        door: DoorId,
        /// Whether it can not see all the others; or can again.
        alone: bool,
    },
}

struct Own {
    door: DoorId,
    alone: Alone,
    stand: Stand,
    reserved: Option<Mono>,
    /// What it was told, what was reported of it, and what was recorded.
    busy_elsewhere: bool,
    reported: bool,
    recorded: bool,
}

impl Own {
    fn busy(&self) -> bool {
        self.stand != Stand::Shut || self.reserved.is_some()
    }
}

struct Far {
    door: DoorId,
    heard: Option<(bool, Mono)>,
}

/// The doors of one airlock, as one controller sees them.
pub struct Airlock {
    own: Vec<Own>,
    far: Vec<Far>,
}

impl Airlock {
    /// Its own doors, with what each is declared to do alone, and those of other controllers. Nothing is known of any
    /// until it is told; own doors are to be told how they [stand](Self::stands) at once.
    #[must_use]
    pub fn new(own: &[(DoorId, Alone)], far: &[DoorId]) -> Self {
        let own = own.iter().map(|&(door, alone)| Own {
            door,
            alone,
            stand: Stand::Unseen,
            reserved: None,
            busy_elsewhere: false,
            reported: false,
            recorded: false,
        });
        let far = far.iter().map(|&door| Far { door, heard: None });
        Self { own: own.collect(), far: far.collect() }
    }

    /// Whether somebody may be let in by this door, as far as the airlock goes. Asked before a decision, for
    /// [`Known::airlock_busy`](lockward_model::Known). Leaving does not ask.
    #[must_use]
    pub fn is_busy_for(&self, door: DoorId, now: Mono) -> bool {
        let Some(own) = self.own.iter().find(|o| o.door == door) else { return false };
        if self.is_blind(now) {
            match own.alone {
                Alone::Own => {}
                Alone::Open => return false,
                Alone::Refuse => return true,
            }
        }
        let mut others = self.own.iter().filter(|o| o.door != door);
        others.any(|o| o.busy()) || self.far.iter().any(|f| f.word(now) == Some(true))
    }

    /// A decision let somebody in: the door is kept until it stands otherwise, or [`RESERVED_FOR`] is over. False, and
    /// nothing is kept, if another was quicker.
    #[must_use]
    pub fn reserve(&mut self, door: DoorId, now: Mono, out: &mut Vec<AirlockChange>) -> bool {
        if self.is_busy_for(door, now) {
            return false;
        }
        if let Some(own) = self.own.iter_mut().find(|o| o.door == door) {
            own.reserved = Some(now + RESERVED_FOR);
        }
        self.settle(now, out);
        true
    }

    /// A decision that came to nothing ([`Action::Spent`](crate::Action::Spent), not entered): the door is no longer
    /// kept.
    pub fn give_back(&mut self, door: DoorId, now: Mono, out: &mut Vec<AirlockChange>) {
        if let Some(own) = self.own.iter_mut().find(|o| o.door == door) {
            own.reserved = None;
        }
        self.settle(now, out);
    }

    /// How a door of this controller stands, after every input that it was given.
    pub fn stands(&mut self, door: DoorId, stand: Stand, now: Mono, out: &mut Vec<AirlockChange>) {
        if let Some(own) = self.own.iter_mut().find(|o| o.door == door) {
            own.stand = stand;
            if stand != Stand::Shut {
                own.reserved = None;
            }
        }
        self.settle(now, out);
    }

    /// Another controller's word.
    pub fn told(&mut self, told: Told, now: Mono, out: &mut Vec<AirlockChange>) {
        if let Some(far) = self.far.iter_mut().find(|f| f.door == told.door) {
            far.heard = Some((told.busy, told.at));
        }
        self.settle(now, out);
    }

    /// Whether somebody must arbitrate who lets somebody in by a door: another controller has a door of the airlock, and
    /// can be heard. While one can not, what is declared for that holds.
    #[must_use]
    pub fn is_shared(&self, now: Mono) -> bool {
        !self.far.is_empty() && !self.is_blind(now)
    }

    /// Whether a door of this controller is in use, or kept for somebody.
    #[must_use]
    pub fn in_use(&self, door: DoorId) -> bool {
        self.own.iter().any(|o| o.door == door && o.busy())
    }

    /// Doors of other controllers can not be heard any more: what they last said counts no longer.
    pub fn lose(&mut self, of: impl Fn(DoorId) -> bool, now: Mono, out: &mut Vec<AirlockChange>) {
        self.far.iter_mut().filter(|f| of(f.door)).for_each(|f| f.heard = None);
        self.settle(now, out);
    }

    /// What time alone brings about.
    pub fn elapse(&mut self, now: Mono, out: &mut Vec<AirlockChange>) {
        for own in &mut self.own {
            own.reserved.take_if(|until| *until <= now);
        }
        self.settle(now, out);
    }

    /// When [`Self::elapse`] is due.
    #[must_use]
    pub fn wake_at(&self) -> Option<Mono> {
        let reserved = self.own.iter().filter_map(|o| o.reserved);
        // A word that is past has been noticed, once every door is told so.
        let heard = self.far.iter().filter_map(|f| f.heard.map(|(_, at)| at + TOLD_FOR));
        reserved.chain(heard).min()
    }

    /// True if a door of another controller can not be heard.
    fn is_blind(&self, now: Mono) -> bool {
        self.far.iter().any(|f| f.word(now).is_none())
    }

    fn settle(&mut self, now: Mono, out: &mut Vec<AirlockChange>) {
        for far in &mut self.far {
            far.heard.take_if(|(_, at)| *at + TOLD_FOR <= now);
        }
        let alone = self.is_blind(now);
        let busy: Vec<bool> = self.own.iter().map(|o| self.is_busy_for(o.door, now)).collect();
        for (own, busy) in self.own.iter_mut().zip(busy) {
            let door = own.door;
            if mem::replace(&mut own.busy_elsewhere, busy) != busy {
                out.push(AirlockChange::Tell { door, busy });
            }
            let used = own.busy();
            if mem::replace(&mut own.reported, used) != used && !self.far.is_empty() {
                out.push(AirlockChange::Report { door, busy: used });
            }
            if mem::replace(&mut own.recorded, alone) != alone {
                out.push(AirlockChange::Alone { door, alone });
            }
        }
    }
}

impl Far {
    /// What is known of it, if that is fresh.
    fn word(&self, now: Mono) -> Option<bool> {
        self.heard.filter(|(_, at)| now < *at + TOLD_FOR).map(|(busy, _)| busy)
    }
}
