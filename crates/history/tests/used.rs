//! Codes that are used up: no clock, restart, order or repetition makes one fresh again (`threats.md` A55).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod world;

use lockward_history::*;
use lockward_model::{ControllerId, CredentialId, Time};
use proptest::prelude::*;
use std::collections::BTreeMap;
use world::{id, nth};

fn pass(n: u8) -> [u8; 16] {
    [n; 16]
}

#[test]
fn a55_a_pass_that_was_photographed_serves_once() {
    let mut used = Used::default();
    let me = id("here");
    let (first, fact) = used.use_once(me, pass(1), 1, Time(100), Time(1));
    assert_eq!(first, Use::Fresh(1));
    assert_eq!(used.use_once(me, pass(1), 1, Time(100), Time(2)), (Use::UsedUp, None));
    // Another controller heard of it.
    let mut other = Used::default();
    let _ = other.take(fact.unwrap());
    assert_eq!(other.use_once(id("there"), pass(1), 1, Time(100), Time(3)).0, Use::UsedUp);
    assert_eq!(used.use_once(me, pass(2), 1, Time(100), Time(100)).0, Use::Ended);
}

#[test]
fn what_was_forgotten_is_never_fresh_again() {
    let mut used = Used::default();
    let _ = used.use_once(id("here"), pass(1), 1, Time(100), Time(1));
    used.forget(Time(99));
    assert_eq!(used.use_once(id("here"), pass(1), 1, Time(100), Time(99)).0, Use::UsedUp);
    used.forget(Time(100));
    // The clock goes back, the machine starts again.
    let mut again = Used::default();
    used.facts().for_each(|f| assert_eq!(again.take(f), Taken::New));
    assert_eq!(again.use_once(id("here"), pass(1), 1, Time(100), Time(5)).0, Use::Ended);
    assert_eq!(again.use_once(id("here"), pass(2), 1, Time(101), Time(5)).0, Use::Fresh(1));
}

#[test]
fn a_full_room_refuses_new_passes_and_forgets_none_that_counts() {
    let mut used = Used::default();
    let one = |n: usize| (n as u128).to_be_bytes();
    for n in 0..PASSES_MAX {
        let until = Time(if n == 0 { 50 } else { 100 });
        assert_eq!(used.use_once(id("here"), one(n), 1, until, Time(1)).0, Use::Fresh(1));
    }
    assert_eq!(used.use_once(id("here"), one(PASSES_MAX), 1, Time(100), Time(2)).0, Use::Full);
    assert_eq!(used.use_once(id("here"), one(7), 1, Time(100), Time(2)).0, Use::UsedUp);
    // One has ended: there is room for one.
    assert_eq!(used.use_once(id("here"), one(PASSES_MAX), 1, Time(100), Time(50)).0, Use::Fresh(1));
    assert_eq!(used.use_once(id("here"), one(PASSES_MAX + 1), 1, Time(100), Time(50)).0, Use::Full);
    assert_eq!(used.use_once(id("here"), one(0), 1, Time(50), Time(2)).0, Use::Ended);
}

#[test]
fn a_one_time_code_serves_once_and_none_before_it_serves_after_it() {
    let mut used = Used::default();
    let ann: CredentialId = id("ann");
    assert_eq!(used.step(ann, 7).0, Step::Fresh);
    assert_eq!([7, 6, 0].map(|n| used.step(ann, n).0), [Step::UsedUp; 3]);
    assert_eq!((used.step(ann, 8).0, used.last_step(ann)), (Step::Fresh, Some(8)));
    assert_eq!(used.step(id("bob"), 0).0, Step::Fresh);
    used.retain_steps(|c| c == ann);
    assert_eq!((used.last_step(id("bob")), used.last_step(ann)), (None, Some(8)));
}

#[test]
fn a_pass_that_comes_up_at_ever_more_controllers_is_used_up() {
    let mut used = Used::default();
    let at = |n: usize| UsedFact::Pass { id: pass(1), by: nth("c", n), times: 1, until: Time(100) };
    (0..64).for_each(|n| assert_eq!(used.take(at(n)), Taken::New));
    assert_eq!(used.use_once(id("here"), pass(1), 65, Time(100), Time(1)).0, Use::Fresh(65));
    assert_eq!(used.use_once(id("here"), pass(1), u16::MAX, Time(100), Time(1)).0, Use::UsedUp);
}

type Shown = (u8, usize, i64);

/// Controller, pass, and the moment it is shown; pass `n` serves `n` times until `40 + n` seconds.
fn showings() -> impl Strategy<Value = Vec<Shown>> {
    prop::collection::vec((1..5_u8, 0..3_usize, 0..60_i64), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_fold_and_the_naive_count_never_differ(shown in showings(), forget in 0..6_usize) {
        let (mut used, mut naive, mut floor) = (Used::default(), BTreeMap::<u8, u16>::new(), i64::MIN);
        for (n, (p, controller, now)) in shown.into_iter().enumerate() {
            let until = 40 + i64::from(p);
            if forget > 0 && n % forget == 0 {
                used.forget(Time(now));
                if naive.keys().any(|p| 40 + i64::from(*p) <= now && 40 + i64::from(*p) > floor) {
                    floor = floor.max(now);
                }
            }
            let got = used.use_once(nth("c", controller), pass(p), u16::from(p), Time(until), Time(now)).0;
            let served = naive.entry(p).or_default();
            let want = if until <= now || until <= floor {
                Use::Ended
            } else if *served >= u16::from(p) {
                Use::UsedUp
            } else {
                *served += 1;
                Use::Fresh(*served)
            };
            if *served == 0 {
                naive.remove(&p);
            }
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn order_and_repetition_change_nothing(shown in showings(), seed in any::<prop::sample::Index>()) {
        let mut each: Vec<Used> = (0..3).map(|_| Used::default()).collect();
        let mut facts = Vec::new();
        for (p, controller, now) in &shown {
            let me: ControllerId = nth("c", *controller);
            facts.extend(each[*controller].use_once(me, pass(*p), u16::MAX, Time(100), Time(*now)).1);
            facts.extend(each[*controller].step(id("ann"), *now as u64).1);
        }
        let taken = |facts: &[UsedFact]| {
            let mut used = Used::default();
            facts.iter().for_each(|f| assert_ne!(used.take(*f), Taken::Full));
            used
        };
        let once = taken(&facts);
        let (left, right) = facts.split_at(seed.index(facts.len() + 1));
        let turned: Vec<_> = right.iter().chain(left).chain(right).rev().copied().collect();
        prop_assert!(taken(&turned).facts().eq(once.facts()));
        let told: Vec<_> = each.iter().flat_map(Used::facts).collect();
        prop_assert!(taken(&told).facts().eq(once.facts()));
        let served: u64 = once.facts().map(|f| if let UsedFact::Pass { times, .. } = f { u64::from(times) } else { 0 }).sum();
        prop_assert_eq!(served, shown.len() as u64, "no use is lost between controllers");
    }
}
