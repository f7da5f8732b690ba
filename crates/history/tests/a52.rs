//! `threats.md` A52: a day of guessing at all 20 keypads of a site together, while they hear of each other and while they
//! do not; and what the chance of a hit then really is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use core::time::Duration;
use lockward_history::*;
use lockward_model::{CredentialId, Side, Time};
use world::{id, nth};

const KEYPADS: usize = 20;

/// People who guess as soon as they may: the first `patient` guesses at one keypad at a time, to climb no more than they
/// must; from then on at every keypad in the same second, before any hears of the others.
fn guesses_in_a_day(card: Option<CredentialId>, in_touch: bool, patient: u64) -> u64 {
    let mut controllers: Vec<Guessing> = (0..KEYPADS).map(|_| Guessing::new(Limits::KEYPADS)).collect();
    let silent = if in_touch { 0 } else { KEYPADS - 1 };
    let (mut guesses, mut now) = (0, Time(0));
    while now < Time(86_400_000) {
        let (mut told, mut next) = (Vec::new(), Time(i64::MAX));
        for (n, controller) in controllers.iter_mut().enumerate() {
            let reader = Reader { door: nth("door", n), side: Side::Entry };
            match controller.allowed(reader, card, now, silent) {
                Err(wait) => next = next.min(wait.until),
                Ok(()) if guesses < patient && !told.is_empty() => {}
                Ok(()) => {
                    let guess = if card.is_some() { Guess::Pin } else { Guess::Code };
                    let fact = GuessingFact::Failed(Failure { at: now, reader, credential: card, guess });
                    assert_eq!(controller.take(fact), Taken::New);
                    told.push(fact);
                    guesses += 1;
                }
            }
        }
        for controller in controllers.iter_mut().filter(|_| in_touch) {
            for fact in &told {
                let _ = controller.take(*fact);
            }
        }
        // A second later again, or when the first keypad hears them again.
        now = if told.is_empty() { next } else { now + Duration::from_secs(1) };
    }
    guesses
}

/// The worst of several kinds of guessers.
fn worst_day(card: Option<CredentialId>, in_touch: bool) -> u64 {
    let patient = if in_touch { 0..90 } else { 0..1 };
    patient.map(|p| guesses_in_a_day(card, in_touch, p)).max().unwrap()
}

fn counted(code: CodeUse, in_touch: bool) -> u64 {
    Keypads { keypads: 20, in_touch }.guesses_in_a_day(code)
}

#[test]
fn a52_with_a_stolen_card_six_digits_hold_in_touch_and_out_of_it_and_four_do_not() {
    let (together, apart) = (worst_day(Some(id("stolen")), true), worst_day(Some(id("stolen")), false));
    println!(
        "a stolen card, copied for all 20 keypads: {together} guesses a day in touch, {apart} out of touch"
    );
    assert_eq!(apart, counted(CodeUse::AfterCard { codes: 1 }, false));
    assert!(together <= counted(CodeUse::AfterCard { codes: 1 }, true), "{together}");
    assert!(
        together + 4 >= counted(CodeUse::AfterCard { codes: 1 }, true),
        "{together}: the arithmetic is not far off"
    );
    for digits in [4, 5, 6] {
        let (t, a) = (chance_of_a_hit(together, 1, digits), chance_of_a_hit(apart, 1, digits));
        println!("  {digits} digits: {t:.1e} in touch, {a:.1e} out of touch");
    }
    assert!(chance_of_a_hit(together, 1, 6) < 1e-4 && chance_of_a_hit(apart, 1, 6) < 1e-4);
    // Said as it is: four digits after a card hold against a thousandth, not against a ten thousandth.
    assert!(chance_of_a_hit(14, 1, 4) > 1e-3 && chance_of_a_hit(apart, 1, 4) < 1e-2);
    assert_eq!(pin_digits_needed(CodeUse::AfterCard { codes: 1 }, 20), 6);
}

#[test]
fn a52_with_digits_alone_the_length_that_is_asked_for_holds_in_touch_and_out_of_it() {
    let (together, apart) = (worst_day(None, true), worst_day(None, false));
    println!("digits alone at 20 keypads: {together} guesses a day in touch, {apart} out of touch");
    assert_eq!(apart, counted(CodeUse::Alone { users: 1 }, false));
    assert!(together <= counted(CodeUse::Alone { users: 1 }, true), "{together}");
    assert!(together + 8 >= counted(CodeUse::Alone { users: 1 }, true), "{together}");
    for users in [1, 10, 100, 1_000] {
        let digits = pin_digits_needed(CodeUse::Alone { users }, 20);
        let (t, a) = (chance_of_a_hit(together, users, digits), chance_of_a_hit(apart, users, digits));
        println!("  {users} users, {digits} digits: {t:.1e} in touch, {a:.1e} out of touch");
        assert!(t < 1e-4 && a < 1e-4);
        assert!(chance_of_a_hit(apart, users, digits - 1) >= 1e-4, "a digit less would not do");
    }
}

#[test]
fn the_lengths_are_those_of_the_standard_where_there_is_no_keypad_to_guess_at() {
    let needed = |users| pin_digits_needed(CodeUse::Alone { users }, 0);
    assert_eq!([1, 10, 11, 100, 101, 1_000, 1_001].map(needed), [4, 4, 5, 5, 6, 6, 7]);
}

#[test]
fn the_arithmetic_is_said_at_the_change() {
    let said = explain_pin_digits(CodeUse::Alone { users: 10 }, 20, 4);
    assert!(!said.is_enough() && explain_pin_digits(CodeUse::Alone { users: 10 }, 20, 8).is_enough());
    assert_eq!(
        said.to_string(),
        "4 digits for 10 right codes: 20 keypads that do not hear of each other let 280 guesses a day pass, \
         280 x 10 / 10^4 = 2.8e-1; below 1e-4 needs 8 digits, and 1000 codes a user (IEC 60839-11-1, table 4, \
         line 21) need 4"
    );
}

#[test]
fn a52_a_second_pin_beside_the_card_is_a_second_chance() {
    let after = |codes, keypads| pin_digits_needed(CodeUse::AfterCard { codes }, keypads);
    // One keypad lets 14 guesses a day pass: 1.4e-4 with five digits.
    assert_eq!([after(1, 1), after(2, 1)], [6, 6]);
    // 24 that do not hear of each other let 96 pass, 25 let 100: 1e-4 itself is not below it.
    assert_eq!([after(1, 24), after(1, 25), after(2, 12), after(2, 13)], [6, 7, 6, 7]);
    let said = explain_pin_digits(CodeUse::AfterCard { codes: 1 }, 1, 4);
    assert!(!said.is_enough());
    assert!(said.to_string().starts_with(
        "4 digits for 1 right code: one keypad lets 14 guesses a day pass, 14 x 1 / 10^4 = 1.4e-3; below 1e-4 needs 6"
    ));
}
