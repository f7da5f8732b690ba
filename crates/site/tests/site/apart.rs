//! Signatures that are made apart from the hub: which keys they are made with, and what a site asks them for.

use crate::house::*;
use crate::touch::Touch;
use core::time::Duration;
use lockward_model::*;
use lockward_site::{OrderQuestion, reorder};

/// Ada signs in at the hub with one passkey and signs with another; what gives is signed apart.
fn house() -> (House, Touch, Touch) {
    let (hub, signer) = (Touch::new("https://hub.example:8443"), Touch::new(SIGNER_ORIGIN));
    let mut house = House::warehouse();
    let key = |key| Change::PutOperatorKey { operator: id("ada"), key };
    house.put(vec![key(hub.key("hub")), key(signer.key("signer"))]);
    house.put(vec![
        Change::RemovePolicy(id(lockward_policy::HUB_SIGNS)),
        Change::PutPolicy(lockward_policy::signed_apart().unwrap()),
    ]);
    (house, hub, signer)
}

fn code(house: &House, entry: &[u8]) -> Result<(), &'static str> {
    house.site.clone().apply(entry).map_err(|r| r.code())
}

#[test]
fn hub_bounded_one_touch_at_the_hubs_page_changes_nothing_that_gives() {
    let (house, hub, signer) = house();
    let gives = || vec![Change::RemovePolicy(id("guard"))];
    let takes = || vec![Change::SuspendPerson(id("ben"))];
    assert_eq!(code(&house, &hub.changes(&house, gives())), Err("SIGNER_NOT_ALLOWED"));
    assert_eq!(code(&house, &hub.changes(&house, takes())), Ok(()));
    assert_eq!(code(&house, &signer.changes(&house, gives())), Ok(()));
    assert_eq!(code(&house, &house.entry(gives(), &[OWNER])), Ok(()), "a key in a file");
    // One change that gives spoils those that take.
    assert_eq!(code(&house, &hub.changes(&house, [takes(), gives()].concat())), Err("SIGNER_NOT_ALLOWED"));
    // Both her keys are one person, and one of them is apart.
    let mut both = hub.signed(house.envelope(gives()));
    both = signer.signed(both);
    assert_eq!(code(&house, &both.to_bytes()), Ok(()));
    // The hub's own key is no key of hers, and lends no distance.
    let mut beside = hub.signed(house.envelope(gives()));
    beside.sign(&pair(HUB)).unwrap();
    assert_eq!(code(&house, &beside.to_bytes()), Err("SIGNER_NOT_ALLOWED"));
}

#[test]
fn two_people_at_the_hubs_page_sign_what_one_does_not() {
    let (mut house, hub, _) = house();
    let other = Touch::new("https://hub.example:8443");
    let bob = Operator { keys: vec![other.key("hub")], ..operator("bob", 40, "owner") };
    house.put(vec![Change::PutOperator(bob)]);
    let both = other.signed(hub.signed(house.envelope(vec![Change::RemovePolicy(id("guard"))])));
    assert_eq!(code(&house, &both.to_bytes()), Ok(()));
    let pete = Touch::new("https://hub.example:8443");
    house.put(vec![Change::PutOperatorKey { operator: id("pete"), key: pete.key("hub") }]);
    let beside = pete.signed(hub.signed(house.envelope(vec![Change::RemovePolicy(id("guard"))])));
    assert_eq!(
        code(&house, &beside.to_bytes()),
        Err("SIGNER_NOT_ALLOWED"),
        "Pete may not, so he approves nothing"
    );
}

#[test]
fn a_passkey_of_the_signers_that_is_asked_by_another_page_is_no_signature() {
    let (house, _, signer) = house();
    for origin in ["http://localhost:8080", "https://localhost:7447", "https://hub.example:8443"] {
        let stolen = signer.asked_by(origin, house.envelope(vec![Change::RemovePolicy(id("guard"))]));
        assert!(stolen.is_none(), "{origin}");
    }
}

#[test]
fn an_order_is_asked_the_same_and_can_be_decided_again() {
    let (house, hub, signer) = house();
    let at = Time(1_790_000_000_000);
    let obeys = |act, touch: &Touch| {
        let order = Order {
            site: house.site.id(),
            controller: id("k1"),
            door: id("gate"),
            act,
            nonce: Nonce([9; 16]),
            until: at + Duration::from_secs(30),
            on_behalf: None,
            reason: None,
        };
        let question = OrderQuestion {
            controller: id("k1"),
            envelope: touch.order(&order).into(),
            at,
            config: ConfigRef { size: house.site.size(), root: Digest([0; 32]) },
            config_age: Duration::from_secs(1),
            known: OrderKnown { fresh: true, ..OrderKnown::default() },
        };
        let (ordered, granted) = house.site.order(&question, Mono(1));
        let event = Event {
            source: Source::Controller(id("k1")),
            seq: 3,
            prev: Digest([3; 32]),
            time: at,
            door: granted.as_ref().map(|(_, order)| order.door),
            epoch: Epoch(1),
            body: Body::Order(Box::new(ordered.clone())),
        };
        reorder(&house.site, &event, &ordered).unwrap();
        match ordered.outcome {
            Outcome::Granted { .. } => Ok(()),
            Outcome::Denied { why, because } => Err((why, because)),
        }
    };
    for act in [OrderAct::Unlock, OrderAct::Hold(Duration::from_secs(60))] {
        assert_eq!(obeys(act, &hub), Err((Deny::Forbidden, vec!["policy/signed-apart".into()])));
        assert_eq!(obeys(act, &signer), Ok(()));
    }
    assert_eq!(obeys(OrderAct::Release, &hub), Ok(()));
}

