//! An authenticator and a browser in software: one passkey, pinned to one origin, touched on a page of that origin.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_model::{ChangeSet, OperatorKey, Order, Passkey, SigningKey};
use lockward_wire::config::{
    Assertion, Envelope, PayloadType, challenge_of, encode_challenge, encode_changes, encode_order,
};

pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    rp: &'static str,
    origin: &'static str,
}

impl Authenticator {
    pub(crate) fn new(rp: &'static str, origin: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { pair, rp, origin }
    }

    pub(crate) fn passkey(&self) -> Passkey {
        let key = self.pair.public_key().as_ref().try_into().unwrap();
        Passkey { id: [7; 16].into(), key, rp: self.rp.into(), origin: self.origin.into() }
    }

    pub(crate) fn as_key(&self) -> OperatorKey {
        let title = "Phone".parse().unwrap();
        OperatorKey { title, key: SigningKey::Passkey(self.passkey()) }
    }

    /// A touch on a page of the origin that the passkey is pinned to: what it asks for is for that page to say.
    pub(crate) fn touch(&self, mut envelope: Envelope) -> Vec<u8> {
        let challenge = encode_challenge(&challenge_of(&envelope.message()));
        let client_data = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{}","crossOrigin":false}}"#,
            self.origin
        );
        let data = [digest(&SHA256, self.rp.as_bytes()).as_ref(), &[0b101], &[0, 0, 0, 9]].concat();
        let message = [&data[..], digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let assertion = Assertion {
            authenticator_data: data.into(),
            client_data: client_data.into_bytes().into(),
            signature: self.pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().into(),
        };
        envelope.sign_with(&self.passkey(), assertion).unwrap();
        envelope.to_bytes()
    }

    pub(crate) fn order(&self, order: &Order) -> Vec<u8> {
        self.touch(Envelope::new(PayloadType::Order, encode_order(order).unwrap()).unwrap())
    }

    pub(crate) fn changes(&self, set: &ChangeSet) -> Vec<u8> {
        self.touch(Envelope::new(PayloadType::ChangeSet, encode_changes(set).unwrap()).unwrap())
    }
}
