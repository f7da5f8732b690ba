//! Leaves removed, moved, swapped, forged or cut off: each is named, by the chains of those who wrote them.

use crate::copy::Copy;
use crate::house::quiet;
use crate::plant;
use crate::plant::c;
use lockward_audit::FindingCode as F;
use lockward_audit::{EpochKeys, Log};
use lockward_model::{Body, Digest, Source};
use lockward_wire::event::{ChainHead, Leaf};

/// Where the events of a source stand.
fn events_of(copy: &Copy, source: Source) -> Vec<usize> {
    let is = |leaf: &Vec<u8>| matches!(Leaf::parse(leaf).unwrap(), Leaf::Event(e) if e.source() == source);
    (0..).zip(&copy.event.entries).filter(|(_, leaf)| is(leaf)).map(|(i, _)| i).collect()
}

fn heads(copy: &Copy) -> Vec<usize> {
    let is = |leaf: &Vec<u8>| matches!(Leaf::parse(leaf).unwrap(), Leaf::Head(_));
    (0..).zip(&copy.event.entries).filter(|(_, leaf)| is(leaf)).map(|(i, _)| i).collect()
}

#[test]
fn none_altered_a_removed_leaf_is_named_by_the_tiles() {
    let copy = Copy::clean();
    for index in 0..copy.event.entries.len() {
        let mut copy = copy.clone();
        copy.event.entries.remove(index);
        // Without keys: a later event may be told by its body, never before this place.
        let finding = copy.audit(EpochKeys::new(), 2).unwrap_err();
        assert_eq!((finding.log, finding.index), (Log::Event, Some(index as u64)), "{finding}");
        assert!(copy.check().is_err());
    }
}

#[test]
fn none_altered_a_removed_event_shows_in_its_chain_even_if_the_hub_signs_a_tree_without_it() {
    let copy = Copy::clean();
    for index in copy.event.entries.iter().enumerate().filter(|(_, l)| l[1] == 1).map(|(i, _)| i) {
        let mut copy = copy.clone();
        let Leaf::Event(gone) = Leaf::parse(&copy.event.entries[index]).unwrap() else { panic!() };
        let source = gone.source();
        copy.event.entries.remove(index);
        copy.event.publish();
        let of = |leaf: &Vec<u8>| match Leaf::parse(leaf).unwrap() {
            Leaf::Event(e) => e.source() == source,
            Leaf::Head(h) => h.source == source,
        };
        let next = index + copy.event.entries[index..].iter().position(of).unwrap();
        copy.must_be(Log::Event, Some(next as u64), F::ChainBreak);
    }
}

#[test]
fn none_altered_leaves_that_changed_places_are_named_by_the_tiles() {
    let copy = Copy::clean();
    for index in 1..copy.event.entries.len() {
        let mut copy = copy.clone();
        copy.event.entries.swap(index - 1, index);
        let finding = copy.check().unwrap_err();
        assert_eq!((finding.log, finding.index), (Log::Event, Some(index as u64 - 1)), "{finding}");
    }
}

#[test]
fn none_altered_two_events_of_one_chain_that_changed_places_are_named_under_a_new_tree_too() {
    let copy = Copy::clean();
    for n in 1..=3 {
        for pair in events_of(&copy, c(n)).windows(2) {
            let mut copy = copy.clone();
            copy.event.entries.swap(pair[0], pair[1]);
            copy.event.publish();
            copy.must_be(Log::Event, Some(pair[0] as u64), F::ChainBreak);
        }
    }
}

#[test]
fn none_altered_a_tail_that_was_cut_off_is_named_by_size() {
    let copy = Copy::clean();
    for kept in 0..copy.event.entries.len() {
        let mut copy = copy.clone();
        copy.event.entries.truncate(kept);
        copy.must_be(Log::Event, Some(kept as u64), F::LogShort);
    }
    let mut copy = copy;
    copy.config.entries.truncate(6);
    copy.must_be(Log::Config, Some(6), F::LogShort);
}

#[test]
fn none_altered_a_tail_that_was_cut_off_with_its_signature_is_named_under_a_new_tree() {
    let copy = Copy::clean();
    let last_of_c1 = *events_of(&copy, c(1)).last().unwrap();
    let mut copy = copy;
    copy.event.entries.truncate(last_of_c1 + 1);
    copy.event.publish();
    let finding = copy.check().unwrap_err();
    assert_eq!(finding.code, F::Uncovered, "{finding}");
    let uncovered = finding.index.unwrap() as usize;
    assert!(heads(&copy).iter().all(|h| *h != uncovered));
    assert!(events_of(&copy, c(1)).contains(&uncovered) || events_of(&copy, c(2)).contains(&uncovered));
}

