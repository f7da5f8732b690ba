//! What can happen: every event of the log is one of these.

// Append only: a number, once given, keeps its meaning for ever. `Duress` and `PassbackViolated` stand in no header: they
// are read from the sealed body of an access, and the first must not show.
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
    HeldWarning = 17 "DOOR_HELD_WARNING" "door will soon count as held",
    ContactMismatch = 18 "DPS_MISMATCH" "the bolt says open while the contact says closed" alarm,
    ContactStuck = 19 "DPS_SUSPECT_STUCK" "the contact does not move although the bolt does" alarm,
    ContactCleared = 20 "DPS_CLEARED" "bolt and contact agree again",
    ExitAnomaly = 21 "REX_ANOMALY" "a doubtful request to exit" alarm,
    ExitAnomalyOver = 22 "REX_ANOMALY_OVER" "requests to exit are ordinary again",
    LockdownBegun = 23 "LOCKDOWN" "lockdown: nobody enters",
    LockdownLifted = 24 "LOCKDOWN_LIFTED" "lockdown lifted",
    RelockUnconfirmed = 25 "RELOCK_UNCONFIRMED" "the bolt did not come back" alarm,
    RelockConfirmed = 26 "RELOCK_CONFIRMED" "the bolt is back",
    LiftOverride = 27 "ELEVATOR_OVERRIDE" "a lift went to a floor without a grant" alarm,
    AirlockDegraded = 28 "AIRLOCK_DEGRADED" "another door of the airlock can not be seen" alarm,
    AirlockRestored = 29 "AIRLOCK_RESTORED" "the airlock's doors see each other again",
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
    InputOpen = 42 "INPUT_OPEN" "an input's wire is cut" alarm,
    InputShort = 43 "INPUT_SHORT" "an input's wire is shorted" alarm,
    InputGround = 44 "INPUT_GROUND" "an input's wire touches ground" alarm,
    InputForeign = 45 "INPUT_FOREIGN" "a foreign voltage or resistor at an input" alarm,
    InputSilent = 46 "INPUT_SILENT" "the board of an input does not answer" alarm,
    InputCleared = 47 "INPUT_CLEARED" "an input can be believed again",
    PinBruteForce = 48 "PIN_BRUTE_FORCE" "somebody guesses PINs or codes; a wait is on" alarm,
    ReaderBruteForce = 49 "READER_BRUTE_FORCE" "unknown cards in a row; the reader waits" alarm,
    PassbackDegraded = 50 "APB_DEGRADED" "anti-passback can not see the whole area" alarm,
    PassbackRestored = 51 "APB_RESTORED" "anti-passback sees the whole area again",
    MassOpenBlocked = 52 "MASS_OPEN_BLOCKED" "too many doors opened in a short time; the rest stay shut" alarm,
    Duress = 53 "DURESS" "somebody opened the door under threat" alarm,
    PassbackViolated = 54 "APB_VIOLATION" "the person is in the area already, as far as is known" alarm,
    ControllerStarted = 60 "CONTROLLER_STARTED" "controller started",
    ConfigApplied = 61 "CONFIG_APPLIED" "change in force",
    ConfigRefused = 62 "CONFIG_REFUSED" "change refused by the controller" alarm,
    ClockStepped = 63 "CLOCK_STEPPED" "clock set",
    TimeStepRefused = 64 "TIME_STEP_REFUSED" "clock step refused" alarm,
    PowerFailed = 65 "POWER_FAILED" "mains power gone; the controller runs on its battery" alarm,
    PowerRestored = 66 "POWER_RESTORED" "mains power is back",
    BatteryLow = 67 "UPS_LOW" "the battery will not last" alarm,
    BatteryWell = 68 "UPS_WELL" "the battery is well again",
    FireCalled = 69 "FIRE_INPUT" "the fire alarm system calls" alarm,
    FireOver = 70 "FIRE_INPUT_OVER" "the fire alarm system has stopped calling",
    CabinetTamper = 71 "CABINET_TAMPER" "the controller's cabinet is open" alarm,
    CabinetClosed = 72 "CABINET_CLOSED" "the controller's cabinet is closed again",
    TimeUntrusted = 73 "TIME_UNTRUSTED" "the controller's time can not be trusted" alarm,
    TimeTrusted = 74 "TIME_TRUSTED" "the controller's time can be trusted again",
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
