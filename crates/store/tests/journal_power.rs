//! The plug is pulled between any two steps of a journal, again and again, and every promise is checked afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use lockward_store::{AppendError, Disk, Journal, Limits, SimDisk};
use proptest::prelude::*;

/// What the journal owes: every record that was acknowledged, and perhaps those that were under way.
#[derive(Debug, Default, Clone)]
struct Owed {
    acknowledged: Vec<Vec<u8>>,
    under_way: Vec<Vec<u8>>,
    released: u64,
    written: u64,
}

impl Owed {
    /// No two records are the same, though many have the same length.
    fn batch(&mut self, lengths: &[usize]) -> Vec<Vec<u8>> {
        let record = |length: &usize| {
            self.written += 1;
            let mut bytes = self.written.to_le_bytes().to_vec();
            bytes.resize(bytes.len() + length, self.written as u8);
            bytes
        };
        lengths.iter().map(record).collect()
    }

    fn append(&mut self, journal: &mut Journal<SimDisk>, lengths: &[usize]) -> Result<(), AppendError> {
        let batch = self.batch(lengths);
        let slices: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
        match journal.append(&slices) {
            Ok(numbers) => {
                let next = self.acknowledged.len() as u64;
                assert_eq!(numbers, next..next + batch.len() as u64);
                self.acknowledged.extend(batch);
                Ok(())
            }
            Err(refused) => {
                if matches!(refused, AppendError::Io { .. }) {
                    self.under_way = batch;
                }
                Err(refused)
            }
        }
    }

    fn release(&mut self, journal: &mut Journal<SimDisk>, up_to: u64) {
        journal.release(up_to).unwrap();
        self.released = self.released.max(up_to);
    }

    /// Opens the journal and holds it to what it owes; what is found then is owed from here on.
    fn check(&mut self, disk: &SimDisk) -> Result<Journal<SimDisk>, lockward_store::JournalOpenError> {
        let (journal, recovered) = Journal::open(disk.clone(), Path::new("/spool"), limits(), self.written)?;
        let acknowledged = self.acknowledged.len() as u64;
        assert!(recovered.next >= acknowledged, "acknowledged {acknowledged}, found {}", recovered.next);
        assert!(recovered.first <= self.released, "gave up what nobody released");
        let mut may_be = self.acknowledged.clone();
        may_be.append(&mut self.under_way);
        assert!(recovered.next <= may_be.len() as u64, "found more than was written");
        let mut number = recovered.first;
        for record in journal.read_from(0) {
            let record = record.unwrap();
            assert_eq!(record.number, number);
            assert_eq!(record.bytes, may_be[usize::try_from(number).unwrap()], "record {number}");
            number += 1;
        }
        assert_eq!(number, recovered.next);
        may_be.truncate(usize::try_from(recovered.next).unwrap());
        self.acknowledged = may_be;
        Ok(journal)
    }
}

/// Four segments of four sectors: some five batches a segment, so that everything is used again soon.
fn limits() -> Limits {
    Limits::new(2048, 4, 600).unwrap()
}

/// A day in small: batches of several sizes, a hub that is away and comes back. Stops at the first error.
fn day(disk: &SimDisk, owed: &mut Owed) -> bool {
    let Ok(mut journal) = owed.check(disk) else { return false };
    for round in 0..24_usize {
        let lengths: &[usize] = match round % 4 {
            0 => &[80],
            1 => &[80, 80, 80],
            2 => &[500],
            _ => &[0, 300, 80, 600 - 8],
        };
        if owed.append(&mut journal, lengths).is_err() {
            return false;
        }
        if round % 5 == 4 {
            let next = journal.next();
            owed.release(&mut journal, next - 2);
        }
        if round % 3 == 0 && journal.prepare().is_err() {
            return false;
        }
    }
    true
}

