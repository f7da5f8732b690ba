//! One question for every answer: each reason to stay shut, and what the record says of it.

use crate::house::*;
use crate::picture::question;
use core::time::Duration;
use lockward_model::*;
use lockward_site::{Answer, Question, undecided};
use lockward_wire::credential::PassPlace;

pub(crate) fn ask(house: &House, q: &Question) -> (Option<Deny>, Access) {
    match house.site.decide(q, Mono(7)) {
        Answer::Granted(grant, access, _) => {
            assert_eq!((grant.door(), grant.until()), (q.door, Mono(7)));
            (None, access)
        }
        Answer::Denied(why, access) => (Some(why), access),
        wish => panic!("{wish:?}"),
    }
}

pub(crate) fn at(door: &str, token: CardToken) -> Question {
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
        (Deny::PinLocked, vec![], knowing(at("gate", ANN), |k| k.waiting = true)),
        (Deny::Relayed, vec![], knowing(at("gate", ANN), |k| k.relayed = true)),
        (Deny::FarAway, vec![], knowing(at("gate", ANN), |k| k.far_away = true)),
        (Deny::ZoneFull, vec![], knowing(at("gate", ANN), |k| k.full = true)),
        (Deny::AirlockBusy, vec![], knowing(at("gate", ANN), |k| k.airlock_busy = true)),
        (Deny::OpeningsSpent, vec![], knowing(at("gate", ANN), |k| k.openings_spent = true)),
        (Deny::NotHolding, vec![], knowing(at("gate", ANN), |k| k.wish = Wish::Hold)),
        (Deny::SignatureInvalid, vec![], knowing(at("gate", ANN), |k| k.signed = Some(false))),
        (Deny::CardMissing, vec![], Question { token: None, pin: PinFact::Missing, ..at("gate", ANN) }),
        (Deny::Revoked, vec![Change::RevokeCredential(id("ann-card"))], at("gate", ANN)),
        (Deny::Lockdown, vec![Change::LockDown(id("hall"))], at("gate", ANN)),
    ]
    .into_iter()
    .chain(refusals_of_rules())
    .chain(refusals_of_passes())
    .collect()
}

pub(crate) fn knowing(q: Question, change: impl FnOnce(&mut Known)) -> Question {
    let mut q = q;
    change(&mut q.known);
    q
}

/// Somebody whose card is shown after the first one.
pub(crate) fn second(token: CardToken) -> Option<Box<Second>> {
    Some(Box::new(Second { token: Some(token), signed: None, pin: PinFact::NotAsked, person: None }))
}

/// Nobody, although one was asked for.
pub(crate) fn nobody() -> Option<Box<Second>> {
    Some(Box::new(Second { token: None, signed: None, pin: PinFact::NotAsked, person: None }))
}

/// The hall with rules of its own.
pub(crate) fn hall(rules: ZoneRules) -> Change {
    Change::PutZone(Zone { rules, ..zone_of("hall", None) })
}

pub(crate) fn passback(mode: PassbackMode, alone: Alone) -> ZoneRules {
    ZoneRules { passback: Some(Passback { mode, alone }), ..ZoneRules::default() }
}

