//! Claims of the frame codec: the standard's own numbers, and every way in which a frame can be broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use lockward_osdp::command::{Blink, Buzzer, Color, Command, Led, OutputControl, PdCommand, Temporary, Text};
use lockward_osdp::frame::{Check, Frame, FrameError, Parser, REPLY, SOM, checksum, crc16, plain};
use lockward_osdp::reply::{Capability, CardData, CardFormat, Digits, Identity, Nak, Reply};
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// All frames that a parser finds, and the last reason why it skipped something.
fn parse_all(parser: &mut Parser, bytes: &[u8]) -> (Vec<Frame>, Option<FrameError>) {
    parser.push(bytes);
    let (mut frames, mut error) = (Vec::new(), None);
    while let Some(found) = parser.next_frame() {
        match found {
            Ok(frame) => frames.push(frame),
            Err(e) => error = Some(e),
        }
    }
    (frames, error)
}

fn poll() -> Vec<u8> {
    plain(1, 1, &Command::Poll.encode())
}

#[test]
fn annex_e_crc_and_checksum_are_reproduced() {
    for (bytes, crc) in [("537f0d00046e0080250000", "6e38"), ("53000900046100", "c066")] {
        let bytes = hex(bytes);
        assert_eq!(crc16(&bytes).to_le_bytes().to_vec(), hex(crc));
        let frame = Frame::parse(&[bytes, hex(crc)].concat()).unwrap();
        assert_eq!(frame.check(), Check::Crc);
    }
    for (bytes, sum) in [("537f0c00006e0080250000", 0x0f), ("53000800006100", 0x44)] {
        let bytes = hex(bytes);
        assert_eq!(checksum(&bytes), sum);
        let frame = Frame::parse(&[bytes, vec![sum]].concat()).unwrap();
        assert_eq!(frame.check(), Check::Sum);
    }
    let comset = Frame::parse(&hex("537f0d00046e00802500006e38")).unwrap();
    assert_eq!(Command::decode(comset.body()), Some(Command::ComSet(0, 9_600)));
}

#[test]
fn crc_wrong() {
    let mut bytes = poll();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(Frame::parse(&bytes), Err(FrameError::Check));
}

#[test]
fn checksum_wrong() {
    assert_eq!(Frame::parse(&hex("5300080000610045")), Err(FrameError::Check));
}

#[test]
fn length_past_end() {
    let mut bytes = poll();
    bytes[2] += 1;
    assert_eq!(Frame::parse(&bytes), Err(FrameError::Length(8)));
    let mut parser = Parser::default();
    assert_eq!(parse_all(&mut parser, &bytes), (vec![], None), "it waits for the byte that never comes");
    assert!(parser.is_waiting());
    parser.give_up();
    assert!(parser.next_frame().is_none() && !parser.is_waiting());
}

#[test]
fn length_zero() {
    assert_eq!(Frame::parse(&[SOM, 1, 0, 0, 4, 0x60, 0, 0]), Err(FrameError::Length(0)));
}

#[test]
fn length_of_a_lying_giant() {
    assert_eq!(Frame::parse(&[SOM, 1, 0xFF, 0xFF, 4, 0x60, 0, 0]), Err(FrameError::Length(65_535)));
}

#[test]
fn control_reserved_bits() {
    assert_eq!(Frame::parse(&[SOM, 1, 8, 0, 0x44, 0x60, 0, 0]), Err(FrameError::Control(0x44)));
}

#[test]
fn security_block_past_end() {
    for len in [0, 1, 3, 200] {
        let mut bytes = vec![SOM, 1, 10, 0, 0x0D, len, 0x15, 0x60];
        bytes.extend_from_slice(&crc16(&bytes).to_le_bytes());
        assert_eq!(Frame::parse(&bytes), Err(FrameError::SecurityBlock), "{len}");
    }
}

#[test]
fn som_missing() {
    let bytes = poll();
    let mut parser = Parser::default();
    assert_eq!(parse_all(&mut parser, &bytes[1..]).0, vec![]);
    assert_eq!(parse_all(&mut parser, &bytes).0.len(), 1, "and the next one is found");
}

