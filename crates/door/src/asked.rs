//! What stands in a question to the site, and what the site may answer.

use crate::PinEntry;
use core::fmt;
use lockward_model::{CardToken, Deny, Wish};
use lockward_policy::Grant;

/// What was shown at a reader.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// A card that says a number.
    Card(CardToken),
    /// A card that signs.
    Key {
        /// What its key is found by.
        token: CardToken,
        /// Whether its signature was right.
        signed: bool,
    },
    /// A signed text, such as a QR code, as the reader gave it.
    Pass(Box<[u8]>),
    /// Nothing so far: a PIN was typed, and stands alone.
    Nothing,
    /// A card, or a second person, was asked for, and did not come in time or was given up.
    Missing,
    /// The reader sent something that is none of these.
    Malformed,
}

impl Shown {
    /// What it is found by, for a card.
    #[must_use]
    pub fn token(&self) -> Option<CardToken> {
        match self {
            Self::Card(token) | Self::Key { token, .. } => Some(*token),
            Self::Pass(_) | Self::Nothing | Self::Missing | Self::Malformed => None,
        }
    }

    /// Whether both are the same card or the same pass. What is malformed is never the same as anything.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pass(a), Self::Pass(b)) => a == b,
            _ => self.token().is_some() && self.token() == other.token(),
        }
    }
}

/// Never tells a pass: who has its text has the pass.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(token) => f.debug_tuple("Card").field(token).finish(),
            Self::Key { token, signed } => {
                f.debug_struct("Key").field("token", token).field("signed", signed).finish()
            }
            Self::Pass(_) => f.write_str("Pass(..)"),
            Self::Nothing => f.write_str("Nothing"),
            Self::Missing => f.write_str("Missing"),
            Self::Malformed => f.write_str("Malformed"),
        }
    }
}

/// One person's share of a question: what was shown, and what was typed with it, in whichever order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// What was shown.
    pub shown: Shown,
    /// What was typed.
    pub pin: PinEntry,
}

/// A question to the site: all that was shown and typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whoever came first.
    pub first: Presented,
    /// The second person, once one was asked for. [`Shown::Missing`] when nobody came.
    pub second: Option<Presented>,
    /// What is wanted.
    pub wish: Wish,
}

impl Asked {
    /// Whoever came last: what is wanted next is wanted of them.
    pub(crate) fn last(&self) -> &Presented {
        self.second.as_ref().unwrap_or(&self.first)
    }

    pub(crate) fn last_mut(&mut self) -> &mut Presented {
        self.second.as_mut().unwrap_or(&mut self.first)
    }
}

/// What a grant comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// The person is given the longer times, where the door has them.
    pub extended: bool,
    /// The answer to [`Wish::Hold`]: the door is set free, or no longer. A grant without it is for passing once.
    pub hold: bool,
    /// It was given to somebody who may enter although the zone is locked down. Without it nobody does.
    pub in_lockdown: bool,
}

/// What the site says to [`Action::Decide`](crate::Action::Decide). Whatever is wanted next concerns the person who
/// came last: the second, once there is one.
#[derive(Debug)]
pub enum Answer {
    /// Policy permits one opening; its record is durable.
    Granted(Grant, Terms),
    /// What was shown is good, and policy wants a PIN with it.
    NeedPin,
    /// A PIN was typed alone, and policy wants a card with it.
    NeedCard,
    /// Policy wants another person as well.
    NeedSecond,
    /// Policy does not permit it; the record says why.
    Denied(Deny),
}
