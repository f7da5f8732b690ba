//! What can be stated about a site: a closed list, as the site's people write it in a file.

use core::fmt;
use core::str::FromStr;
use lockward_model::{Change, DoorId, Factors, GroupId, OrderAct, RoleId, ScheduleId, ZoneId};
use lockward_policy::Read;
use lockward_site::Site;
use serde::Deserialize;

/// Statements of one file: some for each of hundred doors that matter, and a night's work for the solver.
pub const STATEMENTS_MAX: usize = 500;

/// Which doors a statement speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    /// Every door.
    All,
    /// One.
    One(DoorId),
    /// Those that lead into a zone or into what lies within it.
    Into(ZoneId),
}

impl fmt::Display for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("any door"),
            Self::One(door) => write!(f, "door `{door}`"),
            Self::Into(zone) => write!(f, "zone `{zone}`"),
        }
    }
}

/// One statement. What each means exactly stands in `docs/OPERATING.md`, "Statements".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Nobody enters without all of these factors.
    NoOneWithout(Factors, Doors),
    /// No service opens a door: by an order, in an operator's place, or by passes that it signs.
    NoServiceOpens(Doors),
    /// Only people of these groups enter.
    OnlyGroups(Vec<GroupId>, Doors),
    /// Only operators with one of these roles may do this from afar, with their own signature.
    NobodyButRoles {
        /// Which roles.
        roles: Vec<RoleId>,
        /// `change:VERB`, `order:VERB` or `read:VERB`; without `:VERB`, all of the family.
        may: String,
        /// Whether a service may sign in their place.
        in_their_place: bool,
    },
    /// Nobody enters while this schedule is not open.
    NeverOutside(ScheduleId, Doors),
    /// A change permits nothing that was not permitted before.
    GivesNothingNew,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |ids: Vec<String>| ids.join("`, `");
        match self {
            Self::NoOneWithout(factors, doors) => {
                write!(f, "nobody enters {doors} without {}", told(*factors, " and "))
            }
            Self::NoServiceOpens(doors) => write!(f, "no service opens {doors}"),
            Self::OnlyGroups(groups, doors) => {
                let groups = groups.iter().map(ToString::to_string).collect();
                write!(f, "only people of `{}` enter {doors}", listed(groups))
            }
            Self::NobodyButRoles { roles, may, in_their_place } => {
                let roles = roles.iter().map(ToString::to_string).collect();
                let place = if *in_their_place { ", or a service in their place" } else { "" };
                write!(f, "nobody but operators with role `{}`{place} may `{may}`", listed(roles))
            }
            Self::NeverOutside(schedule, doors) => {
                write!(f, "nobody enters {doors} while schedule `{schedule}` is not open")
            }
            Self::GivesNothingNew => f.write_str("the change permits nothing that was not permitted before"),
        }
    }
}

/// `a card and a PIN`.
pub(crate) fn told(factors: Factors, and: &str) -> String {
    let name = |n| match n {
        "pin" => "a PIN".to_owned(),
        "key" => "a card that signs".to_owned(),
        n => format!("a {n}"),
    };
    // A card that signs is a card.
    let plain = |n: &&str| !(factors.contains(Factors::KEY) && *n == "card");
    factors.names().filter(plain).map(name).collect::<Vec<_>>().join(and)
}

