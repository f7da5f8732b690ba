//! Messages of the link.

use crate::event::signer;
use crate::strategies::{config, named, site, time};
use lockward_model::{Epoch, Nonce, SiteId, Time};
use lockward_wire::link::*;
use lockward_wire::{CardKey, CborError, EnrollSecret, PinPepper, SourceKey};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..100)
}

fn word() -> impl Strategy<Value = Box<str>> {
    "[!-~]{1,64}".prop_map(Into::into)
}

fn to_hub() -> impl Strategy<Value = ToHub> {
    let hello =
        (named(), site(), word(), of(config()), any::<[u64; 3]>(), time()).prop_map(
            |(controller, site, version, config, [next_seq, oldest_unacked, event_size], time)| {
                ToHub::Hello { controller, site, version, config, next_seq, oldest_unacked, event_size, time }
            },
        );
    let log = prop_oneof![Just(Log::Config), Just(Log::Event)];
    prop_oneof![
        hello,
        (any::<u64>(), vec(bytes(), 0..5), bytes()).prop_map(|(first_seq, leaves, head)| ToHub::Events {
            first_seq,
            leaves,
            head
        }),
        config().prop_map(ToHub::Applied),
        (any::<u64>(), word()).prop_map(|(at, code)| ToHub::Refused { at, code }),
        (log, any::<u64>(), bytes()).prop_map(|(log, size, line)| ToHub::Cosignature { log, size, line }),
        Just(ToHub::Renew),
        Just(ToHub::Ping),
        (named(), named(), any::<bool>(), any::<u64>())
            .prop_map(|(airlock, door, take, number)| { ToHub::Claim { airlock, door, take, number } }),
        (any::<u32>(), of(any::<[u8; 16]>().prop_map(Nonce)))
            .prop_map(|(question, nonce)| ToHub::Nonce { question, nonce }),
        (any::<u32>(), of(word())).prop_map(|(question, refused)| ToHub::Ordered { question, refused }),
    ]
}

fn to_controller() -> impl Strategy<Value = ToController> {
    let keys = (any::<[u8; 32]>(), any::<[u8; 32]>(), any::<u32>(), any::<[u8; 32]>()).prop_map(
        |(card, pepper, epoch, source)| {
            ToController::Keys(Keys {
                card_key: CardKey::from_bytes(card),
                pin_pepper: PinPepper::from_bytes(pepper),
                epoch: Epoch(epoch),
                source_key: SourceKey::from_bytes(source),
            })
        },
    );
    prop_oneof![
        (time(), any::<u64>()).prop_map(|(time, acked)| ToController::Welcome { time, acked }),
        any::<u32>().prop_map(|question| ToController::WantNonce { question }),
        (any::<u32>(), bytes()).prop_map(|(question, envelope)| ToController::Order { question, envelope }),
        (any::<u64>(), vec(bytes(), 0..5), bytes())
            .prop_map(|(first, entries, checkpoint)| ToController::Entries { first, entries, checkpoint }),
        keys,
        any::<u64>().prop_map(|count| ToController::Ack { count }),
        (bytes(), vec(any::<[u8; 32]>(), 0..3))
            .prop_map(|(note, proof)| ToController::Checkpoint { note, proof }),
        vec(bytes(), 0..3).prop_map(|chain| ToController::Certificate { chain }),
        word().prop_map(|code| ToController::Bye { code }),
        time().prop_map(|time| ToController::Pong { time }),
        (any::<bool>(), vec(elsewhere(), 0..6))
            .prop_map(|(anew, facts)| ToController::Elsewhere { anew, facts }),
    ]
}

fn reply() -> impl Strategy<Value = EnrollReply> {
    prop_oneof![
        vec(bytes(), 0..3).prop_map(|chain| EnrollReply::Accepted { chain }),
        word().prop_map(|code| EnrollReply::Refused { code }),
    ]
}

fn request() -> impl Strategy<Value = (SiteId, EnrollRequest)> {
    (named(), any::<[u8; 32]>(), site(), 0u8..4).prop_map(|(controller, secret, site, seed)| {
        let ((pair, key), secret) = (signer(seed), EnrollSecret::from_bytes(secret));
        (site, EnrollRequest::signed(controller, &secret, &site, &pair, key).unwrap())
    })
}

