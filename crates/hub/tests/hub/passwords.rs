//! Who gets in with a password and a code, who does not, and what such a session can not do.

use crate::authenticator::Authenticator;
use crate::rig::*;
use crate::sign_in::*;
use crate::web::{Answer, OWN, PAGE, ask, send};
use core::time::Duration;
use lockward_hub::{Clock as _, TOUCH_LIFE};
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_wire::credential::OneTimeSecret;
use serde_json::{Value, json};

pub const PASSWORD: &str = "rhubarb tractor saturn";
const MAY: &str = r#"permit (principal in Role::"owner", action in [Action::"sign-in:password", Action::"sign-in:openid"], resource);"#;

pub fn may() -> Change {
    Change::PutPolicy(PolicyText { id: "typing".parse().unwrap(), text: MAY.into() })
}

pub fn form(fields: &[(&str, &str)]) -> String {
    let spelt = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(n, v)| format!("{n}={}", spelt(v))).collect::<Vec<_>>().join("&")
}

pub async fn posted(rig: &Rig, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    send(rig, "POST", path, &[OWN, PAGE, ("cookie", cookie)], &form(fields)).await
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1.split_once(after).unwrap().0
}

/// A code app.
pub struct App(OneTimeSecret);

impl App {
    /// As the page of a set-up gives it.
    pub fn of(page: &str) -> Self {
        let secret = between(page, "<p class=\"secret\"><code>", "</code>").replace(' ', "");
        Self(OneTimeSecret::from_app(&secret).unwrap())
    }

    /// A code that was not used yet.
    pub fn code(&self, rig: &Rig) -> String {
        rig.clock.forward(Duration::from_secs(30));
        self.now(rig)
    }

    pub fn now(&self, rig: &Rig) -> String {
        let step = self.0.step_of(rig.clock.now().wall).unwrap();
        self.0.code(step).to_string()
    }
}

/// Sets a password and a code app; gives the app and the recovery codes.
pub async fn enrolled(rig: &Rig, cookie: &str) -> (App, Vec<String>) {
    let page = posted(rig, "/me/password", cookie, &[("new", PASSWORD)]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let (page, enrolment) =
        (page.text(), between(&page.text(), "name=\"enrolment\" value=\"", "\"").to_owned());
    let app = App::of(&page);
    let answer =
        posted(rig, "/me/code/finish", cookie, &[("enrolment", &enrolment), ("code", &app.now(rig))]).await;
    (app, codes(&answer))
}

fn codes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let codes: Vec<_> =
        text.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10);
    codes
}

async fn typed(rig: &Rig, name: &str, password: &str, code: &str) -> Answer {
    posted(rig, "/sign-in/password", "", &[("operator", name), ("password", password), ("code", code)]).await
}

