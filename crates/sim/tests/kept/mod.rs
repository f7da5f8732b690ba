//! A stranger's check of a whole site in its folder: every leaf, every signature, and every decision again.

use lockward_audit::{Audit, EpochKeys, Pin, Report, Source};
use lockward_hub::Office;
use lockward_sim::clock::ScaledClock;
use lockward_store::{HubError, HubStore, Log};
use std::path::Path;
use std::sync::Arc;

/// The logs as the hub keeps them.
struct Kept(HubStore);

fn kept(log: lockward_audit::Log) -> Log {
    match log {
        lockward_audit::Log::Config => Log::Config,
        lockward_audit::Log::Event => Log::Event,
    }
}

impl Source for Kept {
    type Error = HubError;
    fn checkpoint(&mut self, log: lockward_audit::Log) -> Result<Vec<u8>, HubError> {
        Ok(self.0.head(kept(log))?.checkpoint.unwrap_or_default())
    }
    fn entries(
        &mut self,
        log: lockward_audit::Log,
        first: u64,
        max: usize,
    ) -> Result<Vec<Vec<u8>>, HubError> {
        self.0.entries(kept(log), first..first + max as u64)
    }
}

/// Checks everything that the site in `dir` has recorded, and decides every decision again.
pub(crate) fn audit(dir: &Path) -> Report {
    let clock = Arc::new(ScaledClock::from(lockward_model::Time(0), 1.0));
    let office = Office::open(&dir.join("hub"), None, clock).unwrap();
    let epoch = office.keys().epoch();
    let keys = EpochKeys::from_iter([(epoch, office.keys().epoch_key(epoch).unwrap().unwrap())]);
    let kept = Kept(HubStore::open(&dir.join("hub")).unwrap());
    Audit::new(kept, Pin::Expect(office.id()), keys).run(|_| ()).unwrap()
}
