//! `lockward recover`: the key on paper, for the day on which every operator's key is lost.

use crate::folder::{Folder, FolderError};
use crate::operator_key::{self, KeyFileError};
use crate::say::say;
use crate::terminal::{self, AskError, Passphrase};
use aws_lc_rs::signature::Ed25519KeyPair;
use clap::Args;
use lockward_hub::{ChangeError, Office};
use lockward_model::{Change, Operator, OperatorId};
use std::path::PathBuf;
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Makes a new owner with the recovery key: announced the first time, and done when the same command is given again after 24
/// hours.
///
/// Meanwhile every console shows an alarm, and any operator who may can end it (`--cancel`).
#[derive(Args)]
pub(crate) struct Recover {
    /// The new owner's id.
    #[arg(required_unless_present = "cancel")]
    operator: Option<OperatorId>,
    /// The new owner's key file: made the first time, and used again the second.
    #[arg(long, default_value = "recovered.key")]
    key_file: PathBuf,
    /// A file that holds the recovery key; asked for at the terminal if not given.
    #[arg(long)]
    recovery_key_file: Option<PathBuf>,
    /// A file that holds the passphrase of the key file; asked for at the terminal if not given.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
    /// Ends what was announced; signed with `--key-file`, an operator's.
    #[arg(long, conflicts_with_all = ["operator", "recovery_key_file"])]
    cancel: bool,
    #[command(flatten)]
    folder: Folder,
}

/// Why the site was not recovered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecoverError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Nothing was typed.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The new owner's key file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// What was typed is no recovery key.
    #[error("that is no recovery key: it has 64 hex digits, with hyphens between")]
    NoRecoveryKey,
    /// The site refuses.
    #[error("the site was not changed")]
    Refused(#[source] ChangeError),
    /// An id that can be no title.
    #[error("`{0}` can not be a title")]
    Title(OperatorId),
}

pub(crate) fn recover(args: &Recover) -> Result<ExitCode, RecoverError> {
    let office = args.folder.open()?;
    let passphrase = || terminal::passphrase(args.passphrase_file.as_deref());
    let Some(id) = args.operator else {
        let key = operator_key::open(&args.key_file, passphrase)?;
        append(&office, Change::CancelRecovery, &key)?;
        say("The recovery that was announced is ended.");
        return Ok(ExitCode::SUCCESS);
    };
    let recovery = recovery_key(&terminal::secret(
        args.recovery_key_file.as_deref(),
        "recovery key",
        "--recovery-key-file",
    )?)?;
    let key = if args.key_file.symlink_metadata().is_ok() {
        operator_key::open(&args.key_file, passphrase)?
    } else {
        let fresh = terminal::new_passphrase(args.passphrase_file.as_deref())?;
        operator_key::create(&args.key_file, Some(&fresh))?
    };
    let title = id.as_str().parse().map_err(|_| RecoverError::Title(id))?;
    let owner = crate::init::OWNER.parse().into_iter().collect();
    let operator = Operator::with_key(id, title, operator_key::public(&key), owner);
    append(&office, Change::Recover(operator), &recovery)?;
    let site = office.site();
    say(&match site.recovery() {
        Some(waits) => format!(
            "Operator `{id}` is announced. Every operator of site \"{}\" is alarmed, and can end this.\n\
             Give the same command again from {} on, with the same key file, and it is done.",
            site.founding().title,
            waits.from
        ),
        None => format!(
            "Operator `{id}` owns the site. Its key is `{}`.\n\
             Start the hub again: it prints a link that registers a passkey for `{id}`. Then take away the keys that were lost.",
            args.key_file.display()
        ),
    });
    Ok(ExitCode::SUCCESS)
}

fn append(office: &Office, change: Change, key: &Ed25519KeyPair) -> Result<(), RecoverError> {
    let mut draft = office.draft(vec![change], None).map_err(RecoverError::Refused)?;
    draft.sign_with_key(key).map_err(RecoverError::Refused)?;
    office.append_draft(&draft).map_err(RecoverError::Refused).map(drop)
}

/// 64 hex digits, with whatever hyphens and blanks whoever copied them from paper has typed.
fn recovery_key(text: &Passphrase) -> Result<Ed25519KeyPair, RecoverError> {
    let bytes = text.as_bytes().iter().filter(|b| !b"- \n\r".contains(b));
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(bytes.copied().collect());
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, odd) = digits.as_chunks::<2>();
    let seed = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    let seed: Option<Vec<u8>> = seed.collect();
    let seed = seed.filter(|s| odd.is_empty() && s.len() == 32).map(Zeroizing::new);
    let seed = seed.ok_or(RecoverError::NoRecoveryKey)?;
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| RecoverError::NoRecoveryKey)
}
