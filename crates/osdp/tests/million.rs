//! A million frames that nobody should send: the parser, the panel and the reader stay up and believe none of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod line;

use line::{Line, SECOND, To, dice, is_data};
use lockward_osdp::bus::{Input, Output};
use lockward_osdp::command::Command;
use lockward_osdp::frame::{Parser, crc16};
use lockward_osdp::reply::Reply;

/// Frames of a real conversation, handshake and card included.
fn recorded() -> Vec<(To, Vec<u8>)> {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    let card = lockward_osdp::reply::CardData::new(26, vec![1, 2, 3, 0]).unwrap();
    line.pd(0).present_card(lockward_osdp::reply::CardFormat::Raw, card);
    line.pd(0).present_code(&[b'A'; 300]);
    line.pd(0).present_key_card(&lockward_osdp::pkoc::Report::Present { own_id: false });
    line.run(SECOND / 10);
    let all: Vec<_> = line.trace.into_iter().map(|(_, to, bytes)| (to, bytes)).collect();
    // The handshake, some polls, the card.
    all[..30].iter().chain(&all[all.len() - 40..]).cloned().collect()
}

/// Bends a frame in one of many ways; often the length and CRC are made right again, so that it gets further.
fn mutate(random: u64, frame: &mut Vec<u8>) {
    let [how, at, value, again, cut, ..] = random.to_le_bytes();
    let place = usize::from(at) % frame.len();
    match how % 6 {
        0 => frame[place] ^= 1 << (value % 8),
        1 => frame[place] = value,
        2 => frame.truncate(place.max(1)),
        3 => frame.insert(place, value),
        4 => frame.extend_from_slice(&random.to_be_bytes()[..usize::from(cut) % 8]),
        _ => *frame = random.to_le_bytes().repeat(usize::from(cut) % 8 + 1),
    }
    if again % 4 != 0 && frame.len() > 8 {
        let end = frame.len() - 2;
        frame[0] = 0x53;
        let len = u16::try_from(frame.len()).unwrap().to_le_bytes();
        frame[2..4].copy_from_slice(&len);
        let crc = crc16(&frame[..end]).to_le_bytes();
        frame[end..].copy_from_slice(&crc);
    }
}

#[test]
fn a_million_random_and_mutated_frames_pass_the_parser_without_a_panic() {
    let frames = recorded();
    let mut next = dice(0x5eed);
    let mut parser = Parser::default();
    let (mut whole, mut refused) = (0u32, 0u32);
    for index in 0..1_000_000usize {
        let mut frame = frames[index % frames.len()].1.clone();
        mutate(u64::from_le_bytes(next()), &mut frame);
        parser.push(&frame);
        while let Some(found) = parser.next_frame() {
            match found {
                Ok(frame) => {
                    whole += 1;
                    let _ = (Reply::decode(frame.body()), Command::decode(frame.body()), frame.security());
                }
                Err(_) => refused += 1,
            }
        }
        if index % 16 == 0 {
            parser.give_up();
        }
    }
    assert!(whole > 100_000 && refused > 100_000, "{whole} whole, {refused} refused: both paths are walked");
}

#[test]
fn mutated_frames_in_place_of_every_reply_give_the_panel_nothing_to_believe() {
    let frames: Vec<Vec<u8>> =
        recorded().into_iter().filter(|(to, _)| *to == To::Panel).map(|(_, bytes)| bytes).collect();
    let mut next = dice(0xd00d);
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    let (mut now, mut wake, mut sequence, mut fed) = (line.now, line.now, 0u8, 0usize);
    let mut out = Vec::new();
    while fed < 200_000 {
        out.clear();
        line.bus.handle(now, Input::Timer, &mut out);
        let mut asked = false;
        for output in &out {
            match output {
                Output::Transmit(bytes) => (sequence, asked) = (bytes[4] & 3, true),
                Output::WakeAt(at) => wake = *at,
                Output::Event(_, event) => assert!(!is_data(event), "{event:?} after {fed}"),
            }
        }
        if asked {
            let mut frame = frames[fed % frames.len()].clone();
            // The right place in the conversation, so that only the MAC stands between it and belief.
            frame[4] = frame[4] & !3 | sequence;
            mutate(u64::from_le_bytes(next()), &mut frame);
            out.clear();
            now += 500;
            line.bus.handle(now, Input::Bytes(&frame), &mut out);
            for output in &out {
                match output {
                    Output::WakeAt(at) => wake = *at,
                    Output::Event(_, event) => assert!(!is_data(event), "{event:?} after {fed}"),
                    Output::Transmit(_) => {}
                }
            }
            fed += 1;
        }
        now = now.max(wake);
    }
}

#[test]
fn mutated_frames_do_not_move_the_reader() {
    let frames = recorded();
    let mut next = dice(0xbeef);
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    let now = line.now;
    let mut out = Vec::new();
    for index in 0..100_000usize {
        let mut frame = frames[index % frames.len()].1.clone();
        mutate(u64::from_le_bytes(next()), &mut frame);
        line.pd(0).handle(now + index as u64 * 1_000, &frame, &mut out);
        let told = |o: &lockward_osdp::pd::PdOutput| !matches!(o, lockward_osdp::pd::PdOutput::Transmit(_));
        assert!(!out.iter().any(told), "after {index}");
        out.clear();
    }
}
