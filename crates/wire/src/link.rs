//! What controllers and hub say to each other: typed messages, each in a frame with a length and a version.

mod elsewhere;
mod enroll;
mod frame;
mod to_controller;
mod to_hub;

pub use elsewhere::{Elsewhere, FACTS_MAX};
pub use enroll::{CodeError, EnrollCode, EnrollOffer, EnrollReply, EnrollRequest};
pub use frame::{FRAME_BYTES_MAX, FrameError, Frames, ITEMS_BYTES_MAX};
pub use to_controller::{Keys, ToController};
pub use to_hub::{Log, ToHub};

use crate::CborError;
use minicbor::bytes::ByteSlice;

/// ALPN of the link between an enrolled controller and its hub.
pub const ALPN_LINK: &[u8] = b"lockward/1";
/// ALPN of the one request of a controller that has no certificate yet.
pub const ALPN_ENROLL: &[u8] = b"lockward-enroll/1";

/// Most leaves, entries or certificates in one message: at the least 256 bytes that an event takes, a full frame.
pub const ITEMS_MAX: usize = 4_096;
/// Longest code or version in a message, in characters: twice the longest in the table of codes.
const WORD_BYTES_MAX: usize = 64;

/// Longest order, in bytes: a payload of 1 KiB, and three passkeys' signatures of 2 KiB each.
pub const ORDER_BYTES_MAX: usize = 8 * 1_024;

/// The key name under which a controller cosigns a log: the log's origin, then the controller.
#[must_use]
pub fn cosigner_name(origin: &str, controller: &lockward_model::ControllerId) -> String {
    format!("{origin}/controller/{controller}")
}

/// Why a frame holds no message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// In a version that is not known here.
    #[error("the peer speaks version {version} of the link: a newer version of Lockward; update this one")]
    Newer {
        /// What was found.
        version: u8,
    },
    /// No version at all.
    #[error("the frame does not begin with a version")]
    NoVersion,
    /// Not a message of this direction.
    #[error("the frame holds no message")]
    Body(#[source] CborError),
}

impl From<CborError> for MessageError {
    fn from(e: CborError) -> Self {
        Self::Body(e)
    }
}

/// Many runs of bytes, borrowed.
type Slices<'a> = Vec<&'a ByteSlice>;

fn slices(items: &[Vec<u8>]) -> Slices<'_> {
    items.iter().map(|i| i.as_slice().into()).collect()
}

fn owned(items: &Slices<'_>, what: &'static str) -> Result<Vec<Vec<u8>>, CborError> {
    if items.len() > ITEMS_MAX {
        return Err(CborError::Bounds { what });
    }
    Ok(items.iter().map(|i| i.to_vec()).collect())
}

/// A code or a version: printable ASCII without blanks, so that it can stand in a log line.
fn word(s: &str, what: &'static str) -> Result<Box<str>, CborError> {
    let fits = (1..=WORD_BYTES_MAX).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(s.into()) } else { Err(CborError::Bounds { what }) }
}
