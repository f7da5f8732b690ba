//! Sealed attributes, wrapped keys, cards and PINs.

use crate::strategies::{named, site};
use lockward_model::{CardToken, PersonId, PinHash, SiteId};
use lockward_wire::credential::{CARD_BITS_MAX, CardError, CardNumber, Pin, hash_pin, verify_pin};
use lockward_wire::seal::{OpenError, PersonAttributes, SealError, unwrap, wrap};
use lockward_wire::{CardKey, MasterKey, PersonKey, PinPepper};
use proptest::prelude::*;

fn ada() -> PersonAttributes {
    PersonAttributes { name: "Ada Example".into(), contact: None }
}

const PERSON: fn() -> PersonId = || "p-1".parse().unwrap();
const SITE: SiteId = SiteId([1; 32]);
const KEY: fn() -> PersonKey = || PersonKey::from_bytes([2; 32]);

proptest! {
    #[test]
    fn attributes_read_back_as_sealed(
        name in "\\PC{0,80}", contact in proptest::option::of("\\PC{0,80}"),
        site in site(), person in named::<PersonId>(), nonce in any::<[u8; 12]>(),
    ) {
        let who = PersonAttributes { name, contact };
        let sealed = who.seal(&site, person, nonce, &KEY()).unwrap();
        prop_assert_eq!(PersonAttributes::open(&site, person, &sealed, &KEY()).unwrap(), who);
    }

    #[test]
    fn attributes_with_any_byte_changed_are_refused(at in any::<proptest::sample::Index>(), flip in 1u8..) {
        let mut sealed = ada().seal(&SITE, PERSON(), [3; 12], &KEY()).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= flip;
        prop_assert!(PersonAttributes::open(&SITE, PERSON(), &sealed, &KEY()).is_err());
    }

    #[test]
    fn no_bytes_make_opening_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(PersonAttributes::open(&SITE, PERSON(), &bytes, &KEY()).is_err());
        prop_assert!(unwrap(&bytes, "x", &MasterKey::from_bytes([1; 32])).is_err());
    }

    #[test]
    fn what_follows_the_last_bit_changes_no_token(bits in 1u16..=CARD_BITS_MAX, data in any::<[u8; 32]>(), noise: u8) {
        let key = CardKey::from_bytes([3; 32]);
        let mut long = data.to_vec();
        long.resize(64, 0);
        let token = key.token(bits, &long).unwrap();
        let last = usize::from(bits - 1) / 8;
        let mut noisy = long.clone();
        noisy[last] ^= noise & !(0xffu8 << ((8 - bits % 8) % 8));
        prop_assert_eq!(key.token(bits, &noisy[..=last]), Some(token));
        noisy[last] ^= 0x80u8 >> ((bits - 1) % 8);
        prop_assert_ne!(key.token(bits, &noisy), Some(token));
    }

    #[test]
    fn no_text_makes_the_card_parser_panic(s in "\\PC*", t in "[0-9a-f:]{0,20}") {
        let _ = (CardNumber::parse(&s), CardNumber::parse(&t));
    }

    #[test]
    fn a_pin_is_four_to_ten_digits(s in "[0-9]{0,12}|\\PC{4,6}") {
        let good = (4..=10).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        prop_assert_eq!(s.parse::<Pin>().is_ok(), good);
    }
}

#[test]
fn attributes_of_one_person_do_not_open_as_anothers() {
    let sealed = ada().seal(&SITE, PERSON(), [3; 12], &KEY()).unwrap();
    for (site, person, key) in [
        (SiteId([2; 32]), PERSON(), KEY()),
        (SITE, "p-2".parse().unwrap(), KEY()),
        (SITE, PERSON(), PersonKey::from_bytes([3; 32])),
    ] {
        assert!(matches!(PersonAttributes::open(&site, person, &sealed, &key), Err(OpenError::Key)));
    }
}

#[test]
fn the_length_of_a_name_does_not_show() {
    let long = PersonAttributes { name: "x".repeat(40), contact: None };
    let [a, b] = [ada(), long].map(|p| p.seal(&SITE, PERSON(), [3; 12], &KEY()).unwrap().len());
    assert_eq!(a, b);
}

#[test]
fn attributes_past_their_limit_are_refused() {
    let long = PersonAttributes { name: "x".repeat(1_700), contact: None };
    assert!(matches!(long.seal(&SITE, PERSON(), [3; 12], &KEY()), Err(SealError::TooLong { .. })));
}

