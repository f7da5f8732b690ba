//! What the hub hands over is kept if it can be of use, written when it is new, and with one sync however much it is.

use crate::house::{ANN, DEVICE, DIR, EPOCH, FRONT, House, STRANGER, Who, key, pair, person, small};
use crate::hub::FakeHub;
use crate::rig::{Rig, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_controller::identity::Identity;
use lockward_model::{Change, Epoch};
use lockward_store::{Counts, Disk, Journal};
use lockward_wire::link::{Keys, ToController, ToHub};
use std::path::Path;

/// A DER element (X.690, 8.1.3: the length in the shortest form) of up to 255 bytes.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).unwrap();
    let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [head, content].concat()
}

/// The smallest certificate that bears a key (RFC 5280, 4.1; RFC 8410), signed with that key.
fn certificate(of: Who, serial: u8) -> Vec<u8> {
    let ed25519 = der(0x30, &[&der(0x06, &[&[0x2b, 0x65, 0x70]])]);
    let version_3 = der(0xa0, &[&der(0x02, &[&[2]])]);
    let nobody = der(0x30, &[]);
    let day = der(0x17, &[b"260101000000Z"]);
    let subject_key = der(0x30, &[&ed25519, &der(0x03, &[&[0], &key(of).0])]);
    let valid = der(0x30, &[&day, &day]);
    let serial = der(0x02, &[&[serial]]);
    let signed = der(0x30, &[&version_3, &serial, &ed25519, &nobody, &valid, &nobody, &subject_key]);
    let signature = der(0x03, &[&[0], pair(of).sign(&signed).as_ref()]);
    der(0x30, &[&signed, &ed25519, &signature])
}

/// The chain that the next handshake shows.
fn shown(rig: &Rig) -> Vec<Vec<u8>> {
    Identity::read(rig.disk.clone(), Path::new(DIR)).unwrap().chain
}

fn handed(rig: &mut Rig, chain: Vec<Vec<u8>>) {
    rig.hub_says(ToController::Certificate { chain });
}

#[test]
fn a_certificate_that_is_not_for_the_controllers_key_is_not_kept() {
    let mut rig = Rig::stocked(1);
    let good = vec![certificate(DEVICE, 1), certificate(STRANGER, 2)];
    handed(&mut rig, good.clone());
    assert_eq!(shown(&rig), good, "one that fits is kept, with those above it");
    let mut torn = certificate(DEVICE, 3);
    torn.pop();
    let of_another = vec![certificate(STRANGER, 3), certificate(DEVICE, 3)];
    for bad in [of_another, vec![], vec![vec![]], vec![torn]] {
        handed(&mut rig, bad);
        assert_eq!(shown(&rig), good, "what would end every handshake takes no place");
    }
    handed(&mut rig, vec![certificate(DEVICE, 4)]);
    assert_eq!(shown(&rig.power_cut(1)), [certificate(DEVICE, 4)]);
}

#[test]
fn given_a_disk_that_did_not_take_a_certificate_then_the_same_one_is_taken_later() {
    let mut rig = Rig::stocked(2);
    let chain = vec![certificate(DEVICE, 1)];
    rig.disk.set_capacity(0);
    handed(&mut rig, chain.clone());
    assert_ne!(shown(&rig), chain);
    rig.disk.heal();
    handed(&mut rig, chain.clone());
    assert_eq!(shown(&rig), chain);
}

/// What the disk is asked for by one word of the hub, when nothing else is due.
fn cost(rig: &mut Rig, said: ToController) -> Counts {
    for _ in 0..50 {
        rig.turn(vec![]);
    }
    let before = rig.disk.counts();
    let mut seen = rig.take(vec![Input::Hub(Box::new(said))]);
    rig.step(&mut seen);
    let after = rig.disk.counts();
    Counts {
        steps: after.steps - before.steps,
        writes: after.writes - before.writes,
        syncs: after.syncs - before.syncs,
    }
}

