//! With what operators sign in beside passkeys: what is good once is good once, and who is gone leaves nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use lockward_model::{Digest, OperatorId, Time};
use lockward_store::{Account, HubStore, NewWay};

fn ada() -> OperatorId {
    "ada".parse().unwrap()
}

fn bob() -> OperatorId {
    "bob".parse().unwrap()
}

fn new_store() -> (tempfile::TempDir, HubStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    (dir, store)
}

const CODES: [Digest; 2] = [Digest([1; 32]), Digest([2; 32])];

#[test]
fn what_is_put_takes_the_place_of_its_own_kind_alone() {
    let (_dir, store) = new_store();
    assert_eq!(store.way(ada()).unwrap(), None);
    let put = |new| store.put_way(ada(), new, Time(5)).unwrap();
    put(NewWay { secret: Some((b"wrapped", 7, &CODES)), ..NewWay::default() });
    put(NewWay { password: Some("hash"), held: Some(Time(99)), ..NewWay::default() });
    let way = store.way(ada()).unwrap().unwrap();
    assert_eq!((way.password.as_deref(), way.secret.as_deref()), (Some("hash"), Some(&b"wrapped"[..])));
    assert_eq!((way.step, way.codes, way.held, way.failures), (7, 2, Some(Time(99)), 0));
    put(NewWay { password: Some("another"), ..NewWay::default() });
    assert_eq!(store.way(ada()).unwrap().unwrap().held, Some(Time(99)), "a change ends no hold");
    store.remove_code_app(ada()).unwrap();
    assert_eq!(store.way(ada()).unwrap().unwrap().codes, 0);
    assert!(!store.take_recovery_code(ada(), CODES[0]).unwrap());
    store.remove_password(ada()).unwrap();
    assert_eq!(store.way(ada()).unwrap(), None);
}

#[test]
fn a_step_and_a_recovery_code_are_good_once_whoever_asks_at_the_same_time() {
    let (_dir, store) = new_store();
    let new = NewWay { secret: Some((b"wrapped", 7, &CODES)), ..NewWay::default() };
    store.put_way(ada(), new, Time(5)).unwrap();
    let together = |act: &(dyn Fn() -> bool + Sync)| {
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(act)).collect();
            all.into_iter().map(|t| t.join().unwrap()).filter(|took| *took).count()
        })
    };
    assert_eq!(together(&|| store.take_step(ada(), 8).unwrap()), 1);
    assert!(!store.take_step(ada(), 7).unwrap() && !store.take_step(ada(), 8).unwrap());
    assert!(store.take_step(ada(), 9).unwrap());
    assert_eq!(together(&|| store.take_recovery_code(ada(), CODES[0]).unwrap()), 1);
    assert!(!store.take_recovery_code(bob(), CODES[1]).unwrap());
    assert!(!store.take_step(bob(), 99).unwrap());
}

#[test]
fn wrong_answers_are_counted_until_a_right_one() {
    let (_dir, store) = new_store();
    let failures = || store.way(ada()).unwrap().unwrap().failures;
    store.put_way(ada(), NewWay { password: Some("hash"), ..NewWay::default() }, Time(5)).unwrap();
    (0..3).for_each(|_| store.way_answered(ada(), false).unwrap());
    store.way_answered(bob(), false).unwrap();
    assert_eq!(failures(), 3);
    store.way_answered(ada(), true).unwrap();
    assert_eq!(failures(), 0);
}

#[test]
fn an_account_is_one_operators_and_is_taken_by_nobody_else() {
    let (_dir, store) = new_store();
    let account = |subject: &str, operator: &str| Account {
        issuer: "https://id.example".into(),
        subject: subject.into(),
        operator: operator.into(),
        bound: Time(5),
        used: None,
        held: None,
    };
    assert!(store.bind_account(&account("s-1", "ada")).unwrap());
    assert!(!store.bind_account(&account("s-1", "bob")).unwrap());
    assert!(!store.bind_account(&account("s-1", "ada")).unwrap());
    let found = store.account("https://id.example", "s-1").unwrap().unwrap();
    assert_eq!(found.operator, "ada");
    assert_eq!(store.account("https://other.example", "s-1").unwrap(), None, "another issuer's");
    assert!(!store.unbind_account(bob(), "https://id.example", "s-1").unwrap());
    assert!(store.unbind_account(ada(), "https://id.example", "s-1").unwrap());
    assert!(store.accounts(ada()).unwrap().is_empty());
}

#[test]
fn an_operator_who_is_gone_leaves_nothing_to_whoever_gets_the_id() {
    let (_dir, store) = new_store();
    for who in [ada(), bob()] {
        let new = NewWay { password: Some("hash"), secret: Some((b"wrapped", 7, &CODES)), held: None };
        store.put_way(who, new, Time(5)).unwrap();
        let (issuer, subject) = ("https://id.example".to_owned(), who.to_string());
        let account =
            Account { issuer, subject, operator: who.to_string(), bound: Time(5), used: None, held: None };
        assert!(store.bind_account(&account).unwrap());
    }
    store.forget_ways(|operator| operator == "ada").unwrap();
    assert!(store.way(ada()).unwrap().is_some() && store.accounts(ada()).unwrap().len() == 1);
    assert!(store.way(bob()).unwrap().is_none() && store.accounts(bob()).unwrap().is_empty());
    assert!(!store.take_recovery_code(bob(), CODES[0]).unwrap());
}
