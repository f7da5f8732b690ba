//! The house rules that no compiler holds: who may import whom, who keeps which dependency, what a pure room never does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may import (design, "The shape"). A room that is not here may not exist.
const ROOMS: [(&str, &[&str]); 21] = [
    ("model", &[]),
    ("ledger", &[]),
    ("osdp", &[]),
    // Of the nouns it takes the clock.
    ("inputs", &["model"]),
    ("modbus", &["inputs", "model"]),
    ("wire", &["model"]),
    ("policy", &["model"]),
    ("site", &["policy", "wire", "model"]),
    ("door", &["policy", "model"]),
    ("history", &["model"]),
    ("store", &["ledger", "wire", "model"]),
    ("console", &["model"]),
    ("draft", &["site", "history", "policy", "wire", "model"]),
    ("audit", &["site", "ledger", "wire", "policy", "model"]),
    // Nothing at a door imports it.
    ("prove", &["site", "policy", "model"]),
    (
        "controller",
        &[
            "door", "history", "site", "modbus", "inputs", "osdp", "store", "ledger", "wire", "policy",
            "model",
        ],
    ),
    ("hub", &["store", "console", "draft", "prove", "site", "history", "policy", "ledger", "wire", "model"]),
    // On an operator's own machine: it knows no site, and nothing of the hub's.
    ("signer", &["console", "draft", "wire", "model"]),
    (
        "sim",
        &[
            "audit",
            "hub",
            "controller",
            "door",
            "history",
            "inputs",
            "site",
            "osdp",
            "store",
            "ledger",
            "wire",
            "policy",
            "model",
        ],
    ),
    (
        "lockward",
        &["hub", "signer", "sim", "prove", "audit", "draft", "site", "ledger", "wire", "store", "model"],
    ),
    (
        "bench",
        &[
            "hub",
            "controller",
            "audit",
            "sim",
            "door",
            "site",
            "osdp",
            "store",
            "ledger",
            "wire",
            "policy",
            "model",
        ],
    ),
];

/// Rooms that take `now`, chance and inputs as arguments.
const PURE: [&str; 12] = [
    "model", "ledger", "osdp", "inputs", "modbus", "wire", "policy", "site", "door", "history", "draft",
    "audit",
];

/// Dependencies with keepers, and who they are. The bench holds peers against Lockward, so it may hold some of them.
const KEEPERS: [(&str, &[&str]); 23] = [
    ("aes", &["osdp"]),
    ("askama", &["console"]),
    ("axum", &["hub", "signer"]),
    // What decides is `policy`; `prove` only reasons about it, for people, and asks `policy` before it says anything.
    ("cedar-policy", &["policy", "prove", "bench"]),
    ("cedar-policy-symcc", &["prove"]),
    ("gpiocdev", &["controller"]),
    ("hashbrown", &["site"]),
    ("hyper", &["hub", "lockward"]),
    ("indicatif", &["lockward"]),
    ("jsonwebtoken", &["hub"]),
    ("libosdp", &["bench"]),
    ("miette", &["policy"]),
    ("minicbor", &["wire"]),
    ("qrcode", &["hub"]),
    ("rcgen", &["hub"]),
    ("rusqlite", &["store", "bench"]),
    ("rustls-native-certs", &["lockward"]),
    ("rustls-webpki", &["hub"]),
    ("utoipa", &["hub"]),
    ("unicode-normalization", &["wire"]),
    ("webauthn-rs", &["hub"]),
    ("webauthn-rs-core", &["hub"]),
    ("zxcvbn", &["hub"]),
];

