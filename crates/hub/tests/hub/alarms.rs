//! Alarms: folded while they repeat, cleared by the fact that ends them, and silent where they must be.

use crate::elsewhere::*;
use crate::rig::*;
use crate::web::{PAGE, ask, signed_in};
use core::time::Duration;
use lockward_model::*;
use lockward_wire::credential::hash_pin;

async fn page(rig: &Rig, cookie: &str, path: &str) -> String {
    ask(rig, path, &[PAGE, ("cookie", cookie)]).await.text()
}

/// The page, once it holds `wanted`.
pub async fn until(rig: &Rig, cookie: &str, path: &str, wanted: &str) -> String {
    for _ in 0..100 {
        let text = page(rig, cookie, path).await;
        if text.contains(wanted) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("`{wanted}` is not on {path}: {}", page(rig, cookie, path).await);
}

fn cut(fault: Option<InputFault>) -> Vec<(&'static str, Body)> {
    vec![("door-1", Body::Input { input: InputName::Exit, fault })]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_folded_while_it_repeats_and_cleared_by_its_fact_and_a_restart_keeps_it() {
    let mut rig = Rig::new().await;
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    for _ in 0..3 {
        one.tell(cut(Some(InputFault::Open))).await;
    }
    let text = until(&rig, &cookie, "/alarms", "3 times").await.replace('\u{a0}', " ");
    for wanted in ["INPUT_OPEN", "The door-1", "request to exit", "1 alarm stands"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    for path in ["/", "/people", "/log", "/muster", "/zones", "/doors/door-1"] {
        assert!(page(&rig, &cookie, path).await.contains("1\u{a0}alarm stands"), "{path}");
    }
    let part = "Request to exit</dt><dd>wire cut";
    assert!(page(&rig, &cookie, "/doors/door-1").await.contains(part));
    rig.stop().await;
    rig.start().await;
    let cookie = signed_in(&rig).await;
    until(&rig, &cookie, "/alarms", "3 times").await;
    one.device.moved(&rig);
    let mut again = one.device.link(one.chain.seq).await;
    again.wire.say(&one.chain.told(&one.device, cut(None))).await;
    until(&rig, &cookie, "/alarms", "No alarm stands").await;
    assert!(page(&rig, &cookie, "/alarms").await.contains("cleared <time"));
    assert!(!page(&rig, &cookie, "/doors/door-1").await.contains(part));
}

#[tokio::test(flavor = "multi_thread")]
async fn duress_stands_on_the_page_of_alarms_and_looks_like_any_grant_everywhere_else() {
    let rig = Rig::new().await;
    people(&rig, &["ann"]);
    let duress = Credential {
        id: id("second"),
        person: id("ann"),
        proof: Proof::Duress(hash_pin(&"9876".parse().unwrap(), [1; 16], rig.hub().office().keys().pepper())),
        valid: Validity::default(),
    };
    let owner = Operator::with_key(id("anna"), id("Anna"), public(&key(31)), vec![id("owner")]);
    let herself = Operator { person: Some(id("ann")), ..owner };
    rig.change(vec![Change::PutCredential(duress), Change::PutOperator(herself)]).unwrap();
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let Body::Access(mut forced) = granted("ann", Side::Entry) else { unreachable!() };
    forced.pin = PinFact::Duress;
    one.tell(vec![("door-1", Body::Access(forced)), ("door-1", Body::DoorOpened(Opening::Granted))]).await;
    let alarms = until(&rig, &cookie, "/alarms", "DURESS").await;
    assert!(alarms.contains("The door-1"));
    // The lists of events are filled behind the acknowledgement.
    let door = until(&rig, &cookie, "/doors/door-1", "ACCESS_GRANTED").await;
    assert!(door.contains("by rule/all"), "{door}");
    let mut pages = vec![];
    for path in ["/", "/doors/door-1", "/people/ann", "/people", "/muster", "/zones", "/log"] {
        pages.push((path, page(&rig, &cookie, path).await));
    }
    let live = crate::web::stream(&rig, &cookie).await;
    assert!(live.contains("Access granted"), "{live}");
    pages.push(("/live", live));
    for (path, text) in pages {
        let text = text.to_lowercase();
        for word in ["duress", "under threat", "second pin"] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
    // Whoever forces her may make her show the page of alarms.
    let hers = crate::web::signed_in_as(&rig, "anna").await;
    let page = page(&rig, &hers, "/alarms").await;
    assert!(page.contains("Standing") && !page.contains("DURESS") && !page.contains("The door-1"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lockdown_stands_on_every_page_and_at_its_doors() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    one.tell(vec![closes()]).await;
    rig.change(vec![Change::LockDown(id("hall"))]).unwrap();
    for path in ["/", "/people", "/zones", "/alarms", "/muster"] {
        let text = page(&rig, &cookie, path).await;
        assert!(text.contains("nobody enters <bdi>Hall</bdi>"), "{path}: {text}");
    }
    until(&rig, &cookie, "/doors/door-1", "Locked down").await;
    let zones = page(&rig, &cookie, "/zones").await;
    assert!(zones.contains("locked down: nobody enters, everybody can leave"));
    assert!(
        zones.contains("Locked down since <time") && !zones.contains("What a lockdown would stop"),
        "{zones}"
    );
    rig.change(vec![Change::LiftLockdown(id("hall"))]).unwrap();
    assert!(!page(&rig, &cookie, "/").await.contains("nobody enters <bdi>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_zones_shows_what_a_lockdown_would_stop_and_who_enters_all_the_same() {
    let rig = Rig::new().await;
    people(&rig, &["ann"]);
    let cookie = signed_in(&rig).await;
    let text = page(&rig, &cookie, "/zones").await;
    for said in [
        "What a lockdown would stop",
        ">The door-1</bdi></a>",
        "nobody: no policy says so",
        "everybody, by every door",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let text = r#"permit (principal == Person::"ann", action == Action::"enter-locked-down", resource);"#;
    let policy = PolicyText { id: id("guards"), text: text.into() };
    rig.change(vec![Change::PutPolicy(policy)]).unwrap();
    let text = page(&rig, &cookie, "/zones").await;
    assert!(text.contains("card, by policy guards") && text.contains("/people/ann"), "{text}");
    assert!(!text.contains("nobody: no policy says so"), "{text}");
}
