//! Orders from a page: what goes to the door bears the touch of whoever pressed the button, and of nobody else.

use crate::authenticator::Authenticator;
use crate::elsewhere::{Gate, id};
use crate::orders::{asked_for_nonce, given};
use crate::rig::*;
use crate::sign_in::{code, in_session, origin, post, refused, said, set_up};
use crate::web::{Answer, OWN, PAGE, ask, send};
use core::time::Duration;
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_wire::config::{Envelope, Payload};
use lockward_wire::link::*;
use serde_json::{Value, json};

/// Presses a button; the controller gives its number.
async fn start(rig: &Rig, gate: &mut Gate, cookie: &str, act: &str, body: Value) -> Value {
    let controller = async {
        let question = asked_for_nonce(&mut gate.wire).await;
        gate.wire.say(&ToHub::Nonce { question, nonce: Some(Nonce([7; 16])) }).await;
    };
    let path = format!("/doors/door-1/{act}/start");
    let (answer, ()) = tokio::join!(post(rig, &path, cookie, body), controller);
    assert_eq!(answer.status, 200, "{}", answer.text());
    said(&answer)
}

/// Touches the key; the controller answers.
async fn finish(
    rig: &Rig,
    gate: &mut Gate,
    cookie: &str,
    body: Value,
    refuses: Option<&str>,
) -> (Answer, Vec<u8>) {
    let controller = async {
        let (question, envelope) = given(&mut gate.wire).await;
        gate.wire.say(&ToHub::Ordered { question, refused: refuses.map(Into::into) }).await;
        envelope
    };
    tokio::join!(post(rig, "/doors/door-1/order/finish", cookie, body), controller)
}

