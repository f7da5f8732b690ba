//! Passes: what a service signs for somebody who has no card, shown as a QR code, and checked by a door that is offline.
//!
//! The bytes, integers big endian, and no other order or spelling:
//!
//! | bytes | |
//! |---|---|
//! | 1 | version 1 |
//! | 8 | the first bytes of the site's id |
//! | 16 | the pass's id, random |
//! | 1+n | the service's id |
//! | 1 | place: 1 a door, 2 a zone |
//! | 1+n | the door's or zone's id |
//! | 8 + 8 | from, until: milliseconds since 1970; until is no more of it |
//! | 2 | uses, 1 or more |
//! | 1 or 33 | 0; or 1 and the SHA-256 of an order's reference |
//! | 64 | Ed25519 signature by the service |
//!
//! The signature is over `"lockward pass v1\0" ‖ site id ‖` all bytes before it: over the whole id of the site, of which
//! the pass shows eight bytes. The text is `LW1:` and the bytes in base32 (RFC 4648, section 6) in capitals without
//! padding: a QR code holds these characters in its alphanumeric mode, at 5.5 bits each.
//!
//! A pass that was photographed is as good as its original: how often it was used is counted by its id, elsewhere.

use super::base32;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use core::fmt;
use core::str::FromStr;
use lockward_model::{Digest, DoorId, PublicKey, ServiceId, SiteId, Time, ZoneId};

/// What every pass's text begins with. The digit is that of the version.
pub const PASS_PREFIX: &str = "LW1:";
/// Longest text: the prefix, and the longest pass in base32.
pub const PASS_TEXT_MAX: usize = PASS_PREFIX.len() + base32::length(BYTES_MAX);
/// Ids of 31 bytes, and an order.
const BYTES_MAX: usize = 1 + SITE_BYTES + 16 + 32 + 1 + 32 + 16 + 2 + 33 + SIGNATURE_BYTES;
const SITE_BYTES: usize = 8;
const SIGNATURE_BYTES: usize = 64;
const VERSION: u8 = 1;
const LABEL: &[u8] = b"lockward pass v1\0";

/// Why a pass counts for nothing, or can not be made. Never repeats what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// Anything else than the one spelling of a pass.
    #[error(
        "this is no pass: a pass is `{PASS_PREFIX}` and capitals and digits in base32, whole and unchanged"
    )]
    Form,
    /// Of a version that is not known here.
    #[error("the pass is of a newer version; update this software")]
    Newer,
    /// Until is not after from, or it may be used 0 times.
    #[error("a pass ends after it begins, and may be used once or more")]
    Meaning,
    /// Signed for another site.
    #[error("the pass is for another site")]
    OtherSite,
    /// Not the service's signature over these bytes.
    #[error("the pass is not signed by the service that it names, or was changed")]
    Signature,
    /// For another door or zone.
    #[error("the pass is for another door")]
    OtherPlace,
    /// Before its time.
    #[error("the pass is not valid yet")]
    NotYet,
    /// After its time.
    #[error("the pass is no longer valid")]
    Over,
}

/// A pass's own number, by which its uses are counted. INVARIANT: whoever makes it takes 128 bits of chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PassId(pub [u8; 16]);

impl fmt::Debug for PassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassId(..)")
    }
}

/// Where a pass is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassPlace {
    /// At this door.
    Door(DoorId),
    /// At every door into this zone, or into one within it.
    Zone(ZoneId),
}

/// What a pass says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// By which its uses are counted.
    pub id: PassId,
    /// Who signs it.
    pub service: ServiceId,
    /// Where it is good.
    pub place: PassPlace,
    /// Good from here,
    pub from: Time,
    /// and until here, which is no more of it.
    pub until: Time,
    /// How often it may be used.
    pub uses: u16,
    /// The SHA-256 of the reference of the order that it is for.
    pub order: Option<Digest>,
}

impl Pass {
    /// Signs it with the service's key, for one site.
    ///
    /// # Errors
    /// [`PassError::Meaning`]; [`PassError::Signature`] for a key that is not Ed25519.
    pub fn sign(self, site: &SiteId, key: &Ed25519KeyPair) -> Result<SignedPass, PassError> {
        if !self.has_meaning() {
            return Err(PassError::Meaning);
        }
        let bytes = self.write(site);
        let signature = key.sign(&message(site, &bytes));
        let signature = signature.as_ref().try_into().map_err(|_| PassError::Signature)?;
        Ok(SignedPass { bytes, signature, pass: self })
    }

    /// Checks place and time; `zones` are all zones that the door leads into, the outer ones too.
    ///
    /// # Errors
    /// [`PassError::OtherPlace`], [`PassError::NotYet`], [`PassError::Over`].
    pub fn check(&self, door: DoorId, zones: &[ZoneId], now: Time) -> Result<(), PassError> {
        let here = match &self.place {
            PassPlace::Door(place) => *place == door,
            PassPlace::Zone(zone) => zones.contains(zone),
        };
        match () {
            () if !here => Err(PassError::OtherPlace),
            () if now < self.from => Err(PassError::NotYet),
            () if now >= self.until => Err(PassError::Over),
            () => Ok(()),
        }
    }

