//! The thread of a line: opens its port again and again, waits, hands bytes over, and turns answers into readings.

use super::Order;
use super::plan::{Board, Plan};
use crate::clock::{bus_micros, bus_start};
use crate::config::Parity;
use crate::port::{self, REOPEN_MAX, write_all};
use crate::senses::{Ears, Heard};
use core::time::Duration;
use lockward_inputs::Reading;
use lockward_modbus::{Block, Event, Input, Output};
use lockward_model::Mono;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use tracing::{error, info, warn};

/// The most that is read at once: two of the longest answers.
const READ_BYTES: usize = 1024;
/// A line that wants nothing is looked at this often.
const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Driver {
    plan: Plan,
    ears: Ears,
    inbox: Receiver<Order>,
    bell: UnixStream,
    /// What each coil is to be, by unit and address.
    wanted: BTreeMap<(u8, u16), bool>,
    /// Units whose coils can be had.
    heard: BTreeSet<u8>,
    wake: Option<Mono>,
    began: std::time::Instant,
}

/// Why a port was let go.
enum Ended {
    Stopped,
    Reopen,
    Port(std::io::Error),
}

impl Driver {
    pub(super) fn new(plan: Plan, ears: Ears, inbox: Receiver<Order>, bell: UnixStream) -> Self {
        let (wanted, heard) = (BTreeMap::new(), BTreeSet::new());
        Self { plan, ears, inbox, bell, wanted, heard, wake: None, began: bus_start() }
    }

    pub(super) fn run(&mut self) {
        let first = Duration::from_millis(50);
        let mut wait = first;
        loop {
            let name = self.plan.name.clone();
            let (baud, parity) = self.plan.serial.unwrap_or((0, Parity::None));
            match port::open(&self.plan.port, baud, parity) {
                Ok(port) => {
                    info!(board = %name, "line open");
                    wait = first;
                    match self.drive(&port) {
                        Ended::Stopped => return,
                        Ended::Reopen => {}
                        Ended::Port(error) => warn!(board = %name, %error, "line lost"),
                    }
                }
                Err(error) => warn!(board = %name, %error, "can not open the line; trying again"),
            }
            // What was never read is lost too.
            self.give(Input::Closed, None);
            self.all_lost();
            if self.rest(wait) {
                return;
            }
            wait = (wait * 2).min(REOPEN_MAX);
        }
    }

    fn now(&self) -> Mono {
        Mono(bus_micros(self.began))
    }

    /// Waits without a port. True if told to stop.
    fn rest(&mut self, wait: Duration) -> bool {
        let until = self.now() + wait;
        loop {
            if self.orders() {
                return true;
            }
            let left = until.since(self.now());
            if left.is_zero() {
                return false;
            }
            let _ = poll(&mut [PollFd::new(&self.bell, PollFlags::IN)], Some(&timespec(left)));
        }
    }

