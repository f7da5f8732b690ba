//! `lockward schedule show`: what a schedule says, what it is now or at another time, and what it does next.

use crate::folder::{Folder, FolderError};
use crate::say::say;
use clap::Args;
use lockward_draft::{read, schedules};
use lockward_model::ScheduleId;
use std::process::ExitCode;

/// Transitions that one run shows at most: three years of a schedule with a break at noon.
const NEXT_MAX: u16 = 4_096;

/// Shows a schedule, and when it opens and closes next.
#[derive(Args)]
pub(crate) struct Show {
    /// Which schedule.
    schedule: ScheduleId,
    /// From when on: a date, a time on the site's clocks, or with an offset; now if none is given.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// How many transitions.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(0..=i64::from(NEXT_MAX)))]
    next: u16,
    #[command(flatten)]
    folder: Folder,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Not a schedule.
    #[error("the site has no schedule `{schedule}`; it has {known}")]
    Unknown {
        /// What was asked for.
        schedule: ScheduleId,
        /// What there is.
        known: String,
    },
    /// Not a time.
    #[error("{0}")]
    At(String),
}

pub(crate) fn show(args: &Show) -> Result<ExitCode, ShowError> {
    let office = args.folder.open()?;
    let site = office.site();
    let zone = &site.founding().zone;
    let at = match &args.at {
        Some(text) => read::moment("--at", text, zone, 0).map_err(ShowError::At)?,
        None => office.now().wall,
    };
    let Some(schedule) = site.schedules().find(|s| s.id() == args.schedule) else {
        let all: Vec<_> = site.schedules().map(|s| format!("`{}`", s.id())).collect();
        let known = if all.is_empty() { "none".into() } else { all.join(", ") };
        return Err(ShowError::Unknown { schedule: args.schedule, known });
    };
    say(&format!("Schedule `{}`, in {}:", schedule.id(), zone.name()));
    for (name, value) in schedules::parts(schedule) {
        say(&format!("  {name}: {value}"));
    }
    let state = if schedule.is_open(&zone.moment(at)) { "open" } else { "closed" };
    say(&format!("{}, it is {state}.", schedules::told_local(zone.local(at))));
    let next = schedule.next_transitions(zone, at, usize::from(args.next));
    if next.is_empty() && args.next > 0 {
        say("It stays so for the next ten years.");
    }
    for t in next {
        // The hour that comes twice is told apart by its UTC.
        let there = schedules::told_local(zone.local(t.at));
        say(&format!("  {there} {} ({})", schedules::turn(t.opens), t.at));
    }
    if let Some((date, exception)) = schedule.next_exception(zone.local(at).date) {
        let told = schedules::told_exception(exception);
        say(&format!("Next exception: {} {date}, {told}.", schedules::weekday(date)));
    }
    Ok(ExitCode::SUCCESS)
}
