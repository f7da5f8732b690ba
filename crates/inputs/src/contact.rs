//! A door's contact held against its bolt: a magnet on the contact shows itself where the two contradict each other.

use core::time::Duration;
use lockward_model::Mono;

/// What happened at a door. States of inputs are told when they have settled; see [`crate::Input`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    /// Somebody was granted the door.
    Granted,
    /// The bolt was told to open, for whatever reason.
    Released,
    /// The bolt was told to lock.
    Locked,
    /// The lock-sense says that the bolt is open (true) or thrown.
    BoltOpen(bool),
    /// The lock-sense is in a fault: it says nothing.
    BoltUnknown,
    /// The door's contact says that the door is open (true) or closed.
    ContactOpen(bool),
    /// The contact is in a fault.
    ContactUnknown,
}

/// What can not both be true.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Contradiction {
    /// `DPS_MISMATCH`: told to lock, the bolt stayed open, and the contact says that the door is closed. Either the door
    /// stands open with a magnet at its contact, or the bolt is stuck.
    Mismatch,
    /// `DPS_SUSPECT_STUCK`: so many grants moved the bolt, and none the contact.
    SuspectStuck,
}

/// A contradiction appeared, or a fact disproved it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which.
    pub what: Contradiction,
    /// True where it appeared.
    pub raised: bool,
}

/// When a contradiction is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContradictionLimits {
    /// How long a bolt may take to be thrown: motors need some seconds.
    pub throw: Duration,
    /// So many grants in a row without an edge of the contact. Zero never suspects.
    pub grants: u32,
}

impl Default for ContradictionLimits {
    /// Three seconds; five grants: people turn back at a door now and then, hardly five in a row.
    fn default() -> Self {
        Self { throw: Duration::from_secs(3), grants: 5 }
    }
}

/// The bolt and the contact of one door, and what of them can not be.
#[derive(Clone, Debug)]
pub struct Contradictions {
    limits: ContradictionLimits,
    /// Since when the bolt has been told to be locked.
    locked_at: Option<Mono>,
    bolt_open: Option<bool>,
    contact_open: Option<bool>,
    /// The contact's last word before a fault: a movement during the fault is one too.
    contact_was: Option<bool>,
    /// A grant that has not ended, and whether the bolt moved in it.
    grant: Option<bool>,
    idle_grants: u32,
    mismatch: bool,
    stuck: bool,
}

impl Contradictions {
    /// Knows nothing yet, and finds nothing.
    #[must_use]
    pub fn new(limits: ContradictionLimits) -> Self {
        Self {
            limits,
            locked_at: None,
            bolt_open: None,
            contact_open: None,
            contact_was: None,
            grant: None,
            idle_grants: 0,
            mismatch: false,
            stuck: false,
        }
    }

    /// Whether a contradiction stands.
    #[must_use]
    pub fn stands(&self, what: Contradiction) -> bool {
        match what {
            Contradiction::Mismatch => self.mismatch,
            Contradiction::SuspectStuck => self.stuck,
        }
    }

    /// Takes a fact. Give every fact, repeated ones too.
    pub fn handle(&mut self, now: Mono, fact: Fact, out: &mut Vec<Finding>) {
        self.tick(now, out);
        match fact {
            Fact::Granted => {
                self.end_grant(out);
                self.grant = Some(false);
            }
            Fact::Released => self.locked_at = None,
            Fact::Locked => {
                self.locked_at = self.locked_at.or(Some(now));
                self.end_grant(out);
            }
            Fact::BoltOpen(open) => {
                let moved = self.bolt_open.replace(open).is_some_and(|was| was != open);
                if let (true, Some(in_grant)) = (moved, self.grant.as_mut()) {
                    *in_grant = true;
                }
            }
            Fact::BoltUnknown => self.bolt_open = None,
            Fact::ContactOpen(open) => {
                self.contact_open = Some(open);
                if self.contact_was.replace(open).is_some_and(|was| was != open) {
                    self.contact_moved(out);
                }
            }
            Fact::ContactUnknown => self.contact_open = None,
        }
        self.disprove(out);
        self.tick(now, out);
    }

    /// Finds what time alone brings to light.
    pub fn tick(&mut self, now: Mono, out: &mut Vec<Finding>) {
        if self.wake_at().is_some_and(|at| at <= now) {
            self.mismatch = true;
            out.push(Finding { what: Contradiction::Mismatch, raised: true });
        }
    }

    /// When [`Contradictions::tick`] has something to do if no fact comes before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Mono> {
        let contradict = self.bolt_open == Some(true) && self.contact_open == Some(false);
        let since = self.locked_at.filter(|_| contradict && !self.mismatch)?;
        Some(since + self.limits.throw)
    }

    /// Only a bolt that is thrown, or a contact that says open, ends a mismatch: not time, not a new release, no fault.
    fn disprove(&mut self, out: &mut Vec<Finding>) {
        if self.mismatch && (self.bolt_open == Some(false) || self.contact_open == Some(true)) {
            self.mismatch = false;
            out.push(Finding { what: Contradiction::Mismatch, raised: false });
        }
    }

    /// A contact that moves is not stuck.
    fn contact_moved(&mut self, out: &mut Vec<Finding>) {
        self.idle_grants = 0;
        self.grant = None;
        if core::mem::take(&mut self.stuck) {
            out.push(Finding { what: Contradiction::SuspectStuck, raised: false });
        }
    }

    /// A grant that moved the bolt and not the contact counts; one that moved neither tells nothing of the contact.
    fn end_grant(&mut self, out: &mut Vec<Finding>) {
        // While the contact is in a fault, its alarm is another one.
        if self.grant.take() != Some(true) || self.contact_open.is_none() {
            return;
        }
        self.idle_grants = self.idle_grants.saturating_add(1);
        if self.limits.grants != 0 && self.idle_grants >= self.limits.grants && !self.stuck {
            self.stuck = true;
            out.push(Finding { what: Contradiction::SuspectStuck, raised: true });
        }
    }
}
