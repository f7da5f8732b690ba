//! Guessing: the ladders, who can clear them and who cannot, and a naive reading that never differs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use core::time::Duration;
use lockward_history::*;
use lockward_model::{CredentialId, Side, Time};
use proptest::prelude::*;
use world::{id, nth};

const DAY: i64 = 86_400_000;

fn reader(n: usize) -> Reader {
    Reader { door: nth("door", n), side: if n.is_multiple_of(2) { Side::Entry } else { Side::Exit } }
}

fn failed(ms: i64, at_reader: usize, credential: Option<&str>) -> GuessingFact {
    let guess = if credential.is_some() { Guess::Pin } else { Guess::Code };
    let credential = credential.map(id);
    GuessingFact::Failed(Failure { at: Time(ms), reader: reader(at_reader), credential, guess })
}

fn taken(limits: Limits, facts: &[GuessingFact]) -> Guessing {
    let mut g = Guessing::new(limits);
    facts.iter().for_each(|f| assert_ne!(g.take(*f), Taken::Full));
    g
}

fn until(g: &Guessing, at_reader: usize, credential: Option<&str>, ms: i64) -> Option<(i64, WaitWhy)> {
    g.allowed(reader(at_reader), credential.map(id), Time(ms), 0).err().map(|w| (w.until.0, w.why))
}

#[test]
fn three_tries_are_free_then_each_wait_is_twice_the_last_up_to_a_day() {
    let mut g = Guessing::new(Limits::KEYPADS);
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..16 {
        assert_eq!(until(&g, 0, None, now), None);
        let fact = g.failed(reader(0), None, Guess::Code, Time(now));
        assert_eq!(g.take(fact), Taken::New);
        let wait = until(&g, 0, None, now).map_or(0, |(end, _)| end - now);
        waits.push(wait / 1_000);
        now += wait.max(1_000);
    }
    let doubling = [0, 0, 30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360, 30_720];
    assert_eq!(waits[..13], doubling);
    assert_eq!(waits.iter().max(), Some(&61_440), "and then the first failures are a day ago");
    // Many at once, as when another controller tells what happened there.
    let facts: Vec<_> = (0..40).map(|n| failed(n, 0, None)).collect();
    assert_eq!(until(&taken(Limits::KEYPADS, &facts), 0, None, 40), Some((39 + DAY, WaitWhy::Reader)));
}

#[test]
fn a_clock_that_stands_still_makes_no_guess_free() {
    let mut g = Guessing::new(Limits::KEYPADS);
    for _ in 0..3 {
        assert_eq!(g.allowed(reader(0), None, Time(5), 0), Ok(()));
        let fact = g.failed(reader(0), None, Guess::Code, Time(5));
        assert_eq!(g.take(fact), Taken::New);
    }
    assert!(g.allowed(reader(0), None, Time(5), 0).is_err());
}

#[test]
fn a_clean_day_forgives() {
    let facts: Vec<_> = (0..14).map(|n| failed(n, 0, None)).collect();
    let g = taken(Limits::KEYPADS, &facts);
    assert!(until(&g, 0, None, 14).is_some());
    assert_eq!(until(&g, 0, None, DAY + 13), None);
}

#[test]
fn a_right_pin_clears_its_own_card_and_neither_the_reader_nor_the_site() {
    let mut facts: Vec<_> = (0..30).map(|n| failed(n, 0, Some("ann"))).collect();
    let mut g = taken(Limits::KEYPADS, &facts);
    assert_eq!(until(&g, 1, Some("ann"), 30).unwrap().1, WaitWhy::Credential);
    assert_eq!(g.right(id("bob"), Time(31)), None, "nothing to clear");
    let right = g.right(id("ann"), Time(31)).unwrap();
    let _ = g.take(right);
    assert_eq!(until(&g, 1, Some("ann"), 31), None);
    assert_eq!(until(&g, 0, Some("ann"), 31).unwrap().1, WaitWhy::Reader);
    facts.extend((30..70).map(|n| failed(n, n as usize, None)));
    let mut g = taken(Limits::KEYPADS, &facts);
    let _ = g.take(right);
    assert_eq!(until(&g, 99, None, 70).unwrap().1, WaitWhy::Site);
}

