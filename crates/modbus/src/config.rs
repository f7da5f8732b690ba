//! A line and its boards as the installer declares them, refused where a level could slip between two polls.

use crate::frame::Request;
use core::time::Duration;
use std::collections::BTreeSet;

/// The slowest serial line.
const BAUD_MIN: u32 = 1_200;
/// The fastest.
const BAUD_MAX: u32 = 1_000_000;
/// Bits of a character: start, eight, parity or a second stop, stop (Modbus over Serial Line V1.02, 2.5.1).
const BITS: u32 = 11;
/// How long a board takes to answer; those in the field say 2 to 10 ms.
const THINKS: Duration = Duration::from_millis(10);
/// The longest round of a line whose boards all answer: a level of 400 ms is seen at least once, with time to settle.
const ROUND_MAX: Duration = Duration::from_millis(200);
/// The most coils and inputs in one answer (V1.1b3, 6.1, 6.2).
const BITS_MAX: usize = 2_000;
/// The most registers (6.4).
const WORDS_MAX: usize = 125;

/// How bytes go to the boards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// A serial line, RS-485.
    Rtu {
        /// Bits per second.
        baud: u32,
    },
    /// A connection over TCP.
    Tcp,
}

/// Consecutive inputs or registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first: addresses begin at 0, where manuals often write 1, 10001 or 30001.
    pub from: u16,
    /// How many.
    pub count: u16,
}

/// Consecutive outputs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coils {
    /// The first, counted from 0.
    pub from: u16,
    /// What each is to be, from the moment on when the board is lost: energised or not. Also what it is to be at the
    /// start.
    pub on_loss: Vec<bool>,
}

/// One board. One span of each kind, so that every answer of a board to a function is to the same question: RTU has
/// nothing else to tell a late answer by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoardConfig {
    /// Its address.
    pub unit: u8,
    /// Two-state inputs.
    pub inputs: Option<Span>,
    /// Analogue inputs: what the converter counts, for [`lockward_inputs::Adc`].
    pub registers: Option<Span>,
    /// Outputs.
    pub coils: Option<Coils>,
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineConfig {
    /// How bytes go.
    pub transport: Transport,
    /// The boards.
    pub boards: Vec<BoardConfig>,
    /// How long an answer is waited for.
    pub reply: Duration,
    /// So many failures in a row, and what was asked for is lost.
    pub tries: u8,
    /// How often outputs are read back when nobody writes them.
    pub read_back: Duration,
}

impl LineConfig {
    /// A line with the times that suit most boards: 100 ms, three tries, five seconds.
    #[must_use]
    pub fn new(transport: Transport, boards: Vec<BoardConfig>) -> Self {
        let (reply, read_back) = (Duration::from_millis(100), Duration::from_secs(5));
        Self { transport, boards, reply, tries: 3, read_back }
    }
}

/// Why a line is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// No serial line has this rate.
    #[error("{0} baud: write {BAUD_MIN} to {BAUD_MAX}")]
    Baud(u32),
    /// No board has this address: 0 is for all at once, 248 and more are reserved.
    #[error("a board has unit {0}: write 1 to 247")]
    Unit(u8),
    /// One address for two boards.
    #[error("two boards have unit {0}: both would answer at once; give one of them another")]
    Twice(u8),
    /// Nothing to ask for.
    #[error("the board with unit {0} has no inputs, registers or coils: declare some, or leave it out")]
    Idle(u8),
    /// No values, more than fit one answer, or past the last address.
    #[error("unit {unit}: {count} {what} from {from}: write 1 to {most}, up to address 65535")]
    Span {
        /// Which board.
        unit: u8,
        /// Which span of it.
        what: &'static str,
        /// As written.
        from: u16,
        /// As written.
        count: usize,
        /// The most in one answer.
        most: usize,
    },
    /// A time that no line works with.
    #[error("`{what}` is {found:?}: write {least:?} to {most:?}")]
    Time {
        /// Which.
        what: &'static str,
        /// As written.
        found: Duration,
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
    /// A board would be given up never, or after ages.
    #[error("`tries` is {0}: write 1 to 10")]
    Tries(u8),
    /// A level of 400 ms could pass between two polls.
    #[error(
        "one round over all inputs takes {round:?} on this line, and may take {ROUND_MAX:?}: use a faster line, or two"
    )]
    Round {
        /// All requests for inputs and registers, and their answers, at this rate.
        round: Duration,
    },
}

