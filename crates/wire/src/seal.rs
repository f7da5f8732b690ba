//! What can be erased later: people's attributes under a key of their own, and keys under the master key.
//!
//! Both are `u8 version = 1, [12] nonce, ciphertext, [16] tag`.

use crate::key::{TAG_BYTES, decrypt, encrypt};
use crate::{CborError, MasterKey, NONCE_BYTES, PersonKey, cbor};
use core::fmt;
use lockward_model::{PersonId, SiteId};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const PERSON_LABEL: &[u8] = b"lockward person v1\0";
const WRAP_LABEL: &[u8] = b"lockward wrapped key v1\0";
/// Attributes are filled up to a multiple of this: a name's length would stay readable after its key is destroyed.
const PADDING: usize = 64;
/// Longest attributes: a name and a contact of 200 characters each, at up to 4 bytes, in full steps of 64.
const ATTRIBUTES_BYTES_MAX: usize = 1_664;
/// Longest sealed attributes, in bytes.
pub const SEALED_PERSON_BYTES_MAX: usize = 1 + NONCE_BYTES + ATTRIBUTES_BYTES_MAX + TAG_BYTES;

/// Why something could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Too much of it.
    #[error("name and contact take {bytes} bytes; together they may take {ATTRIBUTES_BYTES_MAX}")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The cipher failed; retrying does not help.
    #[error("the cipher failed")]
    Cipher,
}

/// Why something sealed could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Too short, too long, or of no version.
    #[error("these are no sealed bytes")]
    Malformed,
    /// Of a version that is not known here.
    #[error("sealed in version {version}: by a newer version of Lockward; update this one")]
    Newer {
        /// What was found.
        version: u8,
    },
    /// Another key, another owner, or a changed byte.
    #[error("does not open with this key: another key sealed it, or for another owner, or it was changed")]
    Key,
    /// What was sealed cannot be read.
    #[error("opens, but cannot be read")]
    Body(#[source] CborError),
}

/// Who a person is. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonAttributes {
    /// What people call the person.
    pub name: String,
    /// How to reach the person.
    pub contact: Option<String>,
}

impl fmt::Debug for PersonAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonAttributes(..)")
    }
}

impl Drop for PersonAttributes {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.name);
        zeroize::Zeroize::zeroize(&mut self.contact);
    }
}

#[derive(Encode, Decode)]
struct AttributesV1<'a> {
    #[b(0)]
    name: &'a str,
    #[b(1)]
    contact: Option<&'a str>,
}

impl PersonAttributes {
    /// Seals the attributes for one person of one site. The nonce must be new for this key.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn seal(
        &self,
        site: &SiteId,
        person: PersonId,
        nonce: [u8; NONCE_BYTES],
        key: &PersonKey,
    ) -> Result<Vec<u8>, SealError> {
        let mut text = Zeroizing::new(Vec::with_capacity(ATTRIBUTES_BYTES_MAX));
        cbor::append(&AttributesV1 { name: &self.name, contact: self.contact.as_deref() }, &mut text);
        // CBOR ends by itself; a zero begins no attributes, so the filling cannot be taken for any.
        let filled = text.len().next_multiple_of(PADDING);
        text.resize(filled, 0);
        if text.len() > ATTRIBUTES_BYTES_MAX {
            return Err(SealError::TooLong { bytes: text.len() });
        }
        shut(key.as_bytes(), nonce, &person_aad(site, person), &text)
    }

    /// Opens what [`Self::seal`] gave for the same person of the same site.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(site: &SiteId, person: PersonId, sealed: &[u8], key: &PersonKey) -> Result<Self, OpenError> {
        if sealed.len() > SEALED_PERSON_BYTES_MAX {
            return Err(OpenError::Malformed);
        }
        let text = open(key.as_bytes(), &person_aad(site, person), sealed)?;
        let mut reader = minicbor::Decoder::new(&text);
        reader.skip().map_err(|e| OpenError::Body(CborError::Malformed(e)))?;
        let (told, filling) = text.split_at_checked(reader.position()).ok_or(OpenError::Malformed)?;
        if filling.len() >= PADDING || filling.iter().any(|b| *b != 0) {
            return Err(OpenError::Malformed);
        }
        let told: AttributesV1<'_> = cbor::exactly(told).map_err(OpenError::Body)?;
        Ok(Self { name: told.name.to_owned(), contact: told.contact.map(ToOwned::to_owned) })
    }
}

fn person_aad(site: &SiteId, person: PersonId) -> Vec<u8> {
    [PERSON_LABEL, &site.0, person.as_str().as_bytes()].concat()
}

/// Wraps a key for the key store. `label` says what it is for, and unwrapping wants the same. The nonce must be new.
///
/// # Errors
/// [`SealError::Cipher`].
pub fn wrap(
    key: &[u8; 32],
    label: &str,
    nonce: [u8; NONCE_BYTES],
    master: &MasterKey,
) -> Result<Vec<u8>, SealError> {
    shut(master.as_bytes(), nonce, &[WRAP_LABEL, label.as_bytes()].concat(), key)
}

/// Unwraps what [`wrap`] gave.
///
/// # Errors
/// [`OpenError`].
pub fn unwrap(wrapped: &[u8], label: &str, master: &MasterKey) -> Result<Zeroizing<[u8; 32]>, OpenError> {
    let key = open(master.as_bytes(), &[WRAP_LABEL, label.as_bytes()].concat(), wrapped)?;
    key.as_slice().try_into().map(Zeroizing::new).map_err(|_| OpenError::Malformed)
}

pub(crate) fn shut(
    key: &[u8; 32],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut text = Zeroizing::new(text.to_vec());
    let tag = encrypt(key, nonce, aad, &mut text).map_err(|_| SealError::Cipher)?;
    Ok([&[VERSION], nonce.as_slice(), &text, &tag].concat())
}

pub(crate) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    match sealed.split_first() {
        None | Some((0, _)) => Err(OpenError::Malformed),
        Some((&VERSION, rest)) => {
            let (nonce, sealed) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
            decrypt(key, *nonce, aad, sealed).map_err(|_| OpenError::Key)
        }
        Some((&version, _)) => Err(OpenError::Newer { version }),
    }
}
