//! `lockward init`: founds a site; every question can be answered by a flag, and nothing is ever overwritten.

use crate::folder::outside_master;
use crate::operator_key::{self, KeyFileError};
use crate::say::{remark, say};
use crate::terminal::{self, AskError};
use clap::Args;
use lockward_hub::{
    FoundError, Founded, FoundingRequest, MASTER_KEY_VARIABLE, MasterError, SystemClock, found,
};
use lockward_model::{IdError, Operator, OperatorId, ScheduleError, SiteZone, Text, TextError};
use std::path::PathBuf;
use std::process::ExitCode;

/// The role of the first operator: it may make every change (the base policies).
pub(crate) const OWNER: &str = "owner";

/// Founds a site in a new folder.
#[derive(Args)]
pub(crate) struct Init {
    /// The folder; it must be new or empty.
    dir: PathBuf,
    /// What people call the site.
    #[arg(long)]
    title: Option<String>,
    /// Its time zone in the IANA database, such as `Europe/Berlin`.
    #[arg(long)]
    zone: Option<String>,
    /// The id of the first operator: a-z, 0-9, `-`.
    #[arg(long, value_name = "ID")]
    operator: Option<String>,
    /// Where the first operator's new key goes.
    #[arg(long, value_name = "FILE", default_value = "operator.key")]
    key_file: PathBuf,
    /// Reads the new key's passphrase from the first line of a file.
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Leaves the operator's key without a passphrase: whoever has the file has the site.
    #[arg(long)]
    no_passphrase: bool,
}

/// Why no site was founded. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// No answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The title.
    #[error("the site's title will not do")]
    Title(#[source] TextError),
    /// The zone.
    #[error(transparent)]
    Zone(#[from] ScheduleError),
    /// The operator's id.
    #[error("the operator's id will not do")]
    Operator(#[source] IdError),
    /// Something is there.
    #[error("`{0}` is there already and not empty; name a folder that is new")]
    Exists(PathBuf),
    /// The key's file.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The master key in the environment.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The founding.
    #[error(transparent)]
    Found(#[from] FoundError),
}

pub(crate) fn init(args: Init) -> Result<ExitCode, InitError> {
    // 1. Everything that can be wrong without having made anything.
    if args.dir.symlink_metadata().is_ok() && !args.dir.read_dir().is_ok_and(|mut d| d.next().is_none()) {
        return Err(InitError::Exists(args.dir));
    }
    if args.key_file.symlink_metadata().is_ok() {
        return Err(KeyFileError::Exists(args.key_file).into());
    }
    let title = terminal::given_or_asked(args.title, "--title", "what people call the site")?;
    let title: Text = title.parse().map_err(InitError::Title)?;
    let zone = terminal::given_or_asked(args.zone, "--zone", "its time zone, such as Europe/Berlin")?;
    let zone = SiteZone::new(&zone)?;
    let operator = terminal::given_or_asked(args.operator, "--operator", "id of the first operator")?;
    let id: OperatorId = operator.parse().map_err(InitError::Operator)?;
    let master = outside_master(&args.dir)?;
    let outside = master.is_some();
    let passphrase = match args.no_passphrase {
        true => None,
        false => Some(terminal::new_passphrase(args.passphrase_file.as_deref())?),
    };
    // 2. The key. A crash between here and the site leaves a key that opens nothing.
    let key = operator_key::create(&args.key_file, passphrase.as_ref())?;
    let operator = Operator::with_key(
        id,
        id.as_str().parse().map_err(InitError::Title)?,
        operator_key::public(&key),
        OWNER.parse().into_iter().collect(),
    );
    // 3. The site.
    let request = FoundingRequest { title: title.clone(), zone, operator, master };
    let founded = found(&args.dir, request, &key, &SystemClock::default()).inspect_err(|_| {
        let _ = std::fs::remove_file(&args.key_file);
    })?;
    tell(&founded, &title, &args.dir, &args.key_file, outside);
    if args.no_passphrase {
        remark("warning: the operator's key has no passphrase; whoever has the file has the site");
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(founded: &Founded, title: &Text, dir: &std::path::Path, key_file: &std::path::Path, outside: bool) {
    let (dir, key_file) = (dir.display(), key_file.display());
    let master = match outside {
        true => {
            format!("The master key stays in {MASTER_KEY_VARIABLE}; without it the folder can not be read.")
        }
        false => format!("The master key is `{dir}/master.key`; back it up, apart from the folder."),
    };
    say(&format!(
        "Site \"{title}\" is founded in `{dir}`.\n\
         Its identity, which controllers and auditors pin:\n  {}\n\
         The first operator's key is `{key_file}`; it signs changes.\n\
         {master}\n\
         \n\
         RECOVERY KEY, shown this once and kept nowhere:\n  {}\n\
         Write it on paper and keep it offline, apart from everything else. It is for the day on which every \
         operator's key is lost: `lockward recover` uses it then.\n\
         \n\
         Next: `lockward serve --dir {dir}`, and `lockward change apply FILE --dir {dir} --key {key_file}`.",
        founded.site,
        founded.recovery_key.as_str(),
    ));
}