#[test]
fn an_insider_with_a_pin_of_his_own_buys_no_guess_between() {
    let mut g = Guessing::new(Limits::KEYPADS);
    let mut guesses = 0;
    for second in 0..86_400 {
        if until(&g, 0, None, second * 1_000).is_none() {
            let _ = g.take(failed(second * 1_000, 0, None));
            guesses += 1;
        }
        let _ = g.take(GuessingFact::Right { credential: id("insider"), at: Time(second * 1_000) });
    }
    assert_eq!(guesses, 14);
}

#[test]
fn codes_guessed_without_a_card_keep_nobody_with_a_card_waiting() {
    let facts: Vec<_> = (0..14).map(|n| failed(n, 0, None)).collect();
    let g = taken(Limits::KEYPADS, &facts);
    assert!(until(&g, 0, None, 14).is_some());
    assert_eq!(until(&g, 0, Some("ann"), 14), None);
}

#[test]
fn guesses_all_over_the_site_make_every_keypad_wait() {
    let facts: Vec<_> = (0..60).map(|n| failed(n, n as usize, None)).collect();
    assert_eq!(until(&taken(Limits::KEYPADS, &facts[..59]), 99, None, 60), None);
    let g = taken(Limits::KEYPADS, &facts);
    assert_eq!(until(&g, 99, None, 60), Some((59 + 30_000, WaitWhy::Site)));
    assert_eq!(until(&g, 99, Some("ann"), 60), Some((59 + 30_000, WaitWhy::Site)));
}

#[test]
fn while_others_cannot_be_heard_the_sites_free_failures_are_shared_and_a_card_climbs_faster() {
    let facts: Vec<_> = (0..3).map(|n| failed(n, n as usize, None)).collect();
    let g = taken(Limits::KEYPADS, &facts);
    let silent = |g: &Guessing, c: Option<CredentialId>| g.allowed(reader(9), c, Time(3), 19).err();
    assert_eq!(silent(&g, None), Some(Wait { until: Time(2 + 30_000), why: WaitWhy::Site }));
    let facts: Vec<_> = (0..4).map(|n| failed(n, n as usize, Some("ann"))).collect();
    let g = taken(Limits::KEYPADS, &facts);
    assert_eq!(silent(&g, Some(id("ann"))), Some(Wait { until: Time(3 + DAY), why: WaitWhy::Credential }));
    assert_eq!(g.allowed(reader(9), Some(id("ann")), Time(60_003), 0), Ok(()));
}

#[test]
fn an_operators_act_clears_all_of_it() {
    let mut facts: Vec<_> = (0..70).map(|n| failed(n, 0, None)).collect();
    facts.push(GuessingFact::Forgiven { at: Time(80) });
    assert_eq!(until(&taken(Limits::KEYPADS, &facts), 0, None, 81), None);
}

#[test]
fn a02_unknown_cards_make_the_reader_back_off_and_no_other() {
    let mut g = Guessing::new(Limits::CARDS);
    let mut tried = 0;
    for second in 0..86_400 {
        if until(&g, 0, None, second * 1_000).is_none() {
            let reader = reader(0);
            let at = Time(second * 1_000);
            let _ =
                g.take(GuessingFact::Failed(Failure { at, reader, credential: None, guess: Guess::Card }));
            tried += 1;
        }
    }
    assert_eq!(tried, 302);
    assert!(tried * 128 <= FAILURES_MAX, "all readers of a controller at once stay within the limit");
    assert_eq!(until(&g, 1, None, 86_400_000), None);
    assert!(until(&g, 0, None, 86_399_000).is_some_and(|(end, _)| end <= 86_399_000 + 300_000));
}

#[test]
fn more_failures_than_can_be_kept_make_every_keypad_wait() {
    let facts: Vec<_> = (0..FAILURES_MAX + 10).map(|n| failed(n as i64, n % 50, None)).collect();
    let g = taken(Limits::KEYPADS, &facts);
    assert_eq!(g.facts().count(), FAILURES_MAX);
    let last = facts.len() as i64 - 1;
    assert_eq!(until(&g, 77, Some("ann"), last), Some((last + DAY, WaitWhy::Site)));
}

