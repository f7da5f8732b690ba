//! A line in simulated time: every byte takes exactly its time, and nothing else takes any.

use crate::dice::Dice;
use crate::rounds::Failed;
use lockward_osdp::bus::{self, Bus, BusConfig, Input, Micros, Output, PdConfig, PdEvent};
use lockward_osdp::frame::MARK;
use lockward_osdp::key::Scbk;
use lockward_osdp::pd::{Pd, PdOutput, PdSettings};
use lockward_osdp::reply::{Capability, CardData, CardFormat, Identity, function};
use std::collections::BTreeMap;

/// Between the end of a command and the start of its reply: what ordinary readers take.
pub(crate) const REPLY_DELAY: Micros = 1_000;
/// Start bit, eight data bits, stop bit.
const BITS: u64 = 10;
/// Characters of quiet before a frame (OSDP 2.2, 5.6).
const IDLE_CHARACTERS: usize = 2;
/// Time for every reader to be found and secured, and for a silent one to be given up: the longest pauses are 8 s.
const SETTLE: Micros = 30_000_000;
/// A tap that takes longer is lost.
const TAP_MAX: Micros = 2_000_000;

/// Time that so many characters take at a rate, rounded up.
pub(crate) fn characters(count: usize, baud: u32) -> Micros {
    (count as u64 * BITS * 1_000_000).div_ceil(u64::from(baud))
}

/// A challenge's randomness, the same for the same seed.
pub(crate) fn dice(seed: u64) -> bus::Dice {
    let mut dice = Dice::new(seed);
    Box::new(move || dice.bytes())
}

/// The key of the reader at an address.
pub(crate) fn key(address: u8) -> [u8; 16] {
    Dice::new(1_000 + u64::from(address)).bytes()
}

pub(crate) fn settings(address: u8) -> Result<PdSettings, Failed> {
    let identity = Identity {
        vendor: [0x5C, 0x26, 0x23],
        model: 7,
        version: 1,
        serial: u32::from(address),
        firmware: [1, 0, 0],
    };
    let all = [(function::CONTACTS, 1, 2), (function::LED, 2, 1), (function::SECURITY, 1, 1)];
    let capabilities = all.map(|(function, level, items)| Capability { function, level, items }).to_vec();
    Ok(PdSettings { address, key: Some(Scbk::new(key(address))?), install: false, identity, capabilities })
}

pub(crate) fn panel(readers: u8, baud: u32) -> Result<Bus, Failed> {
    let pd =
        |address| Ok(PdConfig { address, key: Scbk::new(key(address))?, identity: None, capabilities: None });
    let pds = (0..readers).map(pd).collect::<Result<_, Failed>>()?;
    Ok(Bus::new(BusConfig { baud, pds }, 0, dice(7))?)
}

/// A card of 26 bits, and its number in the log of taps.
pub(crate) fn card(n: u16) -> Vec<u8> {
    let [high, low] = n.to_be_bytes();
    vec![0x40, high, low, 0x40]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Panel,
    Readers,
}

/// The line, the panel, and its readers.
pub(crate) struct Line {
    baud: u32,
    now: Micros,
    bus: Bus,
    /// `None` is silent.
    readers: Vec<Option<Pd>>,
    wire: BTreeMap<(Micros, u64), (To, u8)>,
    order: u64,
    wake: Option<Micros>,
    cards: Vec<(Micros, u8, Vec<u8>)>,
    /// Bytes of each frame since the last tap began.
    commands: Vec<usize>,
    replies: Vec<usize>,
    pub(crate) exchanges: u64,
}

/// What one line's taps took.
pub(crate) struct Taps {
    /// Microseconds, from the card at the reader to the card at the panel's owner.
    pub(crate) latencies: Vec<f64>,
    /// Microseconds that the recorded bytes need on average.
    pub(crate) need: f64,
}

impl Line {
    pub(crate) fn new(readers: u8, silent: Option<u8>, baud: u32) -> Result<Self, Failed> {
        let pd = |address| {
            let pd = || Ok(Pd::new(settings(address)?, dice(100 + u64::from(address))));
            (Some(address) != silent).then(pd).transpose()
        };
        let mut line = Self {
            baud,
            now: 0,
            bus: panel(readers, baud)?,
            readers: (0..readers).map(pd).collect::<Result<_, Failed>>()?,
            wire: BTreeMap::new(),
            order: 0,
            wake: Some(0),
            cards: Vec::new(),
            commands: Vec::new(),
            replies: Vec::new(),
            exchanges: 0,
        };
        line.run_until(SETTLE);
        if !line.readers.iter().flatten().all(Pd::is_secure) {
            return Err("a reader has no secure channel".into());
        }
        Ok(line)
    }

