//! Cards as readers see them: bits from the left. Numbers never print.

use crate::chance::Chance;
use core::fmt;
use lockward_osdp::reply::CardData;
use lockward_wire::credential::CardNumber;

/// The facility that the demonstration's 26-bit cards are of.
const FACILITY: u8 = 113;

/// What is on a card.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Card {
    bits: u16,
    data: Vec<u8>,
}

impl Card {
    /// A 26-bit card (H10301): even parity over the first 12 data bits, odd parity over the last 12.
    #[must_use]
    pub fn h10301(facility: u8, number: u16) -> Self {
        let middle = u32::from(facility) << 16 | u32::from(number);
        let even = (middle >> 12).count_ones() & 1;
        let odd = 1 - ((middle & 0xfff).count_ones() & 1);
        let all = even << 25 | middle << 1 | odd;
        Self { bits: 26, data: (all << 6).to_be_bytes().to_vec() }
    }

    /// A card of any length: the last bits of `number`, the highest first.
    #[must_use]
    pub fn of(bits: u16, number: u64) -> Self {
        let bits = bits.clamp(1, 64);
        let whole = usize::from(bits.div_ceil(8));
        let data = (number << (64 - u32::from(bits))).to_be_bytes();
        Self { bits, data: data.into_iter().take(whole).collect() }
    }

    /// Reads a number as people write it: `26:FACILITY:NUMBER` for H10301, `BITS:HEX` for any format.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
            ("26", facility, Some(number), None) => {
                Some(Self::h10301(facility.parse().ok()?, number.parse().ok()?))
            }
            (bits, hex, None, None) => {
                let digits = hex.as_bytes().chunks(2).map(|pair| core::str::from_utf8(pair).ok());
                let data = digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<_>>()?;
                Some(Self { bits: bits.parse().ok()?, data })
            }
            _ => None,
        }
    }

    /// The `index`th card of the house: most have 26 bits, some 37, some the 56 of a chip's serial number.
    /// No two are alike, for each holds its index.
    #[must_use]
    pub fn issued(index: u16, chance: &mut Chance) -> Self {
        let noise = chance.number() >> 16;
        match chance.below(10) {
            0..=6 => Self::h10301(FACILITY, index.wrapping_mul(251).wrapping_add(4_000)),
            7 | 8 => Self::of(37, (noise & 0xf_ffff) << 16 | u64::from(index)),
            _ => Self::of(56, 0x04 << 48 | (noise & 0xffff_ffff) << 16 | u64::from(index)),
        }
    }

    /// A card of somebody else's.
    #[must_use]
    pub fn foreign(chance: &mut Chance) -> Self {
        let number = u16::try_from(chance.below(65_536)).unwrap_or(0);
        Self::h10301(FACILITY.wrapping_add(1), number)
    }

    /// As a site keeps it: the token is made from this.
    #[must_use]
    pub fn number(&self) -> Option<CardNumber> {
        CardNumber::new(self.bits, &self.data).ok()
    }

    /// As a reader sends it.
    #[must_use]
    pub fn read(&self) -> Option<CardData> {
        let whole = usize::from(self.bits.div_ceil(8));
        CardData::new(self.bits, self.data.iter().copied().take(whole).collect())
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({} bits, ..)", self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_wire::CardKey;

    #[test]
    fn a_card_at_a_reader_is_the_card_in_the_books() {
        let key = CardKey::from_bytes([7; 32]);
        let written = key.token_of(&CardNumber::parse("26:113:4711").unwrap());
        let read = Card::h10301(113, 4_711).read().unwrap();
        assert_eq!(key.token(read.bits, read.data()), Some(written));
        let long = Card::of(37, 0x12_3456_789a).read().unwrap();
        let written = key.token_of(&CardNumber::parse("37:91a2b3c4d0").unwrap());
        assert_eq!(key.token(long.bits, long.data()), Some(written));
        assert_eq!(Card::parse("26:113:4711"), Some(Card::h10301(113, 4_711)));
        assert_eq!(Card::parse("37:91a2b3c4d0"), Some(Card::of(37, 0x12_3456_789a)));
        assert_eq!((Card::parse("4711"), Card::parse("26:1:2:3"), Card::parse("37:xy")), (None, None, None));
    }
}
