//! `lockward who-can`: everybody who could open a door at a moment, with what, and by which rule.

use crate::folder::{Folder, FolderError};
use crate::say::{count, say};
use clap::Args;
use lockward_draft::{read, told};
use lockward_hub::Office;
use lockward_model::{DoorId, PersonId, SiteZone, Time};
use lockward_site::Entrant;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Lists who can open a door, now or at another time.
#[derive(Args)]
pub(crate) struct WhoCan {
    /// Which door.
    door: DoorId,
    /// When: a date, a time on the site's clocks, or with an offset; now if none is given.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WhoCanError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Not a door.
    #[error("the site has no door `{door}`; it has {known}")]
    Unknown {
        /// What was asked for.
        door: DoorId,
        /// What there is.
        known: String,
    },
    /// Not a time.
    #[error("{0}")]
    At(String),
}

pub(crate) fn who_can(args: &WhoCan) -> Result<ExitCode, WhoCanError> {
    let office = args.folder.open()?;
    let site = office.site();
    let zone = &site.founding().zone;
    let at = match &args.at {
        Some(text) => read::moment("--at", text, zone, 0).map_err(WhoCanError::At)?,
        None => office.now().wall,
    };
    let Some(door) = site.door(args.door) else {
        let doors: Vec<_> = site.doors().map(|d| format!("`{}`", d.id)).collect();
        let known = if doors.is_empty() { "none".into() } else { doors.join(", ") };
        return Err(WhoCanError::Unknown { door: args.door, known });
    };
    say(&format!("Door `{}`, \"{}\", at {}:", door.id, door.title, on_the_wall(zone, at)));
    if site.stands_unlocked(door, at) {
        say("  It stands unlocked by its schedule: everybody can enter, without a card.");
    }
    if let Some(since) = site.locked_down_since(door.to) {
        say(&format!(
            "  Locked down since {}: only whom a policy lets in all the same.",
            on_the_wall(zone, since)
        ));
    }
    let found = site.who_can(args.door, at);
    if found.is_empty() {
        say("  Nobody can open it with a card.");
        return Ok(ExitCode::SUCCESS);
    }
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    for entrant in &found {
        *rules.entry(rules_of(entrant)).or_default() += 1;
        let groups = site.person(entrant.person).map(|p| p.groups).unwrap_or_default();
        let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
        let groups = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
        say(&format!(
            "  {} ({groups}): {}, by {}",
            person(&office, &site, entrant.person),
            told::factors(entrant.factors),
            rules_of(entrant),
        ));
    }
    say(&format!("{} can open it:", count(found.len(), "person")));
    for (rule, n) in rules {
        say(&format!("  {n} by {rule}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn rules_of(entrant: &Entrant) -> String {
    policies(&entrant.because)
}

/// `rule night, policy visitors`.
pub(crate) fn policies(because: &[Box<str>]) -> String {
    let told: Vec<_> = because.iter().map(|id| id.replacen('/', " ", 1)).collect();
    told.join(", ")
}

/// A person's id, with the name where its key is still there.
pub(crate) fn person(office: &Office, site: &lockward_site::Site, id: PersonId) -> String {
    let sealed = site.person(id).and_then(|p| p.sealed);
    match sealed.and_then(|sealed| office.open_person(id, &sealed)) {
        Some(attributes) => format!("{id}, {}", attributes.name),
        None => id.to_string(),
    }
}

/// A moment as the site's clocks show it, and in UTC.
pub(crate) fn on_the_wall(zone: &SiteZone, at: Time) -> String {
    let local = zone.local(at);
    let (hour, minute) = (local.minute / 60, local.minute % 60);
    format!("{} {hour:02}:{minute:02}:{:02} {} ({at})", local.date, local.second, zone.name())
}
