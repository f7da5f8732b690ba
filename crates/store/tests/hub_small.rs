//! The hub's small tables: cosignatures, enrolments, the search index, settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Barrier;

use lockward_model::{ApiKeyFact, ControllerId, Digest, Time};
use lockward_store::{
    API_KEYS_EACH_MAX, ApiKeyRow, Cosignature, ENROLMENT_FAILURES_MAX, HubStore, IndexRow, Log,
};

const RIGHT: Digest = Digest([1; 32]);
const WRONG: Digest = Digest([2; 32]);

fn new_store() -> (tempfile::TempDir, HubStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    (dir, store)
}

fn dock() -> ControllerId {
    "dock-a".parse().unwrap()
}

#[test]
fn each_cosigner_is_kept_with_its_largest_size() {
    let (_dir, store) = new_store();
    let put = |size, name, line: &[u8]| store.put_cosignature(Log::Config, size, name, line).unwrap();
    put(5, "dock-a", b"a5");
    put(7, "dock-b", b"b7");
    put(7, "dock-a", b"a7");
    put(6, "dock-a", b"a6");
    put(7, "dock-b", b"b7 again");
    put(3, "dock-c", b"c3");
    let kept = |name: &str, size, line: &[u8]| Cosignature { name: name.into(), size, line: line.into() };
    let (a, b, c) = (kept("dock-a", 7, b"a7"), kept("dock-b", 7, b"b7 again"), kept("dock-c", 3, b"c3"));
    assert_eq!(store.cosignatures(Log::Config, 7).unwrap(), [a.clone(), b.clone()]);
    assert_eq!(store.cosignatures(Log::Config, 0).unwrap(), [a, b, c]);
    assert!(store.cosignatures(Log::Event, 0).unwrap().is_empty());
}

#[test]
fn enrolment_serves_once() {
    let (_dir, store) = new_store();
    assert!(!store.take_enrolment(dock(), RIGHT, Time(0)).unwrap(), "nobody may enrol unasked");
    store.put_enrolment(dock(), RIGHT, Time(100)).unwrap();
    assert!(!store.take_enrolment("dock-b".parse().unwrap(), RIGHT, Time(50)).unwrap());
    assert!(store.take_enrolment(dock(), RIGHT, Time(99)).unwrap());
    assert!(!store.take_enrolment(dock(), RIGHT, Time(99)).unwrap());
}

