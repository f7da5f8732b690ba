//! Every route, asked for by everybody: the matrix that reviewers read.

use crate::api_keys::{EVERYTHING, bearer, make, serve};
use crate::rig::*;
use crate::web::{OWN, PAGE, ask, send, signed_in_as};
use core::fmt::Write as _;
use lockward_hub::{Access, Method, Needs, ROUTES, Route};
use lockward_model::*;

const ROLES: [&str; 7] = ["owner", "guard", "people", "installer", "auditor", "privacy", "integrator"];
const MATRIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/routes-matrix.txt");

fn example(path: &str) -> String {
    path.replace("{file}", "app.css")
        .replace("{id}", "door-1")
        .replace("{index}", "1")
        .replace("{*place}", "000.p/2")
        .replace("tile/000.p/2", "tile/0/000.p/2")
}

async fn staffed() -> Rig {
    let rig = Rig::new().await;
    let operators = (10..).zip(ROLES).map(|(seed, role)| {
        let (id, title) = (role.parse().unwrap(), role.parse().unwrap());
        Change::PutOperator(Operator::with_key(id, title, public(&key(seed)), vec![role.parse().unwrap()]))
    });
    rig.change(operators.collect()).unwrap();
    rig
}

/// What a request comes to, in a word: what stands between it and the handler.
async fn outcome(rig: &Rig, route: &Route, credentials: &[(&str, &str)]) -> &'static str {
    let path = example(route.path);
    let answer = match route.method {
        Method::Get => ask(rig, &path, credentials).await,
        Method::Post => send(rig, "POST", &path, &[credentials, &[OWN]].concat(), "{}").await,
    };
    let text = answer.text();
    match answer.status {
        401 => "sign in",
        403 if text.contains("NOT_PERMITTED") => "no",
        403 if text.contains("TOUCH_NEEDED") => "touch",
        403 if text.contains("ORIGIN_UNPROVEN") => "not from here",
        _ => "yes",
    }
}

fn told(route: &Route) -> String {
    let method = if route.method == Method::Get { "GET" } else { "POST" };
    let needs = match route.needs {
        Needs::Nothing => "nothing".to_owned(),
        Needs::Own => "own".to_owned(),
        Needs::Read(what) => format!("read:{} by zone", what.verb()),
        Needs::ReadWhole(what) => format!("read:{}", what.verb()),
        Needs::Change(verb) => format!("change:{verb}"),
        Needs::Order(act) => format!("order:{}", act.verb()),
        Needs::SomeChange => "some change".to_owned(),
        Needs::SomeOrder => "some order".to_owned(),
    };
    let touch = if route.fresh { ", a touch" } else { "" };
    format!("{method} {} ({:?}, {needs}{touch})", route.path, route.access).to_lowercase()
}

/// A route that nobody listed here is a change of what strangers or a role may do: read the difference, then write the file
/// anew with `LOCKWARD_REWRITE_DOCS=1`. `touch`: let through by policy, and asked for a fresh touch of a passkey.
#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_of_routes_is_as_reviewed() {
    let rig = staffed().await;
    let token = format!("Bearer {}", rig.hub().token().as_str());
    let mut out = String::from("who: nobody, token");
    ROLES.iter().for_each(|role| write!(out, ", {role}").unwrap());
    out.push('\n');
    for route in ROUTES {
        let mut row = vec![outcome(&rig, route, &[]).await];
        row.push(outcome(&rig, route, &[("authorization", &token)]).await);
        for role in ROLES {
            // A new session for each, for one of the routes ends it.
            let cookie = signed_in_as(&rig, role).await;
            row.push(outcome(&rig, route, &[("cookie", &cookie)]).await);
        }
        writeln!(out, "{}: {}", told(route), row.join(", ")).unwrap();
    }
    if std::env::var_os("LOCKWARD_REWRITE_DOCS").is_some() {
        std::fs::write(MATRIX, &out).unwrap();
    }
    let kept = std::fs::read_to_string(MATRIX).unwrap_or_default();
    assert_eq!(out, kept, "the matrix has changed; read it, and write it anew with LOCKWARD_REWRITE_DOCS=1");
}

/// Whoever is somebody at one site is a stranger at another: its operators, its machine, its services.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_site_gave_out_is_worth_nothing_at_another_on_every_route() {
    let (here, there) = (staffed().await, staffed().await);
    serve(&there, "wms", 41, EVERYTHING);
    let token = format!("Bearer {}", there.hub().token().as_str());
    let key = bearer(&make(&there, "wms", ""));
    let cookie = signed_in_as(&there, "owner").await;
    let given = [("authorization", token.as_str()), ("authorization", &key), ("cookie", &cookie)];
    for credentials in given {
        let opens = async |rig: &Rig, route: &Route| outcome(rig, route, &[credentials]).await == "yes";
        let (mut walked, mut at_home) = (0, 0);
        for route in ROUTES.iter().filter(|r| r.access != Access::Anyone) {
            let stranger = outcome(&here, route, &[]).await;
            let answered = outcome(&here, route, &[credentials]).await;
            assert!(answered == stranger || answered == "sign in", "{}: {answered}", told(route));
            walked += 1;
            // One that ends the session would end this walk.
            at_home += usize::from(route.method == Method::Get && opens(&there, route).await);
        }
        assert!(walked > 70 && at_home > 3, "{walked} walked, {at_home} of them open where it was given");
    }
}