fn only_frame(bytes: &[u8]) -> Vec<u8> {
    let mut frames = Frames::default();
    frames.push(bytes);
    let frame = frames.next_frame().unwrap().unwrap().to_vec();
    assert_eq!(frames.next_frame().unwrap(), None);
    frame
}

fn elsewhere() -> impl Strategy<Value = Elsewhere> {
    let id = any::<[u8; 16]>();
    prop_oneof![
        (named(), of(named()), time(), named()).prop_map(|(person, into, at, door)| Elsewhere::Moved {
            person,
            into,
            at,
            door
        }),
        (named(), time()).prop_map(|(zone, at)| Elsewhere::SomeoneLeft { zone, at }),
        (named(), of(named()), any::<bool>(), time())
            .prop_map(|(door, person, secret, at)| Elsewhere::Guessed { door, person, secret, at }),
        (id, named(), any::<u16>(), time(), time()).prop_map(|(id, by, times, until, at)| Elsewhere::Used {
            id,
            by,
            times,
            until,
            at
        }),
        (named(), any::<u64>()).prop_map(|(credential, step)| Elsewhere::Stepped { credential, step }),
        (named(), named(), time()).prop_map(|(person, door, at)| Elsewhere::Seen { person, door, at }),
        (named(), any::<bool>(), time()).prop_map(|(door, busy, at)| Elsewhere::Busy { door, busy, at }),
        (named(), any::<bool>(), time()).prop_map(|(controller, linked, at)| Elsewhere::Touch {
            controller,
            linked,
            at
        }),
        (named(), named(), any::<bool>(), any::<u64>()).prop_map(|(airlock, door, granted, number)| {
            Elsewhere::Claimed { airlock, door, granted, number }
        }),
    ]
}

