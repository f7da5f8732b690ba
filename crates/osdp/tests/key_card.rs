//! Public-key cards over the line: the published messages byte for byte, and every answer that must not be taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod line;

use line::{Line, MS, SECOND, dice, is_data};
use lockward_osdp::bus::PdEvent;
use lockward_osdp::command::{Command, PdCommand};
use lockward_osdp::pd::PdOutput;
use lockward_osdp::pkoc::{Answer, Assembly, REPORT_MAX, Refusal, Report, Request, Transaction, VENDOR};
use lockward_osdp::reply::Reply;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// The key and signature of the card specification's example (openpkoc, `ob-pkoc-testvectors.h`).
const KEY: &str = "040ec5d87dc39d14a2c5480686da860c82b16be0b6903b525f84848b79fd463e32
    bbda1f0252c33503c5287035e6eac55d138d0650dcfb5281d59a9cf4124d2831";
const SIGNATURE: &str = "b98613070c78010b04ed306d143f94ee6dc4eca2585b621405731fb3a53cd877
    a21685de18435da7cbcc38f1d926300a454efee3594cec5effe28c7feac03d7d";
const TRANSACTION: &str = "6fcf5012b224043b09350a4fc5e56a8f";
const READER: &str = "7a25432a462d4a404e635266556a586edfee8022966311eda1eb0242ac120002";

fn transaction() -> Transaction {
    Transaction::new(&hex(TRANSACTION)).unwrap()
}

fn other() -> Transaction {
    Transaction::new(&[9; 32]).unwrap()
}

fn request(transaction: Transaction) -> Request {
    Request::Authenticate { transaction, reader_id: Some(hex(READER).try_into().unwrap()) }
}

fn response(transaction: Option<&Transaction>) -> Report {
    Report::Response {
        transaction: transaction.map(|t| t.as_bytes().to_vec()),
        public_key: hex(KEY).try_into().unwrap(),
        signature: hex(SIGNATURE).try_into().unwrap(),
    }
}

fn answer(transaction: Transaction) -> Answer {
    Answer {
        transaction,
        public_key: hex(KEY).try_into().unwrap(),
        signature: hex(SIGNATURE).try_into().unwrap(),
    }
}

fn refused(refusal: Refusal) -> Vec<PdEvent> {
    vec![PdEvent::KeyCardRefused { reader: 0, refusal }]
}

/// One reader, online, with the events of that forgotten.
fn online() -> Line {
    let mut line = Line::of(1, 115_200);
    line.run(SECOND);
    assert!(line.bus.is_online(0));
    line.events.clear();
    line
}

/// Has the reader say something of the extension, and gives what the panel makes of it.
fn say(line: &mut Line, data: Vec<u8>) -> Vec<PdEvent> {
    assert!(line.pd(0).report(Reply::Vendor(VENDOR, data)));
    line.run(100 * MS);
    line.take(0)
}

fn ask(line: &mut Line, request: &Request) {
    line.bus.send(0, request.command()).unwrap();
    line.run(100 * MS);
    assert_eq!(line.take(0), []);
}

#[test]
fn a_request_is_the_published_one_byte_for_byte() {
    let sent = Command::Do(request(transaction()).command()).encode();
    // MFG, vendor, E1, total 58, offset 0, length 58, P1 P2, and the fields of the card's own example.
    let fields = format!("0001 5c020100 4c10{TRANSACTION} 4d20{READER}");
    assert_eq!(sent, hex(&format!("80 1a9021 e1 3a00 0000 3a00 {fields}")));
    let next = Command::Do(Request::Next(transaction()).command()).encode();
    assert_eq!(next, hex(&format!("80 1a9021 e3 1200 0000 1200 4c10{TRANSACTION}")));
}

#[test]
fn the_longest_request_fits_the_frame_that_any_reader_takes() {
    let mut line = online();
    line.trace.clear();
    ask(&mut line, &request(other()));
    assert!(line.trace.iter().any(|(_, _, bytes)| bytes.len() > 100));
    assert!(line.trace.iter().all(|(_, _, bytes)| bytes.len() <= 128));
}

