//! `lockward log verify`: a stranger's check of a whole site, on a hub, a folder, or an export.

use crate::folder::Folder;
use crate::http::{Http, HttpError};
use crate::published::{Place, Published, PublishedError};
use crate::say::{complain, count, remark, say};
use crate::stored::Stored;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use lockward_audit::{Audit, AuditError, EpochKeys, Log, Pin, Progress, Report, Source};
use lockward_ledger::Hash;
use lockward_model::{Epoch, SiteId};
use lockward_store::{HubError, HubOpenError, HubStore};
use lockward_wire::EpochKey;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// What an epoch's key is called, in the hub's store and in an export.
pub(crate) const EPOCH: &str = "epoch-";
/// 64 digits and a line end, and room to see that there is more.
const KEY_FILE_BYTES_MAX: u64 = 80;

/// A checkpoint with the cosignatures of 2,000 controllers, at 200 bytes each.
const KEPT_BYTES_MAX: u64 = 512 * 1024;

/// Checks every leaf, signature, chain and authority, and decides every decision again.
#[derive(Args)]
pub(crate) struct Verify {
    /// A site's folder, an export's folder, or a console on this machine (`http://127.0.0.1:8080`).
    place: String,
    /// The site that it must be: its identity, as `init` printed it.
    #[arg(long, value_name = "HEX", value_parser = site)]
    site: Option<SiteId>,
    /// A folder with the epochs' keys, as `log export --with-keys` writes it.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// A checkpoint that you kept, of either log: the logs must continue it.
    #[arg(long, value_name = "FILE")]
    since: Vec<PathBuf>,
    /// A file with the token that `serve --token` printed, for a console.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

fn site(digits: &str) -> Result<SiteId, &'static str> {
    SiteId::from_hex(digits).ok_or("a site's identity is 64 hex digits")
}

/// Why the logs could not be checked: nothing is said about them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// Neither.
    #[error("`{0}` holds neither a hub's store nor an exported log; name the folder of one")]
    Nothing(PathBuf),
    /// The hub's address.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The store.
    #[error(transparent)]
    Open(#[from] HubOpenError),
    /// The store could not be read to its end.
    #[error("the logs could not be read to their end; nothing is said about them")]
    Store(#[source] HubError),
    /// The published files could not be read to their end.
    #[error("the logs could not be read to their end; nothing is said about them")]
    Published(#[source] PublishedError),
    /// A kept checkpoint's file, or a token's.
    #[error("could not read `{path}`")]
    Kept {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A key's file.
    #[error("could not read the epoch's key `{path}`")]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not a key.
    #[error("`{0}` is no epoch's key: it holds 64 hex digits and nothing else")]
    KeyForm(PathBuf),
}

pub(crate) fn verify(args: &Verify) -> Result<ExitCode, VerifyError> {
    let pin = args.site.map_or(Pin::Found, Pin::Expect);
    let since = args.since.iter().map(|path| read_small(path)).collect::<Result<Vec<_>, _>>()?;
    let mut keys = args.keys.as_deref().map_or_else(|| Ok(EpochKeys::new()), read_keys)?;
    if args.place.contains("://") {
        let token = args.token_file.as_deref().map(read_token).transpose()?;
        let http = Http::new(&args.place, token)?;
        return told(run(Published::new(Place::Hub(http)), pin, keys, since), VerifyError::Published);
    }
    let dir = PathBuf::from(&args.place);
    if ["config", "events"].iter().all(|log| dir.join(log).join("checkpoint").is_file()) {
        let exported = dir.join("keys");
        if args.keys.is_none() && exported.is_dir() {
            keys = read_keys(&exported)?;
        }
        return told(run(Published::new(Place::Folder(dir)), pin, keys, since), VerifyError::Published);
    }
    let store = match HubStore::open(&dir) {
        Err(HubOpenError::Missing { .. }) => return Err(VerifyError::Nothing(dir)),
        opened => opened?,
    };
    if args.keys.is_none() {
        keys = own_keys(&dir);
    }
    told(run(Stored(store), pin, keys, since), VerifyError::Store)
}

/// The keys of a site's own folder, as far as its master key is there.
pub(crate) fn own_keys(dir: &Path) -> EpochKeys {
    let folder = Folder { dir: dir.into() };
    match folder.open() {
        Ok(office) => epoch_keys(&office),
        Err(why) => {
            remark("The keys are not to be had, so no decision is decided again.");
            complain(&why);
            EpochKeys::new()
        }
    }
}

/// Every epoch's key that the hub still has.
pub(crate) fn epoch_keys(office: &lockward_hub::Office) -> EpochKeys {
    let names = office.store().keys().unwrap_or_default();
    let epochs = names.iter().filter_map(|n| n.strip_prefix(EPOCH)?.parse().ok().map(Epoch));
    epochs.filter_map(|e| Some((e, office.keys().epoch_key(e).ok()??))).collect()
}

/// Files `epoch-<n>`, each with a key in hex.
fn read_keys(dir: &Path) -> Result<EpochKeys, VerifyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| VerifyError::Key { path, source }
    };
    let mut keys = EpochKeys::new();
    for entry in dir.read_dir().map_err(failed(dir))? {
        let path = entry.map_err(failed(dir))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let Some(epoch) = name.strip_prefix(EPOCH).and_then(|n| n.parse().ok()) else { continue };
        let mut digits = Zeroizing::new(String::new());
        let file = std::fs::File::open(&path).map_err(failed(&path))?;
        std::io::Read::read_to_string(&mut std::io::Read::take(file, KEY_FILE_BYTES_MAX), &mut digits)
            .map_err(failed(&path))?;
        let key =
            crate::operator_key::unhex(digits.trim()).ok_or_else(|| VerifyError::KeyForm(path.clone()))?;
        keys.insert(Epoch(epoch), EpochKey::from_bytes(key));
    }
    Ok(keys)
}

/// A checkpoint or a token: small, whatever the path names.
fn read_small(path: &Path) -> Result<Vec<u8>, VerifyError> {
    let failed = |source| VerifyError::Kept { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, KEPT_BYTES_MAX), &mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn read_token(path: &Path) -> Result<Zeroizing<String>, VerifyError> {
    let bytes = Zeroizing::new(read_small(path)?);
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).trim().to_owned()))
}

