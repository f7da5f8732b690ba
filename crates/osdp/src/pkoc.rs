//! Public-key cards at a reader (PKOC, PSIA): the panel gives a challenge, the card signs it with P-256, the reader carries both.
//!
//! Source: "OSDP ACU PKOC Card Processing" 1.24 (github.com/smithee-solutions/openpkoc, `spec-src/pkoc-osdp-acu.md`,
//! February 2025), here "the text". It leaves the vendor code to each maker; [`VENDOR`] is that of its authors'
//! reference implementation (github.com/smithee-solutions/osdp-pkoc) and of PKOC.Net. The card's own specification,
//! "PKOC NFC Card Specification" 1.0, is not published freely: tags, lengths, P1 and P2 are as its authentication
//! example, repeated in those sources, has them.
//!
//! What the sources do not agree on, and what is done here:
//! - Some readers send "card present" without the multi-part header, wrapped in a tag 0xFC (PKOC.Net): both are read.
//! - The tags 0xFB (error) and 0xFD (sequence) have a length in the text and none in PKOC.Net: both are read.
//! - The reference implementation has the header's fields in another order than the text and PKOC.Net: theirs is not read.
//!
//! What the signature proves: the card's key signed this transaction, and nothing else; the card's specification puts
//! neither door nor reader under it. So a transaction must be fresh, asked of one reader, and good once; who relays a
//! card from afar is bounded by time alone.

mod fields;
mod parts;

use fields::{Fields, put, tag};
pub use parts::Assembly;
use parts::{Part, parts};
use thiserror::Error;

use crate::command::PdCommand;

/// Vendor code of the extension's commands and reports.
pub const VENDOR: [u8; 3] = [0x1A, 0x90, 0x21];
/// Shortest transaction: 128 bits.
pub const TRANSACTION_MIN: usize = 16;
/// Longest transaction that is sent. The text takes up to 65; the request then passes the frame that any reader takes.
pub const TRANSACTION_MAX: usize = 32;
/// Longest report over all its parts: key, signature, transaction and errors take some 200 bytes.
pub const REPORT_MAX: usize = 512;

mod code {
    pub(super) const PRESENT: u8 = 0xE0;
    pub(super) const REQUEST: u8 = 0xE1;
    pub(super) const RESPONSE: u8 = 0xE2;
    pub(super) const NEXT: u8 = 0xE3;
    pub(super) const REFRESH: u8 = 0xE4;
    pub(super) const ERROR: u8 = 0xFE;
}

/// Version 1.0, the only one that is spoken.
const VERSION: [u8; 2] = [1, 0];
/// P1 and P2 of the card's authentication command.
const PARAMETERS: [u8; 2] = [0, 1];
/// What the card is to sign. INVARIANT: 16 to 32 bytes, which whoever makes it takes from a cryptographic source, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction(Vec<u8>);

impl Transaction {
    /// `None` for fewer than [`TRANSACTION_MIN`] or more than [`TRANSACTION_MAX`] bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (TRANSACTION_MIN..=TRANSACTION_MAX).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    /// Its bytes: the whole message under the card's signature.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What the panel asks of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Have the card that is present sign this.
    Authenticate {
        /// What to sign.
        transaction: Transaction,
        /// Site and reader, 16 bytes each, by which the card chooses its key. `None`: the reader has its own.
        reader_id: Option<[u8; 32]>,
    },
    /// Have the next card sign this, at once. Saves an exchange, and gives up the bound on time.
    Next(Transaction),
}

impl Request {
    /// The command that carries it.
    #[must_use]
    pub fn command(&self) -> PdCommand {
        PdCommand::Vendor(VENDOR, self.encode())
    }

