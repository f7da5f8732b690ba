//! Fixed runs of bytes that mean something: digests, keys, tokens. Printed as hex where that gives nothing away.

use core::fmt;

macro_rules! bytes {
    ($($(#[$doc:meta])* $name:ident[$n:literal]),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $n]);

        impl $name {
            /// Reads lower- or upper-case hex of exactly the right length.
            #[must_use]
            pub fn from_hex(s: &str) -> Option<Self> {
                let mut out = [0; $n];
                if s.len() != 2 * $n || !s.is_ascii() {
                    return None;
                }
                for (slot, pair) in out.iter_mut().zip(s.as_bytes().chunks_exact(2)) {
                    *slot = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
                }
                s.bytes().all(|b| b.is_ascii_hexdigit()).then_some(Self(out))
            }
        }
        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )+};
}

bytes! {
    /// A SHA-256 digest.
    Digest[32],
    /// An Ed25519 public key (RFC 8032).
    PublicKey[32],
    /// The RFC 6962 leaf hash of a site's founding entry: who the site is, for ever.
    SiteId[32],
}

/// A card number under the site's card key (HMAC-SHA-256, first 16 bytes). Finds a card again, and does not give it back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardToken(pub [u8; 16]);

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(..)")
    }
}
