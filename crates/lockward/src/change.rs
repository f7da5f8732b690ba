//! `lockward change apply`: a readable file becomes a reviewed, signed change set; all of it, or nothing.
//!
//! 1. The file is read whole, and worked out against the site. A mistake is named with its place.
//! 2. It is signed and applied to a copy of the site in memory: whether the site survives it, and whether this key may,
//!    is the site's own code to say.
//! 3. The difference between the site and the copy is the review.
//! 4. Only then, and after a yes, names are sealed with people's own keys, and the entries are appended.

pub(crate) mod deed;

use crate::say::{count, say};
use crate::terminal::{self, AskError};
use crate::{folder, operator_key, statements};
use aws_lc_rs::signature::Ed25519KeyPair;
use clap::Args;
use lockward_draft::{
    ChangeFile, FILE_BYTES_MAX, FileError, Item, Plan, Source, placed, plan, review, split,
};
use lockward_hub::{ChangeError, KeysError, Office, OfficeError};
use lockward_model::{ChangeSet, SigningKey, Text, Time};
use lockward_site::{Refusal, Site};
use lockward_wire::config::{EncodeError, Envelope, PayloadType, encode_changes};
use operator_key::KeyFileError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// A change file with every section, shown by `--help`.
const EXAMPLE: &str = concat!("A change file:\n\n", include_str!("change/example.toml"));

/// Changes the site as a file says: shows what that does, asks, signs.
#[derive(Args)]
#[command(after_long_help = EXAMPLE)]
pub(crate) struct Apply {
    /// The change file (TOML); `--help` shows one.
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

/// Which site, who signs, and whether they are asked.
#[derive(Args)]
pub(crate) struct Signing {
    #[command(flatten)]
    pub(crate) folder: folder::Folder,
    /// The key file of the operator who signs.
    #[arg(long, value_name = "FILE", default_value = "operator.key")]
    key: PathBuf,
    /// Reads the key's passphrase from the first line of a file.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Signs without asking.
    #[arg(long)]
    yes: bool,
}

/// Why a file was not applied. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The file can not be read.
    #[error("could not read the change file `{path}`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Longer than [`FILE_BYTES_MAX`].
    #[error("the change file `{0}` is longer than {FILE_BYTES_MAX} bytes; split it")]
    TooLong(PathBuf),
    /// What it says.
    #[error(transparent)]
    File(#[from] FileError),
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] folder::FolderError),
    /// The site can not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The operator's key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A key of somebody else.
    #[error("the key in `{0}` is of no operator of this site; nothing was changed")]
    Stranger(PathBuf),
    /// The site refuses the whole.
    #[error("the site refuses the change [{}]; nothing was changed", .0.code())]
    Refused(#[source] Refusal),
    /// Nobody answered.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// It does not fit an entry.
    #[error("the change does not fit an entry; nothing was changed")]
    Encode(#[from] EncodeError),
    /// People's keys.
    #[error("a person's attributes could not be sealed")]
    Seal(#[from] KeysError),
    /// An entry was not taken.
    #[error(
        "entry {nth} of {of} was not taken [{}]; {}", source.code(),
        if *nth == 1 { "nothing was changed".into() } else { format!("{} were; run this again for the rest", nth - 1) }
    )]
    Append {
        /// Which, from 1.
        nth: usize,
        /// Of how many.
        of: usize,
        /// Why.
        #[source]
        source: ChangeError,
    },
}

pub(crate) fn apply(args: &Apply) -> Result<ExitCode, ApplyError> {
    let source = read(&args.file)?;
    let file = source.parse()?;
    let office = args.signing.folder.open()?;
    carry_out(&source, &file, &office, &args.signing, |before, after, plan, now| {
        let head =
            format!("{} for site \"{}\":\n", count(plan.items.len(), "change"), before.founding().title);
        // The review is read while the solver thinks.
        say(&(head + &review(before, after, plan, now).to_string()));
        statements::reviewed(before, after, now);
        String::new()
    })
}

