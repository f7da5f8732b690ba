//! What the policies say about entering, case by case.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::time::Duration;
use lockward_model::{
    DoorId, DoorKind, Factors, Mono, PolicyText, Rule, ScheduleId, ServiceId, Target, ThreatLevel, ZoneId,
};
use lockward_policy::{Act, Company, Place, Policies, PolicyError, Situation, Verdict, Who, Would};

fn id<T: core::str::FromStr>(s: &str) -> T {
    s.parse().unwrap_or_else(|_| panic!("`{s}` is an id"))
}

fn rule(name: &str, group: &str, target: Target) -> Rule {
    let (groups, targets) = (vec![id(group)], vec![target]);
    Rule {
        id: id(name),
        title: id(name),
        groups,
        targets,
        schedule: None,
        factors: Factors::NONE,
        two_people: false,
    }
}

fn text(name: &str, text: &str) -> PolicyText {
    PolicyText { id: id(name), text: text.into() }
}

fn refused(policy: &str) -> PolicyError {
    Policies::new().put_policy(&text("mine", policy)).unwrap_err()
}

fn names(because: &[Box<str>]) -> Vec<&str> {
    because.iter().map(|b| &**b).collect()
}

/// Ann, a packer, at the door `cage-7` in the zone `cage` in the zone `hall`.
struct Scene {
    policies: Policies,
    open: Vec<ScheduleId>,
    factors: Factors,
    reach: Factors,
    company: Company,
    visitor: bool,
    threat: u8,
    config_age: u64,
    act: Act,
}

impl Scene {
    fn new() -> Self {
        Self {
            policies: Policies::new(),
            open: vec![],
            factors: Factors::CARD,
            reach: Factors::PIN,
            company: Company::Alone,
            visitor: false,
            threat: 0,
            config_age: 0,
            act: Act::Enter,
        }
    }
    fn rule(mut self, rule: &Rule) -> Self {
        self.policies.put_rule(rule).unwrap();
        self
    }
    fn policy(mut self, name: &str, policy: &str) -> Self {
        self.policies.put_policy(&text(name, policy)).unwrap();
        self
    }
    /// The verdict, which must be the same by the index and by the whole set.
    fn verdict(&self) -> Verdict {
        let zones: [ZoneId; 2] = [id("cage"), id("hall")];
        let groups = [id("packers")];
        let who = Who { person: id("ann"), groups: &groups };
        let place = Place { door: id("cage-7"), kind: DoorKind::Cage, zones: &zones };
        let all = [id("day"), id("night")];
        let config_age = Duration::from_secs(self.config_age);
        let now = Situation {
            open: &self.open,
            all: &all,
            factors: self.factors,
            reach: self.reach,
            company: self.company,
            visitor: self.visitor,
            threat: ThreatLevel::new(self.threat).unwrap(),
            config_age,
            answers: None,
        };
        let verdict = self.policies.may(self.act, &who, &place, &now);
        assert_eq!(verdict, self.policies.may_unsliced(self.act, &who, &place, &now));
        match self.policies.enter(self.act, &who, &place, &now, Mono(7)) {
            Ok((grant, because)) => {
                assert_eq!((grant.door(), grant.until()), (place.door, Mono(7)));
                assert_eq!(verdict, Verdict::Permit { because });
            }
            Err(shut) => {
                assert_eq!(shut, verdict);
                assert!(!matches!(shut, Verdict::Permit { .. }));
            }
        }
        verdict
    }
    fn because(&self) -> Vec<String> {
        match self.verdict() {
            Verdict::Permit { because } | Verdict::Forbid { because, .. } => {
                names(&because).into_iter().map(str::to_owned).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

const HALL: fn() -> Target = || Target::Zone(id("hall"));
const NOTHING: Verdict = Verdict::Nothing { would: None };

#[test]
fn given_no_policy_then_nothing_is_permitted() {
    assert_eq!(Scene::new().verdict(), NOTHING);
}

#[test]
fn given_a_rule_for_another_group_or_place_then_nothing_is_permitted() {
    let scene = Scene::new()
        .rule(&rule("a", "pickers", HALL()))
        .rule(&rule("b", "packers", Target::Zone(id("yard"))))
        .rule(&rule("c", "packers", Target::Door(id("cage-8"))));
    assert_eq!(scene.verdict(), NOTHING);
}

#[test]
fn a_rule_for_a_zone_opens_what_lies_within() {
    let scene = Scene::new().rule(&rule("a", "packers", HALL()));
    assert_eq!(scene.because(), ["rule/a"]);
}

#[test]
fn a_rule_of_many_policies_reports_itself_once() {
    let mut wide = rule("wide", "packers", HALL());
    wide.targets.extend([Target::Zone(id("cage")), Target::Door(id("cage-7"))]);
    let scene = Scene::new().rule(&wide);
    assert_eq!(scene.because(), ["rule/wide"]);
}

#[test]
fn a_forbid_wins_and_is_named() {
    let scene = Scene::new().rule(&rule("a", "packers", HALL())).policy(
        "closed",
        r#"forbid (principal, action == Action::"enter", resource) when { resource.kind == "cage" };"#,
    );
    assert!(matches!(scene.verdict(), Verdict::Forbid { .. }));
    assert_eq!(scene.because(), ["policy/closed"]);
}

#[test]
fn given_a_rule_that_needs_a_pin_then_a_card_alone_is_told_so() {
    let mut strict = rule("a", "packers", HALL());
    strict.factors = Factors::CARD.with(Factors::PIN);
    let mut scene = Scene::new().rule(&strict);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::WithFactors(strict.factors)) });
    scene.factors = strict.factors;
    assert_eq!(scene.because(), ["rule/a"]);
}

#[test]
fn given_a_rule_outside_its_schedule_then_that_is_told() {
    let mut by_day = rule("a", "packers", HALL());
    by_day.schedule = Some(id("day"));
    let mut scene = Scene::new().rule(&by_day);
    let another_time = Verdict::Nothing { would: Some(Would::AtAnotherTime) };
    assert_eq!(scene.verdict(), another_time);
    scene.open = vec![id("night")];
    assert_eq!(scene.verdict(), another_time);
    scene.open = vec![id("day"), id("night")];
    assert_eq!(scene.because(), ["rule/a"]);
}

#[test]
fn given_a_rule_with_schedule_and_pin_then_the_schedule_is_told_first() {
    let mut both = rule("a", "packers", HALL());
    (both.schedule, both.factors) = (Some(id("day")), Factors::PIN);
    let mut scene = Scene::new().rule(&both);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::AtAnotherTime) });
    scene.open = vec![id("day")];
    let with = Factors::CARD.with(Factors::PIN);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::WithFactors(with)) });
}

