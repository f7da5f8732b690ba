//! The schema, and Cedar's names for our nouns.

use crate::verdict::{Act, Company, Read, SignIn};
use cedar_policy::{
    Context, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema, Validator,
};
use core::str::FromStr;
use lockward_model::{
    Change, DoorId, DoorKind, Factors, GroupId, OperatorId, OrderAct, PersonId, PolicyId, RoleId, RuleId,
    ScheduleId, ServiceId, ThreatLevel, ZoneId,
};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The Cedar schema that every policy is validated against.
pub const SCHEMA: &str = include_str!("site.cedarschema");

/// What is done from afar under a name, as pairs of family and verb: one (`order:hold`), all of a family (`order`), or none.
#[must_use]
pub fn actions(name: &str) -> Vec<(&'static str, &'static str)> {
    let changes = Change::VERBS.map(|v| ("change", v));
    let orders = OrderAct::VERBS.map(|v| ("order", v));
    let reads = Read::ALL.map(|r| ("read", r.verb()));
    let ways = SignIn::ALL.map(|w| ("sign-in", w.verb()));
    let all = changes.into_iter().chain(orders).chain(reads).chain(ways);
    all.filter(|(family, verb)| name == *family || name == format!("{family}:{verb}")).collect()
}

/// The one resource of every change.
pub(crate) const SITE: &str = "this";

/// Stands for every person, or every door, that no policy at hand names. No id can be this string.
pub(crate) const ANYONE: &str = "*";

pub(crate) struct Vocabulary {
    pub(crate) validator: Validator,
    person: EntityTypeName,
    group: EntityTypeName,
    door: EntityTypeName,
    zone: EntityTypeName,
    schedule: EntityTypeName,
    operator: EntityTypeName,
    role: EntityTypeName,
    service: EntityTypeName,
    action: EntityTypeName,
    pub(crate) enter: EntityUid,
    pub(crate) hold: EntityUid,
    pub(crate) enter_locked_down: EntityUid,
    pub(crate) enter_by_phone: EntityUid,
    pub(crate) admit: EntityUid,
    pub(crate) site: EntityUid,
    pub(crate) anyone: EntityUid,
}

/// The words, read once.
pub(crate) static WORDS: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::read);

/// What policies see of a situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen<'a> {
    pub(crate) open: &'a [ScheduleId],
    pub(crate) factors: Factors,
    pub(crate) company: Company,
    pub(crate) threat: ThreatLevel,
    /// In whole seconds.
    pub(crate) age: u64,
}

/// What one literal of a policy names.
pub(crate) enum Named {
    Person(PersonId),
    Group(GroupId),
    Door(DoorId),
    Zone(ZoneId),
    /// Something that has no part in entering.
    Other,
}

impl Vocabulary {
    #[expect(clippy::expect_used, reason = "constant text; every test that makes a policy runs this")]
    fn read() -> Self {
        let schema = Schema::from_str(SCHEMA).expect("the schema is valid");
        let name = |s: &str| EntityTypeName::from_str(s).expect("a type's name");
        let uid = |t: &EntityTypeName, id: &str| uid(t, id);
        let (action, person) = (name("Action"), name("Person"));
        Self {
            validator: Validator::new(schema),
            enter: uid(&action, "enter"),
            hold: uid(&action, "hold"),
            enter_locked_down: uid(&action, "enter-locked-down"),
            enter_by_phone: uid(&action, "enter-by-phone"),
            admit: uid(&action, "admit"),
            site: uid(&name("Site"), SITE),
            anyone: uid(&person, ANYONE),
            group: name("Group"),
            door: name("Door"),
            zone: name("Zone"),
            schedule: name("Schedule"),
            operator: name("Operator"),
            role: name("Role"),
            service: name("Service"),
            person,
            action,
        }
    }

    pub(crate) fn person(&self, id: PersonId) -> EntityUid {
        uid(&self.person, id.as_str())
    }

    /// One door, or any that no policy at hand names.
    pub(crate) fn door(&self, id: Option<DoorId>) -> EntityUid {
        uid(&self.door, id.as_ref().map_or(ANYONE, DoorId::as_str))
    }

    /// One of a family of actions, such as `change:put-door`.
    pub(crate) fn verb(&self, family: &str, verb: &str) -> EntityUid {
        uid(&self.action, &format!("{family}:{verb}"))
    }

    pub(crate) fn family(&self, family: &str) -> EntityUid {
        uid(&self.action, family)
    }

    pub(crate) fn operator(&self, id: OperatorId) -> EntityUid {
        uid(&self.operator, id.as_str())
    }

    pub(crate) fn service(&self, id: ServiceId) -> EntityUid {
        uid(&self.service, id.as_str())
    }

