//! Which factors are in: cards, PINs, and every way in which somebody stops halfway.

use crate::rig::{ALICE, ALL_WIRED, BOB, Rig, card, config};
use lockward_door::{
    ANSWER_WAIT, Action, Answer, Asked, Feedback, Input, Key, PIN_WAIT, PinEntry, Presented, Shown, Wiring,
};
use lockward_model::ExitHardware::Mechanical;
use lockward_model::Relock::OnOpen;
use lockward_model::{Side, Wish};

const PIN_WAIT_MS: u64 = PIN_WAIT.as_secs() * 1_000;
const ANSWER_WAIT_MS: u64 = ANSWER_WAIT.as_secs() * 1_000;

fn door() -> Rig {
    Rig::new(OnOpen, Mechanical)
}

/// A door at which Alice's card wants a PIN.
fn typing() -> Rig {
    let mut d = door();
    let question = d.card(ALICE);
    d.answer(question, Answer::NeedPin);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::EnterPin)]);
    d
}

fn typed(d: &Rig) -> Option<Vec<u8>> {
    match d.pin() {
        Some(PinEntry::Typed(digits)) => Some(digits.ascii().to_vec()),
        _ => None,
    }
}

#[test]
fn a_card_is_asked_about_once_and_answered_once() {
    let mut d = door();
    let question = d.card(ALICE);
    let first = Presented { shown: card(ALICE), pin: PinEntry::NotAsked };
    let asked = Box::new(Asked { first, second: None, wish: Wish::Pass });
    let asked = Action::Decide { side: Side::Entry, asked, question };
    assert_eq!(d.said[0], asked);
    d.deny(question);
    assert_eq!(d.said, [Action::Feedback { side: Side::Entry, feedback: Feedback::Denied }]);
    assert!(d.deny(question).said.is_empty());
}

#[test]
fn what_is_no_card_is_asked_about_too() {
    let mut d = door();
    d.show(Side::Entry, Shown::Malformed);
    assert_eq!(
        d.asked().map(|a| (&a.first.shown, &a.first.pin)),
        Some((&Shown::Malformed, &PinEntry::NotAsked))
    );
}

#[test]
fn a_second_card_while_the_first_is_decided_waits() {
    let mut d = door();
    let question = d.card(ALICE);
    d.show(Side::Entry, card(BOB));
    assert_eq!((d.question(), d.shown()), (None, vec![(Side::Entry, Feedback::Wait)]));
    assert!(d.permit(question).released);
}

#[test]
fn two_sides_do_not_wait_for_each_other() {
    let mut d = door();
    let outside = d.card_at(Side::Entry, ALICE);
    let inside = d.card_at(Side::Exit, BOB);
    d.deny(inside);
    assert_eq!(d.shown(), [(Side::Exit, Feedback::Denied)]);
    d.permit(outside);
    assert_eq!((d.released, d.shown()), (true, vec![(Side::Entry, Feedback::Granted)]));
}

#[test]
fn a_card_and_its_pin_open() {
    let mut d = typing();
    for _ in 0..4 {
        d.digits("1");
        assert_eq!(d.shown(), [(Side::Entry, Feedback::KeyTaken)]);
    }
    d.key(Key::Enter);
    assert_eq!(typed(&d).as_deref(), Some(b"1111".as_slice()));
    let question = d.question().unwrap();
    assert!(d.permit(question).released);
}

#[test]
fn a_pin_has_four_to_ten_digits() {
    for (keys, taken) in [("123", false), ("1234", true), ("1234567890", true), ("12345678901", false)] {
        let mut d = typing();
        d.digits(keys).key(Key::Enter);
        assert_eq!(typed(&d).is_some(), taken, "{keys}");
        if !taken {
            assert_eq!(d.shown(), [(Side::Entry, Feedback::EnterPin)], "{keys}: from the first digit");
            d.digits("2468").key(Key::Enter);
            assert_eq!(typed(&d).as_deref(), Some(b"2468".as_slice()));
        }
    }
}

#[test]
fn clear_starts_over_and_clear_again_gives_up() {
    let mut d = typing();
    d.digits("99").key(Key::Clear);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::EnterPin)]);
    d.digits("1234").key(Key::Enter);
    assert_eq!(typed(&d).as_deref(), Some(b"1234".as_slice()), "what was cleared is gone");

    let mut d = typing();
    d.digits("99").key(Key::Clear).key(Key::Clear);
    assert_eq!(d.pin(), Some(&PinEntry::Missing));
    let question = d.question().unwrap();
    assert_eq!(d.deny(question).shown(), [(Side::Entry, Feedback::Denied)]);
}

#[test]
fn a_pause_ends_the_entry_and_every_key_begins_the_pause_again() {
    let mut d = typing();
    d.wait(PIN_WAIT_MS - 1).digits("1").wait(PIN_WAIT_MS - 1);
    assert_eq!(d.question(), None);
    d.wait(1);
    assert_eq!(d.pin(), Some(&PinEntry::Missing));
}