#[test]
fn given_a_forbid_by_night_then_a_rule_by_day_is_still_told_of() {
    let mut by_day = rule("a", "packers", HALL());
    by_day.schedule = Some(id("day"));
    let night = r#"forbid (principal, action == Action::"enter", resource) when { context.schedules.contains(Schedule::"night") };"#;
    let mut scene = Scene::new().rule(&by_day).policy("night", night);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::AtAnotherTime) });
    scene.open = vec![id("night")];
    assert_eq!(scene.because(), ["policy/night"]);
}

#[test]
fn given_a_forbid_then_a_pin_is_not_promised() {
    let mut strict = rule("a", "packers", HALL());
    strict.factors = Factors::PIN;
    let forbid = r#"forbid (principal, action == Action::"enter", resource) when { context.factors.contains("pin") };"#;
    assert_eq!(Scene::new().rule(&strict).policy("no", forbid).verdict(), NOTHING);
}

#[test]
fn given_a_rule_that_needs_what_nobody_here_can_supply_then_that_is_told() {
    let mut strict = rule("a", "packers", HALL());
    strict.factors = Factors::CARD.with(Factors::KEY);
    let mut scene = Scene::new().rule(&strict);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::OutOfReach) });
    scene.reach = Factors::KEY;
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::WithFactors(strict.factors)) });
    scene.factors = strict.factors;
    assert_eq!(scene.because(), ["rule/a"]);
}

#[test]
fn given_a_rule_for_two_people_then_one_alone_is_told_so() {
    let two = Rule { two_people: true, ..rule("a", "packers", HALL()) };
    let mut scene = Scene::new().rule(&two);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::WithSecond) });
    scene.company = Company::Second;
    assert_eq!(scene.because(), ["rule/a"]);
    // The PIN is asked for before somebody else is.
    let mut both = Scene::new().rule(&Rule { factors: Factors::PIN, ..two });
    let with_pin = Factors::CARD.with(Factors::PIN);
    assert_eq!(both.verdict(), Verdict::Nothing { would: Some(Would::WithFactors(with_pin)) });
    both.factors = with_pin;
    assert_eq!(both.verdict(), Verdict::Nothing { would: Some(Would::WithSecond) });
    (both.factors, both.reach) = (Factors::CARD, Factors::NONE);
    assert_eq!(both.verdict(), Verdict::Nothing { would: Some(Would::OutOfReach) });
}

