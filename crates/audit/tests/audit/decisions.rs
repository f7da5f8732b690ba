//! Decisions that were not made, or not so: each is named, for whoever has the key of its epoch.

use crate::copy::{Copy, every_key};
use crate::house::{House, epoch_key, quiet};
use crate::plant;
use crate::plant::id;
use lockward_audit::FindingCode as F;
use lockward_audit::{Audit, AuditError, EpochKeys, Log, Pin};
use lockward_ledger::{Hash, leaf_hash};
use lockward_model::{Body, Change, ConfigRef, Digest, Epoch, Event, Outcome, PinFact};
use lockward_wire::event::{Leaf, seal, source_key};
use std::convert::Infallible;

/// Writes another outcome into an event, with the key of its epoch.
fn changed_outcome(house: &House, leaf: &[u8]) -> Vec<u8> {
    let Leaf::Event(sealed) = Leaf::parse(leaf).unwrap() else { panic!() };
    let key = source_key(&epoch_key(Epoch(1)), &house.site, sealed.source());
    let mut event: Event = sealed.open(&key).unwrap();
    let Body::Access(access) = &mut event.body else { panic!() };
    access.outcome = Outcome::Granted { because: vec!["staff-by-day".into()] };
    seal(&event, [0x55; 12], &key).unwrap()
}

#[test]
fn none_altered_an_event_that_the_hub_sealed_anew_with_another_outcome_is_named() {
    let (mut house, device) = quiet();
    house.sign(&device);
    let forged = changed_outcome(&house, &house.event[2]);
    house.event[2] = forged;
    let mut copy = Copy::of(&house);
    for keys in [every_key(), EpochKeys::new()] {
        let finding = copy.audit(keys, 1).unwrap_err();
        assert_eq!((finding.index, finding.code), (Some(2), F::ChainBreak), "{finding}");
    }
}

#[test]
fn explained_a_decision_that_a_captured_controller_made_up_and_signed_is_named() {
    let (mut house, mut device) = quiet();
    let forged = changed_outcome(&house, &house.event[2]);
    device.prev = Digest(*leaf_hash(&forged).as_bytes());
    house.event[2] = forged;
    house.sign(&device);
    let mut copy = Copy::of(&house);
    let finding = copy.check().unwrap_err();
    assert_eq!((finding.log, finding.index, finding.code), (Log::Event, Some(2), F::DecisionDiverges));
    assert!(finding.what.contains("CRED_UNKNOWN"), "{finding}");
    // The key decides whether that can be seen at all.
    assert!(copy.audit(EpochKeys::new(), 1).is_ok());
}

#[test]
fn explained_the_first_of_many_diverging_decisions_is_named_on_any_number_of_cores() {
    let (mut house, mut device) = quiet();
    for _ in 0..700 {
        house.tap(&mut device, "front", 3, PinFact::NotAsked);
    }
    for _ in 0..300 {
        let mut access = house.tap(&mut device, "front", 3, PinFact::NotAsked);
        access.person = Some(id("p4"));
        house.record(&mut device, Some("front"), Body::Access(access));
    }
    house.sign(&device);
    let mut copy = Copy::of(&house);
    for threads in [1, 2, 3, 8] {
        let finding = copy.audit(every_key(), threads).unwrap_err();
        assert_eq!((finding.index, finding.code), (Some(704), F::DecisionDiverges), "{finding}");
    }
}

#[test]
fn explained_a_decision_on_a_configuration_that_is_not_this_logs_is_named() {
    let mend = |change: fn(&mut ConfigRef)| {
        let (mut house, mut device) = quiet();
        let mut access = house.tap(&mut device, "front", 3, PinFact::NotAsked);
        change(access.config.as_mut().unwrap());
        house.record(&mut device, Some("front"), Body::Access(access));
        house.sign(&device);
        let finding = Copy::of(&house).check().unwrap_err();
        assert_eq!((finding.index, finding.code), (Some(4), F::ConfigMismatch), "{finding}");
    };
    mend(|config| config.root = Digest([1; 32]));
    mend(|config| config.size = 6);
    mend(|config| config.size = 99);
    mend(|config| *config = ConfigRef { size: 0, root: Digest(*Hash::EMPTY_ROOT.as_bytes()) });
}

#[test]
fn explained_a_configuration_that_a_controller_applied_and_this_log_never_had_is_named() {
    let (mut house, mut device) = quiet();
    let config = ConfigRef { size: 6, root: Digest([1; 32]) };
    house.record(&mut device, None, Body::ConfigApplied(config));
    house.sign(&device);
    let finding = Copy::of(&house).check().unwrap_err();
    assert_eq!((finding.index, finding.code), (Some(3), F::ConfigMismatch), "{finding}");
}

#[test]
fn explained_an_opening_that_was_decided_without_any_configuration_is_named() {
    let (mut house, mut device) = quiet();
    let mut access = house.tap(&mut device, "front", 3, PinFact::NotAsked);
    access.config = None;
    house.record(&mut device, Some("front"), Body::Access(access));
    house.sign(&device);
    let finding = Copy::of(&house).check().unwrap_err();
    assert_eq!((finding.index, finding.code), (Some(4), F::DecisionDiverges), "{finding}");
}

#[test]
fn a_body_that_no_key_opens_is_named() {
    let (mut house, mut device) = quiet();
    house.record(&mut device, None, Body::NotEntered);
    house.sign(&device);
    let mut copy = Copy::of(&house);
    let mut keys = every_key();
    keys.insert(Epoch(1), epoch_key(Epoch(7)));
    let finding = copy.audit(keys, 1).unwrap_err();
    assert_eq!((finding.index, finding.code), (Some(0), F::BodyUnreadable), "{finding}");
}

/// Gives the config log once as it is, and then with another entry.
struct Fickle(Copy, u32);

impl lockward_audit::Source for Fickle {
    type Error = Infallible;
    fn checkpoint(&mut self, log: Log) -> Result<Vec<u8>, Infallible> {
        self.0.checkpoint(log)
    }
    fn entries(&mut self, log: Log, first: u64, max: usize) -> Result<Vec<Vec<u8>>, Infallible> {
        if log == Log::Config && first == 0 {
            self.1 += 1;
        }
        let mut entries = self.0.entries(log, first, max)?;
        if self.1 > 1 && log == Log::Config && first <= 4 && first + (entries.len() as u64) > 4 {
            let change = vec![Change::RemovePolicy(id("owner"))];
            entries[4 - first as usize] = plant::entry(self.0.site, 4, change, Some(&plant::owner()));
        }
        Ok(entries)
    }
}

#[test]
fn a_source_that_gives_another_config_log_the_second_time_is_named() {
    let mut fickle = Fickle(Copy::clean(), 0);
    let error = Audit::new(&mut fickle, Pin::Found, every_key()).run(|_| ()).unwrap_err();
    let AuditError::Finding(finding) = error;
    assert_eq!((finding.log, finding.index, finding.code), (Log::Config, None, F::RootMismatch), "{finding}");
    assert!(fickle.1 > 1);
}
