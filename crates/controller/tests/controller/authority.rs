//! SIGNED-AUTHORITY: a captured hub appends what it likes to its log; the controller follows what its site signed.

use crate::house::{
    ANN, AUDITOR, FRONT, HUB, House, LAB, NOBODY, OWNER, STRANGER, VAULT, Who, card, credential, id, person,
    token,
};
use crate::hub::FakeHub;
use crate::rig::{NONE, Rig};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_model::{Body, Change, Proof};
use lockward_wire::link::Log;

/// What the hub would like: a person with the card that nobody has.
fn wish() -> Vec<Change> {
    vec![
        Change::PutPerson(person("eve")),
        Change::PutCredential(credential("eve-card", "eve", Proof::Card(token(NOBODY)))),
    ]
}

fn signed(house: &House, by: &[Who]) -> Vec<u8> {
    house.entry(wish(), by)
}

/// The entry's payload with one letter changed, under the signature of what it was.
fn edited(house: &House) -> Vec<u8> {
    use base64_of_json::swap;
    swap(&signed(house, &[OWNER]), &house.entry_at(2, vec![Change::PutPerson(person("eva"))], &[OWNER]))
}

mod base64_of_json {
    /// The first entry with the payload of the second.
    pub(super) fn swap(signed: &[u8], other: &[u8]) -> Vec<u8> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let payload =
            |s: &str| s.split("\"payload\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let (signed, other) = (text(signed), text(other));
        signed.replace(&payload(&signed), &payload(&other)).into_bytes()
    }
}

fn other_site() -> House {
    let house = House::bare();
    House { site: lockward_model::SiteId([9; 32]), ..house }
}

fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let house = House::furnished();
    let cut = signed(&house, &[OWNER]);
    vec![
        ("ENTRY_UNSIGNED", signed(&house, &[])),
        ("SIGNER_UNKNOWN", signed(&house, &[STRANGER])),
        ("SIGNER_UNKNOWN", signed(&house, &[OWNER, STRANGER])),
        ("SIGNER_UNKNOWN", edited(&house)),
        ("SIGNER_NOT_ALLOWED", signed(&house, &[AUDITOR])),
        ("SIGNER_NOT_ALLOWED", signed(&house, &[HUB])),
        ("SIGNER_NOT_ALLOWED", signed(&house, &[HUB, AUDITOR])),
        ("ENTRY_OUT_OF_ORDER", house.entries[1].clone()),
        ("ENTRY_OUT_OF_ORDER", house.entry_at(3, wish(), &[OWNER])),
        ("ENTRY_OTHER_SITE", other_site().entry_at(2, wish(), &[OWNER])),
        ("ENTRY_KIND", house.entries[0].clone()),
        ("ENTRY_MALFORMED", b"{}".to_vec()),
        ("ENTRY_MALFORMED", cut[..cut.len() - 1].to_vec()),
        ("CHANGE_INVALID", house.entry(vec![Change::RemoveZone(id("house"))], &[OWNER])),
    ]
}

/// The hub has this entry in its log and says so, under a checkpoint that is in order.
fn push(rig: &mut Rig, hub: &mut FakeHub, entries: Vec<Vec<u8>>) -> crate::rig::Seen {
    let first = rig.core.config().unwrap().size;
    hub.house.entries.extend(entries);
    let said = hub.entries_from(first).unwrap();
    rig.told(hub, said)
}

/// Whether a card opens; the hub is told.
fn opens(rig: &mut Rig, hub: &mut FakeHub, door: usize, number: u8) -> bool {
    let seen = rig.badge(door, number);
    let opens = seen.granted(door);
    assert_eq!(opens, !seen.released().is_empty());
    rig.talk(hub, seen);
    let seen = rig.pass(Duration::from_secs(10));
    rig.talk(hub, seen);
    opens
}

fn decisions(rig: &mut Rig, hub: &mut FakeHub) -> [bool; 4] {
    [(FRONT, NOBODY), (FRONT, ANN), (LAB, ANN), (VAULT, ANN)]
        .map(|(door, number)| opens(rig, hub, door, number))
}

