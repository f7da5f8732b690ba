//! What can be wrong with a log: the stable code, where it is, and what to think of it.

use crate::Log;
use core::fmt;
use std::error::Error;

pub use lockward_model::FindingCode;

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
