//! The reader's side of the line: what a simulated reader answers, secure channel included. Refuses what a panel refuses.

use std::collections::VecDeque;

use crate::bus::{Dice, Micros};
use crate::command::{Command, PdCommand};
use crate::frame::{self, Check, Frame, Parser, REPLY};
use crate::key::Scbk;
use crate::pkoc;
use crate::reply::{Capability, CardData, CardFormat, Ccrypt, Digits, Identity, Nak, Reply};
use crate::secure::{BaseKey, Invited, Secured, scs};

/// A session ends after so much silence from the panel (OSDP 2.2, 5.7).
const SESSION_MAX: Micros = 8_000_000;
/// A frame that stops for so long is over: five times the longest gap of the standard, for a busy machine.
const INTER_BYTE_MAX: Micros = 100_000;
/// Reports that wait for a poll: a PIN of 16 digits, a card, and every input twice.
pub const REPORTS_MAX: usize = 64;

/// Longest frame that any panel takes (OSDP 2.2, 5.9).
const ROOM_MIN: usize = 128;
/// What a frame needs beside a report's payload: header, security block, code, vendor, part header, padding, MAC, CRC.
const OVERHEAD: usize = 48;

/// What a reader is.
#[derive(Debug, Clone)]
pub struct PdSettings {
    /// 0 to 126.
    pub address: u8,
    /// Its key; `None` as it comes from its maker.
    pub key: Option<Scbk>,
    /// Whether it takes a key under the standard's default key, once.
    pub install: bool,
    /// Who it says that it is.
    pub identity: Identity,
    /// What it says that it can do.
    pub capabilities: Vec<Capability>,
}

/// What a reader wants done, or has been told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdOutput {
    /// Put these bytes on the line.
    Transmit(Vec<u8>),
    /// The panel wants this done.
    Command(PdCommand),
    /// It has taken this key, and install mode is over.
    Keyed(Scbk),
}

enum State {
    Idle,
    Invited(Invited, BaseKey),
    /// With the key under which it was opened.
    Open(Secured, BaseKey),
}

/// One reader.
pub struct Pd {
    settings: PdSettings,
    state: State,
    parser: Parser,
    dice: Dice,
    reports: VecDeque<Reply>,
    tamper: bool,
    power: bool,
    inputs: Vec<bool>,
    outputs: Vec<bool>,
    /// Longest reply, in bytes: what any panel takes, until it says that it takes more.
    room: usize,
    /// The last command and its reply: the same bytes again get the same bytes again.
    last: Option<(Frame, Vec<u8>)>,
    byte_at: Micros,
    command_at: Micros,
}

impl std::fmt::Debug for Pd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pd(address {})", self.settings.address)
    }
}

impl Pd {
    /// A reader that was just switched on.
    #[must_use]
    pub fn new(settings: PdSettings, dice: Dice) -> Self {
        Self {
            settings,
            state: State::Idle,
            parser: Parser::default(),
            dice,
            reports: VecDeque::new(),
            tamper: false,
            power: false,
            inputs: Vec::new(),
            outputs: Vec::new(),
            room: ROOM_MIN,
            last: None,
            byte_at: 0,
            command_at: 0,
        }
    }

