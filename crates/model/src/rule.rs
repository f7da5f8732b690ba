//! Access rules that a form can edit, and policies that a person writes.

use crate::{DoorId, Factors, GroupId, PolicyId, RuleId, ScheduleId, Text, ZoneId};

/// What a rule opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Every door that leads into the zone or into what lies within it.
    Zone(ZoneId),
    /// One door.
    Door(DoorId),
}

/// Who may enter where, when, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What people call it.
    pub title: Text,
    /// Any of these groups.
    pub groups: Vec<GroupId>,
    /// Any of these places.
    pub targets: Vec<Target>,
    /// Only while this schedule is open; `None` is always.
    pub schedule: Option<ScheduleId>,
    /// All of these must be in.
    pub factors: Factors,
    /// Two different people must stand at the door, each with a right of their own.
    pub two_people: bool,
}

/// A Cedar policy as written. Whether it parses is the policy room's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyText {
    /// Its id.
    pub id: PolicyId,
    /// One Cedar policy.
    pub text: Box<str>,
}
