//! Public-key cards: the published example holds, and nothing that is not exactly it.

use crate::{dice, hex};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_wire::CardKey;
use lockward_wire::credential::{CardPublicKey, KeyCardError};

/// The example of the PKOC card specification: private and public key, transaction and signature
/// (github.com/smithee-solutions/openpkoc, `ob-pkoc-testvectors.h`; the signature also in PKOC.Net's tests).
const PRIVATE: &str = "c0c93d0ee2c83d077a91448478f438d633f0c9f863799f9574151fa1260d1349";
const PUBLIC: &str = "040ec5d87dc39d14a2c5480686da860c82b16be0b6903b525f84848b79fd463e32
    bbda1f0252c33503c5287035e6eac55d138d0650dcfb5281d59a9cf4124d2831";
const TRANSACTION: &str = "6fcf5012b224043b09350a4fc5e56a8f";
const SIGNATURE: &str = "b98613070c78010b04ed306d143f94ee6dc4eca2585b621405731fb3a53cd877
    a21685de18435da7cbcc38f1d926300a454efee3594cec5effe28c7feac03d7d";

fn key() -> CardPublicKey {
    CardPublicKey::new(&hex(PUBLIC).try_into().unwrap()).unwrap()
}

fn signature() -> [u8; 64] {
    hex(SIGNATURE).try_into().unwrap()
}

fn card() -> EcdsaKeyPair {
    let (private, public) = (hex(PRIVATE), hex(PUBLIC));
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &public)
        .unwrap()
}

fn sign(transaction: &[u8]) -> [u8; 64] {
    card().sign(&SystemRandom::new(), transaction).unwrap().as_ref().try_into().unwrap()
}

#[test]
fn the_published_example_holds() {
    assert_eq!(key().verify(&hex(TRANSACTION), &signature()), Ok(()));
    assert_eq!(card().public_key().as_ref(), key().as_bytes());
}

#[test]
fn a_signature_over_this_transaction_holds_and_a15_over_any_other_does_not() {
    // Two doors, and one door twice: every transaction is new.
    let transactions: Vec<[u8; 32]> = (0..4).map(|n| [n; 32]).collect();
    for asked in &transactions {
        let signature = sign(asked);
        for other in &transactions {
            let expected = if other == asked { Ok(()) } else { Err(KeyCardError::Signature) };
            assert_eq!(key().verify(other, &signature), expected);
        }
    }
}

#[test]
fn signature_wrong_in_any_bit() {
    for bit in 0..512 {
        let mut signature = signature();
        signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key().verify(&hex(TRANSACTION), &signature), Err(KeyCardError::Signature), "{bit}");
    }
}

#[test]
fn signature_of_zeros_and_of_ones() {
    for signature in [[0; 64], [0xff; 64], [1; 64]] {
        assert_eq!(key().verify(&hex(TRANSACTION), &signature), Err(KeyCardError::Signature));
    }
}

#[test]
fn signature_halves_exchanged() {
    let mut signature = signature();
    signature.rotate_left(32);
    assert_eq!(key().verify(&hex(TRANSACTION), &signature), Err(KeyCardError::Signature));
}

#[test]
fn transaction_extended_and_truncated() {
    let long = [hex(TRANSACTION), vec![0]].concat();
    assert_eq!(key().verify(&long, &signature()), Err(KeyCardError::Signature));
    assert_eq!(key().verify(&long[..15], &signature()), Err(KeyCardError::Transaction));
    assert_eq!(key().verify(&[], &sign(&[])), Err(KeyCardError::Transaction));
}

#[test]
fn key_of_another_card() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let other = CardPublicKey::new(&pair.public_key().as_ref().try_into().unwrap()).unwrap();
    assert_eq!(other.verify(&hex(TRANSACTION), &signature()), Err(KeyCardError::Signature));
}

#[test]
fn key_off_the_curve_at_infinity_and_in_another_spelling() {
    let mut off = *key().as_bytes();
    off[64] ^= 1;
    let mut compressed = *key().as_bytes();
    compressed[0] = 3;
    let mut hybrid = *key().as_bytes();
    hybrid[0] = 7;
    let mut x_past_the_field = [0xff; 65];
    x_past_the_field[0] = 4;
    for bytes in [off, compressed, hybrid, x_past_the_field, [0; 65], [4; 65]] {
        assert_eq!(CardPublicKey::new(&bytes).unwrap_err(), KeyCardError::Key);
    }
}

#[test]
fn a15_ten_thousand_fuzzed_answers_are_refused() {
    let mut next = dice(0x0a15);
    let (key, transaction) = (key(), hex(TRANSACTION));
    for index in 0..10_000 {
        let (mut signature, mut transaction) = (signature(), transaction.clone());
        let [at, flip, how, ..] = next().to_le_bytes();
        match how % 3 {
            0 => signature[usize::from(at) % 64] ^= flip.max(1),
            1 => transaction[usize::from(at) % 16] ^= flip.max(1),
            _ => signature.as_chunks_mut::<8>().0.iter_mut().for_each(|chunk| *chunk = next().to_le_bytes()),
        }
        assert_eq!(key.verify(&transaction, &signature), Err(KeyCardError::Signature), "{index}");
    }
}

#[test]
fn a_keys_token_is_the_sites_own_and_never_a_card_numbers() {
    let [a, b] = [1, 2].map(|n| CardKey::from_bytes([n; 32]));
    assert_eq!(a.token_of_key(&key()), a.token_of_key(&key()));
    assert_ne!(a.token_of_key(&key()), b.token_of_key(&key()));
    assert_ne!(Some(a.token_of_key(&key())), a.token(512, &key().as_bytes()[..64]));
    assert_ne!(Some(a.token_of_key(&key())), a.token(512, &key().as_bytes()[1..]));
}

#[test]
fn a_key_and_an_error_print_nothing_of_a_card() {
    assert_eq!(format!("{:?}", key()), "CardPublicKey(..)");
    for error in [KeyCardError::Key, KeyCardError::Transaction, KeyCardError::Signature] {
        assert!(error.to_string().is_ascii() && !error.to_string().contains("0ec5"));
    }
}
