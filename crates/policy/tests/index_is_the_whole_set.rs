//! The index never differs from the whole set: random sites, random policies, random questions, changes in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::time::Duration;
use lockward_model::{
    DoorId, DoorKind, Factors, GroupId, PersonId, PolicyText, Rule, ScheduleId, Target, ThreatLevel, ZoneId,
};
use lockward_policy::{Act, Answers, Company, Place, Policies, Situation, Verdict, Who, Would};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// How many there are of each noun: few, so that everything meets.
const N: usize = 5;

fn id<T: core::str::FromStr>(letter: char, n: usize) -> T {
    format!("{letter}{n}").parse().unwrap_or_else(|_| panic!("an id"))
}

#[derive(Debug, Clone)]
enum Entry {
    Rule {
        groups: Vec<usize>,
        zones: Vec<usize>,
        doors: Vec<usize>,
        schedule: Option<usize>,
        factors: u8,
        two_people: bool,
    },
    Text(String),
}

#[derive(Debug, Clone)]
struct Question {
    person: usize,
    groups: Vec<usize>,
    door: usize,
    open: Vec<usize>,
    factors: u8,
    reach: u8,
    company: Company,
    visitor: bool,
    threat: u8,
    age: u64,
}

#[derive(Debug, Clone)]
struct World {
    /// Parent of each zone, if it has one: always a zone before it.
    parents: Vec<Option<usize>>,
    /// Kind and zone of each door.
    doors: Vec<(usize, usize)>,
    entries: Vec<Entry>,
    questions: Vec<Question>,
    /// Which entries go away halfway.
    removed: Vec<usize>,
}

fn some() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..N, 0..4)
}

fn one_or_more() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..N, 1..4)
}

fn list(kind: &str, letter: char, ids: &[usize]) -> String {
    let ids: Vec<_> = ids.iter().map(|n| format!("{kind}::\"{letter}{n}\"")).collect();
    format!("[{}]", ids.join(", "))
}

fn atom() -> BoxedStrategy<String> {
    let n = || 0..N;
    prop_oneof![
        prop::sample::select(&DoorKind::ALL[..3])
            .prop_map(|k| format!("resource.kind == \"{}\"", k.as_str())),
        n().prop_map(|p| format!("principal == Person::\"p{p}\"")),
        n().prop_map(|p| format!("principal != Person::\"p{p}\"")),
        n().prop_map(|p| format!("principal in Person::\"p{p}\"")),
        one_or_more().prop_map(|p| format!("{}.contains(principal)", list("Person", 'p', &p))),
        n().prop_map(|g| format!("principal in Group::\"g{g}\"")),
        one_or_more().prop_map(|g| format!("principal in {}", list("Group", 'g', &g))),
        n().prop_map(|g| format!("principal is Person in Group::\"g{g}\"")),
        (n(), n()).prop_map(|(a, b)| format!(
            "principal in (if context.factors.contains(\"pin\") then Group::\"g{a}\" else Group::\"g{b}\")"
        )),
        n().prop_map(|z| format!("resource in Zone::\"z{z}\"")),
        one_or_more().prop_map(|z| format!("resource in {}", list("Zone", 'z', &z))),
        n().prop_map(|d| format!("resource == Door::\"d{d}\"")),
        one_or_more().prop_map(|d| format!("{}.contains(resource)", list("Door", 'd', &d))),
        n().prop_map(|s| format!("context.schedules.contains(Schedule::\"s{s}\")")),
        one_or_more().prop_map(|s| format!("context.schedules.containsAny({})", list("Schedule", 's', &s))),
        Just("context.schedules.isEmpty()".to_owned()),
        Just("context.factors.contains(\"pin\")".to_owned()),
        Just("context[\"fact\\u{6f}rs\"].contains(\"card\")".to_owned()),
        Just("context.factors.contains(\"code\")".to_owned()),
        Just("context.people >= 2".to_owned()),
        Just("context[\"peo\\u{70}le\"] == 1".to_owned()),
        Just("context.escorted".to_owned()),
        (0u8..4).prop_map(|t| format!("context.threat_level > {t}")),
        (0u64..4).prop_map(|a| format!("context.config_age > {a}")),
        (0u64..4).prop_map(|a| format!("context[\"config\\u{{5f}}age\"] <= {a}")),
        // An error from the third second on.
        Just("context.config_age * 4611686018427387904 >= 0".to_owned()),
    ]
    .boxed()
}

