//! A security key in software, and the browser's part of its signatures: for operators who are not there.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use lockward_model::Passkey;
use lockward_wire::config::Assertion;

/// Flags of the authenticator data: somebody touched it, and proved who it was (Web Authentication, section 6.1).
const PRESENT_AND_VERIFIED: u8 = 1 | 1 << 2;

/// A key that has one passkey. It keeps no counter, as those do not that are synchronised.
pub struct Authenticator {
    pair: EcdsaKeyPair,
    passkey: Passkey,
}

impl Authenticator {
    /// A new passkey for one relying party and the origin of its pages. `None` if no key can be made.
    #[must_use]
    pub fn new(rp: &str, origin: &str) -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
        let point = pair.public_key().as_ref();
        let id = digest(&SHA256, point).as_ref().into();
        let passkey = Passkey { id, key: point.try_into().ok()?, rp: rp.into(), origin: origin.into() };
        Some(Self { pair, passkey })
    }

    /// Its public half, as an operator has it.
    #[must_use]
    pub fn passkey(&self) -> &Passkey {
        &self.passkey
    }

    /// Signs a challenge, which is spelt as the page has it (base64url). `None` if the machine has no chance to roll.
    #[must_use]
    pub fn touch(&self, challenge: &str) -> Option<Assertion> {
        let origin = &self.passkey.origin;
        let said = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        );
        let rp = digest(&SHA256, self.passkey.rp.as_bytes());
        let data = [rp.as_ref(), &[PRESENT_AND_VERIFIED], &[0; 4]].concat();
        let signed = [&data, digest(&SHA256, said.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).ok()?;
        Some(Assertion {
            authenticator_data: data.into(),
            client_data: said.into_bytes().into(),
            signature: signature.as_ref().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_wire::config::encode_challenge;

    #[test]
    fn what_it_signs_holds_for_that_challenge_and_under_its_own_passkey_alone() {
        let [key, other] =
            [(); 2].map(|()| Authenticator::new("hub.example", "https://hub.example").unwrap());
        let touch = key.touch(&encode_challenge(&[7; 32])).unwrap();
        assert!(key.passkey().is_sound());
        assert_eq!(touch.verify(key.passkey(), &[7; 32]), Ok(()));
        assert!(touch.verify(key.passkey(), &[8; 32]).is_err());
        assert!(touch.verify(other.passkey(), &[7; 32]).is_err());
    }
}
