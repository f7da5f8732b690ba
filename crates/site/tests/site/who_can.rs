//! The list of who can open a door never differs from what the door would say to each of them.

use crate::house::*;
use crate::picture;
use crate::random::{grown, house, moment};
use core::time::Duration;
use lockward_model::*;
use lockward_site::{Answer, Entrant, Question, Site};
use proptest::prelude::*;

/// Walks up to a door that heard from the hub just now, and shows and types what it asks for. When it asks for somebody
/// else, that is as far as one comes alone.
fn walk_up(site: &Site, person: PersonId, door: DoorId, token: CardToken, at: Time) -> Option<Entrant> {
    let found = site.door(door)?;
    let base = Question {
        controller: found.controller,
        config_age: Duration::ZERO,
        ..picture::question(door, token, PinFact::NotAsked, at, 1)
    };
    let ask = |pin| site.decide(&Question { pin, ..base.clone() }, Mono(1));
    let with_pin = Factors::CARD.with(Factors::PIN);
    let (factors, answer) = match ask(PinFact::NotAsked) {
        Answer::NeedPin => (with_pin, ask(PinFact::Right)),
        answer => (Factors::CARD, answer),
    };
    match answer {
        Answer::Granted(_, Access { outcome: Outcome::Granted { because }, .. }, _) => {
            Some(Entrant { person, factors, second: false, because })
        }
        // By what, only the two of them together are told.
        Answer::NeedSecond => Some(Entrant { person, factors, second: true, because: vec![] }),
        _ => None,
    }
}

/// Gives everybody a card and a PIN and nothing else, and asks for each at each door.
fn assert_agree(house: &mut House, at: Time) -> usize {
    let mut people: Vec<PersonId> = house.site.people().collect();
    people.sort_unstable();
    let cards: Vec<(PersonId, CardToken)> =
        people.into_iter().zip((0x80..).map(|n| CardToken([n; 16]))).collect();
    for (person, token) in &cards {
        let old = house.site.credentials_of(*person);
        if !old.is_empty() {
            house.put(old.into_iter().map(|c| Change::RevokeCredential(c.id)).collect());
        }
        house.put(vec![
            Change::PutCredential(card(&format!("card-of-{person}"), person.as_str(), *token)),
            Change::PutCredential(pin(&format!("pin-of-{person}"), person.as_str(), 'z')),
        ]);
    }
    let mut entrants = 0;
    for door in house.site.doors().map(|d| d.id) {
        let walked: Vec<Entrant> =
            cards.iter().filter_map(|(p, t)| walk_up(&house.site, *p, door, *t, at)).collect();
        let mut listed = house.site.who_can(door, at);
        for entrant in listed.iter_mut().filter(|e| e.second) {
            assert!(!entrant.because.is_empty());
            entrant.because.clear();
        }
        assert_eq!(listed, walked, "at {door}");
        entrants += walked.len();
    }
    entrants
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn who_can_agrees_with_the_door(history in house(25), at in moment()) {
        assert_agree(&mut grown(history), at);
    }
}

#[test]
fn the_random_sites_let_somebody_in() {
    assert!(assert_agree(&mut grown(vec![]), noon()) > 10);
}

#[test]
fn the_list_names_what_each_needs_and_why() {
    let mut house = House::warehouse();
    let with = |factors, because: &str| Entrant {
        person: id("ann"),
        factors,
        second: false,
        because: vec![because.into()],
    };
    assert_eq!(
        house.site.who_can(id("cage"), noon()),
        [with(Factors::CARD.with(Factors::PIN), "rule/cages")]
    );
    assert_eq!(house.site.who_can(id("aisle-1"), noon()), [with(Factors::CARD, "rule/in")]);
    let at_gate =
        |house: &House, at| house.site.who_can(id("gate"), at).iter().map(|e| e.person).collect::<Vec<_>>();
    assert_eq!(at_gate(&house, noon()), [id("ann"), id("ben")]);
    assert_eq!(at_gate(&house, night()), [id("ann")]);
    house.put(vec![Change::SuspendPerson(id("ann"))]);
    assert_eq!(at_gate(&house, noon()), [id("ben")]);
    assert!(house.site.who_can(id("nowhere"), noon()).is_empty());
}

#[test]
fn the_list_says_who_needs_a_second_person_and_what_a_lockdown_leaves() {
    let mut house = House::warehouse();
    let two = Rule { two_people: true, ..rule("in", "staff", Target::Zone(id("hall"))) };
    house.put(vec![Change::PutRule(two)]);
    let told = |house: &House| {
        let list = house.site.who_can(id("aisle-1"), noon());
        list.into_iter().map(|e| (e.person, e.second)).collect::<Vec<_>>()
    };
    assert_eq!(told(&house), [(id("ann"), true)]);
    house.put(vec![Change::LockDown(id("hall"))]);
    assert_eq!(told(&house), []);
    let guests = r#"permit (principal in Group::"guests", action == Action::"enter-locked-down", resource);"#;
    house.put(vec![policy("guests", guests)]);
    assert_eq!(told(&house), [(id("ben"), false)]);
    house.put(vec![Change::LiftLockdown(id("hall"))]);
    assert_eq!(told(&house), [(id("ann"), true)]);
}

#[test]
fn given_a_policy_that_can_not_be_evaluated_without_a_pin_then_nobody_is_listed() {
    let mut house = House::warehouse();
    // Overflows, unless there is a PIN.
    let bad = r#"forbid (principal, action == Action::"enter", resource == Door::"gate")
        when { !context.factors.contains("pin") && context.config_age - 9223372036854775807 - 9 < 0 };"#;
    house.put(vec![policy("bad", bad)]);
    assert_agree(&mut house, noon());
    assert!(house.site.who_can(id("gate"), noon()).is_empty());
}

#[test]
fn given_a_door_whose_controller_was_revoked_then_nobody_is_listed() {
    let mut house = House::warehouse();
    house.put(vec![Change::RevokeController(id("k1"))]);
    assert_eq!(assert_agree(&mut house, noon()), 0);
    let other = Door { controller: id("k2"), ..house.site.door(id("gate")).unwrap().clone() };
    house.put(vec![controller("k2"), Change::PutDoor(other)]);
    assert!(assert_agree(&mut house, noon()) > 0, "its successor serves the door");
}
