//! A spool without room: nobody comes in without a record, everybody leaves, and the hub's return ends it.

use crate::house::{ANN, FRONT, LAB, NOBODY, small};
use crate::rig::{NONE, Rig};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_controller::memory::Room;
use lockward_door::{Feedback, Wire};
use lockward_store::Limits;

fn fill(rig: &mut Rig) -> usize {
    for opened in 0..10_000 {
        let seen = rig.badge(FRONT, ANN);
        rig.skip(Duration::from_secs(10));
        if let Some(failed) = seen.failed {
            assert!(seen.late.is_empty());
            assert!(seen.feedback.contains(&(FRONT, Feedback::Denied)));
            assert!(failed.contains("durable"), "{failed}");
            return opened;
        }
        assert!(seen.late.contains(&FRONT), "{opened}");
    }
    panic!("never full");
}

#[test]
fn given_a_full_spool_then_nobody_enters_everybody_leaves_and_the_hub_ends_it() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(1);
    let opened = fill(&mut rig);
    assert!(opened > 100);
    for _ in 0..30 {
        assert_eq!(rig.badge(FRONT, ANN).released(), NONE);
        assert_eq!(
            rig.turn(vec![Input::Exit(LAB, Wire::Says(true)), Input::Exit(LAB, Wire::Says(false))]).early,
            [LAB]
        );
        rig.skip(Duration::from_secs(10));
    }
    let before = hub.due();
    rig.meet(&mut hub);
    assert!(hub.due() > before + 100, "the hub takes what the spool holds");
    rig.skip(Duration::from_secs(10));
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "and there is room again");
    rig.part(&mut hub);
    rig.meet(&mut hub);
    assert_eq!(hub.due(), rig.next_seq());
    let exits = hub.events().iter().filter(|e| e.body.code() == lockward_model::Code::ExitRequested).count();
    assert_eq!(exits, 30, "what happened meanwhile is told late, not lost");
}

#[test]
fn given_a_full_spool_then_a_power_cut_changes_nothing() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(2);
    fill(&mut rig);
    let mut rig = rig.power_cut(2);
    assert_eq!(rig.badge(FRONT, ANN).released(), NONE);
    assert_eq!(rig.turn(vec![Input::Exit(LAB, Wire::Says(true))]).early, [LAB]);
    rig.meet(&mut hub);
    rig.skip(Duration::from_secs(10));
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
}

/// What cannot be written down must not stop what can: here, a fact that is longer than any record.
#[test]
fn given_an_event_that_fits_no_record_then_the_next_badge_opens() {
    let mut rig = Rig::stocked(3);
    let bus: Box<str> = "b".repeat(70_000).into();
    let fact = lockward_model::ReaderFact::Online;
    let fact = lockward_model::Body::Reader { bus, address: 0, fact };
    let seen = rig.turn(vec![Input::Fact(None, fact), crate::house::card(FRONT, NOBODY)]);
    assert!(seen.failed.is_some());
    rig.skip(Duration::from_secs(10));
    rig.turn(vec![]);
    assert!(rig.badge(FRONT, ANN).granted(FRONT), "one event that fits nowhere shuts no door for good");
}

#[test]
fn the_room_of_these_tests_is_a_small_one() {
    let Room { config: _, spool } = small();
    assert_ne!(spool, Limits::SPOOL);
}
