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
    Lockdown = 17 "IN_LOCKDOWN" "the zone is locked down",
    Passback = 18 "APB_VIOLATION" "the person is in the area already, as far as is known",
    PassbackTooSoon = 19 "APB_TOO_SOON" "the person entered the area too short a time ago",
    PassbackAlone = 20 "APB_ALONE" "anti-passback can not see the whole area, and refuses while that lasts",
    ZoneFull = 21 "ZONE_FULL" "as many people are in the zone as it may hold",
    AirlockBusy = 22 "AIRLOCK_BUSY" "another door of the airlock is open",
    OpeningsSpent = 23 "OPENINGS_SPENT" "too many doors were opened in a short time; a second person must agree",
    ConfigStale = 24 "CONFIG_STALE" "the controller's word from the hub is too old for this zone",
    SecondMissing = 25 "SECOND_MISSING" "a second person is needed, and none came in time",
    SecondRefused = 26 "SECOND_REFUSED" "the second person has no right of their own here, or is the same",
    EscortMissing = 27 "ESCORT_MISSING" "the visitor must be escorted, and nobody came in time",
    CodeUsed = 28 "CODE_USED" "this code has served already",
    PassInvalid = 29 "PASS_INVALID" "this pass was not signed by anyone who may issue it",
    PassNotYet = 30 "PASS_NOT_YET_VALID" "this pass is not valid yet",
    PassExpired = 31 "PASS_EXPIRED" "this pass is no longer valid",
    PassElsewhere = 32 "PASS_ELSEWHERE" "this pass is for another door",
    PassUsed = 33 "PICKUP_REUSED" "this pass has served as often as it may",
    SignatureInvalid = 34 "CRED_SIG_INVALID" "the card could not prove that it is the one it claims to be" alarm,
    FarAway = 35 "IMPOSSIBLE_TRAVEL" "the same card was too far away too short a time ago" alarm,
    Relayed = 36 "RELAY_SUSPECTED" "the card's answer took longer than a card's does" alarm,
    CardMissing = 37 "CARD_MISSING" "a PIN was typed, and no card was shown in time",
    NotHolding = 38 "HOLD_REFUSED" "no rule lets this person set this door free",
    NotRecorded = 39 "NOT_RECORDED" "the record could not be written",
    Revoked = 40 "REVOKED_CRED_USED" "this card was revoked" alarm,
    OrderMalformed = 41 "ORDER_MALFORMED" "the order can not be read",
    OrderElsewhere = 42 "ORDER_ELSEWHERE" "the order is for another site, controller or door",
    OrderReplayed = 43 "ORDER_REPLAYED" "the order's number was not given out by this controller, is too old, or has served",
    OrderExpired = 44 "ORDER_EXPIRED" "the order is no longer valid",
    OrderSignature = 45 "ORDER_SIGNATURE" "the order is not signed by anyone whom the site knows",
    NotByPhone = 46 "PHONE_NOT_PERMITTED" "no policy lets a phone open this door",
    TouchTooOld = 47 "TOUCH_TOO_OLD" "the phone's touch is older than ten seconds",
}

impl Deny {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.as_str()
    }

    /// True for what a person must answer, beyond the door staying shut.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        self.row().alarm
    }
}
