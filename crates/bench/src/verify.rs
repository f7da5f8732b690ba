//! `verify`: a stranger's check of a whole site, every decision decided again, and what it takes.

use crate::machine;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, Lane, Round, Sure, bootstrap, interleave, median};
use crate::verify_log::{Kept, Logs, epoch_key};
use clap::Args;
use lockward_audit::{Audit, AuditError, EpochKeys, Pin};
use lockward_model::{Epoch, SiteId};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub(crate) struct Options {
    /// Entries of the event log.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Entries of the shorter log, which memory is compared with; speed is measured on it too.
    #[arg(long, default_value_t = 100_000)]
    fewer: u64,
    /// People of the site.
    #[arg(long, default_value_t = 2_000)]
    users: usize,
    /// Where to write the logs; a temporary folder if not given.
    #[arg(long)]
    dir: Option<PathBuf>,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

#[derive(Args)]
pub(crate) struct Child {
    folder: PathBuf,
}

/// The least log that memory is measured on: some batches.
const LEAST: u64 = 10_000;

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("verify");
    let kept = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let [least, some, all] = [LEAST, options.fewer, options.entries].map(|n| kept.path().join(n.to_string()));
    let mut logs = Logs::new(options.users)?;
    let mut made = |dir: &Path, entries| logs.write(dir, entries);
    made(&least, LEAST)?;
    let decisions = made(&some, options.fewer)?;
    if options.entries > options.fewer {
        made(&all, options.entries)?;
    }
    let site = logs.site();
    report.about(format!("{} entries from a file, {decisions} of them decisions, the rest", options.fewer));
    report.about("heads of the one chain; one thread checks, another reads and hashes");

    let count = options.fewer as f64;
    let audit = |keys: bool| {
        let (start, cpu) = (machine::now(), machine::process_cpu_ns());
        let found = Audit::new(Kept::open(&some)?, Pin::Expect(site), epoch_keys(keys)).run(|_| {})?;
        if keys && found.decided != decisions || found.event.size != options.fewer {
            return Err("not every decision was decided again".into());
        }
        let took = start.elapsed().as_nanos() as f64 / count;
        Ok(Round { each: vec![took], cpu: (machine::process_cpu_ns() - cpu) / count })
    };
    let mut lanes = [
        Lane { name: "an entry, decisions decided again", run: Box::new(|_| audit(true)) },
        Lane { name: "an entry, without the epoch's key", run: Box::new(|_| audit(false)) },
    ];
    let tracks = interleave(options.rounds, &mut lanes)?;
    tracks.iter().for_each(|t| report.track(t));
    if let Some(track) = tracks.first() {
        report.figure("entries a second, by the wall", 1e9 / track.median(), "/s");
        let rate = bootstrap(&track.cpu, &[], |all, _| 1e9 / median(all));
        report.goal("entries a second of one core's time", rate, Bound::AtLeast(50_000.0));
    }
    let (few, many) = (memory(&least, site)?, memory(if all.exists() { &all } else { &some }, site)?);
    report.figure(format!("highest memory, {LEAST} entries"), few, "B");
    report.figure(format!("highest memory, {} entries", options.entries), many, "B");
    report.goal("memory, long log / short log", Sure::exact(many / few), Bound::AtMost(1.2));
    report.check(format!("{decisions} decisions decided again each time, none differs"), true);
    report
        .check("one flipped byte is found, and its entry named", flip_is_found(&some, options.fewer, site)?);
    Ok(report)
}

fn epoch_keys(given: bool) -> EpochKeys {
    given.then(|| (Epoch(1), epoch_key())).into_iter().collect()
}

/// The highest resident memory of a process that checks the log, in bytes.
fn memory(folder: &Path, site: SiteId) -> Result<f64, Failed> {
    let this = std::env::current_exe()?;
    let done = Command::new(this).arg("verify-child").arg(folder).output()?;
    if !done.status.success() {
        return Err(format!("{site}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(String::from_utf8(done.stdout)?.trim().parse()?)
}

/// What that process does.
pub(crate) fn child(options: &Child) -> Result<(), Failed> {
    Audit::new(Kept::open(&options.folder)?, Pin::Found, epoch_keys(true)).run(|_| {})?;
    println!("{}", machine::resident().1);
    Ok(())
}

/// Flips one byte in the middle of the log.
fn flip_is_found(folder: &Path, entries: u64, site: SiteId) -> Result<bool, Failed> {
    let mut kept = Kept::open(folder)?;
    kept.flip = Some(entries / 2);
    match Audit::new(kept, Pin::Expect(site), epoch_keys(true)).run(|_| {}) {
        Err(AuditError::Finding(finding)) => Ok(finding.index == Some(entries / 2)),
        Err(AuditError::Source(error)) => Err(error.into()),
        Ok(_) => Ok(false),
    }
}
