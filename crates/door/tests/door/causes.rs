//! Free for many reasons, locked down, in a fire: what each does, what ends it, and what none of them takes away.

use crate::rig::{ALICE, ALL_WIRED, OPEN_LIMIT_MS, RELEASE_MS, Rig, Way, config};
use core::time::Duration;
use lockward_door::{Cause, Feedback, GRANTS_MAX, Input, State, Terms};
use lockward_model::ExitHardware::{Mechanical, Released};
use lockward_model::Relock::{OnClose, OnOpen};
use lockward_model::{
    Body, DoorFact, ExitHardware, Extended, LockCause, OpenLimit, Opening, ReleaseTime, Side, WarnTime,
};

fn door(exit: ExitHardware) -> Rig {
    Rig::new(OnOpen, exit)
}

#[test]
fn each_cause_is_named_and_the_last_one_locks() {
    let mut d = door(Mechanical);
    for (cause, state) in [
        (Cause::Schedule, State::Schedule),
        (Cause::FirstPerson, State::FirstPerson),
        (Cause::Order, State::Order),
    ] {
        if cause == Cause::Order {
            d.hold()
        } else {
            d.free_by(cause, true)
        };
        assert_eq!((d.state(), d.records()), (state, vec![Body::Unlocked(cause.record())]));
        assert!(d.door.is_free_by(cause));
    }
    d.free_by(Cause::Order, false);
    assert_eq!((d.state(), d.records()), (State::FirstPerson, vec![]), "others hold still");
    d.free_by(Cause::Schedule, false).free_by(Cause::FirstPerson, false);
    assert_eq!((d.state(), d.records()), (State::Locked, vec![Body::Locked(LockCause::FirstPerson)]));
}

#[test]
fn a_lockdown_ends_freedom_and_running_grants_to_enter() {
    let mut d = door(Mechanical);
    d.free(true).lock_down(true);
    assert!(!d.released);
    let lockdown = Body::Door(DoorFact::Lockdown(true));
    assert_eq!(d.records(), [lockdown.clone(), Body::Locked(LockCause::Lockdown)]);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Lockdown), (Side::Exit, Feedback::Lockdown)]);
    let mut d = door(Mechanical);
    d.admit().lock_down(true);
    assert_eq!((d.released, d.records()), (false, vec![lockdown, Body::NotEntered]));
    assert_eq!(d.spent(), [(1, false)]);
    assert!(d.lock_down(true).said.is_empty());
}

#[test]
fn in_a_lockdown_nobody_enters_on_a_grant_that_was_on_its_way() {
    let mut d = door(Mechanical);
    let question = d.card(ALICE);
    d.lock_down(true).permit(question);
    assert_eq!((d.released, d.shown()), (false, vec![(Side::Entry, Feedback::Denied)]));
    assert_eq!((d.spent(), d.records()), (vec![(question, false)], vec![Body::NotEntered]));
    d.free(true).hold();
    assert!(!d.released, "nor does any cause free it");
    assert!(!d.lock_down(false).released, "not even later, unless told anew");
}

#[test]
fn who_may_enter_in_a_lockdown_does() {
    let mut d = door(Mechanical);
    d.lock_down(true);
    let question = d.card(ALICE);
    d.permit_on(question, Terms { in_lockdown: true, ..Terms::default() });
    assert_eq!((d.released, d.state()), (true, State::Granted));
    d.open().close();
    assert_eq!((d.released, d.state()), (false, State::Lockdown));
}

#[test]
fn in_a_lockdown_everybody_leaves() {
    for exit in [Mechanical, Released] {
        let mut d = door(exit);
        d.let_out().lock_down(true);
        assert!(d.released, "a grant at the inner reader runs on");
        d.wait(RELEASE_MS);
        assert!(d.let_out().released, "and is given");
        d.wait(RELEASE_MS).press().open();
        assert_eq!(d.records(), [Body::DoorOpened(Opening::Exit)]);
    }
    let mut d = door(Released);
    assert!(d.lock_down(true).press().released);
}

#[test]
fn a_lockdown_lets_an_open_leaf_be() {
    for relock in [OnOpen, OnClose] {
        let mut d = Rig::new(relock, Mechanical);
        d.free(true).open().lock_down(true);
        assert_eq!((d.released, d.state()), (true, State::Open));
        d.close();
        assert_eq!((d.released, d.state()), (false, State::Lockdown));
        assert!(d.records().contains(&Body::Locked(LockCause::Lockdown)));
    }
}

#[test]
fn fire_releases_a_lock_that_holds_people_in_at_once_and_ends_by_fact() {
    let ways: [(&str, Way); 4] = [
        ("locked", |_| {}),
        ("locked down", |d| _ = d.lock_down(true)),
        ("blind", |d| _ = d.cut()),
        ("airlock", |d| _ = d.tell(Input::Airlock(true))),
    ];
    for (name, way) in ways {
        let mut d = door(Released);
        way(&mut d);
        d.tell(Input::Fire(true));
        assert_eq!((d.released, d.state()), (true, State::Fire), "{name}");
        assert_eq!(
            d.said[1],
            lockward_door::Action::Record(Body::Unlocked(LockCause::Fire)),
            "{name}: after"
        );
        assert!(d.wait(10 * OPEN_LIMIT_MS).lock_down(true).released, "{name}: for as long as it calls");
        d.tell(Input::Fire(false));
        assert_eq!((d.released, d.records()), (false, vec![Body::Locked(LockCause::Fire)]), "{name}");
    }
}

