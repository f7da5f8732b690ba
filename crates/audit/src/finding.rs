//! What can be wrong with a log: one stable code each, where it is, and what to think of it.

use crate::Log;
use core::fmt;
use std::error::Error;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// What kind of thing is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingCode {
            $($(#[$doc])* $name),+
        }
        impl FindingCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The stable code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

// Of two things that are wrong with one entry, the earlier here is told.
codes! {
    /// Written by a newer version: not checked, and nothing is said against it.
    Newer = "NEWER",
    /// The founding is not that of the site that was expected.
    OtherSite = "OTHER_SITE",
    /// The checkpoint can not be read, or the log's key has not signed it.
    CheckpointSignature = "CHECKPOINT_SIGNATURE",
    /// An entry of the config log that the site must refuse.
    EntryRefused = "ENTRY_REFUSED",
    /// A leaf of the event log that can not be read.
    LeafMalformed = "LEAF_MALFORMED",
    /// A leaf by somebody whom the config log does not know, or who has no key in it.
    UnknownSource = "UNKNOWN_SOURCE",
    /// A chain head that its source has not signed.
    HeadSignature = "HEAD_SIGNATURE",
    /// An event that does not stand in its source's chain: altered, removed, moved, doubled, or somebody else's.
    ChainBreak = "CHAIN_BREAK",
    /// An event that its key does not open, or that holds no event.
    BodyUnreadable = "BODY_UNREADABLE",
    /// An event that rests on a configuration that is not in the config log.
    ConfigMismatch = "CONFIG_MISMATCH",
    /// A decision that the same inputs do not give.
    DecisionDiverges = "DECISION_DIVERGES",
    /// An entry that is not the one whose hash the log's tree has in its place.
    EntryAltered = "ENTRY_ALTERED",
    /// Fewer entries than the checkpoint says.
    LogShort = "LOG_SHORT",
    /// The entries do not hash to the root that the checkpoint states, and it can not be told which of them.
    RootMismatch = "ROOT_MISMATCH",
    /// A cosignature in a controller's name that this controller did not give.
    CosignatureInvalid = "COSIGNATURE_INVALID",
    /// Not the log that somebody was shown before: cut off, or rewritten and signed again.
    Forked = "FORKED",
    /// Events at the end of a source's chain that it has not signed.
    Uncovered = "UNCOVERED",
}

/// The first bad entry of a site's logs, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In which log.
    pub log: Log,
    /// Which entry; `None` where it is not an entry, or can not be told which.
    pub index: Option<u64>,
    /// The stable code.
    pub code: FindingCode,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, index, code, what } = self;
        write!(f, "{} log", if *log == Log::Config { "config" } else { "event" })?;
        if let Some(index) = index {
            write!(f, ", entry {index}")?;
        }
        write!(f, ": {what} [{}]", code.as_str())
    }
}

impl Error for Finding {}

impl Finding {
    /// Something that is not about one entry.
    pub(crate) fn of_log(log: Log, code: FindingCode, what: impl Into<String>) -> Self {
        Self { log, index: None, code, what: what.into() }
    }
}

/// The lowest entry that something is wrong with, of all that were found so far.
pub(crate) struct First {
    log: Log,
    found: Option<(u64, FindingCode, String)>,
}

impl First {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, found: None }
    }

    /// Notes that something is wrong with an entry. Later entries do not count any more.
    pub(crate) fn note(&mut self, index: u64, code: FindingCode, what: impl Into<String>) {
        if self.found.as_ref().is_none_or(|(i, c, _)| (index, code) < (*i, *c)) {
            self.found = Some((index, code, what.into()));
        }
    }

    /// Whether nothing is known to be wrong up to this entry, itself included.
    pub(crate) fn is_clear(&self, index: u64) -> bool {
        self.found.as_ref().is_none_or(|(i, ..)| index < *i)
    }

    pub(crate) fn into_finding(self) -> Option<Finding> {
        let (index, code, what) = self.found?;
        Some(Finding { log: self.log, index: Some(index), code, what })
    }
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
