//! Which resistance means what: four bands on one scale, and everything between them is somebody else's resistor.
//!
//! Hysteresis belongs to the faults: a fault's band is wider while it is held, and a normal band is entered only well
//! inside. So a resistance outside a normal band never reads as normal, whatever was held before.

use crate::reading::Ohms;
use crate::supervised::State;

/// Hysteresis where the installer says nothing, in percent.
const HYSTERESIS: u8 = 5;
/// The widest hysteresis. Resistors of one percent and a long line need far less.
const HYSTERESIS_MAX: u8 = 50;

/// A band: from its first ohm to its last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first ohm that belongs to it.
    pub from: u32,
    /// The last.
    pub to: u32,
}

/// How the contact stands while nothing happens. The low band is a closed contact, the high band an open one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Normally closed, as a door's contact while the door is shut: the low band is inactive.
    Closed,
    /// Normally open, as a button: the high band is inactive.
    Open,
}

/// The bands as an installer writes them, in ohms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BandLimits {
    /// Up to here the wires are shorted.
    pub short_to: u32,
    /// The contact is closed.
    pub low: Span,
    /// The contact is open.
    pub high: Span,
    /// From here on the wire is cut.
    pub cut_from: u32,
    /// How much further a fault reaches while it is held, in percent of its limit.
    pub hysteresis: u8,
}

/// Why bands are refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BandError {
    /// A band ends before it begins, or is one point.
    #[error("the {band} band runs from {from} to {to} Ω: it must end above where it begins")]
    Reversed {
        /// Which.
        band: &'static str,
        /// As written.
        from: u32,
        /// As written.
        to: u32,
    },
    /// A band that ought to lie below another reaches into it.
    #[error(
        "the {below} band ends at {to} Ω and the {above} band begins at {from} Ω: they overlap; the order is short, \
         low, high, cut"
    )]
    Overlap {
        /// Which.
        below: &'static str,
        /// Which.
        above: &'static str,
        /// Where the lower one ends.
        to: u32,
        /// Where the upper one begins.
        from: u32,
    },
    /// Nothing lies between two bands, or nothing that the hysteresis leaves.
    #[error(
        "the {below} band ends at {to} Ω and the {above} band begins at {from} Ω: with a hysteresis of {hysteresis} % \
         they touch; leave a gap, in which another resistor shows itself"
    )]
    Touch {
        /// Which.
        below: &'static str,
        /// Which.
        above: &'static str,
        /// Where the lower one ends.
        to: u32,
        /// Where the upper one begins.
        from: u32,
        /// As written.
        hysteresis: u8,
    },
    /// A normal band that could never be entered.
    #[error(
        "the {band} band from {from} to {to} Ω is too narrow for a hysteresis of {hysteresis} %: it could never be \
         entered"
    )]
    Narrow {
        /// Which.
        band: &'static str,
        /// As written.
        from: u32,
        /// As written.
        to: u32,
        /// As written.
        hysteresis: u8,
    },
    /// None, or more than any line needs.
    #[error("the hysteresis is {0} %: write 1 to {HYSTERESIS_MAX}")]
    Hysteresis(u8),
    /// Beyond what a finite resistance can be.
    #[error(
        "the cut band begins at {0} Ω: a cut wire is read as some finite resistance or more, so write less"
    )]
    Endless(u32),
}

/// Bands that do not overlap and do not touch, with the hysteresis worked in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bands {
    limits: BandLimits,
    rest: Rest,
}

