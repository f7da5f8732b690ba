//! What releases a lock, and what locks it again: every rule of the leaf and the bolt by name.

use crate::rig::{ALICE, ALL_WIRED, BOB, OPEN_LIMIT_MS, RELEASE_MS, Rig, Way, at, config, grant, this_door};
use core::time::Duration;
use lockward_door::{Action, Answer, Contact, Door, EXIT_SHUNT, Feedback, Input, State, Terms, Wire, Wiring};
use lockward_model::ExitHardware::{Mechanical, Released};
use lockward_model::Relock::{OnClose, OnOpen};
use lockward_model::{Body, LockCause, Mono, Opening, Side};

const SHUNT_MS: u64 = EXIT_SHUNT.as_secs() * 1_000;

fn opened(how: Opening) -> Vec<Body> {
    vec![Body::DoorOpened(how)]
}

#[test]
fn a_door_that_starts_commands_its_lock_and_says_so() {
    let mut door = Door::new(config(OnOpen, Mechanical), ALL_WIRED, at(7));
    assert_eq!(door.wake_at(), Some(Mono(7_000)));
    let mut out = vec![];
    door.handle(at(7), Input::Timer, &mut out);
    assert_eq!(out, [Action::Lock, Action::Record(Body::Locked(LockCause::Start))]);
    assert_eq!((door.state(), door.wake_at()), (State::Locked, None));
}

#[test]
fn somebody_who_leaves_as_the_door_starts_still_leaves() {
    let mut door = Door::new(config(OnOpen, Released), ALL_WIRED, at(0));
    let mut out = vec![];
    door.handle(at(0), Input::Exit(Wire::Says(true)), &mut out);
    assert_eq!(out[..2], [Action::Lock, Action::Release]);
}

#[test]
fn a_grant_releases_for_the_release_time_and_no_longer() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit();
    assert!(d.said.starts_with(&[Action::Release]));
    assert_eq!(d.state(), State::Granted);
    assert!(d.wait(RELEASE_MS - 1).released);
    d.wait(1);
    assert!(!d.released);
    assert_eq!((d.records(), d.state()), (vec![Body::NotEntered], State::Locked));
}

#[test]
fn relock_on_open_locks_as_the_door_opens() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit().open();
    assert!(!d.released);
    assert_eq!(d.said[..2], [Action::Lock, Action::Record(Body::DoorOpened(Opening::Granted))]);
    d.close();
    assert_eq!(d.state(), State::Locked);
}

#[test]
fn relock_on_close_stays_released_until_the_door_has_closed() {
    let mut d = Rig::new(OnClose, Mechanical);
    d.admit().open();
    assert!(d.released && d.wait(2 * RELEASE_MS).released);
    d.close();
    assert!(!d.released);
    assert_eq!(d.records(), [Body::DoorClosed { open_for: Duration::from_millis(2 * RELEASE_MS) }]);
}

#[test]
fn relock_on_close_locks_at_the_end_of_the_release_if_nobody_entered() {
    let mut d = Rig::new(OnClose, Mechanical);
    d.admit().wait(RELEASE_MS);
    assert!(!d.released);
    assert_eq!(d.records(), [Body::NotEntered]);
}

#[test]
fn a_grant_serves_one_opening() {
    for relock in [OnOpen, OnClose] {
        let mut d = Rig::new(relock, Mechanical);
        d.admit().open().close().open();
        assert_eq!(d.records(), opened(Opening::Forced), "{relock:?}");
        assert!(!d.released);
    }
}

#[test]
fn the_same_answer_twice_releases_once() {
    let mut d = Rig::new(OnOpen, Mechanical);
    let question = d.card(ALICE);
    d.permit(question).open().close();
    d.permit(question);
    assert!(!d.released && d.shown().is_empty());
}

#[test]
fn a_grant_for_another_door_is_refused() {
    let mut d = Rig::new(OnOpen, Mechanical);
    let question = d.card(ALICE);
    d.answer(question, Answer::Granted(grant("vault".parse().unwrap(), 60_000), Terms::default()));
    assert_eq!((d.released, d.shown()), (false, vec![(Side::Entry, Feedback::Denied)]));
}

#[test]
fn a_grant_that_comes_too_late_is_refused() {
    for (late_ms, released) in [(0, true), (1, false), (1_000, false)] {
        let mut d = Rig::new(OnOpen, Mechanical);
        let question = d.card(ALICE);
        let grant = grant(this_door(), 3_001);
        d.ms = 3_000 + late_ms;
        d.answer(question, Answer::Granted(grant, Terms::default()));
        assert_eq!(d.released, released, "{late_ms} ms");
    }
}

