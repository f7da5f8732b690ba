//! The JSON API: its lists, its errors, its zones, its stream, and the document that describes it.

use crate::api_keys::{bearer, get, id, make, post, serve, served};
use crate::elsewhere::{Gate, granted};
use crate::rig::*;
use crate::sign_in::{code, refused, said};
use crate::web::{Answer, OWN, ask, send, signed_in};
use core::time::Duration;
use lockward_hub::{Access, Method, ROUTES, document};
use lockward_model::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

/// A site with a vault, its door, and somebody with a name; and a key that reads this.
async fn house(policy: &str) -> (Rig, Gate, String) {
    let rig = Rig::new().await;
    let who = lockward_wire::seal::PersonAttributes { name: "Grace Example".into(), contact: None };
    let person: PersonId = id("p-1");
    let sealed = Some(rig.hub().office().seal_person(person, &who).unwrap());
    let vault = Door { to: id("vault"), ..door("door-3", "gate-1") };
    rig.change(vec![Change::PutDoor(vault), Change::PutPerson(crate::rig::person(person, sealed))]).unwrap();
    serve(&rig, "wms", 21, policy);
    let key = bearer(&make(&rig, "wms", ""));
    let mut gate = Gate::enrolled(&rig, "gate-1", 11).await;
    gate.tell(vec![("door-1", granted("p-1", Side::Entry)), ("door-3", granted("p-1", Side::Entry))]).await;
    for _ in 0..200 {
        let told = ask(&rig, "/", &[("cookie", &signed_in(&rig).await)]).await.text();
        if told.matches("ACCESS_GRANTED").count() > 1 {
            return (rig, gate, key);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("what happened is not shown");
}

fn reads(what: &str, place: &str) -> String {
    format!(r#"permit (principal == Service::"wms", action in [{what}], resource {place});"#)
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let said = said(answer);
    said["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reading_is_as_its_description_says() {
    let (rig, _gate, key) = house(&reads(r#"Action::"read""#, "")).await;
    let described = document();
    let mut seen = 0;
    for route in ROUTES.iter().filter(|r| r.access == Access::Api && r.method == Method::Get) {
        let path = match route.path {
            "/api/v1/people/{id}" => "/api/v1/people/p-1".to_owned(),
            path => path.replace("{id}", "door-1").replace("{index}", "1"),
        };
        if path.ends_with("/stream") || path.starts_with("/api/v1/changes") && !path.contains("/at/") {
            continue;
        }
        let answer = get(&rig, &path, &key).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        let etag = answer.header("etag").unwrap();
        let known = [("authorization", key.as_str()), ("if-none-match", etag)];
        assert_eq!(ask(&rig, &path, &known).await.status, 304, "{path}");
        let content = &described["paths"][route.path]["get"]["responses"]["200"]["content"];
        let schema = &content["application/json"]["schema"];
        fits(&said(&answer), schema, &described, &path);
        seen += 1;
    }
    assert!(seen >= 14, "{seen}");
}

/// Whether a value has exactly the fields that its schema names: what Schemathesis asks, for what is never empty here.
fn fits(value: &Value, schema: &Value, all: &Value, at: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(value, &all["components"]["schemas"][name.rsplit('/').next().unwrap()], all, at);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().for_each(|part| fits(value, part, all, at));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: no {name} in {value}");
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        fits(value.get(name).unwrap_or(&Value::Null), schema, all, &format!("{at}.{name}"));
    }
    for item in value.as_array().into_iter().flatten() {
        fits(item, &schema["items"], all, at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_one_zone_reads_of_that_zone_and_of_nothing_else() {
    let (rig, _gate, key) = house(&reads(r#"Action::"read:site""#, r#"in Zone::"vault""#)).await;
    let get = async |path: &str| get(&rig, path, &key).await;
    assert_eq!(ids(&get("/api/v1/doors").await), ["door-3"]);
    assert_eq!(ids(&get("/api/v1/zones").await), ["vault"]);
    assert_eq!(said(&get("/api/v1/zones").await)["items"][0]["within"], Value::Null);
    assert!(ids(&get("/api/v1/controllers").await).is_empty());
    let events = said(&get("/api/v1/events").await);
    let doors: BTreeSet<_> =
        events["items"].as_array().unwrap().iter().map(|e| e["door"].to_string()).collect();
    assert_eq!(doors, BTreeSet::from(["\"door-3\"".to_owned()]), "{events}");
    // A door of elsewhere is like none, in every word.
    let (hidden, unknown) = (get("/api/v1/doors/door-1").await, get("/api/v1/doors/none").await);
    assert_eq!((code(&hidden), hidden.text()), (refused(404, "NOT_FOUND"), unknown.text()));
    let (hidden, unknown) = (get("/api/v1/events?door=door-1").await, get("/api/v1/events?door=none").await);
    assert_eq!((hidden.status, hidden.text()), (200, unknown.text()));
    assert_eq!(get("/api/v1/people").await.status, 403);
    assert!(!events.to_string().contains("Grace"), "{events}");
    assert_eq!(said(&get("/api/v1/changes/at/3").await)["doors"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_for_who_may_read_people_there() {
    let everything = format!(
        "{}\n{}",
        reads(r#"Action::"read:site", Action::"read:muster""#, ""),
        reads(r#"Action::"read:people""#, r#"in Zone::"vault""#)
    );
    let rig = Rig::new().await;
    drop(rig);
    let (rig, _gate, key) = house(everything.split('\n').next().unwrap()).await;
    let events = get(&rig, "/api/v1/events", &key).await.text();
    let muster = get(&rig, "/api/v1/muster", &key).await.text();
    assert!(
        events.contains("ACCESS_GRANTED") && !events.contains("Grace") && !events.contains("p-1"),
        "{events}"
    );
    assert!(!muster.contains("Grace") && !muster.contains("p-1"), "{muster}");
    let names = everything.split('\n').next_back().unwrap();
    rig.change(vec![Change::PutPolicy(PolicyText { id: id("names"), text: names.into() })]).unwrap();
    let events = said(&get(&rig, "/api/v1/events", &key).await);
    let named: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["person"]["name"] == "Grace Example")
        .collect();
    assert!(named.iter().all(|e| e["door"] == "door-3") && !named.is_empty(), "{events}");
    assert_eq!(get(&rig, "/api/v1/people", &key).await.status, 404, "a list of everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page_and_refuses_what_it_does_not_know() {
    let (rig, _gate, key) = house(&reads(r#"Action::"read""#, "")).await;
    let (mut path, mut all) = ("/api/v1/doors?limit=1".to_owned(), Vec::new());
    loop {
        let answer = get(&rig, &path, &key).await;
        all.extend(ids(&answer));
        match said(&answer)["next"].as_str() {
            Some(next) => path = format!("/api/v1/doors?limit=1&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(all, ["door-1", "door-2", "door-3"]);
    let (mut path, mut indexes) = ("/api/v1/events?limit=2".to_owned(), Vec::new());
    loop {
        let said = said(&get(&rig, &path, &key).await);
        indexes.extend(said["items"].as_array().unwrap().iter().map(|e| e["index"].as_u64().unwrap()));
        match said["next"].as_str() {
            Some(next) => path = format!("/api/v1/events?limit=2&cursor={next}"),
            None => break,
        }
    }
    let told = rig.events().len();
    assert!(indexes.len() == told && indexes.windows(2).all(|w| w[0] > w[1]), "{indexes:?} of {told}");
    for wrong in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=%zz",
        "limit=1&limit=2",
        "lmit=3",
        "q=x",
        "cursor=%00",
        "cursor=",
        "zone=",
    ] {
        let answer = get(&rig, &format!("/api/v1/doors?{wrong}"), &key).await;
        assert_eq!(code(&answer), refused(422, "REQUEST_INVALID"), "{wrong}");
    }
    assert_eq!(get(&rig, "/api/v1/events?cursor=x", &key).await.status, 422);
    assert_eq!(ids(&get(&rig, "/api/v1/people?q=grace", &key).await), ["p-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_problem_with_a_stable_code() {
    let (rig, key) = served().await;
    let long = format!("{{\"file\": \"{}\"}}", "x".repeat(70_000));
    let json = ("content-type", "application/json");
    let auth = ("authorization", key.as_str());
    let page = ("accept", "text/html");
    for (method, path, headers, body, wanted) in [
        ("GET", "/api/v1/none", &[auth, page][..], "", (404, "NOT_FOUND")),
        ("GET", "/api", &[auth], "", (404, "NOT_FOUND")),
        ("GET", "/api/v1/doors/none", &[auth, page], "", (404, "NOT_FOUND")),
        ("POST", "/api/v1/site", &[auth, json], "{}", (405, "METHOD_NOT_ALLOWED")),
        ("DELETE", "/api/v1/changes", &[auth], "", (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/api/v1/changes", &[auth, json], &long, (413, "REQUEST_MALFORMED")),
        ("POST", "/api/v1/changes", &[auth], "{}", (415, "MEDIA_TYPE")),
        ("POST", "/api/v1/changes", &[auth, json], "{", (400, "REQUEST_MALFORMED")),
        ("POST", "/api/v1/changes", &[auth, json], "{\"file\": \"\", \"x\": 1}", (422, "REQUEST_INVALID")),
        ("GET", "/api/v1/site", &[page], "", (401, "SESSION_MISSING")),
        ("GET", "/api/v1/site", &[auth, ("host", "evil.example")], "", (421, "HOST_UNKNOWN")),
    ] {
        let answer = send(&rig, method, path, headers, body).await;
        assert_eq!(code(&answer), refused(wanted.0, wanted.1), "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}");
        let said = said(&answer);
        assert_eq!(said["type"], format!("urn:lockward:problem:{}", wanted.1), "{method} {path}");
        assert_eq!(said["status"], wanted.0, "{method} {path}");
    }
    let allow = send(&rig, "PUT", "/api/v1/changes", &[auth], "").await;
    assert_eq!(allow.header("allow"), Some("GET, HEAD, POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_reads_the_api_and_drafts_from_its_own_pages_alone() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig).await;
    assert_eq!(ask(&rig, "/api/v1/doors", &[("cookie", &cookie)]).await.status, 200);
    let body = json!({ "file": "[[group]]\nid = \"packers\"\ntitle = \"Packers\"\n" }).to_string();
    let json = ("content-type", "application/json");
    let foreign = send(&rig, "POST", "/api/v1/changes", &[("cookie", &cookie), json], &body).await;
    assert_eq!(code(&foreign), refused(403, "ORIGIN_UNPROVEN"));
    let own = send(&rig, "POST", "/api/v1/changes", &[("cookie", &cookie), json, OWN], &body).await;
    assert_eq!(own.status, 201, "{}", own.text());
    let token = format!("Bearer {}", rig.hub().token().as_str());
    assert_eq!(get(&rig, "/api/v1/people", &token).await.status, 200);
    assert_eq!(post(&rig, "/api/v1/changes", &token, &json!({})).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_goes_on_from_where_it_was_left_and_ends_with_its_key() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (rig, mut gate, key) = house(&reads(r#"Action::"read:site""#, r#"in Zone::"vault""#)).await;
    let newest =
        said(&get(&rig, "/api/v1/events?limit=1", &key).await)["items"][0]["index"].as_u64().unwrap();
    let address = rig.hub().console().unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/v1/events/stream HTTP/1.1\r\nhost: {address}\r\nauthorization: {key}\r\nlast-event-id: {}\r\nconnection: close\r\n\r\n",
        newest - 1
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut buffer = vec![0; 65_536];
    gate.tell(vec![("door-1", Body::NotEntered), ("door-3", Body::NotEntered)]).await;
    while !seen.contains("NOT_ENTERED") {
        let read =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(seen.contains(&format!("id: {newest}\n")) && seen.contains("door-3"), "{seen}");
    assert!(!seen.contains("door-1") && !seen.contains("Grace"), "{seen}");
    let row = rig.hub().office().store().api_keys().unwrap().remove(0);
    rig.hub().office().revoke_api_key(row.id, None).unwrap();
    gate.tell(vec![("door-3", Body::NotEntered)]).await;
    tokio::time::timeout(Duration::from_secs(20), async {
        while stream.read(&mut buffer).await.unwrap() > 0 {}
    })
    .await
    .unwrap();
}

/// The document is a file that reviewers read; write it anew with `LOCKWARD_REWRITE_DOCS=1`.
#[test]
fn the_document_describes_the_tables_own_routes_and_is_as_reviewed() {
    let document = document();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        described.extend(methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .filter(|route| matches!(route.access, Access::Api | Access::Service))
        .map(|route| {
            (if route.method == Method::Get { "get" } else { "post" }.to_owned(), route.path.to_owned())
        })
        .collect();
    assert_eq!(described, routes);
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    // Nothing is referred to that is not there.
    for name in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(!document["components"]["schemas"][name].is_null(), "{name}");
    }
    if std::env::var_os("LOCKWARD_REWRITE_DOCS").is_some() {
        std::fs::write(DOCUMENT, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(DOCUMENT).unwrap_or_default(),
        text,
        "write it anew with LOCKWARD_REWRITE_DOCS=1"
    );
}
