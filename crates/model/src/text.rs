//! Titles: what people call things, short enough for a screen and safe for a log line.

use core::fmt;
use core::str::FromStr;

/// Longest title in characters: one line of a phone screen, twice.
pub const TEXT_CHARS_MAX: usize = 80;

/// Why a string is no title.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, or only blanks.
    #[error("a title is empty")]
    Empty,
    /// More than [`TEXT_CHARS_MAX`] characters.
    #[error("a title is longer than {TEXT_CHARS_MAX} characters")]
    TooLong,
    /// A control character, a line break, or a mark that turns the writing direction.
    #[error("a title holds a control character (U+{0:04X})")]
    Control(u32),
}

/// INVARIANT: 1 to [`TEXT_CHARS_MAX`] characters, no control characters, no blanks at the ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Box<str>);

impl Text {
    /// The title.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Text {
    type Err = TextError;
    fn from_str(s: &str) -> Result<Self, TextError> {
        let s = s.trim();
        if s.is_empty() {
            return Err(TextError::Empty);
        }
        if s.chars().count() > TEXT_CHARS_MAX {
            return Err(TextError::TooLong);
        }
        let bad =
            |c: &char| c.is_control() || matches!(*c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if let Some(c) = s.chars().find(bad) {
            return Err(TextError::Control(u32::from(c)));
        }
        Ok(Self(s.into()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
