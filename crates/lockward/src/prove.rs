//! `lockward prove`: what is stated about the site, proved or refuted: what the site keeps, or what a file says.

use crate::folder::{Folder, FolderError};
use crate::say::{complain, say};
use crate::statements::{self, Told};
use clap::Args;
use core::time::Duration;
use lockward_draft::{Asked, FileError, Source};
use lockward_hub::OfficeError;
use lockward_model::Time;
use lockward_prove::{Answer, Patience, Prover, Solver};
use lockward_site::Site;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Longest file of statements: five hundred of the longest kind.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Proves what is stated about the site, or shows who refutes it.
///
/// Exits with 0 if all is proved, 1 if anything is refuted, 2 if anything is not known.
#[derive(Args)]
pub(crate) struct Prove {
    /// The statements (TOML); docs/OPERATING.md says what can be stated. Without a file: those that the site keeps.
    file: Option<PathBuf>,
    /// What the site was before: how many entries the config log had. For `gives-nothing-new`, and to tell what a change broke.
    #[arg(long, value_name = "ENTRIES")]
    since: Option<u64>,
    /// How long the solver may take for one question.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    limit: u64,
    #[command(flatten)]
    folder: Folder,
}

/// Why nothing was proved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProveError {
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The site can not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The file can not be read.
    #[error("could not read the statements in `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Longer than [`FILE_BYTES_MAX`].
    #[error("the statements in `{0}` are longer than {FILE_BYTES_MAX} bytes; split the file")]
    TooLong(PathBuf),
    /// What they say.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing to prove.
    #[error(
        "the site keeps no statements; name a file of them, or put them with a change file (`[[statement]]`)"
    )]
    Nothing,
    /// A later size than the log has.
    #[error("the config log has {0} entries; `--since` counts those before the change")]
    Since(u64),
    /// Policies that Cedar took, and takes no more.
    #[error("the policies can not be reasoned about: {0}")]
    Policies(String),
}

pub(crate) fn prove(args: &Prove) -> ExitCode {
    match proved(args) {
        Ok(told) => told.exit(),
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

fn proved(args: &Prove) -> Result<Told, ProveError> {
    let office = args.folder.open()?;
    let site = office.site();
    let asked = args.file.as_deref().map(|file| read(file, &site)).transpose()?;
    let before = match args.since {
        None => None,
        Some(size) if (1..=site.size()).contains(&size) => Some(office.site_at(size)?),
        Some(_) => return Err(ProveError::Since(site.size())),
    };
    let patience = Patience::each(Duration::from_secs(args.limit));
    let (before, now) = (before.as_ref(), office.now().wall);
    match asked {
        Some(asked) => answered(&asked, before, &site, now, patience),
        None if site.statements().next().is_none() => Err(ProveError::Nothing),
        None => {
            let told = statements::judged(before, &site, now, &patience).map_err(ProveError::Policies)?;
            say(&format!("{told}."));
            Ok(told)
        }
    }
}

/// The statements of a file, about this site.
fn read(path: &Path, site: &Site) -> Result<Vec<Asked>, ProveError> {
    let failed = |source| ProveError::Read { path: path.into(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        return Err(ProveError::TooLong(path.into()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    Ok(lockward_draft::statements(&Source::new(&path.display().to_string(), &text), site)?)
}

fn answered(
    all: &[Asked],
    before: Option<&Site>,
    after: &Site,
    now: Time,
    patience: Patience,
) -> Result<Told, ProveError> {
    let prover = Prover::new(after, before, now, Solver::find(patience)).map_err(ProveError::Policies)?;
    let mut told = Told::default();
    for asked in all {
        let answer = match asked {
            Asked::Holds(says) => prover.answer(says),
            Asked::GivesNothingNew => prover.gives_nothing_new(),
        };
        match answer {
            Answer::Proved => told.proved(&asked.to_string()),
            Answer::Refuted(who) => told.refuted("REFUTED", &asked.to_string(), &who),
            Answer::Unanswered(why) => told.not_known(&asked.to_string(), &why),
        }
    }
    say(&format!("{told}."));
    Ok(told)
}
