//! Converters: Ohm's law backwards, the sweep of catalogue A48, and legs that are tied where they should not be.

use crate::rig::{Rig, ohms};
use lockward_inputs::{Adc, AdcError, AdcLoop, Bands, Ohms, Reading, Rest, State, Wiring};

/// Twelve bits, a supply at four fifths of the scale, both legs measured.
const BOTH: AdcLoop = AdcLoop { full_scale: 4_095, supply: 3_276, pull_up: 2_200, back: Some(220) };
const ONE: AdcLoop = AdcLoop { back: None, ..BOTH };

/// What both converters count when a loop of `r` ohms hangs on them, by Ohm's law.
fn counts(wired: AdcLoop, r: u32) -> (u16, u16) {
    let (supply, pull_up, back) =
        (f64::from(wired.supply), f64::from(wired.pull_up), f64::from(wired.back.unwrap_or(0)));
    let current = if r == u32::MAX { 0.0 } else { supply / (pull_up + f64::from(r) + back) };
    let round = |x: f64| x.round() as u16;
    (round(supply - current * pull_up), round(current * back))
}

#[test]
fn a_count_becomes_the_resistance_that_made_it() {
    for wired in [ONE, BOTH] {
        let adc = Adc::new(wired).unwrap();
        for r in [0, 500, 700, 1_000, 1_300, 1_600, 2_000, 2_600, 6_000, 10_400] {
            let (out, back) = counts(wired, r);
            let Reading::Loop(Ohms(seen)) = adc.reading(out, wired.back.map(|_| back)) else {
                panic!("{r} Ω is a loop");
            };
            assert!(seen.abs_diff(r) <= 3 + r / 100, "{r} Ω read as {seen} Ω");
        }
        let (out, back) = counts(wired, u32::MAX);
        assert_eq!(adc.reading(out, wired.back.map(|_| back)), Reading::Loop(Ohms::INFINITE));
    }
}

/// The state that a reading settles to, from every state before it.
fn settles(before: Reading, reading: Reading) -> State {
    let mut rig = Rig::of(Wiring::Supervised(Bands::one_and_one(Rest::Closed)));
    rig.hold(before, 1_000);
    rig.hold(reading, 1_000);
    rig.input.state()
}

#[test]
fn a48_a_sweep_of_the_converter_is_normal_inside_its_bands_and_a_fault_everywhere_else() {
    let adc = Adc::new(ONE).unwrap();
    let befores =
        [ohms(0), ohms(1_000), ohms(1_299), ohms(2_000), ohms(2_599), ohms(9_000), Reading::Foreign];
    let mut seen = std::collections::BTreeSet::new();
    for out in 0..=4_095_u16 {
        let reading = adc.reading(out, None);
        for before in befores {
            let state = settles(before, reading);
            seen.insert(state);
            let inside = match reading {
                Reading::Loop(Ohms(r @ 700..=1_300)) => (r, State::Inactive),
                Reading::Loop(Ohms(r @ 1_600..=2_600)) => (r, State::Active),
                _ => {
                    assert!(state.is_fault(), "{out} counts, {reading:?}, read as {state:?}");
                    continue;
                }
            };
            assert!(state == inside.1 || state == State::Foreign, "{out} counts, {inside:?}: {state:?}");
            // Five percent inside, no history keeps it from being normal.
            if matches!(inside.0, 735..=1_235 | 1_680..=2_470) {
                assert_eq!(state, inside.1, "{out} counts");
            }
        }
        // The foreign voltage: more than the supply could ever count.
        if out > 3_276 + 65 {
            assert_eq!(reading, Reading::Foreign, "{out} counts");
        }
    }
    let all = [State::Inactive, State::Active, State::Open, State::Short, State::Foreign];
    assert_eq!(seen, all.into_iter().collect());
}

#[test]
fn a48_a_sweep_of_both_legs_is_normal_only_where_the_current_comes_back() {
    let adc = Adc::new(BOTH).unwrap();
    for out in (0..=4_095_u16).step_by(9) {
        for back in (0..=4_095_u16).step_by(9) {
            let state = settles(ohms(1_000), adc.reading(out, Some(back)));
            if !state.is_fault() {
                let left = f64::from(3_276_u16.saturating_sub(out)) / 2_200.0;
                let returned = f64::from(back) / 220.0;
                let most = 3_276.0 / 2_420.0;
                assert!((left - returned).abs() <= most * 0.051, "{out} and {back} counts read as {state:?}");
            }
        }
    }
}

#[test]
fn a_leg_tied_to_earth_is_ground_and_a_loop_that_is_fed_is_foreign() {
    let adc = Adc::new(BOTH).unwrap();
    let (supply, pull_up, back) = (3_276.0, 2_200.0, 220.0);
    // The outgoing leg at earth.
    assert_eq!(adc.reading(0, Some(0)), Reading::Ground);
    for r in [1_000.0, 2_000.0] {
        // The return leg at earth: current leaves, none comes back.
        let out = (supply * r / (pull_up + r)) as u16;
        assert_eq!(adc.reading(out, Some(0)), Reading::Ground);
        // Something holds the outgoing leg where the other contact state would: more current returns than left.
        let held = supply * 0.9;
        assert_eq!(adc.reading(held as u16, Some((held * back / (r + back)) as u16)), Reading::Foreign);
    }
    // The two legs on each other: a short, and no earth.
    let (out, near) = counts(BOTH, 0);
    assert_eq!(settles(ohms(1_000), adc.reading(out, Some(near))), State::Short);
}

#[test]
fn a_count_that_the_converter_does_not_have_is_no_reading() {
    let adc = Adc::new(BOTH).unwrap();
    assert_eq!(adc.reading(4_096, Some(0)), Reading::Lost);
    assert_eq!(adc.reading(2_000, Some(u16::MAX)), Reading::Lost);
    assert_eq!(adc.reading(2_000, None), Reading::Lost, "the return leg was not read");
}

#[test]
fn a_converter_that_no_loop_can_hang_on_is_refused() {
    let supply = AdcError::Supply { supply: 5_000, full_scale: 4_095 };
    assert_eq!(Adc::new(AdcLoop { supply: 5_000, ..ONE }), Err(supply));
    assert!(Adc::new(AdcLoop { supply: 0, ..ONE }).is_err());
    assert_eq!(
        Adc::new(AdcLoop { pull_up: 0, ..ONE }).unwrap_err().to_string(),
        "`pull_up` is 0 Ω: write 1 to 1000000"
    );
    assert!(Adc::new(AdcLoop { back: Some(0), ..BOTH }).is_err());
}
