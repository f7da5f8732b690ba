//! The bytes of a journal's segment, and how far they can be believed after a power cut.
//!
//! A segment is a header of [`HEADER_BYTES`], then records without gaps, each at a multiple of eight bytes. All numbers
//! are little-endian. A check is the first eight bytes of SHA-256: chance is the adversary here, people are caught by
//! the hash chain that the records themselves carry.
//!
//! ```text
//! header   magic 8 · version 4 · segment bytes 4 · salt 8 · first record 8 · released 8 · zero 16 · check 8
//! record   check 8 · salt 8 · number 8 · batch start 4 · kind 1 and length 3 · bytes · zero to a multiple of 8
//! ```
//!
//! `batch start` is the offset of the record's batch: the claim that everything before it was durable when the record
//! was written. It tells a torn tail from damage: at most one batch is ever unsynced, so nothing valid can stand
//! behind a torn record but the rest of its own batch.

use aws_lc_rs::digest::{SHA256, digest};

/// A segment's header. One write covers it and the segment's first batch.
pub(crate) const HEADER_BYTES: usize = 64;
/// What a record takes beside its own bytes.
pub(crate) const RECORD_HEAD_BYTES: usize = 32;
/// A release mark: a record whose eight bytes are the number below which records may be dropped.
pub(crate) const MARK_BYTES: usize = RECORD_HEAD_BYTES + 8;
/// Three bytes hold a record's length.
pub(crate) const LENGTH_MAX: usize = (1 << 24) - 1;

const MAGIC: u64 = u64::from_le_bytes(*b"LWJRNL\r\n");
const VERSION: u32 = 1;
const CHECK_BYTES: usize = 8;
const ALIGN: usize = 8;
const KIND_DATA: u32 = 1;
const KIND_MARK: u32 = 2;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) segment_bytes: u32,
    pub(crate) salt: u64,
    pub(crate) first: u64,
    pub(crate) released: u64,
}

/// What the first bytes of a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    Valid(Header),
    /// Whole, but written by a later version.
    Newer(u32),
    /// Never written, or torn, or damaged.
    Blank,
}

impl Header {
    pub(crate) fn encode(&self, into: &mut Vec<u8>) {
        let start = into.len();
        into.extend_from_slice(&MAGIC.to_le_bytes());
        into.extend_from_slice(&VERSION.to_le_bytes());
        into.extend_from_slice(&self.segment_bytes.to_le_bytes());
        for field in [self.salt, self.first, self.released, 0, 0] {
            into.extend_from_slice(&field.to_le_bytes());
        }
        let check = check(into.get(start..).unwrap_or_default());
        into.extend_from_slice(&check);
    }

    pub(crate) fn decode(bytes: &[u8]) -> Head {
        Self::parse(bytes).unwrap_or(Head::Blank)
    }

    fn parse(bytes: &[u8]) -> Option<Head> {
        let (body, found) = bytes.get(..HEADER_BYTES)?.split_last_chunk::<CHECK_BYTES>()?;
        if u64_at(body, 0)? != MAGIC || check(body) != *found {
            return None;
        }
        let version = u32_at(body, 8)?;
        if version != VERSION {
            return Some(Head::Newer(version));
        }
        Some(Head::Valid(Self {
            segment_bytes: u32_at(body, 12)?,
            salt: u64_at(body, 16)?,
            first: u64_at(body, 24)?,
            released: u64_at(body, 32)?,
        }))
    }
}

/// The salt of the segment that begins with record `first`, when the journal was opened with `seed`.
pub(crate) fn salt(seed: u64, first: u64) -> u64 {
    let mut bytes = seed.to_le_bytes().to_vec();
    bytes.extend_from_slice(&first.to_le_bytes());
    u64::from_le_bytes(check(&bytes))
}

/// How many bytes of a segment a record of `length` bytes takes.
pub(crate) const fn record_bytes(length: usize) -> usize {
    (RECORD_HEAD_BYTES + length).next_multiple_of(ALIGN)
}

/// Where a record stands and what it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) salt: u64,
    pub(crate) number: u64,
    pub(crate) batch_start: u32,
}

/// Appends a data record.
pub(crate) fn encode_data(place: Place, bytes: &[u8], into: &mut Vec<u8>) {
    encode(place, KIND_DATA, bytes, into);
}

/// Appends a release mark; `place.number` is the number of the data record that follows it.
pub(crate) fn encode_mark(place: Place, released: u64, into: &mut Vec<u8>) {
    encode(place, KIND_MARK, &released.to_le_bytes(), into);
}

