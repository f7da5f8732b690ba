//! `lockward lockdown`: stops entering into a zone, or lifts that; first it says which doors, and whom they still let in.

use crate::change::deed::{self, Deed, DeedError};
use crate::say::{count, say};
use crate::who_can::{on_the_wall, person, policies};
use clap::Args;
use lockward_draft::{ChangeFile, DECISIONS_MAX, short, told};
use lockward_hub::Office;
use lockward_model::{DoorId, ExitHardware, Time, Zone, ZoneId};
use lockward_site::{Entrant, Free, LockdownOf, Site};
use std::process::ExitCode;

/// People that are named at doors; more are counted.
const NAMED_MAX: usize = 12;

/// Locks a zone down: nobody enters it until that is lifted, and everybody can leave.
#[derive(Args)]
pub(crate) struct Lockdown {
    /// Which zone, with all that lies in it.
    zone: ZoneId,
    /// Ends the lockdown of the zone.
    #[arg(long)]
    lift: bool,
    /// Says what it would do, and signs nothing.
    #[arg(long)]
    preview: bool,
    #[command(flatten)]
    deed: Deed,
}

pub(crate) fn lockdown(args: &Lockdown) -> Result<ExitCode, DeedError> {
    let office = args.deed.signing.folder.open()?;
    let told = {
        let (site, now) = (office.site(), office.now().wall);
        let zone = deed::zone(&site, args.zone)?;
        if !args.lift && site.lockdowns().any(|z| z == zone.id) {
            say(&already(&site, zone));
            say(&stops(&office, &site, zone, now));
            return Ok(ExitCode::SUCCESS);
        }
        if args.lift {
            lifts(&site, zone, now)
        } else {
            head(&site, zone) + &stops(&office, &site, zone, now)
        }
    };
    if args.preview {
        say(&told);
        say("Nothing was changed: this is a preview.");
        return Ok(ExitCode::SUCCESS);
    }
    let names = deed::one(&args.zone);
    let mut file = ChangeFile::default();
    if args.lift {
        file.lift_lockdown = names;
    } else {
        file.lock_down = names;
    }
    args.deed.carry_out(file, &office, |_, _, _, _| told)
}

fn named(zone: &Zone) -> String {
    format!("zone `{}`, \"{}\"", zone.id, zone.title)
}

fn already(site: &Site, zone: &Zone) -> String {
    let since = site.locked_down_since(zone.id);
    let since = since.map(|at| format!(" since {}", on_the_wall(&site.founding().zone, at)));
    format!("Locked down already{}: {}. Nothing was changed.\n", since.unwrap_or_default(), named(zone))
}

fn head(site: &Site, zone: &Zone) -> String {
    let lies_in =
        |z: &&Zone| std::iter::successors(z.parent, |p| site.zone(*p)?.parent).any(|p| p == zone.id);
    let within: Vec<_> = site.zones().filter(lies_in).map(|z| z.id.to_string()).collect();
    let within = match within.as_slice() {
        [] => String::new(),
        _ => format!(", with {}", short(within, "zone")),
    };
    format!("Lockdown of {}{within}:\n", named(zone))
}

fn listed(doors: impl IntoIterator<Item = DoorId>) -> String {
    short(doors.into_iter().map(|d| d.to_string()).collect(), "door")
}

/// What a lockdown does to the doors of a zone.
fn stops(office: &Office, site: &Site, zone: &Zone, now: Time) -> String {
    let doors = site.lockdown_preview(zone.id, now);
    if doors.is_empty() {
        return "  No door leads into it: it stops nobody.\n".into();
    }
    let all = doors.iter().map(|d| d.door);
    let mut out = format!("  Nobody enters by {}: {}.\n", count(doors.len(), "door"), listed(all));
    out += &unlocked(site, &doors);
    out += &still(office, site, &doors, now);
    let by_button = |d: &&LockdownOf| site.door(d.door).is_some_and(|d| d.exit == ExitHardware::Released);
    let buttons: Vec<_> = doors.iter().filter(by_button).map(|d| d.door).collect();
    out += "  Everybody can leave by every door, as before";
    out += &match (buttons.len(), doors.len() - buttons.len()) {
        (0, _) => ": by the handle.\n".to_owned(),
        (_, 0) => ": by the button, which moves the bolt and asks nobody.\n".to_owned(),
        _ => format!(
            ": by the handle; by the button, which moves the bolt and asks nobody, at {}.\n",
            listed(buttons)
        ),
    };
    out
}

