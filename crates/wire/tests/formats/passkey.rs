//! What passkeys sign: every step of WebAuthn's section 7.2 refuses what it is there to refuse, by name.

use crate::strategies;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_model::{Passkey, SigningKey};
use lockward_wire::config::*;
use proptest::prelude::*;

const RP: &str = "hub.example";
const ORIGIN: &str = "https://hub.example:8443";
const CHALLENGE: [u8; 32] = [0x5a; 32];
const PRESENT_AND_VERIFIED: u8 = 0b101;

/// An authenticator with one key.
struct Authenticator(EcdsaKeyPair);

impl Authenticator {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn passkey(&self) -> Passkey {
        let key = self.0.public_key().as_ref().try_into().unwrap();
        Passkey { id: vec![7; 16].into(), key, rp: RP.into(), origin: ORIGIN.into() }
    }

    /// Signs these very parts.
    fn sign(&self, client_data: &str, authenticator_data: &[u8]) -> Assertion {
        let signed = [authenticator_data, digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        Assertion {
            authenticator_data: authenticator_data.into(),
            client_data: client_data.as_bytes().into(),
            signature: self.0.sign(&SystemRandom::new(), &signed).unwrap().as_ref().into(),
        }
    }
}

fn client_data(kind: &str, challenge: &[u8; 32], origin: &str, more: &str) -> String {
    let challenge = encode_challenge(challenge);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{more}}}"#)
}

fn authenticator_data(rp: &str, flags: u8) -> Vec<u8> {
    [digest(&SHA256, rp.as_bytes()).as_ref(), &[flags], &[0, 0, 0, 9]].concat()
}

