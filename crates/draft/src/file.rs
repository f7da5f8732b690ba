//! The change file as it stands: which sections and keys there are. A closed world: an unknown key is an error.

use crate::statements;
use core::fmt;
use lockward_model::Text;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use toml::Spanned;
use toml::value::Datetime;
use zeroize::Zeroizing;

/// Largest change file: 50,000 people with a card and a PIN each, of some 300 bytes together.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Letters that may differ between a word and what was meant.
const TYPO_MAX: usize = 2;

/// What is wrong with a change file. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A place in it.
    #[error("{path}:{at}: {what}")]
    Wrong {
        /// Which file.
        path: String,
        /// Line, or line and column.
        at: Place,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The same, of what was asked for by a verb: there is no file.
    #[error("{0}")]
    Asked(String),
}

/// Where in a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which line.
    pub line: usize,
    /// Which letter of it.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A section's records, each with its place.
type Section<T> = Vec<Spanned<T>>;
/// Ids, each with its place.
pub type Names = Vec<Spanned<String>>;

/// What a person wants changed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeFile {
    /// Why; stands in the log for good.
    pub reason: Option<Spanned<String>>,
    pub(crate) suspend: Names,
    pub(crate) revoke_controllers: Names,
    /// Zones that nobody enters until that is lifted.
    pub lock_down: Names,
    /// Zones that people enter again.
    pub lift_lockdown: Names,
    /// Whose place is forgotten.
    pub forgive_people: Names,
    /// Zones in which everybody's place is forgotten.
    pub forgive_zones: Names,
    /// True: what was announced with the recovery key is ended.
    pub end_recovery: Option<Spanned<bool>>,
    /// How watchful zones are.
    pub threat: Vec<Spanned<Threat>>,
    pub(crate) zone: Section<Zone>,
    pub(crate) controller: Section<Titled>,
    pub(crate) schedule: Section<Schedule>,
    pub(crate) group: Section<Titled>,
    pub(crate) door: Section<Door>,
    pub(crate) person: Section<Person>,
    pub(crate) card: Section<Card>,
    pub(crate) key_card: Section<KeyCard>,
    pub(crate) pin: Section<PinCode>,
    pub(crate) otp: Section<Otp>,
    #[serde(default)]
    pub(crate) phone: Section<Phone>,
    pub(crate) rule: Section<Rule>,
    pub(crate) policy: Section<Policy>,
    pub(crate) operator: Section<Operator>,
    pub(crate) operator_key: Section<OwnKey>,
    pub(crate) service: Section<Service>,
    pub(crate) statement: Section<statements::Entry>,
    pub(crate) remove: Remove,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Remove {
    pub(crate) zones: Names,
    pub(crate) doors: Names,
    pub(crate) schedules: Names,
    pub(crate) groups: Names,
    pub(crate) people: Names,
    pub(crate) credentials: Names,
    pub(crate) rules: Names,
    pub(crate) policies: Names,
    pub(crate) operators: Names,
    pub(crate) operator_keys: Names,
    pub(crate) services: Names,
    pub(crate) statements: Names,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(rename = "in")]
    pub(crate) parent: Option<String>,
    pub(crate) passback: Option<String>,
    pub(crate) alone: Option<String>,
    pub(crate) most: Option<u32>,
    pub(crate) fresh_within: Option<String>,
    pub(crate) openings: Option<Openings>,
}

/// How many doors of a zone may be opened within a span.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Openings {
    pub(crate) doors: u16,
    pub(crate) within: String,
    pub(crate) approvers: Option<String>,
}

/// How watchful a zone is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// Which zone.
    pub zone: String,
    /// From 0, which is every day, to 4.
    pub level: u8,
}

