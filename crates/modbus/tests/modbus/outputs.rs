//! Outputs: written, acknowledged, read back, written again; and what is wanted of them once a board is lost.

use crate::boards::Manner;
use crate::rig::{ON_LOSS, Rig, SERIAL};
use lockward_modbus::{Event, SetError, Transport};

#[test]
fn at_the_start_outputs_are_brought_to_what_is_declared() {
    let rig = Rig::of(SERIAL, 2);
    let declared = ON_LOSS.iter().rev().fold(0, |bits, on| bits << 1 | u8::from(*on));
    assert_eq!((rig.boards[&1].coils, rig.boards[&2].coils), (declared, declared));
    assert_eq!(rig.boards[&1].writes, [(6, true), (7, true)], "only what differs is written");
}

#[test]
fn a_coil_is_switched_at_the_next_turn_and_read_back() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 2);
        rig.told.clear();
        rig.set(2, 3, true).unwrap();
        rig.run(40);
        assert_eq!(rig.boards[&2].coils, 0b1100_1000, "{transport:?}");
        rig.run(40);
        let coils: Vec<_> = (0..8).map(|i| Some(0b1100_1000 >> i & 1 == 1)).collect();
        assert!(rig.told.iter().any(|(_, unit, e)| *unit == 2 && *e == Event::Coils(coils.clone())));
    }
}

#[test]
fn a_coil_that_changed_by_itself_is_written_again() {
    let mut rig = Rig::of(SERIAL, 1);
    rig.set(1, 0, true).unwrap();
    rig.run(100);
    // Its power failed for a moment.
    rig.boards.get_mut(&1).unwrap().coils = 0;
    rig.run(5_200);
    assert_eq!(rig.boards[&1].coils, 0b1100_0001);
}

#[test]
fn a_board_that_acknowledges_and_does_not_switch_is_told_once_and_does_not_fill_the_line() {
    let mut rig = Rig::of(SERIAL, 1);
    rig.manner(1, Manner::Stuck);
    rig.set(1, 2, true).unwrap();
    rig.run(60_000);
    let told: Vec<_> = rig.told.iter().filter(|(_, _, e)| matches!(e, Event::Disobeys { .. })).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2, Event::Disobeys { coil: 2, wanted: true });
    let writes = rig.boards[&1].writes.iter().filter(|w| **w == (2, true)).count();
    assert!((5..=30).contains(&writes), "{writes} in a minute");
    // It obeys again, and disobeys once more: that is news.
    rig.manner(1, Manner::Well);
    rig.run(12_000);
    assert_eq!(rig.boards[&1].coils, 0b1100_0100);
    rig.manner(1, Manner::Stuck);
    rig.set(1, 2, false).unwrap();
    rig.run(1_000);
    assert!(rig.told.iter().any(|(_, _, e)| *e == Event::Disobeys { coil: 2, wanted: false }));
}

#[test]
fn a_release_is_not_done_late_when_a_lost_board_is_back() {
    for transport in [SERIAL, Transport::Tcp] {
        let mut rig = Rig::of(transport, 2);
        rig.set(1, 0, true).unwrap();
        rig.set(1, 7, false).unwrap();
        rig.run(200);
        assert_eq!(rig.boards[&1].coils, 0b0100_0001);
        rig.manner(1, Manner::Silent);
        // On its way when the board falls silent.
        rig.set(1, 1, true).unwrap();
        rig.run(5_000);
        assert_eq!(rig.set(1, 2, true), Err(SetError::Lost(1)));
        rig.boards.get_mut(&1).unwrap().writes.clear();
        rig.manner(1, Manner::Well);
        rig.run(5_000);
        assert_eq!(rig.boards[&1].coils, 0b1100_0000, "as declared for the loss");
        assert_eq!(rig.boards[&1].writes, [(0, false), (7, true)], "{transport:?}");
    }
}

#[test]
fn a_line_that_was_closed_releases_nothing_late() {
    let mut rig = Rig::of(Transport::Tcp, 1);
    rig.close();
    assert_eq!(rig.set(1, 0, true), Err(SetError::Lost(1)));
    rig.open();
    rig.run(6_000);
    assert_eq!(rig.boards[&1].coils, 0b1100_0000);
}

#[test]
fn a_coil_that_is_not_declared_is_refused() {
    let mut rig = Rig::of(SERIAL, 1);
    let unknown = |unit, coil| Err(SetError::Unknown { unit, coil });
    assert_eq!(rig.set(1, 8, true), unknown(1, 8));
    assert_eq!(rig.set(9, 0, true), unknown(9, 0));
    assert_eq!(rig.set(9, 0, true).unwrap_err().to_string(), "no coil 0 of unit 9 is declared");
}

#[test]
fn who_switches_everything_at_once_does_not_make_the_line_blind() {
    let mut rig = Rig::of(SERIAL, 3);
    rig.told.clear();
    for unit in 1..=3 {
        for coil in 0..8 {
            rig.set(unit, coil, true).unwrap();
        }
    }
    let began = rig.now;
    rig.run(400);
    assert!((1..=3).all(|unit| rig.boards[&unit].coils == 0xff), "all are switched");
    for unit in 1..=3 {
        let polls = rig.told.iter().filter(|(_, u, e)| *u == unit && matches!(e, Event::Inputs(_)));
        let times: Vec<_> = core::iter::once(began).chain(polls.map(|(at, ..)| *at)).collect();
        let longest = times.windows(2).map(|w| w[1] - w[0]).max().unwrap();
        assert!(longest <= 250, "{longest} ms between two polls of {unit}");
    }
}

#[test]
fn the_last_word_on_a_coil_holds() {
    let mut rig = Rig::of(SERIAL, 1);
    for on in [true, false, true, false, true] {
        rig.set(1, 4, on).unwrap();
        rig.run(3);
    }
    rig.run(500);
    assert_eq!(rig.boards[&1].coils, 0b1101_0000);
    assert!(!rig.told.iter().any(|(_, _, e)| matches!(e, Event::Disobeys { .. })));
}
