//! Codes as readers deliver them, and a reader's own state: both come out as events, whenever they are said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod line;

use line::{Line, MS, Node, SECOND, is_data};
use lockward_osdp::bus::PdEvent;
use lockward_osdp::code::{CARD_BYTES_MAX, CODE_BYTES_MAX, Code};
use lockward_osdp::command::{Command, OutputControl, PdCommand};
use lockward_osdp::frame::{REPLY, plain};
use lockward_osdp::reply::{Capability, CardData, CardFormat, Reply, function};

fn online() -> Line {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    assert!(line.bus.is_online(0));
    line.events.clear();
    line
}

fn code(text: &[u8]) -> PdEvent {
    PdEvent::Code { reader: 0, code: Code::new(text).unwrap() }
}

fn said(line: &mut Line, reply: Reply) -> Vec<PdEvent> {
    assert!(line.pd(0).report(reply));
    line.run(200 * MS);
    line.take(0)
}

fn characters(format: CardFormat, text: &[u8]) -> Reply {
    let card = CardData::new(u16::try_from(text.len() * 8).unwrap(), text.to_vec()).unwrap();
    Reply::Card { reader: 0, format, card }
}

#[test]
fn a_code_of_512_bytes_comes_in_one_frame() {
    let mut line = online();
    line.trace.clear();
    let text = [b'7'; CODE_BYTES_MAX];
    assert!(line.pd(0).present_code(&text));
    line.run(200 * MS);
    assert_eq!(line.take(0), [code(&text)]);
    assert_eq!(line.trace.iter().filter(|(_, _, bytes)| bytes.len() > 512).count(), 1);
}

#[test]
fn a_reader_is_told_that_it_may_send_so_much() {
    let mut line = Line::of(1, 115_200);
    line.run(20 * MS);
    assert!(!line.pd(0).present_code(&[b'7'; 100]), "not before it is told");
    line.run(SECOND);
    assert!(line.pd(0).present_code(&[b'7'; 100]));
}

#[test]
fn a_reader_that_does_not_know_that_command_is_online_all_the_same() {
    for silent in [false, true] {
        let mut line = online_without_room(silent);
        line.run(30 * SECOND);
        assert!(line.bus.is_online(0), "{silent}");
        line.take(0);
        line.run(30 * SECOND);
        assert_eq!(line.take(0), [], "{silent}");
    }
}

/// A reader that ends its session, or says nothing, when it hears ACURXSIZE.
fn online_without_room(silent: bool) -> Line {
    let mut line = Line::of(1, 115_200);
    line.hand = Box::new(move |to, bytes| match to {
        // In session the code stands after five bytes of header and two of security block.
        line::To::Readers if bytes.get(7) == Some(&Command::Room(0).code()) && bytes[5] == 2 => {
            // Swallowed, or replaced by what makes the reader lose its place.
            if silent { None } else { Some(plain(0, 2, &Command::Poll.encode())) }
        }
        _ => Some(bytes),
    });
    line
}

#[test]
fn what_is_no_longer_than_a_card_stays_a_card() {
    let mut line = online();
    for len in [1, 4, CARD_BYTES_MAX] {
        let text = vec![b'A'; len];
        for format in [CardFormat::Raw, CardFormat::Characters, CardFormat::Wiegand] {
            let events = said(&mut line, characters(format, &text));
            assert!(
                matches!(&events[..], [PdEvent::Card { format: found, .. }] if *found == format),
                "{events:?}"
            );
        }
    }
}

#[test]
fn a_code_comes_as_raw_bits_as_characters_and_in_a_makers_report() {
    let mut line = online();
    let text = [b'Q'; CARD_BYTES_MAX + 1];
    for format in [CardFormat::Raw, CardFormat::Characters] {
        assert_eq!(said(&mut line, characters(format, &text)), [code(&text)]);
    }
    let report = Reply::Vendor([1, 2, 3], b"\x07short".to_vec());
    assert_eq!(said(&mut line, report.clone()), [], "no maker's report is read that was not named");
    assert!(line.bus.codes_from(0, Some(vec![1, 2, 3, 7])));
    assert!(!line.bus.codes_from(1, None));
    assert_eq!(said(&mut line, report.clone()), [code(b"short")]);
    assert_eq!(said(&mut line, Reply::Vendor([1, 2, 3], b"\x08short".to_vec())), []);
    assert!(line.bus.codes_from(0, None));
    assert_eq!(said(&mut line, report), []);
}

#[test]
fn one_line_end_of_the_scanner_is_not_of_the_code() {
    for end in ["\r", "\n", "\r\n"] {
        assert_eq!(Code::new(format!("ABC{end}").as_bytes()), Code::new(b"ABC"));
    }
    assert_ne!(Code::new(b"ABC\n\n"), Code::new(b"ABC"));
    assert_eq!(Code::new(b"\r\n"), None);
}

