//! What a door hears and what it says: the whole of its vocabulary, with `facts` and `asked`.

use crate::{Answer, Asked, Bolt, Cause, Contact, Shown, Wire};
use core::fmt;
use lockward_model::{Body, Mono, OrderAct, Side};
use lockward_policy::Grant;

/// Which inputs exist at this door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wiring {
    /// A contact tells whether the leaf is open. Without one the door never reports open, held or forced.
    pub contact: bool,
    /// A sensor in the lock tells where the bolt is. Without one no contradiction is found.
    pub bolt: bool,
    /// Its readers take a PIN.
    pub keypad: bool,
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
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digit(_) => "Digit(..)",
            Self::Enter => "Enter",
            Self::Clear => "Clear",
        })
    }
}

/// Somebody who passes by an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passer {
    /// Names the grant in [`Action::Spent`]; of no question that the door asks.
    pub question: u32,
    /// The door's longer times, if it has them.
    pub extended: bool,
}

/// What happened, as the door is told. Levels (wires, causes, facts) may be told again; only changes count.
#[derive(Debug)]
pub enum Input {
    /// Something was shown at a reader. [`Shown::Nothing`] and [`Shown::Missing`] are not heeded here.
    Shown {
        /// Which reader.
        side: Side,
        /// What.
        shown: Shown,
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
    /// An order from afar, permitted and on record. [`Action::Obeyed`] follows.
    Ordered {
        /// Names it.
        order: u32,
        /// What is wanted. A hold ends by itself.
        act: OrderAct,
        /// The proof that policy permits it.
        grant: Grant,
        /// Whoever passes by it, if it is one: [`Action::Spent`] says what became of it.
        passes: Option<Passer>,
    },
    /// The leaf's contact, at every change and once at the start, after every [`Input::Free`] that holds then.
    Contact(Wire<Contact>),
    /// The lock's own sensor, at every change and once at the start.
    Bolt(Wire<Bolt>),
    /// The request-to-exit input: pressed, or let go.
    Exit(Wire<bool>),
    /// A lift's floor was called or is served; or no longer. For [`DoorKind::Floor`](lockward_model::DoorKind) only.
    Called(Wire<bool>),
    /// Open to everybody for this cause, or no longer. What the log must have first is on record before this.
    Free {
        /// Why. [`Cause::Office`] ends by itself, and is heeded only where the door's rules have it; [`Cause::Order`]
        /// begins by [`Input::Ordered`] alone.
        cause: Cause,
        /// Whether it begins or ends.
        on: bool,
    },
    /// The fire alarm system calls, or no longer. Releases a lock that holds people in.
    Fire(bool),
    /// Its zone is locked down, or no longer. A lockdown ends every cause of being free but fire, for good: a schedule
    /// that still holds when it is lifted is told anew.
    Lockdown(bool),
    /// Another door of its airlock is in use, or no longer: nobody is let in meanwhile. [`Airlock`](crate::Airlock)
    /// says when.
    Airlock(bool),
    /// The mains are there, or gone.
    Power(bool),
    /// A reader's case or the cabinet is open, or closed again.
    Tamper(bool),
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

/// What a reader shows, in three layers. `Idle`, `Unlocked`, `Lockdown`, `Warning` and `Held` replace each other, and
/// are seen when nothing else is. `EnterPin`, `ShowCard` and `SecondPerson` replace each other and stand before those
/// until `Granted` or `Denied`, one of which always follows. The others are seen for a moment, before everything.
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
    /// Show the card that goes with the PIN.
    ShowCard,
    /// The second person, please.
    SecondPerson,
    /// A key was taken; says nothing about which.
    KeyTaken,
    /// Not now: what was shown before is still being decided.
    Wait,
    /// The door will soon stand open too long: close it.
    Warning,
    /// The door stands open too long: close it.
    Held,
    /// The door is open to everybody.
    Unlocked,
    /// Nobody enters.
    Lockdown,
}

/// What is to be done, in this order.
#[expect(clippy::large_enum_variant, reason = "a handful at a time, and the record is the one that goes on")]
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the site, which puts its decision on record. Exactly one answer comes back, as [`Input::Decided`].
    Decide {
        /// Which reader.
        side: Side,
        /// What was shown and typed, and what is wanted.
        asked: Box<Asked>,
        /// Names the question.
        question: u32,
    },
    /// What became of a grant: exactly one of these follows on every [`Answer::Granted`], and on every
    /// [`Input::Ordered`] that has a [`Passer`].
    Spent {
        /// The question that it answered.
        question: u32,
        /// True if the bearer has opened the door, as far as the door can tell: it opened on the grant, stood open, or
        /// has no contact; a lift's floor was called. Setting the door free is no entering.
        entered: bool,
    },
    /// What became of an order: exactly one of these follows on every [`Input::Ordered`].
    Obeyed {
        /// Which.
        order: u32,
        /// False if nothing was done: nobody enters now, or its grant is late or for another door.
        done: bool,
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
