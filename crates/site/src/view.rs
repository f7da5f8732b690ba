//! What others may read of a site: records by id, lists in order, and who can open what.

use crate::decide::place;
use crate::{Placed, Site};
use core::time::Duration;
use lockward_model::{
    Controller, ControllerId, Credential, Door, DoorId, Factors, Founding, Group, Operator, Person, PersonId,
    PolicyText, Rule, Schedule, SiteId, Time, Zone, ZoneId,
};
use lockward_policy::{Verdict, Who};

/// Someone who can open a door, and by which policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrant {
    /// Who.
    pub person: PersonId,
    /// With what.
    pub factors: Factors,
    /// By which policies.
    pub because: Vec<Box<str>>,
}

impl Site {
    /// Who it is.
    #[must_use]
    pub fn id(&self) -> SiteId {
        self.id
    }
    /// How it began.
    #[must_use]
    pub fn founding(&self) -> &Founding {
        &self.founding
    }
    /// How many entries of the config log it is the fold of.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
    /// A door by its id.
    #[must_use]
    pub fn door(&self, id: DoorId) -> Option<&Door> {
        self.doors.get(&id).map(|p| &p.door)
    }
    /// Every door, by id.
    pub fn doors(&self) -> impl Iterator<Item = &Door> {
        self.doors.values().map(|p| &p.door)
    }
    /// A zone by its id.
    #[must_use]
    pub fn zone(&self, id: ZoneId) -> Option<&Zone> {
        self.zones.get(&id)
    }
    /// Every zone, by id.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.values()
    }
    /// Every group, by id.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }
    /// Every schedule, by id.
    pub fn schedules(&self) -> impl Iterator<Item = &Schedule> {
        self.schedules.values()
    }
    /// Every rule, by id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }
    /// Every policy as written, by id.
    pub fn policy_texts(&self) -> impl Iterator<Item = &PolicyText> {
        self.policy_texts.values()
    }
    /// A controller by its id.
    #[must_use]
    pub fn controller(&self, id: ControllerId) -> Option<&Controller> {
        self.controllers.get(&id)
    }
    /// Every controller, by id.
    pub fn controllers(&self) -> impl Iterator<Item = &Controller> {
        self.controllers.values()
    }
    /// Every operator, by id.
    pub fn operators(&self) -> impl Iterator<Item = &Operator> {
        self.operators.values()
    }
    /// A person by its id.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<Person> {
        self.people.person(id)
    }
    /// Every person's id, in no order.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.people.ids()
    }
    /// How many people, and how many credentials.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.people.len(), self.people.credentials_len())
    }
    /// A person's credentials, by id.
    #[must_use]
    pub fn credentials_of(&self, id: PersonId) -> Vec<Credential> {
        self.people.credentials_of(id)
    }

    /// Everybody who could open the door at a moment, with a card, or with a card and a PIN; by id.
    #[must_use]
    pub fn who_can(&self, door: DoorId, at: Time) -> Vec<Entrant> {
        let open = self.open_schedules(at);
        let driven = |p: &&Placed| self.serves(p.door.controller);
        let Some(placed) = self.doors.get(&door).filter(driven) else { return Vec::new() };
        let steps = [Factors::CARD, Factors::CARD.with(Factors::PIN)];
        let entrant = |(person, groups)| {
            for factors in steps {
                let situation = self.situation(&open, factors, Duration::ZERO);
                match self.policies.may_enter(&Who { person, groups }, &place(placed), &situation) {
                    Verdict::Permit { because } => return Some(Entrant { person, factors, because }),
                    // The door refuses then, and asks for no PIN.
                    Verdict::Error => return None,
                    Verdict::Forbid { .. } | Verdict::Nothing { .. } => {}
                }
            }
            None
        };
        let mut found: Vec<_> = self.people.present(at).filter_map(entrant).collect();
        found.sort_by_key(|e| e.person);
        found
    }
}