#[test]
fn mark_bytes_are_skipped() {
    let bytes = [&[0xFF, 0xFF], poll().as_slice(), &[0xFF], &poll()].concat();
    assert_eq!(parse_all(&mut Parser::default(), &bytes).0.len(), 2);
}

#[test]
fn a_frame_inside_a_false_start_is_found_when_the_line_is_quiet() {
    let bytes = [&[SOM, 0x80, 40, 0, 4, 0x41], poll().as_slice()].concat();
    let mut parser = Parser::default();
    assert_eq!(parse_all(&mut parser, &bytes).0, vec![]);
    parser.give_up();
    assert_eq!(parse_all(&mut parser, &[]).0.len(), 1);
}

#[test]
fn secrets_do_not_print() {
    let card = CardData::new(26, vec![0xDE, 0xAD, 0xBE, 0xC0]).unwrap();
    let card = Reply::Card { reader: 0, format: CardFormat::Wiegand, card };
    let keys = Reply::Keys { reader: 0, digits: Digits(b"7319".to_vec()) };
    let frame = Frame::parse(&plain(1 | REPLY, 1, &card.encode())).unwrap();
    let printed = format!("{card:?} {keys:?} {frame:?} {:?}", Command::KeySet([0x5A; 16]));
    for secret in ["DEAD", "dead", "222, 173", "55, 51", "7319", "90, 90", "5a5a"] {
        assert!(!printed.contains(secret), "`{secret}` in `{printed}`");
    }
}

#[test]
fn card_bits_that_do_not_count_are_cleared_and_lengths_must_match() {
    let card = CardData::new(26, vec![1, 2, 3, 0xFF]).unwrap();
    assert_eq!(card.data(), [1, 2, 3, 0xC0]);
    assert_eq!(CardData::new(26, vec![1, 2, 3]), None);
    assert_eq!(CardData::new(24, vec![1, 2, 3, 4]), None);
    assert_eq!(CardData::new(0, vec![]), None);
}

#[test]
fn a_light_that_is_told_to_do_nothing_is_not_a_command() {
    let blink = Blink { on: 0, off: 0, on_color: Color::Red, off_color: Color::Off };
    let led = Led { reader: 0, number: 0, temporary: Temporary::Keep, permanent: Some(blink) };
    assert_eq!(Command::decode(&Command::Do(PdCommand::Led(led)).encode()), None);
}

fn blink() -> impl Strategy<Value = Blink> {
    let color =
        || prop::sample::select(vec![Color::Off, Color::Red, Color::Green, Color::Amber, Color::White]);
    (1u8.., any::<u8>(), color(), color()).prop_map(|(on, off, on_color, off_color)| Blink {
        on,
        off,
        on_color,
        off_color,
    })
}

