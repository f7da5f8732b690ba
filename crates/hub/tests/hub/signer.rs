//! What comes back from the signer: believed for its one-time value and its signature, once, and for nothing else.

use crate::authenticator::{Authenticator, b64};
use crate::elsewhere::{Gate, id};
use crate::orders::{asked_for_nonce, given};
use crate::rig::*;
use crate::sign_in::{code, in_session, post, refused, said, set_up};
use crate::web::{Answer, OWN, PAGE, ask, send};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use lockward_model::*;
use lockward_policy::{HUB_SIGNS, signed_apart};
use lockward_wire::config::{Envelope, Payload, challenge_of, encode_challenge};
use lockward_wire::link::*;
use serde_json::{Value, json};

const GROUP: &str = "[[group]]\nid = \"night\"\ntitle = \"Night shift\"\n";
const SIGNER: (&str, &str) = ("origin", SIGNER_ORIGIN);

fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// A form as the signer's page sends it: without a cookie.
async fn returned(rig: &Rig, path: &str, from: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
    send(rig, "POST", path, &[from, &[PAGE, ("sec-fetch-site", "cross-site")]].concat(), &encoded(fields))
        .await
}

/// The public half of an authenticator's key.
fn public_half(key: &mut Authenticator) -> [u8; 65] {
    let made = key.register(&json!({ "challenge": "x", "user": { "id": "x" } }));
    let object = B64.decode(made["response"]["attestationObject"].as_str().unwrap()).unwrap();
    // The COSE key ends the object: x and y, each behind three bytes (RFC 9053, section 7.1.1).
    let (x, y) = (&object[object.len() - 67..object.len() - 35], &object[object.len() - 32..]);
    [&[4], x, y].concat().try_into().unwrap()
}

/// A hardened site of which Ada, who is signed in, has a key of the signer's.
async fn apart() -> (Rig, Authenticator, Authenticator, String) {
    let (rig, mut hers) = set_up().await;
    let cookie = in_session(&rig, &mut hers).await;
    let mut signer = Authenticator::new(SIGNER_ORIGIN);
    let answer = make(&rig, &cookie, &mut signer, |f| f).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    rig.change(vec![Change::RemovePolicy(id(HUB_SIGNS)), Change::PutPolicy(signed_apart().unwrap())])
        .unwrap();
    (rig, hers, signer, cookie)
}

