//! Every reference resolves: what would dangle is refused, and the refusal names what stands in the way.

use crate::house::*;
use crate::picture::assert_refused;
use crate::touch::Touch;
use lockward_model::*;
use lockward_site::{Keep, Refusal};
use lockward_wire::config::{key_digest, key_id};
use lockward_wire::credential::phone;

/// Refused as a change that would break the site, with these words; nothing is left of it.
#[track_caller]
fn refused(house: &mut House, change: Change, words: &str) {
    let verb = change.verb();
    // Behind a change that is sound, which must go too.
    let entry = house.entry(vec![Change::SuspendPerson(id("ben")), change], &[OWNER]);
    match house.site.apply(&entry) {
        Err(Refusal::Invalid { index: 1, verb: told, what }) => {
            assert_eq!(told, verb);
            assert!(what.contains(words), "{what}");
        }
        other => panic!("{other:?}"),
    }
    assert_refused(house, &entry, "CHANGE_INVALID");
}

#[test]
fn what_is_in_use_can_not_be_removed_and_its_user_is_named() {
    let mut house = House::warehouse();
    house.put(vec![
        zone("ruled", None),
        group("ruled"),
        weekdays("ruled", 1, 2),
        Change::PutDoor(Door { from: Some(id("yard")), ..door_to("back", "vault") }),
        Change::PutRule(Rule {
            schedule: Some(id("ruled")),
            ..rule("late", "ruled", Target::Zone(id("ruled")))
        }),
    ]);
    for (change, user) in [
        (Change::RemoveZone(id("hall")), "`hall` is in use by zone `aisle`"),
        (Change::RemoveZone(id("aisle")), "`aisle` is in use by door `aisle-1`"),
        (Change::RemoveZone(id("yard")), "`yard` is in use by door `back`"),
        (Change::RemoveZone(id("ruled")), "`ruled` is in use by rule `late`"),
        (Change::RemoveDoor(id("gate")), "`gate` is in use by rule `visit`"),
        (Change::RemoveSchedule(id("day")), "`day` is in use by door `shop`"),
        (Change::RemoveSchedule(id("ruled")), "`ruled` is in use by rule `late`"),
        (Change::RemoveGroup(id("ruled")), "`ruled` is in use by rule `late`"),
        (Change::RemoveGroup(id("staff")), "`staff` is in use by rule"),
    ] {
        refused(&mut house, change, user);
    }
    house.put(vec![group("idle"), Change::PutPerson(person("eve", &["idle"]))]);
    refused(&mut house, Change::RemoveGroup(id("idle")), "`idle` has people in it");
}

#[test]
fn what_is_no_longer_in_use_can_be_removed() {
    let mut house = House::warehouse();
    house.put(vec![
        Change::RemoveRule(id("visit")),
        Change::RemoveRule(id("in")),
        Change::RemoveRule(id("cages")),
        Change::PutDoor(door_to("shop", "yard")),
        Change::RemoveSchedule(id("day")),
        Change::PutPerson(person("ben", &["staff"])),
        Change::RemoveGroup(id("guests")),
        Change::RemoveDoor(id("aisle-1")),
        Change::RemoveZone(id("aisle")),
        Change::RemoveDoor(id("gate")),
        Change::RemoveZone(id("hall")),
        Change::RemovePerson(id("ben")),
        Change::RemovePolicy(id("people")),
        Change::RemoveOperator(id("olga")),
    ]);
    let left = (house.site.doors().count(), house.site.zones().count(), house.site.groups().count());
    assert_eq!((left, house.site.counts()), ((2, 2, 1), (1, 2)));
}

#[test]
fn what_does_not_exist_can_not_be_removed() {
    let mut house = House::warehouse();
    for (change, words) in [
        (Change::RemoveZone(id("x")), "zone `x` does not exist"),
        (Change::RemoveDoor(id("x")), "door `x` does not exist"),
        (Change::RemoveSchedule(id("x")), "schedule `x` does not exist"),
        (Change::RemoveGroup(id("x")), "group `x` does not exist"),
        (Change::RemovePerson(id("x")), "person `x` does not exist"),
        (Change::SuspendPerson(id("x")), "person `x` does not exist"),
        (Change::RevokeCredential(id("x")), "credential `x` does not exist"),
        (Change::RemoveRule(id("x")), "rule `x` does not exist"),
        (Change::RemovePolicy(id("x")), "policy `x` does not exist"),
        (Change::RevokeController(id("x")), "controller `x` does not exist"),
        (Change::RemoveOperator(id("x")), "operator `x` does not exist"),
    ] {
        refused(&mut house, change, words);
    }
}

