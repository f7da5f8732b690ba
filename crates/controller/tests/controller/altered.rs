//! NONE-ALTERED: a hub that shows another past than it showed before gets no cosignature, and no link.

use crate::house::{ANN, AUDITOR, FRONT, House, LOG, STRANGER, card, checkpoint, frontier, person};
use crate::hub::FakeHub;
use crate::rig::{Rig, Seen};
use core::time::Duration;
use lockward_model::{Body, Change};
use lockward_wire::link::{Log, ToController, ToHub};

fn cosigns(seen: &Seen) -> bool {
    seen.sent.iter().any(|s| matches!(s, ToHub::Cosignature { .. }))
}

fn fork(house: &House) -> House {
    let mut fork = House { site: house.site, entries: house.entries[..1].to_vec() };
    let entry = fork
        .entry(vec![Change::PutController { id: "x".parse().unwrap(), title: "X".parse().unwrap() }], &[1]);
    fork.entries.push(entry);
    fork
}

/// Not followed: refused by this code, hung up, recorded, and nothing has changed.
fn is_withheld(mut rig: Rig, said: ToController, code: &str) {
    let before = rig.core.config();
    rig.turn(vec![lockward_controller::core::Input::Linked]);
    let seen = rig.hub_says(said);
    assert!(!cosigns(&seen) && seen.hung_up, "{code}");
    let told = seen.sent.iter().any(|s| matches!(s, ToHub::Refused { code: c, .. } if &**c == code));
    assert!(told, "{code}: the hub is told why, not {:?}", seen.sent);
    assert_eq!(rig.core.config(), before);
    assert!(rig.badge(FRONT, ANN).granted(FRONT));
    assert_eq!(refusals(rig), [code.into()], "{code} stands in the record, once");
}

/// What was refused, as the record has it.
fn refusals(rig: Rig) -> Vec<Box<str>> {
    let code = |b: Body| match b {
        Body::ConfigRefused { code, .. } => Some(code),
        _ => None,
    };
    rig.bodies().into_iter().filter_map(code).collect()
}

#[test]
fn a_config_log_with_another_past_is_a_fork() {
    let (rig, hub) = Rig::stocked_with_hub(1);
    let fork = fork(&hub.house);
    let said = ToController::Entries { first: 2, entries: vec![], checkpoint: fork.checkpoint() };
    is_withheld(rig, said, "LOG_FORK");

    let (rig, hub) = Rig::stocked_with_hub(2);
    let mut fork = self::fork(&hub.house);
    fork.change(vec![Change::PutPerson(person("eve"))]);
    let said = ToController::Entries {
        first: 2,
        entries: vec![fork.entries[2].clone()],
        checkpoint: fork.checkpoint(),
    };
    is_withheld(rig, said, "LOG_FORK");
}

#[test]
fn a_config_log_that_grew_shorter_is_not_followed() {
    let (rig, hub) = Rig::stocked_with_hub(3);
    let short = House { site: hub.house.site, entries: hub.house.entries[..1].to_vec() };
    let said =
        ToController::Entries { first: 0, entries: short.entries.clone(), checkpoint: short.checkpoint() };
    is_withheld(rig, said, "ENTRY_OUT_OF_ORDER");
}

/// The root does not bind the size by itself.
#[test]
fn a_config_checkpoint_with_the_right_root_and_another_size_is_a_fork() {
    use lockward_ledger::{Checkpoint, Head, SignedCheckpoint};
    for size in [1, 3] {
        let (rig, hub) = Rig::stocked_with_hub(11);
        let head = Head { size, ..frontier(&hub.house.entries).head() };
        let note = Checkpoint::new("example.com/7/config".parse().unwrap(), head, vec![]).unwrap();
        let checkpoint = SignedCheckpoint::sign(note, &crate::house::pair(LOG)).unwrap().to_string();
        let said = ToController::Entries { first: 2, entries: vec![], checkpoint: checkpoint.into_bytes() };
        is_withheld(rig, said, "LOG_FORK");
    }
}

#[test]
fn entries_that_leave_some_out_are_not_followed() {
    for first in [3, u64::MAX] {
        let (rig, hub) = Rig::stocked_with_hub(4);
        let entry = hub.house.entry(vec![], &[1]);
        let said = ToController::Entries { first, entries: vec![entry], checkpoint: hub.house.checkpoint() };
        is_withheld(rig, said, "ENTRY_OUT_OF_ORDER");
    }
}

#[test]
fn a_config_checkpoint_of_another_key_or_another_log_is_not_followed() {
    let origins = [
        ("example.com/7/config", STRANGER),
        ("example.com/7/events", LOG),
        ("example.com/7/config", AUDITOR),
    ];
    for (origin, by) in origins {
        let (rig, hub) = Rig::stocked_with_hub(5);
        let checkpoint = checkpoint(origin, &frontier(&hub.house.entries), by);
        is_withheld(
            rig,
            ToController::Entries { first: 2, entries: vec![], checkpoint },
            "CHECKPOINT_INVALID",
        );
    }
}

