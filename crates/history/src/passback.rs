//! Anti-passback: may this person enter this area, who by all that was seen is already in it?
//!
//! It is a question about entering. Who leaves is never refused; that somebody leaves an area that they were not seen to
//! enter is a fact for the record.

use crate::places::{Here, Keeping, around, entered, lies_in};
use crate::presence::Presence;
use core::time::Duration;
use lockward_model::{DoorId, PersonId, Time, ZoneId};

/// What anti-passback says of one person at one door.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassbackFact {
    /// The door leads into and out of no area that is kept.
    NotKept,
    /// Nothing speaks against it: not seen inside, never seen at all, or forgiven.
    Clear,
    /// The gravest of what speaks against it.
    Violation(Violation),
    /// Nobody can say: a controller with a door of this area is out of touch, so that the person may have come or gone
    /// unseen. The area's declared fallback decides.
    Unknown {
        /// Which area.
        area: ZoneId,
    },
}

/// What speaks against an entry, or is odd about a leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// Of which area.
    pub area: ZoneId,
    /// How the area is kept.
    pub keeping: Keeping,
    /// What is wrong.
    pub kind: ViolationKind,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViolationKind {
    /// Enters, was seen to enter before, and was not seen to leave.
    AlreadyInside {
        /// Since when.
        since: Time,
        /// By which door.
        by: Option<DoorId>,
    },
    /// Enters again within the area's span.
    TooSoon {
        /// When it may be entered again.
        until: Time,
    },
    /// Leaves, and by what was seen was somewhere else. Never a reason to refuse.
    NotSeenEntering,
}

impl PassbackFact {
    /// True if the area's own rule refuses the person. An area in doubt refuses nobody by itself: its fallback does.
    #[must_use]
    pub fn refuses(self) -> bool {
        matches!(self, Self::Violation(v) if v.refuses())
    }

    /// The graver of two wins: refused, in doubt, to be recorded, clear, not kept.
    fn gravity(self) -> u8 {
        match self {
            Self::NotKept => 0,
            Self::Clear => 1,
            Self::Violation(v) if v.refuses() => 4,
            Self::Violation(_) => 2,
            Self::Unknown { .. } => 3,
        }
    }
}

impl Violation {
    fn refuses(&self) -> bool {
        match self.kind {
            ViolationKind::AlreadyInside { .. } => self.keeping == Keeping::Hard,
            ViolationKind::TooSoon { .. } => true,
            ViolationKind::NotSeenEntering => false,
        }
    }
}

impl Presence {
    /// May the person go from one zone into another, by what is known of their place? Every area is asked that lies
    /// around the one and not around the other; the first of the gravest answers is given.
    ///
    /// That somebody unknown left on a request to exit excuses nobody here: else a friend who presses the button would
    /// clear everyone. Areas with such exits are better kept softly, or by time.
    pub fn passback(
        &self,
        person: PersonId,
        from: Option<ZoneId>,
        into: Option<ZoneId>,
        here: &Here<'_>,
    ) -> PassbackFact {
        let entering = entered(from, into, here.areas).map(|area| self.may_enter(person, area, here));
        // Leaving one area is entering the other way round.
        let leaving = entered(into, from, here.areas).map(|area| self.may_leave(person, area, here));
        entering.chain(leaving).fold(PassbackFact::NotKept, |gravest, fact| {
            if fact.gravity() > gravest.gravity() { fact } else { gravest }
        })
    }

    fn may_enter(&self, person: PersonId, area: ZoneId, here: &Here<'_>) -> PassbackFact {
        let Some(keeping) = here.areas.keeping(area) else { return PassbackFact::NotKept };
        let violation = match keeping {
            Keeping::Soft | Keeping::Hard if here.touch.degraded(area, here.areas, here.now.mono) => {
                return PassbackFact::Unknown { area };
            }
            Keeping::Soft | Keeping::Hard => self.already_inside(person, area, here),
            Keeping::Timed(span) => self.too_soon(person, area, span, here),
        };
        match violation {
            Some(kind) => PassbackFact::Violation(Violation { area, keeping, kind }),
            // Whether the area was entered meanwhile by a door that cannot be heard, nobody can say.
            None if here.touch.degraded(area, here.areas, here.now.mono) => PassbackFact::Unknown { area },
            None => PassbackFact::Clear,
        }
    }

    fn may_leave(&self, person: PersonId, area: ZoneId, here: &Here<'_>) -> PassbackFact {
        let Some(keeping) = here.areas.keeping(area) else { return PassbackFact::NotKept };
        if here.touch.degraded(area, here.areas, here.now.mono) {
            return PassbackFact::Clear;
        }
        match self.place(person, here.areas) {
            Ok(placed) if !lies_in(placed.zone, area, here.areas) => {
                PassbackFact::Violation(Violation { area, keeping, kind: ViolationKind::NotSeenEntering })
            }
            _ => PassbackFact::Clear,
        }
    }

    fn already_inside(&self, person: PersonId, area: ZoneId, here: &Here<'_>) -> Option<ViolationKind> {
        let placed = self.place(person, here.areas).ok()?;
        let inside = around(placed.zone, here.areas).any(|zone| zone == area);
        inside.then_some(ViolationKind::AlreadyInside { since: placed.since, by: placed.by })
    }

    fn too_soon(
        &self,
        person: PersonId,
        area: ZoneId,
        span: Duration,
        here: &Here<'_>,
    ) -> Option<ViolationKind> {
        let until = self.last_entry(person, area, here.areas)? + span;
        (here.now.wall < until).then_some(ViolationKind::TooSoon { until })
    }
}
