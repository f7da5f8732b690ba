//! Who signs: key names, key ids, and the public keys that a verifier is configured with (C2SP signed-note).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hash::{nibble, sha256};

/// The longest key name, in bytes: what `tlog-cosignature` gives a cosigner's name (one byte of length).
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Signature type of a plain Ed25519 signature over the note's text (C2SP signed-note, Signature types).
pub const TYPE_ED25519: u8 = 0x01;

/// Signature type of a timestamped Ed25519 cosignature (C2SP tlog-cosignature).
pub const TYPE_COSIGNATURE_V1: u8 = 0x04;

/// Bytes in an Ed25519 public key (RFC 8032).
const PUBLIC_BYTES: usize = 32;

/// The longest verifier key: the name, `+`, 8 digits, `+`, and 33 bytes in base64.
const VKEY_BYTES_MAX: usize = KEY_NAME_BYTES_MAX + 1 + 8 + 1 + 44;

/// The name of a key, best a URL without its scheme; for a log also its origin.
///
/// INVARIANT: 1 to 255 bytes, without white space, control characters or `+`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// Why text is not a key's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyNameError {
    /// A name has to name something.
    #[error("a key's name is empty")]
    Empty,
    /// Not worth repeating.
    #[error("a key's name has at most {KEY_NAME_BYTES_MAX} bytes, not {found}")]
    TooLong {
        /// How many bytes there were.
        found: usize,
    },
    /// The formats around the name could not be told from it.
    #[error("`{}` is no key's name: spaces, control characters and `+` are not allowed", name.escape_debug())]
    Character {
        /// The name given.
        name: String,
    },
}

impl KeyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(name: &str) -> Result<Self, KeyNameError> {
        if name.is_empty() {
            Err(KeyNameError::Empty)
        } else if name.len() > KEY_NAME_BYTES_MAX {
            Err(KeyNameError::TooLong { found: name.len() })
        } else if name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
            Err(KeyNameError::Character { name: name.into() })
        } else {
            Ok(Self(name.into()))
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Four bytes that tell keys of one name apart. No proof of anything: anyone can make a key with a wanted id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) [u8; 4]);

impl KeyId {
    /// The id in the order it is written in.
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// SHA-256(key name || 0x0A || signature type || public key)\[:4\]
    fn of(name: &KeyName, signature_type: u8, public: &[u8]) -> Self {
        let [a, b, c, d, ..] =
            *sha256(&[name.0.as_bytes(), &[b'\n', signature_type], public].concat()).as_bytes();
        Self([a, b, c, d])
    }
}

/// Eight lower-case hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A named Ed25519 public key that is good for one type of signature; a log's key cannot pass for a cosigner's.
///
/// INVARIANT: `id` follows from the rest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKey<const TYPE: u8> {
    name: KeyName,
    id: KeyId,
    public: [u8; PUBLIC_BYTES],
}

/// The key that a log signs its checkpoints with (type 0x01).
pub type VerifierKey = NoteKey<TYPE_ED25519>;

/// The key that a witness cosigns checkpoints with (type 0x04).
pub type CosignerKey = NoteKey<TYPE_COSIGNATURE_V1>;

/// Why text is not a verifier key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the form.
    #[error("a verifier key has the form `<name>+<8 hexadecimal digits>+<base64 of 33 bytes>`")]
    Malformed,
    /// The name is not one.
    #[error("the verifier key has no usable name")]
    Name(#[source] KeyNameError),
    /// A key for something else.
    #[error("the verifier key is for signatures of type {found:#04x}; one of type {expected:#04x} is needed")]
    Type {
        /// The type that was needed.
        expected: u8,
        /// The type in the key.
        found: u8,
    },
    /// Mistyped, or put together from two keys.
    #[error("the verifier key says id `{stated}`, but its name and key make `{computed}`")]
    Id {
        /// The id in the text.
        stated: KeyId,
        /// The id that follows from name and key.
        computed: KeyId,
    },
}

impl<const TYPE: u8> NoteKey<TYPE> {
    /// Names a public key (RFC 8032 encoding).
    pub fn new(name: KeyName, public: [u8; PUBLIC_BYTES]) -> Self {
        Self { id: KeyId::of(&name, TYPE, &public), name, public }
    }

    /// Names the public half of a key pair.
    pub fn of_pair(name: KeyName, pair: &Ed25519KeyPair) -> Self {
        let mut public = [0; PUBLIC_BYTES];
        // INVARIANT: Ed25519 public keys are 32 bytes, so the lengths agree.
        public.copy_from_slice(pair.public_key().as_ref());
        Self::new(name, public)
    }

    /// The name.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The public key (RFC 8032 encoding).
    pub const fn public(&self) -> &[u8; PUBLIC_BYTES] {
        &self.public
    }

    /// Whether `signature` is the bare Ed25519 signature of `message`.
    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).is_ok()
    }
}

/// The verifier key (`vkey`): `<name>+<id>+<base64 of the type and the public key>`.
impl<const TYPE: u8> fmt::Display for NoteKey<TYPE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [[TYPE].as_slice(), &self.public].concat();
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(typed))
    }
}

/// Accepts what `Display` writes, and nothing else.
impl<const TYPE: u8> FromStr for NoteKey<TYPE> {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Base64 may hold a `+` itself, a name may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(typed)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        if text.len() > VKEY_BYTES_MAX {
            return Err(KeyError::Malformed);
        }
        let name: KeyName = name.parse().map_err(KeyError::Name)?;
        let stated = parse_id(id).ok_or(KeyError::Malformed)?;
        let typed = STANDARD.decode(typed).map_err(|_| KeyError::Malformed)?;
        let Some((&found, public)) = typed.split_first() else { return Err(KeyError::Malformed) };
        if found != TYPE {
            return Err(KeyError::Type { expected: TYPE, found });
        }
        let key = Self::new(name, public.try_into().map_err(|_| KeyError::Malformed)?);
        if key.id == stated { Ok(key) } else { Err(KeyError::Id { stated, computed: key.id }) }
    }
}

fn parse_id(text: &str) -> Option<KeyId> {
    let digits = text.as_bytes();
    if digits.len() != 8 {
        return None;
    }
    let id = digits.iter().try_fold(0, |id: u32, digit| Some(id << 4 | u32::from(nibble(*digit)?)))?;
    Some(KeyId(id.to_be_bytes()))
}
