//! Why a door is open to everybody: causes that come and go each for itself, and what is left of the last one while
//! the leaf stands open.

use crate::Cause;
use lockward_model::{LockCause, Mono};

/// Some causes, fire among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Causes {
    pub(crate) fire: bool,
    order: bool,
    office: bool,
    first_person: bool,
    schedule: bool,
}

impl Causes {
    fn listed(self) -> [(bool, LockCause); 5] {
        [
            (self.fire, LockCause::Fire),
            (self.order, LockCause::Order),
            (self.office, LockCause::Office),
            (self.first_person, LockCause::FirstPerson),
            (self.schedule, LockCause::Schedule),
        ]
    }

    /// Those that hold, the one that the door is named after first.
    pub(crate) fn iter(self) -> impl Iterator<Item = LockCause> {
        self.listed().into_iter().filter(|(holds, _)| *holds).map(|(_, cause)| cause)
    }

    pub(crate) fn first(self) -> Option<LockCause> {
        self.iter().next()
    }

    pub(crate) fn any(self) -> bool {
        self.first().is_some()
    }
}

/// What is told, and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct Freedom {
    schedule: bool,
    first_person: bool,
    order: Option<Mono>,
    office: Option<Mono>,
    pub(crate) fire: bool,
    /// What held when it was last looked at.
    pub(crate) settled: Causes,
    /// The last cause is over, but the leaf is open: a bolt is not thrown into the air.
    pub(crate) until_closed: Option<LockCause>,
}

impl Freedom {
    /// What holds now. Fire frees only a lock that holds people in.
    pub(crate) fn causes(&self, holds_people_in: bool) -> Causes {
        Causes {
            fire: self.fire && holds_people_in,
            order: self.order.is_some(),
            office: self.office.is_some(),
            first_person: self.first_person,
            schedule: self.schedule,
        }
    }

    /// Whether it is told to be free for this cause.
    pub(crate) fn by(&self, cause: Cause) -> bool {
        match cause {
            Cause::Schedule => self.schedule,
            Cause::FirstPerson => self.first_person,
            Cause::Order => self.order.is_some(),
            Cause::Office => self.office.is_some(),
        }
    }

    /// A cause begins or ends. `office_until` is when a gesture's freedom ends. An order's begins by [`Self::hold`] alone.
    pub(crate) fn tell(&mut self, cause: Cause, on: bool, office_until: Option<Mono>) {
        match cause {
            Cause::Schedule => self.schedule = on,
            Cause::FirstPerson => self.first_person = on,
            Cause::Order if on => {}
            Cause::Order => self.order = None,
            Cause::Office => self.office = office_until.filter(|_| on),
        }
    }

    /// An order begins, or is given anew: it ends then.
    pub(crate) fn hold(&mut self, until: Mono) {
        self.order = Some(until);
    }

    /// Ends every cause but fire.
    pub(crate) fn end(&mut self) {
        (self.schedule, self.first_person, self.order, self.office) = (false, false, None, None);
    }

    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.office.into_iter().chain(self.order).min()
    }

    pub(crate) fn elapse(&mut self, now: Mono) {
        self.office.take_if(|until| *until <= now);
        self.order.take_if(|until| *until <= now);
    }
}
