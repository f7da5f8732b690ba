//! `lockward new-key`: the file with which an operator signs at a command line, made where it is used.

use crate::operator_key::{self, KeyFileError};
use crate::terminal::{self, AskError};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes an operator's key file, sealed with a passphrase, and prints the half that the site is given.
#[derive(Args)]
pub(crate) struct NewKey {
    /// Where it goes.
    file: PathBuf,
    /// A file that holds the passphrase; asked for at the terminal if not given.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewKeyError {
    /// The passphrase.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
}

pub(crate) fn new_key(args: &NewKey) -> Result<ExitCode, NewKeyError> {
    let passphrase = terminal::new_passphrase(args.passphrase_file.as_deref())?;
    let key = operator_key::create(&args.file, Some(&passphrase))?;
    // The line that a change file wants, below `[[operator]]`.
    println!("key = \"{}\"", operator_key::public(&key));
    Ok(ExitCode::SUCCESS)
}
