//! The question and the answer, in words that hold no Cedar.

use crate::answers::Answers;
use core::time::Duration;
use lockward_model::{
    DoorId, DoorKind, Factors, GroupId, OperatorId, PersonId, RoleId, ScheduleId, ServiceId, ThreatLevel,
    ZoneId,
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

/// What is asked of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// To pass once.
    Enter,
    /// To set it free for a while, or to end that. No rule permits it, only a written policy.
    Hold,
    /// To pass once although the zone is locked down; asked in place of [`Self::Enter`]. No rule permits it, only a
    /// written policy.
    EnterLockedDown,
    /// To pass once by an order of one's own phone; asked beside [`Self::Enter`], which must be permitted too. No rule
    /// permits it, only a written policy.
    ByPhone,
}

/// Who stands at the door beside the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Company {
    /// Nobody.
    #[default]
    Alone,
    /// A second person.
    Second,
    /// A second person, who is no visitor, while the one who asks is one.
    Escort,
}

/// What holds at the moment; by default nobody has shown anything, and nothing is open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Situation<'a> {
    /// The schedules that are open.
    pub open: &'a [ScheduleId],
    /// Every schedule of the site.
    pub all: &'a [ScheduleId],
    /// What is in.
    pub factors: Factors,
    /// What else can come in: all that this person can supply at this door.
    pub reach: Factors,
    /// Who is there too.
    pub company: Company,
    /// Whether the one who asks is a visitor: a second person would be an escort.
    pub visitor: bool,
    /// How watchful the place is.
    pub threat: ThreatLevel,
    /// How old the controller's word from the hub is. Policies see whole seconds, rounded down.
    pub config_age: Duration,
    /// What has been answered at this sitting, if more than one is asked.
    pub answers: Option<&'a Answers>,
}

impl Situation<'_> {
    /// Who would be there if a second person came.
    pub(crate) fn in_company(&self) -> Company {
        match self.company {
            Company::Alone if self.visitor => Company::Escort,
            Company::Alone => Company::Second,
            there => there,
        }
    }
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

/// One who signed, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Signature<'a> {
    /// Who.
    pub by: Signer<'a>,
    /// Whether one of the keys used is one that no page of the hub can ask to sign.
    pub apart: bool,
}

/// How something was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// How many people who might have signed alone have signed.
    pub approvals: usize,
    /// Whether a service signs in an operator's place.
    pub on_behalf: bool,
    /// Whether the signer's own key is one that no page of the hub can ask to sign.
    pub apart: bool,
    /// Whether it is about the signer's own keys and nothing else.
    pub own: bool,
}

/// What the hub shows, and to whom it does is for policy to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Read {
    /// Doors, zones, schedules and rules.
    Site,
    /// People and their names.
    People,
    /// Alarms.
    Alarms,
    /// Who is where.
    Muster,
    /// The log.
    Log,
    /// Who may change the site, their keys and their sessions.
    Operators,
    /// The keys that open the log.
    Keys,
}

impl Read {
    /// All of it.
    pub const ALL: [Self; 7] =
        [Self::Site, Self::People, Self::Alarms, Self::Muster, Self::Log, Self::Operators, Self::Keys];

    /// The name in policies (`Action::"read:people"`).
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::People => "people",
            Self::Alarms => "alarms",
            Self::Muster => "muster",
            Self::Log => "log",
            Self::Operators => "operators",
            Self::Keys => "keys",
        }
    }
}

/// With what an operator signs in, where that is no passkey. Whether it may is for policy to say; a new site's says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignIn {
    /// A password and a one-time code.
    Password,
    /// An account at the site's OpenID provider.
    OpenId,
}

impl SignIn {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Password, Self::OpenId];

    /// The name in policies (`Action::"sign-in:password"`).
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::OpenId => "openid",
        }
    }
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
        /// What would have to be different; never another time.
        would: Option<Would>,
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

impl Verdict {
    /// The same, with this one name for what decided.
    pub(crate) fn called(self, name: &str) -> Self {
        let one = |because: Vec<Box<str>>| because.into_iter().take(1).map(|_| Box::from(name)).collect();
        match self {
            Self::Permit { because } => Self::Permit { because: one(because) },
            Self::Forbid { because, would } => Self::Forbid { because: one(because), would },
            other => other,
        }
    }
}

/// What would have to be different for a permit: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Would {
    /// With these in, now, it would be permitted, or would want but a second person: the fewest that do of those within
    /// reach, with those that are in already.
    WithFactors(Factors),
    /// With a second person, now, it would be permitted.
    WithSecond,
    /// With every factor in, and a second person, it would be permitted now; what is missing is not within reach.
    OutOfReach,
    /// A policy permits it when other schedules are open (with every factor in, and a second person, and if nothing
    /// forbids it then).
    AtAnotherTime,
}
