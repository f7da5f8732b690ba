//! Who gets in with a passkey, who does not, and when a session ends.

use crate::authenticator::Authenticator;
use crate::rig::*;
use crate::web::{Answer, OWN, PAGE, ask, send, signed_in_as};
use core::time::Duration;
use lockward_hub::{LINK_LIFE, SESSION_IDLE, TOUCH_LIFE};
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use serde_json::{Value, json};

pub fn origin(rig: &Rig) -> String {
    format!("http://localhost:{}", rig.hub().console().unwrap().port())
}

pub fn said(answer: &Answer) -> Value {
    serde_json::from_str(&answer.text()).unwrap_or(Value::Null)
}

pub async fn post(rig: &Rig, path: &str, cookie: &str, body: Value) -> Answer {
    let body = if body.is_null() { "{}".to_owned() } else { body.to_string() };
    send(rig, "POST", path, &[OWN, ("cookie", cookie)], &body).await
}

pub fn code(answer: &Answer) -> (u16, String) {
    (answer.status, said(answer)["code"].as_str().unwrap_or_default().to_owned())
}

pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

pub fn link_key(url: &str) -> String {
    url.split_once("#key=").unwrap().1.to_owned()
}

pub async fn register_by_link(rig: &Rig, key: &str, with: &mut Authenticator) -> Answer {
    let asked = said(&post(rig, "/set-up/start", "", json!({ "key": key })).await);
    let Some(options) = asked.get("publicKey").cloned() else {
        return post(rig, "/set-up/start", "", json!({ "key": key })).await;
    };
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "preferred");
    assert_eq!(options["pubKeyCredParams"].as_array().unwrap().len(), 1, "{options}");
    assert_eq!(options["pubKeyCredParams"][0]["alg"], -7);
    let body = json!({
        "ceremony": asked["ceremony"], "credential": with.register(&options), "title": "blue key", "key": key,
    });
    post(rig, "/set-up/finish", "", body).await
}

/// A site whose owner has a passkey.
pub async fn set_up() -> (Rig, Authenticator) {
    set_up_on(Rig::new().await).await
}

pub async fn set_up_on(rig: Rig) -> (Rig, Authenticator) {
    let mut key = Authenticator::new(&origin(&rig));
    let link = rig.hub().set_up_url().unwrap();
    let answer = register_by_link(&rig, &link_key(&link), &mut key).await;
    assert_eq!(
        (answer.status, &said(&answer)["to"]),
        (200, &json!("/sign-in?registered=1")),
        "{}",
        answer.text()
    );
    (rig, key)
}

pub async fn sign_in(rig: &Rig, with: &mut Authenticator, before: &str) -> Answer {
    let asked = said(&post(rig, "/sign-in/start", "", Value::Null).await);
    let credential = with.sign(&asked["publicKey"]);
    post(rig, "/sign-in/finish", before, json!({ "ceremony": asked["ceremony"], "credential": credential }))
        .await
}

pub fn cookie_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; "), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub async fn in_session(rig: &Rig, with: &mut Authenticator) -> String {
    cookie_of(&sign_in(rig, with, "").await)
}

pub async fn stands(rig: &Rig, cookie: &str) -> bool {
    ask(rig, "/me", &[PAGE, ("cookie", cookie)]).await.status == 200
}

pub fn is(fact: SessionFact) -> impl Fn(&Body) -> bool {
    move |body| matches!(body, Body::Session { fact: f, .. } if *f == fact)
}

