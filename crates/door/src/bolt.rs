//! The lock's own sensor, held against the command and the contact: what can not all be true is said.

use crate::{Bolt, Contact, Wire};
use core::time::Duration;
use lockward_model::{Body, DoorFact, Mono};

/// How long a bolt may take to come back once it is commanded to and the leaf is shut: a door closer's last degrees,
/// and a mat that is kicked away.
pub const RELOCK_WITHIN: Duration = Duration::from_secs(30);
/// How long a bolt may take to go back once it is commanded to: the slowest motor. Shorter than a release.
pub const RELEASE_WITHIN: Duration = Duration::from_secs(2);
/// How long a bolt may stand back by itself while the contact says closed: a handle is pressed before its door opens,
/// and somebody stands there talking.
pub const MISMATCH_AFTER: Duration = Duration::from_secs(10);
/// So many releases in a row without the leaf moving: one person changes his mind, five do not.
pub const STUCK_RELEASES: u16 = 5;

/// What the sensor says, and what was made of it.
#[derive(Debug)]
pub(crate) struct BoltSense {
    pub(crate) wire: Option<Wire<Bolt>>,
    /// What it said last that could be believed.
    last: Option<Bolt>,
    /// It came home since it was last commanded out.
    home: bool,
    /// Since when it stands out although it is commanded home and the leaf is shut.
    astray: Option<Mono>,
    unconfirmed: bool,
    mismatch: bool,
    /// Since when it stands home although it is commanded out and the leaf is not open; and whether that was told.
    jammed: Option<Mono>,
    unreleased: bool,
    contact: Option<Contact>,
    /// The leaf has moved since the bolt last went out.
    leaf_moved: bool,
    /// Releases in a row in which it did not.
    unmoved: u16,
}

impl BoltSense {
    pub(crate) fn new() -> Self {
        Self {
            wire: None,
            last: None,
            home: false,
            astray: None,
            unconfirmed: false,
            mismatch: false,
            jammed: None,
            unreleased: false,
            contact: None,
            leaf_moved: false,
            unmoved: 0,
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Mono> {
        let said = if self.home { self.mismatch } else { self.unconfirmed };
        let astray = self.astray.filter(|_| !said).map(|since| since + self.patience());
        // Never both: it is commanded one way.
        astray.or_else(|| self.jammed.filter(|_| !self.unreleased).map(|since| since + RELEASE_WITHIN))
    }

    fn patience(&self) -> Duration {
        if self.home { MISMATCH_AFTER } else { RELOCK_WITHIN }
    }

    /// What time alone brings about.
    pub(crate) fn elapse(&mut self, now: Mono, mut record: impl FnMut(DoorFact)) {
        if self.wake_at().is_none_or(|due| due > now) {
            return;
        }
        if self.jammed.is_some() {
            self.unreleased = true;
            record(DoorFact::ReleaseUnconfirmed(true));
        } else if self.home {
            self.mismatch = true;
            record(DoorFact::ContactMismatch(true));
        } else {
            self.unconfirmed = true;
            record(DoorFact::RelockUnconfirmed(true));
        }
    }

    /// Holds the three against each other, once all that this input changed is known. `contact` is what it says if it
    /// can be believed; `shut` is true for a door that has none.
    pub(crate) fn compare(
        &mut self,
        now: Mono,
        command: Bolt,
        contact: Option<Contact>,
        shut: bool,
        mut record: impl FnMut(DoorFact),
    ) {
        let said = self.wire.and_then(Wire::said);
        self.follow_leaf(contact, &mut record);
        self.follow_bolt(said, contact, &mut record);
        if command == Bolt::Released {
            self.home = false;
        } else if said == Some(Bolt::Locked) {
            self.home = true;
        }
        if said == Some(Bolt::Locked) && core::mem::take(&mut self.unconfirmed) {
            record(DoorFact::RelockUnconfirmed(false));
        }
        let agree = said == Some(Bolt::Locked) || contact == Some(Contact::Open);
        if agree && core::mem::take(&mut self.mismatch) {
            record(DoorFact::ContactMismatch(false));
        }
        // An open leaf keeps nobody in.
        let free = said == Some(Bolt::Released) || contact == Some(Contact::Open);
        if free && core::mem::take(&mut self.unreleased) {
            record(DoorFact::ReleaseUnconfirmed(false));
        }
        let jammed = command == Bolt::Released && said == Some(Bolt::Locked) && !free;
        self.jammed = jammed.then(|| self.jammed.unwrap_or(now));
        // A bolt that moved by itself contradicts only a contact; one that never came back needs none.
        let shut = contact == Some(Contact::Closed) || (shut && !self.home);
        let astray = command == Bolt::Locked && said == Some(Bolt::Released) && shut;
        self.astray = astray.then(|| self.astray.unwrap_or(now));
    }

    fn follow_leaf(&mut self, contact: Option<Contact>, record: &mut impl FnMut(DoorFact)) {
        let Some(contact) = contact else { return };
        if self.contact.replace(contact).is_none_or(|was| was == contact) {
            return;
        }
        self.leaf_moved = true;
        if core::mem::take(&mut self.unmoved) >= STUCK_RELEASES {
            record(DoorFact::ContactStuck(None));
        }
    }

    fn follow_bolt(
        &mut self,
        said: Option<Bolt>,
        contact: Option<Contact>,
        record: &mut impl FnMut(DoorFact),
    ) {
        let Some(said) = said else { return };
        match (self.last.replace(said), said) {
            (Some(Bolt::Locked), Bolt::Released) => self.leaf_moved = false,
            (Some(Bolt::Released), Bolt::Locked) if !self.leaf_moved && contact == Some(Contact::Closed) => {
                self.unmoved = self.unmoved.saturating_add(1);
                if self.unmoved == STUCK_RELEASES {
                    record(DoorFact::ContactStuck(Some(STUCK_RELEASES)));
                }
            }
            _ => {}
        }
    }
}

/// For every change between what can and what can not be believed.
pub(crate) fn fault_record<T: Copy>(
    input: lockward_model::InputName,
    was: Option<Wire<T>>,
    wire: Wire<T>,
) -> Option<Body> {
    let fault = wire.fault();
    (was.and_then(Wire::fault) != fault).then_some(Body::Input { input, fault })
}
