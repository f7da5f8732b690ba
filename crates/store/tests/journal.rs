//! What a journal promises, one claim a test, on a simulated disk and on a real one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};

use lockward_store::{
    AppendError, Disk, DiskFile, Journal, JournalOpenError, Limits, LimitsError, RealDisk, Recovered,
    ReleaseError, SimDisk,
};

const DIR: &str = "/spool";
/// Where the first record of a segment stands: behind the header.
const FIRST_RECORD: usize = 64;
/// Records of 88 bytes take 120 with their heads.
const EVENT: usize = 88;
const EVENT_IN_SEGMENT: usize = 120;

fn small() -> Limits {
    Limits::new(2048, 4, 300).unwrap()
}

fn open(disk: &SimDisk) -> (Journal<SimDisk>, Recovered) {
    try_open(disk).unwrap()
}

fn try_open(disk: &SimDisk) -> Result<(Journal<SimDisk>, Recovered), JournalOpenError> {
    Journal::open(disk.clone(), Path::new(DIR), small(), 7)
}

fn event(number: u64) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.resize(EVENT, number as u8);
    bytes
}

fn append(journal: &mut Journal<SimDisk>, count: u64) {
    for _ in 0..count {
        let number = journal.next();
        assert_eq!(journal.append(&[&event(number)]).unwrap(), number..number + 1);
    }
}

fn numbers<D: Disk>(journal: &Journal<D>, from: u64) -> Vec<u64> {
    journal
        .read_from(from)
        .map(|record| {
            let record = record.unwrap();
            assert_eq!(record.bytes, event(record.number));
            record.number
        })
        .collect()
}

fn segment(index: u32) -> PathBuf {
    Path::new(DIR).join(format!("{index:08}.seg"))
}

#[test]
fn new_journal_is_empty() {
    let (journal, recovered) = open(&SimDisk::new(1));
    assert_eq!(recovered, Recovered { first: 0, next: 0, torn: None });
    assert_eq!((journal.first(), journal.next()), (0, 0));
    assert_eq!(journal.read_from(0).count(), 0);
}

#[test]
fn records_are_read_as_written_whatever_their_length() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    let records: Vec<Vec<u8>> = (0..=300).map(|length| vec![length as u8; length]).collect();
    for record in &records[..20] {
        journal.append(&[record]).unwrap();
    }
    let batch: Vec<&[u8]> = records[20..30].iter().map(Vec::as_slice).collect();
    assert_eq!(journal.append(&batch).unwrap(), 20..30);
    journal.append(&[&records[300]]).unwrap();
    let check = |journal: &Journal<SimDisk>| {
        let read: Vec<Vec<u8>> = journal.read_from(0).map(|record| record.unwrap().bytes).collect();
        assert_eq!(read[..30], records[..30]);
        assert_eq!(read[30..], records[300..]);
        assert_eq!(journal.read_from(30).next().unwrap().unwrap().number, 30);
    };
    check(&journal);
    drop(journal);
    let (journal, recovered) = open(&disk.power_cut(3));
    assert_eq!(recovered, Recovered { first: 0, next: 31, torn: None });
    check(&journal);
}

#[test]
fn append_is_one_write_and_one_sync() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1);
    let before = disk.counts();
    journal.append(&[&event(1), &event(2), &event(3)]).unwrap();
    let after = disk.counts();
    assert_eq!((after.writes - before.writes, after.syncs - before.syncs), (1, 1));
    journal.append(&[]).unwrap();
    assert_eq!(disk.counts(), after);
}

#[test]
fn segment_prepared_ahead_costs_the_append_nothing() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    while journal.prepare().unwrap() {}
    for number in 0..40 {
        let before = disk.counts();
        journal.append(&[&event(number)]).unwrap();
        assert_eq!(disk.counts().syncs - before.syncs, 1, "record {number}");
        while journal.prepare().unwrap() {}
    }
}

