//! The hub over HTTP: what a stranger sees, what a session sees, and what a log's client reads.

use crate::device::*;
use crate::rig::*;
use core::time::Duration;
use lockward_hub::{Clock as _, SESSION_IDLE};
use lockward_ledger::*;
use lockward_model::*;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Answer {
    pub status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| *n == name).map(|(_, v)| v))
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub async fn ask(rig: &Rig, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(rig, "GET", path, headers, "").await
}

/// What a page of the hub's own says with a POST.
pub const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

pub async fn send(rig: &Rig, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let address = rig.hub().console().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let host = if headers.iter().any(|(n, _)| *n == "host") {
        String::new()
    } else {
        format!("host: localhost:{}\r\n", address.port())
    };
    let more: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let length = if method == "GET" { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    stream
        .write_all(
            format!("{method} {path} HTTP/1.1\r\n{host}{more}{length}connection: close\r\n\r\n{body}")
                .as_bytes(),
        )
        .await
        .unwrap();
    let (mut all, mut buffer) = (Vec::new(), vec![0; 65_536]);
    loop {
        let n =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
        all.extend(&buffer[..n]);
        // A stream of events has no end.
        if n == 0 || all.windows(17).any(|w| w == b"text/event-stream") && all.ends_with(b"\n") {
            break;
        }
    }
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..at].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: all[at + 4..].to_vec() }
}

pub const PAGE: (&str, &str) = ("accept", "text/html");

pub async fn signed_in(rig: &Rig) -> String {
    signed_in_as(rig, "ada").await
}

/// As a demonstration signs in.
pub async fn signed_in_as(rig: &Rig, operator: &str) -> String {
    let url = rig.hub().demo_url(operator.parse().unwrap());
    let path = url.split_once("/enter").map(|(_, rest)| format!("/enter{rest}")).unwrap();
    let answer = ask(rig, &path, &[PAGE]).await;
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let again = ask(rig, &path, &[PAGE]).await;
    assert_eq!((again.status, again.header("location")), (303, Some("/sign-in?expired=1")));
    cookie.split(';').next().unwrap().to_owned()
}

/// What an open page is told at first, events included.
pub async fn stream(rig: &Rig, cookie: &str) -> String {
    live_after(rig, "/live", ("cookie", cookie), 0).await
}

/// What a stream of events brings to whoever has seen everything up to `after`.
pub async fn live_after(rig: &Rig, path: &str, who: (&str, &str), after: u64) -> String {
    live_at(rig.hub().console().unwrap(), path, who, after, 500).await
}