#[test]
fn a_late_timer_changes_nothing() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit();
    d.ms += RELEASE_MS;
    d.open();
    assert_eq!(d.said[0], Action::Lock);
    assert_eq!(d.records(), [Body::NotEntered, Body::DoorOpened(Opening::Forced)]);
}

#[test]
fn an_opening_that_nothing_permits_is_forced_and_ends_by_closing() {
    let mut d = Rig::new(OnOpen, Released);
    d.open();
    assert_eq!((d.records(), d.state()), (opened(Opening::Forced), State::Forced));
    d.wait(10 * OPEN_LIMIT_MS);
    assert_eq!(d.state(), State::Forced, "forced does not turn into held");
    d.close();
    assert_eq!(d.state(), State::Locked);
}

#[test]
fn a_second_person_extends_the_release_of_a_shut_door() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit().wait(RELEASE_MS - 1_000);
    let question = d.card(BOB);
    d.permit(question);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Granted)]);
    assert!(d.wait(RELEASE_MS - 1).released);
    assert!(!d.wait(1).released);
}

#[test]
fn a_second_person_at_an_open_door_moves_no_lock() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit().open();
    let question = d.card(BOB);
    d.permit(question);
    assert_eq!((d.released, d.shown()), (false, vec![(Side::Entry, Feedback::Granted)]));
    d.close().open();
    assert_eq!(d.records(), opened(Opening::Forced), "a grant at an open door is not kept for later");
}

#[test]
fn a_door_open_past_its_limit_is_held_once() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit().open().wait(OPEN_LIMIT_MS - 1);
    assert_eq!(d.state(), State::Open);
    d.wait(1);
    assert_eq!(d.records(), [Body::DoorHeld { limit: Duration::from_millis(OPEN_LIMIT_MS) }]);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Held), (Side::Exit, Feedback::Held)]);
    d.tell(Input::Timer);
    assert!(d.said.is_empty());
    d.wait(OPEN_LIMIT_MS).close();
    assert_eq!(d.records(), [Body::DoorClosed { open_for: Duration::from_millis(2 * OPEN_LIMIT_MS) }]);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Idle), (Side::Exit, Feedback::Idle)]);
    assert_eq!(d.state(), State::Locked);
}

#[test]
fn a_mechanical_exit_shunts_the_alarm_and_never_moves_the_lock() {
    for relock in [OnOpen, OnClose] {
        let mut d = Rig::new(relock, Mechanical);
        d.press();
        assert_eq!(d.records(), [Body::ExitRequested { released: false }]);
        assert!(!d.released);
        d.wait(SHUNT_MS - 1).open();
        assert_eq!(d.records(), opened(Opening::Exit));
        assert!(!d.released);
    }
}

#[test]
fn a_mechanical_exit_explains_one_opening_within_its_window() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.press().open().close().open();
    assert_eq!(d.records(), opened(Opening::Forced), "the second opening");

    let mut d = Rig::new(OnOpen, Mechanical);
    d.press().wait(SHUNT_MS).open();
    assert_eq!(d.records(), opened(Opening::Forced), "after the window, even if still pressed");
}

#[test]
fn an_exit_that_holds_people_in_is_released_for_the_release_time() {
    let mut d = Rig::new(OnOpen, Released);
    d.press();
    assert_eq!(d.said[..2], [Action::Release, Action::Record(Body::ExitRequested { released: true })]);
    assert_eq!(d.state(), State::Leaving);
    d.let_go();
    assert!(d.wait(RELEASE_MS - 1).released);
    assert!(!d.wait(1).released);
    assert!(d.records().is_empty(), "somebody who did not leave is no event");
}

#[test]
fn an_exit_stays_released_for_as_long_as_the_button_is_pressed() {
    let mut d = Rig::new(OnOpen, Released);
    d.press();
    assert!(d.wait(10 * RELEASE_MS).released);
    d.open();
    assert_eq!(d.records(), opened(Opening::Exit));
    assert!(d.close().released);
    assert!(!d.let_go().released);
}

#[test]
fn an_exit_relocks_as_a_grant_does() {
    let mut d = Rig::new(OnOpen, Released);
    assert!(!d.press().let_go().open().released);
    let mut d = Rig::new(OnClose, Released);
    assert!(d.press().let_go().open().wait(3 * RELEASE_MS).released);
    assert!(!d.close().released);
}

