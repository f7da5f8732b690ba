//! From what a converter counts to what the loop on it must be. Ratiometric: counts, not volts, so that the supply may
//! drift.

use crate::reading::{Ohms, Reading};

/// Counts above the supply's own that are noise and not a foreign voltage, in percent of the supply.
const NOISE_PERCENT: u64 = 2;
/// How far the current that returns may differ from the one that left, in percent of the greatest there is.
const LEAK_PERCENT: u64 = 5;

/// How one loop hangs on its converter: supply, pull-up, (measured here) the loop, a resistor where the return leg is
/// measured too, ground.
///
/// With one leg measured, a wire tied to earth reads as a short. With both, the current that leaves is held against the
/// current that returns: less returns where a leg is tied to earth, more where something feeds the loop. A resistor of
/// the right value across the right wires can not be told from the contact by any measurement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdcLoop {
    /// The greatest count: 4,095 for a converter of 12 bits.
    pub full_scale: u16,
    /// What the loop's supply would count. Less than the full scale leaves room to see a foreign voltage.
    pub supply: u16,
    /// The pull-up resistor, in ohms.
    pub pull_up: u32,
    /// The resistor from the return leg to ground, in ohms, where that leg has a converter too.
    pub back: Option<u32>,
}

/// Why a converter's wiring is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AdcError {
    /// The supply counts nothing, or more than the converter has.
    #[error("the loop's supply counts {supply}, of a full scale of {full_scale}: write 1 to {full_scale}")]
    Supply {
        /// As written.
        supply: u16,
        /// As written.
        full_scale: u16,
    },
    /// A resistor that is none.
    #[error("`{which}` is {ohms} Ω: write 1 to 1000000")]
    Resistor {
        /// Which.
        which: &'static str,
        /// As written.
        ohms: u32,
    },
}

/// A converter whose wiring was checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adc(AdcLoop);

impl Adc {
    /// # Errors
    /// [`AdcError`] names what no loop can be made of.
    pub fn new(wired: AdcLoop) -> Result<Self, AdcError> {
        let AdcLoop { full_scale, supply, .. } = wired;
        if supply == 0 || supply > full_scale {
            return Err(AdcError::Supply { supply, full_scale });
        }
        for (which, ohms) in [("pull_up", Some(wired.pull_up)), ("back", wired.back)] {
            if let Some(ohms) = ohms.filter(|o| !(1..=1_000_000).contains(o)) {
                return Err(AdcError::Resistor { which, ohms });
            }
        }
        Ok(Self(wired))
    }

    /// The loop behind a count of the outgoing leg, and of the return leg where that is measured. A return leg that is
    /// measured and was not read says nothing.
    #[must_use]
    pub fn reading(&self, out: u16, back: Option<u16>) -> Reading {
        let (supply, pull_up) = (u64::from(self.0.supply), u64::from(self.0.pull_up));
        let near = match (self.0.back, back) {
            (None, _) => 0,
            (Some(_), None) => return Reading::Lost,
            (Some(_), Some(near)) => u64::from(near),
        };
        // No converter counts beyond its full scale.
        if out.max(back.unwrap_or(0)) > self.0.full_scale {
            return Reading::Lost;
        }
        let out = u64::from(out);
        if out > supply + supply * NOISE_PERCENT / 100 {
            return Reading::Foreign;
        }
        let dropped = supply.saturating_sub(out);
        if let Some(back) = self.0.back.map(u64::from) {
            // Both currents, times both resistors: dropped / pull_up leaves, near / back returns.
            let (left, returned) = (dropped * back, near * pull_up);
            let leak = supply * pull_up * back / (pull_up + back) * LEAK_PERCENT / 100;
            if left > returned + leak {
                return Reading::Ground;
            }
            if returned > left + leak {
                return Reading::Foreign;
            }
        }
        // Ohm's law over the same current; rounded to the nearest.
        let across = out.saturating_sub(near);
        let ohms = (across * pull_up + dropped / 2).checked_div(dropped);
        Reading::Loop(ohms.and_then(|o| u32::try_from(o).ok()).map_or(Ohms::INFINITE, Ohms))
    }
}
