//! Requests as bytes, and bytes as the answer to one request: an answer that does not fit its question is a flaw.

/// The longest frame on a serial line (Modbus over Serial Line V1.02, 2.5.1).
pub(crate) const RTU_MAX: usize = 256;
/// The longest frame over TCP (Modbus Messaging on TCP/IP V1.0b, 3.1.3): header, unit and 253 bytes.
pub(crate) const TCP_MAX: usize = 260;
/// Transaction, protocol and length (3.1.3).
const HEADER: usize = 6;
/// Set in the function of an answer that refuses (V1.1b3, 7).
const REFUSES: u8 = 0x80;

/// What stands around a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// Unit, request, CRC.
    Rtu,
    /// Transaction, protocol, length, unit, request.
    Tcp {
        /// Comes back in the answer.
        transaction: u16,
    },
}

/// The four functions of V1.1b3 that an I/O board needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// 6.1: what the outputs are.
    ReadCoils {
        /// The first.
        from: u16,
        /// How many.
        count: u16,
    },
    /// 6.2: two-state inputs.
    ReadInputs {
        /// The first.
        from: u16,
        /// How many.
        count: u16,
    },
    /// 6.4: analogue inputs.
    ReadRegisters {
        /// The first.
        from: u16,
        /// How many.
        count: u16,
    },
    /// 6.5: switch one output.
    WriteCoil {
        /// Which.
        at: u16,
        /// Energised.
        on: bool,
    },
}

/// An answer that fits its request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Coils or inputs, as many as were asked for.
    Bits(Vec<bool>),
    /// Registers, as many as were asked for.
    Words(Vec<u16>),
    /// The coil was written.
    Written,
    /// The board refuses, and gives a reason (V1.1b3, 7).
    Refused(u8),
}

/// What is wrong with bytes that should have been an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// The check sum does not fit: noise on the line, a wrong rate, or two boards with one address.
    #[error("the check sum does not fit")]
    Crc,
    /// Another board answered.
    #[error("unit {0} answered")]
    Unit(u8),
    /// An answer to something else.
    #[error("the answer is to function {0}")]
    Function(u8),
    /// More or fewer values than were asked for.
    #[error("the answer has {found} bytes of values, {expected} were asked for")]
    Count {
        /// What fits the request.
        expected: usize,
        /// What the answer says.
        found: usize,
    },
    /// A write was acknowledged, another than ours.
    #[error("the answer acknowledges another write")]
    Echo,
    /// The header over TCP is not that of Modbus. The stream has no frames any more.
    #[error("the header is not Modbus")]
    Header,
    /// More bytes than the answer has.
    #[error("there are bytes behind the answer")]
    Tail,
}

/// What bytes are, as the answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decoded {
    /// More must come.
    Partial,
    /// The answer.
    Whole(Reply),
    /// Over TCP: so many bytes are the answer to an earlier request.
    Late(usize),
    /// No answer.
    Flawed(Flaw),
}

impl Request {
    fn function(self) -> u8 {
        match self {
            Self::ReadCoils { .. } => 1,
            Self::ReadInputs { .. } => 2,
            Self::ReadRegisters { .. } => 4,
            Self::WriteCoil { .. } => 5,
        }
    }

    /// Function, and its two words.
    fn body(self) -> [u8; 5] {
        let (a, b) = match self {
            Self::ReadCoils { from, count }
            | Self::ReadInputs { from, count }
            | Self::ReadRegisters { from, count } => (from, count),
            Self::WriteCoil { at, on } => (at, if on { 0xff00 } else { 0 }),
        };
        let ([a, aa], [b, bb]) = (a.to_be_bytes(), b.to_be_bytes());
        [self.function(), a, aa, b, bb]
    }

    /// Bytes of values in the answer to a read.
    fn values(self) -> Option<usize> {
        match self {
            Self::ReadCoils { count, .. } | Self::ReadInputs { count, .. } => {
                Some(usize::from(count).div_ceil(8))
            }
            Self::ReadRegisters { count, .. } => Some(2 * usize::from(count)),
            Self::WriteCoil { .. } => None,
        }
    }

    /// The length of an answer that does not refuse: function, and either a count with its values or the echo.
    pub(crate) fn answer_len(self) -> usize {
        self.values().map_or(5, |values| 2 + values)
    }

    /// The request, for one unit.
    #[must_use]
    pub fn encode(self, wire: Wire, unit: u8) -> Vec<u8> {
        let body = self.body();
        match wire {
            Wire::Rtu => {
                let mut frame = vec![unit];
                frame.extend(body);
                frame.extend(crc16(&frame).to_le_bytes());
                frame
            }
            Wire::Tcp { transaction } => {
                let mut frame = transaction.to_be_bytes().to_vec();
                frame.extend([0, 0, 0, 6, unit]);
                frame.extend(body);
                frame
            }
        }
    }

