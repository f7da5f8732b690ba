//! A controller's events: taken once, in order, and acknowledged when they are durable.

use crate::device::*;
use crate::rig::*;
use core::time::Duration;
use lockward_ledger::{Checkpoint, Frontier, leaf_hash};
use lockward_model::*;
use lockward_store::Log;
use lockward_wire::link::*;

async fn linked(rig: &Rig) -> (Device, Linked, Chain) {
    let device = Device::enrolled(rig, "gate-1", 7).await;
    let linked = device.link(0).await;
    let chain = Chain::new(device.id, linked.keys.source_key.clone());
    (device, linked, chain)
}

fn theirs(rig: &Rig) -> Vec<u64> {
    let from_gate = |e: &Event| matches!(e.source, Source::Controller(_));
    rig.events().iter().filter(|e| from_gate(e)).map(|e| e.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_in_the_log_when_it_is_acknowledged() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    assert_eq!(linked.acked, 0);
    linked.wire.say(&chain.batch(&device, 3)).await;
    assert_eq!(linked.wire.acked().await, 3);
    assert_eq!(theirs(&rig), [0, 1, 2]);
    let kept = rig.hub().office().store().source("gate-1").unwrap().unwrap();
    assert_eq!((kept.count, kept.head), (3, chain.prev));
    rig.until(|b| *b == Body::Connected(device.id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_is_kept_once_and_acknowledged_twice() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    let first = chain.batch(&device, 3);
    let mut more = chain.clone();
    linked.wire.say(&first).await;
    linked.wire.say(&first).await;
    assert_eq!((linked.wire.acked().await, linked.wire.acked().await), (3, 3));
    // A batch that begins with what is known and goes on after it.
    let ToHub::Events { mut leaves, .. } = first else { unreachable!() };
    leaves.extend(more.some(2));
    linked.wire.say(&ToHub::Events { first_seq: 0, leaves, head: more.head(&device) }).await;
    assert_eq!(linked.wire.acked().await, 5);
    assert_eq!(theirs(&rig), [0, 1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_new_connection_then_the_chain_goes_on_where_it_was() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    linked.wire.say(&chain.batch(&device, 2)).await;
    assert_eq!(linked.wire.acked().await, 2);
    let mut again = device.link(2).await;
    assert_eq!(again.acked, 2);
    assert_eq!(linked.wire.bye().await, "LINK_REPLACED");
    again.wire.say(&chain.batch(&device, 1)).await;
    assert_eq!(again.wire.acked().await, 3);
    assert_eq!(theirs(&rig), [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_restarted_hub_then_the_chain_goes_on_where_it_was() {
    let mut rig = Rig::new().await;
    let (mut device, mut linked, mut chain) = linked(&rig).await;
    linked.wire.say(&chain.batch(&device, 2)).await;
    assert_eq!(linked.wire.acked().await, 2);
    let next = start_again(&mut rig).await;
    assert!(next < Duration::from_secs(1), "{next:?}");
    device.moved(&rig);
    let mut again = device.link(2).await;
    assert_eq!(again.acked, 2);
    again.wire.say(&chain.batch(&device, 1)).await;
    assert_eq!(again.wire.acked().await, 3);
    assert_eq!(theirs(&rig), [0, 1, 2]);
}

/// Stops the hub and starts it; how long the stop took.
async fn start_again(rig: &mut Rig) -> Duration {
    let begun = std::time::Instant::now();
    rig.stop().await;
    let took = begun.elapsed();
    rig.start().await;
    took
}

async fn breaks(rig: &Rig, linked: &mut Linked, message: &ToHub, due: u64, came: u64) {
    linked.wire.say(message).await;
    assert_eq!(linked.wire.bye().await, "LOG_CHAIN_BREAK");
    let controller = "gate-1".parse().unwrap();
    rig.until(|b| *b == Body::Gap { controller, due, came }).await;
    assert!(theirs(rig).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_an_alarm() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    chain.some(2);
    let message = chain.batch(&device, 1);
    breaks(&rig, &mut linked, &message, 0, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_leaf_is_refused() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    let mut leaves = chain.some(3);
    let last = leaves[1].len() - 1;
    leaves[1][last] ^= 1;
    let message = ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    breaks(&rig, &mut linked, &message, 0, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_last_leaf_is_refused() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    let mut leaves = chain.some(3);
    let last = leaves[2].len() - 1;
    leaves[2][last] ^= 1;
    let message = ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    breaks(&rig, &mut linked, &message, 0, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reordered_leaves_are_refused() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    let mut leaves = chain.some(3);
    leaves.swap(1, 2);
    let message = ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    breaks(&rig, &mut linked, &message, 0, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_controllers_leaf_is_refused() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    chain.source = "gate-2".parse().unwrap();
    let message = chain.batch(&device, 1);
    breaks(&rig, &mut linked, &message, 0, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_signed_by_another_key_is_refused() {
    let rig = Rig::new().await;
    let (mut device, mut linked, mut chain) = linked(&rig).await;
    device.pair = key(8);
    let message = chain.batch(&device, 2);
    breaks(&rig, &mut linked, &message, 0, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_head_among_the_events_is_refused() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    let mut leaves = chain.some(1);
    leaves.push(chain.head(&device));
    let message = ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    breaks(&rig, &mut linked, &message, 0, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_was_set_back_raises_one_alarm_however_often_it_comes() {
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    linked.wire.say(&chain.batch(&device, 4)).await;
    assert_eq!(linked.wire.acked().await, 4);
    for _ in 0..2 {
        let mut wire = device.wire().await.unwrap();
        wire.say(&device.hello(1)).await;
        assert_eq!(wire.bye().await, "LOG_CHAIN_BREAK");
    }
    // And one whose chain parted from the one that the log holds.
    let mut again = device.link(4).await;
    let mut forked = Chain::new(device.id, chain.key.clone());
    forked.add("door-2", Body::NotEntered);
    forked.some(3);
    let mut leaves = forked.some(1);
    leaves.insert(0, Chain { seq: 3, ..forked.clone() }.add("door-2", Body::NotEntered));
    again.wire.say(&ToHub::Events { first_seq: 3, leaves, head: forked.head(&device) }).await;
    assert_eq!(again.wire.bye().await, "LOG_CHAIN_BREAK");
    let gaps: Vec<_> = rig.events().into_iter().filter(|e| matches!(e.body, Body::Gap { .. })).collect();
    assert_eq!(gaps.len(), 2, "{gaps:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_store_that_fails_then_nothing_is_acknowledged_and_the_hub_goes_on() {
    use lockward_store::{Batch, HubStore, Log};
    let rig = Rig::new().await;
    let (device, mut linked, mut chain) = linked(&rig).await;
    rig.until(|b| *b == Body::Connected(device.id)).await;
    // Somebody else keeps the store locked for longer than the hub waits.
    let (locked, is_locked) = std::sync::mpsc::channel();
    let (let_go, go) = std::sync::mpsc::channel::<()>();
    let store = HubStore::open(&rig.dir).unwrap();
    let holder = std::thread::spawn(move || {
        let at = store.head(Log::Config).unwrap().size();
        let nothing = Batch::<Vec<u8>> { at, leaves: &[], sources: &[] };
        let _ = store.append(Log::Config, &nothing, |_| {
            locked.send(()).unwrap();
            go.recv().unwrap();
            Vec::new()
        });
    });
    is_locked.recv().unwrap();
    let batch = chain.batch(&device, 1);
    linked.wire.say(&batch).await;
    let word = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            match linked.wire.patient().await.unwrap() {
                ToController::Ack { .. } => return "ack".into(),
                ToController::Bye { code } => return String::from(code),
                _ => {}
            }
        }
    });
    assert_eq!(word.await.unwrap(), "STORE_FAILED");
    assert!(theirs(&rig).is_empty());
    let_go.send(()).unwrap();
    holder.join().unwrap();
    // The controller comes again with what it kept.
    let mut again = device.link(1).await;
    assert_eq!(again.acked, 0);
    again.wire.say(&batch).await;
    assert_eq!(again.wire.acked().await, 1);
    assert_eq!(theirs(&rig), [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_piece_of_the_configuration_comes_with_a_checkpoint_of_just_that_much() {
    let rig = Rig::new().await;
    for n in 0..30 {
        let title = format!("Group {n}").parse().unwrap();
        rig.change(vec![Change::PutGroup(Group { id: format!("g-{n}").parse().unwrap(), title })]).unwrap();
    }
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    let size = rig.hub().office().site().size();
    let mut frontier = Frontier::new();
    while frontier.size() < size {
        let (first, entries, note) = linked
            .wire
            .until(|m| match m {
                ToController::Entries { first, entries, checkpoint } => Some((first, entries, checkpoint)),
                _ => None,
            })
            .await;
        assert_eq!(first, frontier.size());
        entries.iter().for_each(|e| frontier.append(leaf_hash(e)));
        let text = String::from_utf8(note).unwrap();
        let checkpoint: Checkpoint =
            text.split_once("\n\n").map(|(t, _)| format!("{t}\n")).unwrap().parse().unwrap();
        assert_eq!(checkpoint.head(), frontier.head());
    }
    // A change goes out at once.
    rig.change(vec![Change::RemoveGroup("g-3".parse().unwrap())]).unwrap();
    let first =
        linked.wire.until(|m| if let ToController::Entries { first, .. } = m { Some(first) } else { None });
    assert_eq!(first.await, size);
}

/// Else one that refused what somebody else showed it would take no word of the hub for fresh until the next change.
#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_has_everything_is_shown_the_log_as_it_is_on_each_connection() {
    let rig = Rig::new().await;
    let (device, _, _) = linked(&rig).await;
    let office = rig.hub().office();
    let (size, mut frontier) = (office.site().size(), Frontier::new());
    let entries = office.store().entries(Log::Config, 0..size).unwrap();
    entries.iter().for_each(|e| frontier.append(leaf_hash(e)));
    let root = Digest(*frontier.root().as_bytes());
    for _ in 0..2 {
        let mut again = device.wire().await.unwrap();
        let ToHub::Hello { controller, site, version, time, .. } = device.hello(0) else { unreachable!() };
        let (config, next_seq, oldest_unacked, event_size) = (Some(ConfigRef { size, root }), 0, 0, 0);
        let hello =
            ToHub::Hello { controller, site, version, config, next_seq, oldest_unacked, event_size, time };
        again.say(&hello).await;
        let shown = again.until(|said| match said {
            ToController::Entries { first, entries, .. } => Some((first, entries.len())),
            _ => None,
        });
        assert_eq!(shown.await, (size, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_over_the_link() {
    let rig = Rig::new().await;
    let (mut device, mut linked, _) = linked(&rig).await;
    rig.clock.forward(Duration::from_secs(5 * 24 * 3_600));
    linked.wire.say(&ToHub::Renew).await;
    let chain = linked
        .wire
        .until(|m| if let ToController::Certificate { chain } = m { Some(chain) } else { None })
        .await;
    rig.clock.forward(Duration::from_secs(4 * 24 * 3_600));
    // The old one has expired by now.
    device.chain = chain;
    device.link(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cosignatures_are_kept_if_they_hold() {
    use lockward_ledger::{SignedCheckpoint, VerifierKey};
    let rig = Rig::new().await;
    let (device, mut linked, _) = linked(&rig).await;
    let (note, proof) = linked
        .wire
        .until(|m| if let ToController::Checkpoint { note, proof } = m { Some((note, proof)) } else { None })
        .await;
    assert!(proof.is_empty());
    let founding = rig.hub().office().site().founding().clone();
    let log = VerifierKey::new(founding.event_origin.parse().unwrap(), founding.log_key.0);
    let signed = SignedCheckpoint::open(&note, &log).unwrap();
    let name = cosigner_name(&founding.event_origin, &device.id);
    let size = signed.head().size;
    let cosign = |by: u8| signed.cosign(name.parse().unwrap(), &key(by), 1_900_000_000).unwrap().to_string();
    let word =
        |line: String| ToHub::Cosignature { log: lockward_wire::link::Log::Event, size, line: line.into() };
    linked.wire.say(&word(cosign(8))).await;
    linked.wire.say(&word(cosign(7))).await;
    let store = rig.hub().office().store();
    for _ in 0..200 {
        if !store.cosignatures(Log::Event, 0).unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let kept = store.cosignatures(Log::Event, 0).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].name.as_str(), kept[0].line.as_slice()), (name.as_str(), cosign(7).as_bytes()));
}
