//! The catalogue's attacks on the reader's line, A07 to A12, one test a claim.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod line;

use line::{Line, Node, SECOND, To, capabilities, identity, is_data, key, pd_config, reader, settings};
use lockward_osdp::bus::{PairingError, PdConfig, PdEvent};
use lockward_osdp::command::Command;
use lockward_osdp::frame::{Frame, REPLY, plain};
use lockward_osdp::key::{Scbk, WeakKey};
use lockward_osdp::pd::PdOutput;
use lockward_osdp::reply::{
    Capability, CardData, CardFormat, Ccrypt, Digits, Identity, Nak, Reply, function,
};
use lockward_osdp::secure::{Answered, BaseKey, Challenged, Invited, Secured};

const MINUTE: u64 = 60 * SECOND;

fn card() -> Reply {
    let card = CardData::new(26, vec![0xB5, 0xA1, 0xC6, 0x80]).unwrap();
    Reply::Card { reader: 0, format: CardFormat::Wiegand, card }
}

fn forger(answer: impl FnMut(&Frame) -> Option<Vec<u8>> + 'static) -> Node {
    Node::Forger(Box::new(answer))
}

fn in_clear(command: &Frame, reply: &Reply) -> Option<Vec<u8>> {
    Some(plain(command.address() | REPLY, command.sequence(), &reply.encode()))
}

fn pinned() -> PdConfig {
    PdConfig { identity: Some(identity(0)), capabilities: Some(capabilities()), ..pd_config(0) }
}

fn insecure_capabilities() -> Vec<Capability> {
    capabilities().into_iter().filter(|c| c.function != function::SECURITY).collect()
}

fn count(events: &[PdEvent], event: &PdEvent) -> usize {
    events.iter().filter(|e| *e == event).count()
}

#[test]
fn a07_a_reader_that_never_is_secure_gives_no_event_and_is_offline() {
    for report in [card(), Reply::Keys { reader: 0, digits: Digits(b"1234".to_vec()) }, Reply::Ack] {
        let code = report.encode()[0];
        let node = forger(move |command| in_clear(command, &report));
        let mut line = Line::with(115_200, vec![pd_config(0)], vec![node]);
        line.run(MINUTE);
        let events = line.take(0);
        assert_eq!(events, [PdEvent::InsecureRefused(code), PdEvent::Offline], "told once, not in a flood");
        assert!(!line.bus.is_online(0));
    }
}

#[test]
fn a07_a_card_in_the_clear_within_a_session_is_refused_unread() {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    line.events.clear();
    let mut sequence = 0;
    line.hand = Box::new(move |to, bytes| {
        if to == To::Readers {
            sequence = bytes[4] & 3;
            return Some(bytes);
        }
        Some(plain(REPLY, sequence, &card().encode()))
    });
    line.run(10 * SECOND);
    let events = line.take(0);
    assert!(!events.iter().any(is_data), "{events:?}");
    assert_eq!(count(&events, &PdEvent::InsecureRefused(0x50)), 1, "{events:?}");
    assert_eq!(count(&events, &PdEvent::Offline), 1);
}

#[test]
fn a08_a_reader_that_was_secure_and_says_that_it_is_not_stays_refused() {
    for known in [true, false] {
        let node = forger(|command| match Command::decode(command.body()) {
            Some(Command::Capabilities) => in_clear(command, &Reply::Capabilities(insecure_capabilities())),
            Some(Command::Challenge(_)) => in_clear(command, &Reply::Nak(Nak::NoSecurity)),
            _ => in_clear(command, &Reply::Nak(Nak::SecurityConditions)),
        });
        let mut line = if known {
            Line::with(115_200, vec![pinned()], vec![node])
        } else {
            // Not pinned, but seen secure in this run.
            let mut line = Line::of(1, 115_200);
            line.run(SECOND);
            line.take(0);
            line.nodes[0] = node;
            line
        };
        line.run(MINUTE);
        assert_eq!(line.take(0), [PdEvent::Downgrade, PdEvent::Offline], "known {known}");
    }
}

