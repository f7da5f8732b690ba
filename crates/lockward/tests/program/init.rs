//! `init`: one site, once, all of it or nothing.

use crate::site::{House, INIT};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn without(flag: &str) -> Vec<&'static str> {
    let at = INIT.iter().position(|a| *a == flag).unwrap();
    let values = if flag == "--no-passphrase" { 1 } else { 2 };
    [&INIT[..at], &INIT[at + values..]].concat()
}

#[test]
fn a_site_is_founded_and_its_recovery_key_is_shown_once_and_kept_nowhere() {
    let house = House::empty();
    let run = house.run(&INIT).good().narrow();
    let lines: Vec<_> = run.out.lines().collect();
    let at = lines.iter().position(|l| l.starts_with("RECOVERY KEY")).unwrap();
    let key = lines[at + 1].trim();
    assert_eq!(key.len(), 71, "{key}");
    let digits: String = key.chars().filter(|c| *c != '-').collect();
    let seed: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect();
    for (path, bytes) in house.files() {
        let held = |part: &[u8]| bytes.windows(part.len()).any(|w| w == part);
        assert!(!held(key.as_bytes()) && !held(digits.as_bytes()) && !held(&seed), "{}", path.display());
    }
    let run = run.says(&["warning: the operator's key has no passphrase", "paper"]);
    drop(run);
    assert_eq!(house.sizes(), (1, 2));
    for name in ["operator.key", "site/master.key", "site/hub.db"] {
        let mode = fs::metadata(house.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} may be read by others");
    }
}

#[test]
fn nothing_is_overwritten() {
    let house = House::founded();
    let before = house.files();
    house.run(&INIT).failed(1).narrow().says(&["`site` is there already"]);
    let mut elsewhere = INIT;
    elsewhere[1] = "other";
    house.run(&elsewhere).failed(1).narrow().says(&["`operator.key` is there already", "--key-file"]);
    assert_eq!(house.files(), before);
    assert!(!house.path("other").exists());
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_left() {
    let house = House::empty();
    let with = |flag: &str, value: &'static str| {
        let mut args = INIT.to_vec();
        let at = args.iter().position(|a| *a == flag).unwrap();
        args[at + 1] = value;
        args
    };
    house.run(&with("--zone", "Mars/Olympus")).failed(1).narrow().says(&["Mars/Olympus", "Europe/Berlin"]);
    house.run(&with("--title", " ")).failed(1).narrow().says(&["title is empty"]);
    house.run(&with("--operator", "Ada L")).failed(1).narrow().says(&["`Ada L`", "a-z"]);
    house.run(&without("--zone")).failed(1).narrow().says(&["no terminal", "`--zone`"]);
    house.run(&without("--no-passphrase")).failed(1).narrow().says(&["`--passphrase-file`"]);
    house.write("short", "secret\n");
    let mut short = without("--no-passphrase");
    short.extend(["--passphrase-file", "short"]);
    house.run(&short).failed(1).narrow().says(&["too short"]).hides(&["secret"]);
    assert_eq!(house.files().len(), 1);
}

#[test]
fn given_a_folder_that_can_not_be_made_then_no_key_is_left() {
    let house = House::empty();
    house.write("file", "");
    let mut args = INIT;
    args[1] = "file/site";
    house.run(&args).failed(1).narrow();
    assert_eq!(house.files().len(), 1);
}

#[test]
fn usage_errors_have_an_exit_code_of_their_own() {
    let house = House::empty();
    house.run(&["init"]).failed(2).narrow();
    house.run(&["open-sesame"]).failed(2).narrow();
}

#[test]
fn every_help_text_fits_a_terminal() {
    let house = House::empty();
    let verbs: [&[&str]; 11] = [
        &[],
        &["init"],
        &["serve"],
        &["enroll"],
        &["change"],
        &["change", "apply"],
        &["change", "show"],
        &["who-can"],
        &["why"],
        &["log", "verify"],
        &["log", "export"],
    ];
    for verb in verbs {
        house.run(&[verb, &["--help"]].concat()).good().narrow();
    }
}
