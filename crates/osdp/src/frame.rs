//! One frame of the line: header, security block, body, check; built here, and found again in a stream of bytes.
//!
//! OSDP 2.2, 5.9: `SOM ADDR LEN(2, LE) CTRL [SCB] CODE [DATA] [MAC(4)] CRC(2, LE) | CKSUM(1)`.
//! LEN counts from SOM to the end of the check. A mark byte (0xFF) before SOM is not part of the frame.

use thiserror::Error;

/// First byte of every frame (OSDP 2.2, 5.9).
pub const SOM: u8 = 0x53;
/// What a line at rest reads as; may stand before a frame and is no part of it (OSDP 2.2, 5.6).
pub const MARK: u8 = 0xFF;
/// Bit of the address byte that marks a reply.
pub const REPLY: u8 = 0x80;
/// Broadcast address; never the address of a configured PD.
pub const BROADCAST: u8 = 0x7F;
/// Highest address a PD can have: seven bits, less the broadcast address.
pub const ADDRESS_MAX: u8 = 126;
/// Longest frame that is sent or awaited: what OSDP 2.2 asks any device to be able to name, 1,440 bytes.
/// At 9,600 baud this is 1.5 s of line, so a lying length costs one reply's deadline and no more.
pub const FRAME_MAX: usize = 1_440;

/// SOM, address, length (2), control.
const HEADER: usize = 5;
/// The part of the header after SOM.
const HEADER_REST: usize = HEADER - 1;
/// A header, a code, and the shorter check.
const FRAME_MIN: usize = HEADER + 1 + 1;
/// Bytes of a message authentication code on the line (OSDP 2.2, Annex D).
pub(crate) const MAC_LEN: usize = 4;

const CTRL_SEQUENCE: u8 = 0x03;
const CTRL_CRC: u8 = 0x04;
const CTRL_SCB: u8 = 0x08;

/// What ends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// 8-bit two's complement of the sum. Read for completeness; never sent on a line that carries a door.
    Sum,
    /// CRC-16, polynomial 0x1021, initial value 0x1D0F (OSDP 2.2, Annex C).
    Crc,
}

impl Check {
    fn len(self) -> usize {
        match self {
            Self::Sum => 1,
            Self::Crc => 2,
        }
    }
}

/// Why a run of bytes that began like a frame is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length is shorter than any frame, or longer than [`FRAME_MAX`].
    #[error("frame length {0} is outside {FRAME_MIN} to {FRAME_MAX}; the bytes are skipped")]
    Length(usize),
    /// A control bit that the standard reserves is set.
    #[error("control byte `{0:#04x}` has reserved bits set; the bytes are skipped")]
    Control(u8),
    /// CRC or checksum differ: noise, a collision, or a hand on the wire.
    #[error("frame check does not match; the frame is dropped")]
    Check,
    /// The security block claims more bytes than the frame has.
    #[error("security block passes the end of the frame; the frame is dropped")]
    SecurityBlock,
}

/// A frame whose length and check are right. Nothing else is promised: it may come from anyone on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// INVARIANT: `HEADER + scb + 1 + check.len() <= bytes.len()`, and the check is right.
    bytes: Vec<u8>,
    scb: usize,
    check: Check,
}

impl std::fmt::Debug for Frame {
    /// Says who and what kind, and never the body, which can be a card number or a PIN.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Frame(address {}, sequence {}, {} bytes)",
            self.address(),
            self.sequence(),
            self.bytes.len()
        )
    }
}

impl Frame {
    /// Reads one whole frame, without mark byte.
    ///
    /// # Errors
    /// As [`FrameError`] says; `bytes` longer or shorter than its own length field is [`FrameError::Length`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        let head = Head::read(bytes)?;
        if bytes.len() != head.len {
            return Err(FrameError::Length(bytes.len()));
        }
        let (checked, check) =
            bytes.split_at_checked(head.len - head.check.len()).ok_or(FrameError::Length(head.len))?;
        let right = match head.check {
            Check::Crc => crc16(checked).to_le_bytes().as_slice() == check,
            Check::Sum => [checksum(checked)].as_slice() == check,
        };
        if !right {
            return Err(FrameError::Check);
        }
        let after = checked.get(HEADER..).unwrap_or_default();
        let scb = match (head.scb, after.first()) {
            (false, _) => 0,
            (true, Some(&len)) => usize::from(len),
            (true, None) => return Err(FrameError::SecurityBlock),
        };
        // A security block is its length, its type, and data; a code follows it.
        if (head.scb && scb < 2) || after.len() <= scb {
            return Err(FrameError::SecurityBlock);
        }
        Ok(Self { bytes: bytes.to_vec(), scb, check: head.check })
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Address of the PD, 0 to 127, without the reply bit.
    #[must_use]
    pub fn address(&self) -> u8 {
        self.byte(1) & !REPLY
    }

    /// Whether a PD sent it.
    #[must_use]
    pub fn is_reply(&self) -> bool {
        self.byte(1) & REPLY != 0
    }

    /// Sequence number, 0 to 3.
    #[must_use]
    pub fn sequence(&self) -> u8 {
        self.byte(4) & CTRL_SEQUENCE
    }

    /// CRC or checksum.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// Type and data of the security block, if there is one (OSDP 2.2, Annex D: 0x11 to 0x18).
    #[must_use]
    pub fn security(&self) -> Option<(u8, &[u8])> {
        let block = self.bytes.get(HEADER..HEADER + self.scb)?;
        block.get(1).map(|kind| (*kind, block.get(2..).unwrap_or_default()))
    }

