//! An airlock over two controllers: one door at a time, by one arbiter.

use crate::elsewhere::*;
use crate::rig::*;
use core::time::Duration;
use lockward_model::*;
use lockward_wire::link::*;

async fn airlock() -> (Rig, Gate, Gate) {
    let rig = Rig::new().await;
    let part = |door_id: &str, controller: &str| {
        let airlock = Airlock { id: id("lock"), alone: Alone::Refuse };
        let mut door = door(door_id, controller);
        door.rules.airlock = Some(airlock);
        Change::PutDoor(door)
    };
    rig.change(vec![part("door-1", "gate-1"), part("door-2", "gate-2")]).unwrap();
    let one = Gate::enrolled(&rig, "gate-1", 7).await;
    let two = Gate::enrolled(&rig, "gate-2", 8).await;
    (rig, one, two)
}

async fn claims(gate: &mut Gate, door: &str) -> bool {
    gate.wire.say(&ToHub::Claim { airlock: id("lock"), door: id(door), take: true, number: 7 }).await;
    let is_answer = |f: &Elsewhere| matches!(f, Elsewhere::Claimed { .. });
    let facts = gate.wire.facts_until(is_answer).await;
    match facts.into_iter().find(is_answer) {
        Some(Elsewhere::Claimed { granted, door: d, number, .. }) => {
            assert_eq!((d, number), (id(door), 7));
            granted
        }
        _ => unreachable!(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_airlock_is_one_doors_until_it_is_given_back_or_its_release_is_over() {
    let (rig, mut one, mut two) = airlock().await;
    assert!(claims(&mut one, "door-1").await);
    assert!(claims(&mut one, "door-1").await, "it has it");
    assert!(!claims(&mut two, "door-2").await);
    one.wire.say(&ToHub::Claim { airlock: id("lock"), door: id("door-1"), take: false, number: 0 }).await;
    // On another link: given back a moment later.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(claims(&mut two, "door-2").await);
    assert!(!claims(&mut one, "door-1").await);
    rig.clock.forward(Duration::from_secs(6));
    assert!(claims(&mut one, "door-1").await, "a lease lasts as long as a release");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_claims_for_a_door_that_is_not_his_or_not_of_the_airlock() {
    let (_rig, mut one, mut two) = airlock().await;
    assert!(!claims(&mut one, "door-2").await);
    assert!(!claims(&mut one, "none").await);
    one.wire.say(&ToHub::Claim { airlock: id("other"), door: id("door-1"), take: true, number: 0 }).await;
    let facts = one.wire.facts_until(|f| matches!(f, Elsewhere::Claimed { .. })).await;
    assert!(facts.iter().any(|f| matches!(f, Elsewhere::Claimed { granted: false, .. })));
    assert!(claims(&mut two, "door-2").await);
    // Nor gives back what is another's.
    one.wire.say(&ToHub::Claim { airlock: id("lock"), door: id("door-2"), take: false, number: 0 }).await;
    assert!(!claims(&mut one, "door-1").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_door_of_an_airlock_is_open_the_other_is_not_to_be_had() {
    let (rig, mut one, mut two) = airlock().await;
    one.tell(vec![("door-1", Body::DoorOpened(Opening::Exit))]).await;
    let busy = |wanted: bool| move |f: &Elsewhere| matches!(f, Elsewhere::Busy { door, busy, .. } if *door == id("door-1") && *busy == wanted);
    two.wire.facts_until(busy(true)).await;
    rig.clock.forward(Duration::from_secs(20));
    assert!(!claims(&mut two, "door-2").await);
    one.tell(vec![closes()]).await;
    two.wire.facts_until(busy(false)).await;
    assert!(claims(&mut two, "door-2").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_is_told_that_a_door_of_the_airlock_is_free_again() {
    let (rig, mut one, mut two) = airlock().await;
    one.tell(vec![("door-1", Body::DoorOpened(Opening::Exit))]).await;
    two.wire.facts_until(|f| matches!(f, Elsewhere::Busy { busy: true, .. })).await;
    let Gate { device, wire, .. } = two;
    drop(wire);
    one.wire.facts_until(|f| matches!(f, Elsewhere::Touch { linked: false, .. })).await;
    one.tell(vec![closes()]).await;
    let (mut again, facts) = Gate::linked(&rig, device).await;
    let of_door = |f: &Elsewhere| matches!(f, Elsewhere::Busy { door, .. } if *door == id("door-1"));
    // What is acknowledged is folded a moment later.
    let is_free = |f: &Elsewhere| of_door(f) && matches!(f, Elsewhere::Busy { busy: false, .. });
    assert_eq!(facts.iter().filter(|f| of_door(f)).count(), 1, "{facts:?}");
    if !facts.iter().any(is_free) {
        again.wire.facts_until(is_free).await;
    }
}

/// As it is said again every second: else the other controller would soon not know how the door stands.
#[tokio::test(flavor = "multi_thread")]
async fn the_others_hear_of_a_claim_that_is_granted_and_of_one_that_is_refused_that_the_door_is_free() {
    let (_rig, mut one, mut two) = airlock().await;
    let stands = |door: &'static str, wanted: bool| move |f: &Elsewhere| matches!(f, Elsewhere::Busy { door: d, busy, .. } if *d == id(door) && *busy == wanted);
    assert!(claims(&mut one, "door-1").await);
    two.wire.facts_until(stands("door-1", true)).await;
    assert!(!claims(&mut two, "door-2").await);
    let heard = one.wire.facts_until(stands("door-2", false)).await;
    assert!(!heard.iter().any(stands("door-2", true)), "nobody withdraws for one who was refused: {heard:?}");
    one.wire.say(&ToHub::Claim { airlock: id("lock"), door: id("door-1"), take: false, number: 0 }).await;
    two.wire.facts_until(stands("door-1", false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_controller_of_the_airlock_is_away_the_hub_gives_no_word() {
    let (_rig, mut one, two) = airlock().await;
    drop(two.wire);
    one.wire.facts_until(|f| matches!(f, Elsewhere::Touch { linked: false, .. })).await;
    one.wire.say(&ToHub::Claim { airlock: id("lock"), door: id("door-1"), take: true, number: 1 }).await;
    one.wire.say(&ToHub::Claim { airlock: id("lock"), door: id("none"), take: true, number: 2 }).await;
    let heard = one.wire.facts_until(|f| matches!(f, Elsewhere::Claimed { .. })).await;
    let answers: Vec<_> = heard.iter().filter(|f| matches!(f, Elsewhere::Claimed { .. })).collect();
    assert!(matches!(answers[..], [Elsewhere::Claimed { number: 2, granted: false, .. }]), "{answers:?}");
}
