//! The master key: read from its file or from the environment, and from nowhere else.

use crate::dice;
use lockward_wire::{MasterKey, hex, unhex};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file beside the hub's store.
const FILE: &str = "master.key";
/// The environment variable that takes its place. The program reads it and hands it over.
pub const MASTER_KEY_VARIABLE: &str = "LOCKWARD_MASTER_KEY";
/// 64 digits and a line end, and room to see that there is more.
const FILE_BYTES_MAX: u64 = 80;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// The file can not be read or written.
    #[error(
        "the master key `{path}` can not be opened; without it (or {MASTER_KEY_VARIABLE}) nothing here can be read"
    )]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read it.
    #[error(
        "the master key `{path}` may be read by others; give it mode 0600, and consider it known to them"
    )]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// Not a key.
    #[error("the master key from {0} is not 64 hex digits")]
    Form(&'static str),
}

/// Makes a new key's file in `dir`.
pub(crate) fn create(dir: &Path) -> Result<MasterKey, MasterError> {
    let path = dir.join(FILE);
    let key = Zeroizing::new(dice::roll::<32>());
    let digits = hex(&*key);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(digits.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    write().map_err(|source| MasterError::Io { path: path.clone(), source })?;
    Ok(MasterKey::from_bytes(*key))
}

/// The master key of the hub in `dir`: from `variable` (the value of [`MASTER_KEY_VARIABLE`]), else from its file.
///
/// # Errors
/// [`MasterError`].
pub fn master_key(dir: &Path, variable: Option<&str>) -> Result<MasterKey, MasterError> {
    if let Some(digits) = variable {
        return parse(digits).ok_or(MasterError::Form(MASTER_KEY_VARIABLE));
    }
    let path = dir.join(FILE);
    let io = |source| MasterError::Io { path: path.clone(), source };
    let file = File::open(&path).map_err(io)?;
    if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
        return Err(MasterError::Exposed { path });
    }
    let mut digits = Zeroizing::new(String::new());
    file.take(FILE_BYTES_MAX).read_to_string(&mut digits).map_err(io)?;
    parse(&digits).ok_or(MasterError::Form("its file"))
}

fn parse(digits: &str) -> Option<MasterKey> {
    unhex(digits.trim()).map(|key| MasterKey::from_bytes(*key))
}
