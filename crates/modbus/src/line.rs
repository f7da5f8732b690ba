//! One line and its boards: one question at a time, and no board that fails takes the others' turns.

use crate::board::{Board, Job};
use crate::config::{self, ConfigError, LineConfig, Transport, characters, silence};
use crate::frame::{Decoded, Flaw, RTU_MAX, Reply, Request, TCP_MAX, Wire};
use core::time::Duration;
use lockward_inputs::Reading;
use lockward_model::Mono;

/// A lost board costs its time-out each time that it is tried: no more of the line than this leaves.
const LOST_EVERY: Duration = Duration::from_millis(500);
/// Bytes of late answers that may stand before ours, over TCP.
const LATE_MAX: usize = 16 * TCP_MAX;

/// Values of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Block {
    /// Two-state inputs.
    Inputs,
    /// Analogue inputs.
    Registers,
    /// Outputs.
    Coils,
}

/// Why values are lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Lacking {
    /// The board does not answer.
    #[error("it does not answer: check its power, its address, the wires and the rate")]
    Silent,
    /// What it answers is no answer.
    #[error("what it answers is no answer")]
    Flawed(#[source] Flaw),
    /// It refuses, for the reason of V1.1b3, 7: 1 and 2 are a declaration that does not fit the board.
    #[error("it refuses, reason {0}: 1 is no such function, 2 no such address, 4 a failure of the board")]
    Refused(u8),
    /// The port or the connection is closed.
    #[error("the line is closed")]
    Closed,
}

/// What a board has to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// All inputs, at every poll; all [`Reading::Lost`] where they can not be had.
    Inputs(Vec<Reading>),
    /// All registers, at every poll; none has a value where they can not be had.
    Registers(Vec<Option<u16>>),
    /// All coils as read back; none has a value where they can not be had.
    Coils(Vec<Option<bool>>),
    /// From here on these can not be had. Coils are wanted as declared for this.
    Lost(Block, Lacking),
    /// They can be had again.
    Back(Block),
    /// A coil was written and acknowledged, and is still another. Told once, until it is as wanted.
    Disobeys {
        /// Which.
        coil: u16,
        /// What it is to be.
        wanted: bool,
    },
}

/// What a line is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// The port is open, the connection stands.
    Opened,
    /// It is not.
    Closed,
    /// Bytes came in.
    Bytes(&'a [u8]),
    /// Time passed.
    Timer,
}

/// What a line wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Send this.
    Transmit(Vec<u8>),
    /// Give [`Input::Timer`] at this time, if nothing else comes before.
    WakeAt(Mono),
    /// A board told something; its unit.
    Event(u8, Event),
    /// The connection is of no use: close it and open another, then give [`Input::Opened`].
    Reopen,
}

/// Why a coil is not set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetError {
    /// No such board, or no such coil of it.
    #[error("no coil {coil} of unit {unit} is declared")]
    Unknown {
        /// As asked for.
        unit: u8,
        /// As asked for.
        coil: u16,
    },
    /// The board can not be reached: nothing moves, now or later. It is wanted as declared for this.
    #[error("unit {0} is lost: nothing was switched, and nothing will be when it is back")]
    Lost(u8),
}

struct Asked {
    board: usize,
    job: Job,
    request: Request,
    wire: Wire,
    deadline: Mono,
}

enum Phase {
    Closed,
    /// The next question may be asked at this time.
    Free(Mono),
    Asked(Asked),
}

/// One line.
pub struct Line {
    transport: Transport,
    reply: Duration,
    boards: Vec<Board>,
    phase: Phase,
    buffer: Vec<u8>,
    transaction: u16,
    lost_from: Mono,
    wrote: bool,
}

impl core::fmt::Debug for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Line({} boards, {:?})", self.boards.len(), self.transport)
    }
}

impl Line {
    /// A line that is closed.
    ///
    /// # Errors
    /// [`ConfigError`] names what no line can be, or on which a level of 400 ms could be missed.
    pub fn new(config: LineConfig) -> Result<Self, ConfigError> {
        config::check(&config)?;
        let LineConfig { transport, boards, reply, tries, read_back } = config;
        let boards = boards.into_iter().map(|b| Board::new(b, tries, read_back)).collect();
        Ok(Self {
            transport,
            reply,
            boards,
            phase: Phase::Closed,
            buffer: Vec::new(),
            transaction: 0,
            lost_from: Mono(0),
            wrote: false,
        })
    }

    /// Wants a coil to be something from now on: written next, read back, and written again whenever it is not so. Give
    /// [`Input::Timer`] afterwards.
    ///
    /// # Errors
    /// [`SetError`]: nothing was or will be switched.
    pub fn set(&mut self, unit: u8, coil: u16, on: bool, now: Mono) -> Result<(), SetError> {
        let board = self.boards.iter_mut().find(|b| b.unit == unit);
        match board.map_or(Some(false), |b| b.set(coil, on, now)) {
            Some(true) => Ok(()),
            Some(false) => Err(SetError::Unknown { unit, coil }),
            None => Err(SetError::Lost(unit)),
        }
    }

