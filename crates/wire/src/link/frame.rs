//! Frames: `u32 length` big endian, then as many bytes: `u8 version = 1` and one message in CBOR.

use super::MessageError;
use crate::cbor;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const LENGTH_BYTES: usize = 4;
/// Longest frame without its length: 15 config entries of the largest size (983,025 bytes) and a note of 64 KiB, or
/// 4,096 events of 256 bytes.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// As many bytes of entries or leaves as always fit one message: 13 of the largest, with 5 bytes of CBOR around each,
/// leave 196,509 for the rest. Whoever sends more begins another message.
pub const ITEMS_BYTES_MAX: usize = 13 * crate::ENTRY_BYTES_MAX;
const _: () = assert!(ITEMS_BYTES_MAX + super::ITEMS_MAX * 5 + 65_536 <= FRAME_BYTES_MAX);

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`FRAME_BYTES_MAX`]. The link is of no more use.
    #[error("a frame of {bytes} bytes; it may have {FRAME_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A frame with nothing in it. The link is of no more use.
    #[error("a frame of no bytes")]
    Empty,
}

pub(super) fn encode(message: &impl Encode<()>) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0, 0, 0, 0, VERSION];
    cbor::append(message, &mut frame);
    let bytes = frame.len() - LENGTH_BYTES;
    match (u32::try_from(bytes), frame.first_chunk_mut()) {
        (Ok(length), Some(room)) if bytes <= FRAME_BYTES_MAX => *room = length.to_be_bytes(),
        _ => return Err(FrameError::TooLong { bytes }),
    }
    Ok(frame)
}

pub(super) fn decode<'b, T: Decode<'b, ()> + Encode<()>>(frame: &'b [u8]) -> Result<T, MessageError> {
    match frame.split_first() {
        None | Some((0, _)) => Err(MessageError::NoVersion),
        Some((&VERSION, message)) => Ok(cbor::exactly(message)?),
        Some((&version, _)) => Err(MessageError::Newer { version }),
    }
}

/// Cuts a stream of bytes into frames. Holds at most one frame and what was pushed with its end.
#[derive(Default)]
pub struct Frames {
    held: Zeroizing<Vec<u8>>,
    /// How much of `held` was given out.
    done: usize,
}

impl Frames {
    /// Takes what came. Ask for every frame before pushing more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.drain(..self.done);
        self.done = 0;
        self.held.extend_from_slice(bytes);
    }

    /// The next whole frame without its length, if it is there.
    ///
    /// # Errors
    /// [`FrameError`]; nothing can be read from this stream after it.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let rest = self.held.get(self.done..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
        let bytes = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        match bytes {
            0 => Err(FrameError::Empty),
            _ if bytes > FRAME_BYTES_MAX => Err(FrameError::TooLong { bytes }),
            _ => Ok(rest.get(..bytes).inspect(|_| self.done += LENGTH_BYTES + bytes)),
        }
    }
}
