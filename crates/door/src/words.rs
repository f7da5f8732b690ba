//! What a door hears and what it says: the whole of its vocabulary.

use crate::PinEntry;
use lockward_model::{Body, CardToken, Deny, Mono, Side};
use lockward_policy::Grant;

/// Which inputs exist at this door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wiring {
    /// A contact tells whether the leaf is open. Without one the door never reports open, held or forced.
    pub contact: bool,
    /// Its readers take a PIN.
    pub keypad: bool,
}

/// What the leaf's contact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The leaf is open.
    Open,
    /// The leaf is shut.
    Closed,
}

/// One key of a keypad.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A digit, 0 to 9; anything above is not heeded.
    Digit(u8),
    /// `#`, or whatever ends an entry.
    Enter,
    /// `*`, or whatever begins it again.
    Clear,
}

/// Never tells which digit.
impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Digit(_) => "Digit(..)",
            Self::Enter => "Enter",
            Self::Clear => "Clear",
        })
    }
}

/// What the site says to [`Action::Decide`].
#[derive(Debug)]
pub enum Answer {
    /// Policy permits one opening; its record is durable.
    Granted(Grant),
    /// The card is good, and policy wants the PIN as well.
    NeedPin,
    /// Policy does not permit it; the record says why.
    Denied(Deny),
}

/// What happened, as the door is told.
#[derive(Debug)]
pub enum Input {
    /// A card at a reader; no token where the reader sent something that is no card.
    Card {
        /// Which reader.
        side: Side,
        /// What was shown.
        token: Option<CardToken>,
    },
    /// A key at a reader.
    Key {
        /// Which reader.
        side: Side,
        /// Which key.
        key: Key,
    },
    /// The one answer to an [`Action::Decide`].
    Decided {
        /// The question that it answers. An answer to any other than the one waited for is not heeded.
        question: u32,
        /// The answer.
        answer: Answer,
    },
    /// What the contact says, at every change and once at the start, after [`Input::Unlocked`].
    Contact(Contact),
    /// The request-to-exit input: pressed, or let go.
    Exit(bool),
    /// The door's schedule: open to everybody, or no longer.
    Unlocked(bool),
    /// A reader's secure channel stands, or is lost.
    Reader {
        /// Which reader.
        side: Side,
        /// Whether it can be used.
        online: bool,
    },
    /// Time has passed. One too many does no harm.
    Timer,
}

/// What a reader shows, in three layers. `Idle`, `Unlocked` and `Held` replace each other, and are seen when nothing
/// else is. `EnterPin` stands before them until `Granted` or `Denied`, one of which always follows. The others are
/// seen for a moment, before everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// Ready for a card.
    Idle,
    /// Go.
    Granted,
    /// No.
    Denied,
    /// Type the PIN, from its first digit.
    EnterPin,
    /// A key was taken; says nothing about which.
    KeyTaken,
    /// Not now: the card before is still being decided.
    Wait,
    /// The door stands open too long: close it.
    Held,
    /// The door is open to everybody.
    Unlocked,
}

/// What is to be done, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the site. Exactly one answer comes back, as [`Input::Decided`].
    Decide {
        /// Which reader.
        side: Side,
        /// What was shown.
        token: Option<CardToken>,
        /// What was typed.
        pin: PinEntry,
        /// Names the question.
        question: u32,
    },
    /// Keep this event. Nothing waits for it.
    Record(Body),
    /// Put the lock into its locked state.
    Lock,
    /// Put the lock into its released state, until [`Action::Lock`].
    Release,
    /// Show this at a reader, if there is one.
    Feedback {
        /// Which reader.
        side: Side,
        /// What.
        feedback: Feedback,
    },
    /// Send [`Input::Timer`] at this moment; replaces any moment named before.
    WakeAt(Mono),
}

/// The door in one word, for people. Computed from the facts, which stay apart inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Shut, and locked.
    Locked,
    /// Shut, and released for the bearer of a grant.
    Granted,
    /// Shut, and released for somebody leaving.
    Leaving,
    /// Shut, and open to everybody by schedule.
    Unlocked,
    /// Open, rightly.
    Open,
    /// Open past its limit.
    Held,
    /// Open, and nothing permitted it.
    Forced,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Locked, Self::Granted, Self::Leaving, Self::Unlocked, Self::Open, Self::Held, Self::Forced];
}
