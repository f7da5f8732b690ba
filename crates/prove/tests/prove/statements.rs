//! Each statement, where it holds and where it does not.

use crate::house::*;
use core::time::Duration;
use lockward_model::*;
use lockward_prove::{Answer, Patience, Prover, Solver};

const TWO_FACTORS: &str = r#"no-one-without = { factors = ["card", "pin"], opens = "vault" }"#;

fn at(text: &str) -> String {
    format!(
        "permit (principal in Group::\"staff\", action == Action::\"enter\", resource in Zone::\"vault\"){text};"
    )
}

#[test]
fn no_one_without_two_factors_opens_the_vault_until_a_rule_lets_them() {
    // A PIN that stands alone would do for the rule.
    refuted(
        &house(vec![]),
        TWO_FACTORS,
        "ann of group `staff` enters `strongroom` with only a PIN, by rule/vault, while schedules `day` and `morning` are open (2026-06-01 10:00)",
    );
    let both = Rule {
        factors: Factors::CARD.with(Factors::PIN),
        ..house(vec![]).rules().find(|r| r.id == id("vault")).unwrap().clone()
    };
    proved(&house(vec![Change::PutRule(both.clone())]), TWO_FACTORS);
    let lax = rule("lax", "guards", Target::Zone(id("hall")));
    refuted(
        &house(vec![Change::PutRule(both), Change::PutRule(lax)]),
        TWO_FACTORS,
        "gil of group `guards` enters `strongroom` with only a card, by rule/lax, while no schedule is open (2026-06-01 19:00)",
    );
}