#[test]
fn full_journal_refuses_and_goes_on_after_a_release() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    let refused = loop {
        let number = journal.next();
        match journal.append(&[&event(number)]) {
            Ok(_) => {}
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, AppendError::Full { segments: 4, .. }), "{refused}");
    let held = journal.next();
    // 2048 bytes, less a header and the room for two marks, hold 15 records of 120.
    assert_eq!(held, 4 * 15);
    assert_eq!(numbers(&journal, 0), (0..held).collect::<Vec<_>>());
    journal.release(14).unwrap();
    assert!(matches!(journal.append(&[&event(held)]), Err(AppendError::Full { .. })));
    journal.release(15).unwrap();
    append(&mut journal, 15);
    assert!(matches!(journal.append(&[&event(held)]), Err(AppendError::Full { .. })));
    let (journal, recovered) = open(&disk.power_cut(9));
    assert_eq!(recovered, Recovered { first: 15, next: 75, torn: None });
    assert_eq!(numbers(&journal, 0), (15..75).collect::<Vec<_>>());
}

#[test]
fn released_segments_are_used_again_instead_of_new_ones() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    for _ in 0..1000 {
        append(&mut journal, 1);
        journal.release(journal.next()).unwrap();
    }
    assert!(disk.list(Path::new(DIR)).unwrap().len() <= 3);
    drop(journal);
    let (journal, recovered) = open(&disk.power_cut(1));
    assert_eq!(recovered.next, 1000);
    // The last release goes with the next append: at most that record is given again.
    assert_eq!(numbers(&journal, 0), [999]);
}

#[test]
fn release_beyond_the_end_is_refused_and_releases_never_go_back() {
    let (mut journal, _) = open(&SimDisk::new(1));
    append(&mut journal, 3);
    assert_eq!(journal.release(4), Err(ReleaseError { up_to: 4, next: 3 }));
    journal.release(2).unwrap();
    journal.release(1).unwrap();
    assert_eq!(journal.first(), 2);
    assert_eq!(numbers(&journal, 0), [2]);
}

#[test]
fn too_large_record_and_too_large_batch_are_refused_before_anything_is_written() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1);
    let before = disk.counts();
    let large = vec![0; 301];
    assert!(matches!(
        journal.append(&[b"fits", &large]),
        Err(AppendError::RecordTooLarge { bytes: 301, max: 300 })
    ));
    let batch = vec![&large[..300]; 6];
    assert!(matches!(journal.append(&batch), Err(AppendError::BatchTooLarge { bytes: 2016, max: 1904 })));
    assert_eq!(disk.counts(), before);
    append(&mut journal, 1);
}

#[test]
fn contradicting_limits_are_refused() {
    assert_eq!(Limits::new(1000, 4, 100), Err(LimitsError::NotSectors(1000)));
    assert_eq!(Limits::new(1024, 1, 100), Err(LimitsError::TooFewSegments(1)));
    let large = LimitsError::RecordTooLarge { record_bytes: 849, segment_bytes: 1024 };
    assert_eq!(Limits::new(1024, 2, 849), Err(large));
    assert!(Limits::new(1024, 2, 848).is_ok());
    let spool = Limits::SPOOL;
    let parts = lockward_store::RECORD_BYTES_MAX;
    assert_eq!(Limits::new(lockward_store::SEGMENT_BYTES, lockward_store::SEGMENTS_MAX, parts), Ok(spool));
}

#[test]
fn full_disk_leaves_everything_intact_and_appends_work_again_when_there_is_room() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    disk.set_capacity(2 * 2048 + 100);
    append(&mut journal, 30);
    for _ in 0..3 {
        let refused = journal.append(&[&event(30)]).unwrap_err();
        assert!(matches!(refused, AppendError::NoRoom { bytes: 2048, .. }), "{refused}");
    }
    assert_eq!(numbers(&journal, 0), (0..30).collect::<Vec<_>>());
    let (kept, _) = open(&disk);
    assert_eq!(numbers(&kept, 0), (0..30).collect::<Vec<_>>());
    drop(kept);
    disk.set_capacity(4 * 2048);
    append(&mut journal, 30);
    assert_eq!(numbers(&journal, 0), (0..60).collect::<Vec<_>>());
}

