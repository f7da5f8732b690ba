//! Change sets from a page: what is signed is what was shown, by whoever may, and where it holds is seen.

use crate::elsewhere::id;
use crate::rig::*;
use crate::sign_in::{code, in_session, post, refused, said, set_up};
use crate::web::{Answer, OWN, PAGE, ask, send};
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_store::Log;
use lockward_wire::config::Envelope;
use serde_json::{Value, json};

const NIGHT: &str = "reason = \"Night shift\"\n[[group]]\nid = \"night\"\ntitle = \"Night shift\"\n";

pub async fn form(rig: &Rig, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") })
            .collect()
    };
    let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    send(rig, "POST", path, &[OWN, PAGE, ("cookie", cookie)], &body.join("&")).await
}

pub async fn draft(rig: &Rig, cookie: &str, text: &str) -> String {
    let answer = form(rig, "/changes/draft", cookie, &[("text", &text.replace('\n', "\r\n"))]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

pub async fn page(rig: &Rig, path: &str, cookie: &str) -> String {
    let answer = ask(rig, path, &[PAGE, ("cookie", cookie)]).await;
    assert!([200, 422].contains(&answer.status), "{}", answer.text());
    answer.text()
}

pub fn harden(rig: &Rig) {
    rig.change(vec![Change::RemovePolicy(id(HUB_SIGNS))]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_shown_in_words_signed_by_a_touch_and_seen_to_arrive() {
    let (rig, mut key) = set_up().await;
    harden(&rig);
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, NIGHT).await;
    let review = page(&rig, &place, &cookie).await;
    for told in ["Night shift", "group night", "Sign with your passkey", "drafted by"] {
        assert!(review.contains(told), "no `{told}` in {review}");
    }
    assert!(page(&rig, "/changes", &cookie).await.contains("wants a signature"));
    let asked = said(&post(&rig, &format!("{place}/sign/start"), &cookie, Value::Null).await);
    let body = json!({ "credential": key.sign(&asked["publicKey"]) });
    let answer = post(&rig, &format!("{place}/sign/finish"), &cookie, body.clone()).await;
    let at = rig.hub().office().site().size() - 1;
    assert_eq!((answer.status, said(&answer)["to"].as_str()), (200, Some(&*format!("/changes/at/{at}"))));
    let office = rig.hub().office();
    assert!(office.site().groups().any(|g| g.id == id("night")));
    let entry = office.store().entry(Log::Config, at).unwrap().unwrap();
    let ada = office.site().operator(id("ada")).unwrap().clone();
    let entry = Envelope::parse(&entry).unwrap();
    assert!(ada.keys.iter().any(|k| matches!(k.key, SigningKey::Passkey(_)) && entry.verified_by(&k.key)));
    assert!(page(&rig, &format!("/changes/at/{at}"), &cookie).await.contains("In force at <b>0</b> of"));
    // It waits no more, and no touch serves twice.
    let again = post(&rig, &format!("{place}/sign/finish"), &cookie, body).await;
    assert_eq!(code(&again), refused(404, "NOT_WAITING"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_a_file_is_said_with_its_place_and_what_was_typed_stays() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let answer =
        form(&rig, "/changes/draft", &cookie, &[("text", "[[group]]\nid = \"a b\"\ntitle = \"A\"\n")]).await;
    assert_eq!(answer.status, 422);
    let text = answer.text();
    assert!(
        text.contains("change:1") && text.contains("id = &quot;a b&quot;")
            || text.contains("id = &#34;a b&#34;"),
        "{text}"
    );
    assert!(rig.hub().office().waiting_drafts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_are_two_people_at_their_own_keys() {
    let (rig, mut key) = set_up().await;
    let two = r#"forbid (principal, action == Action::"change:put-group", resource) unless { context.approvals >= 2 };"#;
    rig.change(vec![
        Change::PutPolicy(PolicyText { id: id("two"), text: two.into() }),
        Change::RemovePolicy(id(HUB_SIGNS)),
    ])
    .unwrap();
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, NIGHT).await;
    assert!(page(&rig, &place, &cookie).await.contains("Two people must sign"));
    let asked = said(&post(&rig, &format!("{place}/sign/start"), &cookie, Value::Null).await);
    let body = json!({ "credential": key.sign(&asked["publicKey"]) });
    let answer = post(&rig, &format!("{place}/sign/finish"), &cookie, body.clone()).await;
    assert_eq!(said(&answer)["to"].as_str(), Some(&*place));
    let review = page(&rig, &place, &cookie).await;
    assert!(
        review.contains("a second person must")
            && !rig.hub().office().site().groups().any(|g| g.id == id("night"))
    );
    let answer = post(&rig, &format!("{place}/sign/finish"), &cookie, body).await;
    assert_eq!(code(&answer), refused(409, "NOT_SIGNED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_sign_nothing_of_it_sees_no_draft_and_drafts_none() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, NIGHT).await;
    let mut ada = rig.hub().office().site().operator(id("ada")).unwrap().clone();
    let owner = Operator::with_key(id("bo"), id("Bo"), public(&crate::rig::key(9)), ada.roles.clone());
    ada.roles = vec![id("people")];
    rig.change(vec![Change::PutOperator(owner), Change::PutOperator(ada)]).unwrap();
    // Her own she still sees; sign it she can not.
    assert!(
        page(&rig, &place, &cookie).await.contains("overtaken")
            || page(&rig, &place, &cookie).await.contains("can not be signed")
    );
    let answer = form(&rig, "/changes/draft", &cookie, &[("text", NIGHT)]).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    let answer = form(&rig, &format!("{place}/withdraw"), &cookie, &[]).await;
    assert_eq!((answer.status, answer.header("location").unwrap()), (303, "/changes"));
    assert!(rig.hub().office().waiting_drafts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn hardening_says_what_it_takes() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, "[remove]\npolicies = [\"hub-signs\"]\n").await;
    let review = page(&rig, &place, &cookie).await;
    assert!(review.contains("people sign"), "{review}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_signs_nothing_in_place_of_an_operator_who_has_a_passkey_to_touch() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, NIGHT).await;
    let untouched = json!({ "credential": null });
    // Not at once, when the session is fresh, and not later, when somebody else may sit at it.
    for wait in [0, 600] {
        rig.clock.forward(core::time::Duration::from_secs(wait));
        let answer = post(&rig, &format!("{place}/sign/finish"), &cookie, untouched.clone()).await;
        assert_eq!(code(&answer), refused(403, "TOUCH_NEEDED"), "after {wait} s");
    }
    assert!(!rig.hub().office().site().groups().any(|g| g.id == id("night")));
}