#[test]
fn keys_and_a_certificate_that_are_the_same_again_ask_nothing_of_the_disk() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(3);
    rig.meet(&mut hub);
    handed(&mut rig, vec![certificate(DEVICE, 1)]);
    for _ in 0..10 {
        assert_eq!(cost(&mut rig, ToController::Keys(hub.house.keys())), Counts::default());
        let chain = vec![certificate(DEVICE, 1)];
        assert_eq!(cost(&mut rig, ToController::Certificate { chain }), Counts::default());
    }
    // What is new is written: the counts can tell.
    assert_eq!(cost(&mut rig, ToController::Certificate { chain: vec![certificate(DEVICE, 2)] }).syncs, 1);
    let next = Keys { epoch: Epoch(EPOCH.0 + 1), ..hub.house.keys() };
    assert_eq!(cost(&mut rig, ToController::Keys(next)).syncs, 1);
    // And an epoch that is past is not.
    assert_eq!(cost(&mut rig, ToController::Keys(hub.house.keys())), Counts::default());
}

#[test]
fn given_a_disk_that_did_not_take_the_keys_then_the_same_ones_are_taken_later() {
    let house = House::furnished();
    let mut rig = Rig::start(&house, house.enrolled(4), at(Duration::from_secs(1)));
    let mut hub = FakeHub::new(house);
    rig.turn(vec![Input::Linked]);
    rig.hub_says(ToController::Welcome { time: rig.now.wall, acked: 0 });
    rig.hub_says(hub.entries_from(1).unwrap());
    // The spool has its room already; a small file needs more.
    rig.disk.set_capacity(0);
    rig.hub_says(ToController::Keys(hub.house.keys()));
    rig.disk.heal();
    hub.unlinked();
    rig.meet(&mut hub);
    rig.part(&mut hub);
    assert!(rig.power_cut(4).badge(FRONT, ANN).granted(FRONT), "they have outlived the power cut");
}

fn people(house: &mut House, many: usize) {
    for n in 0..many {
        house.change(vec![Change::PutPerson(person(&format!("p-{n}")))]);
    }
}

/// Entries one by one would keep the doors waiting for as many syncs.
#[test]
fn many_entries_in_one_message_cost_one_sync() {
    for many in [1, 2, 40] {
        let (mut rig, mut hub) = Rig::stocked_with_hub(5);
        rig.meet(&mut hub);
        people(&mut hub.house, many);
        assert_eq!(cost(&mut rig, hub.entries_from(2).unwrap()).syncs, 1, "{many} entries");
        assert_eq!(rig.core.config(), Some(hub.house.config()));
        // And all of them are on the disk by then: nothing was synced after.
        let disk = rig.disk.power_cut(5);
        assert_eq!(kept(&disk), hub.house.size());
    }
}

fn kept<D: Disk + Clone>(disk: &D) -> u64 {
    Journal::open(disk.clone(), &Path::new(DIR).join("config"), small().config, 9).unwrap().0.next()
}

/// The good ones before it are kept by the same sync.
#[test]
fn given_a_bad_entry_behind_many_good_ones_then_those_cost_one_sync_and_are_kept() {
    let (mut rig, mut hub) = Rig::stocked_with_hub(6);
    rig.meet(&mut hub);
    people(&mut hub.house, 7);
    let unsigned = hub.house.entry(vec![], &[]);
    hub.house.entries.push(unsigned);
    assert_eq!(cost(&mut rig, hub.entries_from(2).unwrap()).syncs, 1);
    assert_eq!(rig.core.config(), Some(hub.house.config_at(9)));
    assert_eq!(kept(&rig.disk.power_cut(6)), 9);
}

/// A sync that fails leaves an unknown part of them on the disk; each is there once in the end.
#[test]
fn given_many_entries_and_a_disk_that_fails_then_each_is_kept_once() {
    let faults: [fn(&Rig); 4] = [
        |rig| rig.disk.fail_sync_after(0),
        |rig| rig.disk.fail_write_after(0),
        |rig| rig.disk.fail_write_after(3_000),
        |rig| rig.disk.fail_write_after(9_000),
    ];
    for fault in faults {
        let (mut rig, mut hub) = Rig::stocked_with_hub(7);
        rig.meet(&mut hub);
        people(&mut hub.house, 12);
        fault(&rig);
        let seen = rig.hub_says(hub.entries_from(2).unwrap());
        assert!(seen.hung_up && !seen.sent.iter().any(|s| matches!(s, ToHub::Applied(_))));
        rig.disk.heal();
        for _ in 0..5 {
            rig.turn(vec![]);
        }
        assert_eq!(kept(&rig.disk.power_cut(7)), hub.house.size());
        let rig = Rig::start(&hub.house, rig.disk.power_cut(8), rig.now);
        assert_eq!(rig.core.config(), Some(hub.house.config()), "and they are the hub's, in order");
    }
}
