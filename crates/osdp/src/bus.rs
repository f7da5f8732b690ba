//! The panel's side of one line: many readers, one at a time, back to back, so that a tap waits for the wire only.
//!
//! Sans-IO: time, bytes and chance come in, bytes and events go out. A key that a reader was given beforehand never
//! crosses the line; [`Bus::open_pairing`] is the exception, for one reader and a short time.

mod event;
mod handshake;
mod key_card;
mod link;
mod pace;
mod report;

pub use event::{BusConfig, ConfigError, Input, Micros, Output, PairingError, PdConfig, PdEvent, SendError};

use crate::command::PdCommand;
use crate::frame::{ADDRESS_MAX, FRAME_MAX, MARK, Parser};
use crate::reply::{Capability, Identity};
use link::{Heard, Link};

/// A reader that says nothing secured for so long is offline (OSDP 2.2, 5.7: a session ends after 8 s of silence).
pub const OFFLINE_AFTER: Micros = 8_000_000;
/// Longest pairing window: five minutes, for a person to walk from the console to the reader.
pub const PAIRING_MAX: Micros = 300_000_000;
/// The slowest line, in bits per second.
pub const BAUD_MIN: u32 = 1_200;
/// The fastest line.
pub const BAUD_MAX: u32 = 1_000_000;
/// Longest gap between two bytes of a frame (OSDP 2.2, 5.7).
const INTER_BYTE_MAX: Micros = 20_000;
/// Characters of quiet between a reply and the next command (OSDP 2.2, 5.6). After a reply that says nothing they are
/// sent, as [`MARK`]: a line at mark is a quiet line, and nobody has to wake up to end it.
const IDLE_CHARACTERS: usize = 2;
/// Characters of quiet after a reply that tells something, unless a command comes before: what answers a card is known
/// within a third of the time that the next poll would take, and goes out before it.
const ANSWER_CHARACTERS: usize = 10;
/// Characters of the longest reply to a challenge, 43, and some: an adapter may hand it over only when it is whole.
const REPLY_CHARACTERS: usize = 48;
/// Start bit, eight data bits, stop bit.
const BITS: u64 = 10;

/// A source of random numbers for challenges: cryptographic, and never the same twice.
pub type Dice = Box<dyn FnMut() -> [u8; 8] + Send>;

enum Line {
    /// Nothing is awaited; the next frame may start at this time.
    Free(Micros),
    /// A reply is awaited.
    Asked(Asked),
}

#[derive(Clone, Copy)]
struct Asked {
    link: usize,
    from: Micros,
    sent: Micros,
    deadline: Micros,
    /// However much babble comes in, the line is taken back at this time.
    limit: Micros,
    answering: bool,
}

/// The panel's side of one line.
pub struct Bus {
    baud: u32,
    links: Vec<Link>,
    line: Line,
    /// Until then the line is kept at mark.
    quiet: Micros,
    /// Until then nobody is polled: a command may come that answers what was told.
    hold: Micros,
    parser: Parser,
    last: usize,
    /// The last turn was taken out of its order.
    jumped: bool,
    dice: Dice,
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bus({} readers at {} baud)", self.links.len(), self.baud)
    }
}

impl Bus {
    /// A bus that has said nothing yet. Call [`Bus::handle`] with [`Input::Timer`] to start it.
    ///
    /// # Errors
    /// [`ConfigError`] names an address or a rate that no line has.
    pub fn new(config: BusConfig, now: Micros, dice: Dice) -> Result<Self, ConfigError> {
        if !(BAUD_MIN..=BAUD_MAX).contains(&config.baud) {
            return Err(ConfigError::Baud(config.baud));
        }
        let mut links: Vec<Link> = Vec::with_capacity(config.pds.len());
        for pd in config.pds {
            if pd.address > ADDRESS_MAX {
                return Err(ConfigError::Address(pd.address));
            }
            if links.iter().any(|link| link.address == pd.address) {
                return Err(ConfigError::Twice(pd.address));
            }
            links.push(Link::new(pd, now));
        }
        let last = links.len().saturating_sub(1);
        let (line, parser) = (Line::Free(now), Parser::default());
        Ok(Self { baud: config.baud, links, line, quiet: now, hold: now, parser, last, jumped: false, dice })
    }

