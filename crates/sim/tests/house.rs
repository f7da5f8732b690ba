//! Doors without people: what a hand does at a reader, with the hub there and away, with the cable in and out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::time::Duration;
use lockward_model::{Body, DoorId, Outcome, ReaderFact, Source};
use lockward_osdp::command::Color;
use lockward_sim::House;
use lockward_sim::card::Card;
use lockward_sim::chance::Chance;
use lockward_sim::clock::ScaledClock;
use lockward_sim::hardware::{Bus, Signal};
use lockward_sim::people::{Worker, people};
use lockward_store::Log;
use std::path::Path;
use std::sync::Arc;

const SOON: Duration = Duration::from_secs(5);

fn house(dir: &Path, people: &[Worker]) -> House {
    // A Tuesday in winter, 10 o'clock at the site.
    let began = "2026-11-17T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let clock = Arc::new(ScaledClock::from(lockward_model::Time(began), 1.0));
    let house = House::open(dir, people, &clock, "127.0.0.1:0".parse().unwrap(), None).unwrap();
    assert!(house.await_ready(Duration::from_secs(20)));
    house
}

fn door(id: &str) -> DoorId {
    id.parse().unwrap()
}

fn badge(bus: &Bus, at: DoorId, card: &Card) -> Option<Signal> {
    let seen = bus.signals(at);
    assert!(bus.present_card(at, card));
    bus.await_signal(at, seen, SOON).map(|(_, signal)| signal)
}

fn within(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    for _ in 0..patience.as_millis() / 50 {
        if is_so() {
            return true;
        }
        pause(50);
    }
    is_so()
}

#[allow(clippy::disallowed_methods, reason = "a test waits for machines")]
fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Every event that `source` has in the hub's log, in the log's order.
fn log_of(house: &House, source: &str) -> Vec<(u64, Option<DoorId>, Body)> {
    let office = house.hub().unwrap().office();
    let mut found = Vec::new();
    let read = office.store().for_each_entry(Log::Event, 0..u64::MAX, |_, leaf| {
        if let Some(event) = office.open_leaf(leaf).unwrap()
            && event.source == Source::Controller(source.parse().unwrap())
        {
            found.push((event.seq, event.door, event.body));
        }
        Ok::<_, lockward_store::HubError>(())
    });
    read.unwrap();
    found
}

#[test]
fn decides_alone_given_no_hub_then_known_cards_open_and_unknown_do_not_and_all_of_it_arrives_once() {
    let kept = tempfile::tempdir().unwrap();
    let people = people(1);
    let mut house = house(&kept.path().join("site"), &people);
    let (doors, at) = (house.doors(), door("picking"));
    let bus = &doors[&at];
    let known = &people.iter().find(|p| p.group() == "pickers").unwrap().card;
    let stranger = Card::foreign(&mut Chance::new(1));

    house.stop_hub();
    let mut expected = Vec::new();
    for _ in 0..3 {
        assert_eq!(badge(bus, at, &stranger), Some(Signal::Denied));
        assert!(!bus.bolt_released(at), "a stranger's card moves no bolt");
        assert_eq!(badge(bus, at, known), Some(Signal::Granted));
        assert!(bus.await_release(at, SOON), "a known card opens");
        bus.open_leaf(at);
        pause(100);
        bus.close_leaf(at);
        assert!(within(SOON, || !bus.bolt_released(at)), "and the door locks when it is shut");
        expected.extend([false, true]);
    }

    house.start_hub().unwrap();
    let granted = |(_, _, body): &(u64, Option<DoorId>, Body)| match body {
        Body::Access(access) => Some(matches!(access.outcome, Outcome::Granted { .. })),
        _ => None,
    };
    let arrived = |house: &House| log_of(house, "halls").iter().filter_map(granted).collect::<Vec<_>>();
    assert!(within(Duration::from_secs(20), || arrived(&house).len() >= expected.len()));
    assert_eq!(arrived(&house), expected, "all of them, in order, once");
    let seqs: Vec<u64> = log_of(&house, "halls").iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_cage_wants_card_and_pin_and_says_so_with_its_light() {
    let kept = tempfile::tempdir().unwrap();
    let people = people(2);
    let house = house(&kept.path().join("site"), &people);
    let (doors, at) = (house.doors(), door("cage-electronics"));
    let bus = &doors[&at];
    let picker = people.iter().find(|p| p.group() == "pickers" && p.pin.is_some()).unwrap();
    let pin = picker.pin.clone().unwrap();
    let wrong = if pin == "4711" { "4712" } else { "4711" };
    for (typed, signal) in [(wrong, Signal::Denied), (pin.as_str(), Signal::Granted)] {
        assert_eq!(badge(bus, at, &picker.card), Some(Signal::EnterPin));
        assert_eq!(bus.led(at).map(|l| l.color), Some(Color::Amber));
        let seen = bus.signals(at);
        assert!(bus.press(at, &format!("{typed}#")));
        assert_eq!(bus.await_signal(at, seen, SOON).map(|(_, s)| s), Some(signal));
    }
    assert!(bus.await_release(at, SOON));
    assert_eq!(bus.led(at).map(|l| l.color), Some(Color::Green));

    // No PIN, no cage; and out by the button where a magnet holds.
    let other = people.iter().find(|p| p.group() == "pickers" && p.pin.is_none()).unwrap();
    assert_eq!(badge(bus, at, &other.card), Some(Signal::Denied));
    let exit = door("staff-entrance");
    assert!(!doors[&exit].bolt_released(exit));
    doors[&exit].press_exit(exit);
    assert!(doors[&exit].await_release(exit, SOON));

    // A crowbar.
    let at = door("server-room");
    doors[&at].open_leaf(at);
    let forced = |(_, _, body): &(u64, Option<DoorId>, Body)| {
        matches!(body, Body::DoorOpened(lockward_model::Opening::Forced))
    };
    assert!(within(SOON, || log_of(&house, "vault").iter().any(forced)));
}

#[test]
fn given_a_pulled_cable_then_its_readers_are_missed_and_when_it_is_back_they_serve() {
    let kept = tempfile::tempdir().unwrap();
    let people = people(3);
    let house = house(&kept.path().join("site"), &people);
    let (doors, at) = (house.doors(), door("server-room"));
    let bus = &doors[&at];
    let manager = &people.iter().find(|p| p.group() == "managers").unwrap().card;
    bus.pull_cable();
    let missed = |(_, door, body): &(u64, Option<DoorId>, Body)| {
        *door == Some(at) && matches!(body, Body::Reader { fact: ReaderFact::Offline, .. })
    };
    assert!(within(Duration::from_secs(15), || log_of(&house, "vault").iter().any(missed)));
    let seen = bus.signals(at);
    assert!(within(SOON, || !bus.present_card(at, manager)), "a reader without a session reads nothing");
    bus.plug_cable();
    assert!(within(Duration::from_secs(20), || bus.is_online()));
    pause(300);
    assert_eq!(bus.signals(at), seen, "a card that was held to a dead reader opens nothing later");
    assert_eq!(badge(bus, at, manager), Some(Signal::Granted));
    assert!(bus.await_release(at, SOON));
}
