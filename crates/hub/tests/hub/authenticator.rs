//! An authenticator and a browser in software, which can be told to do everything wrong.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

pub fn b64(bytes: &[u8]) -> String {
    B64.encode(bytes)
}

pub struct Authenticator {
    pair: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub handle: String,
    pub count: u32,
    /// Present and verified.
    pub flags: u8,
    pub rp: String,
    pub origin: String,
    pub kind: Option<&'static str>,
    pub cross: bool,
}

impl Authenticator {
    pub fn new(origin: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
        let id = digest(&SHA256, pair.public_key().as_ref()).as_ref().to_vec();
        let (rp, origin) = ("localhost".to_owned(), origin.to_owned());
        Self { pair, id, handle: String::new(), count: 0, flags: 1 | 4, rp, origin, kind: None, cross: false }
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let rp = digest(&SHA256, self.rp.as_bytes());
        [rp.as_ref(), &[flags], &self.count.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let kind = self.kind.unwrap_or(kind);
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": self.cross })
            .to_string()
            .into_bytes()
    }

    /// CBOR by hand (RFC 8949): a map of three, as WebAuthn section 6.5.4 has it, without attestation.
    pub fn register(&mut self, options: &Value) -> Value {
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let point = self.pair.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..65]);
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = [&self.head(self.flags | 64)[..], &[0; 16], &length, &self.id, &cose].concat();
        let length = u8::try_from(data.len()).unwrap();
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &[0x58, length],
            &data,
        ]
        .concat();
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "attestationObject": b64(&object),
                "clientDataJSON": b64(&self.client_data("webauthn.create", options)),
            },
        })
    }

    pub fn sign(&mut self, options: &Value) -> Value {
        self.count += u32::from(self.count > 0);
        let (head, said) = (self.head(self.flags), self.client_data("webauthn.get", options));
        let signed = [&head[..], digest(&SHA256, &said).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": b64(&self.id), "rawId": b64(&self.id), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": b64(&head), "clientDataJSON": b64(&said),
                "signature": b64(signature.as_ref()), "userHandle": self.handle,
            },
        })
    }
}
