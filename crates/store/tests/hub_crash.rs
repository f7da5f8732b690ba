//! The hub's process dies at any moment, or the power does: what was acknowledged is there, and all of it fits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod hub_whole;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use hub_whole::{append, check_whole, naive_root};
use lockward_store::{HubStore, Log};

const CHILD_DIR: &str = "LOCKWARD_STORE_CRASH_DIR";

/// The child of the test below: appends until it is killed, and says so after each append.
fn append_until_killed(dir: &Path) -> ! {
    let store = HubStore::open(dir).unwrap();
    let mut at = store.head(Log::Event).unwrap().size();
    let mut out = std::io::stdout();
    loop {
        let head = append(&store, Log::Event, at, 1 + at % 97).unwrap();
        at = head.size();
        writeln!(out, "acknowledged {at} {}", head.frontier.root()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn given_kill_in_the_middle_of_appends_then_every_acknowledged_one_is_there() {
    // The test runs itself again as the process that is killed.
    if let Some(dir) = std::env::var_os(CHILD_DIR) {
        append_until_killed(Path::new(&dir));
    }
    let me = "given_kill_in_the_middle_of_appends_then_every_acknowledged_one_is_there";
    let dir = tempfile::tempdir().unwrap();
    drop(HubStore::create(dir.path()).unwrap());
    for round in 0..25_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", me, "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = None;
        let mut seen = 0;
        // What it has said before it died counts too, read or not.
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some(said) = line.strip_prefix("acknowledged ").and_then(|said| said.split_once(' ')) else {
                continue;
            };
            acknowledged = Some((said.0.parse::<usize>().unwrap(), said.1.to_owned()));
            seen += 1;
            if seen == 1 + round % 7 {
                // Some work between the word and the kill, so that it strikes at many places.
                std::hint::black_box(naive_root(&vec![lockward_ledger::Hash::EMPTY_ROOT; round * 400]));
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let (size, root) = acknowledged.expect("it appended something");
        let store = HubStore::open(dir.path()).unwrap();
        let leaves = check_whole(&store, Log::Event);
        assert!(leaves.len() >= size, "round {round}: {size} were acknowledged, {} are there", leaves.len());
        assert_eq!(naive_root(&leaves[..size]).to_string(), root, "round {round}");
    }
}

#[test]
fn given_wal_cut_at_any_byte_then_the_log_is_one_of_its_earlier_states() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(dir.path()).unwrap();
    let wal = dir.path().join("hub.db-wal");
    // How long the WAL was when each append was acknowledged.
    let mut acknowledged = vec![(0, store.head(Log::Event).unwrap())];
    for count in [1, 2, 300, 5, 40, 600, 3, 1] {
        let at = acknowledged.last().unwrap().1.size();
        let head = append(&store, Log::Event, at, count).unwrap();
        acknowledged.push((fs::metadata(&wal).unwrap().len(), head));
    }
    let bytes = fs::read(&wal).unwrap();
    assert_eq!(bytes.len() as u64, acknowledged.last().unwrap().0, "the WAL was not reused meanwhile");

    let step = bytes.len() / 120;
    for cut in (0..bytes.len()).step_by(step).chain(acknowledged.iter().map(|(length, _)| *length as usize)) {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(dir.path().join("hub.db"), copy.path().join("hub.db")).unwrap();
        fs::write(copy.path().join("hub.db-wal"), &bytes[..cut]).unwrap();
        let survived = HubStore::open(copy.path()).unwrap();
        check_whole(&survived, Log::Event);
        let expected = acknowledged.iter().rfind(|(length, _)| *length <= cut as u64).unwrap();
        assert_eq!(survived.head(Log::Event).unwrap(), expected.1, "cut at {cut}");
        append(&survived, Log::Event, expected.1.size(), 2).unwrap();
        check_whole(&survived, Log::Event);
    }
}
