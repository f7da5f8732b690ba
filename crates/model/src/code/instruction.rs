//! What whoever answers an alarm does first: one sentence for each, with nothing that needs looking up.

use super::{Code, Deny};

impl Code {
    /// What to do; `None` for what is no alarm.
    #[must_use]
    pub fn instruction(self) -> Option<&'static str> {
        Some(match self {
            Self::DoorForced => {
                "Look at the door: nobody was let through it. Close it, and keep what the cameras have."
            }
            Self::DoorHeld => "Close the door, or find out who holds it open.",
            Self::ContactMismatch => {
                "Look at the door: its contact may be held by a magnet while it stands open."
            }
            Self::ContactStuck => {
                "Open and close the door by hand; if the contact still does not move, replace it."
            }
            Self::ExitAnomaly => {
                "Look at the request-to-exit sensor: it may be triggered from outside, or stuck."
            }
            Self::RelockUnconfirmed => {
                "Pull at the door: its bolt did not come back. Guard it until it does."
            }
            Self::ReleaseUnconfirmed => {
                "Go to the door: its bolt is stuck, and somebody may be kept in. Open it by hand or with the key."
            }
            Self::LiftOverride => {
                "Find out who took the lift there: a fire or service key was used, or the lift itself."
            }
            Self::AirlockDegraded => {
                "Restore the link between the airlock's controllers; its declared way of being alone holds."
            }
            Self::ReaderOffline => {
                "Look at the reader and its cable; until it answers, nobody can badge there."
            }
            Self::ReaderTamper => {
                "Go to the reader: its case is open. Do not type a PIN there until it was looked at."
            }
            Self::OsdpInsecureRefused => "Look at the reader's line: something on it speaks in clear text.",
            Self::OsdpDowngrade => {
                "Look at the reader's line: something pretends to be a reader without encryption."
            }
            Self::ReaderIdentityChanged => {
                "If the reader was replaced on purpose, pair the new one; if not, look at the line."
            }
            Self::OsdpKeyRefused => {
                "If the reader is new, pair it; if not, somebody has put another one in its place."
            }
            Self::OsdpPairingOpened => {
                "If nobody of yours is installing a reader now, close the window and look at the line."
            }
            Self::OsdpDefaultKey => {
                "Pair the reader with a key of its own; it offers the one that everybody knows."
            }
            Self::InputOpen => "Look at the input's wire: it is cut or has come loose.",
            Self::InputShort => "Look at the input's wire: it is shorted.",
            Self::InputGround => "Look at the input's wire: it touches ground.",
            Self::InputForeign => {
                "Look at the input's wire: somebody may feed it, or has changed its resistors."
            }
            Self::InputSilent => "Look at the board that reads the input, and at its power and line.",
            Self::PinBruteForce => {
                "Look who stands at the keypad; the wait doubles by itself with every wrong entry."
            }
            Self::ReaderBruteForce => "Look who stands at the reader with a pile of cards.",
            Self::PassbackDegraded => {
                "Restore the links of the area's controllers; its declared way of being alone holds."
            }
            Self::MassOpenBlocked => {
                "Check the compartments in the record against your stock, and who asked for them."
            }
            Self::Duress => {
                "Call for help, quietly. Do not call the person, and do not go to the door alone."
            }
            Self::PassbackViolated => {
                "Ask the person: a card was lent, or a door was passed without the card."
            }
            Self::ConfigRefused => {
                "Look at the controller's reason: it keeps its last good configuration until this is mended."
            }
            Self::TimeStepRefused => {
                "Check the clock that asked for the step; the controller keeps its own time meanwhile."
            }
            Self::PowerFailed => "Restore the mains before the battery is empty.",
            Self::BatteryLow => {
                "Replace the battery, or restore the mains: the doors will go where they were declared to fail."
            }
            Self::FireCalled => "Follow the fire plan. Doors that hold people in are released.",
            Self::CabinetTamper => "Go to the controller's cabinet: it is open.",
            Self::TimeUntrusted => {
                "Give the controller a clock that can be trusted; schedules open nothing until then."
            }
            Self::ControllerDisconnected => {
                "Restore the controller's network; it decides by itself meanwhile, and keeps its records."
            }
            Self::LinkRefused => "Find out what device this is; it was not let in.",
            Self::LogChainBreak => {
                "Keep the controller as it is: its records may have been changed. Compare with its own store."
            }
            Self::RecoveryAnnounced => {
                "If no owner did this, end it now (`lockward recover --cancel`), and find out who has the recovery key."
            }
            Self::RecoveryDone => {
                "If no owner did this, remove that operator at once, and found the site anew: its recovery key is known."
            }
            Self::OrderRefused => {
                "Ask who gave the order; if nobody did, somebody sends orders in their place: look at the hub."
            }
            Self::PasskeyCloned => {
                "Ask its owner; then revoke the passkey and register a new one: somebody may hold a copy."
            }
            Self::FactorReset => {
                "Ask the operator, by another way than the one that was reset, whether they wanted it. If not: end their sessions, remove their role, and ask who made the link."
            }
            Self::RecoveryCodeUsed => {
                "Ask the operator whether they used it; if not, take their password and code app away, and end their sessions."
            }
            Self::AuthSpray => {
                "Nobody is locked out by it, and passkeys go on. Look at the addresses in the hub's log, and shut them out before the hub."
            }
            Self::EnumerationSuspected => {
                "Ask the operator, or whoever runs the service, what they look for. If they know of nothing: end their sessions or revoke the API key, for somebody else has it."
            }
            Self::SetUpLinkUsed => {
                "If you did not just set this hub up, remove that operator's passkey at once, with the operator's key file."
            }
            _ => return None,
        })
    }
}

impl Deny {
    /// What to do; `None` for what is no alarm.
    #[must_use]
    pub fn instruction(self) -> Option<&'static str> {
        Some(match self {
            Self::SignatureInvalid => {
                "Look who stands there: the card is a copy of one that was issued. Revoke that one."
            }
            Self::FarAway => {
                "Ask the holder where the card is: it was used at two places at once. Suspend it until then."
            }
            Self::Relayed => "Look who stands there: the card itself may be somewhere else.",
            Self::Revoked => "Look who stands there: the card was revoked, and should have been handed back.",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_says_what_to_do_and_nothing_else_does() {
        for code in Code::ALL {
            assert_eq!(code.instruction().is_some(), code.is_alarm(), "{}", code.as_str());
        }
        for why in Deny::ALL {
            assert_eq!(why.instruction().is_some(), why.is_alarm(), "{}", why.code());
        }
    }
}