#[test]
fn sealed_bytes_of_a_newer_version_are_named_so() {
    let mut sealed = ada().seal(&SITE, PERSON(), [3; 12], &KEY()).unwrap();
    sealed[0] = 2;
    let read = PersonAttributes::open(&SITE, PERSON(), &sealed, &KEY());
    assert!(matches!(read, Err(OpenError::Newer { version: 2 })));
}

#[test]
fn a_wrapped_key_opens_under_its_master_and_its_label_only() {
    let (master, other) = (MasterKey::from_bytes([1; 32]), MasterKey::from_bytes([2; 32]));
    let wrapped = wrap(&[7; 32], "epoch 3", [0; 12], &master).unwrap();
    assert_eq!(*unwrap(&wrapped, "epoch 3", &master).unwrap(), [7; 32]);
    assert!(matches!(unwrap(&wrapped, "epoch 4", &master), Err(OpenError::Key)));
    assert!(matches!(unwrap(&wrapped, "epoch 3", &other), Err(OpenError::Key)));
}

#[test]
fn a_printed_26_bit_number_is_what_the_reader_sends() {
    // 1 01111011 1011001001101110 1, worked out by hand: 9 ones in the first twelve after the leading bit, and
    // 6 in the last twelve before the trailing one.
    let bits = 1u32 << 25 | 0b0111_1011 << 17 | 0b1011_0010_0110_1110 << 1 | 1;
    let sent = CardNumber::new(26, &(bits << 6).to_be_bytes()).unwrap();
    assert_eq!(CardNumber::parse("26:123:45678").unwrap(), sent);
    assert_eq!(CardNumber::parse(&format!("26:{:08x}", bits << 6)).unwrap(), sent);
}

#[test]
fn what_is_no_card_number_is_refused_and_not_repeated() {
    for (given, why) in [
        ("", CardError::Form),
        ("26", CardError::Form),
        ("26:123:45678:9", CardError::Form),
        ("26:+12:45678", CardError::Form),
        ("26:0123456", CardError::Form),
        ("26:00zz0000", CardError::Form),
        ("26:000000", CardError::Length),
        ("26:0000000000", CardError::Length),
        ("26:00000001", CardError::Length),
        ("0:", CardError::Bits),
        ("513:00", CardError::Bits),
        ("34:123:45678", CardError::Facility),
        ("26:256:45678", CardError::Range),
        ("26:123:65536", CardError::Range),
    ] {
        assert_eq!(CardNumber::parse(given).unwrap_err(), why, "`{given}`");
        assert!(!why.to_string().contains("45678"));
    }
    assert_eq!(CardKey::from_bytes([0; 32]).token(26, &[0; 3]), None);
}

#[test]
fn the_same_bits_in_another_length_are_another_card() {
    let key = CardKey::from_bytes([3; 32]);
    let tokens: Vec<CardToken> = [25, 26, 32].map(|bits| key.token(bits, &[0; 4]).unwrap()).into();
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2] && tokens[0] != tokens[2]);
    assert_ne!(key.token(26, &[0; 4]), CardKey::from_bytes([4; 32]).token(26, &[0; 4]));
}

#[test]
fn a_pin_is_known_again_under_its_pepper_only() {
    let pepper = PinPepper::from_bytes([1; 32]);
    let pin: Pin = "1234".parse().unwrap();
    let hash = hash_pin(&pin, [9; 16], &pepper);
    assert!(verify_pin(&hash, &pin, &pepper));
    assert!(!verify_pin(&hash, &"1235".parse().unwrap(), &pepper));
    assert!(!verify_pin(&hash, &pin, &PinPepper::from_bytes([2; 32])));
    assert_ne!(hash, hash_pin(&pin, [8; 16], &pepper));
}

#[test]
fn a_hash_that_asks_for_other_work_is_refused() {
    let pepper = PinPepper::from_bytes([1; 32]);
    let pin: Pin = "1234".parse().unwrap();
    let hash = hash_pin(&pin, [9; 16], &pepper);
    for dear in ["m=4194304,t=2,p=1", "m=8,t=1,p=1"] {
        let other = PinHash(hash.0.replace("m=19456,t=2,p=1", dear).into());
        assert!(!verify_pin(&other, &pin, &pepper));
    }
}

#[test]
fn no_secret_is_printed() {
    let pin: Pin = "1234".parse().unwrap();
    let card = CardNumber::parse("26:123:45678").unwrap();
    assert_eq!(format!("{pin:?} {card:?} {:?}", ada()), "Pin(..) CardNumber(..) PersonAttributes(..)");
}
