//! What a door looks like from outside: its facts, its one word, and what its readers show at rest.

use crate::leaf::Leaf;
use crate::{Bolt, Cause, Door, Facts, Feedback, Stand, State};
use lockward_model::{LockCause, Side};

impl Door {
    /// The door in one word. What a person must see first comes first: alarms of the leaf, then what moves, then why
    /// it is free, then what is wrong with it.
    #[must_use]
    pub fn state(&self) -> State {
        match self.leaf {
            Leaf::Forced { .. } => State::Forced,
            Leaf::Held { .. } => State::Held,
            Leaf::Open { .. } if self.contact.is_faulty() => State::InputFault,
            Leaf::Open { warned: true, .. } => State::HeldWarning,
            Leaf::Open { .. } => State::Open,
            Leaf::Shut => self.state_of_a_shut_door(),
        }
    }

    fn state_of_a_shut_door(&self) -> State {
        let first = |cause| match cause {
            LockCause::Fire => State::Fire,
            LockCause::Order => State::Order,
            LockCause::Office => State::Office,
            LockCause::FirstPerson => State::FirstPerson,
            LockCause::Schedule | LockCause::Start | LockCause::Lockdown => State::Schedule,
        };
        if let Some(cause) = self.causes().first() {
            first(cause)
        } else if self.grants.run() {
            State::Granted
        } else if self.exit.releases(&self.settings) {
            State::Leaving
        } else if self.a_wire_is_faulty() {
            State::InputFault
        } else if self.lockdown {
            State::Lockdown
        } else if !self.power {
            State::PowerFail
        } else if self.readings.lost() != [false; 2] {
            State::ReaderLost
        } else {
            State::Locked
        }
    }

    fn a_wire_is_faulty(&self) -> bool {
        let faults = [
            self.contact.0.and_then(crate::Wire::fault),
            self.sense.wire.and_then(crate::Wire::fault),
            self.exit.wire.fault(),
            self.called.and_then(crate::Wire::fault),
        ];
        faults.iter().any(Option::is_some)
    }

    /// Everything that is known of it.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts {
            command: self.bolt.unwrap_or(Bolt::Locked),
            bolt: self.sense.wire,
            contact: self.contact.0,
            exit: self.exit.wire,
            free: self.causes().first(),
            lockdown: self.lockdown,
            fire: self.free.fire,
            power: self.power,
            tamper: self.tamper,
            lost: self.readings.lost(),
            airlock: self.airlock,
        }
    }

    /// Whether it is open to everybody for this cause, as far as it was told and no lockdown has ended it.
    #[must_use]
    pub fn is_free_by(&self, cause: Cause) -> bool {
        self.free.by(cause)
    }

    /// How it stands, for the other doors of its airlock. Asked after every [`Self::handle`].
    #[must_use]
    pub fn stand(&self) -> Stand {
        let unseen = self.wiring.contact && self.contact.said().is_none();
        if unseen {
            Stand::Unseen
        } else if self.leaf != Leaf::Shut || self.causes().any() {
            Stand::Open
        } else if self.grants.run_for(Side::Exit) || self.exit.explains(&self.settings) {
            Stand::Leaving
        } else if self.grants.run() {
            Stand::Entering
        } else {
            Stand::Shut
        }
    }

    pub(crate) fn resting_due(&self) -> Feedback {
        match self.leaf {
            Leaf::Held { .. } => Feedback::Held,
            Leaf::Open { warned: true, .. } => Feedback::Warning,
            _ if self.causes().any() => Feedback::Unlocked,
            _ if self.lockdown => Feedback::Lockdown,
            _ => Feedback::Idle,
        }
    }
}
