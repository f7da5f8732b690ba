//! What an operator does in a hurry, as the change file that it stands for: the same path, without the file.

use super::{ApplyError, Signing, carry_out};
use crate::folder::FolderError;
use crate::say::say;
use clap::Args;
use lockward_draft::{ChangeFile, Names, Plan, Source, nearest};
use lockward_hub::Office;
use lockward_model::{Time, Zone, ZoneId};
use lockward_site::Site;
use std::process::ExitCode;
use toml::Spanned;

/// Why it is done, and who signs.
#[derive(Args)]
pub(crate) struct Deed {
    /// Why; stands in the log for good.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeedError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Not a zone.
    #[error("the site has no zone `{zone}`; it has {known}{hint}")]
    NoZone {
        /// What was asked for.
        zone: ZoneId,
        /// What may have been meant.
        hint: String,
        /// What there is.
        known: String,
    },
    /// The change.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl Deed {
    /// Does what a file with nothing else in it would.
    pub(crate) fn carry_out(
        &self,
        mut file: ChangeFile,
        office: &Office,
        told: impl FnOnce(&Site, &Site, &Plan, Time) -> String,
    ) -> Result<ExitCode, DeedError> {
        file.reason = self.reason.clone().map(|reason| Spanned::new(0..0, reason));
        let code = carry_out(&Source::line(""), &file, office, &self.signing, told)?;
        if code == ExitCode::SUCCESS {
            say(
                "A running hub hands it to the controllers at once; its console says which of them have it in force.",
            );
        }
        Ok(code)
    }
}

/// A list of one.
pub(crate) fn one(id: &impl ToString) -> Names {
    vec![Spanned::new(0..0, id.to_string())]
}

/// The zone of that id; who mistyped it is told which there are.
pub(crate) fn zone(site: &Site, id: ZoneId) -> Result<&Zone, DeedError> {
    site.zone(id).ok_or_else(|| {
        let near = nearest(id.as_str(), site.zones().map(|z| z.id.as_str()).collect::<Vec<_>>());
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let all: Vec<_> = site.zones().map(|z| format!("`{}`", z.id)).collect();
        let known = if all.is_empty() { "none".into() } else { all.join(", ") };
        DeedError::NoZone { zone: id, hint, known }
    })
}
