//! What a door's refusal says to whoever stands before it with their own phone: what they can do, and nothing that is not theirs
//! to know.

use lockward_model::Deny;

/// In words for the phone's holder.
pub(crate) fn told(why: Deny) -> &'static str {
    match why {
        Deny::PersonSuspended => "Your access is suspended. Ask the desk.",
        Deny::PersonNotValid => "Your time here has not begun, or is over. Ask the desk.",
        Deny::CredentialNotYet | Deny::CredentialExpired => {
            "This phone does not count at this time. Ask the desk."
        }
        Deny::Revoked => "This phone was cut off. Ask the desk for a new link.",
        Deny::OutsideSchedule => "Not at this time.",
        Deny::Lockdown => "Locked down: nobody enters now. Every way out stays free.",
        Deny::Passback | Deny::PassbackTooSoon => "You are inside already, as far as the doors know.",
        Deny::PassbackAlone => {
            "The doors can not see each other at the moment. Use your card, or ask the desk."
        }
        Deny::ZoneFull => "It is full in there. Wait until somebody has left.",
        Deny::AirlockBusy => "Another door of the airlock is open. Try again when it is shut.",
        Deny::OpeningsSpent => "Too many doors were opened in a short time. Wait a moment, or ask the desk.",
        Deny::SecondMissing => "This door wants two people. Use the reader.",
        Deny::EscortMissing => "A visitor is let in with an escort. Use the reader together.",
        Deny::FactorMissing => "This door wants more than a phone. Use the reader.",
        Deny::TouchTooOld | Deny::OrderReplayed | Deny::OrderExpired => {
            "That took longer than ten seconds. Press again, and touch at once."
        }
        Deny::NotRecorded => {
            "The door could not write it down, and did nothing. Try again, or use your card."
        }
        Deny::ConfigStale => {
            "The door has not heard from the hub for too long. Use your card, or ask the desk."
        }
        _ => "You may not open this door with your phone.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_refusal_tells_its_holder_of_others_of_policies_or_of_duress() {
        for why in Deny::ALL {
            let said = told(*why);
            assert!(said.ends_with('.'), "{said}");
            for word in ["policy", "rule", "duress", "CRED", "_", "order"] {
                assert!(!said.contains(word), "{why:?}: {said}");
            }
        }
    }
}