    fn put(&mut self, from: Micros, to: To, bytes: &[u8]) {
        match to {
            // The line at mark before a command is the quiet that [`Line::need`] adds.
            To::Readers => self.commands.push(bytes.iter().skip_while(|byte| **byte == MARK).count()),
            To::Panel => self.replies.push(bytes.len()),
        }
        for (index, byte) in bytes.iter().enumerate() {
            self.order += 1;
            self.wire.insert((from + characters(index + 1, self.baud), self.order), (to, *byte));
        }
    }

    fn panel(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.bus.handle(self.now, input, &mut out);
        self.wake = None;
        for output in out {
            match output {
                Output::Transmit(bytes) => self.put(self.now, To::Readers, &bytes),
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Event(address, PdEvent::Card { card, .. }) => {
                    self.cards.push((self.now, address, card.data().to_vec()));
                }
                Output::Event(..) => {}
            }
        }
    }

    fn hear(&mut self, byte: u8) {
        let (mut replies, now) = (Vec::new(), self.now);
        for pd in self.readers.iter_mut().flatten() {
            let mut out = Vec::new();
            pd.handle(now, &[byte], &mut out);
            replies.extend(out);
        }
        for reply in replies {
            if let PdOutput::Transmit(bytes) = reply {
                self.exchanges += 1;
                self.put(now + REPLY_DELAY, To::Panel, &bytes);
            }
        }
    }

    fn run_until(&mut self, until: Micros) {
        loop {
            let wire = self.wire.first_key_value().map(|(at, _)| at.0);
            let Some(next) = [wire, self.wake].into_iter().flatten().min().filter(|at| *at <= until) else {
                break;
            };
            self.now = self.now.max(next);
            if wire == Some(next)
                && let Some((_, (to, byte))) = self.wire.pop_first()
            {
                // A reply's first byte says that it is none for the other readers; they need not parse it here.
                match to {
                    To::Panel => self.panel(Input::Bytes(&[byte])),
                    To::Readers => self.hear(byte),
                }
            } else {
                self.panel(Input::Timer);
            }
        }
        self.now = self.now.max(until);
    }

    /// Taps at random moments at random readers that live. Every card must arrive once, as it was.
    pub(crate) fn taps(&mut self, count: u16, seed: u64) -> Result<Taps, Failed> {
        let mut dice = Dice::new(seed);
        let alive: Vec<usize> =
            (0..).zip(&self.readers).filter(|(_, pd)| pd.is_some()).map(|(n, _)| n).collect();
        let mut latencies = Vec::with_capacity(usize::from(count));
        let (mut plain, mut with_card) = (Vec::new(), Vec::new());
        for n in 0..count {
            self.commands.clear();
            self.replies.clear();
            self.run_until(self.now + 20_000 + dice.next() % 300_000);
            // Nothing was held to a reader meanwhile: these are polls and their ACKs.
            plain.extend(self.commands.iter().zip(&self.replies).map(|(c, r)| (*c, *r)));
            let which = dice.pick(&alive).copied().ok_or("no reader is alive")?;
            let pd = self.readers.get_mut(which).and_then(Option::as_mut).ok_or("no such reader")?;
            let data = CardData::new(26, card(n)).ok_or("no card")?;
            if !pd.present_card(CardFormat::Raw, data) {
                return Err("a reader does not take a card".into());
            }
            let at = self.now;
            self.replies.clear();
            while self.cards.is_empty() {
                self.run_until(self.wire.first_key_value().map_or(self.now + 1, |(at, _)| at.0));
                if self.now - at > TAP_MAX {
                    return Err(format!("tap {n} is lost").into());
                }
            }
            match self.cards.as_slice() {
                [(_, from, data)] if usize::from(*from) == which && *data == card(n) => {}
                _ => return Err(format!("tap {n} arrived altered, elsewhere, or twice").into()),
            }
            latencies.extend(self.cards.drain(..).map(|(when, ..)| (when - at) as f64));
            with_card.extend(self.replies.last().copied());
        }
        let need = self.need(&plain, &with_card);
        Ok(Taps { latencies, need })
    }

    /// Half a round of polls, then this reader's answer with the card in it.
    fn need(&self, plain: &[(usize, usize)], with_card: &[usize]) -> f64 {
        let mean = |sum: usize, of: usize| sum as f64 / of.max(1) as f64;
        let character = (BITS * 1_000_000) as f64 / f64::from(self.baud);
        let bytes = mean(plain.iter().map(|(c, r)| c + r).sum(), plain.len());
        let delay = REPLY_DELAY as f64;
        let exchange = (bytes + IDLE_CHARACTERS as f64) * character + delay;
        let card = mean(with_card.iter().sum(), with_card.len()) * character;
        exchange * self.readers.len() as f64 / 2.0 + delay + card
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_arrive_as_they_were_and_take_about_what_their_bytes_need() {
        let mut line = Line::new(1, None, 115_200).unwrap();
        let taps = line.taps(100, 1).unwrap();
        let mean = taps.latencies.iter().sum::<f64>() / 100.0;
        assert!((0.8..1.3).contains(&(mean / taps.need)), "{mean} for {}", taps.need);
    }
}
