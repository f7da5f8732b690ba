//! A decision as data: what was known, what was decided, and why. The same inputs give the same answer a year later.

use crate::{CardToken, CredentialId, Deny, Digest, PersonId};
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
    /// Something one has, and has proved to have: a card that signs. Always together with [`Self::CARD`].
    pub const KEY: Self = Self(4);
    /// A code that serves once, or a signed pass.
    pub const CODE: Self = Self(8);
    const NAMED: [(Self, &'static str); 4] =
        [(Self::CARD, "card"), (Self::PIN, "pin"), (Self::KEY, "key"), (Self::CODE, "code")];

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

    /// As stored: bit 0 card, bit 1 PIN, bit 2 key, bit 3 code.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Reads what [`Self::bits`] gave; unknown bits are refused.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits & !0xf == 0).then_some(Self(bits))
    }

    /// The names of what is in, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMED.into_iter().filter(move |(f, _)| self.contains(*f)).map(|(_, name)| name)
    }

    /// `a card and a PIN`; a card that signs is a card.
    #[must_use]
    pub fn in_words(self) -> String {
        let word = |name| match name {
            "pin" => "a PIN".to_owned(),
            "key" => "a card that signs".to_owned(),
            name => format!("a {name}"),
        };
        let plain = |name: &&str| !(self.contains(Self::KEY) && *name == "card");
        self.names().filter(plain).map(word).collect::<Vec<_>>().join(" and ")
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
    /// Given, and it was the person's second PIN: the door opens, and help is called for without a sign.
    Duress,
    /// A one-time code in its place, and it was the person's.
    OneTime,
    /// A one-time code in its place, which has served already.
    UsedUp,
}

/// What anti-passback says of somebody who enters an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PassbackFact {
    /// Nobody keeps it there.
    #[default]
    NotKept,
    /// The person is elsewhere, or it is not known where, and nothing stands against it.
    Clear,
    /// The person is in already, as far as is known.
    Inside,
    /// The person entered less than the area's span ago.
    TooSoon,
    /// Out of touch with other controllers, and the area is declared to refuse then.
    Alone,
}

/// What somebody wants of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Wish {
    /// To go through it once.
    #[default]
    Pass,
    /// To set it free for a while, or to end that.
    Hold,
}

/// The second person at a reader, when two are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Second {
    /// What was shown; `None` when nobody came in time.
    pub token: Option<CardToken>,
    /// Whether the card proved itself by a signature; `None` if it shows a mere number.
    pub signed: Option<bool>,
    /// What became of the PIN.
    pub pin: PinFact,
    /// Whose it is, if known.
    pub person: Option<PersonId>,
}

/// A pass as it was shown: a signed text, such as a QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPass {
    /// Its bytes; whose signature it bears is checked at every decision.
    pub bytes: Box<[u8]>,
    /// True if it has served as often as it may.
    pub used_up: bool,
}

/// An order as a phone signed it, in place of a card; whose signature it bears is checked at every decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPhone {
    /// The signed order, as it came: the signature is the touch of a user whom the phone has verified.
    pub envelope: Box<[u8]>,
    /// Its number is one that the controller gave out, and has not seen since.
    pub fresh: bool,
    /// That was no longer ago than [`Order::PHONE_LIFE_MAX`](crate::Order::PHONE_LIFE_MAX): so neither is the touch.
    pub prompt: bool,
}

/// A one-time code that was right: it serves once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedCode {
    /// Whose secret made it.
    pub credential: CredentialId,
    /// Its counter, or its step of time.
    pub step: u64,
}

/// What had happened before, as far as the decision asked: nothing, by default. Computed outside, kept with the
/// decision, so that it can be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// What is wanted.
    pub wish: Wish,
    /// Whether the card proved itself by a signature; `None` if it shows a mere number.
    pub signed: Option<bool>,
    /// The second person, once one was asked for.
    pub second: Option<Box<Second>>,
    /// The pass, if one was shown in place of a card.
    pub pass: Option<Box<ShownPass>>,
    /// The order, if a phone asked in place of a card.
    pub phone: Option<Box<ShownPhone>>,
    /// The one-time codes that were right, the first person's first.
    pub codes: Vec<UsedCode>,
    /// What anti-passback says.
    pub passback: PassbackFact,
    /// The zone that is entered, or one around it, holds as many people as it may.
    pub full: bool,
    /// Another door of the airlock is open or released, or can not be seen.
    pub airlock_busy: bool,
    /// The controller has opened as many doors of the zone as it may.
    pub openings_spent: bool,
    /// A wait is on, because somebody guessed.
    pub waiting: bool,
    /// The same credential was elsewhere too short a time ago.
    pub far_away: bool,
    /// The card's answer took longer than a card's does.
    pub relayed: bool,
    /// The controller's time can not be trusted.
    pub time_untrusted: bool,
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
    /// What had happened before.
    pub known: Known,
    /// What was decided.
    pub outcome: Outcome,
}
