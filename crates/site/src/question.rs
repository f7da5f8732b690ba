//! What a decision is asked, and what comes of it.

use core::time::Duration;
use lockward_model::{Access, CardToken, ConfigRef, ControllerId, Deny, DoorId, Known, PinFact, Side, Time};
use lockward_policy::Grant;

/// Everything that a decision depends on, besides the site itself.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who asks: a controller is answered for its own doors alone.
    pub controller: ControllerId,
    /// Which door.
    pub door: DoorId,
    /// Which reader.
    pub side: Side,
    /// What was shown: a card, or a PIN that stands alone.
    pub token: Option<CardToken>,
    /// What became of what was typed. Without a token: [`PinFact::NotAsked`] if the reader sent something that is no
    /// card, [`PinFact::Missing`] if a PIN was typed and no card came in time, and any other while a card may still
    /// come. Beside a PIN that stands alone, [`PinFact::Missing`] if the card that was asked for did not come.
    pub pin: PinFact,
    /// Whether the reader can take a PIN.
    pub keypad: bool,
    /// When, by the controller's clock.
    pub at: Time,
    /// How old the controller's word from the hub is.
    pub config_age: Duration,
    /// Size and root of the config log that this site is the fold of.
    pub config: ConfigRef,
    /// What had happened before. Whose card the second one is ([`lockward_model::Second::person`]) is found here,
    /// whatever it says.
    pub known: Known,
}

/// What comes of a question.
#[must_use]
#[derive(Debug)]
pub enum Answer {
    /// Opens the door, once the record is durable.
    Granted(Grant, Access, Terms),
    /// Ask for the PIN, or the code in its place, of whoever showed a card last; then ask again with it, in `pin` or in
    /// the second person's.
    NeedPin,
    /// Ask for the card of a second person; then ask again with it in `known.second`.
    NeedSecond,
    /// Ask for the card of whoever typed a PIN; then ask again with it in `token`.
    NeedCard,
    /// Stays shut.
    Denied(Deny, Access),
}

/// What a grant is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// The door's longer times, if it has them.
    pub extended: bool,
    /// To set the door free, or to end that. Never, unless it was wished; and where it was wished by somebody who may
    /// not, at the reader of the way out, they may leave all the same.
    pub hold: bool,
}
