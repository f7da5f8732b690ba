//! DECIDES-ALONE and NONE-LOST: doors need no hub, and what they did reaches it once, in order, by whatever link.

use crate::house::{ANN, BEN, FRONT, LAB, NOBODY, PIN, VAULT, card};
use crate::link::{Dice, Faults, Link};
use crate::rig::{NONE, Rig};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Wire;
use lockward_model::{Body, Code};
use lockward_wire::link::{ToController, ToHub};

#[test]
fn given_no_hub_then_known_cards_open_and_unknown_ones_do_not() {
    let mut rig = Rig::stocked(1);
    for _ in 0..20 {
        assert!(rig.badge(FRONT, ANN).granted(FRONT));
        rig.pass(Duration::from_secs(5));
        assert_eq!(rig.badge(FRONT, NOBODY).released(), NONE);
        assert!(rig.badge_and_pin(VAULT, BEN, PIN).granted(VAULT));
        rig.pass(Duration::from_secs(3600));
    }
}

#[test]
fn given_the_hub_is_away_for_a_day_and_returns_then_all_events_arrive_once_and_in_order() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(2);
    for _ in 0..100 {
        rig.badge(FRONT, ANN);
        rig.pass(Duration::from_secs(600));
    }
    rig.meet(&mut hub);
    assert_eq!(hub.due(), rig.next_seq());
    assert_eq!(hub.duplicates, 0);
    let codes: Vec<Code> = hub.events().iter().map(|e| e.body.code()).collect();
    assert_eq!(codes.iter().filter(|c| **c == Code::AccessGranted).count(), 100);
}

/// A day under faults. Every badge is recorded once, every record arrives once.
fn day_under_faults(seed: u64, faults: Faults) -> usize {
    let (mut rig, mut hub) = Rig::stocked_with_hub(seed);
    let (mut dice, mut link) = (Dice(seed ^ 0xdead), Link::new(seed, faults));
    let mut badges = 0;
    for _ in 0..120 {
        if dice.once_in(2) {
            let seen = rig.turn(vec![card(FRONT, [ANN, NOBODY][usize::try_from(dice.below(2)).unwrap()])]);
            badges += 1;
            link.carry(seen);
        }
        if dice.once_in(5) {
            let seen =
                rig.turn(vec![Input::Exit(LAB, Wire::Says(true)), Input::Exit(LAB, Wire::Says(false))]);
            link.carry(seen);
        }
        if dice.once_in(60) {
            link.forget(&mut hub);
            rig = rig.power_cut(seed);
        }
        let seen = rig.pass(Duration::from_millis(500 + dice.below(3000)));
        link.carry(seen);
        link.step(&mut rig, &mut hub);
    }
    link.cut(&mut rig, &mut hub);
    let seen = rig.meet(&mut hub);
    assert!(!seen.hung_up, "seed {seed}");
    assert_eq!(hub.due(), rig.next_seq(), "seed {seed}: the hub holds all");
    let accesses = hub.events().iter().filter(|e| matches!(e.body, Body::Access(_))).count();
    assert_eq!(accesses, badges, "seed {seed}");
    assert_eq!(hub.applied.last(), Some(&hub.house.config()), "seed {seed}");
    hub.duplicates
}

#[test]
fn given_a_link_with_every_fault_then_nothing_is_lost_and_duplicates_are_recognised() {
    let mut duplicates = 0;
    for seed in 0..60 {
        let faults = Faults { loses: 8, repeats: 8, breaks: 15, delay: 1 + seed % 4 };
        duplicates += day_under_faults(seed, faults);
    }
    assert!(duplicates > 100, "only {duplicates} duplicates: the faults are too gentle");
}

#[test]
fn given_a_link_that_only_breaks_then_nothing_is_lost() {
    for seed in 100..120 {
        day_under_faults(seed, Faults { loses: u64::MAX, repeats: u64::MAX, breaks: 4, delay: 3 });
    }
}