#[test]
fn code_too_long_is_a_card_that_no_site_knows() {
    let mut line = online();
    assert!(line.bus.codes_from(0, Some(vec![1, 2, 3])));
    for reply in [characters(CardFormat::Raw, &[b'A'; 513]), Reply::Vendor([1, 2, 3], vec![b'A'; 513])] {
        let events = said(&mut line, reply);
        assert!(matches!(&events[..], [PdEvent::Card { card, .. }] if card.bits == 513 * 8), "{events:?}");
    }
    assert_eq!(Code::new(&[b'A'; 513]), None);
}

#[test]
fn code_of_ragged_bits_is_no_code() {
    let card = CardData::new(8 * 100 - 3, vec![b'A'; 100]).unwrap();
    let events = said(&mut online(), Reply::Card { reader: 0, format: CardFormat::Raw, card });
    assert!(matches!(&events[..], [PdEvent::Card { .. }]));
}

#[test]
fn a_code_outside_the_secure_channel_is_thrown_away() {
    let body = characters(CardFormat::Raw, &[b'A'; 300]).encode();
    let forger = move |frame: &lockward_osdp::frame::Frame| {
        (!frame.is_reply()).then(|| plain(REPLY, frame.sequence(), &body))
    };
    let mut line = Line::with(115_200, vec![line::pd_config(0)], vec![Node::Forger(Box::new(forger))]);
    line.run(10 * SECOND);
    assert!(!line.take(0).iter().any(is_data));
}

#[test]
fn a_code_does_not_print() {
    let printed = format!("{:?}", code(b"DROP TABLE\r\npeople; --"));
    assert!(!printed.contains("DROP") && !printed.contains("68, 82") && !printed.contains('\n'), "{printed}");
}

#[test]
fn tamper_and_power_are_two_facts_each_told_when_it_changes_and_unasked() {
    let mut line = online();
    let local = |tamper, power| Reply::Local { tamper, power };
    assert_eq!(said(&mut line, local(true, true)), [PdEvent::Tamper(true), PdEvent::PowerFailure(true)]);
    assert_eq!(said(&mut line, local(true, true)), []);
    assert_eq!(said(&mut line, local(false, true)), [PdEvent::Tamper(false)]);
    assert_eq!(said(&mut line, local(false, false)), [PdEvent::PowerFailure(false)]);
    assert_eq!(said(&mut line, Reply::Readers(vec![false, true])), [PdEvent::Tamper(true)]);
    assert_eq!(said(&mut line, local(false, false)), [], "the reader behind it is still tampered with");
    assert_eq!(said(&mut line, Reply::Readers(vec![false, false])), [PdEvent::Tamper(false)]);
}

#[test]
fn inputs_and_outputs_are_told_when_they_change_and_unasked() {
    let mut line = online();
    line.pd(0).set_inputs(vec![true, false]);
    line.pd(0).set_outputs(vec![false, true]);
    line.run(200 * MS);
    assert_eq!(line.take(0), [PdEvent::Inputs(vec![true, false]), PdEvent::Outputs(vec![false, true])]);
    assert_eq!(said(&mut line, Reply::Inputs(vec![true, false])), []);
    assert_eq!(said(&mut line, Reply::Outputs(vec![false, false])), [PdEvent::Outputs(vec![false, false])]);
}

#[test]
fn a_state_in_the_answer_to_any_command_is_told() {
    let mut line = online();
    // The queue's next command and a report that waits meet: the reader answers the command first.
    line.pd(0).set_tamper(true);
    line.bus.send(0, PdCommand::Output(0, OutputControl::OnFor(50))).unwrap();
    line.run(200 * MS);
    assert_eq!(line.take(0), [PdEvent::Tamper(true)]);
    assert_eq!(line.commands(), [PdCommand::Output(0, OutputControl::OnFor(50))]);
}

#[test]
fn a_new_session_begins_with_what_the_reader_is_in() {
    let mut settings = line::settings(0);
    settings.capabilities.push(Capability { function: function::OUTPUTS, level: 1, items: 2 });
    let mut line = Line::with(115_200, vec![line::pd_config(0)], vec![line::reader(settings)]);
    line.pd(0).set_tamper(true);
    line.pd(0).set_power_failure(true);
    line.pd(0).set_inputs(vec![false, true]);
    line.pd(0).set_outputs(vec![true, false]);
    line.run(SECOND);
    let events = line.take(0);
    let expected = [
        PdEvent::Online,
        PdEvent::Tamper(true),
        PdEvent::PowerFailure(true),
        PdEvent::Inputs(vec![false, true]),
        PdEvent::Outputs(vec![true, false]),
    ];
    assert_eq!(events[2..], expected, "{events:?}");
}
