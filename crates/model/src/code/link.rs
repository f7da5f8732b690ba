//! Why a hub and a controller do not speak, or speak no longer: what the hub says last, and what an enrolment is told.

codes! {
    /// Why the hub turns a peer away, ends a link, or does not enrol.
    LinkRefusal

    // Before a word is said: what the peer shows.
    NoCertificate "TLS_NO_CERTIFICATE" "the peer shows no certificate",
    Foreign "TLS_FOREIGN" "the peer's certificate is not one of this site's controllers",
    Expired "TLS_EXPIRED" "the peer's certificate has expired",
    NotYetValid "TLS_NOT_YET_VALID" "the peer's certificate is not valid yet; look at the clocks",

    // Who it is, by the configuration in force.
    UnknownController "CONTROLLER_UNKNOWN" "the site has no such controller",
    RevokedController "CONTROLLER_REVOKED" "the controller is revoked",
    OtherKey "KEY_NOT_BOUND" "the controller is known by another key",

    // What it says first.
    NoHello "HELLO_MISSING" "the controller did not say first who it is",
    OtherController "CONTROLLER_MISMATCH" "the controller says another name than its certificate",
    OtherSite "SITE_OTHER" "the controller is of another site",
    ConfigForked "CONFIG_FORKED" "the controller holds a configuration that this hub never had; one of them was set back",
    LogShrunk "LOG_SHRUNK" "the controller has seen more of the event log than there is; the hub was set back",

    // What ends a link that stood.
    HelloAgain "HELLO_AGAIN" "the controller said twice who it is",
    ChainBreak "LOG_CHAIN_BREAK" "a controller's records do not follow on each other",
    Replaced "LINK_REPLACED" "the same controller has made a newer link",
    OrderFlood "ORDER_FLOOD" "the hub hands over more orders that change nothing than people give",
    KeysChanged "KEYS_CHANGED" "the hub hands over other keys than before: for cards and PINs, or for the same epoch",
    StoreFailed "STORE_FAILED" "the hub's store failed; the hub's own log says how",
    Closing "HUB_CLOSING" "the hub is being stopped",

    // What an enrolment is told. A stranger is told one code, whatever was wrong with name or secret.
    NoProof "ENROLL_PROOF" "the device did not prove that it holds its key",
    Secret "ENROLL_SECRET" "the enrolment code is wrong, used already or too old, or not for this controller",
}
