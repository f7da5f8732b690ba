//! What is typed and shown: PINs, codes and passes, each as often as it may serve, and guesses that cost time.

use crate::house::{
    ANN, BEN, FRONT, HUB, LAB, MORNING, PIN, VAULT, card, card_key, credential, id, pair, pepper, pin_of,
    rule, typed,
};
use crate::rig::{NONE, Rig};
use crate::ruled::{refused, ruled};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Feedback;
use lockward_model::*;
use lockward_wire::credential::{OneTimeHash, OneTimeSecret, Pass, PassId, PassPlace};
use lockward_wire::link::{Elsewhere, ToController};

const SECRET: [u8; 20] = *b"twenty secret bytes!";

fn secret() -> OneTimeSecret {
    OneTimeSecret::new(OneTimeHash::Sha256, 6, 30, &SECRET).unwrap()
}

fn sealed(site: &SiteId, name: &str) -> SealedSecret {
    SealedSecret(secret().seal_secret(site, id(name), [7; 12], &card_key()).unwrap().into())
}

fn with_codes(seed: u64, by_clock: bool) -> Rig {
    let site = crate::house::House::furnished().site;
    let proof = if by_clock {
        Proof::Totp(sealed(&site, "ann-codes"))
    } else {
        Proof::Hotp(sealed(&site, "ann-codes"))
    };
    let code = Factors::CARD.with(Factors::CODE);
    let changes = vec![
        Change::PutCredential(credential("ann-codes", "ann", proof)),
        Change::PutRule(rule("vault", vec![Target::Door(id("vault"))], code)),
    ];
    ruled(seed, changes).0
}

fn code_now(rig: &Rig) -> String {
    secret().code(secret().step_of(rig.now.wall).unwrap()).to_string()
}

#[test]
fn given_a_code_by_the_clock_then_it_opens_once_and_not_after_a_power_cut_either() {
    let mut rig = with_codes(1, true);
    let code = code_now(&rig);
    assert!(rig.badge_and_pin(VAULT, ANN, &code).granted(VAULT));
    assert_eq!(rig.last_access().pin, PinFact::OneTime);
    rig.skip(Duration::from_secs(2));
    assert!(refused(&rig.badge_and_pin(VAULT, ANN, &code), VAULT));
    assert_eq!(rig.last_why(), Some(Deny::CodeUsed));
    let mut rig = rig.power_cut(1);
    assert!(refused(&rig.badge_and_pin(VAULT, ANN, &code), VAULT));
    assert_eq!(rig.last_why(), Some(Deny::CodeUsed));
    rig.skip(Duration::from_secs(60));
    let next = code_now(&rig);
    assert!(rig.badge_and_pin(VAULT, ANN, &next).granted(VAULT), "the next one opens");
}

#[test]
fn given_a_code_by_count_then_those_before_it_are_used_too() {
    let mut rig = with_codes(2, false);
    let code = |n| secret().code(n).to_string();
    assert!(rig.badge_and_pin(VAULT, ANN, &code(3)).granted(VAULT));
    let mut rig = rig.power_cut(1);
    assert!(refused(&rig.badge_and_pin(VAULT, ANN, &code(3)), VAULT));
    assert!(refused(&rig.badge_and_pin(VAULT, ANN, &code(1)), VAULT));
    rig.skip(Duration::from_secs(90));
    assert!(rig.badge_and_pin(VAULT, ANN, &code(4)).granted(VAULT));
}

#[test]
fn given_the_second_pin_then_the_door_opens_as_ever_and_the_record_calls_for_help() {
    let Proof::Pin(hash) = pin_of("97531") else { panic!("a PIN") };
    let (mut rig, _) =
        ruled(3, vec![Change::PutCredential(credential("ben-duress", "ben", Proof::Duress(hash)))]);
    let seen = rig.badge_and_pin(VAULT, BEN, "97531");
    assert!(seen.granted(VAULT));
    assert_eq!(rig.last_access().pin, PinFact::Duress);
}

#[test]
fn given_a_pin_that_stands_alone_then_it_opens_without_a_card() {
    let token = card_key().token_of_pin(&"83729164".parse().unwrap(), &pepper());
    let proof = Proof::PinOnly { token, digits: 8 };
    let changes = vec![
        Change::PutCredential(credential("ann-alone", "ann", proof)),
        Change::PutRule(rule("lab", vec![Target::Door(id("lab"))], Factors::PIN)),
    ];
    let (mut rig, _) = ruled(4, changes);
    let seen = rig.turn_with_pins(typed(LAB, "83729164"));
    assert!(seen.granted(LAB), "{:?} {:?}", seen.feedback, rig.last_access());
    rig.skip(Duration::from_secs(10));
    rig.turn(vec![]);
    // Nobody's: a card is asked for, and none comes.
    let seen = rig.turn_with_pins(typed(LAB, "83729165"));
    assert_eq!(seen.released(), NONE);
    assert!(seen.shows(LAB, Feedback::ShowCard));
    let answer = rig.pass(Duration::from_secs(30)).check().run();
    rig.turn(vec![answer]);
    assert_eq!(rig.last_why(), Some(Deny::CardMissing));
}

