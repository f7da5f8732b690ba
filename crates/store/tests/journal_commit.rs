//! Many who wait for the disk share one sync, in one chain.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use lockward_store::{CommitError, Committer, Journal, Limits, QUEUE_MAX, SimDisk};

fn journal(disk: &SimDisk) -> Journal<SimDisk> {
    Journal::open(disk.clone(), Path::new("/spool"), Limits::new(64 * 1024, 4, 1000).unwrap(), 7).unwrap().0
}

fn as_is(disk: &SimDisk) -> Committer {
    Committer::start(journal(disk), |_, bytes| bytes).unwrap()
}

/// Each record begins with the length of all before it: a chain that shows any gap, double or wrong order.
fn chained(disk: &SimDisk) -> Committer {
    let mut total = 0_u64;
    let stamp = move |number: u64, bytes: Vec<u8>| {
        let record = [&total.to_le_bytes()[..], &number.to_le_bytes(), &bytes].concat();
        total += record.len() as u64;
        record
    };
    Committer::start(journal(disk), stamp).unwrap()
}

fn assert_chain(committer: &Committer) -> u64 {
    let (mut total, mut number) = (0_u64, 0_u64);
    loop {
        let records = committer.read_from(number).unwrap();
        if records.is_empty() {
            return number;
        }
        for record in records {
            assert_eq!(record.number, number);
            assert_eq!(record.bytes[..8], total.to_le_bytes());
            assert_eq!(record.bytes[8..16], number.to_le_bytes());
            total += record.bytes.len() as u64;
            number += 1;
        }
    }
}

#[test]
fn ticket_gives_the_number_once_the_record_is_durable() {
    let disk = SimDisk::new(1);
    let committer = as_is(&disk);
    let tickets: Vec<_> = (0..50_u8).map(|n| committer.submit(vec![n; 40])).collect();
    let numbers: Vec<u64> = tickets.into_iter().map(|ticket| ticket.wait().unwrap()).collect();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
    let found = journal(&disk.power_cut(5));
    let bytes: Vec<Vec<u8>> = found.read_from(0).map(|record| record.unwrap().bytes).collect();
    assert_eq!(bytes, (0..50_u8).map(|n| vec![n; 40]).collect::<Vec<_>>());
}

#[test]
fn hundred_and_twenty_eight_waiting_doors_share_their_syncs() {
    let disk = SimDisk::new(1);
    let committer = chained(&disk);
    committer.append(b"first".to_vec()).unwrap();
    disk.slow_syncs(Duration::from_millis(20));
    let before = disk.counts().syncs;
    std::thread::scope(|scope| {
        for door in 0..128_u8 {
            let committer = &committer;
            scope.spawn(move || {
                for _ in 0..3 {
                    committer.append(vec![door; 200]).unwrap();
                }
            });
        }
    });
    let syncs = disk.counts().syncs - before;
    assert!(syncs <= 384 / 20, "{syncs} syncs for 384 records");
    assert_eq!(assert_chain(&committer), 385);
}

#[test]
fn chain_goes_on_after_a_full_journal_and_a_too_large_record() {
    let disk = SimDisk::new(1);
    let committer = chained(&disk);
    let refused = loop {
        if let Err(refused) = committer.append(vec![1; 900]) {
            break refused;
        }
    };
    assert!(matches!(refused, CommitError::Refused(_)));
    let kept = assert_chain(&committer);
    let too_large = committer.submit(vec![2; 1000]);
    assert!(matches!(too_large.wait(), Err(CommitError::Refused(_))));
    committer.release(kept).unwrap();
    let tickets: Vec<_> =
        (0..10).map(|n| committer.submit(vec![3; if n == 4 { 1000 } else { 100 }])).collect();
    let kept_of_ten = tickets.into_iter().map(|ticket| ticket.wait().is_ok());
    assert_eq!(kept_of_ten.filter(|kept| *kept).count(), 9);
    drop(committer);
    let (journal, recovered) =
        Journal::open(disk, Path::new("/spool"), Limits::new(64 * 1024, 4, 1000).unwrap(), 7).unwrap();
    assert_eq!((recovered.first, recovered.next), (kept, kept + 9));
    let bytes: Vec<Vec<u8>> = journal.read_from(0).map(|record| record.unwrap().bytes).collect();
    let mut total = u64::from_le_bytes(bytes[0][..8].try_into().unwrap());
    assert_eq!(total, kept * 916, "nothing that was refused is in the chain");
    for record in bytes {
        assert_eq!(record[..8], total.to_le_bytes());
        total += record.len() as u64;
    }
}

#[test]
fn failed_sync_is_told_to_all_who_waited_and_to_all_who_come() {
    let disk = SimDisk::new(1);
    let committer = as_is(&disk);
    committer.append(vec![1]).unwrap();
    disk.slow_syncs(Duration::from_millis(20));
    disk.fail_sync_after(0);
    let tickets: Vec<_> = (0..10).map(|_| committer.submit(vec![2])).collect();
    for ticket in tickets {
        assert!(matches!(ticket.wait(), Err(CommitError::Refused(_))));
    }
    assert!(committer.append(vec![3]).is_err());
    assert_eq!(committer.read_from(0).unwrap().len(), 1);
}

#[test]
fn overfull_queue_is_told_at_once() {
    let disk = SimDisk::new(1);
    let committer = as_is(&disk);
    committer.append(vec![0]).unwrap();
    disk.slow_syncs(Duration::from_millis(300));
    let mut tickets: Vec<_> = (0..QUEUE_MAX + 2000).map(|_| committer.submit(vec![1])).collect();
    let last = tickets.split_off(tickets.len() - 1);
    assert!(last.into_iter().all(|ticket| matches!(ticket.wait(), Err(CommitError::Busy))));
    drop(committer);
    let kept = tickets.into_iter().map(|ticket| ticket.wait()).filter(Result::is_ok).count();
    assert_eq!(journal(&disk).next(), 1 + kept as u64, "all that was queued is committed before the end");
}
