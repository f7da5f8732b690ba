//! What can come before a policy at this site: its doors in their zones, its schedules as they fall together, and people of any
//! of its groups; said in Cedar, so that the solver speaks of this site and of no other.

use crate::case::{Deed, Spot, outward};
use crate::together::{Together, together};
use cedar_policy::{
    ActionConstraint, Effect, EntityTypeName, EntityUid, Policy, PolicyId, RequestEnv, ResourceConstraint,
    Schema,
};
use core::str::FromStr;
use lockward_model::{GroupId, ScheduleId, Time, ZoneId};
use lockward_policy::{Act, SCHEMA};
use lockward_site::Site;
use std::collections::BTreeSet;

/// Sets of schedules that are spelled out to the solver; where there are more, it may think of any.
const SETS_MAX: usize = 128;
/// The oldest word from the hub that is thought of: a hundred years, in seconds. A sum over it does not overflow.
const AGE_MAX: u64 = 100 * 366 * 86_400;
/// More people approve nothing.
const APPROVALS_MAX: usize = 1_000;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Operator,
    Service,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Person => "Person",
            Self::Operator => "Operator",
            Self::Service => "Service",
        }
    }
}

/// A site, ready for many questions.
pub(crate) struct World<'s> {
    pub(crate) site: &'s Site,
    pub(crate) schema: Schema,
    policies: Vec<Scoped>,
    pub(crate) together: Vec<Together>,
}

/// A policy, with what its scope says; none where it leaves that open.
struct Scoped {
    policy: Policy,
    actions: Option<Vec<String>>,
    /// Type and id.
    place: Option<(String, String)>,
}

impl Scoped {
    fn of(policy: Policy) -> Self {
        let id = |uid: &EntityUid| -> String { uid.id().unescaped().into() };
        let actions = match policy.action_constraint() {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(uid) => Some(vec![id(&uid)]),
            ActionConstraint::In(list) => Some(list.iter().map(id).collect()),
        };
        let place = match policy.resource_constraint() {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
            ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
                Some((uid.type_name().basename().into(), id(&uid)))
            }
        };
        Self { policy, actions, place }
    }
}

/// What a set of policies names.
#[derive(Default, Clone)]
pub(crate) struct Names {
    pub(crate) zones: BTreeSet<ZoneId>,
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) schedules: BTreeSet<ScheduleId>,
    /// People, operators, services and doors, as Cedar writes them.
    pub(crate) others: BTreeSet<String>,
}

impl Names {
    pub(crate) fn add(&mut self, policy: &Policy) {
        for literal in policy.entity_literals() {
            let id: &str = literal.id().unescaped();
            match literal.type_name().basename() {
                "Zone" => self.zones.extend(ZoneId::from_str(id)),
                "Group" => self.groups.extend(GroupId::from_str(id)),
                "Schedule" => self.schedules.extend(ScheduleId::from_str(id)),
                _ => drop(self.others.insert(literal.to_string())),
            }
        }
    }
}