    /// Whether a session under its own key is open.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.state, State::Open(_, BaseKey::Own(_)))
    }

    /// A card is held to it. False if there is no session, or no room: a read is now or never.
    pub fn present_card(&mut self, format: CardFormat, card: CardData) -> bool {
        self.report(Reply::Card { reader: 0, format, card })
    }

    /// A code is held to it: characters, as the card report of format 0. False as for a card, and for a code that is
    /// longer than the panel takes.
    pub fn present_code(&mut self, text: &[u8]) -> bool {
        let card = u16::try_from(text.len() * 8).ok().and_then(|bits| CardData::new(bits, text.to_vec()));
        card.is_some_and(|card| {
            text.len() + OVERHEAD <= self.room && self.present_card(CardFormat::Raw, card)
        })
    }

    /// A public-key card is held to it, or has signed: reports what the panel's [`pkoc::Request`], which comes as a
    /// command, is to be answered with. False as for a card; then none of its parts is reported.
    pub fn present_key_card(&mut self, report: &pkoc::Report) -> bool {
        let parts = report.encode(self.room - OVERHEAD);
        let room = self.is_secure() && self.reports.len() + parts.len() <= REPORTS_MAX;
        room && parts.into_iter().all(|part| self.report(Reply::Vendor(pkoc::VENDOR, part)))
    }

    /// A report of any kind, as it is. False as for a card.
    pub fn report(&mut self, reply: Reply) -> bool {
        let room = self.is_secure() && self.reports.len() < REPORTS_MAX;
        if room {
            self.reports.push_back(reply);
        }
        room
    }

    /// Keys are pressed. False as for a card.
    pub fn press(&mut self, digits: Digits) -> bool {
        self.report(Reply::Keys { reader: 0, digits })
    }

    /// Its case is opened or closed.
    pub fn set_tamper(&mut self, tamper: bool) {
        self.tamper = tamper;
        self.report(Reply::Local { tamper, power: self.power });
    }

    /// Its power fails or returns.
    pub fn set_power_failure(&mut self, power: bool) {
        self.power = power;
        self.report(Reply::Local { tamper: self.tamper, power });
    }

    /// Its inputs change.
    pub fn set_inputs(&mut self, inputs: Vec<bool>) {
        self.report(Reply::Inputs(inputs.clone()));
        self.inputs = inputs;
    }

    /// Its outputs change, by themselves or at the panel's word.
    pub fn set_outputs(&mut self, outputs: Vec<bool>) {
        self.report(Reply::Outputs(outputs.clone()));
        self.outputs = outputs;
    }

    /// Takes bytes of the line.
    pub fn handle(&mut self, now: Micros, bytes: &[u8], out: &mut Vec<PdOutput>) {
        if now.saturating_sub(self.byte_at) > INTER_BYTE_MAX {
            self.parser.clear();
        }
        self.byte_at = now;
        if now.saturating_sub(self.command_at) > SESSION_MAX {
            self.end();
        }
        self.parser.push(bytes);
        while let Some(found) = self.parser.next_frame() {
            let Ok(frame) = found else { continue };
            if frame.is_reply() || frame.address() != self.settings.address || frame.check() != Check::Crc {
                continue;
            }
            let reply = match self.last.take() {
                Some((last, reply)) if last == frame && frame.sequence() != 0 => reply,
                last => self.answer(now, &frame, last.map(|(frame, _)| frame.sequence()), out),
            };
            out.push(PdOutput::Transmit(reply.clone()));
            self.last = Some((frame, reply));
        }
    }

    fn end(&mut self) {
        self.state = State::Idle;
        self.room = ROOM_MIN;
        self.reports.clear();
    }

    fn answer(&mut self, now: Micros, frame: &Frame, last: Option<u8>, out: &mut Vec<PdOutput>) -> Vec<u8> {
        let sequence = frame.sequence();
        if sequence == 0 {
            self.end();
        } else if last.map(|last| last % 3 + 1) != Some(sequence) {
            return self.clear(sequence, &Reply::Nak(Nak::Sequence));
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Open(session, base) => match session.open_command(frame) {
                Ok((session, body)) => {
                    self.command_at = now;
                    self.in_session(session, base, sequence, &body, out)
                }
                Err(_) => {
                    self.end();
                    self.clear(sequence, &Reply::Nak(Nak::SecurityConditions))
                }
            },
            State::Invited(step, base) => self.on_scrypt(now, step, base, frame),
            State::Idle => self.in_clear(now, frame),
        }
    }

    fn clear(&self, sequence: u8, reply: &Reply) -> Vec<u8> {
        frame::plain(self.settings.address | REPLY, sequence, &reply.encode())
    }

    fn in_clear(&mut self, now: Micros, frame: &Frame) -> Vec<u8> {
        let reply = match (frame.security(), Command::decode(frame.body())) {
            (None, Some(Command::Id)) => Reply::Identity(self.settings.identity),
            (None, Some(Command::Capabilities)) => Reply::Capabilities(self.settings.capabilities.clone()),
            (Some((scs::CHLNG, &[flag])), Some(Command::Challenge(rnd_a))) => {
                match (flag, &self.settings.key, self.settings.install) {
                    (0, _, true) => return self.invite(now, BaseKey::Default, &rnd_a, frame.sequence()),
                    (0, _, false) => Reply::Nak(Nak::NoSecurity),
                    (_, Some(key), _) => {
                        return self.invite(now, BaseKey::Own(key.clone()), &rnd_a, frame.sequence());
                    }
                    (_, None, _) => Reply::Nak(Nak::SecurityConditions),
                }
            }
            (None, None) => Reply::Nak(Nak::Unknown),
            // Nothing else is answered outside a session.
            _ => Reply::Nak(Nak::SecurityConditions),
        };
        self.clear(frame.sequence(), &reply)
    }

    fn invite(&mut self, now: Micros, base: BaseKey, rnd_a: &[u8; 8], sequence: u8) -> Vec<u8> {
        self.command_at = now;
        let rnd_b = (self.dice)();
        let step = Invited::new(&base, rnd_a, &rnd_b);
        let id = self.settings.identity;
        let mut client = [0u8; 8];
        let parts = id.vendor.into_iter().chain([id.model]).chain(id.serial.to_le_bytes());
        client.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        let reply = Reply::Ccrypt(Ccrypt { client, rnd_b, cryptogram: step.client_cryptogram() });
        let address = self.settings.address | REPLY;
        let bytes = frame::handshake(address, sequence, scs::CCRYPT, base.flag(), &reply.encode());
        self.state = State::Invited(step, base);
        bytes
    }

    fn on_scrypt(&mut self, now: Micros, step: Invited, base: BaseKey, frame: &Frame) -> Vec<u8> {
        let proof = match (frame.security(), Command::decode(frame.body())) {
            (Some((scs::SCRYPT, _)), Some(Command::ServerCryptogram(ref cryptogram))) => {
                step.on_scrypt(cryptogram).ok()
            }
            // Another word in place of the proof: the handshake is over.
            _ => return self.in_clear(now, frame),
        };
        let Some((session, mac)) = proof else {
            return self.clear(frame.sequence(), &Reply::Nak(Nak::SecurityConditions));
        };
        self.command_at = now;
        self.state = State::Open(session, base);
        let address = self.settings.address | REPLY;
        frame::handshake(address, frame.sequence(), scs::RMAC_I, 1, &Reply::InitialMac(mac).encode())
    }

    fn in_session(
        &mut self,
        mut session: Secured,
        base: BaseKey,
        sequence: u8,
        body: &[u8],
        out: &mut Vec<PdOutput>,
    ) -> Vec<u8> {
        let own = matches!(base, BaseKey::Own(_));
        let command = Command::decode(body);
        let reply = match &command {
            Some(Command::Id) => Reply::Identity(self.settings.identity),
            Some(Command::Capabilities) => Reply::Capabilities(self.settings.capabilities.clone()),
            Some(Command::KeySet(key)) => match Scbk::new(*key) {
                Ok(key) => {
                    self.settings.key = Some(key.clone());
                    self.settings.install = false;
                    out.push(PdOutput::Keyed(key));
                    // The acknowledgement is the session's last word.
                    return session.reply(self.settings.address, sequence, &Reply::Ack.encode());
                }
                Err(_) => Reply::Nak(Nak::Record),
            },
            // Under the default key, nothing but a key is taken.
            _ if !own => Reply::Nak(Nak::SecurityConditions),
            Some(Command::Poll) => self.reports.pop_front().unwrap_or(Reply::Ack),
            Some(Command::LocalStatus) => Reply::Local { tamper: self.tamper, power: self.power },
            Some(Command::InputStatus) => Reply::Inputs(self.inputs.clone()),
            Some(Command::OutputStatus) => Reply::Outputs(self.outputs.clone()),
            Some(Command::Room(room)) => {
                self.room = usize::from(*room).max(ROOM_MIN);
                Reply::Ack
            }
            Some(Command::KeepActive(_)) => Reply::Ack,
            Some(Command::ReaderStatus) => Reply::Readers(vec![false]),
            Some(Command::Do(command)) => {
                out.push(PdOutput::Command(command.clone()));
                Reply::Ack
            }
            Some(Command::ComSet(..) | Command::Challenge(_) | Command::ServerCryptogram(_)) | None => {
                Reply::Nak(Nak::Unknown)
            }
        };
        let bytes = session.reply(self.settings.address, sequence, &reply.encode());
        self.state = State::Open(session, base);
        bytes
    }
}