#[test]
fn given_a_wrong_pin_then_nobody_learns_that_before_it_is_on_record() {
    let mut rig = Rig::stocked(5);
    rig.badge(VAULT, BEN);
    let mut seen = rig.turn(typed(VAULT, "1111"));
    let answer = seen.check().run();
    rig.hangs = true;
    let seen = rig.turn(vec![answer]);
    assert!(!seen.shows(VAULT, Feedback::Denied), "not yet");
    rig.hangs = false;
    let seen = rig.turn(vec![]);
    assert!(seen.shows(VAULT, Feedback::Denied));
    assert_eq!(rig.last_why(), Some(Deny::WrongPin));
}

/// Guesses until one is not heard. How many were.
fn guess(rig: &mut Rig, from: u32) -> u32 {
    for n in from..from + 50 {
        assert!(rig.badge(VAULT, BEN).shows(VAULT, Feedback::EnterPin));
        let mut seen = rig.turn(typed(VAULT, &format!("{n:04}")));
        if seen.checks.is_empty() {
            assert!(seen.shows(VAULT, Feedback::Denied));
            assert_eq!(rig.last_why(), Some(Deny::PinLocked));
            return n - from;
        }
        let answer = seen.check().run();
        assert!(rig.turn(vec![answer]).shows(VAULT, Feedback::Denied));
        rig.skip(Duration::from_secs(3));
    }
    panic!("never waits")
}

#[test]
fn given_three_wrong_pins_then_a_wait_that_power_cuts_do_not_shorten() {
    let mut rig = Rig::stocked(6);
    assert_eq!(guess(&mut rig, 0), 3);
    assert_eq!(rig.count(Code::PinBruteForce), 1);
    // A plug that is pulled after every guess gives no more of them.
    let mut rig = rig.power_cut(1);
    assert_eq!(guess(&mut rig, 10), 0);
    rig.pass(Duration::from_secs(31));
    let mut rig = rig.power_cut(2);
    assert_eq!(guess(&mut rig, 20), 1, "and the next wait is longer");
    rig.pass(Duration::from_secs(31));
    assert_eq!(guess(&mut rig, 30), 0);
    rig.pass(Duration::from_secs(40));
    assert!(rig.badge_and_pin(VAULT, BEN, PIN).granted(VAULT), "who knows it waits, and enters");
}

#[test]
fn given_three_wrong_pins_in_one_millisecond_then_each_counts_and_is_on_record() {
    let mut rig = Rig::stocked(13);
    for n in 0..3 {
        rig.badge(VAULT, BEN);
        let mut seen = rig.turn(typed(VAULT, "1111"));
        let answer = seen.check().run();
        assert!(rig.turn(vec![answer]).shows(VAULT, Feedback::Denied), "guess {n}");
    }
    rig.badge(VAULT, BEN);
    assert!(rig.turn(typed(VAULT, PIN)).checks.is_empty(), "the fourth is not heard");
    assert_eq!(rig.last_why(), Some(Deny::PinLocked));
    let events = rig.so_far();
    assert!(events.is_sorted_by_key(|e| e.time));
    let mut times: Vec<Time> =
        events.iter().filter(|e| matches!(e.body, Body::Access(_))).map(|e| e.time).collect();
    times.dedup();
    assert_eq!(times.len(), 4);
    // Read back, they are as many.
    let mut rig = rig.power_cut(1);
    rig.badge(VAULT, BEN);
    assert!(rig.turn(typed(VAULT, PIN)).checks.is_empty());
}

#[test]
fn given_a_wait_then_cards_open_doors_that_want_no_pin_and_everybody_leaves() {
    let mut rig = Rig::stocked(7);
    guess(&mut rig, 0);
    assert!(rig.badge(FRONT, BEN).granted(FRONT));
    assert!(rig.leaves(VAULT, BEN));
}

fn tell(rig: &mut Rig, fact: Elsewhere) {
    rig.hub_says(ToController::Elsewhere { anew: false, facts: vec![fact] });
}

#[test]
fn given_a_code_that_was_used_elsewhere_then_it_is_used_up_here_and_after_a_power_cut_too() {
    for by_clock in [true, false] {
        let mut rig = with_codes(11, by_clock);
        let step = if by_clock { secret().step_of(rig.now.wall).unwrap() } else { 4 };
        tell(&mut rig, Elsewhere::Stepped { credential: id("ann-codes"), step });
        let code = secret().code(step).to_string();
        assert!(refused(&rig.badge_and_pin(VAULT, ANN, &code), VAULT));
        assert_eq!(rig.last_why(), Some(Deny::CodeUsed));
        // What others tell is summed up, as what happened here is.
        rig.pass(Duration::from_secs(11));
        let mut rig = rig.power_cut(1);
        assert!(refused(&rig.badge_and_pin(VAULT, ANN, &code), VAULT));
        rig.pass(Duration::from_secs(30));
        let next = if by_clock { code_now(&rig) } else { secret().code(5).to_string() };
        assert!(rig.badge_and_pin(VAULT, ANN, &next).granted(VAULT), "the next one opens");
    }
}

