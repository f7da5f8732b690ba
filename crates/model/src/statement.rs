//! Statements: what must hold at a site whoever comes, as its people state it once and keep it.

use crate::{DoorId, Factors, GroupId, RoleId, ScheduleId, StatementId, ZoneId};
use core::fmt;
use core::str::FromStr;

/// Statements that a site keeps: one for each zone that matters, and minutes of a solver's work at every review.
pub const STATEMENTS_MAX: usize = 64;
/// Groups or roles that one statement names.
pub const STATED_NAMES_MAX: usize = 32;
/// Longest name of an action: a family of up to 8 letters, and an id's length for its verb.
const ACTION_BYTES_MAX: usize = 40;

/// What a site keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id.
    pub id: StatementId,
    /// What it says.
    pub says: Stated,
}

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

/// What can be stated: a closed list. What each means exactly stands in `docs/OPERATING.md`, "Statements".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stated {
    /// Nobody enters without all of these factors.
    NoOneWithout(Wanted, Doors),
    /// No service opens a door: by an order, in an operator's place, or by passes that it signs.
    NoServiceOpens(Doors),
    /// Only people of these groups enter.
    OnlyGroups(Few<GroupId>, Doors),
    /// Only operators with one of these roles may do this from afar, with their own signature.
    NobodyButRoles {
        /// Which roles.
        roles: Few<RoleId>,
        /// What.
        may: ActionName,
        /// Whether a service may sign in their place.
        in_their_place: bool,
    },
    /// Nobody enters while this schedule is not open.
    NeverOutside(ScheduleId, Doors),
}

/// Factors that somebody has to show. INVARIANT: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted(Factors);

impl Wanted {
    /// `None` where nothing is wanted.
    #[must_use]
    pub fn new(factors: Factors) -> Option<Self> {
        (factors != Factors::NONE).then_some(Self(factors))
    }

    /// Which.
    #[must_use]
    pub fn get(self) -> Factors {
        self.0
    }
}

/// A few names. INVARIANT: 1 to [`STATED_NAMES_MAX`], in order, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<T>(Box<[T]>);

impl<T: Ord> Few<T> {
    /// Puts them in order, each once; `None` of none, or of too many.
    #[must_use]
    pub fn new(mut all: Vec<T>) -> Option<Self> {
        all.sort_unstable();
        all.dedup();
        (1..=STATED_NAMES_MAX).contains(&all.len()).then(|| Self(all.into()))
    }
}

impl<T> Few<T> {
    /// All of them, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

/// The name of what is done from afar: a family (`change`), or one of it (`change:put-policy`). Whether there is any such
/// thing is policy's to say.
///
/// INVARIANT: a-z and `-`, with at most one `:`, which stands between two names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionName(Box<str>);

/// Why a string names no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an action is a family such as `change`, or one of it such as `change:put-policy`")]
pub struct NoAction;

impl ActionName {
    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ActionName {
    type Err = NoAction;
    fn from_str(s: &str) -> Result<Self, NoAction> {
        let name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let (family, verb) = s.split_once(':').map_or((s, None), |(family, verb)| (family, Some(verb)));
        let fits = s.len() <= ACTION_BYTES_MAX && name(family) && verb.is_none_or(name);
        if fits { Ok(Self(s.into())) } else { Err(NoAction) }
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
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

/// `a`, `b`
impl<T: fmt::Display> fmt::Display for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, one) in self.0.iter().enumerate() {
            write!(f, "{}`{one}`", if nth == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// The statement as a sentence.
impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOneWithout(factors, doors) => {
                write!(f, "nobody enters {doors} without {}", factors.get().in_words())
            }
            Self::NoServiceOpens(doors) => write!(f, "no service opens {doors}"),
            Self::OnlyGroups(groups, doors) => write!(f, "only people of {groups} enter {doors}"),
            Self::NobodyButRoles { roles, may, in_their_place } => {
                let place = if *in_their_place { ", or a service in their place," } else { "" };
                write!(f, "nobody but operators with role {roles}{place} may `{may}`")
            }
            Self::NeverOutside(schedule, doors) => {
                write!(f, "nobody enters {doors} while schedule `{schedule}` is not open")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T: FromStr<Err: fmt::Debug>>(s: &str) -> T {
        s.parse().unwrap()
    }

    #[test]
    fn a_statement_reads_as_a_sentence() {
        let both = Wanted::new(Factors::CARD.with(Factors::PIN)).unwrap();
        let said = Stated::NoOneWithout(both, Doors::Into(id("vault"))).to_string();
        assert_eq!(said, "nobody enters zone `vault` without a card and a PIN");
        let groups = Few::new(vec![id("staff"), id("guards"), id("staff")]).unwrap();
        let said = Stated::OnlyGroups(groups, Doors::All).to_string();
        assert_eq!(said, "only people of `guards`, `staff` enter any door");
    }

    #[test]
    fn a_statement_that_wants_nothing_or_names_nobody_or_too_many_can_not_be_made() {
        assert!(Wanted::new(Factors::NONE).is_none());
        assert!(Few::<GroupId>::new(vec![]).is_none());
        let many = |n: usize| Few::<GroupId>::new((0..n).map(|n| id(&format!("g{n}"))).collect());
        assert!(many(STATED_NAMES_MAX).is_some() && many(STATED_NAMES_MAX + 1).is_none());
    }

    #[test]
    fn an_action_is_a_family_or_one_of_it() {
        for good in ["change", "order:hold", "change:put-policy"] {
            assert_eq!(good.parse::<ActionName>().map(|a| a.to_string()), Ok(good.into()));
        }
        for bad in ["", ":", "change:", ":hold", "a:b:c", "Change", "change:put policy", "x\" || true"] {
            assert!(bad.parse::<ActionName>().is_err(), "{bad}");
        }
        assert!("a".repeat(ACTION_BYTES_MAX + 1).parse::<ActionName>().is_err());
    }
}
