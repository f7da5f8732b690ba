//! Rights by zone, walked over every route: what lies in another zone is answered like what is not there, and stands on no page.

use crate::api_keys::{bearer, id, make, serve};
use crate::elsewhere::{Gate, denied, granted};
use crate::rig::*;
use crate::web::{OWN, PAGE, ask, live_after, send, signed_in, signed_in_as};
use core::time::Duration;
use lockward_hub::{Access, Method, Needs, ROUTES, Route};
use lockward_model::*;

/// What nobody who may read the hall alone is to find anywhere: ids and titles of what lies in the laboratory.
const LAB: [&str; 5] = ["door-9", "Reactor hatch", "laboratory", "The Laboratory", "Hatch crew"];

/// Who may do what, each in a policy of its own.
const POLICIES: [(&str, &str); 5] = [
    (
        "hall",
        r#"permit (
  principal in Role::"hall",
  action in [Action::"read", Action::"order", Action::"change"],
  resource in Zone::"hall"
);"#,
    ),
    (
        "hall-wms",
        r#"permit (
  principal == Service::"wms",
  action in [Action::"read", Action::"order", Action::"change"],
  resource in Zone::"hall"
);"#,
    ),
    ("names", r#"permit (principal in Role::"names", action == Action::"read:people", resource);"#),
    // The log is left out: it is the site's as a whole, and tells of every zone.
    (
        "most",
        r#"permit (
  principal in Role::"most",
  action in [
    Action::"read:site", Action::"read:people", Action::"read:alarms", Action::"read:muster",
    Action::"read:operators"
  ],
  resource
);"#,
    ),
    ("but", r#"forbid (principal in Role::"most", action, resource in Zone::"laboratory");"#),
];

fn by_crew() -> Body {
    let because = vec!["rule/hatch".into()];
    match granted("p-1", Side::Entry) {
        Body::Access(access) => {
            Body::Access(lockward_model::Access { outcome: Outcome::Granted { because }, ..access })
        }
        body => body,
    }
}

struct House {
    rig: Rig,
    gates: [Gate; 2],
    /// A draft that is the laboratory's.
    draft: String,
}

/// A hall, and a laboratory beside it; things happen in both. `zed` may do everything in the hall and nothing elsewhere;
/// `yan` sees people besides. `wes` sees the whole site, but for the laboratory.
async fn house() -> House {
    let rig = Rig::new().await;
    let who = lockward_wire::seal::PersonAttributes { name: "Grace Example".into(), contact: None };
    let sealed = Some(rig.hub().office().seal_person(id("p-1"), &who).unwrap());
    let operator = |name: &str, seed, roles: &[&str]| {
        let roles = roles.iter().map(|role| id(role)).collect();
        Change::PutOperator(Operator::with_key(id(name), id(name), public(&key(seed)), roles))
    };
    let airlock = Some(Airlock { id: id("lock"), alone: Alone::Refuse });
    let rules = || DoorRules { airlock, ..DoorRules::default() };
    let lab =
        Zone { id: id("laboratory"), title: id("The Laboratory"), parent: None, rules: ZoneRules::default() };
    let hatch =
        Door { to: id("laboratory"), title: id("Reactor hatch"), rules: rules(), ..door("door-9", "gate-2") };
    // It leads out of the laboratory, into the hall.
    let beside = Door { from: Some(id("laboratory")), rules: rules(), ..door("door-2", "gate-2") };
    rig.change(vec![
        Change::PutZone(lab),
        Change::PutDoor(hatch),
        Change::PutDoor(beside),
        Change::PutGroup(Group { id: id("crew"), title: id("Crew") }),
        Change::PutRule(Rule {
            id: id("hatch"),
            title: id("Hatch crew"),
            groups: vec![id("crew")],
            targets: vec![Target::Door(id("door-9"))],
            schedule: None,
            factors: Factors::CARD,
            two_people: false,
        }),
        Change::PutPerson(Person { groups: vec![id("crew")], ..person(id("p-1"), sealed) }),
        operator("zed", 31, &["hall"]),
        operator("yan", 32, &["hall", "names"]),
        operator("wes", 33, &["most"]),
        Change::LockDown(id("laboratory")),
    ])
    .unwrap();
    serve(&rig, "wms", 21, "");
    let policy =
        |(name, text): (&str, &str)| Change::PutPolicy(PolicyText { id: id(name), text: text.into() });
    rig.change(POLICIES.into_iter().map(policy).collect()).unwrap();
    let mut one = Gate::enrolled(&rig, "gate-1", 11).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 12).await;
    // What happened in the hall tells of the laboratory's door too.
    let blocked = ZoneFact::OpeningsBlocked(vec![id("door-2"), id("door-9")]);
    two.tell(vec![
        ("door-2", granted("p-1", Side::Entry)),
        ("door-2", Body::Zone { zone: id("hall"), fact: blocked }),
        ("door-9", by_crew()),
        ("door-9", Body::DoorOpened(Opening::Granted)),
        ("door-9", Body::DoorOpened(Opening::Forced)),
        ("door-9", denied(Some("p-1"), Deny::Lockdown, PinFact::NotAsked)),
    ])
    .await;
    one.tell(vec![("door-1", Body::DoorOpened(Opening::Forced))]).await;
    let cookie = signed_in(&rig).await;
    let file = "[[group]]\nid = \"packers\"\ntitle = \"Hatch crew\"\n";
    let draft = crate::change_pages::draft(&rig, &cookie, file).await;
    let draft = draft.rsplit('/').next().unwrap().to_owned();
    crate::alarms::until(&rig, &cookie, "/people/p-1", "ACCESS_DENIED").await;
    crate::alarms::until(&rig, &cookie, "/alarms", "Reactor hatch").await;
    crate::alarms::until(&rig, &cookie, "/", "DOOR_FORCED").await;
    House { rig, gates: [one, two], draft }
}

