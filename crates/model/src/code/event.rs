//! What can happen: every event of the log is one of these.

// Append only: a number, once given, keeps its meaning for ever.
codes! {
    /// What kind of thing happened.
    Code: u16

    AccessGranted = 1 "ACCESS_GRANTED" "access granted",
    AccessDenied = 2 "ACCESS_DENIED" "access denied",
    ExitRequested = 3 "EXIT_REQUESTED" "request to exit",
    DoorOpened = 10 "DOOR_OPENED" "door opened",
    DoorClosed = 11 "DOOR_CLOSED" "door closed",
    DoorForced = 12 "DOOR_FORCED" "door forced open" alarm,
    DoorHeld = 13 "DOOR_HELD" "door held open too long" alarm,
    NotEntered = 14 "NOT_ENTERED" "released, but not opened",
    DoorUnlocked = 15 "DOOR_UNLOCKED" "door stands unlocked",
    DoorLocked = 16 "DOOR_LOCKED" "door locked",
    ReaderOnline = 30 "PD_ONLINE" "reader online",
    ReaderOffline = 31 "PD_OFFLINE" "reader does not answer" alarm,
    ReaderTamper = 32 "READER_TAMPER" "reader tampered with" alarm,
    ReaderTamperCleared = 33 "READER_TAMPER_CLEARED" "reader case closed again",
    OsdpInsecureRefused = 34 "OSDP_INSECURE_REFUSED" "reader spoke outside a secure channel; not heeded" alarm,
    OsdpDowngrade = 35 "OSDP_DOWNGRADE" "reader no longer claims a secure channel; refused" alarm,
    ReaderIdentityChanged = 36 "PD_IDENTITY_CHANGED" "another device answers at the reader's address; refused" alarm,
    OsdpKeyRefused = 37 "OSDP_KEY_REFUSED" "reader does not hold the site's key; refused" alarm,
    OsdpPairingOpened = 38 "OSDP_INSTALL_OPEN" "pairing window opened" alarm,
    OsdpPairingClosed = 39 "OSDP_INSTALL_CLOSE" "pairing window closed",
    OsdpPaired = 40 "OSDP_PAIRED" "reader took the site's key",
    OsdpDefaultKey = 41 "OSDP_DEFAULT_KEY" "reader offered the published default key; refused" alarm,
    ControllerStarted = 60 "CONTROLLER_STARTED" "controller started",
    ConfigApplied = 61 "CONFIG_APPLIED" "change in force",
    ConfigRefused = 62 "CONFIG_REFUSED" "change refused by the controller" alarm,
    ClockStepped = 63 "CLOCK_STEPPED" "clock set",
    TimeStepRefused = 64 "TIME_STEP_REFUSED" "clock step refused" alarm,
    ControllerConnected = 80 "CONTROLLER_CONNECTED" "controller connected",
    ControllerDisconnected = 81 "CONTROLLER_DISCONNECTED" "controller disconnected" alarm,
    LinkRefused = 82 "TLS_PEER_INVALID" "a peer was refused at the link" alarm,
    ControllerEnrolled = 83 "CONTROLLER_ENROLLED" "controller enrolled",
    LogChainBreak = 84 "LOG_CHAIN_BREAK" "a controller's records do not follow on each other" alarm,
    SiteFounded = 85 "SITE_FOUNDED" "site founded",
    KeysRead = 86 "KEYS_READ" "keys that open the event log were handed out",
}

impl Code {
    /// True for what a person must answer.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        self.row().alarm
    }
}
