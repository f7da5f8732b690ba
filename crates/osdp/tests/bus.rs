//! Claims of the panel's side, with readers at the other end of a simulated wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod line;

use std::cell::Cell;
use std::rc::Rc;

use line::{Line, MS, Node, SECOND, To, capabilities, identity, pd_config, reader, settings};
use lockward_osdp::bus::{Bus, BusConfig, ConfigError, PdEvent, SendError};
use lockward_osdp::command::{Blink, Color, Led, OutputControl, PdCommand, Temporary, Text};
use lockward_osdp::frame::{Frame, REPLY, plain};
use lockward_osdp::reply::{CardData, CardFormat, Digits, Nak, Reply};
use lockward_osdp::secure::SecureError;

fn card() -> CardData {
    CardData::new(26, vec![0xB5, 0xA1, 0xC6, 0x80]).unwrap()
}

fn card_event() -> PdEvent {
    PdEvent::Card { reader: 0, format: CardFormat::Wiegand, card: card() }
}

fn led(color: Color) -> PdCommand {
    let permanent = Some(Blink::steady(color));
    PdCommand::Led(Led { reader: 0, number: 0, temporary: Temporary::Keep, permanent })
}

/// A line whose readers are all online, with the events of that forgotten.
fn online(count: u8, baud: u32) -> Line {
    let mut line = Line::of(count, baud);
    line.run(2 * SECOND);
    for address in 0..count {
        assert!(line.bus.is_online(address), "{address}: {:?}", line.events);
    }
    line.events.clear();
    line
}

#[test]
fn a_reader_with_its_key_comes_online_and_says_who_it_is() {
    for (baud, bytewise) in [(9_600, true), (115_200, true), (115_200, false), (9_600, false)] {
        let mut line = Line::of(1, baud);
        line.bytewise = bytewise;
        line.run(SECOND);
        let expected = [
            PdEvent::Identity(identity(0)),
            PdEvent::Capabilities(capabilities()),
            PdEvent::Online,
            PdEvent::Tamper(false),
            PdEvent::PowerFailure(false),
            PdEvent::Inputs(vec![]),
        ];
        assert_eq!(line.take(0), expected, "{baud} {bytewise}");
        assert!(line.pd(0).is_secure());
    }
}

#[test]
fn a_pinned_reader_is_not_told_again() {
    let mut config = pd_config(0);
    (config.identity, config.capabilities) = (Some(identity(0)), Some(capabilities()));
    let mut line = Line::with(115_200, vec![config], vec![reader(settings(0))]);
    line.run(SECOND);
    assert_eq!(line.take(0)[0], PdEvent::Online);
}

#[test]
fn cards_keys_and_states_arrive_once_and_in_order() {
    let mut line = online(2, 9_600);
    assert!(line.pd(1).present_card(CardFormat::Wiegand, card()));
    assert!(line.pd(1).press(Digits(b"1234\x0D".to_vec())));
    line.pd(1).set_tamper(true);
    line.pd(1).set_inputs(vec![true, false]);
    line.run(SECOND);
    let expected = [
        card_event(),
        PdEvent::Keys { reader: 0, digits: Digits(b"1234\x0D".to_vec()) },
        PdEvent::Tamper(true),
        PdEvent::Inputs(vec![true, false]),
    ];
    assert_eq!(line.take(1), expected);
    assert_eq!(line.take(0), []);
}

/// Presents 100 cards while one frame in `rarity` loses a byte, and one in `rarity` has one bent: each way.
/// Gives how many cards the reader took, and how many the panel heard.
fn noisy(seed: u64, rarity: u8) -> (usize, usize) {
    let mut line = online(2, 115_200);
    let mut next = line::dice(seed);
    line.hand = Box::new(move |_, mut bytes| {
        let [chance, at, bit, ..] = next();
        let at = usize::from(at) % bytes.len();
        match chance % rarity {
            0 => {
                bytes.remove(at);
            }
            1 => bytes[at] ^= 1 << (bit % 8),
            _ => {}
        }
        Some(bytes)
    });
    let mut presented = 0;
    for _ in 0..100 {
        presented += usize::from(line.pd(0).present_card(CardFormat::Wiegand, card()));
        line.run(100 * MS);
    }
    let heard = line.take(0).iter().filter(|e| **e == card_event()).count();
    line.hand = Box::new(|_, bytes| Some(bytes));
    line.bytewise = false;
    line.run(40 * SECOND);
    assert!(line.bus.is_online(0), "seed {seed}: it recovers");
    (presented, heard)
}

