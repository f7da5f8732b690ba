//! The stable codes of everything that can happen: one table, shared by the log, the API, alarms and pages.

macro_rules! codes {
    ($($name:ident = $n:literal $code:literal $sentence:literal $alarm:literal),+ $(,)?) => {
        /// What kind of thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the sentence beside each name in the table below says it")]
        pub enum Code {
            $($name = $n),+
        }
        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
            /// One plain sentence.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),+ }
            }
            /// True for what a person must answer.
            #[must_use]
            pub fn is_alarm(self) -> bool {
                match self { $(Self::$name => $alarm),+ }
            }
            /// The number in the log's header.
            #[must_use]
            pub fn number(self) -> u16 {
                self as u16
            }
            /// Reads the number in the log's header.
            #[must_use]
            pub fn from_number(n: u16) -> Option<Self> {
                Self::ALL.iter().copied().find(|c| c.number() == n)
            }
        }
    };
}

// Append only: a number, once given, keeps its meaning for ever.
codes! {
    AccessGranted = 1 "ACCESS_GRANTED" "access granted" false,
    AccessDenied = 2 "ACCESS_DENIED" "access denied" false,
    ExitRequested = 3 "EXIT_REQUESTED" "request to exit" false,
    DoorOpened = 10 "DOOR_OPENED" "door opened" false,
    DoorClosed = 11 "DOOR_CLOSED" "door closed" false,
    DoorForced = 12 "DOOR_FORCED" "door forced open" true,
    DoorHeld = 13 "DOOR_HELD" "door held open too long" true,
    NotEntered = 14 "NOT_ENTERED" "released, but not opened" false,
    DoorUnlocked = 15 "DOOR_UNLOCKED" "door stands unlocked" false,
    DoorLocked = 16 "DOOR_LOCKED" "door locked" false,
    ReaderOnline = 30 "PD_ONLINE" "reader online" false,
    ReaderOffline = 31 "PD_OFFLINE" "reader does not answer" true,
    ReaderTamper = 32 "READER_TAMPER" "reader tampered with" true,
    ReaderTamperCleared = 33 "READER_TAMPER_CLEARED" "reader case closed again" false,
    OsdpInsecureRefused = 34 "OSDP_INSECURE_REFUSED" "reader spoke outside a secure channel; not heeded" true,
    OsdpDowngrade = 35 "OSDP_DOWNGRADE" "reader no longer claims a secure channel; refused" true,
    ReaderIdentityChanged = 36 "PD_IDENTITY_CHANGED" "another device answers at the reader's address; refused" true,
    OsdpKeyRefused = 37 "OSDP_KEY_REFUSED" "reader does not hold the site's key; refused" true,
    OsdpPairingOpened = 38 "OSDP_INSTALL_OPEN" "pairing window opened" true,
    OsdpPairingClosed = 39 "OSDP_INSTALL_CLOSE" "pairing window closed" false,
    OsdpPaired = 40 "OSDP_PAIRED" "reader took the site's key" false,
    OsdpDefaultKey = 41 "OSDP_DEFAULT_KEY" "reader offered the published default key; refused" true,
    ControllerStarted = 60 "CONTROLLER_STARTED" "controller started" false,
    ConfigApplied = 61 "CONFIG_APPLIED" "change in force" false,
    ConfigRefused = 62 "CONFIG_REFUSED" "change refused by the controller" true,
    ClockStepped = 63 "CLOCK_STEPPED" "clock set" false,
    TimeStepRefused = 64 "TIME_STEP_REFUSED" "clock step refused" true,
    ControllerConnected = 80 "CONTROLLER_CONNECTED" "controller connected" false,
    ControllerDisconnected = 81 "CONTROLLER_DISCONNECTED" "controller disconnected" true,
    LinkRefused = 82 "TLS_PEER_INVALID" "a peer was refused at the link" true,
    ControllerEnrolled = 83 "CONTROLLER_ENROLLED" "controller enrolled" false,
    LogChainBreak = 84 "LOG_CHAIN_BREAK" "a controller's records do not follow on each other" true,
    SiteFounded = 85 "SITE_FOUNDED" "site founded" false,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, Deny};
    use std::collections::HashSet;

    #[test]
    fn no_two_codes_share_a_number_or_a_name() {
        let numbers: HashSet<_> = Code::ALL.iter().map(|c| c.number()).collect();
        let names: HashSet<_> =
            Code::ALL.iter().map(|c| c.as_str()).chain(Deny::ALL.iter().map(|d| d.code())).collect();
        assert_eq!(numbers.len(), Code::ALL.len());
        assert_eq!(names.len(), Code::ALL.len() + Deny::ALL.len());
        assert!(Code::ALL.iter().all(|c| Code::from_number(c.number()) == Some(*c)));
        assert!(Deny::ALL.iter().all(|d| Deny::from_number(d.number()) == Some(*d)));
    }

    #[test]
    fn the_table_of_verbs_has_no_double() {
        assert_eq!(Change::VERBS.iter().collect::<HashSet<_>>().len(), Change::VERBS.len());
    }
}
