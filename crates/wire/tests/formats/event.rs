//! Leaves of the event log.

use crate::strategies;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use lockward_model::{Body, Digest, Epoch, Event, PublicKey, SiteId, Source, Time};
use lockward_wire::event::{ChainHead, EncodeError, Leaf, LeafError, OpenError, Sealed, seal, source_key};
use lockward_wire::{ENTRY_BYTES_MAX, EpochKey, SourceKey};
use proptest::prelude::*;

const KEY: fn() -> SourceKey = || SourceKey::from_bytes([1; 32]);

fn sealed(leaf: &[u8]) -> Sealed<'_> {
    match Leaf::parse(leaf).unwrap() {
        Leaf::Event(e) => e,
        Leaf::Head(_) => panic!("a chain head"),
    }
}

fn closed() -> Event {
    Event {
        source: Source::Controller("gate-1".parse().unwrap()),
        seq: 7,
        prev: Digest([9; 32]),
        time: Time(1_790_000_000_000),
        door: Some("gate".parse().unwrap()),
        epoch: Epoch(3),
        body: Body::NotEntered,
    }
}

pub(crate) fn signer(seed: u8) -> (Ed25519KeyPair, PublicKey) {
    let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = PublicKey(key.public_key().as_ref().try_into().unwrap());
    (key, public)
}

proptest! {
    #[test]
    fn an_event_reads_back_as_sealed(event in strategies::event(), nonce in any::<[u8; 12]>()) {
        let leaf = seal(&event, nonce, &KEY()).unwrap();
        let read = sealed(&leaf);
        prop_assert_eq!(
            (read.code(), read.time(), read.source(), read.door(), read.seq(), read.prev(), read.epoch()),
            (event.body.code(), event.time, event.source, event.door, event.seq, event.prev, event.epoch)
        );
        prop_assert_eq!(read.open(&KEY()).unwrap(), event);
    }

    #[test]
    fn an_event_with_any_byte_changed_is_refused(
        event in strategies::event(),
        at in any::<proptest::sample::Index>(),
        flip in 1u8..,
    ) {
        let mut leaf = seal(&event, [5; 12], &KEY()).unwrap();
        let at = at.index(leaf.len());
        leaf[at] ^= flip;
        if let Ok(Leaf::Event(read)) = Leaf::parse(&leaf) {
            prop_assert!(matches!(read.open(&KEY()), Err(OpenError::Key)), "byte {at}");
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0u8..4) {
        let _ = Leaf::parse(&bytes);
        let _ = Leaf::parse(&[&[1, kind], bytes.as_slice()].concat());
    }

    #[test]
    fn every_cut_of_an_event_is_refused(event in strategies::event(), at in any::<proptest::sample::Index>()) {
        let leaf = seal(&event, [5; 12], &KEY()).unwrap();
        let cut = &leaf[..at.index(leaf.len())];
        match Leaf::parse(cut) {
            Ok(Leaf::Event(read)) => prop_assert!(matches!(read.open(&KEY()), Err(OpenError::Key))),
            other => prop_assert!(other.is_err()),
        }
    }

    #[test]
    fn a_chain_head_holds_for_its_site_and_key_only(
        source in strategies::source(), count in any::<u64>(), head in strategies::digest(),
        at in any::<proptest::sample::Index>(), flip in 1u8..,
    ) {
        let ((key, public), (_, stranger)) = (signer(1), signer(2));
        let (here, elsewhere) = (SiteId([1; 32]), SiteId([2; 32]));
        let mut leaf = ChainHead::sign(&here, source, count, head, &key);
        let Ok(Leaf::Head(read)) = Leaf::parse(&leaf) else { panic!("no chain head") };
        prop_assert_eq!((read.source, read.count, read.head), (source, count, head));
        prop_assert!(read.verify(&here, &public));
        prop_assert!(!read.verify(&elsewhere, &public));
        prop_assert!(!read.verify(&here, &stranger));
        let at = at.index(leaf.len());
        leaf[at] ^= flip;
        if let Ok(Leaf::Head(changed)) = Leaf::parse(&leaf) {
            prop_assert!(!changed.verify(&here, &public), "byte {at}");
        }
    }
}

#[test]
fn another_source_site_or_epoch_key_opens_nothing() {
    let (epoch, site) = (EpochKey::from_bytes([4; 32]), SiteId([5; 32]));
    let source = closed().source;
    let leaf = seal(&closed(), [0; 12], &source_key(&epoch, &site, source)).unwrap();
    let read = sealed(&leaf);
    assert!(read.open(&source_key(&epoch, &site, source)).is_ok());
    for other in [
        source_key(&epoch, &site, Source::Hub),
        source_key(&epoch, &SiteId([6; 32]), source),
        source_key(&EpochKey::from_bytes([5; 32]), &site, source),
    ] {
        assert!(matches!(read.open(&other), Err(OpenError::Key)));
    }
}

#[test]
fn a_leaf_of_a_newer_version_is_named_so() {
    let leaf = seal(&closed(), [0; 12], &KEY()).unwrap();
    let with = |at: usize, byte: u8| {
        let mut leaf = leaf.clone();
        leaf[at] = byte;
        Leaf::parse(&leaf).unwrap_err()
    };
    assert!(matches!(with(0, 2), LeafError::Newer { what: "version", found: 2 }));
    assert!(matches!(with(1, 3), LeafError::Newer { what: "type", found: 3 }));
    assert!(matches!(with(2, 0xff), LeafError::Newer { what: "code", .. }));
    assert!(matches!(with(0, 0), LeafError::Zero { what: "version" }));
    assert!(with(0, 2).to_string().contains("written by a newer version"));
}

#[test]
fn a_leaf_with_a_name_that_is_no_id_is_refused() {
    let mut leaf = seal(&closed(), [0; 12], &KEY()).unwrap();
    // The source's first letter: version, type, code and time take 12 bytes, its length one.
    leaf[13] = b'G';
    assert!(matches!(Leaf::parse(&leaf), Err(LeafError::Id { what: "source", .. })));
}

#[test]
fn an_event_that_fits_no_entry_is_refused_by_writer_and_reader() {
    let code = "X".repeat(ENTRY_BYTES_MAX).into();
    let event = Event { body: Body::ConfigRefused { at: 0, code }, ..closed() };
    assert!(matches!(seal(&event, [0; 12], &KEY()), Err(EncodeError::TooLong { .. })));
    assert!(matches!(Leaf::parse(&vec![1; ENTRY_BYTES_MAX + 1]), Err(LeafError::TooLong { .. })));
}

#[test]
fn a_chain_head_with_more_behind_it_is_refused() {
    let (key, _) = signer(1);
    let mut leaf = ChainHead::sign(&SiteId([1; 32]), Source::Hub, 1, Digest([1; 32]), &key);
    leaf.push(0);
    assert!(matches!(Leaf::parse(&leaf), Err(LeafError::Trailing)));
}