#[test]
fn a_reader_behind_noise_is_heard_and_never_twice() {
    for seed in 1..3 {
        let (presented, heard) = noisy(seed, 100);
        assert!(heard <= presented && heard * 100 >= presented * 97, "seed {seed}: {heard} of {presented}");
        let (presented, heard) = noisy(seed, 10);
        // More than a third of all exchanges fail here; what gets through gets through once.
        assert!(heard <= presented && heard > 0, "seed {seed}: {heard} of {presented}");
    }
}

#[test]
fn a_lost_reply_is_asked_for_again_with_the_same_bytes_and_the_card_is_read_once() {
    let mut line = online(1, 115_200);
    let lose = Rc::new(Cell::new(0));
    let count = lose.clone();
    line.hand = Box::new(move |to, bytes| {
        // Only replies with a card's length are lost, the first two times.
        if to == To::Panel && bytes.len() == 30 && count.get() < 2 {
            count.set(count.get() + 1);
            return None;
        }
        Some(bytes)
    });
    line.trace.clear();
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(SECOND);
    assert_eq!(lose.get(), 2);
    assert_eq!(line.take(0), [card_event()]);
    let replies: Vec<_> = line.trace.iter().filter(|(_, to, b)| *to == To::Panel && b.len() == 30).collect();
    assert_eq!(replies.len(), 3);
    assert!(replies.iter().all(|(_, _, bytes)| *bytes == replies[0].2), "the same bytes each time");
}

#[test]
fn a_duplicated_reply_is_taken_once() {
    let mut line = online(1, 115_200);
    line.hand =
        Box::new(|to, bytes| Some(if to == To::Panel { [bytes.clone(), bytes].concat() } else { bytes }));
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(SECOND);
    let cards = line.take(0).iter().filter(|e| **e == card_event()).count();
    assert_eq!(cards, 1);
}

#[test]
fn an_old_reply_that_comes_late_is_passed_over_and_the_session_goes_on() {
    let mut line = online(1, 115_200);
    let mut old = Vec::new();
    line.hand = Box::new(move |to, bytes| match to {
        To::Readers => Some(bytes),
        To::Panel => Some([std::mem::replace(&mut old, bytes.clone()), bytes].concat()),
    });
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(SECOND);
    assert_eq!(line.take(0), [card_event()]);
}

#[test]
fn sequence_replayed() {
    // A recorded card reply, played again in place of every later reply, opens nothing.
    let mut line = online(1, 115_200);
    // The sequence number is made to fit, and the CRC made right.
    let (mut recorded, mut sequence): (Option<Vec<u8>>, u8) = (None, 0);
    line.hand = Box::new(move |to, bytes| {
        if to == To::Readers {
            sequence = bytes[4] & 3;
        } else if let Some(old) = &recorded {
            let mut old = old.clone();
            old[4] = old[4] & !3 | sequence;
            let end = old.len() - 2;
            let crc = lockward_osdp::frame::crc16(&old[..end]).to_le_bytes();
            old[end..].copy_from_slice(&crc);
            return Some(old);
        } else if bytes.len() == 30 {
            recorded = Some(bytes.clone());
        }
        Some(bytes)
    });
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(9 * SECOND);
    let events = line.take(0);
    assert_eq!(events.iter().filter(|e| **e == card_event()).count(), 1, "{events:?}");
    assert!(events.contains(&PdEvent::SessionLost(SecureError::Mac)), "{events:?}");
    assert!(events.contains(&PdEvent::Offline), "{events:?}");
}

#[test]
fn mac_truncated() {
    // The MAC is cut off, and length and CRC are made right again.
    let mut line = online(1, 115_200);
    line.hand = Box::new(|to, bytes| {
        if to == To::Readers {
            return Some(bytes);
        }
        let mut cut = bytes[..bytes.len() - 6].to_vec();
        cut[2] = u8::try_from(cut.len() + 2).unwrap();
        let crc = lockward_osdp::frame::crc16(&cut).to_le_bytes();
        cut.extend_from_slice(&crc);
        Some(cut)
    });
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(9 * SECOND);
    let events = line.take(0);
    assert!(!events.iter().any(line::is_data), "{events:?}");
    assert!(events.contains(&PdEvent::Offline));
}

#[test]
fn commands_reach_the_reader_and_the_latest_light_wins() {
    let mut line = online(1, 115_200);
    let text = Text { reader: 0, seconds: Some(3), row: 1, column: 1, text: "Welcome".into() };
    line.bus.send(0, led(Color::Amber)).unwrap();
    line.bus.send(0, PdCommand::Output(0, OutputControl::OnFor(50))).unwrap();
    line.bus.send(0, led(Color::Green)).unwrap();
    line.bus.send(0, PdCommand::Text(text.clone())).unwrap();
    line.run(100 * MS);
    let expected = [led(Color::Green), PdCommand::Output(0, OutputControl::OnFor(50)), PdCommand::Text(text)];
    assert_eq!(line.commands(), expected);
    assert_eq!(line.take(0), []);
}

