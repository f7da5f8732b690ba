//! `lockward forgive`: where somebody is, or everybody in a zone, is forgotten, so that anti-passback begins again.

use crate::change::deed::{self, Deed, DeedError};
use crate::who_can;
use clap::Args;
use lockward_draft::ChangeFile;
use lockward_model::{PersonId, ZoneId};
use std::process::ExitCode;

/// Forgives anti-passback: forgets where somebody is, or everybody in a zone.
#[derive(Args)]
pub(crate) struct Forgive {
    /// Whom.
    #[arg(required_unless_present = "zone", conflicts_with = "zone")]
    person: Option<PersonId>,
    /// Everybody in this zone, and in what lies in it.
    #[arg(long, value_name = "ZONE")]
    zone: Option<ZoneId>,
    #[command(flatten)]
    deed: Deed,
}

pub(crate) fn forgive(args: &Forgive) -> Result<ExitCode, DeedError> {
    let office = args.deed.signing.folder.open()?;
    let mut file = ChangeFile::default();
    if let Some(zone) = args.zone {
        deed::zone(&office.site(), zone)?;
        file.forgive_zones = deed::one(&zone);
    }
    if let Some(person) = args.person {
        file.forgive_people = deed::one(&person);
    }
    args.deed.carry_out(file, &office, |site, _, _, _| {
        let person = args.person.map(|id| who_can::person(&office, site, id));
        let zone = args.zone.and_then(|id| site.zone(id));
        let zone = zone.map(|z| format!("everybody in zone `{}`, \"{}\", and in what lies in it", z.id, z.title));
        format!(
            "Forgives {}: where they are is forgotten, and their next passage counts as the first. What they may \
             enter stays as it is.\n",
            person.or(zone).unwrap_or_default()
        )
    })
}