fn let_in(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; "), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

fn refused_in(answer: &Answer) {
    assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{}", answer.text());
    assert!(answer.text().contains("do not sign in together"), "{}", answer.text());
}

fn factor(fact: FactorFact) -> impl Fn(&Body) -> bool {
    move |body| matches!(body, Body::Factor { fact: f, .. } if *f == fact)
}

/// A site whose policy permits it, whose owner has a passkey, a password and a code app; and the passkey's session.
async fn with_password() -> (Rig, Authenticator, String, App, Vec<String>) {
    let (rig, mut key) = set_up().await;
    rig.change(vec![may()]).unwrap();
    let cookie = in_session(&rig, &mut key).await;
    let (app, codes) = enrolled(&rig, &cookie).await;
    (rig, key, cookie, app, codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_new_site_there_is_no_field_for_a_password_and_none_is_set() {
    let (rig, mut key) = set_up().await;
    let page = ask(&rig, "/sign-in", &[PAGE]).await.text();
    assert!(!page.contains("type=\"password\"") && !page.contains("/sign-in/openid"), "{page}");
    let cookie = in_session(&rig, &mut key).await;
    let page = ask(&rig, "/me", &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(!page.contains("type=\"password\""), "{page}");
    for path in ["/me/password", "/me/code", "/me/openid"] {
        let answer = posted(&rig, path, &cookie, &[("new", PASSWORD)]).await;
        assert!(answer.status == 403 && answer.text().contains("NOT_PERMITTED"), "{path}");
    }
    refused_in(&typed(&rig, "ada", PASSWORD, "123456").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_with_a_code_signs_in_where_policy_says_so_and_the_code_is_good_once() {
    let (rig, _, _, app, _) = with_password().await;
    assert!(ask(&rig, "/sign-in", &[PAGE]).await.text().contains("type=\"password\""));
    // The code that set it up is used up, too.
    refused_in(&typed(&rig, "ada", PASSWORD, &app.now(&rig)).await);
    let code = app.code(&rig);
    let cookie = let_in(&typed(&rig, "ada", PASSWORD, &code).await);
    assert!(stands(&rig, &cookie).await);
    refused_in(&typed(&rig, "ada", PASSWORD, &code).await);
    // Capitals and blanks around a name are nobody's mistake.
    let_in(&typed(&rig, " ADA ", PASSWORD, &app.code(&rig)).await);
    let opened = Body::Session { operator: Some("ada".parse().unwrap()), fact: SessionFact::Opened };
    assert!(rig.events().iter().any(|e| e.body == opened));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_not_told_why_neither_in_words_nor_by_the_time() {
    let (rig, _, _, app, _) = with_password().await;
    let mut said = std::collections::BTreeSet::new();
    let mut took = Vec::new();
    for (name, password, right) in [
        ("nobody-here", PASSWORD, true),
        ("no name at all", PASSWORD, true),
        ("ada", "another password", true),
        ("ada", PASSWORD, false),
        ("", "", false),
    ] {
        let code = if right { app.code(&rig) } else { "000000".to_owned() };
        let begun = std::time::Instant::now();
        let answer = typed(&rig, name, password, &code).await;
        took.push(begun.elapsed());
        refused_in(&answer);
        said.insert(answer.text());
    }
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(took.iter().all(|t| *t >= Duration::from_millis(100)), "{took:?}");
    let_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_policy_a_session_by_password_ends_at_once_and_none_begins() {
    let (rig, _, passkey, app, _) = with_password().await;
    let cookie = let_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
    rig.change(vec![Change::RemovePolicy("typing".parse().unwrap())]).unwrap();
    assert!(!stands(&rig, &cookie).await && stands(&rig, &passkey).await);
    refused_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
    rig.until(is(SessionFact::Ended)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_takes_the_place_of_a_code_once_and_alarms() {
    let (rig, _, cookie, _, codes) = with_password().await;
    let_in(&typed(&rig, "ada", PASSWORD, &codes[3].to_lowercase()).await);
    refused_in(&typed(&rig, "ada", PASSWORD, &codes[3]).await);
    assert!(rig.until(factor(FactorFact::Recovered)).await.body.code().is_alarm());
    let page = ask(&rig, "/me", &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(page.replace('\u{a0}', " ").contains("9 recovery codes left"), "{page}");
    let renewed = self::codes(&posted(&rig, "/me/recovery", &cookie, &[]).await);
    refused_in(&typed(&rig, "ada", PASSWORD, &codes[4]).await);
    let_in(&typed(&rig, "ada", PASSWORD, &renewed[0]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_by_password_is_fresh_only_after_password_and_code_were_given_again() {
    let (rig, _, _, app, _) = with_password().await;
    let cookie = let_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
    let dangerous = async || posted(&rig, "/me/code", &cookie, &[]).await;
    assert!(dangerous().await.text().contains("TOUCH_NEEDED"));
    let confirm = async |password: &str, code: &str| {
        post(&rig, "/me/touch/password", &cookie, json!({ "password": password, "code": code })).await
    };
    assert_eq!(code(&confirm(PASSWORD, "000000").await), refused(403, "PASSWORD_WRONG"));
    assert_eq!(code(&confirm("another", &app.code(&rig)).await), refused(403, "PASSWORD_WRONG"));
    assert!(dangerous().await.text().contains("TOUCH_NEEDED"));
    assert_eq!(said(&confirm(PASSWORD, &app.code(&rig)).await)["fresh"], true);
    assert_eq!(dangerous().await.status, 200);
    rig.clock.forward(TOUCH_LIFE);
    assert!(dangerous().await.text().contains("TOUCH_NEEDED"));
}

/// Bob, an owner with a password and no passkey, and his session.
async fn bob(rig: &Rig, owner: &str, app: &mut Option<App>) -> String {
    let bob = Operator::with_key(
        "bob".parse().unwrap(),
        "Bob".parse().unwrap(),
        public(&key(9)),
        vec!["owner".parse().unwrap()],
    );
    rig.change(vec![Change::PutOperator(bob)]).unwrap();
    let link = invited(rig, owner, "bob").await;
    *app = Some(set_by_link(rig, &link).await);
    let_in(&typed(rig, "bob", PASSWORD, &app.as_ref().unwrap().code(rig)).await)
}

async fn invited(rig: &Rig, owner: &str, whom: &str) -> String {
    let page = posted(rig, "/operators/invite", owner, &[("operator", whom)]).await.text();
    between(&page, "#key=", "<").to_owned()
}

async fn set_by_link(rig: &Rig, link: &str) -> App {
    let page = posted(rig, "/set-up/password", "", &[("key", link), ("new", PASSWORD)]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let page = page.text();
    let (app, enrolment) = (App::of(&page), between(&page, "name=\"enrolment\" value=\"", "\"").to_owned());
    let fields = [("enrolment", enrolment.as_str()), ("code", &app.now(rig))];
    codes(&posted(rig, "/set-up/password/finish", "", &fields).await);
    app
}

async fn drafted(rig: &Rig, cookie: &str) -> String {
    let text = "[[zone]]\nid = \"attic\"\ntitle = \"Attic\"\n";
    let answer = posted(rig, "/changes/draft", cookie, &[("text", text)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_hardened_site_a_session_by_password_signs_no_change_however_fresh_it_is() {
    let (rig, _, owner, _, _) = with_password().await;
    let mut app = None;
    let cookie = bob(&rig, &owner, &mut app).await;
    let sign = async |draft: &str| {
        post(&rig, &format!("{draft}/sign/finish"), &cookie, json!({ "credential": null })).await
    };
    let draft = drafted(&rig, &cookie).await;
    assert_eq!(code(&sign(&draft).await), refused(403, "TOUCH_NEEDED"), "signing in is no confirmation");
    let again = json!({ "password": PASSWORD, "code": app.as_ref().unwrap().code(&rig) });
    assert_eq!(said(&post(&rig, "/me/touch/password", &cookie, again).await)["fresh"], true);
    assert_eq!(sign(&draft).await.status, 200, "in a new site the hub signs for who is signed in");
    // Hardened: not even then.
    rig.change(vec![Change::RemovePolicy(HUB_SIGNS.parse().unwrap())]).unwrap();
    let size = rig.hub().office().site().size();
    let text = "[[zone]]\nid = \"cellar\"\ntitle = \"Cellar\"\n";
    let answer = posted(&rig, "/changes/draft", &cookie, &[("text", text)]).await;
    let draft = answer.header("location").map(ToOwned::to_owned);
    if let Some(draft) = draft {
        assert_eq!(code(&sign(&draft).await), refused(409, "PEOPLE_SIGN"));
    }
    assert_eq!(rig.hub().office().site().size(), size);
    assert!(rig.hub().office().site().zone("cellar".parse().unwrap()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_on_anothers_word_is_on_record_with_both_names_and_signs_nothing_for_a_day() {
    let (rig, mut key, owner, _, _) = with_password().await;
    let mut app = None;
    let first = bob(&rig, &owner, &mut app).await;
    assert!(rig.events().iter().all(|e| !factor(FactorFact::Reset)(&e.body)), "who had nothing lost nothing");
    let owner = in_session(&rig, &mut key).await;
    let link = invited(&rig, &owner, "bob").await;
    let app = set_by_link(&rig, &link).await;
    let reset = Body::Factor {
        operator: Some("bob".parse().unwrap()),
        by: Some("ada".parse().unwrap()),
        fact: FactorFact::Reset,
    };
    assert!(rig.until(|b| *b == reset).await.body.code().is_alarm());
    assert!(!stands(&rig, &first).await, "what the old password opened");
    let again = posted(&rig, "/set-up/password", "", &[("key", &link), ("new", PASSWORD)]).await;
    assert!(again.text().contains("LINK_SPENT"));
    let cookie = let_in(&typed(&rig, "bob", PASSWORD, &app.code(&rig)).await);
    let confirm = async |cookie: &str| {
        let again = json!({ "password": PASSWORD, "code": app.code(&rig) });
        assert_eq!(said(&post(&rig, "/me/touch/password", cookie, again).await)["fresh"], true);
    };
    confirm(&cookie).await;
    let draft = drafted(&rig, &cookie).await;
    let sign = async |cookie: &str, draft: &str| {
        post(&rig, &format!("{draft}/sign/finish"), cookie, json!({ "credential": null })).await
    };
    assert_eq!(code(&sign(&cookie, &draft).await), refused(403, "FACTOR_HELD"));
    for path in ["/me/keys/start", "/me/code", "/me/password", "/me/openid", "/operators/invite"] {
        let answer = post(&rig, path, &cookie, Value::Null).await;
        assert_eq!(code(&answer), refused(403, "FACTOR_HELD"), "{path}: nothing to stay with");
    }
    assert!(
        ask(&rig, "/me", &[PAGE, ("cookie", &cookie)]).await.text().contains("Set anew on another operator")
    );
    rig.clock.forward(Duration::from_secs(24 * 3_600));
    let cookie = let_in(&typed(&rig, "bob", PASSWORD, &app.code(&rig)).await);
    confirm(&cookie).await;
    let draft = drafted(&rig, &cookie).await;
    assert_eq!(sign(&cookie, &draft).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_reset_on_anothers_word_confirms_no_session_that_was_there_before() {
    let (rig, mut key, _, _, _) = with_password().await;
    let left_open = in_session(&rig, &mut key).await;
    // Somebody talks another owner into a link for ada, and sits down at a browser that ada left open.
    let link = invited(&rig, &in_session(&rig, &mut key).await, "ada").await;
    let app = set_by_link(&rig, &link).await;
    rig.clock.forward(TOUCH_LIFE);
    let start = async || post(&rig, "/me/keys/start", &left_open, Value::Null).await;
    assert_eq!(code(&start().await), refused(403, "TOUCH_NEEDED"));
    let again = json!({ "password": PASSWORD, "code": app.code(&rig) });
    assert_eq!(said(&post(&rig, "/me/touch/password", &left_open, again).await)["fresh"], true);
    assert_eq!(code(&start().await), refused(403, "FACTOR_HELD"));
    // Ada's own key is another matter.
    let mine = in_session(&rig, &mut key).await;
    assert_eq!(post(&rig, "/me/keys/start", &mine, Value::Null).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_never_makes_the_first_operator() {
    let rig = Rig::new().await;
    rig.change(vec![may()]).unwrap();
    let link = link_key(&rig.hub().set_up_url().unwrap());
    let answer = posted(&rig, "/set-up/password", "", &[("key", &link), ("new", PASSWORD)]).await;
    assert!(answer.status == 403 && answer.text().contains("NOT_PERMITTED"), "{}", answer.text());
    let mut key = Authenticator::new(&origin(&rig));
    assert_eq!(register_by_link(&rig, &link, &mut key).await.status, 200, "and the link is not spent by it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_changes_with_the_old_one_alone_and_ends_the_sessions_of_before() {
    let (rig, _, cookie, app, _) = with_password().await;
    let before = let_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
    let change = async |old: &str, new: &str| {
        posted(&rig, "/me/password", &cookie, &[("old", old), ("new", new)]).await
    };
    let wrong = change("not the old one", "marmalade bicycle pluto").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("not the password of now"));
    for (weak, word) in
        [("too short", "12 characters"), ("password1234", "tried first"), ("lockward2026", "tried first")]
    {
        let answer = change(PASSWORD, weak).await;
        assert!(answer.status == 422 && answer.text().contains(word), "{weak}: {}", answer.text());
    }
    assert!(stands(&rig, &before).await);
    assert_eq!(change(PASSWORD, "marmalade bicycle pluto").await.status, 303);
    assert!(!stands(&rig, &before).await && stands(&rig, &cookie).await);
    refused_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
    let_in(&typed(&rig, "ada", "marmalade bicycle pluto", &app.code(&rig)).await);
    let removed = posted(&rig, "/me/ways/remove", &cookie, &[("what", "password")]).await;
    assert_eq!(removed.status, 303);
    refused_in(&typed(&rig, "ada", "marmalade bicycle pluto", &app.code(&rig)).await);
    rig.until(factor(FactorFact::Removed)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_first_code_sets_nothing_up_and_another_session_does_not_finish_it() {
    let (rig, mut key) = set_up().await;
    rig.change(vec![may()]).unwrap();
    let (cookie, other) = (in_session(&rig, &mut key).await, in_session(&rig, &mut key).await);
    let page = posted(&rig, "/me/password", &cookie, &[("new", PASSWORD)]).await.text();
    let (app, enrolment) = (App::of(&page), between(&page, "name=\"enrolment\" value=\"", "\"").to_owned());
    let wrong =
        posted(&rig, "/me/code/finish", &cookie, &[("enrolment", &enrolment), ("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    let enrolment = between(&wrong.text(), "name=\"enrolment\" value=\"", "\"").to_owned();
    let fields = [("enrolment", enrolment.as_str()), ("code", &app.now(&rig))];
    for (path, cookie) in [("/me/code/finish", &other), ("/set-up/password/finish", &String::new())] {
        assert!(posted(&rig, path, cookie, &fields).await.text().contains("NOT_WAITING"), "{path}");
    }
    refused_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_with_a_password_makes_a_new_session_and_ends_the_one_before() {
    let (rig, _, before, app, _) = with_password().await;
    let planted = "lockward=0000000000000000000000000000000000000000000000000000000000000000";
    let sign_in = async |cookie: &str, code: &str| {
        let fields = [("operator", "ada"), ("password", PASSWORD), ("code", code)];
        let_in(&posted(&rig, "/sign-in/password", cookie, &fields).await)
    };
    let first = sign_in(planted, &app.code(&rig)).await;
    assert_ne!(first, planted);
    assert!(!stands(&rig, planted).await && stands(&rig, &before).await);
    let second = sign_in(&first, &app.code(&rig)).await;
    assert!(!stands(&rig, &first).await && stands(&rig, &second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_signs_nobody_in() {
    let (rig, _, _, app, _) = with_password().await;
    let body = form(&[("operator", "ada"), ("password", PASSWORD), ("code", &app.code(&rig))]);
    for path in ["/sign-in/password", "/sign-in/openid", "/set-up/password", "/set-up/openid"] {
        for headers in [&[][..], &[("sec-fetch-site", "cross-site")], &[("origin", "https://evil.example")]] {
            let answer = send(&rig, "POST", path, headers, &body).await;
            assert_eq!(code(&answer), refused(403, "ORIGIN_UNPROVEN"), "{path}");
        }
    }
}

/// Credential stuffing and spraying (A27): the real name among made-up ones. Nobody gets in, a passkey goes on, nobody waits
/// who has one, and one alarm tells of it. There is no push to bomb with, and each prompt for a code is one of these tries.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_stuffed_pairs_let_nobody_in_keep_no_passkey_out_and_raise_one_alarm() {
    let (rig, mut key, _, app, _) = with_password().await;
    let names: Vec<String> = (0..49).map(|n| format!("name-{n}")).chain(["ada".to_owned()]).collect();
    let rig = &rig;
    let mut times = 0;
    // Twenty-five at once, as a tool would.
    for round in 0..400 {
        let tries = (0..25).map(|n| {
            let name = names[(round * 25 + n) % names.len()].clone();
            async move { typed(rig, &name, &format!("stuffed password {round}"), "123456").await.status }
        });
        for status in futures(tries).await {
            assert_eq!(status, 403);
            times += 1;
        }
        if round == 200 {
            in_session(rig, &mut key).await;
        }
    }
    assert_eq!(times, 10_000);
    let sprayed = rig.events().iter().filter(|e| factor(FactorFact::Sprayed)(&e.body)).count();
    assert_eq!(sprayed, 1);
    // Ada's own password waits; her passkey does not, and the wait ends.
    refused_in(&typed(rig, "ada", PASSWORD, &app.code(rig)).await);
    in_session(rig, &mut key).await;
    rig.clock.forward(Duration::from_secs(3_600));
    let_in(&typed(rig, "ada", PASSWORD, &app.code(rig)).await);
}

async fn futures<F: Future<Output = u16>>(all: impl Iterator<Item = F>) -> Vec<u16> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    core::future::poll_fn(|context| {
        all.retain_mut(|one| match one.as_mut().poll(context) {
            core::task::Poll::Ready(status) => {
                done.push(status);
                false
            }
            core::task::Poll::Pending => true,
        });
        if all.is_empty() { core::task::Poll::Ready(()) } else { core::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_hundred_failures_a_password_serves_no_more_until_it_is_set_anew() {
    let (rig, mut key, _, app, _) = with_password().await;
    let store = rig.hub().office().store();
    (0..100).for_each(|_| store.way_answered("ada".parse().unwrap(), false).unwrap());
    rig.clock.forward(Duration::from_secs(7_200));
    refused_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
    let cookie = in_session(&rig, &mut key).await;
    let removed = posted(&rig, "/me/ways/remove", &cookie, &[("what", "password")]).await;
    assert_eq!(removed.status, 303);
    rig.clock.forward(Duration::from_secs(3_600));
    let cookie = in_session(&rig, &mut key).await;
    assert_eq!(posted(&rig, "/me/password", &cookie, &[("new", PASSWORD)]).await.status, 303);
    let_in(&typed(&rig, "ada", PASSWORD, &app.code(&rig)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_is_removed_leaves_no_password_to_whoever_gets_the_name() {
    let (rig, _, owner, _, _) = with_password().await;
    let mut app = None;
    bob(&rig, &owner, &mut app).await;
    rig.change(vec![Change::RemoveOperator("bob".parse().unwrap())]).unwrap();
    for _ in 0..100 {
        if rig.hub().office().store().way("bob".parse().unwrap()).unwrap().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("bob's password is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_found_by_itself_signs_in_by_name_and_no_name_tells_whether_anybody_has_it() {
    let (rig, mut key) = set_up().await;
    let named = async |name: &str| said(&post(&rig, "/sign-in/start", "", json!({ "operator": name })).await);
    let ids = |asked: &Value| -> Vec<String> {
        let list = asked["publicKey"]["allowCredentials"].as_array().unwrap();
        list.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let asked = named("Ada").await;
    assert_eq!(ids(&asked), [crate::authenticator::b64(&key.id)]);
    // Such a key does not know whose it is.
    let mut credential = key.sign(&asked["publicKey"]);
    credential["response"]["userHandle"] = Value::Null;
    let body = json!({ "ceremony": asked["ceremony"], "credential": credential });
    cookie_of(&post(&rig, "/sign-in/finish", "", body).await);
    let mut lists = std::collections::BTreeSet::new();
    for name in ["nobody", "eve", "an unheard-of name", ""] {
        let (one, two) = (ids(&named(name).await), ids(&named(name).await));
        assert_eq!(one, two, "always the same for {name}");
        assert!((1..=2).contains(&one.len()), "{one:?}");
        assert!(lists.insert(one), "and nobody else's");
    }
    let keys = |asked: &Value| asked["publicKey"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&named("nobody").await), keys(&named("ada").await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_at_a_set_up_link_is_on_record_where_it_begins() {
    let rig = Rig::new().await;
    let answer = post(&rig, "/set-up/start", "", json!({ "key": "0".repeat(64) })).await;
    assert_eq!(code(&answer), refused(403, "LINK_SPENT"));
    rig.until(is(SessionFact::Refused)).await;
    let answer = posted(&rig, "/set-up/password", "", &[("key", "0"), ("new", PASSWORD)]).await;
    assert!(answer.status == 403 && answer.text().contains("LINK_SPENT"));
    for _ in 0..100 {
        if count(&rig, SessionFact::Refused) == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a guess is not on record");
}
