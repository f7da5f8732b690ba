//! `footprint`: what a controller with a large configuration takes of memory, and of time until its first decision.
//!
//! Each start is a process of its own, this binary's: it opens the folder, replays and checks the whole config log,
//! is shown a card, makes the record durable, and tells.

use crate::device::{self, Device, released};
use crate::footprint_hub::first_answer;
use crate::hub::lay;
use crate::machine;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, ROUNDS_MIN, Sure, bootstrap, median};
use crate::world::{Plan, Size, card};
use clap::Args;
use lockward_controller::core::Input;
use lockward_model::Side;
use lockward_site::{Keep, Site};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub(crate) struct Options {
    /// Credentials.
    #[arg(long, default_value_t = 250_000)]
    users: usize,
    /// Rules and policies.
    #[arg(long, default_value_t = 2_000)]
    policies: usize,
    /// Doors of the site; the controller has 64 of them.
    #[arg(long, default_value_t = 500)]
    doors: usize,
    /// Where to keep the controller's folder; a temporary one if not given.
    #[arg(long)]
    dir: Option<PathBuf>,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// Doors of the controller.
const DOORS: usize = 64;

#[derive(Args)]
pub(crate) struct Child {
    folder: PathBuf,
    person: u32,
}

#[derive(Serialize, Deserialize)]
struct Told {
    released: bool,
    resident: u64,
    peak: u64,
    cpu_ns: f64,
}

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("footprint");
    let kept = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let size = Size { people: options.users, policies: options.policies, doors: options.doors };
    let full = kept.path().join("full");
    let person = prepare(&full, size)?;
    let few = kept.path().join("few");
    let somebody = prepare(&few, Size { people: 10, policies: 10, doors: 2 })?;
    report.about(format!(
        "{} people and cards, {} policies, {} doors at the site; a config log of {:.0} MiB",
        size.people,
        size.policies,
        size.doors,
        bytes_in(&full.join("config"))? as f64 / 1_048_576.0
    ));
    report.about("a new process each time: replays and checks the whole log, decides, records, releases");

    let hub = kept.path().join("hub");
    lay(&hub)?;
    let (mut hub_starts, mut hub_resident) = (vec![], vec![]);
    let (mut starts, mut empty, mut resident, mut peak, mut cpu) = (vec![], vec![], vec![], vec![], vec![]);
    let mut all_released = true;
    for round in 0..=options.rounds.max(ROUNDS_MIN) {
        let (took, told) = start(&full, person)?;
        let (took_few, told_few) = start(&few, somebody)?;
        let (took_hub, resident_hub) = first_answer(&hub)?;
        all_released &= told.released && told_few.released;
        if round > 0 {
            starts.push(took);
            empty.push(took_few);
            resident.push(told.resident as f64);
            peak.push(told.peak as f64);
            cpu.push(told.cpu_ns);
            hub_starts.push(took_hub);
            hub_resident.push(resident_hub);
        }
    }
    report.figure("start to first release, process and all", median(&starts), "ns");
    report.figure("  CPU of it", median(&cpu), "ns");
    report.figure("start to first release, 10 people", median(&empty), "ns");
    report.figure("resident memory after it", median(&resident), "B");
    report.figure("resident memory at its highest", median(&peak), "B");
    report.figure("hub, start to first answer, process and all", median(&hub_starts), "ns");
    report.figure("hub, resident memory after it", median(&hub_resident), "B");
    let seconds = bootstrap(&starts, &[], |all, _| median(all) / 1e9);
    report.goal("start to first decision, s", seconds, Bound::AtMost(3.0));
    let millis = bootstrap(&hub_starts, &[], |all, _| median(all) / 1e6);
    report.goal("hub, start to first answer, ms", millis, Bound::AtMost(50.0));
    let megabytes = |all: &[f64]| median(all) / 1e6;
    report.goal("resident memory, MB", Sure::exact(megabytes(&resident)), Bound::AtMost(150.0));
    report.goal("highest resident memory, MB", Sure::exact(megabytes(&peak)), Bound::AtMost(150.0));
    report.check("every start ended with the door released and its record on the disk", all_released);
    Ok(report)
}

/// Makes a controller's folder; gives somebody whom door 0 lets in.
fn prepare(folder: &Path, size: Size) -> Result<u32, Failed> {
    let plan = Plan::new(size, 1)?;
    let mut site: Option<Site> = None;
    device::enrol(folder, &plan, |entry, id| {
        match &mut site {
            None => site = Some(Site::found(entry, id, Keep::Decisions)?),
            Some(site) => site.apply(entry)?,
        }
        Ok(())
    })?;
    let mut device = Device::start(folder, 1)?;
    device.meet_hub()?;
    device.end()?;
    Ok(u32::try_from(device::let_in(&site.ok_or("no site")?, 0)?)?)
}

/// Starts a process and waits for its answer; nanoseconds from its start to its end.
fn start(folder: &Path, person: u32) -> Result<(f64, Told), Failed> {
    let before = machine::now();
    let this = std::env::current_exe()?;
    let done = Command::new(this).arg("footprint-child").arg(folder).arg(person.to_string()).output()?;
    let took = before.elapsed().as_nanos() as f64;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok((took, serde_json::from_slice(&done.stdout)?))
}

/// What each of those processes does.
pub(crate) fn child(options: &Child) -> Result<(), Failed> {
    let mut device = Device::start(&options.folder, DOORS)?;
    let person = usize::try_from(options.person)?;
    let mut inputs = vec![Input::Card { door: 0, side: Side::Entry, bits: 32, data: card(person).to_vec() }];
    let effects = device.turn(&mut inputs)?;
    let (resident, peak) = machine::resident();
    let told = Told { released: released(&effects) == 1, resident, peak, cpu_ns: machine::process_cpu_ns() };
    println!("{}", serde_json::to_string(&told)?);
    // What is freed at the end is no part of a start.
    std::process::exit(0)
}

fn bytes_in(folder: &Path) -> Result<u64, Failed> {
    let mut sum = 0;
    for file in std::fs::read_dir(folder)? {
        sum += file?.metadata()?.len();
    }
    Ok(sum)
}
