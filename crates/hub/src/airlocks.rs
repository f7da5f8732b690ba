//! Claims on airlocks, as they come over links: whose door it is, and which others it shares the airlock with. Pure.

use lockward_model::{AirlockId, ControllerId, Door, DoorId};
use lockward_site::Site;

/// What a controller wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) by: ControllerId,
    pub(crate) airlock: AirlockId,
    pub(crate) door: DoorId,
    /// Names it in the answer.
    pub(crate) number: u64,
}

impl Claim {
    /// The door, if it is of that airlock, and the controller drives it: nobody claims for another's.
    pub(crate) fn door(self, site: &Site) -> Option<&Door> {
        let is_part =
            |d: &&Door| d.controller == self.by && d.rules.airlock.is_some_and(|a| a.id == self.airlock);
        site.door(self.door).filter(is_part)
    }

    /// The other doors of the airlock.
    pub(crate) fn mates(self, site: &Site) -> impl Iterator<Item = &Door> {
        let others = site.doors().filter(move |d| d.id != self.door);
        others.filter(move |d| d.rules.airlock.is_some_and(|a| a.id == self.airlock))
    }
}