fn read(path: &Path) -> Result<Source, ApplyError> {
    let failed = |source| ApplyError::Read { path: path.into(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        return Err(ApplyError::TooLong(path.into()));
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    Ok(Source::new(&path.display().to_string(), &text))
}

/// What a file comes to: rehearsed, told by `told` from the site before and after, asked for, signed, and appended.
pub(crate) fn carry_out(
    source: &Source,
    file: &ChangeFile,
    office: &Office,
    signing: &Signing,
    told: impl FnOnce(&Site, &Site, &Plan, Time) -> String,
) -> Result<ExitCode, ApplyError> {
    // 1. The file, whole.
    let reason = source.reason(file)?;
    let mut plan = plan(source, file, &office.site(), office)?;
    if plan.items.is_empty() {
        say(&format!("Nothing to change: {} as the site has them.", count(plan.unchanged, "record")));
        return Ok(ExitCode::SUCCESS);
    }
    let passphrase = || terminal::passphrase(signing.passphrase_file.as_deref());
    let key = operator_key::open(&signing.key, passphrase)?;
    let public = operator_key::public(&key);
    if !office.site().operators().any(|o| o.keys.iter().any(|k| k.key == SigningKey::Ed25519(public))) {
        return Err(ApplyError::Stranger(signing.key.clone()));
    }
    // 2. A rehearsal.
    let draft = Draft::new(office, &key, reason);
    let (runs, after) = rehearse(source, &draft, &plan)?;
    // 3. The review.
    say(&told(&office.site(), &after, &plan, draft.now));
    if runs.len() > 1 {
        say(&format!("This takes {} entries of the config log, one after the other.", runs.len()));
    }
    if !signing.yes && !terminal::agrees("Sign and apply?")? {
        say("Nothing was changed.");
        return Ok(ExitCode::FAILURE);
    }
    // 4. For good.
    append(&draft, &runs, &mut plan, |at, changes| {
        say(&format!("Entry {at} of the config log: {}.", count(changes, "change")));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The same for a site that is played through: nobody is asked, and nothing is shown. Gives the file as it was read.
pub(crate) fn apply_text(
    office: &Office,
    key: &Ed25519KeyPair,
    text: &str,
) -> Result<ChangeFile, ApplyError> {
    // A line was typed just now, or a verb stands for it: a place in it helps nobody.
    let source = if text.contains('\n') { Source::new("change", text) } else { Source::line(text) };
    let file = source.parse()?;
    let draft = Draft::new(office, key, source.reason(&file)?);
    let mut plan = plan(&source, &file, &office.site(), office)?;
    let (runs, _) = rehearse(&source, &draft, &plan)?;
    append(&draft, &runs, &mut plan, |_, _| {})?;
    Ok(file)
}

/// The entries as they would be, on a copy of the site: what goes into each, and the copy with all of them.
fn rehearse(
    source: &Source,
    draft: &Draft<'_>,
    plan: &Plan,
) -> Result<(Vec<Range<usize>>, Site), ApplyError> {
    let office = draft.office;
    let runs = split(office.id(), draft.reason.as_ref(), &plan.items).map_err(|(nth, e)| {
        let item = plan.items.get(nth);
        item.map_or(ApplyError::Encode(e), |i| {
            source.wrong(i.at, format!("{} is too long for an entry", i.record)).into()
        })
    })?;
    let mut after = office.site_at(u64::MAX)?;
    for (nth, run) in runs.iter().enumerate() {
        let items = plan.items.get(run.clone()).unwrap_or_default();
        let entry = draft.entry(nth, items)?;
        let judged = after.check_new(&entry, draft.now).and_then(|()| after.apply(&entry));
        judged.map_err(|refusal| {
            placed(source, items, refusal).map_or_else(ApplyError::Refused, ApplyError::File)
        })?;
    }
    Ok((runs, after))
}

/// What all entries of one file share.
struct Draft<'a> {
    office: &'a Office,
    key: &'a Ed25519KeyPair,
    reason: Option<Text>,
    /// The index of the first entry.
    first: u64,
    now: Time,
}

impl<'a> Draft<'a> {
    fn new(office: &'a Office, key: &'a Ed25519KeyPair, reason: Option<Text>) -> Self {
        Self { office, key, reason, first: office.site().size(), now: office.now().wall }
    }

    /// The `nth` entry, from 0, signed.
    fn entry(&self, nth: usize, items: &[Item]) -> Result<Vec<u8>, EncodeError> {
        let changes = items.iter().map(|i| i.change.clone()).collect();
        let at = self.first + u64::try_from(nth).unwrap_or(u64::MAX);
        let (site, reason) = (self.office.id(), self.reason.clone());
        let set = ChangeSet { site, at, drafted: self.now, on_behalf: None, reason, changes };
        let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?;
        envelope.sign(self.key)?;
        Ok(envelope.to_bytes())
    }
}

fn append(
    draft: &Draft<'_>,
    runs: &[Range<usize>],
    plan: &mut Plan,
    mut told: impl FnMut(u64, usize),
) -> Result<(), ApplyError> {
    for (nth, run) in runs.iter().enumerate() {
        let items = plan.items.get_mut(run.clone()).unwrap_or_default();
        for item in items.iter_mut() {
            item.seal(|person, attributes| draft.office.seal_person(person, attributes))?;
        }
        let (entry, of) = (draft.entry(nth, items)?, runs.len());
        let refused = |source| ApplyError::Append { nth: nth + 1, of, source };
        let at = draft.office.append_change(&entry).map_err(refused)?;
        told(at, items.len());
    }
    Ok(())
}