#[test]
fn what_refers_to_nothing_is_refused() {
    let mut house = House::warehouse();
    let door = || door_to("new", "hall");
    let here = || Target::Zone(id("hall"));
    for (change, words) in [
        (zone("new", Some("x")), "zone `x` does not exist"),
        (Change::PutDoor(door_to("new", "x")), "zone `x` does not exist"),
        (Change::PutDoor(Door { from: Some(id("x")), ..door() }), "zone `x` does not exist"),
        (Change::PutDoor(Door { controller: id("x"), ..door() }), "controller `x` does not exist"),
        (Change::PutDoor(Door { unlocked: Some(id("x")), ..door() }), "schedule `x` does not exist"),
        (Change::PutPerson(person("ann", &["staff", "x"])), "group `x` does not exist"),
        (Change::PutCredential(card("new", "x", UNKNOWN)), "person `x` does not exist"),
        (Change::PutCredential(card("ann-card", "x", ANN)), "person `x` does not exist"),
        (Change::PutRule(rule("in", "x", here())), "group `x` does not exist"),
        (Change::PutRule(rule("in", "staff", Target::Zone(id("x")))), "zone `x` does not exist"),
        (Change::PutRule(rule("in", "staff", Target::Door(id("x")))), "door `x` does not exist"),
        (Change::PutRule(Rule { schedule: Some(id("x")), ..rule("in", "staff", here()) }), "schedule `x`"),
        (Change::BindController { id: id("x"), key: key(7) }, "controller `x` does not exist"),
    ] {
        refused(&mut house, change, words);
    }
}

#[test]
fn rules_and_policies_that_the_policy_engine_will_not_have_are_refused_by_name() {
    let mut house = House::warehouse();
    let nobody = Rule { groups: vec![], ..rule("in", "staff", Target::Zone(id("hall"))) };
    refused(&mut house, Change::PutRule(nobody), "`rule/in` names no group");
    refused(&mut house, policy("owner", "permit (principal"), "`policy/owner` is not one Cedar policy");
    let unknown = "permit (principal, action, resource) when { context.mood };";
    refused(&mut house, policy("owner", unknown), "`policy/owner` does not fit the schema");
}

#[test]
fn the_last_operator_can_not_be_removed() {
    let mut house = House::warehouse();
    house.put(vec![Change::RemoveOperator(id("olga")), Change::RemoveOperator(id("pete"))]);
    refused(&mut house, Change::RemoveOperator(id("ada")), "the last operator");
    refused(&mut house, Change::RemoveOperator(id("x")), "operator `x` does not exist");
    // Another takes over: first in, then out.
    house.put(vec![Change::PutOperator(operator("bob", 11, "owner")), Change::RemoveOperator(id("ada"))]);
    assert_eq!(house.site.operators().map(|o| o.id).collect::<Vec<_>>(), [id("bob")]);
}

#[test]
fn an_operator_with_someone_elses_key_is_refused() {
    let mut house = House::warehouse();
    for who in [OWNER, AUDITOR, HUB] {
        refused(&mut house, Change::PutOperator(operator("eve", who, "owner")), "someone else's");
    }
    house.put(vec![Change::PutOperator(operator("ada", OWNER, "owner"))]);
}

/// Two keys, of whatever private halves, whose short ids meet: found in 2^32 steps, as anybody can.
fn meeting() -> [PublicKey; 2] {
    let keys = [0x0f4f_fdbd_da9f_187b_u64, 0xbbfc_b0a6_3fb7_2ac2].map(|first| {
        let mut key = [1; 32];
        key[..8].copy_from_slice(&first.to_be_bytes());
        PublicKey(key)
    });
    assert_ne!(keys[0], keys[1]);
    assert_eq!(key_id(&keys[0].0), key_id(&keys[1].0));
    keys
}