fn good_client_data() -> String {
    client_data("webauthn.get", &CHALLENGE, ORIGIN, r#","crossOrigin":false"#)
}

fn good_authenticator_data() -> Vec<u8> {
    authenticator_data(RP, PRESENT_AND_VERIFIED)
}

#[test]
fn what_an_authenticator_signs_holds() {
    let key = Authenticator::new();
    let synced = authenticator_data(RP, PRESENT_AND_VERIFIED | 0b1_1000);
    let extended = [authenticator_data(RP, PRESENT_AND_VERIFIED | 0x80), vec![0xa0]].concat();
    for data in [good_authenticator_data(), synced, extended] {
        assert_eq!(key.sign(&good_client_data(), &data).verify(&key.passkey(), &CHALLENGE), Ok(()));
    }
    // Browsers may say more than they do today (section 5.8.1).
    let more = client_data("webauthn.get", &CHALLENGE, ORIGIN, r#","other_keys_can_be_added_here":"x""#);
    assert_eq!(key.sign(&more, &good_authenticator_data()).verify(&key.passkey(), &CHALLENGE), Ok(()));
}

#[test]
fn each_flaw_is_refused_by_its_name() {
    use AssertionError as E;
    let key = Authenticator::new();
    let get = |challenge, origin, more| client_data("webauthn.get", challenge, origin, more);
    let twice = r#","origin":"https://hub.example:8443""#;
    let above = r#","topOrigin":"https://evil.example""#;
    let client = [
        ("a registration", client_data("webauthn.create", &CHALLENGE, ORIGIN, ""), E::Type),
        ("wrong challenge", get(&[0; 32], ORIGIN, ""), E::Challenge),
        ("wrong origin", get(&CHALLENGE, "https://hub.example.evil", ""), E::Origin),
        ("origin without its port", get(&CHALLENGE, "https://hub.example", ""), E::Origin),
        ("origin without TLS", get(&CHALLENGE, "http://hub.example:8443", ""), E::Origin),
        ("framed by another site", get(&CHALLENGE, ORIGIN, r#","crossOrigin":true"#), E::CrossOrigin),
        ("below another site", get(&CHALLENGE, ORIGIN, above), E::CrossOrigin),
        ("an origin twice", get(&CHALLENGE, ORIGIN, twice), E::ClientData),
        ("no JSON", "webauthn.get".into(), E::ClientData),
        (
            "no challenge",
            r#"{"type":"webauthn.get","origin":"https://hub.example:8443"}"#.into(),
            E::ClientData,
        ),
        ("too long", get(&CHALLENGE, ORIGIN, &format!(r#","x":"{}""#, "x".repeat(768))), E::ClientData),
    ];
    for (flaw, client, why) in client {
        let found = key.sign(&client, &good_authenticator_data()).verify(&key.passkey(), &CHALLENGE);
        assert_eq!(found, Err(why), "{flaw}");
    }
    let cut = good_authenticator_data()[..36].to_vec();
    let more = [good_authenticator_data(), vec![0]].concat();
    let device = [
        ("wrong relying party", authenticator_data("evil.example", PRESENT_AND_VERIFIED), E::RelyingParty),
        ("nobody there", authenticator_data(RP, 0b100), E::NotPresent),
        ("no user verification", authenticator_data(RP, 0b001), E::NotVerified),
        ("backed up, and not able to be", authenticator_data(RP, PRESENT_AND_VERIFIED | 0x10), E::Backup),
        ("a key attested", authenticator_data(RP, PRESENT_AND_VERIFIED | 0x40), E::AuthenticatorData),
        (
            "extensions that are not there",
            authenticator_data(RP, PRESENT_AND_VERIFIED | 0x80),
            E::AuthenticatorData,
        ),
        ("cut short", cut, E::AuthenticatorData),
        ("more than the flags say", more, E::AuthenticatorData),
        ("too long", vec![0; 257], E::AuthenticatorData),
    ];
    for (flaw, data, why) in device {
        let found = key.sign(&good_client_data(), &data).verify(&key.passkey(), &CHALLENGE);
        assert_eq!(found, Err(why), "{flaw}");
    }
    let stranger = Authenticator::new().sign(&good_client_data(), &good_authenticator_data());
    assert_eq!(stranger.verify(&key.passkey(), &CHALLENGE), Err(E::Signature), "another key");
}

proptest! {
    #[test]
    fn no_changed_byte_holds(part in 0..3_u8, at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let key = Authenticator::new();
        let mut assertion = key.sign(&good_client_data(), &good_authenticator_data());
        let bytes = match part {
            0 => &mut assertion.client_data,
            1 => &mut assertion.authenticator_data,
            _ => &mut assertion.signature,
        };
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(assertion.verify(&key.passkey(), &CHALLENGE).is_err());
    }

    #[test]
    fn an_order_reads_back_as_it_was_signed(order in strategies::order()) {
        let key = Authenticator::new();
        let mut envelope = Envelope::new(PayloadType::Order, encode_order(&order).unwrap()).unwrap();
        let client = client_data("webauthn.get", &challenge_of(&envelope.message()), ORIGIN, "");
        let assertion = key.sign(&client, &good_authenticator_data());
        envelope.sign_with(&key.passkey(), assertion).unwrap();
        let read = Envelope::parse(&envelope.to_bytes()).unwrap();
        prop_assert_eq!(&read, &envelope);
        prop_assert!(read.verified_by(&SigningKey::Passkey(key.passkey())));
        prop_assert_eq!(read.payload().unwrap(), Payload::Order(Box::new(order)));
    }
}

#[test]
fn a_signature_of_one_kind_is_none_of_the_other() {
    let key = Authenticator::new();
    let mut envelope = Envelope::new(PayloadType::ChangeSet, b"{}".to_vec()).unwrap();
    let client = client_data("webauthn.get", &challenge_of(&envelope.message()), ORIGIN, "");
    envelope.sign_with(&key.passkey(), key.sign(&client, &good_authenticator_data())).unwrap();
    // The same payload as an order: the type is under the signature.
    let text = String::from_utf8(envelope.to_bytes()).unwrap();
    let order = text.replace("change-set", "order");
    let order = Envelope::parse(order.as_bytes()).unwrap();
    assert!(!order.verified_by(&SigningKey::Passkey(key.passkey())));
    // And what was signed over something else is not taken.
    let mut other = Envelope::new(PayloadType::ChangeSet, b"{ }".to_vec()).unwrap();
    let refused = other.sign_with(&key.passkey(), key.sign(&client, &good_authenticator_data()));
    assert!(matches!(refused, Err(EncodeError::Assertion(AssertionError::Challenge))));
}
