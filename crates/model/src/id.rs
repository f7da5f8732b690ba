//! Ids: short names that people type and machines compare; one list, one alphabet, no allocation.

use core::fmt;
use core::str::FromStr;

/// Longest id, in bytes: with its length it fills 32 bytes, half a cache line.
pub const ID_BYTES_MAX: usize = 31;

/// Why a string is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("an id is empty; give 1 to {ID_BYTES_MAX} of a-z, 0-9, `-`")]
    Empty,
    /// Longer than [`ID_BYTES_MAX`].
    #[error("id `{0}` is longer than {ID_BYTES_MAX} characters")]
    TooLong(String),
    /// A character outside the alphabet, or a hyphen at the start.
    #[error("id `{0}` may hold only a-z, 0-9 and `-`, and may not start with `-`")]
    Alphabet(String),
}

// INVARIANT: the first `len` bytes are in the alphabet, the rest are zero; so `Eq`, `Ord` and `Hash` see only the name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Slug {
    bytes: [u8; ID_BYTES_MAX],
    len: u8,
}

impl Slug {
    fn parse(s: &str) -> Result<Self, IdError> {
        let shown = || s.chars().take(2 * ID_BYTES_MAX).collect::<String>().escape_debug().to_string();
        if s.is_empty() {
            return Err(IdError::Empty);
        }
        let mut bytes = [0; ID_BYTES_MAX];
        let Some(room) = bytes.get_mut(..s.len()) else { return Err(IdError::TooLong(shown())) };
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if s.starts_with('-') || !s.bytes().all(fits) {
            return Err(IdError::Alphabet(shown()));
        }
        room.copy_from_slice(s.as_bytes());
        // The length is at most ID_BYTES_MAX, which fits.
        Ok(Self { bytes, len: u8::try_from(s.len()).unwrap_or(0) })
    }

    fn as_str(&self) -> &str {
        let name = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(name).unwrap_or_default()
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Slug);

        impl $name {
            /// The name as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                Slug::parse(s).map(Self)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    )+};
}

// Append only, alphabetical: this list is the table of what has a name.
ids! {
    /// Doors of which one at most is open.
    AirlockId,
    /// An API key of a service, without its secret.
    ApiKeyId,
    /// A device that drives doors.
    ControllerId,
    /// Something that one person has or knows.
    CredentialId,
    /// Anything that locks.
    DoorId,
    /// A set of people.
    GroupId,
    /// A person who may change the site.
    OperatorId,
    /// A human being; says nothing about who it is.
    PersonId,
    /// A Cedar policy.
    PolicyId,
    /// What an operator is, for policy.
    RoleId,
    /// An access rule that a form can edit.
    RuleId,
    /// Weekly windows and exceptions.
    ScheduleId,
    /// An integration, or the hub itself.
    ServiceId,
    /// What must hold at a site whoever comes.
    StatementId,
    /// An area.
    ZoneId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_written(s in "[a-z0-9][a-z0-9-]{0,30}") {
            let id: DoorId = s.parse().unwrap();
            prop_assert_eq!(id.as_str(), s);
        }
        #[test]
        fn anything_else_is_refused(s in "\\PC*") {
            let good = !s.is_empty() && s.len() <= 31 && !s.starts_with('-')
                && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            prop_assert_eq!(s.parse::<DoorId>().is_ok(), good);
        }
        #[test]
        fn ids_sort_as_their_names(a in "[a-z0-9][a-z0-9-]{0,30}", b in "[a-z0-9][a-z0-9-]{0,30}") {
            prop_assert_eq!(a.parse::<DoorId>().unwrap().cmp(&b.parse().unwrap()), a.cmp(&b));
        }
    }
}
