//! A resistance that moves from zero to infinity and back, slow and fast, still and noisy.

use crate::rig::{CUT, Rig, ohms};
use lockward_inputs::{Bands, Rest, State, Wiring};
use proptest::prelude::*;

use State::{Active, Foreign, Inactive, Open, Short};

/// From 0 to 50 kΩ by 0.5 % each step, then infinity.
fn scale() -> Vec<u32> {
    let mut all = vec![0];
    let mut r = 10;
    while r < 50_000 {
        all.push(r);
        r += (r / 200).max(1);
    }
    all.push(u32::MAX);
    all
}

/// Moves a resistance by less than a percent.
fn noisy(r: u32, noise: i64) -> u32 {
    let moved = i64::from(r) + i64::from(r) * noise / 1_000;
    if r == u32::MAX { r } else { u32::try_from(moved).unwrap() }
}

fn sweep(wiring: Wiring, scale: &[u32], step_ms: u64, noise: &[i64]) -> Vec<State> {
    let mut rig = Rig::of(wiring);
    for (r, noise) in scale.iter().zip(noise.iter().cycle()) {
        for jitter in [*noise, -*noise, 0] {
            rig.hold(ohms(noisy(*r, jitter)), step_ms);
        }
    }
    rig.wait(300);
    rig.told()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_slow_sweep_tells_every_band_once_and_no_normal_one_twice(
        noise in prop::collection::vec(-9_i64..=9, 1..50),
        step_ms in 5_u64..40,
        rosslare: bool,
    ) {
        let bands = if rosslare { Bands::series_2k2_across_8k2 } else { Bands::one_and_one };
        let mut scale = scale();
        let up = sweep(Wiring::Supervised(bands(Rest::Closed)), &scale, step_ms, &noise);
        prop_assert_eq!(up, [Short, Foreign, Inactive, Foreign, Active, Foreign, Open]);
        scale.reverse();
        let down = sweep(Wiring::Supervised(bands(Rest::Closed)), &scale, step_ms, &noise);
        prop_assert_eq!(down, [Open, Foreign, Active, Foreign, Inactive, Foreign, Short]);
    }

    #[test]
    fn into_a_fault_and_out_of_it_nothing_normal_is_passed_through(fast in 0_u64..3, back: bool) {
        // A cable has capacitance: the reading runs through every band, and through none for long.
        let way = [1_000, 1_400, 1_700, 2_000, 2_400, 3_000, 5_000, 9_000, 40_000, u32::MAX];
        let (mut rig, expected) = if back {
            (Rig::door_at(CUT), Inactive)
        } else {
            (Rig::door_at(ohms(1_000)), Open)
        };
        let mut way = way.to_vec();
        if back {
            way.reverse();
        }
        for r in way {
            rig.hold(ohms(r), fast);
        }
        rig.wait(300);
        prop_assert_eq!(rig.told(), [expected]);
    }

    #[test]
    fn noise_at_the_edge_of_a_band_is_told_once(
        edge in prop::sample::select(vec![500_u32, 700, 1_300, 1_600, 2_600, 6_000]),
        noise in prop::collection::vec(-20_i64..=20, 100..300),
    ) {
        let mut rig = Rig::door_at(ohms(edge));
        for n in noise {
            rig.hold(ohms(noisy(edge, n)), 7);
        }
        rig.wait(300);
        prop_assert!(rig.edges.len() <= 1, "{:?}", rig.told());
        prop_assert!(!rig.told().contains(&State::Unknown));
    }
}

#[test]
fn a_fault_is_not_left_for_a_normal_band_by_hysteresis() {
    // 705 Ω stands in the low band, and not inside it by five percent: a short that drifts up is still no contact.
    let mut rig = Rig::door_at(ohms(0));
    rig.hold(ohms(705), 1_000);
    assert_eq!(rig.told(), [Foreign]);
    rig.hold(ohms(735), 1_000);
    assert_eq!(rig.told(), [Foreign, Inactive]);
    // And one ohm outside, a normal band is left, whatever was held.
    rig.hold(ohms(700), 1_000);
    assert_eq!(rig.input.state(), Inactive);
    rig.hold(ohms(699), 1_000);
    assert_eq!(rig.input.state(), Foreign);
}
