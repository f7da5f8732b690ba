//! Where people are: a second, deliberately naive reading of the same facts never differs from the fold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use lockward_history::*;
use lockward_model::{DoorId, Mono, PersonId, Time, ZoneId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use world::{House, ZONES, all_heard, at, here, id, nth};

type Zone = Option<ZoneId>;

fn zone(name: &str) -> Zone {
    (name != "street").then(|| id(name))
}

fn moved(p: &mut Presence, who: &str, from: &str, into: &str, ms: i64) {
    for fact in Presence::moved(id(who), zone(from), zone(into), Time(ms), id("door"), &House) {
        let _ = p.take(fact);
    }
}

fn asked(p: &Presence, who: &str, from: &str, into: &str, ms: i64) -> PassbackFact {
    p.passback(id(who), zone(from), zone(into), &here(&all_heard(), ms))
}

#[test]
fn a_card_that_is_passed_back_does_not_enter_twice() {
    let mut p = Presence::default();
    assert_eq!(asked(&p, "ann", "street", "hall", 1), PassbackFact::Clear);
    moved(&mut p, "ann", "street", "hall", 1);
    let fact = asked(&p, "ann", "street", "hall", 2);
    let kind = ViolationKind::AlreadyInside { since: Time(1), by: Some(id("door")) };
    assert_eq!(fact, PassbackFact::Violation(Violation { area: id("house"), keeping: Keeping::Hard, kind }));
    assert!(fact.refuses());
    moved(&mut p, "ann", "hall", "street", 3);
    assert_eq!(asked(&p, "ann", "street", "hall", 4), PassbackFact::Clear);
}

#[test]
fn a_grant_without_an_opening_moves_nobody() {
    let p = Presence::default();
    // Asked, granted, the door pulled by nobody: no fact, so asked again it is clear again.
    assert_eq!(asked(&p, "ann", "street", "hall", 1), PassbackFact::Clear);
    assert_eq!(asked(&p, "ann", "street", "hall", 2), PassbackFact::Clear);
    assert_eq!(p.facts().count(), 0);
}

#[test]
fn who_is_in_an_inner_zone_is_in_every_area_around_it() {
    let mut p = Presence::default();
    moved(&mut p, "ann", "street", "hall", 1);
    moved(&mut p, "ann", "hall", "lab", 2);
    moved(&mut p, "ann", "lab", "cage", 3);
    assert!(asked(&p, "ann", "street", "hall", 4).refuses());
    let soft = asked(&p, "ann", "hall", "lab", 4);
    assert!(matches!(soft, PassbackFact::Violation(v) if v.area == id("lab") && !soft.refuses()));
    // Going about inside enters no area that one is in already.
    assert_eq!(asked(&p, "ann", "cage", "lab", 4), PassbackFact::Clear);
}

#[test]
fn leaving_is_never_refused() {
    let mut p = Presence::default();
    for (who, facts) in [("seen", 1), ("unseen", 0), ("elsewhere", 2)] {
        if facts > 0 {
            moved(&mut p, who, "street", "hall", 1);
        }
        if facts > 1 {
            moved(&mut p, who, "hall", "street", 2);
        }
        assert!(!asked(&p, who, "hall", "street", 3).refuses());
    }
    let fact = asked(&p, "elsewhere", "hall", "street", 3);
    assert!(matches!(fact, PassbackFact::Violation(v) if v.kind == ViolationKind::NotSeenEntering));
}

#[test]
fn a_timed_area_is_entered_once_in_its_span_wherever_one_went_between() {
    let mut p = Presence::default();
    moved(&mut p, "ann", "lab", "cage", 1_000);
    moved(&mut p, "ann", "cage", "lab", 2_000);
    moved(&mut p, "ann", "lab", "hall", 3_000);
    let fact = asked(&p, "ann", "lab", "cage", 10_999);
    assert!(
        matches!(fact, PassbackFact::Violation(v) if v.kind == ViolationKind::TooSoon { until: Time(11_000) })
    );
    assert!(fact.refuses());
    // The clock goes back: the wait is not shorter.
    assert!(asked(&p, "ann", "lab", "cage", 0).refuses());
    assert_eq!(asked(&p, "ann", "lab", "cage", 11_000), PassbackFact::Clear);
}

#[test]
fn forgiving_clears_what_came_before_it_and_nothing_after_even_when_told_late() {
    let mut p = Presence::default();
    moved(&mut p, "ann", "street", "hall", 10);
    moved(&mut p, "bob", "street", "hall", 30);
    let _ = p.take(PresenceFact::AreaForgiven { area: id("house"), at: Time(20) });
    assert_eq!(asked(&p, "ann", "street", "hall", 40), PassbackFact::Clear);
    assert!(asked(&p, "bob", "street", "hall", 40).refuses());
    let _ = p.take(PresenceFact::Forgiven { person: id("bob"), at: Time(35) });
    assert_eq!(asked(&p, "bob", "street", "hall", 40), PassbackFact::Clear);
    // A controller that was away tells an entry that was forgiven before it was known.
    let _ = p.take(PresenceFact::Forgiven { person: id("cem"), at: Time(50) });
    moved(&mut p, "cem", "street", "hall", 45);
    assert_eq!(p.whereabouts(id("cem"), &House), Whereabouts::Unknown);
    assert_eq!(asked(&p, "cem", "street", "hall", 60), PassbackFact::Clear);
}

#[test]
fn two_people_on_one_grant_both_move() {
    let mut p = Presence::default();
    moved(&mut p, "ann", "street", "hall", 1);
    moved(&mut p, "bob", "street", "hall", 1);
    assert_eq!(p.count(id("house"), &here(&all_heard(), 2)), Count { known: 2, unknown: 0 });
}

#[test]
fn an_area_that_cannot_be_heard_says_unknown_and_the_edge_is_told_once() {
    let mut p = Presence::default();
    let mut touch = all_heard();
    moved(&mut p, "ann", "hall", "lab", 1);
    let kept = [id("house"), id("lab"), id("cage")];
    assert_eq!(touch.edges(&kept, &House, Mono(0)), []);
    touch.out_of_touch(id("there"));
    let edge = |degraded| vec![TouchEdge { area: id("lab"), degraded }];
    assert_eq!(touch.edges(&kept, &House, Mono(1)), edge(true));
    assert_eq!(touch.edges(&kept, &House, Mono(2)), []);
    let asked = p.passback(id("ann"), zone("hall"), zone("lab"), &here(&touch, 2));
    assert_eq!(asked, PassbackFact::Unknown { area: id("lab") });
    assert!(!asked.refuses());
    assert_eq!(p.count(id("lab"), &here(&touch, 2)), Count { known: 0, unknown: 1 });
    let muster = p.muster([], &here(&touch, 2));
    assert_eq!(muster.zones[&id("lab")][0].doubt, Some(Doubt::OutOfTouch));
    // The other areas are as sure as before, and leaving is not refused.
    assert!(!p.passback(id("ann"), zone("lab"), zone("hall"), &here(&touch, 2)).refuses());
    touch.in_touch(id("there"), Mono(3));
    assert_eq!(touch.edges(&kept, &House, Mono(3)), edge(false));
    assert_eq!(p.count(id("lab"), &here(&touch, 3)), Count { known: 1, unknown: 0 });
    // Silence alone is enough to be out of touch.
    let later = Mono(3) + core::time::Duration::from_secs(61);
    assert_eq!(touch.edges(&kept, &House, later), edge(true));
    touch.all_out_of_touch();
    assert!(touch.hears(id("here"), later), "one is always in touch with oneself");
}

#[test]
fn who_left_on_a_request_to_exit_may_have_been_anybody_who_was_inside() {
    let mut p = Presence::default();
    moved(&mut p, "ann", "street", "hall", 1);
    moved(&mut p, "bob", "hall", "lab", 2);
    let _ = p.take(PresenceFact::SomeoneLeft { from: id("hall"), into: None, at: Time(5) });
    moved(&mut p, "cem", "street", "hall", 6);
    let touch = all_heard();
    // Bob is in the lab, and nobody left that.
    assert_eq!(p.count(id("house"), &here(&touch, 7)), Count { known: 2, unknown: 1 });
    let muster = p.muster([id("ann"), id("eve")], &here(&touch, 7));
    let hall: Vec<_> = muster.zones[&id("hall")].iter().map(|x| (x.person, x.doubt)).collect();
    let left = Some(Doubt::SomeoneLeft { at: Time(5) });
    assert_eq!(hall, [(id("ann"), left), (id("cem"), None)]);
    assert_eq!(muster.unknown, [(id::<PersonId>("eve"), UnknownWhy::NeverSeen)]);
    assert!(!p.known_empty(id("hall"), [], &here(&touch, 7)));
    assert!(p.known_empty(id("yard"), [], &here(&touch, 7)));
    assert!(!p.known_empty(id("yard"), [id("eve")], &here(&touch, 7)), "eve may be anywhere");
    // Somebody who leaves the hall for the lab leaves no house.
    let mut p = Presence::default();
    moved(&mut p, "ann", "street", "hall", 1);
    let _ = p.take(PresenceFact::SomeoneLeft { from: id("hall"), into: zone("lab"), at: Time(5) });
    assert_eq!(p.count(id("house"), &here(&touch, 7)), Count { known: 1, unknown: 0 });
    assert_eq!(p.count(id("hall"), &here(&touch, 7)), Count { known: 0, unknown: 1 });
}

#[test]
fn who_is_no_longer_of_the_site_is_let_go() {
    let mut p = Presence::default();
    moved(&mut p, "ann", "lab", "cage", 1);
    moved(&mut p, "bob", "lab", "cage", 1);
    let _ = p.take(PresenceFact::Forgiven { person: id("ann"), at: Time(0) });
    p.retain(|person| person != id("ann"));
    assert_eq!(p.count(id("cage"), &here(&all_heard(), 2)), Count { known: 1, unknown: 0 });
    let text = format!("{:?}", p.facts().collect::<Vec<_>>());
    assert!(text.contains("bob") && !text.contains("ann"), "{text}");
}

/// The naive reading: keeps every fact for ever, and looks through all of them for every question.
mod naive {
    use super::*;

    fn chain(zone: Zone) -> Vec<ZoneId> {
        let mut all = Vec::new();
        let mut next = zone;
        while let Some(z) = next {
            all.push(z);
            next = House.parent(z);
        }
        all
    }

    pub(super) fn place(facts: &[PresenceFact], who: PersonId) -> (Whereabouts, Time) {
        let sightings = facts.iter().filter_map(|f| match *f {
            PresenceFact::Seen { person, place, by, at } if person == who => Some((at, place, by)),
            _ => None,
        });
        let Some((since, place, _)) = sightings.max() else { return (Whereabouts::Unknown, Time(i64::MIN)) };
        let around = if let Whereabouts::In(z) = place { chain(Some(z)) } else { vec![] };
        let forgiven = facts.iter().any(|f| match *f {
            PresenceFact::Forgiven { person, at } => person == who && at >= since,
            PresenceFact::AreaForgiven { area, at } => around.contains(&area) && at >= since,
            _ => false,
        });
        (if forgiven { Whereabouts::Unknown } else { place }, since)
    }

    pub(super) fn count(facts: &[PresenceFact], people: &BTreeSet<PersonId>, area: ZoneId) -> Count {
        let mut count = Count::default();
        for who in people {
            let (Whereabouts::In(zone), since) = place(facts, *who) else { continue };
            if !chain(Some(zone)).contains(&area) {
                continue;
            }
            let doubt = facts.iter().any(|f| match *f {
                PresenceFact::SomeoneLeft { from, into, at } => {
                    at >= since && chain(Some(zone)).contains(&from) && !chain(into).contains(&area)
                }
                _ => false,
            });
            if doubt { count.unknown += 1 } else { count.known += 1 }
        }
        count
    }

    /// Refused by the house (hard) or by the cage (timed)?
    pub(super) fn refused(facts: &[PresenceFact], who: PersonId, from: Zone, into: Zone, now: Time) -> bool {
        let (place, _) = place(facts, who);
        let inside = if let Whereabouts::In(z) = place { chain(Some(z)) } else { vec![] };
        let enters = |name: &str| chain(into).contains(&id(name)) && !chain(from).contains(&id(name));
        let twice = enters("house") && inside.contains(&id("house"));
        let cage = chain(Some(id("cage")));
        let soon = enters("cage")
            && facts.iter().any(|f| {
                matches!(*f, PresenceFact::Entered { person, at, .. } if person == who
                && now < at + core::time::Duration::from_secs(10)
                && !facts.iter().any(|g| match *g {
                    PresenceFact::Forgiven { person, at: until } => person == who && until >= at,
                    PresenceFact::AreaForgiven { area, at: until } => cage.contains(&area) && until >= at,
                    _ => false,
                }))
            });
        twice || soon
    }
}

fn any_zone() -> impl Strategy<Value = Zone> {
    (0..=ZONES.len()).prop_map(|n| ZONES.get(n).map(|z| id(z)))
}

fn some_facts() -> impl Strategy<Value = Vec<PresenceFact>> {
    let person = (0..4_usize).prop_map(|n| nth::<PersonId>("p", n));
    let time = (0..30_i64).prop_map(|s| Time(s * 1_000));
    let inner = (0..ZONES.len()).prop_map(|n| id::<ZoneId>(ZONES[n]));
    let one = (0..12_u8, person, any_zone(), any_zone(), inner, time, 0..3_usize).prop_map(
        |(kind, person, from, into, area, at, door)| match kind {
            0 => vec![PresenceFact::Forgiven { person, at }],
            1 => vec![PresenceFact::AreaForgiven { area, at }],
            2 => vec![PresenceFact::SomeoneLeft { from: area, into, at }],
            _ => Presence::moved(person, from, into, at, nth::<DoorId>("d", door), &House).collect(),
        },
    );
    prop::collection::vec(one, 0..40).prop_map(|facts| facts.into_iter().flatten().collect())
}

fn taken(facts: &[PresenceFact]) -> Presence {
    let mut p = Presence::default();
    facts.iter().for_each(|f| assert_ne!(p.take(*f), Taken::Full));
    p
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_fold_and_the_naive_reading_never_differ(
        facts in some_facts(), from in any_zone(), into in any_zone(), now in 0..45_i64,
    ) {
        let p = taken(&facts);
        let touch = all_heard();
        let situation = Here { areas: &House, touch: &touch, now: at(now * 1_000) };
        let people: BTreeSet<PersonId> = (0..4).map(|n| nth("p", n)).collect();
        for who in &people {
            prop_assert_eq!(p.whereabouts(*who, &House), naive::place(&facts, *who).0);
            let refused = p.passback(*who, from, into, &situation).refuses();
            prop_assert_eq!(refused, naive::refused(&facts, *who, from, into, Time(now * 1_000)));
        }
        for area in ZONES {
            prop_assert_eq!(p.count(id(area), &situation), naive::count(&facts, &people, id(area)), "{}", area);
        }
        let muster = p.muster(people.iter().copied(), &situation);
        let listed = muster.zones.values().map(Vec::len).sum::<usize>() + muster.unknown.len();
        let street = people.iter().filter(|p| naive::place(&facts, **p).0 == Whereabouts::Street).count();
        prop_assert_eq!(listed + street, people.len(), "everybody is somewhere, or unknown");
    }

    #[test]
    fn order_and_repetition_change_nothing(
        (facts, shuffled) in some_facts().prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        again in any::<prop::sample::Index>(),
    ) {
        let (once, other) = (taken(&facts), taken(&[&shuffled[..], &facts[..again.index(facts.len() + 1)]].concat()));
        prop_assert!(once.facts().eq(other.facts()));
        // What it gives makes the same again; and two halves, told to each other, are one whole.
        prop_assert!(taken(&once.facts().collect::<Vec<_>>()).facts().eq(once.facts()));
        let (left, right) = shuffled.split_at(again.index(shuffled.len() + 1));
        let mut merged = taken(left);
        taken(right).facts().for_each(|f| assert_ne!(merged.take(f), Taken::Full));
        prop_assert!(merged.facts().eq(once.facts()));
        prop_assert!(shuffled.iter().all(|f| merged.take(*f) == Taken::Known));
    }

    #[test]
    fn a_request_to_leave_is_never_refused(facts in some_facts(), now in 0..45_i64, dark in any::<bool>()) {
        let p = taken(&facts);
        let mut touch = all_heard();
        if dark {
            touch.all_out_of_touch();
        }
        for (from, into) in [("hall", "street"), ("lab", "hall"), ("cage", "lab"), ("yard", "street")] {
            let situation = Here { areas: &House, touch: &touch, now: at(now * 1_000) };
            prop_assert!(!p.passback(id("p-0"), zone(from), zone(into), &situation).refuses());
        }
    }
}
