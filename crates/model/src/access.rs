//! A decision as data: what was known, what was decided, and why. The same inputs give the same answer a year later.

use crate::{CardToken, Deny, Digest, PersonId};
use core::fmt;
use core::time::Duration;

/// Which factors are in: a small set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Factors(u8);

impl Factors {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Something one has.
    pub const CARD: Self = Self(1);
    /// Something one knows.
    pub const PIN: Self = Self(2);
    const NAMED: [(Self, &'static str); 2] = [(Self::CARD, "card"), (Self::PIN, "pin")];

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if all of `other` are in.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// As stored: bit 0 card, bit 1 PIN.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Reads what [`Self::bits`] gave; unknown bits are refused.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits & !3 == 0).then_some(Self(bits))
    }

    /// The names of what is in, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMED.into_iter().filter(move |(f, _)| self.contains(*f)).map(|(_, name)| name)
    }

    /// One factor by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(_, n)| *n == name).map(|(f, _)| f)
    }
}

impl fmt::Debug for Factors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Which side of the door the reader is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Outside: one wants in.
    Entry,
    /// Inside: one wants out.
    Exit,
}

/// What became of the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinFact {
    /// Not asked for.
    NotAsked,
    /// Given, and it was the person's.
    Right,
    /// Given, and it was not.
    Wrong,
    /// Asked for, and not given in time, or given up.
    Missing,
}

/// The configuration that a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConfigRef {
    /// Entries of the config log that were in force.
    pub size: u64,
    /// Their Merkle root (RFC 6962).
    pub root: Digest,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The door opens.
    Granted {
        /// Ids of the policies that permitted it.
        because: Vec<Box<str>>,
    },
    /// The door stays shut.
    Denied {
        /// Why.
        why: Deny,
        /// Ids of the policies that forbade it, if any did.
        because: Vec<Box<str>>,
    },
}

/// One decision: its inputs, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Which reader.
    pub side: Side,
    /// What was shown; `None` when it was no card at all.
    pub token: Option<CardToken>,
    /// Whose it is, if known.
    pub person: Option<PersonId>,
    /// What is in.
    pub factors: Factors,
    /// What became of the PIN.
    pub pin: PinFact,
    /// Whether the reader can take a PIN.
    pub keypad: bool,
    /// The configuration that decided.
    pub config: Option<ConfigRef>,
    /// How old the controller's word from the hub was.
    pub config_age: Duration,
    /// What was decided.
    pub outcome: Outcome,
}