    /// Reads the command that carries it; `None` for any other.
    #[must_use]
    pub fn of(command: &PdCommand) -> Option<Self> {
        match command {
            PdCommand::Vendor(VENDOR, data) => Self::decode(data),
            _ => None,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let (code, payload) = match self {
            Self::Authenticate { transaction, reader_id } => {
                let mut payload = PARAMETERS.to_vec();
                put(&mut payload, tag::VERSION, &VERSION);
                put(&mut payload, tag::TRANSACTION, transaction.as_bytes());
                put(&mut payload, tag::READER, reader_id.as_ref().map_or(&[], |id| id.as_slice()));
                (code::REQUEST, payload)
            }
            Self::Next(transaction) => {
                let mut payload = Vec::new();
                put(&mut payload, tag::TRANSACTION, transaction.as_bytes());
                (code::NEXT, payload)
            }
        };
        // 85 bytes at most: one part of a frame that any reader takes.
        parts(code, &payload, payload.len()).concat()
    }

    fn decode(data: &[u8]) -> Option<Self> {
        let (code, rest) = data.split_first()?;
        let part = Part::read(rest).filter(Part::is_whole)?;
        match *code {
            code::REQUEST => {
                let fields = Fields::read(part.bytes.strip_prefix(&PARAMETERS)?)?;
                fields.version.filter(|version| *version == VERSION)?;
                let reader_id = match fields.reader {
                    None | Some([]) => None,
                    Some(id) => Some(id.try_into().ok()?),
                };
                Some(Self::Authenticate { transaction: Transaction::new(fields.transaction?)?, reader_id })
            }
            code::NEXT => Transaction::new(Fields::read(part.bytes)?.transaction?).map(Self::Next),
            _ => None,
        }
    }
}

/// The card's answer: its key, and its signature over the transaction (ECDSA with SHA-256, `r` then `s`). Not checked
/// here. Does not print: a card's key names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was to be signed, as the panel asked.
    pub transaction: Transaction,
    /// The card's key, an uncompressed point (SEC 1, 2.3.3).
    pub public_key: [u8; 65],
    /// The signature.
    pub signature: [u8; 64],
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// Why a public-key card was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The reader says so, by this code of the text.
    #[error("the reader reports error {0} at a public-key card; present the card again")]
    Reader(u8),
    /// The card does not speak version 1.0.
    #[error("the card does not offer version 1.0 of PKOC")]
    Version,
    /// The reader wants to make the challenge itself. Off-spec: refused, for such a signature may be from yesterday.
    #[error("the reader makes its own challenges, which prove nothing; set it to take the panel's")]
    OwnChallenge,
    /// The answer names another transaction than the one that was asked.
    #[error("the card's answer is to another challenge; present the card again")]
    OtherTransaction,
    /// Nothing was asked, or it has been answered.
    #[error("the reader gives a card's answer that nobody asked for")]
    Unasked,
    /// It came later than a card takes.
    #[error("the card's answer came too late; present the card again")]
    Late,
    /// Not of the text's form, out of order, or too long.
    #[error("the reader's report of a public-key card is malformed")]
    Malformed,
}

/// What a reader reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A card is there, and waits for a request.
    Present {
        /// The reader puts an id of its own to the card.
        own_id: bool,
    },
    /// The card's answer.
    Response {
        /// The transaction, where the reader repeats it.
        transaction: Option<Vec<u8>>,
        /// The card's key.
        public_key: [u8; 65],
        /// Its signature.
        signature: [u8; 64],
    },
    /// The reader would like a transaction for the next card.
    Refresh,
}

impl Report {
    /// The data of the reports that carry it, at most `room` bytes of payload in each.
    #[must_use]
    pub fn encode(&self, room: usize) -> Vec<Vec<u8>> {
        let mut payload = Vec::new();
        match self {
            Self::Present { own_id } => {
                put(&mut payload, tag::VERSION, &VERSION);
                if *own_id {
                    put(&mut payload, tag::READER, &[]);
                }
                parts(code::PRESENT, &payload, room)
            }
            Self::Response { transaction, public_key, signature } => {
                put(&mut payload, tag::KEY, public_key);
                put(&mut payload, tag::SIGNATURE, signature);
                if let Some(transaction) = transaction {
                    put(&mut payload, tag::TRANSACTION, transaction);
                }
                parts(code::RESPONSE, &payload, room)
            }
            Self::Refresh => vec![vec![code::REFRESH]],
        }
    }

    /// Reads the fields of "card present", as `osdp_RAW` of format 0x80 has them too.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn present(payload: &[u8]) -> Result<Self, Refusal> {
        let wrapped = match payload {
            [tag::WRAPPER, len, rest @ ..] if usize::from(*len) == rest.len() => Some(rest),
            _ => None,
        };
        let fields = Fields::read(wrapped.unwrap_or(payload)).ok_or(Refusal::Malformed)?;
        fields.trouble()?;
        let (versions, ragged) = fields.version.unwrap_or_default().as_chunks::<2>();
        if !ragged.is_empty() || !versions.contains(&VERSION) {
            return Err(Refusal::Version);
        }
        // The text: a field that is there and empty is one that the reader provides.
        if fields.transaction == Some(&[]) {
            return Err(Refusal::OwnChallenge);
        }
        Ok(Self::Present { own_id: fields.reader == Some(&[]) })
    }

    fn response(payload: &[u8]) -> Result<Self, Refusal> {
        let fields = Fields::read(payload).ok_or(Refusal::Malformed)?;
        fields.trouble()?;
        let key = fields.key.and_then(|key| key.try_into().ok());
        let signature = fields.signature.and_then(|signature| signature.try_into().ok());
        let (Some(public_key), Some(signature)) = (key, signature) else { return Err(Refusal::Malformed) };
        let transaction = fields.transaction.filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec);
        Ok(Self::Response { transaction, public_key, signature })
    }
}
