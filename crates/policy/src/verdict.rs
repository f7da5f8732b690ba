//! The question and the answer, in words that hold no Cedar.

use core::time::Duration;
use lockward_model::{
    DoorId, DoorKind, Factors, GroupId, OperatorId, PersonId, RoleId, ScheduleId, ServiceId, ZoneId,
};

/// Where someone wants in.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Which door.
    pub door: DoorId,
    /// What it is.
    pub kind: DoorKind,
    /// The zone that it leads to, then every zone around that, innermost first.
    pub zones: &'a [ZoneId],
}

/// Who wants in.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Which person.
    pub person: PersonId,
    /// What the person belongs to.
    pub groups: &'a [GroupId],
}

/// What holds at the moment.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The schedules that are open.
    pub open: &'a [ScheduleId],
    /// Every schedule of the site.
    pub all: &'a [ScheduleId],
    /// What is in.
    pub factors: Factors,
    /// How old the controller's word from the hub is. Policies see whole seconds, rounded down.
    pub config_age: Duration,
}

/// Who signed a change.
#[derive(Debug, Clone, Copy)]
pub enum Signer<'a> {
    /// A person who may change the site.
    Operator {
        /// Which.
        id: OperatorId,
        /// What it may be.
        roles: &'a [RoleId],
    },
    /// An integration, or the hub.
    Service(ServiceId),
}

/// What the policies say. `because` holds the names of the rules and policies that decided (`rule/ID`, `policy/ID`),
/// each once, sorted.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something permits, and nothing forbids.
    Permit {
        /// What permits.
        because: Vec<Box<str>>,
    },
    /// Something forbids, whatever permits.
    Forbid {
        /// What forbids.
        because: Vec<Box<str>>,
    },
    /// Nothing permits.
    Nothing {
        /// What would have to be different.
        would: Option<Would>,
    },
    /// A policy whose scope matches could not be evaluated, and nothing forbids. Nothing fails open: not even what
    /// another policy permits.
    Error,
}

/// What would have to be different for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Would {
    /// With these in, now, it would be permitted: the fewest that do, with those that are in already.
    WithFactors(Factors),
    /// A policy permits it when other schedules are open (with every factor in, and if nothing forbids it then).
    AtAnotherTime,
}
