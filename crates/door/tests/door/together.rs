//! PINs that come first, second people, and gestures: every way in which more than one card is needed, and every way in
//! which somebody stops halfway.

use crate::rig::{ALICE, ALL_WIRED, BOB, RELEASE_MS, Rig, card, config};
use core::time::Duration;
use lockward_door::{
    AGAIN_WITHIN, Action, Answer, Asked, CARD_WAIT, Cause, Feedback, Input, Key, PIN_WAIT, PinEntry,
    SECOND_WAIT, Shown, State, Terms,
};
use lockward_model::ExitHardware::Mechanical;
use lockward_model::Relock::OnOpen;
use lockward_model::{Body, LockCause, OfficeTime, Side, Wish};

const CARD_WAIT_MS: u64 = CARD_WAIT.as_secs() * 1_000;
const SECOND_WAIT_MS: u64 = SECOND_WAIT.as_secs() * 1_000;
const PIN_WAIT_MS: u64 = PIN_WAIT.as_secs() * 1_000;
const AGAIN_MS: u64 = AGAIN_WITHIN.as_secs() * 1_000;
const OFFICE_MS: u64 = 3_600_000;

fn door() -> Rig {
    Rig::new(OnOpen, Mechanical)
}

fn office() -> Rig {
    let mut settings = config(OnOpen, Mechanical);
    settings.rules.office = Some(OfficeTime::new(Duration::from_millis(OFFICE_MS)).unwrap());
    Rig::with(settings, ALL_WIRED)
}

fn pin(entry: &PinEntry) -> &str {
    match entry {
        PinEntry::NotAsked => "not asked",
        PinEntry::Missing => "missing",
        PinEntry::Typed(digits) => std::str::from_utf8(digits.ascii()).unwrap(),
    }
}

/// A question, in short: each person's shown and typed, and the wish.
type Short = (Shown, String, Option<(Shown, String)>, Wish);

/// What was asked last.
fn asked(d: &Rig) -> Option<Short> {
    d.asked().map(|Asked { first, second, wish }| {
        let second = second.as_ref().map(|s| (s.shown.clone(), pin(&s.pin).to_owned()));
        (first.shown.clone(), pin(&first.pin).to_owned(), second, *wish)
    })
}

fn alone(shown: Shown, typed: &str) -> Option<Short> {
    Some((shown, typed.to_owned(), None, Wish::Pass))
}

fn two(typed: &str, second: Shown, by_second: &str) -> Option<Short> {
    Some((card(ALICE), typed.to_owned(), Some((second, by_second.to_owned())), Wish::Pass))
}

/// A door at which somebody has typed 1234, and a card is wanted.
fn wants_card() -> Rig {
    let mut d = door();
    d.digits("1234").key(Key::Enter);
    assert_eq!(asked(&d), alone(Shown::Nothing, "1234"));
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedCard);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::ShowCard)]);
    d
}

/// A door at which Alice has shown her card, and a second person is wanted.
fn wants_second() -> Rig {
    let mut d = door();
    let question = d.card(ALICE);
    d.answer(question, Answer::NeedSecond);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::SecondPerson)]);
    d
}

#[test]
fn a_pin_alone_is_asked_about_and_opens_if_the_site_says_so() {
    let mut d = door();
    d.digits("1234").key(Key::Enter);
    let question = d.question().unwrap();
    assert!(d.permit(question).released);
}

#[test]
fn a_pin_then_a_card_open_together() {
    let mut d = wants_card();
    let question = d.card(ALICE);
    assert_eq!(asked(&d), alone(card(ALICE), "1234"));
    assert!(d.permit(question).released);
}

#[test]
fn a_card_that_does_not_come_after_its_pin_is_given_up_on_record() {
    let mut d = wants_card();
    d.wait(CARD_WAIT_MS - 1);
    assert_eq!(d.question(), None);
    d.wait(1);
    assert_eq!(asked(&d), alone(Shown::Missing, "1234"));
    let mut d = wants_card();
    d.key(Key::Clear);
    assert_eq!(asked(&d), alone(Shown::Missing, "1234"), "or given up by hand");
    let mut d = wants_card();
    d.tell(Input::Reader { side: Side::Entry, online: false });
    assert_eq!(asked(&d), alone(Shown::Missing, "1234"), "or the reader is lost");
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedCard);
    assert_eq!(
        (d.question(), d.shown()),
        (None, vec![(Side::Entry, Feedback::Denied)]),
        "it is asked for once"
    );
}

