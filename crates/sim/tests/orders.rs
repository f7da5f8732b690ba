//! Orders from afar, end to end: the real hub, the real link, a real controller, and the bolt of a simulated door.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::time::Duration;
use lockward_hub::OrderError;
use lockward_model::{Deny, DoorId, OperatorId, OrderAct};
use lockward_sim::House;
use lockward_sim::clock::ScaledClock;
use lockward_sim::people::people;
use std::sync::Arc;

const SOON: Duration = Duration::from_secs(5);

#[test]
fn an_order_of_an_operator_moves_the_bolt_and_one_in_a_strangers_place_does_not() {
    let kept = tempfile::tempdir().unwrap();
    let began = "2026-11-17T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let clock = Arc::new(ScaledClock::from(lockward_model::Time(began), 1.0));
    let listen = "127.0.0.1:0".parse().unwrap();
    let house = House::open(&kept.path().join("site"), &people(1), &clock, listen, None).unwrap();
    assert!(house.await_ready(Duration::from_secs(20)));
    let (doors, at): (_, DoorId) = (house.doors(), "picking".parse().unwrap());
    let bus = &doors[&at];
    let (demo, stranger): (OperatorId, OperatorId) = ("demo".parse().unwrap(), "eve".parse().unwrap());
    let order = |who, act| house.block_on(house.hub().unwrap().order(who, at, act, None));

    let refused = order(stranger, OrderAct::Unlock);
    assert!(
        matches!(&refused, Err(OrderError::Refused(code)) if **code == *Deny::OrderSignature.code()),
        "{refused:?}"
    );
    assert!(!bus.bolt_released(at));
    order(demo, OrderAct::Unlock).unwrap();
    assert!(bus.await_release(at, SOON), "the record is durable, and the bolt moves");
    bus.open_leaf(at);
    bus.close_leaf(at);
    order(demo, OrderAct::Hold(Duration::from_secs(3_600))).unwrap();
    assert!(bus.await_release(at, SOON));
    order(demo, OrderAct::Release).unwrap();
    assert!((0..100).any(|_| soon(|| !bus.bolt_released(at))), "and it locks again");
}

#[allow(clippy::disallowed_methods, reason = "a test waits for machines")]
fn soon(is_so: impl Fn() -> bool) -> bool {
    std::thread::sleep(Duration::from_millis(50));
    is_so()
}