    /// Takes what happened, and says what to do. Exactly one [`Output::WakeAt`] is given if anything is awaited.
    pub fn handle(&mut self, now: Micros, input: Input<'_>, out: &mut Vec<Output>) {
        if let Input::Bytes(bytes) = input {
            self.on_bytes(now, bytes, out);
        }
        if let Line::Asked(asked) = self.line
            && now >= asked.deadline
        {
            self.on_deadline(now, asked, out);
        }
        for index in 0..self.links.len() {
            self.with_link(index, out, |link, events| link.tick(now, events));
        }
        if let Line::Free(from) = self.line
            && now >= from
            && let Some(index) = self.choose(now)
        {
            self.ask(now, index, out);
        }
        out.extend(self.wake_at().map(Output::WakeAt));
    }

    /// Queues a command for a reader that is online. It is sent in place of the next poll.
    ///
    /// Call [`Bus::handle`] with [`Input::Timer`] afterwards: a line that is held for an answer sends it at once. Without,
    /// it goes out at the line's next turn.
    ///
    /// # Errors
    /// [`SendError`] says why it was not queued.
    pub fn send(&mut self, address: u8, command: PdCommand) -> Result<(), SendError> {
        let link = self.link(address).ok_or(SendError::Unknown(address))?;
        if !link.is_online() {
            return Err(SendError::Offline(address));
        }
        if link.enqueue(command) { Ok(()) } else { Err(SendError::Full(address)) }
    }

    /// Opens a window, at most [`PAIRING_MAX`] long, in which this one reader may be given its key over the line,
    /// under the default key that anyone knows. Whoever records the line then has the key: give a reader its key
    /// beforehand wherever that is possible. Closes after the first success, or at its end.
    /// Call [`Bus::handle`] with [`Input::Timer`] afterwards.
    ///
    /// # Errors
    /// [`PairingError`] if there is nothing to pair, or another window is open.
    pub fn open_pairing(&mut self, address: u8, now: Micros, window: Micros) -> Result<(), PairingError> {
        if let Some(open) = self.links.iter().find(|link| link.is_pairing()) {
            return Err(PairingError::Open(open.address));
        }
        let link = self.link(address).ok_or(PairingError::Unknown(address))?;
        if link.is_online() {
            return Err(PairingError::Online(address));
        }
        link.open_pairing(now, now + window.min(PAIRING_MAX));
        Ok(())
    }

    /// Says which device belongs at an address from now on; `None` pins the next one that proves the key.
    /// False if there is no such reader. Call [`Bus::handle`] with [`Input::Timer`] afterwards.
    pub fn pin(
        &mut self,
        now: Micros,
        address: u8,
        identity: Option<Identity>,
        capabilities: Option<Vec<Capability>>,
    ) -> bool {
        self.link(address).map(|link| link.pin(now, identity, capabilities)).is_some()
    }

    /// Says that this reader gives codes in reports of its maker's own, which begin with these bytes: the vendor
    /// code, and what else stands before the text. `None`: no such report is read. False if there is no such reader.
    pub fn codes_from(&mut self, address: u8, prefix: Option<Vec<u8>>) -> bool {
        self.link(address).map(|link| link.codes_from(prefix)).is_some()
    }

    /// Whether what this reader reports counts.
    #[must_use]
    pub fn is_online(&self, address: u8) -> bool {
        self.links.iter().any(|link| link.address == address && link.is_online())
    }