#[test]
fn a_card_right_after_its_digits_needs_no_enter() {
    let mut d = door();
    d.digits("1234").show(Side::Entry, card(ALICE));
    assert_eq!(asked(&d), alone(card(ALICE), "1234"));
    let mut d = door();
    d.digits("12").show(Side::Entry, card(ALICE));
    assert_eq!(asked(&d), alone(card(ALICE), "not asked"), "two digits are no PIN");
}

#[test]
fn digits_that_nobody_enters_are_given_up_on_record() {
    let mut d = door();
    d.digits("12").wait(PIN_WAIT_MS);
    assert_eq!(asked(&d), alone(Shown::Nothing, "missing"));
    let mut d = door();
    d.digits("1234").key(Key::Clear);
    assert_eq!((d.question(), d.shown()), (None, vec![(Side::Entry, Feedback::EnterPin)]));
    d.digits("99").key(Key::Enter);
    assert_eq!(asked(&d), alone(Shown::Nothing, "missing"), "it begins again once");
}

#[test]
fn a_card_is_never_wanted_of_somebody_whose_pin_was_given_up() {
    let mut d = door();
    d.digits("1").wait(PIN_WAIT_MS);
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedCard);
    assert_eq!(asked(&d), alone(Shown::Missing, "missing"));
}

#[test]
fn two_people_open_together_and_both_stand_in_the_question() {
    let mut d = wants_second();
    let question = d.card(BOB);
    assert_eq!(asked(&d), two("not asked", card(BOB), "not asked"));
    assert!(d.permit(question).released);
}

#[test]
fn a_second_person_who_does_not_come_is_on_record() {
    let mut d = wants_second();
    d.wait(SECOND_WAIT_MS - 1);
    assert_eq!(d.question(), None);
    d.wait(1);
    assert_eq!(asked(&d), two("not asked", Shown::Missing, "not asked"));
    let mut d = wants_second();
    d.key(Key::Clear);
    assert_eq!(asked(&d), two("not asked", Shown::Missing, "not asked"), "or is given up by hand");
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedSecond);
    assert_eq!(
        (d.question(), d.shown()),
        (None, vec![(Side::Entry, Feedback::Denied)]),
        "and is asked for once"
    );
}

#[test]
fn the_first_card_again_is_no_second_person_and_prolongs_nothing() {
    let mut d = wants_second();
    d.wait(SECOND_WAIT_MS - 1).show(Side::Entry, card(ALICE));
    assert_eq!((d.question(), d.shown()), (None, vec![(Side::Entry, Feedback::SecondPerson)]));
    d.wait(1);
    assert_eq!(asked(&d), two("not asked", Shown::Missing, "not asked"));
}

#[test]
fn the_second_persons_pin_is_theirs() {
    let mut d = door();
    let question = d.card(ALICE);
    d.answer(question, Answer::NeedPin).digits("1111").key(Key::Enter);
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedSecond);
    let question = d.card(BOB);
    assert_eq!(asked(&d), two("1111", card(BOB), "not asked"));
    d.answer(question, Answer::NeedPin);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::EnterPin)]);
    d.digits("2222").key(Key::Enter);
    assert_eq!(asked(&d), two("1111", card(BOB), "2222"));
    let question = d.question().unwrap();
    assert!(d.permit(question).released);
}

#[test]
fn the_second_person_may_begin_with_a_pin_too() {
    let mut d = wants_second();
    d.digits("2222").key(Key::Enter);
    assert_eq!(asked(&d), two("not asked", Shown::Nothing, "2222"));
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedCard);
    d.card(BOB);
    assert_eq!(asked(&d), two("not asked", card(BOB), "2222"));
}

