//! Why a request over HTTP is not answered: the `code` of a problem (RFC 9457), and the word on an error page.

codes! {
    /// Why a request is not answered.
    ApiRefusal

    OtherHost "HOST_UNKNOWN" "the hub does not answer to this host name",
    NoSession "SESSION_MISSING" "nobody is signed in; sign in, or send a bearer token",
    NotPermitted "NOT_PERMITTED" "no policy of the site permits this to whoever is signed in",
    FactorHeld "FACTOR_HELD" "this way to sign in was set anew on another operator's word; for a day nothing is done in your place on it. A passkey of your own goes on",
    PasswordWrong "PASSWORD_WRONG" "password and code do not serve; after a few failures each one makes the next wait longer",
    AccountTaken "ACCOUNT_TAKEN" "that account signs somebody in here already",
    OtherOrigin "ORIGIN_UNPROVEN" "the request does not prove that it comes from a page of this hub",
    TouchNeeded "TOUCH_NEEDED" "this asks for a fresh touch of a passkey",
    SignInFailed "SIGN_IN_FAILED" "that passkey does not sign in here",
    PasskeyRefused "PASSKEY_REFUSED" "the passkey was not taken; nothing was changed",
    LinkSpent "LINK_SPENT" "the link was used, has expired, or never was one",
    PeopleSign "PEOPLE_SIGN" "the hub may not sign for people here; a change set with a person's signature may",
    SignApart "SIGN_APART" "a touch at this page is not enough for that here; sign it on your own machine with `lockward signer`",
    NoSignerKey "SIGNER_KEY_MISSING" "none of your keys was made by `lockward signer`; make one on your own page first",
    LastPasskey "LAST_PASSKEY" "that is your last passkey to sign in with; add another first",
    TooMany "TOO_MANY_ATTEMPTS" "too many attempts failed from this address; wait a minute",
    Malformed "REQUEST_MALFORMED" "the request's body is not what this address takes, or too long",
    NotSigned "NOT_SIGNED" "the change is not in force: its signature, or the change itself, was refused",
    NotWaiting "NOT_WAITING" "nothing waits for this answer: it came too late, or twice",
    NotFound "NOT_FOUND" "there is nothing here",
    MethodWrong "METHOD_NOT_ALLOWED" "there is something here, and not for this method",
    MediaType "MEDIA_TYPE" "send the body as `application/json`",
    Invalid "REQUEST_INVALID" "the request is read, and says something that can not be",
    Moved "PRECONDITION_FAILED" "it is not as it was when it was read; read it again",
    KeyReused "IDEMPOTENCY_KEY_REUSED" "the same Idempotency-Key came with another request",
    UnderWay "IN_PROGRESS" "the same request is being carried out; ask again for its answer",
    TooManyDrafts "TOO_MANY_DRAFTS" "too many drafts of this service wait for signatures; sign them, or wait until they end",
    DraftRefused "DRAFT_REFUSED" "the change file does not become a change; nothing was changed",
    KeyNotMade "API_KEY_NOT_MADE" "the API key was not made: its service, its end or its scope can not be",
    StoreFailed "STORE_FAILED" "the hub's store failed; the hub's own log says how",
    ControllerAway "CONTROLLER_AWAY" "the door's controller is not connected, or too busy; nothing was done",
    Failed "FAILED" "the hub could not answer; doors are not affected",
}