/// A hub that makes several batches durable at once says so once.
#[test]
fn given_one_acknowledgement_for_many_batches_then_the_next_batches_follow() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(3);
    rig.meet(&mut hub);
    for round in 0..5 {
        let mut batches = Vec::new();
        for _ in 0..4 {
            let seen = rig.badge(FRONT, NOBODY);
            batches.extend(seen.sent);
            rig.pass(Duration::from_secs(1));
        }
        assert_eq!(batches.len(), 4, "round {round}: events go out while four batches are not exceeded");
        let answers: Vec<_> = batches.into_iter().flat_map(|b| hub.hear(rig.now.wall, b).unwrap()).collect();
        rig.hub_says(answers.last().unwrap().clone());
    }
    assert_eq!(hub.due(), rig.next_seq());
}

#[test]
fn given_acknowledgements_of_nothing_new_then_no_more_is_under_way() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(4);
    rig.meet(&mut hub);
    let due = hub.due();
    let mut batches = 0;
    for _ in 0..20 {
        let seen = rig.badge(FRONT, NOBODY);
        batches += seen.sent.iter().filter(|s| matches!(s, ToHub::Events { .. })).count();
        let seen = rig.hub_says(ToController::Ack { count: due });
        batches += seen.sent.iter().filter(|s| matches!(s, ToHub::Events { .. })).count();
        rig.pass(Duration::from_secs(1));
    }
    assert_eq!(batches, 4, "a hub that acknowledges nothing is given no more");
}

/// A hub that was set back to an older copy must not be told that newer events are its older ones.
#[test]
fn given_a_hub_that_forgot_then_the_gap_is_told_and_no_false_chain_is_signed() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(5);
    rig.badge(FRONT, ANN);
    rig.meet(&mut hub);
    rig.part(&mut hub);
    let first = hub.due() - 1;
    rig.badge(FRONT, NOBODY);
    rig.turn(vec![Input::Linked]);
    let seen = rig.hub_says(ToController::Welcome { time: rig.now.wall, acked: 0 });
    let Some(ToHub::Events { first_seq, leaves, head }) = seen.sent.into_iter().next() else {
        panic!("none")
    };
    assert_eq!(first_seq, first, "numbered as they are");
    let held = hub.leaves.clone();
    hub.leaves.truncate(usize::try_from(first_seq).unwrap());
    hub.hear(rig.now.wall, hello(&mut rig)).unwrap();
    hub.hear(rig.now.wall, ToHub::Events { first_seq, leaves, head }).expect("a chain that holds");
    assert_eq!(hub.leaves[..held.len()], held);
}

fn hello(rig: &mut Rig) -> ToHub {
    rig.turn(vec![Input::Linked]).sent.remove(0)
}

#[test]
fn given_a_hub_that_holds_more_than_we_do_then_we_do_not_fork_our_chain() {
    let (mut rig, _) = Rig::stocked_with_hub(6);
    rig.turn(vec![Input::Linked]);
    let acked = rig.next_seq() + 1;
    let seen = rig.hub_says(ToController::Welcome { time: rig.now.wall, acked });
    assert!(seen.hung_up);
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "and the doors go on");
}

/// A link that came back before anyone said that it was gone.
#[test]
fn given_a_second_link_without_an_end_of_the_first_then_its_welcome_counts() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(7);
    rig.meet(&mut hub);
    hub.unlinked();
    let lost = rig.badge(FRONT, ANN);
    assert!(lost.sent.iter().any(|s| matches!(s, ToHub::Events { .. })));
    rig.meet(&mut hub);
    assert_eq!(hub.due(), rig.next_seq(), "what the first link lost is sent on the second");
}

#[test]
fn given_an_acknowledgement_of_what_was_never_sent_then_nothing_is_let_go() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(8);
    rig.meet(&mut hub);
    for _ in 0..10 {
        rig.badge(FRONT, NOBODY);
        rig.pass(Duration::from_secs(1));
    }
    let count = rig.next_seq();
    rig.hub_says(ToController::Ack { count });
    rig.part(&mut hub);
    // The hub of these tests refuses a hello that no longer has what it never got.
    rig.meet(&mut hub);
    assert_eq!(hub.due(), rig.next_seq());
}