fn condition() -> impl Strategy<Value = String> {
    atom().prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("if {a} then {b} else {c}")),
        ]
    })
}

fn text() -> impl Strategy<Value = Entry> {
    let n = || 0..N;
    let principal = prop_oneof![
        3 => Just("principal".to_owned()),
        1 => Just("principal is Person".to_owned()),
        4 => n().prop_map(|g| format!("principal in Group::\"g{g}\"")),
        1 => n().prop_map(|g| format!("principal is Person in Group::\"g{g}\"")),
        2 => n().prop_map(|p| format!("principal == Person::\"p{p}\"")),
        1 => n().prop_map(|p| format!("principal in Person::\"p{p}\"")),
    ];
    let resource = prop_oneof![
        3 => Just("resource".to_owned()),
        1 => Just("resource is Door".to_owned()),
        4 => n().prop_map(|z| format!("resource in Zone::\"z{z}\"")),
        1 => n().prop_map(|z| format!("resource is Door in Zone::\"z{z}\"")),
        2 => n().prop_map(|d| format!("resource == Door::\"d{d}\"")),
        1 => n().prop_map(|d| format!("resource in Door::\"d{d}\"")),
    ];
    let action = prop::sample::select(vec![
        r#"action == Action::"enter""#,
        r#"action in [Action::"enter"]"#,
        r#"action in Action::"enter""#,
        r#"action in [Action::"enter", Action::"hold"]"#,
        r#"action in [Action::"enter-locked-down", Action::"enter", Action::"hold"]"#,
        r#"action == Action::"enter-locked-down""#,
    ]);
    let clause = (prop::sample::select(vec!["when", "unless"]), condition());
    let effect = prop::sample::select(vec!["permit", "permit", "forbid"]);
    (effect, principal, action, resource, prop::collection::vec(clause, 0..3)).prop_map(
        |(effect, principal, action, resource, clauses)| {
            let clauses: String =
                clauses.iter().map(|(when, what)| format!(" {when} {{ {what} }}")).collect();
            Entry::Text(format!("{effect} ({principal}, {action}, {resource}){clauses};"))
        },
    )
}

/// Card and PIN more often than the others.
fn few_factors() -> impl Strategy<Value = u8> {
    prop_oneof![3 => 0u8..4, 1 => 0u8..16]
}

fn entry() -> impl Strategy<Value = Entry> {
    let two = prop::bool::weighted(0.4);
    let rule = (one_or_more(), one_or_more(), some(), prop::option::of(0..N), few_factors(), two);
    let rule = rule.prop_map(|(groups, zones, doors, schedule, factors, two_people)| Entry::Rule {
        groups,
        zones,
        doors,
        schedule,
        factors,
        two_people,
    });
    let escort = (0..N).prop_map(|z| {
        let place = format!("resource in Zone::\"z{z}\"");
        Entry::Text(format!(
            "forbid (principal, action == Action::\"enter\", {place}) unless {{ context.escorted }};"
        ))
    });
    prop_oneof![8 => rule, 12 => text(), 1 => escort]
}

fn world() -> impl Strategy<Value = World> {
    let parents: Vec<_> = (0..N).map(|n| prop::option::of(0..n.max(1))).collect();
    let doors = prop::collection::vec((0..3usize, 0..N), N);
    let company =
        prop::sample::select(vec![Company::Alone, Company::Alone, Company::Second, Company::Escort]);
    let reach = prop::sample::select(vec![0u8, 2, 2, 10, 14]);
    let there = (few_factors(), reach, company, any::<bool>(), 0u8..4);
    let question = (0..N, some(), 0..N, some(), there, 0u64..5);
    let question = question.prop_map(|(person, groups, door, open, there, age)| {
        let (factors, reach, company, visitor, threat) = there;
        Question { person, groups, door, open, factors, reach, company, visitor, threat, age }
    });
    let entries = prop::collection::vec(entry(), 0..12);
    (parents, doors, entries, prop::collection::vec(question, 8), some()).prop_map(
        |(mut parents, doors, entries, questions, removed)| {
            parents[0] = None;
            World { parents, doors, entries, questions, removed }
        },
    )
}

