//! What people state once and want to be told of: kept by every fold, judged by none. No decision hangs on it.

use crate::Site;
use crate::apply::{none, restore};
use crate::undo::Undo;
use lockward_model::{DoorId, Doors, STATEMENTS_MAX, Stated, Statement, StatementId};
use lockward_policy::actions;

impl Site {
    /// Every statement, by id.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.statements.values()
    }

    /// What a statement names and this site does not have: a statement that is kept may outlive it, and can then not be
    /// judged. Roles have no record of their own, so that one which nobody has is not missing.
    #[must_use]
    pub fn lacks(&self, says: &Stated) -> Option<String> {
        let of_doors = |doors: &Doors| match doors {
            Doors::All => None,
            Doors::One(id) => self.lacks_door(*id),
            Doors::Into(id) => (!self.zones.contains_key(id)).then(|| format!("zone `{id}`")),
        };
        match says {
            Stated::NoOneWithout(_, doors) | Stated::NoServiceOpens(doors) => of_doors(doors),
            Stated::OnlyGroups(groups, doors) => {
                let gone = groups.as_slice().iter().find(|g| !self.groups.contains_key(g));
                gone.map(|g| format!("group `{g}`")).or_else(|| of_doors(doors))
            }
            Stated::NobodyButRoles { may, .. } => {
                actions(may.as_str()).is_empty().then(|| format!("action `{may}`"))
            }
            Stated::NeverOutside(schedule, doors) => {
                let gone = !self.schedules.contains_key(schedule);
                gone.then(|| format!("schedule `{schedule}`")).or_else(|| of_doors(doors))
            }
        }
    }

    fn lacks_door(&self, id: DoorId) -> Option<String> {
        (!self.doors.contains_key(&id)).then(|| format!("door `{id}`"))
    }

    pub(crate) fn put_statement(&mut self, statement: Statement, undo: &mut Undo) -> Result<(), String> {
        if let Some(what) = self.lacks(&statement.says) {
            return Err(format!("{what} does not exist; put it first"));
        }
        if self.statements.len() >= STATEMENTS_MAX && !self.statements.contains_key(&statement.id) {
            return Err(format!("a site keeps {STATEMENTS_MAX} statements at most; remove one first"));
        }
        let (id, old) = (statement.id, self.statements.insert(statement.id, statement));
        undo.push(move |s| restore(&mut s.statements, id, old));
        Ok(())
    }

    pub(crate) fn remove_statement(&mut self, id: StatementId, undo: &mut Undo) -> Result<(), String> {
        let gone = self.statements.remove(&id).ok_or_else(|| none("statement", &id))?;
        undo.push(move |s| restore(&mut s.statements, id, Some(gone)));
        Ok(())
    }
}
