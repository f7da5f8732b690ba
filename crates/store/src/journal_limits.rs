//! How large a journal and its parts may become, and why.

use crate::journal_format::{self as format, HEADER_BYTES, LENGTH_MAX, MARK_BYTES};

/// A spool's segment, in bytes: about 12,000 events of 320 bytes. Filling the next one ahead takes a memory card
/// (10 MB/s) 0.4 s, in steps; opening reads one or two of them.
pub const SEGMENT_BYTES: u32 = 4 * 1024 * 1024;
/// A spool's segments: 64 times 4 MiB are 256 MiB or 760,000 events of 352 bytes with their heads. 64 doors with a
/// badge every 30 s each fill it in four days without a hub, 8 doors in a month.
pub const SEGMENTS_MAX: u32 = 64;
/// A spool's largest record, in bytes. An event is some hundreds; the largest thing that is kept whole is far below.
pub const RECORD_BYTES_MAX: u32 = 64 * 1024;
/// The most that one append writes, in bytes, heads included: 16 of the largest records, or 2,900 events. Also what is
/// wiped behind a torn tail.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// The sizes that a journal keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(crate) segment_bytes: u32,
    pub(crate) segments: u32,
    pub(crate) record_bytes: u32,
}

/// The limits contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// Sectors are never shared by two segments.
    #[error("a segment of {0} bytes is not a whole number of 512-byte sectors")]
    NotSectors(u32),
    /// One segment is written while another is read.
    #[error("a journal needs at least 2 segments, not {0}")]
    TooFewSegments(u32),
    /// A record goes into one segment, and into one batch.
    #[error(
        "a record of {record_bytes} bytes does not fit a segment of {segment_bytes} or a batch of {BATCH_BYTES_MAX}"
    )]
    RecordTooLarge {
        /// The largest record.
        record_bytes: u32,
        /// The segment.
        segment_bytes: u32,
    },
}

impl Limits {
    /// The spool of a controller.
    pub const SPOOL: Self =
        Self { segment_bytes: SEGMENT_BYTES, segments: SEGMENTS_MAX, record_bytes: RECORD_BYTES_MAX };

    /// At most `segments` files of `segment_bytes` each, with records of at most `record_bytes`.
    ///
    /// # Errors
    /// [`LimitsError`] when they contradict each other.
    pub fn new(segment_bytes: u32, segments: u32, record_bytes: u32) -> Result<Self, LimitsError> {
        let limits = Self { segment_bytes, segments, record_bytes };
        if !segment_bytes.is_multiple_of(512) {
            return Err(LimitsError::NotSectors(segment_bytes));
        }
        if segments < 2 {
            return Err(LimitsError::TooFewSegments(segments));
        }
        let length = record_bytes as usize;
        if length > LENGTH_MAX || format::record_bytes(length) > limits.batch_bytes() {
            return Err(LimitsError::RecordTooLarge { record_bytes, segment_bytes });
        }
        Ok(limits)
    }

    /// What the records of one batch may take, heads included: beside them a segment's first batch holds the header,
    /// a later one a mark, and every segment keeps room for a last mark.
    pub(crate) const fn batch_bytes(&self) -> usize {
        let around = HEADER_BYTES + 2 * MARK_BYTES;
        let segment = self.segment_bytes as usize;
        let whole = if segment < BATCH_BYTES_MAX { segment } else { BATCH_BYTES_MAX };
        whole.saturating_sub(around)
    }
}