/// A controller that has cosigned an event log of some size, and the hub that holds it.
fn cosigned(seed: u64) -> (Rig, FakeHub) {
    let (mut rig, mut hub) = Rig::stocked_with_hub(seed);
    rig.turn(vec![card(FRONT, ANN)]);
    rig.meet(&mut hub);
    let seen = rig.witness(&mut hub);
    assert!(!seen.hung_up);
    assert_eq!(hub.cosigned.last(), Some(&(Log::Event, hub.due())));
    (rig, hub)
}

fn is_not_followed(rig: &mut Rig, said: ToController, what: &str) -> Seen {
    let seen = rig.hub_says(said);
    assert!(!cosigns(&seen), "{what}: cosigned");
    assert!(seen.hung_up, "{what}: the link goes on");
    seen
}

/// The hub, or whoever holds its log key, shows two logs: the record says so.
fn is_a_fork(mut rig: Rig, said: ToController, what: &str) {
    let seen = is_not_followed(&mut rig, said, what);
    let told = seen.sent.iter().any(|s| matches!(s, ToHub::Refused { code, .. } if &**code == "LOG_FORK"));
    assert!(told, "{what}: the hub is told why, not {:?}", seen.sent);
    assert_eq!(refusals(rig), ["LOG_FORK".into()], "{what} stands in the record, once");
}

#[test]
fn an_event_log_that_grew_is_cosigned_each_time_also_after_a_power_cut() {
    let (mut rig, mut hub) = cosigned(6);
    for round in 0..6 {
        rig.badge(FRONT, ANN);
        rig.pass(Duration::from_secs(5));
        if round == 3 {
            hub.unlinked();
            rig = rig.power_cut(round);
            rig.meet(&mut hub);
        }
        rig.part(&mut hub);
        rig.meet(&mut hub);
        let seen = rig.witness(&mut hub);
        assert!(!seen.hung_up);
        assert_eq!(hub.cosigned.last(), Some(&(Log::Event, hub.due())), "round {round}");
    }
}

#[test]
fn an_event_log_with_another_past_is_not_cosigned_and_the_link_ends() {
    for longer in [0, 1, 5] {
        let (mut rig, hub) = cosigned(7);
        let mut forked = hub.leaves.clone();
        forked[2][40] ^= 1;
        forked.extend((0..longer).map(|n| vec![n; 60]));
        let old = hub.due();
        is_not_followed(&mut rig, FakeHub::checkpoint_over(&forked, old), "a fork");
        // The head that was seen first is kept, also over a power cut.
        rig.pass(Duration::from_secs(1));
        let mut rig = rig.power_cut(longer.into());
        is_not_followed(&mut rig, FakeHub::checkpoint_over(&forked, old), "a fork, again");
        assert_eq!(refusals(rig), ["LOG_FORK".into(), "LOG_FORK".into()], "both times, on record");
    }
}

#[test]
fn an_event_log_that_grew_shorter_is_not_cosigned_and_the_link_ends() {
    for shorter in [1, 2, 5] {
        let (rig, hub) = cosigned(8);
        let short = &hub.leaves[..hub.leaves.len() - shorter];
        is_a_fork(rig, FakeHub::checkpoint_over(short, 0), "a truncation");
    }
}

#[test]
fn an_event_checkpoint_without_proof_or_by_another_key_is_not_cosigned_and_the_link_ends() {
    let (mut rig, hub) = cosigned(9);
    let mut longer = hub.leaves.clone();
    longer.push(vec![1; 60]);
    let ToController::Checkpoint { note, .. } = FakeHub::checkpoint_over(&longer, 0) else { panic!() };
    is_not_followed(&mut rig, ToController::Checkpoint { note, proof: vec![] }, "no proof");
    let note = checkpoint("example.com/7/events", &frontier(&longer), STRANGER);
    is_not_followed(&mut rig, ToController::Checkpoint { note, proof: vec![] }, "a stranger's");
    let note = checkpoint("example.com/7/config", &frontier(&longer), LOG);
    is_not_followed(&mut rig, ToController::Checkpoint { note, proof: vec![] }, "another log's");
    let why = ["LOG_FORK".into(), "CHECKPOINT_INVALID".into(), "CHECKPOINT_INVALID".into()];
    assert_eq!(refusals(rig), why, "each is on record");
}

#[test]
fn a_head_that_could_not_be_kept_is_not_cosigned_and_not_taken_for_a_fork() {
    let (mut rig, mut hub) = cosigned(10);
    rig.badge(FRONT, ANN);
    rig.part(&mut hub);
    rig.meet(&mut hub);
    rig.disk.fail_sync_after(0);
    let seen = rig.hub_says(hub.event_checkpoint());
    assert!(!cosigns(&seen) && !seen.hung_up);
    let seen = rig.witness(&mut hub);
    assert!(!seen.hung_up);
    assert_eq!(hub.cosigned.last(), Some(&(Log::Event, hub.due())));
}
