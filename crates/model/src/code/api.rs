//! Why a request over HTTP is not answered: the `code` of a problem (RFC 9457), and the word on an error page.

codes! {
    /// Why a request is not answered.
    ApiRefusal

    OtherHost "HOST_UNKNOWN" "the hub does not answer to this host name",
    NoSession "SESSION_MISSING" "nobody is signed in; sign in, or send a bearer token",
    NotFound "NOT_FOUND" "there is nothing here",
    StoreFailed "STORE_FAILED" "the hub's store failed; the hub's own log says how",
    ControllerAway "CONTROLLER_AWAY" "the door's controller is not connected, or too busy; nothing was done",
    Failed "FAILED" "the hub could not answer; doors are not affected",
}