    /// Takes what happened, and says what to do.
    pub fn handle(&mut self, now: Mono, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Opened => {
                self.buffer.clear();
                self.phase = Phase::Free(now + self.gap());
            }
            Input::Closed => self.close(Lacking::Closed, out),
            Input::Bytes(bytes) => self.hear(bytes, now, out),
            Input::Timer => {}
        }
        if let Phase::Asked(asked) = &self.phase
            && asked.deadline <= now
        {
            // Whatever came so far is not the whole of an answer.
            self.fail(Lacking::Silent, now, out);
        }
        if let Phase::Free(from) = self.phase {
            self.ask(from, now, out);
        }
        if let Phase::Asked(asked) = &self.phase {
            out.push(Output::WakeAt(asked.deadline));
        }
    }

    fn hear(&mut self, bytes: &[u8], now: Mono, out: &mut Vec<Output>) {
        let tcp = self.transport == Transport::Tcp;
        // On a serial line whatever nobody asked for is noise. A stream keeps its frames.
        if matches!(self.phase, Phase::Closed) || !(tcp || matches!(self.phase, Phase::Asked(_))) {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        while let Phase::Asked(Asked { board, job, request, wire, .. }) = self.phase {
            let Some(unit) = self.boards.get(board).map(|b| b.unit) else { break };
            match request.decode(wire, unit, &self.buffer) {
                Decoded::Partial => break,
                Decoded::Late(len) => drop(self.buffer.drain(..len.min(self.buffer.len()))),
                Decoded::Flawed(Flaw::Header) => return self.reopen(out),
                Decoded::Flawed(flaw) => return self.fail(Lacking::Flawed(flaw), now, out),
                Decoded::Whole(Reply::Refused(reason)) => {
                    return self.fail(Lacking::Refused(reason), now, out);
                }
                Decoded::Whole(reply) => {
                    self.buffer.clear();
                    self.phase = Phase::Free(now + self.gap());
                    if let Some(b) = self.boards.get_mut(board) {
                        b.answered(job, request, reply, now, &mut |e| out.push(Output::Event(unit, e)));
                    }
                    return;
                }
            }
        }
        if self.buffer.len() > if tcp { LATE_MAX } else { RTU_MAX } {
            match self.transport {
                Transport::Tcp => self.reopen(out),
                Transport::Rtu { .. } => self.fail(Lacking::Flawed(Flaw::Tail), now, out),
            }
        }
    }

    fn fail(&mut self, why: Lacking, now: Mono, out: &mut Vec<Output>) {
        let Phase::Asked(Asked { board, job, .. }) = self.phase else { return };
        // On a serial line the answer may still come, and would be taken for that to the next question.
        let rest = match (self.transport, why) {
            (Transport::Rtu { .. }, Lacking::Silent | Lacking::Flawed(_)) => self.reply,
            _ => self.gap(),
        };
        self.phase = Phase::Free(now + rest);
        if self.transport != Transport::Tcp || why != Lacking::Silent {
            self.buffer.clear();
        }
        let Some(b) = self.boards.get_mut(board) else { return };
        let unit = b.unit;
        if b.is_lost(job) {
            self.lost_from = now + LOST_EVERY;
        }
        b.failed(job, why, now, &mut |e| out.push(Output::Event(unit, e)));
        // A connection on which nobody answers may stand on one side only.
        if self.transport == Transport::Tcp
            && why == Lacking::Silent
            && self.boards.iter().all(Board::is_all_lost)
        {
            self.reopen(out);
        }
    }

    fn reopen(&mut self, out: &mut Vec<Output>) {
        out.push(Output::Reopen);
        self.close(Lacking::Closed, out);
    }

    fn close(&mut self, why: Lacking, out: &mut Vec<Output>) {
        self.phase = Phase::Closed;
        self.buffer.clear();
        for board in &mut self.boards {
            let unit = board.unit;
            board.lose_all(why, &mut |e| out.push(Output::Event(unit, e)));
        }
    }

    /// Asks what is due, or says when something will be.
    fn ask(&mut self, from: Mono, now: Mono, out: &mut Vec<Output>) {
        let Some((due, board, job)) = self.next(now) else { return };
        if due.max(from) > now {
            out.push(Output::WakeAt(due.max(from)));
            return;
        }
        let Some((unit, request)) = self.boards.get(board).and_then(|b| Some((b.unit, b.request(job)?)))
        else {
            return;
        };
        let (wire, spent) = match self.transport {
            Transport::Rtu { baud } => {
                self.buffer.clear();
                (Wire::Rtu, characters(baud, 8 + 3 + request.answer_len()))
            }
            Transport::Tcp => {
                self.transaction = self.transaction.wrapping_add(1);
                (Wire::Tcp { transaction: self.transaction }, Duration::ZERO)
            }
        };
        self.wrote = matches!(job, Job::Write(_));
        out.push(Output::Transmit(request.encode(wire, unit)));
        let deadline = now + spent + self.reply;
        self.phase = Phase::Asked(Asked { board, job, request, wire, deadline });
    }

    /// Writes go first, and every second time only: who opens many doors must not make the line blind.
    fn next(&self, now: Mono) -> Option<(Mono, usize, Job)> {
        let boards = || self.boards.iter().enumerate();
        let write = boards()
            .filter_map(|(i, b)| b.next_write().map(|(due, coil)| (due, i, Job::Write(coil))))
            .min_by_key(|(due, ..)| *due);
        let read = boards()
            .filter_map(|(i, b)| b.next_read(self.lost_from).map(|read| (read, i)))
            .min_by_key(|(read, _)| (read.due, read.asked_for))
            .map(|(read, i)| (read.due, i, Job::Read(read.block)));
        let is_due = |(due, ..): &(Mono, usize, Job)| *due <= now;
        match (write, read) {
            (Some(w), Some(r)) if is_due(&w) && !(self.wrote && is_due(&r)) => Some(w),
            (Some(w), Some(r)) if !is_due(&w) && w.0 < r.0 => Some(w),
            (w, None) => w,
            (_, read) => read,
        }
    }

    fn gap(&self) -> Duration {
        match self.transport {
            Transport::Rtu { baud } => silence(baud),
            Transport::Tcp => Duration::ZERO,
        }
    }
}
