//! What an authenticator and a browser gave for a touch: no panic, and no bytes that are not the holder's pass for a signature.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_model::Passkey;
use lockward_wire::config::Assertion;

/// The base point of P-256: the public half of the private key 1, as everybody could sign with.
const POINT: &str = "04\
    6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
    4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

fuzz_target!(|parts: (&[u8], &[u8], &[u8])| {
    let mut key = [0; 65];
    for (byte, pair) in key.iter_mut().zip(POINT.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(pair).expect("the constant is ASCII");
        *byte = u8::from_str_radix(digits, 16).expect("the constant is hex");
    }
    let passkey =
        Passkey { id: [1].into(), key, rp: "localhost".into(), origin: "http://localhost:8080".into() };
    let (authenticator_data, client_data, signature) = parts;
    let assertion = Assertion {
        authenticator_data: authenticator_data.into(),
        client_data: client_data.into(),
        signature: signature.into(),
    };
    // A challenge that no fuzzer finds: whatever passes is a forgery.
    assert!(assertion.verify(&passkey, &[0x5a; 32]).is_err());
});