#[test]
fn a_card_that_is_present_is_asked_and_its_answer_is_taken_once() {
    let mut line = online();
    assert!(line.pd(0).present_key_card(&Report::Present { own_id: false }));
    line.run(100 * MS);
    assert_eq!(line.take(0), [PdEvent::KeyCardPresent { reader: 0, own_id: false }]);
    ask(&mut line, &request(transaction()));
    let asked =
        line.told.iter().any(|(_, told)| *told == PdOutput::Command(request(transaction()).command()));
    assert!(asked, "{:?}", line.told);
    assert!(line.pd(0).present_key_card(&response(None)));
    line.run(100 * MS);
    match line.take(0).as_slice() {
        [PdEvent::KeyCard { reader: 0, answer: found, took: Some(took) }] => {
            assert_eq!(*found, answer(transaction()));
            assert!((100 * MS..200 * MS).contains(took), "{took}");
        }
        events => panic!("{events:?}"),
    }
    // A15: the same answer again, at once and later.
    for _ in 0..2 {
        assert!(line.pd(0).present_key_card(&response(None)));
        line.run(100 * MS);
        assert_eq!(line.take(0), refused(Refusal::Unasked));
        line.run(30 * SECOND);
    }
}

#[test]
fn an_answer_in_many_parts_is_put_together() {
    for room in [1, 7, 40, 132, 133, 500] {
        let mut line = online();
        ask(&mut line, &request(transaction()));
        for part in response(Some(&transaction())).encode(room) {
            assert_eq!(line.take(0), []);
            while !line.pd(0).report(Reply::Vendor(VENDOR, part.clone())) {
                line.run(10 * MS);
            }
            line.run(10 * MS);
        }
        line.run(100 * MS);
        let events = line.take(0);
        assert!(
            matches!(&events[..], [PdEvent::KeyCard { answer: found, .. }] if *found == answer(transaction()))
        );
    }
}

#[test]
fn a15_an_answer_to_another_transaction_is_refused() {
    let mut line = online();
    ask(&mut line, &request(transaction()));
    let events = say(&mut line, response(Some(&other())).encode(400).remove(0));
    assert_eq!(events, refused(Refusal::OtherTransaction));
    // It has had its try.
    let events = say(&mut line, response(Some(&transaction())).encode(400).remove(0));
    assert_eq!(events, refused(Refusal::Unasked));
}

#[test]
fn a15_an_answer_at_another_reader_is_refused() {
    let mut line = Line::of(2, 115_200);
    line.run(SECOND);
    line.events.clear();
    ask(&mut line, &request(transaction()));
    assert!(line.pd(1).present_key_card(&response(None)));
    line.run(100 * MS);
    assert_eq!((line.take(0), line.take(1)), (vec![], refused(Refusal::Unasked)));
}

#[test]
fn a15_an_answer_that_is_due_does_not_outlive_the_session() {
    let mut line = online();
    ask(&mut line, &request(transaction()));
    line.nodes[0] = line::reader(line::settings(0));
    line.run(2 * SECOND);
    assert!(line.take(0).contains(&PdEvent::Resumed));
    let events = say(&mut line, response(None).encode(400).remove(0));
    assert_eq!(events, refused(Refusal::Unasked));
}

#[test]
fn an_answer_that_comes_late_is_refused() {
    let mut line = online();
    ask(&mut line, &request(transaction()));
    line.run(3 * SECOND);
    let events = say(&mut line, response(None).encode(400).remove(0));
    assert_eq!(events, refused(Refusal::Late));
}

#[test]
fn an_error_of_the_reader_ends_what_was_asked() {
    let mut line = online();
    ask(&mut line, &request(transaction()));
    let events = say(&mut line, vec![0xFE, 2]);
    assert_eq!(events, refused(Refusal::Reader(2)));
    let events = say(&mut line, response(None).encode(400).remove(0));
    assert_eq!(events, refused(Refusal::Unasked));
}

#[test]
fn a_transaction_given_beforehand_is_answered_without_a_bound_on_time() {
    let mut line = online();
    assert_eq!(say(&mut line, vec![0xE4]), [PdEvent::KeyCardWanted]);
    ask(&mut line, &Request::Next(transaction()));
    line.run(60 * SECOND);
    let events = say(&mut line, response(None).encode(400).remove(0));
    assert!(matches!(&events[..], [PdEvent::KeyCard { took: None, answer: found, .. }]
        if *found == answer(transaction())));
}

#[test]
fn a_card_that_is_present_is_kept_in_the_field() {
    let mut line = online();
    line.trace.clear();
    let (mut before, mut after) = (0, 0);
    line.run(SECOND / 10);
    let commands = |line: &Line| line.trace.iter().filter(|(_, _, bytes)| bytes[7] == 0xA7).count();
    before += commands(&line);
    assert!(line.pd(0).present_key_card(&Report::Present { own_id: false }));
    line.run(SECOND / 10);
    after += commands(&line);
    assert_eq!((before, after), (0, 1));
}

/// What one report of "card present" gives, read by itself.
fn present(data: &str) -> Result<Option<Report>, Refusal> {
    Assembly::default().take(&hex(data))
}

