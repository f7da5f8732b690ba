//! What a wire says, and whether it can be believed: inputs supervised by their resistors, in six states.
//!
//! Whatever the hardware is, it gives [`Reading`]s. An [`Input`] makes states of them, of which two are normal and all
//! others are faults. Whether bolt and
//! contact of a door contradict each other is the door's to find.
//!
//! Architecture invariant: a normal state is reached from a reading that stands inside its own band, and in no other
//! way. What was never read, what fell silent and what does not settle is a fault.

mod adc;
mod bands;
mod reading;
mod supervised;

pub use adc::{Adc, AdcError, AdcLoop};
pub use bands::{BandError, BandLimits, Bands, Rest, Span};
pub use reading::{Ohms, Reading};
pub use supervised::{Edge, Input, State, Timing, TimingError, Wiring};
