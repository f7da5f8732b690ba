//! What a log says of itself at one moment: its name, its size, its root (C2SP tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::decimal::decimal;
use crate::hash::Hash;
use crate::key::{KeyName, KeyNameError};

/// The largest log: 2^63 - 1 entries, so that sizes fit a signed 64-bit column. At a million entries a second that is
/// 292,000 years.
pub const SIZE_MAX: u64 = i64::MAX as u64;

/// The size and the root of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub size: u64,
    /// The root over all of them (RFC 6962, section 2.1).
    pub root: Hash,
}

/// The text of a checkpoint, which nobody has vouched for.
///
/// INVARIANT: `size` is at most [`SIZE_MAX`]; an empty log has the empty root; extensions are lines: not empty, without
/// control characters.
///
/// Off-spec: the origin is a key's name (no spaces, no `+`), since a log signs under its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: KeyName,
    head: Head,
    extensions: Vec<String>,
}

/// Why text is not a checkpoint, or one cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The three lines are origin, size, root.
    #[error("a checkpoint is at least three lines, each ended by a newline")]
    Lines,
    /// The first line is not an origin that Lockward uses.
    #[error("the checkpoint's first line is no usable origin")]
    Origin(#[source] KeyNameError),
    /// The second line is not a size.
    #[error("the checkpoint's second line is no size: expected 0 to {SIZE_MAX}, without leading zeroes")]
    Size,
    /// The third line is not a hash.
    #[error("the checkpoint's third line is no root: expected 32 bytes in base64")]
    Root,
    /// A root over nothing has one value.
    #[error("the checkpoint is of an empty log, but its root is not that of one")]
    EmptyRoot,
    /// A further line is empty, or not a line.
    #[error("extension line {nth} of the checkpoint is empty or has a control character")]
    Extension {
        /// Which extension line, from 1.
        nth: usize,
    },
}

impl Checkpoint {
    /// States the head of a log. Extension lines are signed with it, and best left out.
    pub fn new(origin: KeyName, head: Head, extensions: Vec<String>) -> Result<Self, CheckpointError> {
        if head.size > SIZE_MAX {
            return Err(CheckpointError::Size);
        }
        if head.size == 0 && head.root != Hash::EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        for (nth, line) in (1..).zip(&extensions) {
            if line.is_empty() || line.bytes().any(|b| b < b' ') {
                return Err(CheckpointError::Extension { nth });
            }
        }
        Ok(Self { origin, head, extensions })
    }

    /// Which log this is about.
    pub const fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// The size and the root.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The lines after the root, which nothing in here gives a meaning.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// The text of the note, with its final newline.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, STANDARD.encode(self.head.root))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Accepts what `Display` writes, and nothing else: one checkpoint has one text.
impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        let origin = origin.parse().map_err(CheckpointError::Origin)?;
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = STANDARD.decode(root).map_err(|_| CheckpointError::Root)?;
        let root = Hash::try_from(root.as_slice()).map_err(|_| CheckpointError::Root)?;
        Self::new(origin, Head { size, root }, lines.map(str::to_owned).collect())
    }
}