/// A group or a controller.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Titled {
    pub(crate) id: String,
    pub(crate) title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) window: Vec<Window>,
    #[serde(default)]
    pub(crate) exception: Vec<Exception>,
    pub(crate) gap: Option<String>,
    pub(crate) fold: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    pub(crate) days: Vec<String>,
    pub(crate) from: String,
    pub(crate) to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    pub(crate) date: Option<Datetime>,
    pub(crate) last: Option<Datetime>,
    pub(crate) yearly: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) windows: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Door {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
    pub(crate) controller: String,
    pub(crate) release: String,
    pub(crate) open_limit: String,
    pub(crate) relock: String,
    pub(crate) exit: String,
    pub(crate) unlocked: Option<String>,
    pub(crate) extended: Option<Extended>,
    pub(crate) warn_before: Option<String>,
    #[serde(default)]
    pub(crate) first_person: bool,
    pub(crate) office: Option<String>,
    pub(crate) airlock: Option<Airlock>,
    #[serde(default)]
    pub(crate) exit_shunt_only: bool,
}

/// Longer times for people who need them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extended {
    pub(crate) release: String,
    pub(crate) open_limit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Airlock {
    pub(crate) id: String,
    pub(crate) alone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) contact: Option<String>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    pub(crate) valid_from: Option<Datetime>,
    pub(crate) valid_until: Option<Datetime>,
    #[serde(default)]
    pub(crate) extended: bool,
    /// For a visitor: the host.
    pub(crate) visits: Option<String>,
    #[serde(default)]
    pub(crate) escorted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) number: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinCode {
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) pin: Secret,
    /// Stands alone, without a card.
    #[serde(default)]
    pub(crate) alone: bool,
    /// Opens as the other does, and calls for help.
    #[serde(default)]
    pub(crate) duress: bool,
}

/// A card that signs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyCard {
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) key: String,
}

/// What makes one-time codes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otp {
    pub(crate) id: String,
    pub(crate) person: String,
    pub(crate) kind: String,
    pub(crate) secret: Secret,
}

/// Somebody's own phone, as its registration gave it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phone {
    pub(crate) id: String,
    pub(crate) person: String,
    /// What it is found by: the credential id, in hex.
    pub(crate) passkey: String,
    /// What it signs with: a P-256 point, in hex.
    pub(crate) key: String,
    /// Whose pages may ask it to sign.
    pub(crate) origin: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    pub(crate) zones: Vec<String>,
    #[serde(default)]
    pub(crate) doors: Vec<String>,
    pub(crate) schedule: Option<String>,
    pub(crate) factors: Vec<String>,
    #[serde(default)]
    pub(crate) two_people: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operator {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) key: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) until: Option<Datetime>,
    pub(crate) person: Option<String>,
}

/// One more key of an operator's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnKey {
    pub(crate) operator: String,
    pub(crate) title: String,
    /// Of a key file: its public half, in hex. Of a passkey: its P-256 point, in hex.
    pub(crate) key: String,
    /// For a passkey, what it is found by: the credential id, in hex.
    pub(crate) passkey: Option<String>,
    /// For a passkey, whose pages may ask it to sign.
    pub(crate) origin: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) until: Option<Datetime>,
}

/// A card number or a PIN: wiped when dropped, and in no error.
pub(crate) struct Secret(pub(crate) Zeroizing<String>);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(d) {
            Ok(toml::Value::String(text)) => Ok(Self(Zeroizing::new(text))),
            // What serde would say repeats the value.
            _ => Err(D::Error::custom("a card number or a PIN stands in quotes")),
        }
    }
}

impl ChangeFile {
    /// The people who get a card, each with its number.
    pub fn cards(&self) -> impl Iterator<Item = (&str, &str)> {
        self.card.iter().map(Spanned::get_ref).map(|c| (c.person.as_str(), c.number.0.as_str()))
    }

    /// The people who get a card that signs, each with its public key.
    pub fn key_cards(&self) -> impl Iterator<Item = (&str, &str)> {
        self.key_card.iter().map(Spanned::get_ref).map(|c| (c.person.as_str(), c.key.as_str()))
    }
}

/// The text of a change file, and its name for messages; no name where a verb stands for a file.
pub struct Source {
    name: Option<String>,
    text: Zeroizing<String>,
}