#[test]
fn a_full_queue_and_an_offline_reader_are_said_so() {
    let mut line = online(1, 115_200);
    let output = |n| PdCommand::Output(n, OutputControl::On);
    for n in 0..8 {
        line.bus.send(0, output(n)).unwrap();
    }
    assert_eq!(line.bus.send(0, output(8)), Err(SendError::Full(0)));
    assert_eq!(line.bus.send(9, output(0)), Err(SendError::Unknown(9)));
    line.nodes[0] = Node::Silent;
    line.run(10 * SECOND);
    assert_eq!(line.bus.send(0, output(0)), Err(SendError::Offline(0)));
    let events = line.take(0);
    let failed = events.iter().filter(|e| matches!(e, PdEvent::CommandFailed(_, None))).count();
    assert_eq!(failed, 8, "none is carried out later: {events:?}");
}

#[test]
fn a_declined_command_is_told_and_the_session_goes_on() {
    let mut line = online(1, 115_200);
    // A light that is set with both times zero is no command that the standard knows.
    let mut command = led(Color::Red);
    if let PdCommand::Led(led) = &mut command {
        led.permanent = Some(Blink { on: 0, off: 0, on_color: Color::Red, off_color: Color::Red });
    }
    line.bus.send(0, command.clone()).unwrap();
    line.run(100 * MS);
    assert_eq!(line.take(0), [PdEvent::CommandFailed(command, Some(Nak::Unknown))]);
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(100 * MS);
    assert_eq!(line.take(0), [card_event()]);
}

#[test]
fn a_busy_reader_is_asked_again_with_the_same_frame() {
    let mut line = online(1, 115_200);
    let left = Rc::new(Cell::new(5));
    let busy = left.clone();
    line.hand = Box::new(move |to, bytes| {
        if to == To::Panel && busy.get() > 0 {
            busy.set(busy.get() - 1);
            return Some(plain(REPLY, 0, &Reply::Busy.encode()));
        }
        Some(bytes)
    });
    line.bus.send(0, led(Color::Green)).unwrap();
    line.run(SECOND);
    assert_eq!(left.get(), 0);
    assert_eq!(line.commands(), [led(Color::Green)], "carried out once");
    assert_eq!(line.take(0), []);
}

#[test]
fn a_reader_that_is_always_busy_goes_offline() {
    let mut line = online(1, 115_200);
    line.hand = Box::new(|to, bytes| match to {
        To::Panel => Some(plain(REPLY, 0, &Reply::Busy.encode())),
        To::Readers => Some(bytes),
    });
    line.bus.send(0, PdCommand::Output(0, OutputControl::OnFor(50))).unwrap();
    line.run(2 * SECOND);
    let failed = PdEvent::CommandFailed(PdCommand::Output(0, OutputControl::OnFor(50)), None);
    assert!(line.take(0).contains(&failed), "no output acts after its second");
    line.run(8 * SECOND);
    assert!(line.take(0).contains(&PdEvent::Offline));
}

#[test]
fn a_pulled_cable_is_offline_after_eight_seconds_and_back_soon_after_it_is_plugged_in() {
    let mut line = online(2, 115_200);
    line.pd(1).set_inputs(vec![true, false]);
    line.run(SECOND);
    assert_eq!(line.take(1), [PdEvent::Inputs(vec![true, false])]);
    let pulled = line.now;
    let reader = std::mem::replace(&mut line.nodes[1], Node::Silent);
    line.run(30 * SECOND);
    let (at, address, event) = line.events.remove(0);
    assert_eq!((address, event), (1, PdEvent::Offline));
    assert!((7_900 * MS..8_100 * MS).contains(&(at - pulled)), "{}", at - pulled);
    assert_eq!(line.events, [], "told once, and the other reader does not notice");
    line.nodes[1] = reader;
    let plugged = line.now;
    line.run(10 * SECOND);
    let (at, address, event) = line.events.remove(0);
    assert_eq!((address, event), (1, PdEvent::Online));
    assert!(at - plugged < 9 * SECOND, "{}", at - plugged);
    let again = [PdEvent::Tamper(false), PdEvent::PowerFailure(false), PdEvent::Inputs(vec![true, false])];
    assert_eq!(line.take(1), again, "nobody knew meanwhile: its case, power and inputs are told again");
}

