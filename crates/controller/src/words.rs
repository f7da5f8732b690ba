//! What reaches the controller's core, and what it does: the whole of its vocabulary.

use crate::checking::{Compared, PinCheck};
use core::time::Duration;
use lockward_door::{Bolt, Contact, Feedback, Key, Wire};
use lockward_model::{Body, InputName, Side};
use lockward_wire::link::{ToController, ToHub};

/// What reaches the controller. Levels (wires, readers) may be told again; only changes count.
pub enum Input {
    /// A card that says a number, at a reader.
    Card {
        /// Index of the door in the configuration.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// How many bits.
        bits: u16,
        /// The bits, the first in the highest bit of the first byte.
        data: Vec<u8>,
    },
    /// A card that signs, at a reader.
    KeyCard {
        /// At which door.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// Its public key, as the card gave it.
        key: Box<[u8; 65]>,
        /// Whether its signature over the controller's own nonce was right.
        signed: bool,
        /// How long the card took to answer, if that was measured.
        took: Option<Duration>,
    },
    /// A text, such as a QR code, at a reader.
    Code {
        /// At which door.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// The text.
        bytes: Box<[u8]>,
    },
    /// A key of a keypad.
    Key {
        /// At which door.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// Which key.
        key: Key,
    },
    /// The leaf of a door.
    Contact(usize, Wire<Contact>),
    /// The sensor in the lock of a door.
    Bolt(usize, Wire<Bolt>),
    /// The request to exit of a door: pressed or not.
    Exit(usize, Wire<bool>),
    /// The button of a lift's floor: called or not.
    Called(usize, Wire<bool>),
    /// A reader is there, or no longer.
    Reader {
        /// At which door.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// Whether it can be used.
        online: bool,
    },
    /// The case of a reader is open, or closed again. The fact comes apart from this, as [`Input::Fact`].
    Tamper {
        /// At which door.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// Whether it is open.
        open: bool,
    },
    /// A wire of the controller itself: [`InputName::Power`], [`InputName::Battery`], [`InputName::Fire`] or
    /// [`InputName::Tamper`]; others are not heeded. True is what alarms: the mains are gone, the battery will not
    /// last, the fire alarm system calls, the cabinet is open.
    Building(InputName, Wire<bool>),
    /// Something to record about a device on a bus; the door is that of its reader.
    Fact(Option<usize>, Body),
    /// What was typed in answer to a question was compared.
    Checked(Box<Compared>),
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
    /// Show this at a reader.
    Feedback {
        /// At which door.
        door: usize,
        /// Which of its readers.
        side: Side,
        /// What.
        feedback: Feedback,
    },
    /// Tell the hub.
    Send(Box<ToHub>),
    /// Compare what was typed, on another thread: that takes long on purpose. The answer comes back as `Checked`.
    CheckPin(Box<PinCheck>),
    /// End the link; it will be tried again.
    HangUp,
}