/// Doors that stand open to everybody, or may.
fn unlocked(site: &Site, doors: &[LockdownOf]) -> String {
    let that = |free: Free| doors.iter().filter(move |d| d.free == free).map(|d| d.door).collect::<Vec<_>>();
    let office = |d: &&LockdownOf| site.door(d.door).is_some_and(|d| d.rules.office.is_some());
    let by_hand: Vec<_> = doors.iter().filter(office).map(|d| d.door).collect();
    [
        (that(Free::Yes), "Stands unlocked by a schedule now, and will lock"),
        (that(Free::AwaitsFirst), "Unlocked by a schedule if somebody came in first, and will lock"),
        (by_hand, "Will lock if somebody has set it free by hand (office)"),
    ]
    .into_iter()
    .filter(|(doors, _)| !doors.is_empty())
    .map(|(doors, what)| format!("  {what}: {}.\n", listed(doors)))
    .collect()
}

/// Who may enter in spite of it, and why; doors that let the same people in stand together.
fn still(office: &Office, site: &Site, doors: &[LockdownOf], now: Time) -> String {
    if doors.len().saturating_mul(site.counts().0) > DECISIONS_MAX {
        return format!(
            "  Who may enter in spite of it is not worked out: {} at {}. `lockward who-can` tells it of one door \
             while it holds.\n",
            count(site.counts().0, "person"),
            count(doors.len(), "door")
        );
    }
    let mut groups: Vec<(Vec<Entrant>, Vec<DoorId>)> = Vec::new();
    for of in doors {
        let entrants = site.lockdown_entrants(of.door, now);
        match groups.iter_mut().find(|(same, _)| *same == entrants) {
            Some((_, doors)) => doors.push(of.door),
            None => groups.push((entrants, vec![of.door])),
        }
    }
    groups.retain(|(entrants, _)| !entrants.is_empty());
    if groups.is_empty() {
        return "  No policy lets anybody enter in spite of it.\n".into();
    }
    let mut out = "  Policies let these enter in spite of it:\n".to_owned();
    for (entrants, doors) in groups {
        out += &format!("    by {}:\n", listed(doors));
        for entrant in entrants.iter().take(NAMED_MAX) {
            out += &format!("      {}\n", entrant_told(office, site, entrant));
        }
        if let Some(more) = entrants.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
            out += &format!("      and {}\n", count(more, "more person"));
        }
    }
    out
}

fn entrant_told(office: &Office, site: &Site, entrant: &Entrant) -> String {
    let second = if entrant.second { ", with a second person" } else { "" };
    let who = person(office, site, entrant.person);
    format!("{who}: {}{second}, by {}", told::factors(entrant.factors), policies(&entrant.because))
}

/// What ends with a lockdown. Where none is, the site says so when the change is rehearsed.
fn lifts(site: &Site, zone: &Zone, now: Time) -> String {
    let around = std::iter::successors(zone.parent, |p| site.zone(*p)?.parent);
    let outer: Vec<_> =
        around.filter(|z| site.lockdowns().any(|l| l == *z)).map(|z| format!("`{z}`")).collect();
    let mut out = format!("Lifts the lockdown of {}.\n", named(zone));
    if !outer.is_empty() {
        return out + &format!("  Still nobody enters: {} around it is locked down too.\n", outer.join(", "));
    }
    // What lies in it may be locked down by itself.
    let held = |d: &LockdownOf| {
        let to = site.door(d.door).map(|d| d.to);
        std::iter::successors(to, |p| site.zone(*p)?.parent)
            .take_while(|z| *z != zone.id)
            .any(|z| site.lockdowns().any(|l| l == z))
    };
    let (held, freed): (Vec<_>, Vec<_>) = site.lockdown_preview(zone.id, now).into_iter().partition(held);
    let doors = |of: &[LockdownOf]| listed(of.iter().map(|d| d.door).collect::<Vec<_>>());
    if !freed.is_empty() {
        out += &format!("  People enter again as the rules say: {}.\n", doors(&freed));
    }
    if !held.is_empty() {
        out += &format!("  Locked down by a zone within, and stays so: {}.\n", doors(&held));
    }
    let opens: Vec<_> = freed.into_iter().filter(|d| d.free == Free::Yes).collect();
    if !opens.is_empty() {
        out += &format!("  Will stand unlocked by a schedule at once: {}.\n", doors(&opens));
    }
    out
}
