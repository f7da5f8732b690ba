//! `lockward service`: API keys are made, changed over and revoked beside the hub, and a draft is signed only as what it is.

use crate::site::{House, Run, command};
use std::io::Write;
use std::process::Stdio;

fn served() -> House {
    let house = House::furnished();
    let made = house.run(&["service", "signing-key", "wms.key"]).good();
    let key = made.out.trim().to_owned();
    assert!(key.starts_with("key = \"") && made.err.contains("no passphrase"), "{key}");
    house.apply(&format!("[[service]]\nid = \"wms\"\n{key}\n")).good();
    house
}

fn secret(run: &Run) -> String {
    run.out.lines().find(|line| line.starts_with("lw_")).unwrap().to_owned()
}

#[test]
fn a_key_is_shown_once_changed_over_and_revoked() {
    let house = served();
    let made =
        house.run(&["service", "new-key", "wms", "--label", "dock", "--scope", "read:site", "--dir", "site"]);
    let text = secret(&made.good());
    let id = text.split('_').nth(1).unwrap().to_owned();
    house
        .run(&["service", "list", "--dir", "site"])
        .good()
        .narrow()
        .says(&["wms: 1 API key", &id, "\"dock\"", "read:site", "never used"])
        .hides(&[&text]);
    let new = secret(&house.run(&["service", "rotate", &id, "--dir", "site"]).good());
    house.run(&["service", "list", "--dir", "site"]).good().says(&["2 API keys"]).hides(&[&text, &new]);
    house.run(&["service", "revoke", &id, "--dir", "site"]).good().says(&["serves no more"]);
    house.run(&["service", "revoke", &id, "--dir", "site"]).failed(1).says(&["there is no API key"]);
    for wrong in [
        ["new-key", "nobody", "--label", "x", "--days", "9"],
        ["new-key", "wms", "--label", "x", "--days", "0"],
        ["new-key", "wms", "--label", "x", "--days", "367"],
        ["new-key", "wms", "--label", "x", "--scope", "fly"],
    ] {
        house.run(&[&["service"], &wrong[..], &["--dir", "site"]].concat()).failed(1).narrow();
    }
}

#[test]
fn what_is_signed_is_what_the_payload_says_and_nothing_else() {
    let house = served();
    let sign = |draft: &str| {
        let mut program = command(house.dir.path(), &["service", "sign", "--key", "wms.key"]);
        let mut child =
            program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(draft.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    };
    let draft = |kind: &str, payload: &str, message: &str| {
        format!(r#"{{"payload_type":"{kind}","payload":"{payload}","message":"{message}"}}"#)
    };
    for (draft, why) in [
        ("nonsense".to_owned(), "not one JSON value"),
        (draft("text/plain", "", ""), "neither an order nor a change"),
        (draft("application/vnd.lockward.founding.v1+json", "", ""), "neither an order nor a change"),
        (draft("application/vnd.lockward.order.v1+json", "?", ""), "not in base64"),
        // A payload that looks harmless, and the message of another.
        (draft("application/vnd.lockward.order.v1+json", "e30=", "e30="), "not that of its payload"),
    ] {
        let refused = sign(&draft).failed(1).says(&[why]);
        assert_eq!(refused.out, "", "{why}");
    }
}
