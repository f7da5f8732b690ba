//! `log`: one durable record on a controller beside the raw disk and SQLite; a whole badge, and many that wait together.

use crate::device::{self, Device, SOURCE_KEY, released};
use crate::dice::Dice;
use crate::log_badge::Badge;
use crate::machine;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, Lane, Round, bootstrap, each, interleave, median, ratio};
use crate::world::{CARD_KEY, NOON, Plan, Size, card, controller, door_id, token};
use clap::Args;
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_model::{
    Access, Body, Code, ConfigRef, Digest, Epoch, Event, Factors, Known, Outcome, PinFact, Side, Source,
};
use lockward_site::{Keep, Site};
use lockward_store::{DiskFile, Journal, Limits, RealDisk};
use lockward_wire::event::{Leaf, seal};
use lockward_wire::{CardKey, SourceKey};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct Options {
    /// Where to write; a temporary folder if not given. Mind what disk it is on.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Records a round, one after the other.
    #[arg(long, default_value_t = 200)]
    records: usize,
    /// Doors that wait together.
    #[arg(long, default_value_t = 128)]
    doors: usize,
    /// Badges of each waiting door a round.
    #[arg(long, default_value_t = 20)]
    shared: usize,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// Room for raw records: what a segment of a spool has.
const RAW_BYTES: u64 = 4 * 1024 * 1024;

/// One granted access as it goes to the disk.
fn leaf(n: u64) -> Result<Vec<u8>, Failed> {
    let access = Access {
        side: Side::Entry,
        token: Some(token(&CardKey::from_bytes(CARD_KEY), 7)?),
        person: Some("p7".parse()?),
        factors: Factors::CARD,
        pin: PinFact::NotAsked,
        keypad: true,
        config: Some(ConfigRef { size: 900, root: Digest([1; 32]) }),
        config_age: Duration::ZERO,
        known: Known::default(),
        outcome: Outcome::Granted { because: vec!["rule/r1".into()] },
    };
    let event = Event {
        source: Source::Controller(controller()?),
        seq: n,
        prev: Digest([2; 32]),
        time: NOON,
        door: Some(door_id(1)?),
        epoch: Epoch(1),
        body: Body::Access(access),
    };
    Ok(seal(&event, Dice::new(n).bytes(), &SourceKey::from_bytes(SOURCE_KEY))?)
}

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("log");
    let kept = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let dir = kept.path();
    report.about(format!("in {}; each record a sealed access of {} bytes", dir.display(), leaf(0)?.len()));
    report.about(format!(
        "{} doors wait together; each badge is decided, sealed, chained, synced",
        options.doors
    ));
    let plan = Plan::new(Size { people: 2_000, policies: 200, doors: options.doors }, 1)?;
    let mut site: Option<Site> = None;
    let folder = dir.join("controller");
    device::enrol(&folder, &plan, |entry, id| {
        match &mut site {
            None => site = Some(Site::found(entry, id, Keep::Decisions)?),
            Some(site) => site.apply(entry)?,
        }
        Ok(())
    })?;
    let site = site.ok_or("no site")?;
    let cards = (0..options.doors).map(|door| Ok(card(device::let_in(&site, door)?)));
    let cards = cards.collect::<Result<Vec<_>, Failed>>()?;
    let mut device = Device::start(&folder, options.doors)?;
    device.meet_hub()?;

    let journal = dir.join("journal");
    let mut kept = Kept { single: Vec::new(), released: 0 };
    let tracks = measure(options, dir, &journal, &mut device, &cards, &mut kept)?;
    device.end()?;
    tracks.iter().for_each(|t| report.track(t));
    if let [raw, append, sqlite, badge, together] = tracks.as_slice() {
        report.goal("append / raw fdatasync", ratio(append, raw), Bound::AtMost(2.0));
        report.goal("rate, doors together / one badge", ratio(badge, together), Bound::AtLeast(20.0));
        let over = bootstrap(&badge.medians, &append.medians, |a, b| (median(a) - median(b)) / 1e3);
        report.goal("badge in to release out - append, µs", over, Bound::AtMost(200.0));
        report.figure("append / SQLite FULL", ratio(append, sqlite).value, "");
        report.figure("rate, one badge at a time", 1e9 / badge.median(), "/s");
        report.figure("rate, doors together", 1e9 / together.median(), "/s");
    }
    let single = kept.single.len();
    report.check(format!("{single} single records read back"), read_back(&journal, kept.single)?);
    let openings = count(&folder.join("spool"), Code::AccessGranted)?;
    report.check(
        format!("{} releases, {openings} openings on the disk", kept.released),
        openings == kept.released,
    );
    Ok(report)
}

/// What was acknowledged, and has to be found again: numbers of records, and the seed of each.
struct Kept {
    single: Vec<(u64, u64)>,
    released: usize,
}

