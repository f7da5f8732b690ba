//! The same inputs give the same answer, here and on every copy; and a record that says otherwise is found out.

use crate::house::*;
use crate::picture::{self, told};
use crate::random::{self, grown, house};
use lockward_model::*;
use lockward_policy::Answers;
use lockward_site::{Answer, Divergence, Keep, Question, Site, redecide, undecided};
use proptest::collection::vec;
use proptest::prelude::*;

/// Alone, at a sitting of its own.
fn again(site: &Site, event: &Event, access: &Access) -> Result<(), Divergence> {
    redecide(site, event, access, &Answers::default())
}

fn event(q: &Question) -> Event {
    Event {
        source: Source::Controller(q.controller),
        seq: 3,
        prev: Digest([3; 32]),
        time: q.at,
        door: Some(q.door),
        epoch: Epoch(1),
        body: Body::NotEntered,
    }
}

fn record(answer: Answer) -> Option<Access> {
    match answer {
        Answer::Granted(_, access, _) | Answer::Denied(_, access) => Some(access),
        Answer::NeedPin | Answer::NeedSecond | Answer::NeedCard => None,
    }
}

/// The record with one part of it changed, in every way that can not follow from the inputs.
fn forged(access: &Access) -> Vec<(&'static str, Access)> {
    let with = |outcome| Access { outcome, ..access.clone() };
    let (because, other) = match &access.outcome {
        Outcome::Granted { because } => {
            (because, Outcome::Denied { why: Deny::Forbidden, because: because.clone() })
        }
        Outcome::Denied { because, .. } => (because, Outcome::Granted { because: because.clone() }),
    };
    let same_with = |because: Vec<Box<str>>| match access.outcome {
        Outcome::Granted { .. } => Outcome::Granted { because },
        Outcome::Denied { why, .. } => Outcome::Denied { why, because },
    };
    let mut forged = vec![
        ("the outcome", with(other)),
        ("one reason more", with(same_with([because.as_slice(), &["rule/none".into()]].concat()))),
        ("another person", Access { person: Some(id("nobody")), ..access.clone() }),
        (
            "another configuration",
            Access { config: access.config.map(|c| ConfigRef { size: c.size + 1, ..c }), ..access.clone() },
        ),
        ("no configuration", Access { config: None, ..access.clone() }),
    ];
    if access.person.is_some() {
        forged.push(("no person", Access { person: None, ..access.clone() }));
        forged.push(("another card", Access { token: Some(UNKNOWN), ..access.clone() }));
        forged.push(("no card", Access { token: None, ..access.clone() }));
    }
    if !because.is_empty() {
        forged.push(("one reason less", with(same_with(because[1..].to_vec()))));
    }
    if let Some(second) = &access.known.second {
        let other = Some(Box::new(Second { person: Some(id("nobody")), ..(**second).clone() }));
        let known = Known { second: other, ..access.known.clone() };
        forged.push(("another second person", Access { known, ..access.clone() }));
    }
    let sets = (0..16).filter_map(Factors::from_bits).filter(|f| *f != access.factors);
    forged.extend(sets.map(|factors| ("the factors", Access { factors, ..access.clone() })));
    if let Outcome::Denied { why, because } = &access.outcome {
        let others = Deny::ALL.iter().filter(|other| *other != why);
        forged.extend(
            others.map(|why| ("the reason", with(Outcome::Denied { why: *why, because: because.clone() }))),
        );
    }
    forged
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn a_decision_is_a_function_of_site_and_question(history in house(15), questions in vec(random::question(), 20)) {
        let house = grown(history);
        let (copy, lean) = (house.replay(Keep::Everything), house.replay(Keep::Decisions));
        for q in questions {
            let first = told(&house.site.decide(&q, Mono(1)));
            for site in [&house.site, &copy, &lean] {
                prop_assert_eq!(&told(&site.decide(&q, Mono(1))), &first);
            }
            // How long the grant lasts decides nothing.
            prop_assert_eq!(record(house.site.decide(&q, Mono(1))), record(copy.decide(&q, Mono(u64::MAX))));
        }
    }

    #[test]
    fn what_was_decided_is_decided_again_and_a_forgery_is_not(history in house(15), questions in vec(random::question(), 6)) {
        let house = grown(history);
        let auditor = house.replay(Keep::Decisions);
        let answers = Answers::default();
        for q in questions {
            let config = ConfigRef { size: house.site.size(), ..q.config };
            let q = Question { config, ..q };
            let Some(access) = record(house.site.decide(&q, Mono(1))) else { continue };
            let event = event(&q);
            prop_assert_eq!(redecide(&auditor, &event, &access, &answers), Ok(()));
            for (what, forged) in forged(&access) {
                prop_assert!(redecide(&auditor, &event, &forged, &answers).is_err(), "{what}: {forged:?}");
            }
            let elsewhere = Event { door: None, ..event.clone() };
            prop_assert!(redecide(&auditor, &elsewhere, &access, &answers).is_err());
        }
    }

    #[test]
    fn what_was_not_decided_for_want_of_a_site_is_accepted_just_as_it_must_be(q in random::question()) {
        let site = House::warehouse().site;
        let (event, access) = (event(&q), undecided(&q));
        prop_assert_eq!(again(&site, &event, &access), Ok(()));
        for (what, forged) in forged(&access) {
            if forged != access {
                prop_assert!(again(&site, &event, &forged).is_err(), "{what}: {forged:?}");
            }
        }
        let elsewhere = Event { door: None, ..event };
        prop_assert!(again(&site, &elsewhere, &access).is_err());
    }
}

