//! A person's phone: a passkey, found by its public key.

use crate::config::KeyId;
use aws_lc_rs::digest::{SHA256, digest};
use lockward_model::{CardToken, Passkey, Proof};

/// A passkey as something that a person has. Its token is the first half of the SHA-256 of its public key: a signature's hint
/// at its key is the beginning of that ([`phone_hint`]).
#[must_use]
pub fn phone(passkey: Passkey) -> Proof {
    let mut token = [0; 16];
    // A SHA-256 has more bytes than the 16 that are taken.
    token.iter_mut().zip(digest(&SHA256, &passkey.key).as_ref()).for_each(|(to, from)| *to = *from);
    Proof::Phone { token: CardToken(token), passkey: Box::new(passkey) }
}

/// How a signature of the phone with this token hints at its key.
#[must_use]
pub fn phone_hint(token: CardToken) -> KeyId {
    let mut hint = [0; 8];
    hint.iter_mut().zip(token.0).for_each(|(to, from)| *to = from);
    KeyId(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key_id;

    #[test]
    fn a_signature_hints_at_the_phone_that_made_it() {
        let passkey =
            Passkey { id: [1].into(), key: [4; 65], rp: "hub".into(), origin: "https://hub".into() };
        let hint = key_id(&passkey.key);
        assert_eq!(phone(passkey).token().map(phone_hint), Some(hint));
    }
}