fn harden(rig: &Rig) {
    rig.change(vec![Change::RemovePolicy(id(HUB_SIGNS))]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_bears_the_touch_of_whoever_pressed() {
    let (rig, mut key) = set_up().await;
    harden(&rig);
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let cookie = in_session(&rig, &mut key).await;
    let asked = start(&rig, &mut gate, &cookie, "hold", json!({ "minutes": 15, "reason": "courier" })).await;
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    assert_eq!(asked["publicKey"]["rpId"], "localhost");
    let body = json!({ "ceremony": asked["ceremony"], "credential": key.sign(&asked["publicKey"]) });
    let (answer, envelope) = finish(&rig, &mut gate, &cookie, body.clone(), None).await;
    assert_eq!((answer.status, said(&answer)["says"].as_str()), (200, Some("The door stands open.")));
    let envelope = Envelope::parse(&envelope).unwrap();
    let Payload::Order(order) = envelope.payload().unwrap() else { panic!("no order") };
    assert_eq!(order.act, OrderAct::Hold(Duration::from_secs(900)));
    assert_eq!((order.on_behalf, order.reason.unwrap().as_str()), (None, "courier"));
    let ada = rig.hub().office().site().operator(id("ada")).unwrap().clone();
    assert!(ada.keys.iter().any(|k| envelope.verified_by(&k.key)), "it is Ada's own signature");
    // And it serves once.
    let again = post(&rig, "/doors/door-1/order/finish", &cookie, body).await;
    assert_eq!(code(&again), refused(409, "NOT_WAITING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_door_says_is_what_the_page_says() {
    let (rig, mut key) = set_up().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let cookie = in_session(&rig, &mut key).await;
    let asked = start(&rig, &mut gate, &cookie, "unlock", json!({})).await;
    let body = json!({ "ceremony": asked["ceremony"], "credential": key.sign(&asked["publicKey"]) });
    let (answer, _) = finish(&rig, &mut gate, &cookie, body, Some(Deny::Lockdown.code())).await;
    assert_eq!(code(&answer), refused(409, Deny::Lockdown.code()));
    drop(gate);
    let away = post(&rig, "/doors/door-2/unlock/start", &cookie, json!({})).await;
    assert_eq!(code(&away), refused(503, "CONTROLLER_AWAY"));
    let nowhere = post(&rig, "/doors/nowhere/unlock/start", &cookie, json!({})).await;
    assert!([403, 404].contains(&nowhere.status), "{}", nowhere.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_touch_but_the_one_that_was_asked_for_goes_to_a_door() {
    let (rig, mut key) = set_up().await;
    harden(&rig);
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let cookie = in_session(&rig, &mut key).await;
    let mut stranger = Authenticator::new(&origin(&rig));
    let mut elsewhere = Authenticator::new("http://localhost:1");
    type Signs = Box<dyn FnMut(&Value) -> Value>;
    let mut wrong: Vec<(&str, Signs)> = vec![
        ("a stranger's", Box::new(move |asked| stranger.sign(asked))),
        ("another page's", Box::new(move |asked| elsewhere.sign(asked))),
        ("none", Box::new(|_| Value::Null)),
    ];
    for (whose, sign) in &mut wrong {
        let asked = start(&rig, &mut gate, &cookie, "unlock", json!({})).await;
        let body = json!({ "ceremony": asked["ceremony"], "credential": sign(&asked["publicKey"]) });
        let answer = post(&rig, "/doors/door-1/order/finish", &cookie, body).await;
        assert!([400, 403].contains(&answer.status), "{whose}: {}", answer.text());
    }
    // The touch that was given for another order, and a key that nobody was verified at.
    let first = start(&rig, &mut gate, &cookie, "unlock", json!({})).await;
    let second = start(&rig, &mut gate, &cookie, "hold", json!({ "minutes": 5 })).await;
    let body = json!({ "ceremony": second["ceremony"], "credential": key.sign(&first["publicKey"]) });
    let answer = post(&rig, "/doors/door-1/order/finish", &cookie, body).await;
    assert_eq!(code(&answer), refused(403, "ORDER_SIGNATURE"));
    key.flags = 1;
    let body = json!({ "ceremony": first["ceremony"], "credential": key.sign(&first["publicKey"]) });
    let answer = post(&rig, "/doors/door-1/order/finish", &cookie, body).await;
    assert_eq!(code(&answer), refused(403, "ORDER_SIGNATURE"));
    // What was drafted for one door is not given to another.
    key.flags = 5;
    let asked = start(&rig, &mut gate, &cookie, "unlock", json!({})).await;
    let body = json!({ "ceremony": asked["ceremony"], "credential": key.sign(&asked["publicKey"]) });
    let answer = post(&rig, "/doors/door-2/order/finish", &cookie, body).await;
    assert_eq!(code(&answer), refused(409, "NOT_WAITING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_can_not_be_is_refused_before_the_door_hears_of_it() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let hold = "/doors/door-1/hold/start";
    for body in [json!({}), json!({ "minutes": 721 }), json!({ "minutes": -1 }), json!({ "hours": 1 })] {
        let answer = post(&rig, hold, &cookie, body).await;
        assert_eq!(code(&answer), refused(400, "REQUEST_MALFORMED"));
    }
    let long = json!({ "reason": "x".repeat(500) });
    assert_eq!(post(&rig, "/doors/door-1/unlock/start", &cookie, long).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doors_page_offers_what_its_reader_may_order() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let page = ask(&rig, "/doors/door-1", &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(page.contains(r#"data-path="/doors/door-1""#) && page.contains("Open once"), "{page}");
    let mut ada = rig.hub().office().site().operator(id("ada")).unwrap().clone();
    let owner = Operator::with_key(id("bo"), id("Bo"), public(&crate::rig::key(9)), ada.roles.clone());
    ada.roles = vec![id("auditor")];
    rig.change(vec![Change::PutOperator(owner), Change::PutOperator(ada)]).unwrap();
    let page = ask(&rig, "/doors/door-1", &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(!page.contains("Open once") && page.contains("Who may enter"), "{page}");
    let answer = post(&rig, "/doors/door-1/unlock/start", &cookie, json!({})).await;
    assert_eq!(code(&answer), refused(403, "NOT_PERMITTED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_an_address_where_no_passkey_serves_no_order_goes_out_without_one() {
    let (rig, mut key) = set_up().await;
    let _gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let cookie = in_session(&rig, &mut key).await;
    let host = format!("127.0.0.1:{}", rig.hub().console().unwrap().port());
    let headers = [OWN, PAGE, ("cookie", &*cookie), ("host", &*host)];
    let answer = send(&rig, "POST", "/doors/door-1/unlock/start", &headers, "{}").await;
    assert_eq!(code(&answer), refused(403, "TOUCH_NEEDED"));
}
