//! A line whose boards fail: what is lost is told, stays lost until it answers, and takes nothing from the others.

use crate::boards::Manner;
use crate::rig::{Rig, SERIAL};
use core::time::Duration;
use lockward_inputs::{Reading, State, Timing, Wiring};
use lockward_modbus::{Block, Event, Flaw, Input, Lacking, Transport};
use lockward_model::Mono;
use proptest::prelude::*;

const LOST: [Reading; 8] = [Reading::Lost; 8];

fn levels(bits: u8) -> Vec<Reading> {
    (0..8).map(|i| Reading::Level(bits >> i & 1 == 1)).collect()
}

#[test]
fn inputs_and_registers_are_told_at_every_poll() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 2);
        rig.boards.get_mut(&2).unwrap().inputs = 0b1010_0001;
        rig.boards.get_mut(&2).unwrap().registers = [1, 2, 0xfffe, 4_095];
        rig.told.clear();
        rig.run(1_000);
        assert_eq!(rig.inputs(1), Some(levels(0)));
        assert_eq!(rig.inputs(2), Some(levels(0b1010_0001)));
        let words = Event::Registers(vec![Some(1), Some(2), Some(0xfffe), Some(4_095)]);
        assert!(rig.told.iter().any(|(_, unit, e)| *unit == 2 && *e == words));
        let polls = rig.told.iter().filter(|(_, u, e)| *u == 2 && matches!(e, Event::Inputs(_))).count();
        assert!((10..=20).contains(&polls), "{polls} in a second");
    }
}

#[test]
fn a_silent_board_makes_all_its_inputs_unknown_within_a_second_and_never_normal() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 2);
        let timing = Timing::polled(Duration::from_millis(50), Duration::from_secs(1)).unwrap();
        let mut contact = lockward_inputs::Input::new(Wiring::Unsupervised, timing);
        let mut edges = Vec::new();
        let mut seen = 0;
        let mut believe = |rig: &Rig, contact: &mut lockward_inputs::Input| {
            for (at, unit, event) in &rig.told[seen..] {
                if let (1, Event::Inputs(readings)) = (unit, event) {
                    contact.handle(Mono(at * 1_000), readings[0], &mut edges);
                }
            }
            seen = rig.told.len();
            contact.tick(Mono(rig.now * 1_000), &mut edges);
            contact.state()
        };
        assert_eq!(believe(&rig, &mut contact), State::Inactive);
        rig.boards.get_mut(&1).unwrap().manner = Manner::Silent;
        rig.run(1_000);
        assert_eq!(believe(&rig, &mut contact), State::Unknown);
        rig.run(60_000);
        assert_eq!(believe(&rig, &mut contact), State::Unknown);
        assert_eq!(rig.inputs(1).unwrap(), LOST);
        assert_eq!(rig.inputs(2).unwrap(), levels(0), "the other board is as it was");
    }
}

#[test]
fn every_kind_of_failure_is_told_once_with_its_reason() {
    let crc = Lacking::Flawed(Flaw::Crc);
    for (manner, why) in [
        (Manner::Silent, Lacking::Silent),
        (Manner::Noisy, crc),
        (Manner::Refuses(2), Lacking::Refused(2)),
        (Manner::Slow(2_000), Lacking::Silent),
    ] {
        let mut rig = Rig::of(SERIAL, 2);
        rig.manner(1, manner);
        rig.run(30_000);
        let mut lost = rig.lost(1);
        lost.sort_unstable_by_key(|(block, _)| *block);
        let all = [(Block::Inputs, why), (Block::Registers, why), (Block::Coils, why)];
        assert_eq!(lost, all, "{manner:?}");
        assert_eq!(rig.inputs(1).unwrap(), LOST);
        assert_eq!(rig.lost(2), [], "{manner:?}");
        let unknown = |e: &Event| matches!(e, Event::Registers(v) if v.iter().all(Option::is_none));
        assert!(rig.told.iter().any(|(_, u, e)| *u == 1 && unknown(e)));
    }
}

#[test]
fn one_kind_of_values_is_lost_alone() {
    let mut rig = Rig::of(SERIAL, 1);
    rig.manner(1, Manner::NoInputs);
    rig.run(30_000);
    assert_eq!(rig.lost(1), [(Block::Inputs, Lacking::Refused(1))]);
    assert_eq!(rig.inputs(1).unwrap(), LOST);
}

#[test]
fn a_board_that_is_back_is_asked_for_everything_at_once() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 2);
        rig.manner(1, Manner::Silent);
        rig.run(10_000);
        rig.manner(1, Manner::Well);
        rig.run(700);
        assert_eq!(rig.back(1), 3, "{transport:?}");
        assert_eq!(rig.inputs(1).unwrap(), levels(0));
    }
}

#[test]
fn boards_that_are_lost_take_no_level_of_400_ms_from_the_others() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 4);
        for unit in [1, 2, 4] {
            rig.manner(unit, Manner::Silent);
        }
        rig.told.clear();
        let began = rig.now;
        rig.run(20_000);
        let polls = rig.told.iter().filter(|(_, u, e)| *u == 3 && matches!(e, Event::Inputs(_)));
        let times: Vec<_> = core::iter::once(began).chain(polls.map(|(at, ..)| *at)).collect();
        // While they are not yet given up they cost three tries each; afterwards one in half a second, together.
        let settled = times.iter().position(|t| *t > began + 3_000).unwrap();
        let longest = times[settled..].windows(2).map(|w| w[1] - w[0]).max().unwrap();
        assert!(longest <= 350, "{transport:?}: {longest} ms between two polls");
        // And all of them are still tried.
        for unit in [1, 2, 4] {
            rig.manner(unit, Manner::Well);
        }
        rig.run(10_000);
        assert!([1, 2, 4].iter().all(|unit| rig.back(*unit) == 3), "{transport:?}");
    }
}