impl Source {
    /// A text that lies in no file.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: Some(name.into()), text: Zeroizing::new(text.into()) }
    }

    /// What was asked for on one line, or by a verb without any text: there are no places to point at.
    #[must_use]
    pub fn line(text: &str) -> Self {
        Self { name: None, text: Zeroizing::new(text.into()) }
    }

    /// Reads the text: every key is known, and every value of its kind.
    ///
    /// # Errors
    /// [`FileError`], with the place.
    pub fn parse(&self) -> Result<ChangeFile, FileError> {
        self.parse_as()
    }

    pub(crate) fn parse_as<T: DeserializeOwned>(&self) -> Result<T, FileError> {
        toml::from_str(&self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.wrong(at, told(error.message()))
        })
    }

    /// An error at a byte of the file.
    #[must_use]
    pub fn wrong(&self, at: usize, what: impl Into<String>) -> FileError {
        let Some(path) = self.name.clone() else { return FileError::Asked(what.into()) };
        let before = self.text.get(..at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let at = Place { line: before.matches('\n').count() + 1, column };
        FileError::Wrong { path, at, what: what.into() }
    }

    /// The file's reason.
    ///
    /// # Errors
    /// [`FileError`], with the place.
    pub fn reason(&self, file: &ChangeFile) -> Result<Option<Text>, FileError> {
        let Some(reason) = &file.reason else { return Ok(None) };
        let text = reason.get_ref().parse();
        text.map(Some).map_err(|e| self.wrong(reason.span().start, format!("`reason`: {e}")))
    }
}

/// What the parser says, with a hint where a word is nearly one that is known.
fn told(message: &str) -> String {
    let message = message.trim_end().replace('\n', "; ");
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match words.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => {
            let hint = nearest(unknown, known.iter().copied());
            let hint = hint.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
            let known: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
            format!("there is no key `{unknown}` here{hint} (known: {})", known.join(", "))
        }
        _ => message,
    }
}

/// The known word that a mistyped one is nearest to.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|k| (distance(word, k), k)).min()?;
    (near.0 <= TYPO_MAX && near.0 < word.len()).then_some(near.1)
}

/// Levenshtein's distance in bytes; the words are ids and keys.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, up) in b.bytes().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != y)).min(left + 1).min(up + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let source = Source::new("site.toml", text);
        let Err(error) = source.parse() else { panic!("`{text}` was taken") };
        error.to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_what_was_meant() {
        let said = wrong("[[zone]]\nid = \"a\"\n  titel = \"A\"\n");
        assert_eq!(
            said,
            "site.toml:3:3: there is no key `titel` here; did you mean `title`? (known: `id`, `title`, `in`, \
             `passback`, `alone`, `most`, `fresh_within`, `openings`)"
        );
        assert!(
            wrong("[[zones]]\nid = \"a\"\n")
                .contains("1:3: there is no key `zones` here; did you mean `zone`?")
        );
        assert!(wrong("colour = 1\n").contains("`colour` here (known: `reason`"));
    }

    #[test]
    fn a_missing_key_is_named() {
        let said = wrong("\n[[group]]\nid = \"a\"\n");
        assert_eq!(said, "site.toml:2:1: missing field `title`");
    }

    #[test]
    fn a_pin_or_a_card_number_without_quotes_is_not_repeated() {
        for text in [
            "[[pin]]\nid=\"a\"\nperson=\"b\"\npin = 4711\n",
            "[[card]]\nid=\"a\"\nperson=\"b\"\nnumber = 4711\n",
        ] {
            let said = wrong(text);
            assert!(said.contains("4:") && said.contains("quotes") && !said.contains("4711"), "{said}");
        }
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("dor", ["zone", "door"]), Some("door"));
        assert_eq!(nearest("colour", ["zone", "door"]), None);
        assert_eq!(nearest("x", ["a", "b"]), None);
        assert_eq!([distance("", "abc"), distance("kitten", "sitting"), distance("a", "a")], [3, 3, 0]);
    }
}