#[test]
fn a_key_whose_short_id_another_key_has_is_refused_to_whomever() {
    let [one, two] = meeting();
    let mut house = House::warehouse();
    let holder = |name: &str, key| Operator::with_key(id(name), id(name), key, vec![id("owner")]);
    let own = |operator: &str, key| {
        let key = OperatorKey { title: id("own"), key: SigningKey::Ed25519(key) };
        Change::PutOperatorKey { operator: id(operator), key }
    };
    house.put(vec![Change::PutOperator(holder("zoe", one))]);
    refused(&mut house, Change::PutOperator(holder("aaron", two)), "someone else's");
    refused(&mut house, own("olga", two), "someone else's");
    refused(&mut house, own("zoe", two), "there twice");
    refused(&mut house, Change::PutService(Service::new(id("wms"), two)), "someone else's");
    // Nor may it be an operator's, once it is a service's.
    house.put(vec![Change::RemoveOperator(id("zoe")), Change::PutService(Service::new(id("wms"), one))]);
    refused(&mut house, own("olga", two), "someone else's");
    // Nor are there two of them at the beginning.
    let mut both = founding();
    both.operators.extend([holder("zoe", one), holder("aaron", two)]);
    let refusal = found(&founding_entry(&both, &[OWNER]), Keep::Everything).err().unwrap();
    assert!(refusal.to_string().contains("is there already"), "{refusal}");
}

#[test]
fn a_phones_key_is_no_operators_and_no_operators_is_a_phones_whichever_came_first() {
    let mut house = House::warehouse();
    let (phones, hers) = (Touch::new("https://hub.example:8443"), Touch::new("https://hub.example:8443"));
    let phone = |name: &str, of: &Touch| match of.key("x").key {
        SigningKey::Passkey(passkey) => Change::PutCredential(shows(name, "ann", phone(passkey))),
        SigningKey::Ed25519(_) => panic!("no passkey"),
    };
    let own = |of: &Touch| Change::PutOperatorKey { operator: id("olga"), key: of.key("own") };
    house.put(vec![phone("ann-phone", &phones), own(&hers)]);
    refused(&mut house, own(&phones), "someone else's");
    let eve = Operator { keys: vec![phones.key("x")], ..operator("eve", 40, "owner") };
    refused(&mut house, Change::PutOperator(eve), "someone else's");
    refused(&mut house, phone("ben-phone", &hers), "someone else's");
    // A phone that was cut off is remembered: whatever it signs is taken for a phone's.
    house.put(vec![Change::RevokeCredential(id("ann-phone"))]);
    refused(&mut house, own(&phones), "someone else's");
    house.put(vec![Change::RemoveOperatorKey {
        operator: id("olga"),
        key: key_digest(hers.key("own").key.public()),
    }]);
    house.put(vec![phone("ben-phone", &hers), phone("ann-phone", &phones)]);
}

#[test]
fn a_controller_is_bound_to_one_key_once() {
    let mut house = House::warehouse();
    let bind = |name: &str, who| Change::BindController { id: id(name), key: key(who) };
    house.put(vec![bind("k1", 7), controller("k2")]);
    refused(&mut house, bind("k1", 8), "has a key; revoke it");
    refused(&mut house, bind("k1", 7), "has a key; revoke it");
    refused(&mut house, bind("k2", 7), "is controller `k1`'s already");
    // A new title leaves the key.
    house.put(vec![Change::PutController { id: id("k1"), title: id("Gate") }, bind("k2", 8)]);
    let k1 = house.site.controller(id("k1")).unwrap();
    assert_eq!((k1.title.as_str(), k1.key, k1.revoked), ("Gate", Some(key(7)), false));
}

#[test]
fn a_revoked_controller_stays_revoked_and_known() {
    let mut house = House::warehouse();
    let bind = |name: &str| Change::BindController { id: id(name), key: key(7) };
    house.put(vec![bind("k1"), Change::RevokeController(id("k1")), controller("k2")]);
    refused(&mut house, bind("k1"), "was revoked; give the new device a new id");
    refused(&mut house, bind("k2"), "is controller `k1`'s already");
    house.put(vec![controller("k1"), Change::RevokeController(id("k1"))]);
    let k1 = house.site.controller(id("k1")).unwrap();
    assert_eq!((k1.key, k1.revoked), (Some(key(7)), true));
    // One that was revoked before it was bound is bound to nothing.
    house.put(vec![Change::RevokeController(id("k2"))]);
    refused(&mut house, Change::BindController { id: id("k2"), key: key(8) }, "was revoked");
}