    fn has_meaning(&self) -> bool {
        self.from < self.until && self.uses > 0
    }

    fn write(&self, site: &SiteId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BYTES_MAX);
        let name = |bytes: &mut Vec<u8>, name: &str| {
            // An id has at most 31 bytes.
            bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(name.as_bytes());
        };
        bytes.push(VERSION);
        bytes.extend(site.0.iter().take(SITE_BYTES));
        bytes.extend_from_slice(&self.id.0);
        name(&mut bytes, self.service.as_str());
        match &self.place {
            PassPlace::Door(door) => {
                bytes.push(1);
                name(&mut bytes, door.as_str());
            }
            PassPlace::Zone(zone) => {
                bytes.push(2);
                name(&mut bytes, zone.as_str());
            }
        }
        bytes.extend_from_slice(&self.from.0.to_be_bytes());
        bytes.extend_from_slice(&self.until.0.to_be_bytes());
        bytes.extend_from_slice(&self.uses.to_be_bytes());
        match &self.order {
            None => bytes.push(0),
            Some(order) => {
                bytes.push(1);
                bytes.extend_from_slice(&order.0);
            }
        }
        bytes
    }

    /// Reads what follows the site. `None` for any other bytes than [`Self::write`] gives.
    fn read(rest: &[u8]) -> Option<Self> {
        let mut rest = Rest(rest);
        let id = PassId(rest.take()?);
        let service = rest.name()?;
        let place = match rest.take()? {
            [1] => PassPlace::Door(rest.name()?),
            [2] => PassPlace::Zone(rest.name()?),
            _ => return None,
        };
        let [from, until] = [rest.take()?, rest.take()?].map(|ms| Time(i64::from_be_bytes(ms)));
        let uses = u16::from_be_bytes(rest.take()?);
        let order = match rest.take()? {
            [0] => None,
            [1] => Some(Digest(rest.take()?)),
            _ => return None,
        };
        let pass = Self { id, service, place, from, until, uses, order };
        (rest.0.is_empty() && pass.has_meaning()).then_some(pass)
    }
}

struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn name<T: FromStr>(&mut self) -> Option<T> {
        let [len] = self.take()?;
        let (name, rest) = self.0.split_at_checked(usize::from(len))?;
        self.0 = rest;
        core::str::from_utf8(name).ok()?.parse().ok()
    }
}

/// A pass with a signature that [`SignedPass::verify`] has yet to check. Does not print: it opens doors.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedPass {
    /// INVARIANT: `pass` reads from these.
    bytes: Vec<u8>,
    signature: [u8; SIGNATURE_BYTES],
    pass: Pass,
}

impl fmt::Debug for SignedPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedPass(..)")
    }
}

impl SignedPass {
    /// Reads what a reader gave.
    ///
    /// # Errors
    /// [`PassError::Form`] for every other spelling, [`PassError::Newer`].
    pub fn parse(text: &[u8]) -> Result<Self, PassError> {
        let digits = text.strip_prefix(PASS_PREFIX.as_bytes()).filter(|_| text.len() <= PASS_TEXT_MAX);
        let all = digits.and_then(base32::decode).ok_or(PassError::Form)?;
        let (bytes, signature) = all.split_last_chunk().ok_or(PassError::Form)?;
        match bytes.split_first() {
            Some((&VERSION, rest)) => {
                let (_, rest) = rest.split_at_checked(SITE_BYTES).ok_or(PassError::Form)?;
                let pass = Pass::read(rest).ok_or(PassError::Form)?;
                Ok(Self { bytes: bytes.to_vec(), signature: *signature, pass })
            }
            Some((version, _)) if *version > VERSION => Err(PassError::Newer),
            _ => Err(PassError::Form),
        }
    }

    /// The text for the QR code.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from(PASS_PREFIX);
        base32::encode(&[self.bytes.as_slice(), &self.signature].concat(), &mut text);
        text
    }

    /// Who claims to have signed it: whose key [`Self::verify`] wants.
    #[must_use]
    pub fn service(&self) -> ServiceId {
        self.pass.service
    }

    /// What the pass says, once the service's key has signed it for this site. Place and time: [`Pass::check`].
    ///
    /// # Errors
    /// [`PassError::OtherSite`], [`PassError::Signature`].
    pub fn verify(&self, site: &SiteId, key: &PublicKey) -> Result<&Pass, PassError> {
        if self.bytes.get(1..1 + SITE_BYTES) != site.0.get(..SITE_BYTES) {
            return Err(PassError::OtherSite);
        }
        let signed =
            UnparsedPublicKey::new(&ED25519, key.0).verify(&message(site, &self.bytes), &self.signature);
        signed.map(|()| &self.pass).map_err(|_| PassError::Signature)
    }
}

fn message(site: &SiteId, bytes: &[u8]) -> Vec<u8> {
    [LABEL, &site.0, bytes].concat()
}
