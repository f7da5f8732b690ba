//! Random lives of an input: it never differs from the naive one, and never says of a faulty wire that it is normal.

use crate::naive::Naive;
use crate::rig::{CUT, DEBOUNCE, at, ohms};
use core::time::Duration;
use lockward_inputs::{Bands, Input, Ohms, Reading, Rest, State, Timing, Wiring};
use proptest::prelude::*;

fn reading() -> impl Strategy<Value = Reading> {
    let edges = vec![0, 500, 525, 700, 735, 1_235, 1_300, 1_600, 1_680, 2_470, 2_600, 5_700, 6_000];
    prop_oneof![
        4 => Just(ohms(1_000)),
        4 => Just(ohms(2_000)),
        2 => Just(CUT),
        2 => Just(ohms(0)),
        4 => (prop::sample::select(edges), -1_i64..=1)
            .prop_map(|(r, by)| ohms(u32::try_from(i64::from(r) + by).unwrap_or(0))),
        2 => (0_u32..8_000).prop_map(ohms),
        1 => Just(Reading::Ground),
        1 => Just(Reading::Foreign),
        1 => Just(Reading::Lost),
    ]
}

/// A reading, and how long it stands.
fn life() -> impl Strategy<Value = Vec<(Reading, u64)>> {
    let stands = prop_oneof![6 => 0_u64..DEBOUNCE, 2 => DEBOUNCE - 1..=DEBOUNCE + 1, 2 => 0_u64..700];
    prop::collection::vec((reading(), stands), 1..60)
}

fn input(fresh: Option<u64>) -> Input {
    let debounce = Duration::from_millis(DEBOUNCE);
    let timing = match fresh {
        None => Timing::told(debounce),
        Some(ms) => Timing::polled(debounce, Duration::from_millis(ms)),
    };
    Input::new(Wiring::Supervised(Bands::one_and_one(Rest::Closed)), timing.unwrap())
}

/// The one normal state whose band a reading stands in; hysteresis does not count.
fn band(reading: Reading) -> Option<State> {
    match reading {
        Reading::Loop(Ohms(700..=1_300)) => Some(State::Inactive),
        Reading::Loop(Ohms(1_600..=2_600)) => Some(State::Active),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn the_naive_input_never_differs(life in life(), fresh in prop::option::of(51_u64..600)) {
        // The naive one's record has a line for each millisecond, and none for what did not last one.
        let life = life.into_iter().map(|(reading, stands)| (reading, stands.max(1)));
        let mut naive = Naive::new(fresh.map(|f| usize::try_from(f).unwrap()));
        // One is asked every millisecond, one only when it wants to be, one only when something is read.
        let (mut eager, mut timely, mut late) = (input(fresh), input(fresh), input(fresh));
        let (mut told, mut told_timely, mut told_late) = (Vec::new(), Vec::new(), Vec::new());
        let mut now = 0;
        for (reading, stands) in life {
            naive.read(reading);
            eager.handle(at(now), reading, &mut told);
            timely.handle(at(now), reading, &mut told_timely);
            late.handle(at(now), reading, &mut told_late);
            prop_assert_eq!(eager.state(), naive.held, "at {} ms, after {:?}", now, reading);
            prop_assert_eq!(late.state(), naive.held);
            for _ in 0..stands {
                now += 1;
                naive.pass();
                eager.tick(at(now), &mut told);
                if timely.wake_at().is_some_and(|wake| wake <= at(now)) {
                    timely.tick(at(now), &mut told_timely);
                }
                prop_assert_eq!(eager.state(), naive.held, "at {} ms", now);
                prop_assert_eq!(timely.state(), naive.held, "at {} ms", now);
            }
        }
        late.tick(at(now), &mut told_late);
        prop_assert_eq!(&told, &told_timely);
        prop_assert_eq!(&told, &told_late);
        for edge in &told {
            prop_assert!(edge.raw_at <= edge.settled_at);
            prop_assert!(edge.from != edge.to);
        }
    }

    #[test]
    fn a_fault_that_lasted_is_never_read_as_normal(life in life()) {
        let mut input = input(None);
        let (mut now, mut out) = (0, Vec::new());
        // The end of the last moment at which a reading stood in any normal band, and in each one.
        let mut normal_until = None;
        let mut seen: std::collections::BTreeMap<State, u64> = std::collections::BTreeMap::new();
        for (reading, stands) in life {
            input.handle(at(now), reading, &mut out);
            for stood in 0..=stands {
                if stood > 0 {
                    now += 1;
                }
                if let Some(state) = band(reading) {
                    normal_until = Some(now);
                    seen.insert(state, now);
                }
                input.tick(at(now), &mut out);
                let outside = normal_until.map_or(u64::MAX, |t| now - t);
                if outside >= DEBOUNCE {
                    prop_assert!(input.state().is_fault(), "{now} ms: outside for {outside} ms");
                }
                // A normal state was seen in its own band, and within the time that nothing may go unsettled.
                if !input.state().is_fault() {
                    let last = seen.get(&input.state()).copied();
                    prop_assert!(last.is_some_and(|t| now - t < 400), "{:?} was last seen {last:?}", input.state());
                }
            }
        }
        // From one normal state to the other there is a way past the faults only for what did not last.
        let unsettled = Duration::from_millis(400);
        prop_assert!(out.iter().all(|e| e.settled_at.since(e.raw_at) <= unsettled));
    }

    #[test]
    fn whatever_came_before_a_level_that_lasts_is_believed(life in life(), last in reading()) {
        let mut input = input(None);
        let (mut now, mut out) = (0, Vec::new());
        for (reading, stands) in life {
            input.handle(at(now), reading, &mut out);
            now += stands;
        }
        let began = now;
        input.handle(at(began), last, &mut out);
        input.tick(at(began + 400), &mut out);
        match (last, band(last)) {
            (Reading::Lost, _) => prop_assert_eq!(input.state(), State::Unknown),
            (_, None) => prop_assert!(input.state().is_fault() && input.state() != State::Unknown),
            (_, Some(state)) => prop_assert!(input.state() == state || input.state() == State::Foreign),
        }
        prop_assert_eq!(input.wake_at(), None, "it rests");
    }
}
