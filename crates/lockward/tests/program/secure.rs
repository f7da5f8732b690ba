//! `log verify https://…`: a hub over real TLS, known by the site's own CA or by this machine's, and keys for a token.

use crate::serve::{Served, serving};
use crate::site::{House, Run, command, finish};
use lockward_hub::{CA_FILE, Clock, Hub, HubConfig, SystemClock};
use lockward_model::{Now, Time};
use lockward_store::Log;
use std::sync::Arc;
use std::time::Duration;

const CA: &str = "site/ca.pem";

fn verify(house: &House, hub: &Served, more: &[&str]) -> Run {
    let args = ["log", "verify", &hub.secure, "--ca", CA, "--token-file", "token"];
    house.run(&[&args, more].concat()).narrow().hides(&[&hub.token])
}

/// How many events the hub has written: each with a signature of its own.
fn events(house: &House) -> u64 {
    house.sizes().1 / 2
}

#[test]
fn a_hub_is_checked_over_tls_and_its_keys_are_handed_out_on_record() {
    let house = House::furnished();
    let hub = serving(&house);
    assert_eq!(events(&house), 1);
    let run = verify(&house, &hub, &[]).good().hides(&["not looked into"]);
    run.says(&[
        "The hub gave 1 epoch key, and keeps that on record",
        "SOUND",
        "config log: 2 entries",
        "2 events",
    ]);
    assert_eq!(events(&house), 2);
    let told = house.run(&["why", "2", "--dir", "site"]).good().narrow();
    told.says(&["keys that open the event log were handed out", "took the key of epoch 0,"]);
}

#[test]
fn without_keys_and_with_ones_own_the_hub_hands_out_none() {
    let house = House::furnished();
    house.run(&["log", "export", "open", "--dir", "site", "--with-keys"]).good();
    let hub = serving(&house);
    let run = verify(&house, &hub, &["--without-keys"]).good().hides(&["The hub gave"]);
    run.says(&["SOUND", "0 decisions and 1 other event not looked into"]);
    let run = verify(&house, &hub, &["--keys", "open/keys"]).good();
    run.says(&["SOUND"]).hides(&["The hub gave", "not looked into"]);
    assert_eq!(events(&house), 1);
    verify(&house, &hub, &["--keys", "open/keys", "--without-keys"]).failed(2);
}

#[test]
fn the_site_behind_a_hub_is_the_one_that_was_expected_or_it_is_refused() {
    let house = House::furnished();
    let said = house.run(&["log", "verify", "site"]).good().out;
    let id = said.split_whitespace().skip_while(|w| *w != "site").nth(1).unwrap();
    let hub = serving(&house);
    verify(&house, &hub, &["--site", id]).good().says(&["the site that was expected"]);
    verify(&house, &hub, &["--site", &"00".repeat(32)]).failed(1).says(&["NOT SOUND", "[OTHER_SITE]"]);
}

#[test]
fn another_ca_is_one_clear_message_and_is_told_nothing() {
    let (house, other) = (House::furnished(), House::founded());
    let hub = serving(&house);
    drop(serving(&other));
    let foreign = other.path(CA).display().to_string();
    let args = ["log", "verify", &hub.secure, "--ca", &foreign, "--token-file", "token"];
    let run = house.run(&args).failed(1).narrow().hides(&["SOUND", "because"]);
    run.says(&["the CA in `--ca` does not vouch for", "nothing was sent to it"]);
    assert_eq!(events(&house), 1);
}

#[test]
fn a_wrong_token_and_none_are_one_clear_message_each() {
    let house = House::furnished();
    let hub = serving(&house);
    house.write("token", &"ab".repeat(32));
    verify(&house, &hub, &[])
        .failed(1)
        .says(&["does not know the token of `--token-file`"])
        .hides(&["SOUND", "abab"]);
    let run = house.run(&["log", "verify", &hub.secure, "--ca", CA]).failed(1).narrow();
    run.says(&["the hub wants to know who asks", "--token-file FILE"]).hides(&["SOUND"]);
    assert_eq!(events(&house), 1);
}

#[test]
fn without_a_ca_the_hub_must_be_known_to_this_machine_by_its_name() {
    let house = House::furnished();
    let hub = serving(&house);
    let trusting = |url: &str, roots: &str| {
        let mut program = command(house.dir.path(), &["log", "verify", url, "--token-file", "token"]);
        program.env_remove("SSL_CERT_DIR").env("SSL_CERT_FILE", house.path(roots));
        finish(program).narrow()
    };
    // Its certificate names the address that it listens on.
    trusting(&hub.secure, CA).good().says(&["SOUND"]);
    let (_, port) = hub.secure.rsplit_once(':').unwrap();
    let run = trusting(&format!("https://localhost:{port}"), CA).failed(1).hides(&["SOUND"]);
    run.says(&["shows a certificate that is for another name"]);
    let run = trusting(&hub.secure, "nothing").failed(1).hides(&["SOUND"]);
    run.says(&["no CA that this machine trusts vouches for", "`--ca` (`ca.pem` in the hub's folder)"]);
}

