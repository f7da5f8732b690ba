//! The proof, as a value, that policy permitted one opening of one door.

use lockward_model::{DoorId, Mono};

/// Proof that policy permitted one opening. Made only from a permit, by [`Policies::enter`](crate::Policies::enter) and
/// [`Policies::admit`](crate::Policies::admit); and by [`Policies::leave`](crate::Policies::leave), because leaving is
/// always permitted.
///
/// INVARIANT: neither `Clone` nor `Copy`: who spends it has it no longer.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    door: DoorId,
    until: Mono,
}

impl Grant {
    pub(crate) fn new(door: DoorId, until: Mono) -> Self {
        Self { door, until }
    }

    /// The only door that it opens.
    #[must_use]
    pub fn door(&self) -> DoorId {
        self.door
    }

    /// The first moment at which it no longer counts.
    #[must_use]
    pub fn until(&self) -> Mono {
        self.until
    }
}