    /// Code, data and, in a secured frame, the MAC: all between security block and check.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.bytes.get(HEADER + self.scb..self.bytes.len() - self.check.len()).unwrap_or_default()
    }

    /// Splits the bytes that a MAC is over (SOM to the last byte of data) from the MAC itself.
    pub(crate) fn split_mac(&self) -> Option<(&[u8], &[u8; MAC_LEN])> {
        let end = self.bytes.len() - self.check.len();
        let (covered, mac) = self.bytes.get(..end)?.split_last_chunk::<MAC_LEN>()?;
        (covered.len() > HEADER + self.scb).then_some((covered, mac))
    }

    /// Every byte of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

struct Head {
    len: usize,
    check: Check,
    scb: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, FrameError> {
        let Some((&[_, _, low, high, control], _)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(FrameError::Length(bytes.len()));
        };
        let len = usize::from(u16::from_le_bytes([low, high]));
        if !(FRAME_MIN..=FRAME_MAX).contains(&len) {
            return Err(FrameError::Length(len));
        }
        // Off-spec: a reserved bit is refused, not ignored; noise that looks like SOM is then told sooner.
        if control & !(CTRL_SEQUENCE | CTRL_CRC | CTRL_SCB) != 0 {
            return Err(FrameError::Control(control));
        }
        let check = if control & CTRL_CRC == 0 { Check::Sum } else { Check::Crc };
        Ok(Self { len, check, scb: control & CTRL_SCB != 0 })
    }
}

/// A frame being built: everything up to the MAC, with the length already right.
pub(crate) struct Draft {
    bytes: Vec<u8>,
}

impl Draft {
    /// `address` has the reply bit if a PD speaks. `security` is type and data of the security block.
    /// `mac` says whether four bytes of MAC will follow.
    pub(crate) fn new(address: u8, sequence: u8, security: Option<&[u8]>, body: &[u8], mac: bool) -> Self {
        let scb = security.map_or(0, |s| s.len() + 1);
        let len = HEADER + scb + body.len() + if mac { MAC_LEN } else { 0 } + Check::Crc.len();
        let [low, high] = u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes();
        let control = sequence & CTRL_SEQUENCE | CTRL_CRC | if security.is_some() { CTRL_SCB } else { 0 };
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(&[SOM, address, low, high, control]);
        if let Some(security) = security {
            bytes.push(u8::try_from(scb).unwrap_or(u8::MAX));
            bytes.extend_from_slice(security);
        }
        bytes.extend_from_slice(body);
        Self { bytes }
    }

    /// What a MAC is over.
    pub(crate) fn covered(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the MAC, if any, and the CRC.
    pub(crate) fn finish(mut self, mac: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(mac);
        let crc = crc16(&self.bytes);
        self.bytes.extend_from_slice(&crc.to_le_bytes());
        self.bytes
    }
}

/// A frame outside any secure channel. `address` has [`REPLY`] set if a PD speaks; `body` is code and data.
#[must_use]
pub fn plain(address: u8, sequence: u8, body: &[u8]) -> Vec<u8> {
    Draft::new(address, sequence, None, body, false).finish(&[])
}

/// A frame of the handshake: a security block, no MAC (OSDP 2.2, Annex D, SCS_11 to SCS_14).
pub(crate) fn handshake(address: u8, sequence: u8, kind: u8, flag: u8, body: &[u8]) -> Vec<u8> {
    Draft::new(address, sequence, Some(&[kind, flag]), body, false).finish(&[])
}

/// CRC-16 of OSDP 2.2, Annex C.
#[must_use]
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0x1D0F, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

/// Checksum of OSDP 2.2, Annex C: what makes the sum of all bytes zero.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg()
}

/// Finds frames in a stream of bytes that may begin, end and be damaged anywhere.
///
/// Whatever follows a false start is looked at again from its second byte, so noise never hides a whole frame
/// for longer than the wait for the false start's length; [`Parser::give_up`] ends that wait.
#[derive(Debug, Default)]
pub struct Parser {
    /// INVARIANT: between calls of `next`, shorter than a frame, or a frame's beginning.
    buffer: Vec<u8>,
}

impl Parser {
    /// Takes bytes as they come. Call [`Parser::next_frame`] until it gives `None` after every call.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or why the next false start was skipped; `None` when more bytes are needed.
    pub fn next_frame(&mut self) -> Option<Result<Frame, FrameError>> {
        let start = self.buffer.iter().position(|b| *b == SOM).unwrap_or(self.buffer.len());
        self.buffer.drain(..start);
        if self.buffer.len() <= HEADER_REST {
            return None;
        }
        let result = match Head::read(&self.buffer) {
            Err(error) => Err(error),
            Ok(head) => Frame::parse(self.buffer.get(..head.len)?),
        };
        let used = result.as_ref().map_or(1, |frame| frame.bytes.len());
        self.buffer.drain(..used);
        Some(result)
    }

    /// Whether a beginning waits for its end.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Drops the beginning that waits for its end, and keeps what came after its first byte. Call when the line
    /// has been quiet for longer than a gap inside a frame may last, then [`Parser::next_frame`] again.
    pub fn give_up(&mut self) {
        self.buffer.drain(..self.buffer.len().min(1));
    }

    /// Forgets everything: what comes next belongs to a new exchange.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }
}