#[test]
fn a08_an_edited_capability_reply_changes_nothing_since_the_channel_does_not_depend_on_it() {
    let mut line = Line::of(1, 115_200);
    line.hand = Box::new(|to, bytes| {
        let frame = Frame::parse(&bytes).unwrap();
        match (to, frame.security(), Reply::decode(frame.body())) {
            (To::Panel, None, Some(Reply::Capabilities(_))) => {
                in_clear(&frame, &Reply::Capabilities(insecure_capabilities()))
            }
            _ => Some(bytes),
        }
    });
    line.run(SECOND);
    assert!(line.bus.is_online(0));
    let clear = |bytes: &[u8]| Frame::parse(bytes).unwrap().security().is_none();
    assert!(!line.trace.iter().any(|(_, _, bytes)| clear(bytes)), "nothing is asked in the clear");
}

#[test]
fn a08_a_downgrade_inside_the_channel_is_seen_too() {
    let mut settings = settings(0);
    settings.capabilities = insecure_capabilities();
    let mut line = Line::with(115_200, vec![pinned()], vec![reader(settings)]);
    line.run(MINUTE);
    assert_eq!(line.take(0), [PdEvent::Downgrade, PdEvent::Offline]);
}

fn as_it_comes_from_its_maker(n: u8) -> Node {
    let mut settings = settings(n);
    (settings.key, settings.install) = (None, true);
    reader(settings)
}

fn keys_sent(line: &Line) -> usize {
    line.told.iter().filter(|told| matches!(told.1, PdOutput::Keyed(_))).count()
}

#[test]
fn a09_without_a_window_a_reader_in_install_mode_gets_nothing() {
    let mut line = Line::with(115_200, vec![pd_config(0)], vec![as_it_comes_from_its_maker(0)]);
    line.run(MINUTE);
    let events = line.take(0);
    assert!(!events.iter().any(is_data), "{events:?}");
    assert_eq!(keys_sent(&line), 0);
    for (_, to, bytes) in &line.trace {
        let frame = Frame::parse(bytes).unwrap();
        assert!(*to == To::Panel || frame.security().is_none_or(|(_, data)| data != [0]), "SCBK-D offered");
    }
}

#[test]
fn a09_a_window_pairs_one_reader_and_closes_for_good() {
    let nodes = vec![as_it_comes_from_its_maker(0), as_it_comes_from_its_maker(1)];
    let mut line = Line::with(115_200, vec![pd_config(0), pd_config(1)], nodes);
    line.run(SECOND);
    line.events.clear();
    line.bus.open_pairing(0, line.now, 5 * MINUTE).unwrap();
    line.nudge();
    assert_eq!(line.bus.open_pairing(1, line.now, MINUTE), Err(PairingError::Open(0)));
    line.run(5 * SECOND);
    let events = line.take(0);
    assert_eq!(events[..2], [PdEvent::Paired, PdEvent::PairingClosed], "{events:?}");
    assert!(events.contains(&PdEvent::Online));
    assert_eq!(line.told, [(0, PdOutput::Keyed(key(0)))]);
    assert_eq!(line.bus.open_pairing(0, line.now, MINUTE), Err(PairingError::Online(0)));
    // Another reader in its place, as it comes from its maker, gets nothing.
    line.nodes[0] = as_it_comes_from_its_maker(0);
    line.run(6 * MINUTE);
    assert_eq!(keys_sent(&line), 1);
    assert!(!line.bus.is_online(0) && !line.bus.is_online(1));
}

