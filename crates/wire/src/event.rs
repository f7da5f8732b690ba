//! Leaves of the event log, version 1: a clear header that a stranger can check, and a body that is sealed.
//!
//! All numbers big endian. An event:
//! `u8 version = 1, u8 type = 1, u16 code, i64 time in ms, source, door, u64 seq, [32] prev, u32 epoch, [12] nonce`,
//! then ciphertext and tag to the end. A chain head is in [`ChainHead`]. Source and door are `u8 length, id`;
//! an empty source is the hub, an empty door is none.

mod body;
mod facts;
mod head;
mod known;
mod twins;

pub use head::ChainHead;

use crate::key::{TAG_BYTES, decrypt, encrypt};
use crate::{CborError, ENTRY_BYTES_MAX, EpochKey, NONCE_BYTES, SourceKey, cbor};
use aws_lc_rs::hmac;
use lockward_model::{Code, ControllerId, Digest, DoorId, Epoch, Event, IdError, SiteId, Source, Time};

const VERSION: u8 = 1;
const TYPE_EVENT: u8 = 1;
const TYPE_HEAD: u8 = 2;
/// A header with both ids at their longest (130 bytes), a body of about 200 and the tag: one allocation for most.
const USUAL_BYTES: usize = 384;

/// Why an event could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Its body names too much to fit a log entry.
    #[error("the event takes {bytes} bytes; a log entry has at most {ENTRY_BYTES_MAX}")]
    TooLong {
        /// How long it would be.
        bytes: usize,
    },
    /// The cipher failed; retrying does not help.
    #[error("the cipher failed")]
    Cipher,
}

/// Why bytes are no leaf.
#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    /// Longer than any log entry.
    #[error("the leaf has {bytes} bytes; a log entry has at most {ENTRY_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It ends inside its header, or before its tag.
    #[error("the leaf ends too early")]
    Truncated,
    /// Bytes after the end of a chain head.
    #[error("the leaf goes on after its end")]
    Trailing,
    /// Zero, where every version counts from one.
    #[error("the leaf has {what} 0, which no version writes")]
    Zero {
        /// Which number.
        what: &'static str,
    },
    /// A number that this version does not know.
    #[error("the leaf has {what} {found}: it was written by a newer version of Lockward; update this one")]
    Newer {
        /// Which number.
        what: &'static str,
        /// What was found.
        found: u16,
    },
    /// The source or the door is not an id.
    #[error("the leaf's {what} is no id")]
    Id {
        /// Which one.
        what: &'static str,
        /// What is wrong with it; `None` where it is not even text.
        #[source]
        source: Option<IdError>,
    },
}

/// Why a sealed event could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another key sealed it, or a byte of header or body was changed.
    #[error("the event does not open with this key: another key sealed it, or it was changed")]
    Key,
    /// What was sealed is no event's body.
    #[error("the event opens, but its body cannot be read")]
    Body(#[source] CborError),
    /// Header and body tell different things.
    #[error("the event's header says {}, its body says {}", header.as_str(), body.as_str())]
    Code {
        /// What the header says.
        header: Code,
        /// What the body says.
        body: Code,
    },
}

/// The key of one source for one epoch: HMAC-SHA-256 under the epoch's key, over a label, the site and the source.
#[must_use]
pub fn source_key(epoch: &EpochKey, site: &SiteId, source: Source) -> SourceKey {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, epoch.as_bytes()));
    mac.update(b"lockward epoch key v1\0");
    mac.update(&site.0);
    mac.update(source_name(&source).as_bytes());
    let mut key = [0; 32];
    // The tag of HMAC-SHA-256 has exactly these 32 bytes.
    key.iter_mut().zip(mac.sign().as_ref()).for_each(|(k, b)| *k = *b);
    SourceKey::from_bytes(key)
}

/// Seals an event into its leaf. The nonce must be new for this key: reuse would give both bodies away.
///
/// Spans in the body are kept to the microsecond.
///
/// # Errors
/// [`EncodeError`].
pub fn seal(event: &Event, nonce: [u8; NONCE_BYTES], key: &SourceKey) -> Result<Vec<u8>, EncodeError> {
    let mut leaf = Vec::with_capacity(USUAL_BYTES);
    leaf.extend([VERSION, TYPE_EVENT]);
    leaf.extend(event.body.code().number().to_be_bytes());
    leaf.extend(event.time.0.to_be_bytes());
    put_id(&mut leaf, source_name(&event.source));
    put_id(&mut leaf, event.door.as_ref().map_or("", DoorId::as_str));
    leaf.extend(event.seq.to_be_bytes());
    leaf.extend(event.prev.0);
    leaf.extend(event.epoch.0.to_be_bytes());
    leaf.extend(nonce);
    let header = leaf.len();
    cbor::append(&body::BodyV1::from(&event.body), &mut leaf);
    let bytes = leaf.len() + TAG_BYTES;
    if bytes > ENTRY_BYTES_MAX {
        return Err(EncodeError::TooLong { bytes });
    }
    let Some((aad, body)) = leaf.split_at_mut_checked(header) else { return Err(EncodeError::Cipher) };
    let tag = encrypt(key.as_bytes(), nonce, aad, body).map_err(|_| EncodeError::Cipher)?;
    leaf.extend(tag);
    Ok(leaf)
}