#[test]
fn of_many_who_show_the_secret_at_once_one_enrols() {
    let (dir, store) = new_store();
    store.put_enrolment(dock(), RIGHT, Time(100)).unwrap();
    let start = Barrier::new(4);
    let enrolled: usize = std::thread::scope(|scope| {
        let show = || {
            let store = HubStore::open(dir.path()).unwrap();
            start.wait();
            usize::from(store.take_enrolment(dock(), RIGHT, Time(1)).unwrap())
        };
        let shown: Vec<_> = (0..4).map(|_| scope.spawn(show)).collect();
        shown.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(enrolled, 1);
}

#[test]
fn expired_enrolment_is_refused_and_gone() {
    let (_dir, store) = new_store();
    store.put_enrolment(dock(), RIGHT, Time(100)).unwrap();
    assert!(!store.take_enrolment(dock(), RIGHT, Time(100)).unwrap());
    assert!(!store.take_enrolment(dock(), RIGHT, Time(50)).unwrap(), "a clock set back does not revive it");
}

#[test]
fn given_too_many_wrong_secrets_then_the_right_one_comes_too_late() {
    let (_dir, store) = new_store();
    for (wrong, enrols) in [(ENROLMENT_FAILURES_MAX - 1, true), (ENROLMENT_FAILURES_MAX, false)] {
        store.put_enrolment(dock(), RIGHT, Time(100)).unwrap();
        for _ in 0..wrong {
            assert!(!store.take_enrolment(dock(), WRONG, Time(1)).unwrap());
        }
        assert_eq!(store.take_enrolment(dock(), RIGHT, Time(1)).unwrap(), enrols, "after {wrong}");
    }
}

fn row(idx: u64, door: Option<&str>, person: Option<u8>) -> IndexRow {
    IndexRow {
        idx,
        time: Time(1_000 + idx as i64),
        code: u16::MAX - idx as u16,
        source: "dock-a".into(),
        door: door.map(|door| door.parse().unwrap()),
        person: person.map(|person| [person; 16]),
    }
}

#[test]
fn search_gives_the_latest_first_from_where_it_is_asked() {
    let (_dir, store) = new_store();
    assert_eq!(store.index_position().unwrap(), 0);
    let rows = [
        row(0, Some("gate"), Some(1)),
        row(1, None, None),
        row(2, Some("gate"), None),
        row(3, Some("cage"), Some(1)),
        row(4, Some("gate"), Some(2)),
    ];
    store.index(&rows[..3], 3).unwrap();
    store.index(&rows[3..], 6).unwrap();
    assert_eq!(store.index_position().unwrap(), 6);

    let pick = |places: &[usize]| places.iter().map(|place| rows[*place].clone()).collect::<Vec<_>>();
    let gate = "gate".parse().unwrap();
    assert_eq!(store.recent(u64::MAX, 3).unwrap(), pick(&[4, 3, 2]));
    assert_eq!(store.recent(2, 3).unwrap(), pick(&[1, 0]));
    assert_eq!(store.by_door(gate, u64::MAX, 10).unwrap(), pick(&[4, 2, 0]));
    assert_eq!(store.by_door(gate, 4, 1).unwrap(), pick(&[2]));
    assert_eq!(store.by_person([1; 16], u64::MAX, 10).unwrap(), pick(&[3, 0]));
    assert_eq!(store.by_person([1; 16], 3, 10).unwrap(), pick(&[0]));
    assert!(store.by_person([9; 16], u64::MAX, 10).unwrap().is_empty());
}

#[test]
fn indexing_the_same_events_again_does_no_harm() {
    let (_dir, store) = new_store();
    store.index(&[row(0, None, None), row(1, None, Some(1))], 2).unwrap();
    store.index(&[row(0, None, None)], 1).unwrap();
    assert_eq!(store.index_position().unwrap(), 2);
    assert_eq!(store.recent(u64::MAX, 10).unwrap(), [row(1, None, Some(1)), row(0, None, None)]);
}

#[test]
fn settings_are_kept() {
    let (dir, store) = new_store();
    assert_eq!(store.setting("origin").unwrap(), None);
    store.put_setting("origin", b"one").unwrap();
    store.put_setting("origin", b"two").unwrap();
    drop(store);
    assert_eq!(HubStore::open(dir.path()).unwrap().setting("origin").unwrap().unwrap(), b"two");
}

#[test]
fn a_passkeys_counter_must_rise_unless_it_has_none() {
    let (_dir, store) = new_store();
    let used = |key, count, at| store.use_passkey(key, count, Time(at)).unwrap();
    // Synced passkeys keep no counter.
    assert!(used(RIGHT, 0, 1) && used(RIGHT, 0, 2));
    // One that begins to count goes on counting.
    assert!(used(RIGHT, 7, 3) && used(RIGHT, 9, 4));
    assert!(!used(RIGHT, 9, 5) && !used(RIGHT, 8, 6) && !used(RIGHT, 0, 7));
    assert_eq!(store.passkey_used(RIGHT).unwrap(), Some(Time(4)), "what is refused is no use");
    assert!(used(RIGHT, u32::MAX, 8) && !used(RIGHT, 1, 9));
    // Each for itself.
    assert!(used(WRONG, 1, 1));
    assert_eq!(store.passkey_used(Digest([3; 32])).unwrap(), None);
}

fn api_key(id: &str, service: &str) -> ApiKeyRow {
    ApiKeyRow {
        id: id.parse().unwrap(),
        service: service.parse().unwrap(),
        secret: RIGHT,
        label: "dock terminal".parse().unwrap(),
        scope: "read:site order:unlock".into(),
        config: 7,
        made: Time(1),
        ends: Time(100),
        used: None,
    }
}

#[test]
fn an_api_key_is_kept_used_rotated_and_gone_and_each_deed_waits_for_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    let (ada, old, new) = ("ada".parse().unwrap(), api_key("k1", "wms"), api_key("k2", "wms"));
    assert!(store.put_api_key(&old, Some(ada)).unwrap());
    assert!(store.put_api_key(&old, None).is_err(), "a name serves once");
    assert_eq!(store.api_key(old.id).unwrap(), Some(old.clone()));
    store.use_api_key(old.id, Time(5), [192, 0, 2, 1].into()).unwrap();
    assert_eq!(store.api_key(old.id).unwrap().unwrap().used, Some((Time(5), [192, 0, 2, 1].into())));
    assert!(
        !store.rotate_api_key(old.id, Time(50), &api_key("k3", "pms"), None).unwrap(),
        "of another service"
    );
    assert!(store.rotate_api_key(old.id, Time(50), &new, None).unwrap());
    assert!(store.rotate_api_key(old.id, Time(70), &api_key("k4", "wms"), None).unwrap());
    assert_eq!(store.api_key(old.id).unwrap().unwrap().ends, Time(50), "an end only comes nearer");
    assert!(store.remove_api_key(old.id, Some(ada)).unwrap());
    assert!(!store.remove_api_key(old.id, Some(ada)).unwrap() && store.api_key(old.id).unwrap().is_none());
    assert_eq!(
        store.api_keys().unwrap().iter().map(|k| k.id).collect::<Vec<_>>(),
        [new.id, "k4".parse().unwrap()]
    );
    let deeds = store.api_key_deeds().unwrap();
    let facts: Vec<_> = deeds.iter().map(|d| (d.key.as_str(), d.fact, d.operator)).collect();
    assert_eq!(
        facts,
        [
            ("k1", ApiKeyFact::Made, Some(ada)),
            ("k2", ApiKeyFact::Rotated, None),
            ("k4", ApiKeyFact::Rotated, None),
            ("k1", ApiKeyFact::Revoked, Some(ada)),
        ]
    );
    store.forget_api_key_deeds(deeds[2].n).unwrap();
    assert_eq!(store.api_key_deeds().unwrap(), deeds[3..]);
}

#[test]
fn a_service_has_so_many_api_keys_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    for n in 0..API_KEYS_EACH_MAX {
        assert!(store.put_api_key(&api_key(&format!("k{n}"), "wms"), None).unwrap());
    }
    assert!(!store.put_api_key(&api_key("kx", "wms"), None).unwrap());
    assert!(store.put_api_key(&api_key("kx", "pms"), None).unwrap());
}