fn measure(
    options: &Options,
    dir: &Path,
    journal: &Path,
    device: &mut Device,
    cards: &[[u8; 4]],
    kept: &mut Kept,
) -> Result<Vec<crate::rounds::Track>, Failed> {
    let (mut single, _) = Journal::open(RealDisk, journal, Limits::SPOOL, 1)?;
    let sqlite = sqlite(dir)?;
    let mut badge = Badge::new()?;
    let mut seed = 0;
    let device = std::cell::RefCell::new(device);
    let Kept { single: ones, released: openings } = kept;
    let openings = std::cell::Cell::from_mut(openings);
    let count = options.records;
    let door_one = *cards.first().ok_or("no doors")?;
    let mut lanes = [
        raw(dir, count)?,
        Lane {
            name: "Journal::append, one record",
            run: Box::new(|_| {
                each(count, |_| {
                    seed += 1;
                    let numbers = single.append(&[&leaf(seed)?])?;
                    ones.push((numbers.start, seed));
                    Ok(())
                })
            }),
        },
        Lane {
            name: "SQLite, WAL, synchronous FULL, one insert",
            run: Box::new(|_| {
                each(count, |n| {
                    sqlite
                        .prepare_cached("INSERT INTO log (leaf) VALUES (?1)")?
                        .execute([leaf(n as u64)?])?;
                    Ok(())
                })
            }),
        },
        Lane {
            name: "badge frame in to release command out",
            run: Box::new(|_| {
                let device = &mut *device.borrow_mut();
                let mut took = Vec::with_capacity(count);
                let mut cpu = 0.0;
                for _ in 0..count {
                    let (wall, busy) = badge.tap(device, &door_one)?;
                    took.push(wall);
                    cpu += busy / count as f64;
                    openings.set(openings.get() + 1);
                    device.rest()?;
                }
                Ok(Round { each: took, cpu })
            }),
        },
        Lane {
            name: "doors that wait together, a badge",
            run: Box::new(|_| {
                let device = &mut *device.borrow_mut();
                let mut took = Vec::new();
                let (mut cpu, turns) = (0.0, options.shared);
                for _ in 0..turns {
                    let mut inputs: Vec<Input> = (0..)
                        .zip(cards)
                        .map(|(door, card)| Input::Card {
                            door,
                            side: Side::Entry,
                            bits: 32,
                            data: card.to_vec(),
                        })
                        .collect();
                    let (start, busy) = (machine::now(), machine::process_cpu_ns());
                    let effects = device.turn(&mut inputs)?;
                    took.push(start.elapsed().as_nanos() as f64 / cards.len() as f64);
                    cpu += (machine::process_cpu_ns() - busy) / (cards.len() * turns) as f64;
                    if released(&effects) != cards.len() {
                        return Err("a door was not released".into());
                    }
                    openings.set(openings.get() + cards.len());
                    device.rest()?;
                }
                Ok(Round { each: took, cpu })
            }),
        },
    ];
    interleave(options.rounds, &mut lanes)
}

/// What the disk itself takes for a record.
pub(crate) fn raw(dir: &Path, count: usize) -> Result<Lane<'static>, Failed> {
    let (raw, mut at) = (raw_file(dir)?, 0);
    let run = move |_: usize| {
        each(count, |n| {
            let leaf = leaf(n as u64)?;
            raw.write_at(at, &leaf)?;
            raw.sync_data()?;
            at = (at + leaf.len() as u64) % (RAW_BYTES - 1024);
            Ok(())
        })
    };
    Ok(Lane { name: "raw write and fdatasync, into filled blocks", run: Box::new(run) })
}

fn raw_file(dir: &Path) -> Result<std::fs::File, Failed> {
    let file = std::fs::OpenOptions::new().read(true).write(true).create_new(true).open(dir.join("raw"))?;
    file.write_at(0, &vec![0; usize::try_from(RAW_BYTES)?])?;
    file.sync_all()?;
    Ok(file)
}

fn sqlite(dir: &Path) -> Result<rusqlite::Connection, Failed> {
    let sqlite = rusqlite::Connection::open(dir.join("peer.sqlite"))?;
    sqlite.pragma_update(None, "journal_mode", "WAL")?;
    sqlite.pragma_update(None, "synchronous", "FULL")?;
    sqlite.execute_batch("CREATE TABLE log (n INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT")?;
    Ok(sqlite)
}

/// Whether every acknowledged record is on the disk, as it was, and none is missing.
fn read_back(dir: &Path, mut kept: Vec<(u64, u64)>) -> Result<bool, Failed> {
    kept.sort_unstable();
    let (journal, recovered) = Journal::open(RealDisk, dir, Limits::SPOOL, 3)?;
    let mut records = journal.read_from(0);
    for (number, seed) in &kept {
        let record = records.next().ok_or("a record is missing")??;
        if record.number != *number || record.bytes != leaf(*seed)? {
            return Ok(false);
        }
    }
    Ok(recovered.torn.is_none() && records.next().is_none())
}

/// Events of a kind in a controller's spool.
pub(crate) fn count(dir: &Path, code: Code) -> Result<usize, Failed> {
    let (journal, _) = Journal::open(RealDisk, dir, Limits::SPOOL, 4)?;
    let mut found = 0;
    for record in journal.read_from(0) {
        if let Leaf::Event(event) = Leaf::parse(&record?.bytes)? {
            found += usize::from(event.code() == code);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_missing_or_altered_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(RealDisk, dir.path(), Limits::SPOOL, 1).unwrap();
        journal.append(&[&leaf(0).unwrap(), &leaf(1).unwrap()]).unwrap();
        drop(journal);
        assert!(read_back(dir.path(), vec![(1, 1), (0, 0)]).unwrap());
        assert!(!read_back(dir.path(), vec![(0, 0), (1, 2)]).unwrap());
        assert!(read_back(dir.path(), vec![(0, 0), (1, 1), (2, 2)]).is_err());
    }
}
