//! What a reader says: every reply that Lockward understands, and its bytes. Card numbers and digits never print.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Reply codes (OSDP 2.2, 7).
pub(crate) mod code {
    pub(crate) const ACK: u8 = 0x40;
    pub(crate) const NAK: u8 = 0x41;
    pub(crate) const PDID: u8 = 0x45;
    pub(crate) const PDCAP: u8 = 0x46;
    pub(crate) const LSTATR: u8 = 0x48;
    pub(crate) const ISTATR: u8 = 0x49;
    pub(crate) const OSTATR: u8 = 0x4A;
    pub(crate) const RSTATR: u8 = 0x4B;
    pub(crate) const RAW: u8 = 0x50;
    pub(crate) const FMT: u8 = 0x51;
    pub(crate) const KEYPAD: u8 = 0x53;
    pub(crate) const COM: u8 = 0x54;
    pub(crate) const CCRYPT: u8 = 0x76;
    pub(crate) const RMAC_I: u8 = 0x78;
    pub(crate) const BUSY: u8 = 0x79;
    pub(crate) const MFGREP: u8 = 0x90;

    /// Reports of state, and refusals: they name nobody.
    pub(crate) fn names_nobody(code: u8) -> bool {
        matches!(code, NAK | LSTATR | ISTATR | OSTATR | RSTATR)
    }
}

/// Who a reader says that it is (PDID, OSDP 2.2, 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The maker's IEEE OUI.
    pub vendor: [u8; 3],
    /// The maker's model number.
    pub model: u8,
    /// The model's version.
    pub version: u8,
    /// Serial number.
    pub serial: u32,
    /// Major, minor, build.
    pub firmware: [u8; 3],
}

impl Identity {
    /// Whether it is the same device: maker, model and serial. Firmware and version may be renewed.
    #[must_use]
    pub fn is_same_device(&self, other: &Self) -> bool {
        (self.vendor, self.model, self.serial) == (other.vendor, other.model, other.serial)
    }
}

/// One thing that a reader can do (PDCAP, OSDP 2.2, 7.5 and Annex B).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capability {
    /// Function code, 1 to 16.
    pub function: u8,
    /// Compliance level; its meaning depends on the function.
    pub level: u8,
    /// How many of them.
    pub items: u8,
}

/// Function codes of [`Capability`] that Lockward looks at (OSDP 2.2, Annex B).
pub mod function {
    /// Inputs.
    pub const CONTACTS: u8 = 1;
    /// Outputs.
    pub const OUTPUTS: u8 = 2;
    /// Card data as bits.
    pub const CARD_DATA: u8 = 3;
    /// Lights.
    pub const LED: u8 = 4;
    /// Sounder.
    pub const BUZZER: u8 = 5;
    /// Display.
    pub const TEXT: u8 = 6;
    /// CRC.
    pub const CRC: u8 = 8;
    /// Secure channel; bit 0 of the level is AES-128.
    pub const SECURITY: u8 = 9;
    /// Readers in this PD.
    pub const READERS: u8 = 13;
}

/// Why a reader declined a command (NAK, OSDP 2.2, 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nak {
    /// 1: the check was wrong.
    Check,
    /// 2: the length was wrong.
    Length,
    /// 3: not a command it knows.
    Unknown,
    /// 4: not the sequence number it expects.
    Sequence,
    /// 5: it does not do this security block.
    NoSecurity,
    /// 6: it wants a secure channel, or another step of it.
    SecurityConditions,
    /// 9: it can not carry out this record.
    Record,
    /// Any other.
    Other(u8),
}

impl Nak {
    fn read(byte: u8) -> Self {
        match byte {
            1 => Self::Check,
            2 => Self::Length,
            3 => Self::Unknown,
            4 => Self::Sequence,
            5 => Self::NoSecurity,
            6 => Self::SecurityConditions,
            9 => Self::Record,
            other => Self::Other(other),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Check => 1,
            Self::Length => 2,
            Self::Unknown => 3,
            Self::Sequence => 4,
            Self::NoSecurity => 5,
            Self::SecurityConditions => 6,
            Self::Record => 9,
            Self::Other(other) => other,
        }
    }
}

/// How card data is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CardFormat {
    /// Bits as the card gave them (RAW, format 0).
    Raw,
    /// Bits in Wiegand's order, with parity (RAW, format 1).
    Wiegand,
    /// Characters (FMT, deprecated in OSDP 2.2).
    Characters,
}

/// Format of RAW for a card that the panel is to speak with (OSDP 2.2.1, as [`crate::pkoc`]'s text cites it).
const FORMAT_SMART: u8 = 0x80;

