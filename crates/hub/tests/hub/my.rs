//! My doors over HTTP: a link, a phone, a touch for each opening; and nothing of anybody else.

use crate::authenticator::Authenticator;
use crate::elsewhere::{Gate, id};
use crate::orders::{asked_for_nonce, given};
use crate::rig::*;
use crate::sign_in::{code, cookie_of, in_session, origin, post, refused, said, set_up};
use crate::web::{Answer, OWN, PAGE, ask, send};
use core::time::Duration;
use lockward_model::*;
use lockward_policy::HUB_SIGNS;
use lockward_wire::config::{Envelope, Payload};
use lockward_wire::link::*;
use serde_json::{Value, json};

/// Ann may enter the hall by both doors, and phones may open the first of them.
fn furnish(rig: &Rig) {
    let phones = r#"permit (principal, action == Action::"enter-by-phone", resource == Door::"door-1");"#;
    let rule = Rule {
        id: id("hall"),
        title: id("Hall"),
        groups: vec![id("staff")],
        targets: vec![Target::Door(id("door-1")), Target::Door(id("door-2"))],
        schedule: None,
        factors: Factors::CARD,
        two_people: false,
    };
    let of = |name: &str| Change::PutPerson(Person { groups: vec![id("staff")], ..person(id(name), None) });
    rig.change(vec![
        Change::PutGroup(Group { id: id("staff"), title: id("Staff") }),
        of("ann"),
        of("ben"),
        Change::PutRule(rule),
        Change::PutPolicy(PolicyText { id: id("phones"), text: phones.into() }),
    ])
    .unwrap();
}

fn phone_of(rig: &Rig) -> Authenticator {
    Authenticator::new(&origin(rig))
}

/// The link that an operator makes, and what it is shown by.
async fn invite(rig: &Rig, cookie: &str, person: &str) -> String {
    let path = format!("/people/{person}/phones/invite");
    let answer = send(rig, "POST", &path, &[OWN, PAGE, ("cookie", cookie)], "").await;
    let page = answer.text();
    assert_eq!(answer.status, 200, "{page}");
    assert!(page.contains("<svg class=\"qr\""), "{page}");
    let key = page.split_once("/my/join#key=").unwrap().1;
    key.split('<').next().unwrap().to_owned()
}

async fn join(rig: &Rig, key: &str, phone: &mut Authenticator) -> Answer {
    let asked = post(rig, "/my/join/start", "", json!({ "key": key })).await;
    if asked.status != 200 {
        return asked;
    }
    let asked = said(&asked);
    let selection = &asked["publicKey"]["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["userVerification"]),
        (&json!("required"), &json!("required"))
    );
    let credential = phone.register(&asked["publicKey"]);
    post(rig, "/my/join/finish", "", json!({ "ceremony": asked["ceremony"], "credential": credential })).await
}

async fn sign_in(rig: &Rig, phone: &mut Authenticator) -> Answer {
    let asked = said(&post(rig, "/my/sign-in/start", "", Value::Null).await);
    let credential = phone.sign(&asked["publicKey"]);
    post(rig, "/my/sign-in/finish", "", json!({ "ceremony": asked["ceremony"], "credential": credential }))
        .await
}

/// A hub with an operator who has signed in, and Ann with a phone that has.
async fn with_phone() -> (Rig, String, Authenticator, String) {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let desk = in_session(&rig, &mut key).await;
    let mut phone = phone_of(&rig);
    let joined = join(&rig, &invite(&rig, &desk, "ann").await, &mut phone).await;
    let my = cookie_of(&joined);
    assert_eq!(said(&joined)["to"], "/my");
    (rig, desk, phone, my)
}

async fn my_page(rig: &Rig, cookie: &str) -> Answer {
    ask(rig, "/my", &[PAGE, ("cookie", cookie)]).await
}

fn phones(rig: &Rig) -> Vec<CredentialId> {
    let site = rig.hub().office().site();
    let all = site.people().flat_map(|p| site.credentials_of(p));
    all.filter(|c| matches!(c.proof, Proof::Phone { .. })).map(|c| c.id).collect()
}

