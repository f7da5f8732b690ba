//! A PIN that stands alone finds its person by one token, and only with both of the site's keys.

use lockward_wire::credential::{Pin, hash_pin};
use lockward_wire::{CardKey, PinPepper};

fn pin(digits: &str) -> Pin {
    digits.parse().unwrap()
}

#[test]
fn the_same_pin_has_the_same_token_and_anything_else_another() {
    let (key, pepper) = (CardKey::from_bytes([1; 32]), PinPepper::from_bytes([2; 32]));
    let token = key.token_of_pin(&pin("482913"), &pepper);
    assert_eq!(key.token_of_pin(&pin("482913"), &pepper), token);
    assert_ne!(key.token_of_pin(&pin("482914"), &pepper), token);
    assert_ne!(key.token_of_pin(&pin("0482913"), &pepper), token);
    assert_ne!(CardKey::from_bytes([3; 32]).token_of_pin(&pin("482913"), &pepper), token);
    assert_ne!(key.token_of_pin(&pin("482913"), &PinPepper::from_bytes([3; 32])), token);
}

#[test]
fn a_pins_token_is_no_card_numbers_and_no_hash_that_is_kept_beside_a_card() {
    let (key, pepper) = (CardKey::from_bytes([1; 32]), PinPepper::from_bytes([2; 32]));
    let token = key.token_of_pin(&pin("482913"), &pepper);
    assert_ne!(key.token(48, b"482913"), Some(token));
    assert!(!hash_pin(&pin("482913"), token.0, &pepper).0.is_empty());
    assert_eq!(format!("{token:?}"), "CardToken(..)");
}

/// Computed with another implementation of Argon2id and HMAC: a token that drifts locks every person out.
#[test]
fn the_token_does_not_drift() {
    let (key, pepper) = (CardKey::from_bytes([1; 32]), PinPepper::from_bytes([2; 32]));
    let token = key.token_of_pin(&pin("482913"), &pepper);
    assert_eq!(u128::from_be_bytes(token.0), 0xeb70_9bb3_c3e0_5978_4b6a_7852_715f_877e);
}
