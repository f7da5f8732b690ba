//! People: a visit has an end and a host, and no host goes before the visitors have.

use crate::apply::none;
use crate::credentials::card;
use crate::undo::Undo;
use crate::{Keep, Site};
use lockward_model::{Person, PersonId};

impl Site {
    pub(crate) fn put_person(&mut self, mut person: Person, undo: &mut Undo) -> Result<(), String> {
        for group in &person.groups {
            self.groups.get(group).ok_or_else(|| none("group", group))?;
        }
        self.visit_holds(&person)?;
        if self.keep == Keep::Decisions {
            person.sealed = None;
        }
        let (id, old) = (person.id, self.people.person(person.id));
        self.people.put_person(person);
        undo.push(move |s| match old {
            Some(old) => s.people.put_person(old),
            None => drop(s.people.remove_person(id)),
        });
        Ok(())
    }

    fn visit_holds(&self, person: &Person) -> Result<(), String> {
        let (id, Some(visit)) = (person.id, person.visit) else { return Ok(()) };
        if person.valid.until.is_none() {
            return Err(format!("visitor `{id}` has no end; say until when the visit lasts"));
        }
        let host = self.people.person(visit.host).ok_or_else(|| none("person", &visit.host))?;
        if host.id == id || host.visit.is_some() {
            return Err(format!("host `{}` is a visitor; name somebody who is none", host.id));
        }
        match self.people.visitor_of(id) {
            Some(visitor) => {
                Err(format!("`{id}` is the host of visitor `{visitor}` and can be none; change that first"))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn remove_person(&mut self, id: PersonId, undo: &mut Undo) -> Result<(), String> {
        if let Some(visitor) = self.people.visitor_of(id) {
            return Err(format!("person `{id}` is the host of visitor `{visitor}`; change that first"));
        }
        if let Some(operator) = self.operators.values().find(|o| o.person == Some(id)) {
            return Err(format!("person `{id}` is operator `{}`; change that first", operator.id));
        }
        let (person, credentials) = self.people.remove_person(id).ok_or_else(|| none("person", &id))?;
        for card in credentials.iter().filter_map(card) {
            self.revoke(card, true, undo);
        }
        undo.push(move |s| {
            s.people.put_person(person);
            credentials.into_iter().for_each(|c| s.people.put_credential(c));
        });
        Ok(())
    }
}
