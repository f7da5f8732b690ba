//! A line in simulated time: every byte takes its time, everyone on it hears everything, and a hand may be on it.
#![allow(dead_code, reason = "every test file uses its part")]

use std::collections::BTreeMap;

use lockward_osdp::bus::{Bus, BusConfig, Dice, Input, Micros, Output, PdConfig, PdEvent};
use lockward_osdp::command::PdCommand;
use lockward_osdp::frame::{Frame, MARK, Parser};
use lockward_osdp::key::Scbk;
use lockward_osdp::pd::{Pd, PdOutput, PdSettings};
use lockward_osdp::reply::{Capability, Identity, function};

pub(crate) const MS: Micros = 1_000;
pub(crate) const SECOND: Micros = 1_000_000;

/// Answers a command frame by hand.
type Answer = Box<dyn FnMut(&Frame) -> Option<Vec<u8>>>;
/// Sees and may change every frame; `None` is swallowed.
type Hand = Box<dyn FnMut(To, Vec<u8>) -> Option<Vec<u8>>>;
/// Where bytes go, and who of the readers does not hear them, for it speaks.
type Flying = (To, Option<usize>, Vec<u8>);

/// A reader, or what stands in its place.
pub(crate) enum Node {
    Reader(Box<Pd>),
    Silent,
    Forger(Answer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Panel,
    Readers,
}

pub(crate) struct Line {
    pub(crate) now: Micros,
    pub(crate) baud: u32,
    pub(crate) bus: Bus,
    pub(crate) nodes: Vec<Node>,
    /// Time from the end of a command to the start of its reply.
    pub(crate) reply_delay: Micros,
    /// Bytes one by one, as a wire has them; else each frame whole at its end, as some adapters do.
    pub(crate) bytewise: bool,
    pub(crate) hand: Hand,
    pub(crate) events: Vec<(Micros, u8, PdEvent)>,
    pub(crate) told: Vec<(usize, PdOutput)>,
    pub(crate) trace: Vec<(Micros, To, Vec<u8>)>,
    listeners: Vec<Parser>,
    wire: BTreeMap<(Micros, u64), Flying>,
    order: u64,
    wake: Option<Micros>,
}

/// Numbers that only look random: xorshift64*, one stream per seed.
pub(crate) fn dice(seed: u64) -> Dice {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    Box::new(move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes()
    })
}

pub(crate) fn key(n: u8) -> Scbk {
    let mut key = *b"\x8f\x11\xd3\x70\x02\x5e\xa9\x44\x61\x3c\xee\x97\x1b\x85\x20\xfa";
    key[3] ^= n;
    Scbk::new(key).unwrap()
}

pub(crate) fn identity(n: u8) -> Identity {
    Identity {
        vendor: [0x5C, 0x26, 0x23],
        model: 7,
        version: 1,
        serial: 0x1000_0000 + u32::from(n),
        firmware: [1, 0, 0],
    }
}

pub(crate) fn capabilities() -> Vec<Capability> {
    let all = [
        (function::CONTACTS, 1, 2),
        (function::LED, 2, 1),
        (function::BUZZER, 1, 1),
        (function::SECURITY, 1, 1),
    ];
    all.map(|(function, level, items)| Capability { function, level, items }).to_vec()
}

pub(crate) fn pd_config(address: u8) -> PdConfig {
    PdConfig { address, key: key(address), identity: None, capabilities: None }
}

pub(crate) fn settings(address: u8) -> PdSettings {
    PdSettings {
        address,
        key: Some(key(address)),
        install: false,
        identity: identity(address),
        capabilities: capabilities(),
    }
}

pub(crate) fn reader(settings: PdSettings) -> Node {
    let seed = 1_000 + u64::from(settings.address);
    Node::Reader(Box::new(Pd::new(settings, dice(seed))))
}

impl Line {
    /// `count` readers at addresses 0.., all as they should be.
    pub(crate) fn of(count: u8, baud: u32) -> Self {
        Self::with(
            baud,
            (0..count).map(pd_config).collect(),
            (0..count).map(|a| reader(settings(a))).collect(),
        )
    }

    pub(crate) fn with(baud: u32, pds: Vec<PdConfig>, nodes: Vec<Node>) -> Self {
        let bus = Bus::new(BusConfig { baud, pds }, 0, dice(7)).unwrap();
        let listeners = nodes.iter().map(|_| Parser::default()).collect();
        Self {
            now: 0,
            baud,
            bus,
            nodes,
            reply_delay: MS,
            bytewise: true,
            hand: Box::new(|_, bytes| Some(bytes)),
            events: Vec::new(),
            told: Vec::new(),
            trace: Vec::new(),
            listeners,
            wire: BTreeMap::new(),
            order: 0,
            wake: Some(0),
        }
    }

    pub(crate) fn characters(&self, count: usize) -> Micros {
        (count as u64 * 10_000_000).div_ceil(u64::from(self.baud))
    }

