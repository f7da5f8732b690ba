//! Whatever is proved of a random site, no random request to its engine contradicts.

use crate::house::*;
use core::time::Duration;
use lockward_model::*;
use lockward_policy::{Act, Asked, Company, Place, Signer, Situation, Verdict, Who};
use lockward_prove::{Answer, Prover};
use lockward_site::Site;
use proptest::prelude::*;

const GROUPS: [&str; 2] = ["staff", "guards"];
const SCHEDULES: [&str; 2] = ["day", "morning"];

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        prop::sample::select(vec!["hall", "vault", "yard"]).prop_map(|z| Target::Zone(id(z))),
        prop::sample::select(vec!["gate", "strongroom", "fence"]).prop_map(|d| Target::Door(id(d))),
    ]
}

fn random_rule() -> impl Strategy<Value = Change> {
    let schedule = prop::option::of(prop::sample::select(SCHEDULES.to_vec()));
    (0..3u8, prop::sample::select(GROUPS.to_vec()), target(), schedule, 0..4u8, any::<bool>()).prop_map(
        |(n, group, target, schedule, factors, two_people)| {
            let schedule = schedule.map(id);
            let factors = Factors::from_bits(factors).unwrap();
            Change::PutRule(Rule { schedule, factors, two_people, ..rule(&format!("r{n}"), group, target) })
        },
    )
}

