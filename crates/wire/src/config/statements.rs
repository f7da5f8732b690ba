//! Statements in JSON: each kind under the name that files use for it. A kind that is not known here is no statement.

use super::payload::PayloadError;
use crate::spelling::Said;
use lockward_model::{
    ActionName, DoorId, Doors, Factors, Few, GroupId, RoleId, ScheduleId, Stated, Statement, StatementId,
    Wanted, ZoneId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementV1 {
    id: Said<StatementId>,
    says: StatedV1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum StatedV1 {
    NoOneWithout {
        factors: Vec<Box<str>>,
        doors: DoorsV1,
    },
    NoServiceOpens {
        doors: DoorsV1,
    },
    OnlyGroups {
        groups: Vec<Said<GroupId>>,
        doors: DoorsV1,
    },
    NobodyButRoles {
        roles: Vec<Said<RoleId>>,
        may: Said<ActionName>,
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        in_their_place: bool,
    },
    NeverOutside {
        schedule: Said<ScheduleId>,
        doors: DoorsV1,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DoorsV1 {
    All,
    Door(Said<DoorId>),
    Zone(Said<ZoneId>),
}

impl From<Doors> for DoorsV1 {
    fn from(d: Doors) -> Self {
        match d {
            Doors::All => Self::All,
            Doors::One(id) => Self::Door(Said(id)),
            Doors::Into(id) => Self::Zone(Said(id)),
        }
    }
}

impl From<DoorsV1> for Doors {
    fn from(d: DoorsV1) -> Self {
        match d {
            DoorsV1::All => Self::All,
            DoorsV1::Door(id) => Self::One(id.0),
            DoorsV1::Zone(id) => Self::Into(id.0),
        }
    }
}

impl From<&Statement> for StatementV1 {
    fn from(s: &Statement) -> Self {
        fn said<T: Copy>(few: &Few<T>) -> Vec<Said<T>> {
            few.as_slice().iter().copied().map(Said).collect()
        }
        let says = match &s.says {
            Stated::NoOneWithout(factors, doors) => StatedV1::NoOneWithout {
                factors: factors.get().names().map(Into::into).collect(),
                doors: (*doors).into(),
            },
            Stated::NoServiceOpens(doors) => StatedV1::NoServiceOpens { doors: (*doors).into() },
            Stated::OnlyGroups(groups, doors) => {
                StatedV1::OnlyGroups { groups: said(groups), doors: (*doors).into() }
            }
            Stated::NobodyButRoles { roles, may, in_their_place } => StatedV1::NobodyButRoles {
                roles: said(roles),
                may: Said(may.clone()),
                in_their_place: *in_their_place,
            },
            Stated::NeverOutside(schedule, doors) => {
                StatedV1::NeverOutside { schedule: Said(*schedule), doors: (*doors).into() }
            }
        };
        Self { id: Said(s.id), says }
    }
}

impl TryFrom<StatementV1> for Statement {
    type Error = PayloadError;
    fn try_from(s: StatementV1) -> Result<Self, PayloadError> {
        fn few<T: Ord>(all: Vec<Said<T>>) -> Result<Few<T>, PayloadError> {
            let all = Few::new(all.into_iter().map(|one| one.0).collect());
            all.ok_or(PayloadError::Part("a statement that names nobody, or too many"))
        }
        let says = match s.says {
            StatedV1::NoOneWithout { factors, doors } => {
                let mut names = factors.iter();
                let wanted = names.try_fold(Factors::NONE, |all, n| Factors::named(n).map(|f| all.with(f)));
                let wanted = wanted.and_then(Wanted::new);
                let unknown = PayloadError::Part("a statement without factors that are known here");
                Stated::NoOneWithout(wanted.ok_or(unknown)?, doors.into())
            }
            StatedV1::NoServiceOpens { doors } => Stated::NoServiceOpens(doors.into()),
            StatedV1::OnlyGroups { groups, doors } => Stated::OnlyGroups(few(groups)?, doors.into()),
            StatedV1::NobodyButRoles { roles, may, in_their_place } => {
                Stated::NobodyButRoles { roles: few(roles)?, may: may.0, in_their_place }
            }
            StatedV1::NeverOutside { schedule, doors } => Stated::NeverOutside(schedule.0, doors.into()),
        };
        Ok(Self { id: s.id.0, says })
    }
}
