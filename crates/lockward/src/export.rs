//! `lockward log export`: both logs as files (C2SP tlog-tiles), to be kept, checked or served by anybody.

use crate::folder::{Folder, FolderError};
use crate::say::{count, say};
use clap::Args;
use lockward_hub::{EPOCH, KeysError, Office, checkpoint_note};
use lockward_ledger::{BundleError, BundleId, Note, TILE_WIDTH, TileId, encode_bundle};
use lockward_ledger::{Checkpoint, full_tiles, partial_tiles};
use lockward_store::{HubError, HubOpenError, HubStore, Log};
use lockward_wire::hex;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Writes both logs as files into a new folder.
#[derive(Args)]
pub(crate) struct Export {
    /// The folder to make; it must be new.
    out: PathBuf,
    #[command(flatten)]
    folder: Folder,
    /// With the epochs' keys: whoever has them reads the events and can decide every decision again.
    #[arg(long)]
    with_keys: bool,
}

/// Why nothing was exported. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// It is never overwritten.
    #[error("`{0}` is there already; name a folder that is new")]
    Exists(PathBuf),
    /// The site's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No store.
    #[error(transparent)]
    Open(#[from] HubOpenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The keys can not be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store's own checkpoint is none.
    #[error("the hub's store has no checkpoint that can be read; run `lockward log verify` on it")]
    Checkpoint,
    /// An entry that fits no bundle.
    #[error("the entries could not be written as C2SP has them")]
    Bundle(#[from] BundleError),
    /// A file.
    #[error("could not write `{path}`")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

pub(crate) fn export(args: &Export) -> Result<ExitCode, ExportError> {
    if args.out.symlink_metadata().is_ok() {
        return Err(ExportError::Exists(args.out.clone()));
    }
    // The logs need no master key; their keys do.
    let office = args.with_keys.then(|| args.folder.open()).transpose()?;
    let store = HubStore::open(&args.folder.dir)?;
    // Beside the wanted place, and there under its name when it is whole.
    let mut fresh = args.out.clone().into_os_string();
    fresh.push(".partial");
    let fresh = PathBuf::from(fresh);
    // Somebody's folder of that name is not ours to write into, nor to remove.
    fs::DirBuilder::new().mode(0o700).create(&fresh).map_err(wrote(&fresh))?;
    let made = lay(&fresh, &store, office.as_ref())
        .and_then(|sizes| fs::rename(&fresh, &args.out).map(|()| sizes).map_err(wrote(&args.out)));
    let (config, events) = made.inspect_err(|_| drop(fs::remove_dir_all(&fresh)))?;
    say(&format!(
        "Exported to `{}`: {} of the config log, {} of the event log. Check it with `lockward log verify {}`.",
        args.out.display(),
        count(usize::try_from(config).unwrap_or(usize::MAX), "entry"),
        count(usize::try_from(events).unwrap_or(usize::MAX), "entry"),
        args.out.display(),
    ));
    if args.with_keys {
        say("It holds the epochs' keys: whoever has it reads every event. Keep it accordingly.");
    }
    Ok(ExitCode::SUCCESS)
}

fn wrote(path: &Path) -> impl FnOnce(io::Error) -> ExportError {
    let path = path.to_owned();
    move |source| ExportError::Write { path, source }
}

fn lay(dir: &Path, store: &HubStore, office: Option<&Office>) -> Result<(u64, u64), ExportError> {
    // The event log first: what it rests on is then in the config log, even while both grow.
    let events = one(&dir.join("events"), store, Log::Event)?;
    let config = one(&dir.join("config"), store, Log::Config)?;
    if let Some(office) = office {
        for (epoch, key) in office.keys().epoch_keys()? {
            let digits = hex(key.as_bytes());
            put(&dir.join("keys").join(format!("{EPOCH}{}", epoch.0)), digits.as_bytes())?;
        }
    }
    Ok((config, events))
}

fn one(dir: &Path, store: &HubStore, log: Log) -> Result<u64, ExportError> {
    // 1. The note tells how far; the log may grow meanwhile.
    let note = checkpoint_note(store, log)?.ok_or(ExportError::Checkpoint)?;
    let stated = Note::parse(&note).ok().and_then(|n| n.text().parse::<Checkpoint>().ok());
    let size = stated.ok_or(ExportError::Checkpoint)?.head().size;
    // 2. What it covers.
    let width = u64::from(TILE_WIDTH);
    for bundle in (0..size.div_ceil(width)).filter_map(|index| BundleId::in_log(index, size)) {
        let first = bundle.first_entry();
        let entries = store.entries(log, first..first + u64::from(bundle.width()))?;
        put(&dir.join(bundle.to_string()), &encode_bundle(entries.iter().map(Vec::as_slice))?)?;
    }
    for tile in full_tiles(0, size).chain(partial_tiles(size)) {
        put(&dir.join(tile.to_string()), &hashes(store, log, tile)?)?;
    }
    // 3. The note last: where it stands, all that it covers does.
    put(&dir.join("checkpoint"), &note)?;
    Ok(size)
}

fn hashes(store: &HubStore, log: Log, tile: TileId) -> Result<Vec<u8>, ExportError> {
    store.tile(log, tile)?.ok_or(ExportError::Checkpoint)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(wrote(parent))?;
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(wrote(path))
}
