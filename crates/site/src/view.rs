//! What others may read of a site: records by id, lists in order, and who can open what.

use crate::decide::place;
use crate::people::Present;
use crate::{Placed, Site};
use lockward_model::{
    CardPublicKey, CardToken, Controller, ControllerId, Credential, Door, DoorId, Factors, Forgiven,
    Founding, Group, Operator, OperatorId, Person, PersonId, PinHash, PolicyText, Rule, Schedule, ScheduleId,
    Service, ServiceId, SiteId, Time, Zone, ZoneId,
};
use lockward_policy::{Act, Company, Policies, Situation, Verdict, Who, Would};

/// Someone who can open a door, and by which policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrant {
    /// Who.
    pub person: PersonId,
    /// With what.
    pub factors: Factors,
    /// Whether a second person must be there, who may enter too; for a visitor who is never alone, an escort.
    pub second: bool,
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
    /// When its newest entry was drafted, by the clocks of those who drafted.
    #[must_use]
    pub fn newest(&self) -> Time {
        self.newest
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
    /// A service by its id: the hub's own among them.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        [&self.founding.hub].into_iter().find(|hub| hub.id == id).or_else(|| self.services.get(&id))
    }
    /// Every service but the hub's own, by id.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }
    /// An operator by its id.
    #[must_use]
    pub fn operator(&self, id: OperatorId) -> Option<&Operator> {
        self.operators.get(&id)
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
    /// Whom the last entry forgave: what is known of where they are is to be forgotten.
    #[must_use]
    pub fn forgiven(&self) -> &[Forgiven] {
        &self.forgiven
    }
    /// A person's credentials, by id.
    #[must_use]
    pub fn credentials_of(&self, id: PersonId) -> Vec<Credential> {
        self.people.credentials_of(id)
    }

    /// Whom a token leads to, whether it counts or not.
    #[must_use]
    pub fn holder_of(&self, token: CardToken) -> Option<PersonId> {
        self.people.holder_of(token)
    }

    /// The PINs that count at a moment for whoever holds the card. Comparing one takes long, on purpose (Argon2id).
    #[must_use]
    pub fn pins_beside(&self, token: CardToken, at: Time) -> Vec<PinHash> {
        self.people.pins_beside(token, at)
    }

    /// All that may be typed beside a token at a moment: PINs, second PINs for duress, one-time codes. By id.
    #[must_use]
    pub fn typed_beside(&self, token: CardToken, at: Time) -> Vec<Credential> {
        self.people.typed_beside(token, at)
    }

    /// What a card must sign with; `None` if it is unknown, or shows a mere number.
    #[must_use]
    pub fn card_key(&self, token: CardToken) -> Option<CardPublicKey> {
        self.people.card_key(token)
    }

    /// The schedules that are open at a moment, in the site's zone.
    #[must_use]
    pub fn open_schedules(&self, at: Time) -> Vec<ScheduleId> {
        let moment = self.founding.zone.moment(at);
        self.schedules.values().filter(|s| s.is_open(&moment)).map(|s| s.id()).collect()
    }

    /// The policies in force, for whoever proves something of them.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The zone that a door leads to and every zone around that, innermost first.
    #[must_use]
    pub fn around(&self, door: DoorId) -> &[ZoneId] {
        self.doors.get(&door).map_or(&[], |p| &p.zones)
    }

    /// The zones that one enters by a door on the way in, innermost first: those around its way out are none of them.
    #[must_use]
    pub fn entered(&self, door: DoorId) -> &[ZoneId] {
        self.doors.get(&door).map_or(&[], Placed::entered)
    }

    /// Everybody who could open the door at a moment as things stand, a lockdown and the threat level among them: with a
    /// card, with a card and a PIN, with what else they have, and with a second person; by id.
    #[must_use]
    pub fn who_can(&self, door: DoorId, at: Time) -> Vec<Entrant> {
        self.who_can_in(door, at, self.doors.get(&door).is_some_and(|p| self.locked(p)))
    }

    pub(crate) fn who_can_in(&self, door: DoorId, at: Time, lockdown: bool) -> Vec<Entrant> {
        let driven = |p: &&Placed| self.serves(p.door.controller);
        let Some(placed) = self.doors.get(&door).filter(driven) else { return Vec::new() };
        let open = self.open_schedules(at);
        let now = Situation {
            open: &open,
            all: &self.all_schedules,
            threat: self.highest(&placed.zones),
            ..Situation::default()
        };
        let act = if lockdown { Act::EnterLockedDown } else { Act::Enter };
        let mut found: Vec<_> =
            self.people.present(at).filter_map(|p| self.entrant(&p, placed, act, now)).collect();
        found.sort_by_key(|e| e.person);
        found
    }

    /// With what somebody could enter, if they could: as the door would ask for it, one after the other.
    pub(crate) fn entrant(
        &self,
        p: &Present<'_>,
        placed: &Placed,
        act: Act,
        now: Situation<'_>,
    ) -> Option<Entrant> {
        let (who, place) = (Who { person: p.person, groups: p.groups }, place(placed));
        let never_alone = p.visit.is_some_and(|v| v.escorted);
        let mut now = Situation {
            factors: Factors::CARD,
            reach: Factors::PIN.with(p.has),
            visitor: p.visit.is_some(),
            company: if never_alone { Company::Escort } else { Company::Alone },
            ..now
        };
        // Three steps at the most: what is in, with a PIN or a code, with a second person.
        for _ in 0..3 {
            let would = match self.policies.may(act, &who, &place, &now) {
                Verdict::Permit { because } => {
                    let second = now.company != Company::Alone;
                    return Some(Entrant { person: p.person, factors: now.factors, second, because });
                }
                Verdict::Nothing { would } | Verdict::Forbid { would, .. } => would,
                // The door refuses then, and asks for no PIN.
                Verdict::Error => return None,
            };
            match would? {
                // A code is typed in place of a PIN.
                Would::WithFactors(f) if f.contains(Factors::PIN.with(Factors::CODE)) => return None,
                Would::WithFactors(factors) => now.factors = factors,
                Would::WithSecond if p.visit.is_some() => now.company = Company::Escort,
                Would::WithSecond => now.company = Company::Second,
                Would::OutOfReach | Would::AtAnotherTime => return None,
            }
        }
        None
    }
}
