//! From rules and texts to Cedar policies: validated, and with what the index has to know about each.

use crate::cache::Picture;
use crate::verdict::Company;
use crate::vocabulary::{Named, Seen, WORDS, policy_name, rule_name};
use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PolicyId as CedarId, PolicySet, PrincipalConstraint,
    ResourceConstraint, ValidationMode,
};
use core::fmt::Write as _;
use lockward_model::{DoorId, Factors, GroupId, PersonId, PolicyText, Rule, Target, ThreatLevel, ZoneId};
use miette::Diagnostic;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Policies that one rule may become: 32 groups at 32 places, 6 MB at 6 KB each. A zone counts as one place.
pub const RULE_POLICIES_MAX: usize = 1_024;
/// Longest policy: two hundred lines of eighty characters.
pub const POLICY_TEXT_BYTES_MAX: usize = 16_384;
/// Entities that a policy may look into, one after the other: the person and the door, and nothing behind them (Cedar
/// RFC 76). So a decision needs no entity but these two.
const DEREFERENCES_MAX: u32 = 1;

/// Why a rule or a policy is not taken. The set is then as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_TEXT_BYTES_MAX`].
    #[error("`{name}` is {bytes} bytes long; split it into policies of at most {POLICY_TEXT_BYTES_MAX}")]
    TooLong {
        /// Which.
        name: String,
        /// How long.
        bytes: usize,
    },
    /// Not exactly one policy without slots.
    #[error("`{name}` is not one Cedar policy; line {line}, column {column}: {what}")]
    Parse {
        /// Which.
        name: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// Against the schema, or a policy that can never apply.
    #[error("`{name}` does not fit the schema; line {line}, column {column}: {what}")]
    Invalid {
        /// Which.
        name: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// A literal that can name nothing.
    #[error("`{name}` names `{literal}`, which is no id: an id holds only a-z, 0-9 and `-`")]
    NoId {
        /// Which.
        name: String,
        /// As it was written.
        literal: String,
    },
    /// A rule for nobody, or for no place.
    #[error("`{name}` names no {what}; name at least one, or remove the rule")]
    Empty {
        /// Which.
        name: String,
        /// `group` or `place`.
        what: &'static str,
    },
    /// More than [`RULE_POLICIES_MAX`].
    #[error(
        "`{name}` would become {policies} policies, and {RULE_POLICIES_MAX} is the most; \
         use a zone in place of many doors, or split it"
    )]
    TooWide {
        /// Which.
        name: String,
        /// Groups times places.
        policies: usize,
    },
}

/// Whom a policy's scope can match, when someone enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Whom {
    Anyone,
    Group(GroupId),
    Person(PersonId),
}

/// Where a policy's scope can match, when someone enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Where {
    Anywhere,
    Zone(ZoneId),
    Door(DoorId),
}

/// The parts of the context that a policy may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Looks {
    pub(crate) schedules: bool,
    pub(crate) factors: bool,
    pub(crate) age: bool,
    pub(crate) company: bool,
    pub(crate) threat: bool,
}

impl Looks {
    pub(crate) const AT_ALL: Self =
        Self { schedules: true, factors: true, age: true, company: true, threat: true };

    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            schedules: self.schedules || other.schedules,
            factors: self.factors || other.factors,
            age: self.age || other.age,
            company: self.company || other.company,
            threat: self.threat || other.threat,
        }
    }

    /// The same to the policies, with as little as possible that differs: so that time, and what a door does not use,
    /// make no new contexts.
    pub(crate) fn least<'a>(self, seen: &Seen<'a>) -> Seen<'a> {
        Seen {
            open: if self.schedules { seen.open } else { &[] },
            factors: if self.factors { seen.factors } else { Factors::NONE },
            company: if self.company { seen.company } else { Company::Alone },
            threat: if self.threat { seen.threat } else { ThreatLevel::default() },
            age: if self.age { seen.age } else { 0 },
        }
    }
}

/// A picture that is made when it is first asked; `None` if there can be none.
pub(crate) type Ready = Arc<OnceLock<Option<Arc<Picture>>>>;