/// Ann's card at the cage.
fn at_cage(pin: PinFact) -> Question {
    picture::question(id("cage"), ANN, pin, noon(), 2)
}

#[test]
fn a_record_under_another_door_or_hour_is_found_out() {
    let site = House::warehouse().site;
    let q = picture::question(id("gate"), BEN, PinFact::NotAsked, noon(), 2);
    let access = record(site.decide(&q, Mono(1))).unwrap();
    assert_eq!(again(&site, &event(&q), &access), Ok(()));
    let moved = again(&site, &Event { door: Some(id("aisle-1")), ..event(&q) }, &access).unwrap_err();
    assert_eq!(moved.decided, r#"denied to Some(PersonId(ben)): NO_RULE []"#);
    assert!(again(&site, &Event { time: night(), ..event(&q) }, &access).is_err());
}

#[test]
fn a_grant_without_the_pin_that_was_due_is_found_out() {
    let site = House::warehouse().site;
    let granted = record(site.decide(&at_cage(PinFact::Right), Mono(1))).unwrap();
    for pin in [PinFact::NotAsked, PinFact::Wrong, PinFact::Missing] {
        for factors in [Factors::CARD, granted.factors] {
            let forged = Access { pin, factors, ..granted.clone() };
            assert!(again(&site, &event(&at_cage(pin)), &forged).is_err());
        }
    }
    let skipped = Access { pin: PinFact::NotAsked, factors: Factors::CARD, ..granted };
    let told = again(&site, &event(&at_cage(PinFact::NotAsked)), &skipped).unwrap_err();
    assert_eq!(told.decided, "ask for the PIN first");
}

#[test]
fn a_record_is_judged_by_the_rules_of_its_own_time() {
    let mut house = House::warehouse();
    let q = picture::question(id("gate"), ANN, PinFact::NotAsked, noon(), 2);
    let access = record(house.site.decide(&q, Mono(1))).unwrap();
    let then = house.replay(Keep::Decisions);
    house.put(vec![Change::RemoveRule(id("in"))]);
    assert_eq!(again(&then, &event(&q), &access), Ok(()));
    assert!(again(&house.site, &event(&q), &access).is_err());
}
