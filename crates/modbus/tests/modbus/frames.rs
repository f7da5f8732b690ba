//! Frames: the examples of the field, and every way in which an answer may not be one.

use lockward_modbus::{Decoded, Flaw, Reply, Request, Wire};
use proptest::prelude::*;

const COILS: Request = Request::ReadCoils { from: 0x13, count: 0x25 };
const INPUTS: Request = Request::ReadInputs { from: 0xc4, count: 0x16 };
const REGISTER: Request = Request::ReadRegisters { from: 8, count: 1 };
const WRITE: Request = Request::WriteCoil { at: 0xac, on: true };

fn hex(text: &str) -> Vec<u8> {
    text.split(' ').map(|b| u8::from_str_radix(b, 16).unwrap()).collect()
}

fn bits(text: &str) -> Decoded {
    Decoded::Whole(Reply::Bits(text.chars().filter(|c| *c != ' ').map(|c| c == '1').collect()))
}

fn rtu(request: Request, unit: u8, bytes: &[u8]) -> Decoded {
    request.decode(Wire::Rtu, unit, bytes)
}

#[test]
fn requests_and_answers_are_as_the_fields_examples_have_them() {
    for (request, asks, answers, reply) in [
        (
            COILS,
            "11 01 00 13 00 25 0e 84",
            "11 01 05 cd 6b b2 0e 1b 45 e6",
            bits("10110011 11010110 01001101 01110000 11011"),
        ),
        (INPUTS, "11 02 00 c4 00 16 ba a9", "11 02 03 ac db 35 20 18", bits("00110101 11011011 101011")),
        (REGISTER, "11 04 00 08 00 01 b2 98", "11 04 02 00 0a f8 f4", Decoded::Whole(Reply::Words(vec![10]))),
        (WRITE, "11 05 00 ac ff 00 4e 8b", "11 05 00 ac ff 00 4e 8b", Decoded::Whole(Reply::Written)),
    ] {
        assert_eq!(request.encode(Wire::Rtu, 0x11), hex(asks));
        let answers = hex(answers);
        assert_eq!(rtu(request, 0x11, &answers), reply);
        // The same without check sum, behind the header of TCP.
        let wire = Wire::Tcp { transaction: 0x1501 };
        assert_eq!(request.encode(wire, 0x11), [&hex("15 01 00 00 00 06"), &hex(asks)[..6]].concat());
        let said = &answers[..answers.len() - 2];
        let framed = [&hex("15 01 00 00 00"), &[u8::try_from(said.len()).unwrap()][..], said].concat();
        assert_eq!(request.decode(wire, 0x11, &framed), reply);
        for cut in 0..answers.len() {
            assert_eq!(rtu(request, 0x11, &answers[..cut]), Decoded::Partial, "{cut} bytes of {request:?}");
        }
        for cut in 0..framed.len() {
            assert_eq!(request.decode(wire, 0x11, &framed[..cut]), Decoded::Partial);
        }
    }
}

#[test]
fn a_refusal_gives_its_reason() {
    let refused = rtu(Request::ReadCoils { from: 0, count: 1 }, 0x0a, &hex("0a 81 02 b0 53"));
    assert_eq!(refused, Decoded::Whole(Reply::Refused(2)));
}

/// A frame with a check sum that fits, whatever is in it.
fn summed(body: &[u8]) -> Vec<u8> {
    let mut crc = 0xffff_u16;
    for byte in body {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 };
        }
    }
    [body, &crc.to_le_bytes()].concat()
}

#[test]
fn an_answer_that_does_not_fit_its_question_is_flawed() {
    let flawed = |request, body: &[u8]| match rtu(request, 0x11, &summed(body)) {
        Decoded::Flawed(flaw) => flaw,
        other => panic!("{other:?}"),
    };
    assert_eq!(flawed(INPUTS, &[0x12, 2, 3, 0, 0, 0]), Flaw::Unit(0x12), "another unit");
    assert_eq!(flawed(INPUTS, &[0x11, 1, 3, 0, 0, 0]), Flaw::Function(1), "another function");
    assert_eq!(flawed(INPUTS, &[0x11, 0x81, 2]), Flaw::Function(0x81), "the refusal of another function");
    assert_eq!(flawed(INPUTS, &[0x11, 2, 2, 0, 0, 0]), Flaw::Count { expected: 3, found: 2 }, "fewer values");
    assert_eq!(flawed(WRITE, &[0x11, 5, 0, 0xad, 0xff, 0]), Flaw::Echo, "another coil");
    assert_eq!(flawed(WRITE, &[0x11, 5, 0, 0xac, 0, 0]), Flaw::Echo, "the other state");
}