/// One Cedar policy, and what the index knows of it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) policy: Policy,
    /// Where it can match when someone enters; `None` if never.
    pub(crate) enters: Option<(Whom, Where)>,
    /// Whether it can match what somebody does from afar: a change, an order, a look at what the hub shows.
    pub(crate) changes: bool,
    /// Whether it can match what is asked seldom: setting a door free, entering in a lockdown, passes.
    pub(crate) rare: bool,
    pub(crate) looks: Looks,
    /// Whether its conditions look at nothing but the context: then what it says of one whom its scope matches, it
    /// says of all.
    pub(crate) context_only: bool,
    /// What it permits on, where other policies may permit on the very same: the words of a rule's conditions.
    pub(crate) alike: Option<Arc<str>>,
    /// The policy by itself, ready to be asked; made when it first is, if `context_only`. Policies that are alike share
    /// one: ten thousand rules have a few dozen conditions, and what is asked often stays near the processor.
    pub(crate) ready: Ready,
    /// Every person, group and door that it names, in its scope or its conditions.
    pub(crate) persons: BTreeSet<PersonId>,
    pub(crate) groups: BTreeSet<GroupId>,
    pub(crate) doors: BTreeSet<DoorId>,
}

/// A rule: one policy for each group at each place, so that the index finds it by its scope.
pub(crate) fn rule(rule: &Rule) -> Result<Vec<Compiled>, PolicyError> {
    let name = rule_name(rule.id);
    let groups: BTreeSet<_> = rule.groups.iter().collect();
    let targets: BTreeSet<_> = rule.targets.iter().collect();
    for (what, none) in [("group", groups.is_empty()), ("place", targets.is_empty())] {
        if none {
            return Err(PolicyError::Empty { name, what });
        }
    }
    let policies = groups.len().saturating_mul(targets.len());
    if policies > RULE_POLICIES_MAX {
        return Err(PolicyError::TooWide { name, policies });
    }
    let conditions: Arc<str> = conditions(rule).into();
    let looks = Looks {
        schedules: rule.schedule.is_some(),
        factors: rule.factors != Factors::NONE,
        company: rule.two_people,
        ..Looks::default()
    };
    let pairs = groups.iter().flat_map(|g| targets.iter().map(move |t| (**g, **t)));
    let one = |(number, (group, target))| {
        // Ids have a closed alphabet: nothing in them needs escaping.
        let place = match target {
            Target::Zone(z) => format!(r#"resource in Zone::"{z}""#),
            Target::Door(d) => format!(r#"resource == Door::"{d}""#),
        };
        let text = format!(
            r#"permit (principal in Group::"{group}", action == Action::"enter", {place}){conditions};"#
        );
        let policy = parse(&name, &format!("{name}#{number}"), &text)?;
        let (at, doors) = match target {
            Target::Zone(z) => (Where::Zone(z), BTreeSet::new()),
            Target::Door(d) => (Where::Door(d), BTreeSet::from([d])),
        };
        Ok(Compiled {
            policy,
            enters: Some((Whom::Group(group), at)),
            changes: false,
            rare: false,
            looks,
            context_only: true,
            alike: Some(Arc::clone(&conditions)),
            ready: Arc::default(),
            persons: BTreeSet::new(),
            groups: BTreeSet::from([group]),
            doors,
        })
    };
    pairs.enumerate().map(one).collect()
}

fn conditions(rule: &Rule) -> String {
    let mut out = String::new();
    if let Some(schedule) = rule.schedule {
        let _ = write!(out, r#" when {{ context.schedules.contains(Schedule::"{schedule}") }}"#);
    }
    for factor in rule.factors.names() {
        let _ = write!(out, r#" when {{ context.factors.contains("{factor}") }}"#);
    }
    if rule.two_people {
        out.push_str(" when { context.people >= 2 }");
    }
    out
}

/// A text: exactly one policy, without slots, valid under the schema, naming only what can exist.
pub(crate) fn text(text: &PolicyText) -> Result<Compiled, PolicyError> {
    let name = policy_name(text.id);
    if text.text.len() > POLICY_TEXT_BYTES_MAX {
        return Err(PolicyError::TooLong { name, bytes: text.text.len() });
    }
    let policy = parse(&name, &name, &text.text)?;
    validate(&name, &policy, &text.text)?;
    examine(&name, policy)
}

/// Whether a policy takes away: wherever it applies it forbids, whatever permits. False for what is no policy.
#[must_use]
pub fn forbids(text: &PolicyText) -> bool {
    Policy::parse(None, &*text.text).is_ok_and(|p| p.effect() == Effect::Forbid)
}

/// What the index has to know, from the policy itself; always rather too much than too little.
pub(crate) fn examine(name: &str, policy: Policy) -> Result<Compiled, PolicyError> {
    let (mut persons, mut groups, mut doors) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for literal in policy.entity_literals() {
        match WORDS.named(&literal) {
            Some(Named::Person(id)) => drop(persons.insert(id)),
            Some(Named::Group(id)) => drop(groups.insert(id)),
            Some(Named::Door(id)) => drop(doors.insert(id)),
            Some(Named::Zone(_) | Named::Other) => {}
            None => return Err(PolicyError::NoId { name: name.into(), literal: literal.to_string() }),
        }
    }
    let constraint = policy.action_constraint();
    let actions: &[EntityUid] = match &constraint {
        ActionConstraint::Any => &[],
        ActionConstraint::Eq(action) => std::slice::from_ref(action),
        ActionConstraint::In(list) => list,
    };
    let any = constraint == ActionConstraint::Any;
    let enter = any || actions.contains(&WORDS.enter);
    let rare = any || actions.iter().any(|a| WORDS.is_rare(a));
    let changes = any || actions.iter().any(|a| *a != WORDS.enter && !WORDS.is_rare(a));
    let scope = whom(&policy.principal_constraint()).zip(place(&policy.resource_constraint()));
    let enters = scope.filter(|_| enter);
    let (looks, context_only, ready) = (looks(&policy), context_only(&policy), Arc::default());
    Ok(Compiled {
        enters,
        changes,
        rare,
        looks,
        context_only,
        alike: None,
        ready,
        policy,
        persons,
        groups,
        doors,
    })
}

/// Whether no condition says `principal` or `resource`. The scope does not: it is not written as an expression.
fn context_only(policy: &Policy) -> bool {
    let Ok(json) = policy.to_json() else { return false };
    let json = json.to_string();
    !json.contains(r#""Var":"principal""#) && !json.contains(r#""Var":"resource""#)
}

/// A part of the context can only be reached by its name, and the JSON form spells names out, whatever escapes the
/// text has. A name that stands there for another reason costs a little time and no truth.
fn looks(policy: &Policy) -> Looks {
    let Ok(json) = policy.to_json() else { return Looks::AT_ALL };
    let json = json.to_string();
    Looks {
        schedules: json.contains("schedules"),
        factors: json.contains("factors"),
        age: json.contains("config_age"),
        company: json.contains("people") || json.contains("escorted"),
        threat: json.contains("threat_level"),
    }
}

fn whom(scope: &PrincipalConstraint) -> Option<Whom> {
    match scope {
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => Some(Whom::Anyone),
        PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => {
            match WORDS.named(uid)? {
                Named::Group(id) => Some(Whom::Group(id)),
                Named::Person(id) => Some(Whom::Person(id)),
                // An operator, a role or a service never enters.
                _ => None,
            }
        }
    }
}

fn place(scope: &ResourceConstraint) -> Option<Where> {
    match scope {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => Some(Where::Anywhere),
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
            match WORDS.named(uid)? {
                Named::Zone(id) => Some(Where::Zone(id)),
                Named::Door(id) => Some(Where::Door(id)),
                // The site is changed, not entered.
                _ => None,
            }
        }
    }
}

fn parse(name: &str, cedar: &str, text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(Some(CedarId::new(cedar)), text).map_err(|e| {
        let (line, column) = position(&e, text);
        PolicyError::Parse { name: name.into(), line, column, what: e.to_string() }
    })
}

/// Strictly, and with every warning an error: a policy that can never apply is a mistake, and one that forbids would
/// give a false peace of mind.
pub(crate) fn validate(name: &str, policy: &Policy, text: &str) -> Result<(), PolicyError> {
    // Cedar repeats the name; once is enough.
    let repeated = format!("for policy `{}`, ", policy.id());
    let invalid = |(line, column), what: String| {
        let what = what.trim_start_matches(&repeated).to_owned();
        PolicyError::Invalid { name: name.into(), line, column, what }
    };
    let alone = PolicySet::from_policies([policy.clone()]).map_err(|e| invalid((1, 1), e.to_string()))?;
    let found = WORDS.validator.validate_with_level(&alone, ValidationMode::Strict, DEREFERENCES_MAX);
    let errors = found.validation_errors().map(|e| (position(e, text), e.to_string()));
    let warnings = found.validation_warnings().map(|w| (position(w, text), w.to_string()));
    // Cedar tells them in no order; the first one in the text, errors before warnings, is the same every time.
    match errors.min().or_else(|| warnings.min()) {
        Some((at, what)) => Err(invalid(at, what)),
        None => Ok(()),
    }
}

/// Line and column of the first label, from 1.
fn position(found: &dyn Diagnostic, text: &str) -> (usize, usize) {
    let offset = found.labels().and_then(|mut all| all.next()).map_or(0, |label| label.offset());
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// The name to answer with: a rule's policies differ only behind the `#`.
pub(crate) fn reported(id: &CedarId) -> &str {
    let id: &str = id.as_ref();
    id.split_once('#').map_or(id, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_model::ScheduleId;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        // What a rule becomes is not validated when it is put, for speed; and what the index has to know of it is
        // known without asking it. Both are right for every rule.
        #[test]
        fn what_a_rule_becomes_is_valid_and_known(
            group in "[a-z0-9][a-z0-9-]{0,30}",
            zone in "[a-z0-9][a-z0-9-]{0,30}",
            schedule in prop::option::of("[a-z0-9][a-z0-9-]{0,30}"),
            factors in 0u8..16,
            two_people: bool,
        ) {
            let wide = Rule {
                id: group.parse().unwrap(),
                title: "Any".parse().unwrap(),
                groups: vec![group.parse().unwrap(), "other".parse().unwrap()],
                targets: vec![Target::Zone(zone.parse().unwrap()), Target::Door(zone.parse().unwrap())],
                schedule: schedule.map(|s| s.parse::<ScheduleId>().unwrap()),
                factors: Factors::from_bits(factors).unwrap(), two_people,
            };
            let compiled = rule(&wide).unwrap();
            prop_assert_eq!(compiled.len(), if group == "other" { 2 } else { 4 });
            for known in compiled {
                validate("rule", &known.policy, "").unwrap();
                let found = examine("rule", known.policy.clone()).unwrap();
                prop_assert_eq!(known.enters, found.enters);
                prop_assert_eq!((known.changes, known.rare), (found.changes, found.rare));
                prop_assert_eq!(known.looks, found.looks);
                prop_assert_eq!(known.context_only, found.context_only);
                prop_assert_eq!(known.persons, found.persons);
                prop_assert_eq!(known.groups, found.groups);
                prop_assert_eq!(known.doors, found.doors);
            }
        }
    }

    #[test]
    fn a_part_of_the_context_is_seen_behind_escapes() {
        let looks_at = |condition: &str| {
            let policy =
                format!(r#"permit (principal, action == Action::"enter", resource) when {{ {condition} }};"#);
            text(&PolicyText { id: "p".parse().unwrap(), text: policy.into() }).unwrap().looks
        };
        let none = Looks::default();
        assert_eq!(looks_at(r#"resource.kind == "safe""#), none);
        assert_eq!(looks_at(r#"context["\u{63}onfig_age"] > 1"#), Looks { age: true, ..none });
        assert_eq!(looks_at(r#"{c: context}.c.factors.isEmpty()"#), Looks { factors: true, ..none });
        assert_eq!(
            looks_at("context has schedules && context.schedules.isEmpty()"),
            Looks { schedules: true, ..none }
        );
        assert_eq!(looks_at("context.people > 1"), Looks { company: true, ..none });
        assert_eq!(looks_at(r#"context["esc\u{6f}rted"]"#), Looks { company: true, ..none });
        assert_eq!(looks_at("context.threat_level > 1"), Looks { threat: true, ..none });
    }

    #[test]
    fn a_condition_on_person_or_door_is_seen_however_it_is_written() {
        let only = |scope: &str, condition: &str| {
            let policy = format!("permit ({scope}) when {{ {condition} }};");
            text(&PolicyText { id: "p".parse().unwrap(), text: policy.into() }).unwrap().context_only
        };
        let scope = r#"principal in Group::"g", action == Action::"enter", resource in Zone::"z""#;
        assert!(only(scope, "context.schedules.isEmpty()"));
        assert!(only(
            scope,
            r#"context.factors.contains("principal") || context.factors.contains("resource")"#
        ));
        for condition in [
            r#"resource.kind == "safe""#,
            r#"resource["k\u{69}nd"] == "safe""#,
            r#"{a: resource}.a.kind == "safe""#,
            r#"principal in Group::"h""#,
            r#"[Person::"a"].contains(principal)"#,
            r#"if context.factors.isEmpty() then resource in Zone::"y" else true"#,
        ] {
            assert!(!only(scope, condition), "{condition}");
        }
    }

    #[test]
    fn a_scope_that_cannot_enter_is_not_indexed() {
        let changes = r#"forbid (principal is Operator, action in Action::"change", resource);"#;
        let both = "forbid (principal, action, resource);";
        let compiled = |t: &str| text(&PolicyText { id: "p".parse().unwrap(), text: t.into() }).unwrap();
        assert_eq!((compiled(changes).enters, compiled(changes).changes), (None, true));
        assert!(!compiled(changes).rare && compiled(both).rare);
        assert_eq!(
            (compiled(both).enters, compiled(both).changes),
            (Some((Whom::Anyone, Where::Anywhere)), true)
        );
    }
}