impl Bands {
    /// # Errors
    /// [`BandError`] names the bands that overlap, touch, are out of order or could not be entered.
    pub fn new(limits: BandLimits, rest: Rest) -> Result<Self, BandError> {
        let BandLimits { short_to, low, high, cut_from, hysteresis } = limits;
        if !(1..=HYSTERESIS_MAX).contains(&hysteresis) {
            return Err(BandError::Hysteresis(hysteresis));
        }
        if cut_from == u32::MAX {
            return Err(BandError::Endless(cut_from));
        }
        for (band, Span { from, to }) in [("low", low), ("high", high)] {
            if from >= to {
                return Err(BandError::Reversed { band, from, to });
            }
        }
        let neighbours = [
            ("short", short_to, "low", low.from),
            ("low", low.to, "high", high.from),
            ("high", high.to, "cut", cut_from),
        ];
        for (below, to, above, from) in neighbours {
            if to >= from {
                return Err(BandError::Overlap { below, above, to, from });
            }
            if widened_up(to, hysteresis) + 1 >= widened_down(from, hysteresis) {
                return Err(BandError::Touch { below, above, to, from, hysteresis });
            }
        }
        for (band, Span { from, to }) in [("low", low), ("high", high)] {
            if narrowed_up(from, hysteresis) >= narrowed_down(to, hysteresis) {
                return Err(BandError::Narrow { band, from, to, hysteresis });
            }
        }
        Ok(Self { limits, rest })
    }

    /// One kilohm in series and one across the contact, one percent each, as Mercury's boards expect: closed 1 kΩ, open
    /// 2 kΩ.
    #[must_use]
    pub fn one_and_one(rest: Rest) -> Self {
        let (low, high) = (Span { from: 700, to: 1_300 }, Span { from: 1_600, to: 2_600 });
        let limits = BandLimits { short_to: 500, low, high, cut_from: 6_000, hysteresis: HYSTERESIS };
        Self { limits, rest }
    }

    /// 2.2 kilohms in series and 8.2 across the contact, as Rosslare's panels expect: closed 2.2 kΩ, open 10.4 kΩ. The
    /// bands are in proportion to those of one and one.
    #[must_use]
    pub fn series_2k2_across_8k2(rest: Rest) -> Self {
        let (low, high) = (Span { from: 1_540, to: 2_860 }, Span { from: 8_320, to: 13_520 });
        let limits = BandLimits { short_to: 1_100, low, high, cut_from: 31_200, hysteresis: HYSTERESIS };
        Self { limits, rest }
    }

    /// What the bands are, as written.
    #[must_use]
    pub fn limits(&self) -> BandLimits {
        self.limits
    }

    /// What a resistance means, after what it meant a moment ago.
    #[must_use]
    pub(crate) fn state(&self, before: State, ohms: Ohms) -> State {
        let BandLimits { short_to, low, high, cut_from, hysteresis } = self.limits;
        let (ohms, wide) = (u64::from(ohms.0), u64::from);
        let (at_low, at_high) = match self.rest {
            Rest::Closed => (State::Inactive, State::Active),
            Rest::Open => (State::Active, State::Inactive),
        };
        let short_to = if before == State::Short { widened_up(short_to, hysteresis) } else { wide(short_to) };
        let cut_from =
            if before == State::Open { widened_down(cut_from, hysteresis) } else { wide(cut_from) };
        let within = |band: Span, state: State| {
            if before == state {
                (wide(band.from)..=wide(band.to)).contains(&ohms)
            } else {
                (narrowed_up(band.from, hysteresis)..=narrowed_down(band.to, hysteresis)).contains(&ohms)
            }
        };
        if ohms <= short_to {
            State::Short
        } else if ohms >= cut_from {
            State::Open
        } else if within(low, at_low) {
            at_low
        } else if within(high, at_high) {
            at_high
        } else {
            State::Foreign
        }
    }
}

/// An upper limit, raised; the part of an ohm does not count.
fn widened_up(to: u32, percent: u8) -> u64 {
    u64::from(to) * (100 + u64::from(percent)) / 100
}

/// A lower limit, lowered.
fn widened_down(from: u32, percent: u8) -> u64 {
    (u64::from(from) * (100 - u64::from(percent))).div_ceil(100)
}

/// A lower limit, raised.
fn narrowed_up(from: u32, percent: u8) -> u64 {
    (u64::from(from) * (100 + u64::from(percent))).div_ceil(100)
}

/// An upper limit, lowered.
fn narrowed_down(to: u32, percent: u8) -> u64 {
    u64::from(to) * (100 - u64::from(percent)) / 100
}
