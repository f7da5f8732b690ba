//! Logs that hold: what is counted, with keys and without, and how one event is told.

use crate::copy::{Copy, every_key, head};
use crate::house::{House, epoch_key};
use crate::plant;
use crate::plant::c;
use lockward_audit::{
    Audit, BATCH_ENTRIES, Cosigned, EpochKeys, ExplainError, Log, Pin, Progress, open_event,
};
use lockward_model::{Body, Epoch, PinFact, Source};
use lockward_wire::event::Leaf;

#[test]
fn explained_every_decision_of_a_clean_log_is_decided_again() {
    let house = House::at_work();
    let mut copy = Copy::of(&house);
    for threads in 1..4 {
        let report = copy.audit(every_key(), threads).unwrap();
        assert_eq!((report.site, report.pinned), (house.site, true));
        assert_eq!((report.config, report.event), (head(&house.config), head(&house.event)));
        assert_eq!((report.decided, report.sealed_decisions, report.sealed_events), (13, 0, 0));
        let chains: Vec<_> = report.chains.iter().map(|c| (c.source, c.events, c.heads)).collect();
        assert_eq!(chains, [(Source::Hub, 3, 3), (c(1), 11, 3), (c(2), 7, 2), (c(3), 5, 2)]);
        assert_eq!(report.events(), 26);
        let (from, to) = report.span().unwrap();
        assert!(from > plant::MORNING && to <= house.now, "{from} {to}");
    }
}

#[test]
fn none_altered_is_checked_without_any_key_and_the_decisions_are_counted_as_not_looked_into() {
    let report = Copy::clean().audit(EpochKeys::new(), 2).unwrap();
    assert_eq!((report.decided, report.sealed_decisions, report.sealed_events), (0, 13, 26));
}

#[test]
fn with_the_key_of_one_epoch_only_that_one_is_looked_into() {
    let keys = EpochKeys::from([(Epoch(2), epoch_key(Epoch(2)))]);
    let report = Copy::clean().audit(keys, 2).unwrap();
    assert_eq!((report.decided, report.sealed_decisions), (3, 10));
}

#[test]
fn without_a_pin_the_report_says_that_nobody_has_vouched_for_the_site() {
    let mut copy = Copy::clean();
    let report = Audit::new(&mut copy, Pin::Found, every_key()).run(|_| ()).unwrap();
    assert_eq!((report.site, report.pinned), (copy.site, false));
}

#[test]
fn cosignatures_of_controllers_are_told_and_those_of_others_counted() {
    let mut copy = Copy::clean();
    copy.config.cosign("site.example/config/controller/c1", &plant::controller(1), 1_750_000_100);
    copy.event.cosign("site.example/events/controller/c2", &plant::controller(2), 1_750_000_200);
    copy.event.cosign("witness.example/one", &plant::stranger(), 1_750_000_300);
    let report = copy.check().unwrap();
    let said = |log, n: &str, size, time| Cosigned { log, controller: plant::id(n), size, time };
    let expected = [
        said(Log::Config, "c1", report.config.size, 1_750_000_100),
        said(Log::Event, "c2", report.event.size, 1_750_000_200),
    ];
    assert_eq!((report.cosignatures.as_slice(), report.other_cosignatures), (expected.as_slice(), 1));
}

#[test]
fn an_older_checkpoint_is_checked_as_far_as_it_goes() {
    let house = House::at_work();
    let mut copy = Copy::of(&house);
    // The first two leaves are the founding and its signature.
    let old = head(&house.event[..2]);
    copy.event.publish_head(old, &plant::log());
    assert_eq!(copy.check().unwrap().event, old);
}

#[test]
fn an_empty_event_log_holds() {
    let report = Copy::of(&House::new()).check().unwrap();
    assert_eq!((report.event.size, report.events(), report.span()), (0, 0, None));
}

#[test]
fn progress_rises_to_the_size_of_each_log() {
    let mut copy = Copy::clean();
    let mut seen = Vec::new();
    Audit::new(&mut copy, Pin::Found, every_key()).run(|p| seen.push(p)).unwrap();
    let (config, event) = (copy.config.entries.len() as u64, copy.event.entries.len() as u64);
    let end = |log, size| Progress { log, done: size, size };
    assert_eq!(seen, [end(Log::Config, config), end(Log::Event, event)]);
}

#[test]
fn a_log_of_many_batches_is_followed_across_them() {
    let mut house = House::at_work();
    let mut hub = house.device(Source::Hub, plant::hub());
    house.event.clear();
    let mut controllers = [house.controller(1), house.controller(2)];
    for round in 0..2_500_u64 {
        for (n, c) in controllers.iter_mut().enumerate() {
            house.record(c, Some("front"), Body::NotEntered);
            if (round + n as u64).is_multiple_of(900) || round == 2_499 {
                house.sign(c);
            }
        }
    }
    house.record(&mut hub, None, Body::NotEntered);
    house.sign(&hub);
    let mut copy = Copy::of(&house);
    assert_eq!(copy.check().unwrap().events(), 5_001);

    let mut tampered = copy.clone().without_tiles();
    let last = tampered.event.entries[4_900].len() - 1;
    tampered.event.entries[4_900][last] ^= 1;
    let finding = tampered.audit(EpochKeys::new(), 2).unwrap_err();
    assert_eq!(finding.index, Some(4_900), "{finding}");
}

#[test]
fn one_event_is_opened_by_its_place() {
    let house = House::at_work();
    let mut copy = Copy::of(&house);
    let (site, keys) = (house.site, every_key());
    let event = open_event(&mut copy, &site, 0, &keys).unwrap();
    assert_eq!((event.source, event.body), (Source::Hub, Body::Founded(site)));
    assert!(matches!(open_event(&mut copy, &site, 1, &keys), Err(ExplainError::Head(1))));
    assert!(matches!(open_event(&mut copy, &site, 999, &keys), Err(ExplainError::NoEntry(999))));
    let none = EpochKeys::new();
    assert!(matches!(open_event(&mut copy, &site, 0, &none), Err(ExplainError::NoKey { index: 0, .. })));
    let wrong = EpochKeys::from([(Epoch(1), epoch_key(Epoch(2)))]);
    assert!(matches!(open_event(&mut copy, &site, 0, &wrong), Err(ExplainError::Open { index: 0, .. })));
    assert!(house.event.iter().all(|leaf| Leaf::parse(leaf).is_ok()));
}

#[test]
fn explained_decisions_by_configurations_in_any_order_are_decided_again() {
    let mut house = House::new();
    let mut device = house.controller(1);
    // Each in a batch of its own: further back from one to the next than folds are kept, and forward again.
    for size in [9, 8, 7, 6, 5, 9, 4, 10] {
        device = device.forgetful(&house, plant::controller(1));
        house.catch_up(&mut device, size);
        for person in 0..6 {
            house.tap(&mut device, "front", person, PinFact::NotAsked);
        }
        for _ in 0..BATCH_ENTRIES - 8 {
            house.record(&mut device, None, Body::NotEntered);
        }
        house.sign(&device);
    }
    let report = Copy::of(&house).check().unwrap();
    assert_eq!((report.decided, report.event.size), (48, 8 * BATCH_ENTRIES as u64));
}
