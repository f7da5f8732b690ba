//! A message over several reports: each says the total, where it begins, and how much it holds.

use super::{REPORT_MAX, Refusal, Report, code};

/// Puts the parts of one report together. INVARIANT: at most [`REPORT_MAX`] bytes are kept.
#[derive(Debug, Default)]
pub struct Assembly {
    code: u8,
    total: usize,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Takes the data of one report of the vendor's; gives the whole once its last part is in.
    ///
    /// # Errors
    /// [`Refusal`]; what was put together until then is forgotten.
    pub fn take(&mut self, data: &[u8]) -> Result<Option<Report>, Refusal> {
        let (code, rest) = data.split_first().ok_or(Refusal::Malformed)?;
        let before = std::mem::take(self);
        let part = match (*code, rest) {
            (code::REFRESH, []) => return Ok(Some(Report::Refresh)),
            (code::ERROR, [error, ..]) => return Err(Refusal::Reader(*error)),
            (code::PRESENT | code::RESPONSE, rest) => Part::read(rest),
            _ => return Err(Refusal::Malformed),
        };
        let Some(part) = part else {
            // No header: "card present" of some readers.
            return if *code == code::PRESENT {
                Report::present(rest).map(Some)
            } else {
                Err(Refusal::Malformed)
            };
        };
        let begun = if part.offset == 0 {
            Self { code: *code, total: part.total, bytes: Vec::new() }
        } else {
            before
        };
        if (begun.code, begun.total, begun.bytes.len()) != (*code, part.total, part.offset) {
            return Err(Refusal::Malformed);
        }
        *self = begun;
        self.bytes.extend_from_slice(part.bytes);
        if self.bytes.len() < self.total {
            return Ok(None);
        }
        let whole = std::mem::take(self).bytes;
        let read = if *code == code::PRESENT { Report::present } else { Report::response };
        read(&whole).map(Some)
    }
}

/// One part: total, offset and length of it, 16 bits each with the low byte first, then its bytes.
pub(super) struct Part<'a> {
    total: usize,
    offset: usize,
    pub(super) bytes: &'a [u8],
}

impl<'a> Part<'a> {
    /// `None` unless the numbers fit each other, the bytes and [`REPORT_MAX`], and it says something.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let (&[t0, t1, o0, o1, l0, l1], bytes) = data.split_first_chunk()?;
        let [total, offset, len] = [[t0, t1], [o0, o1], [l0, l1]].map(|n| usize::from(u16::from_le_bytes(n)));
        let fits = len == bytes.len() && len > 0 && offset + len <= total && total <= REPORT_MAX;
        fits.then_some(Self { total, offset, bytes })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() == self.total
    }
}

pub(super) fn parts(code: u8, payload: &[u8], room: usize) -> Vec<Vec<u8>> {
    let numbers = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes();
    let room = room.max(1);
    let part = |(index, bytes): (usize, &[u8])| {
        let header = [payload.len(), index * room, bytes.len()].map(numbers);
        [&[code], header.as_flattened(), bytes].concat()
    };
    payload.chunks(room).enumerate().map(part).collect()
}