#[test]
fn a_forbid_and_the_place_of_a_door_count_in_a_proof() {
    let strict = policy(
        "strict",
        r#"forbid (principal, action in [Action::"enter", Action::"enter-locked-down", Action::"hold"], resource in Zone::"vault")
           unless { context.factors.containsAll(["card", "pin"]) };"#,
    );
    let lax = Change::PutRule(rule("lax", "guards", Target::Zone(id("hall"))));
    proved(&house(vec![strict, lax]), TWO_FACTORS);
    // The yard is not in the hall, whatever else a solver may think of.
    proved(&house(vec![]), r#"only-groups = { groups = ["guards"], open = "yard" }"#);
}

#[test]
fn what_services_open_is_found_in_orders_and_in_passes() {
    let all = r#"no-service-opens = "all""#;
    let sentence = "service `hub` opens `fence` from afar in an operator's place, by policy/hub-signs, while no schedule is open (2026-06-01 19:00)";
    refuted(&house(vec![]), all, sentence);
    let hardened = || Change::RemovePolicy(id("hub-signs"));
    proved(&house(vec![hardened()]), all);
    let passes = policy(
        "passes",
        r#"permit (principal == Service::"desk", action == Action::"admit", resource == Door::"fence")
           when { context.schedules.contains(Schedule::"day") };"#,
    );
    let site = house(vec![hardened(), passes]);
    refuted(
        &site,
        all,
        "a service `desk` (there is none, at present) lets whoever it likes enter `fence` with a pass, by policy/passes, while schedule `day` is open (2026-06-01 12:00)",
    );
    proved(&site, r#"no-service-opens = "hall""#);
}

#[test]
fn only_those_of_a_group_enter_until_another_may() {
    let staff = r#"only-groups = { groups = ["staff"], open = "hall" }"#;
    proved(&house(vec![]), staff);
    let site = house(vec![policy(
        "visit",
        r#"permit (principal, action == Action::"enter", resource == Door::"gate") when { context.escorted };"#,
    )]);
    refuted(
        &site,
        staff,
        "gil of group `guards` enters `gate` with only a card, with an escort, by policy/visit, while no schedule is open (2026-06-01 19:00)",
    );
    let unlocked = Door { unlocked: Some(id("day")), ..door("gate", "hall", DoorKind::Gate) };
    refuted(
        &house(vec![Change::PutDoor(unlocked)]),
        staff,
        "anybody at all enters `gate` with nothing, while schedule `day` unlocks it (2026-06-01 12:00)",
    );
}

#[test]
fn nobody_but_owners_changes_policies_once_the_site_is_hardened() {
    let owners = r#"nobody-but-roles = { roles = ["owner"], may = "change:put-policy" }"#;
    let theirs =
        r#"nobody-but-roles = { roles = ["owner"], may = "change:put-policy", in_their_place = true }"#;
    let site = house(vec![]);
    let sentence = "service `hub` makes the change `put-policy` in zone `hall` in an operator's place, by policy/hub-signs";
    refuted(&site, owners, sentence);
    proved(&site, theirs);
    let hardened = house(vec![Change::RemovePolicy(id("hub-signs"))]);
    proved(&hardened, owners);
    refuted(
        &hardened,
        r#"nobody-but-roles = { roles = ["owner"], may = "order" }"#,
        "operator `gus` with role `guard` opens `fence` from afar, by policy/guard, while no schedule is open (2026-06-01 19:00)",
    );
    proved(&hardened, r#"nobody-but-roles = { roles = ["owner", "auditor"], may = "read:keys" }"#);
}

#[test]
fn a_schedule_within_another_is_never_outside_it() {
    // Another schedule opens the vault; on the clock it lies within the day.
    let day = r#"never-outside = { schedule = "day", zone = "vault" }"#;
    proved(&house(vec![]), day);
    refuted(
        &house(vec![hours("morning", 6, 12)]),
        day,
        "ann of group `staff` enters `strongroom` with only a PIN, by rule/vault, while schedule `morning` is open (2026-06-02 06:00)",
    );
}

#[test]
fn a_change_gives_nothing_new_where_it_only_narrows() {
    let before = house(vec![]);
    let news = |more| answer(&house(more), Some(&before), "gives-nothing-new = true");
    assert_eq!(news(vec![]), Answer::Proved);
    let narrower = Rule {
        schedule: Some(id("morning")),
        ..before.rules().find(|r| r.id == id("hall")).unwrap().clone()
    };
    let written_otherwise = policy(
        "gate",
        r#"permit (principal in Group::"staff", action == Action::"enter", resource == Door::"gate")
           when { context.schedules.contains(Schedule::"morning") };"#,
    );
    assert_eq!(news(vec![Change::PutRule(narrower), written_otherwise]), Answer::Proved);
    let wider = Change::PutRule(rule("wider", "guards", Target::Door(id("gate"))));
    assert_eq!(
        news(vec![wider]),
        Answer::Refuted(
            "gil of group `guards` enters `gate` with only a card, by rule/wider, while no schedule is open (2026-06-01 19:00)".into()
        )
    );
    let Answer::Unanswered(why) = news(vec![person("gil", &["guards", "staff"])]) else { panic!() };
    assert!(why.contains("person `gil`"), "{why}");
    assert!(matches!(answer(&before, None, "gives-nothing-new = true"), Answer::Unanswered(_)));
}

#[test]
fn a_policy_that_could_fail_before_is_not_compared_as_if_it_had_not() {
    let sum = |text: &str| {
        policy(
            "sum",
            &format!(
                "permit (principal, action == Action::\"enter\", resource == Door::\"gate\") when {{ {text} }};"
            ),
        )
    };
    let (before, after) = (
        house(vec![sum("context.config_age * 9223372036854775807 > 7")]),
        house(vec![sum("context.config_age > 0")]),
    );
    let Answer::Unanswered(why) = answer(&after, Some(&before), "gives-nothing-new = true") else { panic!() };
    assert!(why.contains("policy/sum"), "{why}");
}

#[test]
fn without_a_solver_or_with_one_that_gives_up_nothing_is_proved() {
    let site = house(vec![Change::PutPolicy(PolicyText { id: id("v"), text: at("").into() })]);
    let statement = Stated::OnlyGroups(Few::new(vec![id("staff")]).unwrap(), Doors::Into(id("vault")));
    let none = || Solver::at("/nowhere/cvc5".into(), Patience::each(Duration::from_secs(1)));
    let Answer::Unanswered(why) = Prover::new(&site, None, NOW, none()).unwrap().answer(&statement) else {
        panic!()
    };
    assert!(why.contains("install cvc5"), "{why}");
    let hurried = Solver::find(Patience::each(Duration::ZERO)).unwrap();
    let answer = Prover::new(&site, None, NOW, Ok(hurried)).unwrap().answer(&statement);
    assert!(matches!(answer, Answer::Unanswered(_)), "{answer:?}");
}

#[test]
fn more_policies_at_one_door_than_a_proof_takes_are_not_known() {
    let groups = || (0..160).map(|n| format!("g{n}"));
    let wide = |n: u8| {
        let groups = groups().map(|g| id(&g)).collect();
        Change::PutRule(Rule { groups, ..rule(&format!("r{n}"), "staff", Target::Door(id("gate"))) })
    };
    let more = groups().map(|g| group(&g)).chain((0..10).map(wide));
    let statement = r#"only-groups = { groups = ["staff"], open = "door/gate" }"#;
    let Answer::Unanswered(why) = answer(&house(more.collect()), None, statement) else { panic!() };
    assert!(why.contains("1601 policies can match at one place"), "{why}");
}
