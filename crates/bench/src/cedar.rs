//! The peer of `decide`: Cedar itself, asked as its own documentation does, with no room of ours in between.

use crate::rounds::Failed;
use crate::world::Plan;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, Request,
    RestrictedExpression,
};
use lockward_model::{GroupId, Rule, Target};
use std::collections::{HashMap, HashSet};

/// A person, a door, and what lies around them, all by name.
pub(crate) struct Asked<'a> {
    pub(crate) person: String,
    pub(crate) groups: &'a [GroupId],
    pub(crate) door: String,
    pub(crate) kind: &'static str,
    /// Innermost first.
    pub(crate) zones: Vec<String>,
}

fn uid(kind: &str, name: &str) -> Result<EntityUid, Failed> {
    Ok(EntityUid::from_type_name_and_id(kind.parse()?, name.parse()?))
}

/// One rule as Cedar's text: one policy for its one group and one place.
fn written(rule: &Rule) -> String {
    let group = rule.groups.first().map(ToString::to_string).unwrap_or_default();
    let place = match rule.targets.first() {
        Some(Target::Zone(zone)) => format!(r#"resource in Zone::"{zone}""#),
        Some(Target::Door(door)) => format!(r#"resource == Door::"{door}""#),
        None => String::new(),
    };
    let mut text = format!(r#"permit (principal in Group::"{group}", action == Action::"enter", {place})"#);
    if let Some(schedule) = rule.schedule {
        text += &format!(r#" when {{ context.schedules.contains(Schedule::"{schedule}") }}"#);
    }
    for factor in rule.factors.names() {
        text += &format!(r#" when {{ context.factors.contains("{factor}") }}"#);
    }
    text + ";"
}

/// Every policy of a site in one set.
pub(crate) fn whole(plan: &Plan) -> Result<PolicySet, Failed> {
    let mut all = Vec::with_capacity(plan.size.policies);
    for rule in &plan.rules {
        all.push(Policy::parse(Some(PolicyId::new(format!("rule/{}", rule.id))), written(rule))?);
    }
    for text in &plan.texts {
        all.push(Policy::parse(Some(PolicyId::new(format!("policy/{}", text.id))), &text.text)?);
    }
    Ok(PolicySet::from_policies(all)?)
}

/// One rule alone in a set.
pub(crate) fn alone(rule: &Rule) -> Result<PolicySet, Failed> {
    Ok(PolicySet::from_policies([Policy::parse(Some(PolicyId::new("rule")), written(rule))?])?)
}

/// The request: who, what, where, with a card, in office hours if they are.
pub(crate) fn request(asked: &Asked<'_>, office_open: bool) -> Result<Request, Failed> {
    let office = RestrictedExpression::new_entity_uid(uid("Schedule", "office")?);
    let pairs = [
        ("schedules", RestrictedExpression::new_set(office_open.then_some(office))),
        ("factors", RestrictedExpression::new_set([RestrictedExpression::new_string("card".into())])),
        ("config_age", RestrictedExpression::new_long(0)),
    ];
    let context = Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)))?;
    let (person, door) = (uid("Person", &asked.person)?, uid("Door", &asked.door)?);
    Ok(Request::new(person, uid("Action", "enter")?, door, context, None)?)
}

/// The entities that a request needs: the person, the door, and each zone; groups have no attributes of their own.
pub(crate) fn entities(asked: &Asked<'_>) -> Result<Entities, Failed> {
    let groups = asked.groups.iter().map(|g| uid("Group", g.as_str())).collect::<Result<HashSet<_>, _>>()?;
    let mut all = vec![Entity::new_no_attrs(uid("Person", &asked.person)?, groups)];
    let zones = asked.zones.iter().map(|z| uid("Zone", z)).collect::<Result<Vec<_>, _>>()?;
    for (n, zone) in zones.iter().enumerate() {
        all.push(Entity::new_no_attrs(zone.clone(), zones.get(n + 1).cloned().into_iter().collect()));
    }
    let kind = RestrictedExpression::new_string(asked.kind.into());
    let inside = zones.first().cloned().into_iter().collect();
    all.push(Entity::new(uid("Door", &asked.door)?, HashMap::from([("kind".into(), kind)]), inside)?);
    Ok(Entities::from_entities(all, None)?)
}

/// Whether Cedar lets in. An error in a policy is an answer that counts for nothing.
pub(crate) fn allows(request: &Request, policies: &PolicySet, entities: &Entities) -> Result<bool, Failed> {
    let response = Authorizer::new().is_authorized(request, policies, entities);
    if let Some(error) = response.diagnostics().errors().next() {
        return Err(error.clone().into());
    }
    Ok(response.decision() == Decision::Allow)
}
