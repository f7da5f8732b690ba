//! What can be wrong with a log: what an audit names.

// Of two things that are wrong with one entry, the earlier here is told.
codes! {
    /// What kind of thing is wrong.
    FindingCode

    Newer "NEWER" "written by a newer version: not checked, and nothing is said against it",
    OtherSite "OTHER_SITE" "the founding is not that of the site that was expected",
    CheckpointSignature "CHECKPOINT_SIGNATURE" "the checkpoint can not be read, or the log's key has not signed it",
    EntryRefused "ENTRY_REFUSED" "an entry of the config log that the site must refuse",
    LeafMalformed "LEAF_MALFORMED" "a leaf of the event log that can not be read",
    UnknownSource "UNKNOWN_SOURCE" "a leaf by somebody whom the config log does not know, or who has no key in it",
    HeadSignature "HEAD_SIGNATURE" "a chain head that its source has not signed",
    ChainBreak "CHAIN_BREAK" "an event that does not stand in its source's chain: altered, removed, moved, doubled, or somebody else's",
    BodyUnreadable "BODY_UNREADABLE" "an event that its key does not open, or that holds no event",
    ConfigMismatch "CONFIG_MISMATCH" "an event that rests on a configuration that is not in the config log",
    DecisionDiverges "DECISION_DIVERGES" "a decision that the same inputs do not give",
    EntryAltered "ENTRY_ALTERED" "an entry that is not the one whose hash the log's tree has in its place",
    LogShort "LOG_SHORT" "fewer entries than the checkpoint says",
    RootMismatch "ROOT_MISMATCH" "the entries do not hash to the root that the checkpoint states, and it can not be told which of them",
    CosignatureInvalid "COSIGNATURE_INVALID" "a cosignature in a controller's name that this controller did not give",
    Forked "FORKED" "not the log that somebody was shown before: cut off, or rewritten and signed again",
    Uncovered "UNCOVERED" "events at the end of a source's chain that it has not signed",
}