#[test]
fn a_late_answer_is_not_taken_for_that_to_the_next_question() {
    // Later than the patience, earlier than its double: on a serial line only silence tells them apart.
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 1);
        rig.manner(1, Manner::Slow(150));
        rig.run(5_000);
        assert_eq!(rig.inputs(1).unwrap(), LOST, "{transport:?}");
        assert!(rig.lost(1).iter().all(|(_, why)| matches!(why, Lacking::Silent | Lacking::Closed)));
    }
}

#[test]
fn a_line_that_closes_loses_everything_at_once() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 2);
        rig.told.clear();
        rig.close();
        assert_eq!((rig.lost(1).len(), rig.lost(2).len()), (3, 3));
        assert!(rig.lost(1).iter().all(|(_, why)| *why == Lacking::Closed));
        assert_eq!((rig.inputs(1).unwrap(), rig.inputs(2).unwrap()), (LOST.to_vec(), LOST.to_vec()));
        rig.run(10_000);
        rig.told.clear();
        rig.open();
        rig.run(200);
        assert_eq!((rig.back(1), rig.back(2)), (3, 3));
    }
}

#[test]
fn a_connection_on_which_nobody_answers_is_opened_anew() {
    let mut rig = Rig::of(Transport::Tcp, 2);
    rig.manner(1, Manner::Silent);
    rig.run(60_000);
    assert_eq!(rig.reopens, 0, "one board answers: the connection is good");
    rig.manner(2, Manner::Silent);
    rig.run(60_000);
    assert!((1..=30).contains(&rig.reopens), "{} in a minute", rig.reopens);
}

#[test]
fn a_stream_without_frames_is_opened_anew() {
    let mut rig = Rig::of(Transport::Tcp, 1);
    rig.asked.clear();
    while rig.asked.is_empty() {
        rig.run(1);
    }
    rig.give(Input::Bytes(b"HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(rig.reopens, 1);
    rig.run(300);
    assert_eq!(rig.inputs(1).unwrap(), levels(0));
}

#[test]
fn babble_on_a_serial_line_loses_the_boards_and_does_not_stop_the_questions() {
    let mut rig = Rig::of(SERIAL, 1);
    rig.asked.clear();
    rig.told.clear();
    for _ in 0..3_000 {
        rig.run(1);
        rig.give(Input::Bytes(&[0x55; 16]));
    }
    assert_eq!(rig.inputs(1).unwrap(), LOST);
    assert!(rig.asked.len() > 5, "{} questions", rig.asked.len());
    rig.run(2_000);
    assert_eq!(rig.inputs(1).unwrap(), levels(0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_of_a_stranger_make_a_reading(
        tcp: bool,
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), 0_u64..200), 0..60),
    ) {
        let mut rig = Rig::closed(if tcp { Transport::Tcp } else { SERIAL }, 2);
        rig.boards.clear();
        rig.open();
        for (bytes, wait) in chunks {
            rig.give(Input::Bytes(&bytes));
            rig.run(wait);
        }
        let fits = |e: &Event| match e {
            Event::Inputs(r) => r.iter().all(|r| *r == Reading::Lost),
            Event::Registers(v) => v.iter().all(Option::is_none),
            Event::Coils(v) => v.iter().all(Option::is_none),
            Event::Lost(..) => true,
            Event::Back(_) | Event::Disobeys { .. } => false,
        };
        prop_assert!(rig.told.iter().all(|(_, _, e)| fits(e)), "{:?}", rig.told);
    }

    #[test]
    fn whatever_boards_do_what_is_told_is_what_they_are_or_lost(
        tcp: bool,
        life in prop::collection::vec((1_u8..=3, 0_usize..7, any::<u8>(), 0_u64..900), 1..40),
    ) {
        let manners = [
            Manner::Well, Manner::Silent, Manner::Noisy, Manner::Refuses(4), Manner::NoInputs, Manner::Stuck,
            Manner::Slow(60),
        ];
        let mut rig = Rig::of(if tcp { Transport::Tcp } else { SERIAL }, 3);
        let mut were: Vec<Vec<(u64, u8)>> = vec![vec![(0, 0)]; 4];
        for (unit, manner, inputs, wait) in life {
            let board = rig.boards.get_mut(&unit).unwrap();
            (board.manner, board.inputs) = (manners[manner], inputs);
            were[usize::from(unit)].push((rig.now, inputs));
            rig.told.clear();
            rig.run(wait);
            for (at, unit, event) in &rig.told {
                if let Event::Inputs(readings) = event {
                    // An answer is as old as the patience at most.
                    let was = &were[usize::from(*unit)];
                    let ends = was.iter().skip(1).map(|(began, _)| *began).chain([u64::MAX]);
                    let recent = was.iter().zip(ends).filter(|((began, _), end)| began <= at && end.saturating_add(100) >= *at);
                    let real = recent.into_iter().any(|((_, bits), _)| levels(*bits) == *readings);
                    prop_assert!(real || readings[..] == LOST, "{readings:?} of {unit}");
                }
            }
        }
        // Everything heals.
        for unit in 1..=3 {
            rig.manner(unit, Manner::Well);
        }
        rig.run(8_000);
        for unit in 1..=3 {
            prop_assert_eq!(rig.inputs(unit).unwrap(), levels(rig.boards[&unit].inputs));
            prop_assert_eq!(rig.boards[&unit].coils, 0b1100_0000, "as wanted");
        }
    }
}
