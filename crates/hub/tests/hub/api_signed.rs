//! What commands doors or changes the site over the API bears the service's own signature, and an API key alone does neither.

use crate::api_keys::{EVERYTHING, bearer, get, id, make, post, serve, served};
use crate::elsewhere::Gate;
use crate::orders::{asked_for_nonce, given};
use crate::rig::*;
use crate::sign_in::{code, refused, said};
use crate::web::{Answer, send};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_wire::config::{Envelope, Payload};
use lockward_wire::link::*;
use serde_json::{Value, json};

const WMS: u8 = 21;

/// The service's client: signs what it was told to sign, and looks at nothing else.
fn signed(draft: &Value, by: &Ed25519KeyPair) -> Value {
    let message = STANDARD.decode(draft["message"].as_str().unwrap()).unwrap();
    json!({ "signature": STANDARD.encode(by.sign(&message).as_ref()) })
}

/// Drafts an order; the controller gives its number.
async fn draft(rig: &Rig, gate: &mut Gate, key: &str, body: &Value) -> Value {
    let controller = async {
        let question = asked_for_nonce(&mut gate.wire).await;
        gate.wire.say(&ToHub::Nonce { question, nonce: Some(Nonce([7; 16])) }).await;
    };
    let (answer, ()) = tokio::join!(post(rig, "/api/v1/doors/door-1/orders", key, body), controller);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let said = said(&answer);
    let place = format!("/api/v1/orders/{}/signature", said["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(place.as_str()));
    said
}

fn place(draft: &Value) -> String {
    format!("/api/v1/orders/{}/signature", draft["id"].as_str().unwrap())
}

async fn sign(
    rig: &Rig,
    gate: &mut Gate,
    key: &str,
    draft: &Value,
    refuses: Option<&str>,
) -> (Answer, Vec<u8>) {
    let controller = async {
        let (question, envelope) = given(&mut gate.wire).await;
        gate.wire.say(&ToHub::Ordered { question, refused: refuses.map(Into::into) }).await;
        envelope
    };
    let (place, body) = (place(draft), signed(draft, &crate::rig::key(WMS)));
    tokio::join!(post(rig, &place, key, &body), controller)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_bears_the_services_own_signature_and_serves_once() {
    let (rig, key) = served().await;
    rig.change(vec![Change::RemovePolicy(id(HUB_SIGNS))]).unwrap();
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let wanted = json!({ "act": "hold", "minutes": 15, "reason": "pallet" });
    let drafted = draft(&rig, &mut gate, &key, &wanted).await;
    assert_eq!(
        (drafted["act"].as_str(), drafted["nonce"].as_str()),
        (Some("hold"), Some("07".repeat(16).as_str()))
    );
    let payload = STANDARD.decode(drafted["payload"].as_str().unwrap()).unwrap();
    let message = STANDARD.decode(drafted["message"].as_str().unwrap()).unwrap();
    assert!(message.ends_with(&payload) && message.starts_with(b"DSSEv1 "));
    let (answer, envelope) = sign(&rig, &mut gate, &key, &drafted, None).await;
    assert_eq!((answer.status, said(&answer)["says"].as_str()), (200, Some("The door stands open.")));
    let envelope = Envelope::parse(&envelope).unwrap();
    let Payload::Order(order) = envelope.payload().unwrap() else { panic!("no order") };
    assert_eq!((order.act, order.on_behalf), (OrderAct::Hold(core::time::Duration::from_secs(900)), None));
    let own = Service::new(id("wms"), public(&crate::rig::key(WMS))).signing_key();
    assert!(envelope.verified_by(&own) && envelope.signature_ids().count() == 1);
    let again = post(&rig, &place(&drafted), &key, &signed(&drafted, &crate::rig::key(WMS))).await;
    assert_eq!(code(&again), refused(409, "ORDER_REPLAYED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_a_foreign_and_a_late_order_moves_nothing() {
    let (rig, key) = served().await;
    serve(&rig, "pms", 22, EVERYTHING.replace("wms", "pms").as_str());
    let other = bearer(&make(&rig, "pms", ""));
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let drafted = draft(&rig, &mut gate, &key, &json!({ "act": "unlock" })).await;
    let second = draft(&rig, &mut gate, &key, &json!({ "act": "hold", "minutes": 1 })).await;
    for (body, wanted) in [
        (json!({}), (422, "REQUEST_INVALID")),
        (json!({ "signature": "" }), (422, "REQUEST_INVALID")),
        (json!({ "signature": STANDARD.encode([0; 64]) }), (403, "ORDER_SIGNATURE")),
        // Another service's key, an operator's, the hub's; and its own over another draft.
        (signed(&drafted, &crate::rig::key(22)), (403, "ORDER_SIGNATURE")),
        (signed(&drafted, &crate::rig::key(OPERATOR)), (403, "ORDER_SIGNATURE")),
        (signed(&second, &crate::rig::key(WMS)), (403, "ORDER_SIGNATURE")),
    ] {
        assert_eq!(
            code(&post(&rig, &place(&drafted), &key, &body).await),
            refused(wanted.0, wanted.1),
            "{body}"
        );
    }
    // Another service does not find it, whatever it sends.
    let stolen = post(&rig, &place(&drafted), &other, &signed(&drafted, &crate::rig::key(22))).await;
    let unknown =
        post(&rig, "/api/v1/orders/00/signature", &other, &signed(&drafted, &crate::rig::key(22))).await;
    assert_eq!((code(&stolen), stolen.text()), (refused(404, "NOT_WAITING"), unknown.text()));
    // A people's session does not sign here.
    let cookie = crate::web::signed_in(&rig).await;
    let headers = [crate::web::OWN, ("cookie", cookie.as_str()), ("content-type", "application/json")];
    assert_eq!(send(&rig, "POST", &place(&drafted), &headers, "{}").await.status, 401);
    rig.clock.forward(Order::LIFE_MAX);
    let late = post(&rig, &place(&drafted), &key, &signed(&drafted, &crate::rig::key(WMS))).await;
    assert_eq!(code(&late), refused(409, "ORDER_EXPIRED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_door_answers_is_what_the_service_is_told() {
    let (rig, key) = served().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    for why in [Deny::NothingPermits, Deny::OrderReplayed, Deny::OrderExpired, Deny::Lockdown] {
        let drafted = draft(&rig, &mut gate, &key, &json!({ "act": "unlock" })).await;
        let (answer, _) = sign(&rig, &mut gate, &key, &drafted, Some(why.code())).await;
        assert_eq!(code(&answer), refused(409, why.code()));
    }
    drop(gate);
    let away = post(&rig, "/api/v1/doors/door-2/orders", &key, &json!({ "act": "unlock" })).await;
    assert_eq!(code(&away), refused(503, "CONTROLLER_AWAY"));
    for wrong in [
        json!({ "act": "burn" }),
        json!({ "act": "hold" }),
        json!({ "act": "hold", "minutes": 721 }),
        json!({ "act": "unlock", "minutes": 1 }),
        json!({ "act": "unlock", "door": "door-1" }),
        json!({ "act": "unlock", "reason": "x".repeat(500) }),
        json!([]),
    ] {
        let answer = post(&rig, "/api/v1/doors/door-1/orders", &key, &wrong).await;
        assert_eq!(code(&answer), refused(422, "REQUEST_INVALID"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_the_service_may_not_know_of_is_like_none() {
    let rig = Rig::new().await;
    let policy = r#"permit (principal == Service::"wms", action == Action::"order:unlock", resource == Door::"door-1");"#;
    serve(&rig, "wms", WMS, policy);
    let key = bearer(&make(&rig, "wms", ""));
    let order =
        async |door: &str, act: Value| post(&rig, &format!("/api/v1/doors/{door}/orders"), &key, &act).await;
    let (hidden, unknown) =
        (order("door-2", json!({ "act": "unlock" })).await, order("none", json!({ "act": "unlock" })).await);
    assert_eq!((code(&hidden), hidden.text()), (refused(404, "NOT_FOUND"), unknown.text()));
    assert_eq!(code(&order("door-1", json!({ "act": "release" })).await), refused(403, "NOT_PERMITTED"));
    assert_eq!(code(&order("door-1", json!({ "act": "unlock" })).await), refused(503, "CONTROLLER_AWAY"));
}

const FILE: &str = "[[group]]\nid = \"packers\"\ntitle = \"Packers\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_drafted_reviewed_and_put_in_force_by_the_services_own_signature() {
    let (rig, key) = served().await;
    let answer = post(&rig, "/api/v1/changes", &key, &json!({ "file": FILE })).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let drafted = said(&answer);
    assert!(drafted["review"]["changes"].as_str().unwrap().contains("packers"), "{drafted}");
    let own = format!("/api/v1/changes/{}", drafted["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(own.as_str()));
    assert_eq!(said(&get(&rig, &own, &key).await), drafted);
    assert_eq!(said(&get(&rig, "/api/v1/changes", &key).await)["items"][0], drafted);
    // Another service sees and signs nothing of it.
    serve(&rig, "pms", 22, EVERYTHING.replace("wms", "pms").as_str());
    let other = bearer(&make(&rig, "pms", ""));
    assert_eq!(get(&rig, &own, &other).await.status, 404);
    let place = format!("{own}/signature");
    // That change came between: the draft says so, and is drafted anew.
    let late = post(&rig, &place, &key, &signed(&drafted, &crate::rig::key(WMS))).await;
    assert_eq!(code(&late), refused(409, "NOT_SIGNED"));
    assert_eq!(said(&get(&rig, &own, &key).await)["overtaken"], true);
    let drafted = said(&post(&rig, "/api/v1/changes", &key, &json!({ "file": FILE })).await);
    let place = format!("/api/v1/changes/{}/signature", drafted["id"].as_str().unwrap());
    for foreign in [22, OPERATOR] {
        let answer = post(&rig, &place, &key, &signed(&drafted, &crate::rig::key(foreign))).await;
        assert_eq!(code(&answer), refused(409, "NOT_SIGNED"));
    }
    let size = rig.hub().office().site().size();
    let answer = post(&rig, &place, &key, &signed(&drafted, &crate::rig::key(WMS))).await;
    assert_eq!((answer.status, said(&answer)["at"].as_u64()), (200, Some(size)));
    assert!(rig.hub().office().site().groups().any(|g| g.id == id("packers")));
    assert_eq!(post(&rig, &place, &key, &signed(&drafted, &crate::rig::key(WMS))).await.status, 404);
    let arrival = get(&rig, &format!("/api/v1/changes/at/{size}"), &key).await;
    assert_eq!((arrival.status, said(&arrival)["doors"].as_u64()), (200, Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_policy_or_the_scope_does_not_let_is_not_even_drafted() {
    let rig = Rig::new().await;
    let policy = r#"permit (principal == Service::"wms", action in [Action::"change:put-group", Action::"change:put-zone"], resource);"#;
    serve(&rig, "wms", WMS, policy);
    let (whole, narrow) = (bearer(&make(&rig, "wms", "")), bearer(&make(&rig, "wms", "change:put-zone")));
    let draft =
        async |key: &str, file: &str| post(&rig, "/api/v1/changes", key, &json!({ "file": file })).await;
    assert_eq!(draft(&whole, FILE).await.status, 201);
    assert_eq!(code(&draft(&narrow, FILE).await), refused(403, "NOT_PERMITTED"));
    let rule = "[[service]]\nid = \"own\"\nkey = \"0909090909090909090909090909090909090909090909090909090909090909\"\n";
    assert_eq!(draft(&whole, rule).await.status, 422);
    assert_eq!(code(&draft(&whole, "").await), refused(422, "REQUEST_INVALID"));
    for wrong in ["nonsense", "[[group]]\n"] {
        assert_eq!(code(&draft(&whole, wrong).await), refused(422, "DRAFT_REFUSED"), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_made_only_against_the_site_that_was_read() {
    let (rig, key) = served().await;
    let etag = get(&rig, "/api/v1/site", &key).await.header("etag").unwrap().to_owned();
    let draft = async |etag: &str| {
        let headers =
            [("authorization", key.as_str()), ("content-type", "application/json"), ("if-match", etag)];
        send(&rig, "POST", "/api/v1/changes", &headers, &json!({ "file": FILE }).to_string()).await
    };
    assert_eq!(draft(&etag).await.status, 201);
    rig.change(vec![Change::PutController { id: id("gate-3"), title: id("Gate three") }]).unwrap();
    assert_eq!(code(&draft(&etag).await), refused(412, "PRECONDITION_FAILED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_under_its_key_is_carried_out_once() {
    let (rig, key) = served().await;
    let draft = async |again: &str, body: &Value| {
        let headers = [
            ("authorization", key.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", again),
        ];
        send(&rig, "POST", "/api/v1/changes", &headers, &body.to_string()).await
    };
    let (first, second) =
        (draft("a", &json!({ "file": FILE })).await, draft("a", &json!({ "file": FILE })).await);
    assert_eq!(
        (first.status, first.text(), first.header("location")),
        (201, second.text(), second.header("location"))
    );
    assert_eq!(said(&get(&rig, "/api/v1/changes", &key).await)["items"].as_array().unwrap().len(), 1);
    assert_eq!(code(&draft("a", &json!({ "file": "x" })).await), refused(422, "IDEMPOTENCY_KEY_REUSED"));
    assert_ne!(said(&draft("b", &json!({ "file": FILE })).await)["id"], said(&first)["id"]);
    assert_eq!(draft(&"k".repeat(129), &json!({ "file": FILE })).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_key_was_answered_is_told_to_no_other_key_of_its_service() {
    let (rig, _) = served().await;
    let [whole, next, narrow] = ["", "", "read:site"].map(|scope| bearer(&make(&rig, "wms", scope)));
    let draft = async |key: &str| {
        let headers =
            [("authorization", key), ("content-type", "application/json"), ("idempotency-key", "a")];
        send(&rig, "POST", "/api/v1/changes", &headers, &json!({ "file": FILE }).to_string()).await
    };
    let first = draft(&whole).await;
    assert_eq!((first.status, draft(&whole).await.text()), (201, first.text()));
    assert_eq!(code(&draft(&narrow).await), refused(403, "NOT_PERMITTED"));
    let put_zone = bearer(&make(&rig, "wms", "change:put-zone"));
    assert_eq!(
        code(&draft(&put_zone).await),
        refused(403, "NOT_PERMITTED"),
        "of its service, beyond its scope"
    );
    assert_ne!(said(&draft(&next).await)["id"], said(&first)["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_a_services_that_nobody_answers_is_on_record_with_its_service() {
    let (rig, key) = served().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let drafted = draft(&rig, &mut gate, &key, &json!({ "act": "unlock" })).await;
    let controller = async {
        given(&mut gate.wire).await;
        drop(gate);
    };
    let (place, body) = (place(&drafted), signed(&drafted, &crate::rig::key(WMS)));
    let (answer, ()) = tokio::join!(post(&rig, &place, &key, &body), controller);
    assert_eq!(code(&answer), refused(504, "ORDER_UNANSWERED"));
    let lost = rig.until(|body| matches!(body, Body::OrderLost { .. })).await.body;
    let (operator, service) = (None, Some(id("wms")));
    assert_eq!(lost, Body::OrderLost { controller: id("gate-1"), operator, service });
    let said = get(&rig, "/api/v1/events", &key).await.text();
    assert!(said.contains("given by service wms"), "{said}");
}
