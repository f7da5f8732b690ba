//! An authenticator and a browser in software: one passkey, pinned to the origin whose pages may ask it.

use crate::house::{House, id};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_model::{Change, OperatorKey, Order, Passkey, SigningKey};
use lockward_wire::config::{
    Assertion, Envelope, PayloadType, challenge_of, encode_challenge, encode_changes, encode_order,
};

pub(crate) struct Touch {
    pair: EcdsaKeyPair,
    origin: &'static str,
}

impl Touch {
    pub(crate) fn new(origin: &'static str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(), origin }
    }

    fn passkey(&self) -> Passkey {
        let rp = self.origin.split("://").nth(1).unwrap().split(':').next().unwrap();
        let key: [u8; 65] = self.pair.public_key().as_ref().try_into().unwrap();
        Passkey { id: key[1..17].into(), key, rp: rp.into(), origin: self.origin.into() }
    }

    pub(crate) fn key(&self, title: &str) -> OperatorKey {
        OperatorKey { title: id(title), key: SigningKey::Passkey(self.passkey()) }
    }

    /// Touched on a page of this origin; `None` if the signature does not hold.
    pub(crate) fn asked_by(&self, origin: &str, mut envelope: Envelope) -> Option<Envelope> {
        let passkey = self.passkey();
        let challenge = encode_challenge(&challenge_of(&envelope.message()));
        let said = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        );
        let data = [digest(&SHA256, passkey.rp.as_bytes()).as_ref(), &[0b101], &[0, 0, 0, 9]].concat();
        let message = [&data[..], digest(&SHA256, said.as_bytes()).as_ref()].concat();
        let assertion = Assertion {
            authenticator_data: data.into(),
            client_data: said.into_bytes().into(),
            signature: self.pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().into(),
        };
        envelope.sign_with(&passkey, assertion).ok().map(|()| envelope)
    }

    pub(crate) fn signed(&self, envelope: Envelope) -> Envelope {
        self.asked_by(self.origin, envelope).unwrap()
    }

    pub(crate) fn changes(&self, house: &House, changes: Vec<Change>) -> Vec<u8> {
        self.signed(house.envelope(changes)).to_bytes()
    }

    pub(crate) fn order(&self, order: &Order) -> Vec<u8> {
        self.signed(Envelope::new(PayloadType::Order, encode_order(order).unwrap()).unwrap()).to_bytes()
    }
}

impl House {
    /// The next entry, signed by nobody yet.
    pub(crate) fn envelope(&self, changes: Vec<Change>) -> Envelope {
        Envelope::new(PayloadType::ChangeSet, encode_changes(&self.set(changes)).unwrap()).unwrap()
    }
}
