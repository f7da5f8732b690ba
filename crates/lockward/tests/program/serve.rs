//! `serve`: a hub that runs until it is told to stop, and that says clearly why it does not.

use crate::site::{Background, House, command, finish};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A hub that runs until it is dropped.
pub(crate) struct Served {
    pub(crate) process: Background,
    /// Its address over TLS, as a URL.
    pub(crate) secure: String,
    /// Its console for this machine, as a URL.
    pub(crate) console: String,
    pub(crate) token: String,
}

/// Starts a hub on `site`, and puts its token into the file `token`.
pub(crate) fn serving(house: &House) -> Served {
    serving_at(house, "site")
}

pub(crate) fn serving_at(house: &House, dir: &str) -> Served {
    let args = ["serve", "--dir", dir, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--token"];
    let mut child =
        command(house.dir.path(), &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let title = lines.by_ref().find(|l| l.starts_with("Site ")).expect("the hub said nothing");
    let secure = title.split_once("listens on ").unwrap().1.trim_end_matches('.').to_owned();
    let mut after = |head: &str| {
        lines.by_ref().find(|l| l.starts_with(head)).expect("the hub said less than it should");
        lines.next().unwrap().trim().to_owned()
    };
    let console = after("Console");
    let token = after("Token");
    // Whoever writes to a pipe that nobody reads would end.
    std::thread::spawn(move || lines.count());
    house.write("token", &token);
    Served { process: Background(child), secure: format!("https://{secure}"), console, token }
}

#[test]
fn a_hub_is_told_to_stop_and_stops_well() {
    let house = House::furnished();
    let mut hub = serving(&house).process;
    let pid = hub.0.id().to_string();
    let asked = Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(hub.0.wait().unwrap().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    house.run(&["log", "verify", "site"]).good().says(&["SOUND"]);
}

#[test]
fn a_new_site_prints_a_link_for_the_first_passkey_and_no_way_in_without_one() {
    let house = House::furnished();
    let args =
        ["serve", "--dir", "site", "--listen", "127.0.0.1:0", "--public-url", "https://hub.example.org"];
    let mut child =
        command(house.dir.path(), &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let _hub = Background(child);
    let mut said = String::new();
    for line in lines {
        said.push_str(&line);
        said.push('\n');
        if line.starts_with("Ctrl-C") {
            break;
        }
    }
    assert!(said.contains("Nobody can sign in yet."), "{said}");
    let link = said.split("https://hub.example.org/set-up#key=").nth(1).expect(&said);
    assert_eq!(link.split_whitespace().next().unwrap().len(), 64, "{said}");
    assert!(!said.contains("/enter") && !said.contains("Token"), "{said}");
}

#[test]
fn a_public_url_that_no_passkey_can_be_made_for_is_refused() {
    let house = House::founded();
    let args = ["serve", "--dir", "site", "--listen", "127.0.0.1:0", "--public-url", "https://192.0.2.1"];
    house.run(&args).failed(2).says(&["`https://192.0.2.1` is no address at which passkeys serve"]);
}

#[test]
fn a_busy_port_is_one_clear_message() {
    let house = House::founded();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = house.run(&["serve", "--dir", "site", "--listen", &address]).failed(1).narrow();
    run.says(&[&format!("port {} of 127.0.0.1 is in use", taken.local_addr().unwrap().port())]);
}

#[test]
fn the_console_without_tls_is_for_this_machine_alone() {
    let house = House::founded();
    let args = ["serve", "--dir", "site", "--listen", "127.0.0.1:0", "--console", "0.0.0.0:0"];
    house.run(&args).failed(1).narrow().says(&["`0.0.0.0:0` is no loopback address"]);
}

#[test]
fn two_hubs_do_not_run_on_one_folder() {
    let house = House::founded();
    let _hub = serving(&house);
    let args = ["serve", "--dir", "site", "--listen", "127.0.0.1:0"];
    house.run(&args).failed(1).narrow().says(&["`site` is in use by"]);
}

#[test]
fn changes_are_made_beside_a_running_hub() {
    let house = House::founded();
    let hub = serving(&house);
    house.apply(crate::site::GOOD).good().narrow();
    house.run(&["enroll", "north", "--dir", "site"]).good().narrow();
    let run = house.run(&["log", "verify", &hub.console, "--token-file", "token"]).good().narrow();
    run.says(&["config log: 2 entries"]);
}

#[test]
fn given_a_wrong_master_key_then_the_hub_does_not_start() {
    let house = House::founded();
    let mut wrong = command(house.dir.path(), &["serve", "--dir", "site", "--listen", "127.0.0.1:0"]);
    wrong.env("LOCKWARD_MASTER_KEY", "ab".repeat(32));
    finish(wrong).failed(1).narrow().says(&["the master key does not open the keys of this hub"]);
}

#[test]
fn the_demonstration_ends_by_itself_with_a_summary_and_a_verdict() {
    let house = House::empty();
    let args = ["demo", "--for", "4s", "--speed", "60", "--seed", "7", "--dir", "kept"];
    let run = house.run(&args).good();
    let run = run.says(&["Console", "badges", "granted", "all arrived", "SOUND"]);
    assert!(!run.words().contains(" 0 decisions decided again"), "{}", run.out);
    house.run(&["log", "verify", "kept/hub"]).good().narrow().says(&["SOUND"]);
    let hub = serving_at(&house, "kept/hub");
    let args = ["log", "verify", &hub.secure, "--ca", "kept/hub/ca.pem", "--token-file", "token"];
    let run = house.run(&args).good().narrow().says(&["SOUND"]);
    assert!(!run.words().contains(" 0 decisions decided again"), "{}", run.out);
    house.run(&["change", "show", "--all", "--dir", "kept/hub"]).good().narrow().hides(&["argon2"]);
    house.run(&["prove", "--dir", "kept/hub"]).good().narrow().says(&["3 statements: 3 proved, 0 refuted"]);
}
