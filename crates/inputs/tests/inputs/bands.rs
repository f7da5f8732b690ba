//! Which bands are refused, and what the ones that we ship mean at their nominal resistances.

use crate::rig::{CUT, Rig, ohms};
use lockward_inputs::{BandError, BandLimits, Bands, Rest, Span, State, Wiring};

/// The bands for one and one kilohm, to spoil.
fn good() -> BandLimits {
    Bands::one_and_one(Rest::Closed).limits()
}

fn refused(limits: BandLimits) -> String {
    Bands::new(limits, Rest::Closed).unwrap_err().to_string()
}

#[test]
fn the_bands_that_we_ship_would_be_accepted_from_an_installer() {
    for rest in [Rest::Closed, Rest::Open] {
        for shipped in [Bands::one_and_one(rest), Bands::series_2k2_across_8k2(rest)] {
            assert_eq!(Bands::new(shipped.limits(), rest), Ok(shipped));
        }
    }
}

#[test]
fn nominal_resistances_mean_what_the_makers_say() {
    use State::{Active, Inactive, Open, Short};
    let mercury = [(0, Short), (1_000, Inactive), (2_000, Active)];
    let rosslare = [(0, Short), (2_200, Inactive), (10_400, Active)];
    for (bands, nominal) in
        [(Bands::one_and_one as fn(Rest) -> Bands, mercury), (Bands::series_2k2_across_8k2, rosslare)]
    {
        for rest in [Rest::Closed, Rest::Open] {
            let mut rig = Rig::of(Wiring::Supervised(bands(rest)));
            for (r, state) in nominal {
                rig.hold(ohms(r), 100);
                let expected = match (rest, state) {
                    (Rest::Open, Inactive) => Active,
                    (Rest::Open, Active) => Inactive,
                    _ => state,
                };
                assert_eq!(rig.input.state(), expected, "{r} Ω, contact at rest: {rest:?}");
            }
            rig.hold(CUT, 100);
            assert_eq!(rig.input.state(), Open);
        }
    }
}

#[test]
fn bands_that_overlap_are_refused() {
    let limits = BandLimits { high: Span { from: 1_200, to: 2_600 }, ..good() };
    assert_eq!(
        refused(limits),
        "the low band ends at 1300 Ω and the high band begins at 1200 Ω: they overlap; the order is short, low, high, cut"
    );
    let limits = BandLimits { short_to: 700, ..good() };
    assert!(refused(limits).starts_with("the short band ends at 700 Ω and the low band begins at 700 Ω"));
}

#[test]
fn bands_out_of_order_are_refused() {
    let limits = BandLimits { low: Span { from: 1_300, to: 700 }, ..good() };
    assert_eq!(refused(limits), "the low band runs from 1300 to 700 Ω: it must end above where it begins");
    let swapped = BandLimits { low: good().high, high: good().low, ..good() };
    assert!(matches!(Bands::new(swapped, Rest::Closed), Err(BandError::Overlap { .. })));
    let limits = BandLimits { cut_from: 100, ..good() };
    assert!(matches!(Bands::new(limits, Rest::Closed), Err(BandError::Overlap { above: "cut", .. })));
}

#[test]
fn bands_that_touch_are_refused() {
    let limits = BandLimits { high: Span { from: 1_301, to: 2_600 }, ..good() };
    assert_eq!(
        refused(limits),
        "the low band ends at 1300 Ω and the high band begins at 1301 Ω: with a hysteresis of 5 % they touch; leave a \
         gap, in which another resistor shows itself"
    );
}

#[test]
fn a_hysteresis_that_makes_bands_overlap_is_refused() {
    assert!(Bands::new(BandLimits { hysteresis: 10, ..good() }, Rest::Closed).is_ok());
    // 1,300 Ω and 15 % are 1,495; 1,600 Ω less 15 % are 1,360.
    let refused = Bands::new(BandLimits { hysteresis: 15, ..good() }, Rest::Closed);
    assert!(matches!(refused, Err(BandError::Touch { below: "low", above: "high", hysteresis: 15, .. })));
}

#[test]
fn a_band_that_could_never_be_entered_is_refused() {
    let limits = BandLimits { low: Span { from: 980, to: 1_020 }, ..good() };
    assert_eq!(
        refused(limits),
        "the low band from 980 to 1020 Ω is too narrow for a hysteresis of 5 %: it could never be entered"
    );
}

#[test]
fn a_hysteresis_of_none_and_an_endless_cut_are_refused() {
    assert_eq!(refused(BandLimits { hysteresis: 0, ..good() }), "the hysteresis is 0 %: write 1 to 50");
    assert_eq!(
        Bands::new(BandLimits { hysteresis: 51, ..good() }, Rest::Open),
        Err(BandError::Hysteresis(51))
    );
    let limits = BandLimits { cut_from: u32::MAX, ..good() };
    assert!(matches!(Bands::new(limits, Rest::Closed), Err(BandError::Endless(_))));
}
