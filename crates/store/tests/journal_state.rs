//! A state file is the old one or the new one, whatever happens between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use lockward_store::{Disk, DiskFile, RealDisk, STATE_BYTES_MAX, SimDisk, StateError, StateFile};

fn state(disk: &SimDisk) -> Result<StateFile<SimDisk>, StateError> {
    StateFile::open(disk.clone(), Path::new("/state/clock"))
}

#[test]
fn unwritten_file_is_none_and_written_is_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = StateFile::open(RealDisk, &dir.path().join("clock")).unwrap();
    assert_eq!(file.read().unwrap(), None);
    for contents in [&b"floor 1"[..], b"", &vec![7; STATE_BYTES_MAX]] {
        file.write(contents).unwrap();
        assert_eq!(file.read().unwrap().unwrap(), contents);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let refused = file.write(&vec![7; STATE_BYTES_MAX + 1]);
    assert!(matches!(refused, Err(StateError::TooLarge { bytes, .. }) if bytes == STATE_BYTES_MAX + 1));
}

#[test]
fn given_power_cut_at_any_step_then_the_file_is_the_old_or_the_new_one_and_never_older_than_told() {
    let text = |n: u32| vec![n as u8; 1500];
    for step in 1..40 {
        for seed in 0..100 {
            let disk = SimDisk::new(seed);
            disk.cut_at_step(step);
            let mut told = 0;
            if let Ok(file) = state(&disk) {
                told = (1..=5).take_while(|n| file.write(&text(*n)).is_ok()).count() as u32;
            }
            let disk = disk.power_cut(seed);
            let found = state(&disk).unwrap().read().unwrap();
            let may_be = [(told > 0).then(|| text(told)), Some(text(told + 1))];
            assert!(may_be.contains(&found), "step {step}, seed {seed}, told {told}");
            state(&disk).unwrap().write(&text(9)).unwrap();
            let found = state(&disk.power_cut(seed)).unwrap().read().unwrap();
            assert_eq!(found, Some(text(9)));
        }
    }
}

/// What was read once is not older after a power cut: a floor that was acted upon stays.
#[test]
fn given_a_start_that_has_read_then_a_power_cut_does_not_bring_the_old_file_back() {
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        state(&disk).unwrap().write(b"old").unwrap();
        let file = state(&disk).unwrap();
        // A writer that ends before its second sync, that of the name: the new file is read, and not durable.
        disk.fail_sync_after(1);
        assert!(file.write(b"new").is_err());
        assert_eq!(state(&disk).unwrap().read().unwrap().unwrap(), b"new");
        assert_eq!(state(&disk.power_cut(seed)).unwrap().read().unwrap().unwrap(), b"new");
    }
}

#[test]
fn damaged_file_is_an_error_and_not_none() {
    for offset in 0..48 {
        let disk = SimDisk::new(1);
        state(&disk).unwrap().write(b"contents").unwrap();
        disk.flip(Path::new("/state/clock"), offset, 4).unwrap();
        assert!(matches!(state(&disk).unwrap().read(), Err(StateError::Damaged { .. })), "byte {offset}");
    }
    let disk = SimDisk::new(1);
    disk.create(Path::new("/state/clock")).unwrap().write_at(0, b"short").unwrap();
    assert!(matches!(state(&disk).unwrap().read(), Err(StateError::Damaged { .. })));
}

#[test]
fn full_disk_leaves_the_old_contents() {
    let disk = SimDisk::new(1);
    let file = state(&disk).unwrap();
    file.write(b"old").unwrap();
    disk.set_capacity(60);
    assert!(matches!(file.write(b"new"), Err(StateError::Io { .. })));
    assert_eq!(file.read().unwrap().unwrap(), b"old");
    disk.heal();
    file.write(b"new").unwrap();
    assert_eq!(file.read().unwrap().unwrap(), b"new");
}

#[test]
fn path_without_a_name_is_refused() {
    assert!(matches!(StateFile::open(RealDisk, Path::new("/")), Err(StateError::NoName { .. })));
}
