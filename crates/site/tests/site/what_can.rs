//! What a person can open never differs from who can open each door; and times when more is open are told.

use crate::house::*;
use crate::random::{grown, house, moment};
use lockward_model::*;
use lockward_site::{Entrant, Reach, When};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_each_can_open_now_is_who_can_open_each_door(history in house(25), at in moment()) {
        let site = grown(history).site;
        let mut by_door: Vec<(DoorId, Entrant)> = site
            .doors()
            .flat_map(|d| site.who_can(d.id, at).into_iter().map(|e| (d.id, e)))
            .collect();
        let mut by_person: Vec<_> = site
            .people()
            .flat_map(|p| site.what_can(p, at))
            .filter(|r| r.when == When::Now)
            .map(|r| (r.door, r.how))
            .collect();
        by_door.sort_by_key(|(door, e)| (*door, e.person));
        by_person.sort_by_key(|(door, e)| (*door, e.person));
        prop_assert_eq!(by_door, by_person);
    }

    // Whatever is told of a schedule is what the door says while that schedule is the only one that is open.
    #[test]
    fn what_is_told_of_another_time_holds_at_such_a_time(history in house(25), at in moment(), then in moment()) {
        let site = grown(history).site;
        let open = site.open_schedules(then);
        let when = match open.as_slice() {
            [] => When::NothingOpen,
            [one] => When::Open(*one),
            _ => return Ok(()),
        };
        for person in site.people() {
            // Their own validity may end between the two.
            let counts = |at| !site.person(person).is_none_or(|p| p.suspended) && site.person(person)
                .is_some_and(|p| p.valid.from.is_none_or(|f| f <= at) && p.valid.until.is_none_or(|u| at < u));
            if !counts(at) || !counts(then) {
                continue;
            }
            for reach in site.what_can(person, at).iter().filter(|r| r.when == when) {
                let there = site.who_can(reach.door, then).into_iter().find(|e| e.person == person);
                prop_assert_eq!(there.as_ref(), Some(&reach.how));
            }
        }
    }
}

#[test]
fn a_door_is_told_with_its_factors_its_rule_and_the_schedule_that_would_open_it() {
    let house = House::warehouse();
    let reach = |person: &str, door: &str, when, factors: Factors, because: &str| Reach {
        door: id(door),
        when,
        how: Entrant { person: id(person), factors, second: false, because: vec![because.into()] },
    };
    let with_pin = Factors::CARD.with(Factors::PIN);
    assert_eq!(
        house.site.what_can(id("ann"), night()),
        [
            reach("ann", "aisle-1", When::Now, Factors::CARD, "rule/in"),
            reach("ann", "cage", When::Now, with_pin, "rule/cages"),
            reach("ann", "gate", When::Now, Factors::CARD, "rule/in"),
        ]
    );
    let visit = |when| [reach("ben", "gate", when, Factors::CARD, "rule/visit")];
    assert_eq!(house.site.what_can(id("ben"), noon()), visit(When::Now));
    assert_eq!(house.site.what_can(id("ben"), night()), visit(When::Open(id("day"))));
}

#[test]
fn a_written_policy_is_told_for_the_time_that_it_speaks_of_however_it_is_spelled() {
    for schedule in [r#""day""#, r#""\u{64}ay""#] {
        let mut house = House::warehouse();
        let closed = format!(
            "forbid (principal, action, resource == Door::\"gate\") when {{ context.schedules.contains(Schedule::{schedule}) }};"
        );
        house.put(vec![policy("closed", &closed)]);
        assert!(house.site.what_can(id("ben"), night()).is_empty());
        let at_gate: Vec<_> = house.site.what_can(id("ann"), noon());
        let at_gate: Vec<_> = at_gate.into_iter().filter(|r| r.door == id("gate")).map(|r| r.when).collect();
        assert_eq!(at_gate, [When::NothingOpen]);
        let only = format!(
            "permit (principal == Person::\"ben\", action == Action::\"enter\", resource == Door::\"shop\") \
             when {{ context.schedules.contains(Schedule::{schedule}) }};"
        );
        house.put(vec![policy("only", &only)]);
        let at_shop: Vec<_> = house.site.what_can(id("ben"), night()).into_iter().map(|r| r.when).collect();
        assert_eq!(at_shop, [When::Open(id("day"))]);
    }
}

#[test]
fn nobody_who_does_not_count_opens_anything() {
    let mut house = House::warehouse();
    assert!(house.site.what_can(id("nobody"), noon()).is_empty());
    house.put(vec![Change::SuspendPerson(id("ann"))]);
    assert!(house.site.what_can(id("ann"), noon()).is_empty());
}
