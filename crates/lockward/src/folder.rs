//! The site's folder, opened for a verb: where it lies, and the master key that opens its keys.

use clap::Args;
use lockward_hub::{MASTER_KEY_VARIABLE, MasterError, Office, OfficeError, SystemClock, master_key};
use lockward_wire::MasterKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Where the site lies.
#[derive(Args)]
pub(crate) struct Folder {
    /// The folder of the site.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}

/// Why a site's folder does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// No master key.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// Not a site, or not with this key.
    #[error("the site in `{dir}` can not be opened")]
    Office {
        /// Where.
        dir: PathBuf,
        /// Why.
        #[source]
        source: OfficeError,
    },
}

impl Folder {
    pub(crate) fn open(&self) -> Result<Office, FolderError> {
        let failed = |source| FolderError::Office { dir: self.dir.clone(), source };
        let master = outside_master(&self.dir)?;
        Office::open(&self.dir, master, Arc::new(SystemClock::default())).map_err(failed)
    }
}

/// The master key, where the environment holds it.
pub(crate) fn outside_master(dir: &Path) -> Result<Option<MasterKey>, MasterError> {
    let Ok(digits) = std::env::var(MASTER_KEY_VARIABLE).map(Zeroizing::new) else { return Ok(None) };
    master_key(dir, Some(&digits)).map(Some)
}
