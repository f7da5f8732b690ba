//! What the panel says: every command that Lockward sends, or that its reader understands, and its bytes.

mod feedback;

pub use feedback::{Blink, Buzzer, Color, Led, MFG_MAX, OutputControl, PdCommand, TEXT_MAX, Temporary, Text};
use zeroize::Zeroize;

/// Command codes (OSDP 2.2, 6).
pub(crate) mod code {
    pub(crate) const POLL: u8 = 0x60;
    pub(crate) const ID: u8 = 0x61;
    pub(crate) const CAP: u8 = 0x62;
    pub(crate) const LSTAT: u8 = 0x64;
    pub(crate) const ISTAT: u8 = 0x65;
    pub(crate) const OSTAT: u8 = 0x66;
    pub(crate) const RSTAT: u8 = 0x67;
    pub(crate) const OUT: u8 = 0x68;
    pub(crate) const LED: u8 = 0x69;
    pub(crate) const BUZ: u8 = 0x6A;
    pub(crate) const TEXT: u8 = 0x6B;
    pub(crate) const COMSET: u8 = 0x6E;
    pub(crate) const KEYSET: u8 = 0x75;
    pub(crate) const CHLNG: u8 = 0x76;
    pub(crate) const SCRYPT: u8 = 0x77;
    pub(crate) const ACURXSIZE: u8 = 0x7B;
    pub(crate) const MFG: u8 = 0x80;
    pub(crate) const KEEPACTIVE: u8 = 0xA7;
}

/// Every command on the line.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Anything to report?
    Poll,
    /// Who are you?
    Id,
    /// What can you do?
    Capabilities,
    /// Tamper and power?
    LocalStatus,
    /// Inputs?
    InputStatus,
    /// Outputs?
    OutputStatus,
    /// Readers' tamper?
    ReaderStatus,
    /// From the panel's owner.
    Do(PdCommand),
    /// Take another address and baud rate.
    ComSet(u8, u32),
    /// Take this base key.
    KeySet([u8; 16]),
    /// The longest reply that the panel takes, in bytes.
    Room(u16),
    /// Keep the card in the field for so long, in ms.
    KeepActive(u16),
    /// RND.A.
    Challenge([u8; 8]),
    /// The server cryptogram.
    ServerCryptogram([u8; 16]),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Do(command) => command.fmt(f),
            other => write!(f, "Command({:#04x})", other.code()),
        }
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        if let Self::KeySet(key) = self {
            key.zeroize();
        }
    }
}

impl Command {
    /// The code on the line.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Poll => code::POLL,
            Self::Id => code::ID,
            Self::Capabilities => code::CAP,
            Self::LocalStatus => code::LSTAT,
            Self::InputStatus => code::ISTAT,
            Self::OutputStatus => code::OSTAT,
            Self::ReaderStatus => code::RSTAT,
            Self::Do(command) => command.code(),
            Self::ComSet(..) => code::COMSET,
            Self::KeySet(_) => code::KEYSET,
            Self::Room(_) => code::ACURXSIZE,
            Self::KeepActive(_) => code::KEEPACTIVE,
            Self::Challenge(_) => code::CHLNG,
            Self::ServerCryptogram(_) => code::SCRYPT,
        }
    }

    /// Code and data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.code()];
        match self {
            Self::Poll | Self::LocalStatus | Self::InputStatus | Self::OutputStatus | Self::ReaderStatus => {}
            // The one kind of answer that the standard knows.
            Self::Id | Self::Capabilities => out.push(0),
            Self::Do(command) => command.write(&mut out),
            Self::ComSet(address, baud) => {
                out.push(*address);
                out.extend_from_slice(&baud.to_le_bytes());
            }
            Self::KeySet(key) => {
                // Key type 1 (SCBK), sixteen bytes.
                out.extend_from_slice(&[1, 16]);
                out.extend_from_slice(key);
            }
            Self::Room(number) | Self::KeepActive(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::Challenge(rnd_a) => out.extend_from_slice(rnd_a),
            Self::ServerCryptogram(cryptogram) => out.extend_from_slice(cryptogram),
        }
        out
    }

    /// Reads code and data. `None` if the code is unknown, or the data is not of its form.
    #[must_use]
    pub fn decode(body: &[u8]) -> Option<Self> {
        let (code, data) = body.split_first()?;
        Some(match (*code, data) {
            (code::POLL, []) => Self::Poll,
            (code::ID, [_]) => Self::Id,
            (code::CAP, [_]) => Self::Capabilities,
            (code::LSTAT, []) => Self::LocalStatus,
            (code::ISTAT, []) => Self::InputStatus,
            (code::OSTAT, []) => Self::OutputStatus,
            (code::RSTAT, []) => Self::ReaderStatus,
            (code::COMSET, [address, baud @ ..]) => {
                Self::ComSet(*address, u32::from_le_bytes(baud.try_into().ok()?))
            }
            (code::KEYSET, [1, 16, key @ ..]) => Self::KeySet(key.try_into().ok()?),
            (code::ACURXSIZE, data) => Self::Room(u16::from_le_bytes(data.try_into().ok()?)),
            (code::KEEPACTIVE, data) => Self::KeepActive(u16::from_le_bytes(data.try_into().ok()?)),
            (code::CHLNG, data) => Self::Challenge(data.try_into().ok()?),
            (code::SCRYPT, data) => Self::ServerCryptogram(data.try_into().ok()?),
            (code, data) => Self::Do(PdCommand::read(code, data)?),
        })
    }
}