/// All facts, no cleverness: the latest end of all waits.
fn naively(
    facts: &[GuessingFact],
    at: Reader,
    with: Option<CredentialId>,
    now: Time,
    silent: usize,
) -> Option<Time> {
    let forgiven = facts
        .iter()
        .filter_map(|f| if let GuessingFact::Forgiven { at } = f { Some(*at) } else { None })
        .max();
    let cleared = facts.iter().filter_map(|f| match f {
        GuessingFact::Right { credential, at } if Some(*credential) == with => Some(*at),
        _ => None,
    });
    let cleared = cleared.max();
    let mut failures: Vec<Failure> =
        facts.iter().filter_map(|f| if let GuessingFact::Failed(f) = f { Some(*f) } else { None }).collect();
    failures.sort();
    failures.dedup();
    failures.retain(|f| f.at.0 > now.0 - DAY && Some(f.at) > forgiven);
    let wait = |times: Vec<Time>, free: usize, rungs: usize| {
        let mut seconds = 30_u64;
        for _ in 0..times.len().checked_sub(free)? * rungs {
            seconds = (2 * seconds).min(86_400);
        }
        times.into_iter().max().map(|newest| newest + Duration::from_secs(seconds))
    };
    let times = |keep: &dyn Fn(&Failure) -> bool| {
        failures.iter().filter(|f| keep(f)).map(|f| f.at).collect::<Vec<_>>()
    };
    let credential = times(&|f| with.is_some() && f.credential == with && Some(f.at) > cleared);
    let reader = times(&|f| f.reader == at && f.credential.is_some() == with.is_some());
    let ends = [
        wait(credential, 3, silent + 1),
        wait(reader, if with.is_some() { 20 } else { 3 }, 1),
        wait(times(&|_| true), 60 / (silent + 1), 1),
    ];
    ends.into_iter().flatten().max().filter(|end| now < *end)
}

fn some_facts() -> impl Strategy<Value = Vec<GuessingFact>> {
    let one = (0..20_u8, 0..200_000_i64, 0..3_usize, prop::option::of(0..3_usize)).prop_map(
        |(kind, s, at, with)| {
            let (ms, with) = (s * 1_000, with.map(|n| format!("c-{n}")));
            match (kind, &with) {
                (0, _) => GuessingFact::Forgiven { at: Time(ms / 2) },
                (1..=3, Some(c)) => GuessingFact::Right { credential: id(c), at: Time(ms) },
                _ => failed(ms, at, with.as_deref()),
            }
        },
    );
    prop::collection::vec(one, 0..90)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_fold_and_the_naive_reading_never_differ(
        facts in some_facts(), now in 0..300_000_i64, at in 0..3_usize,
        with in prop::option::of(0..3_usize), silent in 0..25_usize,
    ) {
        let (now, with) = (Time(now * 1_000), with.map(|n| nth("c", n)));
        let g = taken(Limits::KEYPADS, &facts);
        let fold = g.allowed(reader(at), with, now, silent).err().map(|w| w.until);
        prop_assert_eq!(fold, naively(&facts, reader(at), with, now, silent));
    }

    #[test]
    fn a_clock_that_goes_back_never_shortens_a_wait(
        facts in some_facts(), now in 0..300_000_i64, back in 0..300_000_i64, with in prop::option::of(0..3_usize),
    ) {
        let with = with.map(|n| nth("c", n));
        let mut g = taken(Limits::KEYPADS, &facts);
        let before = g.allowed(reader(0), with, Time(now * 1_000), 0);
        g.forget(Time(now * 1_000));
        let after = g.allowed(reader(0), with, Time((now - back) * 1_000), 0);
        if let Err(before) = before {
            prop_assert!(after.is_err_and(|wait| wait.until >= before.until));
        }
    }

    #[test]
    fn forgetting_changes_no_answer(facts in some_facts(), now in 0..300_000_i64, with in prop::option::of(0..3_usize)) {
        let (now, with) = (Time(now * 1_000), with.map(|n| nth("c", n)));
        let mut g = taken(Limits::KEYPADS, &facts);
        let before = g.allowed(reader(0), with, now, 0);
        g.forget(now);
        prop_assert_eq!(before, g.allowed(reader(0), with, now, 0));
    }

    #[test]
    fn order_and_repetition_change_nothing(
        (facts, shuffled) in some_facts().prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
    ) {
        let once = taken(Limits::KEYPADS, &facts);
        let twice = taken(Limits::KEYPADS, &[&shuffled[..], &facts[..]].concat());
        prop_assert!(once.facts().eq(twice.facts()));
        let again = taken(Limits::KEYPADS, &once.facts().collect::<Vec<_>>());
        prop_assert!(again.facts().eq(once.facts()));
    }
}