    /// Sends a frame; what stands before it is the line at mark, which takes its time and is no part of it.
    fn put(&mut self, from: Micros, to: To, not: Option<usize>, mut bytes: Vec<u8>) {
        let marks = bytes.iter().take_while(|byte| **byte == MARK).count();
        if marks > 0 {
            self.order += 1;
            self.wire.insert((from + self.characters(1), self.order), (to, not, vec![MARK; marks]));
        }
        bytes.drain(..marks);
        let from = from + self.characters(marks);
        self.trace.push((from, to, bytes.clone()));
        let Some(bytes) = (self.hand)(to, bytes) else { return };
        let mut put = |at, bytes| {
            self.order += 1;
            self.wire.insert((at, self.order), (to, not, bytes));
        };
        if self.bytewise {
            for (index, byte) in bytes.iter().enumerate() {
                put(from + ((index + 1) as u64 * 10_000_000).div_ceil(u64::from(self.baud)), vec![*byte]);
            }
        } else {
            put(from + (bytes.len() as u64 * 10_000_000).div_ceil(u64::from(self.baud)), bytes);
        }
    }

    fn panel(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.bus.handle(self.now, input, &mut out);
        self.wake = None;
        for output in out {
            match output {
                Output::Transmit(bytes) => self.put(self.now, To::Readers, None, bytes),
                Output::WakeAt(at) => {
                    assert!(at > self.now, "wakes at {at}, which is not after {}", self.now);
                    self.wake = Some(at);
                }
                Output::Event(address, event) => self.events.push((self.now, address, event)),
            }
        }
    }

    fn readers(&mut self, not: Option<usize>, bytes: &[u8]) {
        let mut replies = Vec::new();
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if Some(index) == not {
                continue;
            }
            let mut out = Vec::new();
            match node {
                Node::Silent => {}
                Node::Reader(pd) => pd.handle(self.now, bytes, &mut out),
                Node::Forger(answer) => {
                    self.listeners[index].push(bytes);
                    while let Some(found) = self.listeners[index].next_frame() {
                        out.extend(found.ok().and_then(|f| answer(&f)).map(PdOutput::Transmit));
                    }
                }
            }
            for output in out {
                match output {
                    PdOutput::Transmit(bytes) => replies.push((index, bytes)),
                    told => self.told.push((index, told)),
                }
            }
        }
        for (index, bytes) in replies {
            self.put(self.now + self.reply_delay, To::Panel, Some(index), bytes);
        }
    }

    /// Lets the line live until `until`.
    pub(crate) fn run_until(&mut self, until: Micros) {
        loop {
            let wire = self.wire.first_key_value().map(|(at, _)| at.0);
            let Some(next) = [wire, self.wake].into_iter().flatten().min().filter(|at| *at <= until) else {
                break;
            };
            self.now = self.now.max(next);
            if wire == Some(next) {
                let (_, (to, not, bytes)) = self.wire.pop_first().unwrap();
                if to == To::Panel {
                    self.panel(Input::Bytes(&bytes));
                }
                // A multi-drop line: readers hear each other.
                self.readers(not, &bytes);
            } else {
                self.panel(Input::Timer);
            }
        }
        self.now = self.now.max(until);
    }

    /// Tells the panel that its owner did something.
    pub(crate) fn nudge(&mut self) {
        self.panel(Input::Timer);
    }

    pub(crate) fn run(&mut self, time: Micros) {
        self.run_until(self.now + time);
    }

    pub(crate) fn pd(&mut self, index: usize) -> &mut Pd {
        match &mut self.nodes[index] {
            Node::Reader(pd) => pd,
            _ => panic!("no reader at {index}"),
        }
    }

    /// Events of one address, without their time, since the last call or clear.
    pub(crate) fn take(&mut self, address: u8) -> Vec<PdEvent> {
        let (taken, left) = std::mem::take(&mut self.events).into_iter().partition(|e| e.1 == address);
        self.events = left;
        let taken: Vec<(Micros, u8, PdEvent)> = taken;
        taken.into_iter().map(|(_, _, event)| event).collect()
    }

    pub(crate) fn commands(&self) -> Vec<PdCommand> {
        let command = |told: &(usize, PdOutput)| match &told.1 {
            PdOutput::Command(command) => Some(command.clone()),
            _ => None,
        };
        self.told.iter().filter_map(command).collect()
    }
}

/// Whether an event carries what only a secured reader may say.
pub(crate) fn is_data(event: &PdEvent) -> bool {
    matches!(
        event,
        PdEvent::Card { .. }
            | PdEvent::Keys { .. }
            | PdEvent::Code { .. }
            | PdEvent::KeyCardPresent { .. }
            | PdEvent::KeyCard { .. }
            | PdEvent::KeyCardRefused { .. }
            | PdEvent::KeyCardWanted
            | PdEvent::Tamper(_)
            | PdEvent::PowerFailure(_)
            | PdEvent::Inputs(_)
            | PdEvent::Outputs(_)
            | PdEvent::Online
            | PdEvent::Identity(_)
            | PdEvent::Capabilities(_)
            | PdEvent::Paired
    )
}