async fn make(
    rig: &Rig,
    cookie: &str,
    signer: &mut Authenticator,
    bent: impl Fn(Vec<(&'static str, String)>) -> Vec<(&'static str, String)>,
) -> Answer {
    let asked = post(rig, "/me/keys/apart", cookie, json!({})).await;
    let fields = &said(&asked)["signer"]["fields"];
    let key = public_half(signer);
    let form = bent(vec![
        ("ticket", fields["ticket"].as_str().unwrap().to_owned()),
        ("title", "drawer".to_owned()),
        ("credential", b64(&signer.id)),
        ("key", b64(&key)),
    ]);
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    returned(rig, "/me/keys/made", &[SIGNER], &form).await
}

async fn draft(rig: &Rig, cookie: &str, text: &str) -> String {
    let answer =
        send(rig, "POST", "/changes/draft", &[OWN, PAGE, ("cookie", cookie)], &encoded(&[("text", text)]))
            .await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

/// What the hub sends to the signer, and what a touch there makes of it.
fn touched(asked: &Value, key: &mut Authenticator) -> Vec<(&'static str, String)> {
    let fields = &asked["signer"]["fields"];
    let message = B64.decode(fields["message"].as_str().unwrap()).unwrap();
    let made = key.sign(&json!({ "challenge": encode_challenge(&challenge_of(&message)) }));
    let part = |name: &str| made["response"][name].as_str().unwrap().to_owned();
    vec![
        ("ticket", fields["ticket"].as_str().unwrap().to_owned()),
        ("credential", made["rawId"].as_str().unwrap().to_owned()),
        ("authenticator_data", part("authenticatorData")),
        ("client_data", part("clientDataJSON")),
        ("signature", part("signature")),
    ]
}

async fn sent_back(rig: &Rig, path: &str, form: &[(&'static str, String)]) -> Answer {
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    returned(rig, path, &[SIGNER], &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn hub_bounded_a_change_is_signed_on_ones_own_machine_and_no_touch_at_the_hub_will_do() {
    let (rig, mut hers, mut signer, cookie) = apart().await;
    let place = draft(&rig, &cookie, GROUP).await;
    let review = ask(&rig, &place, &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(review.contains("Sign on my own machine"), "{review}");
    // Her touch at the hub's page is kept, and is not enough; at the signer it is.
    let start = said(&post(&rig, &format!("{place}/sign/start"), &cookie, Value::Null).await);
    let body = json!({ "credential": hers.sign(&start["publicKey"]) });
    let answer = post(&rig, &format!("{place}/sign/finish"), &cookie, body).await;
    assert_eq!(said(&answer)["to"].as_str(), Some(&*place), "it waits");
    assert!(!rig.hub().office().site().groups().any(|g| g.id == id("night")));
    let asked = said(&post(&rig, &format!("{place}/sign/apart"), &cookie, Value::Null).await);
    let fields = &asked["signer"]["fields"];
    assert_eq!(asked["signer"]["to"], "http://localhost:7447/sign");
    assert!(fields["back"].as_str().unwrap().ends_with(&format!("{place}/signed")), "{fields}");
    assert_eq!(fields["keys"].as_str(), Some(&*b64(&signer.id)));
    let answer = sent_back(&rig, &format!("{place}/signed"), &touched(&asked, &mut signer)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("The change is in force"), "{}", answer.text());
    assert!(rig.hub().office().site().groups().any(|g| g.id == id("night")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_counts_once_from_the_signers_page_for_its_own_draft_and_from_its_own_operator() {
    let (rig, mut hers, mut signer, cookie) = apart().await;
    let place = draft(&rig, &cookie, GROUP).await;
    let other = draft(&rig, &cookie, "[[group]]\nid = \"day\"\ntitle = \"Day\"\n").await;
    let asked =
        async |place: &str| said(&post(&rig, &format!("{place}/sign/apart"), &cookie, Value::Null).await);
    let groups = || rig.hub().office().site().groups().count();
    let before = groups();
    let signed = format!("{place}/signed");
    // From another site's page, and from the hub's own.
    let form = touched(&asked(&place).await, &mut signer);
    let fields: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for from in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[OWN],
        &[("origin", "http://localhost:8080")],
    ] {
        let answer = returned(&rig, &signed, from, &fields).await;
        assert_eq!(answer.status, 403, "{from:?}");
    }
    // For another draft; with a value that nobody gave; and of something else.
    assert_eq!(sent_back(&rig, &format!("{other}/signed"), &form).await.status, 409);
    let guessed = [&[("ticket", "00".repeat(16))][..], &form[1..]].concat();
    assert_eq!(sent_back(&rig, &signed, &guessed).await.status, 409);
    assert_eq!(sent_back(&rig, "/doors/door-1/order/signed", &form).await.status, 409);
    assert_eq!(sent_back(&rig, "/me/keys/made", &form).await.status, 409);
    // By a stranger's key, by her key of the hub's page, and over another draft's bytes.
    let mut stranger = Authenticator::new(SIGNER_ORIGIN);
    for key in [&mut stranger, &mut hers] {
        let form = touched(&asked(&place).await, key);
        assert_eq!(sent_back(&rig, &signed, &form).await.status, 403);
    }
    let (mine, others) = (asked(&place).await, touched(&asked(&other).await, &mut signer));
    let ticket = mine["signer"]["fields"]["ticket"].as_str().unwrap().to_owned();
    let swapped = [&[("ticket", ticket)][..], &others[1..]].concat();
    let answer = sent_back(&rig, &signed, &swapped).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(groups(), before);
    // The first form was never taken; it is taken now, and once.
    let answer = sent_back(&rig, &signed, &form).await;
    assert_eq!((answer.status, groups()), (200, before + 1), "{}", answer.text());
    assert_eq!(sent_back(&rig, &signed, &form).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn hub_bounded_an_order_is_signed_on_ones_own_machine_and_goes_to_the_door_with_that_signature() {
    let (rig, _, mut signer, cookie) = apart().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let refuses = post(&rig, "/doors/door-1/unlock/start", &cookie, json!({})).await;
    assert_eq!(code(&refuses), refused(403, "SIGN_APART"));
    let controller = async {
        let question = asked_for_nonce(&mut gate.wire).await;
        gate.wire.say(&ToHub::Nonce { question, nonce: Some(Nonce([7; 16])) }).await;
    };
    let start = post(&rig, "/doors/door-1/unlock/start", &cookie, json!({ "apart": true }));
    let (asked, ()) = tokio::join!(start, controller);
    let form = touched(&said(&asked), &mut signer);
    assert_eq!(sent_back(&rig, "/doors/door-2/order/signed", &form).await.status, 409, "another door's");
    let controller = async {
        let (question, envelope) = given(&mut gate.wire).await;
        gate.wire.say(&ToHub::Ordered { question, refused: None }).await;
        envelope
    };
    let (answer, envelope) = tokio::join!(sent_back(&rig, "/doors/door-1/order/signed", &form), controller);
    assert!(answer.status == 200 && answer.text().contains("The door is released."), "{}", answer.text());
    let envelope = Envelope::parse(&envelope).unwrap();
    let Payload::Order(order) = envelope.payload().unwrap() else { panic!("no order") };
    assert_eq!((order.act, order.on_behalf), (OrderAct::Unlock, None));
    assert_eq!(sent_back(&rig, "/doors/door-1/order/signed", &form).await.status, 409, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_signer_made_joins_ones_own_at_once_or_in_a_hardened_site_as_a_change() {
    let (rig, _, mut signer, cookie) = apart().await;
    let keys = || rig.hub().office().site().operator(id("ada")).unwrap().keys.len();
    let before = keys();
    assert!(rig.hub().office().site().operator(id("ada")).unwrap().keys.iter().any(|k| k.key.is_apart()));
    let mut more = Authenticator::new(SIGNER_ORIGIN);
    let answer = make(&rig, &cookie, &mut more, |f| f).await;
    let text = answer.text();
    assert_eq!((answer.status, keys()), (200, before), "{text}");
    let at = text.split("/changes/").nth(1).unwrap_or_else(|| panic!("{text}"));
    let place = format!("/changes/{}", at.split('"').next().unwrap());
    let review = ask(&rig, &place, &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(review.contains("key of operator ada") && review.contains("at the signer"), "{review}");
    let asked = said(&post(&rig, &format!("{place}/sign/apart"), &cookie, Value::Null).await);
    let answer = sent_back(&rig, &format!("{place}/signed"), &touched(&asked, &mut signer)).await;
    assert_eq!((answer.status, keys()), (200, before + 1), "{}", answer.text());
    // What is no key is none.
    let mut third = Authenticator::new(SIGNER_ORIGIN);
    for bent in [("key", "AA"), ("credential", ""), ("title", " ")] {
        let answer = make(&rig, &cookie, &mut third, |form| {
            form.into_iter().map(|(n, v)| if n == bent.0 { (n, bent.1.to_owned()) } else { (n, v) }).collect()
        });
        assert_eq!(answer.await.status, 403, "{bent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_leaves_no_key_behind() {
    let (rig, mut hers) = set_up().await;
    let cookie = in_session(&rig, &mut hers).await;
    let asked = said(&post(&rig, "/me/keys/apart", &cookie, json!({})).await);
    let ticket = asked["signer"]["fields"]["ticket"].as_str().unwrap().to_owned();
    assert_eq!(send(&rig, "POST", "/sign-out", &[OWN, PAGE, ("cookie", &cookie)], "").await.status, 303);
    let mut late = Authenticator::new(SIGNER_ORIGIN);
    let key = b64(&public_half(&mut late));
    let form = [("ticket", ticket), ("title", "late".into()), ("credential", b64(&late.id)), ("key", key)];
    assert_eq!(sent_back(&rig, "/me/keys/made", &form).await.status, 409);
    assert_eq!(rig.hub().office().site().operator(id("ada")).unwrap().keys.len(), 2);
}
