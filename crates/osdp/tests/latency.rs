//! How long a tap waits for the wire, against the time that the bytes themselves need.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod line;

use line::{Line, MS, Node, SECOND, To, dice};
use lockward_osdp::bus::PdEvent;
use lockward_osdp::reply::{CardData, CardFormat};

/// A poll, or an ACK, in the secure channel.
const EMPTY: usize = 14;
/// A card of 26 bits, sealed.
const CARD: usize = 30;

/// Taps at random times at random readers that live; gives the sorted latencies.
fn taps(line: &mut Line, count: usize, seed: u64) -> Vec<u64> {
    let alive: Vec<usize> =
        (0..line.nodes.len()).filter(|i| matches!(line.nodes[*i], Node::Reader(_))).collect();
    let mut next = dice(seed);
    let mut latencies = Vec::with_capacity(count);
    for _ in 0..count {
        let [a, b, c, which, ..] = next();
        line.run(20 * MS + u64::from(u32::from_le_bytes([a, b, c, 0])) % (300 * MS));
        line.events.clear();
        let at = line.now;
        let reader = alive[usize::from(which) % alive.len()];
        assert!(line.pd(reader).present_card(CardFormat::Raw, CardData::new(26, vec![1, 2, 3, 0]).unwrap()));
        while !line.events.iter().any(|e| matches!(e.2, PdEvent::Card { .. })) {
            line.run(100);
            assert!(line.now - at < 2 * SECOND, "the tap is lost");
        }
        latencies.push(line.events.iter().find(|e| matches!(e.2, PdEvent::Card { .. })).unwrap().0 - at);
    }
    latencies.sort_unstable();
    latencies
}

fn mean(all: &[u64]) -> f64 {
    all.iter().sum::<u64>() as f64 / all.len() as f64
}

#[test]
fn a_mean_tap_takes_at_most_1_15_of_what_its_bytes_need() {
    for (baud, readers) in [(9_600, 1), (115_200, 1), (9_600, 8), (115_200, 8)] {
        let mut line = Line::of(readers, baud);
        line.bytewise = readers == 1;
        line.run(5 * SECOND);
        let latencies = taps(&mut line, 300, 11);
        // Half a round of polls on average, then a whole poll of this reader with a card in it. A tap during a
        // poll's own reply waits for the next.
        let exchange = |reply| line.characters(2 + EMPTY + 2 + reply) + line.reply_delay - line.characters(2);
        let round = (exchange(EMPTY) + line.characters(2)) * u64::from(readers);
        let need = (round / 2 + line.reply_delay + line.characters(CARD)) as f64;
        let ratio = mean(&latencies) / need;
        assert!(ratio <= 1.15, "{baud} baud, {readers} readers: {ratio:.3} of {need} µs");
        assert!(ratio >= 0.85, "{baud} baud, {readers} readers: {ratio:.3}: the sum is wrong");
    }
}

#[test]
fn one_silent_reader_of_eight_leaves_the_p99_of_the_others_within_1_2() {
    for baud in [9_600, 115_200] {
        let p99 = |silent: bool| {
            let mut line = Line::of(8, baud);
            line.bytewise = false;
            if silent {
                line.nodes[3] = Node::Silent;
            }
            line.run(30 * SECOND);
            let latencies = taps(&mut line, 700, 5);
            latencies[latencies.len() * 99 / 100]
        };
        let (alive, silent) = (p99(false), p99(true));
        let ratio = silent as f64 / alive as f64;
        assert!(ratio <= 1.2, "{baud} baud: {silent} µs for {alive} µs, {ratio:.3}");
    }
}

#[test]
fn a_command_is_on_the_line_within_two_exchanges() {
    let mut line = Line::of(8, 115_200);
    line.run(5 * SECOND);
    let command =
        lockward_osdp::command::PdCommand::Output(0, lockward_osdp::command::OutputControl::OnFor(50));
    for address in [0, 5, 7, 2] {
        line.told.clear();
        line.bus.send(address, command.clone()).unwrap();
        line.run(2 * (line.characters(2 + EMPTY + 2 + CARD) + line.reply_delay));
        assert_eq!(line.commands(), std::slice::from_ref(&command), "{address}");
    }
}

/// Holds a card to a reader; gives when its reply was in, which is now.
fn tap(line: &mut Line, reader: usize) -> u64 {
    line.events.clear();
    assert!(line.pd(reader).present_card(CardFormat::Raw, CardData::new(26, vec![1, 2, 3, 0]).unwrap()));
    let since = line.now;
    while !line.events.iter().any(|e| matches!(e.2, PdEvent::Card { .. })) {
        line.run(10);
        assert!(line.now - since < 2 * SECOND, "the tap is lost");
    }
    line.events.last().unwrap().0
}

/// The first frame that the panel sent since the trace was cleared: when, and to whom.
fn first_said(line: &Line) -> (u64, u8) {
    let (at, _, bytes) = line.trace.iter().find(|(_, to, _)| *to == To::Readers).unwrap();
    (*at, bytes[1])
}

#[test]
fn what_answers_a_card_goes_out_before_the_next_poll() {
    let release =
        lockward_osdp::command::PdCommand::Output(0, lockward_osdp::command::OutputControl::OnFor(50));
    for baud in [9_600, 115_200] {
        let mut line = Line::of(8, baud);
        line.run(5 * SECOND);
        for after in [2, 5, 9] {
            let at = tap(&mut line, 2);
            line.trace.clear();
            line.run_until(at + line.characters(after));
            line.bus.send(5, release.clone()).unwrap();
            line.nudge();
            assert_eq!(first_said(&line), (line.now, 5), "{baud} baud, {after} characters after the card");
            line.run(SECOND);
        }
    }
}

#[test]
fn a_card_that_nothing_answers_holds_its_line_for_ten_characters_and_no_longer() {
    for baud in [9_600, 115_200] {
        let mut line = Line::of(8, baud);
        line.run(5 * SECOND);
        for reader in [2, 7] {
            let at = tap(&mut line, reader);
            line.trace.clear();
            line.run(SECOND);
            let (next, to) = first_said(&line);
            assert_eq!((next - at, to), (line.characters(10), (reader as u8 + 1) % 8), "{baud} baud");
        }
    }
}
