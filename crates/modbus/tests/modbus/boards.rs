//! Boards as simple as they can be: they parse what they hear by themselves, and fail in the ways that boards fail.

use std::collections::BTreeMap;

/// How a board answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    Well,
    /// It says nothing.
    Silent,
    /// One bit is flipped on the way.
    Noisy,
    /// It refuses everything, for this reason.
    Refuses(u8),
    /// It refuses to read its inputs, and answers all else.
    NoInputs,
    /// It acknowledges writes, and does not switch.
    Stuck,
    /// Its answers come after so many milliseconds.
    Slow(u64),
}

/// A board with eight inputs, four registers and eight coils.
pub(crate) struct Board {
    pub(crate) manner: Manner,
    pub(crate) inputs: u8,
    pub(crate) registers: [u16; 4],
    pub(crate) coils: u8,
    pub(crate) writes: Vec<(u16, bool)>,
}

/// Several of them, by unit.
pub(crate) type Boards = BTreeMap<u8, Board>;

impl Board {
    pub(crate) fn new() -> Self {
        Self { manner: Manner::Well, inputs: 0, registers: [0; 4], coils: 0, writes: Vec::new() }
    }

    /// What it answers to a function and its two words; nothing if it is silent.
    fn answer(&mut self, function: u8, a: u16, b: u16) -> Option<Vec<u8>> {
        match (self.manner, function) {
            (Manner::Silent, _) => return None,
            (Manner::Refuses(reason), _) => return Some(vec![function | 0x80, reason]),
            (Manner::NoInputs, 2) => return Some(vec![0x82, 1]),
            _ => {}
        }
        Some(match function {
            1 => vec![1, 1, self.coils],
            2 => vec![2, 1, self.inputs],
            4 => [vec![4, 8], self.registers.iter().flat_map(|r| r.to_be_bytes()).collect()].concat(),
            5 => {
                self.writes.push((a, b == 0xff00));
                if self.manner != Manner::Stuck {
                    self.coils = self.coils & !(1 << a) | u8::from(b == 0xff00) << a;
                }
                [&[5][..], &a.to_be_bytes(), &b.to_be_bytes()].concat()
            }
            _ => vec![function | 0x80, 1],
        })
    }
}

/// What comes back when a frame goes to the boards, and after how many milliseconds.
pub(crate) fn hear(boards: &mut Boards, tcp: bool, frame: &[u8]) -> Option<(u64, Vec<u8>)> {
    let (header, pdu) = if tcp { frame.split_at(6) } else { (&frame[..0], &frame[..6]) };
    let board = boards.get_mut(&pdu[0])?;
    let word = |at: usize| u16::from_be_bytes([pdu[at], pdu[at + 1]]);
    let mut said = vec![pdu[0]];
    said.extend(board.answer(pdu[1], word(2), word(4))?);
    let mut framed = if tcp {
        [&header[..4], &u16::try_from(said.len()).unwrap().to_be_bytes(), &said].concat()
    } else {
        let mut crc = 0xffff_u16;
        for byte in &said {
            crc = (0..8)
                .fold(crc ^ u16::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xa001 } else { c >> 1 });
        }
        [&said[..], &crc.to_le_bytes()].concat()
    };
    if board.manner == Manner::Noisy {
        // The first value: over TCP nothing but the count could show it, so there it is the function.
        framed[if tcp { 7 } else { 3 }] ^= 0x10;
    }
    let after = if let Manner::Slow(ms) = board.manner { ms } else { 5 };
    Some((after, framed))
}