proptest! {
    #[test]
    fn what_a_controller_says_reads_back(m in to_hub()) {
        prop_assert_eq!(ToHub::decode(&only_frame(&m.encode().unwrap())).unwrap(), m);
    }

    #[test]
    fn what_the_hub_says_reads_back(m in to_controller()) {
        prop_assert_eq!(ToController::decode(&only_frame(&m.encode().unwrap())).unwrap(), m);
    }

    #[test]
    fn an_enrolment_reads_back(
        founding in bytes(), ca in bytes(), (site, request) in request(), reply in reply(),
    ) {
        let offer = EnrollOffer { founding, ca };
        prop_assert_eq!(EnrollOffer::decode(&only_frame(&offer.encode().unwrap())).unwrap(), offer);
        let read = EnrollRequest::decode(&only_frame(&request.encode().unwrap())).unwrap();
        prop_assert!(read.proves_key(&site));
        prop_assert_eq!(read, request);
        prop_assert_eq!(EnrollReply::decode(&only_frame(&reply.encode().unwrap())).unwrap(), reply);
    }

    #[test]
    fn an_enrolment_changed_on_its_way_proves_nothing(
        (site, request) in request(), at in any::<proptest::sample::Index>(), flip in 1u8..,
    ) {
        let mut frame = only_frame(&request.encode().unwrap());
        let at = at.index(frame.len());
        frame[at] ^= flip;
        if let Ok(changed) = EnrollRequest::decode(&frame) {
            prop_assert!(!changed.proves_key(&site), "byte {at}");
        }
    }

    #[test]
    fn frames_are_the_same_however_the_stream_is_cut(
        messages in vec(to_hub(), 1..6), cuts in vec(1usize..40, 1..50),
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(|m| m.encode().unwrap()).collect();
        let (mut frames, mut read, mut rest) = (Frames::default(), Vec::new(), stream.as_slice());
        for cut in cuts.into_iter().cycle() {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            frames.push(now);
            while let Some(frame) = frames.next_frame().unwrap() {
                read.push(ToHub::decode(frame).unwrap());
            }
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn changed_bytes_are_refused_or_mean_just_what_they_say(
        m in to_hub(), at in any::<proptest::sample::Index>(), flip in 1u8..,
    ) {
        let mut frame = only_frame(&m.encode().unwrap());
        let at = at.index(frame.len());
        frame[at] ^= flip;
        if let Ok(read) = ToHub::decode(&frame) {
            prop_assert_eq!(&only_frame(&read.encode().unwrap()), &frame);
        }
        let _ = (ToController::decode(&frame), EnrollOffer::decode(&frame));
        let _ = (EnrollRequest::decode(&frame), EnrollReply::decode(&frame));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let mut frames = Frames::default();
        frames.push(&bytes);
        while let Ok(Some(_)) = frames.next_frame() {}
        let message = [&[1], bytes.as_slice()].concat();
        let _ = (ToHub::decode(&message), ToController::decode(&message));
        let _ = (EnrollOffer::decode(&message), EnrollRequest::decode(&message), EnrollReply::decode(&message));
    }
}

#[test]
fn a_message_with_an_unknown_field_is_refused() {
    // Version 1, a Welcome (0) with its time and its count, then with a third field that nobody knows.
    assert!(ToController::decode(&[1, 0x82, 0x00, 0x82, 0x05, 0x06]).is_ok());
    let more = ToController::decode(&[1, 0x82, 0x00, 0x83, 0x05, 0x06, 0x07]);
    assert!(matches!(more, Err(MessageError::Body(CborError::NotCanonical))));
}

#[test]
fn a_longer_spelling_of_the_same_number_is_refused() {
    let long = ToController::decode(&[1, 0x82, 0x00, 0x82, 0x18, 0x05, 0x06]);
    assert!(matches!(long, Err(MessageError::Body(CborError::NotCanonical))));
}

#[test]
fn a_message_of_a_newer_version_is_named_so() {
    let mut frame = only_frame(&ToHub::Ping.encode().unwrap());
    frame[0] = 2;
    assert!(matches!(ToHub::decode(&frame), Err(MessageError::Newer { version: 2 })));
    frame[0] = 0;
    assert!(matches!(ToHub::decode(&frame), Err(MessageError::NoVersion)));
}

#[test]
fn a_frame_past_the_limit_is_refused_by_writer_and_reader() {
    let long = ToHub::Cosignature { log: Log::Event, size: 1, line: vec![0; FRAME_BYTES_MAX] };
    assert!(matches!(long.encode(), Err(FrameError::TooLong { .. })));
    for (length, why) in [
        (FRAME_BYTES_MAX + 1, FrameError::TooLong { bytes: FRAME_BYTES_MAX + 1 }),
        (u32::MAX as usize, FrameError::TooLong { bytes: u32::MAX as usize }),
        (0, FrameError::Empty),
    ] {
        let mut frames = Frames::default();
        frames.push(&u32::try_from(length).unwrap().to_be_bytes());
        assert_eq!(frames.next_frame(), Err(why));
    }
}

#[test]
fn the_largest_batch_fits_a_frame() {
    let entries = vec![vec![0; ITEMS_BYTES_MAX / ITEMS_MAX]; ITEMS_MAX];
    let m = ToController::Entries { first: u64::MAX, entries, checkpoint: vec![0; 65_000] };
    assert_eq!(ToController::decode(&only_frame(&m.encode().unwrap())).unwrap(), m);
}

#[test]
fn a_list_or_a_code_past_its_limit_is_refused() {
    let many = ToHub::Events { first_seq: 0, leaves: vec![vec![]; ITEMS_MAX + 1], head: vec![] };
    for m in [
        many,
        ToHub::Refused { at: 0, code: "X".repeat(65).into() },
        ToHub::Refused { at: 0, code: "".into() },
        ToHub::Refused { at: 0, code: "A\nB".into() },
    ] {
        let read = ToHub::decode(&only_frame(&m.encode().unwrap()));
        assert!(matches!(read, Err(MessageError::Body(CborError::Bounds { .. }))), "{read:?}");
    }
}

#[test]
fn a_proof_longer_than_any_tree_needs_is_refused() {
    let proof_of = |hashes| {
        let m = ToController::Checkpoint { note: vec![1], proof: vec![[7; 32]; hashes] };
        ToController::decode(&only_frame(&m.encode().unwrap()))
    };
    assert!(proof_of(126).is_ok());
    assert!(matches!(proof_of(127), Err(MessageError::Body(CborError::Bounds { .. }))));
}

#[test]
fn no_secret_of_a_message_is_printed() {
    let keys = Keys {
        card_key: CardKey::from_bytes([0xab; 32]),
        pin_pepper: PinPepper::from_bytes([0xab; 32]),
        epoch: Epoch(1),
        source_key: SourceKey::from_bytes([0xab; 32]),
    };
    let shown = format!("{:?} {:?}", ToController::Keys(keys), Time(0));
    assert!(!shown.contains("171") && !shown.contains("ab, ab"), "{shown}");
}