/// Presses a door's button; its controller gives a number.
async fn press(rig: &Rig, gate: &mut Gate, cookie: &str) -> Value {
    let controller = async {
        let question = asked_for_nonce(&mut gate.wire).await;
        gate.wire.say(&ToHub::Nonce { question, nonce: Some(Nonce([7; 16])) }).await;
    };
    let (answer, ()) = tokio::join!(post(rig, "/my/doors/door-1/start", cookie, Value::Null), controller);
    assert_eq!(answer.status, 200, "{}", answer.text());
    said(&answer)
}

/// Touches the phone; the controller answers.
async fn touch(
    rig: &Rig,
    gate: &mut Gate,
    cookie: &str,
    body: Value,
    why: Option<Deny>,
) -> (Answer, Vec<u8>) {
    let controller = async {
        let (question, envelope) = given(&mut gate.wire).await;
        gate.wire.say(&ToHub::Ordered { question, refused: why.map(|why| why.code().into()) }).await;
        envelope
    };
    tokio::join!(post(rig, "/my/doors/door-1/finish", cookie, body), controller)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_invited_registered_and_opens_with_a_touch_that_goes_to_the_lock() {
    let (rig, _, mut phone, my) = with_phone().await;
    let page = my_page(&rig, &my).await.text();
    assert!(page.contains(r#"data-door="door-1""#) && !page.contains("door-2"), "{page}");
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let asked = press(&rig, &mut gate, &my).await;
    assert_eq!(
        (&asked["publicKey"]["userVerification"], &asked["publicKey"]["timeout"]),
        (&json!("required"), &json!(10_000))
    );
    assert_eq!(
        asked["publicKey"]["allowCredentials"].as_array().unwrap().len(),
        1,
        "this phone and no other"
    );
    let body = json!({ "ceremony": asked["ceremony"], "credential": phone.sign(&asked["publicKey"]) });
    let (answer, envelope) = touch(&rig, &mut gate, &my, body.clone(), None).await;
    assert_eq!((answer.status, said(&answer)["says"].as_str()), (200, Some("Open.")));
    let envelope = Envelope::parse(&envelope).unwrap();
    let Payload::Order(order) = envelope.payload().unwrap() else { panic!("no order") };
    assert_eq!((order.act, order.on_behalf, order.door), (OrderAct::Unlock, None, id("door-1")));
    let of_ann = rig.hub().office().site().credentials_of(id("ann")).remove(0);
    let Proof::Phone { passkey, .. } = of_ann.proof else { panic!("no phone") };
    assert!(
        envelope.verified_by(&SigningKey::Passkey(*passkey)),
        "it is Ann's own signature, and the hub's is not there"
    );
    let again = post(&rig, "/my/doors/door-1/finish", &my, body).await;
    assert_eq!(code(&again), refused(409, "ORDER_REPLAYED"), "it serves once");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_invited_a_phone_is_on_record_and_the_link_serves_once() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let desk = in_session(&rig, &mut key).await;
    let link = invite(&rig, &desk, "ann").await;
    let (mut first, mut second) = (phone_of(&rig), phone_of(&rig));
    assert_eq!(join(&rig, &link, &mut first).await.status, 200);
    assert_eq!(code(&join(&rig, &link, &mut second).await), refused(403, "LINK_SPENT"));
    // A61: a phone that takes another's place is news, and names who made the link. The old one stays until it is cut off.
    let other = invite(&rig, &desk, "ann").await;
    assert_eq!(join(&rig, &other, &mut second).await.status, 200);
    let bound = |b: &Body| matches!(b, Body::Phone { person, by, fact: PhoneFact::Bound(_) } if (*person, *by) == (id("ann"), id("ada")));
    let invited = |b: &Body| matches!(b, Body::Phone { fact: PhoneFact::Invited, .. });
    let bodies: Vec<Body> = rig.events().into_iter().map(|e| e.body).collect();
    assert_eq!(
        (bodies.iter().filter(|b| bound(b)).count(), bodies.iter().filter(|b| invited(b)).count()),
        (2, 2)
    );
    assert_eq!(phones(&rig).len(), 2);
    // An hour later a link is none.
    let late = invite(&rig, &desk, "ann").await;
    rig.clock.forward(Duration::from_secs(3_600));
    assert_eq!(code(&join(&rig, &late, &mut phone_of(&rig)).await), refused(403, "LINK_SPENT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_hardened_site_a_phone_waits_for_a_persons_signature() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    rig.change(vec![Change::RemovePolicy(id(HUB_SIGNS))]).unwrap();
    let desk = in_session(&rig, &mut key).await;
    let mut phone = phone_of(&rig);
    let joined = join(&rig, &invite(&rig, &desk, "ann").await, &mut phone).await;
    assert_eq!((joined.status, &said(&joined)["to"]), (200, &json!("/my/sign-in?why=waits")));
    assert!(joined.header("set-cookie").is_none());
    assert!(phones(&rig).is_empty(), "the hub gives nobody a phone");
    assert_eq!(code(&sign_in(&rig, &mut phone).await), refused(403, "SIGN_IN_FAILED"));
    let draft = rig.hub().office().drafts_for(id("ada")).remove(0);
    let path = format!("/changes/{}/sign", draft.id);
    let asked = said(&post(&rig, &format!("{path}/start"), &desk, Value::Null).await);
    let signed =
        post(&rig, &format!("{path}/finish"), &desk, json!({ "credential": key.sign(&asked["publicKey"]) }))
            .await;
    assert_eq!(signed.status, 200, "{}", signed.text());
    assert_eq!(phones(&rig).len(), 1);
    let my = cookie_of(&sign_in(&rig, &mut phone).await);
    assert!(my_page(&rig, &my).await.text().contains("door-1"));
    // To cut it off, the hub needs nobody's signature.
    let lost = format!("phone={}", phones(&rig)[0]);
    let answer = send(&rig, "POST", "/people/ann/phones/lost", &[OWN, PAGE, ("cookie", &desk)], &lost).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(phones(&rig).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_is_cut_off_at_once_and_the_desk_is_told_where() {
    let (rig, desk, mut phone, my) = with_phone().await;
    let gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let lost = format!("phone={}", phones(&rig)[0]);
    let asked = async {
        let answer =
            send(&rig, "POST", "/people/ann/phones/lost", &[OWN, PAGE, ("cookie", &desk)], &lost).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    };
    // The controller of this test applies nothing: that is told, by name.
    let page = asked.await;
    assert!(
        page.contains("cut off at 0 of 1 doors&#39; controllers")
            || page.contains("cut off at 0 of 1 doors' controllers"),
        "{page}"
    );
    assert!(page.contains("Gate one"), "{page}");
    drop(gate);
    // Its session is over, and it opens none.
    assert_eq!(my_page(&rig, &my).await.status, 303);
    assert_eq!(code(&sign_in(&rig, &mut phone).await), refused(403, "SIGN_IN_FAILED"));
    let own = |b: &Body| matches!(b, Body::Session { fact: SessionFact::Refused, .. });
    rig.until(own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_cuts_off_another_phone_of_their_own_and_nobody_elses() {
    let (rig, desk, _, my) = with_phone().await;
    let mut second = phone_of(&rig);
    let joined = join(&rig, &invite(&rig, &desk, "ann").await, &mut second).await;
    let other = cookie_of(&joined);
    let mut bens = phone_of(&rig);
    let bens_phone = cookie_of(&join(&rig, &invite(&rig, &desk, "ben").await, &mut bens).await);
    let site = || rig.hub().office().site().credentials_of(id("ben")).remove(0).id;
    let theirs = format!("phone={}", site());
    let answer = send(&rig, "POST", "/my/phones/lost", &[OWN, ("cookie", &my)], &theirs).await;
    assert_eq!(answer.status, 404);
    // Ann's second, from her first.
    let page = my_page(&rig, &other).await.text();
    let this = page.split_once("This phone <code>").unwrap().1.split('<').next().unwrap().to_owned();
    let answer =
        send(&rig, "POST", "/my/phones/lost", &[OWN, PAGE, ("cookie", &my)], &format!("phone={this}")).await;
    assert_eq!((answer.status, answer.header("location").unwrap().starts_with("/my?lost=0-0-")), (303, true));
    let told = ask(&rig, answer.header("location").unwrap(), &[PAGE, ("cookie", &my)]).await.text();
    assert!(told.contains("was cut off at 0 of 0 controllers in"), "{told}");
    assert_eq!((my_page(&rig, &other).await.status, my_page(&rig, &bens_phone).await.status), (303, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_at_once_with_its_phone_or_its_person() {
    for change in [
        |_: &Rig| Change::SuspendPerson(id("ann")),
        |_: &Rig| Change::RemovePerson(id("ann")),
        |rig: &Rig| Change::RevokeCredential(phones(rig)[0]),
    ] {
        let (rig, _, _, my) = with_phone().await;
        assert_eq!(my_page(&rig, &my).await.status, 200);
        rig.change(vec![change(&rig)]).unwrap();
        assert_eq!(my_page(&rig, &my).await.status, 303);
        assert_eq!(post(&rig, "/my/doors/door-1/start", &my, Value::Null).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_learns_of_no_door_and_no_person_that_is_not_its_holders() {
    let (rig, _, _, my) = with_phone().await;
    let page = my_page(&rig, &my).await.text();
    for other in ["door-2", "ben", "Gate one", "gate-1", "/people", "ada"] {
        assert!(!page.contains(other), "{other}: {page}");
    }
    // A door that is not one's own is told as one that does not exist.
    let (theirs, none) = ("/my/doors/door-2/start", "/my/doors/nowhere/start");
    let [theirs, none] =
        [post(&rig, theirs, &my, Value::Null).await, post(&rig, none, &my, Value::Null).await];
    assert_eq!((theirs.status, theirs.text()), (none.status, none.text()));
    assert_eq!(theirs.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_routes_refuse_phones_and_phones_routes_refuse_operators() {
    use lockward_hub::{Access, Method, ROUTES};
    let (rig, desk, _, my) = with_phone().await;
    let mut asked = 0;
    for route in ROUTES.iter().filter(|r| !matches!(r.access, Access::Anyone | Access::Signer)) {
        let path =
            route.path.replace("{id}", "door-1").replace("{*place}", "0/000.p/2").replace("{index}", "1");
        let cookie = if route.access == Access::Person { &desk } else { &my };
        let method = if route.method == Method::Get { "GET" } else { "POST" };
        let answer = send(&rig, method, &path, &[OWN, ("cookie", cookie)], "{}").await;
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
        asked += usize::from(route.access == Access::Person);
    }
    assert!(asked >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_touch_but_this_phones_own_for_this_opening_goes_to_the_door() {
    let (rig, desk, mut phone, my) = with_phone().await;
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    let mut bens = phone_of(&rig);
    let bens_session = cookie_of(&join(&rig, &invite(&rig, &desk, "ben").await, &mut bens).await);
    let asked = press(&rig, &mut gate, &my).await;
    let body = |credential: Value| json!({ "ceremony": asked["ceremony"], "credential": credential });
    // Somebody else's session does not take it away.
    let theirs =
        post(&rig, "/my/doors/door-1/finish", &bens_session, body(bens.sign(&asked["publicKey"]))).await;
    assert_eq!(theirs.status, 409);
    let answer = post(&rig, "/my/doors/door-1/finish", &my, body(bens.sign(&asked["publicKey"]))).await;
    assert_eq!(code(&answer), refused(403, "ORDER_SIGNATURE"), "another person's phone");
    let asked = press(&rig, &mut gate, &my).await;
    phone.flags = 1;
    let body = json!({ "ceremony": asked["ceremony"], "credential": phone.sign(&asked["publicKey"]) });
    let answer = post(&rig, "/my/doors/door-1/finish", &my, body).await;
    assert_eq!(code(&answer), refused(403, "ORDER_SIGNATURE"), "a user whom the phone has not verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lock_says_is_said_in_words_for_whoever_stands_there() {
    let (rig, _, mut phone, my) = with_phone().await;
    let away = post(&rig, "/my/doors/door-1/start", &my, Value::Null).await;
    assert_eq!(code(&away), refused(503, "CONTROLLER_AWAY"));
    assert!(said(&away)["detail"].as_str().unwrap().starts_with("Not done: "));
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    for (why, words) in [
        (Deny::TouchTooOld, "That took longer than ten seconds."),
        (Deny::Passback, "You are inside already"),
        (Deny::Forbidden, "You may not open this door"),
    ] {
        let asked = press(&rig, &mut gate, &my).await;
        let body = json!({ "ceremony": asked["ceremony"], "credential": phone.sign(&asked["publicKey"]) });
        let (answer, _) = touch(&rig, &mut gate, &my, body, Some(why)).await;
        assert_eq!(code(&answer), refused(409, why.code()));
        assert!(said(&answer)["detail"].as_str().unwrap().starts_with(words), "{}", answer.text());
    }
    // Whoever was refused again and again waits: no phone takes a door's numbers away, or ends its link.
    for _ in 0..2 {
        let asked = press(&rig, &mut gate, &my).await;
        let body = json!({ "ceremony": asked["ceremony"], "credential": phone.sign(&asked["publicKey"]) });
        touch(&rig, &mut gate, &my, body, Some(Deny::Passback)).await;
    }
    assert_eq!(post(&rig, "/my/doors/door-1/start", &my, Value::Null).await.status, 429);
    rig.clock.forward(Duration::from_secs(61));
    press(&rig, &mut gate, &my).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_under_the_name_of_anothers_key_is_not_taken_and_keeps_nobody_out() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let desk = in_session(&rig, &mut key).await;
    let mut phone = phone_of(&rig);
    assert_eq!(join(&rig, &invite(&rig, &desk, "ann").await, &mut phone).await.status, 200);
    // Which keys an operator has is asked for by name; and a key in software has any name and counts from anywhere.
    let asked = said(&post(&rig, "/sign-in/start", "", json!({ "operator": "ada" })).await);
    let known = asked["publicKey"]["allowCredentials"].as_array().unwrap().iter().map(|c| &c["id"]);
    assert!(known.into_iter().any(|id| *id == crate::authenticator::b64(&key.id)));
    for named in [key.id.clone(), phone.id.clone()] {
        let mut forged = phone_of(&rig);
        (forged.id, forged.count) = (named, u32::MAX - 9);
        let joined = join(&rig, &invite(&rig, &desk, "ben").await, &mut forged).await;
        assert_eq!(code(&joined), refused(400, "PASSKEY_REFUSED"));
    }
    assert_eq!(phones(&rig).len(), 1);
    in_session(&rig, &mut key).await;
    assert_eq!(sign_in(&rig, &mut phone).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_passkey_is_no_phone_and_a_phone_signs_in_no_operator() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let desk = in_session(&rig, &mut key).await;
    let mut phone = phone_of(&rig);
    assert_eq!(join(&rig, &invite(&rig, &desk, "ann").await, &mut phone).await.status, 200);
    assert_eq!(code(&sign_in(&rig, &mut key).await), refused(403, "SIGN_IN_FAILED"));
    let asked = said(&post(&rig, "/sign-in/start", "", Value::Null).await);
    let body = json!({ "ceremony": asked["ceremony"], "credential": phone.sign(&asked["publicKey"]) });
    assert_eq!(code(&post(&rig, "/sign-in/finish", "", body).await), refused(403, "SIGN_IN_FAILED"));
}