/// What a card said. Its number does not print.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CardData {
    /// How many bits of `data` count, from the highest bit of the first byte.
    pub bits: u16,
    /// INVARIANT: `bits.div_ceil(8)` bytes.
    data: Vec<u8>,
}

impl CardData {
    /// `None` unless `data` is exactly as many bytes as `bits` need, and `bits` is not 0.
    /// The bits of the last byte that do not count are cleared, so that equal cards compare equal.
    #[must_use]
    pub fn new(bits: u16, mut data: Vec<u8>) -> Option<Self> {
        if bits == 0 || data.len() != usize::from(bits).div_ceil(8) {
            data.zeroize();
            return None;
        }
        if let (Some(last), used @ 1..) = (data.last_mut(), bits % 8) {
            *last &= 0xFFu8 << (8 - used);
        }
        Some(Self { bits, data })
    }

    /// The bits, the highest first.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl std::fmt::Debug for CardData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardData({} bits, ..)", self.bits)
    }
}

/// Keys that were pressed: ASCII digits, `*` as 0x7F, `#` as 0x0D. They do not print.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Digits(pub Vec<u8>);

impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digits(..)")
    }
}

/// The reader's answer to a challenge (CCRYPT, OSDP 2.2, 7.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ccrypt {
    /// The reader's unique id.
    pub client: [u8; 8],
    /// RND.B.
    pub rnd_b: [u8; 8],
    /// The client cryptogram.
    pub cryptogram: [u8; 16],
}

/// Every reply on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done, nothing to report.
    Ack,
    /// Declined.
    Nak(Nak),
    /// Who it is.
    Identity(Identity),
    /// What it can do.
    Capabilities(Vec<Capability>),
    /// Tamper, and power failure.
    Local {
        /// The case is open.
        tamper: bool,
        /// Power fails.
        power: bool,
    },
    /// Inputs, in order; true is active.
    Inputs(Vec<bool>),
    /// Outputs, in order; true is active.
    Outputs(Vec<bool>),
    /// Attached readers, in order; true is tampered with or missing.
    Readers(Vec<bool>),
    /// A card.
    Card {
        /// Reader within the PD.
        reader: u8,
        /// How to read it.
        format: CardFormat,
        /// Its bits.
        card: CardData,
    },
    /// A public-key card, told as a card: the fields of [`crate::pkoc::Report::present`] (RAW, format 0x80).
    KeyCardPresent(Vec<u8>),
    /// Keys.
    Keys {
        /// Reader within the PD.
        reader: u8,
        /// What was pressed.
        digits: Digits,
    },
    /// New address and baud rate.
    Com(u8, u32),
    /// Answer to a challenge.
    Ccrypt(Ccrypt),
    /// The initial reply MAC.
    InitialMac([u8; 16]),
    /// Ask again later.
    Busy,
    /// A maker's own report.
    Vendor([u8; 3], Vec<u8>),
}

