//! Every stable code, in one place: the log, the API, the link and the pages say the same words for the same thing.
//!
//! One table each for what happens, what is refused, and what an audit finds. A code may stand in two tables if it
//! means the same there; its sentence is then the same too. `docs/CODES.md` is written from these tables.

/// Makes a table: `Name = number "CODE" "sentence" alarm`, where the number (if the log stores it) and the word `alarm`
/// (if a person must answer) may be left out.
macro_rules! codes {
    (
        $(#[$doc:meta])*
        $table:ident $(: $number:ident)?
        $($name:ident $(= $n:literal)? $code:literal $sentence:literal $($alarm:ident)?),+ $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $table {
            $(#[doc = $sentence] $name $(= $n)?),+
        }
        impl $table {
            /// Every code of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The table, as [`CODE_TABLES`](crate::CODE_TABLES) lists it.
            pub(super) const ROWS: &'static [crate::CodeRow] = &[$(Self::$name.row()),+];

            const fn row(self) -> crate::CodeRow {
                match self {
                    $(Self::$name => crate::CodeRow {
                        code: $code,
                        sentence: $sentence,
                        alarm: codes!(@is $($alarm)?),
                    }),+
                }
            }
            /// The stable code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.row().code
            }
            /// What it means, in one plain sentence.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                self.row().sentence
            }
            $(
                /// The number in the log.
                #[must_use]
                pub fn number(self) -> $number {
                    self as $number
                }
                /// Reads the number in the log.
                #[must_use]
                pub fn from_number(n: $number) -> Option<Self> {
                    Self::ALL.iter().copied().find(|c| c.number() == n)
                }
            )?
        }
        impl From<$table> for &'static str {
            fn from(code: $table) -> Self {
                code.as_str()
            }
        }
    };
    (@is alarm) => { true };
    (@is) => { false };
}

mod api;
mod change;
mod denial;
mod event;
mod finding;
mod instruction;
mod link;

pub use api::ApiRefusal;
pub use change::ChangeRefusal;
pub use denial::Deny;
pub use event::Code;
pub use finding::FindingCode;
pub use link::LinkRefusal;

/// One code of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRow {
    /// The stable code.
    pub code: &'static str,
    /// What it means.
    pub sentence: &'static str,
    /// True for what a person must answer.
    pub alarm: bool,
}

/// Every table, under the word for where its codes occur.
pub const CODE_TABLES: [(&str, &[CodeRow]); 6] = [
    ("event", Code::ROWS),
    ("door", Deny::ROWS),
    ("link", LinkRefusal::ROWS),
    ("change", ChangeRefusal::ROWS),
    ("API", ApiRefusal::ROWS),
    ("audit", FindingCode::ROWS),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Change;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn no_two_numbers_of_a_table_are_the_same() {
        let codes: HashSet<_> = Code::ALL.iter().map(|c| c.number()).collect();
        let denials: HashSet<_> = Deny::ALL.iter().map(|d| d.number()).collect();
        assert_eq!((codes.len(), denials.len()), (Code::ALL.len(), Deny::ALL.len()));
        assert!(Code::ALL.iter().all(|c| Code::from_number(c.number()) == Some(*c)));
        assert!(Deny::ALL.iter().all(|d| Deny::from_number(d.number()) == Some(*d)));
    }

    #[test]
    fn a_code_stands_once_in_a_table_and_means_the_same_in_all() {
        let mut meanings = HashMap::new();
        for (place, rows) in CODE_TABLES {
            let codes: HashSet<_> = rows.iter().map(|r| r.code).collect();
            assert_eq!(codes.len(), rows.len(), "{place}: a code stands there twice");
            for row in rows {
                let meaning = meanings.entry(row.code).or_insert(row.sentence);
                assert_eq!(*meaning, row.sentence, "{place}: `{}` means something else elsewhere", row.code);
            }
        }
    }

    #[test]
    fn one_meaning_has_one_code() {
        let mut codes = HashMap::new();
        for row in CODE_TABLES.iter().flat_map(|(_, rows)| *rows) {
            let code = codes.entry(row.sentence).or_insert(row.code);
            assert_eq!(*code, row.code, "both mean `{}`", row.sentence);
        }
    }

    #[test]
    fn a_code_is_capitals_digits_and_single_low_lines() {
        for row in CODE_TABLES.iter().flat_map(|(_, rows)| *rows) {
            let sound = |word: &str| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            };
            assert!(row.code.split('_').all(sound), "{}", row.code);
        }
    }

    #[test]
    fn the_table_of_verbs_has_no_double() {
        assert_eq!(Change::VERBS.iter().collect::<HashSet<_>>().len(), Change::VERBS.len());
    }
}
