//! When a wire is believed, and when a badge in a cabin goes where.

use super::*;
use crate::config::{CabinWiring, DoorWiring, ReaderWiring};
use lockward_inputs::{Adc, AdcLoop, Bands, Ohms, Rest};
use lockward_model::Side;
use std::sync::mpsc::sync_channel;

const MS: u64 = 1_000;

fn osdp(rest: Rest) -> Option<InputWiring> {
    let source = Source::Osdp { bus: "a".into(), address: 0, number: 0 };
    Some(InputWiring { source, rest, supervised: None })
}

fn measured() -> Option<InputWiring> {
    let adc = Adc::new(AdcLoop { full_scale: 4095, supply: 4095, pull_up: 1000, back: None }).unwrap();
    let source = Source::Adc { out: "out".into(), back: None, adc };
    Some(InputWiring { source, rest: Rest::Closed, supervised: Some(Bands::one_and_one(Rest::Closed)) })
}

/// A front door with an unsupervised button and a measured contact, and a floor with its button.
fn senses() -> Senses {
    let id = |s: &str| DoorWiring::simulated(s.parse().unwrap());
    let front = DoorWiring { contact: measured(), exit: osdp(Rest::Open), ..id("front") };
    let floor = DoorWiring { button: osdp(Rest::Open), ..id("floor") };
    let reader = ReaderWiring { bus: "a".into(), address: 1, keypad: false };
    let config = Config {
        doors: vec![front, floor],
        cabins: vec![CabinWiring { name: "lift".into(), reader, floors: vec![1] }],
        ..Config::bare("k1".parse().unwrap())
    };
    Senses::new(&config, Mono(0)).unwrap()
}
const CONTACT: usize = 0;
const EXIT: usize = 1;
const BUTTON: usize = 2;

fn told(out: &mut Vec<Input>) -> Vec<String> {
    let one = |input| match input {
        Input::Contact(d, wire) => format!("contact {d} {wire:?}"),
        Input::Exit(d, wire) => format!("exit {d} {wire:?}"),
        Input::Fact(d, Body::Input { input, fault }) => format!("fact {d:?} {input:?} {fault:?}"),
        Input::Card { door, side: Side::Entry, .. } => format!("card {door}"),
        _ => panic!("no other wire is there"),
    };
    out.drain(..).map(one).collect()
}

fn read(senses: &mut Senses, at: u64, index: usize, reading: Reading) -> Vec<String> {
    let mut out = Vec::new();
    senses.handle(Mono(at * MS), Heard::Reading(index, reading), &mut out);
    told(&mut out)
}

fn tick(senses: &mut Senses, at: u64) -> Vec<String> {
    let mut out = Vec::new();
    senses.tick(Mono(at * MS), &mut out);
    told(&mut out)
}

#[test]
fn a_button_is_told_once_it_has_settled_and_a_bounce_is_not() {
    let mut senses = senses();
    assert_eq!(read(&mut senses, 0, EXIT, Reading::Level(false)), [""; 0]);
    assert_eq!(tick(&mut senses, 20), ["exit 0 Says(false)"]);
    read(&mut senses, 100, EXIT, Reading::Level(true));
    assert_eq!(senses.wake_at(), Mono(120 * MS));
    read(&mut senses, 110, EXIT, Reading::Level(false));
    assert_eq!(tick(&mut senses, 140), [""; 0]);
    read(&mut senses, 200, EXIT, Reading::Level(true));
    assert_eq!(tick(&mut senses, 220), ["exit 0 Says(true)"]);
}

#[test]
fn a_board_that_is_lost_makes_its_inputs_silent_at_once_and_not_normal_when_it_is_back() {
    let mut senses = senses();
    read(&mut senses, 0, EXIT, Reading::Level(true));
    assert_eq!(tick(&mut senses, 20), ["exit 0 Says(true)"]);
    assert_eq!(read(&mut senses, 30, EXIT, Reading::Lost), ["exit 0 Fault(Silent)"]);
    assert_eq!(read(&mut senses, 40, EXIT, Reading::Lost), [""; 0], "once");
    assert_eq!(read(&mut senses, 50, EXIT, Reading::Level(true)), [""; 0], "nothing is known yet");
    assert_eq!(tick(&mut senses, 70), ["exit 0 Says(true)"]);
}

#[test]
fn a_wire_that_was_lost_before_it_said_anything_is_a_fault_and_so_is_one_that_is_never_read() {
    let mut senses = senses();
    assert_eq!(read(&mut senses, 5, EXIT, Reading::Lost), ["exit 0 Fault(Silent)"]);
    assert_eq!(tick(&mut senses, 9_999), [""; 0]);
    assert_eq!(tick(&mut senses, 10_000), ["contact 0 Fault(Silent)", "fact Some(1) Button Some(Silent)"]);
    assert_eq!(senses.wake_at(), Mono(u64::MAX));
}

#[test]
fn a_measured_contact_tells_cut_and_short_apart_and_goes_stale_within_a_second() {
    let mut senses = senses();
    let ohms = |ohms| Reading::Loop(Ohms(ohms));
    read(&mut senses, 0, CONTACT, ohms(1_000));
    assert_eq!(tick(&mut senses, 50), ["contact 0 Says(Closed)"]);
    read(&mut senses, 100, CONTACT, ohms(2_000));
    assert_eq!(tick(&mut senses, 150), ["contact 0 Says(Open)"]);
    read(&mut senses, 200, CONTACT, ohms(0));
    assert_eq!(tick(&mut senses, 250), ["contact 0 Fault(Short)"]);
    read(&mut senses, 300, CONTACT, Reading::Loop(Ohms::INFINITE));
    assert_eq!(tick(&mut senses, 350), ["contact 0 Fault(Open)"]);
    read(&mut senses, 400, CONTACT, ohms(1_000));
    assert_eq!(tick(&mut senses, 450), ["contact 0 Says(Closed)"]);
    assert_eq!(tick(&mut senses, 1_299), [""; 0]);
    assert_eq!(tick(&mut senses, 1_300), ["contact 0 Fault(Silent)"], "nobody reads it any more");
}

#[test]
fn a_floors_button_gives_the_badge_that_waits_and_its_fault_is_on_record_once() {
    let (mut senses, mut out) = (senses(), Vec::new());
    read(&mut senses, 0, BUTTON, Reading::Level(false));
    assert_eq!(tick(&mut senses, 20), [""; 0], "no news for the door");
    senses.handle(Mono(100 * MS), Heard::Shown(0, Shown::Card(26, vec![1])), &mut out);
    assert_eq!(told(&mut out), [""; 0]);
    read(&mut senses, 200, BUTTON, Reading::Level(true));
    assert_eq!(tick(&mut senses, 220), ["card 1"]);
    assert_eq!(read(&mut senses, 300, BUTTON, Reading::Lost), ["fact Some(1) Button Some(Silent)"]);
    read(&mut senses, 400, BUTTON, Reading::Level(false));
    assert_eq!(tick(&mut senses, 420), ["fact Some(1) Button None"]);
}

#[test]
fn what_settles_while_nothing_else_is_heard_is_told_at_once() {
    let (ears, heard) = sync_channel(4);
    let (wake, core) = sync_channel(4);
    start(senses(), heard, move |input| wake.send(input).is_ok()).unwrap();
    ears.send(Heard::Reading(EXIT, Reading::Level(true))).unwrap();
    let told = core.recv_timeout(Duration::from_secs(5));
    assert!(matches!(told, Ok(Input::Exit(0, Wire::Says(true)))));
}
