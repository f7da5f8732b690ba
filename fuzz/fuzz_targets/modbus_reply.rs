//! A board's bytes, as the answer to each question and through a whole line: no panic, and no answer of another size
//! than was asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_modbus::{
    BoardConfig, Coils, Decoded, Event, Input, Line, LineConfig, Output, Reply, Request, Span, Transport,
    Wire,
};
use lockward_model::Mono;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let count = u16::from(*first % 125) + 1;
    for wire in [Wire::Rtu, Wire::Tcp { transaction: 1 }] {
        for request in [
            Request::ReadCoils { from: 0, count },
            Request::ReadInputs { from: 0, count },
            Request::ReadRegisters { from: 0, count },
            Request::WriteCoil { at: count, on: true },
        ] {
            let size = match request.decode(wire, 1, rest) {
                Decoded::Whole(Reply::Bits(bits)) => bits.len(),
                Decoded::Whole(Reply::Words(words)) => words.len(),
                Decoded::Late(len) => {
                    assert!((1..=rest.len()).contains(&len), "a step");
                    continue;
                }
                _ => continue,
            };
            assert_eq!(size, usize::from(count));
        }
    }

    let transport = if *first < 128 { Transport::Rtu { baud: 115_200 } } else { Transport::Tcp };
    let board = BoardConfig {
        unit: 1,
        inputs: Some(Span { from: 0, count: 8 }),
        registers: Some(Span { from: 0, count: 2 }),
        coils: Some(Coils { from: 0, on_loss: vec![false; 3] }),
    };
    let Ok(mut line) = Line::new(LineConfig::new(transport, vec![board])) else { return };
    let (mut out, mut now) = (Vec::new(), Mono(0));
    line.handle(now, Input::Opened, &mut out);
    for chunk in rest.chunks(16) {
        now = Mono(now.0 + 20_000);
        line.handle(now, Input::Timer, &mut out);
        if out.contains(&Output::Reopen) {
            return;
        }
        line.handle(now, Input::Bytes(chunk), &mut out);
    }
    for output in out {
        match output {
            Output::Event(_, Event::Inputs(values)) => assert_eq!(values.len(), 8),
            Output::Event(_, Event::Registers(values)) => assert_eq!(values.len(), 2),
            Output::Event(_, Event::Coils(values)) => assert_eq!(values.len(), 3),
            _ => {}
        }
    }
});
