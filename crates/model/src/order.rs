//! Orders: what somebody wants of a door now, signed for one controller, one moment and one use.

use crate::{ConfigRef, ControllerId, DoorId, OperatorId, Outcome, SiteId, Text, Time};
use core::fmt;
use core::time::Duration;

/// A number that a controller gives out for one order, and takes once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// What is wanted of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderAct {
    /// Release it once, as a badge would.
    Unlock,
    /// Set it free for as long as this: at most [`Self::HOLD_MAX`].
    Hold(Duration),
    /// End what a hold began.
    Release,
}

impl OrderAct {
    /// The longest hold: a working day. Who needs more makes a schedule.
    pub const HOLD_MAX: Duration = Duration::from_secs(12 * 3_600);

    /// The name in policies (`Action::"order:unlock"`).
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::Hold(_) => "hold",
            Self::Release => "release",
        }
    }

    /// Every verb, for the policy schema.
    pub const VERBS: [&'static str; 3] = ["unlock", "hold", "release"];
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The site that it is for.
    pub site: SiteId,
    /// The only controller that may carry it out.
    pub controller: ControllerId,
    /// The door.
    pub door: DoorId,
    /// What is wanted.
    pub act: OrderAct,
    /// The controller's own number for it.
    pub nonce: Nonce,
    /// The first moment at which it counts no more: at most [`Self::LIFE_MAX`] after the controller gave the number.
    pub until: Time,
    /// Who asked for it, where a service signs in somebody's place.
    pub on_behalf: Option<OperatorId>,
    /// Why, in words.
    pub reason: Option<Text>,
}

impl Order {
    /// The longest that an order may be under way: somebody reads a page, finds the key and touches it.
    pub const LIFE_MAX: Duration = Duration::from_secs(60);

    /// The longest that a phone's order may be under way. The controller gives the number before the touch, so that the touch
    /// is younger still: no phone opens a door that nobody has touched it for in this time. A finger or a face takes two
    /// seconds, the phone's own code six; whoever takes longer presses again.
    pub const PHONE_LIFE_MAX: Duration = Duration::from_secs(10);
}

/// What a controller knew of an order beyond its bytes. Computed outside, kept with the decision, so that it can be
/// repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderKnown {
    /// Its number is one that the controller gave out, not long ago, and has not seen since.
    pub fresh: bool,
    /// Another door of the airlock is open or released, or can not be seen.
    pub airlock_busy: bool,
    /// The controller has opened as many doors of the zone as it may.
    pub openings_spent: bool,
}

/// The decision on an order: its inputs, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// The signed order, as it came.
    pub envelope: Box<[u8]>,
    /// The configuration that decided.
    pub config: Option<ConfigRef>,
    /// How old the controller's word from the hub was.
    pub config_age: Duration,
    /// What else the controller knew.
    pub known: OrderKnown,
    /// What was decided.
    pub outcome: Outcome,
}
