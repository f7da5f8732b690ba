//! `lockward what-can`: every door that a person could open at a moment, with what, and by which rule; and which at others.

use crate::folder::{Folder, FolderError};
use crate::say::{count, say};
use crate::who_can::{on_the_wall, person};
use clap::Args;
use lockward_draft::{read, told};
use lockward_model::{Person, PersonId, Time};
use lockward_site::{Reach, Site, When};
use std::process::ExitCode;

/// Lists what a person can open, now or at another time.
#[derive(Args)]
pub(crate) struct WhatCan {
    /// Who.
    person: PersonId,
    /// When: a date, a time on the site's clocks, or with an offset; now if none is given.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhatCanError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Nobody.
    #[error(
        "the site knows no person `{0}`; `lockward change show` and the console list people by their ids"
    )]
    Unknown(PersonId),
    /// Not a time.
    #[error("{0}")]
    At(String),
}

pub(crate) fn what_can(args: &WhatCan) -> Result<ExitCode, WhatCanError> {
    let office = args.folder.open()?;
    let site = office.site();
    let zone = &site.founding().zone;
    let at = match &args.at {
        Some(text) => read::moment("--at", text, zone, 0).map_err(WhatCanError::At)?,
        None => office.now().wall,
    };
    let Some(known) = site.person(args.person) else { return Err(WhatCanError::Unknown(args.person)) };
    let groups: Vec<_> = known.groups.iter().map(ToString::to_string).collect();
    let groups = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
    say(&format!("{} ({groups}), at {}:", person(&office, &site, args.person), on_the_wall(zone, at)));
    if let Some(why) = without_right(&known, at) {
        say(&format!("  Opens nothing: {why}."));
        return Ok(ExitCode::SUCCESS);
    }
    if site.credentials_of(args.person).is_empty() {
        say("  Has no card yet, nor anything else; with a card:");
    }
    let found = site.what_can(args.person, at);
    let (now, later): (Vec<&Reach>, Vec<&Reach>) = found.iter().partition(|r| r.when == When::Now);
    for reach in &now {
        say(&format!("  {}: {}", reach.door, how(&site, reach)));
    }
    say(&format!("{} can be opened.", count(now.len(), "door")));
    if !later.is_empty() {
        say("At other times:");
    }
    for reach in &later {
        let when = match reach.when {
            When::Open(schedule) => format!("while `{schedule}` is open"),
            When::NothingOpen | When::Now => "while no schedule is open".into(),
        };
        say(&format!("  {} {when}: {}", reach.door, how(&site, reach)));
    }
    let free: Vec<_> =
        site.doors().filter(|d| site.stands_unlocked(d, at)).map(|d| d.id.to_string()).collect();
    if !free.is_empty() {
        say(&format!("Unlocked for everybody by their schedules: {}", free.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Why somebody opens nothing, whatever the rules.
fn without_right(person: &Person, at: Time) -> Option<&'static str> {
    let valid = &person.valid;
    match () {
        () if person.suspended => Some("suspended"),
        () if valid.from.is_some_and(|from| at < from) => Some("not valid yet"),
        () if valid.until.is_some_and(|until| until <= at) => Some("no longer valid"),
        () => None,
    }
}

/// `card and PIN, with a second person, by rule night (while `night` is open)`.
fn how(site: &Site, reach: &Reach) -> String {
    let second = match (reach.how.second, site.person(reach.how.person).is_some_and(|p| p.visit.is_some())) {
        (false, _) => "",
        (true, false) => ", with a second person",
        (true, true) => ", with an escort",
    };
    let by: Vec<_> = reach.how.because.iter().map(|name| by(site, name)).collect();
    format!("{}{second}, by {}", told::factors(reach.how.factors), by.join(", "))
}

/// A rule with its schedule.
fn by(site: &Site, name: &str) -> String {
    let rule = name.strip_prefix("rule/").and_then(|id| site.rules().find(|r| r.id.as_str() == id));
    let told = name.replacen('/', " ", 1);
    match rule.and_then(|r| r.schedule) {
        Some(schedule) => format!("{told} (while `{schedule}` is open)"),
        None => told,
    }
}