fn encode(place: Place, kind: u32, bytes: &[u8], into: &mut Vec<u8>) {
    let start = into.len();
    into.extend_from_slice(&[0; CHECK_BYTES]);
    into.extend_from_slice(&place.salt.to_le_bytes());
    into.extend_from_slice(&place.number.to_le_bytes());
    into.extend_from_slice(&place.batch_start.to_le_bytes());
    // The caller has checked the length against `LENGTH_MAX`.
    into.extend_from_slice(&(kind << 24 | (bytes.len() as u32)).to_le_bytes());
    into.extend_from_slice(bytes);
    let check = check(into.get(start + CHECK_BYTES..).unwrap_or_default());
    if let Some(place) = into.get_mut(start..start + CHECK_BYTES) {
        place.copy_from_slice(&check);
    }
    into.resize(start + record_bytes(bytes.len()), 0);
}

/// A record whose check fits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read<'a> {
    pub(crate) place: Place,
    pub(crate) body: Body<'a>,
    /// What it takes of the segment.
    pub(crate) size: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Body<'a> {
    Data(&'a [u8]),
    /// Records below this number may be dropped.
    Mark(u64),
}

/// The record at the start of `bytes`, if one is whole there.
pub(crate) fn decode(bytes: &[u8]) -> Option<Read<'_>> {
    let word = u32_at(bytes, 28)?;
    let length = (word & 0x00ff_ffff) as usize;
    let checked = bytes.get(CHECK_BYTES..RECORD_HEAD_BYTES + length)?;
    let place =
        Place { salt: u64_at(bytes, 8)?, number: u64_at(bytes, 16)?, batch_start: u32_at(bytes, 24)? };
    let body = bytes.get(RECORD_HEAD_BYTES..RECORD_HEAD_BYTES + length)?;
    let body = match word >> 24 {
        KIND_DATA => Body::Data(body),
        KIND_MARK if length == 8 => Body::Mark(u64_at(body, 0)?),
        _ => return None,
    };
    (check(checked) == *bytes.first_chunk()?).then_some(Read { place, body, size: record_bytes(length) })
}

/// What a walk through a segment found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The offset of each data record, in order.
    pub(crate) offsets: Vec<u32>,
    /// The highest release mark, 0 without one.
    pub(crate) released: u64,
    /// Where the next record goes: the end of the last one that fits.
    pub(crate) end: u32,
    /// Where the batch of the last record that fits begins; `None` without records.
    pub(crate) last_batch: Option<u32>,
    /// Something of this segment stands behind the end: the rest of a batch that never became whole.
    pub(crate) torn: bool,
    /// A record stands behind the end that was written after the end had been durable.
    pub(crate) damaged: bool,
}

/// Walks a segment's records from its header to the first that does not fit.
pub(crate) fn walk(bytes: &[u8], header: &Header) -> Walk {
    let mut found = Walk::default();
    let mut at = HEADER_BYTES;
    while let Some(read) = bytes.get(at..).and_then(decode) {
        let next = header.first + found.offsets.len() as u64;
        let offset = at as u32;
        let begins = read.place.batch_start == offset;
        let goes_on = found.last_batch == Some(read.place.batch_start);
        if read.place.salt != header.salt || read.place.number != next || !(begins || goes_on) {
            break;
        }
        found.last_batch = Some(read.place.batch_start);
        match read.body {
            Body::Data(_) => found.offsets.push(offset),
            Body::Mark(released) => found.released = found.released.max(released),
        }
        at += read.size;
    }
    found.end = at as u32;
    for offset in salted(bytes, at, header.salt) {
        found.torn = true;
        let read = bytes.get(offset..).and_then(decode);
        found.damaged |= read.is_some_and(|read| read.place.batch_start as usize > at);
    }
    found
}

/// What a segment without a valid header still holds of records that are not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remains {
    /// Nothing: it never was a segment, or all its records were released.
    Nothing,
    /// Parts of its first batch, which was written together with the header: both were torn.
    FirstBatch,
    /// A later batch: the header was durable once, and is damaged.
    LaterBatch,
}

/// Searches a segment without a valid header for records from `released` on.
pub(crate) fn remains(bytes: &[u8], released: u64) -> Remains {
    let found = (HEADER_BYTES..bytes.len()).step_by(ALIGN).filter_map(|offset| {
        let tail = bytes.get(offset..)?;
        // Most of a segment is no record: its batch start tells that for the price of a load.
        let start = u32_at(tail, 24)? as usize;
        let plausible = (HEADER_BYTES..=offset).contains(&start);
        let read = if plausible { decode(tail)? } else { return None };
        // A mark is numbered as the record after it, which stands in another segment if this one ends with the mark.
        let Body::Data(_) = read.body else { return None };
        let later = start > HEADER_BYTES;
        let kept = read.place.number >= released;
        kept.then_some(if later { Remains::LaterBatch } else { Remains::FirstBatch })
    });
    found.max().unwrap_or(Remains::Nothing)
}

