//! How a site begins, and how it does not.

use crate::rig::*;
use lockward_hub::*;
use lockward_model::*;
use lockward_store::{HubStore, Log};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("site");
    (folder, dir)
}

#[test]
fn a_site_begins_with_a_signed_founding_and_one_event() {
    let (_folder, dir) = folder();
    let clock = Arc::new(Turned::default());
    let founded = found(&dir, request(), &key(OPERATOR), &*clock).unwrap();
    let office = Office::open(&dir, None, clock).unwrap();
    assert_eq!((office.id(), office.site().size()), (founded.site, 1));
    assert_eq!(office.explain(0).unwrap().event.body, Body::Founded(founded.site));
    let head = office.store().head(Log::Event).unwrap();
    assert!(String::from_utf8(head.checkpoint.unwrap()).unwrap().contains("/events\n2\n"));
    assert_eq!(format!("{:?}", founded.recovery_key), "RecoveryKey(..)");
    assert_eq!(founded.recovery_key.as_str().replace('-', "").len(), 64);
    let mode = |name: &str| dir.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("master.key"), mode("hub.db"), mode("")), (0o600, 0o600, 0o700));
}

#[test]
fn what_is_there_is_never_overwritten() {
    let (_folder, dir) = folder();
    let clock = Turned::default();
    let first = found(&dir, request(), &key(OPERATOR), &clock).unwrap().site;
    assert!(matches!(found(&dir, request(), &key(OPERATOR), &clock), Err(FoundError::Exists(_))));
    assert_eq!(Office::open(&dir, None, Arc::new(clock)).unwrap().id(), first);
}

#[test]
fn a_founding_that_fails_leaves_nothing() {
    let (folder, dir) = folder();
    let refused = found(&dir, request(), &key(OPERATOR + 1), &Turned::default());
    assert!(matches!(refused, Err(FoundError::OtherKey(_))));
    // A file where the folder is to be: everything is made, and can not be put in its place.
    std::fs::write(&dir, "mine").unwrap();
    assert!(matches!(found(&dir, request(), &key(OPERATOR), &Turned::default()), Err(FoundError::Exists(_))));
    let left: Vec<_> = folder.path().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["site"]);
}

#[test]
fn a_wrong_master_key_is_told_as_such() {
    let (_folder, dir) = folder();
    let clock = Arc::new(Turned::default());
    found(&dir, request(), &key(OPERATOR), &*clock).unwrap();
    let other = lockward_wire::MasterKey::from_bytes([9; 32]);
    let Err(error) = Office::open(&dir, Some(other), Arc::clone(&clock) as _) else { panic!("opened") };
    assert!(error.to_string().contains("the master key does not open the keys of this hub"), "{error}");

    let path = dir.join("master.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let Err(error) = Office::open(&dir, None, Arc::clone(&clock) as _) else { panic!("opened") };
    assert!(error.to_string().contains("may be read by others"), "{error}");

    // The same key by way of the environment serves as well.
    let digits = std::fs::read_to_string(&path).unwrap();
    let given = master_key(&dir, Some(digits.trim())).unwrap();
    assert!(Office::open(&dir, Some(given), clock).is_ok());
    assert!(matches!(master_key(&dir, Some("12")), Err(MasterError::Form(_))));
}

#[test]
fn a_folder_without_a_site_is_told_as_such() {
    let (_folder, dir) = folder();
    let open = || Office::open(&dir, None, Arc::new(Turned::default()));
    let Err(error) = open() else { panic!("opened") };
    assert!(error.to_string().contains("there is no hub's store in"), "{error}");
    drop(HubStore::create(&dir).unwrap());
    std::fs::write(dir.join("master.key"), "00".repeat(32)).unwrap();
    std::fs::set_permissions(dir.join("master.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open().is_err());
}

#[test]
fn a_person_is_read_with_the_persons_own_key_alone() {
    let (_folder, dir) = folder();
    let clock = Arc::new(Turned::default());
    found(&dir, request(), &key(OPERATOR), &*clock).unwrap();
    let office = Office::open(&dir, None, clock).unwrap();
    let person: PersonId = "p-1".parse().unwrap();
    let who = lockward_wire::seal::PersonAttributes { name: "Ada Example".into(), contact: None };
    let sealed = office.seal_person(person, &who).unwrap();
    assert_eq!(office.open_person(person, &sealed).unwrap().name, "Ada Example");
    assert!(office.open_person("p-2".parse().unwrap(), &sealed).is_none());
    let _ = office.store().delete_key("person-p-1").unwrap();
    assert!(office.open_person(person, &sealed).is_none());
}
