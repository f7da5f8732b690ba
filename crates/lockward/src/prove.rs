//! `lockward prove`: what is stated about the site, proved or refuted; and the same in a review, before a signature.

use crate::folder::{Folder, FolderError};
use crate::say::{complain, say};
use clap::Args;
use core::time::Duration;
use lockward_draft::count;
use lockward_hub::OfficeError;
use lockward_model::Time;
use lockward_prove::{Answer, Prover, Solver, Statement, StatementError, read};
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
    /// The statements (TOML); docs/OPERATING.md says what can be stated.
    file: PathBuf,
    /// For `gives-nothing-new`: how many entries the config log had before.
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
    #[error("`{path}`")]
    Statement {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: StatementError,
    },
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
    let statements = statements(&args.file, &site)?;
    let before = match args.since {
        None => None,
        Some(size) if (1..=site.size()).contains(&size) => Some(office.site_at(size)?),
        Some(_) => return Err(ProveError::Since(site.size())),
    };
    let limit = Duration::from_secs(args.limit);
    tell(&statements, before.as_ref(), &site, office.now().wall, limit)
}

/// The statements of a file, about this site.
pub(crate) fn statements(path: &Path, site: &Site) -> Result<Vec<Statement>, ProveError> {
    let failed = |source| ProveError::Read { path: path.into(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        return Err(ProveError::TooLong(path.into()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    read(&text, site).map_err(|source| ProveError::Statement { path: path.into(), source })
}

/// How many statements came to what.
pub(crate) struct Told {
    proved: usize,
    refuted: usize,
    unknown: usize,
}

impl Told {
    fn exit(&self) -> ExitCode {
        match self {
            Self { refuted: 1.., .. } => ExitCode::FAILURE,
            Self { unknown: 1.., .. } => ExitCode::from(2),
            Self { .. } => ExitCode::SUCCESS,
        }
    }
}

fn tell(
    statements: &[Statement],
    before: Option<&Site>,
    after: &Site,
    now: Time,
    limit: Duration,
) -> Result<Told, ProveError> {
    let prover = Prover::new(after, before, now, Solver::find(limit)).map_err(ProveError::Policies)?;
    let mut told = Told { proved: 0, refuted: 0, unknown: 0 };
    for statement in statements {
        let (word, why) = match prover.answer(statement) {
            Answer::Proved => {
                told.proved += 1;
                ("PROVED", None)
            }
            Answer::Refuted(who) => {
                told.refuted += 1;
                ("REFUTED", Some(who))
            }
            Answer::Unanswered(why) => {
                told.unknown += 1;
                ("NOT KNOWN", Some(why))
            }
        };
        say(&format!("{word}: {statement}"));
        if let Some(why) = why {
            say(&format!("  {why}"));
        }
    }
    let all = count(statements.len(), "statement");
    say(&format!("{all}: {} proved, {} refuted, {} not known.", told.proved, told.refuted, told.unknown));
    Ok(told)
}