fn pd_command() -> impl Strategy<Value = PdCommand> {
    let temporary = prop_oneof![
        Just(Temporary::Keep),
        Just(Temporary::Cancel),
        (blink(), any::<u16>()).prop_map(|(blink, lasts)| Temporary::Set { blink, lasts }),
    ];
    let control = prop_oneof![
        Just(OutputControl::Off),
        Just(OutputControl::On),
        any::<u16>().prop_map(OutputControl::OnFor),
        any::<u16>().prop_map(OutputControl::OffFor),
    ];
    prop_oneof![
        (any::<u8>(), any::<u8>(), temporary, prop::option::of(blink())).prop_map(
            |(reader, number, temporary, permanent)| PdCommand::Led(Led {
                reader,
                number,
                temporary,
                permanent
            })
        ),
        (any::<u8>(), any::<bool>(), 1u8.., any::<u8>(), any::<u8>()).prop_map(
            |(reader, sound, on, off, count)| PdCommand::Buzzer(Buzzer { reader, sound, on, off, count })
        ),
        (any::<u8>(), control).prop_map(|(number, control)| PdCommand::Output(number, control)),
        (any::<u8>(), prop::option::of(any::<u8>()), "[ -~]{0,32}").prop_map(|(reader, seconds, text)| {
            PdCommand::Text(Text { reader, seconds, row: 1, column: 1, text })
        }),
        (any::<[u8; 3]>(), prop::collection::vec(any::<u8>(), 0..96))
            .prop_map(|(vendor, data)| PdCommand::Vendor(vendor, data)),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Poll),
        Just(Command::Id),
        Just(Command::Capabilities),
        Just(Command::LocalStatus),
        Just(Command::InputStatus),
        Just(Command::OutputStatus),
        Just(Command::ReaderStatus),
        pd_command().prop_map(Command::Do),
        any::<(u8, u32)>().prop_map(|(address, baud)| Command::ComSet(address, baud)),
        any::<[u8; 16]>().prop_map(Command::KeySet),
        any::<u16>().prop_map(Command::Room),
        any::<u16>().prop_map(Command::KeepActive),
        any::<[u8; 8]>().prop_map(Command::Challenge),
        any::<[u8; 16]>().prop_map(Command::ServerCryptogram),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..40);
    let flags = || prop::collection::vec(any::<bool>(), 0..20);
    let identity =
        any::<([u8; 3], u8, u8, u32, [u8; 3])>().prop_map(|(vendor, model, version, serial, firmware)| {
            Identity { vendor, model, version, serial, firmware }
        });
    let capability =
        any::<[u8; 3]>().prop_map(|[function, level, items]| Capability { function, level, items });
    let card = (any::<u8>(), bytes(), 0u16..8, any::<bool>()).prop_map(|(reader, data, less, wiegand)| {
        let bits = u16::try_from(data.len() * 8).unwrap() - less;
        let format = if wiegand { CardFormat::Wiegand } else { CardFormat::Raw };
        Reply::Card { reader, format, card: CardData::new(bits, data).unwrap() }
    });
    prop_oneof![
        Just(Reply::Ack),
        Just(Reply::Busy),
        Just(Reply::Nak(Nak::Record)),
        Just(Reply::Nak(Nak::Other(0x7F))),
        identity.prop_map(Reply::Identity),
        prop::collection::vec(capability, 0..17).prop_map(Reply::Capabilities),
        any::<(bool, bool)>().prop_map(|(tamper, power)| Reply::Local { tamper, power }),
        flags().prop_map(Reply::Inputs),
        flags().prop_map(Reply::Outputs),
        flags().prop_map(Reply::Readers),
        card,
        bytes().prop_map(Reply::KeyCardPresent),
        (any::<u8>(), bytes()).prop_map(|(reader, keys)| Reply::Keys { reader, digits: Digits(keys) }),
        any::<(u8, u32)>().prop_map(|(address, baud)| Reply::Com(address, baud)),
        any::<[u8; 16]>().prop_map(Reply::InitialMac),
        (any::<[u8; 3]>(), bytes()).prop_map(|(vendor, data)| Reply::Vendor(vendor, data)),
    ]
}

proptest! {
    #[test]
    fn commands_read_back_as_they_were_written(command in command()) {
        prop_assert_eq!(Command::decode(&command.encode()), Some(command));
    }

    #[test]
    fn replies_read_back_as_they_were_written(reply in reply()) {
        prop_assert_eq!(Reply::decode(&reply.encode()), Some(reply));
    }

    #[test]
    fn any_bytes_decode_or_are_refused_and_never_more(body in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Some(command) = Command::decode(&body) {
            prop_assert_eq!(Command::decode(&command.encode()), Some(command));
        }
        if let Some(reply) = Reply::decode(&body) {
            prop_assert_eq!(Reply::decode(&reply.encode()), Some(reply));
        }
    }

    #[test]
    fn however_a_stream_is_cut_the_same_frames_come_out(
        noise in prop::collection::vec(prop::collection::vec(0u8..SOM, 0..5), 1..6),
        cuts in prop::collection::vec(1usize..9, 1..60),
    ) {
        let mut stream = Vec::new();
        for (address, noise) in noise.iter().enumerate() {
            stream.extend_from_slice(noise);
            stream.extend_from_slice(&plain(u8::try_from(address).unwrap(), 1, &Command::Id.encode()));
        }
        let (whole, _) = parse_all(&mut Parser::default(), &stream);
        prop_assert_eq!(whole.len(), noise.len());
        let (mut parser, mut rest, mut pieces) = (Parser::default(), stream.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            pieces.extend(parse_all(&mut parser, now).0);
            rest = later;
        }
        prop_assert_eq!(pieces, whole);
    }
}