/// Pulls the plug in every step of the day, and in every step of the start-up after that.
#[test]
fn given_power_cut_at_any_step_then_nothing_acknowledged_is_lost_and_nothing_unwritten_appears() {
    let mut cuts = 0;
    for step in 1.. {
        let mut completed = true;
        for seed in 0..6_u64 {
            let disk = SimDisk::new(seed);
            disk.cut_at_step(step);
            let mut owed = Owed::default();
            completed &= day(&disk, &mut owed);
            cuts += 1;
            for restart_step in 1..8 {
                let (disk, mut owed) = (disk.power_cut(seed * 1000 + step), owed.clone());
                disk.cut_at_step(restart_step);
                let started = owed.check(&disk);
                // What a start-up that was cut off has seen is not owed: it told nobody.
                let mut after = if started.is_ok() { owed.clone() } else { owed };
                let disk = disk.power_cut(seed + restart_step * 77);
                let mut journal = after.check(&disk).expect("start-up never fails after a power cut");
                after.append(&mut journal, &[80, 80]).unwrap();
                after.append(&mut journal, &[80]).unwrap();
                drop(journal);
                after.check(&disk.power_cut(seed)).unwrap();
                cuts += 2;
            }
        }
        if completed {
            break;
        }
    }
    println!("{cuts} power cuts");
    assert!(cuts > 5_000, "only {cuts}");
}

