//! Why a door stays shut: what a denied access says.

// Append only: a number, once given, keeps its meaning for ever.
codes! {
    /// Why a door stays shut.
    Deny: u8

    UnknownCredential = 1 "CRED_UNKNOWN" "this card is not known at the site",
    CredentialNotYet = 2 "CRED_NOT_YET_VALID" "this card is not valid yet",
    CredentialExpired = 3 "CRED_EXPIRED" "this card is no longer valid",
    PersonSuspended = 4 "PERSON_SUSPENDED" "the person is suspended",
    PersonNotValid = 5 "PERSON_NOT_VALID" "the person's time at the site has not begun or is over",
    NothingPermits = 6 "NO_RULE" "no rule lets this person in here",
    OutsideSchedule = 7 "OUTSIDE_SCHEDULE" "a rule lets this person in here, but not at this time",
    Forbidden = 8 "FORBIDDEN" "a policy forbids it",
    FactorMissing = 9 "FACTOR_MISSING" "another factor is needed, which this reader or person does not have",
    WrongPin = 10 "PIN_WRONG" "the PIN was wrong",
    PinMissing = 11 "PIN_MISSING" "the PIN was not given in time",
    UnknownDoor = 12 "DOOR_UNKNOWN" "this door is not in the site's configuration",
    NoConfiguration = 13 "NO_CONFIGURATION" "the controller has no verified configuration",
    PolicyError = 14 "POLICY_ERROR" "a policy could not be evaluated",
    PinLocked = 15 "PIN_LOCKED" "too many wrong PINs; the reader waits",
    MalformedCredential = 16 "CRED_MALFORMED" "the reader sent something that is no card",
}

impl Deny {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.as_str()
    }
}