#[test]
fn a_reader_that_restarts_is_secure_again_at_once_and_its_lights_are_to_be_told_again() {
    let mut line = online(1, 115_200);
    line.nodes[0] = reader(settings(0));
    line.run(SECOND);
    assert_eq!(line.take(0), [PdEvent::Resumed], "no alarm for a reader that lost its session");
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(100 * MS);
    assert_eq!(line.take(0), [card_event()]);
}

#[test]
fn a_reader_that_never_answers_is_offline_after_eight_seconds() {
    let mut line = Line::with(9_600, vec![pd_config(3)], vec![Node::Silent]);
    line.run(7_900 * MS);
    assert_eq!(line.take(3), []);
    line.run(SECOND);
    assert_eq!(line.take(3), [PdEvent::Offline]);
}

#[test]
fn a_slow_reader_is_waited_for() {
    let mut line = Line::of(1, 9_600);
    line.reply_delay = 150 * MS;
    line.run(20 * SECOND);
    assert!(line.bus.is_online(0), "{:?}", line.events);
    line.events.clear();
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(SECOND);
    assert_eq!(line.take(0), [card_event()]);
}

#[test]
fn a_late_reply_of_one_reader_is_not_taken_for_another() {
    let mut line = online(2, 115_200);
    // Reader 0 answers in the name of reader 1: the address is changed, and the CRC made right.
    line.nodes[1] = Node::Silent;
    line.hand = Box::new(|to, mut bytes| {
        if to == To::Panel {
            bytes[1] ^= 1;
            let end = bytes.len() - 2;
            let crc = lockward_osdp::frame::crc16(&bytes[..end]).to_le_bytes();
            bytes[end..].copy_from_slice(&crc);
        }
        Some(bytes)
    });
    line.pd(0).present_card(CardFormat::Wiegand, card());
    line.run(9 * SECOND);
    assert!(!line.events.iter().any(|(_, _, event)| line::is_data(event)), "{:?}", line.events);
}

#[test]
fn nothing_unasked_is_heard() {
    let mut bus = Bus::new(BusConfig { baud: 9_600, pds: vec![pd_config(0)] }, 0, line::dice(1)).unwrap();
    let mut out = Vec::new();
    let body = Reply::Card { reader: 0, format: CardFormat::Raw, card: card() }.encode();
    bus.handle(0, lockward_osdp::bus::Input::Bytes(&plain(REPLY, 0, &body)), &mut out);
    assert!(!out.iter().any(|o| matches!(o, lockward_osdp::bus::Output::Event(..))), "{out:?}");
}

#[test]
fn a_bus_that_no_line_can_be_is_refused() {
    let bus = |baud, addresses: &[u8]| {
        let pds = addresses.iter().map(|a| pd_config(*a)).collect();
        Bus::new(BusConfig { baud, pds }, 0, line::dice(1)).err()
    };
    assert_eq!(bus(9_600, &[0, 126]), None);
    assert_eq!(bus(9_600, &[127]), Some(ConfigError::Address(127)));
    assert_eq!(bus(9_600, &[5, 5]), Some(ConfigError::Twice(5)));
    assert_eq!(bus(0, &[1]), Some(ConfigError::Baud(0)));
}

#[test]
fn frames_are_two_characters_apart() {
    let mut line = online(2, 9_600);
    line.trace.clear();
    line.run(SECOND);
    let gap = line.characters(2);
    for pair in line.trace.windows(2) {
        let [(from, to, bytes), (next, ..)] = pair else { panic!() };
        let end = from + line.characters(bytes.len());
        if *to == To::Panel {
            assert!(*next >= end + gap - 1, "{next} after {end}");
            assert!(*next <= end + gap + 2, "back to back: {next} after {end}");
        }
    }
}

#[test]
fn everything_but_the_handshake_is_secured() {
    let mut line = online(1, 115_200);
    line.bus.send(0, led(Color::Red)).unwrap();
    line.pd(0).press(Digits(b"5".to_vec()));
    line.run(SECOND);
    for (_, to, bytes) in &line.trace {
        let frame = Frame::parse(bytes).unwrap();
        let (kind, _) = frame.security().expect("no frame is in the clear");
        let empty = frame.body().len() == 5;
        let expected: &[u8] = match (to, empty, kind < 0x15) {
            (_, _, true) => &[0x11, 0x12, 0x13, 0x14],
            (To::Readers, true, _) => &[0x15],
            (To::Readers, false, _) => &[0x17],
            (To::Panel, true, _) => &[0x16],
            (To::Panel, false, _) => &[0x18],
        };
        assert!(expected.contains(&kind), "{kind:#x}");
    }
}