#[test]
fn a09_a_window_ends_by_itself_and_is_never_longer_than_five_minutes() {
    for (window, end) in [(MINUTE, MINUTE), (100 * MINUTE, 5 * MINUTE)] {
        let mut line = Line::with(115_200, vec![pd_config(0)], vec![Node::Silent]);
        line.run(SECOND);
        line.bus.open_pairing(0, line.now, window).unwrap();
        line.run(end - SECOND);
        assert_eq!(count(&line.take(0), &PdEvent::PairingClosed), 0);
        line.run(2 * SECOND);
        assert_eq!(count(&line.take(0), &PdEvent::PairingClosed), 1);
        line.nodes[0] = as_it_comes_from_its_maker(0);
        line.run(MINUTE);
        assert_eq!(keys_sent(&line), 0);
    }
}

#[test]
fn a10_weak_keys_are_refused_at_configuration() {
    let default: [u8; 16] = std::array::from_fn(|i| 0x30 + i as u8);
    assert_eq!(Scbk::new(default), Err(WeakKey::Default));
    assert_eq!(Scbk::new([0; 16]), Err(WeakKey::AllZero));
    assert_eq!(Scbk::new([7; 16]), Err(WeakKey::Repeating));
    assert_eq!(Scbk::new(std::array::from_fn(|i| i as u8)), Err(WeakKey::Counting));
    assert_eq!(Scbk::new(*b"0123456789ABCDEF"), Err(WeakKey::Sample));
}

#[test]
fn a10_a_reader_that_answers_with_the_default_key_is_refused_on_the_wire() {
    let node = forger(|command| match Command::decode(command.body()) {
        Some(Command::Challenge(rnd_a)) => {
            let step = Invited::new(&BaseKey::Default, &rnd_a, &[9; 8]);
            let cryptogram = step.client_cryptogram();
            let reply = Reply::Ccrypt(Ccrypt { client: [0; 8], rnd_b: [9; 8], cryptogram });
            Some(handshake(command.address() | REPLY, command.sequence(), 0x12, 0, &reply.encode()))
        }
        _ => None,
    });
    let mut line = Line::with(115_200, vec![pd_config(0)], vec![node]);
    line.run(MINUTE);
    assert_eq!(line.take(0), [PdEvent::DefaultKeyRefused, PdEvent::Offline]);
}

/// A handshake frame by hand.
fn handshake(address: u8, sequence: u8, kind: u8, flag: u8, body: &[u8]) -> Vec<u8> {
    let len = u8::try_from(5 + 3 + body.len() + 2).unwrap();
    let mut bytes = vec![0x53, address, len, 0, 0x0C | sequence, 3, kind, flag];
    bytes.extend_from_slice(body);
    let crc = lockward_osdp::frame::crc16(&bytes).to_le_bytes();
    bytes.extend_from_slice(&crc);
    bytes
}

#[test]
fn a10_a_reader_with_another_key_is_refused() {
    let mut settings = settings(0);
    settings.key = Some(key(99));
    let mut line = Line::with(115_200, vec![pd_config(0)], vec![reader(settings)]);
    line.run(MINUTE);
    assert_eq!(line.take(0), [PdEvent::KeyRefused, PdEvent::Offline]);
}

/// What a reader answers to one frame, and what else it says to its owner.
fn answer(node: &mut Node, bytes: &[u8]) -> (Frame, usize) {
    let Node::Reader(pd) = node else { panic!("no reader") };
    let mut out = Vec::new();
    pd.handle(0, bytes, &mut out);
    let Some(PdOutput::Transmit(reply)) = out.last() else { panic!("{out:?}") };
    (Frame::parse(reply).unwrap(), out.len() - 1)
}

#[test]
fn a10_a_reader_refuses_the_default_key_out_of_install_mode() {
    let bytes = handshake(0, 0, 0x11, 0, &Command::Challenge([1; 8]).encode());
    let (reply, _) = answer(&mut reader(settings(0)), &bytes);
    assert_eq!(Reply::decode(reply.body()), Some(Reply::Nak(Nak::NoSecurity)));
}