/// Fails each sync of the day in turn, opens again without a power cut, goes on, and only then pulls the plug.
#[test]
fn given_failed_sync_then_what_the_next_start_shows_is_durable() {
    for nth in 0..40_u64 {
        for seed in 0..8 {
            let disk = SimDisk::new(seed);
            let mut owed = Owed::default();
            let mut journal = owed.check(&disk).unwrap();
            for round in 0..nth {
                owed.append(&mut journal, &[80, 80]).unwrap();
                if round % 6 == 5 {
                    let next = journal.next();
                    owed.release(&mut journal, next);
                }
            }
            disk.fail_sync_after(0);
            // A failed preparation leaves the journal usable; a failed append does not.
            let failed = owed.append(&mut journal, &[80, 80, 80]).unwrap_err();
            assert!(matches!(failed, AppendError::Io { .. } | AppendError::Prepare { .. }), "{failed}");
            drop(journal);
            let mut journal = owed.check(&disk).unwrap();
            if seed % 2 == 0 {
                owed.append(&mut journal, &[80]).unwrap();
            }
            owed.check(&disk.power_cut(seed)).unwrap();
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Append(Vec<usize>),
    /// Of what is there, so many of 8 parts.
    Release(u64),
    Prepare,
    Kill,
    PowerCut(u64),
    PowerCutAfterSteps(u64, u64),
    FailSync,
    FailWrite(usize),
    DiskFull(bool),
}

fn act() -> impl Strategy<Value = Act> {
    // Few lengths, so that new records often end where old ones began.
    let length = prop_oneof![Just(80_usize), Just(16), Just(200), 0_usize..592];
    prop_oneof![
        12 => prop::collection::vec(length, 1..5).prop_map(Act::Append),
        3 => (0_u64..=8).prop_map(Act::Release),
        2 => Just(Act::Prepare),
        2 => Just(Act::Kill),
        2 => any::<u64>().prop_map(Act::PowerCut),
        3 => (1_u64..12, any::<u64>()).prop_map(|(steps, seed)| Act::PowerCutAfterSteps(steps, seed)),
        1 => Just(Act::FailSync),
        1 => (0_usize..900).prop_map(Act::FailWrite),
        1 => any::<bool>().prop_map(Act::DiskFull),
    ]
}

/// The lives of a journal under `acts`, each begun by the ordinary start.
fn live(acts: &[Act], seed: u64) {
    let mut disk = SimDisk::new(seed);
    let mut owed = Owed::default();
    let mut journal = Some(owed.check(&disk).unwrap());
    let mut cut_seed = None;
    for act in acts {
        let mut open = match journal.take() {
            Some(open) => open,
            None => owed.check(&disk).expect("every start succeeds"),
        };
        let mut usable = true;
        match act {
            Act::Append(lengths) => {
                usable = !matches!(
                    owed.append(&mut open, lengths),
                    Err(AppendError::Io { .. } | AppendError::Poisoned { .. } | AppendError::Prepare { .. })
                );
            }
            Act::Release(eighths) => {
                let (first, next) = (open.first(), open.next());
                owed.release(&mut open, first + (next - first) * eighths / 8);
            }
            Act::Prepare => usable = open.prepare().is_ok(),
            Act::Kill => usable = false,
            Act::PowerCut(seed) => {
                disk = disk.power_cut(*seed);
                usable = false;
            }
            Act::PowerCutAfterSteps(steps, seed) => {
                disk.cut_at_step(disk.counts().steps + steps);
                cut_seed = Some(*seed);
            }
            Act::FailSync => disk.fail_sync_after(0),
            Act::FailWrite(kept) => disk.fail_write_after(*kept),
            Act::DiskFull(full) => disk.set_capacity(if *full { 0 } else { u64::MAX }),
        }
        if usable {
            journal = Some(open);
            continue;
        }
        drop(open);
        // Faults meant for the life that has ended do not meet the next start; that is another test's matter.
        disk = match cut_seed.take() {
            Some(seed) => disk.power_cut(seed),
            None => disk,
        };
        disk.heal();
    }
    owed.check(&disk.power_cut(seed)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_start_finds_what_is_owed(acts in prop::collection::vec(act(), 1..80), seed: u64) {
        live(&acts, seed);
    }
}

/// A segment keeps room for one last mark. A turn to the next that failed has used it, and the turn after the restart
/// has another to write.
#[test]
fn given_a_turn_that_failed_behind_its_mark_then_the_next_one_stays_within_the_segment() {
    use Act::{Append, FailSync, FailWrite, Release};
    let batches = |lengths: &[&[usize]]| lengths.iter().map(|l| Append(l.to_vec())).collect::<Vec<_>>();
    let mut acts = batches(&[&[80], &[80], &[80], &[80; 4], &[80], &[80; 3], &[80, 473, 16], &[200]]);
    acts.extend(batches(&[&[80, 200]]));
    acts.push(FailWrite(0));
    acts.extend(batches(&[&[80], &[16], &[80, 80, 16, 80]]));
    acts.extend([Release(1), Append(vec![1, 9]), Release(4), FailSync, Append(vec![80])]);
    acts.extend([Release(1), Append(vec![80])]);
    for seed in 0..20 {
        live(&acts, seed);
    }
}

/// The last mark of a segment has the number of the next segment's first record, and that may be the first that is not
/// released.
#[test]
fn given_a_used_segment_that_is_torn_as_it_is_used_again_then_its_last_mark_is_no_lost_record() {
    use Act::{Append, FailWrite, PowerCutAfterSteps, Release};
    let batches = |lengths: &[&[usize]]| lengths.iter().map(|l| Append(l.to_vec())).collect::<Vec<_>>();
    let mut acts = batches(&[&[80], &[80], &[80], &[80], &[80], &[80; 3], &[200, 200, 80], &[200, 80]]);
    acts.extend(batches(&[&[200, 200, 80], &[200, 200, 80], &[80, 80, 200], &[289, 257, 80]]));
    acts.push(PowerCutAfterSteps(1, 6_659_480_875_242_119_967));
    acts.extend(batches(&[&[200, 200, 200, 80], &[200]]));
    acts.extend([Release(5), PowerCutAfterSteps(1, 0), Release(4)]);
    acts.push(PowerCutAfterSteps(11, 114_341_480_669_078_955));
    acts.extend(batches(&[&[265, 80], &[80; 4], &[80; 3]]));
    acts.push(Release(3));
    acts.extend(batches(&[&[80], &[80], &[465, 200]]));
    acts.extend([FailWrite(17), Append(vec![521, 200, 305])]);
    for seed in 0..20 {
        live(&acts, seed);
    }
}

#[test]
fn names_of_new_segments_survive_as_soon_as_they_hold_a_record() {
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        let mut owed = Owed::default();
        let mut journal = owed.check(&disk).unwrap();
        for _ in 0..12 {
            owed.append(&mut journal, &[592]).unwrap();
        }
        assert_eq!(disk.list(Path::new("/spool")).unwrap().len(), 4);
        owed.check(&disk.power_cut(seed)).unwrap();
    }
}