#[test]
fn a_request_to_exit_works_in_every_state_and_waits_for_no_record() {
    let ways: [(&str, Way); 10] = [
        ("locked", |_| {}),
        ("a card is being decided", |d| _ = d.card(ALICE)),
        ("a pin is being typed", |d| {
            let question = d.card(ALICE);
            d.answer(question, Answer::NeedPin).digits("12");
        }),
        ("the reader is lost", |d| _ = d.tell(Input::Reader { side: Side::Exit, online: false })),
        ("granted", |d| _ = d.admit()),
        ("open", |d| _ = d.admit().open()),
        ("held", |d| _ = d.admit().open().wait(OPEN_LIMIT_MS)),
        ("forced", |d| _ = d.open()),
        ("unlocked", |d| _ = d.free(true)),
        ("unlocked, and over while open", |d| _ = d.free(true).open().free(false)),
    ];
    for relock in [OnOpen, OnClose] {
        for (state, way) in &ways {
            let mut d = Rig::new(relock, Released);
            way(&mut d);
            d.press();
            assert!(d.released, "{state}");
            let released = d.said.iter().position(|a| *a == Action::Release).unwrap_or(0);
            let recorded = d.said.iter().position(|a| matches!(a, Action::Record(_)));
            assert!(recorded.is_some_and(|r| released <= r), "{state}: {:?}", d.said);
        }
    }
}

#[test]
fn a_grant_and_an_exit_at_once_is_the_bearers_opening() {
    let mut d = Rig::new(OnOpen, Released);
    d.admit().press();
    assert_eq!(d.records(), [Body::ExitRequested { released: false }]);
    d.let_go().open();
    assert_eq!(d.records(), opened(Opening::Granted));
    d.close().open();
    assert_eq!(d.records(), opened(Opening::Forced), "one opening spends both");
}

#[test]
fn a_schedule_unlocks_and_locks() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.free(true);
    assert_eq!(d.said[..2], [Action::Release, Action::Record(Body::Unlocked(LockCause::Schedule))]);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Unlocked), (Side::Exit, Feedback::Unlocked)]);
    assert_eq!(d.state(), State::Schedule);
    assert!(d.free(true).said.is_empty());
    d.free(false);
    assert_eq!(d.said[..2], [Action::Lock, Action::Record(Body::Locked(LockCause::Schedule))]);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Idle), (Side::Exit, Feedback::Idle)]);
    assert!(d.free(false).said.is_empty());
}

#[test]
fn an_unlocked_door_opens_freely_and_is_never_held() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.free(true).open();
    assert_eq!(d.records(), opened(Opening::Free));
    assert!(d.wait(10 * OPEN_LIMIT_MS).released);
    assert_eq!(d.state(), State::Open);
    assert!(d.close().released);
    assert_eq!(d.state(), State::Schedule);
}

#[test]
fn cards_at_an_unlocked_door_are_decided_and_move_nothing() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.free(true).admit();
    assert_eq!((d.released, d.shown()), (true, vec![(Side::Entry, Feedback::Granted)]));
    assert!(!d.said.contains(&Action::Release));
    let question = d.card(BOB);
    d.deny(question);
    assert_eq!((d.released, d.shown()), (true, vec![(Side::Entry, Feedback::Denied)]));
    assert!(!d.free(false).released, "no grant outlives the schedule");
}

#[test]
fn a_schedule_that_ends_at_an_open_door_locks_when_it_has_closed() {
    for relock in [OnOpen, OnClose] {
        let mut d = Rig::new(relock, Mechanical);
        d.free(true).open().wait(3 * OPEN_LIMIT_MS).free(false);
        assert!(d.released && d.records().is_empty());
        d.wait(OPEN_LIMIT_MS - 1);
        assert_eq!(d.state(), State::Open, "the limit counts from the end of the schedule");
        d.wait(1);
        assert_eq!(d.state(), State::Held);
        d.close();
        assert!(!d.released);
        assert_eq!(d.records()[1..], [Body::Locked(LockCause::Schedule)]);
    }
}

#[test]
fn a_schedule_that_returns_before_an_open_door_closed_never_ended() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.free(true).open().free(false).free(true);
    assert!(d.said.iter().all(|a| matches!(a, Action::Feedback { .. })), "{:?}", d.said);
    assert!(d.wait(2 * OPEN_LIMIT_MS).close().released);
}

