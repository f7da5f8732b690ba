//! `lockward log verify`: a stranger's check of a whole site, on a hub, a folder, or an export.

use crate::epoch_keys::{self, KeysError};
use crate::http::{Http, HttpError};
use crate::published::{Place, Published, PublishedError};
use crate::say::{count, remark};
use crate::stored::Stored;
use crate::tls::{TlsError, certificate};
use crate::verdict::told;
use aws_lc_rs::digest::{SHA256, digest};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use lockward_audit::{Audit, AuditError, EpochKeys, Log, Pin, Progress, Report, Source};
use lockward_ledger::leaf_hash;
use lockward_model::SiteId;
use lockward_store::{HubError, HubOpenError, HubStore};
use lockward_wire::config::{Envelope, Payload};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// A checkpoint with the cosignatures of 2,000 controllers, at 200 bytes each.
const KEPT_BYTES_MAX: u64 = 512 * 1024;

/// Checks every leaf, signature, chain and authority, and decides every decision again.
#[derive(Args)]
pub(crate) struct Verify {
    /// A site's folder, an export's folder, or a hub: `https://hub.example:8443`; a console on this machine also without
    /// TLS, `http://127.0.0.1:8080`.
    place: String,
    /// The site that it must be: its identity, as `init` printed it.
    #[arg(long, value_name = "HEX", value_parser = site)]
    site: Option<SiteId>,
    /// A folder with the epochs' keys, as `log export --with-keys` writes it. Else they are those of the folder, or
    /// those that the hub hands out, which it keeps on record.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Takes no key: checks all that a stranger can, and decides nothing again.
    #[arg(long, conflicts_with = "keys")]
    without_keys: bool,
    /// A checkpoint that you kept, of either log: the logs must continue it.
    #[arg(long, value_name = "FILE")]
    since: Vec<PathBuf>,
    /// The site's own CA, for a hub over TLS: a copy of `ca.pem` in the hub's folder. Without it the hub must show a
    /// certificate that this machine trusts.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A file with the token that `serve --token` printed, for a hub.
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
    /// What is for a hub, with a folder.
    #[error("`{0}` is for a hub that is reached by its address; `{1}` is a folder")]
    Folder(&'static str, PathBuf),
    /// The hub's address.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The CA's file.
    #[error(transparent)]
    Ca(#[from] TlsError),
    /// Another CA than the site's.
    #[error(
        "the CA in `--ca` is not the one that the founding of site {0} names: whoever holds it stands between you and \
         the hub, and has seen the token and the keys; nothing is said about the logs"
    )]
    OtherCa(SiteId),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store.
    #[error(transparent)]
    Open(#[from] HubOpenError),
    /// The store could not be read to its end.
    #[error("the logs could not be read to their end; nothing is said about them")]
    Store(#[source] HubError),
    /// The published files could not be read to their end.
    #[error("the logs could not be read to their end; nothing is said about them")]
    Published(#[source] PublishedError),
    /// A kept checkpoint's file, a CA's, or a token's.
    #[error("could not read `{path}`")]
    Kept {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

pub(crate) fn verify(args: &Verify) -> Result<ExitCode, VerifyError> {
    let since = args.since.iter().map(|path| read_small(path)).collect::<Result<Vec<_>, _>>()?;
    if args.place.contains("://") { on_hub(args, since) } else { in_folder(args, since) }
}

fn on_hub(args: &Verify, since: Vec<Vec<u8>>) -> Result<ExitCode, VerifyError> {
    let token = args.token_file.as_deref().map(read_token).transpose()?;
    let ca = args.ca.as_deref().map(|path| Ok::<_, VerifyError>(certificate(path, &read_small(path)?)?));
    let (ca, named) = (ca.transpose()?, token.is_some());
    let mut http = Http::new(&args.place, ca.as_ref(), token)?;
    let keys = match &args.keys {
        Some(dir) => epoch_keys::in_folder(dir)?,
        None if named && !args.without_keys => {
            let keys = epoch_keys::from_hub(&mut http)?;
            remark(&format!("The hub gave {}, and keeps that on record.", count(keys.len(), "epoch key")));
            keys
        }
        None => EpochKeys::new(),
    };
    let mut hub = Published::new(Place::Hub(Box::new(http)));
    let outcome = run(&mut hub, pin(args), keys, since);
    if let (Ok(report), Some(ca)) = (&outcome, &ca)
        && !names(&mut hub, report.site, ca).map_err(VerifyError::Published)?
    {
        return Err(VerifyError::OtherCa(report.site));
    }
    told(outcome, VerifyError::Published)
}

/// Whether the founding of a site, whose log was found sound, names this CA.
fn names(hub: &mut Published, site: SiteId, ca: &[u8]) -> Result<bool, PublishedError> {
    let first = hub.entries(Log::Config, 0, 1)?.into_iter().next().unwrap_or_default();
    // It is read once more, from whom nobody trusts: its hash is the site's identity.
    if *leaf_hash(&first).as_bytes() != site.0 {
        return Ok(false);
    }
    let payload = Envelope::parse(&first).ok().and_then(|e| e.payload().ok());
    let Some(Payload::Founding(founding)) = payload else { return Ok(false) };
    Ok(founding.ca_digest.0 == *digest(&SHA256, ca).as_ref())
}

fn in_folder(args: &Verify, since: Vec<Vec<u8>>) -> Result<ExitCode, VerifyError> {
    let dir = PathBuf::from(&args.place);
    for (flag, given) in [("--ca", &args.ca), ("--token-file", &args.token_file)] {
        if given.is_some() {
            return Err(VerifyError::Folder(flag, dir));
        }
    }
    let given = args.keys.as_deref().map(epoch_keys::in_folder).transpose()?;
    let given = given.or_else(|| args.without_keys.then(EpochKeys::new));
    if ["config", "events"].iter().all(|log| dir.join(log).join("checkpoint").is_file()) {
        let exported = dir.join("keys");
        let keys = match given {
            None if exported.is_dir() => epoch_keys::in_folder(&exported)?,
            given => given.unwrap_or_default(),
        };
        let export = Published::new(Place::Folder(dir));
        return told(run(export, pin(args), keys, since), VerifyError::Published);
    }
    let store = match HubStore::open(&dir) {
        Err(HubOpenError::Missing { .. }) => return Err(VerifyError::Nothing(dir)),
        opened => opened?,
    };
    let keys = given.unwrap_or_else(|| epoch_keys::own(&dir));
    told(run(Stored(store), pin(args), keys, since), VerifyError::Store)
}

fn pin(args: &Verify) -> Pin {
    args.site.map_or(Pin::Found, Pin::Expect)
}

/// A checkpoint, a certificate or a token: small, whatever the path names.
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
