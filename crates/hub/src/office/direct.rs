//! What the running hub does for a controller, without its threads and links: for a site that is played in one process.

use super::Office;
use crate::chain::{Checked, Tip, check};
use crate::dice;
use lockward_model::{ControllerId, PublicKey, Time};
use lockward_store::{Batch, HubAppendError, HubError, Log, SourceHead};
use lockward_wire::credential::{Pass, PassError, PassId, PassPlace, SignedPass};

/// Why a controller's events are not in the log. None of them is.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// They do not follow on what the log holds.
    #[error("the records of controller `{0}` do not follow on each other")]
    Chain(ControllerId),
    /// The store failed.
    #[error(transparent)]
    Append(#[from] HubAppendError),
    /// The store can not be read.
    #[error(transparent)]
    Store(#[from] HubError),
}

impl Office {
    /// How many of a controller's events the log holds.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn received(&self, controller: ControllerId) -> Result<u64, HubError> {
        Ok(self.tip(controller)?.count)
    }

    fn tip(&self, controller: ControllerId) -> Result<Tip, HubError> {
        let held = self.store().source(&controller.to_string())?;
        Ok(held.map_or(Tip::NONE, |s| Tip { count: s.count, head: s.head }))
    }

    /// Takes a controller's events into the log, checked as those that come over a link; nobody else may append
    /// meanwhile. Returns how many of its events are durable.
    ///
    /// # Errors
    /// [`ReceiveError`].
    pub fn receive(
        &self,
        controller: ControllerId,
        key: &PublicKey,
        first_seq: u64,
        mut leaves: Vec<Vec<u8>>,
        head: Vec<u8>,
    ) -> Result<u64, ReceiveError> {
        let tip = self.tip(controller)?;
        let checked = check(&self.id(), controller, key, tip, first_seq, &leaves, &head);
        let (known, after) = match checked.map_err(|_| ReceiveError::Chain(controller))? {
            Checked::Known => return Ok(tip.count),
            Checked::Follows { known, after } => (known, after),
        };
        leaves.drain(..known);
        leaves.push(head);
        let source = SourceHead { source: controller.to_string(), count: after.count, head: after.head };
        let at = self.store().head(Log::Event)?.size();
        let batch = Batch { at, leaves: &leaves, sources: &[source] };
        self.store()
            .append(Log::Event, &batch, |head| self.logs().sign(Log::Event, head, self.keys().log()))?;
        Ok(after.count)
    }

    /// Signs a pass for one place, with the hub's own key.
    ///
    /// # Errors
    /// [`PassError`].
    pub fn sign_pass(
        &self,
        place: PassPlace,
        from: Time,
        until: Time,
        uses: u16,
    ) -> Result<SignedPass, PassError> {
        let service = self.site().founding().hub.id;
        let id = PassId(dice::roll());
        Pass { id, service, place, from, until, uses, order: None }.sign(&self.id(), self.keys().hub())
    }
}