pub(crate) fn run<S: Source>(
    source: S,
    pin: Pin,
    keys: EpochKeys,
    since: Vec<Vec<u8>>,
) -> Result<Report, AuditError<S::Error>> {
    let threads = std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
    let bar = bar();
    let audit = Audit::new(source, pin, keys).on_threads(threads);
    let told = since.into_iter().fold(audit, Audit::since).run(|progress| show(bar.as_ref(), progress));
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    told
}

/// A bar where somebody watches.
fn bar() -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let style = ProgressStyle::with_template("{msg:10} {bar:40} {pos}/{len} entries, {per_sec}");
    Some(ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

fn show(bar: Option<&ProgressBar>, progress: Progress) {
    let Some(bar) = bar else { return };
    bar.set_message(if progress.log == Log::Config { "config log" } else { "event log" });
    bar.set_length(progress.size);
    bar.set_position(progress.done);
}

/// The verdict, in words and as an exit code.
pub(crate) fn told<E: std::error::Error + 'static>(
    outcome: Result<Report, AuditError<E>>,
    unread: impl FnOnce(E) -> VerifyError,
) -> Result<ExitCode, VerifyError> {
    match outcome {
        Ok(report) => {
            say(&sound(&report));
            Ok(ExitCode::SUCCESS)
        }
        Err(AuditError::Finding(finding)) => {
            say(&format!("NOT SOUND: {finding}"));
            Ok(ExitCode::FAILURE)
        }
        Err(AuditError::Source(error)) => Err(unread(error)),
    }
}

fn sound(report: &Report) -> String {
    let n = |n: u64, noun: &str| count(usize::try_from(n).unwrap_or(usize::MAX), noun);
    let pinned = match report.pinned {
        true => "the site that was expected",
        false => "taken from the log; give --site to be sure that it is the one you mean",
    };
    let mut out = format!(
        "SOUND: every entry, signature, chain and authority holds.\n  site {}\n    ({pinned})\n",
        report.site
    );
    out.push_str(&format!(
        "  config log: {}, root {}\n",
        n(report.config.size, "entry"),
        hex(report.config.root)
    ));
    out.push_str(&format!(
        "  event log: {}, root {}\n",
        n(report.event.size, "entry"),
        hex(report.event.root)
    ));
    out.push_str(&format!(
        "  {} in {}\n",
        n(report.events(), "event"),
        count(report.chains.len(), "unbroken chain")
    ));
    if let Some((from, to)) = report.span() {
        out.push_str(&format!("  from {from} to {to}\n"));
    }
    out.push_str(&format!("  {} decided again, with the same result\n", n(report.decided, "decision")));
    if report.sealed_events > 0 {
        out.push_str(&format!(
            "  {} and {} not looked into: the keys of their epochs were not given\n",
            n(report.sealed_decisions, "decision"),
            n(report.sealed_events.saturating_sub(report.sealed_decisions), "other event")
        ));
    }
    out.push_str(&format!("  {} by controllers", count(report.cosignatures.len(), "cosignature")));
    if report.other_cosignatures > 0 {
        out.push_str(&format!(", and {} by others, not checked", report.other_cosignatures));
    }
    out.push('\n');
    out
}

fn hex(hash: Hash) -> String {
    hash.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
}
