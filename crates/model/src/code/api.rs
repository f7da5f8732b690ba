//! Why a request over HTTP is not answered: the `code` of a problem (RFC 9457), and the word on an error page.

codes! {
    /// Why a request is not answered.
    ApiRefusal

    OtherHost "HOST_UNKNOWN" "the hub does not answer to this host name",
    NoSession "SESSION_MISSING" "nobody is signed in; sign in, or send a bearer token",
    NotPermitted "NOT_PERMITTED" "no policy of the site permits this to whoever is signed in",
    OtherOrigin "ORIGIN_UNPROVEN" "the request does not prove that it comes from a page of this hub",
    TouchNeeded "TOUCH_NEEDED" "this asks for a fresh touch of a passkey",
    SignInFailed "SIGN_IN_FAILED" "that passkey does not sign in here",
    PasskeyRefused "PASSKEY_REFUSED" "the passkey was not taken; nothing was changed",
    LinkSpent "LINK_SPENT" "the link was used, has expired, or never was one",
    PeopleSign "PEOPLE_SIGN" "the hub may not sign for people here; a change set with a person's signature may",
    TooMany "TOO_MANY_ATTEMPTS" "too many attempts failed from this address; wait a minute",
    Malformed "REQUEST_MALFORMED" "the request's body is not what this address takes, or too long",
    NotSigned "NOT_SIGNED" "the change is not in force: its signature, or the change itself, was refused",
    NotWaiting "NOT_WAITING" "nothing waits for this answer: it came too late, or twice",
    NotFound "NOT_FOUND" "there is nothing here",
    StoreFailed "STORE_FAILED" "the hub's store failed; the hub's own log says how",
    ControllerAway "CONTROLLER_AWAY" "the door's controller is not connected, or too busy; nothing was done",
    Failed "FAILED" "the hub could not answer; doors are not affected",
}