#[test]
fn keys_that_mean_nothing_do_not_prolong_an_entry() {
    let mut d = typing();
    d.digits("12345678901").wait(PIN_WAIT_MS - 1).digits("2");
    assert!(d.said.is_empty());
    d.key(Key::Digit(10)).wait(1);
    assert_eq!(d.pin(), Some(&PinEntry::Missing));
}

#[test]
fn keys_mean_nothing_while_a_card_is_decided_or_where_there_is_no_keypad() {
    let mut d = door();
    d.card(ALICE);
    assert!(d.digits("1").said.is_empty());
    let mut d = Rig::with(config(OnOpen, Mechanical), Wiring { keypad: false, ..ALL_WIRED });
    assert!(d.digits("1234").key(Key::Enter).said.is_empty());
}

#[test]
fn keys_of_the_other_reader_are_not_of_this_entry() {
    let mut d = typing();
    d.digits("123").tell(Input::Key { side: Side::Exit, key: Key::Digit(4) });
    assert_eq!(d.shown(), [(Side::Exit, Feedback::KeyTaken)]);
    d.key(Key::Enter);
    assert_eq!(typed(&d), None);
}

#[test]
fn a_new_card_takes_the_place_of_one_whose_pin_is_awaited_and_both_are_decided() {
    let mut d = typing();
    d.digits("12").show(Side::Entry, card(BOB));
    let asked: Vec<_> = d
        .said
        .iter()
        .filter_map(|a| match a {
            Action::Decide { asked, question, .. } => {
                Some((asked.first.shown.token(), &asked.first.pin, *question))
            }
            _ => None,
        })
        .collect();
    let [(first, PinEntry::Missing, old), (second, PinEntry::NotAsked, new)] = asked[..] else {
        panic!("{:?}", d.said)
    };
    assert_eq!((first, second), (Some(ALICE), Some(BOB)));
    assert!(!d.permit(old).released, "the first card is only for the record now");
    assert_eq!((d.spent(), d.shown()), (vec![(old, false)], vec![]));
    assert!(d.permit(new).released);
}

#[test]
fn the_same_card_again_begins_its_pin_again() {
    let mut d = typing();
    d.digits("12").show(Side::Entry, card(ALICE));
    assert_eq!((d.question(), d.shown()), (None, vec![(Side::Entry, Feedback::EnterPin)]));
    d.digits("3456").key(Key::Enter);
    assert_eq!(typed(&d).as_deref(), Some(b"3456".as_slice()));
}

#[test]
fn a_reader_lost_while_a_pin_is_typed_ends_the_entry() {
    let mut d = typing();
    d.digits("1234").tell(Input::Reader { side: Side::Entry, online: false });
    assert_eq!(d.pin(), Some(&PinEntry::Missing));
    let mut d = typing();
    d.tell(Input::Reader { side: Side::Exit, online: false });
    assert!(d.said.is_empty(), "the other reader");
}

#[test]
fn a_reader_lost_while_a_card_is_decided_takes_no_grant_away() {
    let mut d = door();
    let question = d.card(ALICE);
    d.tell(Input::Reader { side: Side::Entry, online: false });
    assert!(d.permit(question).released);
}

#[test]
fn a_reader_that_returns_is_told_what_to_show() {
    let mut d = door();
    d.tell(Input::Reader { side: Side::Exit, online: true });
    assert_eq!(d.shown(), [(Side::Exit, Feedback::Idle)]);
    d.free(true).tell(Input::Reader { side: Side::Exit, online: true });
    assert_eq!(d.shown(), [(Side::Exit, Feedback::Unlocked)]);
}

#[test]
fn where_no_pin_can_be_typed_it_is_missing_at_once() {
    let mut d = Rig::with(config(OnOpen, Mechanical), Wiring { keypad: false, ..ALL_WIRED });
    let question = d.card(ALICE);
    d.answer(question, Answer::NeedPin);
    assert_eq!((d.pin(), d.shown()), (Some(&PinEntry::Missing), vec![]));
}

#[test]
fn a_pin_is_asked_for_once() {
    let mut d = typing();
    d.digits("1234").key(Key::Enter);
    let question = d.question().unwrap();
    d.answer(question, Answer::NeedPin);
    assert_eq!((d.question(), d.shown()), (None, vec![(Side::Entry, Feedback::Denied)]));
}

#[test]
fn an_answer_that_never_comes_leaves_no_reader_deaf_and_opens_nothing_later() {
    let mut d = door();
    let question = d.card(ALICE);
    d.wait(ANSWER_WAIT_MS);
    assert_eq!(d.shown(), [(Side::Entry, Feedback::Denied)]);
    assert!(!d.permit(question).released);
    assert_ne!(d.card(ALICE), question);
}

#[test]
fn no_digit_is_ever_printed() {
    let input = Input::Key { side: Side::Entry, key: Key::Digit(7) };
    assert!(!format!("{input:?}").contains('7'));
    let mut d = typing();
    d.digits("7777").key(Key::Enter);
    assert!(!format!("{:?}", d.said).contains("77"));
}