#[test]
fn none_altered_another_controllers_event_in_a_place_is_named() {
    let copy = Copy::clean();
    let (ours, theirs) = (events_of(&copy, c(1)), events_of(&copy, c(2)));
    for (nth, place) in ours.iter().enumerate() {
        let mut copy = copy.clone();
        copy.event.entries[*place] = copy.event.entries[theirs[nth % theirs.len()]].clone();
        copy.must_be_at(Log::Event, *place);
    }
}

#[test]
fn none_altered_another_controllers_event_in_a_place_is_named_under_a_new_tree_too() {
    let copy = Copy::clean();
    let (ours, theirs) = (events_of(&copy, c(1)), events_of(&copy, c(2)));
    let mut exact = 0;
    for (nth, place) in ours.iter().enumerate() {
        let other = theirs[nth % theirs.len()];
        let mut copy = copy.clone();
        copy.event.entries[*place] = copy.event.entries[other].clone();
        copy.event.publish();
        let found = copy.audit(EpochKeys::new(), 1).unwrap_err().index.unwrap() as usize;
        // One that goes on with its own chain from here is sound by itself: then the gap in the other chain shows.
        let of_c1 = |leaf: &Vec<u8>| match Leaf::parse(leaf).unwrap() {
            Leaf::Event(e) => e.source() == c(1),
            Leaf::Head(h) => h.source == c(1),
        };
        let gap = place + copy.event.entries[*place..].iter().position(of_c1).unwrap();
        assert!(found == *place || (found == gap && other > *place), "{other} at {place}: {found}");
        exact += u32::from(found == *place);
    }
    assert!(exact >= 8, "{exact}");
}

#[test]
fn a_head_that_its_source_has_not_signed_is_named() {
    let copy = Copy::clean();
    for index in heads(&copy) {
        let mut copy = copy.clone();
        let Leaf::Head(said) = Leaf::parse(&copy.event.entries[index]).unwrap() else { panic!() };
        let forged = ChainHead::sign(&copy.site, said.source, said.count, said.head, &plant::stranger());
        copy.event.entries[index] = forged;
        copy.event.publish();
        copy.must_be(Log::Event, Some(index as u64), F::HeadSignature);
    }
}

#[test]
fn a_head_signed_for_another_site_is_named() {
    let (mut house, device) = quiet();
    let other = plant::site_id(&plant::founding("Other"));
    house.event.push(ChainHead::sign(&other, device.source, device.seq, device.prev, &device.key));
    Copy::of(&house).must_be(Log::Event, Some(3), F::HeadSignature);
}

#[test]
fn two_signed_chains_of_one_length_are_named() {
    let (mut house, device) = quiet();
    house.sign(&device);
    house.event.push(ChainHead::sign(&house.site, device.source, device.seq, Digest([1; 32]), &device.key));
    Copy::of(&house).must_be(Log::Event, Some(4), F::ChainBreak);
}

#[test]
fn events_that_nobody_has_signed_are_named_from_the_first() {
    let (mut house, mut device) = quiet();
    house.sign(&device);
    house.record(&mut device, None, Body::NotEntered);
    house.record(&mut device, None, Body::NotEntered);
    Copy::of(&house).must_be(Log::Event, Some(4), F::Uncovered);
}

#[test]
fn a_controller_that_the_config_log_does_not_know_or_gave_no_key_is_named() {
    let (mut house, device) = quiet();
    house.sign(&device);
    let mut foreign = house.device(c(9), plant::stranger());
    house.record(&mut foreign, None, Body::NotEntered);
    house.sign(&foreign);
    Copy::of(&house).must_be(Log::Event, Some(4), F::UnknownSource);
}

#[test]
fn a_leaf_of_a_newer_version_is_named_as_such() {
    let mut copy = Copy::clean();
    let index = copy.event.entries.len();
    let mut leaf = copy.event.entries[0].clone();
    leaf[0] = 2;
    copy.event.entries.push(leaf);
    copy.event.publish();
    copy.must_be(Log::Event, Some(index as u64), F::Newer);
    assert_eq!(
        copy.check().unwrap_err().to_string(),
        format!(
            "event log, entry {index}: the leaf has version 2: it was written by a newer version of Lockward; \
             update this one [NEWER]"
        )
    );
}
