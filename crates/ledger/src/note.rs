//! A text and who signed it, in a form that people can read and send by mail (C2SP signed-note).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::key::{KeyId, KeyName, KeyNameError, NoteKey, VerifierKey};

/// The most signatures a note may carry: every controller of a site cosigns, and 4,096 is one for each door of twice
/// the largest site (2,000 doors). C2SP asks for 16 at least.
pub const SIGNATURES_MAX: usize = 4096;

/// The longest note: 4,096 lines of 448 bytes (an em dash and spaces, a name of 255 bytes, base64 of 72 and 4 bytes are
/// 365; the rest is for longer kinds of signature and for the text), together 1.75 MiB.
pub const NOTE_BYTES_MAX: usize = SIGNATURES_MAX * 448;

/// What a signature line starts with: U+2014 and a space.
const DASH: &str = "— ";

/// A text with at least one signature, none of which has been checked.
///
/// INVARIANT: `text` ends in a newline and has no other control character; 1 to [`SIGNATURES_MAX`] signatures; at most
/// [`NOTE_BYTES_MAX`] in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line: who is said to have signed, and the bytes of it.
///
/// INVARIANT: at least one byte of signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: KeyId,
    bytes: Vec<u8>,
}

/// Why bytes are not a note, or a note cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than any note needs.
    #[error("a note has at most {NOTE_BYTES_MAX} bytes, not {found}")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
    /// More signatures than any site makes.
    #[error("a note has at most {SIGNATURES_MAX} signatures")]
    TooMany,
    /// A note is UTF-8.
    #[error("the note is not UTF-8")]
    NotText,
    /// A note is lines of visible text.
    #[error("the note has a control character other than the newline")]
    Control,
    /// The text is lines, and the last one is ended too.
    #[error("the text of a note ends in a newline; this one does not")]
    Unended,
    /// After the text comes a blank line, then signatures.
    #[error("the note has no blank line between a text and its signatures")]
    Unsigned,
    /// A line is not a signature.
    #[error("signature line {nth} of the note is not `— <name> <base64>`")]
    Line {
        /// Which signature line, from 1.
        nth: usize,
    },
    /// A signature line has no usable name.
    #[error("signature line {nth} of the note has no usable name")]
    Name {
        /// Which signature line, from 1.
        nth: usize,
        /// What is wrong with it.
        #[source]
        source: KeyNameError,
    },
}

/// Why a key does not vouch for a note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Other keys may have signed.
    #[error("the note has no signature of `{name}+{id}`")]
    Absent {
        /// The name of the key.
        name: KeyName,
        /// The id of the key.
        id: KeyId,
    },
    /// Forged, or damaged: the whole note is to be refused.
    #[error("the note has a signature of `{name}+{id}` that is not from that key")]
    Forged {
        /// The name of the key.
        name: KeyName,
        /// The id of the key.
        id: KeyId,
    },
}

impl Note {
    /// A text with its first signature.
    pub fn new(text: String, signature: NoteSignature) -> Result<Self, NoteError> {
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Unended);
        }
        let note = Self { text, signatures: vec![signature] };
        let found = note.len();
        if found > NOTE_BYTES_MAX { Err(NoteError::TooLong { found }) } else { Ok(note) }
    }

    /// Reads a note. Nobody has vouched for it yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { found: bytes.len() });
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        check_characters(note)?;
        // "the text is separated from the signatures by the last empty line in the note"
        let (text, lines) =
            note.rfind("\n\n").and_then(|at| note.split_at_checked(at + 1)).ok_or(NoteError::Unsigned)?;
        let lines =
            lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(NoteError::Unsigned)?;

        let mut signatures = Vec::new();
        for (nth, line) in (1..).zip(lines.split('\n')) {
            if nth > SIGNATURES_MAX {
                return Err(NoteError::TooMany);
            }
            signatures.push(parse_line(nth, line)?);
        }
        Ok(Self { text: text.into(), signatures })
    }

    /// What was signed, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Who is said to have signed, in the order of the note.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature, in place of an earlier one of the same key.
    pub fn put(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let others = self.signatures.iter().filter(|kept| !kept.is_of(&signature.name, signature.id));
        if others.clone().count() >= SIGNATURES_MAX {
            return Err(NoteError::TooMany);
        }
        let found =
            self.text.len() + 1 + others.map(NoteSignature::line_len).sum::<usize>() + signature.line_len();
        if found > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { found });
        }
        self.signatures.retain(|kept| !kept.is_of(&signature.name, signature.id));
        self.signatures.push(signature);
        Ok(())
    }

    fn len(&self) -> usize {
        self.text.len() + 1 + self.signatures.iter().map(NoteSignature::line_len).sum::<usize>()
    }
}

