//! The fields of a message: tag, length, value, in any order, each at most once.

use super::Refusal;

pub(super) mod tag {
    pub(in super::super) const TRANSACTION: u8 = 0x4C;
    pub(in super::super) const READER: u8 = 0x4D;
    pub(in super::super) const KEY: u8 = 0x5A;
    pub(in super::super) const VERSION: u8 = 0x5C;
    pub(in super::super) const SIGNATURE: u8 = 0x9E;
    pub(in super::super) const ERROR: u8 = 0xFB;
    pub(in super::super) const WRAPPER: u8 = 0xFC;
    pub(in super::super) const SEQUENCE: u8 = 0xFD;
    pub(in super::super) const CARD_STATUS: u8 = 0xFE;
}

/// ISO 7816-4: the card did as it was told.
const CARD_GOOD: [u8; 2] = [0x90, 0x00];
/// Error code of the text for a status of the card's own.
const ERROR_CARD: u8 = 1;

pub(super) fn put(payload: &mut Vec<u8>, tag: u8, value: &[u8]) {
    payload.extend_from_slice(&[tag, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
    payload.extend_from_slice(value);
}

/// The fields that are looked at; others are passed over.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) version: Option<&'a [u8]>,
    pub(super) transaction: Option<&'a [u8]>,
    pub(super) reader: Option<&'a [u8]>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) signature: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
    status: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// As the text has it, with a length after every tag; else as PKOC.Net.
    pub(super) fn read(payload: &'a [u8]) -> Option<Self> {
        Self::walk(payload, true).or_else(|| Self::walk(payload, false))
    }

    fn walk(mut rest: &'a [u8], lengths: bool) -> Option<Self> {
        let mut fields = Self::default();
        while let Some((&tag, after)) = rest.split_first() {
            let (len, after) = match (tag, lengths) {
                (tag::SEQUENCE, false) => (1, after),
                (tag::ERROR, false) => (if after.first() == Some(&ERROR_CARD) { 3 } else { 1 }, after),
                _ => after.split_first().map(|(len, after)| (usize::from(*len), after))?,
            };
            let (value, next) = after.split_at_checked(len)?;
            rest = next;
            let field = match tag {
                tag::VERSION => &mut fields.version,
                tag::TRANSACTION => &mut fields.transaction,
                tag::READER => &mut fields.reader,
                tag::KEY => &mut fields.key,
                tag::SIGNATURE => &mut fields.signature,
                tag::ERROR => &mut fields.error,
                tag::CARD_STATUS => &mut fields.status,
                _ => continue,
            };
            // The same field twice: which would count?
            if field.replace(value).is_some() {
                return None;
            }
        }
        Some(fields)
    }

    pub(super) fn trouble(&self) -> Result<(), Refusal> {
        match (self.error, self.status) {
            (Some([error, ..]), _) if *error != 0 => Err(Refusal::Reader(*error)),
            (_, Some(status)) if !status.is_empty() && status != CARD_GOOD => {
                Err(Refusal::Reader(ERROR_CARD))
            }
            _ => Ok(()),
        }
    }
}
