//! Lines that are refused, and why: chiefly those on which a level could slip between two polls.

use core::time::Duration;
use lockward_modbus::{BoardConfig, Coils, ConfigError, Line, LineConfig, Span, Transport};

const SERIAL: Transport = Transport::Rtu { baud: 9_600 };

fn board(unit: u8) -> BoardConfig {
    let coils = Some(Coils { from: 0, on_loss: vec![false; 8] });
    BoardConfig { unit, inputs: Some(Span { from: 0, count: 8 }), registers: None, coils }
}

fn refused(config: LineConfig) -> String {
    Line::new(config).unwrap_err().to_string()
}

#[test]
fn a_line_on_which_a_level_of_400_ms_could_be_missed_is_refused_with_its_sum() {
    let line = |boards, baud| LineConfig::new(Transport::Rtu { baud }, (1..=boards).map(board).collect());
    assert!(Line::new(line(6, 9_600)).is_ok());
    assert!(Line::new(line(15, 115_200)).is_ok());
    let said = refused(line(7, 9_600));
    assert!(
        said.starts_with("one round over all inputs takes 21") && said.ends_with("use a faster line, or two"),
        "{said}"
    );
}

#[test]
fn a_board_that_no_line_has_is_refused() {
    let of = |boards| LineConfig::new(Transport::Tcp, boards);
    assert_eq!(refused(of(vec![board(0)])), "a board has unit 0: write 1 to 247");
    assert_eq!(Line::new(of(vec![board(248)])).unwrap_err(), ConfigError::Unit(248));
    assert_eq!(Line::new(of(vec![board(5), board(5)])).unwrap_err(), ConfigError::Twice(5));
    let idle = BoardConfig { inputs: None, coils: None, ..board(9) };
    assert_eq!(
        refused(of(vec![idle])),
        "the board with unit 9 has no inputs, registers or coils: declare some, or leave it out"
    );
}

#[test]
fn a_span_that_no_answer_holds_is_refused() {
    let with = |change: fn(&mut BoardConfig)| {
        let mut board = board(1);
        change(&mut board);
        Line::new(LineConfig::new(Transport::Tcp, vec![board])).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(with(|b| b.inputs = Some(Span { from: 65_535, count: 1 })), Ok(()));
    assert_eq!(
        with(|b| b.inputs = Some(Span { from: 65_535, count: 2 })).unwrap_err(),
        "unit 1: 2 inputs from 65535: write 1 to 2000, up to address 65535"
    );
    assert!(with(|b| b.inputs = Some(Span { from: 0, count: 0 })).is_err());
    assert!(with(|b| b.registers = Some(Span { from: 0, count: 126 })).is_err());
    assert!(with(|b| b.coils = Some(Coils { from: 0, on_loss: vec![] })).is_err());
    assert!(with(|b| b.coils = Some(Coils { from: 0, on_loss: vec![false; 2_001] })).is_err());
}

#[test]
fn times_rates_and_tries_that_no_line_works_with_are_refused() {
    let good = || LineConfig::new(SERIAL, vec![board(1)]);
    let ms = Duration::from_millis;
    assert_eq!(refused(LineConfig { reply: ms(5), ..good() }), "`reply` is 5ms: write 10ms to 1s");
    assert!(Line::new(LineConfig { read_back: ms(1), ..good() }).is_err());
    assert_eq!(Line::new(LineConfig { tries: 0, ..good() }).unwrap_err(), ConfigError::Tries(0));
    let slow = LineConfig { transport: Transport::Rtu { baud: 300 }, ..good() };
    assert_eq!(Line::new(slow).unwrap_err(), ConfigError::Baud(300));
}