#[test]
fn a_policy_can_keep_visitors_out_unless_they_are_escorted() {
    let escort = r#"forbid (principal, action == Action::"enter", resource) unless { context.escorted };"#;
    let mut scene = Scene::new().rule(&rule("a", "packers", HALL())).policy("escort", escort);
    let told = |would| Verdict::Forbid { because: vec!["policy/escort".into()], would };
    assert_eq!(scene.verdict(), told(None), "no second person makes an escort of nobody's");
    scene.visitor = true;
    assert_eq!(scene.verdict(), told(Some(Would::WithSecond)));
    scene.company = Company::Second;
    assert_eq!(scene.verdict(), told(None), "two visitors");
    scene.company = Company::Escort;
    assert_eq!(scene.because(), ["rule/a"]);
}

#[test]
fn a_policy_can_ask_for_more_as_the_threat_rises() {
    let careful = r#"forbid (principal, action == Action::"enter", resource)
        when { context.threat_level >= 2 } unless { context.factors.contains("pin") };"#;
    let mut scene = Scene::new().rule(&rule("a", "packers", HALL())).policy("careful", careful);
    let with_pin = Some(Would::WithFactors(Factors::CARD.with(Factors::PIN)));
    for (threat, opens) in [(0, true), (1, true), (2, false), (4, false), (1, true)] {
        scene.threat = threat;
        assert_eq!(matches!(scene.verdict(), Verdict::Permit { .. }), opens, "{threat}");
        assert!(opens || matches!(scene.verdict(), Verdict::Forbid { would, .. } if would == with_pin));
    }
}