/// Why a file of statements is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not the format.
    #[error("the statements are not readable: {0}")]
    Format(String),
    /// None, or too many.
    #[error("the file holds {0} statements; write 1 to {STATEMENTS_MAX}, each under `[[statement]]`")]
    Count(usize),
    /// One that says nothing, or two things.
    #[error(
        "statement {0} says {1} things; write exactly one of `no-one-without`, `no-service-opens`, `only-groups`, \
             `nobody-but-roles`, `never-outside`, `gives-nothing-new` in it"
    )]
    NotOne(usize, usize),
    /// Something that the site does not have.
    #[error("statement {nth} names the {what} `{name}`, and the site has none")]
    Unknown {
        /// From 1.
        nth: usize,
        /// Door, zone, group, role, schedule, factor, action.
        what: &'static str,
        /// As written.
        name: String,
    },
    /// A door and a zone of one name.
    #[error("statement {nth}: `{name}` is a door and a zone; write `door/{name}` or `zone/{name}`")]
    Both {
        /// From 1.
        nth: usize,
        /// As written.
        name: String,
    },
    /// A list with nothing in it.
    #[error("statement {0} has an empty list, or `false`; name at least one")]
    Empty(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    statement: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    no_one_without: Option<Without>,
    no_service_opens: Option<String>,
    only_groups: Option<Only>,
    nobody_but_roles: Option<NobodyBut>,
    never_outside: Option<Never>,
    gives_nothing_new: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Without {
    factors: Vec<String>,
    opens: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    groups: Vec<String>,
    open: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NobodyBut {
    roles: Vec<String>,
    may: String,
    #[serde(default)]
    in_their_place: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Never {
    schedule: String,
    zone: String,
}

/// Reads a file of statements, and resolves its names against the site.
///
/// # Errors
/// [`StatementError`], for the first thing that is wrong.
pub fn read(text: &str, site: &Site) -> Result<Vec<Statement>, StatementError> {
    let file: File = toml::from_str(text).map_err(|e| StatementError::Format(e.to_string()))?;
    if !(1..=STATEMENTS_MAX).contains(&file.statement.len()) {
        return Err(StatementError::Count(file.statement.len()));
    }
    (1..).zip(&file.statement).map(|(nth, entry)| Names { nth, site }.statement(entry)).collect()
}

struct Names<'a> {
    nth: usize,
    site: &'a Site,
}

impl Names<'_> {
    fn statement(&self, entry: &Entry) -> Result<Statement, StatementError> {
        let mut said = Vec::new();
        if let Some(Without { factors, opens }) = &entry.no_one_without {
            let factors = self.each(factors, "factor", Factors::named)?;
            let factors = factors.into_iter().fold(Factors::NONE, Factors::with);
            said.push(Statement::NoOneWithout(factors, self.doors(opens)?));
        }
        if let Some(opens) = &entry.no_service_opens {
            said.push(Statement::NoServiceOpens(self.doors(opens)?));
        }
        if let Some(Only { groups, open }) = &entry.only_groups {
            let has = |id: &GroupId| self.site.groups().any(|g| g.id == *id);
            let groups = self.each(groups, "group", |g| g.parse().ok().filter(has))?;
            said.push(Statement::OnlyGroups(groups, self.doors(open)?));
        }
        if let Some(NobodyBut { roles, may, in_their_place }) = &entry.nobody_but_roles {
            let roles = self.each(roles, "role", |r| r.parse().ok())?;
            let _: Vec<String> = self.each(core::slice::from_ref(may), "action", known_action)?;
            let (may, in_their_place) = (may.clone(), *in_their_place);
            said.push(Statement::NobodyButRoles { roles, may, in_their_place });
        }
        if let Some(Never { schedule, zone }) = &entry.never_outside {
            let has = |id: &ScheduleId| self.site.schedules().any(|s| s.id() == *id);
            let found = schedule.parse().ok().filter(has);
            let found = found.ok_or_else(|| self.unknown("schedule", schedule))?;
            said.push(Statement::NeverOutside(found, self.doors(zone)?));
        }
        match entry.gives_nothing_new {
            Some(true) => said.push(Statement::GivesNothingNew),
            Some(false) => return Err(StatementError::Empty(self.nth)),
            None => {}
        }
        let n = said.len();
        said.pop().filter(|_| n == 1).ok_or(StatementError::NotOne(self.nth, n))
    }

    fn unknown(&self, what: &'static str, name: &str) -> StatementError {
        StatementError::Unknown { nth: self.nth, what, name: name.escape_debug().take(64).collect() }
    }

    fn each<T>(
        &self,
        names: &[String],
        what: &'static str,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, StatementError> {
        if names.is_empty() {
            return Err(StatementError::Empty(self.nth));
        }
        names.iter().map(|n| find(n).ok_or_else(|| self.unknown(what, n))).collect()
    }

    fn doors(&self, name: &str) -> Result<Doors, StatementError> {
        let door = |n: &str| DoorId::from_str(n).ok().filter(|d| self.site.door(*d).is_some());
        let zone = |n: &str| ZoneId::from_str(n).ok().filter(|z| self.site.zone(*z).is_some());
        let found = match name.split_once('/') {
            Some(("door", n)) => (door(n), None),
            Some(("zone", n)) => (None, zone(n)),
            Some(_) => (None, None),
            None => (door(name), zone(name)),
        };
        match (found, name) {
            ((Some(_), Some(_)), _) => Err(StatementError::Both { nth: self.nth, name: name.into() }),
            ((Some(door), None), _) => Ok(Doors::One(door)),
            ((None, Some(zone)), _) => Ok(Doors::Into(zone)),
            ((None, None), "all") => Ok(Doors::All),
            ((None, None), _) => Err(self.unknown("door or zone", name)),
        }
    }
}

/// The action itself, or one of a family.
fn known_action(may: &str) -> Option<String> {
    (!actions(may).is_empty()).then(|| may.to_owned())
}

/// What `may` names: pairs of family and verb.
pub(crate) fn actions(may: &str) -> Vec<(&'static str, &'static str)> {
    let changes = Change::VERBS.map(|v| ("change", v));
    let orders = OrderAct::VERBS.map(|v| ("order", v));
    let reads = Read::ALL.map(|r| ("read", r.verb()));
    let all = changes.into_iter().chain(orders).chain(reads);
    all.filter(|(family, verb)| may == *family || may == format!("{family}:{verb}")).collect()
}
