//! What reaches the controller's core, and what it does: the whole of its vocabulary.

use lockward_door::{Feedback, Key};
use lockward_model::{Body, Mono, PinFact, PinHash};
use lockward_site::Question;
use lockward_wire::PinPepper;
use lockward_wire::credential::Pin;
use lockward_wire::link::{ToController, ToHub};

/// What reaches the controller.
pub enum Input {
    /// A card at the reader of a door.
    Card {
        /// Index of the door in the configuration.
        door: usize,
        /// How many bits.
        bits: u16,
        /// The bits, the first in the highest bit of the first byte.
        data: Vec<u8>,
    },
    /// A key at the reader of a door.
    Key(usize, Key),
    /// The leaf of a door: open or not.
    Contact(usize, bool),
    /// The exit button of a door: pressed or not.
    Exit(usize, bool),
    /// The reader of a door is there, or no longer.
    Reader(usize, bool),
    /// Something to record about a device on a bus; the door is that of its reader.
    Fact(Option<usize>, Body),
    /// The PIN of a question was compared.
    PinChecked(PinQuestion, PinFact),
    /// The link to the hub stands.
    Linked,
    /// The link to the hub is gone.
    Unlinked,
    /// The hub says something.
    Hub(Box<ToController>),
}

/// What the controller does.
pub enum Effect {
    /// Release the lock of a door.
    Release(usize),
    /// Lock it.
    Lock(usize),
    /// Show this at its reader.
    Feedback(usize, Feedback),
    /// Tell the hub.
    Send(Box<ToHub>),
    /// Compare a PIN, on another thread: that takes long on purpose. The answer comes back as `PinChecked`.
    CheckPin(Box<PinCheck>),
    /// End the link; it will be tried again.
    HangUp,
}

/// A question that waits for its PIN. Not `Clone`: it is answered once.
#[derive(Debug)]
pub struct PinQuestion {
    pub(crate) door: usize,
    pub(crate) question: u32,
    pub(crate) asked: Question,
    /// When it was typed.
    pub(crate) since: Mono,
    /// The PIN that it was found to be.
    pub(crate) found: Option<PinHash>,
}

/// A PIN and what it is compared with.
pub struct PinCheck {
    pub(crate) question: PinQuestion,
    pub(crate) typed: Pin,
    pub(crate) hashes: Vec<PinHash>,
    pub(crate) pepper: PinPepper,
}

impl PinCheck {
    /// Compares; takes tens of milliseconds (Argon2id).
    #[must_use]
    pub fn run(self: Box<Self>) -> Input {
        let Self { mut question, typed, hashes, pepper } = *self;
        let matches = |hash: &PinHash| lockward_wire::credential::verify_pin(hash, &typed, &pepper);
        question.found = hashes.into_iter().find(matches);
        let fact = if question.found.is_some() { PinFact::Right } else { PinFact::Wrong };
        Input::PinChecked(question, fact)
    }
}