impl<'s> World<'s> {
    /// # Errors
    /// What Cedar says against its own text.
    pub(crate) fn new(site: &'s Site, from: Time) -> Result<Self, String> {
        let schema = Schema::from_str(SCHEMA).map_err(|e| e.to_string())?;
        let parse = |(name, text): (String, String)| {
            Policy::parse(Some(PolicyId::new(name)), text).map(Scoped::of).map_err(|e| e.to_string())
        };
        let policies = site.policies().in_cedar().into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { site, schema, policies, together: together(site, from) })
    }

    /// The policies whose scope can match: those left out can not, whoever acts and whatever holds.
    pub(crate) fn slice(&self, deed: Deed, spot: Spot) -> Vec<Policy> {
        let (family, action, zones) = (deed.family(), deed.action(), self.zones(spot));
        let is = |named: &String| *named == action || Some(named.as_str()) == family;
        let at = |(of, id): &(String, String)| match of.as_str() {
            "Door" => matches!(spot, Spot::Door(door) if door.as_str() == id),
            "Zone" => zones.iter().any(|z| z.as_str() == id),
            _ => true,
        };
        let applies = |p: &&Scoped| {
            p.actions.as_ref().is_none_or(|all| all.iter().any(is)) && p.place.as_ref().is_none_or(at)
        };
        self.policies.iter().filter(applies).map(|p| p.policy.clone()).collect()
    }

    /// The same; none for a place that this site does not have.
    pub(crate) fn slice_if_there(&self, deed: Deed, spot: Spot) -> Vec<Policy> {
        let there = match spot {
            Spot::Door(door) => self.site.door(door).is_some(),
            Spot::Zone(zone) => self.site.zone(zone).is_some(),
            Spot::Site => true,
        };
        if there { self.slice(deed, spot) } else { Vec::new() }
    }

    /// The zones that a place lies in, innermost first.
    pub(crate) fn zones(&self, spot: Spot) -> Vec<ZoneId> {
        match spot {
            Spot::Door(door) => self.site.around(door).to_vec(),
            Spot::Zone(zone) => outward(self.site, zone),
            Spot::Site => Vec::new(),
        }
    }

    /// What policies that name no more than this can tell apart of a place: two with the same answer are one question.
    pub(crate) fn looks(&self, spot: Spot, slice: &[Policy], names: &Names) -> String {
        let zones = self.zones(spot);
        let within: Vec<_> = names.zones.iter().filter(|z| zones.contains(z)).collect();
        let ids: Vec<_> = slice.iter().map(|p| p.id().to_string()).collect();
        let (kind, own) = match spot {
            Spot::Door(id) => {
                let named = names.others.contains(&format!("Door::\"{id}\"")).then(|| id.to_string());
                (self.site.door(id).map(|d| d.kind), named)
            }
            Spot::Zone(id) => (None, names.zones.contains(&id).then(|| id.to_string())),
            Spot::Site => (None, None),
        };
        format!("{ids:?} {within:?} {kind:?} {own:?} {}", spot == Spot::Site)
    }

    /// All that is known of a request before any policy is asked, as a condition.
    pub(crate) fn knows(&self, deed: Deed, by: Kind, spot: Spot, names: &Names) -> String {
        let mut said = self.of_the_place(deed, spot, names);
        if by == Kind::Person {
            let has = |g: &GroupId| self.site.groups().any(|known| known.id == *g);
            let ghosts = names.groups.iter().filter(|g| !has(g));
            said.extend(ghosts.map(|g| format!(r#"!(principal in Group::"{g}")"#)));
        }
        let age = format!("context.config_age >= 0 && context.config_age <= {AGE_MAX}");
        let level = "context.threat_level >= 0 && context.threat_level <= 4".to_owned();
        let signed = format!("context.approvals >= 0 && context.approvals <= {APPROVALS_MAX}");
        match deed {
            Deed::Enter(_) => {
                said.extend([age, level, self.of_the_time(names)]);
                said.push(r#"["card", "pin", "key", "code"].containsAll(context.factors)"#.into());
                // A door takes in a card or a PIN that stands alone; what signs is a card.
                said.push(r#"context.factors.containsAny(["card", "pin"])"#.into());
                said.push(r#"(!context.factors.contains("key") || context.factors.contains("card"))"#.into());
                said.push("(context.people == 2 || (context.people == 1 && !context.escorted))".into());
            }
            Deed::Pass => {
                said.extend([age, level, self.of_the_time(names)]);
                said.push(
                    r#"context.factors == ["code"] && context.people == 1 && !context.escorted"#.into(),
                );
            }
            Deed::Order(_) => said.extend([age, level, self.of_the_time(names), signed]),
            Deed::Change(verb) => {
                said.push(signed);
                // Only operators have keys of their own, and only changes of keys are about them.
                if by == Kind::Service || !verb.ends_with("-operator-key") {
                    said.push("!context.own".into());
                }
            }
            Deed::Read(_) | Deed::SignIn(_) => {}
        }
        if by == Kind::Operator && !deed.is_plain() {
            said.push("!context.on_behalf".into());
        }
        said.join(" && ")
    }

    fn of_the_place(&self, deed: Deed, spot: Spot, names: &Names) -> Vec<String> {
        let zones = self.zones(spot);
        let mut said = Vec::new();
        match spot {
            Spot::Door(id) => {
                said.push(format!(r#"resource == Door::"{id}""#));
                if let Some(door) = self.site.door(id) {
                    said.push(format!(r#"resource.kind == "{}""#, door.kind.as_str()));
                }
            }
            Spot::Zone(id) => said.push(format!(r#"resource == Zone::"{id}""#)),
            Spot::Site => return vec![r#"resource == Site::"this""#.into()],
        }
        // Only who acts from afar is told that a door lies in the site.
        let afar = matches!(deed, Deed::Order(_) | Deed::Change(_)) || deed.is_plain();
        said.push(format!(r#"{}(resource in Site::"this")"#, if afar { "" } else { "!" }));
        for zone in &names.zones {
            let not = if zones.contains(zone) { "" } else { "!" };
            said.push(format!(r#"{not}(resource in Zone::"{zone}")"#));
        }
        said
    }

    /// Which of the named schedules are ever open together.
    fn of_the_time(&self, names: &Names) -> String {
        let mut sets: BTreeSet<(Vec<ScheduleId>, bool)> = BTreeSet::new();
        for t in &self.together {
            let open = t.open.iter().filter(|s| names.schedules.contains(s)).copied().collect();
            sets.insert((open, t.open.is_empty()));
        }
        if sets.len() > SETS_MAX {
            return "true".into();
        }
        let one =
            |(open, empty): &(Vec<ScheduleId>, bool)| {
                let not = |so: bool| if so { "" } else { "!" };
                let mut all = vec![format!("{}context.schedules.isEmpty()", not(*empty))];
                all.extend(names.schedules.iter().map(|s| {
                    format!(r#"{}context.schedules.contains(Schedule::"{s}")"#, not(open.contains(s)))
                }));
                format!("({})", all.join(" && "))
            };
        let sets: Vec<_> = sets.iter().map(one).collect();
        format!("({})", sets.join(" || "))
    }
}

/// Whether anything here permits at all: without it nothing is permitted, and nobody need be asked.
pub(crate) fn permits(slice: &[Policy]) -> bool {
    slice.iter().any(|p| p.effect() == Effect::Permit)
}

impl Deed {
    pub(crate) fn action(self) -> String {
        match self {
            Self::Enter(Act::Enter) => "enter".into(),
            Self::Enter(Act::Hold) => "hold".into(),
            Self::Enter(Act::EnterLockedDown) => "enter-locked-down".into(),
            Self::Enter(Act::ByPhone) => "enter-by-phone".into(),
            Self::Pass => "admit".into(),
            Self::Order(act) => format!("order:{}", act.verb()),
            Self::Change(verb) => format!("change:{verb}"),
            Self::Read(what) => format!("read:{}", what.verb()),
            Self::SignIn(with) => format!("sign-in:{}", with.verb()),
        }
    }

    pub(crate) fn family(self) -> Option<&'static str> {
        match self {
            Self::Enter(_) | Self::Pass => None,
            Self::Order(_) => Some("order"),
            Self::Change(_) => Some("change"),
            Self::Read(_) => Some("read"),
            Self::SignIn(_) => Some("sign-in"),
        }
    }
}

/// What the solver is asked about: who by type, what, where by type.
pub(crate) fn request_env(deed: Deed, by: Kind, spot: Spot) -> Result<RequestEnv, String> {
    let name = |s: &str| EntityTypeName::from_str(s).map_err(|e| e.to_string());
    let resource = match spot {
        Spot::Door(_) => "Door",
        Spot::Zone(_) => "Zone",
        Spot::Site => "Site",
    };
    let action = format!("Action::\"{}\"", deed.action());
    let action = EntityUid::from_str(&action).map_err(|e| e.to_string())?;
    Ok(RequestEnv::new(name(by.name())?, action, name(resource)?))
}
