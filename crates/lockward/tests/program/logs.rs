//! `log verify` and `log export`: sound logs pass wherever they lie, and one wrong byte is named.

use crate::serve::serving;
use crate::site::{House, SECRETS};
use lockward_store::Log;
use std::fs;
use std::path::{Path, PathBuf};

/// Turns one bit of an entry in a store's file. An entry may go over several pages: one part of it lies in one.
pub(crate) fn flip(path: &Path, entry: &[u8]) {
    const PART: usize = 32;
    let mut bytes = fs::read(path).unwrap();
    let place = |part: &[u8]| bytes.windows(PART).position(|w| w == part);
    let found = entry.windows(PART).skip(PART).step_by(PART).find_map(place);
    bytes[found.expect("no part of the entry stands in the file") + PART / 2] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn entry(house: &House, log: Log, index: u64) -> Vec<u8> {
    house.store().entry(log, index).unwrap().unwrap()
}

fn bundle(house: &House, log: &str, width: u64) -> PathBuf {
    house.path(&format!("out/{log}/tile/entries/000.p/{width}"))
}

#[test]
fn a_sound_folder_is_called_sound() {
    let house = House::furnished();
    let run = house.run(&["log", "verify", "site"]).good().narrow().hides(&SECRETS);
    run.says(&[
        "SOUND",
        "config log: 2 entries",
        "event log: 2 entries",
        "1 event in 1 unbroken chain",
        "--site",
    ]);
}

#[test]
fn the_expected_site_is_taken_and_another_is_not() {
    let house = House::furnished();
    let said = house.run(&["log", "verify", "site"]).good().out;
    let id = said.split_whitespace().skip_while(|w| *w != "site").nth(1).unwrap();
    house.run(&["log", "verify", "site", "--site", id]).good().narrow().says(&["the site that was expected"]);
    let other = "00".repeat(32);
    house
        .run(&["log", "verify", "site", "--site", &other])
        .failed(1)
        .narrow()
        .says(&["NOT SOUND", "[OTHER_SITE]"]);
    house.run(&["log", "verify", "site", "--site", "12"]).failed(2).narrow();
}

#[test]
fn without_the_master_key_all_but_the_events_is_checked() {
    let house = House::furnished();
    fs::remove_file(house.path("site/master.key")).unwrap();
    house.run(&["log", "verify", "site"]).good().narrow().says(&[
        "SOUND",
        "no decision is decided again",
        "0 decisions and 1 other event not looked into",
    ]);
}

#[test]
fn an_export_is_sound_with_keys_and_without_and_is_never_written_over() {
    let house = House::furnished();
    let run = house.run(&["log", "export", "out", "--dir", "site"]).good().narrow();
    run.says(&["2 entries of the config log, 2 entries of the event log"]);
    assert!(!house.path("out/keys").exists());
    house.run(&["log", "verify", "out"]).good().narrow().says(&["SOUND", "1 other event not looked into"]);
    house.run(&["log", "export", "open", "--dir", "site", "--with-keys"]).good().narrow().says(&["keys"]);
    house.run(&["log", "verify", "open"]).good().narrow().hides(&["not looked into"]);
    house.run(&["log", "verify", "out", "--keys", "open/keys"]).good().narrow().hides(&["not looked into"]);

    let before = house.files();
    house
        .run(&["log", "export", "out", "--dir", "site"])
        .failed(1)
        .narrow()
        .says(&["`out` is there already"]);
    house.run(&["log", "export", "none/out", "--dir", "site"]).failed(1).narrow().says(&["could not write"]);
    house.run(&["log", "export", "fresh", "--dir", "nowhere"]).failed(1).narrow();
    assert_eq!(house.files(), before);
}

#[test]
fn one_wrong_byte_in_a_folder_is_named() {
    for (log, name, index) in
        [(Log::Config, "config log", 0), (Log::Config, "config log", 1), (Log::Event, "event log", 0)]
    {
        let house = House::furnished();
        let part = entry(&house, log, index);
        flip(&house.path("site/hub.db"), &part);
        let run = house.run(&["log", "verify", "site"]).failed(1).narrow().hides(&SECRETS);
        run.says(&["NOT SOUND", &format!("{name}, entry {index}:")]);
    }
}

#[test]
fn one_wrong_byte_in_an_export_is_named_wherever_it_is() {
    let house = House::furnished();
    house.run(&["log", "export", "out", "--dir", "site"]).good();
    for (log, name) in [(Log::Config, "config"), (Log::Event, "events")] {
        let path = bundle(&house, name, 2);
        let sound = fs::read(&path).unwrap();
        let first = entry(&house, log, 0).len();
        // Lengths, starts, middles and ends of both entries.
        let ends = [0, 1, 2, first / 2, first + 1];
        let rest = [first + 2, first + 3, first + 4, sound.len() - 40, sound.len() - 1];
        for (index, at) in ends.map(|at| (0, at)).into_iter().chain(rest.map(|at| (1, at))) {
            let mut changed = sound.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            let run = house.run(&["log", "verify", "out"]).failed(1).narrow();
            let wanted = format!("{} log, entry {index}:", name.trim_end_matches('s'));
            assert!(run.words().contains(&wanted), "byte {at} of {name}: {}", run.words());
        }
        fs::write(&path, sound).unwrap();
    }
    house.run(&["log", "verify", "out"]).good();
}

#[test]
fn a_forged_checkpoint_is_named_and_a_missing_file_is_no_verdict() {
    let house = House::furnished();
    house.run(&["log", "export", "out", "--dir", "site"]).good();
    let path = house.path("out/events/checkpoint");
    let note = fs::read_to_string(&path).unwrap();
    fs::write(&path, note.replacen("\n2\n", "\n1\n", 1)).unwrap();
    house.run(&["log", "verify", "out"]).failed(1).narrow().says(&["NOT SOUND", "[CHECKPOINT_SIGNATURE]"]);
    fs::write(&path, note).unwrap();
    fs::remove_file(bundle(&house, "events", 2)).unwrap();
    let run = house.run(&["log", "verify", "out"]).failed(1).narrow();
    run.says(&["nothing is said about them", "could not read"]).hides(&["SOUND"]);
}

#[test]
fn a_console_of_this_machine_is_checked_with_a_token() {
    let house = House::furnished();
    let hub = serving(&house);
    let with = |token| house.run(&["log", "verify", &hub.console, "--token-file", token]);
    with("token").good().narrow().hides(&[&hub.token]).says(&["SOUND", "config log: 2 entries"]);
    let run = house.run(&["log", "verify", &hub.console]).failed(1).narrow();
    run.says(&["--token-file"]).hides(&["SOUND"]);
    house.write("wrong", &"ab".repeat(32));
    with("wrong").failed(1).narrow().says(&["does not know the token"]).hides(&["SOUND", "abab"]);
    drop(hub.process);
    with("token").failed(1).narrow().says(&["no connection"]);
}

#[test]
fn a_log_that_does_not_continue_a_kept_checkpoint_is_refused() {
    let (old, house) = (House::furnished(), House::furnished());
    house.run(&["log", "export", "before", "--dir", "site"]).good();
    house.apply("[[zone]]\nid = \"annex\"\ntitle = \"Annex\"\n").good();
    let kept = ["before/config/checkpoint", "before/events/checkpoint"];
    let args = |since: &str| ["log", "verify", "site", "--since", since].map(str::to_owned);
    for since in kept {
        house.run(&args(since).each_ref().map(String::as_str)).good().narrow().says(&["SOUND"]);
    }
    // Set back to before what was kept, as an old copy of the folder is.
    house.run(&["log", "export", "after", "--dir", "site"]).good();
    let since = house.path("after/config/checkpoint").display().to_string();
    let run = house.run(&["log", "verify", "before", "--since", &since]).failed(1).narrow();
    run.says(&["NOT SOUND", "the end is gone", "[FORKED]"]);
    // Another site's word says nothing about this one.
    old.run(&["log", "verify", "site", "--since", &since]).failed(1).narrow().says(&["CHECKPOINT_SIGNATURE"]);
}

#[test]
fn a_strangers_folder_beside_an_export_stays() {
    let house = House::founded();
    std::fs::create_dir(house.path("out.partial")).unwrap();
    std::fs::write(house.path("out.partial/mine"), "mine").unwrap();
    house.run(&["log", "export", "out", "--dir", "site"]).failed(1).narrow().says(&["out.partial"]);
    assert_eq!(std::fs::read_to_string(house.path("out.partial/mine")).unwrap(), "mine");
}

#[test]
fn one_wrong_byte_on_a_hubs_disk_is_named_over_http() {
    let house = House::furnished();
    let part = entry(&house, Log::Event, 0);
    // As somebody with the hub's disk would.
    flip(&house.path("site/hub.db"), &part);
    let hub = serving(&house);
    let run = house.run(&["log", "verify", &hub.console, "--token-file", "token"]).failed(1).narrow();
    run.says(&["NOT SOUND", "event log, entry 0:"]);
}
