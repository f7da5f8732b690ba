//! Orders from afar: as a grant and no more, a hold that ends by itself, and what no order overrides.

use crate::rig::{ALICE, HOLD_MS, RELEASE_MS, Rig, grant, this_door};
use core::time::Duration;
use lockward_door::{Answer, Cause, Feedback, Input, State};
use lockward_model::ExitHardware::Mechanical;
use lockward_model::OrderAct::{Hold, Release, Unlock};
use lockward_model::Relock::OnOpen;
use lockward_model::{Body, LockCause, Opening, Side};

fn door() -> Rig {
    Rig::new(OnOpen, Mechanical)
}

#[test]
fn an_order_to_open_is_one_release_and_ends_like_one() {
    let mut d = door();
    assert!(d.order(Unlock).obeyed());
    assert_eq!((d.released, d.state(), d.records()), (true, State::Granted, vec![]));
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Granted)], "whoever stands there learns it");
    d.open();
    assert_eq!((d.released, d.records()), (false, vec![Body::DoorOpened(Opening::Granted)]));
    d.close();
    d.order(Unlock).wait(RELEASE_MS);
    assert_eq!((d.released, d.records(), d.spent()), (false, vec![Body::NotEntered], vec![]));
}

#[test]
fn somebody_who_types_a_pin_is_not_disturbed_by_an_order() {
    let mut d = door();
    let question = d.card(ALICE);
    d.answer(question, Answer::NeedPin).digits("12");
    assert!(d.order(Unlock).released);
    assert_eq!(d.shown(), []);
}

#[test]
fn a_hold_ends_by_itself_or_by_an_order_and_a_later_one_takes_its_place() {
    let mut d = door();
    assert!(d.hold().obeyed());
    assert_eq!((d.state(), d.records()), (State::Order, vec![Body::Unlocked(LockCause::Order)]));
    d.wait(HOLD_MS - 1);
    assert!(d.released);
    d.wait(1);
    assert_eq!((d.released, d.records()), (false, vec![Body::Locked(LockCause::Order)]));
    d.hold().wait(HOLD_MS / 2).hold().wait(HOLD_MS / 2);
    assert!(d.released, "the second counts from when it came");
    d.order(Hold(Duration::from_secs(1))).wait(1_000);
    assert!(!d.released, "and may be shorter");
    d.hold();
    assert!(d.order(Release).obeyed() && !d.released);
    assert_eq!(d.records(), [Body::Locked(LockCause::Order)]);
    assert!(d.order(Release).obeyed() && d.records().is_empty(), "to end what does not hold is no harm");
}

#[test]
fn nothing_but_an_order_with_its_grant_frees_a_door_by_order() {
    let mut d = door();
    assert!(!d.free_by(Cause::Order, true).released);
    d.hold();
    assert!(!d.free_by(Cause::Order, false).released, "but who drives the door may end it");
}

#[test]
fn in_a_lockdown_and_while_the_airlock_is_taken_nothing_is_done_and_that_is_said() {
    for act in [Unlock, Hold(Duration::from_secs(60))] {
        let mut d = door();
        d.lock_down(true).order(act);
        assert_eq!((d.obeyed(), d.released, d.records()), (false, false, vec![Body::NotEntered]));
        assert!(!d.lock_down(false).released, "not even later");
        d.tell(Input::Airlock(true)).order(act);
        assert_eq!((d.obeyed(), d.released, d.records()), (false, false, vec![Body::NotEntered]));
    }
    let mut d = door();
    d.hold().lock_down(true);
    assert!(!d.released, "a lockdown ends a hold");
    assert!(!d.lock_down(false).released, "for good");
    d.order(Unlock).lock_down(true);
    assert_eq!((d.released, d.records().contains(&Body::NotEntered)), (false, true));
}

#[test]
fn a_grant_that_is_late_or_for_another_door_moves_nothing() {
    for (door_of_grant, until) in [(this_door(), 0), ("vault".parse().unwrap(), 1_000)] {
        for act in [Unlock, Hold(Duration::from_secs(60)), Release] {
            let mut d = door();
            d.tell(Input::Ordered { order: 1, act, grant: grant(door_of_grant, until), passes: None });
            assert_eq!((d.obeyed(), d.released), (false, false), "{act:?}");
        }
    }
}