struct Turned(SystemClock, i64);

impl Clock for Turned {
    fn now(&self) -> Now {
        let now = self.0.now();
        Now { wall: Time(now.wall.0 + self.1), ..now }
    }
}

#[test]
fn a_certificate_out_of_its_time_is_named_with_the_clocks() {
    const DAY: i64 = 24 * 3_600_000;
    for (turned, said) in [(-40 * DAY, "has expired"), (3 * DAY, "is not valid yet")] {
        let house = House::furnished();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let hub = runtime.block_on(Hub::start(HubConfig {
            dir: house.path("site"),
            master: None,
            listen: "127.0.0.1:0".parse().unwrap(),
            console: None,
            public: None,
            openid: None,
            solver: None,
            banner: None,
            clock: Arc::new(Turned(SystemClock::default(), turned)),
        }));
        let hub = hub.unwrap();
        let url = format!("https://{}", hub.addr());
        let run = house.run(&["log", "verify", &url, "--ca", CA]).failed(1).narrow().hides(&["SOUND"]);
        run.says(&["the certificate of", said, "compare the clock of this machine"]);
        runtime.block_on(hub.stop());
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

#[test]
fn one_wrong_byte_that_a_hub_serves_is_named_over_tls() {
    let house = House::furnished();
    let part = house.store().entry(Log::Event, 0).unwrap().unwrap();
    crate::logs::flip(&house.path("site/hub.db"), &part);
    let hub = serving(&house);
    for more in [&[][..], &["--without-keys"]] {
        verify(&house, &hub, more).failed(1).says(&["NOT SOUND", "event log, entry 0:"]);
    }
}

/// As somebody would who can write to the hub's disk, knows its master key, and has a CA of his own.
#[test]
fn a_ca_that_the_founding_does_not_name_is_found_out() {
    let (house, other) = (House::furnished(), House::empty());
    let mut init = command(other.dir.path(), &crate::site::INIT);
    let master = std::fs::read_to_string(house.path("site/master.key")).unwrap();
    init.env("LOCKWARD_MASTER_KEY", master.trim());
    finish(init).good();
    let (ours, theirs) = (house.store(), other.store());
    ours.put_key("ca", &theirs.key("ca").unwrap().unwrap()).unwrap();
    ours.put_setting("ca", &theirs.setting("ca").unwrap().unwrap()).unwrap();
    let hub = serving(&house);
    let run = verify(&house, &hub, &[]).failed(1).hides(&["SOUND"]);
    run.says(&["the CA in `--ca` is not the one that the founding", "nothing is said about the logs"]);
}

#[test]
fn an_address_that_protects_nothing_is_refused_before_anything_is_sent() {
    let house = House::furnished();
    let hub = serving(&house);
    house.write("none.pem", "no certificate");
    house.write("two.pem", &std::fs::read_to_string(house.path(CA)).unwrap().repeat(2));
    let plain = hub.console.replace("http:", "https:");
    for (place, more, said) in [
        ("http://hub.example:8080", &["--token-file", "token"][..], "`http://` protects nothing on the way"),
        ("ftp://hub.example", &[], "is no address of a hub"),
        (&hub.console, &["--ca", CA], "`--ca` goes with an address that begins with `https://`"),
        ("site", &["--ca", CA], "`--ca` is for a hub that is reached by its address"),
        ("site", &["--token-file", "token"], "`--token-file` is for a hub"),
        (
            &hub.secure,
            &["--ca", "none.pem"],
            "is not one CA certificate in PEM; take `ca.pem` from the hub's folder",
        ),
        (&hub.secure, &["--ca", "two.pem"], "is not one CA certificate in PEM"),
        (&hub.secure, &["--ca", "gone.pem"], "could not read `gone.pem`"),
        (&plain, &["--ca", CA, "--token-file", "token"], "does not speak TLS"),
    ] {
        let run = house.run(&[&["log", "verify", place], more].concat()).failed(1).narrow();
        run.says(&[said]).hides(&["SOUND", &hub.token]);
    }
    assert!(house.path("site").join(CA_FILE).is_file());
}
