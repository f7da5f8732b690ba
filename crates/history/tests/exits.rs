//! Requests to exit that nobody inside explains: raised once, cleared by fact, and a naive reading that never differs
//! (`threats.md` A46).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use lockward_history::*;
use lockward_model::{Mono, Now, Time};
use proptest::prelude::*;
use std::collections::BTreeSet;
use world::id;

const PRESS: ExitInput = ExitInput::Pressed { nobody_inside: false };
const PRESS_INSIDE_NOBODY: ExitInput = ExitInput::Pressed { nobody_inside: true };

fn second(s: i64) -> Now {
    Now { mono: Mono(s as u64 * 1_000_000), wall: Time(s * 1_000) }
}

fn anomaly(why: RexWhy) -> RexAnomaly {
    RexAnomaly { door: id("door"), why }
}

fn raised(why: RexWhy) -> Vec<RexEdge> {
    vec![RexEdge::Raised(anomaly(why))]
}

fn cleared(why: RexWhy) -> Vec<RexEdge> {
    vec![RexEdge::Cleared(anomaly(why))]
}

#[test]
fn a46_an_input_that_is_held_alarms_after_ten_seconds_once_and_is_cleared_when_let_go() {
    let mut exits = Exits::default();
    let door = id("door");
    assert_eq!(exits.step(door, PRESS, second(0)), []);
    assert_eq!(exits.step(door, ExitInput::Tick, second(10)), []);
    let wake = exits.wake_at(door).unwrap();
    assert!(wake > second(10).mono && wake < second(11).mono);
    let at_the_wake = Now { mono: wake, wall: Time(10_000) };
    assert_eq!(exits.step(door, ExitInput::Tick, at_the_wake), raised(RexWhy::HeldTooLong));
    assert_eq!(exits.step(door, ExitInput::Tick, second(30)), []);
    assert_eq!(exits.step(door, PRESS, second(31)), [], "the same press told again");
    assert_eq!(exits.wake_at(door), None);
    assert_eq!(exits.step(door, ExitInput::LetGo, second(40)), cleared(RexWhy::HeldTooLong));
}

#[test]
fn a46_more_presses_than_the_limit_within_an_hour_alarm_until_the_hour_is_quiet() {
    let mut exits = Exits::new(ExitLimits { per_hour: 4, ..ExitLimits::default() });
    let door = id("door");
    let mut edges = Vec::new();
    for n in 0..10 {
        edges.extend(exits.step(door, PRESS, second(n * 60)));
        edges.extend(exits.step(door, ExitInput::LetGo, second(n * 60 + 1)));
    }
    assert_eq!(edges, raised(RexWhy::TooOften));
    // Presses of the last two minutes are left: no more than half of the limit.
    assert_eq!(exits.step(door, ExitInput::Tick, second(3_600 + 7 * 60 - 1)), []);
    assert_eq!(exits.step(door, ExitInput::Tick, second(3_600 + 7 * 60)), cleared(RexWhy::TooOften));
}

#[test]
fn a46_a_press_where_nobody_is_alarms_until_somebody_is_seen_to_enter() {
    let mut exits = Exits::default();
    let door = id("door");
    assert_eq!(exits.step(door, PRESS_INSIDE_NOBODY, second(0)), raised(RexWhy::NobodyInside));
    assert_eq!(exits.step(door, ExitInput::LetGo, second(1)), []);
    assert_eq!(exits.step(door, PRESS_INSIDE_NOBODY, second(2)), []);
    assert_eq!(exits.raised().collect::<Vec<_>>(), [anomaly(RexWhy::NobodyInside)]);
    assert_eq!(exits.step(door, ExitInput::SomeoneEntered, second(3)), cleared(RexWhy::NobodyInside));
}

#[test]
fn an_alarm_that_stands_over_a_restart_is_cleared_by_its_fact() {
    let mut before = Exits::new(ExitLimits { per_hour: 1, ..ExitLimits::default() });
    let door = id("door");
    let _ = before.step(door, PRESS, second(0));
    let _ = before.step(door, ExitInput::LetGo, second(1));
    let _ = before.step(door, PRESS, second(2));
    let _ = before.step(door, ExitInput::Tick, second(20));
    assert_eq!(before.raised().count(), 2);
    let mut after = Exits::new(ExitLimits { per_hour: 1, ..ExitLimits::default() });
    after.restore(before.facts(), before.raised());
    let at_rest = Now { mono: Mono(5), wall: Time(30_000) };
    assert_eq!(after.step(door, ExitInput::LetGo, at_rest), cleared(RexWhy::HeldTooLong));
    let an_hour_on = Now { mono: Mono(9), wall: Time(3_602_000) };
    assert_eq!(after.step(door, ExitInput::Tick, an_hour_on), cleared(RexWhy::TooOften));
    after.retain(|d| d != door);
    assert_eq!(after.facts().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_fold_and_the_naive_reading_never_differ(
        inputs in prop::collection::vec((0..5_u8, 0..900_i64), 0..80), per_hour in 0..6_usize,
    ) {
        let mut exits = Exits::new(ExitLimits { per_hour, ..ExitLimits::default() });
        let (mut now, mut standing) = (0, BTreeSet::new());
        let (mut presses, mut since, mut often, mut nobody) = (Vec::new(), None, false, false);
        for (kind, later) in inputs {
            // Mostly seconds, sometimes minutes.
            now += if later < 600 { later / 20 } else { later };
            let (input, pressed) = match kind {
                0 => (PRESS, true),
                1 => (PRESS_INSIDE_NOBODY, true),
                2 => (ExitInput::LetGo, false),
                3 => (ExitInput::SomeoneEntered, false),
                _ => (ExitInput::Tick, false),
            };
            for edge in exits.step(id("door"), input, second(now)) {
                match edge {
                    RexEdge::Raised(a) => prop_assert!(standing.insert(a.why), "raised twice"),
                    RexEdge::Cleared(a) => prop_assert!(standing.remove(&a.why), "cleared twice"),
                }
            }
            if pressed && since.is_none() {
                presses.push(now);
                (since, nobody) = (Some(now), kind == 1);
            }
            match kind {
                2 => since = None,
                3 => nobody = false,
                _ => {}
            }
            let lately = presses.iter().filter(|at| **at > now - 3_600).count();
            often = lately > per_hour || (often && lately > per_hour / 2);
            let held = since.is_some_and(|at| now - at > 10);
            let naive: BTreeSet<RexWhy> =
                [(RexWhy::HeldTooLong, held), (RexWhy::TooOften, often), (RexWhy::NobodyInside, nobody)]
                    .into_iter().filter(|(_, odd)| *odd).map(|(why, _)| why).collect();
            prop_assert_eq!(&standing, &naive);
            prop_assert!(exits.raised().map(|a| a.why).eq(naive));
        }
    }
}
