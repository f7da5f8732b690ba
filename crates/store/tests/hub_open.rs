//! Making, finding, copying the hub's store: nothing is overwritten, nothing foreign touched, nobody else may read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod hub_whole;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hub_whole::{append, check_whole};
use lockward_store::{HubCreateError, HubError, HubOpenError, HubStore, Log};
use rusqlite::Connection;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn refusal(dir: &Path) -> HubOpenError {
    HubStore::open(dir).unwrap_err()
}

#[test]
fn folder_and_files_are_the_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("site/hub");
    let store = HubStore::create(&path).unwrap();
    append(&store, Log::Event, 0, 1).unwrap();
    assert_eq!(mode(&path), 0o700);
    for file in ["hub.db", "hub.db-wal", "hub.db-shm"] {
        assert_eq!(mode(&path.join(file)), 0o600, "{file}");
    }
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let _store = HubStore::create(open.path()).unwrap();
    assert_eq!(mode(open.path()), 0o700);
}

#[test]
fn create_refuses_a_folder_that_holds_anything() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("note.txt"), "mine").unwrap();
    assert!(matches!(HubStore::create(dir.path()), Err(HubCreateError::NotEmpty { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    let dir = tempfile::tempdir().unwrap();
    append(&HubStore::create(dir.path()).unwrap(), Log::Event, 0, 5).unwrap();
    assert!(matches!(HubStore::create(dir.path()), Err(HubCreateError::NotEmpty { .. })));
    check_whole(&HubStore::open(dir.path()).unwrap(), Log::Event);
}

#[test]
fn given_maker_killed_half_way_then_there_is_no_store_and_making_it_again_works() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hub.db.new"), "half").unwrap();
    fs::write(dir.path().join("hub.db.new-journal"), "half").unwrap();
    assert!(matches!(refusal(dir.path()), HubOpenError::Missing { .. }));
    append(&HubStore::create(dir.path()).unwrap(), Log::Event, 0, 5).unwrap();
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["hub.db"], "the last to leave takes the WAL away");
}

#[test]
fn missing_store_is_named_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let missing = refusal(&dir.path().join("nowhere"));
    assert!(matches!(missing, HubOpenError::Missing { .. }));
    assert!(missing.to_string().contains("nowhere"), "{missing}");
    assert!(!dir.path().join("nowhere").exists());
    assert!(matches!(refusal(dir.path()), HubOpenError::Missing { .. }));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn foreign_file_is_refused_and_left_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hub.db");
    let sqlite = {
        Connection::open(&path)
            .unwrap()
            .execute_batch("PRAGMA journal_mode=wal; CREATE TABLE t (a)")
            .unwrap();
        fs::read(&path).unwrap()
    };
    for bytes in [sqlite, Vec::new(), b"short".to_vec(), vec![0; 8_192], b"a text of more bytes\n".repeat(99)]
    {
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(refusal(dir.path()), HubOpenError::Foreign { .. }));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing stands beside it");
    }
}

#[test]
fn store_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    append(&HubStore::create(dir.path()).unwrap(), Log::Event, 0, 5).unwrap();
    let edit = |version: u32| {
        let db = Connection::open(dir.path().join("hub.db")).unwrap();
        db.pragma_update(None, "user_version", version).unwrap();
    };
    edit(5);
    let newer = refusal(dir.path());
    assert!(matches!(newer, HubOpenError::Newer { found: 5, known: 4, .. }), "{newer}");
    edit(0);
    assert!(matches!(refusal(dir.path()), HubOpenError::Foreign { .. }));
    edit(4);
    check_whole(&HubStore::open(dir.path()).unwrap(), Log::Event);
}

#[test]
fn store_of_an_older_version_is_raised_when_it_is_opened_and_loses_nothing() {
    let since_3 = "DROP TABLE way; DROP TABLE recovery_code; DROP TABLE account;";
    let since_2 = format!("{since_3} DROP TABLE api_key; DROP TABLE api_key_deed;");
    raised(&format!("{since_3} PRAGMA user_version = 3;"));
    raised(&format!("{since_2} DROP TABLE passkey; PRAGMA user_version = 1;"));
    raised(&format!("{since_2} PRAGMA user_version = 2;"));
}

fn raised(lower: &str) {
    let dir = tempfile::tempdir().unwrap();
    append(&HubStore::create(dir.path()).unwrap(), Log::Event, 0, 5).unwrap();
    let tables = |db: &Connection| -> String {
        let mut all = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY sql").unwrap();
        let rows = all.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let db = Connection::open(dir.path().join("hub.db")).unwrap();
    let new = tables(&db);
    db.execute_batch(lower).unwrap();
    drop(db);
    for _ in 0..2 {
        let store = HubStore::open(dir.path()).unwrap();
        check_whole(&store, Log::Event);
        assert!(store.use_passkey(lockward_model::Digest([1; 32]), 0, lockward_model::Time(1)).unwrap());
        assert!(store.api_keys().unwrap().is_empty());
    }
    let db = Connection::open(dir.path().join("hub.db")).unwrap();
    assert_eq!(tables(&db), new, "a raised store differs from a new one");
}

#[test]
fn damaged_file_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    append(&HubStore::create(dir.path()).unwrap(), Log::Event, 0, 900).unwrap();
    let path = dir.path().join("hub.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let store = HubStore::open(dir.path()).unwrap();
    let damaged = store.for_each_entry(Log::Event, 0..900, |_, _| Ok::<_, HubError>(())).unwrap_err();
    assert!(matches!(damaged, HubError::Damaged { .. }), "{damaged:?}");
}

#[test]
fn missing_entry_is_damage_and_not_a_shorter_log() {
    let dir = tempfile::tempdir().unwrap();
    append(&HubStore::create(dir.path()).unwrap(), Log::Event, 0, 900).unwrap();
    Connection::open(dir.path().join("hub.db"))
        .unwrap()
        .execute_batch("DELETE FROM event_entry WHERE idx = 7")
        .unwrap();
    let store = HubStore::open(dir.path()).unwrap();
    assert!(matches!(store.entries(Log::Event, 0..20), Err(HubError::Damaged { .. })));
}

#[test]
fn backup_of_a_store_in_use_is_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = HubStore::create(&dir.path().join("hub")).unwrap();
    append(&store, Log::Event, 0, 900).unwrap();
    let before = store.head(Log::Event).unwrap();
    let copy = dir.path().join("copy");
    std::thread::scope(|scope| {
        let writer =
            scope.spawn(|| (900..950).for_each(|at| drop(append(&store, Log::Event, at, 1).unwrap())));
        store.backup_to(&copy).unwrap();
        writer.join().unwrap();
    });
    assert_eq!((mode(&copy), mode(&copy.join("hub.db"))), (0o700, 0o600));
    let copied = HubStore::open(&copy).unwrap();
    let size = check_whole(&copied, Log::Event).len() as u64;
    assert!((900..=950).contains(&size), "{size}");
    assert_eq!(lockward_ledger::read_frontier(&copied.tiles(Log::Event), 900).unwrap(), before.frontier);
    append(&copied, Log::Event, size, 10).unwrap();
    assert!(
        matches!(store.backup_to(&copy), Err(HubCreateError::NotEmpty { .. })),
        "a backup is never overwritten"
    );
    check_whole(&copied, Log::Event);
}
