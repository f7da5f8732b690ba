//! The site as a state machine: a fold of the config log, and the judge of who may write its next entry.
//!
//! Hub, controller and auditor run this same code, each over its own copy of the log. Nothing here reads a clock, a
//! file or a die: entries and questions come in, answers go out, and the same log always gives the same site.

mod again;
mod apply;
mod asking;
mod authority;
mod credentials;
mod decide;
mod doors;
mod new_entry;
mod order;
mod own_keys;
mod pass;
mod people;
mod persons;
mod phone;
mod question;
mod reading;
mod record;
mod recovery;
mod refusal;
mod rehearsal;
mod seat;
mod statements;
mod table;
mod undo;
mod view;
mod watch;
mod what_can;
mod zones;

pub use again::{Divergence, redecide};
pub use apply::{CLOCKS_DIFFER, Keep};
pub use authority::Wants;
pub use decide::undecided;
pub use order::{OrderQuestion, read_order, reorder};
pub use question::{Answer, Question, Terms};
pub use reading::{Asker, Readable};
pub use refusal::Refusal;
pub use rehearsal::Rehearsal;
pub use view::Entrant;
pub use watch::{Free, LockdownOf};
pub use what_can::{Reach, When};

use core::time::Duration;
use lockward_model::{
    Controller, ControllerId, Door, DoorId, Forgiven, Founding, Group, GroupId, Operator, OperatorId, Rule,
    RuleId, Schedule, ScheduleId, Service, ServiceId, SiteId, Statement, StatementId, ThreatLevel, Time,
    Zone, ZoneId,
};
use lockward_policy::Policies;
use people::People;
pub use recovery::{RECOVERY_LIFE, RECOVERY_WAIT, Recovery};
use std::collections::BTreeMap;

/// A site at one size of its config log.
///
/// INVARIANT: every reference resolves: a zone's approvers, a door's zones and schedule, a rule's groups, targets and
/// schedule, a person's groups and host, a credential's person, what is locked down. [`Site::apply`] refuses what would break
/// that, and then changes nothing. Statements alone may outlive what they name ([`Site::lacks`]).
#[derive(Clone)]
pub struct Site {
    id: SiteId,
    founding: Founding,
    size: u64,
    keep: Keep,
    zones: BTreeMap<ZoneId, Zone>,
    doors: BTreeMap<DoorId, Placed>,
    schedules: BTreeMap<ScheduleId, Schedule>,
    groups: BTreeMap<GroupId, Group>,
    rules: BTreeMap<RuleId, Rule>,
    policy_texts: BTreeMap<lockward_model::PolicyId, lockward_model::PolicyText>,
    controllers: BTreeMap<ControllerId, Controller>,
    operators: BTreeMap<OperatorId, Operator>,
    services: BTreeMap<ServiceId, Service>,
    /// Judged by people's solvers, never by a fold.
    statements: BTreeMap<StatementId, Statement>,
    /// When the newest entry was drafted, by the clocks of those who drafted.
    newest: Time,
    /// Announced with the recovery key, and waiting.
    recovery: Option<Recovery>,
    /// Made with the recovery key, last.
    recovered: Option<OperatorId>,
    people: People,
    policies: Policies,
    all_schedules: Vec<ScheduleId>,
    /// With the time at which each was signed.
    lockdowns: BTreeMap<ZoneId, Time>,
    /// Levels above every day's.
    threats: BTreeMap<ZoneId, ThreatLevel>,
    /// By the last entry; kept no longer.
    forgiven: Vec<Forgiven>,
}

/// A door, and what follows from where it is.
#[derive(Clone)]
struct Placed {
    door: Door,
    /// The zone that it leads to and every zone around that, innermost first.
    zones: Vec<ZoneId>,
    /// How many of them one is not in before: the innermost.
    entered: usize,
    /// The strictest of them: how old the hub's word may be.
    fresh_within: Option<Duration>,
}

impl Placed {
    /// The zones that one enters by it.
    fn entered(&self) -> &[ZoneId] {
        self.zones.get(..self.entered).unwrap_or_default()
    }
}