    fn link(&mut self, address: u8) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.address == address)
    }

    fn with_link<T: Default>(
        &mut self,
        index: usize,
        out: &mut Vec<Output>,
        act: impl FnOnce(&mut Link, &mut Vec<PdEvent>) -> T,
    ) -> T {
        let Some(link) = self.links.get_mut(index) else { return T::default() };
        let mut events = Vec::new();
        let result = act(link, &mut events);
        out.extend(events.into_iter().map(|event| Output::Event(link.address, event)));
        result
    }

    /// Time that so many characters take, rounded up.
    fn characters(&self, count: usize) -> Micros {
        (count as u64 * BITS * 1_000_000).div_ceil(u64::from(self.baud))
    }

    fn on_bytes(&mut self, now: Micros, bytes: &[u8], out: &mut Vec<Output>) {
        // Nobody was asked: whatever it is, it is no answer.
        let Line::Asked(asked) = &mut self.line else { return };
        if !asked.answering {
            asked.answering = true;
            let delay = now.saturating_sub(asked.sent);
            if let Some(link) = self.links.get_mut(asked.link) {
                link.pace.observe(delay);
            }
        }
        asked.deadline = asked.deadline.max(now + INTER_BYTE_MAX).min(asked.limit);
        let asked = *asked;
        self.parser.push(bytes);
        self.read(now, asked, out);
    }

    fn read(&mut self, now: Micros, asked: Asked, out: &mut Vec<Output>) {
        while let Some(found) = self.parser.next_frame() {
            // A damaged frame is a lost frame: the deadline brings the retry.
            let Ok(frame) = found else { continue };
            let told = out.len();
            let heard = self.with_link(asked.link, out, |link, events| link.hear(now, &frame, events));
            if heard == Heard::Answer {
                self.quiet = now + self.characters(IDLE_CHARACTERS);
                let told = out.len() > told;
                // After a command out of turn there is none to wait for: it could not go before a poll.
                let answer = if told && !self.jumped { ANSWER_CHARACTERS } else { 0 };
                self.hold = now + self.characters(answer);
                self.line = Line::Free(if told { self.quiet } else { now });
                return;
            }
        }
    }

    fn on_deadline(&mut self, now: Micros, asked: Asked, out: &mut Vec<Output>) {
        // A false start may have swallowed the answer.
        while self.parser.is_waiting() && matches!(self.line, Line::Asked(_)) {
            self.parser.give_up();
            self.read(now, asked, out);
        }
        if matches!(self.line, Line::Asked(_)) {
            self.line = Line::Free(now);
            let cost = now.saturating_sub(asked.from);
            self.with_link(asked.link, out, |link, events| link.silence(now, cost, events));
        }
    }

    /// Round robin among those whose time has come; a command that waits goes first, every other turn at most.
    fn choose(&mut self, now: Micros) -> Option<usize> {
        let count = self.links.len();
        let due = |index: &usize| self.links.get(*index).is_some_and(|link| link.pace.not_before <= now);
        let mut ring = (1..=count).map(|step| (self.last + step) % count).filter(due);
        let urgent = |index: &usize| self.links.get(*index).is_some_and(|link| self.may_jump(link));
        if let Some(index) = ring.clone().find(urgent) {
            self.jumped = true;
            return Some(index);
        }
        if now < self.hold {
            return None;
        }
        self.jumped = false;
        let index = ring.next()?;
        self.last = index;
        Some(index)
    }

    fn may_jump(&self, link: &Link) -> bool {
        !self.jumped && link.is_urgent()
    }

    fn ask(&mut self, now: Micros, index: usize, out: &mut Vec<Output>) {
        let Some(link) = self.links.get_mut(index) else { return };
        let frame = link.speak(now, &mut *self.dice);
        let patience = link.patience();
        let quiet = self.quiet.saturating_sub(now);
        let marks = (0..IDLE_CHARACTERS).take_while(|sent| self.characters(*sent) < quiet).count();
        let mut bytes = vec![MARK; marks];
        bytes.extend(frame);
        self.parser.clear();
        let sent = now + self.characters(bytes.len());
        let deadline = sent + patience + self.characters(REPLY_CHARACTERS);
        let limit = deadline + self.characters(FRAME_MAX);
        self.line = Line::Asked(Asked { link: index, from: now, sent, deadline, limit, answering: false });
        out.push(Output::Transmit(bytes));
    }

    fn wake_at(&self) -> Option<Micros> {
        let line = match self.line {
            Line::Asked(asked) => Some(asked.deadline),
            Line::Free(from) => {
                let from = |link: &Link| if self.may_jump(link) { from } else { from.max(self.hold) };
                self.links.iter().map(|link| link.pace.not_before.max(from(link))).min()
            }
        };
        self.links.iter().filter_map(Link::deadline).chain(line).min()
    }
}