fn random_policy() -> impl Strategy<Value = Change> {
    let effect = prop::sample::select(vec!["permit", "forbid"]);
    let who = prop::sample::select(vec!["principal", r#"principal in Group::"guards""#]);
    let action = prop::sample::select(vec!["enter", "hold", "enter-locked-down"]);
    let place =
        prop::sample::select(vec!["resource", r#"resource in Zone::"hall""#, r#"resource == Door::"fence""#]);
    let when = prop::sample::select(vec![
        r#"context.factors.contains("pin")"#,
        r#"!context.schedules.contains(Schedule::"day")"#,
        "context.threat_level > 1",
        "context.people == 2 && !context.escorted",
        r#"principal in Group::"staff" && resource.kind == "safe""#,
    ]);
    (0..2u8, effect, who, action, place, when).prop_map(|(n, effect, who, action, place, when)| {
        let what = format!(r#"action == Action::"{action}""#);
        policy(&format!("p{n}"), &format!("{effect} ({who}, {what}, {place}) when {{ {when} }};"))
    })
}

fn statement() -> impl Strategy<Value = Stated> {
    let doors = prop_oneof![
        Just(Doors::All),
        Just(Doors::Into(id("vault"))),
        Just(Doors::Into(id("yard"))),
        Just(Doors::One(id("gate"))),
    ];
    let groups = prop::sample::select(GROUPS.to_vec());
    let schedule = prop::sample::select(SCHEDULES.to_vec());
    (doors, groups, schedule, 0..3u8).prop_map(|(doors, group, schedule, which)| match which {
        0 => Stated::NoOneWithout(Wanted::new(Factors::PIN).unwrap(), doors),
        1 => Stated::OnlyGroups(Few::new(vec![id(group)]).unwrap(), doors),
        _ => Stated::NeverOutside(id(schedule), doors),
    })
}

/// Some request, as a door would make it, and whether the engine permits it.
#[derive(Debug, Clone)]
struct Asks {
    door: &'static str,
    groups: Vec<&'static str>,
    act: Act,
    factors: Factors,
    company: Company,
    threat: u8,
    at: i64,
}

fn request() -> impl Strategy<Value = Asks> {
    (
        prop::sample::select(vec!["gate", "strongroom", "fence"]),
        prop::sample::subsequence(GROUPS.to_vec(), 0..=2),
        prop::sample::select(vec![Act::Enter, Act::Hold, Act::EnterLockedDown, Act::ByPhone]),
        prop::sample::select(vec![1u8, 2, 3, 5, 7, 9]),
        prop::sample::select(vec![Company::Alone, Company::Second, Company::Escort]),
        0..5u8,
        0..(3 * 365 * 1440i64),
    )
        .prop_map(|(door, groups, act, factors, company, threat, minute)| Asks {
            door,
            groups,
            act,
            factors: Factors::from_bits(factors).unwrap(),
            company,
            threat,
            at: NOW.0 + minute * 60_000,
        })
}

/// Whether this is somebody who enters against the statement.
fn contradicts(site: &Site, statement: &Stated, asks: &Asks) -> bool {
    let door = site.door(id(asks.door)).unwrap();
    let zones = site.around(door.id);
    let within = |doors: &Doors| match doors {
        Doors::All => true,
        Doors::One(id) => door.id == *id,
        Doors::Into(zone) => zones.contains(zone),
    };
    let groups: Vec<GroupId> = asks.groups.iter().map(|g| id(g)).collect();
    let open = site.open_schedules(Time(asks.at));
    let against = match statement {
        Stated::NoOneWithout(factors, doors) => within(doors) && !asks.factors.contains(factors.get()),
        Stated::OnlyGroups(only, doors) => {
            within(doors) && !only.as_slice().iter().any(|g| groups.contains(g))
        }
        Stated::NeverOutside(schedule, doors) => within(doors) && !open.contains(schedule),
        _ => false,
    };
    let now = Situation {
        open: &open,
        factors: asks.factors,
        company: asks.company,
        threat: ThreatLevel::new(asks.threat).unwrap(),
        config_age: Duration::from_secs(7),
        ..Situation::default()
    };
    let (who, place) =
        (Who { person: id("ann"), groups: &groups }, Place { door: door.id, kind: door.kind, zones });
    against && matches!(site.policies().may_unsliced(asks.act, &who, &place, &now), Verdict::Permit { .. })
}

/// Who signs: an operator with some roles, or a service, for itself or in an operator's place.
fn signer() -> impl Strategy<Value = (Vec<&'static str>, Option<&'static str>, bool, usize)> {
    let roles = prop::sample::subsequence(vec!["owner", "guard", "people"], 0..=2);
    (roles, prop::option::of(prop::sample::select(vec!["hub", "desk"])), any::<bool>(), 0..3usize)
}

fn policy_afar() -> impl Strategy<Value = Change> {
    let effect = prop::sample::select(vec!["permit", "forbid"]);
    let who = prop::sample::select(vec![
        "principal is Operator",
        r#"principal in Role::"people""#,
        r#"principal == Service::"desk""#,
    ]);
    let what = prop::sample::select(vec![r#"in Action::"order""#, r#"== Action::"order:unlock""#]);
    let place =
        prop::sample::select(vec!["resource", r#"resource in Zone::"hall""#, r#"resource == Door::"fence""#]);
    let when = prop::sample::select(vec![
        "context.approvals >= 2",
        "!context.on_behalf",
        r#"context.schedules.contains(Schedule::"day")"#,
        r#"principal in Role::"owner" || principal in Role::"guard""#,
    ]);
    (effect, who, what, place, when).prop_map(|(effect, who, what, place, when)| {
        // A service has no role.
        let when = if who.contains("Service") && when.contains("Role") { "context.on_behalf" } else { when };
        policy("afar", &format!("{effect} ({who}, action {what}, {place}) when {{ {when} }};"))
    })
}

fn permits_at_door(site: &Site, asks: &Asks) -> bool {
    contradicts(site, &Stated::OnlyGroups(Few::new(vec![id("nobody")]).unwrap(), Doors::All), asks)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_is_proved_of_orders_no_signer_contradicts(
        policies in prop::collection::vec(policy_afar(), 0..2),
        hardened: bool,
        services: bool,
        in_their_place: bool,
        signers in prop::collection::vec((signer(), request()), 100),
    ) {
        let harden = hardened.then(|| Change::RemovePolicy(id("hub-signs")));
        let site = house(policies.into_iter().chain(harden).collect());
        let (roles, may) = (Few::new(vec![id("owner"), id("guard")]).unwrap(), id("order:unlock"));
        let statement = if services {
            Stated::NoServiceOpens(Doors::All)
        } else {
            Stated::NobodyButRoles { roles, may, in_their_place }
        };
        let answer = Prover::new(&site, None, NOW, Ok(solver())).unwrap().answer(&statement);
        let found = signers.iter().find(|((roles, service, on_behalf, approvals), asks)| {
            let own: Vec<RoleId> = roles.iter().map(|r| id(r)).collect();
            let (signer, on_behalf) = match service {
                Some(service) => (Signer::Service(id(service)), *on_behalf),
                None => (Signer::Operator { id: id("zoe"), roles: &own }, false),
            };
            let against = match (services, service) {
                (true, service) => service.is_some(),
                (false, Some(_)) => !in_their_place || !on_behalf,
                (false, None) => !roles.contains(&"owner") && !roles.contains(&"guard"),
            };
            let open = site.open_schedules(Time(asks.at));
            let now = Situation { open: &open, threat: ThreatLevel::new(asks.threat).unwrap(), ..Situation::default() };
            let door = site.door(id(asks.door)).unwrap();
            let place = Place { door: door.id, kind: door.kind, zones: site.around(door.id) };
            let asked = Asked { approvals: *approvals, on_behalf, ..Asked::default() };
            let verdict = site.policies().may_order(signer, OrderAct::Unlock, &place, &now, asked);
            against && matches!(verdict, Verdict::Permit { .. })
        });
        match answer {
            Answer::Proved => prop_assert!(found.is_none(), "{statement}: {found:?}"),
            Answer::Refuted(_) => {}
            Answer::Unanswered(why) => prop_assert!(false, "{statement}: {why}"),
        }
    }

    #[test]
    fn what_gives_nothing_new_permits_no_request_that_was_refused(
        before in prop::collection::vec(random_rule(), 1..4),
        policies in prop::collection::vec(random_policy(), 0..3),
        keep in 0..4usize,
        more in prop::collection::vec(prop_oneof![random_rule(), random_policy()], 0..2),
        requests in prop::collection::vec(request(), 200),
    ) {
        let old = house(before.iter().chain(&policies).cloned().collect());
        let new = house(before.into_iter().take(keep).chain(policies).chain(more).collect());
        let answer = Prover::new(&new, Some(&old), NOW, Ok(solver())).unwrap().gives_nothing_new();
        let found = requests.iter().find(|asks| permits_at_door(&new, asks) && !permits_at_door(&old, asks));
        match answer {
            Answer::Proved => prop_assert!(found.is_none(), "{found:?}"),
            Answer::Refuted(_) => {}
            Answer::Unanswered(why) => prop_assert!(false, "{why}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn what_is_proved_no_request_contradicts(
        rules in prop::collection::vec(random_rule(), 0..3),
        policies in prop::collection::vec(random_policy(), 0..3),
        statement in statement(),
        requests in prop::collection::vec(request(), 200),
    ) {
        let site = house(rules.into_iter().chain(policies).collect());
        let answer = Prover::new(&site, None, NOW, Ok(solver())).unwrap().answer(&statement);
        let found = requests.iter().find(|asks| contradicts(&site, &statement, asks));
        match answer {
            Answer::Proved => prop_assert!(found.is_none(), "{statement}: {found:?}"),
            Answer::Refuted(_) => {}
            Answer::Unanswered(why) => prop_assert!(false, "{statement}: {why}"),
        }
    }
}
