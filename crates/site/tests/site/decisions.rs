//! One question for every answer: each reason to stay shut, and what the record says of it.

use crate::house::*;
use crate::picture::question;
use core::time::Duration;
use lockward_model::*;
use lockward_site::{Answer, Question, undecided};

fn ask(house: &House, q: &Question) -> (Option<Deny>, Access) {
    match house.site.decide(q, Mono(7)) {
        Answer::Granted(grant, access) => {
            assert_eq!((grant.door(), grant.until()), (q.door, Mono(7)));
            (None, access)
        }
        Answer::NeedPin => panic!("a PIN"),
        Answer::Denied(why, access) => (Some(why), access),
    }
}

fn at(door: &str, token: CardToken) -> Question {
    question(id(door), token, PinFact::NotAsked, noon(), 2)
}

/// A warehouse with one change more, and a question there that is refused for each reason that a site can give.
fn refusals() -> Vec<(Deny, Vec<Change>, Question)> {
    let valid = |from, until| Validity { from, until };
    let ann_card = |valid| vec![Change::PutCredential(Credential { valid, ..card("ann-card", "ann", ANN) })];
    let ann = |valid| vec![Change::PutPerson(Person { valid, ..person("ann", &["staff"]) })];
    let shut = r#"forbid (principal, action == Action::"enter", resource) when { resource.kind == "gate" };"#;
    // Overflows when the configuration is two seconds old.
    let bad = r#"permit (principal, action == Action::"enter", resource)
        when { context.config_age * 9223372036854775807 > 0 };"#;
    vec![
        (Deny::UnknownCredential, vec![], at("gate", UNKNOWN)),
        (Deny::CredentialNotYet, ann_card(valid(Some(night()), None)), at("gate", ANN)),
        (Deny::CredentialExpired, ann_card(valid(None, Some(noon()))), at("gate", ANN)),
        (Deny::PersonSuspended, vec![Change::SuspendPerson(id("ann"))], at("gate", ANN)),
        (Deny::PersonNotValid, ann(valid(Some(night()), None)), at("gate", ANN)),
        (Deny::PersonNotValid, ann(valid(None, Some(noon()))), at("gate", ANN)),
        (Deny::NothingPermits, vec![], at("shop", ANN)),
        (Deny::OutsideSchedule, vec![], Question { at: night(), ..at("gate", BEN) }),
        (Deny::Forbidden, vec![policy("shut", shut)], at("gate", ANN)),
        (Deny::FactorMissing, vec![], Question { keypad: false, ..at("cage", ANN) }),
        (Deny::WrongPin, vec![], Question { pin: PinFact::Wrong, ..at("cage", ANN) }),
        (Deny::PinMissing, vec![], Question { pin: PinFact::Missing, ..at("cage", ANN) }),
        (Deny::UnknownDoor, vec![], at("nowhere", ANN)),
        (Deny::PolicyError, vec![policy("bad", bad)], at("gate", ANN)),
        (Deny::MalformedCredential, vec![], Question { token: None, ..at("gate", ANN) }),
    ]
}

#[test]
fn every_reason_is_given_where_it_holds() {
    for (why, changes, q) in refusals() {
        let mut house = House::warehouse();
        if !changes.is_empty() {
            house.put(changes);
        }
        let (told, access) = ask(&house, &q);
        assert_eq!(told, Some(why));
        assert!(matches!(access.outcome, Outcome::Denied { why: told, .. } if told == why));
    }
}

#[test]
fn every_reason_has_its_case() {
    let cases: Vec<Deny> = refusals().into_iter().map(|(why, ..)| why).collect();
    // Without a configuration there is no site; and a door that waits after wrong PINs does not ask.
    let elsewhere = [Deny::NoConfiguration, Deny::PinLocked];
    for why in Deny::ALL {
        assert!(cases.contains(why) != elsewhere.contains(why), "{why:?}");
    }
}

#[test]
fn the_record_of_a_grant_names_who_and_by_what() {
    let house = House::warehouse();
    let q = Question { side: Side::Exit, ..at("gate", ANN) };
    let expected = Access {
        side: Side::Exit,
        token: Some(ANN),
        person: Some(id("ann")),
        factors: Factors::CARD,
        pin: PinFact::NotAsked,
        keypad: true,
        config: Some(q.config),
        config_age: Duration::from_secs(5),
        outcome: Outcome::Granted { because: vec!["rule/in".into()] },
    };
    assert_eq!(ask(&house, &q), (None, expected));
}