#[test]
fn what_is_asked_seldom_is_never_permitted_by_a_rule() {
    let mut scene = Scene::new()
        .rule(&rule("a", "packers", HALL()))
        .policy("enter", r#"permit (principal, action == Action::"enter", resource);"#);
    for act in [Act::Hold, Act::EnterLockedDown, Act::ByPhone] {
        scene.act = act;
        assert_eq!(scene.verdict(), NOTHING);
    }
}

#[test]
fn a_written_policy_permits_what_is_asked_seldom_and_only_what_it_names() {
    let hold = r#"permit (principal in Group::"packers", action == Action::"hold", resource in Zone::"hall")
        when { resource.kind == "cage" && context.factors.contains("pin") };"#;
    let lockdown =
        r#"permit (principal == Person::"ann", action in [Action::"enter-locked-down"], resource);"#;
    let mut scene = Scene::new().policy("hold", hold).policy("lockdown", lockdown);
    assert_eq!(scene.verdict(), NOTHING);
    scene.act = Act::EnterLockedDown;
    assert_eq!(scene.because(), ["policy/lockdown"]);
    scene.act = Act::Hold;
    let with_pin = Factors::CARD.with(Factors::PIN);
    assert_eq!(scene.verdict(), Verdict::Nothing { would: Some(Would::WithFactors(with_pin)) });
    scene.factors = with_pin;
    assert_eq!(scene.because(), ["policy/hold"]);
}

#[test]
fn a_forbid_without_an_action_forbids_everything() {
    let all = r#"forbid (principal, action, resource);"#;
    let permit = r#"permit (principal, action in [Action::"enter", Action::"hold", Action::"enter-locked-down", Action::"enter-by-phone"], resource);"#;
    let mut scene = Scene::new().policy("permit", permit);
    for act in [Act::Enter, Act::Hold, Act::EnterLockedDown, Act::ByPhone] {
        scene.act = act;
        assert_eq!(scene.because(), ["policy/permit"]);
    }
    scene = scene.policy("no", all);
    for act in [Act::Enter, Act::Hold, Act::EnterLockedDown, Act::ByPhone] {
        scene.act = act;
        assert_eq!(scene.because(), ["policy/no"]);
    }
}

#[test]
fn passes_count_where_a_policy_admits_who_signed_them() {
    let (zones, door): ([ZoneId; 2], DoorId) = ([id("cage"), id("hall")], id("cage-7"));
    let place = Place { door, kind: DoorKind::Cage, zones: &zones };
    let now = Situation { factors: Factors::CODE, ..Situation::default() };
    let admit = |policies: &Policies, who: &str| policies.admit(id::<ServiceId>(who), &place, &now, Mono(7));
    let mut policies = Policies::new();
    assert_eq!(admit(&policies, "parcels"), Err(NOTHING));
    let permit = r#"permit (principal == Service::"parcels", action == Action::"admit", resource in Zone::"hall")
        when { context.factors.contains("code") };"#;
    policies.put_policy(&text("parcels", permit)).unwrap();
    let (grant, because) = admit(&policies, "parcels").unwrap();
    assert_eq!((grant.door(), grant.until()), (door, Mono(7)));
    assert_eq!(names(&because), ["policy/parcels"]);
    assert_eq!(admit(&policies, "others"), Err(NOTHING));
    policies.put_policy(&text("no", "forbid (principal, action, resource);")).unwrap();
    assert_eq!(
        admit(&policies, "parcels"),
        Err(Verdict::Forbid { because: vec!["policy/no".into()], would: None })
    );
}

#[test]
fn leaving_is_permitted_whatever_the_policies_say() {
    let mut policies = Policies::new();
    policies.put_policy(&text("no", "forbid (principal, action, resource);")).unwrap();
    let grant = policies.leave(id("cage-7"), Mono(7));
    assert_eq!((grant.door(), grant.until()), (id("cage-7"), Mono(7)));
}

/// Overflows when the configuration is two seconds old.
const OVERFLOWS: &str = "context.config_age * 9223372036854775807 > 0";

#[test]
fn an_error_never_opens() {
    for effect in ["forbid", "permit"] {
        let policy =
            format!("{effect} (principal, action == Action::\"enter\", resource) when {{ {OVERFLOWS} }};");
        let mut scene = Scene::new().rule(&rule("a", "packers", HALL())).policy("bad", &policy);
        assert!(!matches!(scene.verdict(), Verdict::Error));
        scene.config_age = 2;
        assert_eq!(scene.verdict(), Verdict::Error, "{effect}");
    }
}

#[test]
fn given_an_error_beside_a_forbid_then_the_forbid_is_named() {
    let bad = format!("permit (principal, action == Action::\"enter\", resource) when {{ {OVERFLOWS} }};");
    let mut scene = Scene::new().policy("bad", &bad).policy("no", "forbid (principal, action, resource);");
    scene.config_age = 2;
    assert_eq!(scene.because(), ["policy/no"]);
}

#[test]
fn a_policy_can_refuse_by_the_age_of_the_configuration() {
    let stale = r#"forbid (principal, action == Action::"enter", resource) when { context["config\u{5f}age"] > 3600 };"#;
    let mut scene = Scene::new().rule(&rule("a", "packers", HALL())).policy("stale", stale);
    for (age, opens) in [(3600, true), (3601, false), (3600, true)] {
        scene.config_age = age;
        assert_eq!(matches!(scene.verdict(), Verdict::Permit { .. }), opens, "{age}");
    }
}

#[test]
fn what_is_removed_or_replaced_no_longer_decides() {
    let mut scene = Scene::new().rule(&rule("a", "packers", HALL()));
    let before = scene.policies.clone();
    scene.policies.put_rule(&rule("a", "pickers", HALL())).unwrap();
    assert_eq!(scene.verdict(), NOTHING);
    scene.policies.put_rule(&rule("a", "packers", HALL())).unwrap();
    assert_eq!(scene.because(), ["rule/a"]);
    scene.policies.put_policy(&text("no", "forbid (principal, action, resource);")).unwrap();
    assert_eq!(scene.because(), ["policy/no"]);
    scene.policies.remove_policy(id("no"));
    scene.policies.remove_rule(id("a"));
    assert_eq!(scene.verdict(), NOTHING);
    scene.policies = before;
    assert_eq!(scene.because(), ["rule/a"]);
}

#[test]
fn a_policy_that_is_refused_leaves_the_one_before_in_force() {
    let mut scene = Scene::new().policy("mine", "forbid (principal, action, resource);");
    scene.policies.put_policy(&text("mine", "permit (principal, action")).unwrap_err();
    assert_eq!(scene.because(), ["policy/mine"]);
    let mut rules = Scene::new().rule(&rule("a", "packers", HALL()));
    let nobody = Rule { groups: vec![], ..rule("a", "packers", HALL()) };
    assert!(matches!(rules.policies.put_rule(&nobody), Err(PolicyError::Empty { what: "group", .. })));
    assert_eq!(rules.because(), ["rule/a"]);
}

#[test]
fn a_text_is_exactly_one_policy_without_slots() {
    let one = "permit (principal, action == Action::\"enter\", resource);";
    for bad in ["", "permit", &format!("{one}\n{one}"), "permit (principal == ?principal, action, resource);"]
    {
        assert!(matches!(refused(bad), PolicyError::Parse { .. }), "{bad}");
    }
    let told = refused("permit (principal, action,\n  resource) when { resource.kind == };").to_string();
    assert!(told.starts_with("`policy/mine` is not one Cedar policy; line 2, column "), "{told}");
    assert!(matches!(refused(&" ".repeat(20_000)), PolicyError::TooLong { bytes: 20_000, .. }));
}

#[test]
fn what_does_not_fit_the_schema_is_refused_with_its_place() {
    let enter = "permit (principal, action == Action::\"enter\", resource)";
    for (condition, what) in [
        ("resource.colour == \"red\"", "colour"),
        ("context.approvals > 1", "approvals"),
        ("resource.kind == 7", "String"),
        ("principal in Robot::\"r2\"", "Robot"),
        // What is neither the person nor the door cannot be looked into: at a door nobody knows it.
        ("Door::\"other\".kind == \"safe\"", "dereference"),
        // Never true: a person is in groups, not in zones.
        ("principal in Zone::\"hall\"", "impossible"),
    ] {
        let error = refused(&format!("{enter}\nwhen {{ {condition} }};"));
        let PolicyError::Invalid { name, what: told, .. } = &error else { panic!("{error}") };
        assert_eq!(name, "policy/mine");
        assert!(told.contains(what), "{condition}: {told}");
    }
    let error = refused(&format!("{enter}\nwhen {{ resource.colour == \"red\" }};"));
    assert!(matches!(error, PolicyError::Invalid { line: 2, column: 8, .. }), "{error}");
}

#[test]
fn a_name_that_can_be_no_id_is_refused() {
    for bad in ["Person::\"*\"", "Person::\"Ann\"", "Person::\"ann \""] {
        let policy = format!("forbid (principal == {bad}, action == Action::\"enter\", resource);");
        assert!(matches!(refused(&policy), PolicyError::NoId { literal, .. } if literal == bad), "{bad}");
    }
}

#[test]
fn a_rule_that_is_too_wide_is_refused_with_its_number() {
    let mut wide = rule("a", "g", HALL());
    wide.groups = (0..33).map(|n| id(&format!("g{n}"))).collect();
    wide.targets = (0..32).map(|n| Target::Door(id(&format!("d{n}")))).collect();
    let error = Policies::new().put_rule(&wide).unwrap_err();
    assert!(matches!(error, PolicyError::TooWide { policies: 1_056, .. }));
}

#[test]
fn threads_may_ask_the_same_set() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Policies::new());
}