#[test]
fn a_flipped_bit_is_a_wrong_check_sum_and_never_an_answer() {
    let answer = hex("11 02 03 ac db 35 20 18");
    for bit in 0..answer.len() * 8 {
        let mut spoilt = answer.clone();
        spoilt[bit / 8] ^= 1 << (bit % 8);
        let decoded = rtu(INPUTS, 0x11, &spoilt);
        // The bit that makes a refusal of it makes it shorter too: the sum is looked for elsewhere.
        assert_eq!(decoded, Decoded::Flawed(Flaw::Crc), "bit {bit}");
    }
}

#[test]
fn bytes_behind_an_answer_are_a_flaw() {
    let two = [hex("11 05 00 ac ff 00 4e 8b"), vec![0]].concat();
    assert_eq!(rtu(WRITE, 0x11, &two), Decoded::Flawed(Flaw::Tail));
}

#[test]
fn over_tcp_a_late_answer_is_stepped_over_and_a_header_that_is_none_is_a_flaw() {
    let wire = Wire::Tcp { transaction: 7 };
    let late = hex("00 06 00 00 00 05 11 02 02 ff ff");
    assert_eq!(INPUTS.decode(wire, 0x11, &late), Decoded::Late(11));
    for header in ["00 07 00 01 00 05 11", "00 07 00 00 00 02 11", "00 07 00 00 00 ff 11"] {
        assert_eq!(INPUTS.decode(wire, 0x11, &hex(header)), Decoded::Flawed(Flaw::Header), "{header}");
    }
}

fn request() -> impl Strategy<Value = Request> {
    let (from, count) = (any::<u16>(), 1_u16..=2_000);
    prop_oneof![
        (from, count.clone()).prop_map(|(from, count)| Request::ReadCoils { from, count }),
        (from, count).prop_map(|(from, count)| Request::ReadInputs { from, count }),
        (from, 1_u16..=125).prop_map(|(from, count)| Request::ReadRegisters { from, count }),
        (from, any::<bool>()).prop_map(|(at, on)| Request::WriteCoil { at, on }),
    ]
}

proptest! {
    #[test]
    fn no_bytes_are_an_answer_of_another_size_than_was_asked_for(
        request in request(),
        transaction in prop::option::of(0_u16..2),
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        header: bool,
        sum: bool,
    ) {
        let wire = transaction.map_or(Wire::Rtu, |transaction| Wire::Tcp { transaction });
        // Half of them look like an answer at their beginning, or at their end.
        if header {
            let start = request.encode(wire, 1);
            let cut = start.len() - if wire == Wire::Rtu { 6 } else { 4 };
            bytes = [&start[..cut], &bytes].concat();
        }
        if sum {
            bytes = summed(&bytes);
        }
        match (request.decode(wire, 1, &bytes), request) {
            (
                Decoded::Whole(Reply::Bits(bits)),
                Request::ReadCoils { count, .. } | Request::ReadInputs { count, .. },
            ) => prop_assert_eq!(bits.len(), usize::from(count)),
            (Decoded::Whole(Reply::Words(words)), Request::ReadRegisters { count, .. }) => {
                prop_assert_eq!(words.len(), usize::from(count));
            }
            (Decoded::Whole(Reply::Written), Request::WriteCoil { .. }) | (Decoded::Whole(Reply::Refused(_)), _) => {}
            (Decoded::Whole(reply), _) => prop_assert!(false, "{:?} to {:?}", reply, request),
            (Decoded::Late(len), _) => prop_assert!(len <= bytes.len() && wire != Wire::Rtu),
            (Decoded::Partial | Decoded::Flawed(_), _) => {}
        }
    }
}