#[test]
fn given_a_pass_for_three_uses_then_those_elsewhere_count_each_and_once() {
    let mut rig = admitting(12);
    let until = MORNING + Duration::from_secs(3_600);
    for times in [1, 1, 2] {
        let at = rig.now.wall;
        tell(&mut rig, Elsewhere::Used { id: [3; 16], by: id("other"), times, until, at });
    }
    let shown = pass(&rig, 3, 3);
    assert!(rig.turn(vec![shown]).granted(FRONT), "two are used, and one is left");
    rig.pass(Duration::from_secs(10));
    let again = pass(&rig, 3, 3);
    assert!(refused(&rig.turn(vec![again]), FRONT));
    assert_eq!(rig.last_why(), Some(Deny::PassUsed));
}

fn pass(rig: &Rig, uses: u16, n: u8) -> Input {
    let pass = Pass {
        id: PassId([n; 16]),
        service: id("hub"),
        place: PassPlace::Door(id("front")),
        from: MORNING - Duration::from_secs(60),
        until: MORNING + Duration::from_secs(3_600),
        uses,
        order: None,
    };
    let text = pass.sign(&rig.house.site, &pair(HUB)).unwrap().text().into_bytes();
    Input::Code { door: FRONT, side: Side::Entry, bytes: text.into() }
}

fn admitting(seed: u64) -> Rig {
    let text =
        r#"permit (principal == Service::"hub", action == Action::"admit", resource in Zone::"house");"#;
    let text = text.to_owned().into();
    ruled(seed, vec![Change::PutPolicy(PolicyText { id: id("visitors"), text })]).0
}

#[test]
fn given_a_pass_for_one_use_then_it_opens_once_and_a_power_cut_makes_it_no_fresher() {
    let mut rig = admitting(8);
    let shown = pass(&rig, 1, 1);
    assert!(rig.turn(vec![shown]).granted(FRONT));
    rig.pass(Duration::from_secs(10));
    let again = pass(&rig, 1, 1);
    assert!(refused(&rig.turn(vec![again]), FRONT));
    assert_eq!(rig.last_why(), Some(Deny::PassUsed));
    let mut rig = rig.power_cut(1);
    let again = pass(&rig, 1, 1);
    assert!(refused(&rig.turn(vec![again]), FRONT));
    assert_eq!(rig.last_why(), Some(Deny::PassUsed));
    let other = pass(&rig, 2, 2);
    assert!(rig.turn(vec![other]).granted(FRONT));
}

#[test]
fn given_a_key_card_that_answers_late_then_it_is_refused_as_carried() {
    let pair =
        aws_lc_rs::signature::EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING)
            .unwrap();
    let key: [u8; 65] = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().try_into().unwrap();
    let read = lockward_wire::credential::CardPublicKey::new(&key).unwrap();
    let proof = Proof::Key { token: card_key().token_of_key(&read), key: CardPublicKey(key) };
    let (mut rig, _) = ruled(9, vec![Change::PutCredential(credential("ann-key", "ann", proof))]);
    let shown = |signed, ms| Input::KeyCard {
        door: FRONT,
        side: Side::Entry,
        key: Box::new(key),
        signed,
        took: Some(Duration::from_millis(ms)),
    };
    assert!(refused(&rig.turn(vec![shown(true, 1_900)]), FRONT));
    assert_eq!(rig.last_why(), Some(Deny::Relayed));
    rig.skip(Duration::from_secs(5));
    assert!(refused(&rig.turn(vec![shown(false, 90)]), FRONT));
    assert_eq!(rig.last_why(), Some(Deny::SignatureInvalid));
    rig.skip(Duration::from_secs(5));
    assert!(rig.turn(vec![shown(true, 90)]).granted(FRONT));
}

#[test]
fn given_two_people_where_two_are_wanted_then_the_door_opens_for_both_and_for_neither_alone() {
    let two = Rule { two_people: true, ..rule("doors", vec![Target::Door(id("front"))], Factors::CARD) };
    let (mut rig, _) = ruled(10, vec![Change::PutRule(two)]);
    let seen = rig.badge(FRONT, ANN);
    assert!(seen.shows(FRONT, Feedback::SecondPerson) && seen.released().is_empty());
    assert!(rig.turn(vec![card(FRONT, BEN)]).granted(FRONT));
    rig.pass(Duration::from_secs(10));
    rig.badge(FRONT, ANN);
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.last_why(), Some(Deny::SecondMissing));
}