#[test]
fn what_a_signature_lacks_is_known_before_it_is_asked_for() {
    let (house, ..) = house();
    let wants = |changes: &[Change]| house.site.wants(changes, id("ada"), Time(0)).unwrap();
    let gives = wants(&[Change::RemovePolicy(id("guard"))]);
    assert!(gives.apart && !gives.second && gives.or_second && !gives.hub_will_do);
    let takes = wants(&[Change::SuspendPerson(id("ben"))]);
    assert!(!takes.apart && !takes.second);
    // The hub asks at its door whether an operator may at all: with the best key that there can be.
    assert!(house.site.may_change(id("ada"), "put-rule", Time(0)));
    assert!(house.site.may_order(id("ada"), OrderAct::Unlock, None, Time(0)));
}

#[test]
fn nobody_passes_off_anothers_key_as_their_own_whatever_they_call_it() {
    let (mut house, hub, _) = house();
    let SigningKey::Passkey(hers) = hub.key("hub").key else { panic!("no passkey") };
    let aaron = Operator { roles: Vec::new(), ..operator("aaron", 41, "auditor") };
    house.put(vec![Change::PutOperator(aaron)]);
    let fresh = || match Touch::new(SIGNER_ORIGIN).key("x").key {
        SigningKey::Passkey(passkey) => passkey,
        SigningKey::Ed25519(_) => panic!("no passkey"),
    };
    // Beside another name, or for another page, her public half would sign for whoever comes first; beside another public
    // half, her key's name would find the wrong one.
    for passkey in [
        Passkey { id: [9; 16].into(), ..hers.clone() },
        Passkey { key: hers.key, ..fresh() },
        Passkey { id: hers.id.clone(), ..fresh() },
    ] {
        let key = OperatorKey { title: id("x"), key: SigningKey::Passkey(passkey) };
        let put = vec![Change::PutOperatorKey { operator: id("aaron"), key }];
        assert_eq!(code(&house, &house.entry(put, &[41])), Err("CHANGE_INVALID"));
    }
    let takes = vec![Change::SuspendPerson(id("ben"))];
    assert_eq!(code(&house, &hub.changes(&house, takes)), Ok(()), "and she still signs");
}

#[test]
fn every_operator_adds_and_removes_keys_of_their_own_and_never_the_last() {
    let mut house = House::warehouse();
    let mine = Touch::new(SIGNER_ORIGIN);
    let put = |who: &str, key| vec![Change::PutOperatorKey { operator: id(who), key }];
    let remove = |who: &str, key: &SigningKey| {
        let key = lockward_wire::config::key_digest(key.public());
        vec![Change::RemoveOperatorKey { operator: id(who), key }]
    };
    // Olga may change nothing else at all; and nobody's but her own.
    assert_eq!(code(&house, &house.entry(put("pete", mine.key("x")), &[AUDITOR])), Err("SIGNER_NOT_ALLOWED"));
    // A right to one's own lends none to another's in the same entry.
    let two = [put("olga", mine.key("x")), put("pete", Touch::new(SIGNER_ORIGIN).key("y"))].concat();
    assert_eq!(code(&house, &house.entry(two, &[AUDITOR])), Err("SIGNER_NOT_ALLOWED"));
    house.apply(house.entry(put("olga", mine.key("blue")), &[AUDITOR])).unwrap();
    let keys = |house: &House| -> Vec<String> {
        house.site.operator(id("olga")).unwrap().keys.iter().map(|k| k.title.to_string()).collect()
    };
    assert_eq!(keys(&house), ["olga", "blue"]);
    // The new key signs, and is renamed in its place.
    house.apply(mine.changes(&house, put("olga", mine.key("red")))).unwrap();
    assert_eq!(keys(&house), ["olga", "red"]);
    let file = SigningKey::Ed25519(key(AUDITOR));
    house.apply(mine.changes(&house, remove("olga", &file))).unwrap();
    let last = mine.changes(&house, remove("olga", &mine.key("red").key));
    let refused = house.site.clone().apply(&last).unwrap_err();
    assert_eq!(refused.code(), "CHANGE_INVALID");
    assert!(refused.to_string().contains("the last key of operator `olga` can not be removed"), "{refused}");
    assert_eq!(
        code(&house, &house.entry(remove("olga", &file), &[OWNER])),
        Err("CHANGE_INVALID"),
        "no such key"
    );
    // An owner's word is enough for anybody's.
    assert_eq!(code(&house, &house.entry(put("pete", Touch::new(SIGNER_ORIGIN).key("z")), &[OWNER])), Ok(()));
    assert_eq!(code(&house, &house.entry(put("pete", mine.key("hers")), &[OWNER])), Err("CHANGE_INVALID"));
    for n in 0..7 {
        let more = put("olga", Touch::new(SIGNER_ORIGIN).key(&format!("k{n}")));
        house.apply(mine.changes(&house, more)).unwrap();
    }
    let ninth = mine.changes(&house, put("olga", Touch::new(SIGNER_ORIGIN).key("ninth")));
    assert_eq!(code(&house, &ninth), Err("CHANGE_INVALID"));
}