/// What a pure room's sources do not hold, and what they hold in its place.
const IMPURE: [(&str, &str); 9] = [
    ("async fn", "return what is wanted next"),
    (".await", "return what is wanted next"),
    ("std::fs", "take bytes"),
    ("std::net", "take bytes"),
    ("std::thread::sleep", "return when to be woken"),
    ("Instant::now", "take `now`"),
    ("SystemTime::now", "take `now`"),
    ("Timestamp::now", "take `now`"),
    ("rand::fill", "take random bytes"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn room_names() -> Vec<String> {
    let folders = fs::read_dir(root()).unwrap().map(|e| e.unwrap().path());
    let rooms = folders.filter(|p| p.join("Cargo.toml").exists());
    let mut names: Vec<_> = rooms.map(|p| p.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// The packages that a room's manifest names, in one of its tables.
fn dependencies(room: &str, table: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    let listed = manifest.get(table).and_then(|t| t.as_table());
    listed.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Every source file of a room's folder, with its text.
fn texts(room: &str, folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    folders.iter().for_each(|f| sources(&root().join(room).join(f), &mut found));
    found.sort();
    found.into_iter().map(|p| (p.clone(), fs::read_to_string(p).unwrap())).collect()
}

/// False in the middle of a longer name: `.await_pin` waits for nothing.
fn ends_there(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn floors() -> BTreeMap<&'static str, &'static [&'static str]> {
    ROOMS.into_iter().collect()
}

#[test]
fn imports_run_downhill() {
    for room in room_names() {
        let floors = floors();
        let may = floors.get(room.as_str());
        let may = may.unwrap_or_else(|| panic!("room `{room}` stands on no floor: give it a line in ROOMS"));
        let text = fs::read_to_string(root().join(&room).join("Cargo.toml")).unwrap();
        assert!(
            !text.contains("[target"),
            "{room}: no dependencies by platform, this test would not see them"
        );
        for dependency in dependencies(&room, "dependencies") {
            let Some(other) = dependency.strip_prefix("lockward-") else { continue };
            assert!(may.contains(&other), "`{room}` may not import `{other}`");
        }
    }
}

#[test]
fn the_table_of_rooms_has_no_circle_and_no_ghost() {
    let mut above = BTreeSet::new();
    for (room, may) in ROOMS {
        assert!(may.iter().all(|other| above.contains(other)), "`{room}` stands above what it may import");
        above.insert(room);
        assert!(root().join(room).join("Cargo.toml").exists(), "room `{room}` does not exist");
    }
}

#[test]
fn a_dependency_stays_with_its_keeper() {
    for room in room_names() {
        let held = dependencies(&room, "dependencies");
        for (dependency, keepers) in KEEPERS {
            let may = !held.contains(dependency) || keepers.contains(&room.as_str());
            assert!(may, "`{dependency}` is kept by {keepers:?}; `{room}` may not depend on it");
        }
    }
}

#[test]
fn a_keeper_table_names_only_what_somebody_depends_on() {
    let held: BTreeSet<_> = room_names().iter().flat_map(|r| dependencies(r, "dependencies")).collect();
    let idle: Vec<_> = KEEPERS.iter().filter(|(name, _)| !held.contains(*name)).collect();
    assert!(idle.is_empty(), "nobody depends on {idle:?}: take it out of KEEPERS");
}

#[test]
fn a_pure_room_reads_no_clock_rolls_no_die_and_does_not_wait() {
    for room in PURE {
        for (path, text) in texts(room, &["src"]) {
            // What stands behind `mod tests` is a test.
            let shipped = text.split("#[cfg(test)]").next().unwrap();
            for (line, code) in (1..).zip(shipped.lines().filter(|l| !l.trim_start().starts_with("//"))) {
                for (word, instead) in IMPURE {
                    let found = code.match_indices(word).any(|(at, _)| ends_there(&code[at + word.len()..]));
                    assert!(!found, "{}: about line {line}: `{word}`; {instead}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_first_line_of_a_file_says_why_it_exists() {
    for room in room_names() {
        for (path, text) in texts(&room, &["src", "tests", "examples", "benches"]) {
            let first = text.lines().next().unwrap_or_default();
            let said = first.strip_prefix("//! ").or_else(|| first.strip_prefix("// ")).unwrap_or_default();
            assert!(said.split(' ').count() >= 3, "{}: first line `{first}`", path.display());
        }
    }
}

#[test]
fn no_room_and_no_file_is_a_drawer_for_everything() {
    for room in room_names() {
        let files = texts(&room, &["src"]).into_iter();
        let names = files.map(|(p, _)| p.file_stem().unwrap().to_str().unwrap().to_owned());
        for name in names.chain([room.clone()]) {
            let drawer = ["common", "util", "utils", "helpers", "misc", "prelude"].contains(&name.as_str());
            assert!(!drawer, "`{name}` in `{room}`: name it for what it does");
        }
    }
}

#[test]
fn every_room_is_a_member_and_keeps_the_lints() {
    let text = fs::read_to_string(root().parent().unwrap().join("Cargo.toml")).unwrap();
    for room in room_names() {
        assert!(text.contains(&format!("\"crates/{room}\"")), "`{room}` is no member of the workspace");
        let manifest = fs::read_to_string(root().join(&room).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "`{room}` does not take the lints");
    }
}