#[test]
fn every_form_of_card_present_that_is_in_use_is_read() {
    let here = Ok(Some(Report::Present { own_id: false }));
    // The text; the reference implementation's fields; PKOC.Net's, with and without an error code of none.
    assert_eq!(present("e0 0400 0000 0400 5c020100"), here);
    assert_eq!(present("e0 0a00 0000 0a00 5c020100 fd0100 fb0100"), here);
    assert_eq!(present("e0 fc06 5c020100 fd03"), here);
    assert_eq!(present("e0 fc08 fb00 5c020100 fd03"), here);
    assert_eq!(present("e0 0800 0000 0800 5c0402000100 4c00"), Err(Refusal::OwnChallenge));
    assert_eq!(present("e0 0600 0000 0600 5c020100 4d00"), Ok(Some(Report::Present { own_id: true })));
}

#[test]
fn card_present_as_a_card_report_is_read() {
    let mut line = online();
    assert!(line.pd(0).report(Reply::KeyCardPresent(hex("5c020100 4d00"))));
    line.run(100 * MS);
    assert_eq!(line.take(0), [PdEvent::KeyCardPresent { reader: 0, own_id: true }]);
}

macro_rules! flaws {
    ($($name:ident: $data:expr => $refusal:expr;)+) => {$(
        #[test]
        fn $name() {
            assert_eq!(Assembly::default().take(&hex($data)), Err($refusal));
        }
    )+};
}

flaws! {
    report_empty: "" => Refusal::Malformed;
    report_unknown: "e9 0000" => Refusal::Malformed;
    version_missing: "e0 0200 0000 0200 4d00" => Refusal::Version;
    version_other: "e0 0400 0000 0400 5c020200" => Refusal::Version;
    version_ragged: "e0 0500 0000 0500 5c03010001" => Refusal::Version;
    field_past_end: "e0 0400 0000 0400 5c030100" => Refusal::Malformed;
    field_twice: "e0 0800 0000 0800 5c020100 5c020100" => Refusal::Malformed;
    tag_alone: "e0 0500 0000 0500 5c020100 4d" => Refusal::Malformed;
    reader_error: "e0 fc08 fb02 5c020100 fd03" => Refusal::Reader(2);
    reader_error_with_status: "e0 fc0a fb016a82 5c020100 fd03" => Refusal::Reader(1);
    card_status: "e0 0800 0000 0800 5c020100 fe026a82" => Refusal::Reader(1);
    error_report: "fe 019000" => Refusal::Reader(1);
    header_missing: "e2 5a00 9e00" => Refusal::Malformed;
    header_in_another_order: "e2 0000 8500 8500 5a41" => Refusal::Malformed;
    part_first_missing: "e2 8500 0100 0100 5a" => Refusal::Malformed;
    part_past_total: "e2 0100 0000 0200 5a41" => Refusal::Malformed;
    part_empty: "e2 8500 0000 0000" => Refusal::Malformed;
    part_longer_than_said: "e2 8500 0000 0100 5a41" => Refusal::Malformed;
    total_past_limit: "e2 0102 0000 0100 5a" => Refusal::Malformed;
    key_missing: "e2 0200 0000 0200 9e00" => Refusal::Malformed;
}

#[test]
fn key_short_and_signature_long() {
    for (key, signature) in [(64, 64), (66, 64), (65, 63), (65, 65), (0, 64), (65, 0)] {
        let fields = [&[0x5A, key], vec![4; usize::from(key)].as_slice(), &[0x9E, signature]].concat();
        let fields = [fields, vec![1; usize::from(signature)]].concat();
        let len = u16::try_from(fields.len()).unwrap().to_le_bytes();
        let data = [&[0xE2], len.as_slice(), &[0, 0], &len, &fields].concat();
        assert_eq!(Assembly::default().take(&data), Err(Refusal::Malformed), "{key} {signature}");
    }
}

#[test]
fn part_repeated_and_part_of_another_report() {
    let parts = response(None).encode(50);
    let mut assembly = Assembly::default();
    assert_eq!(assembly.take(&parts[0]), Ok(None));
    assert_eq!(assembly.take(&parts[1]), Ok(None));
    assert_eq!(assembly.take(&parts[1]), Err(Refusal::Malformed));
    assert_eq!(assembly.take(&parts[2]), Err(Refusal::Malformed), "nothing is kept after a flaw");
    assert_eq!(assembly.take(&parts[0]), Ok(None));
    let mut present = parts[1].clone();
    present[0] = 0xE0;
    assert!(assembly.take(&present).is_err());
}