#[test]
fn whatever_the_hub_appends_unsigned_is_refused_by_name_and_the_last_good_state_stays() {
    for (code, entry) in bad() {
        let (mut rig, mut hub) = Rig::stocked_with_hub(1);
        rig.meet(&mut hub);
        let good = hub.house.clone();
        let before = (rig.core.config(), decisions(&mut rig, &mut hub));
        assert_eq!(before.1, [false, true, true, false]);
        let cosigned = hub.cosigned.len();

        push(&mut rig, &mut hub, vec![entry]);
        assert_eq!(hub.refused, [(2, code.into())]);
        assert_eq!(hub.cosigned.len(), cosigned, "{code}: cosigned");
        assert_eq!(before, (rig.core.config(), decisions(&mut rig, &mut hub)), "{code}");

        // The same place in the log, by someone who may.
        hub.house = good;
        let entry = signed(&hub.house, &[OWNER]);
        push(&mut rig, &mut hub, vec![entry]);
        assert_eq!(hub.applied.last(), Some(&hub.house.config()), "{code}");
        assert_eq!(hub.cosigned.last(), Some(&(Log::Config, 3)), "{code}");
        assert!(opens(&mut rig, &mut hub, FRONT, NOBODY), "{code}: the good set is in force");
        let events = hub.events();
        let refused = events.iter().filter(|e| e.body == Body::ConfigRefused { at: 2, code: code.into() });
        assert_eq!(refused.count(), 1, "{code} stands in the record");
        crate::explained::all_again(&hub.house, &events);
    }
}

#[test]
fn the_hub_alone_may_take_away() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(2);
    rig.meet(&mut hub);
    let entry = hub.house.entry(vec![Change::RevokeCredential(id("ann-card"))], &[HUB]);
    push(&mut rig, &mut hub, vec![entry]);
    assert_eq!(rig.badge(FRONT, ANN).released(), NONE);
    assert_eq!(hub.applied.last(), Some(&hub.house.config()));
}

#[test]
fn given_a_good_entry_before_a_bad_one_then_the_good_one_is_in_force_and_reported() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(3);
    rig.meet(&mut hub);
    let good = hub.house.entry(vec![Change::RevokeCredential(id("ann-card"))], &[OWNER]);
    let bad = hub.house.entry_at(3, wish(), &[STRANGER]);
    push(&mut rig, &mut hub, vec![good, bad]);
    let applied = hub.house.config_at(3);
    assert_eq!(rig.core.config(), Some(applied));
    assert!(!opens(&mut rig, &mut hub, FRONT, ANN));
    assert_eq!(hub.applied.last(), Some(&applied), "FRESH: what is in force is reported");
    assert_eq!(hub.refused, [(3, "SIGNER_UNKNOWN".into())]);
    assert!(hub.events().iter().any(|e| e.body == Body::ConfigApplied(applied)));
}

/// A change whose entry the disk does not take is in force, since it was verified, but not reported before it is kept.
#[test]
fn given_the_disk_fails_on_an_entry_then_decisions_name_what_decided_and_the_change_is_not_lost() {
    for skip in 0..4 {
        let (mut rig, mut hub) = Rig::stocked_with_hub(4);
        rig.meet(&mut hub);
        let applied = hub.applied.len();
        hub.house.change(vec![Change::RevokeCredential(id("ann-card"))]);
        rig.disk.fail_sync_after(skip);
        let said = hub.entries_from(2).unwrap();
        let mut inputs = vec![Input::Hub(Box::new(said))];
        inputs.insert(0, card(FRONT, ANN));
        let seen = rig.turn(inputs);
        rig.talk(&mut hub, seen);
        rig.disk.heal();
        rig.pass(Duration::from_secs(10));
        assert_eq!(rig.badge(FRONT, ANN).released(), NONE, "the revocation holds");
        rig.pass(Duration::from_secs(1));
        rig.part(&mut hub);
        rig.meet(&mut hub);
        assert!(
            hub.applied.len() > applied && hub.applied.last() == Some(&hub.house.config()),
            "{:?}",
            hub.applied
        );
        assert!(hub.refused.is_empty(), "{:?}", hub.refused);
        hub.house.change(vec![Change::PutPerson(person("eve"))]);
        let said = hub.entries_from(3).unwrap();
        rig.told(&mut hub, said);
        assert_eq!(hub.applied.last(), Some(&hub.house.config()), "later changes follow");
        crate::explained::all_again(&hub.house, &hub.events());
        hub.unlinked();
        let mut rig = rig.power_cut(skip.into());
        assert_eq!(rig.core.config(), Some(hub.house.config()), "and all of it is on the disk");
        assert_eq!(rig.badge(FRONT, ANN).released(), NONE);
    }
}
