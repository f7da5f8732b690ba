//! Mass opening: a bank of lockers opens no faster than its limit, whatever orders it is given (`threats.md` A53).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use core::time::Duration;
use lockward_history::*;
use lockward_model::{DoorId, Time, ZoneId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use world::{id, nth};

const WINDOW: Duration = Duration::from_secs(60);

#[test]
fn a53_a_stolen_token_opens_no_more_compartments_than_the_limit_and_those_are_listed() {
    let mut openings = Openings::default();
    let bank: ZoneId = id("bank");
    let mut opened = 0;
    for n in 0..2_732 {
        let now = Time(i64::from(n));
        match openings.over(bank, nth("box", n as usize), 5, WINDOW, now) {
            None => {
                assert_eq!(openings.take(bank, nth("box", n as usize), now), Taken::New);
                opened += 1;
            }
            Some(mass) => {
                let listed: Vec<DoorId> = mass.opened.iter().map(|(door, _)| *door).collect();
                assert_eq!(listed, (0..5).map(|n| nth("box", n)).collect::<Vec<_>>());
                assert_eq!(mass.until, Some(Time(60_000)));
            }
        }
    }
    assert_eq!(opened, 5);
    assert_eq!(openings.over(bank, nth("box", 9), 5, WINDOW, Time(60_000)), None);
    assert_eq!(openings.over(id("other-bank"), nth("box", 9), 5, WINDOW, Time(3_000)), None);
}

#[test]
fn a_box_that_was_opened_may_be_opened_again() {
    let mut openings = Openings::default();
    (0..5).for_each(|n| assert_eq!(openings.take(id("bank"), nth("box", n), Time(1)), Taken::New));
    assert_eq!(openings.over(id("bank"), nth("box", 3), 5, WINDOW, Time(2)), None);
    assert!(openings.over(id("bank"), nth("box", 5), 5, WINDOW, Time(2)).is_some());
    openings.retain(|door| door != nth("box", 0));
    assert_eq!(openings.over(id("bank"), nth("box", 5), 5, WINDOW, Time(2)), None);
}

#[test]
fn a_room_that_is_full_lets_no_new_door_open() {
    let mut openings = Openings::default();
    (0..DOORS_MAX).for_each(|n| assert_eq!(openings.take(id("bank"), nth("box", n), Time(1)), Taken::New));
    assert_eq!(openings.take(id("bank"), nth("box", DOORS_MAX), Time(1)), Taken::Full);
    let later = Time(10_000_000);
    assert_eq!(openings.over(id("bank"), nth("box", 0), 5, WINDOW, later), None);
    let new = openings.over(id("bank"), nth("box", DOORS_MAX), 5, WINDOW, later);
    assert_eq!(new, Some(MassOpening { opened: vec![], until: None }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_window_of_time_ever_holds_more_doors_than_the_limit(
        asked in prop::collection::vec((0..12_usize, 0..30_i64), 0..120), limit in 1..6_usize,
    ) {
        let (mut openings, mut log, mut now) = (Openings::default(), Vec::new(), 0);
        for (door, later) in asked {
            now += later * 1_000;
            let blocked = openings.over(id("bank"), nth("box", door), limit, WINDOW, Time(now));
            let lately: BTreeSet<usize> =
                log.iter().filter(|(_, at)| *at > now - 60_000).map(|(d, _)| *d).filter(|d| *d != door).collect();
            prop_assert_eq!(blocked.is_some(), lately.len() >= limit);
            if let Some(until) = blocked.and_then(|mass| mass.until) {
                let door = nth("box", door);
                prop_assert!(openings.over(id("bank"), door, limit, WINDOW, until - Duration::from_millis(1)).is_some());
                prop_assert_eq!(openings.over(id("bank"), door, limit, WINDOW, until), None);
            } else {
                let _ = openings.take(id("bank"), nth("box", door), Time(now));
                log.push((door, now));
            }
        }
        for (_, end) in &log {
            let doors: BTreeSet<_> = log.iter().filter(|(_, at)| *at > end - 60_000 && at <= end).map(|(d, _)| d).collect();
            prop_assert!(doors.len() <= limit);
        }
    }

    #[test]
    fn order_and_repetition_change_nothing(
        (facts, shuffled) in prop::collection::vec((0..12_usize, 0..30_i64), 0..60)
            .prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
    ) {
        let taken = |facts: &[(usize, i64)]| {
            let mut o = Openings::default();
            facts.iter().for_each(|(d, at)| assert_ne!(o.take(id("bank"), nth("box", *d), Time(*at)), Taken::Full));
            o
        };
        let once = taken(&facts);
        prop_assert_eq!(&once, &taken(&[&shuffled[..], &facts[..]].concat()));
        let mut again = Openings::default();
        once.facts().for_each(|(z, d, at)| assert_eq!(again.take(z, d, at), Taken::New));
        prop_assert_eq!(once, again);
    }
}
