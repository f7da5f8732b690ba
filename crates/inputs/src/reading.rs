//! What a piece of hardware says of one pair of wires, before anybody believes it.

use core::fmt;

/// A resistance in ohms, up to the infinite one of a wire that is cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ohms(pub u32);

impl Ohms {
    /// No current flows. Greater than every other resistance.
    pub const INFINITE: Self = Self(u32::MAX);
}

impl fmt::Display for Ohms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::INFINITE => f.write_str("infinite"),
            Self(ohms) => write!(f, "{ohms} Ω"),
        }
    }
}

/// One look at one input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// The resistance of a loop with end-of-line resistors.
    Loop(Ohms),
    /// A two-state input: a GPIO line, a reader's input, a coil of an I/O board. True is active.
    Level(bool),
    /// The hardware found a leg of the loop tied to earth.
    Ground,
    /// The hardware found a voltage on the loop that is not its own.
    Foreign,
    /// The hardware can not be read: a board that is silent, a converter that failed, a reader that is offline.
    Lost,
}