/// The same, until it is quiet for so many milliseconds.
pub async fn live_at(
    address: std::net::SocketAddr,
    path: &str,
    (name, value): (&str, &str),
    after: u64,
    quiet: u64,
) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\n{name}: {value}\r\nlast-event-id: {after}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut seen, mut buffer) = (String::new(), vec![0; 65_536]);
    while let Ok(Ok(n)) = tokio::time::timeout(Duration::from_millis(quiet), stream.read(&mut buffer)).await {
        if n == 0 {
            break;
        }
        seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_and_a_token_see_every_page() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig).await;
    let token = format!("Bearer {}", rig.hub().token().as_str());
    for credentials in [("cookie", cookie.as_str()), ("authorization", token.as_str())] {
        for path in ["/", "/doors/door-1", "/people", "/people?q=x", "/log", "/alarms", "/muster", "/zones"] {
            let answer = ask(&rig, path, &[PAGE, credentials]).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.text().contains("Halle 7"), "{path}");
        }
        for path in ["/doors/none", "/people/none", "/people/NONE", "/none"] {
            assert_eq!(ask(&rig, path, &[PAGE, credentials]).await.status, 404, "{path}");
        }
        assert_eq!(ask(&rig, "/log/config/tile/entries/000.p/2", &[credentials]).await.status, 200);
    }
    for wrong in [("cookie", "lockward=00"), ("authorization", "Bearer 00"), ("cookie", "lockward=")] {
        assert_eq!(ask(&rig, "/", &[wrong]).await.status, 401);
    }
    rig.clock.forward(SESSION_IDLE);
    assert_eq!(ask(&rig, "/", &[("cookie", &cookie)]).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_shows_what_its_schedule_does_next() {
    let rig = Rig::new().await;
    let (id, title) = ("day".parse().unwrap(), "Day".parse().unwrap());
    let window = Window { days: Days(0x7f), from: 8 * 60, to: 18 * 60 };
    let dates = Dates::Yearly { month: 12, day: 25 };
    let closed = DayException { dates, reason: Some("Christmas".parse().unwrap()), windows: vec![] };
    let schedule = Schedule::new(id, title, vec![window], vec![closed]).unwrap();
    let zone = SiteZone::new("Europe/Berlin").unwrap();
    let turns = schedule.next_transitions(&zone, rig.clock.now().wall, 3);
    let next_exception = schedule.next_exception(zone.local(rig.clock.now().wall).date).unwrap().0;
    let door = Door { unlocked: Some(id), ..door("door-1", "gate-1") };
    rig.change(vec![Change::PutSchedule(schedule), Change::PutDoor(door)]).unwrap();
    let cookie = signed_in(&rig).await;
    let page = ask(&rig, "/doors/door-1", &[PAGE, ("cookie", &cookie)]).await.text();
    // The first may be over by now.
    for turn in turns.into_iter().skip(1) {
        assert!(page.contains(&format!("datetime=\"{}\"", turn.at)), "{} is missing: {page}", turn.at);
    }
    assert!(page.contains("unlocks for everybody") && page.contains("locks</span>"), "{page}");
    assert!(page.contains("exception, closed all day: Christmas"), "{page}");
    assert!(page.contains(&next_exception.to_string()), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_to_a_token_alone_and_on_record_before_they_leave() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig).await;
    let is_record = |event: &Event| matches!(event.body, Body::KeysRead { .. });
    for nobody in [("cookie", cookie.as_str()), ("authorization", "Bearer 00"), PAGE] {
        let answer = ask(&rig, "/log/keys", &[nobody]).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
        assert!(!answer.text().contains("epoch-"), "{}", answer.text());
    }
    assert!(!rig.events().iter().any(is_record));

    let token = format!("Bearer {}", rig.hub().token().as_str());
    let answer = ask(&rig, "/log/keys", &[("authorization", &token)]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let key = rig.hub().office().keys().epoch_key(Epoch(0)).unwrap().unwrap();
    assert_eq!(answer.text(), format!("epoch-0 {}\n", *lockward_wire::hex(key.as_bytes())));
    let told: Vec<_> = rig.events().into_iter().filter(is_record).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].body, Body::KeysRead { first: Epoch(0), last: Epoch(0) });
    assert_eq!(told[0].body.code().as_str(), "KEYS_READ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sites_ca_lies_beside_the_store_and_is_the_one_that_the_founding_names() {
    let rig = Rig::new().await;
    let text = std::fs::read(rig.dir.join(lockward_hub::CA_FILE)).unwrap();
    let ca = <CertificateDer<'_> as PemObject>::from_pem_slice(&text).unwrap();
    assert_eq!(ca.as_ref(), rig.hub().office().store().setting("ca").unwrap().unwrap());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &ca);
    assert_eq!(digest.as_ref(), rig.hub().office().site().founding().ca_digest.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_the_loopbacks_is_not_answered() {
    let rig = Rig::new().await;
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", ""] {
        assert_eq!(ask(&rig, "/healthz", &[("host", host)]).await.status, 421, "{host}");
    }
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "[::1]"] {
        assert_eq!(ask(&rig, "/healthz", &[("host", host)]).await.status, 200, "{host}");
    }
    // A page that is asked for by a number is shown at the name for which passkeys are made.
    let page = ask(&rig, "/sign-in?expired=1", &[("host", "127.0.0.1:1"), PAGE]).await;
    let port = rig.hub().console().unwrap().port();
    let there = format!("http://localhost:{port}/sign-in?expired=1");
    assert_eq!((page.status, page.header("location")), (307, Some(there.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_name_is_shown_to_a_session() {
    let rig = Rig::new().await;
    let who = lockward_wire::seal::PersonAttributes { name: "Grace Example".into(), contact: None };
    let id: PersonId = "p-1".parse().unwrap();
    let sealed = Some(rig.hub().office().seal_person(id, &who).unwrap());
    let person = person(id, sealed);
    rig.change(vec![Change::PutPerson(person)]).unwrap();
    let cookie = signed_in(&rig).await;
    let page = async |path: &str| ask(&rig, path, &[PAGE, ("cookie", &cookie)]).await.text();
    for path in ["/people/p-1", "/people", "/people?q=grace"] {
        assert!(page(path).await.contains("Grace Example"), "{path}");
    }
    assert!(!page("/people?q=nobody").await.contains("Grace Example"));
    let _ = rig.hub().office().store().delete_key("person-p-1").unwrap();
    assert!(!page("/people/p-1").await.contains("Grace Example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_and_bundles_lead_to_the_checkpoint() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
    linked.wire.say(&chain.batch(&device, 300)).await;
    assert_eq!(linked.wire.acked().await, 300);
    let founding = rig.hub().office().site().founding().clone();
    let token = format!("Bearer {}", rig.hub().token().as_str());
    for (log, origin) in [("config", &founding.config_origin), ("events", &founding.event_origin)] {
        let note = ask(&rig, &format!("/log/{log}/checkpoint"), &[]).await;
        assert_eq!(note.header("content-type"), Some("text/plain; charset=utf-8"));
        let key = VerifierKey::new(origin.parse().unwrap(), founding.log_key.0);
        let head = SignedCheckpoint::open(&note.body, &key).unwrap().head();
        let mut frontier = Frontier::new();
        for index in 0..=head.size / 256 {
            let Some(id) = BundleId::in_log(index, head.size) else { continue };
            let bundle = ask(&rig, &format!("/log/{log}/{id}"), &[("authorization", &token)]).await;
            assert_eq!(bundle.header("cache-control"), Some("public, max-age=31536000, immutable"));
            let entries = decode_bundle(&bundle.body, id.width()).unwrap();
            entries.iter().for_each(|e| frontier.append(leaf_hash(e)));
            let tile = TileId::in_log(0, index, head.size).unwrap();
            let hashes = ask(&rig, &format!("/log/{log}/{tile}"), &[]).await;
            let expected: Vec<_> = entries.iter().map(|e| leaf_hash(e)).collect();
            assert_eq!(decode_tile(&hashes.body).unwrap(), expected);
        }
        assert_eq!(frontier.head(), head);
        for beyond in
            ["tile/0/900", "tile/entries/900", "tile/3/000", "tile/0/000.p/0", "tile/0/0", "tile/x/000"]
        {
            let answer = ask(&rig, &format!("/log/{log}/{beyond}"), &[("authorization", &token)]).await;
            assert_eq!(answer.status, 404, "{beyond}");
        }
    }
    let full = ask(&rig, "/log/events/tile/1/000.p/1", &[]).await;
    assert_eq!((full.status, full.body.len()), (200, 32));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_is_told_how_things_are_and_then_what_happens() {
    let rig = Rig::new().await;
    let cookie = signed_in(&rig).await;
    let address = rig.hub().console().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /live?after=0 HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut until = async |wanted: &str| {
        let mut buffer = vec![0; 65_536];
        while !seen.contains(wanted) {
            let n = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await;
            let n = n.unwrap_or_else(|_| panic!("`{wanted}` is not in {seen}")).unwrap();
            assert_ne!(n, 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    };
    until("content-type: text/event-stream").await;
    until("event: beat\ndata: ").await;
    until("event: summary\ndata: ").await;
    until("id=\"door-door-1\"").await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    until("CONTROLLER_ENROLLED").await;
    let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
    let leaves = vec![chain.add("door-1", Body::DoorOpened(Opening::Forced))];
    let message = lockward_wire::link::ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    linked.wire.say(&message).await;
    until("DOOR_FORCED").await;
    until("Forced open").await;
    // What was missed is told to a page that comes back, and nothing before it.
    let last = rig.hub().office().store().head(lockward_store::Log::Event).unwrap().size();
    let mut again = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /live?after=0 HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\nlast-event-id: {last}\r\n\r\n"
    );
    again.write_all(request.as_bytes()).await.unwrap();
    let mut early = vec![0; 65_536];
    let n = tokio::time::timeout(Duration::from_secs(10), again.read(&mut early)).await.unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&early[..n]).contains("event: feed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_session_is_bound_to_tls() {
    let rig = Rig::new().await;
    let (link, ca) = (
        rig.hub().demo_url("ada".parse().unwrap()),
        rig.hub().office().store().setting("ca").unwrap().unwrap(),
    );
    let path = link.split_once("/enter").map(|(_, rest)| format!("/enter{rest}")).unwrap();
    let mut wire = Wire::connect(rig.hub().addr(), &rig.clock, &ca, b"http/1.1", None).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: hub.example\r\nconnection: close\r\n\r\n");
    wire.send(request.into_bytes()).await.unwrap();
    let answer = String::from_utf8(wire.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    assert!(answer.contains("set-cookie: __Host-lockward=") && answer.contains("; Secure"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_starts_again_answers_at_once_and_remembers_its_doors() {
    let mut rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
    let leaves = vec![chain.add("door-1", Body::DoorOpened(Opening::Forced))];
    let message = lockward_wire::link::ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    linked.wire.say(&message).await;
    assert_eq!(linked.wire.acked().await, 1);
    rig.stop().await;
    let begun = std::time::Instant::now();
    rig.start().await;
    assert_eq!(ask(&rig, "/healthz", &[]).await.status, 200);
    println!("from start to first answer: {:?}", begun.elapsed());
    let cookie = signed_in(&rig).await;
    let mut page = String::new();
    // The state is there at once; the list of events is found by an index that is filled behind the acknowledgement.
    for _ in 0..100 {
        page = ask(&rig, "/doors/door-1", &[PAGE, ("cookie", &cookie)]).await.text();
        assert!(page.contains("Forced open"), "{page}");
        if page.contains("DOOR_FORCED") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the event is not found: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_doors_page_does_not_list_yet_its_stream_brings() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
    let leaves = vec![chain.add("door-1", Body::DoorOpened(Opening::Forced))];
    let message = lockward_wire::link::ToHub::Events { first_seq: 0, leaves, head: chain.head(&device) };
    let cookie = signed_in(&rig).await;
    linked.wire.say(&message).await;
    rig.until(|body| matches!(body, Body::DoorOpened(_))).await;
    let number = |page: &str, before: &str| -> Option<u64> {
        page.split_once(before)?.1.split_once('"')?.0.parse().ok()
    };
    let mut afters = Vec::new();
    let forced = loop {
        let page = ask(&rig, "/doors/door-1", &[PAGE, ("cookie", &cookie)]).await.text();
        match number(&page, "id=\"event-") {
            Some(forced) => break forced,
            None => afters.push(number(&page, "data-after=\"").unwrap()),
        }
    };
    assert!(afters.iter().all(|after| *after < forced), "neither in the list nor in the stream: {afters:?}");
}