pub fn count(rig: &Rig, fact: SessionFact) -> usize {
    rig.events().iter().filter(|e| is(fact)(&e.body)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_link_registers_the_first_passkey_once_and_it_signs_in() {
    let (rig, mut key) = set_up().await;
    let operator = rig.hub().office().site().operator("ada".parse().unwrap()).unwrap().clone();
    assert_eq!(operator.keys.len(), 2);
    assert_eq!(operator.keys[1].title.as_str(), "blue key");
    let SigningKey::Passkey(passkey) = &operator.keys[1].key else { panic!("no passkey") };
    assert_eq!((&*passkey.id, &*passkey.rp, &*passkey.origin), (&*key.id, "localhost", &*origin(&rig)));
    assert_eq!(rig.hub().set_up_url(), None, "a second first passkey");
    rig.until(is(SessionFact::SetUp)).await;
    let answer = sign_in(&rig, &mut key, "").await;
    assert_eq!(said(&answer)["to"], "/");
    let cookie = cookie_of(&answer);
    let opened = Body::Session { operator: Some("ada".parse().unwrap()), fact: SessionFact::Opened };
    assert!(rig.events().iter().any(|e| e.body == opened), "let in before it was on record");
    let page = ask(&rig, "/me", &[PAGE, ("cookie", &cookie)]).await;
    assert!(page.text().contains("blue key") && page.text().contains("signed in with it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_used_or_is_old_or_was_guessed_registers_nothing() {
    let rig = Rig::new().await;
    let (first, second) = (rig.hub().set_up_url().unwrap(), rig.hub().set_up_url().unwrap());
    let mut key = Authenticator::new(&origin(&rig));
    let guessed = register_by_link(&rig, &"0".repeat(64), &mut key).await;
    assert_eq!(code(&guessed), refused(403, "LINK_SPENT"));
    assert_eq!(register_by_link(&rig, &link_key(&first), &mut key).await.status, 200);
    for link in [&first, &second] {
        let again = register_by_link(&rig, &link_key(link), &mut Authenticator::new(&origin(&rig))).await;
        assert_eq!(code(&again), refused(403, "LINK_SPENT"), "while somebody has a passkey");
    }
    assert_eq!(rig.hub().office().site().operator("ada".parse().unwrap()).unwrap().keys.len(), 2);
    let rig = Rig::new().await;
    let old = rig.hub().set_up_url().unwrap();
    rig.clock.forward(LINK_LIFE);
    let mut key = Authenticator::new(&origin(&rig));
    assert_eq!(code(&register_by_link(&rig, &link_key(&old), &mut key).await), refused(403, "LINK_SPENT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_hardened_site_no_link_is_given_out_and_none_that_was_serves() {
    let rig = Rig::new().await;
    let link = rig.hub().set_up_url().unwrap();
    rig.change(vec![Change::RemovePolicy(HUB_SIGNS.parse().unwrap())]).unwrap();
    assert_eq!(rig.hub().set_up_url(), None);
    let mut key = Authenticator::new(&origin(&rig));
    assert_eq!(code(&register_by_link(&rig, &link_key(&link), &mut key).await), refused(403, "PEOPLE_SIGN"));
    assert!(!rig.hub().can_sign_in());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flaw_in_an_answer_is_refused_with_the_same_words_and_goes_on_record() {
    type Spoil = fn(&mut Authenticator);
    let flaws: [(&str, Spoil); 9] = [
        ("wrong origin", |a| a.origin = "http://localhost:1".into()),
        ("another site's page", |a| a.origin = "https://evil.example".into()),
        ("in a frame", |a| a.cross = true),
        ("wrong relying party", |a| a.rp = "evil.example".into()),
        ("made for a registration", |a| a.kind = Some("webauthn.create")),
        ("nobody touched it", |a| a.flags = 4),
        ("nobody was verified", |a| a.flags = 1),
        ("an unknown key", |a| a.id = vec![9; 32]),
        ("another's user handle", |a| a.handle = "AAAAAAAAAAAAAAAAAAAAAA".into()),
    ];
    let (rig, mut key) = set_up().await;
    let mut words = std::collections::BTreeSet::new();
    for (flaw, spoil) in flaws {
        let saved = (key.origin.clone(), key.rp.clone(), key.id.clone(), key.handle.clone());
        spoil(&mut key);
        let answer = sign_in(&rig, &mut key, "").await;
        assert_eq!(code(&answer), refused(403, "SIGN_IN_FAILED"), "{flaw}");
        assert_eq!(answer.header("set-cookie"), None, "{flaw}");
        words.insert(answer.text());
        (key.origin, key.rp, key.id, key.handle) = saved;
        (key.kind, key.cross, key.flags) = (None, false, 5);
    }
    assert_eq!(words.len(), 1, "{words:?}");
    // A challenge that was not asked, one of another ceremony, and an answer that comes twice.
    let asked = said(&post(&rig, "/sign-in/start", "", Value::Null).await);
    let other = said(&post(&rig, "/sign-in/start", "", Value::Null).await);
    let answer = key.sign(&asked["publicKey"]);
    let finish = async |ceremony: &Value| {
        post(&rig, "/sign-in/finish", "", json!({ "ceremony": ceremony, "credential": answer })).await
    };
    assert_eq!(code(&finish(&other["ceremony"]).await), refused(403, "SIGN_IN_FAILED"));
    assert_eq!(finish(&asked["ceremony"]).await.status, 200);
    assert_eq!(code(&finish(&asked["ceremony"]).await), refused(403, "SIGN_IN_FAILED"));
    assert_eq!(code(&finish(&json!("none")).await), refused(403, "SIGN_IN_FAILED"));
    // A signature by another key over the right words.
    let mut forger = Authenticator::new(&key.origin);
    (forger.id, forger.handle) = (key.id.clone(), key.handle.clone());
    assert_eq!(code(&sign_in(&rig, &mut forger, "").await), refused(403, "SIGN_IN_FAILED"));
    rig.until(is(SessionFact::Refused)).await;
    assert!(in_session(&rig, &mut key).await.starts_with("lockward="));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_counter_goes_back_is_refused_and_told_of() {
    let (rig, mut key) = set_up().await;
    key.count = 40;
    in_session(&rig, &mut key).await;
    key.count = 20;
    assert_eq!(code(&sign_in(&rig, &mut key, "").await), refused(403, "SIGN_IN_FAILED"));
    let event = rig.until(is(SessionFact::Cloned)).await;
    assert_eq!(
        event.body,
        Body::Session { operator: Some("ada".parse().unwrap()), fact: SessionFact::Cloned }
    );
    key.count = 50;
    in_session(&rig, &mut key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_makes_a_new_session_and_ends_the_one_before() {
    let (rig, mut key) = set_up().await;
    let planted = "lockward=0000000000000000000000000000000000000000000000000000000000000000";
    let first = cookie_of(&sign_in(&rig, &mut key, planted).await);
    assert_ne!(first, planted);
    assert!(!stands(&rig, planted).await);
    let second = cookie_of(&sign_in(&rig, &mut key, &first).await);
    assert_ne!(first, second);
    assert!(!stands(&rig, &first).await && stands(&rig, &second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_ended_and_is_on_record_as_ended() {
    let (rig, mut key) = set_up().await;
    let (one, two) = (in_session(&rig, &mut key).await, in_session(&rig, &mut key).await);
    let page = ask(&rig, "/me", &[PAGE, ("cookie", &two)]).await.text();
    let handles: Vec<&str> =
        page.split("name=\"session\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(handles.len(), 2, "{page}");
    for handle in &handles {
        assert!(stands(&rig, &two).await);
        let own = page.split(handle).next().unwrap().rsplit("<li").next().unwrap().contains("this one");
        if !own {
            let body = format!("session={handle}");
            let answer = send(&rig, "POST", "/me/sessions/end", &[OWN, ("cookie", &two)], &body).await;
            assert_eq!((answer.status, answer.header("location")), (303, Some("/me")));
        }
    }
    assert!(!stands(&rig, &one).await && stands(&rig, &two).await);
    let answer = send(&rig, "POST", "/sign-out", &[OWN, ("cookie", &two)], "").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in?out=1")));
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(!stands(&rig, &two).await);
    rig.until(is(SessionFact::Ended)).await;
    for _ in 0..100 {
        if count(&rig, SessionFact::Ended) == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} ends on record", count(&rig, SessionFact::Ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_takes_nothing_from_others_without_a_touch_and_ends_its_own_at_once() {
    let (rig, mut key) = set_up().await;
    let (one, two) = (in_session(&rig, &mut key).await, in_session(&rig, &mut key).await);
    let page = ask(&rig, "/me", &[PAGE, ("cookie", &two)]).await.text();
    let others = page.split("<li").find(|li| li.contains("name=\"session\"") && !li.contains("this one"));
    let others = crate::passwords::between(others.unwrap(), "name=\"session\" value=\"", "\"");
    rig.clock.forward(TOUCH_LIFE);
    for path in ["/operators/sessions/end", "/services/keys/revoke", "/people/ann/phones/lost"] {
        let body = format!("session={others}&key=x&phone=x");
        let answer = send(&rig, "POST", path, &[OWN, ("cookie", &two)], &body).await;
        assert_eq!(code(&answer), refused(403, "TOUCH_NEEDED"), "{path}");
    }
    let body = format!("session={others}");
    let answer = send(&rig, "POST", "/me/sessions/end", &[OWN, ("cookie", &two)], &body).await;
    assert_eq!(answer.status, 303);
    assert!(!stands(&rig, &one).await && stands(&rig, &two).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_at_once_with_its_operator_its_key_its_role_or_its_time() {
    type Edit = fn(&mut Operator, Time);
    let edits: [(&str, Edit); 3] = [
        ("no role left", |o, _| o.roles.clear()),
        ("its time is up", |o, now| o.until = Some(now)),
        ("its key is gone", |o, _| o.keys.truncate(1)),
    ];
    for (what, edit) in edits {
        let (rig, mut key) = set_up().await;
        let helper = Operator::with_key(
            "bob".parse().unwrap(),
            "Bob".parse().unwrap(),
            public(&crate::rig::key(9)),
            vec!["owner".parse().unwrap()],
        );
        rig.change(vec![Change::PutOperator(helper)]).unwrap();
        let cookie = in_session(&rig, &mut key).await;
        assert!(stands(&rig, &cookie).await);
        let mut operator = rig.hub().office().site().operator("ada".parse().unwrap()).unwrap().clone();
        edit(&mut operator, rig.hub().office().now().wall);
        let at = rig.hub().office().site().size();
        let entry = rig.sign(at, vec![Change::PutOperator(operator)], &crate::rig::key(9));
        rig.hub().office().append_change(&entry).unwrap();
        assert!(!stands(&rig, &cookie).await, "{what}");
        assert_eq!(code(&sign_in(&rig, &mut key, "").await), refused(403, "SIGN_IN_FAILED"), "{what}");
        rig.until(is(SessionFact::Ended)).await;
    }
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    rig.clock.forward(SESSION_IDLE);
    assert!(!stands(&rig, &cookie).await);
    rig.until(is(SessionFact::Ended)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_fetches_by_itself_keeps_no_session_alive() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let fetched = [("cookie", cookie.as_str()), ("sec-fetch-mode", "cors")];
    for _ in 0..2 {
        rig.clock.forward(SESSION_IDLE / 2);
        ask(&rig, "/", &fetched).await;
    }
    assert!(!stands(&rig, &cookie).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_ends_with_its_session() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let port = rig.hub().console().unwrap().port();
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "GET /live HTTP/1.1\r\nhost: localhost:{port}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut some = [0; 16];
    stream.read_exact(&mut some).await.unwrap();
    send(&rig, "POST", "/sign-out", &[OWN, ("cookie", &cookie)], "").await;
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_passkey_asks_for_a_fresh_touch_and_the_last_one_stays() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    assert_eq!(said(&post(&rig, "/me/touch/start", &cookie, Value::Null).await)["fresh"], true);
    rig.clock.forward(TOUCH_LIFE);
    for path in ["/me/keys/start", "/me/keys/finish", "/me/keys/remove", "/operators/invite"] {
        assert_eq!(
            code(&post(&rig, path, &cookie, Value::Null).await),
            refused(403, "TOUCH_NEEDED"),
            "{path}"
        );
    }
    // Another's key confirms nothing, and neither does an answer to the question of a sign-in.
    let asked = said(&post(&rig, "/sign-in/start", &cookie, Value::Null).await);
    let body = json!({ "ceremony": asked["ceremony"], "credential": key.sign(&asked["publicKey"]) });
    assert_eq!(code(&post(&rig, "/me/touch/finish", &cookie, body).await), refused(403, "SIGN_IN_FAILED"));
    let asked = said(&post(&rig, "/me/touch/start", &cookie, Value::Null).await);
    assert_eq!(asked["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1);
    let body = json!({ "ceremony": asked["ceremony"], "credential": key.sign(&asked["publicKey"]) });
    assert_eq!(said(&post(&rig, "/me/touch/finish", &cookie, body).await)["fresh"], true);
    let mut second = Authenticator::new(&origin(&rig));
    let asked = said(&post(&rig, "/me/keys/start", &cookie, Value::Null).await);
    assert_eq!(asked["publicKey"]["excludeCredentials"].as_array().unwrap().len(), 1);
    let body = json!({
        "ceremony": asked["ceremony"], "credential": second.register(&asked["publicKey"]), "title": "drawer",
    });
    assert_eq!(said(&post(&rig, "/me/keys/finish", &cookie, body).await)["to"], "/me");
    let ids = || -> Vec<String> {
        let site = rig.hub().office().site();
        let keys = &site.operator("ada".parse().unwrap()).unwrap().keys;
        keys.iter().map(|k| lockward_wire::config::key_id(k.key.public()).to_string()).collect()
    };
    let remove = async |cookie: &str, id: &str| {
        send(&rig, "POST", "/me/keys/remove", &[OWN, ("cookie", cookie)], &format!("key={id}")).await.status
    };
    let (file, first, other) = (ids()[0].clone(), ids()[1].clone(), ids()[2].clone());
    assert_eq!(remove(&cookie, &file).await, 409, "a key in a file is not the page's to remove");
    let newer = in_session(&rig, &mut second).await;
    assert_eq!(remove(&newer, &first).await, 303);
    assert!(!stands(&rig, &cookie).await, "the session of a key that was removed");
    assert_eq!(code(&sign_in(&rig, &mut key, "").await), refused(403, "SIGN_IN_FAILED"));
    assert_eq!(remove(&newer, &other).await, 409, "the last passkey");
    assert!(stands(&rig, &newer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owners_link_gives_another_operator_a_passkey_and_a_guards_does_not_exist() {
    let (rig, mut key) = set_up().await;
    let gus = Operator::with_key(
        "gus".parse().unwrap(),
        "Gus".parse().unwrap(),
        public(&crate::rig::key(9)),
        vec!["guard".parse().unwrap()],
    );
    rig.change(vec![Change::PutOperator(gus)]).unwrap();
    let cookie = in_session(&rig, &mut key).await;
    let invite = async |cookie: &str| {
        send(&rig, "POST", "/operators/invite", &[OWN, PAGE, ("cookie", cookie)], "operator=gus").await
    };
    let page = invite(&cookie).await.text();
    let link = page.split("#key=").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let mut own = Authenticator::new(&origin(&rig));
    assert_eq!(register_by_link(&rig, &link, &mut own).await.status, 200);
    // On whose word it was is on record; and where it takes the place of another key, that alarms.
    let by_link = |fact| {
        let (operator, by) = ("gus".parse().ok(), "ada".parse().ok());
        move |body: &Body| *body == Body::Factor { operator, by, fact }
    };
    rig.until(by_link(FactorFact::Bound)).await;
    let page = invite(&cookie).await.text();
    let link = page.split("#key=").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(register_by_link(&rig, &link, &mut Authenticator::new(&origin(&rig))).await.status, 200);
    assert!(rig.until(by_link(FactorFact::Reset)).await.body.code().is_alarm());
    let guard = in_session(&rig, &mut own).await;
    let refusal = invite(&guard).await;
    assert_eq!(refusal.status, 403);
    assert!(refusal.text().contains("NOT_PERMITTED"));
    // A guard may not make operators, and yet adds a second passkey of their own; and nothing else of theirs changes.
    let before = rig.hub().office().site().operator("gus".parse().unwrap()).unwrap().clone();
    let asked = said(&post(&rig, "/me/keys/start", &guard, Value::Null).await);
    let mut second = Authenticator::new(&origin(&rig));
    let credential = second.register(&asked["publicKey"]);
    let body = json!({ "ceremony": asked["ceremony"], "title": "drawer", "credential": credential });
    assert_eq!(post(&rig, "/me/keys/finish", &guard, body).await.status, 200);
    let after = rig.hub().office().site().operator("gus".parse().unwrap()).unwrap().clone();
    assert_eq!(after.keys.len(), before.keys.len() + 1);
    assert_eq!(Operator { keys: before.keys.clone(), ..after }, before);
    let answer = ask(&rig, "/operators", &[PAGE, ("cookie", &guard)]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_hardened_site_an_invited_passkey_counts_when_the_owner_has_signed_for_it() {
    let (rig, mut key) = set_up().await;
    let gus: OperatorId = "gus".parse().unwrap();
    let role = vec!["guard".parse().unwrap()];
    let operator = Operator {
        keys: vec![],
        ..Operator::with_key(gus, "Gus".parse().unwrap(), public(&crate::rig::key(9)), role)
    };
    let hardened = Change::RemovePolicy(HUB_SIGNS.parse().unwrap());
    rig.change(vec![Change::PutOperator(operator), hardened]).unwrap();
    let cookie = in_session(&rig, &mut key).await;
    let page = send(&rig, "POST", "/operators/invite", &[OWN, PAGE, ("cookie", &cookie)], "operator=gus")
        .await
        .text();
    let link = page.split("#key=").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let mut own = Authenticator::new(&origin(&rig));
    let answer = register_by_link(&rig, &link, &mut own).await;
    assert_eq!((answer.status, said(&answer)["to"].as_str()), (200, Some("/sign-in?waits=1")));
    let keys = |rig: &Rig| rig.hub().office().site().operator(gus).unwrap().keys.len();
    assert_eq!(keys(&rig), 0, "the hub alone gives nobody a key");
    assert_eq!(sign_in(&rig, &mut own, "").await.status, 403);
    let mut again = Authenticator::new(&origin(&rig));
    assert_eq!(code(&register_by_link(&rig, &link, &mut again).await), refused(403, "LINK_SPENT"));
    // Whoever made the link reviews and signs.
    let changes = ask(&rig, "/changes", &[PAGE, ("cookie", &cookie)]).await.text();
    let draft = changes.split("href=\"/changes/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let asked = said(&post(&rig, &format!("/changes/{draft}/sign/start"), &cookie, Value::Null).await);
    let body = json!({ "credential": key.sign(&asked["publicKey"]) });
    assert_eq!(post(&rig, &format!("/changes/{draft}/sign/finish"), &cookie, body).await.status, 200);
    assert_eq!(keys(&rig), 1);
    assert_eq!(sign_in(&rig, &mut own, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstrations_session_touches_nothing_dangerous() {
    let rig = Rig::new().await;
    let cookie = signed_in_as(&rig, "ada").await;
    assert!(stands(&rig, &cookie).await);
    assert_eq!(
        code(&post(&rig, "/me/touch/start", &cookie, Value::Null).await),
        refused(403, "TOUCH_NEEDED")
    );
    assert_eq!(code(&post(&rig, "/me/keys/start", &cookie, Value::Null).await), refused(403, "TOUCH_NEEDED"));
}

/// Push bombing (A27): there is nothing to push. A question goes to whoever asked, and to no screen of the one they named.
#[tokio::test(flavor = "multi_thread")]
async fn push_bombing_shows_the_operator_that_is_named_nothing_to_approve() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let alike = |text: String| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let screen = async || {
        let mut shown = String::new();
        for path in ["/", "/me", "/alarms", "/operators"] {
            shown += &alike(ask(&rig, path, &[PAGE, ("cookie", &cookie)]).await.text());
        }
        shown
    };
    let before = screen().await;
    let mut asked = 0;
    for _ in 0..50 {
        let named = post(&rig, "/sign-in/start", "", json!({ "operator": "ada" })).await;
        asked += usize::from(said(&named)["publicKey"]["challenge"].is_string());
    }
    assert!(asked > 0, "it is asked of whoever names her");
    assert!(before.contains("Sign out") && screen().await == before);
    assert!(stands(&rig, &cookie).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_does_nothing_here() {
    let (rig, mut key) = set_up().await;
    let cookie = in_session(&rig, &mut key).await;
    let port = rig.hub().console().unwrap().port();
    let own = format!("http://localhost:{port}");
    for headers in [
        &[("cookie", cookie.as_str())][..],
        &[("cookie", &cookie), ("sec-fetch-site", "cross-site")],
        &[("cookie", &cookie), ("sec-fetch-site", "same-site")],
        &[("cookie", &cookie), ("origin", "https://evil.example")],
        &[("cookie", &cookie), ("origin", "null")],
        &[("cookie", &cookie), ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:1")],
    ] {
        for path in ["/sign-out", "/me/sessions/end", "/operators/sessions/end"] {
            let answer = send(&rig, "POST", path, headers, "").await;
            assert_eq!(code(&answer), refused(403, "ORIGIN_UNPROVEN"), "{path} {headers:?}");
        }
    }
    assert!(stands(&rig, &cookie).await);
    let by_origin = [("cookie", cookie.as_str()), ("origin", own.as_str())];
    assert_eq!(send(&rig, "POST", "/sign-out", &by_origin, "").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_long_or_no_json_is_refused() {
    let rig = Rig::new().await;
    let long = "x".repeat(64 * 1_024 + 1);
    let answer = send(&rig, "POST", "/sign-in/finish", &[OWN], &long).await;
    assert_eq!(code(&answer), refused(413, "REQUEST_MALFORMED"));
    assert_eq!(send(&rig, "POST", "/set-up/start", &[OWN], "{").await.status, 400);
    assert_eq!(send(&rig, "POST", "/sign-in/finish", &[OWN], "[]").await.status, 403);
}
