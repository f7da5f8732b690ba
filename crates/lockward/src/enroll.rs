//! `lockward enroll`: a one-time code for a controller, and the command that uses it at the device.

use crate::folder::{Folder, FolderError};
use crate::say::say;
use clap::Args;
use core::time::Duration;
use lockward_hub::{ENROLMENT_LIFE, EnrolError};
use lockward_model::ControllerId;
use std::process::ExitCode;

/// Digits of the code before its line is broken: six groups of eight with their hyphens, well within 80 columns.
const BREAK_AT: usize = 53;

/// Makes a one-time code for a controller that the site knows and that has no key yet.
#[derive(Args)]
pub(crate) struct Enroll {
    /// Which controller.
    controller: ControllerId,
    #[command(flatten)]
    folder: Folder,
}

/// Why there is no code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnrollError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The site refuses.
    #[error(transparent)]
    Refused(#[from] EnrolError),
}

pub(crate) fn enroll(args: &Enroll) -> Result<ExitCode, EnrollError> {
    let code = args.folder.open()?.issue_enrolment(args.controller)?;
    let text = code.to_text();
    let (first, rest) = text.split_at_checked(BREAK_AT).unwrap_or((&text, ""));
    let hours = ENROLMENT_LIFE.as_secs() / Duration::from_secs(3_600).as_secs();
    // A here-document joins lines that end in a backslash, and keeps the code out of the list of processes.
    say(&format!(
        "Controller `{}` can enrol once, within {hours} h, while the hub runs. At the device:\n\
         \n\
         lockward-controller --config door.toml --enroll - <<END\n\
         {first}\\\n\
         {rest}\n\
         END\n\
         \n\
         Whoever uses the code first is the controller. If that was somebody else, revoke it.",
        args.controller,
    ));
    Ok(ExitCode::SUCCESS)
}
