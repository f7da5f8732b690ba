//! One reader as the panel sees it: from silence to a secure channel, and what may be believed on the way.

use std::collections::VecDeque;

use super::event::{Micros, PdConfig, PdEvent};
use super::key_card::{ANSWER_MAX, KeyCards};
use super::pace::{Pace, REPLY_DELAY_MAX};
use super::report::Reports;
use crate::command::{Command, Led, PdCommand};
use crate::frame::{self, Check, Frame};
use crate::key::Scbk;
use crate::reply::{Capability, Identity, Nak, Reply, code, function, says_secure};
use crate::secure::{Answered, BaseKey, Challenged, SecureError, Secured, scs};

/// Commands that wait for one reader: light, sound, output and a line of text for two people in a row.
/// A command takes about 8 ms at 115,200 baud and 65 ms at 9,600, so a full queue is half a second at most.
pub(super) const QUEUE_MAX: usize = 8;
/// The longest reply that a reader may send.
const ROOM: u16 = 1_440;
/// A reader that ends its session, or falls silent, when it is told so is not told any more.
const ROOM_TRIES: u8 = 2;
const _: () = assert!(ROOM as usize == frame::FRAME_MAX);
/// How long a reader is to keep a public-key card in its field, in ms: as long as its answer is awaited.
const KEEP_ACTIVE_MS: u16 = 3_000;
const _: () = assert!(KEEP_ACTIVE_MS as Micros * 1_000 == ANSWER_MAX);

/// What is to be asked next within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Identify,
    Capabilities,
    Local,
    Inputs,
    Outputs,
    /// How long its replies may be: a code passes the 128 bytes that it may send unasked.
    Room,
    Ready,
}

pub(super) enum Phase {
    /// No session; a challenge is next.
    Down,
    /// It declined a challenge; it is asked in the clear what it says it can do, only to name the trouble.
    Asking,
    Challenged(Challenged),
    Answered(Answered),
    /// Under the default key, in a pairing window: the key is sent, and nothing is believed.
    Pairing(Secured),
    Open(Secured, Stage),
}

/// A frame on the line, kept until it is answered: a retry is the same bytes again (OSDP 2.2, 5.9).
struct Flight {
    bytes: Vec<u8>,
    command: Option<PdCommand>,
}

/// A window in which one reader may be given its key over the line.
pub(super) struct Pairing {
    until: Micros,
    pub(super) key_sent: bool,
}

/// What became of a frame that came in while this reader was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Heard {
    /// It was the reply; the line is free.
    Answer,
    /// It was not for us; keep waiting.
    #[default]
    Noise,
}

pub(super) struct Link {
    pub(super) address: u8,
    pub(super) pace: Pace,
    key: Scbk,
    identity: Option<Identity>,
    pub(super) capabilities: Option<Vec<Capability>>,
    reported: Option<Identity>,
    pub(super) phase: Phase,
    sequence: u8,
    flight: Option<Flight>,
    queue: VecDeque<PdCommand>,
    pub(super) pairing: Option<Pairing>,
    reports: Reports,
    online: Option<bool>,
    /// Sessions in a row that ended when it was told how long its replies may be.
    room_refused: u8,
    /// When a frame with a right MAC came last.
    pub(super) heard: Micros,
    /// Told once, until it is well again.
    trouble: Option<PdEvent>,
}

impl Link {
    pub(super) fn new(config: PdConfig, now: Micros) -> Self {
        Self {
            address: config.address,
            pace: Pace::default(),
            key: config.key,
            reported: config.identity,
            identity: config.identity,
            capabilities: config.capabilities,
            phase: Phase::Down,
            sequence: 0,
            flight: None,
            queue: VecDeque::new(),
            pairing: None,
            reports: Reports::default(),
            online: None,
            room_refused: 0,
            heard: now,
            trouble: None,
        }
    }

    pub(super) fn codes_from(&mut self, prefix: Option<Vec<u8>>) {
        self.reports.code_prefix = prefix;
    }

    pub(super) fn is_online(&self) -> bool {
        self.online == Some(true)
    }

    pub(super) fn is_pairing(&self) -> bool {
        self.pairing.is_some()
    }

    pub(super) fn open_pairing(&mut self, now: Micros, until: Micros) {
        self.pairing = Some(Pairing { until, key_sent: false });
        self.pace.start_over(now);
    }

