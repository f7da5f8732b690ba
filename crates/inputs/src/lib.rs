//! What a wire says, and whether it can be believed: supervised inputs, and contacts that contradict each other.
//!
//! Whatever the hardware is, it gives [`Reading`]s. An [`Input`] makes states of them, of which two are normal and all
//! others are faults. [`Contradictions`] holds those states of one door against each other.
//!
//! Architecture invariant: a normal state is reached from a reading that stands inside its own band, and in no other
//! way. What was never read, what fell silent and what does not settle is a fault.

mod adc;
mod bands;
mod contact;
mod reading;
mod supervised;

pub use adc::{Adc, AdcError, AdcLoop};
pub use bands::{BandError, BandLimits, Bands, Rest, Span};
pub use contact::{Contradiction, ContradictionLimits, Contradictions, Fact, Finding};
pub use reading::{Ohms, Reading};
pub use supervised::{Edge, Input, State, Timing, TimingError, Wiring};
