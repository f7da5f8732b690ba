//! What one line reports, and to whom it goes.

use super::*;
use crate::config::{BusWiring, CabinWiring, DoorWiring, InputWiring, Port, ReaderWiring};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_inputs::Rest;
use lockward_osdp::code::Code;
use lockward_osdp::pkoc::Refusal;
use lockward_osdp::reply::{CardData, CardFormat, Digits};
use std::sync::mpsc::{Receiver, sync_channel};

const FRONT: usize = 0;
const FLOOR: usize = 1;

fn at(number: u8, rest: Rest) -> Option<InputWiring> {
    let source = Source::Osdp { bus: "a".into(), address: 1, number };
    Some(InputWiring { source, rest, supervised: None })
}

fn reader(address: u8) -> ReaderWiring {
    ReaderWiring { bus: "a".into(), address, keypad: true }
}

/// A front door with a reader on each side (1 outside, 2 inside) and a contact and a button at reader 1, and a lift with
/// two floors, of which one has its button at reader 1; device 1 tells of the cabinet too.
fn config() -> Config {
    let door = |id: &str| DoorWiring::simulated(id.parse().unwrap());
    let front = DoorWiring {
        reader: Some(reader(1)),
        exit_reader: Some(reader(2)),
        contact: at(0, Rest::Closed),
        exit: at(1, Rest::Open),
        ..door("front")
    };
    let floor = DoorWiring { reader: Some(reader(3)), button: at(2, Rest::Open), ..door("floor") };
    let other = DoorWiring { reader: Some(reader(3)), ..door("other") };
    let port = Port::Tcp("nowhere:1".into());
    let mut config = Config::bare("k1".parse().unwrap());
    config.buses = vec![BusWiring { name: "a".into(), port, baud: 9600, devices: vec![] }];
    config.doors = vec![front, floor, other];
    config.cabins = vec![CabinWiring { name: "lift".into(), reader: reader(3), floors: vec![1, 2] }];
    let source = Source::Device { bus: "a".into(), address: 1 };
    config.building.tamper = Some(InputWiring { source, rest: Rest::Open, supervised: None });
    config
}
/// Its wires, in their order.
const CONTACT: usize = 0;
const EXIT: usize = 1;
const BUTTON: usize = 2;
const CABINET: usize = 3;

struct Rig {
    sorter: Sorter,
    core: Receiver<Wake>,
    heard: Receiver<Heard>,
}

impl Rig {
    fn new() -> Self {
        let (wake, core) = sync_channel(64);
        let (ears, heard) = sync_channel(64);
        let sorter = Arc::new(Wiring::new(&config(), [7; 16])).sorter(0, wake, ears);
        Self { sorter, core, heard }
    }

    /// What the core is told, in words.
    fn core(&self) -> Vec<String> {
        let one = |wake| match wake {
            Wake::Core(Input::Card { door, side, bits, .. }) => format!("card {door} {side:?} {bits}"),
            Wake::Core(Input::KeyCard { door, side, signed, took, .. }) => {
                format!("key card {door} {side:?} {signed} {took:?}")
            }
            Wake::Core(Input::Code { door, side, bytes }) => format!("code {door} {side:?} {}", bytes.len()),
            Wake::Core(Input::Key { door, side, key }) => format!("key {door} {side:?} {key:?}"),
            Wake::Core(Input::Reader { door, side, online }) => format!("reader {door} {side:?} {online}"),
            Wake::Core(Input::Tamper { door, side, open }) => format!("tamper {door} {side:?} {open}"),
            Wake::Core(Input::Fact(door, Body::Reader { fact, .. })) => format!("fact {door:?} {fact:?}"),
            Wake::Back(bus, address) => format!("back {bus} {address}"),
            _ => panic!("nothing else is told here"),
        };
        self.core.try_iter().map(one).collect()
    }

    fn readings(&self) -> Vec<(usize, Reading)> {
        let reading = |h| if let Heard::Reading(wire, reading) = h { Some((wire, reading)) } else { None };
        self.heard.try_iter().filter_map(reading).collect()
    }
}

fn card() -> PdEvent {
    let card = CardData::new(26, vec![1, 2, 3, 0x40]).unwrap();
    PdEvent::Card { reader: 0, format: CardFormat::Wiegand, card }
}

#[test]
fn each_reader_speaks_for_its_side_of_its_door() {
    let mut rig = Rig::new();
    assert_eq!(rig.sorter.sort(1, card()), []);
    rig.sorter.sort(2, card());
    rig.sorter.sort(2, PdEvent::Keys { reader: 0, digits: Digits(b"1\x0d\x7f".to_vec()) });
    rig.sorter.sort(1, PdEvent::Code { reader: 0, code: Code::new(&[b'x'; 100]).unwrap() });
    rig.sorter.sort(9, card());
    let keys = ["key 0 Exit Digit(..)", "key 0 Exit Enter", "key 0 Exit Clear"];
    let told = ["card 0 Entry 26", "card 0 Exit 26", keys[0], keys[1], keys[2], "code 0 Entry 100"];
    assert_eq!(rig.core(), told, "and a reader of no door for none");
}