#[test]
fn a_third_card_takes_the_place_of_two_people_of_whom_one_must_still_type_and_all_are_decided() {
    let mut d = wants_second();
    let question = d.card(BOB);
    d.answer(question, Answer::NeedPin).show(Side::Entry, Shown::Pass([7; 40].into()));
    let questions: Vec<_> = d.said.iter().filter(|a| matches!(a, Action::Decide { .. })).collect();
    let [Action::Decide { asked: old, .. }, Action::Decide { asked: new, .. }] = questions[..] else {
        panic!("{:?}", d.said)
    };
    assert_eq!(old.second.as_ref().map(|s| &s.pin), Some(&PinEntry::Missing));
    assert_eq!((&new.first.shown, &new.second), (&Shown::Pass([7; 40].into()), &None));
    assert!(!format!("{:?}", d.said).contains('7'), "a pass is never printed");
}

#[test]
fn the_same_card_twice_is_a_gesture_where_the_door_has_one() {
    let mut d = office();
    d.admit().wait(AGAIN_MS - 1).card(ALICE);
    assert_eq!(d.asked().map(|a| a.wish), Some(Wish::Hold));
    for (door, wait, token) in [(office(), AGAIN_MS, ALICE), (office(), 100, BOB), (self::door(), 100, ALICE)]
    {
        let mut d = door;
        d.admit().wait(wait).card(token);
        assert_eq!(d.asked().map(|a| a.wish), Some(Wish::Pass));
    }
    let mut d = office();
    let question = d.card(ALICE);
    d.deny(question).card(ALICE);
    assert_eq!(d.asked().map(|a| a.wish), Some(Wish::Pass), "after a denial it is none");
}

const HOLD: Terms = Terms { extended: false, hold: true, in_lockdown: false };

/// A door that Alice has set free.
fn held_free() -> Rig {
    let mut d = office();
    d.admit();
    let question = d.card(ALICE);
    d.permit_on(question, HOLD);
    assert_eq!(d.state(), State::Office);
    assert_eq!(d.spent(), [(question, false), (question - 1, true)]);
    d
}

#[test]
fn a_gesture_sets_the_door_free_until_office_time_ends() {
    let mut d = held_free();
    assert_eq!(d.records(), [Body::Unlocked(LockCause::Office)]);
    d.wait(OFFICE_MS - 1);
    assert!(d.released);
    d.wait(1);
    assert_eq!((d.released, d.records()), (false, vec![Body::Locked(LockCause::Office)]));
}

#[test]
fn the_gesture_again_ends_it() {
    let mut d = held_free();
    d.wait(60_000).admit();
    assert!(d.released, "one card is no gesture");
    let question = d.card(ALICE);
    d.permit_on(question, HOLD);
    assert_eq!((d.released, d.state()), (false, State::Locked));
    assert!(d.records().contains(&Body::Locked(LockCause::Office)));
}

#[test]
fn a_lockdown_ends_a_gestures_freedom_and_lets_none_begin() {
    let mut d = held_free();
    d.lock_down(true);
    assert_eq!((d.released, d.state()), (false, State::Lockdown));
    d.lock_down(false);
    assert!(!d.released, "it does not return");
    let mut d = office();
    d.admit();
    let question = d.card(ALICE);
    d.lock_down(true).permit_on(question, HOLD);
    assert_eq!((d.released, d.shown()), (false, vec![(Side::Entry, Feedback::Denied)]));
}

#[test]
fn a_grant_for_holding_that_nobody_asked_for_is_refused() {
    let mut d = office();
    let question = d.card(ALICE);
    d.permit_on(question, HOLD);
    assert_eq!((d.released, d.state()), (false, State::Locked));
    assert_eq!((d.shown(), d.spent()), (vec![(Side::Entry, Feedback::Denied)], vec![(question, false)]));
}

#[test]
fn who_asks_to_hold_and_may_not_may_still_pass() {
    let mut d = office();
    d.let_out();
    let question = d.card_at(Side::Exit, BOB);
    assert_eq!(d.asked().map(|a| a.wish), Some(Wish::Hold));
    d.permit(question).wait(RELEASE_MS - 1);
    assert_eq!((d.released, d.state()), (true, State::Granted));
}

#[test]
fn new_settings_without_the_gesture_end_its_freedom() {
    let mut d = held_free();
    d.door.reconfigure(config(OnOpen, Mechanical));
    assert!(d.door.wake_at().is_some_and(|w| w.0 <= d.ms * 1_000), "due at once");
    assert!(!d.tell(Input::Timer).released);
    d.free_by(Cause::Office, true);
    assert_eq!(d.state(), State::Locked, "a door without it is not set free so");
}
