//! `SIGNED-AUTHORITY`, from the browser's side: a passkey signs what was fixed, and the site judges that and nothing else.

use crate::elsewhere::id;
use crate::rig::*;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_hub::ChangeDraft;
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_wire::config::{Assertion, challenge_of, encode_challenge};

const ORIGIN: &str = "https://hub.example";

/// An authenticator with one key.
pub struct Authenticator(EcdsaKeyPair);

impl Authenticator {
    pub fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub fn passkey(&self) -> Passkey {
        let key: [u8; 65] = self.0.public_key().as_ref().try_into().unwrap();
        Passkey { id: key[1..17].into(), key, rp: "hub.example".into(), origin: ORIGIN.into() }
    }

    pub fn touch(&self, message: &[u8]) -> Assertion {
        let challenge = encode_challenge(&challenge_of(message));
        let client = format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}"}}"#);
        let data = [digest(&SHA256, b"hub.example").as_ref(), &[5, 0, 0, 0, 1]].concat();
        let signed = [&data, digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.0.sign(&SystemRandom::new(), &signed).unwrap();
        Assertion {
            authenticator_data: data.into(),
            client_data: client.into_bytes().into(),
            signature: signature.as_ref().into(),
        }
    }
}

/// A hub whose owner Ada has a passkey beside the key in her file; and the site takes the hub's word for nobody.
pub async fn hardened(key: &Authenticator) -> Rig {
    let rig = Rig::new().await;
    let mut ada = rig.hub().office().site().operator(id("ada")).unwrap().clone();
    let (title, key) = ("blue key".parse().unwrap(), SigningKey::Passkey(key.passkey()));
    ada.keys.push(OperatorKey { title, key });
    rig.change(vec![Change::PutOperator(ada), Change::RemovePolicy(id(HUB_SIGNS))]).unwrap();
    rig
}

fn group(name: &str) -> Vec<Change> {
    vec![Change::PutGroup(Group { id: id(name), title: id(name) })]
}

fn draft(rig: &Rig, name: &str) -> ChangeDraft {
    rig.hub().office().draft(group(name), None).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_a_passkey_signed_is_in_force() {
    let key = Authenticator::new();
    let rig = hardened(&key).await;
    let office = rig.hub().office();
    let wants = office.wants(&group("a"), id("ada")).unwrap();
    assert!(!wants.second && !wants.hub_will_do);
    let mut draft = draft(&rig, "a");
    draft.sign(&key.passkey(), key.touch(&draft.message())).unwrap();
    let at = office.append_draft(&draft).unwrap();
    assert_eq!((at, office.site().groups().count()), (draft.set().at, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_touch_serves_for_the_bytes_that_were_shown_and_no_others() {
    let key = Authenticator::new();
    let rig = hardened(&key).await;
    let (shown, mut other) = (draft(&rig, "a"), draft(&rig, "b"));
    let refused = other.sign(&key.passkey(), key.touch(&shown.message())).unwrap_err();
    assert_eq!(refused.code(), "ENTRY_MALFORMED");
    assert_eq!(rig.hub().office().append_draft(&other).unwrap_err().code(), "ENTRY_UNSIGNED");
    let stranger = Authenticator::new();
    let mut draft = shown;
    draft.sign(&stranger.passkey(), stranger.touch(&draft.message())).unwrap();
    assert_eq!(rig.hub().office().append_draft(&draft).unwrap_err().code(), "SIGNER_UNKNOWN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_another_change_overtook_is_told_so() {
    let key = Authenticator::new();
    let rig = hardened(&key).await;
    let mut late = draft(&rig, "late");
    rig.change(group("first")).unwrap();
    late.sign(&key.passkey(), key.touch(&late.message())).unwrap();
    let refused = rig.hub().office().append_draft(&late).unwrap_err();
    assert_eq!(refused.code(), "ENTRY_OUT_OF_ORDER");
    assert_eq!(rig.hub().office().site().groups().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_keys_use_is_an_alarm_whoever_brings_it() {
    let rig = Rig::new().await;
    let paper = rig.paper();
    let eve = Operator::with_key(id("eve"), id("Eve"), public(&key(9)), vec![id("owner")]);
    let office = rig.hub().office();
    let recover = || {
        let mut draft = office.draft(vec![Change::Recover(eve.clone())], None).unwrap();
        draft.sign_with_key(&paper).unwrap();
        office.append_draft(&draft)
    };
    recover().unwrap();
    let told = |step| move |body: &Body| *body == Body::Recovery { operator: Some(id("eve")), step };
    rig.until(told(RecoveryStep::Announced)).await;
    assert_eq!(recover().unwrap_err().code(), "CHANGE_INVALID");
    rig.clock.forward(lockward_site::RECOVERY_WAIT);
    recover().unwrap();
    rig.until(told(RecoveryStep::Done)).await;
    assert!(office.site().operator(id("eve")).is_some());
}