fn refusals_of_rules() -> Vec<(Deny, Vec<Change>, Question)> {
    let with = |fact| knowing(at("gate", ANN), |k| k.passback = fact);
    let timed = PassbackMode::Timed(PassbackTime::new(Duration::from_secs(60)).unwrap());
    let fresh = Some(Freshness::new(Duration::from_secs(30)).unwrap());
    let stale = Question { config_age: Duration::from_secs(31), ..at("gate", ANN) };
    let two =
        || vec![Change::PutRule(Rule { two_people: true, ..rule("in", "staff", Target::Zone(id("hall"))) })];
    let code = Rule { factors: Factors::CODE, ..rule("cages", "staff", Target::Zone(id("vault"))) };
    let ann = Person {
        visit: Some(Visit { host: id("ben"), escorted: true }),
        valid: Validity { from: None, until: Some(night()) },
        ..person("ann", &["staff"])
    };
    vec![
        (Deny::Passback, vec![hall(passback(PassbackMode::Hard, Alone::Own))], with(PassbackFact::Inside)),
        (Deny::PassbackTooSoon, vec![hall(passback(timed, Alone::Own))], with(PassbackFact::TooSoon)),
        (
            Deny::PassbackAlone,
            vec![hall(passback(PassbackMode::Soft, Alone::Refuse))],
            with(PassbackFact::Alone),
        ),
        (Deny::ConfigStale, vec![hall(ZoneRules { fresh_within: fresh, ..ZoneRules::default() })], stale),
        (Deny::SecondMissing, two(), knowing(at("gate", ANN), |k| k.second = nobody())),
        (Deny::SecondRefused, two(), knowing(at("gate", ANN), |k| k.second = second(ANN))),
        (
            Deny::EscortMissing,
            vec![Change::PutPerson(ann)],
            knowing(at("gate", ANN), |k| k.second = nobody()),
        ),
        (
            Deny::CodeUsed,
            vec![Change::PutRule(code), Change::PutCredential(totp("ann-codes", "ann"))],
            Question { pin: PinFact::UsedUp, ..at("cage", ANN) },
        ),
    ]
}

/// The gate, and a pass in place of a card.
pub(crate) fn with_pass(text: Vec<u8>) -> Question {
    let shown = ShownPass { bytes: text.into(), used_up: false };
    knowing(Question { token: None, ..at("gate", ANN) }, |k| k.pass = Some(Box::new(shown)))
}

/// Whoever signs passes for the hall.
pub(crate) fn admits() -> Change {
    let text =
        r#"permit (principal == Service::"hub", action == Action::"admit", resource in Zone::"hall");"#;
    policy("passes", text)
}

fn refusals_of_passes() -> Vec<(Deny, Vec<Change>, Question)> {
    let pass = |door: &str, from, by| with_pass(shown_pass(PassPlace::Door(id(door)), from, by));
    let long_ago = utc(5, 1, 0, 0);
    vec![
        (Deny::PassInvalid, vec![admits()], pass("gate", noon(), STRANGER)),
        // Well signed, and nobody lets those who sign it in here.
        (Deny::PassInvalid, vec![], pass("gate", noon(), HUB)),
        (Deny::PassNotYet, vec![admits()], pass("gate", night(), HUB)),
        (Deny::PassExpired, vec![admits()], pass("gate", long_ago, HUB)),
        (Deny::PassElsewhere, vec![admits()], pass("cage", noon(), HUB)),
        (
            Deny::PassUsed,
            vec![admits()],
            knowing(pass("gate", noon(), HUB), |k| k.pass.as_mut().unwrap().used_up = true),
        ),
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
    // Without a configuration there is no site; and whether a record could be written is known after the decision.
    // Orders, and phones, have cases of their own.
    let elsewhere = [
        Deny::NoConfiguration,
        Deny::NotRecorded,
        Deny::OrderMalformed,
        Deny::OrderElsewhere,
        Deny::OrderReplayed,
        Deny::OrderExpired,
        Deny::OrderSignature,
        Deny::NotByPhone,
        Deny::TouchTooOld,
    ];
    for why in Deny::ALL {
        assert!(cases.contains(why) != elsewhere.contains(why), "{why:?}");
    }
}

#[test]
fn the_record_of_a_grant_names_who_and_by_what() {
    let house = House::warehouse();
    let q = at("gate", ANN);
    let expected = Access {
        side: Side::Entry,
        token: Some(ANN),
        person: Some(id("ann")),
        factors: Factors::CARD,
        pin: PinFact::NotAsked,
        keypad: true,
        config: Some(q.config),
        config_age: Duration::from_secs(5),
        known: Known::default(),
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
        let known = q.token.is_some() && !matches!(why, Deny::UnknownCredential | Deny::Revoked);
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