fn salted(bytes: &[u8], from: usize, salt: u64) -> impl Iterator<Item = usize> + '_ {
    (from..bytes.len()).step_by(ALIGN).filter(move |offset| u64_at(bytes, offset + CHECK_BYTES) == Some(salt))
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    digest(&SHA256, bytes).as_ref().first_chunk().copied().unwrap_or_default()
}

fn at<const N: usize>(bytes: &[u8], offset: usize) -> Option<&[u8; N]> {
    bytes.get(offset..)?.first_chunk()
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    at(bytes, offset).copied().map(u64::from_le_bytes)
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    at(bytes, offset).copied().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header { segment_bytes: 4096, salt: 77, first: 100, released: 90 };

    /// A segment of records in batches of `sizes`; `edit` sees each record's place before it is written.
    fn segment(sizes: &[u64], edit: impl Fn(&mut Place)) -> Vec<u8> {
        let mut bytes = Vec::new();
        HEADER.encode(&mut bytes);
        let mut number = HEADER.first;
        for size in sizes {
            let batch_start = bytes.len() as u32;
            for _ in 0..*size {
                let mut place = Place { salt: HEADER.salt, number, batch_start };
                edit(&mut place);
                encode_data(place, &number.to_le_bytes(), &mut bytes);
                number += 1;
            }
        }
        bytes.resize(4096, 0);
        bytes
    }

    #[test]
    fn header_survives_the_round_trip_and_no_flipped_bit() {
        let mut bytes = Vec::new();
        HEADER.encode(&mut bytes);
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::decode(&bytes), Head::Valid(HEADER));
        for bit in 0..HEADER_BYTES * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&flipped), Head::Blank, "bit {bit}");
        }
        assert_eq!(Header::decode(&bytes[..63]), Head::Blank);
        assert_eq!(Header::decode(&[0; HEADER_BYTES]), Head::Blank);
    }

    #[test]
    fn header_of_a_later_version_is_told_apart_from_a_damaged_one() {
        let mut bytes = Vec::new();
        HEADER.encode(&mut bytes);
        bytes[8] = 2;
        let check = check(&bytes[..HEADER_BYTES - CHECK_BYTES]);
        bytes[HEADER_BYTES - CHECK_BYTES..].copy_from_slice(&check);
        assert_eq!(Header::decode(&bytes), Head::Newer(2));
    }

    #[test]
    fn record_survives_no_flipped_bit() {
        let place = Place { salt: 1, number: 2, batch_start: 64 };
        let mut bytes = Vec::new();
        encode_data(place, b"twelve bytes", &mut bytes);
        assert_eq!(bytes.len(), record_bytes(12));
        assert!(matches!(decode(&bytes), Some(Read { body: Body::Data(b"twelve bytes"), .. })));
        for bit in 0..(RECORD_HEAD_BYTES + 12) * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_none(), "bit {bit}");
        }
        assert!(decode(&bytes[..bytes.len() - 5]).is_none());
    }

    #[test]
    fn whole_segment_is_walked_to_its_end() {
        let found = walk(&segment(&[1, 3, 2], |_| {}), &HEADER);
        assert_eq!(found.offsets, [64, 104, 144, 184, 224, 264]);
        assert_eq!((found.end, found.last_batch, found.torn, found.damaged), (304, Some(224), false, false));
    }

    #[test]
    fn bytes_of_an_earlier_use_are_not_taken() {
        let salt_of_before = segment(&[2, 2], |place| place.salt += u64::from(place.number >= 102));
        let found = walk(&salt_of_before, &HEADER);
        assert_eq!((found.offsets.len(), found.torn, found.damaged), (2, false, false));
    }

    #[test]
    fn record_out_of_sequence_is_not_taken() {
        let skipped = segment(&[2, 2], |place| place.number += u64::from(place.number >= 102));
        assert_eq!(walk(&skipped, &HEADER).offsets.len(), 2);
    }

    #[test]
    fn record_of_a_batch_that_does_not_begin_here_is_not_taken() {
        let strayed = segment(&[2, 2], |place| place.batch_start += 8 * u32::from(place.number == 102));
        let found = walk(&strayed, &HEADER);
        assert_eq!((found.offsets.len(), found.torn), (2, true));
    }

    #[test]
    fn blank_file_is_judged_by_the_latest_batch_that_is_not_released() {
        let blank = |sizes: &[u64]| {
            let mut bytes = segment(sizes, |_| {});
            bytes[..HEADER_BYTES].fill(0);
            bytes
        };
        assert_eq!(remains(&blank(&[3]), 100), Remains::FirstBatch);
        assert_eq!(remains(&blank(&[3, 1]), 100), Remains::LaterBatch);
        assert_eq!(remains(&blank(&[3, 1]), 103), Remains::LaterBatch);
        assert_eq!(remains(&blank(&[3, 1]), 104), Remains::Nothing);
        assert_eq!(remains(&blank(&[]), 0), Remains::Nothing);
    }
}
