//! `door`: one step of a door, a controller whose doors are all busy, and what rules cost a door that does not use them.

use crate::door_bare;
use crate::door_busy::{self, Busy};
use crate::door_rules;
use crate::door_step;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, bootstrap, mean, median, percentile, ratio};
use clap::Args;
use std::path::PathBuf;

pub(crate) use crate::door_busy::{Options as Child, child};

#[derive(Args)]
pub(crate) struct Options {
    /// Steps of a door a round.
    #[arg(long, default_value_t = 20_000)]
    steps: usize,
    /// Badges a round with and without rules, one after the other.
    #[arg(long, default_value_t = 100)]
    badges: usize,
    /// Lines of the busy controller; its 64 doors are divided among them.
    #[arg(long, default_value_t = 8)]
    lines: usize,
    /// What they run at.
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Badges of each busy door a round, one a second.
    #[arg(long, default_value_t = 2)]
    shared: usize,
    /// Measures the busy controller as a process in real time, too.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    process: bool,
    /// Where to write; a temporary folder if not given. Mind what disk it is on.
    #[arg(long)]
    dir: Option<PathBuf>,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("door");
    let kept = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    steps(&mut report, options)?;
    rules(&mut report, options, &kept.path().join("rules"))?;
    report.about(format!(
        "busy: 64 doors on {} lines at {} baud, each line with a lock board; at each door a badge a second, and somebody \
         who opens and closes it; simulated time, the disk real",
        options.lines, options.baud
    ));
    busy(&mut report, options, kept.path())?;
    Ok(report)
}

fn steps(report: &mut Report, options: &Options) -> Result<(), Failed> {
    let (track, releases) = door_step::measure(options.rounds, options.steps)?;
    report.about(format!(
        "a step: one of {} random inputs a round, decided ones among them; {releases} releases",
        options.steps
    ));
    report.track(&track);
    report.figure("  p99 of it", percentile(&track.all, 0.99), "ns");
    let micros = bootstrap(&track.medians, &[], |all, _| median(all) / 1e3);
    report.goal("a door's step, µs", micros, Bound::AtMost(2.0));
    report.check("every step said what the naive rules of the door's tests say", true);
    report.check("every timed step said word for word what the checked one had said", true);
    Ok(())
}

fn rules(report: &mut Report, options: &Options, dir: &std::path::Path) -> Result<(), Failed> {
    report.about("rules elsewhere: anti-passback, limits on people and on openings, airlocks, guesses at other readers");
    let (tracks, openings) = door_rules::measure(options.rounds, options.badges, dir)?;
    tracks.iter().for_each(|t| report.track(t));
    if let [none, elsewhere] = tracks.as_slice() {
        report.goal("badge, rules elsewhere / no rules", ratio(elsewhere, none), Bound::AtMost(1.1));
    }
    report.check(
        format!(
            "{} releases with and without, {} openings on the disk",
            openings.released, openings.recorded
        ),
        openings.released == openings.recorded,
    );
    Ok(())
}

fn busy(report: &mut Report, options: &Options, dir: &std::path::Path) -> Result<(), Failed> {
    let Options { rounds, shared, lines, baud, process, .. } = *options;
    let found = door_busy::simulate(rounds, shared, lines, baud, &dir.join("simulated"))?;
    report.figure("64 doors, only polled: share of a core", median(&found.idle), "%");
    report.figure("64 busy doors, bus, core and disk", median(&found.busy), "%");
    let share = bootstrap(&found.busy, &[], |all, _| median(all));
    report.goal("64 busy doors, % of a core", share, Bound::AtMost(5.0));
    whole(report, &found, "simulated");
    if process {
        report.about(
            "as a process: the same in real time with the operating system's part, lines at pseudo-terminals",
        );
        let found = door_busy::measure(rounds, shared, lines, baud, &dir.join("process"))?;
        let bare = door_bare::measure(rounds, lines, baud)?;
        report.figure("a bare loop over such lines", median(&bare), "%");
        report.figure("as a process, only polled", median(&found.idle), "%");
        report.figure("as a process, 64 busy doors", median(&found.busy), "%");
        report.figure("  card at a reader to its bolt, mean", mean(&found.to_bolt), "ns");
        report.figure("  p99 of it", percentile(&found.to_bolt, 0.99), "ns");
        whole(report, &found, "process");
    }
    Ok(())
}

fn whole(report: &mut Report, found: &Busy, what: &str) {
    let Busy { badges, released, recorded, opened, .. } = found;
    report.check(
        format!(
            "{what}: {badges} badges, {released} releases, {recorded} grants and {opened} openings recorded"
        ),
        found.is_whole(),
    );
}