impl NoteSignature {
    /// INVARIANT of the callers: `bytes` is not empty.
    pub(crate) const fn from_parts(name: KeyName, id: KeyId, bytes: Vec<u8>) -> Self {
        Self { name, id, bytes }
    }

    /// The name of the key that is said to have signed.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that is said to have signed.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The signature, without the id in front of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_of(&self, name: &KeyName, id: KeyId) -> bool {
        self.id == id && self.name == *name
    }

    /// With its newline.
    fn line_len(&self) -> usize {
        DASH.len() + self.name.as_str().len() + 1 + (4 + self.bytes.len()).div_ceil(3) * 4 + 1
    }
}

/// Signs a text with a plain Ed25519 signature (type 0x01). The text ends in a newline.
pub fn sign_note(name: KeyName, pair: &Ed25519KeyPair, text: &str) -> NoteSignature {
    let key = VerifierKey::of_pair(name.clone(), pair);
    NoteSignature::from_parts(name, key.id(), pair.sign(text.as_bytes()).as_ref().to_vec())
}

impl VerifierKey {
    /// Whether this key signed the note. Of several signatures in its name, all have to be good.
    pub fn verify(&self, note: &Note) -> Result<(), VerifyError> {
        self.check_each(note, |signature| self.accepts(note.text.as_bytes(), signature).then_some(()))
    }
}

impl<const TYPE: u8> NoteKey<TYPE> {
    /// Runs `check` over every signature in this key's name; gives the greatest of what it found.
    pub(crate) fn check_each<T: Ord>(
        &self,
        note: &Note,
        check: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, VerifyError> {
        let mut best = None;
        for signature in note.signatures.iter().filter(|signature| signature.is_of(self.name(), self.id())) {
            let Some(found) = check(&signature.bytes) else {
                return Err(VerifyError::Forged { name: self.name().clone(), id: self.id() });
            };
            best = best.max(Some(found));
        }
        best.ok_or_else(|| VerifyError::Absent { name: self.name().clone(), id: self.id() })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// The signature line, without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.to_bytes().as_slice(), &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Reads a signature line, without its newline.
impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        if line.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { found: line.len() });
        }
        parse_line(1, line)
    }
}

fn parse_line(nth: usize, line: &str) -> Result<NoteSignature, NoteError> {
    let malformed = NoteError::Line { nth };
    let Some((name, base64)) = line.strip_prefix(DASH).and_then(|line| line.split_once(' ')) else {
        return Err(malformed);
    };
    let name = name.parse().map_err(|source| NoteError::Name { nth, source })?;
    // Off-spec: the base64 has one spelling, padding and last bits included.
    let Ok(bytes) = STANDARD.decode(base64) else { return Err(malformed) };
    match bytes.split_first_chunk() {
        Some((id, bytes)) if !bytes.is_empty() => {
            Ok(NoteSignature::from_parts(name, KeyId(*id), bytes.to_vec()))
        }
        _ => Err(malformed),
    }
}

/// "MUST NOT contain any ASCII control characters (those below U+0020) other than newline"
fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|b| b < b' ' && b != b'\n') { Err(NoteError::Control) } else { Ok(()) }
}
