//! What is known of a door: facts that never merge, and the one word that people read.

use lockward_model::{InputFault, LockCause};

/// What a supervised wire says. A fault is never taken for any of its readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire<T> {
    /// It can be believed, and says this.
    Says(T),
    /// It can not be believed.
    Fault(InputFault),
}

impl<T: Copy> Wire<T> {
    /// What it says, if it can be believed.
    #[must_use]
    pub fn said(self) -> Option<T> {
        match self {
            Self::Says(said) => Some(said),
            Self::Fault(_) => None,
        }
    }

    /// Why it can not be believed.
    #[must_use]
    pub fn fault(self) -> Option<InputFault> {
        match self {
            Self::Says(_) => None,
            Self::Fault(fault) => Some(fault),
        }
    }
}

/// What the leaf's contact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The leaf is open.
    Open,
    /// The leaf is shut.
    Closed,
}

/// The lock: as it is commanded, and, apart from that, as its own sensor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bolt {
    /// It keeps the leaf shut.
    Locked,
    /// It does not.
    Released,
}

/// Why a door is open to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Its schedule.
    Schedule,
    /// Its schedule, since the first person of the window has entered.
    FirstPerson,
    /// A gesture at its reader. Ends by itself.
    Office,
    /// An order.
    Order,
}

impl Cause {
    /// Every cause, the one that a door is named after first.
    pub const ALL: [Self; 4] = [Self::Order, Self::Office, Self::FirstPerson, Self::Schedule];

    /// As the log says it.
    #[must_use]
    pub fn record(self) -> LockCause {
        match self {
            Self::Schedule => LockCause::Schedule,
            Self::FirstPerson => LockCause::FirstPerson,
            Self::Office => LockCause::Office,
            Self::Order => LockCause::Order,
        }
    }
}

/// Everything that is known of a door, each fact for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// How the lock is commanded.
    pub command: Bolt,
    /// What the lock's sensor says; `None` where there is none, or it has said nothing yet.
    pub bolt: Option<Wire<Bolt>>,
    /// What the leaf's contact says; `None` as above.
    pub contact: Option<Wire<Contact>>,
    /// What the request to exit says: pressed, or not.
    pub exit: Wire<bool>,
    /// Why it is open to everybody, if it is; fire before everything.
    pub free: Option<LockCause>,
    /// Nobody enters.
    pub lockdown: bool,
    /// The fire alarm system calls.
    pub fire: bool,
    /// The mains are there.
    pub power: bool,
    /// A case is open: a reader's, or the cabinet's.
    pub tamper: bool,
    /// A reader's secure channel is lost: outside, inside.
    pub lost: [bool; 2],
    /// Another door of its airlock is in use.
    pub airlock: bool,
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
    /// Open, rightly.
    Open,
    /// Open, rightly, and soon past its limit.
    HeldWarning,
    /// Open past its limit.
    Held,
    /// Open, and nothing permitted it.
    Forced,
    /// Shut, and open to everybody by schedule.
    Schedule,
    /// Shut, and open to everybody since the first person has come.
    FirstPerson,
    /// Shut, and open to everybody by a gesture at the reader.
    Office,
    /// Shut, and open to everybody by order.
    Order,
    /// Shut, and released because the fire alarm system calls.
    Fire,
    /// Locked, and nobody enters.
    Lockdown,
    /// A wire can not be believed: the contact's, and the leaf was open before; or another, of a locked door.
    InputFault,
    /// Locked, on battery.
    PowerFail,
    /// Locked, and a reader does not answer.
    ReaderLost,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 16] = [
        Self::Locked,
        Self::Granted,
        Self::Leaving,
        Self::Open,
        Self::HeldWarning,
        Self::Held,
        Self::Forced,
        Self::Schedule,
        Self::FirstPerson,
        Self::Office,
        Self::Order,
        Self::Fire,
        Self::Lockdown,
        Self::InputFault,
        Self::PowerFail,
        Self::ReaderLost,
    ];

    /// The word, as pages and the API show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Granted => "granted",
            Self::Leaving => "leaving",
            Self::Open => "open",
            Self::HeldWarning => "held-warning",
            Self::Held => "held",
            Self::Forced => "forced",
            Self::Schedule => "unlocked-by-schedule",
            Self::FirstPerson => "unlocked-by-first-person",
            Self::Office => "unlocked-by-gesture",
            Self::Order => "unlocked-by-order",
            Self::Fire => "unlocked-by-fire",
            Self::Lockdown => "lockdown",
            Self::InputFault => "input-fault",
            Self::PowerFail => "power-fail",
            Self::ReaderLost => "reader-lost",
        }
    }
}