/// The whole of what a stranger reaches. A route more is a decision, not an accident.
#[test]
fn a_stranger_reaches_the_listed_few() {
    let open: Vec<_> = ROUTES.iter().filter(|r| r.access == Access::Anyone).map(|r| r.path).collect();
    assert_eq!(
        open,
        [
            "/healthz",
            "/assets/{file}",
            "/sign-in",
            "/sign-in/start",
            "/sign-in/finish",
            "/sign-in/password",
            "/sign-in/openid",
            "/sign-in/openid/back",
            "/sign-in/openid/code",
            "/set-up",
            "/set-up/start",
            "/set-up/finish",
            "/set-up/password",
            "/set-up/password/finish",
            "/set-up/openid",
            "/enter",
            "/my/sign-in",
            "/my/sign-in/start",
            "/my/sign-in/finish",
            "/my/join",
            "/my/join/start",
            "/my/join/finish",
            "/log/config/checkpoint",
            "/log/config/tile/{*place}",
            "/log/events/checkpoint",
            "/log/events/tile/{*place}",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_of_the_site_and_not_even_what_there_is() {
    let rig = staffed().await;
    for route in ROUTES {
        let path = example(route.path);
        let post = route.method == Method::Post;
        let (page, tool) = match post {
            false => (ask(&rig, &path, &[PAGE]).await, ask(&rig, &path, &[]).await),
            true => (
                send(&rig, "POST", &path, &[PAGE, OWN], "").await,
                send(&rig, "POST", &path, &[OWN], "").await,
            ),
        };
        match route.access {
            Access::Anyone => {}
            // It comes from no page of the signer's.
            Access::Signer => assert_eq!((page.status, tool.status), (403, 403), "{path}"),
            Access::Session | Access::Person => {
                assert_eq!((page.status, tool.status), (303, 401), "{path}");
            }
            // What no page leads to.
            _ => assert_eq!((page.status, tool.status), (401, 401), "{path}"),
        }
        for answer in [page, tool] {
            assert!(answer.header("content-security-policy").is_some(), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(!answer.text().contains("Halle 7"), "{path}");
        }
        // The other way to ask tells no more than a path that does not exist.
        let other = if post { "GET" } else { "POST" };
        assert_eq!(send(&rig, other, &path, &[], "").await.status, 401, "{other} {path}");
    }
    for unknown in ["/none", "/doors", "/log/config", "/log/events/tile", "/enter/x", "/me/none"] {
        assert_eq!(ask(&rig, unknown, &[PAGE]).await.status, 303, "{unknown}");
        assert_eq!(ask(&rig, unknown, &[]).await.status, 401, "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_no_people_finds_no_name_on_any_page() {
    let rig = staffed().await;
    let who = lockward_wire::seal::PersonAttributes { name: "Grace Example".into(), contact: None };
    let id: PersonId = "p-1".parse().unwrap();
    let sealed = Some(rig.hub().office().seal_person(id, &who).unwrap());
    rig.change(vec![Change::PutPerson(person(id, sealed))]).unwrap();
    let device = crate::device::Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    let mut chain = crate::device::Chain::new(device.id, linked.keys.source_key.clone());
    let access = crate::elsewhere::granted("p-1", Side::Entry);
    let leaves = vec![chain.add("door-1", access)];
    linked
        .wire
        .say(&lockward_wire::link::ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) })
        .await;
    assert_eq!(linked.wire.acked().await, 1);
    let shown = async |role: &str, path: &str| {
        let cookie = signed_in_as(&rig, role).await;
        match path {
            "/live" => crate::web::stream(&rig, &cookie).await,
            _ => ask(&rig, path, &[PAGE, ("cookie", &cookie)]).await.text(),
        }
    };
    for path in ["/", "/live"] {
        for _ in 0..100 {
            if shown("guard", path).await.contains("Grace Example") {
                break;
            }
            tokio::time::sleep(core::time::Duration::from_millis(50)).await;
        }
        assert!(shown("guard", path).await.contains("Grace Example"), "{path}");
        for role in ["installer", "integrator"] {
            let page = shown(role, path).await;
            assert!(page.contains("ACCESS_GRANTED"), "{role} {path}: {page}");
            assert!(!page.contains("Grace Example") && !page.contains("/people/"), "{role} {path}");
        }
    }
}
