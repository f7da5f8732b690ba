//! A pass in place of a card: whether its signature is one that counts here.

use crate::{Placed, Site};
use lockward_model::{Deny, ServiceId, Time};

/// A pass that is what it claims to be, is for this door, and is valid now.
pub(crate) struct Passed {
    /// Who issued it.
    pub(crate) issuer: ServiceId,
}

impl Site {
    /// Reads a pass. `at` is when; whether its uses are spent is not its own to say.
    ///
    /// No form of pass is known to the site yet: each is refused.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "what will read a pass needs them")]
    pub(crate) fn pass(&self, _bytes: &[u8], _placed: &Placed, _at: Time) -> Result<Passed, Deny> {
        Err(Deny::PassInvalid)
    }
}