#[test]
fn somebody_leaving_as_the_schedule_ends_is_not_locked_in() {
    let mut d = Rig::new(OnOpen, Released);
    d.free(true).press().let_go().free(false);
    assert!(d.released);
    assert!(!d.wait(RELEASE_MS).released);
}

#[test]
fn a_forced_door_stays_forced_until_closed_whatever_comes() {
    let mut d = Rig::new(OnClose, Released);
    d.open().admit().press().let_go().free(true);
    assert_eq!(d.state(), State::Forced);
    d.wait(RELEASE_MS).close();
    assert_eq!(d.state(), State::Schedule);
}

#[test]
fn without_a_contact_only_time_relocks_and_nothing_is_claimed_about_the_leaf() {
    for relock in [OnOpen, OnClose] {
        let mut d = Rig::with(config(relock, Released), Wiring { contact: false, ..ALL_WIRED });
        assert!(d.open().said.is_empty(), "a contact that does not exist says nothing");
        d.admit();
        d.open();
        assert!(d.released && d.wait(RELEASE_MS - 1).released);
        d.wait(1);
        assert!(!d.released && d.records().is_empty());
        d.free(true).open().free(false);
        assert!(!d.released);
    }
}

#[test]
fn new_settings_count_at_once_and_drop_nothing() {
    let mut d = Rig::new(OnClose, Mechanical);
    let question = d.card(ALICE);
    d.permit(question).open().wait(10_000);
    let mut stricter = config(OnOpen, Mechanical);
    stricter.open_limit = lockward_model::OpenLimit::new(Duration::from_secs(5)).unwrap();
    d.door.reconfigure(stricter);
    assert_eq!(d.state(), State::Open);
    assert!(d.door.wake_at().is_some_and(|w| w <= at(d.ms).mono), "due at once");
    d.tell(Input::Timer);
    assert!(!d.released);
    assert_eq!(d.state(), State::Held);
}

#[test]
fn new_settings_alone_never_release() {
    let mut d = Rig::new(OnOpen, Mechanical);
    d.admit().open();
    d.door.reconfigure(config(OnClose, Released));
    assert!(!d.tell(Input::Timer).released);
    let mut d = Rig::new(OnClose, Mechanical);
    d.press().let_go();
    d.door.reconfigure(config(OnClose, Released));
    assert!(!d.tell(Input::Timer).released, "a press that released nothing then releases nothing now");
}

/// A door as its controller starts again, which had opened like this before.
fn left_open(how: Opening) -> (Door, Vec<Action>) {
    let (mut door, mut out) = (Door::new(config(OnOpen, Mechanical), ALL_WIRED, at(0)), vec![]);
    door.left_open(how);
    door.handle(at(0), Input::Timer, &mut out);
    out.clear();
    (door, out)
}

#[test]
fn a_door_that_stood_open_rightly_before_the_start_is_open_and_its_limit_counts_from_there() {
    for how in [Opening::Granted, Opening::Exit, Opening::Free, Opening::Before] {
        let (mut door, mut out) = left_open(how);
        door.handle(at(500), Input::Contact(Wire::Says(Contact::Open)), &mut out);
        assert!(out.contains(&Action::Record(Body::DoorOpened(Opening::Before))), "{how:?} {out:?}");
        assert_eq!(door.state(), State::Open);
        door.handle(at(500 + OPEN_LIMIT_MS), Input::Timer, &mut out);
        assert_eq!(door.state(), State::Held);
        for contact in [Contact::Closed, Contact::Open] {
            door.handle(at(501 + OPEN_LIMIT_MS), Input::Contact(Wire::Says(contact)), &mut out);
        }
        assert_eq!(door.state(), State::Forced, "once");
    }
}

#[test]
fn a_door_that_was_forced_before_the_start_is_forced_still() {
    let (mut door, mut out) = left_open(Opening::Forced);
    door.handle(at(500), Input::Contact(Wire::Says(Contact::Open)), &mut out);
    assert_eq!(door.state(), State::Forced);
}

#[test]
fn a_door_that_was_left_open_and_has_shut_unseen_says_so_and_is_then_like_any_other() {
    let (mut door, mut out) = left_open(Opening::Granted);
    door.handle(at(500), Input::Contact(Wire::Says(Contact::Closed)), &mut out);
    let closed = Body::DoorClosed { open_for: Duration::from_millis(500) };
    assert_eq!(out, [Action::Record(closed)]);
    door.handle(at(900), Input::Contact(Wire::Says(Contact::Open)), &mut out);
    assert_eq!(door.state(), State::Forced);
}
