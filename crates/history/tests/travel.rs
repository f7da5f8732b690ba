//! Impossible travel: each pair that one thing cannot have made is flagged once, in whatever order it is told (`threats.md`
//! A13).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use core::time::Duration;
use lockward_history::*;
use lockward_model::{CredentialId, SiteId, Time};
use proptest::prelude::*;
use std::collections::BTreeSet;
use world::{id, nth};

fn spot(site: u8, door: usize) -> Spot {
    Spot { site: SiteId([site; 32]), door: nth("door", door) }
}

/// Thirty seconds within a site, ten minutes from one to another.
fn way(a: Spot, b: Spot) -> Duration {
    Duration::from_secs(if a.site == b.site { 30 } else { 600 })
}

fn seen(travel: &mut Travel<CredentialId>, site: u8, door: usize, seconds: i64) -> Vec<Impossible> {
    travel.take(id("ann"), Sight { at: Time(seconds * 1_000), spot: spot(site, door) }, &way)
}

#[test]
fn a13_a_relayed_card_at_a_second_site_flags_both() {
    let mut travel = Travel::default();
    assert_eq!(seen(&mut travel, 1, 1, 0), []);
    let flagged = seen(&mut travel, 2, 1, 300);
    let first = Sight { at: Time(0), spot: spot(1, 1) };
    let second = Sight { at: Time(300_000), spot: spot(2, 1) };
    let (took, needs) = (Duration::from_secs(300), Duration::from_secs(600));
    assert_eq!(flagged, [Impossible { first, second, took, needs }]);
}

#[test]
fn who_walks_is_not_flagged_nor_who_stands_at_one_door() {
    let mut travel = Travel::default();
    for (door, seconds) in [(1, 0), (1, 1), (2, 31), (1, 61), (1, 62)] {
        assert_eq!(seen(&mut travel, 1, door, seconds), []);
    }
    assert_eq!(seen(&mut travel, 1, 2, 90), [], "clocks that stand two seconds apart prove nothing");
    assert_eq!(seen(&mut travel, 1, 3, 100).len(), 1);
}

#[test]
fn doors_of_one_zone_are_no_way_apart_but_the_street_is_no_zone() {
    let floor = Duration::from_secs(30);
    let (hall, lab) = (Some(id("hall")), Some(id("lab")));
    assert_eq!(walking_floor([None, hall], [hall, lab], floor), Duration::ZERO);
    assert_eq!(walking_floor([None, hall], [None, lab], floor), floor);
}

#[test]
fn what_comes_late_is_flagged_and_what_comes_twice_is_not() {
    let mut travel = Travel::default();
    assert_eq!(seen(&mut travel, 1, 2, 100), []);
    assert_eq!(seen(&mut travel, 1, 1, 90).len(), 1);
    assert_eq!(seen(&mut travel, 1, 1, 90), []);
    assert_eq!(seen(&mut travel, 1, 2, 100), []);
}

#[test]
fn a_full_room_lets_go_of_who_was_not_seen_for_an_hour() {
    let mut travel = Travel::<usize>::default();
    let sight = |at| Sight { at: Time(at), spot: spot(1, 1) };
    for n in 0..SIGHTED_MAX {
        assert_eq!(travel.take(n, sight(if n < 9 { 0 } else { 3_600_000 }), &way), []);
    }
    assert_eq!(travel.take(SIGHTED_MAX, sight(3_600_001), &way), []);
    assert_eq!(travel.facts().count(), SIGHTED_MAX - 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Up to three sightings are all kept.
    #[test]
    fn the_fold_and_the_naive_look_at_every_pair_never_differ(
        sights in prop::collection::vec((1..3_u8, 0..3_usize, 0..1_000_i64), 0..4), again in any::<bool>(),
    ) {
        let mut travel = Travel::default();
        let mut flagged = BTreeSet::new();
        for (site, door, seconds) in sights.iter().chain(sights.iter().filter(|_| again)) {
            for pair in seen(&mut travel, *site, *door, *seconds) {
                prop_assert!(flagged.insert((pair.first, pair.second)), "flagged twice");
            }
        }
        let all: Vec<Sight> = sights.iter().map(|(s, d, t)| Sight { at: Time(t * 1_000), spot: spot(*s, *d) }).collect();
        let mut naive = BTreeSet::new();
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))).filter(|(a, b)| a < b && a.spot != b.spot) {
            if b.at.since(a.at) + Duration::from_secs(2) < way(a.spot, b.spot) {
                naive.insert((a, b));
            }
        }
        prop_assert_eq!(flagged, naive);
    }

    #[test]
    fn order_and_repetition_change_nothing(
        (sights, shuffled) in prop::collection::vec((1..3_u8, 0..3_usize, 0..1_000_i64), 0..20)
            .prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
    ) {
        let taken = |sights: &[(u8, usize, i64)]| {
            let mut travel = Travel::default();
            sights.iter().for_each(|(s, d, t)| drop(seen(&mut travel, *s, *d, *t)));
            travel
        };
        prop_assert_eq!(taken(&sights), taken(&[&shuffled[..], &sights[..]].concat()));
    }

    #[test]
    fn two_doors_in_a_row_are_always_compared(sights in prop::collection::vec((0..3_usize, 0..40_i64), 2..30)) {
        let (mut travel, mut now, mut flagged) = (Travel::default(), 0, BTreeSet::new());
        let mut last: Option<Sight> = None;
        for (door, later) in sights {
            now += later;
            let sight = Sight { at: Time(now * 1_000), spot: spot(1, door) };
            flagged.extend(seen(&mut travel, 1, door, now).iter().map(|pair| (pair.first, pair.second)));
            if let Some(last) = last.filter(|l| l.spot != sight.spot && sight.at.since(l.at) < Duration::from_secs(28)) {
                prop_assert!(flagged.contains(&(last.min(sight), last.max(sight))));
            }
            last = Some(sight);
        }
    }
}