    pub(crate) fn groups<'a>(&self, ids: impl IntoIterator<Item = &'a GroupId>) -> HashSet<EntityUid> {
        ids.into_iter().map(|id| uid(&self.group, id.as_str())).collect()
    }

    pub(crate) fn roles(&self, ids: &[RoleId]) -> HashSet<EntityUid> {
        ids.iter().map(|id| uid(&self.role, id.as_str())).collect()
    }

    pub(crate) fn zones(&self, ids: &[ZoneId]) -> HashSet<EntityUid> {
        ids.iter().map(|id| self.zone(*id)).collect()
    }

    pub(crate) fn zone(&self, id: ZoneId) -> EntityUid {
        uid(&self.zone, id.as_str())
    }

    /// A door with the zones that it lies in; `None` if Cedar will not have it.
    pub(crate) fn door_entity(door: EntityUid, kind: DoorKind, zones: HashSet<EntityUid>) -> Option<Entity> {
        let kind = RestrictedExpression::new_string(kind.as_str().into());
        Entity::new(door, HashMap::from([("kind".into(), kind)]), zones).ok()
    }

    /// What is asked of a door.
    pub(crate) fn act(&self, act: Act) -> &EntityUid {
        match act {
            Act::Enter => &self.enter,
            Act::Hold => &self.hold,
            Act::EnterLockedDown => &self.enter_locked_down,
            Act::ByPhone => &self.enter_by_phone,
        }
    }

    /// Whether an action is asked seldom, and of written policies alone.
    pub(crate) fn is_rare(&self, action: &EntityUid) -> bool {
        [&self.hold, &self.enter_locked_down, &self.enter_by_phone, &self.admit].contains(&action)
    }

    /// The context of entering; `None` if Cedar will not have it.
    pub(crate) fn entering(&self, seen: &Seen<'_>) -> Option<Context> {
        let factor = |name: &str| RestrictedExpression::new_string(name.into());
        let people = if seen.company == Company::Alone { 1 } else { 2 };
        let pairs = [
            ("schedules", self.schedules(seen.open)),
            ("factors", RestrictedExpression::new_set(seen.factors.names().map(factor))),
            ("config_age", RestrictedExpression::new_long(i64::try_from(seen.age).unwrap_or(i64::MAX))),
            ("threat_level", RestrictedExpression::new_long(seen.threat.get().into())),
            ("people", RestrictedExpression::new_long(people)),
            ("escorted", RestrictedExpression::new_bool(seen.company == Company::Escort)),
        ];
        Context::from_pairs(pairs.map(|(name, value)| (name.into(), value))).ok()
    }

    /// A set of schedules, for a context.
    pub(crate) fn schedules(&self, open: &[ScheduleId]) -> RestrictedExpression {
        let one = |id: &ScheduleId| RestrictedExpression::new_entity_uid(uid(&self.schedule, id.as_str()));
        RestrictedExpression::new_set(open.iter().map(one))
    }

    /// What a literal names, or `None` if it can name nothing: its id is outside the alphabet of ids.
    pub(crate) fn named(&self, literal: &EntityUid) -> Option<Named> {
        fn other<T: FromStr>(id: &str) -> Option<Named> {
            id.parse::<T>().ok().map(|_| Named::Other)
        }
        let id: &str = literal.id().unescaped();
        match literal.type_name().basename() {
            "Person" => id.parse().ok().map(Named::Person),
            "Group" => id.parse().ok().map(Named::Group),
            "Door" => id.parse().ok().map(Named::Door),
            "Zone" => id.parse().ok().map(Named::Zone),
            "Schedule" => other::<ScheduleId>(id),
            "Operator" => other::<OperatorId>(id),
            "Role" => other::<RoleId>(id),
            "Service" => other::<ServiceId>(id),
            "Site" => (id == SITE).then_some(Named::Other),
            // The validator knows the actions, and that there are no other types.
            _ => Some(Named::Other),
        }
    }
}

/// Zones from the inside out, each within the next, and the outermost within what is given.
pub(crate) fn nested(zones: &[ZoneId], around_all: Option<&EntityUid>) -> Vec<Entity> {
    let around = zones.iter().skip(1).map(|z| Some(WORDS.zone(*z))).chain([around_all.cloned()]);
    let nest = |(zone, around): (&ZoneId, Option<EntityUid>)| {
        Entity::new_no_attrs(WORDS.zone(*zone), around.into_iter().collect())
    };
    zones.iter().zip(around).map(nest).collect()
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

/// What a rule's policies are called in Cedar and, without the number, in every answer.
pub(crate) fn rule_name(id: RuleId) -> String {
    format!("rule/{id}")
}

/// What a policy is called in Cedar and in every answer.
pub(crate) fn policy_name(id: PolicyId) -> String {
    format!("policy/{id}")
}
