//! Why an entry of the config log is not followed: said by the hub, by a controller and by an audit alike.

codes! {
    /// Why a change is not made. Nothing of it was.
    ChangeRefusal

    // The entry itself.
    Malformed "ENTRY_MALFORMED" "the entry can not be read, or does not fit the log",
    Newer "ENTRY_NEWER" "the entry was written by a newer version; update this software first",
    Kind "ENTRY_KIND" "the entry is of the wrong kind: only the first entry of a log is a founding",
    OtherSite "ENTRY_OTHER_SITE" "the entry is for another site",
    Early "ENTRY_EARLY" "the entry was drafted in the future, by the clock of who checks it",
    OutOfOrder "ENTRY_OUT_OF_ORDER" "the entry is not the one that is due: replayed, dropped, or out of order",
    Unsigned "ENTRY_UNSIGNED" "the entry is not signed",

    // Who wants it, and what it would do.
    UnknownSigner "SIGNER_UNKNOWN" "a signature is not by anyone whom the site knows, or was made over other bytes",
    SignerEnded "SIGNER_ENDED" "a signer's authority had an end, and that is past",
    NotAllowed "SIGNER_NOT_ALLOWED" "the policies in force do not let the signers do this",
    Invalid "CHANGE_INVALID" "the change would break the site",

    // What a controller sees in the log that it is sent.
    Checkpoint "CHECKPOINT_INVALID" "the checkpoint does not verify under the site's log key",
    Fork "LOG_FORK" "the log is not the one whose root was signed, or that was shown before",
    NoConfiguration "NO_CONFIGURATION" "the controller has no verified configuration",

    // What a hub can not do.
    StoreFailed "STORE_FAILED" "the hub's store failed; the hub's own log says how",
}
