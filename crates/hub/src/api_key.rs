//! The text form of an API key: `lw_<id>_<secret>`, with a checksum at its end, so that scanners tell a leaked one from noise.
//!
//! The secret is 256 random bits. Its SHA-256 is kept, and no slow hash: there is nothing to guess that slowness would protect.

use crate::access::{Secret, kept};
use crate::dice;
use crate::logs::sha256;
use core::fmt;
use lockward_model::{ApiKeyId, Change, Digest, OrderAct};
use lockward_policy::Read;
use zeroize::Zeroizing;

/// What every key begins with, so that a search of a thousand repositories finds it.
pub(crate) const PREFIX: &str = "lw_";
/// Letters of an id: 50 bits, so that no two of a site meet.
const ID_LETTERS: usize = 10;
/// Letters of a secret: 256 bits and the blank rest of the last letter.
const SECRET_LETTERS: usize = 52;
/// Letters of the checksum: 35 bits of the SHA-256 of everything before.
const CHECK_LETTERS: usize = 7;
/// RFC 4648, base 32, in small letters: nothing in it is taken for another letter, and a double click takes all of it.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A key that was just made: the one time that its text is there.
pub(crate) struct Fresh {
    pub(crate) id: ApiKeyId,
    pub(crate) text: Secret,
    /// By what it is kept.
    pub(crate) secret: Digest,
}

/// A new key. `None` only if the alphabet of ids were not what it is.
pub(crate) fn roll() -> Option<Fresh> {
    let (name, secret) = (dice::roll::<8>(), Zeroizing::new(dice::roll::<32>()));
    let id: ApiKeyId = letters(&name, ID_LETTERS).parse().ok()?;
    let mut text = Zeroizing::new(format!("{PREFIX}{id}_{}", *letters(&*secret, SECRET_LETTERS)));
    let check = check(&text);
    text.push_str(&check);
    let secret = kept(&text);
    Some(Fresh { id, text: Secret::of(text), secret })
}

/// The id of a key, and by what it would be kept, if this is the text of one: whole, and not mistyped.
pub(crate) fn read(text: &str) -> Option<(ApiKeyId, Digest)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let shaped = id.len() == ID_LETTERS && secret.len() == SECRET_LETTERS + CHECK_LETTERS;
    if !shaped || !secret.bytes().all(|b| ALPHABET.contains(&b)) {
        return None;
    }
    let (before, said) = text.split_at_checked(text.len() - CHECK_LETTERS)?;
    if check(before) != said {
        return None;
    }
    Some((id.parse().ok()?, kept(text)))
}

fn check(text: &str) -> String {
    letters(sha256(text.as_bytes()).as_ref(), CHECK_LETTERS).to_string()
}

/// The first so many letters of bytes, five bits each, the highest first.
fn letters(bytes: &[u8], count: usize) -> Zeroizing<String> {
    let bit = |n: usize| bytes.get(n / 8).is_some_and(|byte| byte & 0x80 >> (n % 8) != 0);
    let letter = |at: usize| {
        let value = (0..5).fold(0_usize, |value, n| value << 1 | usize::from(bit(at * 5 + n)));
        char::from(ALPHABET.get(value).copied().unwrap_or(b'a'))
    };
    Zeroizing::new((0..count).map(letter).collect())
}

/// What a key is kept to, of what its service may. Never more than that: policy is asked all the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope(Vec<Box<str>>);

/// Why a text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no action of an API key; examples are `read`, `read:site`, `order:unlock`, `change:put-person`"
)]
pub struct ScopeError(String);

impl Scope {
    /// Actions of a policy (`read:site`), or families of them (`read`), with blanks or commas between; none for all.
    ///
    /// # Errors
    /// [`ScopeError`] names the first that is no action.
    pub fn read(text: &str) -> Result<Self, ScopeError> {
        let words = text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        let mut all: Vec<Box<str>> = Vec::new();
        for word in words {
            if !is_action(word) {
                return Err(ScopeError(word.chars().take(40).collect::<String>().escape_debug().to_string()));
            }
            if !all.iter().any(|known| **known == *word) {
                all.push(word.into());
            }
        }
        Ok(Self(all))
    }

    /// Whether it lets an action through, as far as it goes.
    #[must_use]
    pub fn allows(&self, family: &str, verb: &str) -> bool {
        let named = |word: &str| word.split_once(':').map_or(word == family, |w| w == (family, verb));
        self.0.is_empty() || self.0.iter().any(|word| named(word))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn is_action(word: &str) -> bool {
    let acts = [OrderAct::Unlock, OrderAct::Hold(OrderAct::HOLD_MAX), OrderAct::Release];
    match word.split_once(':') {
        None => ["read", "change", "order"].contains(&word),
        Some(("read", verb)) => Read::ALL.iter().any(|what| what.verb() == verb),
        Some(("change", verb)) => Change::VERBS.contains(&verb),
        Some(("order", verb)) => acts.iter().any(|act| act.verb() == verb),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_no_letter_of_it_may_change() {
        let fresh = roll().unwrap();
        let text = fresh.text.as_str();
        assert_eq!((read(text), text.len()), (Some((fresh.id, fresh.secret)), 3 + 10 + 1 + 59));
        for at in 0..text.len() {
            let mut other = text.to_owned().into_bytes();
            other[at] = if other[at] == b'q' { b'r' } else { b'q' };
            assert_eq!(read(core::str::from_utf8(&other).unwrap()), None, "letter {at}");
        }
        for short in 0..text.len() {
            assert_eq!(read(&text[..short]), None);
        }
        assert_eq!((read(&format!("{text}a")), read(""), read("lw_ä_ü")), (None, None, None));
        assert_ne!(roll().unwrap().text.as_str(), text);
    }

    #[test]
    fn bits_become_letters_as_rfc_4648_has_them() {
        assert_eq!(*letters(b"foobar", 9), "mzxw6ytbo");
        assert_eq!(*letters(b"", 2), "aa");
    }

    #[test]
    fn a_scope_narrows_and_knows_only_actions() {
        let scope = Scope::read("read:site, order read:site").unwrap();
        assert_eq!(scope.to_string(), "read:site order");
        assert!(scope.allows("read", "site") && scope.allows("order", "hold"));
        assert!(!scope.allows("read", "people") && !scope.allows("change", "put-person"));
        assert!(Scope::default().allows("change", "put-person"));
        for wrong in ["reads", "read:", "read:x", "order:burn", "change:nothing", "sign:x"] {
            assert!(Scope::read(wrong).is_err(), "{wrong}");
        }
    }
}