    /// What bytes are, as the answer of one unit to this request.
    #[must_use]
    pub fn decode(self, wire: Wire, unit: u8, bytes: &[u8]) -> Decoded {
        match wire {
            Wire::Rtu => self.decode_rtu(unit, bytes),
            Wire::Tcp { transaction } => self.decode_tcp(transaction, unit, bytes),
        }
    }

    fn decode_rtu(self, unit: u8, bytes: &[u8]) -> Decoded {
        // The length of an answer is known once its function is; the check sum covers both.
        let Some(function) = bytes.get(1) else { return Decoded::Partial };
        let len = if *function & REFUSES == 0 { self.answer_len() } else { 2 };
        let Some((frame, tail)) = bytes.split_at_checked(1 + len + 2) else { return Decoded::Partial };
        let Some((said, sum)) = frame.split_last_chunk::<2>() else { return Decoded::Partial };
        if crc16(said) != u16::from_le_bytes(*sum) {
            return Decoded::Flawed(Flaw::Crc);
        }
        if !tail.is_empty() {
            return Decoded::Flawed(Flaw::Tail);
        }
        match said.split_first() {
            Some((from, body)) if *from == unit => self.answer(body),
            Some((from, _)) => Decoded::Flawed(Flaw::Unit(*from)),
            None => Decoded::Partial,
        }
    }

    fn decode_tcp(self, transaction: u16, unit: u8, bytes: &[u8]) -> Decoded {
        let Some((&[t, tt, p, pp, l, ll], rest)) = bytes.split_first_chunk::<HEADER>() else {
            return Decoded::Partial;
        };
        let len = usize::from(u16::from_be_bytes([l, ll]));
        // Unit, function and one byte at least.
        if (p, pp) != (0, 0) || !(3..=TCP_MAX - HEADER).contains(&len) {
            return Decoded::Flawed(Flaw::Header);
        }
        let Some((said, tail)) = rest.split_at_checked(len) else { return Decoded::Partial };
        if u16::from_be_bytes([t, tt]) != transaction {
            return Decoded::Late(HEADER + len);
        }
        if !tail.is_empty() {
            return Decoded::Flawed(Flaw::Tail);
        }
        match said.split_first() {
            Some((from, body)) if *from == unit => self.answer(body),
            Some((from, _)) => Decoded::Flawed(Flaw::Unit(*from)),
            None => Decoded::Partial,
        }
    }

    fn answer(self, body: &[u8]) -> Decoded {
        let Some((function, rest)) = body.split_first() else { return Decoded::Flawed(Flaw::Function(0)) };
        if *function == self.function() | REFUSES {
            return match rest {
                [reason] => Decoded::Whole(Reply::Refused(*reason)),
                _ => Decoded::Flawed(Flaw::Count { expected: 1, found: rest.len() }),
            };
        }
        if *function != self.function() {
            return Decoded::Flawed(Flaw::Function(*function));
        }
        let Some(expected) = self.values() else {
            // 6.5: "The normal response is an echo of the request".
            let same = body == self.body();
            return if same { Decoded::Whole(Reply::Written) } else { Decoded::Flawed(Flaw::Echo) };
        };
        let Some((said, values)) = rest.split_first() else {
            return Decoded::Flawed(Flaw::Count { expected, found: 0 });
        };
        // Both the count and what stands behind it.
        let found = if usize::from(*said) == expected { values.len() } else { usize::from(*said) };
        if found != expected {
            return Decoded::Flawed(Flaw::Count { expected, found });
        }
        Decoded::Whole(self.read(values))
    }

    fn read(self, values: &[u8]) -> Reply {
        if let Self::ReadRegisters { .. } = self {
            let (words, _) = values.as_chunks::<2>();
            return Reply::Words(words.iter().map(|w| u16::from_be_bytes(*w)).collect());
        }
        // 6.1: "The LSB of the first data byte contains the output addressed in the query."
        let bits = values.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        let count = match self {
            Self::ReadCoils { count, .. } | Self::ReadInputs { count, .. } => usize::from(count),
            Self::ReadRegisters { .. } | Self::WriteCoil { .. } => 0,
        };
        Reply::Bits(bits.take(count).collect())
    }
}

/// Modbus over Serial Line V1.02, 6.2.2: polynomial 0xA001, all ones first, low byte first on the line.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}