#[test]
fn given_full_disk_then_released_segments_still_serve() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    disk.set_capacity(2 * 2048);
    for _ in 0..200 {
        append(&mut journal, 1);
        journal.release(journal.next()).unwrap();
    }
}

#[test]
fn failed_sync_poisons_until_opened_again() {
    for seed in 0..50 {
        let disk = SimDisk::new(seed);
        let (mut journal, _) = open(&disk);
        append(&mut journal, 3);
        disk.fail_sync_after(0);
        assert!(matches!(journal.append(&[&event(3), &event(4)]), Err(AppendError::Io { .. })));
        let before = disk.counts();
        assert!(matches!(journal.append(&[&event(3)]), Err(AppendError::Poisoned { .. })));
        assert_eq!(disk.counts(), before, "a poisoned journal touches nothing");
        assert_eq!(numbers(&journal, 0), [0, 1, 2]);
        drop(journal);
        // The kernel still shows the batch, though the platter may not have it: what is found is made durable.
        let (mut journal, recovered) = open(&disk);
        assert_eq!(recovered.next, 5);
        let (kept, _) = open(&disk.power_cut(seed));
        assert_eq!(numbers(&kept, 0), [0, 1, 2, 3, 4], "seed {seed}");
        assert!(journal.append(&[&event(5)]).is_err(), "the power of this disk is off");
    }
}

#[test]
fn write_that_stops_half_way_poisons_and_its_rest_never_comes_back() {
    for kept in 0..400 {
        let disk = SimDisk::new(1);
        let (mut journal, _) = open(&disk);
        append(&mut journal, 2);
        disk.fail_write_after(kept);
        assert!(matches!(journal.append(&[&event(2), &event(3), &event(4)]), Err(AppendError::Io { .. })));
        assert!(matches!(journal.append(&[&event(2)]), Err(AppendError::Poisoned { .. })));
        let (mut journal, recovered) = open(&disk);
        let whole = (kept / EVENT_IN_SEGMENT).min(3) as u64;
        assert_eq!(recovered.next, 2 + whole, "{kept} bytes written");
        // Below 16 bytes the salt is not there: nothing tells the tail from zeros, and nothing need.
        let torn = (16..EVENT_IN_SEGMENT).contains(&(kept % EVENT_IN_SEGMENT)) && whole < 3;
        assert_eq!(recovered.torn.is_some(), torn, "{kept} bytes written");
        append(&mut journal, 1);
        let (again, recovered) = open(&disk);
        assert_eq!((recovered.next, recovered.torn), (3 + whole, None));
        assert_eq!(numbers(&again, 0), (0..3 + whole).collect::<Vec<_>>());
    }
}

#[test]
fn any_damaged_byte_of_a_record_is_named_when_later_batches_follow() {
    // Two segments: one that is not the last, and the last.
    for (file, first, records) in [(0, 0, 15), (1, 15, 9)] {
        for victim in 0..records {
            for byte in (0..EVENT_IN_SEGMENT).step_by(3) {
                let disk = SimDisk::new(1);
                append(&mut open(&disk).0, 25);
                let place = FIRST_RECORD + victim * EVENT_IN_SEGMENT;
                disk.flip(&segment(file), place + byte, 0x10).unwrap();
                let number = first + victim as u64;
                let refused = try_open(&disk).expect_err("damage is not read over");
                assert!(
                    matches!(&refused, JournalOpenError::Damaged { path, offset, number: named }
                        if *path == segment(file) && *offset as usize == place && *named == number),
                    "byte {byte} of record {number}: {refused}"
                );
            }
        }
    }
}

#[test]
fn damage_in_the_last_batch_is_a_torn_tail() {
    let disk = SimDisk::new(1);
    append(&mut open(&disk).0, 5);
    let offset = FIRST_RECORD + 4 * EVENT_IN_SEGMENT;
    disk.flip(&segment(0), offset + 50, 1).unwrap();
    let (_, recovered) = open(&disk);
    assert_eq!(recovered.next, 4);
    let torn = recovered.torn.unwrap();
    assert_eq!((torn.path, torn.offset as usize), (segment(0), offset));
}

