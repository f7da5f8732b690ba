//! With a person at the terminal: questions are asked, passphrases are not shown, and no means no.

use crate::site::{House, Run, command};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::Stdio;

const WORDS: &str = "four words are enough";

/// Runs the program at a terminal; answers each question when it is asked.
fn asked(house: &House, args: &[&str], answers: &[(&str, &str)]) -> Run {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = || OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut child = command(house.dir.path(), args)
        .stdin(slave())
        .stderr(slave())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut terminal, mut seen) = (File::from(master), String::new());
    for (question, answer) in answers {
        let from = seen.len();
        while !seen[from..].contains(question) {
            let mut ready = [PollFd::new(&terminal, PollFlags::IN)];
            let patience = Timespec { tv_sec: 30, tv_nsec: 0 };
            assert_eq!(poll(&mut ready, Some(&patience)), Ok(1), "`{question}` was not asked: {seen}");
            let mut bytes = [0; 512];
            let n = terminal.read(&mut bytes).expect("the program ended before it had asked everything");
            seen.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
        terminal.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    // What was left unread; a terminal without a program at its other end gives an error at last.
    let mut rest = Vec::new();
    let _ = terminal.read_to_end(&mut rest);
    seen.push_str(&String::from_utf8_lossy(&rest));
    Run { code, out, err: seen }
}

fn founded() -> House {
    let house = House::empty();
    let answers = [
        ("what people call the site: ", "Depot"),
        ("time zone, such as Europe/Berlin: ", "Europe/Vienna"),
        ("first operator: ", "ada"),
        ("new passphrase: ", WORDS),
        ("the same again: ", WORDS),
    ];
    asked(&house, &["init", "site"], &answers).good().hides(&[WORDS]).says(&["Site \"Depot\" is founded"]);
    house.write("change.toml", "[[group]]\nid = \"a\"\ntitle = \"A\"\n");
    house
}

#[test]
fn a_site_is_founded_by_answers_and_passphrases_are_not_shown() {
    let house = founded();
    assert_eq!(house.sizes().0, 1);
}

#[test]
fn a_change_is_signed_after_a_yes_and_not_after_anything_else() {
    let house = founded();
    let apply = ["change", "apply", "change.toml", "--dir", "site"];
    let with = |answer| [("operator's key: ", WORDS), ("Sign and apply? [y/N]: ", answer)];
    for no in ["n", "", "ja"] {
        asked(&house, &apply, &with(no)).failed(1).hides(&[WORDS]).says(&["Nothing was changed"]);
        assert_eq!(house.sizes().0, 1);
    }
    asked(&house, &apply, &with("y")).good().says(&["+ group a", "Entry 1"]);
    assert_eq!(house.sizes().0, 2);
}

#[test]
fn two_passphrases_that_differ_make_no_key() {
    let house = House::empty();
    let args = ["init", "site", "--title", "Depot", "--zone", "UTC", "--operator", "ada"];
    let answers = [("new passphrase: ", WORDS), ("the same again: ", "four words are plenty")];
    asked(&house, &args, &answers).failed(1).says(&["the two passphrases differ"]);
    assert!(house.files().is_empty());
}