/// So many characters on a line.
pub(crate) fn characters(baud: u32, count: usize) -> Duration {
    let bits = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(u64::from(BITS));
    Duration::from_micros(bits.saturating_mul(1_000_000) / u64::from(baud.max(1)))
}

/// The silence between two frames (V1.02, 2.5.1.1): 3.5 characters, and 1.75 ms above 19,200 baud.
pub(crate) fn silence(baud: u32) -> Duration {
    if baud > 19_200 { Duration::from_micros(1_750) } else { characters(baud, 7) / 2 }
}

impl BoardConfig {
    /// Everything that is asked for in one round.
    pub(crate) fn reads(&self) -> impl Iterator<Item = Request> {
        let inputs = self.inputs.map(|Span { from, count }| Request::ReadInputs { from, count });
        let registers = self.registers.map(|Span { from, count }| Request::ReadRegisters { from, count });
        let coils = self.coils.as_ref().map(|c| {
            let count = u16::try_from(c.on_loss.len()).unwrap_or(u16::MAX);
            Request::ReadCoils { from: c.from, count }
        });
        [inputs, registers, coils].into_iter().flatten()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let unit = self.unit;
        if !(1..=247).contains(&unit) {
            return Err(ConfigError::Unit(unit));
        }
        let inputs = self.inputs.map(|s| ("inputs", s.from, usize::from(s.count), BITS_MAX));
        let registers = self.registers.map(|s| ("registers", s.from, usize::from(s.count), WORDS_MAX));
        let coils = self.coils.as_ref().map(|c| ("coils", c.from, c.on_loss.len(), BITS_MAX));
        for (what, from, count, most) in [inputs, registers, coils].into_iter().flatten() {
            if !(1..=most).contains(&count) || usize::from(from) + count > 0x1_0000 {
                return Err(ConfigError::Span { unit, what, from, count, most });
            }
        }
        if self.reads().next().is_none() { Err(ConfigError::Idle(unit)) } else { Ok(()) }
    }
}

pub(crate) fn check(line: &LineConfig) -> Result<(), ConfigError> {
    let mut units = BTreeSet::new();
    for board in &line.boards {
        board.check()?;
        if !units.insert(board.unit) {
            return Err(ConfigError::Twice(board.unit));
        }
    }
    let ms = Duration::from_millis;
    for (what, found, least, most) in
        [("reply", line.reply, ms(10), ms(1_000)), ("read_back", line.read_back, ms(100), ms(60_000))]
    {
        if !(least..=most).contains(&found) {
            return Err(ConfigError::Time { what, found, least, most });
        }
    }
    if !(1..=10).contains(&line.tries) {
        return Err(ConfigError::Tries(line.tries));
    }
    let Transport::Rtu { baud } = line.transport else { return Ok(()) };
    if !(BAUD_MIN..=BAUD_MAX).contains(&baud) {
        return Err(ConfigError::Baud(baud));
    }
    // Eight characters ask, three stand around the answer. Reading back outputs is rare, and may wait.
    let turn = |r: Request| characters(baud, 8 + 3 + r.answer_len()) + THINKS + silence(baud);
    let reads = line.boards.iter().flat_map(BoardConfig::reads);
    let round: Duration = reads.filter(|r| !matches!(r, Request::ReadCoils { .. })).map(turn).sum();
    if round > ROUND_MAX { Err(ConfigError::Round { round }) } else { Ok(()) }
}