#[test]
fn a10_a_reader_in_install_mode_refuses_a_weak_key() {
    for (offered, taken) in [([0; 16], false), (std::array::from_fn(|i| 0x30 + i as u8), false), (OWN, true)]
    {
        let mut node = as_it_comes_from_its_maker(0);
        let step = Challenged::new(BaseKey::Default, [1; 8]);
        let bytes = handshake(0, 0, 0x11, 0, &Command::Challenge(step.challenge()).encode());
        let Some(Reply::Ccrypt(reply)) = Reply::decode(answer(&mut node, &bytes).0.body()) else { panic!() };
        let step = step.on_ccrypt(&reply).unwrap();
        let body = Command::ServerCryptogram(step.server_cryptogram()).encode();
        let (reply, _) = answer(&mut node, &handshake(0, 1, 0x13, 0, &body));
        let Some(Reply::InitialMac(mac)) = Reply::decode(reply.body()) else { panic!() };
        let mut session = step.on_rmac_i(&mac).unwrap();
        let (reply, told) = answer(&mut node, &session.command(0, 2, &Command::KeySet(offered).encode()));
        let (_, body) = session.open_reply(&reply).unwrap();
        let expected = if taken { Reply::Ack } else { Reply::Nak(Nak::Record) };
        assert_eq!((Reply::decode(&body), told), (Some(expected), usize::from(taken)));
    }
}

const OWN: [u8; 16] = *b"\x8f\x11\xd3\x70\x02\x5e\xa9\x44\x61\x3c\xee\x97\x1b\x85\x20\xfa";

/// What someone with a record of the line, and a base key, can read of it.
struct Recorder {
    base: BaseKey,
    step: Option<Challenged>,
    answered: Option<Answered>,
    session: Option<Secured>,
    read: Vec<Command>,
}

impl Recorder {
    fn new(base: BaseKey) -> Self {
        Self { base, step: None, answered: None, session: None, read: Vec::new() }
    }

    /// Replays a trace offline: the recorder sees both sides, so it is both.
    fn replay(mut self, line: &Line) -> Vec<Command> {
        let mut readers: Option<Secured> = None;
        let mut invited: Option<Invited> = None;
        for (_, to, bytes) in &line.trace {
            let frame = Frame::parse(bytes).unwrap();
            if *to == To::Readers {
                match Command::decode(frame.body()) {
                    Some(Command::Challenge(rnd_a)) => {
                        (self.session, readers) = (None, None);
                        self.step = Some(Challenged::new(self.base.clone(), rnd_a));
                    }
                    Some(Command::ServerCryptogram(cryptogram)) => {
                        readers = invited.take().and_then(|i| i.on_scrypt(&cryptogram).ok()).map(|(s, _)| s);
                    }
                    _ => {
                        let opened = readers.take().and_then(|s| s.open_command(&frame).ok());
                        if let Some((session, body)) = opened {
                            self.read.extend(Command::decode(&body));
                            // What the panel sent moves the chain of the recorder's own panel side.
                            if let Some(panel) = &mut self.session {
                                let _ = panel.command(frame.address(), frame.sequence(), &body);
                            }
                            readers = Some(session);
                        }
                    }
                }
            } else if let Some(Reply::Ccrypt(ccrypt)) = Reply::decode(frame.body()) {
                let Some(step) = self.step.take() else { continue };
                invited = Some(Invited::new(&self.base, &step.challenge(), &ccrypt.rnd_b));
                self.answered = step.on_ccrypt(&ccrypt).ok();
            } else if let Some(Reply::InitialMac(mac)) = Reply::decode(frame.body()) {
                self.session = self.answered.take().and_then(|a| a.on_rmac_i(&mac).ok());
            } else if let Some(session) = self.session.take() {
                // The readers' chain moves with what they said.
                if let (Ok((session, body)), Some(reader)) = (session.open_reply(&frame), &mut readers) {
                    let _ = reader.reply(frame.address(), frame.sequence(), &body);
                    self.session = Some(session);
                }
            }
        }
        self.read
    }
}

