//! A pass in place of a card: whether it was signed by somebody whose passes can count, and is for this door, now.

use crate::{Placed, Site};
use lockward_model::{Deny, Time};
use lockward_wire::credential::{Pass, PassError, SignedPass};

impl Site {
    /// What a pass says, if its signature is one of this site's services.
    pub(crate) fn signed_pass(&self, text: &[u8], at: Time) -> Result<Pass, Deny> {
        let signed = SignedPass::parse(text).map_err(|_| Deny::PassInvalid)?;
        let service = self.service(signed.service()).ok_or(Deny::PassInvalid)?;
        if !service.holds_at(at) {
            return Err(Deny::PassInvalid);
        }
        signed.verify(&self.id, &service.key).cloned().map_err(|_| Deny::PassInvalid)
    }
}

/// Whether a pass is for this door, and valid at a moment. How often it has served is not its own to say.
pub(crate) fn holds(pass: &Pass, placed: &Placed, at: Time) -> Result<(), Deny> {
    pass.check(placed.door.id, &placed.zones, at).map_err(|error| match error {
        PassError::NotYet => Deny::PassNotYet,
        PassError::Over => Deny::PassExpired,
        PassError::OtherPlace => Deny::PassElsewhere,
        _ => Deny::PassInvalid,
    })
}