fn put(policies: &mut Policies, n: usize, entry: &Entry) {
    match entry {
        Entry::Rule { groups, zones, doors, schedule, factors, two_people } => {
            let zones = zones.iter().map(|z| Target::Zone(id('z', *z)));
            let doors = doors.iter().map(|d| Target::Door(id('d', *d)));
            let rule = Rule {
                id: id('r', n),
                title: id('r', n),
                groups: groups.iter().map(|g| id('g', *g)).collect(),
                targets: zones.chain(doors).collect(),
                schedule: schedule.map(|s| id('s', s)),
                factors: Factors::from_bits(*factors).unwrap(),
                two_people: *two_people,
            };
            policies.put_rule(&rule).unwrap();
        }
        Entry::Text(text) => {
            // Random conditions may contradict each other; a policy that can never apply is refused, and not in force.
            let taken = policies.put_policy(&PolicyText { id: id('t', n), text: text.as_str().into() });
            if let Err(error) = taken {
                assert!(error.to_string().contains("impossible"), "{text}\n{error}");
            }
        }
    }
}

fn remove(policies: &mut Policies, n: usize) {
    policies.remove_rule(id('r', n));
    policies.remove_policy(id('t', n));
}

type Ask = fn(&Policies, &Who<'_>, &Place<'_>, &Situation<'_>) -> Verdict;

type AskRare = fn(&Policies, Act, &Who<'_>, &Place<'_>, &Situation<'_>) -> Verdict;

fn ask(world: &World, policies: &Policies, q: &Question, how: Ask) -> Verdict {
    asked(world, q, None, |who, place, now| how(policies, who, place, now))
}

fn rare(world: &World, policies: &Policies, q: &Question, act: Act, how: AskRare) -> Verdict {
    asked(world, q, None, |who, place, now| how(policies, act, who, place, now))
}

fn asked(
    world: &World,
    q: &Question,
    answers: Option<&Answers>,
    how: impl Fn(&Who<'_>, &Place<'_>, &Situation<'_>) -> Verdict,
) -> Verdict {
    let (kind, zone) = world.doors[q.door];
    let zones: Vec<ZoneId> =
        core::iter::successors(Some(zone), |z| world.parents[*z]).map(|z| id('z', z)).collect();
    let groups: Vec<GroupId> = q.groups.iter().map(|g| id('g', *g)).collect();
    let open: Vec<ScheduleId> = q.open.iter().map(|s| id('s', *s)).collect();
    let all: Vec<ScheduleId> = (0..N).map(|s| id('s', s)).collect();
    let (person, door): (PersonId, DoorId) = (id('p', q.person), id('d', q.door));
    let now = Situation {
        open: &open,
        all: &all,
        factors: Factors::from_bits(q.factors).unwrap(),
        reach: Factors::from_bits(q.reach).unwrap(),
        company: q.company,
        visitor: q.visitor,
        threat: ThreatLevel::new(q.threat).unwrap(),
        config_age: Duration::from_secs(q.age),
        answers,
    };
    let place = Place { door, kind: DoorKind::ALL[kind], zones: &zones };
    how(&Who { person, groups: &groups }, &place, &now)
}

/// By the index, by the index at one sitting for all, and by the whole set. The same person asks at every door, so that
/// pictures and answers are shared and found again.
fn compare(world: &World, policies: &Policies, answers: &Answers) -> Result<(), TestCaseError> {
    for q in &world.questions {
        for door in 0..N {
            let q = Question { door, ..q.clone() };
            let sliced = ask(world, policies, &q, Policies::may_enter);
            let whole = ask(world, policies, &q, Policies::may_enter_unsliced);
            prop_assert_eq!(&sliced, &whole, "{:?}", q);
            let among =
                asked(world, &q, Some(answers), |who, place, now| policies.may_enter(who, place, now));
            prop_assert_eq!(among, whole, "{:?}", q);
            let seldom = [Act::Hold, Act::EnterLockedDown, Act::ByPhone];
            for act in seldom.into_iter().filter(|_| door == 0) {
                let (told, whole) = (
                    rare(world, policies, &q, act, Policies::may),
                    rare(world, policies, &q, act, Policies::may_unsliced),
                );
                prop_assert_eq!(&told, &whole, "{:?} {:?}", act, q);
                let by_a_rule = |b: &Vec<Box<str>>| b.iter().any(|name| name.starts_with("rule/"));
                let by_rule = matches!(&told, Verdict::Permit { because } if by_a_rule(because));
                prop_assert!(!by_rule, "{:?}", q);
            }
        }
    }
    Ok(())
}

fn all_in(world: &World) -> Policies {
    let mut policies = Policies::new();
    world.entries.iter().enumerate().for_each(|(n, e)| put(&mut policies, n, e));
    policies
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_never_differs_from_the_whole_set(world in world()) {
        let answers = Answers::default();
        let mut policies = Policies::new();
        for (n, entry) in world.entries.iter().enumerate() {
            put(&mut policies, n, entry);
            if n == world.entries.len() / 2 {
                compare(&world, &policies, &answers)?;
            }
        }
        compare(&world, &policies, &answers)?;
        let before = policies.clone();
        world.removed.iter().for_each(|n| remove(&mut policies, *n));
        compare(&world, &policies, &answers)?;
        compare(&world, &before, &answers)?;
    }
}

fn worlds(count: usize) -> impl Iterator<Item = World> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| world().new_tree(&mut runner).unwrap().current())
}

/// Whether an index that lost some entries, or asks a bent question, ever differs from the whole set: whether the
/// property would have caught it. An index that lost entries is the index of a set that never had them.
fn caught(lost: fn(&str) -> bool, bent: fn(Question) -> Question) -> bool {
    worlds(120).any(|world| {
        let whole = all_in(&world);
        let mut broken = whole.clone();
        for (n, entry) in world.entries.iter().enumerate() {
            if matches!(entry, Entry::Text(text) if lost(text)) {
                remove(&mut broken, n);
            }
        }
        let differs = |q: &Question| {
            let told = ask(&world, &broken, &bent(q.clone()), Policies::may_enter);
            told != ask(&world, &whole, q, Policies::may_enter_unsliced)
        };
        world.questions.iter().any(differs)
    })
}

#[test]
fn a_broken_index_is_caught() {
    let straight = |q| q;
    assert!(!caught(|_| false, straight), "a whole index differs");
    assert!(caught(|t| t.starts_with("forbid"), straight), "lost forbids");
    let wide = |t: &str| t.starts_with("forbid (principal,") && t.contains(", resource)");
    assert!(caught(wide, straight), "lost wide forbids");
    assert!(caught(|t| t.contains("(principal == Person"), straight), "lost policies for one person");
    assert!(caught(|t| t.contains(", resource == Door"), straight), "lost policies for one door");
    assert!(caught(|_| false, |q| Question { person: N, ..q }), "took a named person for anyone");
    let fewer = |q: Question| Question { groups: q.groups.iter().skip(1).copied().collect(), ..q };
    assert!(caught(|_| false, fewer), "overlooked a group");
    assert!(caught(|_| false, |q| Question { age: 0, ..q }), "left the age of the configuration out");
    assert!(caught(|_| false, |q| Question { threat: 0, ..q }), "left the threat level out");
    assert!(caught(|_| false, |q| Question { company: Company::Alone, ..q }), "overlooked the second person");
    assert!(caught(|_| false, |q| Question { visitor: false, ..q }), "took a visitor for none");
}

#[test]
fn the_random_questions_reach_every_kind_of_answer() {
    let mut seen = [0usize; 9];
    for world in worlds(120) {
        let policies = all_in(&world);
        for q in &world.questions {
            let kind = match ask(&world, &policies, q, Policies::may_enter) {
                Verdict::Permit { .. } => 0,
                Verdict::Forbid { would: None, .. } => 1,
                Verdict::Forbid { would: Some(_), .. } => 8,
                Verdict::Nothing { would: None } => 2,
                Verdict::Nothing { would: Some(Would::WithFactors(_)) } => 3,
                Verdict::Nothing { would: Some(Would::AtAnotherTime) } => 4,
                Verdict::Error => 5,
                Verdict::Nothing { would: Some(Would::WithSecond) } => 6,
                Verdict::Nothing { would: Some(Would::OutOfReach) } => 7,
            };
            seen[kind] += 1;
        }
    }
    assert!(seen.iter().all(|n| *n >= 5), "{seen:?}");
}