    pub(super) fn pin(&mut self, now: Micros, id: Option<Identity>, capabilities: Option<Vec<Capability>>) {
        self.identity = id;
        self.reported = id;
        self.capabilities = capabilities;
        self.trouble = None;
        self.pace.start_over(now);
    }

    /// False if the queue is full. The latest word to a light replaces an earlier one that still waits.
    pub(super) fn enqueue(&mut self, command: PdCommand) -> bool {
        if let PdCommand::Led(Led { reader, number, .. }) = &command {
            let same = |c: &&mut PdCommand| matches!(c, PdCommand::Led(l) if (l.reader, l.number) == (*reader, *number));
            if let Some(waiting) = self.queue.iter_mut().find(same) {
                *waiting = command;
                return true;
            }
        }
        let room = self.queue.len() < QUEUE_MAX;
        if room {
            self.queue.push_back(command);
        }
        room
    }

    /// Whether a command waits that could be sent at once.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(self.phase, Phase::Open(_, Stage::Ready)) && self.flight.is_none() && !self.queue.is_empty()
    }

    /// When this link changes by itself.
    pub(super) fn deadline(&self) -> Option<Micros> {
        let offline = (self.online != Some(false)).then_some(self.heard + super::OFFLINE_AFTER);
        let pairing = self.pairing.as_ref().map(|p| p.until);
        [offline, pairing].into_iter().flatten().min()
    }

    /// The next frame for this reader.
    pub(super) fn speak(&mut self, now: Micros, dice: &mut dyn FnMut() -> [u8; 8]) -> Vec<u8> {
        if let Some(flight) = &self.flight {
            return flight.bytes.clone();
        }
        let (address, mut sequence) = (self.address, self.sequence);
        let mut command = None;
        let bytes = match &mut self.phase {
            Phase::Down | Phase::Challenged(_) => {
                // OSDP 2.2, 5.9: sequence 0 starts over, and ends any session at the reader.
                sequence = 0;
                let wants_default = self.pairing.as_ref().is_some_and(|p| !p.key_sent);
                let base = if wants_default { BaseKey::Default } else { BaseKey::Own(self.key.clone()) };
                let step = Challenged::new(base, dice());
                let body = Command::Challenge(step.challenge()).encode();
                let bytes = frame::handshake(address, 0, scs::CHLNG, step.base().flag(), &body);
                self.phase = Phase::Challenged(step);
                bytes
            }
            Phase::Asking => {
                sequence = 0;
                frame::plain(address, 0, &Command::Capabilities.encode())
            }
            Phase::Answered(step) => {
                let body = Command::ServerCryptogram(step.server_cryptogram()).encode();
                frame::handshake(address, sequence, scs::SCRYPT, step.base().flag(), &body)
            }
            Phase::Pairing(session) => {
                let body = zeroize::Zeroizing::new(Command::KeySet(*self.key.bytes()).encode());
                session.command(address, sequence, &body)
            }
            Phase::Open(session, stage) => {
                let body = match stage {
                    Stage::Identify => Command::Id.encode(),
                    Stage::Capabilities => Command::Capabilities.encode(),
                    Stage::Local => Command::LocalStatus.encode(),
                    Stage::Inputs => Command::InputStatus.encode(),
                    Stage::Outputs => Command::OutputStatus.encode(),
                    Stage::Room => {
                        self.room_refused = self.room_refused.saturating_add(1);
                        Command::Room(ROOM).encode()
                    }
                    Stage::Ready => {
                        command = self.queue.pop_front();
                        let cards = &mut self.reports.key_cards;
                        command.iter().for_each(|command| cards.sent(now, command));
                        let keep = std::mem::take(&mut cards.waits) && command.is_none();
                        let idle = if keep { Command::KeepActive(KEEP_ACTIVE_MS) } else { Command::Poll };
                        command.clone().map_or(idle, Command::Do).encode()
                    }
                };
                session.command(address, sequence, &body)
            }
        };
        self.sequence = sequence;
        self.flight = Some(Flight { bytes: bytes.clone(), command });
        bytes
    }

    /// How long its answer is awaited.
    pub(super) fn patience(&self) -> Micros {
        match self.phase {
            // It writes the key to its flash before it answers.
            Phase::Pairing(_) => REPLY_DELAY_MAX,
            _ => self.pace.patience(),
        }
    }

    /// Nothing came, after `cost` of line.
    pub(super) fn silence(&mut self, now: Micros, cost: Micros, events: &mut Vec<PdEvent>) {
        let silent = self.pace.silent(now, cost);
        if silent || !matches!(self.phase, Phase::Open(..) | Phase::Pairing(_)) {
            self.drop_session(events);
        }
    }

    /// Time alone: the window's end, and 8 s without a secured word.
    pub(super) fn tick(&mut self, now: Micros, events: &mut Vec<PdEvent>) {
        if self.pairing.as_ref().is_some_and(|p| p.until <= now) {
            self.close_pairing(now, events);
        }
        if self.online != Some(false) && now >= self.heard + super::OFFLINE_AFTER {
            self.go_offline(events);
        }
    }

    pub(super) fn close_pairing(&mut self, now: Micros, events: &mut Vec<PdEvent>) {
        if self.pairing.take().is_some() {
            events.push(PdEvent::PairingClosed);
            if !matches!(self.phase, Phase::Open(..)) {
                self.drop_session(events);
                self.pace.start_over(now);
            }
        }
    }

    /// A frame came in while this reader was asked.
    pub(super) fn hear(&mut self, now: Micros, frame: &Frame, events: &mut Vec<PdEvent>) -> Heard {
        let ours = frame.is_reply() && frame.address() == self.address && frame.check() == Check::Crc;
        if !ours || self.flight.is_none() {
            return Heard::Noise;
        }
        let clear = if frame.security().is_none() { Reply::decode(frame.body()) } else { None };
        // A reader that lost its place declines in the clear, with whatever sequence it has.
        let declined = matches!(clear, Some(Reply::Nak(_)));
        if clear == Some(Reply::Busy) && frame.sequence() == 0 {
            self.pace.answered();
            if !self.pace.busy(now) {
                self.drop_session(events);
            }
            return Heard::Answer;
        }
        if frame.sequence() != self.sequence && !declined {
            return Heard::Noise;
        }
        self.pace.answered();
        self.pace.worked();
        self.pace.not_before = now;
        self.sequence = self.sequence % 3 + 1;
        let command = self.flight.take().and_then(|flight| flight.command);
        match std::mem::replace(&mut self.phase, Phase::Down) {
            Phase::Down => {}
            Phase::Asking => self.on_asked(now, clear.as_ref(), frame, events),
            Phase::Challenged(step) => self.on_challenged(now, step, frame, clear.as_ref(), events),
            Phase::Answered(step) => self.on_answered(now, step, frame, events),
            Phase::Pairing(session) => self.on_key_set(now, session, frame, clear.as_ref(), events),
            Phase::Open(session, stage) => match session.open_reply(frame) {
                Ok((session, body)) => self.on_secured(now, session, stage, command, &body, events),
                Err(error) => {
                    events.extend(command.map(|command| PdEvent::CommandFailed(command, None)));
                    self.on_breach(now, error, declined, frame, events);
                }
            },
        }
        Heard::Answer
    }

    /// A frame in an open session that is not of it.
    fn on_breach(
        &mut self,
        now: Micros,
        error: SecureError,
        declined: bool,
        frame: &Frame,
        events: &mut Vec<PdEvent>,
    ) {
        self.drop_session(events);
        self.pace.refused(now);
        match error {
            // It restarted, or lost count: nothing but a new handshake follows from it.
            SecureError::Insecure if declined => {}
            SecureError::Insecure => self.tell(PdEvent::InsecureRefused(first_code(frame)), events),
            error => events.push(PdEvent::SessionLost(error)),
        }
    }

    fn on_secured(
        &mut self,
        now: Micros,
        session: Secured,
        stage: Stage,
        command: Option<PdCommand>,
        body: &[u8],
        events: &mut Vec<PdEvent>,
    ) {
        self.heard = now;
        let reply = Reply::decode(body);
        if let Some(Reply::Nak(nak)) = reply {
            command.iter().for_each(|command| self.reports.key_cards.declined(command));
            events.extend(command.map(|command| PdEvent::CommandFailed(command, Some(nak))));
            if matches!(nak, Nak::Sequence | Nak::NoSecurity | Nak::SecurityConditions) {
                self.drop_session(events);
                self.pace.refused(now);
                return;
            }
        }
        let next = match (stage, reply) {
            (Stage::Identify, Some(Reply::Identity(found))) => {
                if let Some(pinned) = self.identity.filter(|pinned| !pinned.is_same_device(&found)) {
                    return self.refuse(now, PdEvent::IdentityChanged { pinned, found }, events);
                }
                self.identity.get_or_insert(found);
                if self.reported.replace(found) != Some(found) {
                    events.push(PdEvent::Identity(found));
                }
                Stage::Capabilities
            }
            (Stage::Capabilities, Some(Reply::Capabilities(found))) => {
                let was_secure = self.capabilities.as_deref().is_some_and(says_secure);
                if was_secure && !says_secure(&found) {
                    return self.refuse(now, PdEvent::Downgrade, events);
                }
                if self.capabilities.as_ref() != Some(&found) {
                    events.push(PdEvent::Capabilities(found.clone()));
                    self.capabilities = Some(found);
                }
                self.go_online(events);
                Stage::Local
            }
            // Without these two nothing is known of it, so nothing can be believed.
            (Stage::Identify | Stage::Capabilities, _) => {
                return self.refuse(now, PdEvent::InsecureRefused(first_code_of(body)), events);
            }
            (stage, reply) => {
                if stage == Stage::Ready {
                    // Only now: a session that breaks before it is of use counts as a refusal each time.
                    self.pace.well();
                    self.trouble = None;
                }
                if let Some(reply) = reply {
                    self.reports.on(now, reply, events);
                }
                if stage == Stage::Room {
                    // It may decline; what counts is that the session goes on.
                    self.room_refused = 0;
                }
                self.after(stage)
            }
        };
        self.phase = Phase::Open(session, next);
    }

    /// What a reader that is online is asked next.
    fn after(&self, stage: Stage) -> Stage {
        let has = |function| {
            let all = self.capabilities.as_deref().unwrap_or_default();
            all.iter().any(|c| c.function == function && c.level != 0 && c.items != 0)
        };
        match stage {
            Stage::Local if has(function::CONTACTS) => Stage::Inputs,
            Stage::Local | Stage::Inputs if has(function::OUTPUTS) => Stage::Outputs,
            Stage::Local | Stage::Inputs | Stage::Outputs if self.room_refused < ROOM_TRIES => Stage::Room,
            _ => Stage::Ready,
        }
    }

    fn go_online(&mut self, events: &mut Vec<PdEvent>) {
        let was_online = self.online.replace(true) == Some(true);
        events.push(if was_online { PdEvent::Resumed } else { PdEvent::Online });
    }

    fn go_offline(&mut self, events: &mut Vec<PdEvent>) {
        self.drop_session(events);
        self.reports.forget();
        if self.online.replace(false) != Some(false) {
            events.push(PdEvent::Offline);
        }
    }

    /// Ends the session. A command must not act after its reason is gone, so none outlives it.
    fn drop_session(&mut self, events: &mut Vec<PdEvent>) {
        self.reports.key_cards = KeyCards::default();
        self.phase = Phase::Down;
        let flown = self.flight.take().and_then(|flight| flight.command);
        events.extend(flown.into_iter().chain(self.queue.drain(..)).map(|c| PdEvent::CommandFailed(c, None)));
    }

    pub(super) fn refuse(&mut self, now: Micros, trouble: PdEvent, events: &mut Vec<PdEvent>) {
        self.pace.refused(now);
        self.tell(trouble, events);
        self.go_offline(events);
    }

    pub(super) fn refuse_at_second(&mut self, now: Micros, trouble: PdEvent, events: &mut Vec<PdEvent>) {
        if self.pace.refused(now) {
            self.tell(trouble, events);
            self.go_offline(events);
        }
    }

    fn tell(&mut self, trouble: PdEvent, events: &mut Vec<PdEvent>) {
        if self.trouble.as_ref() != Some(&trouble) {
            events.push(trouble.clone());
            self.trouble = Some(trouble);
        }
    }
}

pub(super) fn first_code(frame: &Frame) -> u8 {
    first_code_of(frame.body())
}

fn first_code_of(body: &[u8]) -> u8 {
    body.first().copied().unwrap_or(code::ACK)
}