/// Digits that a clock or a cursor moves, made alike, and the name that was asked for.
fn steady(text: &str, asked: &str) -> String {
    text.replace(asked, "ASKED").chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

async fn walked(rig: &Rig, route: &Route, path: &str, who: (&str, &str)) -> (u16, String) {
    if path.ends_with("/live") || path.ends_with("/stream") {
        let text = live_after(rig, path, who, 0).await;
        return (200, text);
    }
    let answer = match route.method {
        Method::Get => ask(rig, path, &[PAGE, who]).await,
        Method::Post => {
            let json = ("content-type", "application/json");
            let act = if path.ends_with("/orders") { r#"{"act":"unlock"}"# } else { "{}" };
            send(rig, "POST", path, &[OWN, json, who], act).await
        }
    };
    (answer.status, answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_another_zone_is_answered_like_what_is_not_there_on_every_route() {
    let house = house().await;
    let rig = &house.rig;
    let key = bearer(&make(rig, "wms", ""));
    let mut walked_by_id = 0;
    for who in ["zed", "yan", "wes", "wms"] {
        for route in ROUTES {
            let below = |what: &str| route.path.contains(&format!("/{what}/{{id}}"));
            let (there, none) = match () {
                () if below("doors") => ("door-9", "none-9"),
                () if below("changes") => (house.draft.as_str(), "0123456789abcdef"),
                // People are the site's, and nobody's who reads a zone alone.
                () if below("people") && ["zed", "wms"].contains(&who) => ("p-1", "none-9"),
                // Orders are their own service's (api_signed.rs), and numbers in the log are the site's.
                () => continue,
            };
            // A new session for each, for one of the routes ends it.
            let cookie = if who == "wms" { String::new() } else { signed_in_as(rig, who).await };
            let credentials =
                if who == "wms" { ("authorization", key.as_str()) } else { ("cookie", cookie.as_str()) };
            let path = |id: &str| route.path.replace("{id}", id).replace("{index}", "1");
            let hidden = walked(rig, route, &path(there), credentials).await;
            let unknown = walked(rig, route, &path(none), credentials).await;
            assert_eq!(hidden.0, unknown.0, "{who} {}", route.path);
            assert_eq!(steady(&hidden.1, there), steady(&unknown.1, none), "{who} {}", route.path);
            walked_by_id += 1;
        }
    }
    assert!(walked_by_id >= 30, "{walked_by_id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_who_reads_one_zone_names_a_door_of_another() {
    let mut house = house().await;
    let rig = &house.rig;
    let key = bearer(&make(rig, "wms", ""));
    let mut shown = Vec::new();
    for who in ["zed", "yan", "wes", "wms"] {
        for route in ROUTES {
            let path = route
                .path
                .replace("/people/{id}", "/people/p-1")
                .replace("/doors/{id}", "/doors/door-2")
                .replace("{id}", "door-2")
                .replace("{file}", "app.css")
                .replace("{index}", "1")
                .replace("tile/entries/{*place}", "tile/entries/000.p/2")
                .replace("{*place}", "0/000.p/2");
            let cookie = if who == "wms" { String::new() } else { signed_in_as(rig, who).await };
            let credentials =
                if who == "wms" { ("authorization", key.as_str()) } else { ("cookie", cookie.as_str()) };
            let (status, text) = walked(rig, route, &path, credentials).await;
            for hidden in LAB {
                assert!(!text.contains(hidden), "{who} {path} tells of `{hidden}`: {text}");
            }
            if status == 200 && matches!(route.needs, Needs::Read(_)) {
                shown.push((who, route.path));
            }
        }
    }
    // It would be no wonder if nothing were shown at all.
    for path in ["/", "/doors/{id}", "/zones", "/alarms", "/muster", "/live", "/changes/at/{index}"] {
        assert!(shown.contains(&("zed", path)), "{path}: {shown:?}");
    }
    assert!(ROUTES.iter().any(|r| r.access == Access::Session && r.path == "/people/{id}"));
    let cookie = signed_in_as(rig, "yan").await;
    let page = ask(rig, "/people/p-1", &[PAGE, ("cookie", &cookie)]).await.text();
    assert!(page.contains("Grace Example") && page.contains("The door-2"), "{page}");
    // Nor what the stream brings afterwards.
    let cookie = signed_in_as(rig, "zed").await;
    let stream = tokio::spawn({
        let address = rig.hub().console().unwrap();
        async move { crate::web::live_at(address, "/live", ("cookie", &cookie), 0, 5_000).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let [one, two] = &mut house.gates;
    two.tell(vec![("door-9", by_crew()), ("door-9", Body::DoorClosed { open_for: Duration::ZERO })]).await;
    one.tell(vec![("door-1", Body::DoorClosed { open_for: Duration::ZERO })]).await;
    let text = stream.await.unwrap();
    assert!(text.contains("event: feed") && text.contains("DOOR_CLOSED"), "{text}");
    for hidden in LAB {
        assert!(!text.contains(hidden), "the stream tells of `{hidden}`: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_of_what_the_reader_may_read() {
    let house = house().await;
    let cookie = signed_in_as(&house.rig, "zed").await;
    let page = async |path: &str| ask(&house.rig, path, &[PAGE, ("cookie", &cookie)]).await.text();
    let overview = page("/").await;
    assert!(overview.contains("of 2 secure"), "{overview}");
    assert!(!overview.contains("Gate two") && !overview.contains("nobody enters"), "{overview}");
    let alarms = page("/alarms").await;
    assert!(
        alarms.contains("The door-1") && alarms.contains("Standing <span class=\"muted\">2<"),
        "{alarms}"
    );
    let muster = page("/muster").await.replace('\u{a0}', " ");
    assert!(muster.contains("0 people inside") && !muster.contains("of the site:"), "{muster}");
    let arrival = page("/changes/at/1").await.replace('\u{a0}', " ");
    assert!(arrival.contains("of 2 doors"), "{arrival}");
    let owner = signed_in(&house.rig).await;
    let whole = ask(&house.rig, "/", &[PAGE, ("cookie", &owner)]).await.text();
    assert!(whole.contains("of 3 secure") && whole.contains("Reactor hatch"), "{whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_policy_holds_at_once_on_pages_and_in_open_streams() {
    let House { rig, gates: [mut one, _two], .. } = house().await;
    let cookie = signed_in_as(&rig, "zed").await;
    let status =
        async |door: &str| ask(&rig, &format!("/doors/{door}"), &[PAGE, ("cookie", &cookie)]).await.status;
    assert_eq!((status("door-1").await, status("door-9").await), (200, 404));
    let address = rig.hub().console().unwrap();
    let stream = tokio::spawn({
        let cookie = cookie.clone();
        async move { crate::web::live_at(address, "/live", ("cookie", &cookie), u64::MAX, 5_000).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let [(name, text), ..] = POLICIES;
    let moved = PolicyText { id: id(name), text: text.replace("hall\"\n", "laboratory\"\n").into() };
    rig.change(vec![Change::PutPolicy(moved)]).unwrap();
    assert_eq!((status("door-1").await, status("door-9").await), (404, 200));
    one.tell(vec![("door-1", Body::DoorClosed { open_for: Duration::ZERO })]).await;
    let told = stream.await.unwrap();
    assert!(told.contains("event: door") && !told.contains("DOOR_CLOSED"), "{told}");
    rig.change(vec![Change::RemovePolicy(id(name))]).unwrap();
    assert_eq!((status("door-1").await, status("door-9").await), (403, 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_about_another_zone_is_refused_in_the_words_for_what_is_not_there() {
    let house = house().await;
    let zed = signed_in_as(&house.rig, "zed").await;
    let said = async |cookie: &str, file: &str| {
        let page = crate::change_pages::form(&house.rig, "/changes/draft", cookie, &[("text", file)]).await;
        assert_eq!(page.status, 422);
        page.text()
    };
    for file in [
        "[remove]\ndoors = [\"NAME\"]\n",
        "[[zone]]\nid = \"sub\"\ntitle = \"Sub\"\nin = \"NAME\"\n",
        "[[rule]]\nid = \"x\"\ntitle = \"X\"\ngroups = [\"crew\"]\ndoors = [\"NAME\"]\nfactors = [\"card\"]\n",
    ] {
        let name = if file.contains("zone") { "laboratory" } else { "door-9" };
        let hidden = said(&zed, &file.replace("NAME", name)).await;
        // One letter away from what is there: nobody is told what they may have meant.
        let near = format!("{}x", &name[..name.len() - 1]);
        let unknown = said(&zed, &file.replace("NAME", &near)).await;
        assert!(!unknown.contains(name), "{unknown}");
        assert_eq!(steady(&hidden, name), steady(&unknown, &near), "{file}");
    }
    // Whoever reads the whole site is told, and a file that can not be read says where to anybody.
    let owner = signed_in(&house.rig).await;
    assert!(said(&owner, "[remove]\ndoors = [\"door-8\"]\n").await.contains("did you mean `door-"));
    assert!(said(&zed, "[remove]\nno").await.contains("change:2"));
}

/// A21: whoever walks the ids of what is not theirs is found out, by name.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_one_id_after_another_is_on_record_and_alarms() {
    let house = house().await;
    let rig = &house.rig;
    let zed = signed_in_as(rig, "zed").await;
    let key = bearer(&make(rig, "wms", ""));
    let told = |fact| move |body: &Body| *body == Body::Session { operator: Some(id("zed")), fact };
    // What no policy permits, once.
    assert_eq!(ask(rig, "/people/p-1", &[PAGE, ("cookie", &zed)]).await.status, 403);
    rig.until(told(SessionFact::Denied)).await;
    let enumerates = |body: &Body| matches!(body, Body::ApiKey { service: Some(who), fact: ApiKeyFact::Enumerates, .. } if *who == id("wms"));
    assert!(!rig.events().iter().any(|e| told(SessionFact::Enumerates)(&e.body) || enumerates(&e.body)));
    for n in 0..40 {
        assert_eq!(ask(rig, &format!("/doors/door-{n}x"), &[PAGE, ("cookie", &zed)]).await.status, 404);
        let path = format!("/api/v1/doors/door-{n}x");
        assert_eq!(ask(rig, &path, &[("authorization", &key)]).await.status, 404);
    }
    assert!(rig.until(told(SessionFact::Enumerates)).await.body.code().is_alarm());
    rig.until(enumerates).await;
    let denied = rig.events().iter().filter(|e| told(SessionFact::Denied)(&e.body)).count();
    assert_eq!(denied, 1, "once in a minute");
}