#[test]
fn rules_with_the_same_conditions_answer_each_by_its_own_name() {
    let mut policies = Policies::new();
    for (id, group) in [("first", "a"), ("second", "b")] {
        let rule = Rule {
            id: id.parse().unwrap(),
            title: "R".parse().unwrap(),
            groups: vec![group.parse().unwrap()],
            targets: vec![Target::Zone("hall".parse().unwrap())],
            schedule: None,
            factors: Factors::CARD,
            two_people: false,
        };
        policies.put_rule(&rule).unwrap();
    }
    let (zones, groups) = (["hall".parse().unwrap()], ["a".parse().unwrap(), "b".parse().unwrap()]);
    let place = Place { door: "d".parse().unwrap(), kind: DoorKind::Room, zones: &zones };
    let now = Situation { factors: Factors::CARD, ..Situation::default() };
    for (groups, names) in [
        (&groups[..1], vec!["rule/first"]),
        (&groups[1..], vec!["rule/second"]),
        (&groups[..], vec!["rule/first", "rule/second"]),
    ] {
        let who = Who { person: "p".parse().unwrap(), groups };
        let Verdict::Permit { because } = policies.may_enter(&who, &place, &now) else { panic!("refused") };
        assert_eq!(because.iter().map(|b| &**b).collect::<Vec<_>>(), names);
    }
}