impl Reply {
    /// Code and data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let flags = |code: u8, flags: &[bool]| {
            std::iter::once(code).chain(flags.iter().map(|flag| u8::from(*flag))).collect()
        };
        match self {
            Self::Ack => vec![code::ACK],
            Self::Busy => vec![code::BUSY],
            Self::Nak(nak) => vec![code::NAK, nak.byte()],
            Self::Identity(id) => {
                let mut out = vec![code::PDID];
                out.extend_from_slice(&id.vendor);
                out.extend_from_slice(&[id.model, id.version]);
                out.extend_from_slice(&id.serial.to_le_bytes());
                out.extend_from_slice(&id.firmware);
                out
            }
            Self::Capabilities(all) => std::iter::once(code::PDCAP)
                .chain(all.iter().flat_map(|c| [c.function, c.level, c.items]))
                .collect(),
            Self::Local { tamper, power } => vec![code::LSTATR, u8::from(*tamper), u8::from(*power)],
            Self::Inputs(all) => flags(code::ISTATR, all),
            Self::Outputs(all) => flags(code::OSTATR, all),
            // 2 is tampered with, 1 is not connected.
            Self::Readers(all) => std::iter::once(code::RSTATR)
                .chain(all.iter().map(|flag| if *flag { 2 } else { 0 }))
                .collect(),
            Self::Card { reader, format: CardFormat::Characters, card } => {
                // Read direction forward; the count of characters.
                let count = u8::try_from(card.data.len()).unwrap_or(u8::MAX);
                [&[code::FMT, *reader, 0, count], card.data()].concat()
            }
            Self::Card { reader, format, card } => {
                let [low, high] = card.bits.to_le_bytes();
                let format = u8::from(*format == CardFormat::Wiegand);
                [&[code::RAW, *reader, format, low, high], card.data()].concat()
            }
            Self::KeyCardPresent(fields) => {
                let bits = u16::try_from(fields.len() * 8).unwrap_or(u16::MAX).to_le_bytes();
                [&[code::RAW, 0, FORMAT_SMART], bits.as_slice(), fields].concat()
            }
            Self::Keys { reader, digits } => {
                let count = u8::try_from(digits.0.len()).unwrap_or(u8::MAX);
                [&[code::KEYPAD, *reader, count], digits.0.as_slice()].concat()
            }
            Self::Com(address, baud) => [&[code::COM, *address], baud.to_le_bytes().as_slice()].concat(),
            Self::Ccrypt(c) => [&[code::CCRYPT], c.client.as_slice(), &c.rnd_b, &c.cryptogram].concat(),
            Self::InitialMac(mac) => [&[code::RMAC_I], mac.as_slice()].concat(),
            Self::Vendor(vendor, data) => [&[code::MFGREP], vendor.as_slice(), data].concat(),
        }
    }

    /// Reads code and data. `None` if the code is unknown, or the data is not of its form.
    #[must_use]
    pub fn decode(body: &[u8]) -> Option<Self> {
        let (code, data) = body.split_first()?;
        Some(match (*code, data) {
            (code::ACK, []) => Self::Ack,
            (code::BUSY, []) => Self::Busy,
            (code::NAK, [nak, ..]) => Self::Nak(Nak::read(*nak)),
            (code::PDID, &[v0, v1, v2, model, version, s0, s1, s2, s3, f0, f1, f2]) => {
                Self::Identity(Identity {
                    vendor: [v0, v1, v2],
                    model,
                    version,
                    serial: u32::from_le_bytes([s0, s1, s2, s3]),
                    firmware: [f0, f1, f2],
                })
            }
            (code::PDCAP, data) => {
                let (triples, ragged) = data.as_chunks::<3>();
                ragged.is_empty().then_some(())?;
                let read = |&[function, level, items]: &[u8; 3]| Capability { function, level, items };
                Self::Capabilities(triples.iter().map(read).collect())
            }
            (code::LSTATR, &[tamper, power]) => Self::Local { tamper: tamper != 0, power: power != 0 },
            (code::ISTATR, data) => Self::Inputs(data.iter().map(|b| *b != 0).collect()),
            (code::OSTATR, data) => Self::Outputs(data.iter().map(|b| *b != 0).collect()),
            (code::RSTATR, data) => Self::Readers(data.iter().map(|b| *b != 0).collect()),
            (code::RAW, &[_, FORMAT_SMART, low, high, ref data @ ..]) => {
                let bits = usize::from(u16::from_le_bytes([low, high]));
                (bits == data.len() * 8).then(|| Self::KeyCardPresent(data.to_vec()))?
            }
            (code::RAW, &[reader, format, low, high, ref data @ ..]) => {
                let format = match format {
                    0 => CardFormat::Raw,
                    1 => CardFormat::Wiegand,
                    _ => return None,
                };
                let card = CardData::new(u16::from_le_bytes([low, high]), data.to_vec())?;
                Self::Card { reader, format, card }
            }
            (code::FMT, &[reader, _, count, ref data @ ..]) if usize::from(count) == data.len() => {
                let card = CardData::new(u16::from(count) * 8, data.to_vec())?;
                Self::Card { reader, format: CardFormat::Characters, card }
            }
            (code::KEYPAD, &[reader, count, ref digits @ ..]) if usize::from(count) == digits.len() => {
                Self::Keys { reader, digits: Digits(digits.to_vec()) }
            }
            (code::COM, [address, baud @ ..]) => {
                Self::Com(*address, u32::from_le_bytes(baud.try_into().ok()?))
            }
            (code::CCRYPT, data) => {
                let (client, data) = data.split_first_chunk::<8>()?;
                let (rnd_b, data) = data.split_first_chunk::<8>()?;
                Self::Ccrypt(Ccrypt { client: *client, rnd_b: *rnd_b, cryptogram: data.try_into().ok()? })
            }
            (code::RMAC_I, data) => Self::InitialMac(data.try_into().ok()?),
            (code::MFGREP, &[a, b, c, ref data @ ..]) => Self::Vendor([a, b, c], data.to_vec()),
            _ => return None,
        })
    }
}

/// Whether a reader says that it speaks AES-128 secure channel.
#[must_use]
pub fn says_secure(capabilities: &[Capability]) -> bool {
    capabilities.iter().any(|c| c.function == function::SECURITY && c.level & 1 != 0)
}