/// One leaf of the event log.
#[derive(Debug, Clone)]
pub enum Leaf<'a> {
    /// Something that happened.
    Event(Sealed<'a>),
    /// A source's signature over all of its events so far.
    Head(ChainHead),
}

impl<'a> Leaf<'a> {
    /// Reads a leaf's clear part; opens nothing, checks no signature.
    ///
    /// # Errors
    /// [`LeafError`], for the first thing that is wrong.
    pub fn parse(leaf: &'a [u8]) -> Result<Self, LeafError> {
        if leaf.len() > ENTRY_BYTES_MAX {
            return Err(LeafError::TooLong { bytes: leaf.len() });
        }
        let mut fields = Fields(leaf);
        let [version, kind] = fields.take()?;
        match (version, kind) {
            (0, _) => Err(LeafError::Zero { what: "version" }),
            (VERSION, 0) => Err(LeafError::Zero { what: "type" }),
            (VERSION, TYPE_EVENT) => Sealed::read(leaf, fields).map(Self::Event),
            (VERSION, TYPE_HEAD) => ChainHead::read(fields).map(Self::Head),
            (VERSION, found) => Err(LeafError::Newer { what: "type", found: found.into() }),
            (found, _) => Err(LeafError::Newer { what: "version", found: found.into() }),
        }
    }
}

/// An event whose header is read and whose body is still sealed.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    code: Code,
    time: Time,
    source: Source,
    door: Option<DoorId>,
    seq: u64,
    prev: Digest,
    epoch: Epoch,
    nonce: [u8; NONCE_BYTES],
    header: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(leaf: &'a [u8], mut fields: Fields<'a>) -> Result<Self, LeafError> {
        let code = u16::from_be_bytes(fields.take()?);
        let time = Time(i64::from_be_bytes(fields.take()?));
        let source = fields.source()?;
        let door = fields.id("door")?;
        let seq = u64::from_be_bytes(fields.take()?);
        let prev = Digest(fields.take()?);
        let epoch = Epoch(u32::from_be_bytes(fields.take()?));
        let nonce = fields.take()?;
        let sealed = fields.0;
        // A body is never empty.
        if sealed.len() <= TAG_BYTES {
            return Err(LeafError::Truncated);
        }
        let code = Code::from_number(code).ok_or(LeafError::Newer { what: "code", found: code })?;
        let header = leaf.get(..leaf.len() - sealed.len()).ok_or(LeafError::Truncated)?;
        Ok(Self { code, time, source, door, seq, prev, epoch, nonce, header, sealed })
    }

    /// What happened.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// When, by the source's clock.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time
    }

    /// Who wrote it.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// At which door, if at one.
    #[must_use]
    pub fn door(&self) -> Option<DoorId> {
        self.door
    }

    /// The source's own count.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Leaf hash of the source's event before; zero for the first.
    #[must_use]
    pub fn prev(&self) -> Digest {
        self.prev
    }

    /// Which key seals the body.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Opens the body. What comes back was sealed by a holder of `key`, header and body together.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, key: &SourceKey) -> Result<Event, OpenError> {
        let text =
            decrypt(key.as_bytes(), self.nonce, self.header, self.sealed).map_err(|_| OpenError::Key)?;
        let body =
            cbor::exactly::<body::BodyV1>(&text).and_then(TryInto::try_into).map_err(OpenError::Body)?;
        let Self { code, time, source, door, seq, prev, epoch, .. } = *self;
        let event = Event { source, seq, prev, time, door, epoch, body };
        match event.body.code() {
            said if said == code => Ok(event),
            body => Err(OpenError::Code { header: code, body }),
        }
    }
}

fn source_name(source: &Source) -> &str {
    match source {
        Source::Hub => "",
        Source::Controller(id) => id.as_str(),
    }
}

fn put_id(out: &mut Vec<u8>, id: &str) {
    // An id has at most 31 bytes.
    out.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
    out.extend(id.as_bytes());
}

/// What is left of a leaf, to be taken field by field.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], LeafError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(LeafError::Truncated)?;
        self.0 = rest;
        Ok(*field)
    }

    fn id<T: core::str::FromStr<Err = IdError>>(
        &mut self,
        what: &'static str,
    ) -> Result<Option<T>, LeafError> {
        let [length] = self.take()?;
        let (id, rest) = self.0.split_at_checked(length.into()).ok_or(LeafError::Truncated)?;
        self.0 = rest;
        if id.is_empty() {
            return Ok(None);
        }
        let id = core::str::from_utf8(id).map_err(|_| LeafError::Id { what, source: None })?;
        id.parse().map(Some).map_err(|e| LeafError::Id { what, source: Some(e) })
    }

    fn source(&mut self) -> Result<Source, LeafError> {
        Ok(self.id::<ControllerId>("source")?.map_or(Source::Hub, Source::Controller))
    }
}