    fn drive(&mut self, port: &OwnedFd) -> Ended {
        let mut buffer = vec![0; READ_BYTES];
        if let Some(ended) = self.give(Input::Opened, Some(port)) {
            return ended;
        }
        loop {
            let left = self.wake.map_or(IDLE, |at| at.since(self.now()));
            let mut fds = [PollFd::new(port, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
            match poll(&mut fds, Some(&timespec(left))) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Ended::Port(error.into()),
            }
            let [line, bell] = fds.map(|fd| fd.revents());
            if !bell.is_empty() && self.orders() {
                return Ended::Stopped;
            }
            let mut n = 0;
            if !line.is_empty() {
                match rustix::io::read(port, &mut buffer[..]) {
                    Ok(0) => return Ended::Port(std::io::ErrorKind::UnexpectedEof.into()),
                    Ok(read) => n = read,
                    Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                    Err(error) => return Ended::Port(error.into()),
                }
            }
            let bytes = buffer.get(..n).filter(|b| !b.is_empty());
            if let Some(ended) = self.give(bytes.map_or(Input::Timer, Input::Bytes), Some(port)) {
                return ended;
            }
        }
    }

    /// Gives the line what happened, and does what it says.
    fn give(&mut self, input: Input<'_>, port: Option<&OwnedFd>) -> Option<Ended> {
        let mut out = Vec::new();
        self.plan.line.handle(self.now(), input, &mut out);
        self.wake = None;
        let mut ended = None;
        for output in out {
            match (output, port) {
                (Output::Transmit(bytes), Some(port)) => {
                    ended = write_all(port, &bytes).err().map(Ended::Port).or(ended);
                }
                (Output::Transmit(_), None) => {}
                (Output::WakeAt(at), _) => self.wake = Some(self.wake.map_or(at, |w| w.min(at))),
                (Output::Reopen, _) => ended = Some(Ended::Reopen),
                (Output::Event(unit, event), _) => self.event(unit, event),
            }
        }
        ended
    }

    /// Takes waiting orders. True if one of them is to stop.
    fn orders(&mut self) -> bool {
        let mut rung = [0; 64];
        while matches!(self.bell.read(&mut rung), Ok(n) if n == rung.len()) {}
        loop {
            match self.inbox.try_recv() {
                Ok(Order::Set(unit, coil, on)) => {
                    self.wanted.insert((unit, coil), on);
                    self.set(unit, coil, on);
                }
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    fn set(&mut self, unit: u8, coil: u16, on: bool) {
        let now = self.now();
        // A board that is lost is told what is wanted when it is back.
        if let Err(error) = self.plan.line.set(unit, coil, on, now)
            && self.heard.contains(&unit)
        {
            error!(board = %self.plan.name, unit, coil, %error, "a lock's output can not be set");
        }
    }

    fn event(&mut self, unit: u8, event: Event) {
        let name = &self.plan.name;
        match event {
            Event::Lost(block, why) => {
                warn!(line = %name, unit, ?block, %why, "a board is lost");
                if block == Block::Coils {
                    self.heard.remove(&unit);
                }
            }
            Event::Back(block) => info!(line = %name, unit, ?block, "a board is back"),
            Event::Disobeys { coil, wanted } => {
                error!(line = %name, unit, coil, wanted, "a coil does not do what was written to it");
            }
            Event::Coils(coils) => {
                if coils.iter().all(Option::is_some) && self.heard.insert(unit) {
                    let of_unit = self.wanted.range((unit, 0)..=(unit, u16::MAX));
                    let wanted: Vec<_> = of_unit.map(|((_, coil), on)| (*coil, *on)).collect();
                    wanted.into_iter().for_each(|(coil, on)| self.set(unit, coil, on));
                }
            }
            Event::Inputs(readings) => {
                let board = self.plan.boards.get(&unit);
                board.iter().for_each(|board| inputs(&self.ears, board, &readings));
            }
            Event::Registers(words) => {
                let board = self.plan.boards.get(&unit);
                board.iter().for_each(|board| registers(&self.ears, board, &words));
            }
        }
    }

    fn all_lost(&self) {
        for board in self.plan.boards.values() {
            inputs(&self.ears, board, &[]);
            registers(&self.ears, board, &[]);
        }
    }
}

/// What is missing from an answer is lost.
fn inputs(ears: &Ears, board: &Board, readings: &[Reading]) {
    let first = board.first_input();
    for (at, (wire, closed_is_active)) in &board.inputs {
        let reading = match readings.get(usize::from(at - first)) {
            Some(Reading::Level(closed)) => Reading::Level(closed == closed_is_active),
            _ => Reading::Lost,
        };
        // The thread that hears has ended; so will this one.
        let _ = ears.send(Heard::Reading(*wire, reading));
    }
}

/// As [`inputs`].
fn registers(ears: &Ears, board: &Board, words: &[Option<u16>]) {
    let first = board.first_register();
    for (at, (wire, adc)) in &board.registers {
        let word = words.get(usize::from(at - first)).copied().flatten();
        let reading = word.map_or(Reading::Lost, |word| adc.reading(word, None));
        let _ = ears.send(Heard::Reading(*wire, reading));
    }
}

fn timespec(span: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(span.subsec_nanos()),
    }
}