#[test]
fn fire_moves_no_bolt_where_the_handle_opens() {
    let mut d = door(Mechanical);
    d.tell(Input::Fire(true));
    assert_eq!((d.released, d.state(), d.records()), (false, State::Locked, vec![]));
    assert!(d.door.facts().fire);
    d.door.reconfigure(config(OnOpen, Released));
    assert!(d.tell(Input::Timer).released, "until the lock is said to hold people in");
}

#[test]
fn power_and_readers_and_tampering_show_and_move_nothing() {
    let mut d = door(Mechanical);
    d.tell(Input::Power(false));
    assert_eq!((d.state(), d.said.is_empty()), (State::PowerFail, true));
    d.tell(Input::Power(true)).tell(Input::Tamper(true));
    assert_eq!((d.state(), d.door.facts().tamper), (State::Locked, true));
    d.tell(Input::Reader { side: Side::Exit, online: false });
    assert_eq!((d.state(), d.door.facts().lost), (State::ReaderLost, [false, true]));
    d.press().open();
    assert_eq!(d.records(), [Body::DoorOpened(Opening::Exit)]);
    d.close().tell(Input::Reader { side: Side::Exit, online: true });
    assert_eq!(d.state(), State::Locked);
}

fn patient() -> Rig {
    let mut settings = config(OnOpen, Mechanical);
    settings.rules.extended = Some(Extended {
        release: ReleaseTime::new(Duration::from_millis(3 * RELEASE_MS)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_millis(3 * OPEN_LIMIT_MS)).unwrap(),
    });
    settings.rules.warn_before = Some(WarnTime::new(Duration::from_millis(5_000)).unwrap());
    Rig::with(settings, ALL_WIRED)
}

#[test]
fn people_who_need_longer_get_it() {
    for (extended, times) in [(false, 1), (true, 3)] {
        let mut d = patient();
        let question = d.card(ALICE);
        d.permit_on(question, Terms { extended, ..Terms::default() });
        assert!(d.wait(times * RELEASE_MS - 1).released, "{extended}");
        d.open().wait(times * OPEN_LIMIT_MS - 1);
        assert_eq!(d.state(), State::HeldWarning, "{extended}");
        d.wait(1);
        let limit = Duration::from_millis(times * OPEN_LIMIT_MS);
        assert_eq!(d.records(), [Body::DoorHeld { limit }], "{extended}");
    }
    let mut d = door(Mechanical);
    let question = d.card(ALICE);
    d.permit_on(question, Terms { extended: true, ..Terms::default() });
    assert!(!d.wait(RELEASE_MS).released, "where the door has no longer times, there are none");
}

#[test]
fn a_door_warns_before_it_counts_as_held() {
    let mut d = patient();
    d.admit().open().wait(OPEN_LIMIT_MS - 5_001);
    assert_eq!(d.state(), State::Open);
    d.wait(1);
    assert_eq!((d.state(), d.records()), (State::HeldWarning, vec![Body::Door(DoorFact::HeldWarning)]));
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Warning), (Side::Exit, Feedback::Warning)]);
    d.tell(Input::Timer);
    assert!(d.said.is_empty(), "once");
    d.close();
    assert_eq!((d.state(), d.shown().len()), (State::Locked, 2), "and shutting it ends that");
}

#[test]
fn what_became_of_a_grant_is_said_once() {
    let mut d = door(Mechanical);
    d.admit().open();
    assert_eq!(d.spent(), [(1, true)]);
    let mut d = door(Mechanical);
    d.admit().wait(RELEASE_MS);
    assert_eq!(d.spent(), [(1, false)]);
    let mut d = door(Mechanical);
    d.admit().let_out().open();
    assert_eq!(d.spent(), [(1, true), (2, true)], "two people on one release");
    d.admit();
    assert_eq!(d.spent(), [(3, true)], "at an open door at once");
    let mut d = door(Mechanical);
    let question = d.card(ALICE);
    d.permit(question).permit(question);
    assert_eq!((d.spent(), d.records()), (vec![(question, false)], vec![Body::NotEntered]), "unasked");
}

#[test]
fn of_many_bearers_of_one_release_the_oldest_makes_room() {
    let mut d = door(Mechanical);
    for _ in 0..GRANTS_MAX {
        d.admit();
        assert_eq!(d.spent(), []);
    }
    d.admit();
    assert_eq!((d.spent(), d.released), (vec![(1, false)], true));
    d.open();
    assert_eq!(d.spent().len(), GRANTS_MAX);
}