#[test]
fn a11_a_recorder_of_a_reader_that_was_given_its_key_beforehand_reads_nothing() {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    assert!(line.bus.is_online(0));
    assert_eq!(Recorder::new(BaseKey::Default).replay(&line), []);
    let all: Vec<u8> = line.trace.iter().flat_map(|(_, _, bytes)| bytes.clone()).collect();
    assert!(
        !all.windows(16).any(|w| Scbk::new(w.try_into().unwrap()) == Ok(key(0))),
        "the key is on the line"
    );
    let own = Recorder::new(BaseKey::Own(key(0))).replay(&line);
    assert!(
        own.contains(&Command::Id) && own.len() > 20,
        "the recorder does work, given the key: {}",
        own.len()
    );
}

#[test]
fn a11_a_recorder_of_a_pairing_window_does_read_the_key_which_is_why_it_is_off_by_default() {
    let mut line = Line::with(115_200, vec![pd_config(0)], vec![as_it_comes_from_its_maker(0)]);
    line.bus.open_pairing(0, 0, MINUTE).unwrap();
    line.run(5 * SECOND);
    assert!(line.bus.is_online(0));
    let read = Recorder::new(BaseKey::Default).replay(&line);
    assert!(matches!(read.as_slice(), [Command::KeySet(_)]), "{read:?}");
}

#[test]
fn a12_a_muted_reader_is_offline_after_eight_seconds() {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    line.events.clear();
    line.nodes[0] = Node::Silent;
    line.run(7 * SECOND);
    assert_eq!(line.take(0), []);
    line.run(2 * SECOND);
    assert_eq!(line.take(0), [PdEvent::Offline]);
}

#[test]
fn a12_answering_for_a_muted_reader_with_its_own_old_words_does_not_keep_it_online() {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    line.events.clear();
    let recorded: Vec<Vec<u8>> =
        line.trace.iter().filter(|(_, to, _)| *to == To::Panel).map(|(_, _, b)| b.clone()).collect();
    let mut next = 0;
    line.nodes[0] = forger(move |_| {
        next += 1;
        recorded.get(next % recorded.len()).cloned()
    });
    line.run(10 * SECOND);
    let events = line.take(0);
    assert!(events.contains(&PdEvent::Offline), "{events:?}");
    assert!(!events.iter().any(is_data), "{events:?}");
}

#[test]
fn a12_another_device_at_the_address_is_refused_even_with_the_key() {
    let mut other = settings(0);
    other.identity = Identity { serial: 666, ..identity(0) };
    let found = other.identity;
    let mut line = Line::with(115_200, vec![pinned()], vec![reader(other)]);
    line.run(MINUTE);
    let changed = PdEvent::IdentityChanged { pinned: identity(0), found };
    assert_eq!(line.take(0), [changed, PdEvent::Offline]);
    line.pd(0).present_card(CardFormat::Raw, CardData::new(8, vec![1]).unwrap());
    line.run(MINUTE);
    assert_eq!(line.take(0), []);
    // Until a person says that it belongs there.
    assert!(line.bus.pin(line.now, 0, Some(found), None));
    line.nudge();
    line.run(SECOND);
    assert!(line.bus.is_online(0));
}

#[test]
fn a12_a_reader_that_was_swapped_during_the_run_is_refused_without_a_pin() {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    line.events.clear();
    let mut other = settings(0);
    other.identity.serial += 1;
    line.nodes[0] = reader(other);
    line.run(10 * SECOND);
    let events = line.take(0);
    assert!(matches!(events.as_slice(), [PdEvent::IdentityChanged { .. }, PdEvent::Offline]), "{events:?}");
}

#[test]
fn a12_new_firmware_of_the_same_device_is_told_and_not_refused() {
    let mut renewed = settings(0);
    renewed.identity.firmware = [2, 0, 0];
    let id = renewed.identity;
    let mut line = Line::with(115_200, vec![pinned()], vec![reader(renewed)]);
    line.run(SECOND);
    assert_eq!(line.take(0)[..2], [PdEvent::Identity(id), PdEvent::Online]);
}