#[test]
fn the_record_of_a_refusal_names_who_even_when_no_policy_was_asked() {
    for (why, changes, q) in refusals() {
        let mut house = House::warehouse();
        if !changes.is_empty() {
            house.put(changes);
        }
        let known = !matches!(why, Deny::UnknownCredential | Deny::MalformedCredential);
        let (_, access) = ask(&house, &q);
        assert_eq!(access.person.is_some(), known, "{why:?}");
        assert_eq!(access.factors, if q.token.is_some() { Factors::CARD } else { Factors::NONE });
    }
}

#[test]
fn a_forbid_wins_over_every_permit_and_is_named() {
    let mut house = House::warehouse();
    let everybody = r#"permit (principal, action == Action::"enter", resource);"#;
    let not_ann = r#"forbid (principal == Person::"ann", action == Action::"enter", resource);"#;
    house.put(vec![policy("everybody", everybody)]);
    assert_eq!(ask(&house, &at("shop", ANN)).0, None);
    house.put(vec![policy("not-ann", not_ann)]);
    for door in ["gate", "aisle-1", "cage", "shop"] {
        let outcome = Outcome::Denied { why: Deny::Forbidden, because: vec!["policy/not-ann".into()] };
        assert_eq!(ask(&house, &at(door, ANN)).1.outcome, outcome, "{door}");
        assert_eq!(ask(&house, &at(door, BEN)).0, None, "{door}");
    }
}

#[test]
fn a_policy_can_refuse_by_the_age_of_the_configuration() {
    let mut house = House::warehouse();
    let stale =
        r#"forbid (principal, action == Action::"enter", resource) when { context.config_age > 60 };"#;
    house.put(vec![policy("stale", stale)]);
    for (age, why) in [(0, None), (60, None), (61, Some(Deny::Forbidden))] {
        let q = Question { config_age: Duration::from_secs(age), ..at("gate", ANN) };
        assert_eq!(ask(&house, &q).0, why, "{age} s");
    }
}

#[test]
fn given_a_new_site_then_nobody_enters_anywhere() {
    let mut house = House::new();
    let no_rule = |c: &Change| !matches!(c, Change::PutRule(_));
    house.put(warehouse().into_iter().filter(no_rule).collect());
    for door in ["gate", "aisle-1", "cage", "shop"] {
        for pin in [PinFact::NotAsked, PinFact::Right] {
            let (why, _) = ask(&house, &Question { pin, ..at(door, ANN) });
            assert_eq!(why, Some(Deny::NothingPermits), "{door}");
        }
    }
}

#[test]
fn given_no_site_then_the_record_is_of_a_refusal_without_configuration() {
    let q = Question { pin: PinFact::Missing, ..at("gate", ANN) };
    let access = undecided(&q);
    let outcome = Outcome::Denied { why: Deny::NoConfiguration, because: vec![] };
    assert_eq!((access.config, access.person, access.outcome), (None, None, outcome));
    assert_eq!((access.token, access.pin, access.factors), (Some(ANN), PinFact::Missing, Factors::CARD));
}

#[test]
fn a_controller_is_answered_for_its_own_doors_alone() {
    let house = House::warehouse();
    let q = Question { controller: id("k9"), ..at("gate", ANN) };
    assert!(matches!(house.site.decide(&q, Mono(1)), Answer::Denied(Deny::UnknownDoor, _)));
}

/// A device that was cut off keeps its copy of the site: that copy opens nothing.
#[test]
fn a_controller_that_is_revoked_or_unknown_is_answered_for_no_door() {
    let mut house = House::warehouse();
    house.put(vec![controller("k2")]);
    let doors = [("gate", ANN), ("aisle-1", ANN), ("cage", ANN), ("gate", UNKNOWN)];
    assert_eq!(ask(&house, &at("gate", ANN)).0, None);
    house.put(vec![Change::RevokeController(id("k2"))]);
    assert_eq!(ask(&house, &at("gate", ANN)).0, None, "another was revoked");
    for name in ["k2", "nobody"] {
        for (door, token) in doors {
            let q = Question { controller: id(name), ..at(door, token) };
            assert_eq!(ask(&house, &q).0, Some(Deny::UnknownDoor), "{name} at {door}");
        }
    }
    house.put(vec![Change::RevokeController(id("k1"))]);
    for pin in [PinFact::NotAsked, PinFact::Right, PinFact::Wrong] {
        for (door, token) in doors {
            let (told, access) = ask(&house, &Question { pin, ..at(door, token) });
            assert_eq!(told, Some(Deny::UnknownDoor), "{door} {pin:?}");
            assert_eq!(access.outcome, Outcome::Denied { why: Deny::UnknownDoor, because: vec![] });
        }
    }
}
