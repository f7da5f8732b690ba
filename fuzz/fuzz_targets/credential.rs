//! What is shown at a door: no panic, one spelling of a pass, and nothing that nobody signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_model::{PublicKey, SiteId, Time};
use lockward_wire::CardKey;
use lockward_wire::credential::{CardPublicKey, OneTimeHash, OneTimeSecret, SignedPass};

fuzz_target!(|bytes: &[u8]| {
    for text in [bytes.to_vec(), [b"LW1:", bytes].concat()] {
        if let Ok(pass) = SignedPass::parse(&text) {
            assert_eq!(pass.text().as_bytes(), text);
            assert!(pass.verify(&SiteId([1; 32]), &PublicKey([9; 32])).is_err());
        }
    }
    if let Some((key, rest)) = bytes.split_first_chunk()
        && let Ok(key) = CardPublicKey::new(key)
        && let Some((signature, _)) = rest.split_first_chunk()
    {
        assert!(key.verify(b"a challenge of this very second", signature).is_err());
    }
    let (key, id) = (CardKey::from_bytes([9; 32]), "c-1".parse());
    assert!(id.is_ok_and(|id| OneTimeSecret::open_secret(&SiteId([1; 32]), id, bytes, &key).is_err()));
    if let (Ok(secret), Ok(text)) = (OneTimeSecret::new(OneTimeHash::Sha256, 6, 30, &[7; 32]), str::from_utf8(bytes)) {
        assert!(secret.verify_at(text, Time(0), None).is_none() || text.len() == 6);
    }
});
