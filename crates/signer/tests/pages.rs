//! The signer's pages, asked as a browser asks them, and as nobody should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use core::time::Duration;
use lockward_model::*;
use lockward_wire::config::{
    Envelope, PayloadType, challenge_of, encode_challenge, encode_changes, encode_order,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const HOST: &str = "localhost:7447";
const WINDOW: &[(&str, &str)] = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

fn id<T: core::str::FromStr<Err: core::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

async fn asked(method: &str, path: &str, host: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, lockward_signer::router()).await });
    let mut stream = TcpStream::connect(at).await.unwrap();
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n{more}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

fn changes(changes: Vec<Change>) -> Vec<u8> {
    let reason = Some(id("because <b>I</b> say so"));
    let set =
        ChangeSet { site: SiteId([0xab; 32]), at: 12, drafted: Time(0), on_behalf: None, reason, changes };
    Envelope::new(PayloadType::ChangeSet, encode_changes(&set).unwrap()).unwrap().message()
}

const BACK: &str = "https://hub.example:8443/changes/0a/signed";

async fn shown(message: &[u8], back: &str) -> (u16, String) {
    let body =
        form(&[("message", &B64.encode(message)), ("back", back), ("ticket", "t1"), ("keys", "AQID !! ")]);
    asked("POST", "/sign", HOST, WINDOW, &body).await
}

#[tokio::test]
async fn what_a_change_really_says_is_told_from_its_bytes_and_exactly_that_is_signed() {
    let passkey =
        Passkey { id: [1].into(), key: [4; 65], rp: SIGNER_RP.into(), origin: SIGNER_ORIGIN.into() };
    let key = OperatorKey { title: id("drawer"), key: SigningKey::Passkey(passkey) };
    let print = lockward_draft::told::fingerprint(&key.key);
    let message = changes(vec![
        Change::RemoveRule(id("night")),
        Change::PutPolicy(PolicyText {
            id: id("open"),
            text: "// forbid\npermit (principal, action, resource);\u{202e}".into(),
        }),
        Change::PutOperatorKey { operator: id("ada"), key },
    ]);
    let (status, page) = shown(&message, BACK).await;
    assert_eq!(status, 200, "{page}");
    for told in [
        "3 changes of a site",
        "rule night: removed",
        "policy open: \n// forbid\npermit (principal, action, resource);\u{fffd}",
        "abababab",
        &print,
    ] {
        assert!(page.contains(told), "no `{told}` in {page}");
    }
    assert!(page.contains("key of operator ada: key passkey") && !page.contains("<b>I</b>"), "{page}");
    let challenge = encode_challenge(&challenge_of(&message));
    assert!(page.contains(&format!("data-challenge=\"{challenge}\"")) && page.contains("data-keys=\"AQID\""));
    // The answer goes to that hub alone, and the page says to which.
    assert!(
        page.contains("form-action 'self' https://hub.example:8443;")
            && page.contains(&format!("action=\"{BACK}\""))
    );
    assert!(page.contains("<bdi>https://hub.example:8443</bdi>") && page.contains("frame-ancestors 'none'"));
    assert!(
        page.to_lowercase().contains("referrer-policy: origin")
            && !page.to_lowercase().contains("set-cookie")
    );
}

#[tokio::test]
async fn an_order_is_told_with_its_door_and_what_becomes_of_it() {
    for (act, told) in [
        (OrderAct::Unlock, "Open door vault once"),
        (OrderAct::Hold(Duration::from_secs(12 * 3_600)), "Keep door vault open for 12h"),
        (OrderAct::Release, "Lock door vault again"),
    ] {
        let order = Order {
            site: SiteId([1; 32]),
            controller: id("gate-1"),
            door: id("vault"),
            act,
            nonce: Nonce([9; 16]),
            until: Time(60_000),
            on_behalf: None,
            reason: None,
        };
        let envelope = Envelope::new(PayloadType::Order, encode_order(&order).unwrap()).unwrap();
        let (status, page) = shown(&envelope.message(), BACK).await;
        assert!(status == 200 && page.contains(told) && page.contains("gate-1"), "{page}");
    }
}

#[tokio::test]
async fn what_is_not_to_the_byte_what_a_key_signs_is_not_shown_and_not_signed() {
    let good = changes(vec![Change::RemoveRule(id("night"))]);
    let text = String::from_utf8(good.clone()).unwrap();
    let longer = [&good[..], b" "].concat();
    for bad in [
        b"".to_vec(),
        b"a challenge to sign in".to_vec(),
        longer,
        text.replacen("DSSEv1 ", "DSSEv1 0", 1).into_bytes(),
        text.replace("change-set", "password").into_bytes(),
        text.replace("remove-rule", "remove-rulf").into_bytes(),
    ] {
        let (status, page) = shown(&bad, BACK).await;
        assert!(
            status == 400 && page.contains("Nothing to sign") && !page.contains("data-challenge"),
            "{page}"
        );
    }
    for back in [
        "http://localhost:07447/changes/1/signed",
        "",
        "/changes",
        "http://hub.example/x",
        "javascript:alert(1)",
        "https://a@b/x",
        "https://;x/",
        SIGNER_ORIGIN,
    ] {
        let (status, page) = shown(&good, back).await;
        assert!(status == 400 && !page.contains("data-challenge"), "{back}: {page}");
    }
}

#[tokio::test]
async fn no_other_name_leads_here_and_no_script_or_frame_brings_a_form() {
    for host in ["127.0.0.1:7447", "localhost", "localhost:80", "evil.example:7447", "[::1]:7447"] {
        assert_eq!(asked("GET", "/", host, &[], "").await.0, 421, "{host}");
    }
    assert_eq!(asked("GET", "/", HOST, &[], "").await.0, 200);
    let message = B64.encode(changes(vec![Change::RemoveRule(id("night"))]));
    let body = form(&[("message", &message), ("back", BACK)]);
    let fetched = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    let framed = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    for headers in [&[][..], &fetched, &framed] {
        let (status, page) = asked("POST", "/sign", HOST, headers, &body).await;
        assert!(status == 400 && !page.contains("data-challenge"), "{headers:?}");
    }
    let made = form(&[
        ("operator", "ada"),
        ("title", "drawer"),
        ("credential", "AQID"),
        ("key", &B64.encode([4; 65])),
    ]);
    assert_eq!(asked("POST", "/made", HOST, WINDOW, &made).await.0, 400, "from another page");
    let own = [WINDOW, &[("origin", SIGNER_ORIGIN)]].concat();
    let (status, page) = asked("POST", "/made", HOST, &own, &made).await;
    assert!(status == 200 && page.contains("[[operator_key]]") && page.contains("localhost:7447"), "{page}");
    assert_eq!(asked("POST", "/made", HOST, &own, &made.replace("ada", "A%20")).await.0, 400);
}

#[tokio::test]
async fn a_key_is_made_for_the_hub_that_asks_or_for_a_change_file() {
    let (status, page) = asked("POST", "/make", HOST, WINDOW, "").await;
    assert!(status == 200 && page.contains("action=\"/made\"") && page.contains("data-handle="), "{page}");
    let fields = [
        ("back", "https://hub.example/me/keys/made"),
        ("ticket", "t"),
        ("operator", "ada"),
        ("title", "Ada"),
    ];
    let (status, page) = asked("POST", "/make", HOST, WINDOW, &form(&fields)).await;
    assert!(status == 200 && page.contains("Make a key for <bdi>Ada"), "{page}");
    assert!(page.contains("form-action 'self' https://hub.example;"), "{page}");
}