#[test]
fn damaged_header_is_named_unless_it_is_the_only_batch() {
    for file in 0..3 {
        let disk = SimDisk::new(1);
        append(&mut open(&disk).0, 40);
        disk.flip(&segment(file), 30, 1).unwrap();
        let refused = try_open(&disk).expect_err("a lost header is not a blank file");
        assert!(
            matches!(&refused, JournalOpenError::Damaged { path, offset: 0, .. } if *path == segment(file)),
            "{refused}"
        );
    }
    let disk = SimDisk::new(1);
    append(&mut open(&disk).0, 16);
    disk.flip(&segment(1), 30, 1).unwrap();
    let (_, recovered) = open(&disk);
    assert_eq!((recovered.next, recovered.torn.unwrap().path), (15, segment(1)));
}

#[test]
fn record_damaged_while_running_is_refused_to_the_reader() {
    let disk = SimDisk::new(1);
    let (mut journal, _) = open(&disk);
    append(&mut journal, 5);
    disk.flip(&segment(0), FIRST_RECORD + 2 * EVENT_IN_SEGMENT + 60, 1).unwrap();
    let read: Vec<_> = journal.read_from(1).collect();
    assert_eq!(read.len(), 2);
    let refused = read[1].as_ref().unwrap_err().to_string();
    assert_eq!(refused, "`/spool/00000000.seg` is damaged at byte 304: record 2 does not fit its checksum");
}

#[test]
fn missing_segment_is_noticed() {
    for (file, from, to) in [(0, 0, 14), (1, 15, 29)] {
        let disk = SimDisk::new(1);
        append(&mut open(&disk).0, 40);
        disk.remove(&segment(file)).unwrap();
        let refused = try_open(&disk).err().unwrap();
        assert!(
            matches!(refused, JournalOpenError::Missing { from: f, to: t, .. } if (f, t) == (from, to)),
            "{refused}"
        );
    }
}

#[test]
fn segment_that_was_cut_short_is_damaged() {
    let disk = SimDisk::new(1);
    append(&mut open(&disk).0, 5);
    disk.open(&segment(0)).unwrap().set_len(1000).unwrap();
    assert!(matches!(try_open(&disk), Err(JournalOpenError::Damaged { offset: 1000, .. })));
}

#[test]
fn other_segment_size_is_told_and_nothing_is_touched() {
    let disk = SimDisk::new(1);
    append(&mut open(&disk).0, 5);
    let limits = Limits::new(4096, 4, 300).unwrap();
    let refused = Journal::open(disk.clone(), Path::new(DIR), limits, 7).err().unwrap();
    assert!(matches!(refused, JournalOpenError::OtherSize { found: 2048, expected: 4096, .. }), "{refused}");
    assert_eq!(open(&disk).1.next, 5);
}

#[test]
fn other_files_in_the_folder_are_left_alone() {
    let disk = SimDisk::new(1);
    for name in ["lock", "0.seg", "00000000.seg.bak", "x.seg"] {
        disk.create(&Path::new(DIR).join(name)).unwrap();
    }
    append(&mut open(&disk).0, 1);
    open(&disk);
    assert_eq!(disk.list(Path::new(DIR)).unwrap().len(), 5);
}

#[test]
fn real_disk_keeps_a_spool_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits::new(128 * 1024, 4, 1000).unwrap();
    let path = dir.path().join("spool");
    for round in 0..4_u64 {
        let (mut journal, recovered) = Journal::open(RealDisk, &path, limits, round).unwrap();
        assert_eq!((recovered.next, recovered.torn), (round * 800, None));
        for _ in 0..80 {
            let events: Vec<Vec<u8>> = (journal.next()..journal.next() + 10).map(event).collect();
            journal.append(&events.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        }
        assert_eq!(numbers(&journal, 0), (recovered.first..journal.next()).collect::<Vec<_>>());
        journal.release(journal.next() - 5).unwrap();
    }
    let files = std::fs::read_dir(&path).unwrap().count();
    assert!(files <= 4, "{files} segments");
}
