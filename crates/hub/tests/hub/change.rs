//! Changes: judged before they are written, and followed across processes.

use crate::rig::*;
use core::time::Duration;
use lockward_hub::{ExplainError, Hub, HubConfig, Office};
use lockward_model::*;
use std::sync::Arc;

fn group(id: &str) -> Change {
    Change::PutGroup(Group { id: id.parse().unwrap(), title: "Staff".parse().unwrap() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_refused_with_its_code_and_leaves_no_trace() {
    let rig = Rig::new().await;
    let office = rig.hub().office();
    let size = office.site().size();
    let by = |seed| rig.sign(size, vec![group("staff")], &key(seed));
    let mut edited = by(OPERATOR);
    let at = edited.len() / 2;
    edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
    let replayed = rig.sign(size - 1, vec![group("staff")], &key(OPERATOR));
    let elsewhere = signed(SiteId([3; 32]), size, vec![group("staff")], &key(OPERATOR));
    let invalid = rig.sign(size, vec![Change::RemoveGroup("none".parse().unwrap())], &key(OPERATOR));
    for (entry, code) in [
        (by(9), "SIGNER_UNKNOWN"),
        (replayed, "ENTRY_OUT_OF_ORDER"),
        (elsewhere, "ENTRY_OTHER_SITE"),
        (invalid, "CHANGE_INVALID"),
        (b"{}".to_vec(), "ENTRY_MALFORMED"),
    ] {
        assert_eq!(office.append_change(&entry).unwrap_err().code(), code);
    }
    assert!(office.append_change(&edited).is_err());
    // The hub's own key may take away, and extend nothing.
    assert_eq!(office.append_own(None, &[group("staff")]).unwrap_err().code(), "SIGNER_NOT_ALLOWED");
    assert_eq!(office.site().size(), size);
    assert_eq!(office.append_change(&by(OPERATOR)).unwrap(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_unclear_at_a_jump_of_the_clocks_is_not_appended() {
    let rig = Rig::new().await;
    let night = Window { days: Days(0x7f), from: 22 * 60, to: 150 };
    let silent = Schedule::new("n".parse().unwrap(), "N".parse().unwrap(), vec![night], vec![]).unwrap();
    let refused = rig.change(vec![Change::PutSchedule(silent.clone())]).unwrap_err();
    assert_eq!(refused.code(), "CHANGE_INVALID");
    assert!(refused.to_string().contains("write `gap = \"before\"`"), "{refused}");
    assert_eq!(rig.hub().office().site().schedules().count(), 0);
    let said = silent.with_jumps(Jumps { gap: Some(Gap::Before), fold: Some(Fold::Both) });
    rig.change(vec![Change::PutSchedule(said)]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_appends_is_in_force_soon() {
    let rig = Rig::new().await;
    let beside = Office::open(&rig.dir, None, Arc::clone(&rig.clock) as _).unwrap();
    let at = beside.site().size();
    let entry = rig.sign(at, vec![group("staff")], &key(OPERATOR));
    assert_eq!(beside.append_change(&entry).unwrap(), at);
    let here = || rig.hub().office().site().groups().count();
    for _ in 0..100 {
        if here() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(here(), 1);
    // And the same index again is too late, on both sides.
    let late = rig.sign(at, vec![group("late")], &key(OPERATOR));
    assert_eq!(rig.hub().office().append_change(&late).unwrap_err().code(), "ENTRY_OUT_OF_ORDER");
    assert_eq!(beside.append_change(&late).unwrap_err().code(), "ENTRY_OUT_OF_ORDER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hub_on_the_same_folder_does_not_start() {
    let rig = Rig::new().await;
    let Err(error) = Hub::start(config(&rig.dir, &rig.clock)).await else { panic!("started") };
    assert!(error.to_string().contains("is in use by"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_and_a_plain_listener_off_the_loopback_are_told_as_such() {
    let rig = Rig::new().await;
    let mut other = Rig::new().await;
    let (dir, clock, busy) = (other.dir.clone(), Arc::clone(&other.clock), rig.hub().addr());
    other.stop().await;
    let start = |listen, console| Hub::start(HubConfig { listen, console, ..config(&dir, &clock) });
    let Err(error) = start(busy, None).await else { panic!("started") };
    assert_eq!(
        error.to_string(),
        format!(
            "port {} of 127.0.0.1 is in use by another program; stop that, or listen elsewhere",
            busy.port()
        )
    );
    let open = Some("0.0.0.0:0".parse().unwrap());
    let Err(error) = start("127.0.0.1:0".parse().unwrap(), open).await else { panic!("started") };
    assert!(error.to_string().contains("without TLS the hub listens on 127.0.0.1 or ::1 only"), "{error}");
    start("127.0.0.1:0".parse().unwrap(), None).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_in_the_log_is_told_and_decided_again() {
    use crate::device::*;
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
    let token = CardToken([1; 16]);
    let access = |outcome| Access {
        side: Side::Entry,
        token: Some(token),
        person: None,
        factors: Factors::CARD,
        pin: PinFact::NotAsked,
        keypad: false,
        config: Some(ConfigRef { size: 2, root: Digest([0; 32]) }),
        config_age: Duration::ZERO,
        known: Known::default(),
        outcome,
    };
    let denied = Outcome::Denied { why: Deny::UnknownCredential, because: vec![] };
    let granted = Outcome::Granted { because: vec!["nobody".into()] };
    let leaves = [denied, granted].map(|outcome| chain.add("door-1", Body::Access(access(outcome)))).to_vec();
    let message = lockward_wire::link::ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    linked.wire.say(&message).await;
    assert_eq!(linked.wire.acked().await, 2);
    let office = rig.hub().office();
    let size = office.store().head(lockward_store::Log::Event).unwrap().size();
    let told: Vec<_> = (0..size).filter_map(|at| office.explain(at).ok()?.again).collect();
    assert_eq!(told.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
    assert!(matches!(office.explain(size), Err(ExplainError::PastEnd(_))));
}
