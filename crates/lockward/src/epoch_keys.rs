//! The epochs' keys, with which decisions are decided again: from a site's own folder, an export, or a hub.

use crate::folder::Folder;
use crate::http::{Http, HttpError};
use crate::say::{complain, remark};
use lockward_audit::EpochKeys;
use lockward_hub::EPOCH;
use lockward_model::Epoch;
use lockward_wire::{EpochKey, unhex};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// 64 digits and a line end, and room to see that there is more.
const KEY_FILE_BYTES_MAX: u64 = 80;
/// Where a hub hands them out.
const ROUTE: &str = "/log/keys";
/// Ten thousand epochs, at 82 bytes each: with a new one every day, 27 years.
const ROUTE_BYTES_MAX: usize = 820_000;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// A key's file.
    #[error("could not read the epoch's key `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not a key.
    #[error("`{0}` is no epoch's key: it holds 64 hex digits and nothing else")]
    Form(PathBuf),
    /// Not keys.
    #[error("what the hub gave at `{ROUTE}` are no epochs' keys; is it a hub of this version?")]
    Served,
    /// The hub gave none.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// Files `epoch-<n>`, each with a key in hex.
pub(crate) fn in_folder(dir: &Path) -> Result<EpochKeys, KeysError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| KeysError::File { path, source }
    };
    let mut keys = EpochKeys::new();
    for entry in dir.read_dir().map_err(failed(dir))? {
        let path = entry.map_err(failed(dir))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let Some(epoch) = epoch(name) else { continue };
        let mut digits = Zeroizing::new(String::new());
        let file = File::open(&path).map_err(failed(&path))?;
        file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut digits).map_err(failed(&path))?;
        keys.insert(epoch, key(digits.trim()).ok_or_else(|| KeysError::Form(path.clone()))?);
    }
    Ok(keys)
}

/// Those that a hub hands out for the token. It keeps that on record.
pub(crate) fn from_hub(http: &mut Http) -> Result<EpochKeys, KeysError> {
    let lines = Zeroizing::new(http.get(ROUTE, ROUTE_BYTES_MAX)?);
    served(&lines).ok_or(KeysError::Served)
}

/// Lines `epoch-<n> <64 hex digits>`.
fn served(lines: &[u8]) -> Option<EpochKeys> {
    let lines = core::str::from_utf8(lines).ok()?.lines();
    let pairs =
        lines.map(|line| line.split_once(' ').and_then(|(name, digits)| Some((epoch(name)?, key(digits)?))));
    pairs.collect()
}

/// Those of a site's own folder, as far as its master key is there.
pub(crate) fn own(dir: &Path) -> EpochKeys {
    let without = |why: &dyn std::error::Error| {
        remark("The keys are not to be had, so no decision is decided again.");
        complain(why);
        EpochKeys::new()
    };
    match (Folder { dir: dir.into() }).open() {
        Ok(office) => office.keys().epoch_keys().unwrap_or_else(|why| without(&why)),
        Err(why) => without(&why),
    }
}

fn epoch(name: &str) -> Option<Epoch> {
    name.strip_prefix(EPOCH)?.parse().ok().map(Epoch)
}

fn key(digits: &str) -> Option<EpochKey> {
    unhex(digits).map(|key| EpochKey::from_bytes(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_a_hub_gives_are_taken_whole_or_not_at_all() {
        let line = |n: u32, digit: &str| format!("epoch-{n} {}\n", digit.repeat(64));
        let two = served((line(0, "a") + &line(7, "b")).as_bytes()).unwrap();
        assert_eq!(two.keys().collect::<Vec<_>>(), [&Epoch(0), &Epoch(7)]);
        assert_eq!(two[&Epoch(7)].as_bytes(), &[0xbb; 32]);
        assert_eq!(served(b"").unwrap().len(), 0);
        for bad in [
            "<html>",
            "epoch-x 00\n",
            "epoch-0\n",
            &(line(0, "a") + "\n"),
            &line(0, "a").replacen("a", "", 1),
        ] {
            assert!(served(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