#[test]
fn a_transaction_is_sixteen_to_thirty_two_bytes() {
    for (len, good) in [(0, false), (15, false), (16, true), (32, true), (33, false), (65, false)] {
        assert_eq!(Transaction::new(&vec![7; len]).is_some(), good, "{len}");
    }
}

#[test]
fn a_cards_key_does_not_print() {
    let event = PdEvent::KeyCard { reader: 0, answer: answer(transaction()), took: None };
    let printed = format!("{event:?}");
    assert!(!printed.contains("14, 197") && printed.contains("Answer(..)"), "{printed}");
}

#[test]
fn a15_thirty_thousand_fuzzed_reports_inside_the_secure_channel_leave_nothing_accepted() {
    let mut next = dice(0x0a15);
    let mut line = Line::of(1, 1_000_000);
    line.reply_delay = 0;
    line.bytewise = false;
    line.run(SECOND);
    line.events.clear();
    let good: Vec<Vec<u8>> = [response(None), response(Some(&other())), Report::Present { own_id: false }]
        .iter()
        .flat_map(|report| [report.encode(30), report.encode(400)].concat())
        .collect();
    let (mut said, mut refusals) = (0, 0);
    while said < 30_000 {
        let random = u64::from_le_bytes(next());
        let [which, at, value, how, ..] = random.to_le_bytes();
        let mut data = good[usize::from(which) % good.len()].clone();
        let place = usize::from(at) % data.len();
        match how % 4 {
            0 => data[place] ^= 1 << (value % 8),
            1 => data.truncate(place),
            2 => data.insert(place, value),
            _ => {}
        }
        if !line.pd(0).report(Reply::Vendor(VENDOR, data)) {
            line.run(50 * MS);
            continue;
        }
        said += 1;
        for (_, _, event) in line.events.drain(..) {
            match event {
                PdEvent::KeyCardRefused { .. } => refusals += 1,
                PdEvent::KeyCardPresent { .. } | PdEvent::KeyCardWanted => {}
                event => panic!("{event:?} after {said}"),
            }
        }
        line.trace.clear();
        line.told.clear();
    }
    assert!(refusals > 5_000 && line.bus.is_online(0), "{refusals}");
}

proptest! {
    #[test]
    fn requests_read_back_as_they_were_written(
        bytes in prop::collection::vec(any::<u8>(), 16..=32), id in any::<Option<[u8; 32]>>(), next: bool,
    ) {
        let transaction = Transaction::new(&bytes).unwrap();
        let request =
            if next { Request::Next(transaction) } else { Request::Authenticate { transaction, reader_id: id } };
        let sent = Command::Do(request.command()).encode();
        let Some(Command::Do(ref command)) = Command::decode(&sent) else { panic!("{sent:?}") };
        prop_assert_eq!(Request::of(command), Some(request));
    }

    #[test]
    fn no_report_makes_more_than_its_limit_or_a_panic(
        reports in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40), header: bool,
    ) {
        let mut assembly = Assembly::default();
        for (index, mut data) in reports.into_iter().enumerate() {
            if header && data.len() > 7 {
                let len = u8::try_from(data.len() - 7).unwrap();
                let offset = u16::try_from(index * 33).unwrap().to_le_bytes();
                data[..7].copy_from_slice(&[0xE2, 0, 2, offset[0], offset[1], len, 0]);
            }
            let _ = assembly.take(&data);
            let kept = format!("{assembly:?}").len();
            prop_assert!(kept < 8 * REPORT_MAX);
        }
    }

    #[test]
    fn no_vendor_command_makes_a_panic(data in prop::collection::vec(any::<u8>(), 0..96)) {
        let _ = Request::of(&PdCommand::Vendor(VENDOR, data));
    }

    #[test]
    fn reports_read_back_as_they_were_written(room in 1usize..300, named: bool, own_id: bool) {
        for report in [response(named.then(other).as_ref()), Report::Present { own_id }, Report::Refresh] {
            let mut assembly = Assembly::default();
            let read = report.encode(room).iter().map(|part| assembly.take(part)).last();
            prop_assert_eq!(read, Some(Ok(Some(report))));
        }
    }
}

#[test]
fn everything_of_a_card_is_data_that_needs_the_secure_channel() {
    assert!(is_data(&PdEvent::KeyCardWanted));
    let mut line = online();
    let outside = lockward_osdp::frame::plain(0x80, 0, &Reply::Vendor(VENDOR, vec![0xE4]).encode());
    line.hand = Box::new(move |to, bytes| match to {
        line::To::Panel => Some(outside.clone()),
        line::To::Readers => Some(bytes),
    });
    line.run(SECOND);
    assert!(!line.take(0).iter().any(is_data));
}