#[test]
fn a_device_that_is_lost_takes_all_its_wires_with_it_and_tells_them_when_it_is_back() {
    let mut rig = Rig::new();
    rig.sorter.sort(1, PdEvent::Inputs(vec![true, false, true]));
    let level = Reading::Level;
    let all = [(CONTACT, level(false)), (EXIT, level(false)), (BUTTON, level(true))];
    assert_eq!(rig.readings(), all, "a closed contact is a shut door, and a pressed button");
    rig.sorter.sort(1, PdEvent::Offline);
    let lost = [CONTACT, EXIT, BUTTON, CABINET].map(|wire| (wire, Reading::Lost));
    assert_eq!(rig.readings(), lost);
    assert_eq!(rig.core(), ["fact Some(0) Offline", "reader 0 Entry false"]);
    rig.sorter.sort(1, PdEvent::Inputs(vec![false]));
    let few = [(CONTACT, level(true)), (EXIT, Reading::Lost), (BUTTON, Reading::Lost)];
    assert_eq!(rig.readings(), few, "an input that the device does not have is never normal");
}

#[test]
fn a_case_that_is_opened_is_on_record_once_and_the_doors_and_the_cabinet_are_told() {
    let mut rig = Rig::new();
    rig.sorter.sort(1, PdEvent::Tamper(false));
    assert_eq!(rig.core(), ["tamper 0 Entry false"], "no news");
    rig.sorter.sort(1, PdEvent::Tamper(true));
    rig.sorter.sort(1, PdEvent::Tamper(true));
    let fact = "fact Some(0) Tamper(true)";
    assert_eq!(rig.core(), [fact, "tamper 0 Entry true", "tamper 0 Entry true"]);
    let level = Reading::Level;
    assert_eq!(rig.readings(), [false, true, true].map(|open| (CABINET, level(open))));
    rig.sorter.sort(3, PdEvent::Tamper(true));
    let of_all = ["fact None Tamper(true)", "tamper 1 Entry true", "tamper 2 Entry true"];
    assert_eq!(rig.core(), of_all, "a cabin's reader is that of all its floors");
}

#[test]
fn a_badge_in_a_cabin_goes_to_the_cabin_and_asks_for_a_floor() {
    let mut rig = Rig::new();
    assert_eq!(rig.sorter.sort(3, card()), feedback::choose_floor());
    rig.sorter.sort(3, PdEvent::Keys { reader: 0, digits: Digits(b"1".to_vec()) });
    assert_eq!(rig.core(), [""; 0], "no door is told");
    assert!(matches!(rig.heard.try_recv(), Ok(Heard::Shown(0, Shown::Card(26, _)))));
    assert!(matches!(rig.heard.try_recv(), Ok(Heard::Key(0, Key::Digit(1)))));
    let _ = FLOOR;
}

/// What the reader is asked when a public-key card is there.
fn asked(rig: &mut Rig, address: u8, own_id: bool) -> (Transaction, Option<[u8; 32]>) {
    let commands = rig.sorter.sort(address, PdEvent::KeyCardPresent { reader: 0, own_id });
    match commands.iter().map(Request::of).collect::<Vec<_>>()[..] {
        [Some(Request::Authenticate { ref transaction, reader_id })] => (transaction.clone(), reader_id),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a15_a_public_key_card_is_asked_something_new_each_time_and_by_each_reader() {
    let mut rig = Rig::new();
    let (first, id) = asked(&mut rig, 1, false);
    let (again, same) = asked(&mut rig, 1, false);
    let (_, other) = asked(&mut rig, 2, false);
    assert!(first != again && first.as_bytes().len() == 32);
    assert!(id == same && id != other, "a card finds its key again, and knows readers apart");
    assert_eq!(id.unwrap()[..16], [7; 16]);
    assert_eq!(asked(&mut rig, 1, true).1, None, "the reader has an id of its own");
    assert_eq!(rig.sorter.sort(9, PdEvent::KeyCardPresent { reader: 0, own_id: false }), [], "of no door");
    assert_eq!(rig.sorter.sort(1, PdEvent::KeyCardWanted), [], "none is given beforehand");
}

#[test]
fn a_public_key_card_counts_as_signed_only_by_its_own_key_over_what_was_asked() {
    let dice = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public_key: [u8; 65] = pair.public_key().as_ref().try_into().unwrap();
    let mut rig = Rig::new();
    let (transaction, _) = asked(&mut rig, 2, false);
    let sign = |message: &[u8]| pair.sign(&dice, message).unwrap().as_ref().try_into().unwrap();
    let right =
        Answer { transaction: transaction.clone(), public_key, signature: sign(transaction.as_bytes()) };
    let other = Answer { signature: sign(b"what somebody else asked, once"), ..right.clone() };
    let no_point = Answer { public_key: [4; 65], ..right.clone() };
    for (answer, signed) in [(right, true), (other, false), (no_point, false)] {
        rig.sorter.sort(2, PdEvent::KeyCard { reader: 0, answer, took: Some(400_000) });
        assert_eq!(rig.core(), [format!("key card 0 Exit {signed} Some(400ms)")]);
    }
    rig.sorter.sort(1, PdEvent::KeyCardRefused { reader: 0, refusal: Refusal::Late });
    assert_eq!(rig.core(), [format!("card {FRONT} Entry 0")], "on record as something that is no card");
}
