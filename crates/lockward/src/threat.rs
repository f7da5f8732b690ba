//! `lockward threat`: how watchful a zone is; says who gains and who loses which doors by it, asks, and signs.

use crate::change::deed::{self, Deed, DeedError};
use clap::Args;
use lockward_draft::{ChangeFile, Threat as Record, access};
use lockward_model::{ThreatLevel, ZoneId};
use std::process::ExitCode;
use toml::Spanned;

/// Sets the threat level of a zone, which policies read: 0 is every day, 4 the highest.
#[derive(Args)]
pub(crate) struct Threat {
    /// Which zone, with all that lies in it.
    zone: ZoneId,
    /// From 0 to 4.
    #[arg(value_parser = clap::value_parser!(u8).range(0..=i64::from(ThreatLevel::MAX.get())))]
    level: u8,
    #[command(flatten)]
    deed: Deed,
}

pub(crate) fn threat(args: &Threat) -> Result<ExitCode, DeedError> {
    let office = args.deed.signing.folder.open()?;
    deed::zone(&office.site(), args.zone)?;
    let record = Record { zone: args.zone.to_string(), level: args.level };
    let mut file = ChangeFile::default();
    file.threat = vec![Spanned::new(0..0, record)];
    args.deed.carry_out(file, &office, |before, after, plan, now| {
        let title = before.zone(args.zone).map(|z| z.title.to_string()).unwrap_or_default();
        let (was, is) = (before.threat(args.zone).get(), after.threat(args.zone).get());
        let mut out = format!("Threat level {} for zone `{}`, \"{title}\": ", args.level, args.zone);
        out += &match (was, is) {
            (was, is) if is > args.level => {
                format!("a zone around it has {is}, so it stays at {was}.\n")
            }
            (was, is) if was == is => "as it is now.\n".to_owned(),
            (was, is) => format!("it was {was}, and will be {is}.\n"),
        };
        out + &access(before, after, &plan.items, now)
    })
}
